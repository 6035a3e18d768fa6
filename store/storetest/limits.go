package storetest

import (
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/couponkit/coupon"
)

var limitCases = []testCase{
	{"uses", "a limit of n uses admits n bookings and refuses the next, saying how many there were", limitOfUses},
	{"per-customer", "each customer has an own count, from the first use on, by the canonical key", limitPerCustomer},
	{"per-code", "a limit per code counts what was redeemed under that code", limitPerCode},
	{"budget", "a budget is given out to the last cent; what would pass it is refused whole", limitOfDiscount},
	{"budget-per-customer", "each customer has an own budget", budgetPerCustomer},
	{"every-limit-counts", "several limits are judged and counted together, and a refusal by one moves none", limitsTogether},
	{"periods", "a limit per day, week or month counts anew at the local start of the period, also where a day has 23 or 25 hours or no midnight", limitPeriods},
	{"slots-do-not-mix", "counters that differ in one part only (coupon, kind, subject, currency, period) are different counters", slotsDoNotMix},
	{"every-kind-at-once", "a coupon may have a limit of every kind; each is counted", everyKindOfLimit},
	{"many-counters", "Counters answers for as many slots as a page of coupons has", manyCounters},
	{"nothing-is-used-of-the-rest", "Counters gives 0 for what was never used, and each slot once asked twice", countersOfNothing},
}

func limitOfUses(e *env) {
	for _, n := range []int64{1, 2, 5} {
		code := name("MAX", int(n))
		c := e.coupon(code, limited(uses(n, coupon.PerCoupon, coupon.Ever)))
		for i := range n {
			e.wantUsed(c.ID, i)
			e.redeem(by(name(code, int(i)), ""), code)
		}
		e.wantUsed(c.ID, n)
		_, err := e.svc.Redeem(e.Context(), by(code+"-more", ""), code)
		refused, ok := errors.AsType[*coupon.RefusedError](err)
		if !ok {
			e.Fatalf("use %d of %d: got error %v, want it refused", n+1, n, err)
		}
		if f := refused.Refusals[0]; f.Reason != coupon.LimitReached || f.Required.String() != name("", int(n)) || f.Found.String() != name("", int(n)) {
			e.Errorf("use %d of %d is refused as %v", n+1, n, f)
		}
	}
}

func limitPerCustomer(e *env) {
	c := e.coupon("C", limited(uses(1, coupon.PerCustomer, coupon.Ever)))
	for i, customer := range []string{"ann@example.com", "bob", "Bob", "ann", "ann@example.co"} {
		e.redeem(by(name("b", i), customer), "C")
	}
	for i, customer := range []string{"ann@example.com", "ANN@Example.com", " ann@example.com ", "bob", "bob ", "Bob"} {
		e.refused(by(name("x", i), customer), "C", coupon.LimitReached)
	}
	e.refused(by("x", ""), "C", coupon.NoCustomer)
	e.cancel("b0")
	e.refused(by("x", "bob"), "C", coupon.LimitReached)
	e.redeem(by("y", "Ann@example.com"), "C")
	got, err := e.store.Counters(e.Context(), []coupon.Slot{
		{Coupon: c.ID, Of: coupon.Uses, Per: coupon.PerCustomer, Every: coupon.Ever, Subject: "ann@example.com"},
		{Coupon: c.ID, Of: coupon.Uses, Per: coupon.PerCustomer, Every: coupon.Ever, Subject: "eve"}}, start)
	if err != nil || len(got) > 2 {
		e.Fatalf("Counters: %v, error %v", got, err)
	}
	for s, n := range got {
		if want := map[string]int64{"ann@example.com": 1}[s.Subject]; n != want {
			e.Errorf("customer %s has used %d, want %d", s.Subject, n, want)
		}
	}
}

func limitPerCode(e *env) {
	c := e.coupon("FIRST", limited(uses(2, coupon.PerCode, coupon.Ever)))
	e.redeem(by("b1", ""), "FIRST")
	e.redeem(by("b2", ""), "FIRST")
	e.refused(by("b3", ""), "FIRST", coupon.LimitReached)
	e.update(c.ID, func(c *coupon.Coupon) { c.Code = "SECOND" })
	e.redeem(by("b4", ""), "SECOND")
	e.redeem(by("b5", ""), "SECOND")
	e.refused(by("b6", ""), "SECOND", coupon.LimitReached)
}

