package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/couponkit/coupon"
)

// A host that calls the service beside its own transaction, on the only connection
// there is, waits for itself: it hears so.
func TestTheOnlyConnectionIsTheHosts(t *testing.T) {
	t.Parallel()
	eachDriver(t, func(t *testing.T, driver string) {
		st, db := newStore(t, driver)
		create(t, st, "C")
		db.SetMaxOpenConns(1)
		st.tx.patience = 200 * time.Millisecond
		tx := begin(t, db, sql.LevelDefault)
		if _, err := service(t, st).Redeem(t.Context(), booking("b1"), "C"); !errors.Is(err, coupon.ErrContention) {
			t.Errorf("without a deadline: got error %v, want ErrContention", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if _, err := service(t, st).Redeem(ctx, booking("b1"), "C"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("with a deadline: got error %v, want it", err)
		}
		if _, err := service(t, st.Tx(tx)).Redeem(t.Context(), booking("b1"), "C"); err != nil {
			t.Errorf("in the transaction: %v", err)
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		wantStored(t, st, 1)
	})
}

// Whatever isolation the host has, a write that others came before is the host's
// to run again, and one that nobody came before succeeds.
func TestEveryIsolation(t *testing.T) {
	t.Parallel()
	for _, level := range []sql.IsolationLevel{sql.LevelReadCommitted, sql.LevelRepeatableRead, sql.LevelSerializable} {
		t.Run(level.String(), func(t *testing.T) {
			t.Parallel()
			st, db := newStore(t, "pgx")
			now := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
			outside := at(t, st, &now)
			create(t, st, "C", func(c *coupon.Coupon) {
				c.Restrictions.Limits = []coupon.Limit{{Of: coupon.Uses, Per: coupon.PerCoupon, Every: coupon.Ever, Max: 3}, {Of: coupon.Uses, Per: coupon.PerCustomer, Every: coupon.Ever, Max: 3}}
			})
			of := func(id string) coupon.Booking {
				b := bookingOf(id, "ann", now)
				b.Series, b.Occurrence = "s", 1
				return b
			}
			for i, before := range []func() error{
				func() error { return nil },
				func() error { _, err := outside.Redeem(t.Context(), of("other"), "C"); return err },
				func() error { _, err := outside.Cancel(t.Context(), "other"); return err },
				func() error { _, err := outside.Redeem(t.Context(), of("b3"), "C"); return err },
			} {
				id := fmt.Sprint("b", i)
				for range 2 { // the second time nobody comes between
					tx := begin(t, db, level)
					in := outside.With(st.Tx(tx))
					if _, _, err := st.Tx(tx).CouponByCode(t.Context(), "C"); err != nil { // the snapshot is taken
						t.Fatal(err)
					}
					if err := before(); err != nil {
						t.Fatal(err)
					}
					before = func() error { return nil }
					// A savepoint of the host's with the same name.
					if _, err := tx.ExecContext(t.Context(), "SAVEPOINT coupon_write"); err != nil {
						t.Fatal(err)
					}
					_, err := in.Redeem(t.Context(), of(id), "C")
					if errors.Is(err, coupon.ErrRetryTx) && level != sql.LevelReadCommitted && i > 0 {
						_ = tx.Rollback()
						continue
					}
					if err != nil {
						t.Errorf("%s: got error %v", id, err)
					}
					if r, err := in.Redeem(t.Context(), of(id), "C"); err != nil || !r.Replayed {
						t.Errorf("%s again: replayed %t, error %v", id, r.Replayed, err)
					}
					if _, err := tx.ExecContext(t.Context(), "RELEASE SAVEPOINT coupon_write"); err != nil {
						t.Errorf("the host's savepoint: %v", err)
					}
					if err := tx.Commit(); err != nil && sqlState(err) != serializationFailure {
						t.Errorf("commit: %v", err)
					}
				}
			}
			wantStored(t, st, 5)
		})
	}
}

// In a transaction that is aborted already every call fails, and says why.
func TestInAnAbortedTransaction(t *testing.T) {
	t.Parallel()
	st, db := newStore(t, "pgx")
	tx := begin(t, db, sql.LevelDefault)
	if _, err := tx.ExecContext(t.Context(), "SELECT 1 / 0"); err == nil {
		t.Fatal("no error")
	}
	_, writing := service(t, st.Tx(tx)).Create(t.Context(), coupon.Coupon{Code: "C", Discount: coupon.AmountOff(coupon.MustMoney("1", "USD")), Start: time.Now()})
	_, _, reading := st.Tx(tx).CouponByCode(t.Context(), "C")
	for what, err := range map[string]error{"write": writing, "read": reading} {
		if sqlState(err) != "25P02" {
			t.Errorf("%s: got error %v", what, err)
		}
	}
}

// Where no counter is in the way: what has come on the booking since the host's snapshot
// was taken is not seen in it, and yet nobody is missed.
func TestWhoComesFirstToABookingAfterTheSnapshotIsNotMissed(t *testing.T) {
	t.Parallel()
	st, db := newStore(t, "pgx")
	svc := service(t, st)
	for _, code := range []string{"A", "B", "C"} {
		create(t, st, code, unlimited)
	}
	redeem := func(svc *coupon.Service, id, code string) error {
		_, err := svc.Redeem(t.Context(), booking(id), code)
		return err
	}
	for _, level := range []sql.IsolationLevel{sql.LevelRepeatableRead, sql.LevelSerializable} {
		for name, x := range map[string]struct {
			before func(id string) error
			theirs string // the code that comes between
		}{
			"the same coupon": {func(string) error { return nil }, "A"},
			"another one":     {func(string) error { return nil }, "B"},
			"another one, beside one that was cancelled": {func(id string) error {
				if err := redeem(svc, id, "C"); err != nil {
					return err
				}
				_, err := svc.Cancel(t.Context(), id)
				return err
			}, "B"},
		} {
			id := level.String() + ": " + name
			if err := x.before(id); err != nil {
				t.Fatal(err)
			}
			tx := begin(t, db, level)
			if _, _, err := st.Tx(tx).CouponByCode(t.Context(), "A"); err != nil { // the snapshot is taken
				t.Fatal(err)
			}
			if err := redeem(svc, id, x.theirs); err != nil {
				t.Fatal(err)
			}
			if err := redeem(svc.With(st.Tx(tx)), id, "A"); !errors.Is(err, coupon.ErrRetryTx) {
				t.Errorf("%s: got error %v, want ErrRetryTx", id, err)
			}
			if err := tx.Rollback(); err != nil {
				t.Fatal(err)
			}
		}
	}
}
