package httpui

import (
	"cmp"
	"fmt"

	"github.com/couponkit/coupon"
)

// statement is one thing that is said of a coupon. The overview, the restrictions
// and the history make the same ones.
type statement struct {
	Key   string // of its label; what it is compared with in another version
	Label string
	Text  string
	More  string // said beside it, more quietly
	Free  bool   // it says that there is no restriction
	Use   *use   // of a limit that has one count
}

// use is how much of a limit is used, for a bar.
type use struct {
	Text    string
	Done    int64 // of Whole
	Whole   int64
	Reached bool
}

// statements are said one after the other.
type statements struct {
	words
	all []statement
}

// name says what is no sentence of the catalog, under the key of a label.
func (s *statements) name(label, text string) *statement {
	s.all = append(s.all, statement{Key: label, Label: s.t(label), Text: text})
	return &s.all[len(s.all)-1]
}

// say says the sentence of a key, with its values.
func (s *statements) say(label, text string, args ...any) *statement {
	return s.name(label, upperFirst(s.t(text, args...)))
}

// free says that something is not restricted.
func (s *statements) free(label, text string) { s.say(label, text).Free = true }

// restrictions says every restriction of a coupon, and what is not restricted.
// uses are of its limits; without them nothing is said of how much is used.
func (w words) restrictions(c coupon.Coupon, uses []coupon.LimitUse) []statement {
	s := &statements{words: w}
	s.limits(c, uses)
	s.when(c.Restrictions)
	s.what(c.Restrictions)
	s.matches(c.Restrictions.Matches)
	if len(c.Restrictions.Limits) > 0 {
		if c.KeepUseOnCancel {
			s.say("restrictions.labels.cancelled", "restrictions.keeps-use")
		} else {
			s.free("restrictions.labels.cancelled", "restrictions.gives-use-back")
		}
		if c.ReleaseUseOnRefund {
			s.say("restrictions.labels.refunded", "restrictions.gives-use-back")
		} else {
			s.free("restrictions.labels.refunded", "restrictions.keeps-use")
		}
	}
	if c.Combinable {
		s.free("restrictions.labels.combinable", "restrictions.combinable")
	} else {
		s.say("restrictions.labels.combinable", "restrictions.alone")
	}
	return s.all
}

// limits says what a coupon is limited to, and how much of it is used.
func (s *statements) limits(c coupon.Coupon, uses []coupon.LimitUse) {
	if uses == nil {
		for _, l := range c.Restrictions.Limits {
			uses = append(uses, coupon.LimitUse{Limit: l})
		}
	}
	// In the order of those who are limited: all, each customer, each code.
	for _, kind := range []struct {
		of          coupon.LimitOf
		per         coupon.LimitPer // "" is any
		label, free string
	}{
		{coupon.Uses, coupon.PerCoupon, "restrictions.labels.uses", "restrictions.unlimited.uses"},
		{coupon.Uses, coupon.PerCustomer, "restrictions.labels.per-customer", "restrictions.unlimited.per-customer"},
		{coupon.Uses, coupon.PerCode, "restrictions.labels.per-code", "restrictions.unlimited.per-code"},
		{coupon.DiscountGiven, "", "restrictions.labels.budget", "restrictions.unlimited.budget"},
	} {
		none := true
		for _, u := range uses {
			if l := u.Limit; l.Of == kind.of && (kind.per == "" || l.Per == kind.per) {
				none = false
				x := s.name(kind.label, s.limit(l))
				if u.Counted {
					x.Use = s.use(u)
				}
			}
		}
		if none {
			s.free(kind.label, kind.free)
		}
	}
}

// limit is a limit in a sentence.
func (w words) limit(l coupon.Limit) string {
	key := fmt.Sprint("restrictions.limit.", l.Of, ".", l.Per, ".", cmp.Or(l.Every, coupon.Ever))
	if l.Of == coupon.DiscountGiven {
		return w.t(key, "amount", w.amount(l.Budget))
	}
	return w.t(key, "n", l.Max)
}

