package coupon

import (
	"errors"
	"slices"
	"time"
)

// acquiring decides what several codes take on a booking: Redeem, Reserve and
// Reopen.
type acquiring struct {
	booking priced
	codes   []CouponCode
	until   time.Time // when the reservation ends; zero is redeeming
	reopen  bool
	// recalled is the coupon that a code was taken for without asking.
	recalled Coupon
	expect   *Quote
	now      time.Time
	actor    string
	results  []Redemption
}

// step is what becomes of one of the codes.
type step int

const (
	stands    step = iota // the first result is the answer
	confirmed             // a reservation becomes a redemption
	acquired              // a use is taken, under today's rules
	repeated              // the coupon is there already, by a code before it
)

// known answers for a key that is there.
func (w *acquiring) known(r Redemption, fingerprint string) (step, error) {
	same := r.Fingerprint == fingerprint
	switch {
	case r.State == Opening:
		return 0, isOpening(r)
	case r.State == Cancelled && !w.reopen:
		return 0, &CancelledError{Redemption: r}
	case r.State == Cancelled, r.State == Released, r.State == ReservationExpired, r.expired(w.now):
		return acquired, nil
	case r.Imported:
		return 0, &ConflictError{Redemption: r, Differs: "it was imported, and what the booking had is not known"}
	case r.State == Reserved && w.until.IsZero() && same:
		return confirmed, nil
	case r.State == Reserved && !w.until.IsZero() && !same:
		return acquired, nil
	case !same:
		return 0, contentDiffers(r)
	}
	return stands, nil
}

func contentDiffers(r Redemption) error {
	return &ConflictError{Redemption: r, Differs: "customer, currency, type, series or lines are not those of the first time"}
}

// find gives the redemption of a coupon among those of a booking.
func find(rs []Redemption, id ID) (Redemption, bool) {
	for _, r := range rs {
		if r.Coupon == id {
			return r, true
		}
	}
	return Redemption{}, false
}

// plan is what becomes of each code, in the order of the codes.
func (w *acquiring) plan(v *View) ([]step, error) {
	steps := make([]step, len(w.codes))
	seen := map[ID]bool{}
	for i, k := range w.codes {
		if seen[k.Coupon] && k.Coupon != "" {
			steps[i] = repeated
			continue
		}
		seen[k.Coupon] = true
		steps[i] = acquired
		if r, ok := find(v.Redemptions, k.Coupon); ok {
			var err error
			if steps[i], err = w.known(r, w.booking.fingerprint()); err != nil {
				return nil, err
			}
		}
	}
	return steps, nil
}

// acquired are the codes that take a use.
func (w *acquiring) acquired(steps []step) []CouponCode {
	var out []CouponCode
	for i, k := range w.codes {
		if steps[i] == acquired {
			out = append(out, k)
		}
	}
	return out
}

func (w *acquiring) refusal(refusals []Refusal) error {
	return &RefusedError{Refusals: refusals, Booking: w.booking.ID, Customer: w.booking.Customer.Key,
		Subtotal: fromMinor(w.booking.subtotal, w.booking.Currency), At: w.now}
}

// outdated reports whether a code may be another coupon's than it was taken for.
func (w *acquiring) outdated(v *View) bool {
	if w.recalled.ID == "" {
		return false
	}
	c, ok := v.Coupons[w.recalled.ID]
	return !ok || c.Version != w.recalled.Version || !c.UpdatedAt.Equal(w.recalled.UpdatedAt)
}

// slots are the counters that are judged or moved: none of what only replays or
// confirms.
func (w *acquiring) slots(v *View) []Slot {
	steps, err := w.plan(v)
	if err != nil || w.outdated(v) {
		return nil
	}
	var out []Slot
	for i, k := range w.codes {
		if steps[i] != acquired && !slices.Contains(steps, repeated) {
			continue
		}
		out = append(out, v.Coupons[k.Coupon].slots(w.booking.use(k))...)
		if r, ok := find(v.Redemptions, k.Coupon); ok {
			out = append(out, heldBy(v, r)...)
		}
	}
	return out
}

