package httpui

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/bojanz/currency"
	"github.com/shopspring/decimal"

	"github.com/couponkit/coupon"
)

// Formatter writes amounts, numbers and dates in one locale, where a host would
// rather do that its own way: see [Config.Formatter]. An empty text leaves that
// one to us. What it writes is shown as it is, escaped.
type Formatter interface {
	// Amount writes an amount of money. short asks for one within a sentence, where
	// whole amounts go without decimals ("$20"); the others stand in columns, with
	// all digits of the currency ("$20.00").
	Amount(m coupon.Money, short bool) string
	// Number writes a count, or the number of a percentage without its sign.
	Number(d decimal.Decimal) string
	// Date writes a day.
	Date(d coupon.Date, style DateStyle) string
	// Time writes a time of day. It is in whole minutes but for the hours of a
	// coupon's restrictions; EndOfDay is midnight at the end of the day.
	Time(t coupon.TimeOfDay) string
}

// formats writes amounts and numbers as one locale does.
type formats struct {
	locale string
	host   Formatter           // Config.Formatter's; nil for none
	money  *currency.Formatter // with all digits of the currency
	short  *currency.Formatter // "$20" instead of "$20.00"
	number *currency.Formatter
	zero   rune // the digit
}

func newFormats(locale string) formats {
	if locale == "" {
		locale = "en"
	}
	l := currency.NewLocale(locale)
	f := formats{locale: locale, zero: '0',
		money: currency.NewFormatter(l), short: currency.NewFormatter(l), number: currency.NewFormatter(l)}
	f.short.MinDigits = 0
	f.number.MinDigits, f.number.CurrencyDisplay = 0, currency.DisplayNone
	for _, r := range f.decimal(decimal.Zero) {
		if unicode.IsDigit(r) {
			f.zero = r
		}
	}
	return f
}

// digits writes those of a text as the locale does. Amounts have them so already.
func (f formats) digits(s string) string {
	if f.zero == '0' {
		return s
	}
	return strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' {
			return f.zero + r - '0'
		}
		return r
	}, s)
}

// noAmount stands where there is none.
const noAmount = "–"

// Money writes an amount with all its digits, for columns that align. The zero
// Money is a dash.
func (f formats) Money(m coupon.Money) string {
	if m.IsZero() {
		return noAmount
	}
	return f.formatted(m, f.money, false)
}

// amount writes an amount within a sentence: whole ones without decimals.
func (f formats) amount(m coupon.Money) string {
	if m.Amount.IsInteger() {
		return f.formatted(m, f.short, true)
	}
	return f.formatted(m, f.money, true)
}

func (f formats) formatted(m coupon.Money, by *currency.Formatter, short bool) string {
	if f.host != nil {
		if text := f.host.Amount(m, short); text != "" {
			return text
		}
	}
	a, err := currency.NewAmount(m.Amount.String(), m.Currency)
	if err != nil { // a currency that the library knew when it was stored
		return m.String()
	}
	text := by.Format(a)
	// "US$" among words from right to left: without a mark behind it its sign would
	// jump to the front; and what comes before it must not be of its direction, which
	// the minus sign of such a language makes of the digits.
	if symbol, ok := currency.GetSymbol(m.Currency, by.Locale()); ok && strings.Contains(text, rightToLeft) && symbol != "" && symbol[0] < utf8.RuneSelf {
		marked := symbol + leftToRight
		if a.IsNegative() {
			marked = rightToLeft + marked
		}
		text = strings.Replace(text, symbol, marked, 1)
	}
	if a.IsNegative() {
		text = strings.Replace(text, "-", "−", 1)
	}
	return text
}

// Count writes a number of things.
func (f formats) Count(n int64) string { return f.decimal(decimal.NewFromInt(n)) }

func (f formats) decimal(d decimal.Decimal) string {
	if f.host != nil {
		if text := f.host.Number(d); text != "" {
			return text
		}
	}
	a, err := currency.NewAmount(d.String(), "USD") // any will do: it isn't shown
	if err != nil {
		return d.String()
	}
	text := strings.TrimSpace(f.number.Format(a))
	if d.IsNegative() {
		return text
	}
	return strings.Trim(text, leftToRight+rightToLeft) // they keep a sign on its side
}

// Marks that some locales put before a number.
const (
	leftToRight = "\u200e"
	rightToLeft = "\u200f"
)

// percent is a percentage with its sign: "12.5%".
func (w words) percent(d decimal.Decimal) string {
	text := put(w.lang.text("words.percent"), "{n}", w.decimal(d))
	if w.zero == '٠' || w.zero == '۰' {
		text = strings.ReplaceAll(text, "%", "٪")
	}
	return text
}
