package coupon

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// MaxCodes is how many codes one call may try.
const MaxCodes = 20

// Quote is what codes would give on a booking now. It writes nothing and holds
// nothing: by the time of Redeem another customer may have taken the last use.
type Quote struct {
	Booking  string `json:"booking,omitempty"`  // the host's id
	Customer string `json:"customer,omitempty"` // canonical key; empty if unknown
	Subtotal Money  `json:"subtotal"`           // the whole booking before any discount
	Discount Money  `json:"discount"`           // of all offers that are not refused
	Total    Money  `json:"total"`              // Subtotal − Discount − what other coupons took off already
	// Offers are one per code, in the order given; each on what the earlier ones
	// left.
	Offers []Offer   `json:"offers"`
	At     time.Time `json:"at"` // when it was made
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

// Refused is the quote's refusals as the error that Redeem would give, to be
// shown or kept (see [Service.RecordRefusals]); nil if nothing is refused.
func (q Quote) Refused() *RefusedError {
	refusals := q.Refusals()
	if len(refusals) == 0 {
		return nil
	}
	return &RefusedError{Refusals: refusals, Booking: q.Booking, Customer: q.Customer, Subtotal: q.Subtotal, At: q.At}
}

// Quote tells what one or several codes, as typed, would give on a booking, and
// every reason why not: refusals are values in the quote. Several are applied in
// the order given, each on what the earlier ones and the booking's other coupons
// left; limits and minimum totals are judged on the undiscounted subtotal. What
// the booking has already, redeemed or reserved, is offered as it stands: it is
// what Redeem gives. Where Redeem does not take the booking, because it was
// cancelled or is there with other content, it is quoted like a new one, without
// counting its own use. The error is an [*InvalidError] of the booking, what the
// host's Config.Attempt says, a [*ConflictError] if the booking's id is the key of
// a coupon's [OpeningUses], or a failure of the store.
func (s *Service) Quote(ctx context.Context, b Booking, codes ...string) (Quote, error) {
	now := s.Now()
	p, err := b.price(now)
	if err != nil {
		return Quote{}, err
	}
	u, err := s.lookUp(ctx, p, codes, now, s.attempt)
	if err != nil {
		return Quote{}, err
	}
	for _, r := range u.existing {
		if r.State == Opening && indexOf(u.codes, r.Coupon) >= 0 {
			return Quote{}, isOpening(r)
		}
	}
	x := pricing{booking: p, now: now, coupons: u.coupons, existing: u.existing}
	if x.series, err = s.seriesOf(ctx, p, u.codes, now); err != nil {
		return Quote{}, err
	}
	var slots []Slot
	for _, k := range u.codes {
		slots = append(slots, u.coupons[k.Coupon].slots(p.use(k))...)
	}
	if len(slots) > 0 {
		if x.used, err = s.store.Counters(ctx, sortedSlots(slots), now); err != nil {
			return Quote{}, err
		}
	}
	return x.quote(u.codes), nil
}

// quote says of each code what Redeem would do with it.
func (x pricing) quote(codes []CouponCode) Quote {
	p := x.booking
	w := acquiring{booking: p, codes: codes, now: x.now, reopen: true}
	steps, err := w.plan(&View{Redemptions: x.existing})
	fresh := codes // what is not there already
	if twice := slices.Contains(steps, repeated); err == nil && !twice {
		fresh = w.acquired(steps)
	}
	standing := x.standing(fresh)
	offers := x.offers(fresh, standing)
	q := Quote{Booking: p.ID, Customer: p.Customer.Key, Subtotal: fromMinor(p.subtotal, p.Currency), At: x.now}
	var taken, left int64
	for i, k := range codes {
		if len(fresh) < len(codes) && steps[i] != acquired {
			r, _ := find(standing, k.Coupon)
			q.Offers = append(q.Offers, r.offer(k.Code))
			n, _ := r.Discount.Minor() // a stored amount is in range
			taken += n
			left += n
			continue
		}
		q.Offers = append(q.Offers, offers[0].public(p))
		if len(offers[0].refusals) == 0 {
			taken += offers[0].discount
		}
		offers = offers[1:]
	}
	for _, n := range p.leftBy(standing) {
		left += n
	}
	q.Discount = fromMinor(taken, p.Currency)
	q.Total = fromMinor(left-taken, p.Currency)
	return q
}

// offer is what the redemption gives, as it stands.
func (r Redemption) offer(typed Code) Offer {
	return Offer{Code: typed, Coupon: r.Coupon, Version: r.Version, Subtotal: r.Subtotal, Eligible: r.Eligible, Discount: r.Discount, Lines: slices.Clone(r.Lines)}
}

// lookup is what typed codes mean on a booking.
type lookup struct {
	codes    []CouponCode // in the order given; without a coupon: unknown
	coupons  map[ID]Coupon
	existing []Redemption // that the booking has
	recalled Coupon       // which a code was taken for without asking; of the zero value none
}

// lookUp finds the coupons of typed codes, and of what the booking has already.
// What a booking was redeemed with, and the code of a series, stay what they were
// although another coupon may have the code now. attempt is told of each code; nil
// if it was told before.
func (s *Service) lookUp(ctx context.Context, p priced, typed []string, now time.Time, attempt func(context.Context, Attempt) error) (u lookup, err error) {
	if n := len(typed); n == 0 || n > MaxCodes {
		return u, invalid("codes", strconv.Itoa(n), fmt.Sprintf("must be 1 to %d codes", MaxCodes))
	}
	if u.existing, err = s.ofBooking(ctx, p.ID); err != nil {
		return u, err
	}
	u.coupons = map[ID]Coupon{}
	for _, t := range typed {
		k, c, err := s.find(ctx, p, t, u.existing, now)
		if err != nil && !errors.Is(err, ErrNotFound) && !errors.Is(err, ErrInvalid) {
			return u, err
		}
		if err := p.tell(ctx, attempt, t, err == nil); err != nil {
			return u, err
		}
		if err == nil {
			u.coupons[c.ID] = c
		}
		u.codes = append(u.codes, k)
	}
	for _, r := range u.existing {
		if _, ok := u.coupons[r.Coupon]; !ok {
			if u.coupons[r.Coupon], err = s.store.Coupon(ctx, r.Coupon); err != nil {
				return u, err
			}
		}
	}
	return u, checkCoupons(u.existing, u.codes)
}

// checkCoupons refuses codes with which the booking would have too many coupons.
func checkCoupons(existing []Redemption, codes []CouponCode) error {
	has := map[ID]bool{}
	for _, r := range existing {
		has[r.Coupon] = true
	}
	for _, k := range codes {
		if k.Coupon != "" {
			has[k.Coupon] = true
		}
	}
	if len(has) > MaxCoupons {
		return invalid("codes", strconv.Itoa(len(codes)), fmt.Sprintf("must leave the booking with at most %d coupons, of which it has %d", MaxCoupons, len(existing)))
	}
	return nil
}

// lookUpNew is lookUp for a booking that has nothing yet, as nearly all that come
// to be redeemed: it reads a coupon and no more. It does not say ok where the
// codes alone don't tell. If the booking has another coupon after all, or the code
// is another coupon's by now, the group that is made of it finds out: errOutdated.
func (s *Service) lookUpNew(ctx context.Context, p priced, typed []string) (u lookup, ok bool, err error) {
	if len(typed) != 1 || p.Series != "" {
		return u, false, nil
	}
	code, err := ParseCode(typed[0])
	if err != nil {
		return u, false, nil
	}
	// Who hears of every code that is tried is told what it is now.
	if from, ok := s.store.(Recaller); ok && s.attempt == nil {
		if c, k, ok := from.RecallCode(code); ok {
			return lookup{codes: []CouponCode{k}, coupons: map[ID]Coupon{c.ID: c}, recalled: c}, true, nil
		}
	}
	c, k, err := s.store.CouponByCode(ctx, code)
	if errors.Is(err, ErrNotFound) {
		return u, false, nil
	}
	if err == nil {
		err = p.tell(ctx, s.attempt, typed[0], true)
	}
	return lookup{codes: []CouponCode{k}, coupons: map[ID]Coupon{c.ID: c}}, true, err
}

// tell says that a code was tried on the booking, if somebody wants to hear it.
func (b priced) tell(ctx context.Context, attempt func(context.Context, Attempt) error, typed string, found bool) error {
	if attempt == nil {
		return nil
	}
	return attempt(ctx, Attempt{Typed: typed, Found: found, Customer: b.Customer.Key, Booking: b.ID})
}

// find is what one typed code means.
func (s *Service) find(ctx context.Context, p priced, typed string, existing []Redemption, now time.Time) (CouponCode, Coupon, error) {
	code, err := ParseCode(typed)
	if err != nil {
		return CouponCode{}, Coupon{}, err
	}
	c, k, err := s.store.CouponByCode(ctx, code)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return CouponCode{}, Coupon{}, err
	}
	known := slices.ContainsFunc(existing, func(r Redemption) bool { return err == nil && r.Coupon == c.ID })
	// A reservation that has ended is no answer: what it is acquired afresh with is
	// what the code means today.
	before := slices.DeleteFunc(slices.Clone(existing), func(r Redemption) bool {
		return r.Code != code || !r.live(now) && r.State != Cancelled
	})
	if !known && len(before) == 0 && p.Series != "" {
		var failed error
		if before, failed = s.ofSeries(ctx, RedemptionQuery{Series: p.Series, Code: code}, now); failed != nil {
			return CouponCode{}, Coupon{}, failed
		}
	}
	if !known && len(before) > 0 && (err != nil || before[0].Coupon != c.ID) {
		r := before[0]
		c, err = s.store.Coupon(ctx, r.Coupon)
		k = CouponCode{Code: code, Coupon: r.Coupon, SingleUse: r.SingleUse}
	}
	return k, c, err
}

