package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/couponkit/coupon"
)

func TestTheHostsTransactionDecidesOnAll(t *testing.T) {
	t.Parallel()
	root, db := newStore(t)
	for name, in := range map[string]func(DBTX) *Store{
		"merchant, then tx": func(tx DBTX) *Store { return root.Merchant("acme").Tx(tx) },
		"tx, then merchant": func(tx DBTX) *Store { return root.Tx(tx).Merchant("acme") },
	} {
		for _, commit := range []bool{false, true} {
			tx, err := db.BeginTx(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			code := "C" + name[:1]
			if commit {
				code += "-KEPT"
			}
			c := create(t, in(tx), code, func(c *coupon.Coupon) { c.Restrictions.Limits[0].Max = 1 })
			svc := service(t, in(tx))
			if _, err := svc.Redeem(t.Context(), booking(code), code); err != nil {
				t.Fatal(err)
			}
			if _, err := svc.Redeem(t.Context(), booking("more"), code); !errors.Is(err, coupon.ErrRefused) {
				t.Errorf("%s: beyond the limit: got error %v", name, err)
			}
			if r, err := svc.Redeem(t.Context(), booking(code), code); err != nil || !r.Replayed {
				t.Errorf("%s: after the refusal: replayed %t, error %v", name, r.Replayed, err)
			}
			end, want := tx.Rollback, coupon.ErrNotFound
			if commit {
				end, want = tx.Commit, nil
			}
			if err := end(); err != nil {
				t.Fatal(err)
			}
			if _, err := service(t, root.Merchant("acme")).Redemption(t.Context(), c.ID, code); !errors.Is(err, want) {
				t.Errorf("%s, commit %t: got error %v, want %v", name, commit, err, want)
			}
		}
	}
	wantStored(t, root.Merchant("acme"), 2)
}

// There the waiting is the host's: nothing is tried again.
func TestWriterElsewhereIsContentionInTheHostsTransaction(t *testing.T) {
	t.Parallel()
	file := "file:" + filepath.Join(t.TempDir(), "coupons.db")
	st := migrated(t, openDB(t, file))
	create(t, st, "C")
	db := openDB(t, file+"?_pragma=busy_timeout(0)")
	other, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	if _, err := other.ExecContext(t.Context(), "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	tx, err := db.BeginTx(t.Context(), &sql.TxOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := service(t, st.Tx(tx)).Redeem(t.Context(), booking("b1"), "C"); !errors.Is(err, coupon.ErrContention) {
		t.Errorf("got error %v, want ErrContention", err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if _, err := other.ExecContext(t.Context(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	wantStored(t, st, 0)
}

func TestMigrateInATransactionIsAnError(t *testing.T) {
	t.Parallel()
	st, db := newStore(t)
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	if err := st.Tx(tx).Migrate(t.Context()); err == nil {
		t.Error("want an error")
	}
	if _, err := service(t, st.Tx(db)).Create(t.Context(), coupon.Coupon{}); err == nil {
		t.Error("a pool for a transaction: want an error")
	}
}

// A host that calls the service beside its own transaction, on the only connection
// there is, waits for itself: it hears so.
func TestTheOnlyConnectionIsTheHosts(t *testing.T) {
	t.Parallel()
	st, db := newStore(t)
	create(t, st, "C")
	db.SetMaxOpenConns(1)
	st.tx.patience = 200 * time.Millisecond
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
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
}

// A transaction that began by reading, before another has written, can't write any
// more: that is contention, and it goes on reading.
func TestATransactionThatBeganByReading(t *testing.T) {
	t.Parallel()
	st, db := newStore(t)
	create(t, st, "C")
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	if _, _, err := st.Tx(tx).CouponByCode(t.Context(), "C"); err != nil {
		t.Fatal(err)
	}
	if _, err := service(t, st).Redeem(t.Context(), booking("b1"), "C"); err != nil {
		t.Fatal(err)
	}
	if _, err := service(t, st.Tx(tx)).Redeem(t.Context(), booking("b2"), "C"); !errors.Is(err, coupon.ErrContention) {
		t.Errorf("got error %v, want ErrContention", err)
	}
	if _, _, err := st.Tx(tx).CouponByCode(t.Context(), "C"); err != nil {
		t.Errorf("the transaction is not usable: %v", err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	wantStored(t, st, 1)
}
