package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/internal/pgtest"
)

// BenchmarkHostTransactions are 32 hosts at once whose transactions stay open for
// 50 ms, as they do where a host talks to others meanwhile: without a coupon, with
// one that has no limits, and with the confirmation of what was reserved before
// under a limit. Nobody may wait for anybody else: each tx/s should be near the
// plain one.
func BenchmarkHostTransactions(b *testing.B) {
	needServer(b)
	durable, err := pgtest.Start("fsync=on", "synchronous_commit=on")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := durable.Stop(); err != nil {
			b.Error(err)
		}
	})
	db := openDB(b, "pgx", durable.DSN())
	db.SetMaxOpenConns(80)
	db.SetMaxIdleConns(80)
	if _, err := db.Exec(`CREATE TABLE host_bookings (id TEXT PRIMARY KEY, coupon TEXT)`); err != nil {
		b.Fatal(err)
	}
	st := migrated(b, db, Options{Schema: newSchema(b, db)})
	svc := service(b, st)
	create(b, st, "FREE", unlimited)
	create(b, st, "HOT", func(c *coupon.Coupon) { c.Restrictions.Limits[0].Max = 1 << 40 })

	var n, open atomic.Int64
	run := func(name string, before func(ctx context.Context, id string) error, within func(ctx context.Context, tx *sql.Tx, id string) error) {
		b.Run(name, func(b *testing.B) {
			if name == "confirm" { // all that is reserved is reserved beforehand
				for i := range b.N {
					if _, err := svc.Reserve(b.Context(), booking(fmt.Sprint("b", n.Load()+int64(i)+1)), time.Hour, "HOT"); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ResetTimer()
			b.SetParallelism(32 / runtime.GOMAXPROCS(0))
			began, done := time.Now(), n.Load()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					id := fmt.Sprint("b", n.Add(1))
					if err := before(b.Context(), id); err != nil {
						b.Error(err)
						return
					}
					began := time.Now()
					if err := hostBooking(b.Context(), db, id, within); err != nil {
						b.Error(err)
						return
					}
					open.Add(int64(time.Since(began)))
				}
			})
			b.ReportMetric(float64(open.Swap(0))/float64(n.Load()-done)/1e6, "ms-open")
			b.ReportMetric(float64(n.Load()-done)/time.Since(began).Seconds(), "tx/s")
		})
	}
	nothing := func(context.Context, string) error { return nil }
	run("plain", nothing, func(context.Context, *sql.Tx, string) error { return nil })
	run("redeem-without-limits", nothing, func(ctx context.Context, tx *sql.Tx, id string) error {
		_, err := svc.With(st.Tx(tx)).Redeem(ctx, booking(id), "FREE")
		return err
	})
	confirm := func(ctx context.Context, tx *sql.Tx, id string) error {
		_, err := svc.With(st.Tx(tx)).Confirm(ctx, id)
		return err
	}
	run("confirm", nothing, confirm)
	reserve := func(ctx context.Context, id string) error {
		_, err := svc.Reserve(ctx, booking(id), time.Hour, "HOT")
		return err
	}
	run("reserve-then-confirm", reserve, confirm)
	run("redeem-hot-limited", nothing, func(ctx context.Context, tx *sql.Tx, id string) error {
		_, err := svc.With(st.Tx(tx)).Redeem(ctx, booking(id), "HOT")
		return err
	})
}

func hostBooking(ctx context.Context, db *sql.DB, id string, within func(context.Context, *sql.Tx, string) error) (err error) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, tx.Rollback())
		}
	}()
	if _, err := tx.ExecContext(ctx, `INSERT INTO host_bookings (id) VALUES ($1)`, id); err != nil {
		return err
	}
	if err := within(ctx, tx, id); err != nil {
		return err
	}
	time.Sleep(50 * time.Millisecond) // what else the host does
	return tx.Commit()
}
