package storetest

import (
	"errors"
	"fmt"
	"time"

	"github.com/couponkit/coupon"
)

var lifeRaceCases = []testCase{
	{"waiters-on-one-expired", "32 bookings at once on one use that an expired reservation holds: exactly one gets it", raceForExpired},
	{"own-and-others", "the booking of an expired reservation and 31 others at once: exactly one gets the use", raceWithOwn},
	{"confirm-release-expire", "confirming, releasing and taking back one reservation at once: exactly one happens", raceOfEndings},
	{"cancel-and-amend", "cancelling and amending at once lose no charge, in whatever order they come", raceCancelAmend},
	{"two-coupons-opposite-order", "1,000 bookings with two coupons in opposite orders: all are redeemed, and no deadlock reaches the caller", raceOppositeOrder},
	{"two-coupons-on-one-booking", "two coupons that stand alone, at once on one new booking: one gets it", raceOnOneBooking},
	{"combinable-on-one-booking", "two combinable coupons at once on one new booking: both stand, one on what the other left", raceCombinable},
	{"reserve", "64 reservations at once on a limit of 10: exactly 10 are held", raceOfReservations},
	{"reserve-and-redeem-one-booking", "reserving and redeeming one booking at once takes one use", raceOfOneBooking},
	{"first-of-a-series", "16 bookings of one series at once take one use", raceOfSeries},
	{"last-of-a-series", "the bookings of a series cancelled at once give its use back once", raceOfSeriesEnd},
	{"reopen", "the same reopening 16 times at once takes one use", raceOfReopen},
	{"a-limit-is-added-under-load", "a limit added while 32 redeem, reserve and cancel counts every use there is", raceAddLimitLoad},
}

func raceForExpired(e *env) {
	c := e.coupon("C", limited(uses(1, coupon.PerCoupon, coupon.Ever), uses(1, coupon.PerCustomer, coupon.Ever)))
	for round := range 4 {
		e.clock.set(start.AddDate(0, 0, round))
		id := name("held", round)
		e.reserve(by(id, id), "C")
		e.clock.set(start.AddDate(0, 0, round).Add(hold))
		errs := together(32, func(i int) error {
			b := fmt.Sprintf("b%d-%d", round, i)
			_, err := e.svc.Redeem(e.Context(), by(b, b), "C")
			return err
		})
		if n := e.tally(errs, coupon.ErrRefused); n != 1 {
			e.Errorf("%d got the use, want 1", n)
		}
		e.wantUsed(c.ID, 1)
		for i := range errs {
			if errs[i] == nil {
				e.cancel(fmt.Sprintf("b%d-%d", round, i))
			}
		}
	}
}

func raceWithOwn(e *env) {
	c := e.coupon("C", limited(uses(1, coupon.PerCoupon, coupon.Ever)))
	for round := range 4 {
		at := start.AddDate(0, 0, round)
		e.clock.set(at)
		own := name("own", round)
		e.reserve(by(own, "ann"), "C")
		e.clock.set(at.Add(hold))
		bookings := make([]string, 32)
		errs := together(32, func(i int) error {
			if bookings[i] = own; i%4 != 0 {
				bookings[i] = fmt.Sprintf("b%d-%d", round, i)
			}
			_, err := e.svc.Redeem(e.Context(), by(bookings[i], "ann"), "C")
			return err
		})
		e.tally(errs, coupon.ErrRefused)
		winners := map[string]bool{}
		for i, err := range errs {
			if err == nil {
				winners[bookings[i]] = true
			}
		}
		if len(winners) != 1 {
			e.Errorf("%d bookings got the use, want 1", len(winners))
		}
		e.wantUsed(c.ID, 1)
		for b := range winners {
			e.cancel(b)
		}
	}
}

