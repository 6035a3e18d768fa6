package storetest

import (
	"errors"
	"time"

	"github.com/couponkit/coupon"
)

var seriesCases = []testCase{
	{"one-use", "the bookings of a series are one use of every limit of uses, and as many bookings in the summary", seriesOneUse},
	{"last-gives-back", "the first live redemption of a series takes the use, and the last one that is cancelled gives it back", seriesGivesBack},
	{"later-occurrences", "a later booking of a series skips validity, status, audience and limits of uses; coverage, matches, days, totals and budgets hold", seriesLater},
	{"coverage", "a coupon covers the first so many bookings of a series, and refuses a recurring booking whose series it can't know", seriesCoverage},
	{"each-its-own", "series count apart from each other, per coupon and per merchant", seriesApart},
	{"reserved", "a reserved booking holds the use of its series like a redeemed one, until it expires", seriesReserved},
	{"expired-before", "once all that held a series has expired, the next booking is its first: validity, audience and limits are asked", seriesExpired},
	{"expired-elsewhere", "an expired reservation costs no use of a series, whoever took it with whatever code", seriesOfOthers},
	{"new-limit", "a new limit counts a series once, by the booking that took its use", seriesNewLimit},
	{"rebuild", "Rebuild brings the uses of series back", seriesRebuild},
	{"key", "series and occurrence are part of what a booking is", seriesKeyed},
	{"kept-or-released", "a coupon that keeps uses on cancellation keeps that of the series; one that releases on refund releases it with the last", seriesSwitches},
}

// visit is a booking of a series.
func visit(id, series string, n int64, customer string) coupon.Booking {
	b := by(id, customer)
	b.Series, b.Occurrence = series, n
	return b
}

func (e *env) liveOf(id coupon.ID, series string) int64 {
	e.Helper()
	x, err := e.store.Series(e.Context(), coupon.SeriesKey{Coupon: id, Key: series})
	if err != nil {
		e.Fatalf("Series: %v", err)
	}
	return x.Live
}

func seriesOneUse(e *env) {
	c := e.coupon("C", limited(uses(1, coupon.PerCoupon, coupon.Ever), uses(1, coupon.PerCustomer, coupon.PerDay), uses(1, coupon.PerCode, coupon.PerMonth), budget(usd("100"), coupon.PerCoupon, coupon.Ever)))
	for i := range 5 {
		e.clock.set(start.AddDate(0, 0, 7*i))
		r := e.redeem(visit(name("v", i), "s", int64(i+1), "ann"), "C")
		e.same("as read back", e.stored(c.ID, r.Booking), r)
		if r.Series != "s" || r.Occurrence != int64(i+1) || r.Type != coupon.Recurring {
			e.Errorf("recorded: %s", text(r))
		}
	}
	e.clock.set(start)
	e.wantUsed(c.ID, 1)
	e.wantBookings(c.ID, 5)
	if st, err := e.svc.State(e.Context(), c.ID); err != nil || !st.Limits[3].Spent.Equal(usd("50")) {
		e.Errorf("the budget has spent %s, error %v, want 50", st.Limits[3].Spent, err)
	}
	if n := e.liveOf(c.ID, "s"); n != 5 {
		e.Errorf("%d bookings hold the series, want 5", n)
	}
	e.refused(visit("other", "s2", 1, "bob"), "C", coupon.LimitReached)
	e.refused(by("alone", "bob"), "C", coupon.LimitReached)
	if got := e.redemptions(coupon.RedemptionFilter{Series: "s"}); len(got) != 5 {
		e.Errorf("%d are listed for the series, want 5", len(got))
	}
}

