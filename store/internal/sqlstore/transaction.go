package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/uptrace/bun"

	"github.com/couponkit/coupon"
)

// Transactor runs functions in transactions the way a database needs it.
type Transactor interface {
	// Write runs f in one transaction, which is committed if f returns nil. What
	// failed for others, or with [ErrRaced], is run again from the beginning, a
	// bounded number of times, and is coupon.ErrContention after that.
	Write(ctx context.Context, f func(bun.IConn) error) error
	// Read runs f on one snapshot.
	Read(ctx context.Context, f func(bun.IConn) error) error
	// One runs f, which reads by one statement: that is a snapshot by itself.
	One(ctx context.Context, f func(bun.IConn) error) error
}

// ErrRaced: a row that was not there when it was looked for is there now.
var ErrRaced = errors.New("another write was faster")

// errGuess: what was taken for granted is not so. There is nothing to wait for.
var errGuess = fmt.Errorf("it is not as it was last seen: %w", ErrRaced)

// errClosed: an edit waits for the writes under way, and new ones wait for it.
var errClosed = errors.New("the coupon is being edited")

// errHeld: a use depends on expired reservations that other writes are about to
// end.
var errHeld = errors.New("others have not said what becomes of an expired reservation")

// waits reports whether a write failed for what others end in their own time: not
// how often it is tried again is bounded, but for how long.
func waits(err error) bool { return errors.Is(err, errClosed) || errors.Is(err, errHeld) }

// errNothing ends a write that has nothing to write: whatever it did to look at
// rows is undone.
var errNothing = errors.New("there is nothing to write")

// Errors says what the errors of a database mean.
type Errors struct {
	// Again: the transaction failed for others, and nothing of it stays.
	Again func(error) bool
	// Refused: as the answer to COMMIT, nothing of the transaction stays.
	Refused func(error) bool
	// Locked: a lock was waited for as long as the session allows.
	Locked func(error) bool
	// Inside: as the answer to a message whose first statement makes a savepoint,
	// that was made. Needed where such messages are sent.
	Inside func(error) bool
}

// Pool makes transactions on connections of a *sql.DB.
type Pool struct {
	DB       *sql.DB
	Errors   Errors
	Attempts int // how often a transaction is begun that fails for others
	// Patience is how long a connection is waited for. Who holds them all may be
	// waiting for this very call, in a transaction of its own.
	Patience time.Duration
	// Together: what begins a transaction may go in one message with its first
	// statement, which may be a moment later.
	Together bool
}

// OnConn runs f on one connection.
func (p Pool) OnConn(ctx context.Context, f func(*sql.Conn) error) (err error) {
	waiting, cancel := context.WithTimeout(ctx, p.Patience)
	conn, err := p.DB.Conn(waiting)
	cancel()
	if err != nil && errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		err = fmt.Errorf("%w: no connection of the pool is free: %w", coupon.ErrContention, err)
	}
	if err != nil {
		return err
	}
	defer func() {
		if closing := conn.Close(); closing != nil && !errors.Is(closing, sql.ErrConnDone) {
			err = errors.Join(err, closing)
		}
	}()
	return f(conn)
}

// Commit runs f in a transaction. Without a commit nothing of it stays, whatever
// else happens.
func (p Pool) Commit(ctx context.Context, conn *sql.Conn, begin string, f func(bun.IConn) error) error {
	to := &within{IConn: conn, begin: begin}
	if !p.Together {
		if err := start(ctx, conn, begin); err != nil {
			return err
		}
		to.begin = ""
	}
	over := false
	defer func() {
		if !over && to.begun() {
			rollback(ctx, conn)
		}
	}()
	if err := f(to); err != nil {
		over = true
		switch alive := !to.begun() || rollback(ctx, conn); {
		case alive, ctx.Err() != nil:
		case to.failed:
			err = staleError{err}
		case to.wrote && !errors.Is(err, errNothing):
			err = fmt.Errorf("%w: the connection broke: %w", coupon.ErrOutcomeUnknown, err)
		}
		return err
	}
	if err := ctx.Err(); err != nil || !to.begun() {
		return err
	}
	// From here on a cancelled context changes nothing: the outcome is known.
	_, err := conn.ExecContext(context.WithoutCancel(ctx), "COMMIT")
	if err != nil && !p.Errors.Refused(err) {
		return fmt.Errorf("%w: %w", coupon.ErrOutcomeUnknown, err)
	}
	over = err == nil
	return err
}

