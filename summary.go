package coupon

import (
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"
)

// Range is the half-open range [From, To) of bookings, by one of their clocks. A
// zero From or To is open.
type Range struct {
	From  time.Time `json:"from,omitzero"`   // inclusive
	To    time.Time `json:"to,omitzero"`     // exclusive
	Clock Clock     `json:"clock,omitempty"` // default MadeAt
}

// normal checks the range and writes out its defaults.
func (r Range) normal() (Range, error) {
	var p problems
	if r.Clock == "" {
		r.Clock = MadeAt
	}
	if r.Clock != MadeAt && r.Clock != ServiceAt {
		p.add("range.clock", string(r.Clock), `must be "made-at" or "service-date"`)
	}
	r.From, r.To = instant(r.From), instant(r.To)
	if !r.From.IsZero() && !r.To.IsZero() && r.To.Before(r.From) {
		p.add("range.to", r.To.Format(time.RFC3339), "must not be before range.from, "+r.From.Format(time.RFC3339))
	}
	checkInstant(&p, "range.from", r.From)
	checkInstant(&p, "range.to", r.To)
	return r, p.err()
}

// holds says whether the redemption is in the range by its clock. Without a
// service date it is in no range of that clock.
func (r Range) holds(x Redemption) bool {
	t := x.MadeAt
	if r.Clock == ServiceAt {
		t = x.ServiceAt
		if t.IsZero() {
			return false
		}
	}
	return !t.Before(r.From) && (r.To.IsZero() || t.Before(r.To))
}

// Figures are what a coupon did, in one currency. Every figure stands on the
// booking's own day: a booking of January that is cancelled in February leaves
// January. Cancelled bookings are in none of the figures but the cancelled ones.
type Figures struct {
	Currency string `json:"currency"` // of all its amounts

	Bookings       int64 `json:"bookings"`        // redeemed and not cancelled
	Subtotal       Money `json:"subtotal"`        // before any discount
	Eligible       Money `json:"eligible"`        // the part the coupon applies to
	Discounts      Money `json:"discounts"`       // given by this coupon
	OtherDiscounts Money `json:"other_discounts"` // given by other coupons on the same bookings
	Revenue        Money `json:"revenue"`         // Subtotal − Discounts − OtherDiscounts

	Refunds             Money `json:"refunds"`               // given back on the counted bookings
	RevenueAfterRefunds Money `json:"revenue_after_refunds"` // Revenue − Refunds

	Cancelled          int64 `json:"cancelled"`           // bookings
	CancelledSubtotal  Money `json:"cancelled_subtotal"`  // before any discount
	CancelledDiscounts Money `json:"cancelled_discounts"` // that this coupon would have given

	// NewCustomers had no earlier booking, of those of whom it is known.
	NewCustomers   int64 `json:"new_customers"`
	CustomersKnown int64 `json:"customers_known"` // bookings

	// Cost and Margin are over the CostKnown bookings whose cost is known, before
	// refunds. Unknown is not zero.
	CostKnown int64 `json:"cost_known"` // bookings
	Cost      Money `json:"cost"`       // of those bookings
	Margin    Money `json:"margin"`     // revenue of those bookings − Cost
}

// Summary is how a coupon performed in a range: one Figures per currency, in the
// order of the currencies. None if there was no redemption.
type Summary struct {
	Coupon     ID        `json:"coupon"`     // whose it is
	Range      Range     `json:"range"`      // with its defaults written out
	Currencies []Figures `json:"currencies"` // never nil
	// Unscheduled counts bookings made in the range that have no service date,
	// if that is the clock: they stand in no figure.
	Unscheduled int64 `json:"unscheduled,omitempty"`
}

// In gives the figures of a currency, all zero if there are none.
func (s Summary) In(currency string) Figures {
	for _, f := range s.Currencies {
		if f.Currency == currency {
			return f
		}
	}
	return Sums{Currency: currency}.figures()
}

// Point is one bucket of a timeline.
type Point struct {
	// [Start, End) is the bucket, cut to the range at both ends.
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
	// Currencies are as in Summary; none if nothing happened in the bucket.
	Currencies []Figures `json:"currencies,omitempty"`
}

// In gives the figures of a currency, all zero if there are none.
func (p Point) In(currency string) Figures { return Summary{Currencies: p.Currencies}.In(currency) }

// MaxPoints is how many points a timeline may have.
const MaxPoints = 50_000

// SummaryOption narrows what summaries and timelines add up.
type SummaryOption func(*SumQuery) error

// OfCode adds up only what was redeemed with a code, in any spelling, as
// RedemptionFilter.Code lists it.
func OfCode(code string) SummaryOption {
	return func(q *SumQuery) (err error) {
		q.Code, err = ParseCode(code)
		return err
	}
}

