package httpui

import (
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/couponkit/coupon"
)

// previewView is the coupon of a form in words, and what it gives.
type previewView struct {
	Action  string // of the button that asks for it
	Missing []formError
	Says    []statement
	Warning []string
	Samples []sampleView
	Note    string // of the samples

	samples []sample
}

// sampleView is what a coupon would do to a booking of some total.
type sampleView struct {
	Total    string
	Units    string // empty where it is one
	Discount string
	Left     string   // to pay
	Refused  []string // why it gives nothing
}

// sample is the same in types.
type sample struct {
	total    coupon.Money
	units    int64
	offer    coupon.Offer
	currency string
}

// previewData is the preview as JSON.
type previewData struct {
	Missing []string           `json:"missing,omitempty"` // what is wrong with the form, for a person
	Samples []coupon.Offer     `json:"samples,omitempty"`
	Says    []previewStatement `json:"says,omitempty"`
}

type previewStatement struct {
	Label string `json:"label"`
	Text  string `json:"text"`
}

func (v previewView) data() previewData {
	var d previewData
	for _, m := range v.Missing {
		d.Missing = append(d.Missing, m.Label+": "+m.Text)
	}
	for _, s := range v.samples {
		d.Samples = append(d.Samples, s.offer)
	}
	for _, r := range v.Says {
		d.Says = append(d.Says, previewStatement{r.Label, r.Text})
	}
	return d
}

func (f *form) previewView() (previewView, error) {
	used, err := f.used()
	if err != nil {
		return previewView{}, err
	}
	return f.previewOf(used)
}

// previewCode stands for a code that is still missing.
const previewCode = "PREVIEW"

// previewOf says what the draft means. A code need not be there yet.
func (f *form) previewOf(used []coupon.LimitUse) (previewView, error) {
	w := f.q.words
	_, action, _ := f.target()
	v := previewView{Action: action}
	d := f.d
	c, wrong := w.read(d, f.was, f.base)
	if text := wrong["code"]; text != "" {
		delete(wrong, "code")
		c.Code = previewCode
	}
	if len(wrong) > 0 || c.Validate() != nil {
		v.Missing = w.listed(wrong)
		return v, nil
	}
	c.Inactive, c.ArchivedAt = false, time.Time{}
	for _, x := range slices.Concat(w.about(c), w.restrictions(c, limitsWith(c, used))) {
		if x.Key != codeLabel && x.Key != "coupon.labels.name" {
			v.Says = append(v.Says, x)
		}
	}
	for _, l := range limitsWith(c, used) {
		if over := usedBeyond(l); over {
			v.Warning = append(v.Warning, w.t("form.preview.below-used", "limit", w.limit(l.Limit), "used", w.usedAmount(l)))
		}
	}
	var err error
	if v.samples, err = samplesOf(c, d.Fields["currency"]); err != nil {
		return v, err
	}
	v.Note = w.t("form.preview.note")
	for _, s := range v.samples {
		v.Samples = append(v.Samples, w.sample(s))
	}
	return v, nil
}

// limitsWith are the limits with what is used of them now.
func limitsWith(c coupon.Coupon, used []coupon.LimitUse) []coupon.LimitUse {
	var out []coupon.LimitUse
	for _, l := range c.Restrictions.Limits {
		u, counted := usedOf(used, l)
		u.Limit, u.Counted = l, counted
		u.Reached = counted && !below(u, 0)
		out = append(out, u)
	}
	return out
}

// below reports whether less than the limit is used, and that by more than so
// much.
func below(u coupon.LimitUse, by int64) bool {
	if u.Limit.Of != coupon.DiscountGiven {
		return u.Used < u.Limit.Max-by
	}
	spent, _ := u.Spent.Minor()
	most, _ := u.Limit.Budget.Minor()
	return spent < most-by
}

// usedBeyond reports whether more is used than the limit admits.
func usedBeyond(u coupon.LimitUse) bool { return u.Counted && !below(u, -1) }

