package storetest

import (
	"errors"
	"time"

	"github.com/couponkit/coupon"
)

var cancelCases = []testCase{
	{"cancel-gives-the-use-back", "a cancelled booking gives its uses and its share of budgets back, each once", cancelGivesBack},
	{"cancel-twice", "cancelling again changes nothing and gives the cancelled redemption back, marked as replayed", cancelTwice},
	{"cancel-may-keep-the-use", "with KeepUseOnCancel a cancelled booking keeps its use", cancelKeeps},
	{"refund-keeps-the-use", "a refund, partial or in full, keeps the use", refundKeeps},
	{"refund-may-give-the-use-back", "with ReleaseUseOnRefund a refund in full, and only that, gives the use back, and a later cancellation does not give it twice", refundReleases},
	{"refund-keys", "the same refund key and amount again change nothing; with another amount it is ErrConflict; another key is another refund", refundKeys},
	{"refund-bounds", "refunds are of the booking's currency and together at most what was paid; what is refused changes nothing", refundBounds},
	{"all-coupons-of-a-booking", "cancel and refund act on the redemptions of all coupons of the booking, together", allCouponsOfBooking},
	{"booking-without-redemption", "cancel and refund of a booking without redemptions are ErrNotFound", noRedemption},
}

func cancelGivesBack(e *env) {
	c := e.coupon("C", limited(uses(1, coupon.PerCoupon, coupon.Ever), uses(1, coupon.PerCustomer, coupon.PerMonth), budget(usd("10"), coupon.PerCoupon, coupon.Ever)))
	for i := range 4 {
		id := name("b", i)
		e.redeem(by(id, "ann"), "C")
		e.wantUsed(c.ID, 1)
		e.clock.set(start.Add(time.Duration(i) * time.Minute))
		r := e.cancel(id)[0]
		if r.State != coupon.Cancelled || r.Holds || r.Replayed || !r.CancelledAt.Equal(e.clock.Now()) {
			e.Errorf("cancelled: got %s", text(r))
		}
		e.same("as read back", e.stored(c.ID, id), r)
		e.wantUsed(c.ID, 0)
	}
}

func cancelTwice(e *env) {
	c := e.coupon("C", limited(uses(3, coupon.PerCoupon, coupon.Ever)))
	e.redeem(by("b1", ""), "C")
	e.redeem(by("b2", ""), "C")
	first := e.cancel("b1")
	before := e.everything()
	e.clock.set(start.Add(time.Hour))
	again := e.cancel("b1")
	if len(again) != 1 || !again[0].Replayed {
		e.Errorf("cancelling again: got %s, want it marked as replayed", text(again))
	}
	e.same("cancelling again", again, first)
	e.same("what is stored", e.everything(), before)
	e.wantUsed(c.ID, 1)
	_, err := e.svc.Refund(e.Context(), "b1", coupon.Refund{Key: "r", Amount: usd("1")})
	e.is("refund of a cancelled booking", err, coupon.ErrCancelled)
}

func cancelKeeps(e *env) {
	c := e.coupon("C", limited(uses(1, coupon.PerCoupon, coupon.Ever)), func(c *coupon.Coupon) { c.KeepUseOnCancel = true })
	e.redeem(by("b1", ""), "C")
	if r := e.cancel("b1")[0]; !r.Holds {
		e.Errorf("cancelled: it does not hold its use any more")
	}
	e.wantUsed(c.ID, 1)
	e.refused(by("b2", ""), "C", coupon.LimitReached)
}

func refundKeeps(e *env) {
	c := e.coupon("C", limited(uses(1, coupon.PerCoupon, coupon.Ever)))
	e.redeem(by("b1", ""), "C")
	e.refund("b1", "r1", usd("40"))
	e.refund("b1", "r2", usd("50"))
	e.wantUsed(c.ID, 1)
	e.refused(by("b2", ""), "C", coupon.LimitReached)
	e.cancel("b1")
	e.wantUsed(c.ID, 0)
}

func refundReleases(e *env) {
	c := e.coupon("C", limited(uses(1, coupon.PerCoupon, coupon.Ever), budget(usd("15"), coupon.PerCoupon, coupon.Ever)), func(c *coupon.Coupon) { c.ReleaseUseOnRefund = true })
	e.redeem(by("b1", ""), "C")
	e.refund("b1", "r1", usd("89.99"))
	e.wantUsed(c.ID, 1)
	e.refused(by("b2", ""), "C", coupon.LimitReached)
	e.refund("b1", "r2", usd("0.01"))
	e.wantUsed(c.ID, 0)
	e.redeem(by("b2", ""), "C")
	e.refund("b1", "r2", usd("0.01"))
	e.cancel("b1") // gave its use back already
	e.wantUsed(c.ID, 1)
	e.refused(by("b3", ""), "C", coupon.LimitReached)
}

