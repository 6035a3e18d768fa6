package coupon

import (
	"context"
	"slices"
	"time"
)

// Amended is what an amendment has made of a booking's redemptions.
type Amended struct {
	// Redemptions are of all coupons of the booking, in the order in which they
	// are applied. Replayed is set where nothing changed.
	Redemptions []Redemption
	// Unmet are rules that the booking meets no more: a minimum total, a day, a
	// match. What is stored is what the coupons give all the same; the host
	// decides whether it stands, or rolls its transaction back, or cancels.
	Unmet []Refusal
}

// Amend says that a booking was changed after it was redeemed or reserved: other
// lines, another customer, another day of service. Each of its coupons is priced
// again, as it was when it was redeemed: an edit of the coupon since then changes
// nothing, the own use stands not in its way, and neither validity nor audience
// nor limits are asked again. Budgets move by the difference, also past what they
// have left, which then refuses new uses. A use that a refund in full gave back is
// counted again, also past a limit, once the booking is worth more than was
// refunded; an amendment itself gives none back.
//
// When it was made stays as it was; so do cost and earlier bookings where b does
// not say them. The currency, the series and the occurrence can't change, and
// less than was refunded already can't be left: [*InvalidError]. An imported
// redemption is [*ConflictError], one that was cancelled [*CancelledError], and a
// reservation that has ended [*ReservationEndedError], if there is no other. A
// booking without redemptions is [ErrNotFound].
func (s *Service) Amend(ctx context.Context, b Booking) (Amended, error) {
	for range attempts {
		w := amending{now: s.Now(), actor: s.actor, versions: map[ID]Coupon{}}
		var err error
		if w.booking, err = b.price(w.now); err != nil {
			return Amended{}, err
		}
		existing, err := s.ofBooking(ctx, w.booking.ID)
		if err != nil {
			return Amended{}, err
		}
		g := &Group{Booking: w.booking.ID, Finds: FindsItsOwn, slots: w.slots, decide: w.decide}
		for _, r := range existing {
			if r.State == Opening {
				continue
			}
			g.Coupons = append(g.Coupons, r.Coupon)
			versions, err := s.store.Versions(ctx, r.Coupon, r.Version+1, 1)
			if err != nil {
				return Amended{}, err
			}
			for _, c := range versions {
				w.versions[r.Coupon] = c
			}
		}
		if len(g.Coupons) == 0 {
			return Amended{}, ErrNotFound
		}
		if err := s.write(ctx, g); err != errOutdated {
			return w.result, err
		}
	}
	return Amended{}, ErrContention
}

// amending decides one Amend.
type amending struct {
	booking  priced
	versions map[ID]Coupon // under which the booking was redeemed
	now      time.Time
	actor    string
	result   Amended
}

func (w *amending) slots(v *View) []Slot {
	var out []Slot
	for _, r := range v.Redemptions {
		if r.live(w.now) {
			out = append(out, heldBy(v, r)...)
			r.Customer = w.booking.Customer.Key
			out = append(out, v.Coupons[r.Coupon].slots(r.Use())...)
		}
	}
	return out
}

func (w *amending) decide(v *View) (*Changes, *ReclaimQuery, error) {
	w.result = Amended{}
	out := writing{view: v, now: w.now, actor: w.actor}
	var rs rows
	var ended error
	for _, r := range v.Redemptions {
		switch {
		case r.State == Opening:
		case !r.live(w.now) && r.State == Cancelled:
			ended = &CancelledError{Redemption: r}
		case !r.live(w.now):
			ended = &ReservationEndedError{Redemption: r}
		default:
			rs.all = append(rs.all, r)
		}
	}
	if len(rs.all) == 0 {
		return nil, nil, ended
	}
	slices.SortStableFunc(rs.all, byPlace)
	left := slices.Clone(w.booking.amounts)
	for _, old := range slices.Clone(rs.all) {
		c, ok := v.Coupons[old.Coupon]
		then := w.versions[old.Coupon]
		if !ok || then.Version != old.Version {
			return nil, nil, errOutdated
		}
		r, unmet, err := w.reprice(old, then, left)
		if err != nil {
			return nil, nil, err
		}
		w.result.Unmet = append(w.result.Unmet, unmet...)
		if old.Holds {
			was := old
			out.release(&was)
			r.Charges = c.charges(r.Use())
			out.hold(&r, c)
		}
		if !r.same(old) {
			rs.put(r)
			out.event(r, EventAmended, r.Discount)
		}
	}
	if err := rs.settle(w.now); err != nil {
		return nil, nil, err
	}
	for _, r := range slices.Clone(rs.all) {
		if !r.Holds && !r.refundedInFull() { // what a refund in full gave back is in use again
			c := v.Coupons[r.Coupon]
			r.Charges = c.charges(r.Use())
			out.hold(&r, c)
			rs.put(r)
		}
	}
	for _, r := range rs.all {
		r.Replayed = !rs.changed[r.Coupon]
		w.result.Redemptions = append(w.result.Redemptions, r)
	}
	rs.write(&out)
	return out.changes(), nil, nil
}

