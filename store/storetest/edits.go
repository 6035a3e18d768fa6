package storetest

import (
	"errors"
	"time"

	"github.com/couponkit/coupon"
)

var editCases = []testCase{
	{"a-new-limit-counts-earlier-uses", "a limit that is added counts the uses made before, those that still hold", newLimitCounts},
	{"a-new-limit-per-customer", "a limit per customer, code or period that is added counts the earlier uses of each", newLimitPerSubject},
	{"a-limit-taken-away-and-back", "a limit that comes back counts also the uses made without it", limitComesBack},
	{"raising-opens-exactly-that-many", "raising a limit by n admits exactly n more", raisingOpens},
	{"lowering-refuses", "a limit lowered below what is used refuses new uses, changes no history, and opens again only when raised past it", loweringRefuses},
	{"a-new-zone-moves-the-periods", "in a new zone the periods begin elsewhere, and earlier uses count in the new ones", newZone},
	{"a-budget-in-another-currency", "a budget of another currency counts only what was given in it", newCurrency},
	{"a-refused-edit-changes-no-counter", "an edit that is refused recounts nothing", refusedEdit},
}

func newLimitCounts(e *env) {
	c := e.coupon("C")
	for i := range 4 {
		e.redeem(by(name("b", i), "ann"), "C")
	}
	e.cancel("b0")
	e.refund("b1", "r", usd("90"))
	e.update(c.ID, limited(uses(4, coupon.PerCoupon, coupon.Ever), budget(usd("45"), coupon.PerCoupon, coupon.Ever)))
	e.wantUsed(c.ID, 3)
	e.redeem(by("b5", "ann"), "C")
	e.refused(by("b6", "ann"), "C", coupon.LimitReached)
	e.cancel("b1") // was redeemed before the limit, and gives its use back now
	e.wantUsed(c.ID, 3)
	e.redeem(by("b7", "ann"), "C")
}

func newLimitPerSubject(e *env) {
	c := e.coupon("C")
	for i, customer := range []string{"ann", "bob", "bob", ""} {
		b := by(name("b", i), customer)
		b.MadeAt = start.AddDate(0, 0, i)
		e.redeem(b, "C")
	}
	e.update(c.ID, limited(uses(2, coupon.PerCustomer, coupon.Ever), uses(1, coupon.PerCoupon, coupon.PerDay), uses(100, coupon.PerCode, coupon.PerMonth)))
	later := func(id, customer string, days int) coupon.Booking {
		b := by(id, customer)
		b.MadeAt = start.AddDate(0, 0, days)
		return b
	}
	e.refused(later("b4", "bob", 9), "C", coupon.LimitReached)
	e.refused(later("b4", "ann", 3), "C", coupon.LimitReached) // that day has its use, by nobody known
	e.redeem(later("b4", "ann", 9), "C")
	e.refused(later("b5", "ann", 10), "C", coupon.LimitReached)
}

func limitComesBack(e *env) {
	limit := uses(3, coupon.PerCoupon, coupon.Ever)
	c := e.coupon("C", limited(limit))
	e.redeem(by("b1", ""), "C")
	e.update(c.ID, limited())
	e.redeem(by("b2", ""), "C")
	e.cancel("b1")
	e.redeem(by("b3", ""), "C")
	e.update(c.ID, limited(limit))
	e.wantUsed(c.ID, 2)
	e.redeem(by("b4", ""), "C")
	e.refused(by("b5", ""), "C", coupon.LimitReached)
}

func raisingOpens(e *env) {
	c := e.coupon("C", limited(uses(2, coupon.PerCoupon, coupon.Ever)))
	made := 0
	admitted := func() (n int) {
		for {
			made++
			_, err := e.svc.Redeem(e.Context(), by(name("b", made), ""), "C")
			if errors.Is(err, coupon.ErrRefused) || n > 20 {
				return n
			}
			if err != nil {
				e.Fatalf("Redeem: %v", err)
			}
			n++
		}
	}
	for _, step := range []struct{ limit, opens int64 }{{2, 2}, {3, 1}, {3, 0}, {8, 5}} {
		e.update(c.ID, limited(uses(step.limit, coupon.PerCoupon, coupon.Ever)))
		if n := admitted(); int64(n) != step.opens {
			e.Errorf("raised to %d: %d more were admitted, want %d", step.limit, n, step.opens)
		}
	}
}

