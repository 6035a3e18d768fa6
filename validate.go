package coupon

import (
	"fmt"
	"slices"
	"strconv"
	"time"
)

const (
	maxNameLength        = 200
	maxDescriptionLength = 2000
	maxFrequencyLength   = 40
	maxRules             = 50 // of each kind, on one coupon
	maxValues            = 1000
)

// Validate checks the coupon's own fields and gives every broken one in a single
// [*InvalidError]. Create and Update call it.
func (c Coupon) Validate() error {
	var p problems
	if canonical, err := ParseCode(string(c.Code)); err != nil {
		p.merge("code", err)
	} else if canonical != c.Code {
		p.add("code", string(c.Code), "must be in canonical form: "+string(canonical))
	}
	checkText(&p, "name", c.Name, maxNameLength, false)
	checkText(&p, "description", c.Description, maxDescriptionLength, true)
	oneOf(&p, "audience", c.Audience, Everyone, NewCustomers, ExistingCustomers)
	oneOf(&p, "valid_by", c.ValidBy, "", MadeAt, ServiceAt)
	if _, err := location(c.Zone); err != nil && c.Zone != "" {
		p.merge("zone", err)
	}
	if c.Start.IsZero() {
		p.add("start", "", "must be set")
	}
	checkInstant(&p, "start", c.Start)
	checkInstant(&p, "end", c.End)
	if !c.End.IsZero() && !c.Start.IsZero() && !c.Start.Before(c.End) {
		p.add("end", c.End.Format(time.RFC3339), "must be after start, "+c.Start.Format(time.RFC3339))
	}
	c.Discount.validate(&p)
	c.Restrictions.validate(&p)
	c.checkCurrencies(&p)
	return p.err()
}

// checkCurrencies: a coupon of two currencies would refuse every booking.
func (c Coupon) checkCurrencies(p *problems) {
	first, in := "", ""
	check := func(field string, m Money) {
		switch {
		case m.Currency == "" || m.Currency == first:
		case first == "":
			first, in = m.Currency, field
		default:
			p.add(field, m.String(), fmt.Sprintf("must be in %s, as %s", first, in))
		}
	}
	check("discount.amount", c.Discount.Amount)
	check("discount.cap", c.Discount.Cap)
	check("restrictions.min_total", c.Restrictions.MinTotal)
	check("restrictions.max_total", c.Restrictions.MaxTotal)
	for i, l := range c.Restrictions.Limits {
		check("restrictions.limits["+strconv.Itoa(i)+"].budget", l.Budget)
	}
}

func (d Discount) validate(p *problems) {
	oneOf(p, "discount.kind", d.Kind, Percent, FixedAmount, AmountPerUnit)
	if d.Kind != Percent {
		checkPositive(p, "discount.amount", d.Amount)
		if !d.Percent.IsZero() {
			p.add("discount.percent", brief(d.Percent), "must be empty on a discount of an amount")
		}
		if !d.Cap.IsZero() {
			p.add("discount.cap", d.Cap.String(), "must be empty: only a percentage can have a cap")
		}
		return
	}
	if n, err := toMinor("", d.Percent, percentDecimals); err != nil || n <= 0 || n > wholePercent {
		p.add("discount.percent", brief(d.Percent), "must be more than 0 and at most 100, with at most 4 decimals")
	}
	if !d.Amount.IsZero() {
		p.add("discount.amount", d.Amount.String(), "must be empty on a percentage")
	}
	checkOptional(p, "discount.cap", d.Cap)
}

