package httpui

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/bojanz/currency"

	"github.com/couponkit/coupon"
)

// bookingsState is the state of the bookings page, as its URL has it. The range
// and clock are those of the coupon's page.
type bookingsState struct {
	reportState
	Filter    string // a key of bookingFilters; "" is those that make the headline figures
	Currency  string // "" is every one
	Customers string // onlyNew, or "" for everybody's
	Cost      string // costKnown, or "" whether known or not
	Search    string // a booking, customer or code, whole
	Sort      coupon.RedemptionSort
	Asc       bool
	Size      int // of a page; 0 is the usual one
	After     string
}

// What a figure of the summary asks for besides a state.
const (
	onlyNew   = "new"   // bookings of new customers
	costKnown = "known" // bookings whose cost is known
)

const (
	filterCounted     = "" // redeemed or refunded: not cancelled
	filterRefunded    = "refunded"
	filterCancelled   = "cancelled"
	filterAll         = "all"
	filterUnscheduled = "unscheduled" // counted, without a service date
	filterReserved    = "reserved"    // live reservations
)

var countedStates = []coupon.State{coupon.Redeemed, coupon.Refunded}

// bookingFilters are the states that each shows, in the order of the tabs.
var bookingFilters = []struct {
	Key    string
	States []coupon.State
}{
	{filterCounted, countedStates},
	{filterRefunded, []coupon.State{coupon.Refunded}},
	{filterCancelled, []coupon.State{coupon.Cancelled}},
	{filterAll, []coupon.State{coupon.Redeemed, coupon.Refunded, coupon.Cancelled}},
	{filterUnscheduled, countedStates},
	{filterReserved, []coupon.State{coupon.Reserved}},
}

// pageSizes are how many bookings a page may show; the first is the usual one.
var pageSizes = []int{50, 25, 100, 200}

func (s bookingsState) query() query {
	q := s.rangeQuery().with("state", s.Filter).with("currency", s.Currency).with("customers", s.Customers).with("cost", s.Cost).
		with("q", s.Search).with("sort", string(s.Sort))
	if s.Asc {
		q = q.with("order", "asc")
	}
	if s.Size != 0 {
		q = q.with("size", strconv.Itoa(s.Size))
	}
	return q.with("after", s.After)
}

func (s bookingsState) size() int { return cmp.Or(s.Size, pageSizes[0]) }

// first is the state of the first page.
func (s bookingsState) first() bookingsState {
	s.After = ""
	return s
}

// parseBookings reads the state of the bookings page. What it can't use is left
// out, with a notice.
func (h *Handler) parseBookings(q *request) (report, bookingsState, []string, error) {
	values := q.r.URL.Query()
	values.Del("interval") // not of this page
	rep, notices, err := h.report(q, values, q.c)
	if err != nil {
		return rep, bookingsState{}, nil, err
	}
	p := stateParser{words: q.words, values: values, notices: notices}
	keys := make([]string, len(bookingFilters))
	for i, f := range bookingFilters {
		keys[i] = f.Key
	}
	s := bookingsState{reportState: rep.reportState, Filter: p.oneOf("state", keys...), Customers: p.oneOf("customers", onlyNew),
		Cost: p.oneOf("cost", costKnown), Search: searchText(values.Get("q")), Asc: p.oneOf("order", "asc", "desc") == "asc", After: values.Get("after"),
		Sort: coupon.RedemptionSort(p.oneOf("sort", string(coupon.ByMadeAt), string(coupon.ByServiceAt), string(coupon.ByBooking), string(coupon.BySubtotal), string(coupon.ByDiscount)))}
	if s.Sort == usualSort(rep) {
		s.Sort = ""
	}
	var sizes []string
	for _, n := range pageSizes {
		sizes = append(sizes, strconv.Itoa(n))
	}
	if s.Size, _ = strconv.Atoi(p.oneOf("size", sizes...)); s.Size == pageSizes[0] {
		s.Size = 0
	}
	if code := values.Get("currency"); code != "" {
		if currency.IsValid(code) {
			s.Currency = code
		} else {
			p.tell("bookings.unknown-currency")
		}
	}
	return rep, s, p.notices, nil
}

// searchText is what was typed into a search, not longer than anything that could
// be found.
func searchText(typed string) string { return keyText(strings.TrimSpace(typed)) }

// keyText is a key of the host's, of which blanks are a part.
func keyText(s string) string {
	if r := []rune(s); len(r) > mostSearch {
		s = string(r[:mostSearch])
	}
	if !utf8.ValidString(s) {
		return ""
	}
	return s
}

