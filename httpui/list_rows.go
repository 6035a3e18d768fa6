package httpui

import (
	"slices"
	"time"

	"github.com/couponkit/coupon"
)

// found is one page of the list with its figures.
type found struct {
	zone       string
	now        time.Time
	rng        listRange
	coupons    []coupon.CouponState
	summaries  map[coupon.ID]coupon.Summary
	timelines  map[coupon.ID][]coupon.Point
	currencies []string // of the amounts of the page
	next       string   // the position that the next page begins after; empty on the last
}

// findCoupons reads one page: the coupons, and the figures of all of them at once.
func (h *Handler) findCoupons(q *request, state listState, zone string) (found, error) {
	ctx := q.r.Context()
	out := found{zone: zone, now: q.svc.Now(), rng: state.Range}
	r, err := state.Range.in(zone, out.now)
	if err != nil {
		return out, err
	}
	var ids []coupon.ID
	for c, err := range q.svc.Coupons(ctx, state.filter(r)) {
		if err != nil {
			return out, err
		}
		if !q.lists(c.Coupon) {
			continue
		}
		if len(ids) == couponsPerPage {
			out.next = out.coupons[len(ids)-1].Cursor
			break
		}
		out.coupons, ids = append(out.coupons, c), append(ids, c.ID)
	}
	if len(ids) == 0 {
		return out, nil
	}
	if out.summaries, err = q.svc.Summaries(ctx, ids, r); err != nil {
		return out, err
	}
	for _, s := range out.summaries {
		for _, f := range s.Currencies {
			out.currencies = append(out.currencies, f.Currency)
		}
	}
	slices.Sort(out.currencies)
	out.currencies = slices.Compact(out.currencies)
	if r, err = out.sparkRange(q, r); err != nil {
		return out, err
	}
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return out, err
	}
	by := autoInterval(r, loc, allowedIntervals(r, loc))
	out.timelines, err = q.svc.Timelines(ctx, ids, r, by, zone)
	return out, err
}

// lists reports whether a coupon is on the list: it may be seen, and where the list
// is taken away, be taken away.
func (q *request) lists(c coupon.Coupon) bool {
	return q.h.may(q.r, View, c) && (q.as == asPage || q.h.may(q.r, Export, c))
}

// currency is the one with most bookings on the page; "" if there are none.
func (f found) currency() string {
	bookings := map[string]int64{}
	for _, s := range f.summaries {
		for _, x := range s.Currencies {
			bookings[x.Currency] += x.Bookings
		}
	}
	best := ""
	for _, code := range f.currencies {
		if best == "" || bookings[code] > bookings[best] {
			best = code
		}
	}
	return best
}

// sparkRange is what the small lines show: the range, or for all time the lives
// of the coupons on the page, until the end of today. All rows have the same, so
// that they can be compared.
func (f found) sparkRange(q *request, r coupon.Range) (coupon.Range, error) {
	if !r.From.IsZero() {
		return r, nil
	}
	r.From = f.now
	for _, c := range f.coupons {
		if from := q.svc.Life(c.Coupon).From; from.Before(r.From) {
			r.From = from
		}
	}
	loc, err := time.LoadLocation(f.zone)
	if err != nil {
		return r, err
	}
	r.To, err = coupon.StartOfDay(coupon.DateOf(f.now.In(loc)).AddDays(1), f.zone)
	return r, err
}

// listView is what the list shows.
type listView struct {
	State     listState
	Action    string // of the search form
	Audiences []option
	Kinds     []option
	Periods   []option
	Dates     *dates // of a range of one's own; nil if there is none
	Tabs      []choice
	Columns   []column
	Rows      []listRow
	Range     string // of the figures, in words
	Next      string // the next page; empty on the last one
	First     string // the first page; empty on it
	CSV       string // all of the list as a table; empty if it may not be taken away
	Filtered  bool   // something is searched for or left out
	ClearedTo string // the list without search and filter
	New       string // to make a coupon; empty for those who may not
	Currency  []choice
}

// option is one of a select element.
type option struct {
	Value, Name string
	On          bool
}

// dates are the first and last day of a range of one's own.
type dates struct{ From, To string }

// choice is one of several links of which one is chosen.
type choice struct {
	ID   string // of the element, so that it keeps the focus when it is replaced
	Name string
	URL  string
	On   bool
}

