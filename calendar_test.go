package coupon_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/couponkit/coupon"
)

// zones have every kind of day: whole-hour, half-hour and 45-minute offsets,
// clocks changed at midnight, by half an hour, and days left out.
var zones = []string{
	"UTC", "Europe/Berlin", "America/New_York", "America/Santiago", "America/Havana", "Africa/Cairo", "Asia/Beirut",
	"Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Kiritimati", "Pacific/Apia", "America/St_Johns", "Asia/Gaza",
	"Africa/Casablanca", "America/Sao_Paulo", "Europe/Lisbon", "Asia/Tehran", "Antarctica/Troll",
}

func TestStartOfDayIsTheFirstInstantOfTheDate(t *testing.T) {
	t.Parallel()
	for _, zone := range zones {
		loc := load(t, zone)
		for d := (coupon.Date{Year: 2010, Month: 1, Day: 1}); d.Year < 2090; d = d.AddDays(1) {
			start, err := coupon.StartOfDay(d, zone)
			if err != nil {
				t.Fatal(err)
			}
			if zone == "Pacific/Apia" && d == (coupon.Date{Year: 2011, Month: 12, Day: 30}) {
				continue // the day that Samoa left out
			}
			if got := coupon.DateOf(start.In(loc)); got != d {
				t.Fatalf("%s: %s starts on %s (%s)", zone, d, got, start)
			}
			if before := coupon.DateOf(start.Add(-1).In(loc)); before == d {
				t.Fatalf("%s: %s has begun before %s", zone, d, start)
			}
		}
	}
}

func TestStartOfDayWhereMidnightIsStrange(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		zone, why string
		day       coupon.Date
		want      string
	}{
		{"America/Santiago", "midnight is skipped", coupon.Date{Year: 2026, Month: 9, Day: 6}, "2026-09-06T01:00:00-03:00"},
		{"Africa/Cairo", "midnight is skipped", coupon.Date{Year: 2026, Month: 4, Day: 24}, "2026-04-24T01:00:00+03:00"},
		{"America/Havana", "midnight comes twice", coupon.Date{Year: 2026, Month: 11, Day: 1}, "2026-11-01T00:00:00-04:00"},
		{"America/St_Johns", "back over midnight, at 00:01", coupon.Date{Year: 2010, Month: 11, Day: 7}, "2010-11-07T00:00:00-02:30"},
		{"Pacific/Apia", "the day was left out", coupon.Date{Year: 2011, Month: 12, Day: 30}, "2011-12-31T00:00:00+14:00"},
		{"Europe/Berlin", "after the last day of a leap year past the listed transitions", coupon.Date{Year: 2041, Month: 1, Day: 1}, "2041-01-01T00:00:00+01:00"},
		{"Europe/Berlin", "the last year there is", coupon.Date{Year: 9999, Month: 12, Day: 31}, "9999-12-31T00:00:00+01:00"},
		{"Europe/Berlin", "a day of 23 hours", coupon.Date{Year: 2026, Month: 3, Day: 29}, "2026-03-29T00:00:00+01:00"},
	} {
		got, err := coupon.StartOfDay(tc.day, tc.zone)
		if err != nil || got.Format(time.RFC3339) != tc.want {
			t.Errorf("%s, %s, %s: %s, %v; want %s", tc.zone, tc.day, tc.why, got.Format(time.RFC3339), err, tc.want)
		}
	}
}

func TestStartOfDayNamesAnUnknownZoneOrDay(t *testing.T) {
	t.Parallel()
	day := coupon.Date{Year: 2026, Month: 7, Day: 8}
	for _, zone := range []string{"", "Mars/Olympus", "Local", "../etc/passwd"} {
		_, err := coupon.StartOfDay(day, zone)
		wantField(t, err, "zone", "IANA zone")
	}
	_, err := coupon.StartOfDay(coupon.Date{Year: 2026, Month: 2, Day: 30}, "UTC")
	wantField(t, err, "date", "day of the calendar")
}

