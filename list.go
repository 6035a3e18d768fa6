package coupon

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"iter"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// CouponSort is the order of a list of coupons. Equals are in the order of their
// ids.
type CouponSort string

// These orders are kept by stores: a page is read, whichever it is.
const (
	ByCreated  CouponSort = "created"  // the default
	ByCode     CouponSort = "code"     // as bytes
	ByName     CouponSort = "name"     // lower-cased
	ByStart    CouponSort = "start"    // earliest first
	ByEnd      CouponSort = "end"      // without an end last
	ByAudience CouponSort = "audience" // everyone, existing customers, new customers
)

// These orders are computed: the Service goes through all coupons that meet the
// filter, whichever page is asked for, and keeps the position of each in memory.
// It takes time in proportion to the number of coupons, and for figures to the
// number of bookings in the range: of 10,000 coupons with three bookings each, a
// page took a quarter of a second to one second, in SQLite.
const (
	// ByStatus is active, scheduled, inactive, used up, expired, archived.
	ByStatus CouponSort = "status"
	// ByOffer is by what the coupon gives: percentages, amounts, amounts per unit;
	// of each kind by currency, then by value.
	ByOffer CouponSort = "offer"
	// ByUses is by the share of its limits over the whole coupon that is used: of
	// the fullest one, and of one per period in this period. Without such a limit
	// before all others.
	ByUses CouponSort = "uses"
	// ByBookings is by the bookings in CouponFilter.Range, of the filter's Currency
	// or of all.
	ByBookings CouponSort = "bookings"
	// ByRevenue is by revenue in CouponFilter.Range and Currency. Without a booking
	// there before all others.
	ByRevenue CouponSort = "revenue"
	// ByDiscounts is by the discounts given, as ByRevenue.
	ByDiscounts CouponSort = "discounts"
)

// RedemptionSort is the order of a list of redemptions.
type RedemptionSort string

const (
	ByMadeAt    RedemptionSort = "made-at"      // the default
	ByServiceAt RedemptionSort = "service-date" // without one last
	ByBooking   RedemptionSort = "booking"      // the host's ids, as bytes
	BySubtotal  RedemptionSort = "subtotal"     // minor units, of all currencies together
	ByDiscount  RedemptionSort = "discount"     // minor units, of all currencies together
)

// CouponFilter chooses coupons. The zero value is all that are not archived, the
// oldest first.
type CouponFilter struct {
	Search   string       // somewhere in the code or name, in any case
	Statuses []Status     // nil: every status but archived
	Audience *Audience    // nil: every audience
	Kind     DiscountKind // "": every kind
	Sort     CouponSort   // default ByCreated
	Desc     bool         // the other way round
	After    string       // begin after this position: a CouponState's Cursor

	// Range and Currency are of the figures that coupons are sorted by, with
	// ByBookings, ByRevenue and ByDiscounts. The zero Range is all of time, by
	// MadeAt; the last two need a Currency, because amounts of two can't be
	// compared. A position is of one currency.
	Range    Range
	Currency string // an ISO 4217 code, as "USD"
}

// RedemptionFilter chooses redemptions. The zero value is all of the merchant,
// without what is only reserved, the earliest made first.
type RedemptionFilter struct {
	Coupon      ID             // empty: of every coupon
	Booking     string         // empty: of every booking
	Bookings    []string       // empty: of every booking; else of one of these, at most MaxBookings
	Customer    string         // any spelling of the key
	Code        Code           // any spelling
	Currency    string         // empty: of every currency
	Series      string         // empty: in every series and in none
	States      []State        // nil: redeemed, refunded, cancelled
	Range       Range          // zero: of all time
	Unscheduled bool           // only those without a service date
	NewCustomer bool           // only those whose customer is known to be new
	CostKnown   bool           // only those whose cost is known
	Live        bool           // without reservations that have expired
	Sort        RedemptionSort // default ByMadeAt
	Desc        bool           // the other way round
	After       string         // begin after this position: see Cursor
}

// MaxBookings is how many bookings a filter may name.
const MaxBookings = 500

// Cursor is a position in a list: the value that it is sorted by, a text or an
// integer, and the keys that break ties.
type Cursor struct {
	Sort string   `json:"s"`           // the order of the list
	Text string   `json:"t,omitempty"` // the value, if the order is by a text
	Num  int64    `json:"n,omitempty"` // the value, if the order is by an instant (microseconds) or amount (minor units)
	Keys []string `json:"k"`           // of the entry
}

// Compare orders positions of one list, ascending: by Text, Num, then Keys as
// bytes.
func (c Cursor) Compare(o Cursor) int {
	return cmp.Or(cmp.Compare(c.Text, o.Text), cmp.Compare(c.Num, o.Num), slices.Compare(c.Keys, o.Keys))
}

