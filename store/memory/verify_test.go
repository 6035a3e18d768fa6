package memory

import (
	"testing"
	"time"

	"github.com/couponkit/coupon"
)

// The model of the other stores, in which only a fault of its own could lose one.
func TestRebuildBringsASeriesBack(t *testing.T) {
	t.Parallel()
	st := New()
	svc, err := coupon.New(coupon.Config{Store: st})
	if err != nil {
		t.Fatal(err)
	}
	ten := coupon.MustMoney("10", "USD").Amount
	c, err := svc.Create(t.Context(), coupon.Coupon{Code: "C", Discount: coupon.PercentOff(ten), Start: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC),
		Restrictions: coupon.Restrictions{Limits: []coupon.Limit{{Of: coupon.Uses, Per: coupon.PerCoupon, Max: 100}}}})
	if err != nil {
		t.Fatal(err)
	}
	for i, id := range []string{"v2", "v1"} {
		b := coupon.Booking{ID: id, Currency: "USD", Lines: []coupon.Line{{Price: ten, Quantity: 1}}, Customer: coupon.Customer{Key: id},
			Series: "s", Occurrence: int64(2 - i), MadeAt: time.Date(2026, 1, 2-i, 0, 0, 0, 0, time.UTC)}
		if _, err := svc.Redeem(t.Context(), b, "C"); err != nil {
			t.Fatal(err)
		}
	}
	key := coupon.SeriesKey{Coupon: c.ID, Key: "s"}
	delete(st.db.tenants[""].series, key)
	if drifts, err := svc.Verify(t.Context()); err != nil || len(drifts) != 2 {
		t.Errorf("Verify finds %v, error %v, want the series and the counter", drifts, err)
	}
	if err := svc.Rebuild(t.Context()); err != nil {
		t.Fatal(err)
	}
	if x, err := st.Series(t.Context(), key); err != nil || x.Live != 2 || x.Customer != "v1" || len(x.Charges) != 1 {
		t.Errorf("after Rebuild: %+v, error %v", x, err)
	}
	if drifts, err := svc.Verify(t.Context()); err != nil || len(drifts) > 0 {
		t.Errorf("after Rebuild Verify finds %v, error %v", drifts, err)
	}
}