func refundKeys(e *env) {
	ctx := e.Context()
	c := e.coupon("C")
	e.redeem(by("b1", ""), "C")
	first := e.refund("b1", "key", usd("10"))
	before := e.everything()
	e.clock.set(start.Add(time.Hour))
	again := e.refund("b1", "key", usd("10.00"))
	if len(again) != 1 || !again[0].Replayed {
		e.Errorf("the same refund again: got %s, want it marked as replayed", text(again))
	}
	e.same("the same refund again", again, first)
	_, err := e.svc.Refund(ctx, "b1", coupon.Refund{Key: "key", Amount: usd("11")})
	if conflict, ok := errors.AsType[*coupon.ConflictError](err); !ok {
		e.Errorf("the same key with another amount: got error %v, want ErrConflict", err)
	} else {
		e.same("what the conflict carries", conflict.Redemption, first[0])
	}
	e.same("what is stored", e.everything(), before)
	e.refund("b1", "KEY", usd("10"))
	e.refund("b1", "key ", usd("10"))
	if r := e.stored(c.ID, "b1"); len(r.Refunds) != 3 || !r.Refund.Equal(usd("30")) {
		e.Errorf("three refunds of 10: got %s in %d", r.Refund, len(r.Refunds))
	}
}

func refundBounds(e *env) {
	ctx := e.Context()
	c := e.coupon("C")
	e.redeem(by("b1", ""), "C")
	e.refund("b1", "r1", usd("89.99"))
	before := e.everything()
	for _, amount := range []coupon.Money{usd("0.02"), usd("100"), coupon.MustMoney("0.01", "EUR"), usd("0"), usd("-1")} {
		_, err := e.svc.Refund(ctx, "b1", coupon.Refund{Key: "r2", Amount: amount})
		e.is("a refund of "+amount.String()+" with 0.01 left", err, coupon.ErrInvalid)
	}
	e.same("what is stored", e.everything(), before)
	e.refund("b1", "r2", usd("0.01"))
	if r := e.stored(c.ID, "b1"); r.State != coupon.Refunded || !r.Refund.Equal(r.Revenue()) {
		e.Errorf("refunded in full: got %s", text(r))
	}
}

func allCouponsOfBooking(e *env) {
	limit := limited(uses(5, coupon.PerCoupon, coupon.Ever))
	a, b := e.coupon("A", limit), e.coupon("B", limit)
	rowA, rowB := past("A", "b1", start), past("B", "b1", start)
	rowA.OtherDiscounts, rowB.OtherDiscounts = usd("10").Amount, usd("10").Amount
	e.imports(rowA, rowB, past("A", "b2", start))
	rs := e.refund("b1", "r1", usd("80"))
	if len(rs) != 2 || !rs[0].Refund.Equal(usd("80")) || !rs[1].Refund.Equal(usd("80")) {
		e.Errorf("refund: got %s, want both redemptions", text(rs))
	}
	before := e.everything()
	_, err := e.svc.Refund(e.Context(), "b1", coupon.Refund{Key: "r2", Amount: usd("0.01")})
	e.is("more than was paid", err, coupon.ErrInvalid)
	e.same("what is stored", e.everything(), before)
	e.wantUsed(a.ID, 2)
	e.wantUsed(b.ID, 1)
	if rs = e.cancel("b1"); len(rs) != 2 || rs[0].State != coupon.Cancelled || rs[1].State != coupon.Cancelled {
		e.Errorf("cancel: got %s, want both redemptions", text(rs))
	}
	e.wantUsed(a.ID, 1)
	e.wantUsed(b.ID, 0)
	if r := e.stored(a.ID, "b2"); r.State != coupon.Redeemed {
		e.Errorf("another booking of the coupon is now %s", r.State)
	}
}

func noRedemption(e *env) {
	e.coupon("C")
	e.redeem(by("b1", ""), "C")
	before := e.everything()
	for _, id := range []string{"b2", "B1", "b1 ", "b"} {
		_, err := e.svc.Cancel(e.Context(), id)
		e.is("Cancel of "+id, err, coupon.ErrNotFound)
		_, err = e.svc.Refund(e.Context(), id, coupon.Refund{Key: "r", Amount: usd("1")})
		e.is("Refund of "+id, err, coupon.ErrNotFound)
	}
	e.same("what is stored", e.everything(), before)
}