func (c Cursor) encode() string {
	data, err := json.Marshal(c)
	if err != nil {
		panic(err) // only strings and integers
	}
	return base64.RawURLEncoding.EncodeToString(data)
}

// decodeCursor reads a position; one of another order is refused.
func decodeCursor(s, sort string, keys int) (*Cursor, error) {
	if s == "" {
		return nil, nil
	}
	var c Cursor
	data, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || json.Unmarshal(data, &c) != nil || c.Sort != sort || len(c.Keys) != keys {
		return nil, invalid("after", s, "must be a position in the same list and order: begin again without it")
	}
	return &c, nil
}

// CursorOf is the position of a coupon in a list of that order, which is one that
// stores keep.
func (by CouponSort) CursorOf(c Coupon) Cursor {
	out := Cursor{Sort: string(by), Keys: []string{string(c.ID)}}
	switch by {
	case ByCode:
		out.Text = string(c.Code)
	case ByName:
		out.Text = strings.ToLower(c.Name)
	case ByAudience:
		out.Text = string(c.Audience)
	case ByStart:
		out.Num = c.Start.UnixMicro()
	case ByEnd:
		out.Num = microsOrLast(c.End)
	default:
		out.Num = c.CreatedAt.UnixMicro()
	}
	return out
}

// CursorOf is the position of a redemption in a list of that order.
func (by RedemptionSort) CursorOf(r Redemption) Cursor {
	out := Cursor{Sort: string(by), Keys: []string{r.Booking, string(r.Coupon)}}
	switch by {
	case ByServiceAt:
		out.Num = microsOrLast(r.ServiceAt)
	case ByBooking: // the keys say it all
	case BySubtotal:
		out.Num, _ = r.Subtotal.Minor()
	case ByDiscount:
		out.Num, _ = r.Discount.Minor()
	default:
		out.Num = r.MadeAt.UnixMicro()
	}
	return out
}

// Cursor is the position of a redemption in the list of this filter, to begin
// the next page After it.
func (f RedemptionFilter) Cursor(r Redemption) string {
	return cmp.Or(f.Sort, ByMadeAt).CursorOf(r).encode()
}

// microsOrLast is the instant in microseconds, or the last there is: what has no
// date comes after all that have one.
func microsOrLast(t time.Time) int64 {
	if t.IsZero() {
		return math.MaxInt64
	}
	return t.UnixMicro()
}

// A walk begins with a small page: whoever shows one screen of a list stops there.
const (
	firstPage = 50
	pageSize  = 200
)

// Coupons lists coupons with their status, in pages behind the scenes: it can be
// stopped at any time, and edits during the walk neither repeat nor hide others.
// An error comes once, last.
func (s *Service) Coupons(ctx context.Context, f CouponFilter) iter.Seq2[CouponState, error] {
	return func(yield func(CouponState, error) bool) {
		f, q, err := f.query()
		if err != nil {
			yield(CouponState{}, err)
			return
		}
		if q.Sort.computed() {
			s.sorted(ctx, f, q)(yield)
			return
		}
		for {
			page, err := s.store.Coupons(ctx, q)
			if err != nil {
				yield(CouponState{}, err)
				return
			}
			states, err := s.states(ctx, page)
			if err != nil {
				yield(CouponState{}, err)
				return
			}
			for i, st := range states {
				cur := q.Sort.CursorOf(page[i])
				st.Cursor, q.After = cur.encode(), &cur
				if !f.hasStatus(st) {
					continue
				}
				if !yield(st, nil) {
					return
				}
			}
			if len(page) < q.Limit {
				return
			}
			q.Limit = pageSize
		}
	}
}

// query checks the filter, writes out its defaults, and gives what a store must
// find.
func (f CouponFilter) query() (CouponFilter, CouponQuery, error) {
	q := CouponQuery{Search: strings.ToLower(strings.TrimSpace(f.Search)), Audience: f.Audience, Kind: f.Kind,
		Sort: cmp.Or(f.Sort, ByCreated), Desc: f.Desc, Limit: firstPage}
	var p problems
	switch q.Sort {
	case ByCreated, ByCode, ByName, ByStart, ByEnd, ByAudience, ByStatus, ByOffer, ByUses, ByBookings, ByRevenue, ByDiscounts:
	default:
		p.add("sort", string(q.Sort), "must be created, code, name, start, end, audience, status, offer, uses, bookings, revenue or discounts")
	}
	if f = f.checkFigures(&p); len(p) > 0 {
		return f, q, p.err()
	}
	if archived := slices.Contains(f.Statuses, Archived); !archived || len(f.Statuses) == 1 {
		q.Archived = &archived
	}
	var err error
	q.After, err = decodeCursor(f.After, f.list(), 1)
	return f, q, err
}

