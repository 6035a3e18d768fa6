package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/internal/pgtest"
)

func begin(t testing.TB, db *sql.DB, isolation sql.IsolationLevel) *sql.Tx {
	t.Helper()
	tx, err := db.BeginTx(t.Context(), &sql.TxOptions{Isolation: isolation})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tx.Rollback() })
	return tx
}

func TestTheHostsTransactionDecidesOnAll(t *testing.T) {
	t.Parallel()
	eachDriver(t, func(t *testing.T, driver string) {
		root, db := newStore(t, driver)
		for name, in := range map[string]func(DBTX) *Store{
			"merchant, then tx": func(tx DBTX) *Store { return root.Merchant("acme").Tx(tx) },
			"tx, then merchant": func(tx DBTX) *Store { return root.Tx(tx).Merchant("acme") },
		} {
			for _, commit := range []bool{false, true} {
				st := root.Merchant("acme")
				tx := begin(t, db, sql.LevelDefault)
				code := fmt.Sprintf("C-%t-%d", commit, len(name)+int(name[0]))
				c := create(t, in(tx), code)
				id := "b" + code
				if _, err := service(t, in(tx)).Redeem(t.Context(), booking(id), code); err != nil {
					t.Fatal(err)
				}
				if _, err := service(t, in(tx)).Redemption(t.Context(), c.ID, id); err != nil {
					t.Errorf("%s: the transaction does not see its own: %v", name, err)
				}
				if _, err := st.Coupon(t.Context(), c.ID); !errors.Is(err, coupon.ErrNotFound) {
					t.Errorf("%s: others see it before it is committed: error %v", name, err)
				}
				end, want := tx.Rollback, coupon.ErrNotFound
				if commit {
					end, want = tx.Commit, nil
				}
				if err := end(); err != nil {
					t.Fatal(err)
				}
				if _, err := service(t, st).Redemption(t.Context(), c.ID, id); !errors.Is(err, want) {
					t.Errorf("%s, commit %t: got error %v, want %v", name, commit, err, want)
				}
			}
		}
		wantStored(t, root.Merchant("acme"), 2)
	})
}