// usualSort is the order without a choice: the newest by the clock of the range.
func usualSort(rep report) coupon.RedemptionSort {
	if rep.Range.Clock == coupon.ServiceAt {
		return coupon.ByServiceAt
	}
	return coupon.ByMadeAt
}

// foundBy is what a search was found as; empty if it was not.
type foundBy string

const (
	byBooking  foundBy = "booking"
	byCustomer foundBy = "customer"
	byCode     foundBy = "code"
)

// filter is what the state asks the core for.
func (q *request) filter(rep report, s bookingsState) (coupon.RedemptionFilter, foundBy, error) {
	f := coupon.RedemptionFilter{Coupon: q.c.ID, Currency: s.Currency, Range: rep.Range, Sort: cmp.Or(s.Sort, usualSort(rep)), Desc: !s.Asc,
		NewCustomer: s.Customers == onlyNew, CostKnown: s.Cost == costKnown, Live: s.Filter == filterReserved,
		Unscheduled: s.Filter == filterUnscheduled, After: s.After}
	if f.Unscheduled { // such are in no range of the other clock
		f.Range.Clock = coupon.MadeAt
	}
	i := slices.IndexFunc(bookingFilters, func(x struct {
		Key    string
		States []coupon.State
	}) bool {
		return x.Key == s.Filter
	})
	f.States = bookingFilters[i].States
	as, err := q.found(s.Search)
	switch as {
	case byCustomer:
		f.Customer = s.Search
	case byCode:
		f.Code = coupon.Code(s.Search)
	default: // found as nothing, it is no booking either
		f.Booking = s.Search
	}
	return f, as, err
}

// found tells as what something that was typed is there among the coupon's
// bookings, in whichever state and range: as a booking, else as a customer, else
// as a code.
func (q *request) found(typed string) (foundBy, error) {
	if typed == "" {
		return "", nil
	}
	for _, x := range []struct {
		as foundBy
		f  coupon.RedemptionFilter
	}{
		{byBooking, coupon.RedemptionFilter{Booking: typed}},
		{byCustomer, coupon.RedemptionFilter{Customer: typed}},
		{byCode, coupon.RedemptionFilter{Code: coupon.Code(typed)}},
	} {
		x.f.Coupon, x.f.States = q.c.ID, anyState
		for _, err := range q.svc.Redemptions(q.r.Context(), x.f) {
			if err != nil {
				return "", err
			}
			return x.as, nil
		}
	}
	return "", nil
}

// anyState is all that a booking may be in.
var anyState = []coupon.State{coupon.Redeemed, coupon.Refunded, coupon.Cancelled, coupon.Reserved, coupon.Released, coupon.ReservationExpired}

// bookingsPage is one page of bookings, and the totals of all.
type bookingsPage struct {
	filter coupon.RedemptionFilter
	found  foundBy // what the search was found as
	rows   []usedOn
	totals []coupon.Figures
	next   string // the position of the next page; empty if this is the last one
}

// usedOn is a redemption, with those of other coupons on the same booking.
type usedOn struct {
	coupon.Redemption
	others []otherUse
}

func (h *Handler) bookings(q *request) error {
	rep, state, notices, err := h.parseBookings(q)
	if err != nil {
		return err
	}
	if q.as == asCSV {
		return q.bookingsCSV(rep, state)
	}
	page, err := q.bookingsPage(rep, state)
	if errors.Is(err, coupon.ErrInvalid) && state.After != "" { // the position is of another list
		notices = append(notices, q.words.t("bookings.no-such-page"))
		state = state.first()
		page, err = q.bookingsPage(rep, state)
	}
	if err != nil {
		return err
	}
	view, err := h.bookingsView(q, rep, state, page)
	if err != nil {
		return err
	}
	return q.answer(answer{name: "bookings", title: q.words.t("bookings.title-of", "coupon", q.words.name(q.c)),
		view: view, data: bookingsJSON(q, rep, page), notices: notices})
}

// bookingsPage reads it. The totals are of the same filter as the rows.
func (q *request) bookingsPage(rep report, state bookingsState) (p bookingsPage, err error) {
	if p.filter, p.found, err = q.filter(rep, state); err != nil {
		return p, err
	}
	all := p.filter
	all.After = ""
	if p.totals, err = q.svc.Totals(q.r.Context(), all); err != nil {
		return p, err
	}
	var rows []coupon.Redemption
	for r, err := range q.svc.Redemptions(q.r.Context(), p.filter) {
		if err != nil {
			return p, err
		}
		if len(rows) == state.size() {
			p.next = p.filter.Cursor(rows[len(rows)-1])
			break
		}
		rows = append(rows, r)
	}
	p.rows, err = q.withUsed(rows)
	return p, err
}
