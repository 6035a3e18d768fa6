// Package sqlstore is what the SQL stores have in common: the statements and
// the rows of a coupon.Store, over bun. What differs between databases is in
// [Dialect] (words of SQL) and [Transactor] (how a transaction is made), both
// given by the store of that database.
//
// Every statement is a constant with placeholders: ?name stands for a table
// with its prefix, ?merchant for the merchant of the store, and each ? for an
// argument. Nothing else ever gets into the text of a statement.
package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/uptrace/bun"

	"github.com/couponkit/coupon"
)

// Dialect is what the statements need to know of a database.
type Dialect struct {
	// RowLocks: writes go on side by side, and what one looks at it locks, row by
	// row (see lock.go). Else one write lock stands for all row locks.
	RowLocks bool
	// ReservedApart: what is reserved is not in the indexes of a coupon's lists and sums.
	ReservedApart bool
	// WidthBucket: the database has this function.
	WidthBucket bool
	// Contains is a condition of two arguments: the first, a column, has the
	// second in it, compared as bytes.
	Contains string
	// Overflow tells whether a statement failed because a sum passed a bigint,
	// NoTable whether it did because a table is not there.
	Overflow, NoTable func(error) Answer
	// HasTable selects 1 if there is a table of the name that is its argument. It
	// is needed where NoTable is Perhaps.
	HasTable string
	// Duplicate reports whether a row was not inserted because its key is there.
	// Needed with RowLocks.
	Duplicate func(error) bool
	// Mistaken reports whether a statement failed as it does if what was taken for
	// granted is not so: it divides by zero, or refers to a row that is gone. Needed
	// with RowLocks.
	Mistaken func(error) bool
	// Created reports whether a table or schema could not be created because it
	// was created at the same moment. Nil where that can't be.
	Created func(error) bool
}

// Answer is what can be told from an error.
type Answer int

// Perhaps needs a second look.
const (
	No Answer = iota
	Perhaps
	Yes
)

// Config is what a Store is made of. All of it is required.
type Config struct {
	DB         *bun.DB
	Schema     string // where the tables are; empty is wherever the database looks
	Prefix     string // of the tables, see CheckPrefix
	Dialect    Dialect
	Transactor Transactor
}

// Store is a coupon.Store in a database, bound to one merchant.
type Store struct {
	db      *bun.DB // knows the tables and the merchant
	tables  *bun.DB // knows the tables
	dialect Dialect
	prefix  string
	tx      Transactor
	cache   *cache  // of all merchants
	shared  *shared // of all merchants
	inTx    bool    // of the host

	merchant text
}

var (
	_ coupon.Store    = (*Store)(nil)
	_ coupon.TxBound  = (*Store)(nil)
	_ coupon.Recaller = (*Store)(nil)
)

// New gives the store of the merchant "". It does no I/O.
func New(cfg Config) (*Store, error) {
	if err := CheckPrefix(cfg.Prefix); err != nil {
		return nil, err
	}
	db := cfg.DB
	for _, t := range []string{"migrations", "coupons", "codes", "versions", "notes", "heads", "bookings", "redemptions", "series", "counters", "events", "refusals"} {
		db = db.WithNamedArg(t, tableName(cfg.Schema, cfg.Prefix+t))
	}
	s := &Store{tables: db, dialect: cfg.Dialect, prefix: cfg.Prefix, tx: cfg.Transactor, cache: &cache{}, shared: &shared{}}
	return s.Merchant(""), nil
}

// Merchant is the same store bound to another merchant.
func (s *Store) Merchant(id string) *Store {
	m := *s
	m.merchant, m.db = text(id), s.tables.WithNamedArg("merchant", text(id))
	return &m
}

// InHostTx implements coupon.TxBound.
func (s *Store) InHostTx() bool { return s.inTx }

// In is the same store in a transaction of the host's.
func (s *Store) In(tx HostTx) *Store {
	m := *s
	m.tx, m.inTx = tx, true
	return &m
}

func tableName(schema, table string) bun.Ident {
	if schema != "" {
		table = schema + "." + table
	}
	return bun.Ident(table)
}

// CheckPrefix says what a prefix of tables must be.
func CheckPrefix(prefix string) error { return checkName("prefix", prefix, 30) }

// checkName: names that need no quotes in any database.
func checkName(what, name string, longest int) error {
	if strings.HasPrefix(name, "sqlite_") || strings.HasPrefix(name, "pg_") {
		return fmt.Errorf("%s %q is kept for the database's own tables", what, name)
	}
	if len(name) > longest {
		return fmt.Errorf("%s %q must have at most %d characters", what, name, longest)
	}
	for i, c := range []byte(name) {
		letter := c == '_' || (c >= 'a' && c <= 'z')
		if digit := c >= '0' && c <= '9'; !letter && (!digit || i == 0) {
			return fmt.Errorf("%s %q must have the letters a-z, digits and _ only, and not begin with a digit", what, name)
		}
	}
	return nil
}

// conn runs statements of one transaction.
type conn struct {
	db *bun.DB
	to bun.IConn
}

// exec gives the number of rows that a statement wrote. A row with a text that
// the database can't store is an error.
func (c conn) exec(ctx context.Context, query string, args ...any) (int64, error) {
	if err := storable(c.db.Dialect().Name(), args...); err != nil {
		return 0, err
	}
	res, err := c.db.NewRaw(query, args...).Conn(c.to).Exec(ctx)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// scan reads rows into a slice, or one row of one column into a variable; no
// row for a variable is sql.ErrNoRows.
func (c conn) scan(ctx context.Context, dest any, query string, args ...any) error {
	return c.db.NewRaw(query, args...).Conn(c.to).Scan(ctx, dest)
}

func (s *Store) write(ctx context.Context, what string, f func(conn) error) error {
	err := s.tx.Write(ctx, func(to bun.IConn) error { return f(conn{s.db, to}) })
	if errors.Is(err, errNothing) {
		return nil
	}
	return failed(what, s.unmigrated(ctx, err))
}

func (s *Store) read(ctx context.Context, what string, f func(conn) error) error {
	err := s.tx.Read(ctx, func(to bun.IConn) error { return f(conn{s.db, to}) })
	return failed(what, s.unmigrated(ctx, err))
}

// one is read of one statement.
func (s *Store) one(ctx context.Context, what string, f func(conn) error) error {
	err := s.tx.One(ctx, func(to bun.IConn) error { return f(conn{s.db, to}) })
	return failed(what, s.unmigrated(ctx, err))
}

// unmigrated says so if a statement failed because there are no tables.
func (s *Store) unmigrated(ctx context.Context, cause error) error {
	if cause == nil {
		return nil
	}
	answer := s.dialect.NoTable(cause)
	if answer == Perhaps {
		found := 0
		err := s.tx.Read(ctx, func(to bun.IConn) error {
			return conn{s.db, to}.scan(ctx, &found, `SELECT COUNT(*) FROM (?) AS t`, bun.SafeQuery(s.dialect.HasTable, s.prefix+"heads"))
		})
		if err == nil && found == 0 {
			answer = Yes
		}
	}
	if answer != Yes {
		return cause
	}
	return fmt.Errorf("the tables are missing: call Migrate first: %w", cause)
}

// failed says what was being done, unless the error is an answer.
func failed(what string, err error) error {
	if err == nil {
		return nil
	}
	for _, answer := range []error{coupon.ErrNotFound, coupon.ErrVersion, coupon.ErrDuplicateCode} {
		if errors.Is(err, answer) {
			return err
		}
	}
	return fmt.Errorf("coupon store: %s: %w", what, err)
}
