package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/uptrace/bun"

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/store/internal/sqlstore"
)

// transactor makes the transactions of a store and of its merchants.
type transactor struct {
	db *bun.DB
	// lock has room for the one write of this process: who waits for it waits in
	// order, and does not poll the database.
	lock chan struct{}
	// A write waits busyTimeout for those of other processes, and is tried again
	// after that, attempts times in all. The whole of it, with the wait for the
	// lock, takes no longer than patience and one wait more: else those who wait
	// for each other would pay for all.
	attempts    int
	busyTimeout time.Duration
	patience    time.Duration
}

func newTransactor(db *bun.DB) *transactor {
	return &transactor{db: db, lock: make(chan struct{}, 1), attempts: 8, busyTimeout: time.Second, patience: 10 * time.Second}
}

// Write implements sqlstore.Transactor.
func (t *transactor) Write(ctx context.Context, f func(bun.IConn) error) error {
	deadline := time.Now().Add(t.patience)
	queue := time.NewTimer(t.patience)
	defer queue.Stop()
	select {
	case t.lock <- struct{}{}:
		defer func() { <-t.lock }()
	case <-queue.C:
		return fmt.Errorf("%w: other writes of this process wait too", coupon.ErrContention)
	case <-ctx.Done():
		return ctx.Err()
	}
	return t.again(ctx, deadline, func() error {
		return t.onConn(ctx, func(conn *sql.Conn) error {
			if err := t.prepare(ctx, conn); err != nil {
				return err
			}
			return commit(ctx, conn, "BEGIN IMMEDIATE", f)
		})
	})
}

// Read implements sqlstore.Transactor.
func (t *transactor) Read(ctx context.Context, f func(bun.IConn) error) error {
	return t.again(ctx, time.Now().Add(t.patience), func() error {
		return t.onConn(ctx, func(conn *sql.Conn) error {
			defer rollback(ctx, conn)
			if _, err := conn.ExecContext(ctx, "BEGIN"); err != nil {
				return err
			}
			return f(conn)
		})
	})
}

// onConn runs f on one connection of the pool.
func (t *transactor) onConn(ctx context.Context, f func(*sql.Conn) error) (err error) {
	conn, err := t.db.DB.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() {
		if closing := ignore(conn.Close(), sql.ErrConnDone); closing != nil {
			err = errors.Join(err, closing)
		}
	}()
	if err := t.makePatient(ctx, conn); err != nil {
		return err
	}
	return f(conn)
}

// makePatient lets the connection wait for others at least busyTimeout. Before
// that, not even its settings can be read for certain.
func (t *transactor) makePatient(ctx context.Context, conn *sql.Conn) error {
	var timeout int64
	err := conn.QueryRowContext(ctx, "PRAGMA busy_timeout").Scan(&timeout)
	if err != nil || timeout >= t.busyTimeout.Milliseconds() {
		return err
	}
	_, err = t.db.NewRaw("PRAGMA busy_timeout = ?", t.busyTimeout.Milliseconds()).Conn(conn).Exec(ctx)
	return err
}

// commit runs f in a transaction. Without a commit nothing of it stays, whatever
// else happens.
func commit(ctx context.Context, conn *sql.Conn, begin string, f func(bun.IConn) error) error {
	committed := false
	defer func() {
		if !committed {
			rollback(ctx, conn)
		}
	}()
	if _, err := conn.ExecContext(ctx, begin); err != nil {
		return err
	}
	if err := f(conn); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	// From here on a cancelled context changes nothing: the outcome is known.
	_, err := conn.ExecContext(context.WithoutCancel(ctx), "COMMIT")
	if err != nil && !busy(err) {
		return fmt.Errorf("%w: %w", coupon.ErrOutcomeUnknown, err)
	}
	committed = err == nil
	return err
}

// rollback ends the transaction of a connection, if there is one: SQLite ends
// some by itself, and a cancelled BEGIN may or may not have begun one. A
// connection that can't be brought out of its transaction is thrown away.
func rollback(ctx context.Context, conn *sql.Conn) {
	ctx = context.WithoutCancel(ctx)
	if _, err := conn.ExecContext(ctx, "ROLLBACK"); err == nil {
		return
	}
	if _, err := conn.ExecContext(ctx, "BEGIN"); err == nil { // so there was none
		if _, err = conn.ExecContext(ctx, "ROLLBACK"); err == nil {
			return
		}
	}
	_ = conn.Raw(func(any) error { return driver.ErrBadConn })
}

