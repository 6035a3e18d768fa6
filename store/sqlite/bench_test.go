package sqlite

import (
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/store/storetest"
)

func BenchmarkStore(b *testing.B) {
	storetest.Bench(b, func(b *testing.B) func(string) coupon.Store {
		st, _ := newStore(b)
		return func(merchant string) coupon.Store { return st.Merchant(merchant) }
	})
}

func unlimited(c *coupon.Coupon) { c.Restrictions.Limits[0].Max = 1 << 40 }

func BenchmarkRedeemHotCoupon(b *testing.B) {
	for _, goroutines := range []int{1, 32} {
		b.Run(strconv.Itoa(goroutines), func(b *testing.B) {
			st, db := newStore(b)
			db.SetMaxOpenConns(4)
			db.SetMaxIdleConns(4)
			svc := service(b, st)
			create(b, st, "HOT", unlimited)
			var n atomic.Int64
			b.SetParallelism(goroutines) // times GOMAXPROCS
			redeem := func() {
				if _, err := svc.Redeem(b.Context(), booking(strconv.FormatInt(n.Add(1), 10)), "HOT"); err != nil {
					b.Error(err)
				}
			}
			if goroutines == 1 {
				for b.Loop() {
					redeem()
				}
				return
			}
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					redeem()
				}
			})
		})
	}
}

func BenchmarkImport15000(b *testing.B) {
	for b.Loop() {
		st, _ := newStore(b)
		create(b, st, "C", unlimited)
		if report, err := service(b, st).Import(b.Context(), past("C", 15_000), coupon.ImportOptions{}); err != nil || report.Recorded != 15_000 {
			b.Fatalf("%+v, error %v", report, err)
		}
	}
}

func BenchmarkSumOf100000(b *testing.B) {
	st, _ := newStore(b)
	svc := service(b, st)
	c := create(b, st, "C", unlimited)
	const n = 100_000
	if report, err := svc.Import(b.Context(), past("C", n), coupon.ImportOptions{}); err != nil || report.Recorded != n {
		b.Fatalf("%+v, error %v", report, err)
	}
	from := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	all := coupon.Range{From: from, To: from.Add(n * 15 * time.Minute)}
	b.Run("whole", func(b *testing.B) {
		for b.Loop() {
			if s, err := svc.Summary(b.Context(), c.ID, all); err != nil || s.In("USD").Bookings != n {
				b.Fatalf("%+v, error %v", s, err)
			}
		}
	})
	width := all.To.Sub(all.From) / 365
	bounds := []time.Time{all.From}
	for range 365 {
		bounds = append(bounds, bounds[len(bounds)-1].Add(width))
	}
	bounds[365] = all.To
	b.Run("365 buckets", func(b *testing.B) {
		for b.Loop() {
			sums, err := st.Sum(b.Context(), coupon.SumQuery{Coupons: []coupon.ID{c.ID}, Clock: coupon.MadeAt, Bounds: bounds})
			if err != nil || len(sums) != 365 {
				b.Fatalf("%d sums, error %v", len(sums), err)
			}
		}
	})
	b.Run("one month", func(b *testing.B) {
		for b.Loop() {
			if _, err := svc.Summary(b.Context(), c.ID, coupon.Range{From: from.AddDate(0, 6, 0), To: from.AddDate(0, 7, 0)}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// A page of a list in a computed order goes through all coupons.
func BenchmarkCouponsSortedOf10000(b *testing.B) {
	st, db := newStore(b)
	const coupons, each = 10_000, 3
	tx, err := db.BeginTx(b.Context(), nil)
	if err != nil {
		b.Fatal(err)
	}
	for i := range coupons {
		create(b, st.Tx(tx), "C"+strconv.Itoa(i))
	}
	if err := tx.Commit(); err != nil {
		b.Fatal(err)
	}
	rows := func(yield func(coupon.PastRedemption, error) bool) {
		for row, err := range past("", coupons*each) {
			row.Code = "C" + strconv.Itoa(row.Line%coupons)
			if !yield(row, err) {
				return
			}
		}
	}
	svc := service(b, st)
	if report, err := svc.Import(b.Context(), rows, coupon.ImportOptions{}); err != nil || report.Recorded != coupons*each {
		b.Fatalf("%+v, error %v", report, err)
	}
	for _, by := range []coupon.CouponSort{coupon.ByName, coupon.ByStatus, coupon.ByOffer, coupon.ByUses, coupon.ByBookings, coupon.ByRevenue} {
		b.Run(string(by), func(b *testing.B) {
			for b.Loop() {
				n := 0
				for _, err := range svc.Coupons(b.Context(), coupon.CouponFilter{Sort: by, Desc: true, Currency: "USD"}) {
					if err != nil {
						b.Fatal(err)
					}
					if n++; n == 25 {
						break
					}
				}
			}
		})
	}
}
