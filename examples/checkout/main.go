// Checkout shows the two ways to use a coupon together with a booking of the
// host's own: redeemed in the transaction that inserts the booking, and reserved,
// paid and confirmed. It says step by step what happens.
//
//	go run ./examples/checkout                   # in SQLite, in a temporary file
//	go run ./examples/checkout -dsn postgres://… # in PostgreSQL, in a temporary schema
//
// The checkouts are in checkout.go, to be read and taken.
package main

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/couponkit/coupon"
)

// shop is the host: its database, which the coupons share.
type shop struct {
	db  *sql.DB
	svc *coupon.Service
	in  func(*sql.Tx) coupon.Store // the store in a transaction of the host's
	say func(format string, args ...any)
}

func main() {
	dsn := flag.String("dsn", "", "`URL` of a PostgreSQL database, postgres://user@host/name (default SQLite in a temporary file)")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, *dsn, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "checkout:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, dsn string, out io.Writer) (err error) {
	open := openSQLite
	if dsn != "" {
		open = func(ctx context.Context) (*shop, func() error, error) { return openPostgres(ctx, dsn) }
	}
	s, done, err := open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	return s.show(ctx, out)
}

// show goes through both checkouts, with everything that can happen to them.
func (s *shop) show(ctx context.Context, out io.Writer) error {
	s.say = func(format string, args ...any) { fmt.Fprintf(out, "  "+format+"\n", args...) }
	price := coupon.MustMoney("80", "USD")
	now, err := s.offer(ctx, "NOW10", 2)
	if err != nil {
		return err
	}
	later, err := s.offer(ctx, "LATER10", 2)
	if err != nil {
		return err
	}
	for _, step := range []struct {
		title  string
		of     coupon.Coupon
		expect error // what the step is about; nil is success
		do     func() (booking, error)
	}{
		{"Redeemed in the booking's transaction: commit, and both are there", now, nil, func() (booking, error) {
			return s.bookNow(ctx, booking{ID: "B-1", Customer: "ann", Hour: "09:00", Price: price}, "NOW10")
		}},
		{"The hour is taken after the coupon was redeemed: rollback, and neither is there", now, errTaken, func() (booking, error) {
			return s.bookNow(ctx, booking{ID: "B-2", Customer: "bob", Hour: "09:00", Price: price}, "NOW10")
		}},
		{"The database gives the transaction up for others: all of it is run again", now, nil, func() (b booking, err error) {
			runs := 0
			err = s.inTx(ctx, func(tx *sql.Tx) error {
				b = booking{ID: "B-3", Customer: "bob", Hour: "10:00", Price: price}
				r, err := s.svc.With(s.in(tx)).Redeem(ctx, b.forCoupon(), "NOW10")
				if err != nil {
					return err
				}
				if runs++; runs == 1 {
					return coupon.ErrRetryTx // as Redeem says it after a deadlock
				}
				b.Code, b.Discount = r.Code, r.Discount
				return insert(ctx, tx, b)
			})
			return b, err
		}},
		{"The code is used up: refused, and the transaction books without a discount", now, nil, func() (booking, error) {
			return s.bookNow(ctx, booking{ID: "B-4", Customer: "cat", Hour: "11:00", Price: price}, "NOW10")
		}},
		{"Reserved, paid, confirmed in the booking's transaction", later, nil, func() (booking, error) {
			return s.bookAndPay(ctx, booking{ID: "B-5", Customer: "ann", Hour: "12:00", Price: price}, "LATER10", gateway{accepted, accepted})
		}},
		{"Reserved, and the payment fails: the use is given back", later, errDeclined, func() (booking, error) {
			return s.bookAndPay(ctx, booking{ID: "B-6", Customer: "bob", Hour: "13:00", Price: price}, "LATER10", gateway{declined, accepted})
		}},
		{"Two want the last use: while one is paying, the other is refused", later, coupon.ErrRefused, func() (booking, error) {
			dan := booking{ID: "B-7", Customer: "dan", Hour: "14:00", Price: price}
			if _, err := s.svc.Reserve(ctx, dan.forCoupon(), coupon.MaxHold, "LATER10"); err != nil {
				return dan, err
			}
			s.say("dan has reserved")
			return s.bookAndPay(ctx, booking{ID: "B-8", Customer: "eve", Hour: "15:00", Price: price}, "LATER10", gateway{accepted, accepted})
		}},
		{"The first gives up: now the other gets it", later, nil, func() (booking, error) {
			if _, err := s.svc.Release(ctx, "B-7"); err != nil {
				return booking{}, err
			}
			s.say("dan has left")
			return s.bookAndPay(ctx, booking{ID: "B-8", Customer: "eve", Hour: "15:00", Price: price}, "LATER10", gateway{accepted, accepted})
		}},
	} {
		fmt.Fprintln(out, step.title)
		b, err := step.do()
		if !errors.Is(err, step.expect) {
			return err
		}
		if err != nil {
			s.say("%s is not booked: %v", b.ID, err)
		} else {
			s.say("%s is booked for %s, discount %s", b.ID, b.total(), b.Discount)
		}
		if err := s.count(ctx, step.of); err != nil {
			return err
		}
	}
	return nil
}

// count says what both sides have now.
func (s *shop) count(ctx context.Context, c coupon.Coupon) error {
	var all, discounted int64
	err := s.db.QueryRowContext(ctx, `SELECT COUNT(*), COUNT(CASE WHEN code = $1 THEN 1 END) FROM bookings`, string(c.Code)).Scan(&all, &discounted)
	if err != nil {
		return err
	}
	state, err := s.svc.State(ctx, c.ID)
	if err != nil {
		return err
	}
	redeemed, refused := 0, 0
	for _, err := range s.svc.Redemptions(ctx, coupon.RedemptionFilter{Coupon: c.ID}) {
		if err != nil {
			return err
		}
		redeemed++
	}
	for _, err := range s.svc.Refusals(ctx, c.ID, "") {
		if err != nil {
			return err
		}
		refused++
	}
	drift, err := s.svc.Verify(ctx)
	if err != nil {
		return err
	}
	s.say("bookings %d, with %s %d; redemptions %d, used %d of %d, refusals kept %d, counters that are off %d",
		all, c.Code, discounted, redeemed, state.Limits[0].Used, state.Limits[0].Limit.Max, refused, len(drift))
	return nil
}
