package storetest

import (
	"fmt"
	"strings"
	"time"

	"github.com/couponkit/coupon"
)

var timeCases = []testCase{
	{"utc-and-microseconds", "every instant is read back in UTC and exact to the microsecond", instantsExact},
	{"far-instants", "instants from the year 1 to 9999, also before 1970, survive, are in the right range and in the right order", farInstants},
	{"ranges-are-half-open", "a range has its first microsecond and not its end, by either clock; a missing end is open", rangesHalfOpen},
	{"validity-is-half-open", "a coupon admits from its start to a microsecond before its end", validityHalfOpen},
	{"no-service-date", "what has no service date is in no range and no figure of that clock, and is counted as unscheduled", noServiceDate},
	{"a-service-day", "a mere day stands at its start in the coupon's zone, and stays a day", serviceDay},
	{"days-of-23-and-25-hours", "the buckets of a day are exactly the day's, where it has 23, 23½, 24½ or 25 hours or no midnight", unevenDays},
	{"hours-of-a-long-day", "the hours of a day of 25 are 25 buckets", longDayByHour},
}

func instant(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		panic(err)
	}
	return t.UTC()
}

func instantsExact(e *env) {
	ctx := e.Context()
	tokyo := time.FixedZone("JST", 9*3600)
	exact := func(what string, got time.Time, want string) {
		e.Helper()
		if got.Location() != time.UTC || !got.Equal(instant(want)) {
			e.Errorf("%s: got %s, want %s", what, got.Format(time.RFC3339Nano+" MST"), want)
		}
	}
	e.clock.set(time.Date(2026, 3, 2, 21, 0, 0, 1999, tokyo))
	c := e.coupon("C", func(c *coupon.Coupon) {
		c.Start, c.End = time.Date(2026, 1, 1, 0, 0, 0, 123456789, tokyo), time.Date(2027, 1, 1, 0, 0, 0, 999999999, tokyo)
	})
	b := at("b1", time.Date(2026, 3, 1, 9, 0, 0, 7123, tokyo))
	b.Service = coupon.ServiceTime(time.Date(2026, 3, 9, 9, 0, 0, 500, tokyo))
	e.redeem(b, "C")
	if _, err := e.svc.Refund(ctx, "b1", coupon.Refund{Key: "r", Amount: usd("1"), At: time.Date(2026, 3, 3, 9, 0, 0, 3001, tokyo)}); err != nil {
		e.Fatalf("Refund: %v", err)
	}
	e.cancel("b1")
	if _, err := e.svc.AddNote(ctx, c.ID, time.Date(2026, 3, 4, 9, 0, 0, 4999, tokyo), "a note"); err != nil {
		e.Fatalf("AddNote: %v", err)
	}
	if _, err := e.svc.Archive(ctx, c.ID); err != nil {
		e.Fatalf("Archive: %v", err)
	}
	list := e.coupons(coupon.CouponQuery{}, 10)
	c, err := e.svc.Coupon(ctx, c.ID)
	if err != nil || len(list) != 1 {
		e.Fatalf("Coupon: %d, error %v", len(list), err)
	}
	for _, c := range append(list, c) {
		exact("Start", c.Start, "2025-12-31T15:00:00.123456Z")
		exact("End", c.End, "2026-12-31T15:00:00.999999Z")
		exact("CreatedAt", c.CreatedAt, "2026-03-02T12:00:00.000001Z")
		exact("UpdatedAt", c.UpdatedAt, "2026-03-02T12:00:00.000001Z")
		exact("ArchivedAt", c.ArchivedAt, "2026-03-02T12:00:00.000001Z")
	}
	r := e.stored(c.ID, "b1")
	exact("MadeAt", r.MadeAt, "2026-03-01T00:00:00.000007Z")
	exact("Service.At", r.Service.At, "2026-03-09T00:00:00Z")
	exact("ServiceAt", r.ServiceAt, "2026-03-09T00:00:00Z")
	exact("RedeemedAt", r.RedeemedAt, "2026-03-02T12:00:00.000001Z")
	exact("CancelledAt", r.CancelledAt, "2026-03-02T12:00:00.000001Z")
	exact("Refunds[0].At", r.Refunds[0].At, "2026-03-03T00:00:00.000003Z")
	events, err := e.svc.Events(ctx, c.ID, "b1")
	if err != nil || len(events) != 3 {
		e.Fatalf("Events: %s, error %v", text(events), err)
	}
	exact("event redeemed", events[0].At, "2026-03-02T12:00:00.000001Z")
	exact("event refunded", events[1].At, "2026-03-03T00:00:00.000003Z")
	notes, err := e.svc.Notes(ctx, c.ID)
	if err != nil || len(notes) != 1 {
		e.Fatalf("Notes: %s, error %v", text(notes), err)
	}
	exact("note", notes[0].At, "2026-03-04T00:00:00.000004Z")
	exact("note made", notes[0].CreatedAt, "2026-03-02T12:00:00.000001Z")
}

