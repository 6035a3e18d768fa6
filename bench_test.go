package coupon_test

import (
	"testing"
	"time"

	"github.com/couponkit/coupon"
)

func BenchmarkCheck(b *testing.B) {
	c, bk := plain()
	c.Restrictions = coupon.Restrictions{
		MinTotal: coupon.MustMoney("50", "USD"), Days: []time.Weekday{time.Monday}, BookingType: coupon.OneTime,
		Matches: match(coupon.OnLine, "service", "cleaning"),
		Limits:  []coupon.Limit{{Of: coupon.Uses, Per: coupon.PerCoupon, Max: 100}},
	}
	b.ReportAllocs()
	for b.Loop() {
		if o, err := c.Check(bk, nil); err != nil || len(o.Refusals) > 0 {
			b.Fatal(o.Refusals, err)
		}
	}
}

func BenchmarkAllocate(b *testing.B) {
	weights := make([]int64, 20)
	for i := range weights {
		weights[i] = int64(100*i + 7)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := coupon.Allocate(99_999, weights); err != nil {
			b.Fatal(err)
		}
	}
}
