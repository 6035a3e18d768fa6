package coupon

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Reason says which rule is not met. The values are stable: hosts may store and
// translate them.
type Reason string

// The reasons, in the order in which Check gives them.
const (
	UnknownCode     Reason = "unknown-code"      // no coupon has the code
	AlreadyApplied  Reason = "already-applied"   // the same coupon twice on one booking
	NotCombinable   Reason = "not-combinable"    // one of several coupons must stand alone, or the booking has another already
	IsArchived      Reason = "archived"          // the coupon was put away
	IsInactive      Reason = "inactive"          // the coupon is switched off
	NotStarted      Reason = "not-started"       // Required: the start; Found: the booking's instant
	HasEnded        Reason = "ended"             // Required: the end; Found: the booking's instant
	NoServiceDate   Reason = "no-service-date"   // a rule looks at it, and the booking has none
	NoServiceTime   Reason = "no-service-time"   // a rule looks at the hour, and only the day is known
	NoCustomer      Reason = "customer-required" // a rule looks at the customer, and nobody is known
	HistoryUnknown  Reason = "history-unknown"   // the host didn't say how many earlier bookings there are
	NotNew          Reason = "not-new"           // Found: earlier bookings
	NotExisting     Reason = "not-existing"      // the customer has no earlier booking
	NotYours        Reason = "not-yours"         // the code is for another customer
	WrongType       Reason = "wrong-type"        // Required, Found: booking type
	WrongFrequency  Reason = "wrong-frequency"   // Required, Found: frequency
	SeriesUnknown   Reason = "series-unknown"    // a rule looks at the series, and the recurring booking has none
	NotCovered      Reason = "not-covered"       // Required: how many bookings of a series; Found: which this is
	WrongDay        Reason = "wrong-day"         // Required, Found: weekdays
	WrongHour       Reason = "wrong-hour"        // Required: windows; Found: time of day
	WrongCurrency   Reason = "wrong-currency"    // Required, Found: currency
	BelowMinimum    Reason = "below-minimum"     // Required, Found: amounts
	AboveMaximum    Reason = "above-maximum"     // Required, Found: amounts
	NoMatch         Reason = "no-match"          // Match says which; Found: the values there are
	NothingEligible Reason = "nothing-eligible"  // no line is one the coupon applies to
	TooFewUnits     Reason = "too-few-units"     // Required, Found: eligible units
	NoDiscount      Reason = "no-discount"       // the discount comes to nothing
	LimitReached    Reason = "limit-reached"     // Limit says which; Required: its height; Found: used before
)

// Refusal is one rule that is not met. The zero value is none.
type Refusal struct {
	Reason Reason `json:"reason"`           // which rule
	Coupon ID     `json:"coupon,omitempty"` // that refuses; empty for an unknown code
	Code   Code   `json:"code,omitempty"`   // the coupon's main code; empty for an unknown code
	// Required and Found are what the rule asks for and what there was; empty
	// where the reason says it all.
	Required Fact   `json:"required,omitzero"`
	Found    Fact   `json:"found,omitzero"`
	Match    *Match `json:"match,omitempty"` // with NoMatch
	Limit    *Limit `json:"limit,omitempty"` // with LimitReached
}

// Fact is a typed value in a refusal: the field that is set tells its type. The
// zero value is no fact.
type Fact struct {
	Money Money     `json:"money,omitzero"`  // an amount
	Time  time.Time `json:"time,omitzero"`   // an instant, in UTC
	Count *int64    `json:"count,omitempty"` // uses, units or bookings
	Words []string  `json:"words,omitempty"` // types, weekdays, times of day, currencies, values
}

// IsZero reports whether there is no fact.
func (f Fact) IsZero() bool {
	return f.Money.IsZero() && f.Time.IsZero() && f.Count == nil && len(f.Words) == 0
}

// String is the fact in canonical form: "50.00 USD", RFC 3339, "3", "Monday, Friday".
func (f Fact) String() string {
	switch {
	case !f.Money.IsZero():
		return f.Money.String()
	case !f.Time.IsZero():
		return f.Time.Format(time.RFC3339)
	case f.Count != nil:
		return strconv.FormatInt(*f.Count, 10)
	}
	return strings.Join(f.Words, ", ")
}

// spoken is the fact in a sentence: "Monday, Tuesday and Friday".
func (f Fact) spoken() string {
	last := len(f.Words) - 1
	if last < 1 {
		return f.String()
	}
	return strings.Join(f.Words[:last], ", ") + " and " + f.Words[last]
}

func count(n int64) Fact { return Fact{Count: &n} }
func words[S ~string](w ...S) Fact {
	var out []string
	for _, s := range w {
		if s != "" {
			out = append(out, string(s))
		}
	}
	return Fact{Words: out}
}

// String is for the owner and the log: it says everything.
func (r Refusal) String() string {
	var b strings.Builder
	b.WriteString(string(r.Reason))
	if r.Code != "" {
		fmt.Fprintf(&b, " (%s)", r.Code)
	}
	if m := r.Match; m != nil {
		fmt.Fprintf(&b, " on %s %s", m.On, m.Key)
	}
	if l := r.Limit; l != nil {
		fmt.Fprintf(&b, " of %s per %s", l.Of, l.Per)
		if l.Every != Ever {
			fmt.Fprintf(&b, " and %s", l.Every)
		}
	}
	required, found := "required", "found"
	if r.Reason == LimitReached {
		required, found = "at most", "used before"
	}
	if !r.Required.IsZero() {
		fmt.Fprintf(&b, ", %s %s", required, r.Required)
	}
	if !r.Found.IsZero() {
		fmt.Fprintf(&b, ", %s %s", found, r.Found)
	}
	return b.String()
}

// NotValid is what a stranger is told of a code whatever the reason, so that
// codes can't be found by trying: see [Refusal.Public].
const NotValid = "This code can't be used for this booking."

// Public is what a customer may be told of refusals, each text once. If one of
// them must be neutral it is [NotValid] alone: also "choose another day" would
// tell a stranger that an expired code exists.
func Public(refusals []Refusal) []string {
	var out []string
	for _, r := range refusals {
		text := r.Public()
		if text == NotValid {
			return []string{NotValid}
		}
		if !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	return out
}

// Public is what a customer may be told, in English. Whatever would tell a
// stranger that a code exists (it is unknown, inactive, expired, used up, for
// others) is one neutral text, [NotValid]; what the customer can change about
// the booking (its total, day, type or lines) is said.
func (r Refusal) Public() string {
	switch r.Reason {
	case BelowMinimum:
		return "This code needs a booking of at least " + r.Required.String() + "."
	case AboveMaximum:
		return "This code is for bookings up to " + r.Required.String() + "."
	case WrongDay:
		return "This code is for bookings on " + r.Required.spoken() + "."
	case WrongHour:
		return "This code is for bookings at " + r.Required.spoken() + "."
	case NoServiceDate:
		return "Choose a date first: this code depends on it."
	case NoServiceTime:
		return "Choose a time first: this code depends on it."
	case NotCovered:
		if n := r.Required.Count; n != nil && *n == 1 {
			return "This code is for the first booking of a series."
		}
		return "This code is for the first " + r.Required.String() + " bookings of a series."
	case WrongType, WrongFrequency:
		return "This code is for " + r.Required.spoken() + " bookings."
	case NothingEligible:
		return "This code does not apply to anything in this booking."
	case TooFewUnits:
		return "This code needs at least " + r.Required.String() + " of what it applies to."
	case AlreadyApplied:
		return "This code is already applied."
	case NotCombinable:
		return "This code can't be combined with another one."
	}
	return NotValid
}