func farInstants(e *env) {
	c := e.coupon("C")
	instants := []string{"0001-01-01T00:00:00.000001Z", "1582-10-10T00:00:00Z", "1883-11-18T12:03:58Z", "1969-12-31T23:59:59.999999Z",
		"1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000001Z", "2038-01-19T03:14:08Z", "9999-12-31T23:59:59.999999Z"}
	for i, s := range instants {
		row := past("C", name("b", i), instant(s))
		row.Service = coupon.ServiceTime(row.MadeAt)
		e.imports(row)
	}
	for _, clock := range []coupon.Clock{coupon.MadeAt, coupon.ServiceAt} {
		sort := map[coupon.Clock]coupon.RedemptionSort{coupon.MadeAt: coupon.ByMadeAt, coupon.ServiceAt: coupon.ByServiceAt}[clock]
		for i, s := range instants {
			r := coupon.Range{From: instant(s), Clock: clock}
			if i+1 < len(instants) {
				r.To = instant(instants[i+1])
			}
			got := e.redemptions(coupon.RedemptionFilter{Range: r})
			if len(got) != 1 || got[0].Booking != name("b", i) || !got[0].MadeAt.Equal(r.From) || !got[0].ServiceAt.Equal(r.From) {
				e.Errorf("from %s by %s: got %s", s, clock, text(got))
			}
			if f := e.summary(c.ID, r).In("USD"); f.Bookings != 1 {
				e.Errorf("the summary from %s by %s has %d bookings, want 1", s, clock, f.Bookings)
			}
		}
		if got := bookings(e.redemptions(coupon.RedemptionFilter{Sort: sort})); got != "b0 b1 b2 b3 b4 b5 b6 b7" {
			e.Errorf("in order of %s: got %s", sort, got)
		}
	}
}

func bookings(rs []coupon.Redemption) string {
	ids := make([]string, len(rs))
	for i, r := range rs {
		ids[i] = r.Booking
	}
	return strings.Join(ids, " ")
}

func rangesHalfOpen(e *env) {
	c := e.coupon("C")
	edge := func(µs int) time.Time {
		if µs == 99 {
			return time.Time{}
		}
		return start.Add(time.Duration(µs) * time.Microsecond)
	}
	const open = 99
	for i := -1; i <= 1; i++ {
		row := past("C", []string{"before", "edge", "past"}[i+1], edge(i))
		row.Service = coupon.ServiceTime(edge(i))
		e.imports(row)
	}
	for _, want := range []struct {
		from, to int
		bookings string
	}{
		{-1, 0, "before"}, {0, 1, "edge"}, {1, 2, "past"}, {-1, 1, "before edge"}, {0, 2, "edge past"}, {0, 0, ""}, {1, 1, ""}, {2, 3, ""}, {-3, -1, ""},
		{0, open, "edge past"}, {1, open, "past"}, {2, open, ""}, {open, 0, "before"}, {open, 1, "before edge"}, {open, -1, ""}, {open, open, "before edge past"},
	} {
		for _, clock := range []coupon.Clock{coupon.MadeAt, coupon.ServiceAt} {
			r := coupon.Range{From: edge(want.from), To: edge(want.to), Clock: clock}
			what := fmt.Sprintf("[%d µs, %d µs) by %s", want.from, want.to, clock)
			if got := bookings(e.redemptions(coupon.RedemptionFilter{Coupon: c.ID, Range: r})); got != want.bookings {
				e.Errorf("the list of %s: got %q, want %q", what, got, want.bookings)
			}
			if got := e.summary(c.ID, r).In("USD").Bookings; got != int64(len(strings.Fields(want.bookings))) {
				e.Errorf("the summary of %s: got %d bookings, want %q", what, got, want.bookings)
			}
		}
	}
}

