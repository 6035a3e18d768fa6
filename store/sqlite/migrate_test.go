package sqlite

import (
	"database/sql"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/couponkit/coupon"
)

// schema is every table and index of a database.
func schema(t *testing.T, db *sql.DB) (names []string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), "SELECT name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	if rows.Err() != nil {
		t.Fatal(rows.Err())
	}
	return names
}

func TestMigrateTwiceChangesNothing(t *testing.T) {
	t.Parallel()
	st, db := newStore(t)
	create(t, st, "KEPT")
	before := schema(t, db)
	if err := st.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if after := schema(t, db); !slices.Equal(before, after) {
		t.Errorf("the schema was %v, is %v", before, after)
	}
	if _, _, err := st.CouponByCode(t.Context(), "KEPT"); err != nil {
		t.Error(err)
	}
}

func TestWithoutMigrateTheErrorSaysSo(t *testing.T) {
	t.Parallel()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "coupons.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	st, err := New(db, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := st.CouponByCode(t.Context(), "X"); err == nil || !strings.Contains(err.Error(), "call Migrate first") {
		t.Errorf("reading: %v", err)
	}
	if err := st.Rebuild(t.Context()); err == nil || !strings.Contains(err.Error(), "call Migrate first") {
		t.Errorf("writing: %v", err)
	}
}

func TestTablesOfANewerReleaseAreRefused(t *testing.T) {
	t.Parallel()
	st, db := newStore(t)
	if _, err := db.ExecContext(t.Context(), "INSERT INTO coupon_migrations (version, name, applied_at) VALUES (99, 'future', 0)"); err != nil {
		t.Fatal(err)
	}
	if err := st.Migrate(t.Context()); err == nil || !strings.Contains(err.Error(), "newer release") {
		t.Errorf("got %v", err)
	}
}

func TestMigrateOfManyAtOnceRunsEachStepOnce(t *testing.T) {
	t.Parallel()
	file := "file:" + filepath.Join(t.TempDir(), "coupons.db")
	var all sync.WaitGroup
	for range 8 {
		db := openDB(t, file) // each its own pool and store, as processes have
		all.Go(func() {
			st, err := New(db, Options{})
			if err == nil {
				err = st.Migrate(t.Context())
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	db := openDB(t, file)
	var n, last int
	if err := db.QueryRowContext(t.Context(), "SELECT COUNT(*), MAX(version) FROM coupon_migrations").Scan(&n, &last); err != nil {
		t.Fatal(err)
	}
	if n != last {
		t.Errorf("%d steps are recorded, the last is %d", n, last)
	}
}

func TestHostMayRunTheMigrationsItself(t *testing.T) {
	t.Parallel()
	db := openDB(t, "file:"+filepath.Join(t.TempDir(), "coupons.db"))
	st, err := New(db, Options{Prefix: "shop_"})
	if err != nil {
		t.Fatal(err)
	}
	for i, m := range st.Migrations() {
		if m.Version != i+1 || m.Name == "" || strings.Contains(m.SQL, "{") {
			t.Errorf("migration %d is %+v", i+1, m)
		}
		if _, err := db.ExecContext(t.Context(), m.SQL); err != nil {
			t.Fatal(err)
		}
	}
	create(t, st, "SPRING")
}

func TestPrefixesShareADatabaseAndNothingElse(t *testing.T) {
	t.Parallel()
	a, db := newStore(t)
	b, err := New(db, Options{Prefix: "other_1"})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, name := range schema(t, db) {
		if !strings.HasPrefix(name, "coupon_") && !strings.HasPrefix(name, "other_1") {
			t.Errorf("%s has no prefix", name)
		}
	}
	create(t, a, "SAME")
	if _, _, err := b.CouponByCode(t.Context(), "SAME"); !errors.Is(err, coupon.ErrNotFound) {
		t.Errorf("the other prefix: got error %v, want not found", err)
	}
	create(t, b, "SAME")
}

func TestBadOptionsAreErrors(t *testing.T) {
	t.Parallel()
	if _, err := New(nil, Options{}); err == nil {
		t.Error("without a database: want an error")
	}
	if _, err := New(&sql.DB{}, Options{Prefix: "x; DROP TABLE y"}); err == nil {
		t.Error("with SQL in the prefix: want an error")
	}
}

func TestMemoryIsOneConnection(t *testing.T) {
	t.Parallel()
	for _, dsn := range []string{":memory:", "file::memory:"} {
		db := openDB(t, dsn)
		st, err := New(db, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range []int{0, 2} {
			db.SetMaxOpenConns(n)
			if err := st.Migrate(t.Context()); err == nil || !strings.Contains(err.Error(), "db.SetMaxOpenConns(1)") {
				t.Errorf("%s with SetMaxOpenConns(%d): got error %v, want to be told", dsn, n, err)
			}
		}
		db.SetMaxOpenConns(1)
		if err := st.Migrate(t.Context()); err != nil {
			t.Errorf("%s: %v", dsn, err)
		}
	}
}
