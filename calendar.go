package coupon

import (
	"cmp"
	"fmt"
	"sync"
	"time"
	_ "time/tzdata" // a machine without zones must not judge days and hours by UTC
)

// Date is a day of the calendar, in no zone. The zero value is no day.
type Date struct {
	Year  int        // 1 to 9999
	Month time.Month // 1 to 12
	Day   int        // of the month, from 1
}

// DateOf is the day that t has in its own location.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{y, m, d}
}

// ParseDate reads "2006-01-02".
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return Date{}, invalid("date", s, "must be a day such as 2026-07-31")
	}
	return DateOf(t), nil
}

// String is "2006-01-02".
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, int(d.Month), d.Day) }

// IsZero reports whether d is no day.
func (d Date) IsZero() bool { return d == Date{} }

// AddDays is the day n days later, or earlier if n is negative.
func (d Date) AddDays(n int) Date { return DateOf(d.utc().AddDate(0, 0, n)) }

// Compare is negative, zero or positive as d is before, on or after o.
func (d Date) Compare(o Date) int {
	return cmp.Or(cmp.Compare(d.Year, o.Year), cmp.Compare(d.Month, o.Month), cmp.Compare(d.Day, o.Day))
}

// Weekday is the day of the week.
func (d Date) Weekday() time.Weekday { return d.utc().Weekday() }

// MarshalText is String; no day is empty.
func (d Date) MarshalText() ([]byte, error) {
	if d.IsZero() {
		return nil, nil
	}
	return []byte(d.String()), nil
}

// UnmarshalText is ParseDate; empty is no day.
func (d *Date) UnmarshalText(text []byte) (err error) {
	*d = Date{}
	if len(text) > 0 {
		*d, err = ParseDate(string(text))
	}
	return err
}

func (d Date) utc() time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC) }

func (d Date) valid() bool { return d.Year >= 1 && d.Year <= 9999 && DateOf(d.utc()) == d }

// StartOfDay is the first instant that has the date in an IANA zone. It is
// searched for: midnight does not always exist, and sometimes exists twice. A
// day that a zone has skipped starts where the next one does. An owner's "until
// 7 July" is StartOfDay of 8 July. An unknown zone is an [*InvalidError].
func StartOfDay(d Date, zone string) (time.Time, error) {
	loc, err := location(zone)
	if err != nil {
		return time.Time{}, err
	}
	if !d.valid() {
		return time.Time{}, invalid("date", d.String(), "must be a day of the calendar in the years 1 to 9999")
	}
	return d.start(loc), nil
}

// start looks through the stretches of constant offset around the date: in each
// one local midnight is one subtraction away, and the date may also begin with
// the stretch itself, where the clock jumped over midnight.
func (d Date) start(loc *time.Location) time.Time {
	midnight := d.utc()
	t := midnight.Add(-30 * time.Hour).In(loc)
	for limit := midnight.Add(60 * time.Hour); ; {
		begin, end := zoneBounds(t)
		_, offset := t.Zone()
		first := midnight.Add(-time.Duration(offset) * time.Second)
		if first.Before(begin) {
			first = begin
		}
		if (end.IsZero() || first.Before(end)) && DateOf(first.In(loc)) == d {
			return first.In(loc)
		}
		if end.IsZero() || end.After(limit) {
			return d.AddDays(1).start(loc) // the zone skipped this day
		}
		t = end
	}
}

// zoneBounds is t.ZoneBounds, made to hold t. After the last transition that a
// zone lists, Go gives an end at t itself on the last day of leap years
// (golang.org/issue/81583); nothing changes there, and whoever steps from end to
// end must get on.
func zoneBounds(t time.Time) (begin, end time.Time) {
	begin, end = t.ZoneBounds()
	if begin.After(t) {
		begin = t
	}
	if !end.IsZero() && !end.After(t) {
		end = t.Add(time.Hour)
	}
	return begin, end
}

// dateAt is the day that an instant belongs to. Where clocks were put back over
// midnight it is the later day, once that has begun: so days never overlap.
func dateAt(t time.Time, loc *time.Location) Date {
	d := DateOf(t.In(loc))
	if next := d.AddDays(1); !next.start(loc).After(t) {
		return next
	}
	return d
}