func validityHalfOpen(e *env) {
	e.coupon("C", func(c *coupon.Coupon) { c.Start, c.End = start, start.Add(3*time.Microsecond) })
	e.refused(at("b1", start.Add(-time.Microsecond)), "C", coupon.NotStarted)
	e.redeem(at("b2", start), "C")
	e.redeem(at("b3", start.Add(2*time.Microsecond)), "C")
	e.refused(at("b4", start.Add(3*time.Microsecond)), "C", coupon.HasEnded)
}

func noServiceDate(e *env) {
	c := e.coupon("C")
	dated := past("C", "dated", start)
	dated.Service = coupon.ServiceTime(start)
	cancelled := past("C", "cancelled", start)
	cancelled.CancelledAt = start
	e.imports(dated, cancelled, past("C", "open", start), past("C", "later", start.AddDate(0, 0, 9)))
	r := coupon.Range{From: start.AddDate(0, 0, -1), To: start.AddDate(0, 0, 1), Clock: coupon.ServiceAt}
	s := e.summary(c.ID, r)
	if f := s.In("USD"); f.Bookings != 1 || f.Cancelled != 0 || s.Unscheduled != 1 {
		e.Errorf("by service date: %d bookings, %d cancelled, %d unscheduled, want 1, 0, 1", f.Bookings, f.Cancelled, s.Unscheduled)
	}
	s = e.summary(c.ID, coupon.Range{Clock: coupon.ServiceAt})
	if f := s.In("USD"); f.Bookings != 1 || f.Cancelled != 0 || s.Unscheduled != 2 {
		e.Errorf("by any service date: %d bookings, %d cancelled, %d unscheduled, want 1, 0, 2", f.Bookings, f.Cancelled, s.Unscheduled)
	}
	if got := bookings(e.redemptions(coupon.RedemptionFilter{Range: r})); got != "dated" {
		e.Errorf("listed by service date: got %q", got)
	}
	if got := bookings(e.redemptions(coupon.RedemptionFilter{Unscheduled: true, Sort: coupon.ByBooking})); got != "cancelled later open" {
		e.Errorf("without a service date: got %q", got)
	}
	if got := bookings(e.redemptions(coupon.RedemptionFilter{Sort: coupon.ByServiceAt})); !strings.HasPrefix(got, "dated ") {
		e.Errorf("by service date, those without last: got %q", got)
	}
	points, err := e.svc.Timeline(e.Context(), c.ID, r, coupon.Daily, "UTC")
	if err != nil {
		e.Fatalf("Timeline: %v", err)
	}
	for _, p := range points {
		if has := !p.Start.After(start) && start.Before(p.End); (p.In("USD").Bookings == 1) != has || p.In("USD").Cancelled > 0 {
			e.Errorf("the bucket from %s: got %s", p.Start, text(p.Currencies))
		}
	}
}

