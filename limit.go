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

// use is what a booking would count, known before its discount is.
type use struct {
	customer string
	code     Code
	currency string
	madeAt   time.Time
}

// slotFor gives the counter of a limit for a use; ok is false if the use has
// none: no customer is known, or the budget is of another currency.
func (l Limit) slotFor(c Coupon, u use) (slot Slot, ok bool) {
	subject := ""
	switch l.Per {
	case PerCustomer:
		if subject = u.customer; subject == "" {
			return Slot{}, false
		}
	case PerCode:
		subject = string(u.code)
	}
	if l.Of == DiscountGiven && l.Budget.Currency != u.currency {
		return Slot{}, false
	}
	return l.slot(c, subject, u.madeAt), true
}

// slots are the counters that a use of the coupon moves.
func (c Coupon) slots(u use) []Slot {
	var out []Slot
	for _, l := range c.Restrictions.Limits {
		if slot, ok := l.slotFor(c, u); ok {
			out = append(out, slot)
		}
	}
	return out
}

// charges are what a use of the coupon with that discount (in minor units)
// counts on its limits.
func (c Coupon) charges(u use, discount int64) []Charge {
	var out []Charge
	for _, slot := range c.slots(u) {
		n := int64(1)
		if slot.Of == DiscountGiven {
			n = discount
		}
		out = append(out, Charge{Slot: slot, N: n})
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
func recount(old, c Coupon) func(Redemption) []Charge {
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
	return func(r Redemption) []Charge {
		discount, err := r.Discount.Minor()
		if err != nil {
			return r.Charges // not reached: a stored amount is in range
		}
		return c.charges(r.use(), discount)
	}
}

// key is a limit without its height, subject and period.
func (l Limit) key() Slot {
	s := Slot{Of: l.Of, Per: l.Per, Every: l.Every}
	if l.Of == DiscountGiven {
		s.Currency = l.Budget.Currency
	}
	return s
}

// use is what the redemption counts as.
func (r Redemption) use() use {
	return use{customer: r.Customer, code: r.Code, currency: r.Subtotal.Currency, madeAt: r.MadeAt}
}
