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
	// KeyShare and Update end the statements that lock heads and redemptions
	// against edits and against other writes. Empty where one write lock stands
	// for all row locks.
	KeyShare, Update bun.Safe
	// Contains is a condition of two arguments: the first, a column, has the
	// second in it, compared as bytes.
	Contains string
	// Overflow reports whether a statement failed because a sum may have passed
	// a bigint. It may say yes too often: the caller looks again.
	Overflow func(error) bool
	// HasTable selects 1 if there is a table of the name that is its argument.
	HasTable string
}

// Transactor runs functions in transactions the way a database needs it.
type Transactor interface {
	// Write runs f in one transaction, which is committed if f returns nil. What
	// failed for others, or with [ErrRaced], is run again from the beginning, a
	// bounded number of times, and is coupon.ErrContention after that.
	Write(ctx context.Context, f func(bun.IConn) error) error
	// Read runs f on one snapshot.
	Read(ctx context.Context, f func(bun.IConn) error) error
}

// ErrRaced: a row that was not there when it was looked for is there now.
var ErrRaced = errors.New("another write was faster")

// Config is what a Store is made of. All of it is required.
type Config struct {
	DB         *bun.DB
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
	cache   *cache // of all merchants

	merchant text
}

var _ coupon.Store = (*Store)(nil)

// New gives the store of the merchant "". It does no I/O.
func New(cfg Config) (*Store, error) {
	if err := CheckPrefix(cfg.Prefix); err != nil {
		return nil, err
	}
	db := cfg.DB
	for _, t := range []string{"migrations", "coupons", "codes", "versions", "notes", "heads", "redemptions", "counters", "events"} {
		db = db.WithNamedArg(t, bun.Ident(cfg.Prefix+t))
	}
	s := &Store{tables: db, dialect: cfg.Dialect, prefix: cfg.Prefix, tx: cfg.Transactor, cache: &cache{}}
	return s.Merchant(""), nil
}

// Merchant is the same store bound to another merchant.
func (s *Store) Merchant(id string) *Store {
	m := *s
	m.merchant, m.db = text(id), s.tables.WithNamedArg("merchant", text(id))
	return &m
}

// CheckPrefix says what a prefix of tables must be.
func CheckPrefix(prefix string) error {
	if strings.HasPrefix(prefix, "sqlite_") || strings.HasPrefix(prefix, "pg_") {
		return fmt.Errorf("prefix %q is kept for the database's own tables", prefix)
	}
	if len(prefix) > 30 {
		return fmt.Errorf("prefix %q must have at most 30 characters", prefix)
	}
	for i, c := range []byte(prefix) {
		letter := c == '_' || (c >= 'a' && c <= 'z')
		if digit := c >= '0' && c <= '9'; !letter && (!digit || i == 0) {
			return fmt.Errorf("prefix %q must have the letters a-z, digits and _ only, and not begin with a digit", prefix)
		}
	}
	return nil
}

// conn runs statements of one transaction.
type conn struct {
	db *bun.DB
	to bun.IConn
}

// exec gives the number of rows that a statement wrote.
func (c conn) exec(ctx context.Context, query string, args ...any) (int64, error) {
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
	return failed(what, s.unmigrated(ctx, err))
}

func (s *Store) read(ctx context.Context, what string, f func(conn) error) error {
	err := s.tx.Read(ctx, func(to bun.IConn) error { return f(conn{s.db, to}) })
	return failed(what, s.unmigrated(ctx, err))
}

// unmigrated says so if a statement failed because there are no tables.
func (s *Store) unmigrated(ctx context.Context, cause error) error {
	if cause == nil || !s.dialect.Overflow(cause) {
		return cause
	}
	found := 0
	err := s.tx.Read(ctx, func(to bun.IConn) error {
		return conn{s.db, to}.scan(ctx, &found, `SELECT COUNT(*) FROM (?) AS t`, bun.SafeQuery(s.dialect.HasTable, s.prefix+"heads"))
	})
	if err != nil || found > 0 {
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
