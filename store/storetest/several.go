package storetest

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/couponkit/coupon"
)

var severalCases = []testCase{
	{"on-what-is-left", "several coupons are applied in the order given, each on what the earlier left, and each records what the others took off", severalInOrder},
	{"judged-on-the-whole", "minimum totals and limits are judged on the undiscounted booking", severalJudged},
	{"all-or-none", "if one of them is refused, none is redeemed, and every refusal is told", severalAllOrNone},
	{"only-if-each-allows", "a coupon that is not combinable stands alone, in whatever order and call", severalCombinable},
	{"added-later", "a coupon added to a booking takes what the earlier ones left, and they learn of it", severalLater},
	{"replay", "the same codes again replay; of more codes, those that are there stand", severalReplay},
	{"on-both-pages", "a booking with two coupons is in the summary of both", severalSummaries},
	{"cancelled-together", "Cancel and Refund act on all coupons of the booking", severalCancelled},
	{"reserved-together", "several are reserved, confirmed and released together", severalReserved},
	{"partly-expired", "of several reservations that end at different instants, none is confirmed when one has expired", severalPartlyExpired},
	{"another-instead", "a reservation that had ended before another coupon was taken stands not in the way of its confirmation", severalInstead},
	{"reserved-beside", "what is reserved beside a redeemed coupon is released alone", severalBeside},
	{"bounded", "a booking has at most MaxCoupons coupons, of which all calls go on; one more is an error that says so and changes nothing", severalBounded},
	{"refunds", "a coupon that comes to a booking on which money was given back learns of it", severalRefunds},
}

func combinable(c *coupon.Coupon) { c.Combinable = true }

func (e *env) redeemAll(b coupon.Booking, codes ...string) []coupon.Redemption {
	e.Helper()
	rs, err := e.svc.RedeemAll(e.Context(), b, codes)
	if err != nil {
		e.Fatalf("RedeemAll %v on %q: %v", codes, b.ID, err)
	}
	return rs
}

// discounts wants what each coupon took off a booking, what the others did, and
// that all are read back as given.
func (e *env) discounts(rs []coupon.Redemption, want ...[2]string) {
	e.Helper()
	if len(rs) != len(want) {
		e.Fatalf("%d redemptions, want %d", len(rs), len(want))
	}
	for i, r := range rs {
		if !r.Discount.Equal(usd(want[i][0])) || !r.OtherDiscounts.Equal(usd(want[i][1])) {
			e.Errorf("%s took %s and the others %s, want %v", r.Code, r.Discount, r.OtherDiscounts, want[i])
		}
		e.same("as read back", e.stored(r.Coupon, r.Booking), r)
	}
}

func severalInOrder(e *env) {
	e.coupon("TEN", combinable)
	e.coupon("FIVE", combinable, func(c *coupon.Coupon) { c.Discount = coupon.AmountOff(usd("5")) })
	q, err := e.svc.Quote(e.Context(), by("b1", "ann"), "FIVE", "TEN")
	if err != nil || !q.Discount.Equal(usd("14.50")) || !q.Total.Equal(usd("85.50")) {
		e.Errorf("quote: %s, error %v", text(q), err)
	}
	e.discounts(e.redeemAll(by("b1", "ann"), "FIVE", "TEN"), [2]string{"5", "9.50"}, [2]string{"9.50", "5"})
	e.discounts(e.redeemAll(by("b2", "ann"), "TEN", "FIVE"), [2]string{"10", "5"}, [2]string{"5", "10"})
	rs, err := e.svc.RedeemAll(e.Context(), by("b3", "ann"), []string{"FIVE", "TEN"}, coupon.Expect(q))
	if err != nil {
		e.Fatalf("RedeemAll as quoted: %v", err)
	}
	if rs[0].Place != 1 || rs[1].Place != 2 {
		e.Errorf("places %d and %d, want 1 and 2", rs[0].Place, rs[1].Place)
	}
	_, err = e.svc.RedeemAll(e.Context(), by("b4", "ann"), []string{"TEN", "FIVE"}, coupon.Expect(q))
	e.is("RedeemAll in another order than quoted", err, coupon.ErrQuoteChanged)
	// Nothing is left for a second one.
	e.coupon("ALL", combinable, func(c *coupon.Coupon) { c.Discount = coupon.PercentOff(usd("100").Amount) })
	_, err = e.svc.RedeemAll(e.Context(), by("b5", "ann"), []string{"ALL", "TEN"})
	e.is("a coupon on nothing", err, coupon.ErrRefused)
}

