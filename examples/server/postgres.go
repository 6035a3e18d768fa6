package main

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/store/postgres"
)

// ownSchema makes the table that marks the others as made by this server. It has
// one row; seeded_at is 0 as long as the history is not there.
const ownSchema = `CREATE TABLE brightside (seeded_at BIGINT NOT NULL); INSERT INTO brightside (seeded_at) VALUES (0)`

// openPostgres opens a PostgreSQL database. Where the tables are not there yet,
// or have no history because the first start was interrupted, they get it; seeded
// says so.
func openPostgres(ctx context.Context, dsn string, now time.Time) (d *database, seeded bool, err error) {
	cfg, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, false, fmt.Errorf("-dsn: %w", err)
	}
	// What the store wants of this driver, whatever the DSN says: with it no
	// statement is prepared, and it works behind PgBouncer.
	cfg.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	cfg.ConnectTimeout = cmp.Or(cfg.ConnectTimeout, 10*time.Second)
	db := stdlib.OpenDB(*cfg)
	db.SetMaxOpenConns(16)
	db.SetMaxIdleConns(16)
	defer func() {
		if err != nil {
			d, err = nil, errors.Join(err, db.Close())
		}
	}()
	if err := db.PingContext(ctx); err != nil {
		return nil, false, fmt.Errorf("PostgreSQL at %s: %s: see whether it runs, and whether -dsn is right", address(cfg), oneLine(err))
	}
	st, err := postgres.New(db, postgres.Options{})
	if err != nil {
		return nil, false, err
	}
	d = &database{db: db, ledger: ledger{db}, coupons: st, within: func(tx *sql.Tx) coupon.Store { return st.Tx(tx) }}
	if err := d.claim(ctx); err != nil {
		return nil, false, fmt.Errorf("PostgreSQL at %s: %w", address(cfg), err)
	}
	if err := d.migrate(ctx); err != nil {
		return nil, false, err
	}
	seeded, err = d.seed(ctx, now)
	return d, seeded, err
}

// address is which database it is, without the password.
func address(cfg *pgx.ConnConfig) string {
	return net.JoinHostPort(cfg.Host, strconv.Itoa(int(cfg.Port))) + "/" + cfg.Database
}

// claim marks the schema as this server's. One that has tables of the names that
// the server uses, and not its mark, is somebody else's, and nothing is written.
func (d *database) claim(ctx context.Context) error {
	return once(ctx, d.db, func(tx *sql.Tx) error {
		// Two servers that start at once: the second finds what the first has made.
		if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock(hashtext('brightside'))`); err != nil {
			return err
		}
		var found string
		err := tx.QueryRowContext(ctx, `SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()
			AND (table_name IN ('brightside', 'bookings') OR table_name LIKE 'coupon\_%')
			ORDER BY table_name <> 'brightside', table_name LIMIT 1`).Scan(&found)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			if err := (ledger{tx}).create(ctx); err != nil {
				return err
			}
			_, err = tx.ExecContext(ctx, ownSchema)
			return err
		case err == nil && found != "brightside":
			return fmt.Errorf("its table %s was not made by this server: give a database or a schema of its own, such as -dsn 'postgres://…?search_path=brightside'", found)
		}
		return err
	})
}

// seed lives through the history of the business, unless that was done. It is one
// transaction: if the program ends in the middle, nothing is there, and the next
// start begins anew. A second server waits for the first.
func (d *database) seed(ctx context.Context, now time.Time) (done bool, err error) {
	var refused []*coupon.RefusedError
	err = once(ctx, d.db, func(tx *sql.Tx) error {
		var at int64
		if err := tx.QueryRowContext(ctx, `SELECT seeded_at FROM brightside FOR UPDATE`).Scan(&at); err != nil || at != 0 {
			return err
		}
		var bookings []booking
		if bookings, refused, err = simulate(ctx, d.within(tx), now); err != nil {
			return err
		}
		if err := insertAll(ctx, ledger{tx}, bookings); err != nil {
			return err
		}
		done = true
		_, err = tx.ExecContext(ctx, `UPDATE brightside SET seeded_at = $1`, now.UnixMicro())
		return err
	})
	if err != nil || !done {
		return false, err
	}
	// What a coupon refused in the host's transaction is recorded after it.
	svc, err := coupon.New(coupon.Config{Store: d.coupons, Now: func() time.Time { return now }})
	for _, r := range refused {
		if err == nil {
			err = svc.RecordRefusals(ctx, r)
		}
	}
	return true, err
}

// oneLine: the driver says one for each way that it has tried.
func oneLine(err error) string {
	return strings.NewReplacer(":\n\t", ": ", "\n\t", "; ").Replace(err.Error())
}
