package httpui

import (
	"cmp"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/couponkit/coupon"
)

// measure is what the chart draws of each bucket: a count, or an amount in minor
// units.
type measure struct {
	metric   metric
	currency string // of an amount; empty if no currency is known
	several  bool   // currencies are to choose from: it is said which one
}

// of is its value for one bucket, or a range.
func (m measure) of(all []coupon.Figures) (int64, error) {
	n := int64(0)
	for _, f := range all {
		switch {
		case m.metric == redemptions:
			n += f.Bookings
		case f.Currency != m.currency:
		case m.metric == revenue:
			return f.Revenue.Minor()
		default:
			return f.Discounts.Minor()
		}
	}
	return n, nil
}

// measure is the one that is asked for, and the currencies to choose from for
// amounts: those of the range and of what it is compared with. By default it is the
// one with most bookings in the range, and of those with as many the one with most
// before.
func (rep report) measure(c coupon.Coupon, now, then []coupon.Figures) (m measure, currencies []string) {
	m = measure{metric: rep.Metric}
	if m.metric == redemptions {
		return m, nil
	}
	currencies = currenciesOf(now, then)
	m.currency = rep.Currency
	switch {
	case m.currency == "" && len(currencies) == 0:
		m.currency = currencyOf(c)
	case m.currency == "":
		m.currency = slices.MaxFunc(currencies, func(x, y string) int {
			return cmp.Or(cmp.Compare(bookingsIn(now, x), bookingsIn(now, y)), cmp.Compare(bookingsIn(then, x), bookingsIn(then, y)))
		})
	case !slices.Contains(currencies, m.currency):
		currencies = append(currencies, m.currency)
	}
	m.several = len(currencies) > 1
	return m, currencies
}

func bookingsIn(all []coupon.Figures, currency string) (n int64) {
	for _, f := range all {
		if f.Currency == currency {
			n += f.Bookings
		}
	}
	return n
}

// value writes a value as a table or a headline has it.
func (w words) value(m measure, n int64) string {
	if m.metric == redemptions {
		return w.Count(n)
	}
	return w.Money(m.money(n))
}

// tick writes a value beside the axis, short.
func (w words) tick(m measure, n int64) string {
	if m.metric == redemptions {
		return w.Count(n)
	}
	return w.amount(m.money(n))
}

// saying writes values in sentences: "12 redemptions", "$1,200.00". Most of a
// chart's values are the same few, and each is written once.
func (w words) saying(m measure) func(int64) string {
	written := map[int64]string{}
	return func(n int64) string {
		s, ok := written[n]
		switch {
		case ok:
			return s
		case m.metric == redemptions:
			s = w.t("chart.redemptions", "n", n)
		default:
			s = w.Money(m.money(n))
		}
		written[n] = s
		return s
	}
}

func (m measure) money(minor int64) coupon.Money {
	x, err := coupon.MoneyFromMinor(minor, m.currency)
	if err != nil { // no currency is known: nothing was booked
		return coupon.Money{}
	}
	return x
}

// difference is how a value differs from the one it is compared with.
type difference struct {
	Kind    string // "more", "less", "same" or "new": there was nothing before
	Percent decimal.Decimal
}

// differenceOf compares two values that are not negative. The percentage has a decimal
// below ten, and none above; what differs at all is never nothing.
func differenceOf(now, before int64) difference {
	diff := decimal.NewFromInt(now).Sub(decimal.NewFromInt(before))
	switch {
	case diff.IsZero():
		return difference{Kind: "same"}
	case before == 0:
		return difference{Kind: "new"}
	}
	c := difference{Kind: "more"}
	if diff.IsNegative() {
		c.Kind = "less"
	}
	part, whole := diff.Abs().Mul(decimal.NewFromInt(100)), decimal.NewFromInt(before)
	if part.LessThan(whole.Mul(decimal.NewFromInt(10))) {
		c.Percent = decimal.Max(part.DivRound(whole, 1), decimal.New(1, -1))
	} else {
		c.Percent = part.DivRound(whole, 0)
	}
	return c
}
