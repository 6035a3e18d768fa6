package httpui

import (
	"errors"
	"time"

	"github.com/bojanz/currency"

	"github.com/couponkit/coupon"
)

// bookingsPerPage is how many bookings one page shows.
const bookingsPerPage = 50

// bookingsState is the state of the bookings page, as its URL has it. The range
// and clock are those of the coupon's page.
type bookingsState struct {
	reportState
	Filter    string // "" is those that make the headline figures
	Currency  string // "" is every one
	Customers string // "" is everybody's
	Cost      string // "" is whether known or not
	After     string
}

// What a figure of the summary asks for besides a state.
const (
	onlyNew   = "new"   // bookings of new customers
	costKnown = "known" // bookings whose cost is known
)

const (
	filterCounted   = "" // redeemed or refunded: not cancelled
	filterRefunded  = "refunded"
	filterCancelled = "cancelled"
	filterAll       = "all"
)

// filters are the states that each shows, in the order of the tabs.
var filters = []struct {
	Key, Name string
	States    []coupon.State // nil is all
}{
	{filterCounted, "Counted", []coupon.State{coupon.Redeemed, coupon.Refunded}},
	{filterRefunded, "Refunded", []coupon.State{coupon.Refunded}},
	{filterCancelled, "Cancelled", []coupon.State{coupon.Cancelled}},
	{filterAll, "All", nil},
}

func (s bookingsState) query() query {
	return s.rangeQuery().with("state", s.Filter).with("currency", s.Currency).with("customers", s.Customers).with("cost", s.Cost).with("after", s.After)
}

// bookingsView is what the page shows.
type bookingsView struct {
	Coupon, Code string
	Back         string // the coupon's page, with the same range
	List         string
	Range        string
	Clock        string
	Zone         string
	Tabs         []choice
	Currencies   []choice // nil if there is only one
	Rows         []bookingRow
	Totals       []totalRow
	Next, First  string
}

type bookingRow struct {
	ID, URL                                       string
	MadeAt, Service                               dateTime
	Customer, Type                                string
	Subtotal, Discount, Others, Revenue, Refunded string
	State                                         coupon.State
	StateName                                     string
}

// dateTime is an instant for a column of a table, or only its day. Without
// either it is not known.
type dateTime struct{ Date, Time string }

func (w words) dateTime(t time.Time, loc *time.Location) dateTime {
	if t.IsZero() {
		return dateTime{}
	}
	t = t.In(loc)
	return dateTime{w.shortDate(coupon.DateOf(t)), w.clockTime(t)}
}

// totalRow is the sum of all pages.
type totalRow struct {
	Label                                         string
	Subtotal, Discount, Others, Revenue, Refunded string
}

func (h *Handler) bookings(q *request) error {
	c := q.c
	values := q.r.URL.Query()
	values.Del("interval") // not of this page
	rep, notices, err := h.report(q, values, c)
	if err != nil {
		return err
	}
	p := stateParser{words: q.words, values: values, notices: notices}
	state := bookingsState{reportState: rep.reportState, After: values.Get("after"),
		Filter: p.oneOf("state", filterRefunded, filterCancelled, filterAll)}
	if code := values.Get("currency"); code != "" {
		if currency.IsValid(code) {
			state.Currency = code
		} else {
			p.notice("The address asks for a currency that is not known here; it was left out.")
		}
	}
	view, err := h.bookingsView(q, c, rep, state)
	if errors.Is(err, coupon.ErrInvalid) && state.After != "" { // the position is of another list
		p.notice("That page of the list is not there any more; this is the first one.")
		state.After = ""
		view, err = h.bookingsView(q, c, rep, state)
	}
	if err != nil {
		return err
	}
	return q.answer(answer{name: "bookings", title: "Bookings with " + q.words.name(c), view: view, notices: p.notices})
}

