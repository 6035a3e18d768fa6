package httpui

import (
	"net/url"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/couponkit/coupon"
)

func dateOf(t testing.TB, s string) coupon.Date {
	t.Helper()
	d, err := coupon.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Every preset is a range of days, and has two that it is compared with: the one
// before, and the one of last year. The buckets are months, so that no weekday is
// matched.
func TestPresetsAndWhatTheyAreComparedWith(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ today, key, first, last, before, beforeLast, year, yearLast string }{
		{"2026-11-22", "today", "2026-11-22", "2026-11-22", "2026-11-21", "2026-11-21", "2025-11-22", "2025-11-22"},
		{"2026-11-22", "yesterday", "2026-11-21", "2026-11-21", "2026-11-20", "2026-11-20", "2025-11-21", "2025-11-21"},
		{"2026-03-01", "yesterday", "2026-02-28", "2026-02-28", "2026-02-27", "2026-02-27", "2025-02-28", "2025-02-28"},
		{"2026-11-22", "7d", "2026-11-16", "2026-11-22", "2026-11-09", "2026-11-15", "2025-11-16", "2025-11-22"},
		{"2026-11-22", "28d", "2026-10-26", "2026-11-22", "2026-09-28", "2026-10-25", "2025-10-26", "2025-11-22"},
		{"2026-11-22", "90d", "2026-08-25", "2026-11-22", "2026-05-27", "2026-08-24", "2025-08-25", "2025-11-22"},
		{"2026-11-19", "week", "2026-11-16", "2026-11-19", "2026-11-09", "2026-11-12", "2025-11-16", "2025-11-19"},
		{"2026-11-22", "last_week", "2026-11-09", "2026-11-15", "2026-11-02", "2026-11-08", "2025-11-09", "2025-11-15"},
		{"2026-11-22", "month", "2026-11-01", "2026-11-22", "2026-10-01", "2026-10-22", "2025-11-01", "2025-11-22"},
		{"2026-03-31", "month", "2026-03-01", "2026-03-31", "2026-02-01", "2026-02-28", "2025-03-01", "2025-03-31"},
		{"2024-02-29", "month", "2024-02-01", "2024-02-29", "2024-01-01", "2024-01-29", "2023-02-01", "2023-02-28"},
		{"2026-11-22", "last_month", "2026-10-01", "2026-10-31", "2026-08-31", "2026-09-30", "2025-10-01", "2025-10-31"},
		{"2026-03-15", "last_month", "2026-02-01", "2026-02-28", "2026-01-04", "2026-01-31", "2025-02-01", "2025-02-28"},
		{"2025-03-15", "last_month", "2025-02-01", "2025-02-28", "2025-01-04", "2025-01-31", "2024-02-01", "2024-02-29"},
		{"2026-01-05", "last_month", "2025-12-01", "2025-12-31", "2025-10-31", "2025-11-30", "2024-12-01", "2024-12-31"},
		{"2026-11-22", "quarter", "2026-10-01", "2026-11-22", "2026-07-01", "2026-08-22", "2025-10-01", "2025-11-22"},
		{"2026-05-31", "quarter", "2026-04-01", "2026-05-31", "2026-01-01", "2026-02-28", "2025-04-01", "2025-05-31"},
		{"2026-11-22", "last_quarter", "2026-07-01", "2026-09-30", "2026-03-31", "2026-06-30", "2025-07-01", "2025-09-30"},
		{"2026-02-10", "last_quarter", "2025-10-01", "2025-12-31", "2025-07-01", "2025-09-30", "2024-10-01", "2024-12-31"},
		{"2026-11-22", "year", "2026-01-01", "2026-11-22", "2025-01-01", "2025-11-22", "2025-01-01", "2025-11-22"},
		{"2024-02-29", "year", "2024-01-01", "2024-02-29", "2023-01-01", "2023-02-28", "2023-01-01", "2023-02-28"},
		{"2026-11-22", "last_year", "2025-01-01", "2025-12-31", "2024-01-01", "2024-12-31", "2024-01-01", "2024-12-31"},
	} {
		p, ok := periodOf(tt.key)
		if !ok {
			t.Fatalf("no period %s", tt.key)
		}
		first, last := p.days(dateOf(t, tt.today), time.Monday)
		if first.String() != tt.first || last.String() != tt.last {
			t.Errorf("%s on %s: %s to %s, want %s to %s", tt.key, tt.today, first, last, tt.first, tt.last)
		}
		for with, want := range map[comparison][2]string{previousPeriod: {tt.before, tt.beforeLast}, previousYear: {tt.year, tt.yearLast}} {
			a, b := daysBefore(tt.key, with, first, last)
			if a.String() != want[0] || b.String() != want[1] {
				t.Errorf("%s on %s, %s: %s to %s, want %s to %s", tt.key, tt.today, with, a, b, want[0], want[1])
			}
		}
	}
}

