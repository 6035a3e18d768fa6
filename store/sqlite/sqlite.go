// Package sqlite is a coupon.Store in a SQLite database: one file, no server,
// exact under concurrency of goroutines and of processes.
//
//	db, err := sql.Open("sqlite", "file:coupons.db") // with the host's driver
//	st, err := sqlite.New(db, sqlite.Options{})
//	err = st.Migrate(ctx)
//	svc, err := coupon.New(coupon.Config{Store: st})
//
// The host brings the *sql.DB and its driver, for SQLite 3.37 or newer; the
// package imports none. It is tested with modernc.org/sqlite. With a driver
// whose errors do not have a method Code() int it is as exact, but a database
// that stays locked is reported with the driver's error instead of
// coupon.ErrContention.
//
// Every write is one transaction, begun with BEGIN IMMEDIATE. On the connection
// that writes, the store sees to it that journal_mode is WAL, synchronous is
// FULL (what was acknowledged survives a loss of power), foreign_keys is on, and
// busy_timeout is at least a second. Writes of one Store and its
// [Store.Merchant] views queue in the process; writes of other processes are
// waited for, about ten seconds at most. The settings stay on the connection, and
// WAL on the file: give the store a *sql.DB of its own if yours needs others.
//
// Let the pool keep what it opens (db.SetMaxIdleConns as large as
// db.SetMaxOpenConns, a handful of each): opening a connection costs as much as a
// write. A database in memory lives in one connection: call db.SetMaxOpenConns(1), and
// leave SetConnMaxLifetime and SetConnMaxIdleTime alone.
package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/store/internal/sqlstore"
)

// Options are optional; the zero value has the documented defaults.
type Options struct {
	// Prefix begins the name of every table and index: letters, digits and _,
	// at most 30, not beginning with a digit. Default "coupon_".
	Prefix string
}

// Store is a coupon.Store in SQLite, bound to one merchant. Make one with
// [New]; it is safe for concurrent use.
type Store struct {
	*rows
	tx         *transactor
	migrations []sqlstore.Migration
}

// rows implements coupon.Store, once for all SQL databases.
type rows = sqlstore.Store

var _ coupon.Store = (*Store)(nil)

// New gives a store in db, bound to the merchant "". It does no I/O: call
// [Store.Migrate] before the first use. The store never closes db. A bad option
// is an error.
func New(db *sql.DB, opt Options) (*Store, error) {
	if db == nil {
		return nil, errors.New("sqlite: db is required")
	}
	return open(bun.NewDB(db, sqlitedialect.New()), opt)
}

//go:embed migrations/*.sql
var migrations embed.FS

func open(db *bun.DB, opt Options) (*Store, error) {
	if opt.Prefix == "" {
		opt.Prefix = "coupon_"
	}
	s := &Store{tx: newTransactor(db)}
	var err error
	if s.migrations, err = sqlstore.Migrations(migrations, "", opt.Prefix); err != nil {
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	s.rows, err = sqlstore.New(sqlstore.Config{
		DB: db, Prefix: opt.Prefix, Transactor: s.tx,
		Dialect: sqlstore.Dialect{
			Contains: "instr(?, ?) > 0",
			Overflow: perhaps, NoTable: perhaps,
			HasTable: "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?",
		},
	})
	if err != nil {
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	return s, nil
}

// perhaps: SQLite has one code for everything that goes wrong with a statement.
func perhaps(err error) sqlstore.Answer {
	if hasCode(err, codeError) {
		return sqlstore.Perhaps
	}
	return sqlstore.No
}

// Merchant is the same store bound to another merchant: it sees nothing of the
// others. It does no I/O.
func (s *Store) Merchant(id string) *Store {
	m := *s
	m.rows = s.rows.Merchant(id)
	return &m
}

// DBTX is a transaction of the host's: a *sql.Tx, or whatever has these methods
// of one.
type DBTX interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Tx is the same store in a transaction of the host's: what it writes is there
// when the host commits, together with what else the host has written, and
// never if the host rolls back. It is for one goroutine, as tx is, and for as long.
//
// The host sees to what the store otherwise sees to: that the transaction
// begins with BEGIN IMMEDIATE, and that foreign_keys, synchronous, journal_mode
// and busy_timeout are as the package says. It does not queue with the writes of
// this process. A write that is refused or fails undoes what it wrote (it is a
// savepoint) and leaves the transaction usable. A database that is locked is
// coupon.ErrContention: nothing is tried again.
func (s *Store) Tx(tx DBTX) *Store {
	m := *s
	m.rows = s.rows.In(sqlstore.HostTx{To: tx, Errors: meaning, Failed: coupon.ErrContention})
	return &m
}

// Migrate creates the tables and brings them up to date. It may be called at
// every start, also by several processes at once: each step runs once, in a
// transaction of its own. After that no process of an older release may write. A
// database in memory that is open to more than one connection is an error, and so
// is a store from [Store.Tx].
func (s *Store) Migrate(ctx context.Context) error {
	if s.InHostTx() {
		return errors.New("sqlite: Migrate makes its own transactions: call it on the store that New gave")
	}
	if err := s.tx.checkMemory(ctx); err != nil {
		return err
	}
	return s.rows.Migrate(ctx, s.migrations)
}

// Migration is one step of the schema.
type Migration struct {
	Version int    // from 1
	Name    string // a word
	SQL     string // several statements, with the prefix of the store
}

// Migrations gives the steps of the schema, for hosts that run their own
// migrations: in order, each once, instead of Migrate.
func (s *Store) Migrations() []Migration {
	out := make([]Migration, len(s.migrations))
	for i, m := range s.migrations {
		out[i] = Migration(m)
	}
	return out
}
