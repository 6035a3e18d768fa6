package storetest

import (
	"errors"
	"time"

	"github.com/couponkit/coupon"
)

var amendCases = []testCase{
	{"priced-again", "a changed booking is priced again under the version that was redeemed, and keeps when it was made", amendPriced},
	{"asks-no-limit", "an amendment looks at neither validity nor limits, and its own use stands not in its way", amendNoLimits},
	{"budgets-move", "budgets and sums move by the difference, also past a budget, which then refuses new uses", amendBudgets},
	{"unmet", "a total, match or day that is no longer met is told, and the amendment stands", amendUnmet},
	{"another-customer", "the use per customer moves to the customer of the changed booking", amendCustomer},
	{"a-series-of-one", "the use of a series goes with the only booking that holds it", amendSeriesCustomer},
	{"all-coupons", "all coupons of the booking are priced again in their order", amendSeveral},
	{"again-changes-nothing", "the same amendment again changes nothing", amendAgain},
	{"what-can-not-change", "currency, series and occurrence can't change, nor can less be left than was refunded", amendBounds},
	{"states", "what can be amended, by its state", amendStates},
	{"use-after-full-refund", "what a refund in full gave back is counted again, also past a limit, once the amended booking is worth more than was refunded", amendRefunded},
	{"series-after-full-refund", "so is the use of a series", amendRefundedSeries},
	{"replay-after-amend", "after an amendment, the changed booking is the same booking", amendReplay},
	{"cost", "SetCost says what a booking cost, once or again, and no longer known", setCost},
}

func (e *env) amend(b coupon.Booking) coupon.Amended {
	e.Helper()
	a, err := e.svc.Amend(e.Context(), b)
	if err != nil {
		e.Fatalf("Amend %q: %v", b.ID, err)
	}
	for _, r := range a.Redemptions {
		e.same("as read back", e.stored(r.Coupon, r.Booking), r)
	}
	return a
}

// worth is the booking with another price.
func worth(b coupon.Booking, price string) coupon.Booking {
	b.Lines = []coupon.Line{{Price: usd(price).Amount, Quantity: 1}}
	return b
}

func amendPriced(e *env) {
	c := e.coupon("C")
	first := e.redeem(by("b", "ann"), "C")
	e.update(c.ID, func(c *coupon.Coupon) { c.Discount, c.Code = coupon.PercentOff(usd("50").Amount), "D" })
	e.clock.set(start.AddDate(0, 0, 3))
	b := worth(by("b", "ann"), "250")
	b.Service, b.Cost, b.Customer.EarlierBookings = coupon.ServiceTime(start.AddDate(0, 0, 9)), new(usd("70").Amount), new(0)
	a := e.amend(b)
	r := a.Redemptions[0]
	if len(a.Unmet) > 0 || r.Replayed || !r.Subtotal.Equal(usd("250")) || !r.Discount.Equal(usd("25")) || r.Version != 1 || r.Code != "C" ||
		!r.MadeAt.Equal(first.MadeAt) || !r.RedeemedAt.Equal(first.RedeemedAt) || !r.ServiceAt.Equal(b.Service.At) || !r.Cost.Equal(usd("70")) || !*r.NewCustomer {
		e.Errorf("amended: %s, unmet %s", text(r), text(a.Unmet))
	}
	f := e.summary(c.ID, coupon.Range{From: start, To: start.Add(time.Microsecond)}).In("USD")
	if f.Bookings != 1 || !f.Revenue.Equal(usd("225")) || !f.Margin.Equal(usd("155")) {
		e.Errorf("summary: %s", text(f))
	}
	events, err := e.svc.Events(e.Context(), c.ID, "b")
	if err != nil || len(events) != 2 || events[1].Kind != coupon.EventAmended || !events[1].Amount.Equal(usd("25")) {
		e.Errorf("events: %s, error %v", text(events), err)
	}
	if r := e.amend(worth(by("b", "ann"), "250")).Redemptions[0]; r.Cost == nil || r.NewCustomer == nil {
		e.Errorf("what the booking does not say was forgotten: %s", text(r))
	}
}

func amendNoLimits(e *env) {
	c := e.coupon("C", limited(uses(1, coupon.PerCoupon, coupon.Ever), uses(1, coupon.PerCustomer, coupon.Ever)), func(c *coupon.Coupon) {
		c.End, c.Audience = start.AddDate(0, 0, 1), coupon.NewCustomers
	})
	b := by("b", "ann")
	b.Customer.EarlierBookings = new(0)
	e.redeem(b, "C")
	e.clock.set(start.AddDate(0, 0, 2))
	if _, err := e.svc.Deactivate(e.Context(), c.ID); err != nil {
		e.Fatalf("Deactivate: %v", err)
	}
	b = worth(b, "60")
	b.Customer.EarlierBookings = new(4)
	if a := e.amend(b); len(a.Unmet) > 0 || !a.Redemptions[0].Discount.Equal(usd("6")) {
		e.Errorf("amended: %s", text(a))
	}
	e.wantUsed(c.ID, 1)
}

