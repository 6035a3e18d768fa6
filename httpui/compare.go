package httpui

import (
	"time"

	"github.com/couponkit/coupon"
)

// compared is the range that another is compared with.
type compared struct {
	Range       coupon.Range
	First, Last coupon.Date
	// Until is where on its last day it ends, where the other range goes on until
	// now: half a day is not compared with a whole one. Zero is the end of the day.
	Until time.Time
	// SameWeekdays: it was moved by up to three days, so that a Saturday stands
	// beside a Saturday.
	SameWeekdays bool
}

// compared finds the range that the report's is compared with, or nil.
func (rep report) compared(now time.Time, zone string, loc *time.Location) (*compared, error) {
	if rep.Compare == noComparison {
		return nil, nil
	}
	first, last := daysBefore(rep.Period, rep.Compare, rep.First, rep.Last)
	x := compared{}
	switch rep.By {
	case coupon.Daily, coupon.Weekly, coupon.WeeklyFromSunday:
		if x.First, x.Last = sameWeekdays(rep.First, rep.Last, first, last); x.First != first {
			x.SameWeekdays = true
		}
	default:
		x.First, x.Last = first, last
	}
	from, err := coupon.StartOfDay(x.First, zone)
	if err != nil {
		return nil, err
	}
	to, err := coupon.StartOfDay(x.Last.AddDays(1), zone)
	if err != nil {
		return nil, err
	}
	if local := now.In(loc); rep.Range.Clock == coupon.MadeAt && rep.Last == coupon.DateOf(local) && now.Before(rep.Range.To) {
		begins, err := coupon.StartOfDay(x.Last, zone)
		if err != nil {
			return nil, err
		}
		until := time.Date(x.Last.Year, x.Last.Month, x.Last.Day, local.Hour(), local.Minute(), local.Second(), local.Nanosecond(), loc)
		if until.Before(begins) { // a day that begins after midnight
			until = begins
		}
		if until.Before(to) {
			to, x.Until = until, until
		}
	}
	x.Range = coupon.Range{From: from, To: to, Clock: rep.Range.Clock}
	return &x, nil
}

// daysBefore are the days that a range is compared with: of a period to date the
// one before until the same day of it, of other ranges as many days just before;
// or the same days a year ago.
func daysBefore(key string, with comparison, first, last coupon.Date) (coupon.Date, coupon.Date) {
	p, _ := periodOf(key)
	switch {
	case with == previousYear && key == "last_month": // February is whole in leap years, too
		first = addMonths(first, -12)
		return first, monthsFrom(first, 1, 1).AddDays(-1)
	case with == previousYear:
		return addMonths(first, -12), addMonths(last, -12)
	case p.before != nil:
		return p.before(first, last)
	}
	return first.AddDays(-countDays(first, last)), first.AddDays(-1)
}

// sameWeekdays moves the days that first to last are compared with to the nearest
// ones that begin with the same day of the week, and makes them as many. Where they
// would then reach into the range itself, they are a week earlier.
func sameWeekdays(first, last, from, to coupon.Date) (coupon.Date, coupon.Date) {
	days := countDays(first, last)
	apart := to.Compare(first) < 0
	move := (int(first.Weekday()-from.Weekday()) + 7) % 7
	if move > 3 {
		move -= 7
	}
	from = from.AddDays(move)
	if to = from.AddDays(days - 1); apart && to.Compare(first) >= 0 {
		from, to = from.AddDays(-7), to.AddDays(-7)
	}
	return from, to
}