func seriesGivesBack(e *env) {
	c := e.coupon("C", limited(uses(1, coupon.PerCoupon, coupon.Ever)))
	for i := range 3 {
		e.redeem(visit(name("v", i), "s", int64(i+1), "ann"), "C")
	}
	for i, booking := range []string{"v0", "v2"} { // also the one that took the use
		e.cancel(booking)
		e.wantUsed(c.ID, 1)
		if n := e.liveOf(c.ID, "s"); n != int64(2-i) {
			e.Errorf("%d bookings hold the series, want %d", n, 2-i)
		}
		e.refused(by("b", "bob"), "C", coupon.LimitReached)
	}
	e.cancel("v1")
	e.wantUsed(c.ID, 0)
	e.cancel("v1")
	e.wantUsed(c.ID, 0)
	e.redeem(by("b", "bob"), "C")
	e.refused(visit("v3", "s", 4, "ann"), "C", coupon.LimitReached) // the series has its use no more
	e.cancel("b")
	e.redeem(visit("v3", "s", 4, "ann"), "C")
	e.wantUsed(c.ID, 1)
	if _, err := e.svc.Reopen(e.Context(), visit("v1", "s", 2, "ann"), "C"); err != nil {
		e.Errorf("Reopen of a booking of a live series: %v", err)
	}
	e.wantUsed(c.ID, 1)
}

func seriesLater(e *env) {
	c := e.coupon("C", limited(uses(1, coupon.PerCoupon, coupon.Ever), budget(usd("35"), coupon.PerCoupon, coupon.Ever)), func(c *coupon.Coupon) {
		c.Audience, c.End = coupon.NewCustomers, start.AddDate(0, 1, 0)
		c.Restrictions.MinTotal = usd("50")
	})
	first := visit("v1", "s", 1, "ann")
	first.Customer.EarlierBookings = new(0)
	e.redeem(first, "C")
	e.clock.set(start.AddDate(0, 2, 0)) // after its end
	later := visit("v2", "s", 2, "ann")
	later.Customer.EarlierBookings = new(1)
	if q, err := e.svc.Quote(e.Context(), later, "C"); err != nil || !q.OK() {
		e.Errorf("quote of a later booking: %s, error %v", text(q), err)
	}
	e.redeem(later, "C")
	if _, err := e.svc.Deactivate(e.Context(), c.ID); err != nil {
		e.Fatalf("Deactivate: %v", err)
	}
	small := visit("v3", "s", 3, "ann")
	small.Lines[0].Price = usd("49.99").Amount
	e.refused(small, "C", coupon.BelowMinimum)
	if _, err := e.svc.AddCode(e.Context(), c.ID, coupon.CouponCode{Code: "FOR-BOB", Customer: "bob"}); err != nil {
		e.Fatalf("AddCode: %v", err)
	}
	e.refused(visit("v3", "s", 3, "ann"), "FOR-BOB", coupon.NotYours)
	if _, err := e.svc.Archive(e.Context(), c.ID); err != nil {
		e.Fatalf("Archive: %v", err)
	}
	e.coupon("C") // another coupon has the code now
	if r := e.redeem(visit("v3", "s", 3, "ann"), "C"); r.Coupon != c.ID {
		e.Errorf("a later booking was redeemed with another coupon than its series")
	}
	e.refused(visit("v4", "s", 4, "ann"), "C", coupon.LimitReached) // the budget
	if r := e.redeem(visit("w1", "s2", 1, "bob"), "C"); r.Coupon == c.ID {
		e.Errorf("another series was redeemed with the archived coupon")
	}
}

func seriesCoverage(e *env) {
	e.coupon("FIRST", func(c *coupon.Coupon) { c.Restrictions.Occurrences = 1 })
	e.coupon("THREE", func(c *coupon.Coupon) { c.Restrictions.Occurrences = 3 })
	e.coupon("ALL")
	for code, covered := range map[string]int64{"FIRST": 1, "THREE": 3, "ALL": 5} {
		for n := int64(1); n <= 5; n++ {
			b := visit(code+name("-", int(n)), code, n, "ann")
			if n <= covered {
				e.redeem(b, code)
			} else {
				e.refused(b, code, coupon.NotCovered)
			}
		}
	}
	e.refused(visit("late", "begins late", 4, "ann"), "THREE", coupon.NotCovered)
	alone := by("alone", "ann")
	alone.Type = coupon.Recurring
	e.refused(alone, "THREE", coupon.SeriesUnknown)
	e.redeem(alone, "ALL")
	e.redeem(by("one-time", "ann"), "FIRST")
}

