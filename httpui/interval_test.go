package httpui

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/store/memory"
)

func reportHandler(t testing.TB, now time.Time) *Handler {
	t.Helper()
	svc, err := coupon.New(coupon.Config{Store: memory.New(), Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	h, err := New(Config{Service: svc})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

var berlin = func() *time.Location {
	loc, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		panic(err)
	}
	return loc
}()

func aCoupon(start, end time.Time) coupon.Coupon {
	return coupon.Coupon{ID: "0abc", Code: "X", Zone: "Europe/Berlin", Start: start, End: end, ValidBy: coupon.MadeAt,
		Discount: coupon.PercentOff(decimal.NewFromInt(10))}
}

// The automatic interval is the coarsest one that gives 12 to 62 buckets, where
// one does.
func TestAutomaticInterval(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		days int
		want coupon.Interval
	}{
		{1, coupon.Hourly}, {2, coupon.Hourly}, {3, coupon.Daily}, {7, coupon.Daily}, {28, coupon.Daily}, {62, coupon.Daily},
		{91, coupon.Weekly}, {180, coupon.Weekly}, {300, coupon.Weekly}, {366, coupon.Monthly}, {1000, coupon.Monthly}, {1500, coupon.Quarterly}, {5000, coupon.Yearly}, {9000, coupon.Yearly},
	} {
		from := time.Date(2010, 1, 1, 0, 0, 0, 0, berlin)
		r := coupon.Range{From: from, To: from.AddDate(0, 0, tt.days)}
		if got := autoInterval(r, berlin, allowedIntervals(r, berlin)); got != tt.want {
			t.Errorf("%d days: by the %s, want %s", tt.days, got, tt.want)
		}
	}
}

func TestIntervalsSuitTheirRange(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		from := time.Date(2000, 1, 1, 0, 0, 0, 0, berlin).Add(time.Duration(rapid.IntRange(0, 300_000).Draw(r, "hours")) * time.Hour)
		rng := coupon.Range{From: from, To: from.Add(time.Duration(rapid.IntRange(0, 170_000).Draw(r, "length")) * time.Hour)}
		allowed := allowedIntervals(rng, berlin)
		auto := autoInterval(rng, berlin, allowed)
		if !slices.Contains(allowed, auto) {
			r.Fatalf("%s is not among %s", auto, allowed)
		}
		for i, x := range allowed {
			n := countBuckets(rng, x, berlin, 1000)
			if n > mostBuckets {
				r.Fatalf("%s gives %d buckets", x, n)
			}
			if coarser := slices.Index(allowed, auto); i > coarser && n >= fewBuckets && n <= goodBuckets {
				r.Fatalf("%s is chosen, and the coarser %s gives %d buckets", auto, x, n)
			}
		}
	})
}

// One state, one URL: what is written is read back as it was.
func TestStateSurvivesItsURL(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, berlin)
	h := reportHandler(t, now)
	c := aCoupon(time.Date(2025, 3, 1, 0, 0, 0, 0, berlin), time.Time{})
	keys := []string{wholeLife, customPeriod}
	for _, p := range periods {
		keys = append(keys, p.Key)
	}
	rapid.Check(t, func(r *rapid.T) {
		s := reportState{Period: rapid.SampledFrom(keys).Draw(r, "period"), Line: rapid.Bool().Draw(r, "line"),
			Clock:  rapid.SampledFrom([]coupon.Clock{"", coupon.ServiceAt}).Draw(r, "clock"),
			Metric: rapid.SampledFrom([]metric{redemptions, revenue, discounts}).Draw(r, "metric")}
		if s.Metric != redemptions {
			s.Currency = rapid.SampledFrom([]string{"", "USD", "JPY"}).Draw(r, "currency")
		}
		if s.Period != wholeLife {
			s.Compare = rapid.SampledFrom([]comparison{noComparison, previousPeriod, previousYear}).Draw(r, "compare")
		}
		if s.Period == customPeriod {
			s.From = coupon.Date{Year: 2025, Month: 1, Day: 1}.AddDays(rapid.IntRange(0, 900).Draw(r, "from"))
			s.To = s.From.AddDays(rapid.IntRange(0, 900).Draw(r, "days"))
		}
		read := func(s reportState) report {
			v, err := url.ParseQuery(strings.TrimPrefix(s.query().String(), "?"))
			if err != nil {
				r.Fatal(err)
			}
			rep, notices := parseReport(v, c, now, h.cfg.Service.Life(c), h.wordsIn("en"))
			if len(notices) > 0 {
				r.Fatalf("%s: %q", s.query(), notices)
			}
			return rep
		}
		s.Interval = rapid.SampledFrom(append([]coupon.Interval{""}, read(s).Allowed...)).Draw(r, "interval")
		rep := read(s)
		if rep.reportState != s {
			r.Fatalf("%+v became %+v", s, rep.reportState)
		}
		if s.Interval != "" && rep.By != s.Interval {
			r.Fatalf("%s was asked for and %s taken", s.Interval, rep.By)
		}
	})
}

