package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/shopspring/decimal"
	_ "modernc.org/sqlite" // the drivers are the host's choice

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/store/postgres"
	"github.com/couponkit/coupon/store/sqlite"
)

// booking is the host's own: a treatment at an hour that one customer can have.
type booking struct {
	ID, Customer, Hour string
	Price              coupon.Money
	Code               coupon.Code // empty: without a discount
	Discount           coupon.Money
}

var noMoney = coupon.MustMoney("0", "USD")

func (b booking) total() coupon.Money {
	return coupon.Money{Amount: b.Price.Amount.Sub(b.Discount.Amount), Currency: b.Price.Currency}
}

// forCoupon is what the coupons must know of it.
func (b booking) forCoupon() coupon.Booking {
	return coupon.Booking{
		ID: b.ID, Currency: b.Price.Currency, Customer: coupon.Customer{Key: b.Customer},
		Lines: []coupon.Line{{ID: "treatment", Price: b.Price.Amount, Quantity: 1}},
	}
}

const createBookings = `CREATE TABLE bookings (
	id       TEXT   PRIMARY KEY,
	customer TEXT   NOT NULL,
	hour     TEXT   NOT NULL UNIQUE,
	price    BIGINT NOT NULL, -- cents
	code     TEXT   NOT NULL,
	discount BIGINT NOT NULL
)`

var errTaken = errors.New("the hour is taken")

func insert(ctx context.Context, tx *sql.Tx, b booking) error {
	price, err := b.Price.Minor()
	if err != nil {
		return err
	}
	discount, err := b.Discount.Minor()
	if err != nil {
		return err
	}
	done, err := tx.ExecContext(ctx, `INSERT INTO bookings (id, customer, hour, price, code, discount) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (hour) DO NOTHING`, b.ID, b.Customer, b.Hour, price, string(b.Code), discount)
	if err != nil {
		return err
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		return errors.Join(errTaken, err)
	}
	return nil
}

// openSQLite opens a database in a temporary file, which is gone afterwards.
func openSQLite(ctx context.Context) (_ *shop, done func() error, err error) {
	dir, err := os.MkdirTemp("", "checkout-")
	if err != nil {
		return nil, nil, err
	}
	// SQLite has one writer at a time. A transaction that begins by reading can't
	// become the writer if another was faster, and waiting does not help it: so
	// those of the host begin as writers (_txlock), and wait for their turn
	// (busy_timeout). The other settings are what the store sets on its own
	// connections. The pool keeps a handful of connections: opening one costs as
	// much as a write.
	query := url.Values{"_txlock": {"immediate"}, "_pragma": {"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)"}}
	file := url.URL{Scheme: "file", Path: filepath.ToSlash(filepath.Join(dir, "checkout.db")), RawQuery: query.Encode()}
	db, err := sql.Open("sqlite", file.String())
	if err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(dir))
	}
	db.SetMaxOpenConns(4)
	db.SetMaxIdleConns(4)
	done = func() error { return errors.Join(db.Close(), os.RemoveAll(dir)) }
	st, err := sqlite.New(db, sqlite.Options{})
	if err != nil {
		return nil, nil, errors.Join(err, done())
	}
	s, err := newShop(ctx, db, st, func(tx *sql.Tx) coupon.Store { return st.Tx(tx) })
	if err != nil {
		return nil, nil, errors.Join(err, done())
	}
	return s, done, nil
}

// openPostgres opens a schema of its own in the database, which is gone
// afterwards: nothing else there is touched.
func openPostgres(ctx context.Context, dsn string) (_ *shop, done func() error, err error) {
	cfg, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, nil, fmt.Errorf("-dsn: %w", err)
	}
	schema := "checkout_" + strings.ToLower(rand.Text())
	cfg.RuntimeParams["search_path"] = schema
	cfg.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol // what the store wants of this driver
	db := stdlib.OpenDB(*cfg)
	db.SetMaxOpenConns(8)
	db.SetMaxIdleConns(8)
	name := pgx.Identifier{schema}.Sanitize()
	if _, err := db.ExecContext(ctx, "CREATE SCHEMA "+name); err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	done = func() error {
		_, err := db.ExecContext(context.WithoutCancel(ctx), "DROP SCHEMA "+name+" CASCADE")
		return errors.Join(err, db.Close())
	}
	st, err := postgres.New(db, postgres.Options{})
	if err != nil {
		return nil, nil, errors.Join(err, done())
	}
	s, err := newShop(ctx, db, st, func(tx *sql.Tx) coupon.Store { return st.Tx(tx) })
	if err != nil {
		return nil, nil, errors.Join(err, done())
	}
	return s, done, nil
}

// newShop makes the tables of both, beside each other.
func newShop(ctx context.Context, db *sql.DB, st interface {
	coupon.Store
	Migrate(context.Context) error
}, in func(*sql.Tx) coupon.Store) (*shop, error) {
	if err := st.Migrate(ctx); err != nil {
		return nil, err
	}
	if _, err := db.ExecContext(ctx, createBookings); err != nil {
		return nil, err
	}
	svc, err := coupon.New(coupon.Config{Store: st})
	return &shop{db: db, svc: svc, in: in, say: func(string, ...any) {}}, err
}

// offer makes a coupon of ten dollars off, for so many uses.
func (s *shop) offer(ctx context.Context, code coupon.Code, uses int64) (coupon.Coupon, error) {
	return s.svc.Create(ctx, coupon.Coupon{
		Code: code, Discount: coupon.AmountOff(coupon.Money{Amount: decimal.NewFromInt(10), Currency: "USD"}), Start: s.svc.Now(),
		Restrictions: coupon.Restrictions{Limits: []coupon.Limit{{Of: coupon.Uses, Per: coupon.PerCoupon, Max: uses}}},
	})
}
