package coupon_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/store/memory"
)

// shop is a service of a few coupons, on whose few bookings everything happens.
type shop struct {
	*coupon.Service
	t   *rapid.T
	ctx context.Context
	now *time.Time
}

// codes are those of the coupons, their further ones and one of nobody.
var codes = []string{"A", "B", "C", "A-ONCE", "B-ANN", "C-ONCE", "NOBODY"}

func newShop(t *rapid.T, ctx context.Context) shop {
	now := noon
	svc, err := coupon.New(coupon.Config{Store: memory.New(), Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	s := shop{svc, t, ctx, &now}
	for _, code := range []coupon.Code{"A", "B", "C"} {
		c, err := s.Create(ctx, s.rules(coupon.Coupon{Code: code, Start: noon.AddDate(0, 0, -1), End: noon.AddDate(0, 0, 1)}))
		if err != nil {
			t.Fatal(err)
		}
		further := coupon.CouponCode{Code: code + "-ONCE", SingleUse: true}
		if code == "B" {
			further = coupon.CouponCode{Code: "B-ANN", Customer: "ann"}
		}
		if _, err := s.AddCode(ctx, c.ID, further); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func chance(t *rapid.T, what string, in int) bool { return rapid.IntRange(1, in).Draw(t, what) == 1 }

// rules draws what a coupon gives, and to whom.
func (s shop) rules(c coupon.Coupon) coupon.Coupon {
	t := s.t
	usd := cents
	switch rapid.IntRange(0, 2).Draw(t, "kind") {
	case 0:
		c.Discount = coupon.PercentOff(decimal.NewFromInt(rapid.SampledFrom([]int64{7, 33, 50, 100}).Draw(t, "percent")))
	case 1:
		c.Discount = coupon.AmountOff(usd(rapid.Int64Range(1, 4000).Draw(t, "off")))
	case 2:
		c.Discount = coupon.AmountOffPerUnit(usd(rapid.Int64Range(1, 900).Draw(t, "off a unit")))
	}
	c.Combinable = !chance(t, "stands alone", 6)
	c.KeepUseOnCancel, c.ReleaseUseOnRefund = chance(t, "keeps", 3), chance(t, "releases", 3)
	c.Audience = coupon.Everyone
	if chance(t, "new customers only", 5) {
		c.Audience = coupon.NewCustomers
	}
	c.Restrictions = coupon.Restrictions{}
	r := &c.Restrictions
	if chance(t, "minimum", 4) {
		r.MinTotal = usd(2000)
	}
	if chance(t, "first of a series", 4) {
		r.Occurrences = 2
	}
	if chance(t, "matches", 4) {
		r.Matches = match(coupon.OnLine, "service", "cleaning")
	}
	for _, l := range []coupon.Limit{
		{Of: coupon.Uses, Per: coupon.PerCoupon, Max: 2}, {Of: coupon.Uses, Per: coupon.PerCustomer, Max: 1}, {Of: coupon.Uses, Per: coupon.PerCode, Max: 2},
		{Of: coupon.DiscountGiven, Per: coupon.PerCoupon, Budget: usd(3000)}, {Of: coupon.Uses, Per: coupon.PerCoupon, Every: coupon.PerDay, Max: 1},
	} {
		if chance(t, "limited", 4) {
			r.Limits = append(r.Limits, l)
		}
	}
	return c
}

// booking draws one of a few, with one of a few contents.
func (s shop) booking() coupon.Booking {
	t := s.t
	n := rapid.IntRange(0, 3).Draw(t, "booking")
	b := coupon.Booking{ID: fmt.Sprint("b", n), Currency: "USD"}
	b.Customer.Key = []string{"ann", "ann", "bob", "ann"}[n]
	earlier := n % 2
	b.Customer.EarlierBookings = &earlier
	if n > 1 {
		b.Series, b.Occurrence = "s", int64(n-1)
	}
	b.Lines = []coupon.Line{
		{ID: "x", Price: decimal.New(1999, -2), Quantity: 1, Attributes: coupon.Attributes{"service": {"cleaning"}}},
		{ID: "y", Price: decimal.New(333, -2), Quantity: 3},
	}
	if chance(t, "another content", 5) {
		b.Lines = b.Lines[:1]
	}
	return b
}

func (s shop) typed() []string {
	return rapid.SliceOfNDistinct(rapid.SampledFrom(codes), 1, 3, rapid.ID[string]).Draw(s.t, "codes")
}

// standing are the redemptions of a booking that are recorded and not cancelled.
func (s shop) standing(booking string) (out []coupon.Redemption) {
	for r, err := range s.Redemptions(s.ctx, coupon.RedemptionFilter{Booking: booking, States: []coupon.State{coupon.Redeemed, coupon.Refunded}}) {
		if err != nil {
			s.t.Fatal(err)
		}
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b coupon.Redemption) int { return int(a.Place - b.Place) })
	return out
}

// holding is how often a coupon is used and what it gives, a series being one use,
// without what has expired.
func (s shop) holding(id coupon.ID) (uses int, given decimal.Decimal) {
	series := map[string]bool{}
	for r, err := range s.Redemptions(s.ctx, coupon.RedemptionFilter{Coupon: id, States: []coupon.State{coupon.Redeemed, coupon.Refunded, coupon.Cancelled, coupon.Reserved}}) {
		if err != nil {
			s.t.Fatal(err)
		}
		if !r.Holds || r.State == coupon.Reserved && !s.now.Before(r.ExpiresAt) {
			continue
		}
		given = given.Add(r.Discount.Amount)
		if r.Series == "" || !series[r.Series] {
			uses++
		}
		series[r.Series] = true
	}
	return uses, given
}

// step does something to the shop. What the calls refuse is not looked at.
func (s shop) step() {
	t, ctx := s.t, s.ctx
	b := s.booking()
	switch rapid.IntRange(0, 11).Draw(t, "step") {
	case 0, 1:
		_, _ = s.RedeemAll(ctx, b, s.typed())
	case 2, 3:
		_, _ = s.Reserve(ctx, b, time.Duration(rapid.IntRange(1, 3).Draw(t, "hold"))*time.Minute, s.typed()...)
	case 4:
		_, _ = s.Confirm(ctx, b.ID)
	case 5:
		_, _ = s.Release(ctx, b.ID)
	case 6:
		_, _ = s.Cancel(ctx, b.ID)
	case 7:
		_, _ = s.Reopen(ctx, b, s.typed()...)
	case 8:
		refund := coupon.Refund{Key: rapid.SampledFrom([]string{"r1", "r2"}).Draw(t, "refund"), Amount: coupon.MustMoney("1", "USD")}
		if rs := s.standing(b.ID); len(rs) > 0 && chance(t, "in full", 2) {
			refund.Amount.Amount = rs[0].Revenue().Amount.Sub(rs[0].Refund.Amount)
		}
		_, _ = s.Refund(ctx, b.ID, refund)
	case 9:
		_, _ = s.Amend(ctx, b)
	case 10:
		*s.now = s.now.Add(time.Duration(rapid.SampledFrom([]int{1, 2, 1440}).Draw(t, "minutes")) * time.Minute)
	case 11:
		c, err := s.CouponByCode(ctx, rapid.SampledFrom([]string{"A", "B", "C"}).Draw(t, "edited"))
		if err != nil {
			t.Fatal(err)
		}
		c = s.rules(c)
		c.Inactive = chance(t, "inactive", 4)
		if _, err := s.Update(ctx, c); err != nil {
			t.Fatal(err)
		}
	}
}

// holds wants what is true of every booking at every moment.
func (s shop) holds() {
	t := s.t
	for n := range 4 {
		rs := s.standing(fmt.Sprint("b", n))
		var all decimal.Decimal
		for _, r := range rs {
			all = all.Add(r.Discount.Amount)
		}
		left := map[string]decimal.Decimal{}
		for _, r := range rs {
			if !all.Equal(r.Discount.Amount.Add(r.OtherDiscounts.Amount)) {
				t.Fatalf("%s of %s: %s and others %s, all coupons took %s", r.Code, r.Booking, r.Discount, r.OtherDiscounts, all)
			}
			if paid := r.Revenue(); paid.Amount.LessThan(r.Refund.Amount) {
				t.Fatalf("%s of %s: revenue %s, refunded %s", r.Code, r.Booking, paid, r.Refund)
			}
			if !r.Refund.Equal(rs[0].Refund) || !r.Subtotal.Equal(rs[0].Subtotal) {
				t.Fatalf("the coupons of %s tell of another booking:\n%+v\n%+v", r.Booking, rs[0], r)
			}
			var lines decimal.Decimal
			for _, l := range r.Lines {
				if _, ok := left[l.Line]; !ok {
					left[l.Line] = l.Amount.Amount
				}
				left[l.Line] = left[l.Line].Sub(l.Discount.Amount)
				lines = lines.Add(l.Discount.Amount)
				if left[l.Line].IsNegative() || l.Discount.Amount.IsNegative() {
					t.Fatalf("the coupons of %s take more off line %s than it is worth", r.Booking, l.Line)
				}
			}
			if !lines.Equal(r.Discount.Amount) {
				t.Fatalf("%s of %s: the lines give %s, the discount is %s", r.Code, r.Booking, lines, r.Discount)
			}
		}
	}
	for c, err := range s.Coupons(s.ctx, coupon.CouponFilter{}) {
		if err != nil {
			t.Fatal(err)
		}
		uses, given := s.holding(c.ID)
		for _, u := range c.Limits {
			if !u.Counted || u.Limit.Every != coupon.Ever {
				continue
			}
			if n := int64(uses); u.Limit.Of == coupon.Uses && u.Used != n || u.Limit.Of == coupon.DiscountGiven && !u.Spent.Amount.Equal(given) {
				t.Fatalf("%s: %d uses, %s given; the limit says %d and %s", c.Code, uses, given, u.Used, u.Spent)
			}
		}
	}
	if drifts, err := s.Verify(s.ctx); err != nil || len(drifts) > 0 {
		t.Fatalf("Verify finds %+v, error %v", drifts, err)
	}
}

// Whatever happens to a booking, in whatever order, its coupons agree on it and
// its counters are the sum of what holds them.
func TestLawCouponsAgreeOnTheirBooking(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s := newShop(rt, t.Context())
		for range rapid.IntRange(1, 25).Draw(rt, "steps") {
			s.step()
			s.holds()
		}
	})
}

// A quote is what Redeem and Reserve do at the same moment: the same refusals, or
// the same discounts. A key that they don't take is apart from that.
func TestLawAQuoteIsWhatRedeemGives(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s := newShop(rt, t.Context())
		for range rapid.IntRange(0, 15).Draw(rt, "steps") {
			s.step()
		}
		b, typed := s.booking(), s.typed()
		q, err := s.Quote(s.ctx, b, typed...)
		if err != nil {
			rt.Fatal(err)
		}
		var rs []coupon.Redemption
		if call := rapid.IntRange(0, 2).Draw(rt, "call"); call == 0 {
			rs, err = s.Reserve(s.ctx, b, time.Minute, typed...)
		} else if call == 1 {
			rs, err = s.Reopen(s.ctx, b, typed...)
		} else {
			rs, err = s.RedeemAll(s.ctx, b, typed, coupon.Expect(q))
		}
		refused, is := errors.AsType[*coupon.RefusedError](err)
		switch {
		case is:
			if got, want := fmt.Sprint(refused.Refusals), fmt.Sprint(q.Refusals()); got != want {
				rt.Fatalf("%v on %+v: refused for %s, quoted %s", typed, b, got, want)
			}
		case errors.Is(err, coupon.ErrConflict), errors.Is(err, coupon.ErrCancelled), errors.Is(err, coupon.ErrInvalid):
		case err != nil:
			rt.Fatalf("%v on %+v: %v, quoted %+v", typed, b, err, q)
		default:
			if !q.OK() {
				rt.Fatalf("%v on %+v: given, quoted %v", typed, b, q.Refusals())
			}
			for i, r := range rs {
				if o := q.Offers[i]; !r.Discount.Equal(o.Discount) || o.Coupon != r.Coupon {
					rt.Fatalf("%s on %+v: %s given, %s quoted", typed[i], b, r.Discount, o.Discount)
				}
			}
		}
	})
}

