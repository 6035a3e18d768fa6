package sqltest

import (
	"database/sql"
	"testing"
	"time"

	"github.com/couponkit/coupon"
)

// MiscountedOthers is how many rows of a table of redemptions say wrongly how many
// redemptions of other coupons their bookings have.
func MiscountedOthers(db *sql.DB, table string) (n int, err error) {
	err = db.QueryRow(`SELECT COUNT(*) FROM ` + table + ` AS r WHERE others <> (
		SELECT COUNT(*) - 1 FROM ` + table + ` AS o WHERE o.merchant = r.merchant AND o.booking = r.booking)`).Scan(&n)
	return n, err
}

// OlderBookings wants that the step which counts the redemptions of a booking counts
// those that are there: older undoes the step, then migrates.
func OlderBookings(t *testing.T, st coupon.Store, db *sql.DB, table string, older func()) {
	t.Helper()
	svc := Service(t, st)
	for _, code := range []string{"A", "B", "C"} {
		Create(t, st, code, func(c *coupon.Coupon) { c.Combinable = true })
	}
	wanted := func(when string) {
		t.Helper()
		if n, err := MiscountedOthers(db, table); err != nil || n > 0 {
			t.Errorf("%s: %d are wrong, error %v", when, n, err)
		}
	}
	reserve := func(id string, codes ...string) {
		t.Helper()
		if _, err := svc.Reserve(t.Context(), Booking(id), time.Hour, codes...); err != nil {
			t.Fatal(err)
		}
	}
	reserve("three", "A", "B", "C")
	reserve("two", "C", "A")
	reserve("one", "B")
	wanted("before")
	older()
	wanted("after the step")
	reserve("one", "B", "A")
	reserve("new", "C")
	wanted("later")
	for id, want := range map[string]int{"three": 3, "two": 2, "one": 2, "new": 1} {
		if rs, err := svc.Confirm(t.Context(), id); err != nil || len(rs) != want {
			t.Errorf("%s: %d are confirmed, error %v, want %d", id, len(rs), err, want)
		}
	}
	wanted("confirmed")
}
