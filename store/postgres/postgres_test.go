package postgres

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun/driver/pgdriver"
	"go.uber.org/goleak"

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/internal/pgtest"
	"github.com/couponkit/coupon/store/internal/sqltest"
	"github.com/couponkit/coupon/store/storetest"
)

// The environment of these tests: see CONTRIBUTING.md.
const (
	dsnEnv   = "COUPON_TEST_DSN"
	setupEnv = "COUPON_TEST_SETUP"
)

// server is that of all tests; without one, missing says why.
var (
	server  *pgtest.Server
	missing error
)

func TestMain(m *testing.M) {
	if os.Getenv(dsnEnv) == "" {
		if server, missing = pgtest.Start(); missing != nil && !errors.Is(missing, pgtest.ErrMissing) {
			fmt.Fprintln(os.Stderr, missing)
			os.Exit(1)
		}
	}
	goleak.VerifyTestMain(m, goleak.IgnoreCurrent(), goleak.Cleanup(func(code int) {
		if server != nil {
			if err := server.Stop(); err != nil {
				fmt.Fprintln(os.Stderr, err)
				code = 1
			}
		}
		os.Exit(code)
	}))
}

// needServer is for tests that do to a server what only their own may suffer.
func needServer(t testing.TB) {
	t.Helper()
	switch {
	case os.Getenv(dsnEnv) != "":
		t.Skipf("only the suite runs on the database of %s", dsnEnv)
	case server == nil && os.Getenv("CI") == "true":
		t.Fatal(missing)
	case server == nil:
		t.Skip(missing)
	}
}

func dsn(t testing.TB) string {
	t.Helper()
	if dsn := os.Getenv(dsnEnv); dsn != "" {
		return dsn
	}
	needServer(t)
	return server.DSN()
}

// drivers open a database each with its driver.
var drivers = map[string]func(t testing.TB, dsn string) *sql.DB{
	"pgx": func(t testing.TB, dsn string) *sql.DB {
		cfg, err := pgx.ParseConfig(dsn)
		if err != nil {
			t.Fatal(err)
		}
		cfg.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
		return stdlib.OpenDB(*cfg)
	},
	"pgdriver": func(_ testing.TB, dsn string) *sql.DB {
		return sql.OpenDB(pgdriver.NewConnector(pgdriver.WithDSN(dsn), pgdriver.WithReadTimeout(time.Minute)))
	},
}

// openDB gives a pool that is closed in the end, and must have all connections
// back by then.
func openDB(t testing.TB, driver, dsn string) *sql.DB {
	t.Helper()
	db := drivers[driver](t, dsn)
	db.SetMaxOpenConns(16)
	db.SetMaxIdleConns(16)
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

var schemas atomic.Int64

// newSchema gives the name of a schema that is dropped in the end.
func newSchema(t testing.TB, db *sql.DB) string {
	t.Helper()
	name := fmt.Sprintf("case_%d_%d", os.Getpid(), schemas.Add(1))
	t.Cleanup(func() {
		if _, err := db.Exec(`DROP SCHEMA IF EXISTS "` + name + `" CASCADE`); err != nil {
			t.Errorf("drop the schema: %v", err)
		}
	})
	return name
}

// newStore gives a store in a new schema, and its pool.
func newStore(t testing.TB, driver string) (*Store, *sql.DB) {
	t.Helper()
	db := openDB(t, driver, dsn(t))
	return migrated(t, db, Options{Schema: newSchema(t, db)}), db
}

func migrated(t testing.TB, db *sql.DB, opt Options) *Store {
	t.Helper()
	st, err := New(db, opt)
	if err != nil {
		t.Fatal(err)
	}
	if err := st.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if file := os.Getenv(setupEnv); file != "" {
		setUp(t, db, opt.Schema, file)
	}
	return st
}

// setUp runs a file of SQL on the tables of a case.
func setUp(t testing.TB, db *sql.DB, schema, file string) {
	t.Helper()
	statements, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	for _, s := range []string{`SET search_path TO "` + schema + `", public`, string(statements), "RESET search_path"} {
		if _, err := conn.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
	}
}

func TestStore(t *testing.T) {
	for driver := range drivers {
		t.Run(driver, func(t *testing.T) {
			storetest.Run(t, func(t *testing.T) func(string) coupon.Store {
				st, _ := newStore(t, driver)
				return func(merchant string) coupon.Store { return st.Merchant(merchant) }
			})
		})
	}
}

func eachDriver(t *testing.T, f func(t *testing.T, driver string)) {
	for driver := range drivers {
		t.Run(driver, func(t *testing.T) {
			t.Parallel()
			f(t, driver)
		})
	}
}

// What the tests of all SQL stores do.
var (
	service    = sqltest.Service
	create     = sqltest.Create
	booking    = sqltest.Booking
	past       = sqltest.Past
	wantStored = sqltest.WantStored
)

func unlimited(c *coupon.Coupon) { c.Restrictions.Limits = nil }