// Days are those of the coupon's zone, the last one included.
func TestPeriodsAreDaysOfTheCouponsZone(t *testing.T) {
	t.Parallel()
	// In Berlin it is the 22nd already, in UTC still the 21st.
	now := time.Date(2026, 11, 22, 0, 30, 0, 0, berlin)
	h := reportHandler(t, now)
	start := time.Date(2025, 3, 1, 0, 0, 0, 0, berlin)
	for _, tt := range []struct {
		query, first, last string
		end                time.Time
	}{
		{"", "2025-03-01", "2026-11-22", time.Time{}},
		{"period=all", "2025-03-01", "2026-11-22", time.Time{}},
		{"", "2025-03-01", "2025-07-07", time.Date(2025, 7, 8, 0, 0, 0, 0, berlin)},
		{"period=7d", "2026-11-16", "2026-11-22", time.Time{}},
		{"period=28d", "2026-10-26", "2026-11-22", time.Time{}},
		{"period=90d", "2026-08-25", "2026-11-22", time.Time{}},
		{"period=month", "2026-11-01", "2026-11-22", time.Time{}},
		{"period=last_month", "2026-10-01", "2026-10-31", time.Time{}},
		{"period=year", "2026-01-01", "2026-11-22", time.Time{}},
		{"period=last_year", "2025-01-01", "2025-12-31", time.Time{}},
		{"from=2026-03-29&to=2026-03-29", "2026-03-29", "2026-03-29", time.Time{}},
		{"period=7d&from=2026-03-01&to=2026-03-02", "2026-03-01", "2026-03-02", time.Time{}},
		{"from=2026-03-02&to=2026-03-01", "2026-03-01", "2026-03-02", time.Time{}},
		{"to=2026-03-02", "2025-03-01", "2026-03-02", time.Time{}},
		{"from=2026-03-02", "2026-03-02", "2026-11-22", time.Time{}},
		{"period=custom", "2025-03-01", "2026-11-22", time.Time{}},
	} {
		v, err := url.ParseQuery(tt.query)
		if err != nil {
			t.Fatal(err)
		}
		rep, _ := parseReport(v, aCoupon(start, tt.end), now, h.cfg.Service.Life(aCoupon(start, tt.end)), h.wordsIn("en"))
		if rep.First.String() != tt.first || rep.Last.String() != tt.last {
			t.Errorf("%s: %s to %s, want %s to %s", tt.query, rep.First, rep.Last, tt.first, tt.last)
		}
		first, _ := coupon.StartOfDay(rep.First, "Europe/Berlin")
		after, _ := coupon.StartOfDay(rep.Last.AddDays(1), "Europe/Berlin")
		if !rep.Range.From.Equal(first) || rep.Range.To.After(after) || !rep.Range.To.After(after.AddDate(0, 0, -1)) {
			t.Errorf("%s: the range is [%s, %s)", tt.query, rep.Range.From, rep.Range.To)
		}
	}
}

func TestAPageIsReadByTheDayOfBookingUnlessAsked(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, berlin)
	h := reportHandler(t, now)
	c := aCoupon(time.Date(2026, 3, 1, 0, 0, 0, 0, berlin), time.Time{})
	c.ValidBy = coupon.ServiceAt
	for query, want := range map[string]coupon.Clock{"": coupon.MadeAt, "clock=made-at": coupon.MadeAt, "clock=service-date": coupon.ServiceAt} {
		v, _ := url.ParseQuery(query)
		if rep, _ := parseReport(v, c, now, h.cfg.Service.Life(c), h.wordsIn("en")); rep.Range.Clock != want {
			t.Errorf("%s: by %s", query, rep.Range.Clock)
		}
	}
}
