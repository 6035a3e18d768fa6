package memory_test

import (
	"testing"

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/store/memory"
	"github.com/couponkit/coupon/store/storetest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, func(*testing.T) func(string) coupon.Store {
		st := memory.New()
		return func(merchant string) coupon.Store { return st.Merchant(merchant) }
	})
}

func BenchmarkStore(b *testing.B) {
	storetest.Bench(b, func(*testing.B) func(string) coupon.Store {
		st := memory.New()
		return func(merchant string) coupon.Store { return st.Merchant(merchant) }
	})
}