func amendBudgets(e *env) {
	c := e.coupon("C", limited(budget(usd("30"), coupon.PerCoupon, coupon.Ever)))
	spent := func(want string) {
		e.Helper()
		if st, err := e.svc.State(e.Context(), c.ID); err != nil || !st.Limits[0].Spent.Equal(usd(want)) {
			e.Errorf("spent %s, error %v, want %s", st.Limits[0].Spent, err, want)
		}
	}
	e.redeem(by("b", "ann"), "C")
	e.redeem(by("b2", "ann"), "C")
	e.amend(worth(by("b", "ann"), "50"))
	spent("15")
	e.amend(worth(by("b", "ann"), "300"))
	spent("40")
	e.refused(worth(by("b3", "ann"), "1"), "C", coupon.LimitReached)
	e.amend(worth(by("b", "ann"), "0"))
	spent("10")
	if f := e.summary(c.ID, coupon.Range{}).In("USD"); f.Bookings != 2 || !f.Discounts.Equal(usd("10")) {
		e.Errorf("summary: %s", text(f))
	}
	e.amend(worth(by("b", "ann"), "100"))
	e.cancel("b")
	spent("10")
}

func amendUnmet(e *env) {
	c := e.coupon("C", func(c *coupon.Coupon) {
		c.Restrictions.MinTotal, c.Restrictions.Days = usd("50"), []time.Weekday{time.Monday}
		c.Restrictions.Matches = []coupon.Match{{On: coupon.OnBooking, Key: "place", AnyOf: []string{"here"}}}
	})
	b := by("b", "ann")
	b.Service, b.Attributes = coupon.ServiceTime(start), coupon.Attributes{"place": {"here"}}
	e.redeem(b, "C")
	b = worth(b, "40")
	b.Service, b.Attributes = coupon.ServiceTime(start.AddDate(0, 0, 1)), coupon.Attributes{"place": {"there"}}
	a := e.amend(b)
	var reasons []coupon.Reason
	for _, r := range a.Unmet {
		reasons = append(reasons, r.Reason)
		if r.Coupon != c.ID {
			e.Errorf("a refusal of %q, want %s", r.Coupon, c.ID)
		}
	}
	e.same("unmet", reasons, []coupon.Reason{coupon.WrongDay, coupon.BelowMinimum, coupon.NoMatch})
	if r := a.Redemptions[0]; !r.Discount.Equal(usd("4")) || r.State != coupon.Redeemed {
		e.Errorf("amended: %s", text(r))
	}
}

func amendCustomer(e *env) {
	e.coupon("C", limited(uses(1, coupon.PerCustomer, coupon.Ever)))
	e.redeem(by("b", "ann"), "C")
	e.amend(by("b", "bob"))
	e.refused(by("b2", "bob"), "C", coupon.LimitReached)
	e.redeem(by("b3", "ann"), "C")
	e.amend(by("b", "ann")) // a second use of hers: limits are not asked
	e.redeem(by("b2", "bob"), "C")
	e.cancel("b3")
	e.refused(by("b4", "ann"), "C", coupon.LimitReached)
}

func amendSeriesCustomer(e *env) {
	e.coupon("C", limited(uses(1, coupon.PerCustomer, coupon.Ever)))
	e.redeem(visit("v1", "s", 1, "ann"), "C")
	e.amend(visit("v1", "s", 1, "bob"))
	e.redeem(by("b", "ann"), "C")
	e.refused(by("b2", "bob"), "C", coupon.LimitReached)
	e.redeem(visit("v2", "s", 2, "bob"), "C")
	e.cancel("b")
	e.amend(visit("v2", "s", 2, "ann")) // the other one holds it too
	e.redeem(by("b3", "ann"), "C")
	e.refused(by("b2", "bob"), "C", coupon.LimitReached)
}

func amendSeveral(e *env) {
	e.coupon("A", combinable)
	e.coupon("B", combinable, func(c *coupon.Coupon) { c.Discount = coupon.AmountOff(usd("5")) })
	e.redeemAll(by("b", "ann"), "B", "A")
	a := e.amend(worth(by("b", "ann"), "205"))
	e.discounts(a.Redemptions, [2]string{"5", "20"}, [2]string{"20", "5"})
	if a.Redemptions[0].Code != "B" {
		e.Errorf("the first is %s, want B, which was applied first", a.Redemptions[0].Code)
	}
}