func seriesApart(e *env) {
	c, d := e.coupon("C", limited(uses(2, coupon.PerCoupon, coupon.Ever))), e.coupon("D", limited(uses(2, coupon.PerCoupon, coupon.Ever)))
	other := e.merchant("globex")
	oc := other.coupon("C", limited(uses(1, coupon.PerCoupon, coupon.Ever)))
	e.redeem(visit("v1", "s", 1, "ann"), "C")
	e.redeem(visit("v2", "S", 1, "ann"), "C")
	e.wantUsed(c.ID, 2)
	e.wantUsed(d.ID, 0)
	other.wantUsed(oc.ID, 0)
	e.refused(visit("v3", "s ", 1, "ann"), "C", coupon.LimitReached)
	e.redeem(visit("v4", "s", 2, "ann"), "D")
	other.redeem(visit("v1", "s", 1, "ann"), "C")
	other.wantUsed(oc.ID, 1)
	if _, err := other.store.Series(e.Context(), coupon.SeriesKey{Coupon: c.ID, Key: "s"}); !errors.Is(err, coupon.ErrNotFound) {
		e.Errorf("the series of another merchant: error %v, want ErrNotFound", err)
	}
	e.cancel("v1")
	e.wantUsed(c.ID, 1)
	e.wantUsed(d.ID, 1)
}

func seriesReserved(e *env) {
	c := e.coupon("C", limited(uses(1, coupon.PerCoupon, coupon.Ever)))
	e.reserve(visit("v1", "s", 1, "ann"), "C")
	e.wantUsed(c.ID, 1)
	e.refused(by("b", "bob"), "C", coupon.LimitReached)
	e.clock.set(start.Add(hold))
	e.wantUsed(c.ID, 0)
	e.redeem(by("b", "bob"), "C")
	if n := e.liveOf(c.ID, "s"); n != 0 {
		e.Errorf("%d bookings hold the series, want none", n)
	}
	e.cancel("b")
	e.reserve(visit("v1", "s", 1, "ann"), "C")
	e.redeem(visit("v2", "s", 2, "ann"), "C")
	e.release("v1")
	e.wantUsed(c.ID, 1) // v2 holds it
}

func seriesNewLimit(e *env) {
	c := e.coupon("C")
	for i := range 4 {
		e.clock.set(start.AddDate(0, 0, i))
		e.redeem(visit(name("v", i), "s", int64(i+1), "ann"), "C")
	}
	e.redeem(visit("w1", "s2", 1, "bob"), "C")
	e.cancel("w1")
	e.redeem(by("alone", "cy"), "C")
	e.clock.set(start)
	e.update(c.ID, limited(uses(3, coupon.PerCoupon, coupon.Ever), uses(5, coupon.PerCoupon, coupon.PerDay), budget(usd("1000"), coupon.PerCoupon, coupon.Ever)))
	e.wantUsed(c.ID, 2)
	st, err := e.svc.State(e.Context(), c.ID)
	if err != nil || st.Limits[1].Used != 1 || !st.Limits[2].Spent.Equal(usd("50")) {
		e.Errorf("limits: %s, error %v, want 1 use today and 50 spent", text(st.Limits), err)
	}
	e.redeem(by("last", "dan"), "C")
	e.refused(by("too late", "eve"), "C", coupon.LimitReached)
	e.redeem(visit("v9", "s", 9, "ann"), "C")
	for i := range 4 {
		e.cancel(name("v", i))
	}
	e.wantUsed(c.ID, 3)
	e.cancel("v9")
	e.wantUsed(c.ID, 2)
}

func seriesRebuild(e *env) {
	c := e.coupon("C", limited(uses(5, coupon.PerCoupon, coupon.Ever)))
	e.redeem(visit("v1", "s", 1, "ann"), "C")
	e.redeem(visit("v2", "s", 2, "ann"), "C")
	e.redeem(visit("w1", "s2", 1, "bob"), "C")
	e.cancel("w1")
	e.cancel("v1")
	if err := e.svc.Rebuild(e.Context()); err != nil {
		e.Fatalf("Rebuild: %v", err)
	}
	e.wantUsed(c.ID, 1)
	e.cancel("v2")
	e.wantUsed(c.ID, 0)
}