func limitOfDiscount(e *env) {
	c := e.coupon("C", limited(budget(usd("10.00"), coupon.PerCoupon, coupon.Ever)))
	e.redeem(booking("b1", usd("33.35")), "C") // 3.34
	e.redeem(booking("b2", usd("33.30")), "C") // 3.33
	e.refused(booking("b3", usd("33.35")), "C", coupon.LimitReached)
	e.redeem(booking("b4", usd("33.30")), "C") // 3.33: to the last cent
	e.refused(booking("b5", usd("0.10")), "C", coupon.LimitReached)
	st, err := e.svc.State(e.Context(), c.ID)
	if err != nil {
		e.Fatalf("State: %v", err)
	}
	if u := st.Limits[0]; !u.Spent.Equal(usd("10")) || !u.Reached || st.Status != coupon.UsedUp {
		e.Errorf("a budget of 10 after 3.34 + 3.33 + 3.33: %s, status %s", text(u), st.Status)
	}
	e.cancel("b2")
	e.refused(booking("b6", usd("33.40")), "C", coupon.LimitReached)
	e.redeem(booking("b7", usd("33.34")), "C")
}

func budgetPerCustomer(e *env) {
	e.coupon("C", limited(budget(usd("15"), coupon.PerCustomer, coupon.Ever)))
	e.redeem(by("b1", "ann"), "C")
	e.refused(by("b2", "ann"), "C", coupon.LimitReached)
	e.redeem(by("b3", "bob"), "C")
	e.refund("b1", "r", usd("90")) // the budget follows the use, which stays
	e.refused(by("b4", "ann"), "C", coupon.LimitReached)
	half := by("b5", "ann")
	half.Lines[0].Price = usd("50").Amount
	e.redeem(half, "C")
}

func limitsTogether(e *env) {
	c := e.coupon("C", limited(uses(3, coupon.PerCoupon, coupon.Ever), uses(1, coupon.PerCustomer, coupon.Ever), budget(usd("25"), coupon.PerCoupon, coupon.Ever)))
	e.redeem(by("b1", "ann"), "C")
	e.refused(by("b2", "ann"), "C", coupon.LimitReached) // by the customer's limit alone
	e.wantUsed(c.ID, 1)
	e.redeem(by("b3", "bob"), "C")
	e.refused(by("b4", "cid"), "C", coupon.LimitReached) // by the budget alone
	e.wantUsed(c.ID, 2)
	small := by("b5", "cid")
	small.Lines[0].Price = usd("50").Amount
	e.redeem(small, "C")
	_, err := e.svc.Redeem(e.Context(), by("b6", "cid"), "C")
	refused, ok := errors.AsType[*coupon.RefusedError](err)
	if !ok || len(refused.Refusals) != 3 {
		e.Errorf("all three limits are reached: got error %v", err)
	}
}

func limitPeriods(e *env) {
	type use struct {
		at      string
		refused bool
	}
	const no = true
	for i, c := range []struct {
		zone  string
		every coupon.Period
		uses  []use
	}{
		{"UTC", coupon.PerDay, []use{{"2026-01-01T00:00:00Z", false}, {"2026-01-01T23:59:59.999999Z", no}, {"2025-12-31T23:59:59.999999Z", false}, {"2026-01-02T00:00:00Z", false}}},
		{"Europe/Berlin", coupon.PerDay, []use{ // 29 March has 23 hours
			{"2026-03-28T22:59:59.999999Z", false}, {"2026-03-28T23:00:00Z", false}, {"2026-03-29T21:59:59.999999Z", no}, {"2026-03-29T22:00:00Z", false}}},
		{"Europe/Berlin", coupon.PerDay, []use{ // 25 October has 25
			{"2026-10-24T22:00:00Z", false}, {"2026-10-25T22:59:59.999999Z", no}, {"2026-10-25T23:00:00Z", false}, {"2026-10-24T21:59:59.999999Z", false}}},
		{"America/Santiago", coupon.PerDay, []use{ // 6 September begins at 01:00
			{"2026-09-06T03:59:59.999999Z", false}, {"2026-09-06T04:00:00Z", false}, {"2026-09-07T02:59:59.999999Z", no}, {"2026-09-07T03:00:00Z", false}, {"2026-09-05T04:00:00Z", no}}},
		{"America/Santiago", coupon.PerDay, []use{ // 4 April has its last hour twice
			{"2026-04-04T03:00:00Z", false}, {"2026-04-05T03:59:59.999999Z", no}, {"2026-04-05T04:00:00Z", false}}},
		{"Australia/Lord_Howe", coupon.PerDay, []use{ // 4 October has 23½ hours
			{"2026-10-03T13:29:59.999999Z", false}, {"2026-10-03T13:30:00Z", false}, {"2026-10-04T12:59:59.999999Z", no}, {"2026-10-04T13:00:00Z", false}}},
		{"Europe/Berlin", coupon.PerWeek, []use{ // from Monday, 23 March, over the change to Monday, 30 March
			{"2026-03-22T22:59:59.999999Z", false}, {"2026-03-22T23:00:00Z", false}, {"2026-03-29T21:59:59.999999Z", no}, {"2026-03-29T22:00:00Z", false}}},
		{"Pacific/Kiritimati", coupon.PerWeek, []use{{"2025-12-28T10:00:00Z", false}, {"2026-01-04T09:59:59.999999Z", no}, {"2026-01-04T10:00:00Z", false}}}, // over the new year
		{"America/New_York", coupon.PerMonth, []use{{"2026-02-01T05:00:00Z", false}, {"2026-03-01T04:59:59.999999Z", no}, {"2026-03-01T05:00:00Z", false}, {"2026-04-01T03:59:59.999999Z", no}, {"2026-04-01T04:00:00Z", false}}},
	} {
		code := name("P", i)
		e.coupon(code, limited(uses(1, coupon.PerCoupon, c.every)), func(p *coupon.Coupon) { p.Zone = c.zone })
		for j, u := range c.uses {
			t, err := time.Parse(time.RFC3339Nano, u.at)
			if err != nil {
				panic(err)
			}
			_, err = e.svc.Redeem(e.Context(), at(code+name("-", j), t), code)
			if got := errors.Is(err, coupon.ErrRefused); got != u.refused || (err != nil && !got) {
				e.Errorf("once per %s in %s, made at %s: refused %v (error %v), want %v", c.every, c.zone, u.at, got, err, u.refused)
			}
		}
	}
}