func amendAgain(e *env) {
	e.coupon("C", limited(budget(usd("100"), coupon.PerCoupon, coupon.Ever)))
	e.redeem(by("b", "ann"), "C")
	before := e.everything()
	if a := e.amend(by("b", "ann")); !a.Redemptions[0].Replayed {
		e.Errorf("an amendment that changes nothing is not marked as replayed")
	}
	e.same("what is stored", e.everything(), before)
	e.amend(worth(by("b", "ann"), "70"))
	before = e.everything()
	e.clock.set(start.Add(time.Hour))
	if a := e.amend(worth(by("b", "ann"), "70")); !a.Redemptions[0].Replayed {
		e.Errorf("the same amendment again is not marked as replayed")
	}
	e.same("what is stored after the second", e.everything(), before)
}

func amendBounds(e *env) {
	ctx := e.Context()
	e.coupon("C")
	e.redeem(visit("b", "s", 2, "ann"), "C")
	e.refund("b", "r", usd("45"))
	before := e.everything()
	euros, other, next := visit("b", "s", 2, "ann"), visit("b", "t", 2, "ann"), visit("b", "s", 3, "ann")
	euros.Currency = "EUR"
	for what, b := range map[string]coupon.Booking{"currency": euros, "series": other, "occurrence": next, "no series": by("b", "ann"), "too little": worth(visit("b", "s", 2, "ann"), "49.99")} {
		_, err := e.svc.Amend(ctx, b)
		e.is(what, err, coupon.ErrInvalid)
	}
	e.same("what is stored", e.everything(), before)
	if r := e.amend(worth(visit("b", "s", 2, "ann"), "50")).Redemptions[0]; r.State != coupon.Refunded || !r.Refund.Equal(usd("45")) {
		e.Errorf("amended down to what was refunded: %s", text(r))
	}
}

func releasing(c *coupon.Coupon) { c.ReleaseUseOnRefund = true }

func amendRefunded(e *env) {
	a := e.coupon("A", combinable, releasing, limited(uses(1, coupon.PerCoupon, coupon.Ever), budget(usd("30"), coupon.PerCoupon, coupon.Ever)))
	b := e.coupon("B", combinable, limited(uses(1, coupon.PerCustomer, coupon.Ever)))
	counted := func(used int64, spent string) {
		e.Helper()
		st, err := e.svc.State(e.Context(), a.ID)
		if err != nil || st.Limits[0].Used != used || !st.Limits[1].Spent.Equal(usd(spent)) {
			e.Errorf("%d uses, %s spent, error %v; want %d and %s", st.Limits[0].Used, st.Limits[1].Spent, err, used, spent)
		}
	}
	e.redeemAll(by("b", "ann"), "A", "B")
	e.refund("b", "r", usd("81"))
	counted(0, "0")
	if rs := e.amend(by("b", "ann")).Redemptions; !rs[0].Replayed || rs[0].Holds || !rs[1].Holds {
		e.Errorf("the same booking: %s", text(rs))
	}
	counted(0, "0")
	e.redeem(by("b2", "bob"), "A")
	counted(1, "10")
	e.amend(worth(by("b", "cy"), "210"))
	counted(2, "31")
	e.same("B is used by", []bool{e.stored(b.ID, "b").Holds, e.stored(a.ID, "b").Holds}, []bool{true, true})
	e.refused(by("b3", "dan"), "A", coupon.LimitReached)
	e.amend(worth(by("b", "cy"), "200"))
	counted(2, "30")
	e.refund("b", "r2", usd("1"))
	counted(2, "30")
	e.refund("b", "r3", usd("80")) // the rest
	counted(1, "10")
	e.amend(worth(by("b", "cy"), "300"))
	counted(2, "40")
	e.cancel("b")
	counted(1, "10")
}

func amendRefundedSeries(e *env) {
	c := e.coupon("C", releasing, limited(uses(1, coupon.PerCustomer, coupon.Ever)))
	e.redeem(visit("v1", "s", 1, "ann"), "C")
	e.refund("v1", "r", usd("90"))
	if n := e.liveOf(c.ID, "s"); n != 0 {
		e.Errorf("%d bookings hold the series, want none", n)
	}
	e.amend(worth(visit("v1", "s", 1, "bob"), "150"))
	if n := e.liveOf(c.ID, "s"); n != 1 {
		e.Errorf("%d bookings hold the series, want 1", n)
	}
	e.refused(by("b", "bob"), "C", coupon.LimitReached)
	e.redeem(by("b", "ann"), "C")
}