// reprice is the redemption of the changed booking under its own version of the
// coupon, on what is left of the lines, of which it takes its discount.
func (w *amending) reprice(r Redemption, c Coupon, left []int64) (Redemption, []Refusal, error) {
	b := w.booking
	var p problems
	switch {
	case r.Imported:
		return r, nil, &ConflictError{Redemption: r, Differs: "it was imported, and what the booking had is not known"}
	case b.Currency != r.Subtotal.Currency:
		p.add("booking.currency", b.Currency, "must stay "+r.Subtotal.Currency)
	case b.Series != r.Series:
		p.add("booking.series", b.Series, "must stay "+r.Series)
	case b.Occurrence != r.Occurrence:
		p.add("booking.occurrence", count(b.Occurrence).String(), "must stay "+count(r.Occurrence).String())
	}
	if err := p.err(); err != nil {
		return r, nil, err
	}
	b.MadeAt = r.MadeAt
	o := c.offer(b, left, terms{code: CouponCode{Code: r.Code, SingleUse: r.SingleUse}, amended: true})
	for i, n := range o.lines {
		left[i] -= n
	}
	now := o.redemption(b, r.RedeemedAt)
	r.Customer, r.Type, r.Frequency, r.TaxIncluded = now.Customer, now.Type, now.Frequency, now.TaxIncluded
	r.Service, r.ServiceAt, r.Fingerprint = now.Service, now.ServiceAt, now.Fingerprint
	r.Subtotal, r.Eligible, r.Discount, r.Lines = now.Subtotal, now.Eligible, now.Discount, now.Lines
	if now.Cost != nil {
		r.Cost = now.Cost
	}
	if now.NewCustomer != nil {
		r.NewCustomer = now.NewCustomer
	}
	return r, o.refusals, nil
}

// same reports whether an amendment has changed nothing.
func (r Redemption) same(o Redemption) bool { return digest(r) == digest(o) }

// SetCost says what a booking costs the host, once it is known; no longer known
// is nil. It is recorded on the redemptions of all its coupons that stand, also
// imported ones. The same cost again changes nothing and gives them back with
// Replayed set. A cost that is negative or in another currency than the booking is
// an [*InvalidError]; a booking whose redemptions are all cancelled is
// [*CancelledError], one without redemptions [ErrNotFound].
func (s *Service) SetCost(ctx context.Context, booking string, cost *Money) ([]Redemption, error) {
	if cost != nil {
		var p problems
		n, err := cost.Minor()
		p.merge("cost", err)
		if n < 0 {
			p.add("cost", cost.String(), "must not be negative")
		}
		if err := p.err(); err != nil {
			return nil, err
		}
		m := fromMinor(n, cost.Currency)
		cost = &m
	}
	return s.onBooking(ctx, booking, changing{keepsCounters: true, change: func(w *writing, rs *rows, c Coupon, r Redemption) error {
		switch {
		case r.State == Cancelled:
			return passedOver{&CancelledError{Redemption: r}}
		case !r.live(w.now):
			return passedOver{&ReservationEndedError{Redemption: r}}
		case cost != nil && cost.Currency != r.Subtotal.Currency:
			return invalid("cost", cost.String(), "must be of the booking's currency, "+r.Subtotal.Currency)
		case cost == nil && r.Cost == nil, cost != nil && r.Cost != nil && cost.Equal(*r.Cost):
			return nil
		}
		r.Cost = cost
		w.event(r, EventCosted, valueOf(cost))
		rs.put(r)
		return nil
	}})
}
