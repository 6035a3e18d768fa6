package storetest

import (
	"errors"
	"time"

	"github.com/couponkit/coupon"
)

var moneyCases = []testCase{
	{"large-amounts", "amounts of 12 digits before the point survive and add up to the last cent", largeAmounts},
	{"tenths", "0.1 and 0.2 are 0.3, a thousand times over", tenths},
	{"every-scale", "currencies of 0, 2, 3 and 4 decimals survive and add up, each in its own minor unit", everyScale},
	{"currencies-never-mix", "each currency has its own figures, in the order of the codes, and no amount in another", currenciesNeverMix},
	{"overflow-of-a-sum", "a sum past an int64 of minor units is ErrOverflow, never a wrong figure; shorter ranges are still right", overflowOfSum},
	{"overflow-of-a-budget", "what would take a counter past an int64 is a bad row of ErrOverflow, and the rest is exact", overflowOfBudget},
}

func largeAmounts(e *env) {
	c := e.coupon("C", func(c *coupon.Coupon) { c.Discount = coupon.PercentOff(usd("100").Amount).UpTo(usd("12345678901.67")) },
		limited(budget(usd("100000000000"), coupon.PerCoupon, coupon.Ever)))
	for i, price := range []string{"999999999999.99", "12345678901.67", "12345678901.68"} {
		b := booking(name("b", i), usd(price))
		b.Cost = new(usd(price).Amount)
		r := e.redeem(b, "C")
		if got := e.stored(c.ID, b.ID); !got.Subtotal.Equal(usd(price)) || !got.Discount.Equal(usd("12345678901.67")) || !got.Cost.Equal(usd(price)) {
			e.Errorf("a booking of %s: got %s", price, text(got))
		} else {
			e.same("as read back", got, r)
		}
	}
	e.refund("b0", "r", usd("987654321098.32"))
	f := e.summary(c.ID, coupon.Range{}).In("USD")
	for what, m := range map[string][2]coupon.Money{
		"subtotal": {f.Subtotal, minor(102469135780334, "USD")}, "discounts": {f.Discounts, usd("37037036705.01")}, "revenue": {f.Revenue, usd("987654321098.33")},
		"cost": {f.Cost, minor(102469135780334, "USD")}, "margin": {f.Margin, usd("-37037036705.01")}, "refunds": {f.Refunds, usd("987654321098.32")}, "after refunds": {f.RevenueAfterRefunds, usd("0.01")},
	} {
		if !m[0].Equal(m[1]) {
			e.Errorf("%s: got %s, want %s", what, m[0], m[1])
		}
	}

	d := e.coupon("D") // past what a float of 53 bits can tell apart
	row := past("D", "", start)
	row.Subtotal, row.Eligible, row.Discount = usd("999999999999.99").Amount, usd("999999999999.99").Amount, usd("999999999999.97").Amount
	var rows []coupon.PastRedemption
	for i := range 151 {
		row.Booking = name("d", i)
		rows = append(rows, row)
	}
	e.imports(rows...)
	if f := e.summary(d.ID, coupon.Range{}).In("USD"); !f.Subtotal.Equal(minor(151*99999999999999, "USD")) || !f.Discounts.Equal(minor(151*99999999999997, "USD")) || !f.Revenue.Equal(usd("3.02")) {
		e.Errorf("151 bookings of 999999999999.99: got %s", text(f))
	}
}

func tenths(e *env) {
	c := e.coupon("C")
	var rows []coupon.PastRedemption
	for i := range 1000 {
		row := past("C", name("b", i), start)
		row.Discount = usd([]string{"0.1", "0.2"}[i%2]).Amount
		row.Subtotal, row.Eligible = usd("0.3").Amount, usd("0.3").Amount
		row.OtherDiscounts = usd("0.07").Amount
		row.Cost = new(usd("0.01").Amount)
		rows = append(rows, row)
	}
	e.imports(rows...)
	f := e.summary(c.ID, coupon.Range{}).In("USD")
	if !f.Discounts.Equal(usd("150")) || !f.Subtotal.Equal(usd("300")) || !f.OtherDiscounts.Equal(usd("70")) || !f.Revenue.Equal(usd("80")) || !f.Margin.Equal(usd("70")) {
		e.Errorf("a thousand bookings of 0.30: got %s", text(f))
	}
}

func everyScale(e *env) {
	c := e.coupon("C")
	for currency, amounts := range map[string][3]string{ // the price, 10 % of it, three times the price less that
		"JPY": {"12345", "1235", "33330"}, "USD": {"123.45", "12.35", "333.30"}, "KWD": {"123.456", "12.346", "333.330"}, "CLF": {"1.2345", "0.1235", "3.3330"},
	} {
		price, discount := coupon.MustMoney(amounts[0], currency), coupon.MustMoney(amounts[1], currency)
		for i := range 3 {
			b := booking(name(currency, i), price)
			b.Cost = new(price.Amount)
			e.redeem(b, "C")
			if r := e.stored(c.ID, b.ID); !r.Subtotal.Equal(price) || !r.Discount.Equal(discount) || !r.Cost.Equal(price) || !r.Lines[0].Discount.Equal(discount) {
				e.Errorf("a booking of %s: got %s", price, text(r))
			}
		}
		if f := e.summary(c.ID, coupon.Range{}).In(currency); !f.Revenue.Equal(coupon.MustMoney(amounts[2], currency)) || f.Bookings != 3 {
			e.Errorf("three bookings of %s: got %s, want a revenue of %s", price, text(f), amounts[2])
		}
	}
}

