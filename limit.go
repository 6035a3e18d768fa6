package coupon

import (
	"math"
	"slices"
	"time"
)

// most is the limit as what its counters hold: uses, or minor units.
func (l Limit) most() int64 {
	if l.Of == Uses {
		return l.Max
	}
	n, err := l.Budget.Minor()
	if err != nil {
		return math.MaxInt64
	}
	return n
}

// slot is the counter of the limit for a subject at an instant.
func (l Limit) slot(c Coupon, subject string, madeAt time.Time) Slot {
	s := Slot{Coupon: c.ID, Of: l.Of, Per: l.Per, Every: l.Every, Subject: subject}
	if l.Of == DiscountGiven {
		s.Currency = l.Budget.Currency
	}
	if l.Every == Ever {
		return s
	}
	switch day := dateAt(madeAt, c.location()); l.Every {
	case PerDay:
		s.Since = day.String()
	case PerWeek:
		s.Since = Weekly.first(day).String()
	case PerMonth:
		s.Since = Monthly.first(day).String()
	}
	return s
}

// Use is what a redemption or a series counts on limits: how often, of how much,
// by whom, with which code, when. The zero value counts nothing.
type Use struct {
	Customer  string    // canonical key; empty is unknown, and counts on no limit per customer
	Code      Code      // that was used; empty is unknown, and counts on no limit per code
	SingleUse bool      // the code can be used once
	MadeAt    time.Time // of the booking
	Uses      int64     // 0 of a booking whose series has the use
	Currency  string    // of Discount
	Discount  int64     // minor units
}

// limits are those of the coupon for a use: a code that can be used once has its
// own limit, whatever the coupon's limit per code is.
func (c Coupon) limits(u Use) []Limit {
	limits := c.Restrictions.Limits
	if !u.SingleUse {
		return limits
	}
	once := Limit{Of: Uses, Per: PerCode, Every: Ever, Max: 1}
	limits = slices.Clone(limits)
	for i, l := range limits {
		if l.key() == once.key() {
			limits[i] = once
			return limits
		}
	}
	return append(limits, once)
}

// slotFor gives the counter of a limit for a use; ok is false if the use has
// none: no customer or no code is known, or the budget is of another currency.
func (l Limit) slotFor(c Coupon, u Use) (slot Slot, ok bool) {
	subject := ""
	switch l.Per {
	case PerCustomer:
		if subject = u.Customer; subject == "" {
			return Slot{}, false
		}
	case PerCode:
		if subject = string(u.Code); subject == "" {
			return Slot{}, false
		}
	}
	if l.Of == DiscountGiven && l.Budget.Currency != u.Currency {
		return Slot{}, false
	}
	return l.slot(c, subject, u.MadeAt), true
}

// slots are the counters that a use of the coupon moves.
func (c Coupon) slots(u Use) []Slot {
	var out []Slot
	for _, l := range c.limits(u) {
		if slot, ok := l.slotFor(c, u); ok {
			out = append(out, slot)
		}
	}
	return out
}

// charges are what a use of the coupon counts on its limits.
func (c Coupon) charges(u Use) []Charge {
	var out []Charge
	for _, slot := range c.slots(u) {
		n := u.Uses
		if slot.Of == DiscountGiven {
			n = u.Discount
		}
		if n != 0 {
			out = append(out, Charge{Slot: slot, N: n})
		}
	}
	return out
}

// sortedSlots is the order in which slots are locked, each once.
func sortedSlots(slots []Slot) []Slot {
	slots = slices.Clone(slots)
	slices.SortFunc(slots, Slot.Compare)
	return slices.Compact(slots)
}

// recount is how an edit changes what the redemptions of before it count; nil if
// it does not. A limit that is new counts them all, also those of a time when it
// had been removed; in a new zone the periods begin at other instants.
func recount(old, c Coupon) func(Use) []Charge {
	had := map[Slot]bool{}
	for _, l := range old.Restrictions.Limits {
		had[l.key()] = true
	}
	needed := false
	for _, l := range c.Restrictions.Limits {
		needed = needed || !had[l.key()] || (old.Zone != c.Zone && l.Every != Ever)
	}
	if !needed {
		return nil
	}
	return c.charges
}

// key is a limit without its height, subject and period.
func (l Limit) key() Slot {
	s := Slot{Of: l.Of, Per: l.Per, Every: l.Every}
	if l.Of == DiscountGiven {
		s.Currency = l.Budget.Currency
	}
	return s
}

// Use is what the redemption counts as.
func (r Redemption) Use() Use {
	u := Use{Customer: r.Customer, Code: r.Code, SingleUse: r.SingleUse, MadeAt: r.MadeAt, Uses: 1, Currency: r.Subtotal.Currency}
	switch {
	case r.Series != "":
		u.Uses = 0
	case r.State == Opening:
		u.Uses = r.Uses
	}
	u.Discount, _ = r.Discount.Minor() // a stored amount is in range
	return u
}
