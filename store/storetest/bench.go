package storetest

import (
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/couponkit/coupon"
)

// Bench measures a store: redeeming one coupon that everybody wants and many
// that few want, one by one and in parallel; summary and timeline over a year of
// redemptions; generating codes; and import. open is as for [Run].
func Bench(b *testing.B, open func(b *testing.B) func(merchant string) coupon.Store) {
	const many = 10_000
	limit := limited(uses(1<<40, coupon.PerCoupon, coupon.Ever))
	b.Run("redeem/hot-coupon/serial", func(b *testing.B) {
		e := newEnv(b, open(b))
		e.coupon("HOT", limit)
		for i := 0; b.Loop(); i++ {
			e.redeem(by(name("b", i), ""), "HOT")
		}
	})
	b.Run("redeem/hot-coupon/parallel", func(b *testing.B) {
		benchParallel(b, newEnv(b, open(b)), 1)
	})
	b.Run("redeem/100-coupons/parallel", func(b *testing.B) {
		benchParallel(b, newEnv(b, open(b)), 100)
	})
	b.Run("generate/codes="+strconv.Itoa(many), func(b *testing.B) {
		e := newEnv(b, open(b))
		for i := 0; b.Loop(); i++ {
			c := e.coupon(name("C", i))
			e.generated(c.ID, coupon.CodeBatch{Key: "batch", Count: many, SingleUse: true})
		}
	})
	b.Run("summary/redemptions="+strconv.Itoa(many), func(b *testing.B) {
		e := newEnv(b, open(b))
		c := e.filled(many)
		for b.Loop() {
			e.summary(c.ID, coupon.Range{From: start, To: start.AddDate(1, 0, 0)})
		}
	})
	b.Run("timeline/day/redemptions="+strconv.Itoa(many), func(b *testing.B) {
		e := newEnv(b, open(b))
		c := e.filled(many)
		for b.Loop() {
			if _, err := e.svc.Timeline(b.Context(), c.ID, coupon.Range{From: start, To: start.AddDate(1, 0, 0)}, coupon.Daily, "Europe/Berlin"); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("import/rows=1000", func(b *testing.B) {
		e := newEnv(b, open(b))
		e.coupon("C", limit)
		for i := 0; b.Loop(); i++ {
			rows := make([]coupon.PastRedemption, 1000)
			for j := range rows {
				rows[j] = past("C", name("b", i*len(rows)+j), start)
			}
			e.imports(rows...)
		}
	})
}

func benchParallel(b *testing.B, e *env, coupons int) {
	for i := range coupons {
		e.coupon(name("C", i), limited(uses(1<<40, coupon.PerCoupon, coupon.Ever)))
	}
	var next atomic.Int64
	b.SetParallelism(16)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			i := int(next.Add(1))
			if _, err := e.svc.Redeem(b.Context(), by(name("b", i), ""), name("C", i%coupons)); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// filled is a coupon with n redemptions spread over a year.
func (e *env) filled(n int) coupon.Coupon {
	e.Helper()
	c := e.coupon("FULL")
	rows := make([]coupon.PastRedemption, n)
	for i := range rows {
		rows[i] = past("FULL", name("b", i), start.Add(365*24*time.Hour/time.Duration(n)*time.Duration(i)))
	}
	e.imports(rows...)
	return c
}
