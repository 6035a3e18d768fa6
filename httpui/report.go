package httpui

import (
	"cmp"
	"slices"
	"time"

	"github.com/couponkit/coupon"
)

// reportView is the part of a coupon's page that depends on the range: the chart
// and the summary.
type reportView struct {
	Action    string // of the form
	From, To  string // its dates
	Keep      []field
	Periods   []choice
	Intervals []choice
	Types     []choice
	Clocks    []choice

	Range     string // in words
	Zone      string
	Clock     string
	Sentence  string
	Empty     string // why there is nothing to draw; empty if there is
	WholeLife string // the URL of the whole life; empty on it
	Chart     chart
	Notes     []noteView
	Table     dataTable

	Figures     []figures
	Unscheduled string
	Bookings    string // the bookings of the range
}

// field is a hidden one of a form.
type field struct{ Name, Value string }

type noteView struct {
	Number int
	Text   string
	When   string
}

// figures are the summary in one currency.
type figures struct {
	Currency  string // empty if there is only one
	Headlines []fact
	Quiet     []fact
	Bookings  string
}

func (h *Handler) reportView(q *request, c coupon.Coupon, rep report) (reportView, error) {
	ctx, now := q.r.Context(), q.svc.Now()
	points, err := q.svc.Timeline(ctx, c.ID, rep.Range, rep.By, c.Zone)
	if err != nil {
		return reportView{}, err
	}
	summary, err := q.svc.Summary(ctx, c.ID, rep.Range)
	if err != nil {
		return reportView{}, err
	}
	notes, err := q.svc.Notes(ctx, c.ID)
	if err != nil {
		return reportView{}, err
	}
	w, loc := q.words, zoneOf(c)
	v := reportView{Action: q.links.of(c.ID), From: rep.First.String(), To: rep.Last.String(),
		Range: w.dateRange(rep.First, rep.Last), Zone: c.Zone, Clock: w.clock(rep.Range.Clock),
		Bookings: q.links.bookings(c.ID, bookingsState{reportState: rep.reportState})}
	v.controls(w, q.links, c, rep)
	switch {
	case len(points) == 0:
		v.Empty = "The coupon has not begun yet. It starts on " + w.start(c, w.date) + "."
	case len(summary.Currencies) == 0:
		v.Empty = "Nobody has used it in this range."
	}
	if rep.Period != wholeLife {
		life := rep.reportState
		life.Period, life.Interval = wholeLife, ""
		v.WholeLife = q.links.coupon(c.ID, life)
	}
	buckets := w.buckets(points, rep.By, loc, now)
	var marks []int
	v.Notes, marks = w.notes(notes, points, loc)
	v.Chart = w.newChart(buckets, rep.Line, marks)
	v.Sentence = w.sentence(buckets, rep.By, v.Range)
	v.Table = w.newTable(buckets, summary, w.interval(rep.By))
	v.Figures = w.figures(q.links, c, rep, summary)
	if n := summary.Unscheduled; n > 0 {
		v.Unscheduled = w.plural(n, "booking made in this range has", "bookings made in this range have") +
			" no service date and can’t be counted here."
	}
	return v, nil
}

// controls are the links and the form that choose what is shown.
func (v *reportView) controls(w words, l links, c coupon.Coupon, rep report) {
	to := func(edit func(*reportState)) string {
		s := rep.reportState
		edit(&s)
		return l.coupon(c.ID, s)
	}
	at := func(key string) choice {
		// The interval is chosen anew: it seldom suits another range.
		return choice{ID: "cp-period-" + cmp.Or(key, "all"), On: rep.Period == key,
			URL: to(func(s *reportState) { s.Period, s.Interval = key, "" })}
	}
	life := at(wholeLife)
	life.Name = "Whole life"
	v.Periods = append(v.Periods, life)
	for _, p := range periods {
		x := at(p.Key)
		x.Name = p.Name
		v.Periods = append(v.Periods, x)
	}
	v.Intervals = append(v.Intervals, choice{ID: "cp-by-auto", Name: "Auto", On: rep.Interval == "",
		URL: to(func(s *reportState) { s.Interval = "" })})
	for _, i := range rep.Allowed {
		v.Intervals = append(v.Intervals, choice{ID: "cp-by-" + string(i), Name: w.intervalName(i), On: rep.Interval == i,
			URL: to(func(s *reportState) { s.Interval = i })})
	}
	v.Types = []choice{
		{ID: "cp-bars", Name: "Bars", On: !rep.Line, URL: to(func(s *reportState) { s.Line = false })},
		{ID: "cp-line", Name: "Line", On: rep.Line, URL: to(func(s *reportState) { s.Line = true })},
	}
	own := cmp.Or(c.ValidBy, coupon.MadeAt)
	for _, k := range []coupon.Clock{coupon.MadeAt, coupon.ServiceAt} {
		v.Clocks = append(v.Clocks, choice{ID: "cp-clock-" + string(k), Name: clockTabs[k], On: rep.Range.Clock == k,
			URL: to(func(s *reportState) {
				if s.Clock = k; k == own {
					s.Clock = ""
				}
			})})
	}
	for _, f := range []field{{"interval", string(rep.Interval)}, {"clock", string(rep.Clock)}} {
		if f.Value != "" {
			v.Keep = append(v.Keep, f)
		}
	}
	if rep.Line {
		v.Keep = append(v.Keep, field{"chart", "line"})
	}
}

