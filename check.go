package coupon

import (
	"slices"
	"time"
)

// Usage tells how much of a slot is used: uses, or minor units of discount. Nil
// is "nothing yet".
type Usage func(Slot) int64

// Offer is what a coupon would give on a booking, and every rule that stands
// against it. With Refusals the discount is only what it would have been, and
// is zero where it can't be computed.
//
// With its ids and reasons it is for the owner's side of the host; what a
// customer may see of refusals is [Public].
type Offer struct {
	Code     Code           `json:"code,omitempty"`     // that was typed; empty for an unknown code
	Coupon   ID             `json:"coupon,omitempty"`   // empty for an unknown code
	Version  int64          `json:"version,omitempty"`  // that was judged
	Subtotal Money          `json:"subtotal"`           // the whole booking before any discount
	Eligible Money          `json:"eligible"`           // the part of the subtotal that the coupon applies to
	Discount Money          `json:"discount"`           // what the coupon takes off
	Lines    []LineDiscount `json:"lines"`              // the booking's, with what the coupon takes off each
	Refusals []Refusal      `json:"refusals,omitempty"` // none if the coupon can be used
}

// Check evaluates every rule of the coupon against a booking and gives every
// refusal, in the order of the [Reason] constants, with what the coupon would
// give. It is pure: no clock (Booking.MadeAt must be set), no I/O. The error is
// an [*InvalidError] of the coupon or the booking.
func (c Coupon) Check(b Booking, used Usage) (Offer, error) {
	if b.MadeAt.IsZero() {
		return Offer{}, invalid("booking.made_at", "", "must be set")
	}
	c = c.normal()
	if err := c.Validate(); err != nil {
		return Offer{}, err
	}
	p, err := b.price(b.MadeAt)
	if err != nil {
		return Offer{}, err
	}
	return c.offer(p, p.amounts, terms{code: CouponCode{Code: c.Code}, used: used}).public(p), nil
}

// terms are what an offer is judged by besides the coupon and the booking.
type terms struct {
	code CouponCode // that is used
	used Usage
	// later: the series of the booking has its use already, so that what is asked
	// of a first booking (validity, audience, limits of uses) is not asked again.
	later bool
	// amended: the booking was redeemed before under these rules, and is only
	// priced again: neither validity is asked, nor the audience, nor any limit.
	amended bool
}

// offered is an Offer in minor units.
type offered struct {
	coupon   Coupon
	terms    terms
	eligible int64
	discount int64
	on       []bool  // lines the coupon applies to
	lines    []int64 // discount of each line
	refusals []Refusal
}

// offer is the one place where rules are judged. left is what earlier coupons
// left of each line; limits and totals are judged on the undiscounted booking.
func (c Coupon) offer(b priced, left []int64, t terms) offered {
	o := offered{coupon: c, terms: t, on: make([]bool, len(left)), lines: make([]int64, len(left))}
	refuse := func(r Refusal) {
		r.Coupon, r.Code = c.ID, c.Code
		o.refusals = append(o.refusals, r)
	}
	loc := c.location()
	if !t.later && !t.amended {
		c.checkValidity(b, loc, refuse)
		c.checkAudience(b, refuse)
	}
	if !t.amended {
		t.code.checkCustomer(b, refuse)
	}
	r := c.Restrictions
	r.checkType(b, refuse)
	r.checkSeries(b, refuse)
	r.checkDays(b, loc, refuse)
	comparable := c.checkTotals(b, refuse)
	r.checkMatches(b, refuse)

	var units, usable int64
	base, quantity := make([]int64, len(left)), make([]int64, len(left))
	for i, l := range b.Lines {
		if r.applies(l) {
			o.on[i], base[i], quantity[i] = true, left[i], l.Quantity
			o.eligible += b.amounts[i]
			units += l.Quantity
			usable++
		}
	}
	if usable == 0 {
		refuse(Refusal{Reason: NothingEligible})
	}
	if units < r.MinUnits {
		refuse(Refusal{Reason: TooFewUnits, Required: count(r.MinUnits), Found: count(units)})
	}
	if comparable && usable > 0 {
		if o.discount, o.lines = c.Discount.off(base, quantity); o.discount == 0 {
			refuse(Refusal{Reason: NoDiscount})
		}
	}
	if !t.amended {
		c.checkLimits(b.use(t.code), o.discount, t, refuse)
	}
	slices.SortStableFunc(o.refusals, func(x, y Refusal) int { return x.Reason.rank() - y.Reason.rank() })
	o.refusals = slices.CompactFunc(o.refusals, func(x, y Refusal) bool {
		// Two rules may miss the same thing: it is said once.
		return x.Reason == y.Reason && (x.Reason == NoCustomer || x.Reason == NoServiceDate)
	})
	return o
}

