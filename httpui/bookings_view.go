package httpui

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/couponkit/coupon"
)

// bookingsView is what the page shows.
type bookingsView struct {
	Coupon, Code string
	Back         string // the coupon's page, with the same range
	List         string
	Range        string
	Clock        string
	Zone         string
	Action       string // of the search
	Search       string
	NotFound     string  // that nothing is as what was searched for
	All          string  // the same without the search, if it found nothing
	Keep         []field // the rest of the state
	Chips        []chip
	Tabs         []choice
	Currencies   []choice // nil if there is only one
	Sizes        []choice
	Columns      []bookingColumn
	Costs        bool // the columns of cost and margin are there
	Others       bool // the column of what other coupons took off is there
	Rows         []bookingRow
	Totals       []totalRow
	Next, First  string
	WholeLife    string // the same over the coupon's whole life; empty on it
	CSV          string // empty if it may not be taken away
	Reserved     bool
}

// bookingColumn is the head of a column; those of numbers align at their end.
type bookingColumn struct {
	ID, Name string
	URL      string // sorts by it; empty if it can't
	AriaSort string
	Number   bool
}

// chip is a condition that can be taken away.
type chip struct{ ID, Text, URL string }

type bookingRow struct {
	ID, URL, Host                                               string // Host is the host's own page
	HostName                                                    string // of the link to it
	MadeAt, Service                                             dateTime
	Customer, AtHost, Type                                      string // of an e-mail address AtHost is what begins with the @
	Subtotal, Discount, Others, Revenue, Refunded, Cost, Margin string
	With                                                        []otherView
	State                                                       coupon.State
	StateName, Until                                            string
	Off                                                         bool // it counts nowhere
	NoOthers, NoRefund                                          bool // the amount is nothing
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

// serviceTime is the service date of a redemption.
func (w words) serviceTime(s coupon.ServiceDate, loc *time.Location) dateTime {
	if !s.Day.IsZero() {
		return dateTime{Date: w.shortDate(s.Day)}
	}
	return w.dateTime(s.At, loc)
}

// totalRow is the sum of all pages.
type totalRow struct {
	Label                                                       string
	Subtotal, Discount, Others, Revenue, Refunded, Cost, Margin string
}

func (h *Handler) bookingsView(q *request, rep report, state bookingsState, page bookingsPage) (bookingsView, error) {
	w, c, first := q.words, q.c, state.first()
	to := func(edit func(*bookingsState)) string {
		s := first
		edit(&s)
		return q.links.bookings(c.ID, s)
	}
	v := bookingsView{Coupon: w.name(c), Code: string(c.Code), Back: q.links.coupon(c.ID, rep.reportState), List: q.links.home(),
		Range: w.dateRange(rep.First, rep.Last), Clock: w.clock(page.filter.Range.Clock), Zone: c.Zone,
		Action: q.links.of(c.ID) + "/bookings", Search: state.Search, Costs: state.Cost != "", Reserved: state.Filter == filterReserved}
	v.Keep = hiddenOf(to(func(s *bookingsState) { s.Search = "" }))
	if state.After != "" {
		v.First = q.links.bookings(c.ID, first)
	}
	if page.next != "" {
		v.Next = to(func(s *bookingsState) { s.After = page.next })
	}
	if rep.Period != wholeLife {
		v.WholeLife = to(func(s *bookingsState) { s.Period = wholeLife })
	}
	if q.may(Export) {
		v.CSV = q.tableURL(to(func(*bookingsState) {}))
	}
	for _, x := range bookingFilters {
		key := cmp.Or(x.Key, "counted")
		v.Tabs = append(v.Tabs, choice{ID: "cp-state-" + key, Name: w.t("bookings.filter." + key), On: x.Key == state.Filter,
			URL: to(func(s *bookingsState) { s.Filter = x.Key })})
	}
	for _, n := range pageSizes[:] {
		v.Sizes = append(v.Sizes, choice{ID: "cp-size-" + strconv.Itoa(n), Name: w.Count(int64(n)), On: n == state.size(),
			URL: to(func(s *bookingsState) {
				if s.Size = n; n == pageSizes[0] {
					s.Size = 0
				}
			})})
	}
	slices.SortFunc(v.Sizes, func(a, b choice) int { return cmp.Or(len(a.ID)-len(b.ID), cmp.Compare(a.ID, b.ID)) })
	v.chips(w, state, page, to)
	if state.Search != "" && page.found == "" {
		v.NotFound, v.All = w.t("bookings.not-found", "text", state.Search), to(func(s *bookingsState) { s.Search = "" })
	}
	if err := v.currencies(q, rep, state, to); err != nil {
		return v, err
	}
	for _, r := range page.rows {
		row := h.bookingRow(q, r, state)
		v.Others = v.Others || !row.NoOthers || len(row.With) > 0
		v.Rows = append(v.Rows, row)
	}
	for _, x := range page.totals { // of all pages, so that they have the same columns
		v.Others = v.Others || !x.OtherDiscounts.Amount.IsZero()
	}
	v.columns(w, rep, state, to)
	v.Totals = w.totals(page.totals)
	return v, nil
}

// chips are what narrows the list besides its state and currency.
func (v *bookingsView) chips(w words, state bookingsState, page bookingsPage, to func(func(*bookingsState)) string) {
	if state.Search != "" {
		v.Chips = append(v.Chips, chip{"cp-no-search", w.t("bookings.found."+cmp.Or(string(page.found), "nothing"), "text", state.Search), to(func(s *bookingsState) { s.Search = "" })})
	}
	if state.Customers != "" {
		v.Chips = append(v.Chips, chip{"cp-no-customers", w.t("bookings.only-new"), to(func(s *bookingsState) { s.Customers = "" })})
	}
	if state.Cost != "" {
		v.Chips = append(v.Chips, chip{"cp-no-cost", w.t("bookings.only-cost"), to(func(s *bookingsState) { s.Cost = "" })})
	}
}

// columns are the heads; those that can be sorted by lead to it.
func (v *bookingsView) columns(w words, rep report, state bookingsState, to func(func(*bookingsState)) string) {
	now := cmp.Or(state.Sort, usualSort(rep))
	add := func(key string, by coupon.RedemptionSort, number bool) {
		x := bookingColumn{ID: "cp-sort-" + string(by), Name: w.t("bookings.column." + key), Number: number}
		if by != "" {
			asc := by == coupon.ByBooking // the others begin with the newest or largest
			if by == now {
				asc = !state.Asc
				x.AriaSort = "descending"
				if state.Asc {
					x.AriaSort = "ascending"
				}
			}
			x.URL = to(func(s *bookingsState) {
				s.Asc = asc
				if s.Sort = by; by == usualSort(rep) {
					s.Sort = ""
				}
			})
		}
		v.Columns = append(v.Columns, x)
	}
	add("booking", coupon.ByBooking, false)
	add("made", coupon.ByMadeAt, false)
	add("service", coupon.ByServiceAt, false)
	add("customer", "", false)
	add("subtotal", coupon.BySubtotal, true)
	add("discount", coupon.ByDiscount, true)
	if v.Others {
		add("others", "", true)
	}
	add("revenue", "", true)
	add("refunded", "", true)
	if v.Costs {
		add("cost", "", true)
		add("margin", "", true)
	}
	add("state", "", false)
}

// currencies are to choose from where the range has several.
func (v *bookingsView) currencies(q *request, rep report, state bookingsState, to func(func(*bookingsState)) string) error {
	summary, err := q.svc.Summary(q.r.Context(), q.c.ID, rep.Range)
	if err != nil || len(summary.Currencies) < 2 {
		return err
	}
	add := func(code, name string) {
		v.Currencies = append(v.Currencies, choice{ID: "cp-currency-" + cmp.Or(code, "all"), Name: name, On: code == state.Currency,
			URL: to(func(s *bookingsState) { s.Currency = code })})
	}
	add("", q.words.t("bookings.all-currencies"))
	for _, f := range summary.Currencies {
		add(f.Currency, f.Currency)
	}
	return nil
}

// totals are one row for each currency, and one for what was cancelled in it.
func (w words) totals(all []coupon.Figures) (out []totalRow) {
	for _, x := range all {
		if x.Bookings > 0 {
			out = append(out, totalRow{Label: w.t("bookings.total", "n", x.Bookings), Subtotal: w.Money(x.Subtotal), Discount: w.Money(x.Discounts),
				Others: w.Money(x.OtherDiscounts), Revenue: w.Money(x.Revenue), Refunded: w.Money(x.Refunds), Cost: w.Money(x.Cost), Margin: w.Money(x.Margin)})
		}
		if x.Cancelled > 0 {
			out = append(out, totalRow{Label: w.t("bookings.total-cancelled", "n", x.Cancelled), Subtotal: w.Money(x.CancelledSubtotal), Discount: w.Money(x.CancelledDiscounts)})
		}
	}
	return out
}

func (h *Handler) bookingRow(q *request, r usedOn, state bookingsState) bookingRow {
	w, loc := q.words, zoneOf(q.c)
	row := bookingRow{ID: r.Booking, URL: q.links.booking(q.c.ID, r.Booking, state), MadeAt: w.dateTime(r.MadeAt, loc), Service: w.serviceTime(r.Service, loc),
		Customer: w.customer(r.Customer), Type: w.bookingType(r.Redemption),
		Subtotal: w.Money(r.Subtotal), Discount: w.Money(r.Discount), Others: w.Money(r.OtherDiscounts), Revenue: w.Money(r.Revenue()),
		Refunded: w.Money(r.Refund), Cost: noAmount, Margin: noAmount, With: q.otherViews(r.others),
		State: r.State, StateName: w.state(r.State), Off: r.State == coupon.Cancelled, NoOthers: r.OtherDiscounts.Amount.IsZero(), NoRefund: r.Refund.Amount.IsZero()}
	if i := strings.LastIndexByte(row.Customer, '@'); i > 0 {
		row.Customer, row.AtHost = row.Customer[:i], row.Customer[i:]
	}
	if margin, ok := marginOf(r.Redemption); ok {
		row.Cost, row.Margin = w.Money(*r.Cost), w.Money(margin)
	}
	if r.State == coupon.Reserved {
		row.Until = w.t("bookings.until", "time", w.instant(r.ExpiresAt, loc))
	}
	if row.Host = q.hostURL(r.Booking); row.Host != "" {
		row.HostName = w.t("bookings.open-host", "booking", r.Booking)
	}
	return row
}

// hostURL is the host's own page of a booking; empty for none.
func (q *request) hostURL(booking string) string {
	if q.h.cfg.BookingURL == nil {
		return ""
	}
	return q.h.cfg.BookingURL(booking)
}

// marginOf is the revenue less the cost, before refunds, if the cost is known.
func marginOf(r coupon.Redemption) (coupon.Money, bool) {
	if r.Cost == nil {
		return coupon.Money{}, false
	}
	m := r.Revenue()
	m.Amount = m.Amount.Sub(r.Cost.Amount)
	return m, true
}

func (w words) bookingType(r coupon.Redemption) string {
	switch {
	case r.Type != coupon.Recurring:
		return w.t("bookings.type.one-time")
	case r.Frequency == "":
		return w.t("bookings.type.recurring")
	}
	return upperFirst(w.frequency(r.Frequency))
}
