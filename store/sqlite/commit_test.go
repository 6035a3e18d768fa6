package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"path/filepath"
	"testing"

	modernc "modernc.org/sqlite"

	"github.com/couponkit/coupon"
)

// faulty is a database whose COMMIT can fail.
type faulty struct {
	dsn    string
	commit func(run func() error) error // nil: as it is
}

func (f *faulty) Connect(context.Context) (driver.Conn, error) {
	conn, err := new(modernc.Driver).Open(f.dsn)
	return &faultyConn{conn, f}, err
}

func (f *faulty) Driver() driver.Driver { return new(modernc.Driver) }

type faultyConn struct {
	driver.Conn
	f *faulty
}

func (c *faultyConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (res driver.Result, err error) {
	run := func() error {
		res, err = c.Conn.(driver.ExecerContext).ExecContext(ctx, query, args)
		return err
	}
	if query == "COMMIT" && c.f.commit != nil {
		return driver.RowsAffected(0), c.f.commit(run)
	}
	_ = run()
	return res, err
}

func (c *faultyConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
}

// coded is an error as drivers of SQLite have it.
type coded int

func (c coded) Error() string { return "disk I/O error" }
func (c coded) Code() int     { return int(c) }

func TestFailedCommitIsAnUnknownOutcomeThatTheSameCallResolves(t *testing.T) {
	t.Parallel()
	lost := errors.New("the connection broke")
	for name, test := range map[string]struct {
		commit   func(run func() error) error
		want     error
		replayed bool // by the same call again
	}{
		"before it ran": {func(func() error) error { return lost }, coupon.ErrOutcomeUnknown, false},
		"after it ran":  {func(run func() error) error { _ = run(); return lost }, coupon.ErrOutcomeUnknown, true},
		"disk error":    {func(func() error) error { return coded(10) }, coupon.ErrOutcomeUnknown, false},
		"always busy":   {func(func() error) error { return coded(codeBusy) }, coupon.ErrContention, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &faulty{dsn: "file:" + filepath.Join(t.TempDir(), "coupons.db")}
			db := sql.OpenDB(f)
			defer func() { _ = db.Close() }()
			st := migrated(t, db)
			st.tx.attempts = 2
			create(t, st, "C")
			f.commit = test.commit
			_, err := service(t, st).Redeem(t.Context(), booking("b1"), "C")
			if !errors.Is(err, test.want) {
				t.Errorf("got error %v, want %v", err, test.want)
			}
			wantNoneInUse(t, db)
			f.commit = nil
			r, err := service(t, st).Redeem(t.Context(), booking("b1"), "C")
			if err != nil || r.Replayed != test.replayed {
				t.Errorf("the same call again: replayed %t, error %v, want replayed %t", r.Replayed, err, test.replayed)
			}
			wantStored(t, st, 1)
		})
	}
}

func TestCommitThatWasBusyOnceIsRunAgain(t *testing.T) {
	t.Parallel()
	f := &faulty{dsn: "file:" + filepath.Join(t.TempDir(), "coupons.db")}
	db := sql.OpenDB(f)
	defer func() { _ = db.Close() }()
	st := migrated(t, db)
	create(t, st, "C")
	commits := 0
	f.commit = func(run func() error) error {
		if commits++; commits == 1 {
			return coded(codeBusy)
		}
		return run()
	}
	r, err := service(t, st).Redeem(t.Context(), booking("b1"), "C")
	if err != nil || r.Replayed || commits != 2 {
		t.Errorf("replayed %t, %d commits, error %v", r.Replayed, commits, err)
	}
	wantStored(t, st, 1)
}