func seriesKeyed(e *env) {
	e.coupon("C")
	e.redeem(visit("v1", "s", 1, "ann"), "C")
	for what, b := range map[string]coupon.Booking{"series": visit("v1", "s2", 1, "ann"), "occurrence": visit("v1", "s", 2, "ann"), "no series": by("v1", "ann")} {
		_, err := e.svc.Redeem(e.Context(), b, "C")
		e.is("another "+what, err, coupon.ErrConflict)
	}
	if r := e.redeem(visit("v1", "s", 1, "ann"), "C"); !r.Replayed {
		e.Errorf("the same booking again is not a replay")
	}
}

func seriesSwitches(e *env) {
	keep := e.coupon("KEEP", limited(uses(1, coupon.PerCoupon, coupon.Ever)), func(c *coupon.Coupon) { c.KeepUseOnCancel = true })
	e.redeem(visit("k1", "s", 1, "ann"), "KEEP")
	e.cancel("k1")
	e.wantUsed(keep.ID, 1)
	e.refused(by("b", "bob"), "KEEP", coupon.LimitReached)
	refund := e.coupon("BACK", limited(uses(1, coupon.PerCoupon, coupon.Ever)), func(c *coupon.Coupon) { c.ReleaseUseOnRefund = true })
	e.redeem(visit("r1", "s", 1, "ann"), "BACK")
	e.redeem(visit("r2", "s", 2, "ann"), "BACK")
	e.refund("r1", "all", usd("90"))
	e.wantUsed(refund.ID, 1)
	e.clock.set(start.Add(time.Hour))
	e.refund("r2", "all", usd("90"))
	e.wantUsed(refund.ID, 0)
}

func seriesExpired(e *env) {
	e.coupon("C", limited(uses(2, coupon.PerCoupon, coupon.Ever)), func(c *coupon.Coupon) { c.End = start.Add(2 * hold) })
	e.reserve(visit("v1", "s", 1, "ann"), "C")
	e.reserve(visit("w1", "t", 1, "bob"), "C")
	e.confirm("w1")
	e.clock.set(start.Add(2 * hold))
	for _, b := range []coupon.Booking{visit("v1", "s", 1, "ann"), visit("v2", "s", 2, "ann")} {
		if q, err := e.svc.Quote(e.Context(), b, "C"); err != nil || q.OK() {
			e.Errorf("quote of %s after the end: %s, error %v, want it refused", b.ID, text(q), err)
		}
		e.refused(b, "C", coupon.HasEnded)
		_, err := e.svc.RedeemAll(e.Context(), b, []string{"C", "C"})
		if r, ok := errors.AsType[*coupon.RefusedError](err); !ok || len(coupon.Public(r.Refusals)) != 1 || coupon.Public(r.Refusals)[0] != coupon.NotValid {
			e.Errorf("the code twice on %s: error %v, want what every code gives", b.ID, err)
		}
	}
	e.redeem(visit("w2", "t", 2, "bob"), "C") // its first one stands
}

func seriesOfOthers(e *env) {
	for what, l := range map[string]coupon.Limit{"customer": uses(1, coupon.PerCustomer, coupon.Ever), "code": uses(1, coupon.PerCode, coupon.Ever)} {
		m := e.merchant(what)
		m.clock.set(start)
		c := m.coupon("C", limited(l))
		if _, err := m.svc.AddCode(m.Context(), c.ID, coupon.CouponCode{Code: "C2"}); err != nil {
			m.Fatalf("AddCode: %v", err)
		}
		m.reserve(visit("v1", "s", 1, "ann"), "C")
		m.reserve(visit("v2", "s", 2, "bob"), "C2")
		m.refused(by("b", "ann"), "C", coupon.LimitReached)
		m.clock.set(start.Add(hold))
		m.redeem(by("b", "ann"), "C")
	}
	e.clock.set(start)
}
