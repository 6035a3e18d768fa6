package coupon

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// MaxCodes is how many codes one quote may try.
const MaxCodes = 20

// Quote is what codes would give on a booking now. It writes nothing and holds
// nothing: by the time of Redeem another customer may have taken the last use.
type Quote struct {
	Subtotal Money `json:"subtotal"` // the whole booking before any discount
	Discount Money `json:"discount"` // of all offers that are not refused
	Total    Money `json:"total"`    // Subtotal − Discount
	// Offers are one per code, in the order given; each on what the earlier ones
	// left.
	Offers []Offer `json:"offers"`
}

// OK reports whether nothing is refused.
func (q Quote) OK() bool { return len(q.Refusals()) == 0 }

// Refusals are those of all offers.
func (q Quote) Refusals() []Refusal {
	var out []Refusal
	for _, o := range q.Offers {
		out = append(out, o.Refusals...)
	}
	return out
}

// Quote tells what one or several codes, as typed, would give on a booking, and
// every reason why not: refusals are values in the quote. Several are applied in
// the order given, each on what the earlier ones left; limits and minimum totals
// are judged on the undiscounted subtotal. A booking that has the coupon already
// is quoted without counting its own use; one whose redemption was cancelled is
// quoted like a new one, although Redeem says [ErrCancelled]. The error is an [*InvalidError] of the
// booking, or a failure of the store.
func (s *Service) Quote(ctx context.Context, b Booking, codes ...string) (Quote, error) {
	if n := len(codes); n == 0 || n > MaxCodes {
		return Quote{}, invalid("codes", strconv.Itoa(n), fmt.Sprintf("must be 1 to %d codes", MaxCodes))
	}
	p, err := b.price(s.Now())
	if err != nil {
		return Quote{}, err
	}
	existing, err := s.ofBooking(ctx, p.ID)
	if err != nil {
		return Quote{}, err
	}
	left := slices.Clone(p.amounts)
	q := Quote{Subtotal: fromMinor(p.subtotal, p.Currency)}
	var taken int64
	var coupons []Coupon
	for _, typed := range codes {
		c, err := s.CouponByCode(ctx, typed)
		if errors.Is(err, ErrNotFound) || errors.Is(err, ErrInvalid) {
			o := offered{on: make([]bool, len(left)), lines: make([]int64, len(left)), refusals: []Refusal{{Reason: UnknownCode}}}
			q.Offers = append(q.Offers, o.public(p))
			continue
		}
		if err != nil {
			return Quote{}, err
		}
		used, err := s.store.Counters(ctx, sortedSlots(c.slots(p.use(c.Code))))
		if err != nil {
			return Quote{}, err
		}
		for _, r := range existing {
			if r.Coupon == c.ID && r.Holds {
				for _, ch := range r.Charges { // its own use does not stand in its way
					used[ch.Slot] -= ch.N
				}
			}
		}
		o := c.offer(p, left, func(sl Slot) int64 { return used[sl] })
		o.refusals = append(together(c, coupons, existing), o.refusals...)
		coupons = append(coupons, c)
		if len(o.refusals) == 0 {
			taken += o.discount
			for i, n := range o.lines {
				left[i] -= n
			}
		}
		q.Offers = append(q.Offers, o.public(p))
	}
	q.Discount = fromMinor(taken, p.Currency)
	q.Total = fromMinor(p.subtotal-taken, p.Currency)
	return q, nil
}

// together refuses what must not stand beside the other coupons: those given
// earlier in the same call, and those the booking has already.
func together(c Coupon, others []Coupon, existing []Redemption) []Refusal {
	for _, o := range others {
		if o.ID == c.ID {
			return []Refusal{{Reason: AlreadyApplied, Code: c.Code}}
		}
	}
	for _, o := range others {
		if !o.Combinable || !c.Combinable {
			return []Refusal{{Reason: NotCombinable, Code: c.Code}}
		}
	}
	for _, r := range existing {
		if r.Coupon != c.ID && r.State != Cancelled {
			return []Refusal{{Reason: NotCombinable, Code: c.Code}}
		}
	}
	return nil
}

// ofBooking gives the redemptions of a booking, in the order of their coupons.
func (s *Service) ofBooking(ctx context.Context, booking string) ([]Redemption, error) {
	if booking == "" {
		return nil, nil // to a store an empty key is "any booking"
	}
	return s.store.Redemptions(ctx, RedemptionQuery{Booking: booking, Range: Range{Clock: MadeAt}, Sort: ByBooking, Limit: pageSize})
}

// Redeem uses the coupon that has the code on a booking, if every rule is met at
// that moment; else [*RefusedError] has every refusal.
//
// The key is the coupon and the booking's id: the same call again, however often
// and whatever has happened to the coupon since, gives the first redemption with
// Replayed set and counts nothing. The same key with other content (customer,
// currency, type or lines) is [*ConflictError]; a redemption that was cancelled
// is [*CancelledError]. After [ErrOutcomeUnknown] make the same call again.
//
// What is recorded stays as it was at the first call: a booking that is edited
// needs a new id to be redeemed again, after Cancel of the old one.
func (s *Service) Redeem(ctx context.Context, b Booking, code string) (Redemption, error) {
	p, err := b.price(s.Now())
	if err != nil {
		return Redemption{}, err
	}
	c, err := s.CouponByCode(ctx, code)
	if errors.Is(err, ErrNotFound) || errors.Is(err, ErrInvalid) {
		return s.unknown(ctx, p, code)
	}
	if err != nil {
		return Redemption{}, err
	}
	w := redeeming{booking: p, coupon: c.ID, code: c.Code, now: s.Now(), actor: s.actor}
	g := &Group{Coupons: []ID{c.ID}, Booking: p.ID, slots: w.slots, decide: w.decide}
	if err := s.write(ctx, g); err != nil {
		return Redemption{}, err
	}
	return w.result, nil
}