var clockTabs = map[coupon.Clock]string{coupon.MadeAt: "Day of booking", coupon.ServiceAt: "Service date"}

// notes are those in the range, numbered; marks is the bucket of each.
func (w words) notes(all []coupon.Note, points []coupon.Point, loc *time.Location) (out []noteView, marks []int) {
	for _, n := range all {
		i := slices.IndexFunc(points, func(p coupon.Point) bool { return !n.At.Before(p.Start) && n.At.Before(p.End) })
		if i < 0 {
			continue
		}
		marks = append(marks, i)
		out = append(out, noteView{Number: len(marks), Text: n.Text, When: w.instant(n.At, loc)})
	}
	return out, marks
}

// figures are one block per currency, or a block of nothing.
func (w words) figures(l links, c coupon.Coupon, rep report, s coupon.Summary) []figures {
	currencies := s.Currencies
	if len(currencies) == 0 {
		currencies = []coupon.Figures{s.In(currencyOf(c))}
	}
	out := make([]figures, len(currencies))
	for i, f := range currencies {
		state := bookingsState{reportState: rep.reportState}
		if len(currencies) > 1 {
			state.Currency, out[i].Currency = f.Currency, f.Currency
		}
		out[i].Bookings = l.bookings(c.ID, state)
		out[i].Headlines = []fact{
			{Label: "Total Bookings", Text: w.Count(f.Bookings), URL: out[i].Bookings},
			{Label: "Total Revenue (after discount)", Text: w.Money(f.Revenue), URL: out[i].Bookings},
			{Label: "Total Discounts Given", Text: w.Money(f.Discounts), URL: out[i].Bookings},
		}
		out[i].Quiet = w.quiet(l, c, state, f)
	}
	return out
}

// quiet is what stands below the headlines.
func (w words) quiet(l links, c coupon.Coupon, state bookingsState, f coupon.Figures) []fact {
	filtered := func(filter string) string {
		s := state
		s.Filter = filter
		return l.bookings(c.ID, s)
	}
	cancelled := fact{Label: "Cancelled", Text: "None"}
	if f.Cancelled > 0 {
		cancelled = fact{Label: "Cancelled", Text: w.plural(f.Cancelled, "booking", "bookings"),
			More: w.Money(f.CancelledSubtotal) + " before discount, in none of the figures above", URL: filtered(filterCancelled)}
	}
	refunded := fact{Label: "Refunded", Text: "Nothing"}
	if f.Refunds.Amount.IsPositive() {
		refunded = fact{Label: "Refunded", Text: w.Money(f.Refunds),
			More: "leaves " + w.Money(f.RevenueAfterRefunds) + " of the revenue", URL: filtered(filterRefunded)}
	}
	out := []fact{cancelled, refunded}
	if f.Bookings == 0 {
		return out
	}
	customers := fact{Label: "New customers", Text: "Not known"}
	if f.CustomersKnown > 0 {
		customers.Text = w.Count(f.NewCustomers) + " of " + w.plural(f.CustomersKnown, "booking", "bookings")
		if n := f.Bookings - f.CustomersKnown; n > 0 {
			customers.More = "not known for " + w.Count(n) + " more"
		}
	}
	average := coupon.Money{Currency: f.Currency,
		Amount: f.Revenue.Amount.DivRound(countOf(f.Bookings), -f.Revenue.Amount.Exponent())}
	out = append(out, customers, fact{Label: "Average booking", Text: w.Money(average), More: "after discount"})
	margin := fact{Label: "Margin", Text: "Not known", More: "no booking has a cost"}
	if f.CostKnown > 0 {
		margin = fact{Label: "Margin", Text: w.Money(f.Margin), More: "before refunds"}
		if f.CostKnown < f.Bookings {
			margin.More = "on the " + w.plural(f.CostKnown, "booking", "bookings") + " whose cost is known, before refunds"
		}
	}
	out = append(out, margin)
	if f.OtherDiscounts.Amount.IsPositive() {
		out = append(out, fact{Label: "Other coupons", Text: w.Money(f.OtherDiscounts), More: "taken off the same bookings"})
	}
	return out
}

// currencyOf guesses the currency of a coupon without bookings, from its own
// amounts; "" if it has none.
func currencyOf(c coupon.Coupon) string {
	r := c.Restrictions
	code := cmp.Or(c.Discount.Amount.Currency, c.Discount.Cap.Currency, r.MinTotal.Currency, r.MaxTotal.Currency)
	for _, l := range r.Limits {
		code = cmp.Or(code, l.Budget.Currency)
	}
	return code
}
