package memory

import (
	"testing"
	"time"

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/store/internal/sqltest"
)

// The model of the other stores, in which only a fault of its own could lose one.
func TestRebuildBringsASeriesBack(t *testing.T) {
	t.Parallel()
	st := New()
	svc := sqltest.Service(t, st)
	c := sqltest.Create(t, st, "C")
	for i, id := range []string{"v2", "v1"} {
		b := sqltest.Booking(id)
		b.Series, b.Occurrence, b.Customer.Key, b.MadeAt = "s", int64(2-i), id, time.Date(2026, 1, 2-i, 0, 0, 0, 0, time.UTC)
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
	sqltest.WantStored(t, st, 2)
}
