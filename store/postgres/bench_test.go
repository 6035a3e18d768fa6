package postgres

import (
	"testing"

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/internal/pgtest"
	"github.com/couponkit/coupon/store/storetest"
)

// BenchmarkStore is with fsync, as a host has it.
func BenchmarkStore(b *testing.B) {
	needServer(b)
	durable, err := pgtest.Start("fsync=on", "synchronous_commit=on")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := durable.Stop(); err != nil {
			b.Error(err)
		}
	})
	for driver := range drivers {
		b.Run(driver, func(b *testing.B) {
			storetest.Bench(b, func(b *testing.B) func(string) coupon.Store {
				db := openDB(b, driver, durable.DSN())
				st := migrated(b, db, Options{Schema: newSchema(b, db)})
				return func(merchant string) coupon.Store { return st.Merchant(merchant) }
			})
		})
	}
}
