package postgres

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	"github.com/couponkit/coupon"
)

// at gives services of a store, outside and in a transaction, whose clock stands
// at an instant that can be moved.
func at(t *testing.T, st *Store, now *time.Time) *coupon.Service {
	t.Helper()
	svc, err := coupon.New(coupon.Config{Store: st, Now: func() time.Time { return *now }})
	if err != nil {
		t.Fatal(err)
	}
	return svc
}

func bookingOf(id, customer string, madeAt time.Time) coupon.Booking {
	b := booking(id)
	b.Customer.Key, b.MadeAt = customer, madeAt
	return b
}

func reserve(t *testing.T, svc *coupon.Service, b coupon.Booking) {
	t.Helper()
	if _, err := svc.Reserve(t.Context(), b, time.Minute, "C"); err != nil {
		t.Fatal(err)
	}
}

// Two reservations have expired; that of yesterday frees nothing today, and that
// of today is about to be released by somebody else. That one was found and not
// the other is no reason to refuse.
func TestNobodyIsRefusedForAnExpiredReservationThatOthersEnd(t *testing.T) {
	t.Parallel()
	st, db := newStore(t, "pgx")
	create(t, st, "C", func(c *coupon.Coupon) {
		c.Restrictions.Limits = []coupon.Limit{{Of: coupon.Uses, Per: coupon.PerCoupon, Every: coupon.PerDay, Max: 1}}
	})
	today := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	now := today
	svc := at(t, st, &now)
	reserve(t, svc, bookingOf("yesterday's", "ann", today.AddDate(0, 0, -1)))
	reserve(t, svc, bookingOf("today's", "bob", today))
	now = now.Add(time.Hour)
	tx := begin(t, db, sql.LevelDefault)
	hold(t, st, tx, "today's")
	done := make(chan error, 1)
	go func() {
		_, err := svc.Redeem(context.Background(), bookingOf("new", "cy", today), "C")
		done <- err
	}()
	select {
	case err := <-done:
		t.Fatalf("got error %v before the other has ended", err)
	case <-time.After(200 * time.Millisecond):
	}
	if _, err := svc.With(st.Tx(tx)).Release(t.Context(), "today's"); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Errorf("the new booking: %v", err)
	}
	if drifts, err := st.Verify(t.Context()); err != nil || len(drifts) > 0 {
		t.Errorf("Verify: %v, error %v", drifts, err)
	}
}

// hold locks the row of a reservation as the host that is about to end it does
// before it waits for its payment, without any counter.
func hold(t *testing.T, st *Store, tx *sql.Tx, booking string) {
	t.Helper()
	if _, err := tx.ExecContext(t.Context(), "SELECT 1 FROM "+st.schema+".coupon_redemptions WHERE booking = $1 FOR UPDATE", booking); err != nil {
		t.Fatal(err)
	}
}

// What one reservation holds is about to be said by others: half a second is no
// reason to give up, outside or in a transaction of the host's.
func TestAnExpiredReservationThatIsHeldIsWaitedFor(t *testing.T) {
	t.Parallel()
	st, db := newStore(t, "pgx")
	create(t, st, "C", func(c *coupon.Coupon) {
		c.Restrictions.Limits = []coupon.Limit{{Of: coupon.Uses, Per: coupon.PerCoupon, Every: coupon.PerDay, Max: 2}}
	})
	today := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	now := today
	svc := at(t, st, &now)
	reserve(t, svc, bookingOf("yesterday's", "ann", today.AddDate(0, 0, -1)))
	reserve(t, svc, bookingOf("today's", "bob", today))
	reserve(t, svc, bookingOf("today's other", "bob", today))
	now = now.Add(time.Hour)
	holder, host := begin(t, db, sql.LevelDefault), begin(t, db, sql.LevelDefault)
	hold(t, st, holder, "today's")
	hold(t, st, holder, "today's other")
	calls := map[string]*coupon.Service{"alone": svc, "in the host's transaction": svc.With(st.Tx(host))}
	errs := make(chan error, len(calls))
	for id, svc := range calls {
		go func() {
			_, err := svc.Redeem(context.Background(), bookingOf(id, "cy", today), "C")
			if id != "alone" {
				end := host.Commit
				if err != nil {
					end = host.Rollback
				}
				err = errors.Join(err, end())
			}
			errs <- err
		}()
	}
	select {
	case err := <-errs:
		t.Errorf("nobody has said what becomes of the reservations: got error %v", err)
		errs <- err
	case <-time.After(500 * time.Millisecond):
	}
	if err := holder.Rollback(); err != nil {
		t.Fatal(err)
	}
	for range calls {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if drifts, err := st.Verify(t.Context()); err != nil || len(drifts) > 0 {
		t.Errorf("Verify: %v, error %v", drifts, err)
	}
}

// The same for longer than a host may make others wait.
func TestAnExpiredReservationThatStaysHeldIsContention(t *testing.T) {
	t.Parallel()
	st, db := newStore(t, "pgx")
	st.tx.patience = 300 * time.Millisecond
	create(t, st, "C", func(c *coupon.Coupon) { c.Restrictions.Limits[0].Max = 1 })
	now := time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)
	svc := at(t, st, &now)
	reserve(t, svc, bookingOf("old", "ann", now))
	now = now.Add(time.Hour)
	holder, host := begin(t, db, sql.LevelDefault), begin(t, db, sql.LevelDefault)
	hold(t, st, holder, "old")
	for what, svc := range map[string]*coupon.Service{"alone": svc, "in the host's transaction": svc.With(st.Tx(host))} {
		if _, err := svc.Redeem(t.Context(), bookingOf("new", "cy", now), "C"); !errors.Is(err, coupon.ErrContention) {
			t.Errorf("%s: got error %v, want ErrContention", what, err)
		}
	}
	if _, _, err := st.Tx(host).CouponByCode(t.Context(), "C"); err != nil {
		t.Errorf("the transaction is not usable: %v", err)
	}
}
