package sqlite

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/store/internal/sqltest"
	"github.com/couponkit/coupon/store/memory"
)

// More buckets than one statement takes are still summed in one snapshot, as
// the memory store sums them.
func TestSumOfManyBucketsIsThatOfTheModel(t *testing.T) {
	t.Parallel()
	st, _ := newStore(t)
	var sums [][]coupon.BucketSums
	for _, st := range []coupon.Store{st, memory.New()} {
		c := create(t, st, "C")
		report, err := service(t, st).Import(t.Context(), past("C", 3000), coupon.ImportOptions{})
		if err != nil || report.Recorded != 3000 {
			t.Fatalf("import: %+v, error %v", report, err)
		}
		for _, clock := range []coupon.Clock{coupon.MadeAt, coupon.ServiceAt} {
			bounds := []time.Time{{}}
			for at := time.Date(2024, 12, 31, 23, 0, 0, 0, time.UTC); len(bounds) < 1000; at = at.Add(50 * time.Minute) {
				bounds = append(bounds, at)
			}
			got, err := st.Sum(t.Context(), coupon.SumQuery{Coupons: []coupon.ID{c.ID}, Clock: clock, Bounds: append(bounds, time.Time{})})
			if err != nil || len(got) < 800 {
				t.Fatalf("%d sums, error %v", len(got), err)
			}
			for i := range got {
				got[i].Coupon = "" // each store has its own
			}
			sums = append(sums, got)
		}
	}
	for i := range 2 {
		if diff := cmp.Diff(sums[i+2], sums[i]); diff != "" {
			t.Errorf("-memory +sqlite\n%s", diff)
		}
	}
}

// A pool of one connection is enough for everything: nothing holds a connection
// and waits for another.
func TestOneConnectionIsEnough(t *testing.T) {
	t.Parallel()
	db := openDB(t, "file:"+filepath.Join(t.TempDir(), "coupons.db"))
	db.SetMaxOpenConns(1)
	st := migrated(t, db)
	svc := service(t, st)
	create(t, st, "C")
	done := make(chan error)
	for i := range 8 {
		go func() {
			_, err := svc.Redeem(t.Context(), booking(string(rune('a'+i))), "C")
			done <- err
		}()
		go func() { done <- sqltest.Drain(svc.Redemptions(t.Context(), coupon.RedemptionFilter{})) }()
	}
	for range 16 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	wantStored(t, st, 8)
}