func slotsDoNotMix(e *env) {
	// Every subject reads the same: "X" is a customer, a code, and of two coupons.
	limits := limited(uses(9, coupon.PerCoupon, coupon.Ever), uses(8, coupon.PerCustomer, coupon.Ever), uses(7, coupon.PerCode, coupon.Ever), uses(6, coupon.PerCustomer, coupon.PerDay),
		uses(5, coupon.PerCustomer, coupon.PerWeek), uses(4, coupon.PerCustomer, coupon.PerMonth), budget(usd("1000"), coupon.PerCustomer, coupon.Ever), budget(usd("900"), coupon.PerCode, coupon.PerDay))
	x, y := e.coupon("X", limits), e.coupon("Y", limits)
	monday := time.Date(2026, 6, 1, 9, 0, 0, 0, time.UTC) // of all three periods the first day
	for i, customer := range []string{"X", "X", "Y", "x"} {
		b := at(name("b", i), monday.AddDate(0, 0, i))
		b.Customer.Key = customer
		e.redeem(b, "X")
	}
	b := at("b9", monday)
	b.Customer.Key = "X"
	e.redeem(b, "Y")
	want := map[coupon.Slot]int64{
		{Coupon: x.ID, Of: coupon.Uses, Per: coupon.PerCoupon, Every: coupon.Ever}:                                           4,
		{Coupon: x.ID, Of: coupon.Uses, Per: coupon.PerCustomer, Every: coupon.Ever, Subject: "X"}:                           2,
		{Coupon: x.ID, Of: coupon.Uses, Per: coupon.PerCode, Every: coupon.Ever, Subject: "X"}:                               4,
		{Coupon: x.ID, Of: coupon.Uses, Per: coupon.PerCustomer, Every: coupon.PerDay, Subject: "X", Since: "2026-06-01"}:    1,
		{Coupon: x.ID, Of: coupon.Uses, Per: coupon.PerCustomer, Every: coupon.PerWeek, Subject: "X", Since: "2026-06-01"}:   2,
		{Coupon: x.ID, Of: coupon.Uses, Per: coupon.PerCustomer, Every: coupon.PerMonth, Subject: "Y", Since: "2026-06-01"}:  1,
		{Coupon: x.ID, Of: coupon.Uses, Per: coupon.PerCustomer, Every: coupon.PerMonth, Subject: "x", Since: "2026-06-01"}:  1,
		{Coupon: x.ID, Of: coupon.DiscountGiven, Per: coupon.PerCustomer, Every: coupon.Ever, Subject: "X", Currency: "USD"}: 2000,
		{Coupon: x.ID, Of: coupon.DiscountGiven, Per: coupon.PerCustomer, Every: coupon.Ever, Subject: "X", Currency: "EUR"}: 0,
		{Coupon: x.ID, Of: coupon.DiscountGiven, Per: coupon.PerCustomer, Every: coupon.Ever, Subject: "", Currency: "USD"}:  0,
		{Coupon: y.ID, Of: coupon.Uses, Per: coupon.PerCustomer, Every: coupon.Ever, Subject: "X"}:                           1,
		{Coupon: y.ID, Of: coupon.Uses, Per: coupon.PerCode, Every: coupon.Ever, Subject: "X"}:                               0,
		{Coupon: y.ID, Of: coupon.Uses, Per: coupon.PerCode, Every: coupon.Ever, Subject: "Y"}:                               1,
	}
	got, err := e.store.Counters(e.Context(), slices.SortedFunc(maps.Keys(want), coupon.Slot.Compare), start)
	if err != nil {
		e.Fatalf("Counters: %v", err)
	}
	for slot, n := range want {
		if got[slot] != n {
			e.Errorf("counter %s is %d, want %d", text(slot), got[slot], n)
		}
	}
}