var intervals = []coupon.Interval{
	coupon.Hourly, coupon.Daily, coupon.Weekly, coupon.WeeklyFromSunday, coupon.Monthly, coupon.Quarterly, coupon.Yearly,
}

// Buckets cut time without gap or overlap, in every zone and at every instant.
func TestBucketsCoverEveryInstantOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		zone := rapid.SampledFrom(zones).Draw(t, "zone")
		loc, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		i := rapid.SampledFrom(intervals).Draw(t, "interval")
		at := time.Unix(rapid.Int64Range(1_230_768_000, 4_102_444_800).Draw(t, "seconds"), 0)
		start, next := i.Start(at, loc), i.Next(at, loc)
		if start.After(at) || !next.After(at) {
			t.Fatalf("%s is not in [%s, %s)", at.In(loc), start, next)
		}
		if got := i.Start(next, loc); !got.Equal(next) {
			t.Fatalf("the next bucket of %s begins at %s, not at %s", at.In(loc), got, next)
		}
		if got := i.Next(start, loc); !got.Equal(next) {
			t.Fatalf("from its start %s the bucket ends at %s, from %s at %s", start, got, at.In(loc), next)
		}
		if last := next.Add(-1); !i.Start(last, loc).Equal(start) {
			t.Fatalf("the last instant of the bucket is in another one")
		}
	})
}

func TestBucketEdges(t *testing.T) {
	t.Parallel()
	berlin := "Europe/Berlin"
	for _, tc := range []struct {
		interval        coupon.Interval
		zone            string
		at, start, next string
	}{
		{coupon.Daily, berlin, "2026-03-29T12:00:00+02:00", "2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00"},
		{coupon.Daily, berlin, "2026-10-25T23:30:00+01:00", "2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00"},
		{coupon.Weekly, berlin, "2026-11-22T12:00:00+01:00", "2026-11-16T00:00:00+01:00", "2026-11-23T00:00:00+01:00"},
		{coupon.WeeklyFromSunday, berlin, "2026-11-22T12:00:00+01:00", "2026-11-22T00:00:00+01:00", "2026-11-29T00:00:00+01:00"},
		{coupon.Monthly, berlin, "2026-03-31T12:00:00+02:00", "2026-03-01T00:00:00+01:00", "2026-04-01T00:00:00+02:00"},
		{coupon.Quarterly, berlin, "2026-11-22T12:00:00+01:00", "2026-10-01T00:00:00+02:00", "2027-01-01T00:00:00+01:00"},
		{coupon.Yearly, berlin, "2026-11-22T12:00:00+01:00", "2026-01-01T00:00:00+01:00", "2027-01-01T00:00:00+01:00"},
		{coupon.Hourly, "Asia/Kathmandu", "2026-01-01T12:50:00+05:45", "2026-01-01T12:00:00+05:45", "2026-01-01T13:00:00+05:45"},
		// A zone also has bounds at which nothing changes: no hour ends there.
		{coupon.Hourly, "America/St_Johns", "2024-12-31T20:40:00-03:30", "2024-12-31T20:00:00-03:30", "2024-12-31T21:00:00-03:30"},
		{coupon.Hourly, berlin, "2038-01-19T04:20:00+01:00", "2038-01-19T04:00:00+01:00", "2038-01-19T05:00:00+01:00"},
		{coupon.Hourly, "Australia/Lord_Howe", "2026-04-05T01:45:00+10:30", "2026-04-05T01:30:00+10:30", "2026-04-05T02:00:00+10:30"},
	} {
		at, err := time.Parse(time.RFC3339, tc.at)
		if err != nil {
			t.Fatal(err)
		}
		loc := load(t, tc.zone)
		if got := tc.interval.Start(at, loc).Format(time.RFC3339); got != tc.start {
			t.Errorf("%s of %s starts at %s, want %s", tc.interval, tc.at, got, tc.start)
		}
		if got := tc.interval.Next(at, loc).Format(time.RFC3339); got != tc.next {
			t.Errorf("%s of %s ends at %s, want %s", tc.interval, tc.at, got, tc.next)
		}
	}
}

func load(t *testing.T, zone string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}