// heldBy are the counters that move if the redemption gives its charges back.
func heldBy(v *View, r Redemption) []Slot {
	if !r.Holds {
		return nil
	}
	var out []Slot
	for _, ch := range r.Charges {
		out = append(out, ch.Slot)
	}
	for _, ch := range v.Series[r.seriesKey()].Charges {
		out = append(out, ch.Slot)
	}
	return out
}

func (w *acquiring) decide(v *View) (*Changes, *ReclaimQuery, error) {
	if w.outdated(v) {
		return nil, nil, errOutdated
	}
	steps, err := w.plan(v)
	if err != nil {
		return nil, nil, err
	}
	x := pricing{booking: w.booking, now: w.now, coupons: v.Coupons, series: v.Series, existing: v.Redemptions, used: v.Used, counted: true}
	for _, r := range v.Redemptions {
		if _, ok := v.Coupons[r.Coupon]; !ok {
			return nil, nil, errOutdated
		}
	}
	if err := checkCoupons(v.Redemptions, w.codes); err != nil {
		return nil, nil, err
	}
	codes := w.acquired(steps)
	if slices.Contains(steps, repeated) {
		// Two codes of one coupon are refused with all else that is wrong with the
		// codes: that one of them is "already applied" would tell a stranger that it
		// is a code, of somebody else or used up.
		codes = w.codes
	}
	standing := x.standing(codes)
	for _, r := range standing {
		if indexOf(w.codes, r.Coupon) < 0 && r.State == Reserved && w.until.IsZero() {
			return nil, nil, &ConflictError{Redemption: r, Differs: "it is reserved: redeem its code too, or release it"}
		}
		if r.Fingerprint != w.booking.fingerprint() && !r.Imported && len(codes) > 0 {
			return nil, nil, contentDiffers(r)
		}
	}
	offers := x.offers(codes, standing)
	if q, err := w.judge(v, codes, offers); q != nil || err != nil {
		return nil, q, err
	}
	return w.take(v, steps, standing, offers)
}

func indexOf(codes []CouponCode, id ID) int {
	for i, k := range codes {
		if k.Coupon == id {
			return i
		}
	}
	return -1
}

// judge gives the refusals, or what to reclaim before there are any.
func (w *acquiring) judge(v *View, codes []CouponCode, offers []offered) (*ReclaimQuery, error) {
	var refusals []Refusal
	for i, o := range offers {
		if o.terms.later {
			// Only what has not expired makes it a later one.
			q := w.reclaim(codes[i], Limit{Per: PerCoupon})
			if q.Series = w.booking.Series; !v.reclaimed(q) {
				return &q, nil
			}
		}
		for _, r := range o.refusals {
			if r.Reason == LimitReached {
				if q := w.reclaim(codes[i], *r.Limit); !v.reclaimed(q) {
					return &q, nil
				}
			}
			refusals = append(refusals, r)
		}
	}
	if len(refusals) > 0 {
		return nil, w.refusal(refusals)
	}
	return nil, nil
}

// reclaim is what may hold a limit that is reached.
func (w *acquiring) reclaim(k CouponCode, l Limit) ReclaimQuery {
	q := ReclaimQuery{Coupon: k.Coupon, Except: w.booking.ID, Expired: w.now, Limit: reclaimBatch, Needed: true}
	switch l.Per {
	case PerCustomer:
		q.Customer = w.booking.Customer.Key
	case PerCode:
		q.Code = k.Code
	}
	return q
}

func (v *View) reclaimed(q ReclaimQuery) bool {
	for _, done := range v.Reclaimed {
		if done == q {
			return true
		}
	}
	return false
}

