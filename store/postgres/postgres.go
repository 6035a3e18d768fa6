// Package postgres is a coupon.Store in PostgreSQL: many servers of the host's
// write at once, each row is locked by itself, and a limit is never passed.
//
//	db, err := sql.Open("pgx", "postgres://…?default_query_exec_mode=simple_protocol") // with the host's driver
//	st, err := postgres.New(db, postgres.Options{})
//	err = st.Migrate(ctx)
//	svc, err := coupon.New(coupon.Config{Store: st})
//
// The host brings the *sql.DB and its driver, for PostgreSQL 13 or newer and a
// database whose encoding is UTF8; the package imports none. It is tested with two:
//
//   - github.com/jackc/pgx/v5/stdlib with default_query_exec_mode=simple_protocol.
//     Arguments are in the text of a statement here, so the driver's default, to
//     prepare every text it sees and keep it, would prepare them all for nothing.
//   - github.com/uptrace/bun/driver/pgdriver. It does not hear that a context is
//     cancelled while the server makes it wait, only its deadline; and its
//     WithReadTimeout (10 s) must be longer than any statement may take.
//
// SQLSTATE is read from errors that have a method SQLState() string or
// Field('C') string. With a driver that has neither, nothing is run again for
// others.
//
// Every write is one explicit transaction at READ COMMITTED on one connection,
// with row locks in a fixed order; nothing is left to the isolation level. It
// works behind PgBouncer in transaction mode: there are no advisory locks, no
// session settings and no prepared statements. What failed for others (40001,
// 40P01) is run again as a whole, a bounded number of times, and is
// coupon.ErrContention after that, as is a lock that was waited for longer than
// the session's lock_timeout. If COMMIT does not answer, or the connection breaks
// after something was written, that is coupon.ErrOutcomeUnknown: the same call
// again tells. A context that is cancelled before COMMIT leaves nothing.
//
// A write takes for granted what was last seen, to ask the server less often, and
// has the server fail a statement if it is not so: then it looks and begins anew. The
// server's log shows that as a division by zero, seldom, as a duplicate key or one that
// is missing.
//
// An edit that adds a limit counts what was redeemed before. It closes the coupon
// for new writes of others, which wait, waits up to five seconds for those under
// way, and is coupon.ErrContention if they take longer: keep the host's
// transactions that redeem short. Every other edit waits for nobody.
//
// A read is one snapshot, REPEATABLE READ READ ONLY, so a second store on a
// *sql.DB of a read replica can serve lists and summaries.
//
// # In the host's transaction
//
// [Store.Tx] gives a store that writes in a transaction of the host's, at any
// isolation level: the redemption is there if the host's booking is.
//
//	tx, err := db.BeginTx(ctx, nil)
//	svc, err := coupon.New(coupon.Config{Store: st.Tx(tx)})
//	_, err = svc.Redeem(ctx, booking, code)
//	err = tx.Commit()
//
// A write is a savepoint there. One that is refused or fails undoes itself and
// leaves the transaction usable; what it has locked, others wait for until the
// host is done. What a call reads before that is in no savepoint: see [Store.Tx].
package postgres

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/store/internal/sqlstore"
)

// Options are optional; the zero value has the documented defaults.
type Options struct {
	// Prefix begins the name of every table and index: letters a-z, digits and _,
	// at most 30, not beginning with a digit. Default "coupon_".
	Prefix string
	// Schema is where the tables are, with the same letters. Migrate creates it if
	// it is not there. Default is none: the first schema of the search_path.
	Schema string
}

// Store is a coupon.Store in PostgreSQL, bound to one merchant. Make one with
// [New]; it is safe for concurrent use.
type Store struct {
	*rows
	tx         *transactor
	migrations []sqlstore.Migration
	schema     string
}

// rows implements coupon.Store, once for all SQL databases.
type rows = sqlstore.Store

var _ coupon.Store = (*Store)(nil)

// New gives a store in db, bound to the merchant "". It does no I/O: call
// [Store.Migrate] before the first use. The store never closes db. A bad option
// is an error.
func New(db *sql.DB, opt Options) (*Store, error) {
	if db == nil {
		return nil, errors.New("postgres: db is required")
	}
	return open(bun.NewDB(db, pgdialect.New()), opt)
}

//go:embed migrations/*.sql
var migrations embed.FS

func open(db *bun.DB, opt Options) (*Store, error) {
	if opt.Prefix == "" {
		opt.Prefix = "coupon_"
	}
	s := &Store{tx: newTransactor(db), schema: opt.Schema}
	var err error
	if s.migrations, err = sqlstore.Migrations(migrations, opt.Schema, opt.Prefix); err != nil {
		return nil, fmt.Errorf("postgres: %w", err)
	}
	s.rows, err = sqlstore.New(sqlstore.Config{
		DB: db, Schema: opt.Schema, Prefix: opt.Prefix, Transactor: s.tx,
		Dialect: sqlstore.Dialect{
			RowLocks:      true,
			ReservedApart: true,
			WidthBucket:   true,
			Contains:      "strpos(?, ?) > 0",
			Overflow:      has(numericOutOfRange),
			NoTable:       has(undefinedTable),
			Duplicate:     func(err error) bool { return sqlState(err) == uniqueViolation },
			Mistaken:      mistaken,
			Created:       createdAtOnce,
		},
	})
	if err != nil {
		return nil, fmt.Errorf("postgres: %w", err)
	}
	return s, nil
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
// A transaction that PostgreSQL ends for the sake of others (40001, 40P01), or whose
// snapshot does not show what another has done to the booking, is the host's to run
// again from its beginning: coupon.ErrRetryTx. A connection that
// breaks is the driver's error: whether the transaction is committed is what the
// host's Commit says. A read sees what the transaction sees; an error of the
// database in a read leaves the transaction aborted, as any statement's does. So
// does one in what a call reads before it writes (the coupon of a code, what a
// booking has): that is in no savepoint, which would cost a message more. Such reads
// lock no rows; they fail where the session's timeouts, or a lock of the whole
// table, end them. What is found there, also that it is nothing, is no such error.
func (s *Store) Tx(tx DBTX) *Store {
	m := *s
	m.rows = s.rows.In(sqlstore.HostTx{To: tx, Errors: meaning, Failed: coupon.ErrRetryTx})
	return &m
}

// Migrate creates the tables and brings them up to date. It may be called at
// every start, also by several processes at once: each step runs once, in a
// transaction of its own. After that no process of an older release may write.
// On a store from [Store.Tx] it is an error, and so is a database whose encoding
// lacks characters that a text may have.
func (s *Store) Migrate(ctx context.Context) error {
	if s.InHostTx() {
		return errors.New("postgres: Migrate makes its own transactions: call it on the store that New gave")
	}
	if err := s.tx.checkEncoding(ctx); err != nil {
		return fmt.Errorf("postgres: %w", err)
	}
	if s.schema != "" {
		if err := s.tx.createSchema(ctx, s.schema); err != nil {
			return fmt.Errorf("postgres: create the schema: %w", err)
		}
	}
	return s.rows.Migrate(ctx, s.migrations)
}

// Migration is one step of the schema.
type Migration struct {
	Version int    // from 1
	Name    string // a word
	SQL     string // several statements, with the schema and prefix of the store
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
