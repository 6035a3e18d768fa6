package coupon_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/couponkit/coupon"
)

// What Redeem gives whatever has happened to the coupon, a quote gives too: else a
// checkout would show a booking without the discount that it has, and what is
// quoted with a further code would never be what Redeem is told to expect.
func TestAQuoteTellsWhatTheBookingHas(t *testing.T) {
	t.Parallel()
	both := func(c *coupon.Coupon) { c.Combinable = true }
	for how, take := range map[string]func(d desk){
		"redeemed": func(d desk) { d.redeem(booking("b"), "TEN") },
		"reserved": func(d desk) { must(d.Reserve(d.ctx, booking("b"), time.Hour, "TEN"))(t) },
	} {
		d := newDesk(t)
		c := d.create(both)
		d.create(func(c *coupon.Coupon) { both(c); c.Code = "OTHER" })
		take(d)
		c.Discount, c.Inactive = percent("20"), true
		must(d.Update(d.ctx, c))(t)
		q, err := d.Quote(d.ctx, booking("b"), "OTHER", "TEN")
		if err != nil || !q.OK() {
			t.Fatalf("%s: %v, %v", how, q.Refusals(), err)
		}
		for i, want := range []string{"9", "10"} {
			if got := q.Offers[i].Discount; !got.Equal(coupon.MustMoney(want, "USD")) {
				t.Errorf("%s: offer %d of %s, want %s", how, i, got, want)
			}
		}
		if !q.Discount.Equal(coupon.MustMoney("19", "USD")) || !q.Total.Equal(coupon.MustMoney("81", "USD")) || q.Offers[1].Version != 1 {
			t.Errorf("%s: %+v", how, q)
		}
		if _, err := d.RedeemAll(d.ctx, booking("b"), []string{"OTHER", "TEN"}, coupon.Expect(q)); err != nil {
			t.Errorf("%s, then redeemed as quoted: %v", how, err)
		}
		other := booking("b")
		other.Lines[0].Quantity++
		if q, err := d.Quote(d.ctx, other, "TEN"); err != nil || q.OK() {
			t.Errorf("%s, then quoted with other content: %+v, %v, want it refused as inactive", how, q, err)
		}
	}
}

// Opening uses of any number of coupons may have one key, which no booking has.
func TestTheKeyOfManyOpeningUsesIsNoBooking(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.create(nil)
	rows := make([]coupon.PastCoupon, coupon.MaxCoupons+1)
	for i := range rows {
		code := "PAST-" + strconv.Itoa(i)
		rows[i] = pastCoupon(coupon.ID(code), func(p *coupon.PastCoupon) {
			p.Coupon.Code, p.Codes, p.Opening = coupon.Code(code), nil, []coupon.OpeningUses{{Key: "b", Uses: 1}}
		})
	}
	if report, bad, err := importCoupons(d.ctx, d.Service, rows...); err != nil || report.Recorded != len(rows) {
		t.Fatalf("%+v, %v, %v", report, bad, err)
	}
	_, err := d.Quote(d.ctx, booking("b"), "TEN")
	wantField(t, err, "booking.id", "at most 200 coupons")
	_, err = d.Redeem(d.ctx, booking("b"), "TEN")
	wantField(t, err, "booking.id", "at most 200 coupons")
}
