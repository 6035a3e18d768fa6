package coupon

import (
	"context"
	"slices"
	"time"
)

// Bounds of how long a reservation may last.
const (
	MinHold = time.Second      // the shortest
	MaxHold = 2160 * time.Hour // 90 times 24 hours
)

// Reserve takes the uses of one or several codes on a booking for a time, all of
// them or none, as [Service.RedeemAll] would: what it gives is promised until
// ExpiresAt, whatever happens to the coupons meanwhile. Then [Service.Confirm],
// or Redeem of the same booking, redeems it; [Service.Release] gives it back; and
// when its time has passed, it counts no more, without anything being called.
//
// The same booking again is replayed, and lasts no longer than it did; with other
// content it is priced anew and lasts from now. What is redeemed already is as in
// Redeem. hold is between [MinHold] and [MaxHold].
func (s *Service) Reserve(ctx context.Context, b Booking, hold time.Duration, codes ...string) ([]Redemption, error) {
	if hold < MinHold || hold > MaxHold {
		return nil, invalid("hold", hold.String(), "must be from "+MinHold.String()+" to "+MaxHold.String())
	}
	return s.acquire(ctx, b, codes, &acquiring{until: instant(s.Now().Add(hold))})
}

// Confirm redeems all that is reserved for a booking, as it was reserved: no rule
// is looked at, and no counter is touched, so that in the host's transaction
// nobody waits for anybody else's. What is redeemed already is given back with
// Replayed set. A reservation that has expired or was released is
// [*ReservationEndedError], and nothing is confirmed: Redeem takes it afresh if
// it can be had. What had ended before another coupon was taken in its place is
// left alone. A booking without redemptions is [ErrNotFound].
func (s *Service) Confirm(ctx context.Context, booking string) ([]Redemption, error) {
	now := s.Now()
	return s.onBooking(ctx, booking, changing{keepsCounters: true, change: func(w *writing, rs *rows, c Coupon, r Redemption) error {
		switch {
		case r.State == Cancelled:
			return passedOver{&CancelledError{Redemption: r}}
		case (r.State == Released || r.State == ReservationExpired || r.expired(now)) && rs.replaced(r, now):
			return passedOver{&ReservationEndedError{Redemption: r}}
		case !r.live(now):
			return &ReservationEndedError{Redemption: r}
		case r.State == Reserved:
			r.State, r.RedeemedAt = Redeemed, now
			w.event(r, EventRedeemed, r.Discount)
			rs.put(r)
		}
		return nil
	}})
}

// replaced reports whether a coupon that stands was taken after the reservation
// had ended: the booking went on without it. Release ends all there are, so that
// what was reserved no earlier came after it.
func (rs *rows) replaced(ended Redemption, now time.Time) bool {
	end := ended.ExpiresAt
	if ended.State == Released {
		end = ended.ReservedAt
	}
	return slices.ContainsFunc(rs.all, func(r Redemption) bool {
		taken := r.ReservedAt
		if taken.IsZero() {
			taken = r.RedeemedAt
		}
		return r.live(now) && !taken.Before(end)
	})
}

// Release gives back all that is reserved for a booking, such as when the payment
// failed. What was released or has expired already is given back with Replayed
// set. A booking that is redeemed is [*ConflictError], use Cancel; but coupons
// that were reserved beside redeemed ones are released, and those stand.
func (s *Service) Release(ctx context.Context, booking string) ([]Redemption, error) {
	return s.onBooking(ctx, booking, changing{change: func(w *writing, rs *rows, c Coupon, r Redemption) error {
		switch r.State {
		case Redeemed, Refunded:
			err := &ConflictError{Redemption: r, Differs: "it is redeemed, not reserved: use Cancel"}
			if slices.ContainsFunc(rs.all, func(o Redemption) bool {
				return !o.ReservedAt.IsZero() && !o.State.Counts() && !o.ReservedAt.Before(r.RedeemedAt)
			}) {
				return passedOver{err}
			}
			return err
		case Reserved:
			rs.put(w.end(r, Released, EventReleased))
		}
		return nil
	}})
}