func (c Coupon) checkValidity(b priced, loc *time.Location, refuse func(Refusal)) {
	if !c.ArchivedAt.IsZero() {
		refuse(Refusal{Reason: IsArchived})
	}
	if c.Inactive {
		refuse(Refusal{Reason: IsInactive})
	}
	t := b.MadeAt
	if c.ValidBy == ServiceAt {
		if b.Service.IsZero() {
			refuse(Refusal{Reason: NoServiceDate})
			return
		}
		t = b.Service.instant(loc)
	}
	if t.Before(c.Start) {
		refuse(Refusal{Reason: NotStarted, Required: Fact{Time: c.Start}, Found: Fact{Time: t}})
	}
	if !c.End.IsZero() && !t.Before(c.End) {
		refuse(Refusal{Reason: HasEnded, Required: Fact{Time: c.End}, Found: Fact{Time: t}})
	}
}

func (c Coupon) checkAudience(b priced, refuse func(Refusal)) {
	if c.Audience == Everyone {
		return
	}
	earlier := b.Customer.EarlierBookings
	switch {
	case earlier == nil && !b.Customer.known():
		refuse(Refusal{Reason: NoCustomer})
	case earlier == nil:
		refuse(Refusal{Reason: HistoryUnknown})
	case c.Audience == NewCustomers && *earlier > 0:
		refuse(Refusal{Reason: NotNew, Found: count(int64(*earlier))})
	case c.Audience == ExistingCustomers && *earlier == 0:
		refuse(Refusal{Reason: NotExisting})
	}
}

func (r Restrictions) checkType(b priced, refuse func(Refusal)) {
	if r.BookingType != "" && r.BookingType != b.Type {
		refuse(Refusal{Reason: WrongType, Required: words(r.BookingType), Found: words(b.Type)})
	}
	if len(r.Frequencies) > 0 && b.Type == Recurring && !slices.Contains(r.Frequencies, b.Frequency) {
		refuse(Refusal{Reason: WrongFrequency, Required: words(r.Frequencies...), Found: words(b.Frequency)})
	}
}

// checkSeries judges how much of a series is covered.
func (r Restrictions) checkSeries(b priced, refuse func(Refusal)) {
	switch {
	case r.Occurrences == 0 || b.Type != Recurring:
	case b.Series == "":
		refuse(Refusal{Reason: SeriesUnknown})
	case b.Occurrence > r.Occurrences:
		refuse(Refusal{Reason: NotCovered, Required: count(r.Occurrences), Found: count(b.Occurrence)})
	}
}

// checkDays judges days and hours together, because the hours after midnight of
// a window belong to the day it began.
func (r Restrictions) checkDays(b priced, loc *time.Location, refuse func(Refusal)) {
	if len(r.Days) == 0 && len(r.Hours) == 0 {
		return
	}
	at := b.MadeAt
	if r.DaysBy != MadeAt {
		switch {
		case b.Service.IsZero():
			refuse(Refusal{Reason: NoServiceDate})
			return
		case !b.Service.Day.IsZero():
			r.checkDay(b.Service.Day.Weekday(), refuse)
			if len(r.Hours) > 0 {
				refuse(Refusal{Reason: NoServiceTime})
			}
			return
		}
		at = b.Service.At
	}
	at = at.In(loc)
	day, clock := at.Weekday(), clockOf(at)
	if len(r.Hours) > 0 {
		var began []time.Weekday // the days to which the windows belong
		for _, h := range r.Hours {
			if ago, ok := h.holds(clock); ok {
				began = append(began, (day-time.Weekday(ago)+7)%7)
			}
		}
		if len(began) > 0 {
			if !slices.ContainsFunc(began, r.onDay) {
				refuse(Refusal{Reason: WrongDay, Required: dayFact(r.Days), Found: dayFact(began)})
			}
			return
		}
		windows := make([]string, len(r.Hours))
		for i, h := range r.Hours {
			windows[i] = h.From.String() + "–" + h.To.String()
		}
		refuse(Refusal{Reason: WrongHour, Required: words(windows...), Found: words(clock.String())})
	}
	r.checkDay(day, refuse)
}

func (r Restrictions) onDay(d time.Weekday) bool {
	return len(r.Days) == 0 || slices.Contains(r.Days, d)
}

func (r Restrictions) checkDay(d time.Weekday, refuse func(Refusal)) {
	if !r.onDay(d) {
		refuse(Refusal{Reason: WrongDay, Required: dayFact(r.Days), Found: dayFact([]time.Weekday{d})})
	}
}

func dayFact(days []time.Weekday) Fact {
	names := make([]string, len(days))
	for i, d := range days {
		names[i] = d.String()
	}
	return words(names...)
}

