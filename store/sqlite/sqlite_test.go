package sqlite

import (
	"database/sql"
	"path/filepath"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/store/storetest"
)

func TestStoreInFile(t *testing.T) {
	storetest.Run(t, func(t *testing.T) func(string) coupon.Store {
		st, _ := newStore(t)
		return func(merchant string) coupon.Store { return st.Merchant(merchant) }
	})
}

func TestStoreInMemory(t *testing.T) {
	storetest.Run(t, func(t *testing.T) func(string) coupon.Store {
		db := openDB(t, ":memory:")
		db.SetMaxOpenConns(1)
		st := migrated(t, db)
		return func(merchant string) coupon.Store { return st.Merchant(merchant) }
	})
}

// newStore gives a store in a new file.
func newStore(t testing.TB) (*Store, *sql.DB) {
	t.Helper()
	db := openDB(t, "file:"+filepath.Join(t.TempDir(), "coupons.db"))
	return migrated(t, db), db
}

func openDB(t testing.TB, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// One that is being opened counts as in use, also if nobody waits for it any
		// more: it is let go a moment later.
		for wait := time.Now().Add(10 * time.Second); db.Stats().InUse != 0 && time.Now().Before(wait); {
			time.Sleep(time.Millisecond)
		}
		if n := db.Stats().InUse; n != 0 {
			t.Errorf("%d connections were not given back", n)
		}
		if err := db.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return db
}

func migrated(t testing.TB, db *sql.DB) *Store {
	t.Helper()
	st, err := New(db, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := st.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return st
}
