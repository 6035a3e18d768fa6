package httpui

import (
	"cmp"

	"github.com/shopspring/decimal"

	"github.com/couponkit/coupon"
)

// figures are the summary in one currency.
type figures struct {
	Currency  string // empty if there is only one
	Headlines []headline
	Lost      []fact // what was cancelled and refunded
	Quiet     []fact
	Bookings  string // the URL of the bookings that make them
}

// headline is one of the three figures at the head.
type headline struct {
	Label  string
	Text   string
	URL    string // of the bookings that make it
	Name   string // of the link, to who can't see where it stands
	Change *changeView
}

// changeView is how a headline differs from what it is compared with.
type changeView struct {
	Mark   string // for the eye alone
	Text   string // "+12%"
	Spoken string // "12% more than 1 – 31 October 2026"
	Before string // "1,200 before"
	Tone   string // of its colour: "good", "bad" or empty
}

// summaryOf has one block per currency of the range and of what it is compared
// with, or a block of nothing.
func (w words) summaryOf(l links, c coupon.Coupon, rep report, now coupon.Summary, before *coupon.Summary, compared string) ([]figures, error) {
	var then []coupon.Figures
	if before != nil {
		then = before.Currencies
	}
	currencies := currenciesOf(now.Currencies, then)
	if len(currencies) == 0 {
		currencies = []string{currencyOf(c)}
	}
	out := make([]figures, len(currencies))
	for i, code := range currencies {
		f := now.In(code)
		x := &out[i]
		state := bookingsState{reportState: rep.reportState}
		if len(currencies) > 1 {
			state.Currency, x.Currency = code, code
		}
		x.Bookings = l.bookings(c.ID, state)
		x.Headlines = []headline{
			{Label: w.t("summary.bookings"), Text: w.Count(f.Bookings)},
			{Label: w.t("summary.revenue"), Text: w.Money(f.Revenue)},
			{Label: w.t("summary.discounts"), Text: w.Money(f.Discounts)},
		}
		for k, m := range []metric{redemptions, revenue, discounts} {
			h := &x.Headlines[k]
			h.URL, h.Name = x.Bookings, w.t("summary.view", "label", h.Label, "value", h.Text)
			if before == nil {
				continue
			}
			b := before.In(code)
			measured := measure{metric: m, currency: code}
			n, err := measured.of([]coupon.Figures{f})
			if err != nil {
				return nil, err
			}
			was, err := measured.of([]coupon.Figures{b})
			if err != nil {
				return nil, err
			}
			h.Change = w.changed(measured, n, was, compared)
		}
		w.quiet(x, l, c, state, f)
	}
	return out, nil
}

// changed writes a change. More bookings and revenue are good; more discounts are
// neither good nor bad.
func (w words) changed(m measure, now, before int64, then string) *changeView {
	x := differenceOf(now, before)
	v := &changeView{Mark: changeMarks[x.Kind], Text: w.t("summary.change."+x.Kind, "percent", w.percent(x.Percent)),
		Spoken: w.t("summary.spoken."+x.Kind, "percent", w.percent(x.Percent), "then", then),
		Before: w.t("summary.before", "value", w.value(m, before))}
	switch {
	case m.metric == discounts:
	case x.Kind == "more", x.Kind == "new":
		v.Tone = "good"
	case x.Kind == "less":
		v.Tone = "bad"
	}
	return v
}

var changeMarks = map[string]string{"more": "▲", "less": "▼", "new": "▲", "same": "="}

// quiet is what stands below the headlines: a line of what fell through, and one
// of what the bookings were like.
func (w words) quiet(x *figures, l links, c coupon.Coupon, state bookingsState, f coupon.Figures) {
	to := func(edit func(*bookingsState)) string {
		s := state
		edit(&s)
		return l.bookings(c.ID, s)
	}
	cancelled := fact{Label: w.t("summary.cancelled"), Text: w.t("summary.none")}
	if f.Cancelled > 0 {
		cancelled.Text = w.t("summary.count", "n", f.Cancelled)
		cancelled.More = w.t("summary.cancelled-more", "amount", w.Money(f.CancelledSubtotal))
		cancelled.URL = to(func(s *bookingsState) { s.Filter = filterCancelled })
	}
	refunded := fact{Label: w.t("summary.refunded"), Text: w.t("summary.nothing")}
	if f.Refunds.Amount.IsPositive() {
		refunded.Text, refunded.More = w.Money(f.Refunds), w.t("summary.refunded-more", "amount", w.Money(f.RevenueAfterRefunds))
		refunded.URL = to(func(s *bookingsState) { s.Filter = filterRefunded })
	}
	x.Lost = []fact{cancelled, refunded}
	if f.OtherDiscounts.Amount.IsPositive() {
		x.Lost = append(x.Lost, fact{Label: w.t("summary.others"), Text: w.Money(f.OtherDiscounts), More: w.t("summary.others-more"), URL: x.Bookings})
	}
	if f.Bookings == 0 {
		return
	}
	customers := fact{Label: w.t("summary.new-customers"), Text: w.t("summary.unknown")}
	if f.CustomersKnown > 0 {
		customers.Text = w.t("summary.new-of", "n", f.CustomersKnown, "new", w.Count(f.NewCustomers))
		if n := f.Bookings - f.CustomersKnown; n > 0 {
			customers.More = w.t("summary.new-unknown", "n", w.Count(n))
		}
		if f.NewCustomers > 0 {
			customers.URL = to(func(s *bookingsState) { s.Customers = onlyNew })
		}
	}
	average := coupon.Money{Currency: f.Currency,
		Amount: f.Revenue.Amount.DivRound(decimal.NewFromInt(f.Bookings), -f.Revenue.Amount.Exponent())}
	margin := fact{Label: w.t("summary.margin"), Text: w.t("summary.unknown"), More: w.t("summary.no-cost")}
	if f.CostKnown > 0 {
		margin.Text, margin.More = w.Money(f.Margin), w.t("summary.margin-more")
		if f.CostKnown < f.Bookings {
			margin.More = w.t("summary.margin-part", "n", f.CostKnown)
		}
		margin.URL = to(func(s *bookingsState) { s.Cost = costKnown })
	}
	x.Quiet = []fact{customers, {Label: w.t("summary.average"), Text: w.Money(average), More: w.t("summary.average-more"), URL: x.Bookings}, margin}
}

// currencyOf guesses the currency of a coupon without bookings, from its own
// amounts; "" if it has none.
func currencyOf(c coupon.Coupon) string {
	r := c.Restrictions
	code := cmp.Or(c.Discount.Amount.Currency, c.Discount.Cap.Currency, r.MinTotal.Currency, r.MaxTotal.Currency)
	for _, l := range r.Limits {
		code = cmp.Or(code, l.Budget.Currency)
	}
	return code
}
