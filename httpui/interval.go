package httpui

import (
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/couponkit/coupon"
)

// reportState is the state of a coupon's page, as its URL has it. The zero value
// is the coupon's whole life, in bars, by made-at.
type reportState struct {
	Period   string          // a key of periods; "" is the whole life, "custom" has From and To
	From, To coupon.Date     // both included
	Interval coupon.Interval // "" is automatic
	Line     bool
	Clock    coupon.Clock // "" is made-at
}

// query writes the state: what is as by default is left out.
func (s reportState) query() query {
	q := s.rangeQuery().with("interval", string(s.Interval))
	if s.Line {
		q = q.with("chart", "line")
	}
	return q
}

// rangeQuery is the part that says which bookings are meant.
func (s reportState) rangeQuery() query {
	var q query
	if s.Period == customPeriod {
		q = q.with("from", s.From.String()).with("to", s.To.String())
	} else {
		q = q.with("period", s.Period)
	}
	return q.with("clock", string(s.Clock))
}

const (
	wholeLife    = ""
	customPeriod = "custom"
)

// period is a named range that ends with the day of today or before.
type period struct {
	Key  string
	Name string
	// days gives the first and the last day.
	days func(today coupon.Date) (first, last coupon.Date)
}

// periods are those to choose from, besides the whole life.
var periods = []period{
	{"7d", "Last 7 days", func(d coupon.Date) (coupon.Date, coupon.Date) { return d.AddDays(-6), d }},
	{"28d", "Last 28 days", func(d coupon.Date) (coupon.Date, coupon.Date) { return d.AddDays(-27), d }},
	{"90d", "Last 90 days", func(d coupon.Date) (coupon.Date, coupon.Date) { return d.AddDays(-89), d }},
	{"month", "Month to date", func(d coupon.Date) (coupon.Date, coupon.Date) { return monthOf(d, 0), d }},
	{"last_month", "Last month", func(d coupon.Date) (coupon.Date, coupon.Date) { return monthOf(d, -1), monthOf(d, 0).AddDays(-1) }},
	{"year", "Year to date", func(d coupon.Date) (coupon.Date, coupon.Date) { return coupon.Date{Year: d.Year, Month: 1, Day: 1}, d }},
	{"last_year", "Last year", func(d coupon.Date) (coupon.Date, coupon.Date) {
		return coupon.Date{Year: d.Year - 1, Month: 1, Day: 1}, coupon.Date{Year: d.Year - 1, Month: 12, Day: 31}
	}},
}

// monthOf is the first day of the month so many months after the one of d.
func monthOf(d coupon.Date, months int) coupon.Date {
	return coupon.DateOf(time.Date(d.Year, d.Month+time.Month(months), 1, 0, 0, 0, 0, time.UTC))
}

// report is a reportState with what it means for a coupon now.
type report struct {
	reportState
	Range   coupon.Range
	First   coupon.Date       // of the range, in the coupon's zone
	Last    coupon.Date       // the last day that is at least partly in it
	By      coupon.Interval   // of the chart's buckets
	Allowed []coupon.Interval // to choose from
}

// report reads the state of a coupon's page or of its bookings.
func (h *Handler) report(q *request, v url.Values, c coupon.Coupon) (report, []string, error) {
	life, err := wholeLifeOf(q, c, coupon.Clock(v.Get("clock")))
	rep, notices := parseReport(v, c, q.svc.Now(), life)
	return rep, notices, err
}

