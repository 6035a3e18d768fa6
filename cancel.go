package coupon

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// Cancel says that a booking fell through. Its redemptions, of all coupons, are
// cancelled and give their uses back (unless the coupon says otherwise). Doing it
// again changes nothing and gives them back with Replayed set. A booking without
// redemptions is [ErrNotFound].
func (s *Service) Cancel(ctx context.Context, booking string) ([]Redemption, error) {
	now := s.Now()
	return s.onBooking(ctx, booking, func(c Coupon, r *Redemption) (step, error) {
		if r.State == Cancelled {
			return step{}, nil
		}
		r.State, r.CancelledAt = Cancelled, now
		st := step{event: r.event(EventCancelled, "", now, s.actor, r.Discount)}
		if r.Holds && !c.KeepUseOnCancel {
			r.Holds, st.release = false, true
		}
		return st, nil
	})
}

// Refund says that money was given back on a booking that stands, wholly or
// partly. It is recorded on the redemptions of all its coupons. The refund's Key
// is the host's: the same key and amount again change nothing; the same key with
// another amount is [*ConflictError]. All refunds of a booking are together at
// most what was paid, the revenue; more is an [*InvalidError]. A refund in full
// gives the use back only if the coupon says so. A redemption that was cancelled
// takes no more refunds; if there is no other, that is [*CancelledError]. A
// booking without redemptions is [ErrNotFound]. Refund.By is set here.
func (s *Service) Refund(ctx context.Context, booking string, refund Refund) ([]Redemption, error) {
	now := s.Now()
	if refund.At.IsZero() {
		refund.At = now
	}
	refund.At, refund.By = instant(refund.At), s.actor
	var p problems
	checkKey(&p, "refund.key", refund.Key, true)
	checkPositive(&p, "refund.amount", refund.Amount)
	checkInstant(&p, "refund.at", refund.At)
	if err := p.err(); err != nil {
		return nil, err
	}
	minor, _ := refund.Amount.Minor()
	refund.Amount = fromMinor(minor, refund.Amount.Currency)
	return s.onBooking(ctx, booking, func(c Coupon, r *Redemption) (step, error) {
		if i := slices.IndexFunc(r.Refunds, func(x Refund) bool { return x.Key == refund.Key }); i >= 0 {
			if !r.Refunds[i].Amount.Equal(refund.Amount) {
				return step{}, &ConflictError{Redemption: *r, Differs: fmt.Sprintf("refund %q was of %s", refund.Key, r.Refunds[i].Amount)}
			}
			return step{}, nil
		}
		if r.State == Cancelled {
			return step{}, &CancelledError{Redemption: *r}
		}
		full, err := r.refund(refund)
		if err != nil {
			return step{}, err
		}
		st := step{event: r.event(EventRefunded, refund.Key, refund.At, s.actor, refund.Amount)}
		if full && r.Holds && c.ReleaseUseOnRefund {
			r.Holds, st.release = false, true
		}
		return st, nil
	})
}

// refund adds a refund and reports whether all that was paid is given back.
func (r *Redemption) refund(x Refund) (full bool, err error) {
	sum, err := r.Refund.Add(x.Amount)
	if err != nil {
		return false, invalid("refund.amount", x.Amount.String(), "must be of the booking's currency, "+r.Subtotal.Currency)
	}
	paid := r.Revenue()
	left := paid.Amount.Sub(r.Refund.Amount)
	if sum.Amount.GreaterThan(paid.Amount) {
		return false, invalid("refund.amount", x.Amount.String(), "must be at most what is left of the paid amount, "+Money{left, paid.Currency}.String())
	}
	r.State, r.Refund = Refunded, sum
	r.Refunds = append(slices.Clone(r.Refunds), x)
	return sum.Amount.Equal(paid.Amount), nil
}

// step is what happens to one redemption of a booking. Without an event nothing
// does.
type step struct {
	event   Event
	release bool // its charges are given back
}

// onBooking changes all redemptions of a booking together.
func (s *Service) onBooking(ctx context.Context, booking string, change func(Coupon, *Redemption) (step, error)) ([]Redemption, error) {
	for range 8 {
		existing, err := s.ofBooking(ctx, booking)
		if err != nil {
			return nil, err
		}
		if len(existing) == 0 {
			return nil, ErrNotFound
		}
		w := changing{change: change}
		g := &Group{Booking: booking, slots: w.slots, decide: w.decide}
		for _, r := range existing {
			g.Coupons = append(g.Coupons, r.Coupon)
		}
		if err := s.write(ctx, g); err != errJoined {
			return w.results, err
		}
	}
	return nil, ErrContention
}

// errJoined: another coupon was redeemed on the booking after it was read.
var errJoined = errors.New("coupon: the booking has more redemptions now")

// changing decides a change of all redemptions of a booking.
type changing struct {
	change  func(Coupon, *Redemption) (step, error)
	results []Redemption
}

func (w *changing) slots(v *View) []Slot {
	var out []Slot
	for _, r := range v.Redemptions {
		if r.Holds {
			for _, ch := range r.Charges {
				out = append(out, ch.Slot)
			}
		}
	}
	return out
}

func (w *changing) decide(v *View) (*Changes, error) {
	w.results = nil
	var changes Changes
	var cancelled error
	for _, r := range v.Redemptions {
		c, ok := v.Coupons[r.Coupon]
		if !ok {
			return nil, errJoined
		}
		st, err := w.change(c, &r)
		if errors.Is(err, ErrCancelled) {
			cancelled = err // the booking may have another redemption that stands
			continue
		}
		if err != nil {
			return nil, err
		}
		if r.Replayed = st.event.Kind == ""; !r.Replayed {
			changes.Update = append(changes.Update, r)
			changes.Events = append(changes.Events, st.event)
		}
		if st.release {
			for _, ch := range r.Charges {
				changes.Moves = append(changes.Moves, Charge{Slot: ch.Slot, N: -ch.N})
			}
		}
		w.results = append(w.results, r)
	}
	if len(w.results) == 0 {
		return nil, cancelled
	}
	if len(changes.Update) == 0 {
		return nil, nil
	}
	return &changes, nil
}