func severalJudged(e *env) {
	e.coupon("HALF", combinable, func(c *coupon.Coupon) { c.Discount = coupon.PercentOff(usd("50").Amount) })
	c := e.coupon("MIN", combinable, limited(budget(usd("5"), coupon.PerCoupon, coupon.Ever)), func(c *coupon.Coupon) { c.Restrictions.MinTotal = usd("100") })
	e.discounts(e.redeemAll(by("b", "ann"), "HALF", "MIN"), [2]string{"50", "5"}, [2]string{"5", "50"})
	if r := e.stored(c.ID, "b"); !r.Subtotal.Equal(usd("100")) || !r.Eligible.Equal(usd("100")) || !r.Revenue().Equal(usd("45")) {
		e.Errorf("recorded: %s", text(r))
	}
}

func severalAllOrNone(e *env) {
	a := e.coupon("A", combinable, limited(uses(1, coupon.PerCoupon, coupon.Ever)))
	b := e.coupon("B", combinable, limited(uses(1, coupon.PerCoupon, coupon.Ever)), func(c *coupon.Coupon) { c.Restrictions.MinTotal = usd("500") })
	e.coupon("D", combinable, func(c *coupon.Coupon) { c.Inactive = true })
	before := e.everything()
	_, err := e.svc.RedeemAll(e.Context(), by("b", "ann"), []string{"A", "B", "NOBODY", "D"})
	refused, ok := errors.AsType[*coupon.RefusedError](err)
	if !ok {
		e.Fatalf("RedeemAll: error %v, want it refused", err)
	}
	var reasons []coupon.Reason
	for _, r := range refused.Refusals {
		reasons = append(reasons, r.Reason)
	}
	e.same("the reasons", reasons, []coupon.Reason{coupon.BelowMinimum, coupon.UnknownCode, coupon.IsInactive})
	e.same("what is stored", e.everything(), before)
	e.wantUsed(a.ID, 0)
	e.wantUsed(b.ID, 0)
}

func severalCombinable(e *env) {
	e.coupon("ALONE")
	e.coupon("A", combinable)
	e.coupon("B", combinable)
	refused := func(what string, b coupon.Booking, codes ...string) {
		e.Helper()
		_, err := e.svc.RedeemAll(e.Context(), b, codes)
		r, ok := errors.AsType[*coupon.RefusedError](err)
		if !ok || r.Refusals[0].Reason != coupon.NotCombinable {
			e.Errorf("%s: error %v, want %s", what, err, coupon.NotCombinable)
		}
	}
	refused("together", by("b1", "ann"), "ALONE", "A")
	refused("in the other order", by("b1", "ann"), "A", "ALONE")
	e.redeem(by("b2", "ann"), "ALONE")
	refused("to one that stands alone", by("b2", "ann"), "A")
	e.redeem(by("b3", "ann"), "A")
	refused("one that stands alone to another", by("b3", "ann"), "ALONE")
	e.redeem(by("b3", "ann"), "B")
	e.imports(past("A", "b4", start))
	refused("to an imported one", by("b4", ""), "B")
	e.cancel("b2")
	e.redeem(by("b2", "ann"), "A") // the other was cancelled
}

