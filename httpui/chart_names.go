package httpui

import (
	"time"

	"github.com/couponkit/coupon"
)

// bucket is one point of a timeline, with what the chart draws of it.
type bucket struct {
	coupon.Point
	Long  string // by itself: "Week of 7 Jul 2026"
	Day   string // in a sentence that says what it is: "7 Jul 2026"
	Value int64
	Now   bool // it is going on: what it shows is not all yet
	Ahead bool // it has not begun, and nothing is in it: that is not zero
}

// buckets names the points of a timeline and measures them.
func (w words) buckets(points []coupon.Point, m measure, by coupon.Interval, clock coupon.Clock, loc *time.Location, now time.Time) ([]bucket, error) {
	out := make([]bucket, len(points))
	for i, p := range points {
		value, err := m.of(p.Currencies)
		if err != nil {
			return nil, err
		}
		b := bucket{Point: p, Value: value, Ahead: clock == coupon.MadeAt && p.Start.After(now) && len(p.Currencies) == 0}
		// Only the ends can be cut, and only what goes on can be cut by now.
		first, next := p.Start, p.End
		if i == 0 || i == len(points)-1 {
			first, next = by.Start(p.Start, loc), by.Next(p.Start, loc)
		}
		w.nameBucket(&b, first.In(loc), by)
		switch {
		case !p.Start.After(now) && next.After(now) && !p.End.Before(now):
			b.Now = true
			b.Long = w.t("chart.bucket.now", "bucket", b.Long)
		case !first.Equal(p.Start) || !next.Equal(p.End):
			b.Long = w.t("chart.bucket.part", "bucket", b.Long)
		}
		out[i] = b
	}
	return out, nil
}

// nameBucket names the bucket that begins at t.
func (w words) nameBucket(b *bucket, t time.Time, by coupon.Interval) {
	day := coupon.DateOf(t)
	switch by {
	case coupon.Hourly:
		b.Day = w.at(w.shortDate(day), t)
	case coupon.Weekly, coupon.WeeklyFromSunday:
		b.Day = w.shortDate(day)
		b.Long = w.t("chart.bucket.week", "date", b.Day)
		return
	case coupon.Monthly:
		b.Day = w.day(day, DateMonth)
	case coupon.Quarterly:
		b.Day = w.day(day, DateQuarter)
	case coupon.Yearly:
		b.Day = w.day(day, DateYear)
	default:
		b.Day = w.day(day, DateWeekday)
	}
	b.Long = b.Day
}

// label is what stands under the axis: "7 Jul". Of a first week that is cut it is
// the day with which the range begins.
func (w words) label(b bucket, by coupon.Interval, loc *time.Location) string {
	t := b.Start.In(loc)
	day := coupon.DateOf(t)
	switch by {
	case coupon.Hourly:
		return w.clockTime(t)
	case coupon.Monthly:
		return w.day(day, DateShortMonth)
	case coupon.Quarterly:
		return w.day(day, DateQuarter)
	case coupon.Yearly:
		return w.day(day, DateYear)
	}
	return w.dayMonth(day)
}

// sentence says the chart in words: how much, when most, and how that compares.
func (w words) sentence(s chartSeries) string {
	var most int64
	best, equals := 0, int64(0)
	for i, b := range s.Buckets {
		switch {
		case b.Value > most:
			most, best, equals = b.Value, i, 0
		case b.Value == most:
			equals++
		}
	}
	text := ""
	switch {
	case s.Total == 0:
		text = w.t("chart.sentence.none."+metricKey(s.Measure.metric), "range", s.Range)
	case s.Measure.metric == redemptions:
		text = w.t("chart.sentence.redemptions", "n", s.Total, "range", s.Range)
	default:
		text = w.t("chart.sentence."+metricKey(s.Measure.metric), "amount", w.value(s.Measure, s.Total), "range", s.Range)
	}
	if s.Total > 0 && len(s.Buckets) > 1 && (most > 1 || s.Measure.metric != redemptions) {
		key, args := "chart.most."+intervalKey(s.By), []any{"value", w.value(s.Measure, most), "date", s.Buckets[best].Day}
		if equals > 0 {
			key, args = "chart.most-equal."+intervalKey(s.By), append(args, "n", equals)
		}
		text += " " + w.t(key, args...)
	}
	if s.BeforeRange != "" {
		x := differenceOf(s.Total, s.BeforeTotal)
		text += " " + w.t("chart.sentence."+x.Kind, "percent", w.percent(x.Percent), "then", s.Then)
	}
	return text
}

// then is what a range is compared with, by its name: its days stand beside.
func (w words) then(c comparison) string { return w.t("chart.then." + string(c)) }

func metricKey(m metric) string {
	if m == redemptions {
		return "redemptions"
	}
	return string(m)
}