// take makes the changes of what is not refused.
func (w *acquiring) take(v *View, steps []step, standing []Redemption, offers []offered) (*Changes, *ReclaimQuery, error) {
	out := writing{view: v, now: w.now, actor: w.actor}
	rs := rows{all: standing}
	place := int64(0)
	for _, r := range standing {
		place = max(place, r.Place)
	}
	for i, k := range w.codes {
		old, there := find(v.Redemptions, k.Coupon)
		switch steps[i] {
		case confirmed:
			old.State, old.RedeemedAt = Redeemed, w.now
			out.event(old, EventRedeemed, old.Discount)
			rs.put(old)
		case acquired:
			r, kind := offers[0].redemption(w.booking, w.now), EventRedeemed
			offers = offers[1:]
			place++
			r.Place = place
			if there {
				out.release(&old)
			}
			if len(old.Refunds) > 0 {
				if r.Refund, r.Refunds = old.Refund, old.Refunds; r.Refund.Currency != r.Subtotal.Currency {
					return nil, nil, invalid("booking.currency", r.Subtotal.Currency, "must stay "+r.Refund.Currency+", in which money was given back")
				}
			}
			switch {
			case !w.until.IsZero():
				r.State, r.RedeemedAt, r.ReservedAt, r.ExpiresAt = Reserved, time.Time{}, w.now, w.until
				kind = EventReserved
			case there && old.State == Cancelled:
				kind = EventReopened
			}
			if len(r.Refunds) > 0 {
				r.State = Refunded
			}
			out.hold(&r, v.Coupons[r.Coupon])
			out.event(r, kind, r.Discount)
			rs.put(r)
		}
	}
	if err := rs.settle(w.now); err != nil {
		return nil, nil, err
	}
	if err := w.unexpected(rs.all, steps); err != nil {
		return nil, nil, err
	}
	rs.write(&out)
	w.results = make([]Redemption, len(w.codes))
	for i, k := range w.codes {
		w.results[i], _ = find(rs.all, k.Coupon)
		w.results[i].Replayed = steps[i] == stands
	}
	return out.changes(), nil, nil
}

// unexpected compares what would be given with the quote that the host expects.
func (w *acquiring) unexpected(rs []Redemption, steps []step) error {
	if w.expect == nil {
		return nil
	}
	for i, k := range w.codes {
		if steps[i] == stands {
			continue
		}
		r, _ := find(rs, k.Coupon)
		said := false
		for _, o := range w.expect.Offers {
			said = said || o.Coupon == k.Coupon && len(o.Refusals) == 0 && o.Discount.Equal(r.Discount) && o.Subtotal.Equal(r.Subtotal)
		}
		if !said {
			return &QuoteChangedError{Expected: *w.expect, Code: k.Code, Discount: r.Discount}
		}
	}
	return nil
}

// redemption is the offer taken.
func (o offered) redemption(b priced, now time.Time) Redemption {
	c, offer := o.coupon, o.public(b)
	r := Redemption{
		Coupon: c.ID, Booking: b.ID, State: Redeemed, Version: c.Version, Code: o.terms.code.Code, SingleUse: o.terms.code.SingleUse, Terms: c.Discount,
		Customer: b.Customer.Key, Type: b.Type, Frequency: b.Frequency, Series: b.Series, Occurrence: b.Occurrence, TaxIncluded: b.TaxIncluded,
		MadeAt: b.MadeAt, Service: b.Service, ServiceAt: b.Service.instant(c.location()), NewCustomer: b.Customer.isNew(),
		Subtotal: offer.Subtotal, Eligible: offer.Eligible, Discount: offer.Discount,
		OtherDiscounts: fromMinor(0, b.Currency), Refund: fromMinor(0, b.Currency),
		Lines: offer.Lines, RedeemedAt: now, Fingerprint: b.fingerprint(),
	}
	if b.cost != nil {
		cost := fromMinor(*b.cost, b.Currency)
		r.Cost = &cost
	}
	r.Charges = c.charges(r.Use())
	return r
}

// isNew is whether the customer had no earlier booking; nil is unknown.
func (c Customer) isNew() *bool {
	if c.EarlierBookings == nil {
		return nil
	}
	isNew := *c.EarlierBookings == 0
	return &isNew
}

func (r Redemption) event(kind EventKind, key string, at time.Time, by string, amount Money) Event {
	return Event{Coupon: r.Coupon, Booking: r.Booking, Kind: kind, Key: key, At: at, By: by, Amount: amount}
}

// errOutdated: the booking has another coupon than when it was read, or a code is
// not what it was.
var errOutdated = errors.New("coupon: what was read is not so any more")