// wholeLifeOf is the coupon's life in whole days: what goes on until now goes on
// until the end of today. By service date it goes on until the last service, also
// one that is still to come: its booking is made.
func wholeLifeOf(q *request, c coupon.Coupon, clock coupon.Clock) (coupon.Range, error) {
	now, life := q.svc.Now(), q.svc.Life(c)
	last := life.To
	if clock == coupon.ServiceAt {
		f := coupon.RedemptionFilter{Coupon: c.ID, Range: coupon.Range{Clock: clock}, Sort: coupon.ByServiceAt, Desc: true}
		for r, err := range q.svc.Redemptions(q.r.Context(), f) {
			if err != nil {
				return life, err
			}
			if r.ServiceAt.After(last) {
				last = r.ServiceAt
			}
			break
		}
	}
	if !life.From.Before(life.To) || (last.Equal(life.To) && last.Before(now)) {
		return life, nil
	}
	end, err := coupon.StartOfDay(coupon.DateOf(last.In(zoneOf(c))).AddDays(1), c.Zone)
	life.To = end
	return life, err
}

// parseReport reads the state from a URL. What it can't use it replaces, and
// says so in a notice: a link is never answered with an error for its range.
func parseReport(v url.Values, c coupon.Coupon, now time.Time, life coupon.Range) (report, []string) {
	p := stateParser{values: v}
	loc := zoneOf(c)
	today := coupon.DateOf(now.In(loc))
	rep := report{reportState: reportState{Line: p.oneOf("chart", "bar", "line") == "line"}}
	rep.Clock = coupon.Clock(p.oneOf("clock", string(coupon.MadeAt), string(coupon.ServiceAt)))
	if rep.Clock == life.Clock {
		rep.Clock = ""
	}
	p.readRange(&rep.reportState, c, today)

	rep.Range = life
	switch rep.Period {
	case wholeLife:
		rep.First, rep.Last = coupon.DateOf(life.From.In(loc)), lastDay(life.From, life.To, loc)
	case customPeriod:
		rep.First, rep.Last = rep.From, rep.To
	default:
		i := slices.IndexFunc(periods, func(x period) bool { return x.Key == rep.Period })
		rep.First, rep.Last = periods[i].days(today)
	}
	if rep.Period != wholeLife {
		from, err := coupon.StartOfDay(rep.First, c.Zone)
		to, err2 := coupon.StartOfDay(rep.Last.AddDays(1), c.Zone)
		if err != nil || err2 != nil { // the days were checked, and the zone when it was stored
			return parseReport(url.Values{}, c, now, life)
		}
		rep.Range.From, rep.Range.To = from, to
	}
	if rep.Clock != "" {
		rep.Range.Clock = rep.Clock
	}
	rep.Allowed = allowedIntervals(rep.Range, loc)
	rep.Interval = coupon.Interval(p.oneOf("interval", "auto", string(coupon.Hourly), string(coupon.Daily),
		string(coupon.Weekly), string(coupon.Monthly), string(coupon.Quarterly), string(coupon.Yearly)))
	if rep.Interval == "auto" {
		rep.Interval = ""
	}
	rep.By = autoInterval(rep.Range, loc, rep.Allowed)
	if want := rep.Interval; want != "" {
		if slices.Contains(rep.Allowed, want) {
			rep.By = want
		} else {
			rep.Interval = ""
			p.notice("By the %s does not suit this range; the chart is by the %s.", want, rep.By)
		}
	}
	return rep, p.notices
}

// stateParser reads values and collects what was wrong with them.
type stateParser struct {
	values  url.Values
	notices []string
}

func (p *stateParser) notice(format string, args ...any) {
	p.notices = append(p.notices, fmt.Sprintf(format, args...))
}

// oneOf gives a value if it is one of those allowed, else "".
func (p *stateParser) oneOf(key string, allowed ...string) string {
	v := p.values.Get(key)
	if v != "" && !slices.Contains(allowed, v) {
		p.notice("The address asks for a “%s” that is not known here; it was left out.", key)
		return ""
	}
	return v
}

// mostDays is how long a custom range may be: a hundred years.
const mostDays = 36525