func TestWeeksBeginAsTheLocaleHasIt(t *testing.T) {
	t.Parallel()
	today := dateOf(t, "2026-11-22") // a Sunday
	for week, want := range map[time.Weekday]string{time.Monday: "2026-11-16", time.Sunday: "2026-11-22", time.Saturday: "2026-11-21"} {
		if got := weekOf(today, week); got.String() != want {
			t.Errorf("the week from %s began on %s, want %s", week, got, want)
		}
	}
	now := time.Date(2026, 11, 18, 10, 0, 0, 0, berlin)
	h := reportHandler(t, now)
	c := aCoupon(time.Date(2026, 9, 1, 0, 0, 0, 0, berlin), time.Time{})
	for locale, want := range map[string]struct {
		by    coupon.Interval
		first string
	}{"en-US": {coupon.WeeklyFromSunday, "2026-11-15"}, "en-GB": {coupon.Weekly, "2026-11-16"}, "ar-EG": {coupon.Weekly, "2026-11-14"}} {
		v := url.Values{"period": {"90d"}, "interval": {"week"}}
		rep, notices := parseReport(v, c, now, h.cfg.Service.Life(c), h.wordsIn(locale))
		if rep.By != want.by || rep.Interval != coupon.Weekly || len(notices) > 0 {
			t.Errorf("%s: weeks are %q, %q in the URL, %q", locale, rep.By, rep.Interval, notices)
		}
		rep, _ = parseReport(url.Values{"period": {"week"}}, c, now, h.cfg.Service.Life(c), h.wordsIn(locale))
		if rep.First.String() != want.first {
			t.Errorf("%s: the week to date begins on %s, want %s", locale, rep.First, want.first)
		}
	}
}

// Custom ranges are compared with as many days just before, or with the same days
// a year ago.
func TestACustomRangeIsComparedWithAsManyDaysBefore(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		first := dateOf(t, "2019-01-01").AddDays(rapid.IntRange(0, 4000).Draw(r, "first"))
		last := first.AddDays(rapid.IntRange(0, 800).Draw(r, "days"))
		a, b := daysBefore(customPeriod, previousPeriod, first, last)
		if countDays(a, b) != countDays(first, last) || b.AddDays(1) != first {
			r.Fatalf("%s to %s is compared with %s to %s", first, last, a, b)
		}
		a, b = daysBefore(customPeriod, previousYear, first, last)
		if a.Year != first.Year-1 || a.Month != first.Month || b.Year != last.Year-1 || b.Month != last.Month {
			r.Fatalf("%s to %s a year ago is %s to %s", first, last, a, b)
		}
	})
}

// A Saturday stands beside a Saturday: what is compared begins with the same day of
// the week, has as many days, was moved by at most three days or else a week
// earlier, and never reaches into the range.
func TestComparedDaysHaveTheSameWeekdays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		first := dateOf(t, "2019-01-01").AddDays(rapid.IntRange(0, 4000).Draw(r, "first"))
		last := first.AddDays(rapid.IntRange(0, 365).Draw(r, "days"))
		with := rapid.SampledFrom([]comparison{previousPeriod, previousYear}).Draw(r, "with")
		from, to := daysBefore(customPeriod, with, first, last)
		a, b := sameWeekdays(first, last, from, to)
		if a.Weekday() != first.Weekday() || countDays(a, b) != countDays(first, last) {
			r.Fatalf("%s to %s is compared with %s to %s", first, last, a, b)
		}
		if to.Compare(first) < 0 && b.Compare(first) >= 0 {
			r.Fatalf("%s to %s reaches into %s to %s", a, b, first, last)
		}
		switch moved := countDays(from, a) - 1; {
		case a.Compare(from) >= 0 && moved > 3, a.Compare(from) < 0 && countDays(a, from)-1 > 6:
			r.Fatalf("%s was moved to %s", from, a)
		}
	})
}