func everyKindOfLimit(e *env) {
	var all []coupon.Limit
	for _, per := range []coupon.LimitPer{coupon.PerCoupon, coupon.PerCustomer, coupon.PerCode} {
		for _, every := range []coupon.Period{coupon.Ever, coupon.PerDay, coupon.PerWeek, coupon.PerMonth} {
			all = append(all, uses(50, per, every), budget(usd("500"), per, every))
		}
	}
	c := e.coupon("ALL", limited(all...))
	for i := range 4 {
		b := by(name("b", i), name("c", i%2))
		b.MadeAt = start.AddDate(0, 0, 9*i)
		e.redeem(b, "ALL")
	}
	e.cancel("b1")
	for i, r := range e.redemptions(coupon.RedemptionFilter{Coupon: c.ID}) {
		if len(r.Charges) != len(all) {
			e.Errorf("redemption %d has %d charges, want %d", i, len(r.Charges), len(all))
		}
	}
	used := map[coupon.Slot]int64{ // b0 on 2 March, b2 on 20 March, b3 on 29 March
		{Coupon: c.ID, Of: coupon.Uses, Per: coupon.PerCoupon, Every: coupon.Ever}:                                                                    3,
		{Coupon: c.ID, Of: coupon.Uses, Per: coupon.PerCustomer, Every: coupon.PerMonth, Subject: "c0", Since: "2026-03-01"}:                          2,
		{Coupon: c.ID, Of: coupon.Uses, Per: coupon.PerCode, Every: coupon.PerWeek, Subject: "ALL", Since: "2026-03-16"}:                              1,
		{Coupon: c.ID, Of: coupon.DiscountGiven, Per: coupon.PerCoupon, Every: coupon.PerMonth, Currency: "USD", Since: "2026-03-01"}:                 3000,
		{Coupon: c.ID, Of: coupon.DiscountGiven, Per: coupon.PerCustomer, Every: coupon.PerDay, Subject: "c1", Currency: "USD", Since: "2026-03-11"}:  0,
		{Coupon: c.ID, Of: coupon.DiscountGiven, Per: coupon.PerCustomer, Every: coupon.PerWeek, Subject: "c1", Currency: "USD", Since: "2026-03-23"}: 1000,
	}
	got, err := e.store.Counters(e.Context(), slices.SortedFunc(maps.Keys(used), coupon.Slot.Compare), start)
	if err != nil {
		e.Fatalf("Counters: %v", err)
	}
	for slot, n := range used {
		if got[slot] != n {
			e.Errorf("counter %s is %d, want %d", text(slot), got[slot], n)
		}
	}
}

func manyCounters(e *env) {
	c := e.coupon("C", limited(uses(9, coupon.PerCustomer, coupon.Ever)))
	e.redeem(by("b1", "c1999"), "C")
	var slots []coupon.Slot
	for i := range 2000 {
		slots = append(slots, coupon.Slot{Coupon: c.ID, Of: coupon.Uses, Per: coupon.PerCustomer, Every: coupon.Ever, Subject: name("c", i)})
	}
	got, err := e.store.Counters(e.Context(), slots, start)
	if err != nil || got[slots[1999]] != 1 || got[slots[0]] != 0 {
		e.Errorf("Counters of 2000 slots: %d and %d, error %v, want 1 and 0", got[slots[1999]], got[slots[0]], err)
	}
}

func countersOfNothing(e *env) {
	c := e.coupon("C", limited(uses(9, coupon.PerCoupon, coupon.Ever)))
	e.redeem(by("b1", ""), "C")
	used := coupon.Slot{Coupon: c.ID, Of: coupon.Uses, Per: coupon.PerCoupon, Every: coupon.Ever}
	unused := used
	unused.Since = "2026-01-01"
	got, err := e.store.Counters(e.Context(), []coupon.Slot{used, unused, used}, start)
	if err != nil || got[used] != 1 || got[unused] != 0 {
		e.Errorf("Counters: %v, error %v, want 1 and 0", got, err)
	}
	if got, err = e.store.Counters(e.Context(), nil, start); err != nil || len(got) != 0 {
		e.Errorf("Counters of no slots: %v, error %v", got, err)
	}
}