func severalLater(e *env) {
	a := e.coupon("A", combinable)
	e.coupon("B", combinable)
	e.redeem(by("b", "ann"), "A")
	q, err := e.svc.Quote(e.Context(), by("b", "ann"), "B")
	if err != nil || !q.Discount.Equal(usd("9")) || !q.Total.Equal(usd("81")) {
		e.Errorf("quote: %s, error %v", text(q), err)
	}
	r := e.redeem(by("b", "ann"), "B")
	if !r.Discount.Equal(usd("9")) || !r.OtherDiscounts.Equal(usd("10")) || r.Place != 2 {
		e.Errorf("the second: %s", text(r))
	}
	if r := e.stored(a.ID, "b"); !r.Discount.Equal(usd("10")) || !r.OtherDiscounts.Equal(usd("9")) {
		e.Errorf("the first: %s", text(r))
	}
	_, err = e.svc.Redeem(e.Context(), by("b", "bob"), "B")
	e.is("with another content", err, coupon.ErrConflict)
	e.redeem(by("b2", "ann"), "A")
	e.refund("b2", "r", usd("85"))
	_, err = e.svc.Redeem(e.Context(), by("b2", "ann"), "B")
	e.is("when less would be left than was refunded", err, coupon.ErrInvalid)
}

func severalReplay(e *env) {
	a := e.coupon("A", combinable, limited(uses(1, coupon.PerCoupon, coupon.Ever)))
	e.coupon("B", combinable)
	e.redeem(by("b", "ann"), "A")
	rs := e.redeemAll(by("b", "ann"), "B", "A")
	if rs[0].Replayed || !rs[1].Replayed || rs[1].Coupon != a.ID {
		e.Errorf("a new one and one that is there: %s", text(rs))
	}
	e.discounts(rs, [2]string{"9", "10"}, [2]string{"10", "9"})
	before := e.everything()
	for _, r := range e.redeemAll(by("b", "ann"), "A", "B") {
		if !r.Replayed {
			e.Errorf("%s is not marked as replayed", r.Code)
		}
	}
	e.same("what is stored", e.everything(), before)
	e.wantUsed(a.ID, 1)
}

func severalSummaries(e *env) {
	a, b := e.coupon("A", combinable), e.coupon("B", combinable)
	e.redeemAll(by("b", "ann"), "A", "B")
	for _, c := range []coupon.Coupon{a, b} {
		f := e.summary(c.ID, coupon.Range{}).In("USD")
		if f.Bookings != 1 || !f.Subtotal.Equal(usd("100")) || !f.Revenue.Equal(usd("81")) {
			e.Errorf("summary of %s: %s", c.Code, text(f))
		}
		folded, err := coupon.Fold(e.svc.Redemptions(e.Context(), coupon.RedemptionFilter{Coupon: c.ID}))
		if err != nil {
			e.Fatalf("Fold: %v", err)
		}
		e.same("the fold", folded, []coupon.Figures{f})
	}
}

func severalCancelled(e *env) {
	a, b := e.coupon("A", combinable, limited(uses(1, coupon.PerCoupon, coupon.Ever))), e.coupon("B", combinable, limited(uses(1, coupon.PerCoupon, coupon.Ever)))
	e.redeemAll(by("b", "ann"), "A", "B")
	if rs := e.refund("b", "r", usd("81")); len(rs) != 2 || !rs[0].Refund.Equal(usd("81")) || !rs[1].Refund.Equal(usd("81")) {
		e.Errorf("refunded: %s", text(rs))
	}
	_, err := e.svc.Refund(e.Context(), "b", coupon.Refund{Key: "r2", Amount: usd("0.01")})
	e.is("more than was paid", err, coupon.ErrInvalid)
	if rs := e.cancel("b"); len(rs) != 2 {
		e.Errorf("cancelled: %s", text(rs))
	}
	e.wantUsed(a.ID, 0)
	e.wantUsed(b.ID, 0)
	rs, err := e.svc.Reopen(e.Context(), by("c", "ann"), "B", "A")
	if err != nil || len(rs) != 2 {
		e.Fatalf("Reopen of a booking that is new: %v", err)
	}
	e.cancel("c")
	if rs, err = e.svc.Reopen(e.Context(), by("c", "ann"), "A", "B"); err != nil {
		e.Fatalf("Reopen: %v", err)
	}
	e.discounts(rs, [2]string{"10", "9"}, [2]string{"9", "10"})
}