// bounds are where the buckets of a range begin and end. An empty range has
// none.
func (i Interval) bounds(r Range, zone string) ([]time.Time, error) {
	loc, err := location(zone)
	if err != nil {
		return nil, err
	}
	switch {
	case !i.valid():
		return nil, invalid("interval", string(i), "must be hour, day, week, week-sunday, month, quarter or year")
	case r.From.IsZero() || r.To.IsZero():
		return nil, invalid("range", "", "must have both From and To for a timeline")
	case !r.From.Before(r.To):
		return nil, nil
	}
	var out []time.Time
	for t := r.From; t.Before(r.To); t = i.Next(t, loc) {
		if len(out) == MaxPoints {
			return nil, invalid("interval", string(i), fmt.Sprintf("gives more than %d points: take a wider interval or a shorter range", MaxPoints))
		}
		out = append(out, t.UTC())
	}
	return append(out, r.To), nil
}

// Sums are the figures of one currency as integers: counts, and amounts in minor
// units. The zero value is no bookings.
type Sums struct {
	// As the fields of Figures; amounts in minor units of Currency.
	Currency          string
	Bookings          int64
	Subtotal          int64
	Eligible          int64
	Discounts         int64
	OtherDiscounts    int64
	Refunds           int64
	Cancelled         int64
	CancelledSubtotal int64
	CancelledDiscount int64
	NewCustomers      int64
	CustomersKnown    int64
	CostKnown         int64
	Cost              int64
	CostedRevenue     int64 // revenue of the bookings whose cost is known
}

// Add counts one redemption; one that is only reserved, and uses from before,
// count nothing. It is what "the sum of the redemptions" means; a
// store that sums elsewhere must agree with it. Sums past an int64 wrap
// [ErrOverflow].
func (s *Sums) Add(r Redemption) error {
	if !r.State.Counts() {
		return nil
	}
	if c := r.Subtotal.Currency; c != s.Currency {
		return &CurrencyError{A: Money{Currency: s.Currency}, B: r.Subtotal}
	}
	var amounts [6]int64
	for i, m := range []Money{r.Subtotal, r.Eligible, r.Discount, r.OtherDiscounts, r.Refund, valueOf(r.Cost)} {
		n, err := m.Minor()
		if err != nil {
			return err
		}
		amounts[i] = n
	}
	subtotal, eligible, discount, other, refund, cost := amounts[0], amounts[1], amounts[2], amounts[3], amounts[4], amounts[5]
	ok := true
	add := func(to *int64, n int64) {
		sum, fits := addMinor(*to, n)
		*to, ok = sum, ok && fits
	}
	if r.State == Cancelled {
		add(&s.Cancelled, 1)
		add(&s.CancelledSubtotal, subtotal)
		add(&s.CancelledDiscount, discount)
	} else {
		add(&s.Bookings, 1)
		add(&s.Subtotal, subtotal)
		add(&s.Eligible, eligible)
		add(&s.Discounts, discount)
		add(&s.OtherDiscounts, other)
		add(&s.Refunds, refund)
		if r.NewCustomer != nil {
			add(&s.CustomersKnown, 1)
			if *r.NewCustomer {
				add(&s.NewCustomers, 1)
			}
		}
		if r.Cost != nil {
			add(&s.CostKnown, 1)
			add(&s.Cost, cost)
			add(&s.CostedRevenue, subtotal-discount-other)
		}
	}
	if !ok {
		return fmt.Errorf("%w: bookings in %s", ErrOverflow, s.Currency)
	}
	return nil
}

// Fold sums redemptions, per currency in the order of the currencies: what a
// summary is of the redemptions that [Service.Redemptions] lists. It gives the
// first error of the sequence.
func Fold(redemptions iter.Seq2[Redemption, error]) ([]Figures, error) {
	per := map[string]*Sums{}
	for r, err := range redemptions {
		if err != nil {
			return nil, err
		}
		if !r.State.Counts() {
			continue
		}
		c := r.Subtotal.Currency
		if per[c] == nil {
			per[c] = &Sums{Currency: c}
		}
		if err := per[c].Add(r); err != nil {
			return nil, err
		}
	}
	out := make([]Figures, 0, len(per))
	for _, s := range per {
		out = append(out, s.figures())
	}
	slices.SortFunc(out, func(a, b Figures) int { return strings.Compare(a.Currency, b.Currency) })
	return out, nil
}

func (s Sums) figures() Figures {
	m := func(n int64) Money { return fromMinor(n, s.Currency) }
	revenue := s.Subtotal - s.Discounts - s.OtherDiscounts
	return Figures{
		Currency:            s.Currency,
		Bookings:            s.Bookings,
		Subtotal:            m(s.Subtotal),
		Eligible:            m(s.Eligible),
		Discounts:           m(s.Discounts),
		OtherDiscounts:      m(s.OtherDiscounts),
		Revenue:             m(revenue),
		Refunds:             m(s.Refunds),
		RevenueAfterRefunds: m(revenue - s.Refunds),
		Cancelled:           s.Cancelled,
		CancelledSubtotal:   m(s.CancelledSubtotal),
		CancelledDiscounts:  m(s.CancelledDiscount),
		NewCustomers:        s.NewCustomers,
		CustomersKnown:      s.CustomersKnown,
		CostKnown:           s.CostKnown,
		Cost:                m(s.Cost),
		Margin:              m(s.CostedRevenue - s.Cost),
	}
}

func valueOf(m *Money) Money {
	if m == nil {
		return Money{}
	}
	return *m
}
