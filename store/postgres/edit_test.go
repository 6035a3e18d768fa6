package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/internal/pgtest"
	"github.com/couponkit/coupon/store/internal/sqltest"
)

// A limit that is added must count every redemption, also those whose
// transactions are open, and must not wait for ever for those that keep coming.
func TestAddingALimitGetsThroughASteadyStream(t *testing.T) {
	t.Parallel()
	eachDriver(t, func(t *testing.T, driver string) {
		st, db := newStore(t, driver)
		db.SetMaxOpenConns(40)
		db.SetMaxIdleConns(40)
		c := create(t, st, "C", unlimited)
		var committed atomic.Int64
		var all sync.WaitGroup
		stop := make(chan struct{})
		for g := range 32 {
			all.Go(func() {
				for i := 0; ; i++ {
					select {
					case <-stop:
						return
					default:
					}
					ok, err := redeemFor(t.Context(), st, fmt.Sprintf("b%d-%d", g, i), 20*time.Millisecond)
					if err != nil {
						t.Error(err)
						return
					}
					if ok {
						committed.Add(1)
					}
				}
			})
		}
		if !pgtest.Wait(t.Context(), func() bool { return committed.Load() > 100 }) {
			t.Fatal("the stream does not flow")
		}
		edited, before := c, committed.Load()
		edited.Restrictions.Limits = []coupon.Limit{{Of: coupon.Uses, Per: coupon.PerCoupon, Every: coupon.Ever, Max: 1 << 40}}
		began := time.Now()
		_, err := service(t, st).Update(t.Context(), edited)
		took := time.Since(began)
		if err != nil {
			t.Errorf("the edit: %v", err)
		}
		after := committed.Load()
		if !pgtest.Wait(t.Context(), func() bool { return committed.Load() > after+100 }) {
			t.Error("the stream does not go on after the edit")
		}
		close(stop)
		all.Wait()
		t.Logf("the edit of a coupon with %d redemptions took %v", before, took)
		wantStored(t, st, int(committed.Load()))
		state, err := service(t, st).State(t.Context(), c.ID)
		if err != nil || state.Limits[0].Used != committed.Load() {
			t.Errorf("used: %+v, error %v, want %d", state.Limits, err, committed.Load())
		}
	})
}

// redeemFor redeems in a transaction of the host's that goes on for some time.
func redeemFor(ctx context.Context, st *Store, id string, d time.Duration) (committed bool, err error) {
	tx, err := st.tx.db.DB.BeginTx(ctx, nil)
	if err != nil {
		return false, err
	}
	defer func() { _ = tx.Rollback() }()
	svc, err := coupon.New(coupon.Config{Store: st.Tx(tx)})
	if err != nil {
		return false, err
	}
	if _, err := svc.Redeem(ctx, booking(id), "C"); err != nil {
		if errors.Is(err, coupon.ErrRefused) {
			err = nil
		}
		return false, err
	}
	if _, err := tx.ExecContext(ctx, fmt.Sprintf("SELECT pg_sleep(%d.%03d)", d/time.Second, d%time.Second/time.Millisecond)); err != nil {
		return false, err
	}
	return true, tx.Commit()
}

