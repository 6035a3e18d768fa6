package coupon_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/couponkit/coupon"
)

func (d desk) codes(f coupon.CouponFilter) []string {
	d.t.Helper()
	var out []string
	for c, err := range d.Coupons(d.ctx, f) {
		if err != nil {
			d.t.Fatal(err)
		}
		out = append(out, string(c.Code))
	}
	return out
}

func TestCouponsAreFilteredByComputedStatus(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for code, change := range map[coupon.Code]func(*coupon.Coupon){
		"ACTIVE":    func(*coupon.Coupon) {},
		"EXPIRED":   func(c *coupon.Coupon) { c.End = noon },
		"SCHEDULED": func(c *coupon.Coupon) { c.Start = noon.Add(1000) },
		"INACTIVE":  func(c *coupon.Coupon) { c.Inactive = true },
		"USED":      limited(1),
		"ARCHIVED":  func(*coupon.Coupon) {},
	} {
		c := d.create(func(c *coupon.Coupon) { c.Code = code; change(c) })
		switch code {
		case "USED":
			d.redeem(booking("b1"), "USED")
		case "ARCHIVED":
			must(d.Archive(d.ctx, c.ID))(t)
		}
	}
	for _, tc := range []struct {
		statuses []coupon.Status
		want     []string
	}{
		{nil, []string{"ACTIVE", "EXPIRED", "INACTIVE", "SCHEDULED", "USED"}},
		{[]coupon.Status{coupon.Active}, []string{"ACTIVE"}},
		{[]coupon.Status{coupon.UsedUp, coupon.Expired}, []string{"EXPIRED", "USED"}},
		{[]coupon.Status{coupon.Archived}, []string{"ARCHIVED"}},
		{[]coupon.Status{coupon.Archived, coupon.Inactive}, []string{"ARCHIVED", "INACTIVE"}},
	} {
		if diff := cmp.Diff(tc.want, d.codes(coupon.CouponFilter{Statuses: tc.statuses, Sort: coupon.ByCode})); diff != "" {
			t.Errorf("%v: %s", tc.statuses, diff)
		}
	}
}

func TestAListGoesOnAfterAnyPosition(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.create(nil)
	for i := range 7 {
		d.redeem(booking(fmt.Sprint("b", i)), "TEN") // all made at one instant
	}
	for _, desc := range []bool{false, true} {
		f := coupon.RedemptionFilter{Coupon: c.ID, Desc: desc}
		var got []string
		for {
			n := 0
			for r, err := range d.Redemptions(d.ctx, f) {
				if err != nil {
					t.Fatal(err)
				}
				got, f.After = append(got, r.Booking), f.Cursor(r)
				if n++; n == 3 {
					break
				}
			}
			if n < 3 {
				break
			}
		}
		want := []string{"b0", "b1", "b2", "b3", "b4", "b5", "b6"}
		if desc {
			want = []string{"b6", "b5", "b4", "b3", "b2", "b1", "b0"}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
}

func TestAPositionOfAnotherListIsRefused(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.create(nil)
	r := d.redeem(booking("b1"), "TEN")
	byMade := coupon.RedemptionFilter{Coupon: c.ID}
	for _, after := range []string{"nonsense", "e30", byMade.Cursor(r)} {
		f := coupon.RedemptionFilter{Coupon: c.ID, Sort: coupon.ByDiscount, After: after}
		for _, err := range d.Redemptions(d.ctx, f) {
			wantField(t, err, "after", "begin again without it")
		}
		for _, err := range d.Coupons(d.ctx, coupon.CouponFilter{After: after}) {
			wantField(t, err, "after", "begin again without it")
		}
	}
	for _, err := range d.Coupons(d.ctx, coupon.CouponFilter{Sort: "id; DROP TABLE coupons"}) {
		wantField(t, err, "sort", "created, code")
	}
}