// Snapshot runs f in a transaction that only reads.
func (p Pool) Snapshot(ctx context.Context, conn *sql.Conn, begin string, f func(bun.IConn) error) error {
	if err := start(ctx, conn, begin); err != nil {
		return err
	}
	defer rollback(ctx, conn)
	return f(conn)
}

// Once runs f, which only reads, without a transaction. That the connection had
// died in the pool is found out by asking it.
func (p Pool) Once(ctx context.Context, conn *sql.Conn, f func(bun.IConn) error) error {
	err := f(conn)
	if err != nil && !errors.Is(err, coupon.ErrNotFound) && ctx.Err() == nil && !rollback(ctx, conn) {
		err = staleError{err}
	}
	return err
}

// staleError: the connection had died in the pool before anything was done on it.
type staleError struct{ error }

func (e staleError) Unwrap() error { return e.error }

func start(ctx context.Context, conn *sql.Conn, begin string) error {
	_, err := conn.ExecContext(ctx, begin)
	if err != nil && !rollback(ctx, conn) && ctx.Err() == nil {
		err = staleError{err}
	}
	return err
}

// rollback ends the transaction of a connection, if there is one: a database
// ends some by itself, and a cancelled BEGIN may or may not have begun one. A
// connection that can't be brought out of its transaction is thrown away, and
// is not alive.
func rollback(ctx context.Context, conn *sql.Conn) (alive bool) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if _, err := conn.ExecContext(ctx, "ROLLBACK"); err == nil {
		return true
	}
	if _, err := conn.ExecContext(ctx, "BEGIN"); err == nil { // so there was none
		if _, err = conn.ExecContext(ctx, "ROLLBACK"); err == nil {
			return true
		}
	}
	_ = conn.Raw(func(any) error { return driver.ErrBadConn })
	return false
}

// Again runs f until it does not fail for others, a bounded number of times and
// not beyond the deadline.
func (p Pool) Again(ctx context.Context, deadline time.Time, f func() error) error {
	for attempt := 1; ; attempt++ {
		err := f()
		wait, waits, stale := 10*time.Millisecond<<attempt, waits(err), isStale(err)
		switch {
		case err == nil, errors.Is(err, coupon.ErrOutcomeUnknown):
			return err
		case errors.Is(err, errGuess) && ctx.Err() == nil: // it is guessed no more
			continue
		case ctx.Err() != nil:
			return ctx.Err()
		case p.Errors.Locked(err):
			return fmt.Errorf("%w: %w", coupon.ErrContention, err)
		case !waits && !stale && !p.Errors.Again(err) && !errors.Is(err, ErrRaced):
			return err
		case waits && time.Now().Before(deadline): // it takes as long as it takes
			attempt, wait = attempt-1, waitPause
		case stale && attempt >= p.Attempts:
			return err
		case attempt >= p.Attempts, !time.Now().Before(deadline):
			return fmt.Errorf("%w: %w", coupon.ErrContention, err)
		}
		if err := pause(ctx, wait); err != nil {
			return err
		}
	}
}

// waitPause is how long a write waits at most before it looks again whether the
// others are done.
const waitPause = 40 * time.Millisecond

func isStale(err error) bool {
	_, ok := errors.AsType[staleError](err)
	return ok
}

// pause waits for a random part of d.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(rand.N(d))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