// An edit that counts nothing anew waits for nobody, and nobody for it.
func TestOtherEditsDoNotWaitForOpenRedemptions(t *testing.T) {
	t.Parallel()
	st, db := newStore(t, "pgx")
	c := create(t, st, "C", unlimited)
	tx := begin(t, db, 0)
	if _, err := service(t, st.Tx(tx)).Redeem(t.Context(), booking("b1"), "C"); err != nil {
		t.Fatal(err)
	}
	if _, err := service(t, st).Deactivate(t.Context(), c.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := service(t, st).Redeem(t.Context(), booking("b2"), "C"); !errors.Is(err, coupon.ErrRefused) {
		t.Errorf("after the edit: got error %v, want it refused", err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	wantStored(t, st, 1)
}

// An edit that gives up opens the coupon again at once.
func TestAnEditThatFailsOpensTheCoupon(t *testing.T) {
	t.Parallel()
	st, db := newStore(t, "pgx")
	c := create(t, st, "C", unlimited)
	other := create(t, st, "OTHER")
	recharge := func(coupon.Use) []coupon.Charge { return nil }
	taken := c
	taken.Version, taken.Code = 2, other.Code
	if err := st.UpdateCoupon(t.Context(), taken, recharge); !errors.Is(err, coupon.ErrDuplicateCode) {
		t.Errorf("got error %v, want ErrDuplicateCode", err)
	}
	stale := c
	if err := st.UpdateCoupon(t.Context(), stale, recharge); !errors.Is(err, coupon.ErrVersion) {
		t.Errorf("got error %v, want ErrVersion", err)
	}
	none := coupon.Coupon{ID: "none", Version: 2}
	if err := st.UpdateCoupon(t.Context(), none, recharge); !errors.Is(err, coupon.ErrNotFound) {
		t.Errorf("got error %v, want ErrNotFound", err)
	}
	tx := begin(t, db, 0)
	if _, err := service(t, st.Tx(tx)).Redeem(t.Context(), booking("b1"), "C"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	good := c
	good.Version = 2
	go func() { done <- st.UpdateCoupon(ctx, good, recharge) }()
	waiting(t, db, st.schema, 1)
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v, want the context's", err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	var closed int64
	if err := db.QueryRowContext(t.Context(), "SELECT MAX(closed_until) FROM "+st.schema+".coupon_heads").Scan(&closed); err != nil || closed != 0 {
		t.Errorf("closed until %d, error %v", closed, err)
	}
	if err := st.UpdateCoupon(t.Context(), good, recharge); err != nil {
		t.Error(err)
	}
}

// Whoever closed the coupon may have died: it opens by itself.
func TestAClosedCouponIsWaitedFor(t *testing.T) {
	t.Parallel()
	st, db := newStore(t, "pgx")
	create(t, st, "C")
	if _, err := db.ExecContext(t.Context(), "UPDATE "+st.schema+`.coupon_heads SET closed_until =
		CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT) + 300000`); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if _, err := service(t, st).Redeem(t.Context(), booking("b1"), "C"); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took < 200*time.Millisecond {
		t.Errorf("took %v: the coupon was not closed", took)
	}
	// The edit may wait for this very transaction, which has the coupon locked.
	tx := begin(t, db, 0)
	svc := service(t, st.Tx(tx))
	if _, err := svc.Redeem(t.Context(), booking("b2"), "C"); err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), "UPDATE "+st.schema+".coupon_heads SET closed_until = 9000000000000000000"); err != nil {
		t.Fatal(err)
	}
	if _, err := svc.Redeem(t.Context(), booking("b3"), "C"); err != nil {
		t.Errorf("in the host's transaction: %v", err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	wantStored(t, st, 3)
}

// Rebuild repairs what something else wrote, while redemptions go on.
func TestRebuildIsExactWhileRedemptionsGoOn(t *testing.T) {
	t.Parallel()
	eachDriver(t, func(t *testing.T, driver string) {
		st, db := newStore(t, driver)
		svc := service(t, st)
		create(t, st, "C", func(c *coupon.Coupon) {
			c.Restrictions.Limits = []coupon.Limit{{Of: coupon.Uses, Per: coupon.PerCoupon, Every: coupon.Ever, Max: 1 << 40},
				{Of: coupon.Uses, Per: coupon.PerCustomer, Every: coupon.Ever, Max: 1 << 40}}
		})
		var n atomic.Int64
		var all sync.WaitGroup
		stop := make(chan struct{})
		for g := range 8 {
			all.Go(func() {
				for i := 0; ; i++ {
					select {
					case <-stop:
						return
					default:
					}
					b := booking(fmt.Sprintf("b%d-%d", g, i))
					b.Customer.Key = fmt.Sprint("c", g)
					_, err := svc.Redeem(t.Context(), b, "C")
					if err == nil && i%3 == 0 {
						_, err = svc.Cancel(t.Context(), b.ID)
					}
					if err != nil {
						t.Error(err)
						return
					}
					n.Add(1)
				}
			})
		}
		for i := range 10 {
			if !pgtest.Wait(t.Context(), func() bool { return n.Load() > int64(20*i+20) }) {
				t.Fatal("the stream does not flow")
			}
			for _, drift := range []string{
				"UPDATE " + st.schema + ".coupon_counters SET used = used + 7 WHERE limit_per = 'coupon'",
				"UPDATE " + st.schema + ".coupon_counters SET used = 1000 WHERE subject = 'c3'",
			} {
				if _, err := db.ExecContext(t.Context(), drift); err != nil {
					t.Fatal(err)
				}
			}
			if drifts, err := svc.Verify(t.Context()); err != nil || len(drifts) != 2 {
				t.Errorf("Verify: %+v, error %v, want two", drifts, err)
			}
			if err := svc.Rebuild(t.Context()); err != nil {
				t.Errorf("Rebuild: %v", err)
			}
			if drifts, err := svc.Verify(t.Context()); err != nil || len(drifts) > 0 {
				t.Errorf("after Rebuild: %+v, error %v", drifts, err)
			}
		}
		close(stop)
		all.Wait()
		wantStored(t, st, int(n.Load()))
	})
}

func TestRebuildBringsSeriesBack(t *testing.T) {
	t.Parallel()
	st, db := newStore(t, "pgx")
	sqltest.Rebuilds(t, st.Merchant("acme"), func(statement string) {
		if _, err := db.ExecContext(t.Context(), fmt.Sprintf(statement, st.schema+".coupon_series")); err != nil {
			t.Fatal(err)
		}
	})
}

// Charges of many redemptions are replaced without reading their documents.
func TestRechargeOfManyRedemptions(t *testing.T) {
	t.Parallel()
	st, _ := newStore(t, "pgx")
	c := create(t, st, "C", unlimited)
	svc := service(t, st)
	const n = 5000
	if report, err := svc.Import(t.Context(), past("C", n), coupon.ImportOptions{}); err != nil || report.Recorded != n {
		t.Fatalf("%+v, error %v", report, err)
	}
	c.Restrictions.Limits = []coupon.Limit{
		{Of: coupon.Uses, Per: coupon.PerCustomer, Every: coupon.PerMonth, Max: 10_000},
		{Of: coupon.DiscountGiven, Per: coupon.PerCoupon, Every: coupon.Ever, Budget: coupon.MustMoney("1000000", "USD")},
	}
	began := time.Now()
	c, err := svc.Update(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("counted %d redemptions in %v", n, time.Since(began))
	slot := coupon.Slot{Coupon: c.ID, Of: coupon.DiscountGiven, Per: coupon.PerCoupon, Every: coupon.Ever, Currency: "USD"}
	used, err := st.Counters(t.Context(), []coupon.Slot{slot}, time.Time{})
	if err != nil || used[slot] != n*1235 {
		t.Errorf("used %v, error %v", used, err)
	}
	wantStored(t, st, n)
}

// In the host's transaction an edit that counts anew waits no longer either, and
// leaves the host's own setting as it was.
func TestAnEditInTheHostsTransactionWaitsForABoundedTime(t *testing.T) {
	t.Parallel()
	st, db := newStore(t, "pgx")
	c := create(t, st, "C", unlimited)
	holder, tx := begin(t, db, 0), begin(t, db, 0)
	if _, err := service(t, st.Tx(holder)).Redeem(t.Context(), booking("b1"), "C"); err != nil {
		t.Fatal(err)
	}
	if _, err := tx.ExecContext(t.Context(), "SET LOCAL lock_timeout = '1min'"); err != nil {
		t.Fatal(err)
	}
	edited := c
	edited.Restrictions.Limits = []coupon.Limit{{Of: coupon.Uses, Per: coupon.PerCoupon, Every: coupon.Ever, Max: 5}}
	edit := func() error {
		_, err := service(t, st.Tx(tx)).Update(t.Context(), edited)
		var timeout string
		if err := tx.QueryRowContext(t.Context(), "SHOW lock_timeout").Scan(&timeout); err != nil || timeout != "1min" {
			t.Errorf("lock_timeout is %s, error %v", timeout, err)
		}
		return err
	}
	if err := edit(); !errors.Is(err, coupon.ErrContention) {
		t.Errorf("got error %v, want ErrContention", err)
	}
	if err := holder.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := edit(); err != nil {
		t.Error(err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	state, err := service(t, st).State(t.Context(), c.ID)
	if err != nil || state.Limits[0].Used != 1 {
		t.Errorf("limits: %+v, error %v, want one use", state.Limits, err)
	}
	wantStored(t, st, 1)
}