func amendStates(e *env) {
	ctx := e.Context()
	for _, s := range keyStates {
		m := e.merchant(s.name)
		m.clock.set(start)
		c := m.coupon("C", limited(uses(1, coupon.PerCoupon, coupon.Ever)))
		s.make(m)
		was := m.stored(c.ID, "b")
		_, err := m.svc.Amend(ctx, worth(by("b", "bob"), "80"))
		r := m.stored(c.ID, "b")
		switch s.name {
		case "redeemed", "refunded", "reserved", "confirmed":
			if err != nil || r.State != was.State || !r.Discount.Equal(usd("8")) || r.Customer != "bob" {
				m.Errorf("%s: %s, error %v", s.name, text(r), err)
			}
			m.wantUsed(c.ID, 1)
		case "cancelled":
			m.is(s.name, err, coupon.ErrCancelled)
		default:
			m.is(s.name, err, coupon.ErrReservationEnded)
		}
		if err != nil {
			m.same(s.name+", as it was", r, was)
		}
	}
	e.clock.set(start)
	_, err := e.svc.Amend(ctx, by("nothing", "ann"))
	e.is("a booking without redemptions", err, coupon.ErrNotFound)
	e.coupon("PAST")
	e.imports(past("PAST", "p", start))
	_, err = e.svc.Amend(ctx, by("p", ""))
	e.is("an imported one", err, coupon.ErrConflict)
}

func amendReplay(e *env) {
	c := e.coupon("C", limited(uses(1, coupon.PerCoupon, coupon.Ever)))
	e.redeem(by("b", "ann"), "C")
	b := worth(by("b", "ann"), "80")
	_, err := e.svc.Redeem(e.Context(), b, "C")
	e.is("the changed booking before it is told", err, coupon.ErrConflict)
	e.amend(b)
	if r := e.redeem(b, "C"); !r.Replayed || !r.Discount.Equal(usd("8")) {
		e.Errorf("the changed booking: %s", text(r))
	}
	_, err = e.svc.Redeem(e.Context(), by("b", "ann"), "C")
	e.is("the booking as it was before", err, coupon.ErrConflict)
	e.wantUsed(c.ID, 1)
}

func setCost(e *env) {
	ctx := e.Context()
	a := e.coupon("A", combinable)
	b := e.coupon("B", combinable)
	e.redeemAll(by("b", "ann"), "A", "B")
	e.imports(past("A", "p", start))
	set := func(booking string, cost *coupon.Money) []coupon.Redemption {
		e.Helper()
		rs, err := e.svc.SetCost(ctx, booking, cost)
		if err != nil {
			e.Fatalf("SetCost: %v", err)
		}
		return rs
	}
	for _, r := range set("b", new(usd("40.00"))) {
		if r.Replayed || !r.Cost.Equal(usd("40")) {
			e.Errorf("with its cost: %s", text(r))
		}
		e.same("as read back", e.stored(r.Coupon, "b"), r)
	}
	if rs := set("b", new(usd("40"))); !rs[0].Replayed || !rs[1].Replayed {
		e.Errorf("the same cost again is not marked as replayed")
	}
	set("p", new(usd("0")))
	for _, c := range []coupon.Coupon{a, b} {
		if f := e.summary(c.ID, coupon.Range{}).In("USD"); !f.Cost.Equal(usd("40")) || !f.Margin.Equal(usd(map[coupon.ID]string{a.ID: "131", b.ID: "41"}[c.ID])) {
			e.Errorf("summary of %s: %s", c.Code, text(f))
		}
	}
	if rs := set("b", nil); rs[0].Cost != nil || e.stored(a.ID, "b").Cost != nil {
		e.Errorf("no longer known: %s", text(rs[0]))
	}
	for what, cost := range map[string]coupon.Money{"negative": usd("-1"), "another currency": coupon.MustMoney("1", "EUR")} {
		_, err := e.svc.SetCost(ctx, "b", &cost)
		e.is(what, err, coupon.ErrInvalid)
	}
	_, err := e.svc.SetCost(ctx, "b", &coupon.Money{Amount: usd("1").Amount.Shift(-3), Currency: "USD"})
	if invalid, ok := errors.AsType[*coupon.InvalidError](err); !ok || invalid.Fields[0].Field != "cost" {
		e.Errorf("a tenth of a cent: error %v, want it to name the cost", err)
	}
	_, err = e.svc.SetCost(ctx, "nothing", nil)
	e.is("a booking without redemptions", err, coupon.ErrNotFound)
	e.cancel("b")
	if _, err = e.svc.SetCost(ctx, "b", new(usd("1"))); !errors.Is(err, coupon.ErrCancelled) {
		e.Errorf("a cancelled booking: error %v, want ErrCancelled", err)
	}
}