// What was refused or has failed undoes itself and nothing else.
func TestARefusalLeavesTheTransactionUsable(t *testing.T) {
	t.Parallel()
	eachDriver(t, func(t *testing.T, driver string) {
		st, db := newStore(t, driver)
		c := create(t, st, "C", func(c *coupon.Coupon) { c.Restrictions.Limits[0].Max = 1 })
		tx := begin(t, db, sql.LevelDefault)
		svc := service(t, st.Tx(tx))
		if _, err := svc.Redeem(t.Context(), booking("b1"), "C"); err != nil {
			t.Fatal(err)
		}
		if _, err := svc.Redeem(t.Context(), booking("b2"), "C"); !errors.Is(err, coupon.ErrRefused) {
			t.Errorf("beyond the limit: got error %v", err)
		}
		if err := st.Tx(tx).InsertCoupon(t.Context(), c); err == nil { // breaks the primary key
			t.Error("the same id twice: no error")
		}
		stale := c
		if err := st.Tx(tx).UpdateCoupon(t.Context(), stale, nil); !errors.Is(err, coupon.ErrVersion) {
			t.Errorf("a stale version: got error %v", err)
		}
		if r, err := svc.Redeem(t.Context(), booking("b1"), "C"); err != nil || !r.Replayed {
			t.Errorf("the first again: replayed %t, error %v", r.Replayed, err)
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		wantStored(t, st, 1)
	})
}

// A host that may only read hears so, and goes on reading.
func TestAWriteInAReadOnlyTransactionLeavesItUsable(t *testing.T) {
	t.Parallel()
	eachDriver(t, func(t *testing.T, driver string) {
		st, db := newStore(t, driver)
		create(t, st, "C", unlimited)
		svc := service(t, st)
		if _, err := svc.Reserve(t.Context(), booking("b"), time.Hour, "C"); err != nil {
			t.Fatal(err)
		}
		tx := begin(t, db, sql.LevelDefault)
		if _, err := tx.ExecContext(t.Context(), "SET TRANSACTION READ ONLY"); err != nil {
			t.Fatal(err)
		}
		in := svc.With(st.Tx(tx))
		if _, err := in.Redeem(t.Context(), booking("b2"), "C"); sqlState(err) != "25006" {
			t.Errorf("redeem: got error %v", err)
		}
		if _, err := in.Confirm(t.Context(), "b"); sqlState(err) != "25006" {
			t.Errorf("confirm: got error %v", err)
		}
		if _, err := tx.ExecContext(t.Context(), "SELECT 1"); err != nil {
			t.Errorf("the transaction is not usable: %v", err)
		}
	})
}

func TestMigrateInATransactionIsAnError(t *testing.T) {
	t.Parallel()
	st, db := newStore(t, "pgx")
	if err := st.Tx(begin(t, db, sql.LevelDefault)).Migrate(t.Context()); err == nil {
		t.Error("want an error")
	}
	if _, err := service(t, st.Tx(db)).Create(t.Context(), coupon.Coupon{}); err == nil {
		t.Error("a pool for a transaction: want an error")
	}
}

// An edit that is rolled back must not leave its version in memory: the next one
// has the same number and other rules.
func TestAnEditThatIsRolledBackIsForgotten(t *testing.T) {
	t.Parallel()
	st, db := newStore(t, "pgx")
	c := create(t, st, "C", unlimited)
	tx := begin(t, db, sql.LevelDefault)
	svc := service(t, st.Tx(tx))
	edited := c
	edited.Discount = coupon.PercentOff(coupon.MustMoney("50", "USD").Amount)
	if _, err := svc.Update(t.Context(), edited); err != nil {
		t.Fatal(err)
	}
	if r, err := svc.Redeem(t.Context(), booking("b1"), "C"); err != nil || !r.Discount.Equal(coupon.MustMoney("50", "USD")) {
		t.Errorf("in the transaction: discount %s, error %v", r.Discount, err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	edited.Discount = coupon.PercentOff(coupon.MustMoney("20", "USD").Amount)
	if _, err := service(t, st).Update(t.Context(), edited); err != nil {
		t.Fatal(err)
	}
	if r, err := service(t, st).Redeem(t.Context(), booking("b1"), "C"); err != nil || !r.Discount.Equal(coupon.MustMoney("20", "USD")) {
		t.Errorf("after the rollback: discount %s, error %v", r.Discount, err)
	}
}

// waiting wants that many sessions of the test's schema to wait for a lock.
func waiting(t *testing.T, db *sql.DB, schema string, n int) {
	t.Helper()
	ok := pgtest.Wait(t.Context(), func() bool {
		var got int
		err := db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%"+schema+`"%'`).Scan(&got)
		if err != nil {
			t.Fatal(err)
		}
		return got >= n
	})
	if !ok {
		t.Fatalf("no %d sessions wait for a lock", n)
	}
}

// Two transactions lock the counters of two coupons in opposite order: one of
// them must give way.
func TestDeadlockInTheHostsTransactionIsTheHostsToRunAgain(t *testing.T) {
	t.Parallel()
	eachDriver(t, func(t *testing.T, driver string) {
		st, db := newStore(t, driver)
		create(t, st, "A")
		create(t, st, "B")
		for _, code := range []string{"A", "B"} { // so that the counters are there
			if _, err := service(t, st).Redeem(t.Context(), booking("first "+code), code); err != nil {
				t.Fatal(err)
			}
		}
		one, two := begin(t, db, sql.LevelDefault), begin(t, db, sql.LevelDefault)
		redeem := func(tx *sql.Tx, id, code string) error {
			_, err := service(t, st.Tx(tx)).Redeem(t.Context(), booking(id), code)
			return err
		}
		if err := errors.Join(redeem(one, "1a", "A"), redeem(two, "2b", "B")); err != nil {
			t.Fatal(err)
		}
		errs := make(chan error, 2)
		go func() {
			err := redeem(one, "1b", "B")
			if err != nil {
				err = errors.Join(err, one.Rollback())
			}
			errs <- err
		}()
		waiting(t, db, st.schema, 1)
		err := redeem(two, "2a", "A")
		if err != nil {
			err = errors.Join(err, two.Rollback())
		}
		err = errors.Join(err, <-errs)
		if !errors.Is(err, coupon.ErrRetryTx) || errors.Is(err, coupon.ErrContention) {
			t.Errorf("got error %v, want one that says to run the transaction again", err)
		}
	})
}

func TestSerializationFailureInTheHostsTransaction(t *testing.T) {
	t.Parallel()
	eachDriver(t, func(t *testing.T, driver string) {
		st, db := newStore(t, driver)
		create(t, st, "C")
		tx := begin(t, db, sql.LevelRepeatableRead)
		if _, _, err := st.Tx(tx).CouponByCode(t.Context(), "C"); err != nil { // the snapshot is taken
			t.Fatal(err)
		}
		if _, err := service(t, st).Redeem(t.Context(), booking("b1"), "C"); err != nil {
			t.Fatal(err)
		}
		if _, err := service(t, st.Tx(tx)).Redeem(t.Context(), booking("b1"), "C"); !errors.Is(err, coupon.ErrRetryTx) {
			t.Errorf("got error %v, want one that says to run the transaction again", err)
		}
		if err := tx.Rollback(); err != nil {
			t.Fatal(err)
		}
		wantStored(t, st, 1)
	})
}

// Outside of a host's transaction the same is run again here: nobody hears of it.
func TestDeadlockIsRunAgain(t *testing.T) {
	t.Parallel()
	st, db := newStore(t, "pgx")
	create(t, st, "A")
	if _, err := service(t, st).Redeem(t.Context(), booking("first"), "A"); err != nil {
		t.Fatal(err)
	}
	for i := range 8 {
		// The host locks the counter, then wants the head, which the call has locked
		// when it wants the counter.
		tx := begin(t, db, sql.LevelDefault)
		if _, err := tx.ExecContext(t.Context(), "UPDATE "+st.schema+".coupon_counters SET used = used WHERE limit_of = 'uses'"); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() {
			_, err := service(t, st).Redeem(t.Context(), booking(fmt.Sprint("b", i)), "A")
			done <- err
		}()
		waiting(t, db, st.schema, 1)
		if _, err := tx.ExecContext(t.Context(), "SELECT 1 FROM "+st.schema+".coupon_heads FOR UPDATE"); err != nil && sqlState(err) != deadlockDetected {
			t.Fatal(err)
		}
		_ = tx.Rollback()
		if err := <-done; err != nil {
			t.Errorf("the call: %v", err)
		}
	}
	wantStored(t, st, 9)
}

func TestALockThatIsHeldTooLongIsContention(t *testing.T) {
	t.Parallel()
	st, db := newStore(t, "pgx")
	create(t, st, "C")
	if _, err := service(t, st).Redeem(t.Context(), booking("b1"), "C"); err != nil {
		t.Fatal(err)
	}
	holder := begin(t, db, sql.LevelDefault)
	if _, err := holder.ExecContext(t.Context(), "UPDATE "+st.schema+".coupon_counters SET used = used"); err != nil {
		t.Fatal(err)
	}
	tx := begin(t, db, sql.LevelDefault)
	if _, err := tx.ExecContext(t.Context(), "SET LOCAL lock_timeout = '20ms'"); err != nil {
		t.Fatal(err)
	}
	if _, err := service(t, st.Tx(tx)).Redeem(t.Context(), booking("b2"), "C"); !errors.Is(err, coupon.ErrContention) {
		t.Errorf("got error %v, want ErrContention", err)
	}
	if _, _, err := st.Tx(tx).CouponByCode(t.Context(), "C"); err != nil {
		t.Errorf("the transaction is not usable: %v", err)
	}
}

// What a call reads before it writes is in no savepoint, as Tx says.
func TestAReadThatFailsEndsTheTransaction(t *testing.T) {
	t.Parallel()
	st, db := newStore(t, "pgx")
	create(t, st, "C")
	holder := begin(t, db, sql.LevelDefault)
	if _, err := holder.ExecContext(t.Context(), "LOCK TABLE "+st.schema+".coupon_redemptions IN ACCESS EXCLUSIVE MODE"); err != nil {
		t.Fatal(err)
	}
	tx := begin(t, db, sql.LevelDefault)
	if _, err := tx.ExecContext(t.Context(), "SET LOCAL lock_timeout = '20ms'"); err != nil {
		t.Fatal(err)
	}
	if _, err := service(t, st.Tx(tx)).Confirm(t.Context(), "b1"); !errors.Is(err, coupon.ErrContention) {
		t.Errorf("got error %v, want ErrContention", err)
	}
	if _, err := tx.ExecContext(t.Context(), "SELECT 1"); sqlState(err) != "25P02" {
		t.Errorf("the transaction goes on: error %v", err)
	}
}

// Two coupons that come first to a new booking at the same moment: each must see
// the other, and neither allows another beside it.
func TestTwoCouponsOnANewBookingMeet(t *testing.T) {
	t.Parallel()
	eachDriver(t, func(t *testing.T, driver string) {
		st, db := newStore(t, driver)
		create(t, st, "A", unlimited)
		create(t, st, "B", unlimited)
		for i := range 10 {
			id := fmt.Sprint("b", i)
			tx := begin(t, db, sql.LevelDefault)
			if _, err := service(t, st.Tx(tx)).Redeem(t.Context(), booking(id), "A"); err != nil {
				t.Fatal(err)
			}
			second := make(chan error, 1)
			go func() {
				_, err := service(t, st).Redeem(t.Context(), booking(id), "B")
				second <- err
			}()
			waiting(t, db, st.schema, 1)
			if err := tx.Commit(); err != nil {
				t.Fatal(err)
			}
			if err := <-second; !errors.Is(err, coupon.ErrRefused) {
				t.Errorf("the second coupon: got error %v, want it refused", err)
			}
		}
		var all sync.WaitGroup
		for i := range 40 {
			all.Go(func() {
				_, err := service(t, st).Redeem(context.Background(), booking(fmt.Sprint("c", i/2)), []string{"A", "B"}[i%2])
				if err != nil && !errors.Is(err, coupon.ErrRefused) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		wantStored(t, st, 30)
	})
}

// The same on a booking that had one before: its cancelled redemption is locked by
// both, and who comes second must look again.
func TestTwoCouponsThatJoinABookingMeet(t *testing.T) {
	t.Parallel()
	st, db := newStore(t, "pgx")
	for _, code := range []string{"A", "B", "C"} {
		create(t, st, code, unlimited)
	}
	if _, err := service(t, st).Redeem(t.Context(), booking("b1"), "A"); err != nil {
		t.Fatal(err)
	}
	if _, err := service(t, st).Cancel(t.Context(), "b1"); err != nil {
		t.Fatal(err)
	}
	tx := begin(t, db, sql.LevelDefault)
	if _, err := service(t, st.Tx(tx)).Redeem(t.Context(), booking("b1"), "B"); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		_, err := service(t, st).Redeem(t.Context(), booking("b1"), "C")
		done <- err
	}()
	waiting(t, db, st.schema, 1)
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; !errors.Is(err, coupon.ErrRefused) {
		t.Errorf("the third coupon: got error %v, want it refused", err)
	}
	wantStored(t, st, 2)
}
