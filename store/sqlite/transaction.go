package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
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
	pool := t.pool()
	return pool.Again(ctx, deadline, func() error {
		return t.onConn(ctx, func(conn *sql.Conn) error {
			if err := t.prepare(ctx, conn); err != nil {
				return err
			}
			return pool.Commit(ctx, conn, "BEGIN IMMEDIATE", f)
		})
	})
}

// Read implements sqlstore.Transactor.
func (t *transactor) Read(ctx context.Context, f func(bun.IConn) error) error {
	pool := t.pool()
	return pool.Again(ctx, time.Now().Add(t.patience), func() error {
		return t.onConn(ctx, func(conn *sql.Conn) error { return pool.Snapshot(ctx, conn, "BEGIN", f) })
	})
}

// One implements sqlstore.Transactor. A transaction costs nothing here.
func (t *transactor) One(ctx context.Context, f func(bun.IConn) error) error { return t.Read(ctx, f) }

func (t *transactor) pool() sqlstore.Pool {
	return sqlstore.Pool{DB: t.db.DB, Attempts: t.attempts, Errors: meaning, Patience: t.patience}
}

// onConn runs f on one connection of the pool.
func (t *transactor) onConn(ctx context.Context, f func(*sql.Conn) error) error {
	return t.pool().OnConn(ctx, func(conn *sql.Conn) error {
		if err := t.makePatient(ctx, conn); err != nil {
			return err
		}
		return f(conn)
	})
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

// settings are those of a connection and its database.
type settings struct {
	foreignKeys, synchronous, busyTimeout int64
	journal, file                         string // the file is not looked at where there is a WAL
}

func readSettings(ctx context.Context, conn bun.IConn) (s settings, err error) {
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
	return t.pool().Again(ctx, time.Now().Add(t.patience), func() error {
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

// meaning is what SQLite's errors say of a transaction. It waits for locks itself,
// and says busy when it gives up: that may help another time.
var meaning = sqlstore.Errors{Again: busy, Refused: busy, Locked: func(error) bool { return false }}
