package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/couponkit/coupon"
)

// database is the one database of the host: its own table of bookings, and the
// tables of the coupons beside it. In SQLite (sqlite.go) or PostgreSQL
// (postgres.go).
type database struct {
	db      *sql.DB
	ledger  ledger
	coupons store
	within  func(*sql.Tx) coupon.Store // the coupons in a transaction of the host's
}

// store is what both stores are.
type store interface {
	coupon.Store
	Migrate(context.Context) error
}

// migrate makes the tables, or brings those of an earlier version up to date.
func (d *database) migrate(ctx context.Context) error {
	if err := d.coupons.Migrate(ctx); err != nil {
		return err
	}
	return d.ledger.create(ctx)
}

func insertAll(ctx context.Context, l ledger, bookings []booking) error {
	for _, b := range bookings {
		if err := l.insert(ctx, b); err != nil {
			return err
		}
	}
	return nil
}

// attempts is how often a transaction is run at most.
const attempts = 5

// inTx runs f in one transaction of the host's, with its own table and the
// coupons in it: all that f writes is there, or nothing. What the database gives
// up for the sake of others is run again from its beginning, which the library
// leaves to the host.
func (d *database) inTx(ctx context.Context, f func(ledger, coupon.Store) error) error {
	for attempt := 1; ; attempt++ {
		err := once(ctx, d.db, func(tx *sql.Tx) error { return f(ledger{tx}, d.within(tx)) })
		if locked(err) {
			err = fmt.Errorf("%w: %w", coupon.ErrContention, err)
		}
		if !givenUp(err) || attempt == attempts {
			return err
		}
		select {
		case <-time.After(rand.N(time.Duration(attempt) * 20 * time.Millisecond)):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func once(ctx context.Context, db *sql.DB, f func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // after Commit it does nothing
	if err := f(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// givenUp: the library says so of its statements, PostgreSQL of the host's own.
func givenUp(err error) bool {
	var stated interface{ SQLState() string }
	if errors.As(err, &stated) && (stated.SQLState() == "40001" || stated.SQLState() == "40P01") {
		return true
	}
	return errors.Is(err, coupon.ErrRetryTx)
}

// locked: SQLite was waited for as long as busy_timeout says.
func locked(err error) bool {
	const busy = 5
	var coded interface{ Code() int }
	return errors.As(err, &coded) && coded.Code()&0xff == busy
}
