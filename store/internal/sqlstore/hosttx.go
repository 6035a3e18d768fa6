package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/couponkit/coupon"
)

// HostTx runs functions in a transaction of the host's, which alone commits it
// or not.
type HostTx struct {
	To     bun.IConn
	Errors Errors
	Failed error // what Errors.Again is for the host
}

// A write in a host's transaction is tried that often, and for no longer.
const (
	hostAttempts = 8
	hostPatience = 10 * time.Second
	// Who has an expired reservation locked may be waiting for this very
	// transaction, which only the host knows.
	heldPatience = 2 * time.Second
)

// Write implements [Transactor]. What f wrote is undone if it fails, and the
// transaction goes on.
func (t HostTx) Write(ctx context.Context, f func(bun.IConn) error) error {
	if _, pool := t.To.(*sql.DB); pool {
		return errors.New("a *sql.DB is no transaction: give Tx a *sql.Tx")
	}
	deadline := time.Now().Add(hostPatience)
	heldUntil := time.Now().Add(heldPatience)
	for attempt := 1; ; attempt++ {
		err := t.inSavepoint(ctx, f)
		if errors.Is(err, errGuess) && ctx.Err() == nil { // it is guessed no more
			continue
		}
		if !errors.Is(err, ErrRaced) && !waits(err) {
			return t.failure(ctx, err)
		}
		wait := 10 * time.Millisecond
		switch now := time.Now(); {
		case waits(err) && now.Before(deadline) && (now.Before(heldUntil) || !errors.Is(err, errHeld)):
			attempt, wait = attempt-1, waitPause
		case waits(err):
			return fmt.Errorf("%w: %w", coupon.ErrContention, err)
		case attempt >= hostAttempts, !now.Before(deadline):
			return fmt.Errorf("%w: %w", t.Failed, err) // the host's snapshot may never show what has come
		}
		if err := pause(ctx, wait); err != nil {
			return err
		}
	}
}

func (t HostTx) inSavepoint(ctx context.Context, f func(bun.IConn) error) error {
	to := &within{IConn: t.To, begin: "SAVEPOINT coupon_write", release: releaseSavepoint}
	err := f(to)
	if !to.begun() || to.released && err == nil {
		return err
	}
	if to.failed && !(to.withOthers && t.Errors.Inside(err)) {
		return err // there is no savepoint, or one of the host's with the same name
	}
	if err == nil {
		err = ctx.Err()
	}
	after := context.WithoutCancel(ctx)
	if err != nil {
		// If this fails too, the transaction is over, and that is the host's to find.
		if _, e := t.To.ExecContext(after, "ROLLBACK TO SAVEPOINT coupon_write"); e != nil {
			return err
		}
	}
	if _, e := t.To.ExecContext(after, releaseSavepoint); err == nil {
		err = e
	}
	return err
}

const releaseSavepoint = "RELEASE SAVEPOINT coupon_write"

// Read implements [Transactor]: it sees what the host's transaction sees.
func (t HostTx) Read(ctx context.Context, f func(bun.IConn) error) error {
	return t.failure(ctx, f(t.To))
}

// One implements [Transactor].
func (t HostTx) One(ctx context.Context, f func(bun.IConn) error) error { return t.Read(ctx, f) }

func (t HostTx) failure(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case t.Errors.Again(err):
		return fmt.Errorf("%w: %w", t.Failed, err)
	case t.Errors.Locked(err):
		return fmt.Errorf("%w: %w", coupon.ErrContention, err)
	}
	return err
}
