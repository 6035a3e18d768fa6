package vectors

import (
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/couponkit/coupon"
)

// units are the currency of a vector.
type units struct {
	Currency string `json:"currency"`
	Exponent *int   `json:"exponent"`
}

// standIns are real currencies of each exponent, for a currency that is not real
// or not of the exponent that the vector gives it; the second is for when the
// first is taken.
var standIns = map[int][2]string{0: {"JPY", "KRW"}, 2: {"USD", "EUR"}, 3: {"KWD", "BHD"}, 4: {"CLF", "UYW"}}

// decimals is the number of decimals of a real currency.
func decimals(currency string) (digits int, ok bool) {
	one, err := coupon.MoneyFromMinor(1, currency)
	return int(-one.Amount.Exponent()), err == nil
}

func (u units) exponent() int {
	if u.Exponent != nil {
		return *u.Exponent
	}
	if digits, ok := decimals(u.Currency); ok {
		return digits
	}
	return 2
}

// code is the currency that the vector runs in.
func (u units) code() (string, error) {
	if digits, ok := decimals(u.Currency); ok && digits == u.exponent() {
		return u.Currency, nil
	}
	if stand, ok := standIns[u.exponent()]; ok {
		return stand[0], nil
	}
	return "", fmt.Errorf("no real currency has %d decimals", u.exponent())
}

// other is the currency that a coupon names: the vector's, or surely another.
func (u units) other(named string) (string, error) {
	code, err := u.code()
	if err != nil || named == "" || named == u.Currency {
		return code, err
	}
	if _, ok := decimals(named); ok && named != code {
		return named, nil
	}
	stand := standIns[u.exponent()]
	if stand[0] == code {
		return stand[1], nil
	}
	return stand[0], nil
}

// minor is an amount in the smallest unit.
func (u units) minor(d decimal.Decimal) (int64, error) {
	m := d.Shift(int32(u.exponent()))
	if !m.IsInteger() {
		return 0, fmt.Errorf("%s has more than %d decimals", d, u.exponent())
	}
	return m.IntPart(), nil
}

// half is what a coupon gives if the vector doesn't say.
var half = decimal.NewFromInt(50)

// epoch is the start of a coupon that names none.
var epoch = time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)

// build makes our coupon of a vector's. The error is only for what can't be
// written down; whether it makes sense is for Validate.
func (s couponSpec) build(u units, code string) (coupon.Coupon, error) {
	c := coupon.Coupon{Code: coupon.Code(code), Combinable: true, Inactive: s.Disabled, Zone: s.Timezone}
	if canonical, err := coupon.ParseCode(code); err == nil {
		c.Code = canonical
	}
	if c.Zone == "" {
		c.Zone = "UTC"
	}
	c.KeepUseOnCancel = s.ReusableAfterCancel != nil && !*s.ReusableAfterCancel
	if s.Audience.FirstOrderOnly {
		c.Audience = coupon.NewCustomers
	}
	currency, err := u.other(s.Currency)
	if err != nil {
		return c, err
	}
	money := func(d *decimal.Decimal) coupon.Money {
		if d == nil {
			return coupon.Money{}
		}
		return coupon.Money{Amount: *d, Currency: currency}
	}
	if s.Kind == "" && s.Value == nil { // what it gives doesn't matter to the vector
		s.Kind, s.Value = "percent", &half
	}
	if s.Value == nil {
		return c, fmt.Errorf("the coupon has no value")
	}
	switch s.Kind {
	case "percent":
		c.Discount = coupon.PercentOff(*s.Value)
	case "fixed":
		c.Discount = coupon.AmountOff(money(s.Value))
	case "fixed_per_unit":
		c.Discount = coupon.AmountOffPerUnit(money(s.Value))
	default:
		return c, fmt.Errorf("unknown kind %q", s.Kind)
	}
	c.Discount = c.Discount.UpTo(money(s.MaxDiscount))
	if !isZero(s.MinTotal) { // a minimum of nothing is none
		c.Restrictions.MinTotal = money(s.MinTotal)
	}
	c.Restrictions.MaxTotal = money(s.MaxTotal)
	c.Restrictions.MinUnits = s.MinQuantity
	if c.Restrictions.Occurrences, err = s.occurrences(); err != nil {
		return c, err
	}
	c.Restrictions.Matches = s.matches()
	if c.Start, c.End, err = s.validity(c.Zone); err != nil {
		return c, err
	}
	if c.Restrictions.Days, err = s.days(); err != nil {
		return c, err
	}
	if s.Hours != nil {
		window, err := s.Hours.window()
		if err != nil {
			return c, err
		}
		c.Restrictions.Hours = []coupon.Hours{window}
	}
	c.Restrictions.Limits, err = s.limits(money)
	return c, err
}