// use is how much of a limit is used and left.
func (w words) use(l coupon.LimitUse) *use {
	u := &use{Done: l.Used, Whole: l.Limit.Max, Reached: l.Reached}
	left := ""
	if l.Limit.Of == coupon.DiscountGiven {
		u.Done, _ = l.Spent.Minor()
		u.Whole, _ = l.Limit.Budget.Minor()
		if rest, err := l.Limit.Budget.Sub(l.Spent); err == nil && rest.Amount.IsPositive() {
			left = w.amount(rest)
		}
	} else if rest := l.Limit.Max - l.Used; rest > 0 {
		left = w.Count(rest)
	}
	if left == "" {
		u.Text = w.t("restrictions.nothing-left", "used", w.uses(l))
	} else {
		u.Text = w.t("restrictions.left", "used", w.uses(l), "left", left)
	}
	return u
}

// when says on which days and in which hours.
func (s *statements) when(r coupon.Restrictions) {
	by := string(cmp.Or(r.DaysBy, coupon.ServiceAt))
	if len(r.Days) > 0 {
		s.say("restrictions.labels.days", "restrictions.days."+by, "days", s.days(r.Days))
	} else {
		s.free("restrictions.labels.days", "restrictions.days.any")
	}
	if len(r.Hours) > 0 {
		s.say("restrictions.labels.hours", "restrictions.hours."+by, "hours", s.hours(r.Hours))
	} else {
		s.free("restrictions.labels.hours", "restrictions.hours.any")
	}
}

// what says of which kind and size a booking must be.
func (s *statements) what(r coupon.Restrictions) {
	switch r.BookingType {
	case coupon.OneTime:
		s.say("restrictions.labels.type", "restrictions.type.one-time")
	case coupon.Recurring:
		s.say("restrictions.labels.type", "restrictions.type.recurring")
	default:
		s.free("restrictions.labels.type", "restrictions.type.any")
	}
	if r.BookingType != coupon.OneTime {
		if len(r.Frequencies) > 0 {
			s.say("restrictions.labels.frequency", "restrictions.frequency.some", "frequencies", s.frequencies(r.Frequencies))
		} else {
			s.free("restrictions.labels.frequency", "restrictions.frequency.any")
		}
		if r.Occurrences > 0 {
			s.say("restrictions.labels.series", "restrictions.series.first", "n", r.Occurrences)
		} else {
			s.free("restrictions.labels.series", "restrictions.series.any")
		}
	}
	if r.MinTotal.IsZero() {
		s.free("restrictions.labels.min-total", "restrictions.min-total.none")
	} else {
		s.say("restrictions.labels.min-total", "restrictions.min-total.some", "amount", s.amount(r.MinTotal))
	}
	if r.MaxTotal.IsZero() {
		s.free("restrictions.labels.max-total", "restrictions.max-total.none")
	} else {
		s.say("restrictions.labels.max-total", "restrictions.max-total.some", "amount", s.amount(r.MaxTotal))
	}
	if r.MinUnits == 0 {
		s.free("restrictions.labels.units", "restrictions.units.any")
	} else {
		s.say("restrictions.labels.units", "restrictions.units.least", "n", r.MinUnits)
	}
}

// matches says the rules over the host's own attributes, in the host's own words.
func (s *statements) matches(all []coupon.Match) {
	if len(all) == 0 {
		s.free("restrictions.labels.match", "restrictions.match.any")
		return
	}
	for _, on := range []coupon.MatchOn{coupon.OnLine, coupon.OnBooking, coupon.OnCustomer} {
		label, none := "restrictions.labels."+string(on), true
		for _, m := range all {
			if m.On == on {
				none = false
				s.match(label, m)
			}
		}
		if none {
			s.free(label, "restrictions.match."+string(on)+".free")
		}
	}
}

func (s *statements) match(label string, m coupon.Match) {
	key := "restrictions.match." + string(m.On)
	switch {
	case m.NoneOf == nil:
		s.say(label, key+".any", "key", m.Key, "values", s.or(m.AnyOf))
	case m.AnyOf == nil:
		s.say(label, key+".none", "key", m.Key, "others", s.or(m.NoneOf))
	default:
		s.say(label, key+".both", "key", m.Key, "values", s.or(m.AnyOf), "others", s.or(m.NoneOf))
	}
}
