package coupon

import (
	"context"
)

// RedeemOption changes what Redeem does.
type RedeemOption func(*acquiring)

// Expect makes Redeem give [*QuoteChangedError] instead of a discount that is not
// what the quote said for the same codes. What was redeemed before is replayed
// as it is.
func Expect(q Quote) RedeemOption { return func(w *acquiring) { w.expect = &q } }

// Redeem uses the coupon that has the code on a booking, if every rule is met at
// that moment; else [*RefusedError] has every refusal. A booking that has other
// coupons already keeps them: it takes this one too if all of them are
// combinable, on what they left.
//
// The key is the coupon and the booking's id: the same call again, however often
// and whatever has happened to the coupon since, gives the first redemption with
// Replayed set and counts nothing. A reservation of the same content is
// confirmed; one that was released or has expired is acquired afresh under
// today's rules. The same key with other content (customer, currency, type,
// series or lines) is [*ConflictError]: a booking that was edited is told by
// [Service.Amend]. A redemption that was cancelled is [*CancelledError]: see
// [Service.Reopen]. After [ErrOutcomeUnknown] make the same call again.
func (s *Service) Redeem(ctx context.Context, b Booking, code string, opts ...RedeemOption) (Redemption, error) {
	rs, err := s.RedeemAll(ctx, b, []string{code}, opts...)
	if err != nil {
		return Redemption{}, err
	}
	return rs[0], nil
}

// RedeemAll is Redeem of several codes on one booking, all of them or none, in
// the order given: each on what the earlier ones left. All coupons must be
// combinable, none may be there twice, and a booking has at most [MaxCoupons] of
// them. The redemptions are in the order of the codes.
func (s *Service) RedeemAll(ctx context.Context, b Booking, codes []string, opts ...RedeemOption) ([]Redemption, error) {
	w := &acquiring{}
	for _, opt := range opts {
		opt(w)
	}
	return s.acquire(ctx, b, codes, w)
}

// Reopen redeems a booking again that was cancelled, under today's rules; its
// refunds stay, and it takes a use anew, also if they had given one back. What was
// not cancelled is as in Redeem.
func (s *Service) Reopen(ctx context.Context, b Booking, codes ...string) ([]Redemption, error) {
	return s.acquire(ctx, b, codes, &acquiring{reopen: true})
}

// attempts is how often a call is decided anew because what was read of the
// booking and its codes is not so any more.
const attempts = 8

// sweepBatch is how many expired reservations each new one takes back, so that
// what is never confirmed can't pile up.
const sweepBatch = 4

// acquire runs an acquiring, and keeps what was refused.
func (s *Service) acquire(ctx context.Context, b Booking, codes []string, w *acquiring) ([]Redemption, error) {
	attempt := s.attempt
	for try := range attempts {
		w.now, w.actor = s.Now(), s.actor
		p, err := b.price(w.now)
		if err != nil {
			return nil, err
		}
		var u lookup
		quick := false
		if try == 0 {
			u, quick, err = s.lookUpNew(ctx, p, codes)
		}
		if err == nil && !quick {
			u, err = s.lookUp(ctx, p, codes, w.now, attempt)
		}
		if err != nil {
			return nil, err
		}
		attempt = nil // that another call came between makes no second try of it
		w.booking, w.codes, w.recalled = p, u.codes, u.recalled
		g := &Group{Booking: p.ID, Series: p.Series, slots: w.slots, outdated: w.outdated, decide: w.decide}
		if len(u.existing) == 0 {
			g.Finds = FindsNothing
		}
		for id := range u.coupons {
			g.Coupons = append(g.Coupons, id)
		}
		if len(g.Coupons) == 1 {
			k := u.codes[0]
			if slots := sortedSlots(u.coupons[k.Coupon].slots(p.use(k))); len(slots) > 0 && slots[0].broad() {
				g.Hot = k.Coupon
			}
			if g.Hot != "" && !w.until.IsZero() {
				g.sweep = ReclaimQuery{Coupon: g.Hot, Expired: w.now, Limit: sweepBatch}
			}
		}
		err = s.write(ctx, g)
		if err == nil {
			return w.results, nil
		}
		if err != errOutdated {
			return nil, s.refused(ctx, err)
		}
	}
	return nil, ErrContention
}

// write runs one group and gives its outcome.
func (s *Service) write(ctx context.Context, g *Group) error {
	if err := s.store.Write(ctx, []*Group{g}); err != nil {
		return err
	}
	return g.err
}

// Redemption gives the redemption of a coupon on a booking, in whatever state,
// or [ErrNotFound].
func (s *Service) Redemption(ctx context.Context, id ID, booking string) (Redemption, error) {
	if id == "" || booking == "" {
		return Redemption{}, ErrNotFound // to a store an empty key is "any"
	}
	found, err := s.store.Redemptions(ctx, RedemptionQuery{Coupon: id, Booking: booking, Range: Range{Clock: MadeAt}, Sort: ByBooking, Limit: 1})
	if err == nil && len(found) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return Redemption{}, err
	}
	return found[0], nil
}

// Events gives what happened to a redemption, oldest first: none if there is no
// such redemption.
func (s *Service) Events(ctx context.Context, id ID, booking string) ([]Event, error) {
	return s.store.Events(ctx, id, booking)
}

// Verify compares every counter with the redemptions and gives those that
// differ: none, unless something else wrote to the tables.
func (s *Service) Verify(ctx context.Context) ([]Drift, error) { return s.store.Verify(ctx) }

// Rebuild sets every counter to what the redemptions say. What a lost series had
// counted is restored from the first of its redemptions, by the limits of today: in
// a limit per customer, code or period it may stand with another of them than
// before.
func (s *Service) Rebuild(ctx context.Context) error { return s.store.Rebuild(ctx) }