func raceOfEndings(e *env) {
	c := e.coupon("C", limited(uses(1, coupon.PerCoupon, coupon.Ever)))
	// The host that confirms has a clock that is behind: to it the reservation is
	// live when to the others it is over.
	slow, err := coupon.New(coupon.Config{Store: e.store, Rand: e.random, Now: func() time.Time { return e.clock.Now().Add(-time.Minute) }})
	if err != nil {
		e.Fatalf("New: %v", err)
	}
	for round := range 24 {
		at := start.AddDate(0, 0, round)
		e.clock.set(at)
		id, other := name("b", round), name("other", round)
		e.reserve(by(id, "ann"), "C")
		e.clock.set(at.Add(hold))
		var redeemed, confirmed error
		errs := together(3, func(i int) (err error) {
			switch (i + round) % 3 { // who begins first is not left to chance alone
			case 0:
				_, confirmed = slow.Confirm(e.Context(), id)
				err = confirmed
			case 1:
				_, redeemed = e.svc.Redeem(e.Context(), by(other, "bob"), "C")
				err = redeemed
			default:
				_, err = slow.Release(e.Context(), id)
			}
			return err
		})
		e.tally(errs, coupon.ErrRefused, coupon.ErrReservationEnded, coupon.ErrConflict)
		r := e.stored(c.ID, id)
		if (r.State == coupon.Redeemed) != (confirmed == nil) {
			e.Errorf("Confirm gave error %v, and it is %s", confirmed, r.State)
		}
		if r.State == coupon.Redeemed && redeemed == nil {
			e.Errorf("the use was confirmed and redeemed by another")
		}
		events, err := e.svc.Events(e.Context(), c.ID, id)
		if err != nil || len(events) != 2 {
			e.Errorf("events: %s, error %v, want reserved and one more", text(events), err)
		}
		want := int64(0)
		if confirmed == nil || redeemed == nil {
			want = 1
		}
		e.wantUsed(c.ID, want)
		for _, b := range []string{id, other} {
			if _, err := e.svc.Cancel(e.Context(), b); err != nil && !errors.Is(err, coupon.ErrNotFound) {
				e.Fatalf("Cancel: %v", err)
			}
		}
	}
}

func raceCancelAmend(e *env) {
	c := e.coupon("C", limited(budget(usd("10000"), coupon.PerCoupon, coupon.Ever), uses(100, coupon.PerCoupon, coupon.Ever)))
	for i := range 8 {
		e.redeem(by(name("b", i), "ann"), "C")
	}
	errs := together(48, func(i int) error {
		id := name("b", i%8)
		if i/8 == 3 {
			_, err := e.svc.Cancel(e.Context(), id)
			return err
		}
		_, err := e.svc.Amend(e.Context(), worth(by(id, name("c", i)), fmt.Sprint(100+i)))
		return err
	})
	e.tally(errs, coupon.ErrCancelled)
	st, err := e.svc.State(e.Context(), c.ID)
	if err != nil || !st.Limits[0].Spent.Equal(usd("0")) || st.Limits[1].Used != 0 {
		e.Errorf("limits: %s, error %v, want nothing used", text(st.Limits), err)
	}
}

func raceOppositeOrder(e *env) {
	const n = 1000
	limits := limited(uses(n, coupon.PerCoupon, coupon.Ever), uses(n, coupon.PerCustomer, coupon.PerMonth))
	a, b := e.coupon("A", combinable, limits), e.coupon("B", combinable, limits)
	errs := together(8, func(worker int) error {
		for i := worker; i < n; i += 8 {
			codes := []string{"A", "B"}
			if i%2 == 1 {
				codes = []string{"B", "A"}
			}
			if _, err := e.svc.RedeemAll(e.Context(), by(name("b", i), name("c", i%3)), codes); err != nil {
				return err
			}
		}
		return nil
	})
	if done := e.tally(errs); done != 8 {
		e.Errorf("%d of 8 redeemed all their bookings", done)
	}
	e.wantUsed(a.ID, n)
	e.wantUsed(b.ID, n)
	e.wantBookings(a.ID, n)
}

func raceOnOneBooking(e *env) {
	e.coupon("A")
	e.coupon("B")
	for round := range 8 {
		id := name("b", round)
		svc := e.svc.With(meet(e.store, 8))
		errs := together(8, func(i int) error {
			_, err := svc.Redeem(e.Context(), by(id, "ann"), []string{"A", "B"}[i%2])
			return err
		})
		e.tally(errs, coupon.ErrRefused)
		if got := e.redemptions(coupon.RedemptionFilter{Booking: id}); len(got) != 1 {
			e.Errorf("the booking has %d coupons that stand alone, want 1", len(got))
		}
	}
}

func raceCombinable(e *env) {
	e.coupon("A", combinable)
	e.coupon("B", combinable)
	for round := range 8 {
		id := name("b", round)
		svc := e.svc.With(meet(e.store, 4))
		errs := together(4, func(i int) error {
			_, err := svc.Redeem(e.Context(), by(id, "ann"), []string{"A", "B"}[i%2])
			return err
		})
		if n := e.tally(errs); n != 4 {
			e.Errorf("%d of 4 succeeded", n)
		}
		for _, r := range e.redemptions(coupon.RedemptionFilter{Booking: id}) {
			if !r.Revenue().Equal(usd("81")) {
				e.Errorf("%s took %s and the others %s, want 19 in all", r.Code, r.Discount, r.OtherDiscounts)
			}
		}
	}
}