// locations caches zones: loading one costs a hundred times a whole check.
var locations sync.Map // string → *time.Location

func location(zone string) (*time.Location, error) {
	if loc, ok := locations.Load(zone); ok {
		return loc.(*time.Location), nil
	}
	loc, err := time.LoadLocation(zone)
	if err != nil || zone == "" || zone == "Local" {
		return nil, invalid("zone", zone, `must be an IANA zone such as "Europe/Berlin"`)
	}
	locations.Store(zone, loc)
	return loc, nil
}

// location is the coupon's zone. A coupon that was validated has one.
func (c Coupon) location() *time.Location {
	loc, err := location(c.Zone)
	if err != nil {
		return time.UTC
	}
	return loc
}

// Interval is the width of the buckets of a timeline.
type Interval string

const (
	Hourly           Interval = "hour"        // full hours of the clock
	Daily            Interval = "day"         // local days
	Weekly           Interval = "week"        // from Monday
	WeeklyFromSunday Interval = "week-sunday" // as a North American calendar has them
	Monthly          Interval = "month"       // calendar months
	Quarterly        Interval = "quarter"     // from January, April, July and October
	Yearly           Interval = "year"        // calendar years
)

// Start is the beginning of the bucket that has t, in a zone.
func (i Interval) Start(t time.Time, loc *time.Location) time.Time {
	if i == Hourly {
		return startOfHour(t.In(loc))
	}
	return i.first(dateAt(t, loc)).start(loc)
}

// Next is the end of the bucket that has t, which is the start of the next one.
func (i Interval) Next(t time.Time, loc *time.Location) time.Time {
	if i == Hourly {
		return endOfHour(t.In(loc))
	}
	d := i.first(dateAt(t, loc))
	for {
		d = i.next(d)
		// A skipped day starts where its successor does: it has no bucket.
		if n := d.start(loc); n.After(t) {
			return n
		}
	}
}

func (i Interval) valid() bool {
	switch i {
	case Hourly, Daily, Weekly, WeeklyFromSunday, Monthly, Quarterly, Yearly:
		return true
	}
	return false
}

// first is the first day of the bucket that has the day.
func (i Interval) first(d Date) Date {
	switch i {
	case Weekly:
		return d.AddDays(-(int(d.Weekday()) + 6) % 7)
	case WeeklyFromSunday:
		return d.AddDays(-int(d.Weekday()))
	case Monthly:
		return Date{d.Year, d.Month, 1}
	case Quarterly:
		return Date{d.Year, d.Month - (d.Month-1)%3, 1}
	case Yearly:
		return Date{d.Year, time.January, 1}
	default:
		return d
	}
}

// next is the first day of the bucket after the one that begins on d.
func (i Interval) next(d Date) Date {
	switch i {
	case Weekly, WeeklyFromSunday:
		return d.AddDays(7)
	case Monthly:
		return DateOf(d.utc().AddDate(0, 1, 0))
	case Quarterly:
		return DateOf(d.utc().AddDate(0, 3, 0))
	case Yearly:
		return DateOf(d.utc().AddDate(1, 0, 0))
	default:
		return d.AddDays(1)
	}
}

// startOfHour is where the clock last showed a full hour, or was put forward or
// back since. Zones also have bounds at which nothing changes: they are no hours.
func startOfHour(t time.Time) time.Time {
	start := t.Add(-pastHour(t))
	if begin, _ := zoneBounds(t); begin.After(start) && offset(begin.Add(-1).In(t.Location())) != offset(t) {
		return begin.In(t.Location())
	}
	return start
}

// endOfHour is where the clock next shows a full hour, or is put forward or back
// before.
func endOfHour(t time.Time) time.Time {
	end := t.Add(time.Hour - pastHour(t))
	if _, stop := zoneBounds(t); !stop.IsZero() && stop.Before(end) && offset(stop.In(t.Location())) != offset(t) {
		return stop.In(t.Location())
	}
	return end
}

// pastHour is how long ago the clock showed a full hour, had it not been changed.
func pastHour(t time.Time) time.Duration {
	_, m, s := t.Clock()
	return time.Duration(m)*time.Minute + time.Duration(s)*time.Second + time.Duration(t.Nanosecond())
}

func offset(t time.Time) int {
	_, seconds := t.Zone()
	return seconds
}