func loweringRefuses(e *env) {
	c := e.coupon("C", limited(uses(5, coupon.PerCoupon, coupon.Ever)))
	for i := range 4 {
		e.redeem(by(name("b", i), ""), "C")
	}
	history := text(e.redemptions(coupon.RedemptionFilter{}))
	e.update(c.ID, limited(uses(2, coupon.PerCoupon, coupon.Ever)))
	e.same("the history", text(e.redemptions(coupon.RedemptionFilter{})), history)
	e.wantUsed(c.ID, 4)
	e.refused(by("x", ""), "C", coupon.LimitReached)
	e.cancel("b0")
	e.cancel("b1")
	e.refused(by("x", ""), "C", coupon.LimitReached) // two of two
	e.cancel("b2")
	e.redeem(by("y", ""), "C")
	e.update(c.ID, limited(uses(3, coupon.PerCoupon, coupon.Ever)))
	e.redeem(by("z", ""), "C")
	e.refused(by("x", ""), "C", coupon.LimitReached)
}

func newZone(e *env) {
	c := e.coupon("C", limited(uses(1, coupon.PerCoupon, coupon.PerDay)))
	evening := time.Date(2026, 6, 1, 23, 0, 0, 0, time.UTC) // in Berlin 01:00 of the 2nd
	e.redeem(at("b1", evening), "C")
	e.update(c.ID, func(c *coupon.Coupon) { c.Zone = "Europe/Berlin" })
	e.refused(at("b2", evening.Add(10*time.Hour)), "C", coupon.LimitReached)
	e.redeem(at("b3", evening.Add(-10*time.Hour)), "C")
	e.update(c.ID, func(c *coupon.Coupon) { c.Zone = "UTC" })
	e.refused(at("b4", evening.Add(-time.Hour)), "C", coupon.LimitReached)
	e.redeem(at("b5", evening.Add(10*time.Hour)), "C")
}

func newCurrency(e *env) {
	c := e.coupon("C")
	eur := func(s string) coupon.Money { return coupon.MustMoney(s, "EUR") }
	e.redeem(booking("b1", usd("100")), "C")
	e.redeem(booking("b2", eur("100")), "C")
	e.update(c.ID, limited(budget(eur("15"), coupon.PerCoupon, coupon.Ever)))
	e.refused(booking("b3", eur("100")), "C", coupon.LimitReached)
	e.redeem(booking("b4", eur("50")), "C")
	e.refused(booking("b5", usd("100")), "C", coupon.WrongCurrency)
	e.update(c.ID, limited(budget(usd("15"), coupon.PerCoupon, coupon.Ever)))
	e.redeem(booking("b6", usd("50")), "C")
	e.refused(booking("b7", usd("50")), "C", coupon.LimitReached)
}

func refusedEdit(e *env) {
	c := e.coupon("C")
	e.coupon("TAKEN")
	e.redeem(by("b1", "ann"), "C")
	before := e.everything()
	limited(uses(1, coupon.PerCoupon, coupon.Ever))(&c)
	stale, taken := c, c
	stale.Version = 7
	taken.Code = "TAKEN"
	_, err := e.svc.Update(e.Context(), stale)
	e.is("a stale edit", err, coupon.ErrVersion)
	_, err = e.svc.Update(e.Context(), taken)
	e.is("an edit to a code in use", err, coupon.ErrDuplicateCode)
	recharge := func(coupon.Use) []coupon.Charge {
		return []coupon.Charge{{Slot: coupon.Slot{Coupon: c.ID, Of: coupon.Uses, Per: coupon.PerCoupon, Every: coupon.Ever}, N: 1}}
	}
	stale.Version = 3
	e.is("a stale edit that recounts", e.store.UpdateCoupon(e.Context(), stale, recharge), coupon.ErrVersion)
	taken.Version = 2
	e.is("an edit to a code in use that recounts", e.store.UpdateCoupon(e.Context(), taken, recharge), coupon.ErrDuplicateCode)
	e.same("what is stored", e.everything(), before)
}