// checkTotals reports whether the discount can be computed in the booking's
// currency.
func (c Coupon) checkTotals(b priced, refuse func(Refusal)) bool {
	r := c.Restrictions
	comparable := true
	wrong := func(currency string) bool {
		if currency == "" || currency == b.Currency {
			return false
		}
		if comparable { // one refusal says it for all amounts of the coupon
			refuse(Refusal{Reason: WrongCurrency, Required: words(currency), Found: words(b.Currency)})
		}
		comparable = false
		return true
	}
	wrong(c.Discount.currency())
	subtotal := fromMinor(b.subtotal, b.Currency)
	if least := r.MinTotal; !least.IsZero() && !wrong(least.Currency) {
		if n, _ := least.Minor(); b.subtotal < n {
			refuse(Refusal{Reason: BelowMinimum, Required: Fact{Money: least}, Found: Fact{Money: subtotal}})
		}
	}
	if most := r.MaxTotal; !most.IsZero() && !wrong(most.Currency) {
		if n, _ := most.Minor(); b.subtotal > n {
			refuse(Refusal{Reason: AboveMaximum, Required: Fact{Money: most}, Found: Fact{Money: subtotal}})
		}
	}
	for _, l := range r.Limits {
		wrong(l.Budget.Currency)
	}
	return comparable
}

// checkMatches judges the rules on the booking and the customer.
func (r Restrictions) checkMatches(b priced, refuse func(Refusal)) {
	for _, m := range r.Matches {
		have := b.Attributes
		switch m.On {
		case OnLine:
			continue
		case OnCustomer:
			if !b.Customer.known() {
				refuse(Refusal{Reason: NoCustomer})
				continue
			}
			have = b.Customer.Attributes
		}
		if !m.holds(have) {
			refuse(Refusal{Reason: NoMatch, Match: &m, Found: words(have[m.Key]...)})
		}
	}
}

// applies says whether the coupon applies to a line.
func (r Restrictions) applies(l Line) bool {
	for _, m := range r.Matches {
		if m.On == OnLine && !m.holds(l.Attributes) {
			return false
		}
	}
	return true
}

// checkLimits refuses what would pass a limit: as a whole, never trimmed.
func (c Coupon) checkLimits(u Use, discount int64, t terms, refuse func(Refusal)) {
	anonymous := false
	for _, l := range c.limits(u) {
		if t.later && l.Of == Uses {
			continue
		}
		slot, ok := l.slotFor(c, u)
		if !ok {
			// Another currency has been refused with the totals.
			if l.Per == PerCustomer && u.Customer == "" && !anonymous {
				anonymous = true
				refuse(Refusal{Reason: NoCustomer})
			}
			continue
		}
		var before int64
		if t.used != nil {
			before = t.used(slot)
		}
		n, required, found := int64(1), count(l.Max), count(before)
		if l.Of == DiscountGiven {
			n, required, found = discount, Fact{Money: l.Budget}, Fact{Money: fromMinor(before, u.Currency)}
		}
		if most := l.most(); before >= most || n > most-before {
			refuse(Refusal{Reason: LimitReached, Limit: &l, Required: required, Found: found})
		}
	}
}

// use is what the booking would count, its discount apart.
func (b priced) use(code CouponCode) Use {
	return Use{Customer: b.Customer.Key, Code: code.Code, SingleUse: code.SingleUse, MadeAt: b.MadeAt, Uses: 1, Currency: b.Currency}
}

// public is the offer in money.
func (o offered) public(b priced) Offer {
	m := func(n int64) Money { return fromMinor(n, b.Currency) }
	out := Offer{Code: o.terms.code.Code, Coupon: o.coupon.ID, Version: o.coupon.Version, Refusals: o.refusals,
		Subtotal: m(b.subtotal), Eligible: m(o.eligible), Discount: m(o.discount), Lines: make([]LineDiscount, len(b.Lines))}
	for i, l := range b.Lines {
		out.Lines[i] = LineDiscount{Line: l.ID, Amount: m(b.amounts[i]), Quantity: l.Quantity, Eligible: o.on[i], Discount: m(o.lines[i])}
	}
	return out
}

// reasons is the order in which refusals are given.
var reasons = []Reason{UnknownCode, AlreadyApplied, NotCombinable, IsArchived, IsInactive, NotStarted, HasEnded, NoServiceDate,
	NoServiceTime, NoCustomer, HistoryUnknown, NotNew, NotExisting, NotYours,
	WrongType, WrongFrequency, SeriesUnknown, NotCovered, WrongDay, WrongHour, WrongCurrency,
	BelowMinimum, AboveMaximum, NoMatch, NothingEligible, TooFewUnits, NoDiscount, LimitReached}

func (r Reason) rank() int { return slices.Index(reasons, r) }