// What Amend makes of a booking is what its coupons, as they were, would give on
// one that was always so.
func TestLawAmendingIsRedeemingAfresh(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s := newShop(rt, t.Context())
		for range rapid.IntRange(1, 15).Draw(rt, "steps") {
			s.step()
		}
		b := s.booking()
		if !chance(rt, "the same lines", 4) {
			b.Lines[0].Quantity = rapid.Int64Range(1, 5).Draw(rt, "quantity")
		}
		amended, err := s.Amend(s.ctx, b)
		if err != nil || len(amended.Unmet) > 0 {
			return
		}
		fresh, err := coupon.New(coupon.Config{Store: memory.New(), Now: func() time.Time { return noon }})
		if err != nil {
			rt.Fatal(err)
		}
		var typed []string
		for i, r := range amended.Redemptions {
			for c, err := range s.Versions(s.ctx, r.Coupon) {
				if err != nil {
					rt.Fatal(err)
				}
				if c.Version != r.Version {
					continue
				}
				c.Code, c.Combinable, c.Inactive, c.Audience, c.Restrictions.Limits = coupon.Code(fmt.Sprint("C", i)), true, false, coupon.Everyone, nil
				if _, err := fresh.Create(s.ctx, c); err != nil {
					rt.Fatal(err)
				}
				typed = append(typed, string(c.Code))
			}
		}
		want, err := fresh.RedeemAll(s.ctx, b, typed)
		if err != nil {
			rt.Fatalf("amended to %+v without anything unmet, but refused afresh: %v", b, err)
		}
		for i, r := range amended.Redemptions {
			w := want[i]
			if got, want := fmt.Sprint(r.Subtotal, r.Eligible, r.Discount, r.Lines, r.Fingerprint), fmt.Sprint(w.Subtotal, w.Eligible, w.Discount, w.Lines, w.Fingerprint); got != want {
				rt.Fatalf("%s of %s:\n%s amended\n%s afresh", r.Code, r.Booking, got, want)
			}
		}
		s.holds()
	})
}