func raceOfReservations(e *env) {
	c := e.coupon("C", limited(uses(10, coupon.PerCoupon, coupon.Ever)))
	errs := together(64, func(i int) error {
		_, err := e.svc.Reserve(e.Context(), by(name("b", i), ""), hold, "C")
		return err
	})
	if n := e.tally(errs, coupon.ErrRefused); n != 10 {
		e.Errorf("%d are held, want 10", n)
	}
	e.wantUsed(c.ID, 10)
	errs = together(64, func(i int) error {
		_, err := e.svc.Confirm(e.Context(), name("b", i))
		return err
	})
	if n := e.tally(errs, coupon.ErrNotFound); n != 10 {
		e.Errorf("%d are confirmed, want 10", n)
	}
	e.wantBookings(c.ID, 10)
}

func raceOfOneBooking(e *env) {
	c := e.coupon("C", limited(uses(100, coupon.PerCoupon, coupon.Ever)))
	for round := range 8 {
		id := name("b", round)
		errs := together(16, func(i int) error {
			if i%2 == 0 {
				_, err := e.svc.Redeem(e.Context(), by(id, "ann"), "C")
				return err
			}
			_, err := e.svc.Reserve(e.Context(), by(id, "ann"), hold, "C")
			return err
		})
		if n := e.tally(errs); n != 16 {
			e.Errorf("%d of 16 succeeded", n)
		}
		if r := e.stored(c.ID, id); r.State != coupon.Redeemed {
			e.Errorf("it is %s, want it redeemed", r.State)
		}
		e.wantUsed(c.ID, int64(round+1))
	}
}

func raceOfSeries(e *env) {
	c := e.coupon("C", limited(uses(4, coupon.PerCoupon, coupon.Ever)))
	for s := range 4 {
		errs := together(16, func(i int) error {
			_, err := e.svc.Redeem(e.Context(), visit(fmt.Sprintf("v%d-%d", s, i), name("s", s), int64(i+1), "ann"), "C")
			return err
		})
		if n := e.tally(errs); n != 16 {
			e.Errorf("%d of 16 succeeded", n)
		}
		e.wantUsed(c.ID, int64(s+1))
		if n := e.liveOf(c.ID, name("s", s)); n != 16 {
			e.Errorf("%d hold the series, want 16", n)
		}
	}
	e.refused(visit("v", "one more", 1, "ann"), "C", coupon.LimitReached)
}

func raceOfSeriesEnd(e *env) {
	c := e.coupon("C", limited(uses(2, coupon.PerCoupon, coupon.Ever)))
	e.redeem(by("b", "bob"), "C")
	for i := range 12 {
		e.redeem(visit(name("v", i), "s", int64(i+1), "ann"), "C")
	}
	errs := together(24, func(i int) error {
		_, err := e.svc.Cancel(e.Context(), name("v", i%12))
		return err
	})
	if n := e.tally(errs); n != 24 {
		e.Errorf("%d of 24 succeeded", n)
	}
	e.wantUsed(c.ID, 1)
}

func raceOfReopen(e *env) {
	c := e.coupon("C", limited(uses(1, coupon.PerCoupon, coupon.Ever)))
	e.redeem(by("b", "ann"), "C")
	e.cancel("b")
	fresh := make([]bool, 16)
	errs := together(16, func(i int) error {
		rs, err := e.svc.Reopen(e.Context(), by("b", "ann"), "C")
		fresh[i] = err == nil && !rs[0].Replayed
		return err
	})
	n := 0
	for _, f := range fresh {
		if f {
			n++
		}
	}
	if ok := e.tally(errs); ok != 16 || n != 1 {
		e.Errorf("%d of 16 succeeded, %d of them as the first, want 16 and 1", ok, n)
	}
	e.wantUsed(c.ID, 1)
}

func raceAddLimitLoad(e *env) {
	c := e.coupon("C")
	for i := range 8 {
		e.redeem(by(name("early", i), name("c", i%4)), "C")
	}
	errs := together(33, func(i int) error {
		if i == 32 {
			edited := c
			edited.Restrictions.Limits = []coupon.Limit{uses(1000, coupon.PerCoupon, coupon.Ever), uses(1000, coupon.PerCustomer, coupon.Ever)}
			_, err := e.svc.Update(e.Context(), edited)
			return err
		}
		for n := range 4 {
			id := fmt.Sprintf("b%d-%d", i, n)
			if _, err := e.svc.Reserve(e.Context(), by(id, name("c", i%4)), hold, "C"); err != nil {
				return err
			}
			var err error
			switch n {
			case 0:
				_, err = e.svc.Confirm(e.Context(), id)
			case 1:
				_, err = e.svc.Release(e.Context(), id)
			case 2:
				_, err = e.svc.Redeem(e.Context(), visit(id+"v", name("s", i), 1, "ann"), "C")
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if n := e.tally(errs); n != 33 {
		e.Errorf("%d of 33 succeeded", n)
	}
	e.wantUsed(c.ID, 8+32*4) // of each four, one is released and one of a series is added
}
