package httpui

import (
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/couponkit/coupon"
)

func TestDiscountInWords(t *testing.T) {
	t.Parallel()
	percent := func(s string) coupon.Discount { return coupon.PercentOff(decimal.RequireFromString(s)) }
	for _, tt := range []struct {
		locale string
		d      coupon.Discount
		want   string
	}{
		{"", percent("15"), "15% off"},
		{"", percent("12.5"), "12.5% off"},
		{"", percent("0.0001"), "0.0001% off"},
		{"de", percent("12.5"), "12,5\u00a0% Rabatt"},
		{"ar", percent("12.5"), "خصم \u206812.5%\u2069"},
		{"ar-EG", percent("12.5"), "خصم \u2068١٢٫٥٪\u2069"},
		{"", percent("15").UpTo(coupon.MustMoney("50.00", "USD")), "15% off, at most $50"},
		{"", coupon.AmountOff(coupon.MustMoney("1234.50", "USD")), "$1,234.50 off"},
		{"", coupon.AmountOff(coupon.MustMoney("500", "JPY")), "¥500 off"},
		{"de", coupon.AmountOff(coupon.MustMoney("20.00", "EUR")), "20\u00a0€ Rabatt"},
		{"", coupon.AmountOffPerUnit(coupon.MustMoney("2.500", "KWD")), "KWD\u00a02.500 off each unit"},
	} {
		if got := testWords(t, tt.locale).discount(tt.d); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.locale, got, tt.want)
		}
	}
}

func TestAmountsDatesAndNumbersByLocale(t *testing.T) {
	t.Parallel()
	m := coupon.MustMoney("1234567.50", "EUR")
	d := coupon.Date{Year: 2026, Month: 7, Day: 7}
	for _, tt := range []struct{ locale, money, count, date, short string }{
		{"", "€1,234,567.50", "1,234,567", "7 July 2026", "7 Jul 2026"},
		{"en-US", "€1,234,567.50", "1,234,567", "July 7, 2026", "Jul 7, 2026"},
		{"de", "1.234.567,50\u00a0€", "1.234.567", "7. Juli 2026", "7. Juli 2026"},
		{"ar", "\u200f1,234,567.50\u00a0€", "1,234,567", "7 يوليو 2026", "7 يوليو 2026"},
		{"ar-EG", "\u200f١٬٢٣٤٬٥٦٧٫٥٠\u00a0€", "١٬٢٣٤٬٥٦٧", "٧ يوليو ٢٠٢٦", "٧ يوليو ٢٠٢٦"},
		{"en-IN", "€12,34,567.50", "12,34,567", "7 July 2026", "7 Jul 2026"},
	} {
		f := testWords(t, tt.locale)
		if a, b, c, e := f.Money(m), f.Count(1234567), f.date(d), f.shortDate(d); a != tt.money || b != tt.count || c != tt.date || e != tt.short {
			t.Errorf("%q: %q, %q, %q, %q", tt.locale, a, b, c, e)
		}
	}
	f := testWords(t, "")
	for amount, want := range map[string]string{"0.00": "$0.00", "0.05": "$0.05", "-3.00": "−$3.00", "999999999999.99": "$999,999,999,999.99"} {
		if got := f.Money(coupon.MustMoney(amount, "USD")); got != want {
			t.Errorf("%s: %q, want %q", amount, got, want)
		}
	}
	// Less than nothing has a minus sign, not a hyphen, at the left of its digits; the
	// currency stands where it does otherwise, also from right to left.
	if got := testWords(t, "ar").Money(coupon.MustMoney("-80.00", "USD")); got != "\u200f\u200e−80.00\u00a0\u200fUS$\u200e" {
		t.Errorf("%+q", got)
	}
	if got := testWords(t, "de").Money(coupon.MustMoney("-80.00", "EUR")); got != "−80,00\u00a0€" {
		t.Errorf("%+q", got)
	}
	if got := testWords(t, "ar").amount(coupon.MustMoney("80.00", "USD")); got != "\u200f80\u00a0US$\u200e" {
		t.Errorf("dollars among Arabic words are %q", got)
	}
	if got := f.Money(coupon.Money{}); got != "–" {
		t.Errorf("no amount is %q", got)
	}
}