func serviceDay(e *env) {
	for i, c := range []struct{ zone, day, start string }{
		{"UTC", "2026-09-06", "2026-09-06T00:00:00Z"},
		{"America/Santiago", "2026-09-06", "2026-09-06T04:00:00Z"}, // begins at 01:00
		{"Africa/Cairo", "2026-04-24", "2026-04-23T22:00:00Z"},     // begins at 01:00
		{"Europe/Berlin", "2026-10-25", "2026-10-24T22:00:00Z"},
		{"Australia/Lord_Howe", "2026-04-05", "2026-04-04T13:00:00Z"},
		{"Pacific/Kiritimati", "2026-01-01", "2025-12-31T10:00:00Z"},
	} {
		code := name("Z", i)
		p := e.coupon(code, func(p *coupon.Coupon) { p.Zone = c.zone })
		day, err := coupon.ParseDate(c.day)
		if err != nil {
			panic(err)
		}
		b := by(code, "")
		b.Service = coupon.ServiceDay(day)
		e.redeem(b, code)
		r := e.stored(p.ID, code)
		if r.Service != coupon.ServiceDay(day) || !r.ServiceAt.Equal(instant(c.start)) {
			e.Errorf("%s in %s: got %s at %s, want the day at %s", c.day, c.zone, text(r.Service), r.ServiceAt, c.start)
		}
		first := coupon.Range{From: instant(c.start), To: instant(c.start).Add(time.Microsecond), Clock: coupon.ServiceAt}
		if n := e.summary(p.ID, first).In("USD").Bookings; n != 1 {
			e.Errorf("%s in %s: %d bookings in its first microsecond, want 1", c.day, c.zone, n)
		}
	}
}

func unevenDays(e *env) {
	for i, c := range []struct {
		zone, from, to string // three local days
		halfHours      [3]int64
	}{
		{"Europe/Berlin", "2026-03-27T23:00:00Z", "2026-03-30T22:00:00Z", [3]int64{48, 46, 48}},
		{"Europe/Berlin", "2026-10-23T22:00:00Z", "2026-10-26T23:00:00Z", [3]int64{48, 50, 48}},
		{"America/Santiago", "2026-09-05T04:00:00Z", "2026-09-08T03:00:00Z", [3]int64{48, 46, 48}},
		{"America/Santiago", "2026-04-03T03:00:00Z", "2026-04-06T04:00:00Z", [3]int64{48, 50, 48}},
		{"Australia/Lord_Howe", "2026-10-02T13:30:00Z", "2026-10-05T13:00:00Z", [3]int64{48, 47, 48}},
		{"Australia/Lord_Howe", "2026-04-03T13:00:00Z", "2026-04-06T13:30:00Z", [3]int64{48, 49, 48}},
	} {
		code := name("D", i)
		p := e.coupon(code)
		r := coupon.Range{From: instant(c.from), To: instant(c.to)}
		var rows []coupon.PastRedemption
		for t := r.From; t.Before(r.To); t = t.Add(30 * time.Minute) {
			made := t
			if len(rows)%2 == 1 {
				made = t.Add(30*time.Minute - time.Microsecond) // at the other edge of its half hour
			}
			row := past(code, code+name("-", len(rows)), made)
			row.Service = coupon.ServiceTime(made)
			rows = append(rows, row)
		}
		e.imports(rows...)
		for _, r.Clock = range []coupon.Clock{coupon.MadeAt, coupon.ServiceAt} {
			points, err := e.svc.Timeline(e.Context(), p.ID, r, coupon.Daily, c.zone)
			if err != nil {
				e.Fatalf("Timeline: %v", err)
			}
			var got []int64
			for _, p := range points {
				got = append(got, p.In("USD").Bookings)
			}
			e.same("three days of half hours in "+c.zone+" by "+string(r.Clock), got, c.halfHours)
		}
	}
}

func longDayByHour(e *env) {
	c := e.coupon("C")
	r := coupon.Range{From: instant("2026-10-24T22:00:00Z"), To: instant("2026-10-25T23:00:00Z")} // 25 October in Berlin
	for i := range 25 {
		hour := r.From.Add(time.Duration(i) * time.Hour)
		e.imports(past("C", name("a", i), hour), past("C", name("z", i), hour.Add(time.Hour-time.Microsecond)))
	}
	points, err := e.svc.Timeline(e.Context(), c.ID, r, coupon.Hourly, "Europe/Berlin")
	if err != nil || len(points) != 25 {
		e.Fatalf("Timeline: %d points, error %v, want 25", len(points), err)
	}
	for i, p := range points {
		if n := p.In("USD").Bookings; n != 2 {
			e.Errorf("hour %d from %s has %d bookings, want 2", i, p.Start, n)
		}
	}
}