// column is the head of a column; several sorts may stand in one.
type column struct {
	Name     string // of one that can't be sorted by
	Sorts    []sorter
	Numbers  bool   // its cells are numbers
	AriaSort string // of the column: one of its sorts is chosen
}

type sorter struct {
	ID, Name, URL string
	Order         string // "ascending" or "descending" if it is chosen
}

type listRow struct {
	ID         coupon.ID
	URL        string
	Code, Name string
	Discount   string
	Audience   string
	Status     coupon.Status
	StatusName string
	Reason     string
	Start, End string
	Uses       []use
	NoTotal    string // in place of Uses
	Bookings   string
	Cancelled  string   // those that hold a counted use all the same; empty for none
	Revenue    []string // one amount per currency
	Discounts  []string
	Spark      *spark
	Menu       *rowMenu // nil if there is nothing to do
}

// rowMenu is what can be done with a coupon besides looking at it; empty URLs are
// left out.
type rowMenu struct {
	ID                       coupon.ID
	Edit, Duplicate, Archive string
	Switch                   *switchView
}

func (h *Handler) listView(q *request, state listState, f found) listView {
	w := q.words
	bare := listState{Range: state.Range, Sort: state.Sort, Desc: state.Desc, Currency: state.Currency}
	first := state
	first.After = ""
	v := listView{State: state, Action: q.links.home(), Columns: w.columns(q.links, first, f.currency()), Tabs: w.tabs(q.links, first),
		Filtered: state.filtered(), ClearedTo: q.links.list(bare), Range: w.listRange(f)}
	if state.After != "" {
		v.First = q.links.list(first)
	}
	if f.next != "" {
		next := state
		next.After = f.next
		v.Next = q.links.list(next)
	}
	if q.may(Export) {
		v.CSV = q.tableURL(q.links.list(first))
	}
	if h.may(q.r, Create, coupon.Coupon{}) {
		v.New = q.links.newCoupon()
	}
	v.filters(w)
	if len(f.currencies) > 1 && needsCurrency(state.Sort) {
		for _, code := range f.currencies {
			to := first
			to.Currency = code
			v.Currency = append(v.Currency, choice{ID: "cp-in-" + code, Name: code, URL: q.links.list(to), On: code == state.Currency})
		}
	}
	for _, c := range f.coupons {
		v.Rows = append(v.Rows, h.listRow(q, state, c, f))
	}
	return v
}

// filters are the select elements.
func (v *listView) filters(w words) {
	s := v.State
	v.Audiences = []option{{"", w.t("list.any-audience"), s.Audience == ""}}
	for _, a := range audienceChoices {
		v.Audiences = append(v.Audiences, option{a.key, w.audienceName(a.audience), s.Audience == a.key})
	}
	v.Kinds = []option{{"", w.t("list.any-kind"), s.Kind == ""}}
	for _, k := range kindChoices {
		v.Kinds = append(v.Kinds, option{string(k), w.t("list.kinds." + string(k)), s.Kind == k})
	}
	v.Periods = []option{{"all", w.t("list.all-time"), s.Range.Period == ""}}
	for _, p := range periods {
		v.Periods = append(v.Periods, option{p.Key, w.period(p.Key), s.Range.Period == p.Key})
	}
	v.Periods = append(v.Periods, option{customPeriod, w.t("list.own-dates"), s.Range.Period == customPeriod})
	if s.Range.Period == customPeriod {
		v.Dates = &dates{}
		if !s.Range.From.IsZero() {
			v.Dates.From = s.Range.From.String()
		}
		if !s.Range.To.IsZero() {
			v.Dates.To = s.Range.To.String()
		}
	}
}

// listRange says of which days the figures are.
func (w words) listRange(f found) string {
	first, last, err := f.rng.daysIn(f.zone, f.now)
	if err != nil || first.IsZero() {
		return w.t("list.figures-all-time")
	}
	return w.t("list.figures-of", "range", w.dateRange(first, last), "zone", f.zone)
}