func TestLimitsInWords(t *testing.T) {
	t.Parallel()
	w := testWords(t, "")
	budget := coupon.MustMoney("2000.00", "USD")
	for _, tt := range []struct {
		l    coupon.Limit
		want string
	}{
		{coupon.Limit{Of: coupon.Uses, Per: coupon.PerCoupon, Every: coupon.Ever, Max: 1000}, "At most 1,000 bookings in all"},
		{coupon.Limit{Of: coupon.Uses, Per: coupon.PerCoupon, Every: coupon.PerWeek, Max: 1}, "At most 1 booking a week"},
		{coupon.Limit{Of: coupon.Uses, Per: coupon.PerCustomer, Every: coupon.Ever, Max: 1}, "Each customer at most once"},
		{coupon.Limit{Of: coupon.Uses, Per: coupon.PerCustomer, Every: coupon.PerMonth, Max: 2}, "Each customer at most 2 times a month"},
		{coupon.Limit{Of: coupon.Uses, Per: coupon.PerCode, Every: coupon.PerDay, Max: 3}, "Each code at most 3 times a day"},
		{coupon.Limit{Of: coupon.DiscountGiven, Per: coupon.PerCoupon, Every: coupon.Ever, Budget: budget}, "At most $2,000 in discounts in all"},
		{coupon.Limit{Of: coupon.DiscountGiven, Per: coupon.PerCoupon, Every: coupon.PerMonth, Budget: budget}, "At most $2,000 in discounts a month"},
		{coupon.Limit{Of: coupon.DiscountGiven, Per: coupon.PerCustomer, Every: coupon.Ever, Budget: budget}, "At most $2,000 in discounts for each customer"},
		{coupon.Limit{Of: coupon.DiscountGiven, Per: coupon.PerCode, Every: coupon.Ever, Budget: budget}, "At most $2,000 in discounts for each code"},
	} {
		if got := w.limit(tt.l); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}

func TestUseOfALimitInWords(t *testing.T) {
	t.Parallel()
	w := testWords(t, "")
	for _, tt := range []struct {
		l    coupon.LimitUse
		want string
	}{
		{coupon.LimitUse{Limit: coupon.Limit{Of: coupon.Uses, Every: coupon.Ever, Max: 100}, Used: 37}, "37 of 100, 63 left"},
		// Imports may pass a limit, and so may raising it again later.
		{coupon.LimitUse{Limit: coupon.Limit{Of: coupon.Uses, Every: coupon.PerMonth, Max: 10}, Used: 12}, "12 of 10 this month, nothing left"},
		{coupon.LimitUse{Limit: coupon.Limit{Of: coupon.DiscountGiven, Every: coupon.Ever, Budget: coupon.MustMoney("100.00", "USD")}, Spent: coupon.MustMoney("99.50", "USD")}, "$99.50 of $100, $0.50 left"},
		{coupon.LimitUse{Limit: coupon.Limit{Of: coupon.DiscountGiven, Every: coupon.PerWeek, Budget: coupon.MustMoney("100.00", "USD")}, Spent: coupon.MustMoney("120.00", "USD")}, "$120 of $100 this week, nothing left"},
	} {
		if got := w.use(tt.l).Text; got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}

func TestDaysInWords(t *testing.T) {
	t.Parallel()
	w := testWords(t, "")
	for want, days := range map[string][]time.Weekday{
		"Tuesday":                      {time.Tuesday},
		"Monday to Friday":             {5, 4, 3, 2, 1},
		"Saturday and Sunday":          {0, 6},
		"Monday, Wednesday and Sunday": {0, 3, 1, 3},
	} {
		if got := w.days(days); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// An end at the start of a day is an end with the day before, whatever that day's
// length; any other end is said to the minute.
func TestTheLastDayInWords(t *testing.T) {
	t.Parallel()
	w := testWords(t, "")
	for _, tt := range []struct{ zone, end, want string }{
		{"Europe/Berlin", "2026-07-07T22:00:00Z", "7 Jul 2026"},
		{"Europe/Berlin", "2026-07-07T21:59:00Z", "7 Jul 2026, 23:59"},
		{"UTC", "2026-07-08T00:00:00Z", "7 Jul 2026"},
		// In Santiago clocks go from 23:59 to 01:00 on this day: it begins at one.
		{"America/Santiago", "2026-09-06T04:00:00Z", "5 Sep 2026"},
	} {
		end, err := time.Parse(time.RFC3339, tt.end)
		if err != nil {
			t.Fatal(err)
		}
		if got := w.end(coupon.Coupon{Zone: tt.zone, End: end}, w.shortDate); got != tt.want {
			t.Errorf("%s in %s: %q, want %q", tt.end, tt.zone, got, tt.want)
		}
	}
	if got := w.end(coupon.Coupon{Zone: "UTC"}, w.shortDate); got != "No end" {
		t.Errorf("no end is %q", got)
	}
}
