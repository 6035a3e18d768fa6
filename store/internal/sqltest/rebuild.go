package sqltest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/couponkit/coupon"
)

// Rebuilds wants that series are brought back from their redemptions, whatever
// something else did to them: exec runs a statement in which %s stands for the
// table of series.
func Rebuilds(t *testing.T, st coupon.Store, exec func(statement string)) {
	t.Helper()
	svc := Service(t, st)
	for i, harm := range []string{
		"DELETE FROM %s WHERE series = 's'",
		"UPDATE %s SET live = 0, charges = '' WHERE series = 's'",
		"UPDATE %s SET live = 7 WHERE series = 's'",
	} {
		code := fmt.Sprintf("C%d", i)
		once := coupon.Limit{Of: coupon.Uses, Per: coupon.PerCustomer, Every: coupon.Ever, Max: 1}
		c := Create(t, st, code, func(c *coupon.Coupon) { c.Restrictions.Limits = append(c.Restrictions.Limits, once) })
		of := func(id, series string, n int64, customer string) coupon.Booking {
			b := Booking(code + id)
			b.Series, b.Occurrence, b.Customer.Key = series, n, customer
			b.MadeAt = time.Date(2026, 1, 1+int(n), 0, 0, 0, 0, time.UTC)
			return b
		}
		redeem := func(b coupon.Booking) error {
			_, err := svc.Redeem(t.Context(), b, code)
			return err
		}
		cancel := func(id string) {
			t.Helper()
			if _, err := svc.Cancel(t.Context(), code+id); err != nil {
				t.Fatal(err)
			}
		}
		used := func(want int64) {
			t.Helper()
			if state, err := svc.State(t.Context(), c.ID); err != nil || state.Limits[0].Used != want {
				t.Errorf("after %q: %d uses, error %v, want %d", harm, state.Limits[0].Used, err, want)
			}
		}
		for _, b := range []coupon.Booking{of("v2", "s", 2, "ann"), of("v1", "s", 1, "ann"), of("w", "other", 1, "bob"), of("x", "", 0, "cy")} {
			if err := redeem(b); err != nil {
				t.Fatal(err)
			}
		}
		exec(harm)
		drifts, err := svc.Verify(t.Context())
		named := false
		for _, d := range drifts {
			named = named || d.Slot == coupon.Series{Coupon: c.ID, Key: "s"}.Slot() && d.Held == 2
		}
		if err != nil || !named {
			t.Errorf("after %q: Verify finds %v, error %v, want the series", harm, drifts, err)
		}
		if err := svc.Rebuild(t.Context()); err != nil {
			t.Fatal(err)
		}
		if drifts, err := svc.Verify(t.Context()); err != nil || len(drifts) > 0 {
			t.Errorf("after %q and Rebuild: Verify finds %v, error %v", harm, drifts, err)
		}
		x, err := st.Series(t.Context(), coupon.SeriesKey{Coupon: c.ID, Key: "s"})
		if err != nil || x.Live != 2 || x.Customer != "ann" || x.Code != c.Code || len(x.Charges) != 2 {
			t.Errorf("after %q and Rebuild: %+v, error %v", harm, x, err)
		}
		used(3)
		if err := redeem(of("y", "", 0, "ann")); !errors.Is(err, coupon.ErrRefused) {
			t.Errorf("after %q: the customer of the series once more: error %v, want it refused", harm, err)
		}
		cancel("v2")
		used(3)
		cancel("v1")
		used(2)
		exec("DELETE FROM %s WHERE series = 's'") // the next one has its own
	}
}