func (h *Handler) listRow(q *request, state listState, c coupon.CouponState, f found) listRow {
	w := q.words
	to := reportState{Period: state.Range.Period, From: state.Range.From, To: state.Range.To}
	if to.Period == customPeriod && !state.Range.whole() {
		to = reportState{}
	}
	row := listRow{ID: c.ID, URL: q.links.coupon(c.ID, to), Code: string(c.Code), Name: c.Name,
		Discount: w.discount(c.Discount), Audience: w.audienceName(c.Audience),
		Status: c.Status, StatusName: w.status(c.Status), Reason: w.reason(c),
		Start: w.start(c.Coupon, w.shortDate), End: w.end(c.Coupon, w.shortDate),
		Spark: newSpark(f.timelines[c.ID], f.now), Menu: h.rowMenu(q, state, c)}
	row.NoTotal = w.t("list.no-limit")
	counted := false
	for _, l := range c.Limits {
		row.NoTotal = w.t("list.limited-per-customer")
		if l.Limit.Per == coupon.PerCode {
			row.NoTotal = w.t("list.limited-per-code")
		}
		if l.Counted {
			u := w.use(l)
			u.Text = w.uses(l)
			row.Uses = append(row.Uses, *u)
			counted = counted || l.Limit.Of == coupon.Uses
		}
	}
	var bookings, cancelled int64
	for _, x := range f.summaries[c.ID].Currencies {
		bookings += x.Bookings
		cancelled += x.Cancelled
		row.Revenue = append(row.Revenue, w.Money(x.Revenue))
		row.Discounts = append(row.Discounts, w.Money(x.Discounts))
	}
	row.Bookings = w.Count(bookings)
	if counted && c.KeepUseOnCancel && cancelled > 0 {
		row.Cancelled = w.t("list.and-cancelled", "count", w.Count(cancelled))
	}
	return row
}

// rowMenu has what whoever asks may do.
func (h *Handler) rowMenu(q *request, state listState, c coupon.CouponState) *rowMenu {
	may := func(a Action) bool { return h.may(q.r, a, c.Coupon) }
	archived := c.Status == coupon.Archived
	m := rowMenu{ID: c.ID}
	if may(Edit) && !archived {
		m.Edit = q.links.edit(c.ID)
	}
	if may(Duplicate) && may(Create) {
		m.Duplicate = q.links.duplicate(c.ID)
	}
	if may(Archive) && !archived {
		m.Archive = q.links.of(c.ID) + "#cp-next-steps"
	}
	m.Switch = q.switchOf(c, func(action string) string { return q.links.changeInList(c.ID, action, state) })
	if m == (rowMenu{ID: c.ID}) {
		return nil
	}
	return &m
}

// tabs filter by status, and keep the rest of the state.
func (w words) tabs(l links, state listState) []choice {
	to := func(st coupon.Status, id, name string) choice {
		next := state
		next.Status = st
		return choice{ID: id, Name: name, URL: l.list(next), On: st == state.Status}
	}
	out := []choice{to("", "cp-tab-all", w.t("list.current"))}
	for _, st := range statuses {
		out = append(out, to(st, "cp-tab-"+string(st), w.status(st)))
	}
	return out
}

// columns are the heads of the table: once more and the order turns round.
// Amounts are sorted by in one currency.
func (w words) columns(l links, state listState, currency string) []column {
	sorted := func(numbers bool, by ...coupon.CouponSort) column {
		c := column{Numbers: numbers}
		for _, by := range by {
			next := state
			next.Sort, next.Desc, next.Currency = by, slices.Contains(sortsFalling, by), ""
			if needsCurrency(by) {
				next.Currency = currency
			}
			s := sorter{ID: "cp-sort-" + string(by), Name: w.t("list.columns." + string(by))}
			if state.Sort == by {
				s.Order = "ascending"
				if state.Desc {
					s.Order = "descending"
				}
				c.AriaSort = s.Order
				next.Desc, next.Currency = !state.Desc, state.Currency
			}
			s.URL = l.list(next)
			c.Sorts = append(c.Sorts, s)
		}
		return c
	}
	return []column{
		sorted(false, coupon.ByCode, coupon.ByName),
		sorted(false, coupon.ByOffer, coupon.ByAudience),
		sorted(false, coupon.ByStatus),
		sorted(false, coupon.ByUses),
		sorted(true, coupon.ByBookings),
		sorted(true, coupon.ByRevenue),
		sorted(true, coupon.ByDiscounts),
		sorted(false, coupon.ByStart, coupon.ByEnd),
	}
}