// ofBooking gives the redemptions of a booking, in the order of their coupons. Only
// the key of many coupons' opening uses has more than MaxCoupons.
func (s *Service) ofBooking(ctx context.Context, booking string) ([]Redemption, error) {
	if booking == "" {
		return nil, nil // to a store an empty key is "any booking"
	}
	found, err := s.store.Redemptions(ctx, RedemptionQuery{Booking: booking, Range: Range{Clock: MadeAt}, Sort: ByBooking, Limit: MaxCoupons + 1})
	if err == nil && len(found) > MaxCoupons {
		err = invalid("booking.id", booking, fmt.Sprintf("must be of a booking with at most %d coupons", MaxCoupons))
	}
	return found, err
}

// ofSeries gives the first redemption of a series that holds, or none.
func (s *Service) ofSeries(ctx context.Context, q RedemptionQuery, now time.Time) ([]Redemption, error) {
	q.Range.Clock, q.Sort, q.Limit = MadeAt, ByMadeAt, pageSize
	for r, err := range s.walk(ctx, q) {
		if err != nil {
			return nil, err
		}
		if r.Holds && !r.expired(now) {
			return []Redemption{r}, nil
		}
	}
	return nil, nil
}

// seriesOf is what the coupons count for the booking's series, but for what has
// expired.
func (s *Service) seriesOf(ctx context.Context, p priced, codes []CouponCode, now time.Time) (map[SeriesKey]Series, error) {
	out := map[SeriesKey]Series{}
	if p.Series == "" {
		return out, nil
	}
	for _, k := range codes {
		if k.Coupon == "" {
			continue
		}
		held, err := s.store.Series(ctx, SeriesKey{k.Coupon, p.Series})
		if err != nil && !errors.Is(err, ErrNotFound) {
			return nil, err
		}
		q := RedemptionQuery{Coupon: k.Coupon, Series: p.Series, States: []State{Reserved}, Range: Range{Clock: MadeAt}, Sort: ByMadeAt, Limit: pageSize}
		for r, err := range s.walk(ctx, q) {
			if err != nil {
				return nil, err
			}
			if r.Holds && r.expired(now) {
				held.Live--
			}
		}
		out[SeriesKey{k.Coupon, p.Series}] = held
	}
	return out, nil
}
