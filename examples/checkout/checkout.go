package main

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/couponkit/coupon"
)

// bookNow is the checkout without a payment on the way: the coupon is redeemed in
// the transaction that inserts the booking. Either both are there or neither.
func (s *shop) bookNow(ctx context.Context, b booking, code string) (booking, error) {
	var refused *coupon.RefusedError
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		b.Code, b.Discount, refused = "", noMoney, nil // this may be the second run
		r, err := s.svc.With(s.in(tx)).Redeem(ctx, b.forCoupon(), code)
		switch {
		case err == nil:
			b.Code, b.Discount = r.Code, r.Discount
		case !errors.As(err, &refused):
			return err
		}
		// A refusal leaves the transaction as it was: this shop books at the full
		// price then. Another would return err, and book nothing.
		return insert(ctx, tx, b)
	})
	// What was refused is for the owner's statistics. In the transaction it could
	// be rolled back, so it is kept after it. Nil keeps nothing.
	if failed := s.svc.RecordRefusals(ctx, refused); failed != nil {
		s.say("refusals were not recorded: %v", failed) // the booking stands all the same
	}
	return b, err
}

// bookAndPay is the checkout with a payment, which takes its time: the use is
// reserved in a transaction of its own, so that nobody waits for the customer at
// the payment page, and confirmed in the transaction of the booking. Confirming
// looks at no rule and touches no counter: whoever has paid gets the discount.
func (s *shop) bookAndPay(ctx context.Context, b booking, code string, g gateway) (booking, error) {
	rs, err := s.svc.Reserve(ctx, b.forCoupon(), 15*time.Minute, code)
	if err != nil {
		return b, err // refused: nothing is paid, nothing is booked
	}
	b.Code, b.Discount = rs[0].Code, rs[0].Discount
	if err := g.pay(b); err != nil {
		// Without this the use comes back when the fifteen minutes are over.
		_, released := s.svc.Release(ctx, b.ID)
		return b, errors.Join(err, released)
	}
	err = s.inTx(ctx, func(tx *sql.Tx) error {
		if _, err := s.svc.With(s.in(tx)).Confirm(ctx, b.ID); err != nil {
			return err
		}
		return insert(ctx, tx, b)
	})
	if err == nil {
		return b, nil
	}
	// It is paid and not booked (the hour was taken, or the fifteen minutes are
	// over); or it is booked, and COMMIT did not answer. The coupon knows: what is
	// redeemed can't be released.
	switch _, released := s.svc.Release(ctx, b.ID); {
	case errors.Is(released, coupon.ErrConflict):
		return b, nil
	case released != nil:
		return b, errors.Join(err, released) // ask again later, before any money moves
	}
	return b, errors.Join(err, g.refund(b))
}

// attempts is how often a transaction is run at most.
const attempts = 5

// inTx runs f in a transaction and commits it. Where the database had to give it
// up for the sake of others, all of it is run again: f must set anew whatever it
// has set before. The library never does that for a transaction that is not its.
func (s *shop) inTx(ctx context.Context, f func(*sql.Tx) error) error {
	for attempt := 1; ; attempt++ {
		err := once(ctx, s.db, f)
		if !runAgain(err) || attempt == attempts {
			return err
		}
		s.say("run %d is rolled back and run again: %v", attempt, err)
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

// runAgain: the library says it of its statements; of the host's own, and of
// COMMIT, PostgreSQL does.
func runAgain(err error) bool {
	var stated interface{ SQLState() string }
	if errors.As(err, &stated) && (stated.SQLState() == "40001" || stated.SQLState() == "40P01") {
		return true
	}
	return errors.Is(err, coupon.ErrRetryTx) || errors.Is(err, coupon.ErrContention)
}

// gateway is where customers pay: a real one is asked over the network, with the
// booking's id as the key, so that nobody pays twice.
type gateway struct{ pay, refund func(booking) error }

var errDeclined = errors.New("the card was declined")

func accepted(booking) error { return nil }

func declined(booking) error { return errDeclined }