func (r Restrictions) validate(p *problems) {
	const at = "restrictions."
	for _, b := range []struct {
		field string
		bound Money
	}{{"min_total", r.MinTotal}, {"max_total", r.MaxTotal}} {
		checkOptional(p, at+b.field, b.bound)
	}
	least, err := r.MinTotal.Minor()
	most, err2 := r.MaxTotal.Minor()
	if most != 0 && most < least && err == nil && err2 == nil {
		p.add(at+"max_total", r.MaxTotal.String(), "must not be below min_total, "+r.MinTotal.String())
	}
	oneOf(p, at+"booking_type", r.BookingType, "", OneTime, Recurring)
	checkList(p, at+"frequencies", r.Frequencies, func(field string, f Frequency) {
		if f == "" {
			p.add(field, "", "must not be empty")
		}
		checkText(p, field, string(f), maxFrequencyLength, false)
	})
	if r.BookingType == OneTime && r.Frequencies != nil {
		p.add(at+"frequencies", "", "must be empty: one-time bookings have no frequency")
	}
	if r.Occurrences < 0 {
		p.add(at+"occurrences", strconv.FormatInt(r.Occurrences, 10), "must be 0 (all of a series) or more")
	}
	if r.BookingType == OneTime && r.Occurrences != 0 {
		p.add(at+"occurrences", strconv.FormatInt(r.Occurrences, 10), "must be 0: one-time bookings have no series")
	}
	checkList(p, at+"days", r.Days, func(field string, d time.Weekday) {
		if d < time.Sunday || d > time.Saturday {
			p.add(field, strconv.Itoa(int(d)), "must be 0 (Sunday) to 6 (Saturday)")
		}
	})
	checkList(p, at+"hours", r.Hours, func(field string, h Hours) {
		if h.From < 0 || h.From >= EndOfDay || h.To < 0 || h.To > EndOfDay || h.From == h.To {
			p.add(field, h.From.String()+"–"+h.To.String(), "must be two different times of day, from 00:00 to 24:00")
		} else if (h.To-h.From+EndOfDay)%EndOfDay < 60 && h.To-h.From != EndOfDay {
			p.add(field, h.From.String()+"–"+h.To.String(), "must be at least a minute: times are seconds after midnight, see ParseTimeOfDay")
		}
	})
	oneOf(p, at+"days_by", r.DaysBy, "", MadeAt, ServiceAt)
	checkList(p, at+"matches", r.Matches, func(field string, m Match) { m.validate(p, field) })
	if r.MinUnits < 0 || r.MinUnits > MaxLines*MaxQuantity {
		p.add(at+"min_units", strconv.FormatInt(r.MinUnits, 10), fmt.Sprintf("must be 0 (none) to %d", MaxLines*MaxQuantity))
	}
	seen := map[Slot]bool{}
	checkList(p, at+"limits", r.Limits, func(field string, l Limit) {
		l.validate(p, field)
		key := Slot{Of: l.Of, Per: l.Per, Every: l.Every}
		if l.Every == "" {
			key.Every = Ever
		}
		if seen[key] {
			p.add(field, "", fmt.Sprintf("must be the only limit of %s per %s and %s", l.Of, l.Per, key.Every))
		}
		seen[key] = true
	})
}

func (m Match) validate(p *problems, field string) {
	if m.On == "" {
		p.add(field+".on", "", "must be booking, customer or line")
	}
	oneOf(p, field+".on", m.On, "", OnBooking, OnCustomer, OnLine)
	if m.Key == "" {
		p.add(field+".key", "", "must be set")
	}
	checkText(p, field+".key", m.Key, maxKeyBytes, false)
	if m.AnyOf == nil && m.NoneOf == nil {
		p.add(field+".any_of", "", "must be set, or none_of")
	}
	for _, values := range []struct {
		name string
		list []string
	}{{".any_of", m.AnyOf}, {".none_of", m.NoneOf}} {
		name, list := values.name, values.list
		if list != nil && (len(list) == 0 || len(list) > maxValues) {
			p.add(field+name, strconv.Itoa(len(list)), fmt.Sprintf("must have 1 to %d values: leave it out for no rule", maxValues))
		}
		for _, v := range list {
			checkText(p, field+name, v, maxKeyBytes, false)
		}
	}
}

func (l Limit) validate(p *problems, field string) {
	oneOf(p, field+".of", l.Of, Uses, DiscountGiven)
	oneOf(p, field+".per", l.Per, PerCoupon, PerCustomer, PerCode)
	oneOf(p, field+".every", l.Every, "", Ever, PerDay, PerWeek, PerMonth)
	switch l.Of {
	case Uses:
		if l.Max < 1 {
			p.add(field+".max", strconv.FormatInt(l.Max, 10), "must be at least 1; leave the limit out for unlimited")
		}
		if !l.Budget.IsZero() {
			p.add(field+".budget", l.Budget.String(), "must be empty on a limit of uses")
		}
	case DiscountGiven:
		checkPositive(p, field+".budget", l.Budget)
		if l.Max != 0 {
			p.add(field+".max", strconv.FormatInt(l.Max, 10), "must be 0 on a limit of discount")
		}
	}
}

// checkPositive is the rule for every amount that must be there.
func checkPositive(p *problems, field string, m Money) {
	if m.IsZero() {
		p.add(field, "", "must be set")
		return
	}
	checkMore(p, field, m, "must be more than 0")
}

// checkOptional is the rule for every amount that may be left out.
func checkOptional(p *problems, field string, m Money) {
	if !m.IsZero() {
		checkMore(p, field, m, "must be more than 0; leave it out for none")
	}
}

func checkMore(p *problems, field string, m Money, must string) {
	n, err := m.Minor()
	if err != nil {
		p.merge(field, err)
	} else if n <= 0 {
		p.add(field, m.String(), must)
	}
}

func oneOf[S ~string](p *problems, field string, s S, allowed ...S) {
	if slices.Contains(allowed, s) {
		return
	}
	list := ""
	for _, a := range allowed {
		if a != "" {
			list += fmt.Sprintf(", %q", string(a))
		}
	}
	p.add(field, string(s), "must be one of "+list[2:])
}

// checkList is the rule for every list: absent, or 1 to maxRules entries.
func checkList[T any](p *problems, field string, list []T, check func(field string, entry T)) {
	if list != nil && (len(list) == 0 || len(list) > maxRules) {
		p.add(field, strconv.Itoa(len(list)), fmt.Sprintf("must have 1 to %d entries; leave it out for no rule", maxRules))
		return
	}
	for i, entry := range list {
		check(field+"["+strconv.Itoa(i)+"]", entry)
	}
}
