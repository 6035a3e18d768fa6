package coupon

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"math/bits"
	"slices"
	"time"
)

// computed reports whether the order is by what no store keeps: what a coupon is at
// a moment, or what it did in a range.
func (by CouponSort) computed() bool {
	return by == ByStatus || by == ByOffer || by == ByUses || by.summed()
}

// summed reports whether the order is by figures.
func (by CouponSort) summed() bool { return by == ByBookings || by == ByRevenue || by == ByDiscounts }

// statusOrder is that of ByStatus: what serves, what will, what does not.
var statusOrder = []Status{Active, Scheduled, Inactive, UsedUp, Expired, Archived}

// list names the list that a position is in: amounts of one currency are no
// positions among those of another.
func (f CouponFilter) list() string {
	by := cmp.Or(f.Sort, ByCreated)
	if by.summed() && f.Currency != "" {
		return string(by) + " " + f.Currency
	}
	return string(by)
}

// checkFigures checks what a filter says about figures, and writes out the
// defaults.
func (f CouponFilter) checkFigures(p *problems) CouponFilter {
	if !f.Sort.summed() {
		return f
	}
	if f.Currency != "" {
		_, err := currencyDigits(f.Currency)
		p.merge("currency", err)
	} else if f.Sort != ByBookings {
		p.add("currency", "", fmt.Sprintf("must be set to sort by %s: amounts of two currencies can't be compared", f.Sort))
	}
	r, err := f.Range.normal()
	if e, ok := errors.AsType[*InvalidError](err); ok {
		*p = append(*p, e.Fields...)
	}
	f.Range = r
	return f
}

// sorted lists coupons in a computed order: it goes through all that the query
// finds, keeping the position of each, and then reads page by page what is asked
// for. What does not meet the filter any more when it is read is left out.
func (s *Service) sorted(ctx context.Context, f CouponFilter, q CouponQuery) iter.Seq2[CouponState, error] {
	return func(yield func(CouponState, error) bool) {
		all, err := s.positions(ctx, f, q)
		if err != nil {
			yield(CouponState{}, err)
			return
		}
		for part := range slices.Chunk(all, pageSize) {
			ids := make([]ID, len(part))
			for i, at := range part {
				ids[i] = ID(at.Keys[0])
			}
			page, err := s.store.Coupons(ctx, CouponQuery{IDs: ids, Sort: ByCreated, Limit: len(ids)})
			if err != nil {
				yield(CouponState{}, err)
				return
			}
			states, err := s.states(ctx, page)
			if err != nil {
				yield(CouponState{}, err)
				return
			}
			byID := make(map[ID]CouponState, len(states))
			for _, st := range states {
				byID[st.ID] = st
			}
			for i, id := range ids {
				st, there := byID[id]
				if !there || !q.Holds(st.Coupon) || !f.hasStatus(st) {
					continue
				}
				if st.Cursor = part[i].encode(); !yield(st, nil) {
					return
				}
			}
		}
	}
}

func (f CouponFilter) hasStatus(st CouponState) bool {
	return len(f.Statuses) == 0 || slices.Contains(f.Statuses, st.Status)
}

// positions are those of all that the query finds, after the one to begin after,
// in order.
func (s *Service) positions(ctx context.Context, f CouponFilter, q CouponQuery) ([]Cursor, error) {
	var all []Cursor
	walk := q
	walk.Sort, walk.Desc, walk.After = ByCreated, false, nil
	for {
		page, err := s.store.Coupons(ctx, walk)
		if err != nil {
			return nil, err
		}
		found, err := s.positionsOf(ctx, f, page)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
		if len(page) < walk.Limit {
			break
		}
		walk.After = new(walk.Sort.CursorOf(page[len(page)-1]))
	}
	order := Cursor.Compare
	if f.Desc {
		order = func(a, b Cursor) int { return b.Compare(a) }
	}
	if q.After != nil {
		all = slices.DeleteFunc(all, func(c Cursor) bool { return order(c, *q.After) <= 0 })
	}
	slices.SortFunc(all, order)
	return all, nil
}