func severalReserved(e *env) {
	a, b := e.coupon("A", combinable, limited(uses(1, coupon.PerCoupon, coupon.Ever))), e.coupon("B", combinable, limited(uses(1, coupon.PerCoupon, coupon.Ever)))
	e.discounts(e.reserve(by("b", "ann"), "A", "B"), [2]string{"10", "9"}, [2]string{"9", "10"})
	_, err := e.svc.Redeem(e.Context(), by("b", "ann"), "A")
	e.is("Redeem of one of two reservations", err, coupon.ErrConflict)
	e.release("b")
	e.wantUsed(a.ID, 0)
	e.wantUsed(b.ID, 0)
	e.reserve(by("b", "ann"), "A")
	e.reserve(by("b", "ann"), "B") // one by one, as a customer types them
	rs := e.confirm("b")
	if len(rs) != 2 {
		e.Fatalf("confirmed: %s", text(rs))
	}
	for _, r := range rs {
		if r.State != coupon.Redeemed || !r.Revenue().Equal(usd("81")) {
			e.Errorf("confirmed: %s", text(r))
		}
	}
}

func severalPartlyExpired(e *env) {
	a, b := e.coupon("A", combinable), e.coupon("B", combinable)
	e.reserve(by("b", "ann"), "A")
	e.clock.set(start.Add(hold / 2))
	e.reserve(by("b", "ann"), "B")
	e.clock.set(start.Add(hold))
	_, err := e.svc.Confirm(e.Context(), "b")
	e.is("Confirm when one has expired", err, coupon.ErrReservationEnded)
	if r := e.stored(b.ID, "b"); r.State != coupon.Reserved {
		e.Errorf("the other is %s, want it reserved", r.State)
	}
	e.discounts(e.redeemAll(by("b", "ann"), "A", "B"), [2]string{"9.10", "9"}, [2]string{"9", "9.10"})
	if r := e.stored(a.ID, "b"); r.State != coupon.Redeemed {
		e.Errorf("acquired afresh: %s", text(r))
	}
}

func severalInstead(e *env) {
	for how, end := range map[string]func(m *env){
		"released":   func(m *env) { m.release("b") },
		"cancelled":  func(m *env) { m.confirm("b"); m.cancel("b") },
		"expired":    func(m *env) { m.clock.set(start.Add(hold)) },
		"taken back": func(m *env) { m.clock.set(start.Add(hold)); m.reserve(by("b2", "bob"), "A"); m.release("b2") },
	} {
		m := e.merchant(how)
		m.clock.set(start)
		m.coupon("A", combinable, limited(uses(1, coupon.PerCoupon, coupon.Ever)))
		m.coupon("B", combinable)
		m.reserve(by("b", "ann"), "A")
		end(m)
		m.reserve(by("b", "ann"), "B")
		m.discounts(m.confirm("b"), [2]string{"10", "0"})
		if rs := m.confirm("b"); len(rs) != 1 || !rs[0].Replayed {
			m.Errorf("confirmed again after the other was %s: %s", how, text(rs))
		}
	}
	e.clock.set(start)
}

func severalBeside(e *env) {
	a, b := e.coupon("A", combinable), e.coupon("B", combinable, limited(uses(1, coupon.PerCoupon, coupon.Ever)))
	e.reserve(by("b", "ann"), "B")
	e.release("b")
	e.clock.set(start.Add(time.Minute))
	e.redeem(by("b", "ann"), "A")
	_, err := e.svc.Release(e.Context(), "b")
	e.is("Release of a booking that was redeemed since", err, coupon.ErrConflict)
	e.clock.set(start.Add(time.Hour))
	e.reserve(by("b", "ann"), "B")
	e.wantUsed(b.ID, 1)
	for _, again := range []bool{false, true} {
		rs := e.release("b")
		if len(rs) != 1 || rs[0].Coupon != b.ID || rs[0].Replayed != again {
			e.Errorf("released: %s, want B, replayed %v", text(rs), again)
		}
	}
	e.wantUsed(b.ID, 0)
	e.discounts([]coupon.Redemption{e.stored(a.ID, "b")}, [2]string{"10", "0"})
	// One that is redeemed is not asked to be confirmed, whatever it learns.
	e.reserve(by("b", "ann"), "B")
	rs := e.confirm("b")
	e.discounts(rs, [2]string{"10", "9"}, [2]string{"9", "10"})
	if !rs[0].Replayed || rs[1].Replayed {
		e.Errorf("confirmed: %s, want the first replayed and the second not", text(rs))
	}
}

