package postgres

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/couponkit/coupon"
)

// Many who record what several coupons refused, in any order, while the oldest
// are forgotten: nobody waits for the other crosswise, and the bound holds.
func TestRefusalsRecordedAtOnce(t *testing.T) {
	t.Parallel()
	st, seen := counted(t)
	ids := []coupon.ID{create(t, st, "A").ID, create(t, st, "B").ID}
	began := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	bounds := coupon.RefusalBounds{Since: began, Most: 20}
	record := func(i int) error {
		var records []coupon.RefusalRecord
		for _, id := range ids {
			for _, reason := range []coupon.Reason{coupon.HasEnded, coupon.LimitReached, coupon.WrongDay} {
				records = append(records, coupon.RefusalRecord{Coupon: id, Booking: fmt.Sprint("b", i/2), Reason: reason, Code: "A",
					Subtotal: coupon.MustMoney("1", "USD"), At: began.Add(time.Duration(i) * time.Second)})
			}
		}
		rand.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
		return st.RecordRefusals(t.Context(), records, bounds)
	}
	var all sync.WaitGroup
	for g := range 16 {
		all.Go(func() {
			for i := range 20 {
				if err := record(16*i + g); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if n := seen.n.Load(); n > 0 {
		t.Errorf("%d deadlocks", n)
	}
	if err := record(1000); err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		page, err := st.Refusals(t.Context(), coupon.RefusalQuery{Coupon: id, Since: began, Limit: 100})
		if err != nil || len(page) != bounds.Most || page[0].Booking != "b500" {
			t.Errorf("%d refusals are kept, error %v, want the newest %d", len(page), err, bounds.Most)
		}
	}
}
