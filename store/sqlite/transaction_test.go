package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/store/internal/sqltest"
)

// What the tests of all SQL stores do.
var (
	service    = sqltest.Service
	create     = sqltest.Create
	booking    = sqltest.Booking
	past       = sqltest.Past
	wantStored = sqltest.WantStored
)

func wantNoneInUse(t testing.TB, db *sql.DB) {
	t.Helper()
	if n := db.Stats().InUse; n != 0 {
		t.Errorf("%d connections are in use", n)
	}
}

func TestWritesHaveTheSettingsTheyNeed(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		query   string
		timeout int64
	}{
		"the driver's defaults":  {"", 1000},
		"everything off":         {"?_pragma=synchronous(0)&_pragma=foreign_keys(0)&_pragma=journal_mode(DELETE)&_pragma=busy_timeout(1)", 1000},
		"a host that is patient": {"?_pragma=busy_timeout(60000)", 60000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := openDB(t, "file:"+filepath.Join(t.TempDir(), "coupons.db")+test.query)
			st := migrated(t, db)
			err := st.tx.Write(t.Context(), func(conn bun.IConn) error {
				got, err := readSettings(t.Context(), conn)
				if want := (settings{foreignKeys: 1, synchronous: 2, busyTimeout: test.timeout, journal: "wal"}); err == nil && got != want {
					t.Errorf("got %+v, want %+v", got, want)
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
}

func TestSettingsThatLoseWritesAreNotSafe(t *testing.T) {
	t.Parallel()
	good := settings{foreignKeys: 1, synchronous: 2, busyTimeout: 5, journal: "wal", file: "x"}
	for name, test := range map[string]struct {
		edit func(*settings)
		want bool
	}{
		"all set":             {func(*settings) {}, true},
		"more than full":      {func(s *settings) { s.synchronous = 3 }, true},
		"in memory":           {func(s *settings) { s.journal, s.file = "memory", "" }, true},
		"no foreign keys":     {func(s *settings) { s.foreignKeys = 0 }, false},
		"synchronous normal":  {func(s *settings) { s.synchronous = 1 }, false},
		"no patience":         {func(s *settings) { s.busyTimeout = 4 }, false},
		"a file without WAL":  {func(s *settings) { s.journal = "delete" }, false},
		"a file, journal off": {func(s *settings) { s.journal = "memory" }, false},
	} {
		s := good
		test.edit(&s)
		if got := s.safe(5 * time.Millisecond); got != test.want {
			t.Errorf("%s: safe is %t", name, got)
		}
	}
}

// A write takes the lock before it reads: what it decides on can't change under
// it, and it never fails for having read first.
func TestAWriteHoldsTheLockBeforeItsFirstStatement(t *testing.T) {
	t.Parallel()
	st, db := newStore(t)
	other, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	if _, err := other.ExecContext(t.Context(), "PRAGMA busy_timeout = 0"); err != nil {
		t.Fatal(err)
	}
	err = st.tx.Write(t.Context(), func(bun.IConn) error {
		if _, err := other.ExecContext(t.Context(), "BEGIN IMMEDIATE"); !busy(err) {
			t.Errorf("another connection begins a write: %v", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestWriterElsewhereIsContention(t *testing.T) {
	t.Parallel()
	st, db := newStore(t)
	c := create(t, st, "C")
	st.tx.attempts, st.tx.busyTimeout = 2, time.Millisecond
	other, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	if _, err := other.ExecContext(t.Context(), "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	svc := service(t, st)
	if _, err := svc.Redeem(t.Context(), booking("b1"), "C"); !errors.Is(err, coupon.ErrContention) {
		t.Errorf("Redeem: got error %v, want ErrContention", err)
	}
	if _, err := svc.Deactivate(t.Context(), c.ID); !errors.Is(err, coupon.ErrContention) {
		t.Errorf("Deactivate: got error %v, want ErrContention", err)
	}
	wantStored(t, st, 0) // reading goes on meanwhile
	if _, err := other.ExecContext(t.Context(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if _, err := svc.Redeem(t.Context(), booking("b1"), "C"); err != nil {
		t.Errorf("after the other is gone: %v", err)
	}
	wantStored(t, st, 1)
}

// Those who wait for each other share one wait: none pays for all before it.
func TestWaitForAWriteOfThisProcessIsContentionInTheEnd(t *testing.T) {
	t.Parallel()
	st, db := newStore(t)
	create(t, st, "C")
	st.tx.patience = time.Millisecond
	st.tx.lock <- struct{}{} // somebody writes
	for range 3 {
		if _, err := service(t, st).Redeem(t.Context(), booking("b1"), "C"); !errors.Is(err, coupon.ErrContention) {
			t.Errorf("got error %v, want ErrContention", err)
		}
	}
	<-st.tx.lock
	wantNoneInUse(t, db)
	wantStored(t, st, 0)
}

func TestWaitForAWriteOfThisProcessEndsWithTheContext(t *testing.T) {
	t.Parallel()
	st, db := newStore(t)
	create(t, st, "C")
	st.tx.lock <- struct{}{} // somebody writes
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := service(t, st.Merchant("")).Redeem(ctx, booking("b1"), "C"); !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v, want the context's", err)
	}
	<-st.tx.lock
	wantNoneInUse(t, db)
}

// atStatement calls f before the n-th statement that names a table, from 1.
type atStatement struct {
	n, seen int
	f       func()
}

func (h *atStatement) BeforeQuery(ctx context.Context, _ *bun.QueryEvent) context.Context {
	if h.seen++; h.seen == h.n {
		h.f()
	}
	return ctx
}

func (h *atStatement) AfterQuery(context.Context, *bun.QueryEvent) {}

// Wherever the context is cancelled: nothing is written, no connection stays
// away, and the next call is as if nothing had been.
func TestCancelledWriteLeavesNothing(t *testing.T) {
	t.Parallel()
	for name, dsn := range map[string]string{"file": "file:" + filepath.Join(t.TempDir(), "coupons.db"), "memory": ":memory:"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := openDB(t, dsn)
			db.SetMaxOpenConns(1)
			plain := migrated(t, db)
			create(t, plain, "C")
			for n := 1; ; n++ {
				ctx, cancel := context.WithCancel(t.Context())
				hook := &atStatement{n: n, f: cancel}
				st, err := open(bun.NewDB(db, sqlitedialect.New()).WithQueryHook(hook), Options{})
				if err != nil {
					t.Fatal(err)
				}
				_, err = service(t, st).Redeem(ctx, booking("b1"), "C")
				cancel()
				wantNoneInUse(t, db)
				if hook.seen < n {
					if err != nil {
						t.Errorf("not cancelled: %v", err)
					}
					if n < 7 {
						t.Errorf("a redemption is only %d statements: the hook does not see them", n)
					}
					wantStored(t, plain, 1)
					return
				}
				if !errors.Is(err, context.Canceled) {
					t.Errorf("cancelled before statement %d: got error %v", n, err)
				}
				wantStored(t, plain, 0)
			}
		})
	}
}