// occurrences is how many bookings of an agreement the coupon covers; 0 is all.
// Bookings that are not of an agreement don't mind.
func (s couponSpec) occurrences() (int64, error) {
	switch s.Duration {
	case "", "forever":
		return 0, nil
	case "once":
		return 1, nil
	case "repeating":
		if s.Occurrences == nil { // what is absent is not restricted
			return 0, nil
		}
		return *s.Occurrences, nil
	}
	return 0, fmt.Errorf("unknown duration %q", s.Duration)
}

func (s couponSpec) validity(zone string) (start, end time.Time, err error) {
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return start, end, err
	}
	day := func(text string, later int) (time.Time, error) {
		d, err := coupon.ParseDate(text)
		if err != nil {
			return time.Time{}, err
		}
		return coupon.StartOfDay(d.AddDays(later), zone)
	}
	switch {
	case s.StartsAt != nil:
		start = *s.StartsAt
	case s.StartsAtLocal != "":
		start, err = parseTime(s.StartsAtLocal, loc)
	case s.StartsOn != "":
		start, err = day(s.StartsOn, 0)
	default:
		start = epoch
	}
	if err != nil {
		return start, end, err
	}
	switch {
	case s.EndsAt != nil:
		end = *s.EndsAt
	case s.EndsAtLocal != "":
		end, err = parseTime(s.EndsAtLocal, loc)
	case s.EndsOn != "":
		end, err = day(s.EndsOn, 1) // the whole last day
	}
	return start, end, err
}

// parseTime reads an instant, or a wall-clock time of a location; a day is its
// midnight.
func parseTime(text string, loc *time.Location) (time.Time, error) {
	var err error
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", time.DateTime, time.DateOnly} {
		var t time.Time
		if t, err = time.ParseInLocation(layout, text, loc); err == nil {
			return t, nil
		}
	}
	return time.Time{}, err
}

var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// days are the weekdays allowed, without those that are not; nil is every day.
func (s couponSpec) days() ([]time.Weekday, error) {
	if s.Weekdays == nil && s.WeekdaysNot == nil {
		return nil, nil
	}
	for _, name := range slices.Concat(s.Weekdays, s.WeekdaysNot) {
		if !slices.Contains(weekdays, name) {
			return nil, fmt.Errorf("unknown weekday %q", name)
		}
	}
	days := []time.Weekday{}
	for d, name := range weekdays {
		if (s.Weekdays == nil || slices.Contains(s.Weekdays, name)) && !slices.Contains(s.WeekdaysNot, name) {
			days = append(days, time.Weekday(d))
		}
	}
	return days, nil
}

func (h hours) window() (w coupon.Hours, err error) {
	w.To = coupon.EndOfDay
	if h.From != "" {
		if w.From, err = coupon.ParseTimeOfDay(h.From); err != nil {
			return w, err
		}
	}
	if h.To != "" {
		w.To, err = coupon.ParseTimeOfDay(h.To)
	}
	return w, err
}

// The keys of the attributes that the host of a vector gives.
const (
	keyCategory  = "category"   // of a booking: those of all its lines
	keyChannel   = "channel"    // of a booking
	keyLocation  = "location"   // of a booking
	keyOrderType = "order-type" // of a booking
	keyOrder     = "order"      // of a booking: which it is, so that one alone may become ineligible
	keyItem      = "item"       // of a line: its product, its categories, and whether it is on sale
	keyPrice     = "price"      // of a line: the bounds of the coupons that its unit price meets
	keyGroup     = "group"      // of a customer
	keyCustomer  = "customer"   // of a customer: id and e-mail
	keyEmail     = "email"      // of a customer
	keyStaff     = "staff"      // of a customer

	onSale = "sale"
	yes    = "yes"
)

func product(p string) string  { return "product:" + p }
func category(c string) string { return "category:" + c }