// positionsOf gives those of the coupons of a page that meet the filter.
func (s *Service) positionsOf(ctx context.Context, f CouponFilter, page []Coupon) ([]Cursor, error) {
	if len(page) == 0 {
		return nil, nil
	}
	states := make([]CouponState, len(page))
	for i, c := range page {
		states[i].Coupon = c
	}
	if len(f.Statuses) > 0 || f.Sort == ByStatus || f.Sort == ByUses {
		var err error
		if states, err = s.states(ctx, page); err != nil {
			return nil, err
		}
		states = slices.DeleteFunc(states, func(st CouponState) bool { return !f.hasStatus(st) })
	}
	var sums map[ID]int64
	if f.Sort.summed() {
		var err error
		if sums, err = s.figuresOf(ctx, f, states); err != nil {
			return nil, err
		}
	}
	out := make([]Cursor, len(states))
	for i, st := range states {
		at := Cursor{Sort: f.list(), Keys: []string{string(st.ID)}}
		switch f.Sort {
		case ByStatus:
			at.Num = int64(slices.Index(statusOrder, st.Status))
		case ByOffer:
			at.Text, at.Num = st.Discount.rank()
		case ByUses:
			at.Num = st.fullest()
		default:
			n, some := sums[st.ID]
			if at.Num = n; !some {
				at.Num = none
			}
		}
		out[i] = at
	}
	return out, nil
}

// none is before every share and every figure.
const none = -1

// figuresOf gives what coupons are sorted by, of those that have bookings.
func (s *Service) figuresOf(ctx context.Context, f CouponFilter, states []CouponState) (map[ID]int64, error) {
	out := make(map[ID]int64, len(states))
	if len(states) == 0 {
		return out, nil
	}
	ids := make([]ID, len(states))
	for i, st := range states {
		ids[i] = st.ID
	}
	slices.Sort(ids)
	sums, err := s.store.Sum(ctx, SumQuery{Coupons: ids, Clock: f.Range.Clock, Bounds: []time.Time{f.Range.From, f.Range.To}})
	if err != nil {
		return nil, err
	}
	for _, b := range sums {
		switch {
		case b.Bookings == 0 || f.Currency != "" && f.Currency != b.Currency:
		case f.Sort == ByBookings:
			out[b.Coupon] += b.Bookings
		case f.Sort == ByRevenue:
			out[b.Coupon] = b.Subtotal - b.Discounts - b.OtherDiscounts
		default:
			out[b.Coupon] = b.Discounts
		}
	}
	return out, nil
}

// rank is the position of a discount: percentages, amounts, amounts per unit; of
// each kind by currency, then by value.
func (d Discount) rank() (kind string, value int64) {
	switch d.Kind {
	case Percent:
		value, _ = toMinor("", d.Percent, percentDecimals)
		return "1", value
	case FixedAmount:
		kind = "2 "
	default:
		kind = "3 "
	}
	value, _ = d.Amount.Minor()
	return kind + d.Amount.Currency, value
}

// fullest is the largest share of a limit over the whole coupon that is used, in
// billionths, or none.
func (st CouponState) fullest() int64 {
	share := int64(none)
	for _, u := range st.Limits {
		if !u.Counted {
			continue
		}
		used := u.Used
		if u.Limit.Of == DiscountGiven {
			used, _ = u.Spent.Minor()
		}
		share = max(share, billionths(used, u.Limit.most()))
	}
	return share
}

// billionths is the share of the used in most, which an import may have passed.
func billionths(used, most int64) int64 {
	hi, lo := bits.Mul64(uint64(max(used, 0)), 1_000_000_000)
	if hi >= uint64(most) {
		return math.MaxInt64
	}
	q, _ := bits.Div64(hi, lo, uint64(most))
	return int64(min(q, math.MaxInt64))
}
