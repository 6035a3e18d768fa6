package httpui

import (
	"net/url"
	"slices"
	"time"

	"github.com/bojanz/currency"

	"github.com/couponkit/coupon"
)

// report is a reportState with what it means for a coupon now.
type report struct {
	reportState
	Range   coupon.Range
	First   coupon.Date       // of the range, in the coupon's zone
	Last    coupon.Date       // the last day that is at least partly in it
	By      coupon.Interval   // of the chart's buckets
	Allowed []coupon.Interval // to choose from, as Interval has them
}

// report reads the state of a coupon's page or of its bookings.
func (h *Handler) report(q *request, v url.Values, c coupon.Coupon) (report, []string, error) {
	life, err := wholeLifeOf(q, c, coupon.Clock(v.Get("clock")))
	rep, notices := parseReport(v, c, q.svc.Now(), life, q.words)
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
func parseReport(v url.Values, c coupon.Coupon, now time.Time, life coupon.Range, w words) (report, []string) {
	p := stateParser{words: w, values: v}
	p.checkWeek()
	loc := zoneOf(c)
	today := coupon.DateOf(now.In(loc))
	rep := report{reportState: reportState{Line: p.oneOf("chart", "bar", "line") == "line"}}
	rep.Clock = coupon.Clock(p.oneOf("clock", string(coupon.MadeAt), string(coupon.ServiceAt)))
	if rep.Clock == life.Clock {
		rep.Clock = ""
	}
	p.readMetric(&rep.reportState)
	p.readRange(&rep.reportState, c, today)

	rep.Range = life
	switch rep.Period {
	case wholeLife:
		rep.First, rep.Last = coupon.DateOf(life.From.In(loc)), lastDay(life.From, life.To, loc)
	case customPeriod:
		rep.First, rep.Last = rep.From, rep.To
	default:
		x, _ := periodOf(rep.Period)
		rep.First, rep.Last = x.days(today, w.firstDay)
	}
	if rep.Period != wholeLife {
		from, err := coupon.StartOfDay(rep.First, c.Zone)
		to, err2 := coupon.StartOfDay(rep.Last.AddDays(1), c.Zone)
		if err != nil || err2 != nil { // the days were checked, and the zone when it was stored
			return parseReport(url.Values{}, c, now, life, w)
		}
		rep.Range.From, rep.Range.To = from, to
	}
	if rep.Clock != "" {
		rep.Range.Clock = rep.Clock
	}
	if rep.Compare = comparison(p.oneOf("compare", string(previousPeriod), string(previousYear))); rep.Period == wholeLife && rep.Compare != "" {
		rep.Compare = ""
		p.tell("chart.no-comparison-told")
	}
	p.readInterval(&rep, loc)
	return rep, p.notices
}

// readInterval chooses the buckets.
func (p *stateParser) readInterval(rep *report, loc *time.Location) {
	if x, _ := periodOf(rep.Period); x.by != nil {
		rep.Allowed = fitting(x.by, rep.Range, loc)
	} else {
		rep.Allowed = allowedIntervals(rep.Range, loc)
	}
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
			p.tell("chart.unsuitable-interval", "wanted", p.interval(want), "taken", p.interval(rep.By))
		}
	}
	// Who has weeks from Saturday gets them from Monday, as Timeline has no
	// others.
	if rep.By == coupon.Weekly && p.firstDay == time.Sunday {
		rep.By = coupon.WeeklyFromSunday
	}
}

// mostDays is how long a custom range may be: a hundred years.
const mostDays = 36525

func (p *stateParser) readMetric(s *reportState) {
	s.Metric = metric(p.oneOf("metric", "redemptions", string(revenue), string(discounts)))
	if s.Metric == "redemptions" {
		s.Metric = redemptions
	}
	if code := p.values.Get("currency"); code != "" && s.Metric != redemptions {
		if currency.IsValid(code) {
			s.Currency = code
		} else {
			p.tell("chart.unknown-value", "name", "currency")
		}
	}
}

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
		p.tell("chart.swapped")
		from, to = to, from
	}
	if from.AddDays(mostDays).Compare(to) < 0 {
		p.tell("chart.too-long")
		s.Period = wholeLife
		return
	}
	s.Period, s.From, s.To = customPeriod, from, to
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
	{2, toDays},
	{7, onlyDays},
	{28, toWeeks},
	{90, toMonths},
	{365, toQuarters},
}

// The lists from which intervals are chosen, finest first.
var (
	toDays     = []coupon.Interval{coupon.Hourly, coupon.Daily}
	onlyDays   = []coupon.Interval{coupon.Daily}
	toWeeks    = []coupon.Interval{coupon.Daily, coupon.Weekly}
	toMonths   = []coupon.Interval{coupon.Daily, coupon.Weekly, coupon.Monthly}
	toQuarters = []coupon.Interval{coupon.Daily, coupon.Weekly, coupon.Monthly, coupon.Quarterly}
	toYears    = []coupon.Interval{coupon.Daily, coupon.Weekly, coupon.Monthly, coupon.Quarterly, coupon.Yearly}
)

// allowedIntervals are those to choose from, the finest first; never none.
func allowedIntervals(r coupon.Range, loc *time.Location) []coupon.Interval {
	days := countBuckets(r, coupon.Daily, loc, 366)
	for _, x := range intervalsFor {
		if days <= x.days {
			return fitting(x.intervals, r, loc)
		}
	}
	return fitting(toYears, r, loc)
}

// fitting leaves out those that give more buckets than a screen can show.
func fitting(intervals []coupon.Interval, r coupon.Range, loc *time.Location) []coupon.Interval {
	var out []coupon.Interval
	for _, i := range intervals {
		if countBuckets(r, i, loc, mostBuckets) <= mostBuckets {
			out = append(out, i)
		}
	}
	if out == nil {
		out = intervals[len(intervals)-1:]
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