// sample says in words what became of a sample.
func (w words) sample(s sample) sampleView {
	v := sampleView{Total: w.amount(s.total)}
	if s.units > 1 {
		v.Units = w.t("form.preview.units", "n", s.units)
	}
	if len(s.offer.Refusals) > 0 {
		for _, r := range s.offer.Refusals {
			v.Refused = append(v.Refused, w.refused(r))
		}
		v.Refused = slices.Compact(v.Refused)
		return v
	}
	v.Discount = w.amount(s.offer.Discount)
	if left, err := s.total.Sub(s.offer.Discount); err == nil {
		v.Left = w.amount(left)
	}
	return v
}

// refused says why a sample is refused.
func (w words) refused(r coupon.Refusal) string {
	key := "form.refused." + string(r.Reason)
	switch r.Reason {
	case coupon.BelowMinimum, coupon.AboveMaximum:
		return w.t(key, "amount", w.amount(r.Required.Money))
	case coupon.LimitReached:
		if r.Limit != nil {
			return w.t(key, "limit", w.limit(*r.Limit))
		}
	}
	if text := w.t(key); text != key {
		return text
	}
	return w.t("form.refused.unnamed", "reason", r.String())
}

// mostSamples is how many bookings are tried.
const mostSamples = 7

// samplesOf tries the coupon on bookings that meet all its rules but those on the
// total, by Check itself. typed is the currency where the coupon has none.
func samplesOf(c coupon.Coupon, typed string) ([]sample, error) {
	code := currencyOf(c)
	if code == "" {
		code = typed
	}
	if _, err := coupon.MoneyFromMinor(0, code); err != nil {
		code = "USD"
	}
	b := meeting(c, code)
	b.MadeAt, b.Service = c.Start, coupon.ServiceTime(c.Start)
	units := max(1, c.Restrictions.MinUnits)
	if c.Discount.Kind == coupon.AmountPerUnit && units < 2 {
		units = 2
	}
	first := true
	var out []sample
	for _, total := range sampleTotals(c, code) {
		b.Lines = linesOf(total, units, code, b.Lines[0].Attributes)
		if first {
			if err := intoHours(c, &b); err != nil {
				return nil, err
			}
			first = false
		}
		offer, err := c.Check(b, nil)
		if err != nil {
			return nil, err
		}
		out = append(out, sample{total: offer.Subtotal, units: units, offer: offer, currency: code})
	}
	return out, nil
}

