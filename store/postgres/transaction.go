package postgres

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/couponkit/coupon/store/internal/sqlstore"
)

// transactor makes the transactions of a store and of its merchants.
type transactor struct {
	db *bun.DB
	// A transaction that fails for others is begun attempts times in all, and not
	// after patience.
	attempts int
	patience time.Duration
}

func newTransactor(db *bun.DB) *transactor {
	return &transactor{db: db, attempts: 8, patience: 10 * time.Second}
}

// A write sets its isolation level and does not take the session's: what it reads
// under a lock must be what is there now.
const (
	beginWrite = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
	beginRead  = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
)

// Write implements sqlstore.Transactor.
func (t *transactor) Write(ctx context.Context, f func(bun.IConn) error) error {
	return t.onConn(ctx, func(pool sqlstore.Pool, conn *sql.Conn) error { return pool.Commit(ctx, conn, beginWrite, f) })
}

// Read implements sqlstore.Transactor.
func (t *transactor) Read(ctx context.Context, f func(bun.IConn) error) error {
	return t.onConn(ctx, func(pool sqlstore.Pool, conn *sql.Conn) error { return pool.Snapshot(ctx, conn, beginRead, f) })
}

// One implements sqlstore.Transactor, without the round trips of a transaction.
func (t *transactor) One(ctx context.Context, f func(bun.IConn) error) error {
	return t.onConn(ctx, func(pool sqlstore.Pool, conn *sql.Conn) error { return pool.Once(ctx, conn, f) })
}

func (t *transactor) onConn(ctx context.Context, f func(sqlstore.Pool, *sql.Conn) error) error {
	pool := sqlstore.Pool{DB: t.db.DB, Errors: meaning, Attempts: t.attempts, Patience: t.patience, Together: true}
	return pool.Again(ctx, time.Now().Add(t.patience), func() error {
		return pool.OnConn(ctx, func(conn *sql.Conn) error { return f(pool, conn) })
	})
}

// checkEncoding: what an encoding lacks is an error before any statement of a message
// runs, so that no savepoint would save a host's transaction from it.
func (t *transactor) checkEncoding(ctx context.Context) error {
	var encoding string
	err := t.One(ctx, func(to bun.IConn) error {
		return t.db.NewRaw("SELECT pg_catalog.current_setting('server_encoding')").Conn(to).Scan(ctx, &encoding)
	})
	if err == nil && encoding != "UTF8" && encoding != "SQL_ASCII" { // which takes all bytes
		err = fmt.Errorf("the database's encoding is %s: it must be UTF8", encoding)
	}
	return err
}

// createSchema looks first: a role that may not create schemas may use one.
func (t *transactor) createSchema(ctx context.Context, schema string) error {
	return t.Write(ctx, func(to bun.IConn) error {
		var n int64
		if err := t.db.NewRaw("SELECT COUNT(*) FROM pg_catalog.pg_namespace WHERE nspname = ?", schema).Conn(to).Scan(ctx, &n); err != nil || n > 0 {
			return err
		}
		_, err := t.db.NewRaw("CREATE SCHEMA IF NOT EXISTS ?", bun.Ident(schema)).Conn(to).Exec(ctx)
		if createdAtOnce(err) {
			err = sqlstore.ErrRaced
		}
		return err
	})
}
