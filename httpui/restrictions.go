package httpui

import (
	"strings"

	"github.com/couponkit/coupon"
)

// rule is one line of a coupon's restrictions: a plain sentence. Free ones say
// that there is no restriction.
type rule struct {
	Label string
	Text  string
	Free  bool
	Use   *use // of a limit that has one count
}

// use is how much of a limit is used, for a bar.
type use struct {
	Text    string
	Done    int64 // of Whole
	Whole   int64
	Reached bool
}

// restrictions says every restriction of a coupon, and what is not restricted.
func (w words) restrictions(s coupon.CouponState) []rule {
	r := s.Restrictions
	out := w.limits(s.Limits)
	add := func(label, text, free string) {
		out = append(out, rule{Label: label, Text: text + free, Free: text == ""})
	}
	text := ""
	if len(r.Days) > 0 {
		text = w.days(r.Days) + " only, " + dayClocks[r.DaysBy]
	}
	add("Days", text, when(text, "Any day of the week"))
	text = ""
	if len(r.Hours) > 0 {
		text = upperFirst(w.hours(r.Hours)) + " only, " + dayClocks[r.DaysBy]
	}
	add("Hours", text, when(text, "Any time of day"))
	switch r.BookingType {
	case coupon.OneTime:
		add("Booking types", "One-time bookings only", "")
	case coupon.Recurring:
		add("Booking types", "Recurring bookings only", "")
	default:
		add("Booking types", "", "One-time and recurring bookings")
	}
	if r.BookingType != coupon.OneTime {
		text = ""
		if len(r.Frequencies) > 0 {
			text = "Recurring bookings only if " + w.frequencies(r.Frequencies)
		}
		add("Frequencies", text, when(text, "However often a booking recurs"))
		text = ""
		switch n := r.Occurrences; {
		case n == 1:
			text = "The first booking of a series only"
		case n > 1:
			text = "The first " + w.plural(n, "booking", "bookings") + " of a series only"
		}
		add("Series", text, when(text, "Every booking of a series; together they are one use"))
	}
	text = ""
	if !r.MinTotal.IsZero() {
		text = "At least " + w.amount(r.MinTotal) + ", before discounts"
	}
	add("Minimum total", text, when(text, "No minimum"))
	text = ""
	if !r.MaxTotal.IsZero() {
		text = "At most " + w.amount(r.MaxTotal) + ", before discounts"
	}
	add("Maximum total", text, when(text, "No maximum"))
	if r.MinUnits > 0 {
		add("Units", "At least "+w.plural(r.MinUnits, "unit", "units")+" of what the coupon applies to", "")
	}
	for _, m := range r.Matches {
		add(matchLabels[m.On], w.match(m), "")
	}
	if len(r.Matches) == 0 {
		add("Services and customers", "", "Everything that is booked, by anybody in the audience")
	}
	if len(s.Restrictions.Limits) > 0 {
		text, quiet := "", "Gives its use back"
		if s.KeepUseOnCancel {
			text, quiet = "Keeps its use", ""
		}
		add("A cancelled booking", text, quiet)
		text, quiet = "", "Keeps its use"
		if s.ReleaseUseOnRefund {
			text, quiet = "Gives its use back", ""
		}
		add("One refunded in full", text, quiet)
	}
	if s.Combinable {
		add("Other coupons", "May be used together with other coupons that allow it", "")
	} else {
		add("Other coupons", "Can’t be used together with another coupon", "")
	}
	return out
}

// when gives s if there is nothing else to say.
func when(text, s string) string {
	if text != "" {
		return ""
	}
	return s
}

var dayClocks = map[coupon.Clock]string{
	"": "by service date", coupon.ServiceAt: "by service date", coupon.MadeAt: "by when the booking is made",
}

var matchLabels = map[coupon.MatchOn]string{
	coupon.OnBooking: "Bookings", coupon.OnCustomer: "Customers", coupon.OnLine: "Applies to",
}

// match says a rule over the host's own attributes, in the host's own words.
func (w words) match(m coupon.Match) string {
	subject, not := "Bookings", "not bookings"
	switch m.On {
	case coupon.OnCustomer:
		subject, not = "Customers", "not customers"
	case coupon.OnLine:
		subject, not = "Lines", "not lines"
	}
	var parts []string
	if m.AnyOf != nil {
		parts = append(parts, subject+" whose "+m.Key+" is "+w.or(m.AnyOf))
	}
	if m.NoneOf != nil {
		parts = append(parts, not+" whose "+m.Key+" is "+w.or(m.NoneOf))
	}
	return upperFirst(strings.Join(parts, ", but "))
}

// limits says what a coupon is limited to, and how much of it is used.
func (w words) limits(limits []coupon.LimitUse) []rule {
	var out []rule
	uses, budgets := false, false
	for _, l := range limits {
		r := rule{Label: "Usage limit", Text: w.limit(l.Limit)}
		if l.Limit.Of == coupon.DiscountGiven {
			r.Label, budgets = "Budget", true
		} else {
			uses = true
		}
		if l.Counted {
			r.Use = w.use(l)
		}
		out = append(out, r)
	}
	if !uses {
		out = append([]rule{{Label: "Usage limit", Text: "Unlimited uses", Free: true}}, out...)
	}
	if !budgets {
		out = append(out, rule{Label: "Budget", Text: "No limit on the discounts given", Free: true})
	}
	return out
}

func (w words) limit(l coupon.Limit) string {
	every := ""
	if l.Every != coupon.Ever {
		every = " a " + string(l.Every)
	}
	if l.Of == coupon.DiscountGiven {
		most := "At most " + w.amount(l.Budget) + " in discounts" + every
		switch l.Per {
		case coupon.PerCustomer:
			return most + " for each customer"
		case coupon.PerCode:
			return most + " for each code"
		default:
			return most + when(every, " in all")
		}
	}
	times := w.plural(l.Max, "time", "times") + every
	if l.Max == 1 {
		times = "once" + every
	}
	switch l.Per {
	case coupon.PerCustomer:
		return "Each customer at most " + times
	case coupon.PerCode:
		return "Each code at most " + times
	default:
		return "At most " + w.plural(l.Max, "booking", "bookings") + every + when(every, " in all")
	}
}

func (w words) use(l coupon.LimitUse) *use {
	u := &use{Done: l.Used, Whole: l.Limit.Max, Reached: l.Reached}
	left := w.Count(max(0, l.Limit.Max-l.Used)) + " left"
	if l.Limit.Of == coupon.DiscountGiven {
		u.Done, _ = l.Spent.Minor()
		u.Whole, _ = l.Limit.Budget.Minor()
		left = "nothing left"
		if rest, err := l.Limit.Budget.Sub(l.Spent); err == nil && rest.Amount.IsPositive() {
			left = w.amount(rest) + " left"
		}
	}
	u.Text = w.uses(l) + ", " + left
	return u
}