// sampleTotals are round sums, and those at which the coupon begins to behave
// otherwise, in minor units.
func sampleTotals(c coupon.Coupon, code string) []int64 {
	one, _ := coupon.MoneyFromMinor(1, code)
	unit := decimal.NewFromInt(1)
	if one.Amount.Equal(unit) { // a currency without cents counts in hundreds
		unit = decimal.NewFromInt(100)
	}
	whole, _ := coupon.Money{Amount: unit, Currency: code}.Minor()
	minor := func(m coupon.Money) int64 { n, _ := m.Minor(); return n }
	var edges []int64
	add := func(totals ...int64) {
		for _, n := range totals {
			if n > 0 {
				edges = append(edges, n)
			}
		}
	}
	r := c.Restrictions
	if least := minor(r.MinTotal); least > 0 {
		add(least-1, least)
	}
	if most := minor(r.MaxTotal); most > 0 {
		add(most, most+1)
	}
	if most := minor(c.Discount.Cap); most > 0 {
		// The first total of which the percentage is more than the cap.
		reached := decimal.NewFromInt(most).Mul(decimal.NewFromInt(100)).DivRound(c.Discount.Percent, 0)
		add(reached.IntPart() + 1)
	}
	if n := minor(c.Discount.Amount); n > 0 && c.Discount.Kind == coupon.FixedAmount {
		add(n, 2*n)
	}
	for _, n := range []int64{50 * whole, 100 * whole, 250 * whole, 25 * whole, 10 * whole} {
		if most := minor(r.MaxTotal); n > minor(r.MinTotal) && (most == 0 || n < most) {
			edges = append(edges, n)
		}
	}
	var out []int64
	for _, n := range edges {
		if len(out) < mostSamples && n < limitOfMinor(whole) && !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out
}

// limitOfMinor is what no total reaches.
func limitOfMinor(whole int64) int64 { return whole * 1_000_000_000 }

// linesOf is a total in minor units on so many units of what is sold: all cost the
// same, and the last one what is left.
func linesOf(total, units int64, code string, attributes coupon.Attributes) []coupon.Line {
	each := total / units
	line := func(price, quantity int64) coupon.Line {
		m, _ := coupon.MoneyFromMinor(price, code) // a currency that was looked up
		return coupon.Line{Price: m.Amount, Quantity: quantity, Attributes: attributes}
	}
	var out []coupon.Line
	for rest := units - 1; rest > 0 && len(out) < coupon.MaxLines-1; {
		n := min(rest, coupon.MaxQuantity)
		out = append(out, line(each, n))
		rest -= n
	}
	return append(out, line(total-each*(units-1), 1))
}

// meeting is a booking that meets what a coupon asks of type, customer and
// attributes, as far as that can be met.
func meeting(c coupon.Coupon, code string) coupon.Booking {
	r := c.Restrictions
	b := coupon.Booking{ID: "sample", Currency: code, Customer: coupon.Customer{Key: "sample"}, Type: r.BookingType}
	earlier := 0
	if c.Audience == coupon.ExistingCustomers {
		earlier = 1
	}
	b.Customer.EarlierBookings = &earlier
	if b.Type == coupon.Recurring {
		b.Series, b.Occurrence = "sample", 1
		if len(r.Frequencies) > 0 {
			b.Frequency = r.Frequencies[0]
		}
	}
	on := map[coupon.MatchOn]coupon.Attributes{coupon.OnBooking: {}, coupon.OnCustomer: {}, coupon.OnLine: {}}
	for _, m := range r.Matches {
		refused := func(v string) bool {
			return slices.ContainsFunc(r.Matches, func(o coupon.Match) bool {
				return o.On == m.On && o.Key == m.Key && slices.Contains(o.NoneOf, v)
			})
		}
		for _, v := range m.AnyOf {
			if have := on[m.On]; have != nil && !refused(v) {
				if !slices.Contains(have[m.Key], v) {
					have[m.Key] = append(have[m.Key], v)
				}
				break
			}
		}
	}
	b.Attributes, b.Customer.Attributes = on[coupon.OnBooking], on[coupon.OnCustomer]
	b.Lines = []coupon.Line{{Attributes: on[coupon.OnLine]}}
	return b
}

// searched is how many days are looked at for one on which the coupon serves.
const searched = 8

// intoHours moves a booking to the first day and hour that the coupon serves; it
// stays at the start if there is none in a week.
func intoHours(c coupon.Coupon, b *coupon.Booking) error {
	loc := zoneOf(c)
	day := coupon.DateOf(c.Start.In(loc))
	tries := []time.Time{c.Start}
	for i := range searched {
		d := day.AddDays(i)
		hours := []coupon.TimeOfDay{12 * 3600}
		for _, h := range c.Restrictions.Hours {
			hours = append(hours, h.From, max(0, h.To-60))
		}
		for _, h := range hours {
			tries = append(tries, time.Date(d.Year, d.Month, d.Day, 0, 0, int(h), 0, loc))
		}
	}
	for _, t := range tries {
		b.MadeAt, b.Service = t, coupon.ServiceTime(t)
		offer, err := c.Check(*b, nil)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(offer.Refusals, func(r coupon.Refusal) bool { return slices.Contains(ofTime, r.Reason) }) {
			return nil
		}
	}
	b.MadeAt, b.Service = c.Start, coupon.ServiceTime(c.Start)
	return nil
}

// ofTime are the refusals that another day or hour may mend.
var ofTime = []coupon.Reason{coupon.NotStarted, coupon.HasEnded, coupon.WrongDay, coupon.WrongHour}
