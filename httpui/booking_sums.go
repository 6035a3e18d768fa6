package httpui

import (
	"strconv"

	"github.com/couponkit/coupon"
)

// sumLine is a line of the amounts, as on a receipt.
type sumLine struct {
	Label, More, URL string
	State            coupon.State // how another coupon stands on the booking; empty for any other line
	StateName, Until string
	Text             string
	Kind             string // "total", "minus", "after" or empty
}

// sumLines are the amounts from the subtotal down to what is left, and beside them
// the other coupons that are not in that sum.
func (q *request) sumLines(p bookingPage) (sums, beside []sumLine) {
	w := q.words
	minus := func(m coupon.Money) string { m.Amount = m.Amount.Neg(); return w.Money(m) }
	sums = []sumLine{{Label: w.t("bookings.one.subtotal"), Text: w.Money(p.Subtotal), More: w.t("bookings.one.tax." + strconv.FormatBool(p.TaxIncluded))}}
	discount := sumLine{Label: w.t("bookings.one.discount"), Text: minus(p.Discount), Kind: "minus", More: w.discount(p.Terms)}
	if !p.Eligible.Equal(p.Subtotal) {
		discount.More = w.t("bookings.one.discount-on", "discount", w.discount(p.Terms), "amount", w.Money(p.Eligible))
	}
	sums = append(sums, discount)
	rest := p.OtherDiscounts
	for _, o := range p.others {
		x := q.otherLine(o, p.Booking)
		if !o.included {
			x.Text = w.Money(o.Discount)
			beside = append(beside, x)
			continue
		}
		x.Text, x.Kind = minus(o.Discount), "minus"
		sums = append(sums, x)
		rest.Amount = rest.Amount.Sub(o.Discount.Amount)
	}
	if !rest.Amount.IsZero() {
		label := w.t("bookings.one.other-discounts")
		if !redeemed(p.State) {
			label = w.t("bookings.one.other-discounts-then")
		}
		sums = append(sums, sumLine{Label: label, Text: minus(rest), Kind: "minus"})
	}
	sums = append(sums, sumLine{Label: w.t("bookings.one.revenue"), Text: w.Money(p.Revenue()), Kind: "total"})
	if p.Refund.Amount.IsPositive() {
		after := p.Revenue()
		after.Amount = after.Amount.Sub(p.Refund.Amount)
		sums = append(sums, sumLine{Label: w.t("bookings.one.given-back"), Text: minus(p.Refund), Kind: "minus"},
			sumLine{Label: w.t("bookings.one.left"), Text: w.Money(after), Kind: "total"})
	}
	if margin, ok := marginOf(p.Redemption); ok {
		sums = append(sums, sumLine{Label: w.t("bookings.one.cost"), Text: w.Money(*p.Cost), Kind: "after"},
			sumLine{Label: w.t("bookings.one.margin"), More: w.t("bookings.one.before-refunds"), Text: w.Money(margin), Kind: "after"})
	} else {
		sums = append(sums, sumLine{Label: w.t("bookings.one.cost"), Text: w.t("words.not-known"), Kind: "after"})
	}
	return sums, beside
}

// otherLine is another coupon and how it stands on the booking.
func (q *request) otherLine(o otherUse, booking string) sumLine {
	w := q.words
	x := sumLine{Label: w.t("bookings.another-coupon"), State: o.State, StateName: w.state(o.State)}
	if o.seen {
		x.Label, x.More, x.URL = w.name(o.c), string(o.Code), q.links.booking(o.c.ID, booking, bookingsState{})
	}
	if o.State == coupon.Reserved {
		x.Until = w.t("bookings.until", "time", w.instant(o.ExpiresAt, zoneOf(q.c)))
	}
	return x
}
