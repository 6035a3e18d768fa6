package httpui

import (
	"time"

	"github.com/couponkit/coupon"
)

const (
	wholeLife    = ""
	customPeriod = "custom"
)

// period is a named range of days that ends with today or before.
type period struct {
	Key string // in URLs; its name is the text "chart.period." and the key
	// days gives the first and the last day. Weeks begin with the day week.
	days func(today coupon.Date, week time.Weekday) (first, last coupon.Date)
	// before gives those of the period before; nil is as many days, just before.
	before func(first, last coupon.Date) (coupon.Date, coupon.Date)
	by     []coupon.Interval // that suit it, finest first; nil is by its length
	often  bool              // it is offered at once, and not among the others
}

// periods are those to choose from, besides the whole life.
var periods = []period{
	{Key: "7d", days: lastDays(7), often: true},
	{Key: "28d", days: lastDays(28), often: true},
	{Key: "90d", days: lastDays(90), often: true},
	{Key: "today", by: toDays, days: lastDays(1)},
	{Key: "yesterday", by: toDays, days: func(d coupon.Date, _ time.Weekday) (coupon.Date, coupon.Date) { return d.AddDays(-1), d.AddDays(-1) }},
	{Key: "week", by: onlyDays, before: earlierDays(7),
		days: func(d coupon.Date, week time.Weekday) (coupon.Date, coupon.Date) { return weekOf(d, week), d }},
	{Key: "last_week", by: onlyDays, days: func(d coupon.Date, week time.Weekday) (coupon.Date, coupon.Date) {
		first := weekOf(d, week)
		return first.AddDays(-7), first.AddDays(-1)
	}},
	{Key: "month", by: toWeeks, before: earlierMonths(1),
		days: func(d coupon.Date, _ time.Weekday) (coupon.Date, coupon.Date) { return monthsFrom(d, 1, 0), d }},
	{Key: "last_month", by: toWeeks, days: func(d coupon.Date, _ time.Weekday) (coupon.Date, coupon.Date) {
		return monthsFrom(d, 1, -1), monthsFrom(d, 1, 0).AddDays(-1)
	}},
	{Key: "quarter", by: toMonths, before: earlierMonths(3),
		days: func(d coupon.Date, _ time.Weekday) (coupon.Date, coupon.Date) { return monthsFrom(d, 3, 0), d }},
	{Key: "last_quarter", by: toMonths, days: func(d coupon.Date, _ time.Weekday) (coupon.Date, coupon.Date) {
		return monthsFrom(d, 3, -3), monthsFrom(d, 3, 0).AddDays(-1)
	}},
	{Key: "year", by: toQuarters, before: earlierMonths(12), often: true,
		days: func(d coupon.Date, _ time.Weekday) (coupon.Date, coupon.Date) { return monthsFrom(d, 12, 0), d }},
	{Key: "last_year", by: toQuarters, before: earlierMonths(12), days: func(d coupon.Date, _ time.Weekday) (coupon.Date, coupon.Date) {
		return monthsFrom(d, 12, -12), monthsFrom(d, 12, 0).AddDays(-1)
	}},
}

func periodOf(key string) (period, bool) {
	for _, p := range periods {
		if p.Key == key {
			return p, true
		}
	}
	return period{}, false
}

func lastDays(n int) func(coupon.Date, time.Weekday) (coupon.Date, coupon.Date) {
	return func(d coupon.Date, _ time.Weekday) (coupon.Date, coupon.Date) { return d.AddDays(1 - n), d }
}

func earlierDays(n int) func(first, last coupon.Date) (coupon.Date, coupon.Date) {
	return func(first, last coupon.Date) (coupon.Date, coupon.Date) { return first.AddDays(-n), last.AddDays(-n) }
}

func earlierMonths(n int) func(first, last coupon.Date) (coupon.Date, coupon.Date) {
	return func(first, last coupon.Date) (coupon.Date, coupon.Date) {
		return addMonths(first, -n), addMonths(last, -n)
	}
}

// weekOf is the first day of the week of d.
func weekOf(d coupon.Date, week time.Weekday) coupon.Date {
	return d.AddDays(-(int(d.Weekday()-week) + 7) % 7)
}

// monthsFrom is the first day of the month, quarter or year of d (of 1, 3 or 12
// months), moved by so many months.
func monthsFrom(d coupon.Date, size, move int) coupon.Date {
	month := int(d.Month-1)/size*size + move
	return coupon.DateOf(time.Date(d.Year, time.January+time.Month(month), 1, 0, 0, 0, 0, time.UTC))
}

// addMonths is the same day of another month, or the last one where the month is
// shorter.
func addMonths(d coupon.Date, n int) coupon.Date {
	first := monthsFrom(d, 1, n)
	last := monthsFrom(first, 1, 1).AddDays(-1)
	first.Day = min(d.Day, last.Day)
	return first
}

// countDays counts the days from first to last, both included.
func countDays(first, last coupon.Date) int {
	utc := func(d coupon.Date) time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC) }
	return int(utc(last).Sub(utc(first))/(24*time.Hour)) + 1
}
