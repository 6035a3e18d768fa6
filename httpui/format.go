package httpui

import (
	"strings"
	"time"

	"github.com/bojanz/currency"
	"github.com/shopspring/decimal"

	"github.com/couponkit/coupon"
)

// formats writes amounts, numbers and dates as one locale does.
type formats struct {
	money      *currency.Formatter // with all digits of the currency
	short      *currency.Formatter // "$20" instead of "$20.00"
	number     *currency.Formatter
	monthFirst bool
	locale     string
}

func newFormats(locale string) formats {
	if locale == "" {
		locale = "en"
	}
	l := currency.NewLocale(locale)
	f := formats{money: currency.NewFormatter(l), short: currency.NewFormatter(l), number: currency.NewFormatter(l), locale: locale,
		monthFirst: l.Language == "en" && l.Territory == "US"}
	f.short.MinDigits = 0
	f.number.MinDigits, f.number.CurrencyDisplay = 0, currency.DisplayNone
	return f
}

// Money writes an amount with all its digits, for columns that align. The zero
// Money is a dash.
func (f formats) Money(m coupon.Money) string {
	if m.IsZero() {
		return "–"
	}
	return formatted(f.money, m)
}

// amount writes an amount within a sentence: whole ones without decimals.
func (f formats) amount(m coupon.Money) string {
	if m.Amount.IsInteger() {
		return formatted(f.short, m)
	}
	return formatted(f.money, m)
}

func formatted(f *currency.Formatter, m coupon.Money) string {
	a, err := currency.NewAmount(m.Amount.String(), m.Currency)
	if err != nil { // a currency that the library knew when it was stored
		return m.String()
	}
	return f.Format(a)
}

// Count writes a number of things.
func (f formats) Count(n int64) string { return f.decimal(decimal.NewFromInt(n)) }

func (f formats) decimal(d decimal.Decimal) string {
	a, err := currency.NewAmount(d.String(), "USD") // any will do: it isn't shown
	if err != nil {
		return d.String()
	}
	return strings.TrimSpace(f.number.Format(a))
}

// date is "7 July 2026".
func (f formats) date(d coupon.Date) string { return f.layout(d, "2 January 2006", "January 2, 2006") }

// shortDate is "7 Jul 2026".
func (f formats) shortDate(d coupon.Date) string { return f.layout(d, "2 Jan 2006", "Jan 2, 2006") }

// dayMonth is "7 Jul".
func (f formats) dayMonth(d coupon.Date) string { return f.layout(d, "2 Jan", "Jan 2") }

func (f formats) layout(d coupon.Date, dayFirst, monthFirst string) string {
	layout := dayFirst
	if f.monthFirst {
		layout = monthFirst
	}
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Format(layout)
}

// instant is "7 Jul 2026, 14:30".
func (f formats) instant(t time.Time, loc *time.Location) string {
	if t.IsZero() {
		return "–"
	}
	t = t.In(loc)
	return f.shortDate(coupon.DateOf(t)) + ", " + t.Format("15:04")
}

// zoneOf is the location of a coupon's zone, which was checked when it was
// stored.
func zoneOf(c coupon.Coupon) *time.Location {
	loc, err := time.LoadLocation(c.Zone)
	if err != nil {
		return time.UTC
	}
	return loc
}
