package postgres

import (
	"database/sql"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/store/internal/sqltest"
)

// relations are the tables and indexes of a schema.
func relations(t *testing.T, db *sql.DB, schema string) (names []string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), "SELECT relname FROM pg_class WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = '"+schema+"') AND relkind IN ('r', 'i') ORDER BY 1")
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
	st, db := newStore(t, "pgx")
	create(t, st, "KEPT")
	before := relations(t, db, st.schema)
	if err := st.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if after := relations(t, db, st.schema); len(before) < 20 || !slices.Equal(before, after) {
		t.Errorf("the schema was %v, is %v", before, after)
	}
	if _, _, err := st.CouponByCode(t.Context(), "KEPT"); err != nil {
		t.Error(err)
	}
}

func TestMigrateOfManyAtOnceRunsEachStepOnce(t *testing.T) {
	t.Parallel()
	eachDriver(t, func(t *testing.T, driver string) {
		db := openDB(t, driver, dsn(t))
		schema := newSchema(t, db)
		var all sync.WaitGroup
		for range 8 {
			db := openDB(t, driver, dsn(t)) // each its own pool and store, as processes have
			all.Go(func() {
				st, err := New(db, Options{Schema: schema})
				if err == nil {
					err = st.Migrate(t.Context())
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		var n, last int
		if err := db.QueryRowContext(t.Context(), "SELECT COUNT(*), MAX(version) FROM "+schema+".coupon_migrations").Scan(&n, &last); err != nil {
			t.Fatal(err)
		}
		if n != last {
			t.Errorf("%d steps are recorded, the last is %d", n, last)
		}
	})
}

func TestWithoutMigrateTheErrorSaysSo(t *testing.T) {
	t.Parallel()
	eachDriver(t, func(t *testing.T, driver string) {
		st, err := New(openDB(t, driver, dsn(t)), Options{Prefix: "nowhere_"})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := st.CouponByCode(t.Context(), "X"); err == nil || !strings.Contains(err.Error(), "call Migrate first") {
			t.Errorf("reading: %v", err)
		}
		if err := st.InsertCoupon(t.Context(), coupon.Coupon{ID: "x", Version: 1}); err == nil || !strings.Contains(err.Error(), "call Migrate first") {
			t.Errorf("writing: %v", err)
		}
	})
}

func TestTablesOfANewerReleaseAreRefused(t *testing.T) {
	t.Parallel()
	st, db := newStore(t, "pgx")
	if _, err := db.ExecContext(t.Context(), "INSERT INTO "+st.schema+".coupon_migrations (version, name, applied_at) VALUES (99, 'future', 0)"); err != nil {
		t.Fatal(err)
	}
	if err := st.Migrate(t.Context()); err == nil || !strings.Contains(err.Error(), "newer release") {
		t.Errorf("got %v", err)
	}
}

// What its encoding lacks would be an error before any statement runs, the savepoint
// too: the end of a host's transaction.
func TestADatabaseThatCannotHoldEveryTextIsRefused(t *testing.T) {
	t.Parallel()
	needServer(t)
	admin := openDB(t, "pgx", dsn(t))
	if _, err := admin.ExecContext(t.Context(), "CREATE DATABASE western ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := admin.Exec("DROP DATABASE western"); err != nil {
			t.Error(err)
		}
	})
	st, err := New(openDB(t, "pgx", strings.Replace(dsn(t), "/postgres?", "/western?client_encoding=UTF8&", 1)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := st.Migrate(t.Context()); err == nil || !strings.Contains(err.Error(), "the database's encoding is LATIN1: it must be UTF8") {
		t.Errorf("Migrate: %v", err)
	}
	if names := relations(t, st.tx.db.DB, "public"); len(names) > 0 {
		t.Errorf("it has made %v", names)
	}
}

func TestHostMayRunTheMigrationsItself(t *testing.T) {
	t.Parallel()
	db := openDB(t, "pgx", dsn(t))
	schema := newSchema(t, db)
	if _, err := db.ExecContext(t.Context(), "CREATE SCHEMA "+schema); err != nil {
		t.Fatal(err)
	}
	st, err := New(db, Options{Prefix: "shop_", Schema: schema})
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

// Notes that were there before they had versions have the first one, as have those that
// a server of an older release adds meanwhile.
func TestNotesOfBeforeHaveTheFirstVersion(t *testing.T) {
	t.Parallel()
	st, db := newStore(t, "pgx")
	c := create(t, st, "C")
	run := func(statement string, args ...any) {
		t.Helper()
		if _, err := db.ExecContext(t.Context(), statement, args...); err != nil {
			t.Fatal(err)
		}
	}
	put := func(text string) {
		t.Helper()
		run("INSERT INTO "+st.schema+".coupon_notes (merchant, coupon, id, at, text, created_at, created_by) VALUES ('', $1, $2, 1772443500000000, $2, 1772443560000000, 'maria')",
			string(c.ID), text)
	}
	run("ALTER TABLE " + st.schema + ".coupon_notes DROP COLUMN version")
	run("DELETE FROM " + st.schema + ".coupon_migrations WHERE name = 'notes'")
	put("e-mail")
	if err := st.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	put("flyers")
	svc := service(t, st)
	notes, err := svc.Notes(t.Context(), c.ID)
	if err != nil || len(notes) != 2 {
		t.Fatalf("the notes: %+v, error %v", notes, err)
	}
	for _, n := range notes {
		if n.Version != 1 || n.CreatedBy != "maria" {
			t.Errorf("an older note: %+v", n)
		}
		n.Text += ", again"
		if n, err := svc.EditNote(t.Context(), n); err != nil || n.Version != 2 {
			t.Errorf("edited: %+v, error %v", n, err)
		}
	}
}

func TestWithoutASchemaTheTablesAreWhereTheSearchPathSays(t *testing.T) {
	t.Parallel()
	schema := newSchema(t, openDB(t, "pgx", dsn(t)))
	sep := "?"
	if strings.Contains(dsn(t), "?") {
		sep = "&"
	}
	db := openDB(t, "pgx", dsn(t)+sep+"search_path="+schema)
	if _, err := db.ExecContext(t.Context(), "CREATE SCHEMA "+schema); err != nil {
		t.Fatal(err)
	}
	create(t, migrated(t, db, Options{}), "C")
	if names := relations(t, db, schema); len(names) < 20 {
		t.Errorf("the schema has only %v", names)
	}
}

func TestPrefixesAndSchemasShareADatabaseAndNothingElse(t *testing.T) {
	t.Parallel()
	a, db := newStore(t, "pgx")
	create(t, a, "SAME")
	for _, opt := range []Options{{Prefix: "other_1", Schema: a.schema}, {Schema: newSchema(t, db)}} {
		b := migrated(t, db, opt)
		if _, _, err := b.CouponByCode(t.Context(), "SAME"); !errors.Is(err, coupon.ErrNotFound) {
			t.Errorf("%+v: got error %v, want not found", opt, err)
		}
		create(t, b, "SAME")
	}
	for _, name := range relations(t, db, a.schema) {
		if !strings.HasPrefix(name, "coupon_") && !strings.HasPrefix(name, "other_1") {
			t.Errorf("%s has no prefix", name)
		}
	}
}

func TestBadOptionsAreErrors(t *testing.T) {
	t.Parallel()
	if _, err := New(nil, Options{}); err == nil {
		t.Error("without a database: want an error")
	}
	for _, opt := range []Options{{Prefix: "x; DROP TABLE y"}, {Schema: `x"."y`}, {Schema: "pg_catalog"}, {Schema: "a.b"}} {
		if _, err := New(&sql.DB{}, opt); err == nil {
			t.Errorf("%+v: want an error", opt)
		}
	}
}

// Batches made before the step that gave them a count can be completed.
func TestBatchesOfEarlierStepsCanBeCompleted(t *testing.T) {
	t.Parallel()
	st, db := newStore(t, "pgx")
	sqltest.OlderBatches(t, st.Merchant("acme"), func() {
		for _, statement := range []string{"ALTER TABLE " + st.schema + ".coupon_codes DROP COLUMN batch_count", "DELETE FROM " + st.schema + ".coupon_migrations WHERE version = 3"} {
			if _, err := db.ExecContext(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
		if err := st.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

func TestBookingsOfEarlierStepsAreCounted(t *testing.T) {
	t.Parallel()
	st, db := newStore(t, "pgx")
	sqltest.OlderBookings(t, st.Merchant("acme"), db, st.schema+".coupon_redemptions", func() {
		for _, statement := range []string{"ALTER TABLE " + st.schema + ".coupon_redemptions DROP COLUMN others", "DELETE FROM " + st.schema + ".coupon_migrations WHERE version = 5"} {
			if _, err := db.ExecContext(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
		if err := st.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}