func currenciesNeverMix(e *env) {
	c := e.coupon("C")
	for i, m := range []string{"USD", "JPY", "EUR", "USD", "EUR", "USD"} {
		b := booking(name("b", i), coupon.MustMoney("100", m))
		if i < 3 {
			b.Cost = new(coupon.MustMoney("40", m).Amount)
		}
		e.redeem(b, "C")
	}
	e.cancel("b3")
	e.refund("b4", "r", coupon.MustMoney("5", "EUR"))
	s := e.summary(c.ID, coupon.Range{})
	if len(s.Currencies) != 3 {
		e.Fatalf("figures of %d currencies, want 3: %s", len(s.Currencies), text(s))
	}
	for i, want := range []struct {
		currency                                   string
		bookings, cancelled                        int64
		subtotal, discounts, refunds, cost, margin string
	}{
		{"EUR", 2, 0, "200", "20", "5", "40", "50"},
		{"JPY", 1, 0, "100", "10", "0", "40", "50"},
		{"USD", 2, 1, "200", "20", "0", "40", "50"},
	} {
		f := s.Currencies[i]
		if f.Currency != want.currency || f.Bookings != want.bookings || f.Cancelled != want.cancelled {
			e.Errorf("figures %d: got %s, want %+v", i, text(f), want)
		}
		for _, m := range [][2]any{{f.Subtotal, want.subtotal}, {f.Discounts, want.discounts}, {f.Refunds, want.refunds}, {f.Cost, want.cost}, {f.Margin, want.margin}} {
			if got := m[0].(coupon.Money); !got.Equal(coupon.MustMoney(m[1].(string), want.currency)) {
				e.Errorf("%s: got %s, want %s in %s", want.currency, got, m[1], text(f))
			}
		}
	}
}

// vast rows are of the largest amount there is, so that 922 of them fit into an
// int64 of minor units and 923 do not.
const mostRows = 922

func vastRows(n int) (rows []coupon.PastRedemption) {
	vast := coupon.MustMoney("999999999999.9999", "CLF").Amount
	for i := range n {
		row := past("C", name("b", i), start.AddDate(0, 0, i%2))
		row.Currency, row.Subtotal, row.Eligible, row.Discount = "CLF", vast, vast, vast
		rows = append(rows, row)
	}
	return rows
}

func overflowOfSum(e *env) {
	c := e.coupon("C")
	rows := vastRows(mostRows + 1)
	e.imports(rows[:mostRows]...)
	all := coupon.Range{From: start, To: start.AddDate(0, 0, 2)}
	if f := e.summary(c.ID, all).In("CLF"); !f.Subtotal.Equal(minor(mostRows*9999999999999999, "CLF")) {
		e.Errorf("the largest sum: got %s", f.Subtotal)
	}
	e.imports(rows[mostRows:]...)
	_, err := e.svc.Summary(e.Context(), c.ID, all)
	e.is("Summary past the range of an int64", err, coupon.ErrOverflow)
	_, err = e.svc.Timeline(e.Context(), c.ID, all, coupon.Yearly, "UTC")
	e.is("Timeline past the range of an int64", err, coupon.ErrOverflow)
	points, err := e.svc.Timeline(e.Context(), c.ID, all, coupon.Daily, "UTC")
	if err != nil || len(points) != 3 {
		e.Fatalf("Timeline by day: %d points, error %v", len(points), err)
	}
	if a, b := points[0].In("CLF"), points[1].In("CLF"); a.Bookings != 462 || b.Bookings != 461 || !a.Discounts.Equal(minor(462*9999999999999999, "CLF")) {
		e.Errorf("by day: got %s and %s", text(a), text(b))
	}
	e.cancel("b0")
	if f := e.summary(c.ID, all).In("CLF"); f.Bookings != mostRows || f.Cancelled != 1 {
		e.Errorf("with one cancelled: got %s", text(f))
	}
}

func overflowOfBudget(e *env) {
	vast := coupon.MustMoney("999999999999.9999", "CLF")
	c := e.coupon("C", limited(budget(vast, coupon.PerCoupon, coupon.Ever)))
	rows := vastRows(mostRows + 2)
	rows[mostRows+1].Discount = coupon.MustMoney("1", "CLF").Amount
	var bad []coupon.BadRow
	report, err := e.svc.Import(e.Context(), each(rows), coupon.ImportOptions{BadRow: func(b coupon.BadRow) { bad = append(bad, b) }})
	if err != nil || report.Recorded != mostRows+1 || len(bad) != 1 || !errors.Is(bad[0].Err, coupon.ErrOverflow) {
		e.Errorf("Import past the range of a counter: %+v, bad rows %v, error %v", report, bad, err)
	}
	b := booking("more", vast)
	b.MadeAt = start.Add(time.Hour)
	e.refused(b, "C", coupon.LimitReached)
	st, err := e.svc.State(e.Context(), c.ID)
	if want := minor(mostRows*9999999999999999+10000, "CLF"); err != nil || !st.Limits[0].Spent.Equal(want) {
		e.Errorf("spent: got %s, error %v, want %s", text(st.Limits), err, want)
	}
}