func (p *stateParser) readRange(s *reportState, c coupon.Coupon, today coupon.Date) {
	keys := []string{customPeriod, "all"}
	for _, x := range periods {
		keys = append(keys, x.Key)
	}
	s.Period = p.oneOf("period", keys...)
	if s.Period == "all" {
		s.Period = wholeLife
	}
	from, to := p.date("from"), p.date("to")
	if from.IsZero() && to.IsZero() {
		if s.Period == customPeriod {
			s.Period = wholeLife
		}
		return
	}
	if from.IsZero() {
		from = coupon.DateOf(c.Start.In(zoneOf(c)))
	}
	if to.IsZero() {
		to = today
	}
	if from.Compare(to) > 0 {
		p.notice("The dates were the other way round and have been swapped.")
		from, to = to, from
	}
	if from.AddDays(mostDays).Compare(to) < 0 {
		p.notice("A range of more than a hundred years can’t be shown; this is the coupon's whole life.")
		s.Period = wholeLife
		return
	}
	s.Period, s.From, s.To = customPeriod, from, to
}

// date reads a day of the years that a calendar on a page can show.
func (p *stateParser) date(key string) coupon.Date {
	v := p.values.Get(key)
	if v == "" {
		return coupon.Date{}
	}
	d, err := coupon.ParseDate(v)
	if err != nil || d.Year < 1900 || d.Year > 2200 {
		p.notice("The “%s” date can’t be read and was left out. It is written like 2026-07-31.", key)
		return coupon.Date{}
	}
	return d
}

// lastDay is the day of the last moment of a half-open range.
func lastDay(from, to time.Time, loc *time.Location) coupon.Date {
	if from.Before(to) {
		to = to.Add(-time.Microsecond)
	}
	return coupon.DateOf(to.In(loc))
}

// Of the intervals that suit a range the automatic choice is the coarsest that
// still shows a course: at least 12 buckets, at most 62. Finer ones are offered
// up to what a screen can show.
const (
	fewBuckets  = 12
	goodBuckets = 62
	mostBuckets = 400
)

// intervalsFor are those that suit a range of up to so many days.
var intervalsFor = []struct {
	days      int
	intervals []coupon.Interval // finest first
}{
	{2, []coupon.Interval{coupon.Hourly, coupon.Daily}},
	{6, []coupon.Interval{coupon.Daily}},
	{27, []coupon.Interval{coupon.Daily, coupon.Weekly}},
	{89, []coupon.Interval{coupon.Daily, coupon.Weekly, coupon.Monthly}},
	{364, []coupon.Interval{coupon.Daily, coupon.Weekly, coupon.Monthly, coupon.Quarterly}},
}

var longIntervals = []coupon.Interval{coupon.Daily, coupon.Weekly, coupon.Monthly, coupon.Quarterly, coupon.Yearly}

// allowedIntervals are those to choose from, the finest first; never none.
func allowedIntervals(r coupon.Range, loc *time.Location) []coupon.Interval {
	suit := longIntervals
	days := countBuckets(r, coupon.Daily, loc, 365)
	for _, x := range intervalsFor {
		if days <= x.days {
			suit = x.intervals
			break
		}
	}
	var out []coupon.Interval
	for _, i := range suit {
		if countBuckets(r, i, loc, mostBuckets) <= mostBuckets {
			out = append(out, i)
		}
	}
	if out == nil {
		out = suit[len(suit)-1:]
	}
	return out
}

// autoInterval is the coarsest that gives enough buckets; where none does, the
// finest that does not give too many.
func autoInterval(r coupon.Range, loc *time.Location, allowed []coupon.Interval) coupon.Interval {
	for _, i := range slices.Backward(allowed) {
		if n := countBuckets(r, i, loc, goodBuckets); n >= fewBuckets && n <= goodBuckets {
			return i
		}
	}
	for _, i := range allowed {
		if countBuckets(r, i, loc, goodBuckets) <= goodBuckets {
			return i
		}
	}
	return allowed[len(allowed)-1]
}

// countBuckets counts the buckets of a range, and stops one above most.
func countBuckets(r coupon.Range, i coupon.Interval, loc *time.Location, most int) int {
	n := 0
	for t := r.From; t.Before(r.To) && n <= most; t = i.Next(t, loc) {
		n++
	}
	return n
}