// Redemptions lists redemptions, in pages behind the scenes as Coupons does.
func (s *Service) Redemptions(ctx context.Context, f RedemptionFilter) iter.Seq2[Redemption, error] {
	return func(yield func(Redemption, error) bool) {
		q, err := f.query(s.Now())
		if err != nil {
			yield(Redemption{}, err)
			return
		}
		s.walk(ctx, q)(yield)
	}
}

// walk gives all that a query asks for, page by page.
func (s *Service) walk(ctx context.Context, q RedemptionQuery) iter.Seq2[Redemption, error] {
	return func(yield func(Redemption, error) bool) {
		for {
			page, err := s.store.Redemptions(ctx, q)
			if err != nil {
				yield(Redemption{}, err)
				return
			}
			for _, r := range page {
				cur := q.Sort.CursorOf(r)
				q.After = &cur
				if !yield(r, nil) {
					return
				}
			}
			if len(page) < q.Limit {
				return
			}
			q.Limit = pageSize
		}
	}
}

func (f RedemptionFilter) query(now time.Time) (RedemptionQuery, error) {
	if n := len(f.Bookings); n > MaxBookings {
		return RedemptionQuery{}, invalid("bookings", strconv.Itoa(n), fmt.Sprintf("must be at most %d", MaxBookings))
	}
	if f.Customer != "" && CustomerKey(f.Customer) == "" {
		return RedemptionQuery{}, invalid("customer", f.Customer, "must be a key; leave it out for every customer")
	}
	if code, err := ParseCode(string(f.Code)); err == nil {
		f.Code = code
	}
	q := RedemptionQuery{Coupon: f.Coupon, Booking: f.Booking, Bookings: f.Bookings, Customer: CustomerKey(f.Customer), Code: f.Code, Currency: f.Currency,
		Series: f.Series, States: f.States, Unscheduled: f.Unscheduled, NewCustomer: f.NewCustomer, CostKnown: f.CostKnown, Sort: cmp.Or(f.Sort, ByMadeAt), Desc: f.Desc, Limit: firstPage}
	if len(q.States) == 0 {
		q.States = recorded
	}
	if f.Live {
		q.Live = now
	}
	switch q.Sort {
	case ByMadeAt, ByServiceAt, ByBooking, BySubtotal, ByDiscount:
	default:
		return q, invalid("sort", string(q.Sort), "must be made-at, service-date, booking, subtotal or discount")
	}
	var err error
	if q.Range, err = f.Range.normal(); err != nil {
		return q, err
	}
	q.After, err = decodeCursor(f.After, string(q.Sort), 2)
	return q, err
}

// Versions lists the versions of a coupon, the newest first: what it was, when
// (UpdatedAt) and by whom (UpdatedBy).
func (s *Service) Versions(ctx context.Context, id ID) iter.Seq2[Coupon, error] {
	return func(yield func(Coupon, error) bool) {
		before := int64(math.MaxInt64)
		for {
			page, err := s.store.Versions(ctx, id, before, pageSize)
			if err != nil {
				yield(Coupon{}, err)
				return
			}
			for _, c := range page {
				before = c.Version
				if !yield(c, nil) {
					return
				}
			}
			if len(page) < pageSize {
				return
			}
		}
	}
}

// Holds reports whether a redemption is one of those that the query asks for,
// After apart: the meaning that every store must agree with.
func (q RedemptionQuery) Holds(r Redemption) bool {
	return (q.Coupon == "" || q.Coupon == r.Coupon) &&
		(q.Booking == "" || q.Booking == r.Booking) &&
		(len(q.Bookings) == 0 || slices.Contains(q.Bookings, r.Booking)) &&
		(q.Series == "" || q.Series == r.Series) &&
		(q.Customer == "" || q.Customer == r.Customer) &&
		(q.Code == "" || q.Code == r.Code) &&
		(q.Currency == "" || q.Currency == r.Subtotal.Currency) &&
		(len(q.States) == 0 || slices.Contains(q.States, r.State)) &&
		(!q.Unscheduled || r.ServiceAt.IsZero()) &&
		(!q.NewCustomer || r.NewCustomer != nil && *r.NewCustomer) &&
		(!q.CostKnown || r.Cost != nil) &&
		(q.Live.IsZero() || !r.expired(q.Live)) &&
		q.Range.holds(r)
}

// Holds reports whether a coupon is one of those that the query asks for, After
// apart.
func (q CouponQuery) Holds(c Coupon) bool {
	return (len(q.IDs) == 0 || slices.Contains(q.IDs, c.ID)) &&
		(q.Search == "" || strings.Contains(SearchText(c), q.Search)) &&
		(q.Audience == nil || *q.Audience == c.Audience) &&
		(q.Kind == "" || q.Kind == c.Discount.Kind) &&
		(q.Archived == nil || *q.Archived == !c.ArchivedAt.IsZero())
}

// SearchText is what a search looks in.
func SearchText(c Coupon) string {
	return strings.ToLower(string(c.Code)) + "\n" + strings.ToLower(c.Name)
}
