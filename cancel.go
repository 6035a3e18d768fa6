package coupon

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Cancel says that a booking fell through. Its redemptions, of all coupons, are
// cancelled and give their uses back (unless the coupon says otherwise); what is
// only reserved is released. Doing it again changes nothing and gives them back
// with Replayed set. A booking without redemptions is [ErrNotFound].
func (s *Service) Cancel(ctx context.Context, booking string) ([]Redemption, error) {
	now := s.Now()
	return s.onBooking(ctx, booking, changing{change: func(w *writing, rs *rows, c Coupon, r Redemption) error {
		switch r.State {
		case Reserved:
			rs.put(w.end(r, Released, EventReleased))
		case Redeemed, Refunded:
			r.State, r.CancelledAt = Cancelled, now
			w.event(r, EventCancelled, r.Discount)
			if !c.KeepUseOnCancel {
				w.release(&r)
			}
			rs.put(r)
		}
		return nil
	}})
}

// Refund says that money was given back on a booking that stands, wholly or
// partly. It is recorded on the redemptions of all its coupons. The refund's Key
// is the host's: the same key and amount again change nothing; the same key with
// another amount is [*ConflictError]. All refunds of a booking are together at
// most what was paid, the revenue; more is an [*InvalidError]. A refund in full
// gives the use back only if the coupon says so. A redemption that was cancelled
// takes no more refunds, nor one that is only reserved; if there is no other, that
// is [*CancelledError] or [*ConflictError]. A booking without redemptions is
// [ErrNotFound]. Refund.By is set here.
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
	return s.onBooking(ctx, booking, changing{change: func(w *writing, rs *rows, c Coupon, r Redemption) error {
		if i := slices.IndexFunc(r.Refunds, func(x Refund) bool { return x.Key == refund.Key }); i >= 0 {
			if !r.Refunds[i].Amount.Equal(refund.Amount) {
				return &ConflictError{Redemption: r, Differs: fmt.Sprintf("refund %q was of %s", refund.Key, r.Refunds[i].Amount)}
			}
			return nil
		}
		switch r.State {
		case Cancelled:
			return passedOver{&CancelledError{Redemption: r}}
		case Reserved, Released, ReservationExpired:
			return passedOver{&ConflictError{Redemption: r, Differs: "it is " + string(r.State) + ", not redeemed: nothing was paid with it"}}
		}
		if err := r.refund(refund); err != nil {
			return err
		}
		w.Events = append(w.Events, r.event(EventRefunded, refund.Key, refund.At, s.actor, refund.Amount))
		if c.ReleaseUseOnRefund && r.refundedInFull() {
			w.release(&r)
		}
		rs.put(r)
		return nil
	}})
}

// refund adds a refund.
func (r *Redemption) refund(x Refund) error {
	sum, err := r.Refund.Add(x.Amount)
	if err != nil {
		return invalid("refund.amount", x.Amount.String(), "must be of the booking's currency, "+r.Subtotal.Currency)
	}
	paid := r.Revenue()
	left := paid.Amount.Sub(r.Refund.Amount)
	if sum.Amount.GreaterThan(paid.Amount) {
		return invalid("refund.amount", x.Amount.String(), "must be at most what is left of the paid amount, "+Money{left, paid.Currency}.String())
	}
	r.State, r.Refund = Refunded, sum
	r.Refunds = append(slices.Clone(r.Refunds), x)
	return nil
}

// refundedInFull reports whether all that was paid is given back.
func (r Redemption) refundedInFull() bool {
	return len(r.Refunds) > 0 && r.Refund.Equal(r.Revenue())
}

// passedOver is why a redemption of a booking is not changed while others may
// be. If none is, it is the error of the call.
type passedOver struct{ error }

// onBooking changes all redemptions of a booking together.
func (s *Service) onBooking(ctx context.Context, booking string, w changing) ([]Redemption, error) {
	if booking == "" {
		return nil, ErrNotFound
	}
	w.now, w.actor = s.Now(), s.actor
	err := s.write(ctx, &Group{Booking: booking, Still: w.keepsCounters, Finds: FindsItsOwn, slots: w.slots, decide: w.decide})
	return w.results, err
}

// changing decides a change of all redemptions of a booking.
type changing struct {
	// change puts what becomes of a redemption among the rows and its events and
	// charges among the changes, or leaves it as it is.
	change func(w *writing, rs *rows, c Coupon, r Redemption) error
	// keepsCounters: no counter moves, so that none is locked.
	keepsCounters bool

	now     time.Time
	actor   string
	results []Redemption
}

func (w *changing) slots(v *View) []Slot {
	var out []Slot
	if w.keepsCounters {
		return nil
	}
	for _, r := range v.Redemptions {
		if r.State != Opening {
			out = append(out, heldBy(v, r)...)
		}
	}
	return out
}

func (w *changing) decide(v *View) (*Changes, *ReclaimQuery, error) {
	w.results = nil
	out := writing{view: v, now: w.now, actor: w.actor}
	var rs rows
	for _, r := range v.Redemptions {
		if r.State != Opening {
			rs.all = append(rs.all, r)
		}
	}
	if len(rs.all) == 0 {
		return nil, nil, ErrNotFound
	}
	var over error
	var asked []ID
	for _, r := range v.Redemptions {
		if r.State == Opening {
			continue
		}
		err := w.change(&out, &rs, v.Coupons[r.Coupon], r)
		if p, ok := errors.AsType[passedOver](err); ok {
			over = p.error
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		asked = append(asked, r.Coupon)
	}
	if len(asked) == 0 {
		return nil, nil, over
	}
	happened := maps.Clone(rs.changed) // to settle is nothing that was asked for
	if err := rs.settle(w.now); err != nil {
		return nil, nil, err
	}
	for _, id := range asked {
		r, _ := find(rs.all, id)
		r.Replayed = !happened[id]
		w.results = append(w.results, r)
	}
	rs.write(&out)
	return out.changes(), nil, nil
}
