package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/internal/pgtest"
)

// BenchmarkHostTransactions are 32 hosts at once whose transactions stay open for
// 50 ms, as they do where a host talks to others meanwhile: without a coupon, with
// one that has no limits, and with the confirmation of what was reserved under a
// limit: all of it beforehand; by others meanwhile, who reserve as much as is
// confirmed; and by each host itself. There 40 hosts take turns, so that 32 of their
// transactions are open at once while the others reserve; in the alternating case it is
// 32 hosts, and less than 32 are open. Nobody may wait for anybody else: each tx/s
// should be near the plain one.
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
	reserve := func(ctx context.Context, id string) error {
		_, err := svc.Reserve(ctx, booking(id), time.Hour, "HOT")
		return err
	}
	// next gives hosts their bookings until all are done; it may take its time.
	run := func(name string, hosts int, next func(b *testing.B) (func() (string, error), func()), within func(ctx context.Context, tx *sql.Tx, id string) error) {
		b.Run(name, func(b *testing.B) {
			take, end := next(b)
			defer end()
			atOnce := make(chan struct{}, 32)
			b.SetParallelism(hosts / runtime.GOMAXPROCS(0))
			b.ResetTimer()
			began := time.Now()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					id, err := take()
					if err != nil {
						b.Error(err)
						return
					}
					atOnce <- struct{}{}
					began := time.Now()
					err = hostBooking(b.Context(), db, id, within)
					open.Add(int64(time.Since(began)))
					<-atOnce
					if err != nil {
						b.Error(err)
						return
					}
				}
			})
			took := time.Since(began)
			b.ReportMetric(float64(open.Swap(0))/float64(b.N)/1e6, "ms-open")
			b.ReportMetric(float64(b.N)/took.Seconds(), "tx/s")
		})
	}
	fresh := func() (string, error) { return fmt.Sprint("b", n.Add(1)), nil }
	unprepared := func(*testing.B) (func() (string, error), func()) { return fresh, func() {} }
	beforehand := func(b *testing.B) (func() (string, error), func()) {
		ids := make(chan string, b.N)
		for range b.N {
			id, _ := fresh()
			if err := reserve(b.Context(), id); err != nil {
				b.Fatal(err)
			}
			ids <- id
		}
		return func() (string, error) { return <-ids, nil }, func() {}
	}
	meanwhile := func(b *testing.B) (func() (string, error), func()) {
		type reserved struct {
			id  string
			err error
		}
		ids, left := make(chan reserved, 32), atomic.Int64{}
		left.Store(int64(b.N))
		var others sync.WaitGroup
		for range 32 {
			others.Go(func() {
				for left.Add(-1) >= 0 {
					id, _ := fresh()
					ids <- reserved{id, reserve(context.Background(), id)}
				}
			})
		}
		return func() (string, error) { r := <-ids; return r.id, r.err }, others.Wait
	}
	itself := func(b *testing.B) (func() (string, error), func()) {
		return func() (string, error) {
			id, _ := fresh()
			return id, reserve(b.Context(), id)
		}, func() {}
	}
	redeem := func(code string) func(context.Context, *sql.Tx, string) error {
		return func(ctx context.Context, tx *sql.Tx, id string) error {
			_, err := svc.With(st.Tx(tx)).Redeem(ctx, booking(id), code)
			return err
		}
	}
	confirm := func(ctx context.Context, tx *sql.Tx, id string) error {
		_, err := svc.With(st.Tx(tx)).Confirm(ctx, id)
		return err
	}
	run("plain", 32, unprepared, func(context.Context, *sql.Tx, string) error { return nil })
	run("redeem-without-limits", 32, unprepared, redeem("FREE"))
	run("confirm-what-was-reserved", 32, beforehand, confirm)
	run("confirm-while-others-reserve", 32, meanwhile, confirm)
	run("reserve-then-confirm", 40, itself, confirm)
	run("reserve-and-confirm-alternating", 32, itself, confirm)
	run("redeem-hot-limited", 32, unprepared, redeem("HOT"))
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