func (h *Handler) bookingsView(q *request, c coupon.Coupon, rep report, state bookingsState) (bookingsView, error) {
	w, ctx, loc := q.words, q.r.Context(), zoneOf(c)
	v := bookingsView{Coupon: w.name(c), Code: string(c.Code), Back: q.links.coupon(c.ID, rep.reportState), List: q.links.home(),
		Range: w.dateRange(rep.First, rep.Last), Clock: w.clock(rep.Range.Clock), Zone: c.Zone}
	first := state
	first.After = ""
	if state.After != "" {
		v.First = q.links.bookings(c.ID, first)
	}
	summary, err := q.svc.Summary(ctx, c.ID, rep.Range)
	if err != nil {
		return v, err
	}
	f := coupon.RedemptionFilter{Coupon: c.ID, Currency: state.Currency, Range: rep.Range, Sort: coupon.ByMadeAt, Desc: true}
	if rep.Range.Clock == coupon.ServiceAt {
		f.Sort = coupon.ByServiceAt
	}
	for _, x := range filters {
		to := first
		to.Filter = x.Key
		v.Tabs = append(v.Tabs, choice{ID: "cp-state-" + x.Name, Name: x.Name, URL: q.links.bookings(c.ID, to), On: x.Key == state.Filter})
		if x.Key == state.Filter {
			f.States = x.States
		}
	}
	v.currencies(q.links, c, first, summary)
	if v.Totals, err = w.totals(q, f, summary, state); err != nil {
		return v, err
	}
	f.After = state.After
	var last coupon.Redemption
	for r, err := range q.svc.Redemptions(ctx, f) {
		if err != nil {
			return v, err
		}
		if len(v.Rows) == bookingsPerPage {
			next := state
			next.After = f.Cursor(last)
			v.Next = q.links.bookings(c.ID, next)
			break
		}
		v.Rows = append(v.Rows, h.bookingRow(w, r, loc))
		last = r
	}
	return v, nil
}

// currencies are to choose from where there are several.
func (v *bookingsView) currencies(l links, c coupon.Coupon, state bookingsState, s coupon.Summary) {
	if len(s.Currencies) < 2 {
		return
	}
	add := func(code, name string) {
		to := state
		to.Currency = code
		v.Currencies = append(v.Currencies, choice{ID: "cp-currency-" + name, Name: name, URL: l.bookings(c.ID, to), On: code == state.Currency})
	}
	add("", "All currencies")
	for _, f := range s.Currencies {
		add(f.Currency, f.Currency)
	}
}

// totals are of the same bookings as the rows, on all pages: those of the
// summary where it has them.
func (w words) totals(q *request, f coupon.RedemptionFilter, s coupon.Summary, state bookingsState) ([]totalRow, error) {
	all := s.Currencies
	if state.Filter == filterRefunded {
		var err error
		if all, err = coupon.Fold(q.svc.Redemptions(q.r.Context(), f)); err != nil {
			return nil, err
		}
	}
	var out []totalRow
	for _, x := range all {
		if state.Currency != "" && state.Currency != x.Currency {
			continue
		}
		if state.Filter != filterCancelled && x.Bookings > 0 {
			out = append(out, totalRow{Label: w.plural(x.Bookings, "booking", "bookings"), Subtotal: w.Money(x.Subtotal), Discount: w.Money(x.Discounts),
				Others: w.Money(x.OtherDiscounts), Revenue: w.Money(x.Revenue), Refunded: w.Money(x.Refunds)})
		}
		if (state.Filter == filterCancelled || state.Filter == filterAll) && x.Cancelled > 0 {
			out = append(out, totalRow{Label: w.Count(x.Cancelled) + " cancelled", Subtotal: w.Money(x.CancelledSubtotal), Discount: w.Money(x.CancelledDiscounts)})
		}
	}
	return out, nil
}

func (h *Handler) bookingRow(w words, r coupon.Redemption, loc *time.Location) bookingRow {
	row := bookingRow{ID: r.Booking, MadeAt: w.dateTime(r.MadeAt, loc), Customer: w.customer(r.Customer), Type: w.bookingType(r),
		Subtotal: w.Money(r.Subtotal), Discount: w.Money(r.Discount), Others: w.Money(r.OtherDiscounts), Revenue: w.Money(r.Revenue()),
		Refunded: w.Money(r.Refund), State: r.State, StateName: w.state(r.State)}
	row.Service = w.dateTime(r.Service.At, loc)
	if !r.Service.Day.IsZero() {
		row.Service = dateTime{Date: w.shortDate(r.Service.Day)}
	}
	if h.cfg.BookingURL != nil {
		row.URL = h.cfg.BookingURL(r.Booking)
	}
	return row
}

func (w words) bookingType(r coupon.Redemption) string {
	if r.Type != coupon.Recurring {
		return "One-time"
	}
	if r.Frequency == "" {
		return "Recurring"
	}
	return upperFirst(w.frequencies([]coupon.Frequency{r.Frequency}))
}
