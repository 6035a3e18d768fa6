package httpui

import (
	"time"

	"github.com/couponkit/coupon"
)

// reportView is the part of a coupon's page that depends on the range: the chart
// and the summary.
type reportView struct {
	Controls  controls
	Title     string // of the chart
	Range     string // in words
	Zone      string
	Clock     string
	Sentence  string
	Legend    *legend // nil without a comparison
	Empty     string  // why there is nothing to draw; empty if there is
	WholeLife string  // the URL of the whole life; empty on it
	Chart     chart
	Table     dataTable
	CSV       string // the URL of the same as a file; empty if it may not be taken
	Notes     notesView

	Compared    string // with what, in words; empty if with nothing
	Figures     []figures
	Unscheduled string
	// UnscheduledURL has the bookings that Unscheduled is about.
	UnscheduledURL string
}

// legend says which is which.
type legend struct {
	Now, Before string
	More        string // how the days were chosen; empty if there is nothing to say
	Line        bool
}

// reportData is what a report is made of, for all its forms.
type reportData struct {
	report
	coupon     coupon.Coupon
	now        time.Time
	points     []coupon.Point
	summary    coupon.Summary
	compared   *compared // nil if there is none, as are the next two
	pointsThen []coupon.Point
	before     *coupon.Summary
	notes      []coupon.Note
}

// reportData reads what the state asks for.
func (q *request) reportData(c coupon.Coupon, rep report) (reportData, error) {
	ctx := q.r.Context()
	d := reportData{report: rep, coupon: c, now: q.svc.Now()}
	var err error
	if d.points, err = q.svc.Timeline(ctx, c.ID, rep.Range, rep.By, c.Zone); err != nil {
		return d, err
	}
	if d.summary, err = q.svc.Summary(ctx, c.ID, rep.Range); err != nil {
		return d, err
	}
	if d.notes, err = q.svc.Notes(ctx, c.ID); err != nil {
		return d, err
	}
	if d.compared, err = rep.compared(d.now, c.Zone, zoneOf(c)); err != nil || d.compared == nil {
		return d, err
	}
	if d.pointsThen, err = q.svc.Timeline(ctx, c.ID, d.compared.Range, rep.By, c.Zone); err != nil {
		return d, err
	}
	before, err := q.svc.Summary(ctx, c.ID, d.compared.Range)
	d.before = &before
	return d, err
}

// reportView is the page of it; sent is the form of a note that could not be
// taken, or nil.
func (q *request) reportView(d reportData, sent *noteForm) (reportView, error) {
	w, c, rep := q.words, d.coupon, d.report
	var then []coupon.Figures
	if d.before != nil {
		then = d.before.Currencies
	}
	both := append(append([]coupon.Figures{}, d.summary.Currencies...), then...)
	m, currencies := rep.measure(c, d.summary.Currencies, then)
	series, err := w.series(d, m)
	if err != nil {
		return reportView{}, err
	}
	v := reportView{Controls: w.controls(q.links, c, rep, currencies, m), Range: series.Range, Zone: c.Zone, Clock: w.clock(rep.Range.Clock),
		Title: w.t("chart.heading."+metricKey(rep.Metric), "range", series.Range), Sentence: w.sentence(series)}
	if m.several {
		v.Title = w.t("chart.heading-in."+metricKey(rep.Metric), "range", series.Range, "currency", m.currency)
	}
	switch {
	case len(d.points) == 0:
		v.Empty = w.t("chart.empty.before", "date", w.start(c, w.date))
	case len(both) == 0:
		v.Empty = w.t("chart.empty.range")
	}
	v.WholeLife = q.links.wholeLife(c.ID, rep.reportState)
	v.Legend = w.legend(d, series)
	var marks []int
	if v.Notes, marks, err = q.notesView(d, sent); err != nil {
		return v, err
	}
	v.Chart = w.newChart(series, rep.Line, marks)
	v.Table = w.newTable(series, currenciesOf(d.summary.Currencies, then))
	if q.may(Export) {
		v.CSV = q.tableURL(q.links.coupon(c.ID, rep.reportState))
	}
	if series.BeforeRange != "" {
		v.Compared = w.t("summary.compared", "range", series.BeforeRange)
	}
	if v.Figures, err = w.summaryOf(q.links, c, rep, d.summary, d.before, series.Then); err != nil {
		return v, err
	}
	if n := d.summary.Unscheduled; n > 0 {
		v.Unscheduled = w.t("summary.unscheduled", "n", n)
		v.UnscheduledURL = q.links.bookings(c.ID, bookingsState{reportState: rep.reportState, Filter: filterUnscheduled})
	}
	return v, nil
}

// series is what the chart draws, named and measured.
func (w words) series(d reportData, m measure) (s chartSeries, err error) {
	loc := zoneOf(d.coupon)
	s = chartSeries{Measure: m, By: d.By, Location: loc, Range: w.dateRange(d.First, d.Last)}
	if s.Buckets, err = w.buckets(d.points, m, d.By, d.Range.Clock, loc, d.now); err != nil {
		return s, err
	}
	if s.Total, err = m.of(d.summary.Currencies); err != nil || d.compared == nil {
		return s, err
	}
	s.Then = w.then(d.Compare)
	s.BeforeRange = w.dateRange(d.compared.First, d.compared.Last)
	if t := d.compared.Until; !t.IsZero() {
		s.BeforeRange = w.t("chart.until", "range", s.BeforeRange, "time", w.clockTime(t.In(loc)))
	}
	if s.Before, err = w.buckets(d.pointsThen, m, d.By, d.Range.Clock, loc, d.now); err != nil {
		return s, err
	}
	s.BeforeTotal, err = m.of(d.before.Currencies)
	return s, err
}

func (w words) legend(d reportData, s chartSeries) *legend {
	if d.compared == nil {
		return nil
	}
	x := &legend{Now: s.Range, Before: s.BeforeRange, Line: d.Line}
	if d.compared.SameWeekdays {
		x.More = w.t("chart.same-weekdays")
	}
	return x
}
