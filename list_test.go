package coupon_test

import (
	"fmt"
	"math"
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

func TestAPositionIsOfOneOrderAndCurrency(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.create(nil)
	revenue := coupon.CouponFilter{Sort: coupon.ByRevenue, Currency: "USD"}
	for st, err := range d.Coupons(d.ctx, revenue) {
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range []coupon.CouponFilter{
			{Sort: coupon.ByRevenue, Currency: "EUR"}, {Sort: coupon.ByDiscounts, Currency: "USD"}, {Sort: coupon.ByStatus}, {Sort: coupon.ByCode},
		} {
			f.After = st.Cursor
			for _, err := range d.Coupons(d.ctx, f) {
				wantField(t, err, "after", "begin again without it")
			}
		}
		revenue.After = st.Cursor
	}
	if rest := d.codes(revenue); len(rest) > 0 {
		t.Errorf("after the last one come %v", rest)
	}
	for _, after := range []string{"nonsense", "e30"} {
		for _, by := range []coupon.CouponSort{coupon.ByStatus, coupon.ByOffer, coupon.ByUses, coupon.ByBookings} {
			for _, err := range d.Coupons(d.ctx, coupon.CouponFilter{Sort: by, After: after}) {
				wantField(t, err, "after", "begin again without it")
			}
		}
	}
}

func TestAmountsAreSortedInOneCurrency(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.create(nil)
	for _, by := range []coupon.CouponSort{coupon.ByRevenue, coupon.ByDiscounts} {
		for _, err := range d.Coupons(d.ctx, coupon.CouponFilter{Sort: by}) {
			wantField(t, err, "currency", "must be set to sort by "+string(by))
		}
		for _, err := range d.Coupons(d.ctx, coupon.CouponFilter{Sort: by, Currency: "usd", Range: coupon.Range{Clock: "sundial"}}) {
			wantField(t, err, "currency", "ISO 4217")
			wantField(t, err, "range.clock", "must be")
		}
	}
	if got := d.codes(coupon.CouponFilter{Sort: coupon.ByBookings}); len(got) != 1 {
		t.Errorf("by bookings: %v", got)
	}
}

// A list in a computed order goes on undisturbed by edits: what is changed on the
// way is given as it is then, and what does not meet the filter any more is not.
func TestEditsDoNotDisturbAComputedOrder(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	ids := map[string]coupon.ID{}
	for i := range 450 { // more than two pages
		c := d.create(func(c *coupon.Coupon) { c.Code = coupon.Code(fmt.Sprintf("C%03d", i)) })
		ids[string(c.Code)] = c.ID
	}
	seen := map[string]bool{}
	for st, err := range d.Coupons(d.ctx, coupon.CouponFilter{Sort: coupon.ByUses}) {
		if err != nil {
			t.Fatal(err)
		}
		if len(seen) == 0 { // the ids are in the order in which they were made, but within a millisecond
			for code, id := range ids {
				if code != string(st.Code) && code[3] == '7' {
					must(d.Archive(d.ctx, id))(t)
				}
			}
			d.create(func(c *coupon.Coupon) { c.Code = "NEW" })
		}
		if seen[string(st.Code)] {
			t.Errorf("%s comes twice", st.Code)
		}
		seen[string(st.Code)] = true
	}
	for code := range ids {
		if code[3] != '7' && !seen[code] {
			t.Errorf("%s does not come", code)
		}
	}
}

// A coupon whose import passed a limit is still sorted by its share.
func TestAShareMayBeMoreThanAll(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for code, most := range map[coupon.Code]int64{"HALF": 2, "FULL": 1, "NONE": 0, "HUGE": math.MaxInt64} {
		c := d.create(func(c *coupon.Coupon) {
			if c.Code = code; most > 0 {
				limited(most)(c)
			}
		})
		rows := func(yield func(coupon.PastRedemption, error) bool) {
			for i := range map[coupon.Code]int{"HALF": 1, "FULL": 3, "NONE": 9, "HUGE": 1}[code] {
				yield(coupon.PastRedemption{Code: string(code), Booking: fmt.Sprint(code, i), Currency: "USD", MadeAt: noon,
					Subtotal: cents(100).Amount, Eligible: cents(100).Amount, Discount: cents(10).Amount}, nil)
			}
		}
		if _, err := d.Import(d.ctx, rows, coupon.ImportOptions{}); err != nil {
			t.Fatal(c.Code, err)
		}
	}
	want := []string{"NONE", "HUGE", "HALF", "FULL"}
	if diff := cmp.Diff(want, d.codes(coupon.CouponFilter{Sort: coupon.ByUses})); diff != "" {
		t.Error(diff)
	}
}