func severalRefunds(e *env) {
	a, b := e.coupon("A", combinable), e.coupon("B", combinable)
	e.redeem(by("b", "ann"), "A")
	e.refund("b", "r", usd("20"))
	rs := e.redeemAll(by("b", "ann"), "B")
	e.discounts(rs, [2]string{"9", "10"})
	if rs[0].State != coupon.Refunded || !rs[0].Refund.Equal(usd("20")) {
		e.Errorf("the second: %s, want 20 refunded", text(rs[0]))
	}
	for _, r := range e.refund("b", "r", usd("20")) {
		if !r.Replayed || !r.Refund.Equal(usd("20")) {
			e.Errorf("the same refund again: %s", text(r))
		}
	}
	for _, r := range e.refund("b", "r2", usd("61")) {
		if !r.Refund.Equal(r.Revenue()) {
			e.Errorf("all that was paid is given back: %s", text(r))
		}
	}
	for _, c := range []coupon.Coupon{a, b} {
		if f := e.summary(c.ID, coupon.Range{}).In("USD"); !f.Refunds.Equal(usd("81")) {
			e.Errorf("summary of %s: %s refunded, want 81", c.Code, f.Refunds)
		}
	}
}

func severalBounded(e *env) {
	codes := make([]string, coupon.MaxCoupons+1)
	for i := range codes {
		codes[i] = name("C-", i)
		e.coupon(codes[i], combinable, func(c *coupon.Coupon) { c.Discount = coupon.AmountOff(usd("0.10")) })
	}
	last := codes[coupon.MaxCoupons]
	bounded := func(what string, err error, field string) {
		e.Helper()
		invalid, ok := errors.AsType[*coupon.InvalidError](err)
		if !ok || invalid.Fields[0].Field != field || !strings.Contains(invalid.Fields[0].Must, strconv.Itoa(coupon.MaxCoupons)) {
			e.Errorf("%s: error %v, want one of %s that says the bound", what, err, field)
		}
	}
	for some := range slices.Chunk(codes[:coupon.MaxCoupons-1], coupon.MaxCodes) {
		e.redeemAll(by("b", "ann"), some...)
	}
	_, err := e.svc.RedeemAll(e.Context(), by("b", "ann"), codes[coupon.MaxCoupons-2:])
	bounded("two more than fit by one", err, "codes")
	_, err = e.svc.Quote(e.Context(), by("b", "ann"), codes[coupon.MaxCoupons-2:]...)
	bounded("a quote of them", err, "codes")
	if n := len(e.redemptions(coupon.RedemptionFilter{Booking: "b"})); n != coupon.MaxCoupons-1 {
		e.Errorf("%d are redeemed, want %d", n, coupon.MaxCoupons-1)
	}
	e.redeem(by("b", "ann"), codes[coupon.MaxCoupons-1])
	_, err = e.svc.Redeem(e.Context(), by("b", "ann"), last)
	bounded("one more", err, "codes")
	report, err := e.svc.Import(e.Context(), each([]coupon.PastRedemption{past(last, "b", start)}), coupon.ImportOptions{BadRow: func(row coupon.BadRow) {
		bounded("an imported one", row.Err, "booking")
	}})
	if err != nil || report.Bad != 1 {
		e.Errorf("Import: %+v, error %v", report, err)
	}
	if r := e.redeem(by("b", "ann"), codes[0]); !r.Replayed {
		e.Errorf("the first again: %s", text(r))
	}
	if a := e.amend(worth(by("b", "ann"), "90")); len(a.Redemptions) != coupon.MaxCoupons {
		e.Errorf("%d are amended, want %d", len(a.Redemptions), coupon.MaxCoupons)
	}
	if rs := e.cancel("b"); len(rs) != coupon.MaxCoupons {
		e.Errorf("%d are cancelled, want %d", len(rs), coupon.MaxCoupons)
	}
	_, err = e.svc.Redeem(e.Context(), by("b", "ann"), last)
	bounded("beside as many that are cancelled", err, "codes")
}