// unknown answers for a code that no coupon has now: a booking that was redeemed
// with it before still gets its redemption.
func (s *Service) unknown(ctx context.Context, p priced, typed string) (Redemption, error) {
	if code, err := ParseCode(typed); err == nil {
		existing, err := s.ofBooking(ctx, p.ID)
		if err != nil {
			return Redemption{}, err
		}
		for _, r := range existing {
			if r.Code == code {
				return replay(r, p.fingerprint())
			}
		}
	}
	return Redemption{}, &RefusedError{Refusals: []Refusal{{Reason: UnknownCode}}}
}

// write runs one group and gives its outcome.
func (s *Service) write(ctx context.Context, g *Group) error {
	if err := s.store.Write(ctx, []*Group{g}); err != nil {
		return err
	}
	return g.err
}

// replay is the answer to a key that is there already.
func replay(r Redemption, fingerprint string) (Redemption, error) {
	switch {
	case r.State == Cancelled:
		return Redemption{}, &CancelledError{Redemption: r}
	case r.Imported:
		return Redemption{}, &ConflictError{Redemption: r, Differs: "it was imported, and what the booking had is not known"}
	case r.Fingerprint != fingerprint:
		return Redemption{}, &ConflictError{Redemption: r, Differs: "customer, currency, type or lines are not those of the first time"}
	}
	r.Replayed = true
	return r, nil
}

// redeeming decides one Redeem.
type redeeming struct {
	booking priced
	coupon  ID
	code    Code
	now     time.Time
	actor   string
	result  Redemption
}

// earlier finds what the booking has under this key: the coupon, or the code if
// another coupon had it then.
func (w *redeeming) earlier(v *View) (Redemption, bool) {
	for _, r := range v.Redemptions {
		if r.Coupon == w.coupon {
			return r, true
		}
	}
	for _, r := range v.Redemptions {
		if r.Code == w.code {
			return r, true
		}
	}
	return Redemption{}, false
}

func (w *redeeming) slots(v *View) []Slot {
	if _, ok := w.earlier(v); ok {
		return nil
	}
	return v.Coupons[w.coupon].slots(w.booking.use(w.code))
}

func (w *redeeming) decide(v *View) (*Changes, error) {
	if r, ok := w.earlier(v); ok {
		var err error
		w.result, err = replay(r, w.booking.fingerprint())
		return nil, err
	}
	c, ok := v.Coupons[w.coupon]
	if !ok || c.Code != w.code {
		return nil, &RefusedError{Refusals: []Refusal{{Reason: UnknownCode}}}
	}
	o := c.offer(w.booking, w.booking.amounts, func(s Slot) int64 { return v.Used[s] })
	if refusals := append(together(c, nil, v.Redemptions), o.refusals...); len(refusals) > 0 {
		return nil, &RefusedError{Refusals: refusals}
	}
	w.result = o.redemption(w.booking, w.now)
	return &Changes{
		Insert: []Redemption{w.result},
		Moves:  w.result.Charges,
		Events: []Event{w.result.event(EventRedeemed, "", w.now, w.actor, w.result.Discount)},
	}, nil
}

// redemption is the offer taken.
func (o offered) redemption(b priced, now time.Time) Redemption {
	c, offer := o.coupon, o.public(b)
	r := Redemption{
		Coupon: c.ID, Booking: b.ID, State: Redeemed, Version: c.Version, Code: c.Code, Terms: c.Discount,
		Customer: b.Customer.Key, Type: b.Type, Frequency: b.Frequency, TaxIncluded: b.TaxIncluded,
		MadeAt: b.MadeAt, Service: b.Service, ServiceAt: b.Service.instant(c.location()),
		Subtotal: offer.Subtotal, Eligible: offer.Eligible, Discount: offer.Discount,
		OtherDiscounts: fromMinor(0, b.Currency), Refund: fromMinor(0, b.Currency),
		Lines: offer.Lines, RedeemedAt: now, Fingerprint: b.fingerprint(),
		Charges: c.charges(b.use(c.Code), o.discount), Holds: true,
	}
	if n := b.Customer.EarlierBookings; n != nil {
		isNew := *n == 0
		r.NewCustomer = &isNew
	}
	if b.cost != nil {
		cost := fromMinor(*b.cost, b.Currency)
		r.Cost = &cost
	}
	return r
}

func (r Redemption) event(kind EventKind, key string, at time.Time, by string, amount Money) Event {
	return Event{Coupon: r.Coupon, Booking: r.Booking, Kind: kind, Key: key, At: at, By: by, Amount: amount}
}

// Redemption gives the redemption of a coupon on a booking, or [ErrNotFound].
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

// Rebuild sets every counter to what the redemptions say.
func (s *Service) Rebuild(ctx context.Context) error { return s.store.Rebuild(ctx) }
