package httpui

import (
	"net/url"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/couponkit/coupon"
)

func comparedOf(t *testing.T, now time.Time, query string) (report, *compared, []string) {
	t.Helper()
	h := reportHandler(t, now)
	c := aCoupon(time.Date(2023, 3, 1, 0, 0, 0, 0, berlin), time.Time{})
	v, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	rep, notices := parseReport(v, c, now, h.cfg.Service.Life(c), h.wordsIn("en-GB"))
	x, err := rep.compared(now, c.Zone, berlin)
	if err != nil {
		t.Fatal(err)
	}
	return rep, x, notices
}

// Half a day is compared with half a day; days end where they end, also where the
// clocks are changed.
func TestARangeThatGoesOnIsComparedUntilTheSameTime(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 11, 22, 12, 30, 0, 0, berlin)
	for _, tt := range []struct {
		query    string
		now      time.Time
		from, to time.Time
		matched  bool
	}{
		{"period=today&compare=previous_period", noon, time.Date(2026, 11, 21, 0, 0, 0, 0, berlin), time.Date(2026, 11, 21, 12, 30, 0, 0, berlin), false},
		{"period=yesterday&compare=previous_period", noon, time.Date(2026, 11, 20, 0, 0, 0, 0, berlin), time.Date(2026, 11, 21, 0, 0, 0, 0, berlin), false},
		// From Sunday to Sunday; the nearest Sunday to 1 October is the fourth.
		{"period=month&compare=previous_period&interval=day", noon, time.Date(2026, 10, 4, 0, 0, 0, 0, berlin), time.Date(2026, 10, 25, 12, 30, 0, 0, berlin), true},
		{"period=year&compare=previous_year&interval=month", noon, time.Date(2025, 1, 1, 0, 0, 0, 0, berlin), time.Date(2025, 11, 22, 12, 30, 0, 0, berlin), false},
		// By service date what is still to come today is known already.
		{"period=today&compare=previous_period&clock=service-date", noon, time.Date(2026, 11, 21, 0, 0, 0, 0, berlin), time.Date(2026, 11, 22, 0, 0, 0, 0, berlin), false},
		// The day before had 23 hours, and no half past two.
		{"period=today&compare=previous_period", time.Date(2026, 3, 30, 2, 30, 0, 0, berlin), time.Date(2026, 3, 29, 0, 0, 0, 0, berlin), time.Date(2026, 3, 29, 3, 30, 0, 0, berlin), false},
		// The day before had 25.
		{"from=2026-10-26&to=2026-10-26&compare=previous_period&interval=hour", noon, time.Date(2026, 10, 25, 0, 0, 0, 0, berlin), time.Date(2026, 10, 26, 0, 0, 0, 0, berlin), false},
		// The end of a month that the one before does not have.
		{"period=month&compare=previous_period&interval=week", time.Date(2026, 3, 31, 9, 0, 0, 0, berlin), time.Date(2026, 2, 1, 0, 0, 0, 0, berlin).AddDate(0, 0, -7), time.Time{}, true},
	} {
		rep, x, notices := comparedOf(t, tt.now, tt.query)
		if x == nil || len(notices) > 0 {
			t.Errorf("%s: compared with nothing: %q", tt.query, notices)
			continue
		}
		if tt.to.IsZero() {
			if x.First.Weekday() != rep.First.Weekday() || x.Last.Compare(rep.First) >= 0 {
				t.Errorf("%s: %s to %s", tt.query, x.First, x.Last)
			}
			continue
		}
		if !x.Range.From.Equal(tt.from) || !x.Range.To.Equal(tt.to) || x.Range.Clock != rep.Range.Clock || x.SameWeekdays != tt.matched {
			t.Errorf("%s: [%s, %s) %v, want [%s, %s) %v", tt.query, x.Range.From, x.Range.To, x.SameWeekdays, tt.from, tt.to, tt.matched)
		}
	}
}

func TestAWholeLifeIsComparedWithNothing(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 12, 30, 0, 0, berlin)
	rep, x, notices := comparedOf(t, now, "compare=previous_year")
	if x != nil || rep.Compare != noComparison || len(notices) != 1 {
		t.Errorf("compared with %v, %q", x, notices)
	}
	if _, x, notices = comparedOf(t, now, "period=7d"); x != nil || len(notices) > 0 {
		t.Errorf("compared with %v without having been asked, %q", x, notices)
	}
	if _, x, notices = comparedOf(t, now, "period=7d&compare=yes"); x != nil || len(notices) != 1 {
		t.Errorf("compared with %v, %q", x, notices)
	}
}

func TestDifferencesInPercent(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		now, before int64
		kind        string
		percent     string
	}{
		{0, 0, "same", "0"}, {7, 7, "same", "0"}, {5, 0, "new", "0"},
		{112, 100, "more", "12"}, {88, 100, "less", "12"}, {0, 3, "less", "100"}, {1, 3, "less", "67"}, {2, 3, "less", "33"}, {3, 2, "more", "50"},
		{1034, 1000, "more", "3.4"}, {10999, 10000, "more", "10"}, {1095, 1000, "more", "9.5"},
		{1_000_001, 1_000_000, "more", "0.1"}, {999_999, 1_000_000, "less", "0.1"}, // what differs is never nothing
		{1 << 62, 1, "more", "461168601842738790300"}, {1<<63 - 1, 1<<63 - 1, "same", "0"},
	} {
		x := differenceOf(tt.now, tt.before)
		if x.Kind != tt.kind || !x.Percent.Equal(decimal.RequireFromString(tt.percent)) {
			t.Errorf("%d after %d: %s %s, want %s %s", tt.now, tt.before, x.Kind, x.Percent, tt.kind, tt.percent)
		}
	}
}

// WooCommerce's list for each preset, and by length for others.
func TestIntervalsOfEveryPreset(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 12, 30, 0, 0, berlin)
	h := reportHandler(t, now)
	c := aCoupon(time.Date(2020, 3, 1, 0, 0, 0, 0, berlin), time.Time{})
	for query, want := range map[string][]coupon.Interval{
		"period=today": toDays, "period=yesterday": toDays, "period=week": onlyDays, "period=last_week": onlyDays,
		"period=month": toWeeks, "period=last_month": toWeeks, "period=quarter": toMonths, "period=last_quarter": toMonths,
		"period=year": toQuarters, "period=last_year": toQuarters, "period=7d": onlyDays, "period=28d": toWeeks, "period=90d": toMonths,
		"from=2026-01-01&to=2026-01-02": toDays, "from=2026-01-01&to=2026-01-03": onlyDays, "from=2026-01-01&to=2026-01-08": toWeeks,
		"from=2026-01-01&to=2026-01-29": toMonths, "from=2026-01-01&to=2026-04-01": toQuarters, "from=2026-01-01&to=2027-01-01": toYears,
	} {
		v, _ := url.ParseQuery(query)
		rep, _ := parseReport(v, c, now, h.cfg.Service.Life(c), h.wordsIn("en-GB"))
		if len(rep.Allowed) != len(want) {
			t.Errorf("%s: %s, want %s", query, rep.Allowed, want)
			continue
		}
		for i := range want {
			if rep.Allowed[i] != want[i] {
				t.Errorf("%s: %s, want %s", query, rep.Allowed, want)
			}
		}
	}
}