// again runs f until it does not fail for others, a bounded number of times.
func (t *transactor) again(ctx context.Context, deadline time.Time, f func() error) error {
	for attempt := 1; ; attempt++ {
		err := f()
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil && !errors.Is(err, coupon.ErrOutcomeUnknown):
			return ctx.Err()
		case !busy(err) && !errors.Is(err, sqlstore.ErrRaced):
			return err
		case attempt >= t.attempts, time.Now().After(deadline):
			return fmt.Errorf("%w: %w", coupon.ErrContention, err)
		}
		pause := time.NewTimer(rand.N(10 * time.Millisecond << attempt))
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return ctx.Err()
		}
	}
}

// settings are those of a connection and its database.
type settings struct {
	foreignKeys, synchronous, busyTimeout int64
	journal, file                         string // the file is not looked at where there is a WAL
}

func readSettings(ctx context.Context, conn *sql.Conn) (s settings, err error) {
	for _, setting := range []struct {
		query string
		into  any
	}{
		{"PRAGMA foreign_keys", &s.foreignKeys},
		{"PRAGMA synchronous", &s.synchronous},
		{"PRAGMA busy_timeout", &s.busyTimeout},
		{"PRAGMA journal_mode", &s.journal},
		{"SELECT file FROM pragma_database_list WHERE name = 'main'", &s.file},
	} {
		if s.journal == wal {
			break
		}
		if err := conn.QueryRowContext(ctx, setting.query).Scan(setting.into); err != nil {
			return s, err
		}
	}
	return s, nil
}

const wal = "wal"

// safe says whether what is acknowledged is kept. What is in memory has no
// journal to speak of.
func (s settings) safe(timeout time.Duration) bool {
	const full = 2 // or EXTRA, which is more
	return s.foreignKeys == 1 && s.synchronous >= full && s.busyTimeout >= timeout.Milliseconds() && (s.journal == wal || s.inMemory())
}

func (s settings) inMemory() bool { return s.journal != wal && s.file == "" }

// prepare gives the connection the settings that a write needs, and looks
// whether it has them: a PRAGMA that is not understood is no error.
func (t *transactor) prepare(ctx context.Context, conn *sql.Conn) error {
	s, err := readSettings(ctx, conn)
	if err != nil || s.safe(t.busyTimeout) {
		return err
	}
	for _, pragma := range []string{"PRAGMA foreign_keys = ON", "PRAGMA synchronous = FULL", "PRAGMA journal_mode = WAL"} {
		if _, err := conn.ExecContext(ctx, pragma); err != nil {
			return err
		}
	}
	if s, err = readSettings(ctx, conn); err == nil && !s.safe(t.busyTimeout) {
		err = fmt.Errorf("sqlite: the connection does not take its settings: foreign_keys %d, synchronous %d, busy_timeout %d, journal_mode %s",
			s.foreignKeys, s.synchronous, s.busyTimeout, s.journal)
	}
	return err
}

// checkMemory refuses a database in memory that each connection would have a
// different one of.
func (t *transactor) checkMemory(ctx context.Context) error {
	return t.again(ctx, time.Now().Add(t.patience), func() error {
		return t.onConn(ctx, func(conn *sql.Conn) error {
			s, err := readSettings(ctx, conn)
			if err == nil && s.inMemory() && t.db.DB.Stats().MaxOpenConnections != 1 {
				err = errors.New("sqlite: a database in memory lives in one connection: call db.SetMaxOpenConns(1)")
			}
			return err
		})
	})
}

// The result codes of SQLite that the store looks at.
const (
	codeError  = 1 // of a statement, when it runs
	codeBusy   = 5
	codeLocked = 6
)

// hasCode reports whether the driver's error has the result code.
func hasCode(err error, code int) bool {
	var e interface{ Code() int }
	return errors.As(err, &e) && e.Code()&0xff == code // the rest says more of the same
}

func busy(err error) bool { return hasCode(err, codeBusy) || hasCode(err, codeLocked) }

func ignore(err, harmless error) error {
	if errors.Is(err, harmless) {
		return nil
	}
	return err
}