func each(list []string, f func(string) string) []string {
	if list == nil {
		return nil
	}
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = f(s)
	}
	return out
}

// union keeps nil ("no rule") apart from empty.
func union(a, b []string) []string {
	if a == nil && b == nil {
		return nil
	}
	return append(append([]string{}, a...), b...)
}

func (s couponSpec) matches() []coupon.Match {
	var out []coupon.Match
	anyOf := func(on coupon.MatchOn, key string, values []string) {
		if values != nil {
			out = append(out, coupon.Match{On: on, Key: key, AnyOf: values})
		}
	}
	noneOf := func(on coupon.MatchOn, key string, values []string) {
		if values != nil {
			out = append(out, coupon.Match{On: on, Key: key, NoneOf: values})
		}
	}
	allOf := func(on coupon.MatchOn, key string, values []string) {
		if values != nil && len(values) == 0 {
			anyOf(on, key, values)
		}
		for _, v := range values {
			anyOf(on, key, []string{v})
		}
	}
	a := s.AppliesTo
	anyOf(coupon.OnLine, keyItem, union(each(a.IncludeProducts, product), each(a.IncludeCategories, category)))
	noneOf(coupon.OnLine, keyItem, union(each(a.ExcludeProducts, product), each(a.ExcludeCategories, category)))
	if a.ExcludeSaleItems {
		noneOf(coupon.OnLine, keyItem, []string{onSale})
	}
	for _, bound := range a.priceBounds() {
		anyOf(coupon.OnLine, keyPrice, []string{bound.name})
	}
	anyOf(coupon.OnBooking, keyCategory, s.RequiresAnyCategory)
	allOf(coupon.OnBooking, keyCategory, s.RequiresAllCategories)
	noneOf(coupon.OnBooking, keyCategory, s.ExcludesAnyCategory)
	anyOf(coupon.OnBooking, keyChannel, s.Channels)
	anyOf(coupon.OnBooking, keyLocation, s.Locations)
	anyOf(coupon.OnBooking, keyOrderType, s.OrderTypes)
	anyOf(coupon.OnCustomer, keyEmail, each(s.CustomerEmails, coupon.CustomerKey))
	anyOf(coupon.OnCustomer, keyCustomer, each(s.Audience.Customers, coupon.CustomerKey))
	anyOf(coupon.OnCustomer, keyGroup, s.Audience.GroupsAny)
	allOf(coupon.OnCustomer, keyGroup, s.Audience.GroupsAll)
	if s.Audience.StaffOnly {
		anyOf(coupon.OnCustomer, keyStaff, []string{yes})
	}
	return out
}

// priceBound is a bound of the unit price. The host says which of the bounds a
// line meets: coupons look at values, not at ranges.
type priceBound struct {
	name string
	met  func(decimal.Decimal) bool
}

func (a appliesTo) priceBounds() (out []priceBound) {
	if least := a.MinUnitPrice; least != nil {
		out = append(out, priceBound{"at least " + least.String(), least.LessThanOrEqual})
	}
	if most := a.MaxUnitPrice; most != nil {
		out = append(out, priceBound{"at most " + most.String(), most.GreaterThanOrEqual})
	}
	return out
}

func (s couponSpec) limits(money func(*decimal.Decimal) coupon.Money) ([]coupon.Limit, error) {
	var out []coupon.Limit
	uses := s.UsageLimit
	if b := s.Budget; b != nil {
		switch b.Type {
		case "usage": // as many uses; the lower of the two counts
			if n := b.Limit.IntPart(); uses == nil || n < *uses {
				uses = &n
			}
		case "spend":
			out = append(out, coupon.Limit{Of: coupon.DiscountGiven, Per: coupon.PerCoupon, Budget: money(&b.Limit)})
		default:
			return nil, fmt.Errorf("unknown budget type %q", b.Type)
		}
	}
	one := int64(1)
	for _, l := range []struct {
		per coupon.LimitPer
		max *int64
	}{{coupon.PerCoupon, uses}, {coupon.PerCustomer, s.UsageLimitPerCustomer}, {coupon.PerCode, map[bool]*int64{true: &one}[s.SingleUseCode]}} {
		if l.max != nil {
			out = append(out, coupon.Limit{Of: coupon.Uses, Per: l.per, Max: *l.max})
		}
	}
	return out, nil
}
