package coupon

import (
	"fmt"
	"time"
)

// Restrictions are the rules that a booking must meet. The zero value restricts
// nothing.
type Restrictions struct {
	// MinTotal and MaxTotal bound the subtotal of the booking, before any
	// discount, both inclusive. The zero Money is no bound. A booking of another
	// currency is refused.
	MinTotal Money `json:"min_total,omitzero"`
	MaxTotal Money `json:"max_total,omitzero"`

	// BookingType admits only one type of booking. The zero value is both.
	BookingType BookingType `json:"booking_type,omitempty"`
	// Frequencies admit recurring bookings of these frequencies only. One-time
	// bookings are not affected by it. Nil is every frequency.
	Frequencies []Frequency `json:"frequencies,omitempty"`

	// Occurrences admits only the first so many bookings of a series: 1 is the
	// first one. One-time bookings are not affected by it; a recurring one whose
	// series is not known is refused. 0 is all.
	Occurrences int64 `json:"occurrences,omitempty"`

	// Days and Hours admit bookings on these weekdays and in these hours of the
	// coupon's zone, by the clock DaysBy: by default the day of the service, so
	// that a customer may book on Sunday for Tuesday. Nil is always. A booking
	// without that clock is refused; a service date without a time of day is
	// enough for Days and not for Hours.
	Days   []time.Weekday `json:"days,omitempty"`
	Hours  []Hours        `json:"hours,omitempty"`
	DaysBy Clock          `json:"days_by,omitempty"`

	// Matches must all hold. Those on lines choose the lines that the coupon
	// applies to.
	Matches []Match `json:"matches,omitempty"`
	// MinUnits is the least number of units on the lines that the coupon applies
	// to. 0 is none.
	MinUnits int64 `json:"min_units,omitempty"`

	// Limits are counted over redemptions. Nil is unlimited.
	Limits []Limit `json:"limits,omitempty"`
}

// BookingType says whether a booking stands alone. As a restriction the zero
// value is both types; on a booking it is OneTime.
type BookingType string

const (
	OneTime   BookingType = "one-time"  // stands alone
	Recurring BookingType = "recurring" // one of a series under one agreement
)

// Frequency is how often a recurring booking recurs: one of the constants or a
// word of the host's own (1 to 40 characters).
type Frequency string

const (
	EveryWeek      Frequency = "weekly"        // every 7 days
	EveryTwoWeeks  Frequency = "every-2-weeks" // every 14 days
	EveryFourWeeks Frequency = "every-4-weeks" // every 28 days
	EveryMonth     Frequency = "monthly"       // every calendar month
)

// TimeOfDay is seconds after midnight by the wall clock: 9*3600 is 09:00 on
// every day, also on one of 23 or 25 hours. Make one with [ParseTimeOfDay].
type TimeOfDay int32

// EndOfDay is 24:00, as the end of a window.
const EndOfDay TimeOfDay = 24 * 3600

// ParseTimeOfDay reads "09:30" or "09:30:15"; "24:00" is [EndOfDay].
func ParseTimeOfDay(s string) (TimeOfDay, error) {
	if s == "24:00" || s == "24:00:00" {
		return EndOfDay, nil
	}
	for _, layout := range []string{"15:04", "15:04:05"} {
		if t, err := time.Parse(layout, s); err == nil && len(s) == len(layout) {
			return clockOf(t), nil
		}
	}
	return 0, invalid("time", s, "must be a time of day such as 09:30, at most 24:00")
}

// String is "09:30", with seconds only where there are some.
func (t TimeOfDay) String() string {
	if t%60 != 0 {
		return fmt.Sprintf("%02d:%02d:%02d", t/3600, t/60%60, t%60)
	}
	return fmt.Sprintf("%02d:%02d", t/3600, t/60%60)
}

func clockOf(t time.Time) TimeOfDay {
	h, m, s := t.Clock()
	return TimeOfDay(h*3600 + m*60 + s)
}

// Hours is a window [From, To) of the day. If To is before From it goes past
// midnight, and the hours after midnight belong to the day it began.
type Hours struct {
	From TimeOfDay `json:"from"` // seconds after midnight
	To   TimeOfDay `json:"to"`   // exclusive; EndOfDay is midnight
}

// holds says whether the window has that time of day, and how many days before
// it began (0 or 1).
func (h Hours) holds(t TimeOfDay) (began int, ok bool) {
	switch {
	case h.From < h.To:
		return 0, h.From <= t && t < h.To
	case t >= h.From:
		return 0, true
	default:
		return 1, t < h.To
	}
}

// MatchOn is what a [Match] looks at.
type MatchOn string

const (
	OnBooking  MatchOn = "booking"  // attributes of the booking: a location, a channel
	OnCustomer MatchOn = "customer" // attributes of the customer: a group
	OnLine     MatchOn = "line"     // attributes of each line: a service, a category, a sale
)

// Match is a rule over the host's attributes. It holds if the values under Key
// have at least one of AnyOf (if given) and none of NoneOf. Values are compared
// exactly, as bytes. One of the two lists must be given, and neither may be
// empty but not nil. A match on a customer who is not known does not hold.
type Match struct {
	On     MatchOn  `json:"on"`                // what it looks at; required
	Key    string   `json:"key"`               // which attribute; required
	AnyOf  []string `json:"any_of,omitempty"`  // at least one of them must be there
	NoneOf []string `json:"none_of,omitempty"` // none of them may be there
}

// holds is the rule itself.
func (m Match) holds(a Attributes) bool {
	found := m.AnyOf == nil
	for _, v := range a[m.Key] {
		for _, w := range m.NoneOf {
			if v == w {
				return false
			}
		}
		for _, w := range m.AnyOf {
			found = found || v == w
		}
	}
	return found
}

// LimitOf is what a limit counts.
type LimitOf string

const (
	Uses          LimitOf = "uses"     // bookings, however many lines they have
	DiscountGiven LimitOf = "discount" // money taken off: a budget
)

// LimitPer is over what a limit counts.
type LimitPer string

const (
	PerCoupon   LimitPer = "coupon"   // all redemptions of the coupon together
	PerCustomer LimitPer = "customer" // a booking without a customer is refused
	PerCode     LimitPer = "code"     // each code by itself
)

// Period is how long a limit counts before it starts anew: a local period of
// made-at in the coupon's zone. Weeks begin on Monday.
type Period string

const (
	Ever     Period = "ever"  // the default
	PerDay   Period = "day"   // local days
	PerWeek  Period = "week"  // from Monday
	PerMonth Period = "month" // calendar months
)

// Limit is a restriction counted over redemptions. Two limits of one coupon
// with the same Of, Per and Every are an error. A redemption that would pass a
// limit is refused whole; a discount is never trimmed to what a budget has left.
type Limit struct {
	Of    LimitOf  `json:"of"`              // what is counted; required
	Per   LimitPer `json:"per"`             // over what; required
	Every Period   `json:"every,omitempty"` // for how long; default Ever
	// Max is the number of uses, at least 1. Only with Of: Uses.
	Max int64 `json:"max,omitempty"`
	// Budget is the sum of discounts, more than zero. Only with Of:
	// DiscountGiven. A booking of another currency is refused.
	Budget Money `json:"budget,omitzero"`
}
