package coupon

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"

	"github.com/bojanz/currency"
	"github.com/shopspring/decimal"
)

// MaxIntegerDigits is how many digits an amount may have before the point.
// Together with the scale of the currency it keeps every single amount inside
// an int64 of minor units, with room for sums of hundreds of them.
const MaxIntegerDigits = 12

// Money is an exact amount of one currency. Amount is in major units (12.50 is
// twelve dollars and fifty cents), Currency is the ISO 4217 code in upper case.
//
// The zero value means "no amount": it is the identity of Add and Sub, and in a
// field it means that the field is not set. A zero amount with a currency is a
// real amount of nothing.
type Money struct {
	Amount   decimal.Decimal `json:"amount"`
	Currency string          `json:"currency"`
}

// ParseMoney reads an amount written as plain decimal digits with an optional
// sign and point ("12.50"). It checks the text before it parses it: at most
// [MaxIntegerDigits] digits before the point and as many after it as the
// currency has ("12.500" is refused for USD). Exponents, blanks and group
// separators are refused. The error is an [*InvalidError].
func ParseMoney(amount, currencyCode string) (Money, error) {
	digits, err := currencyDigits(currencyCode)
	if err != nil {
		return Money{}, err
	}
	d, err := parseDecimal("amount", amount, MaxIntegerDigits, digits)
	if err != nil {
		return Money{}, err
	}
	return Money{Amount: d, Currency: currencyCode}, nil
}

// MustMoney is ParseMoney for amounts written in source code: it panics on an
// error.
func MustMoney(amount, currencyCode string) Money {
	m, err := ParseMoney(amount, currencyCode)
	if err != nil {
		panic(err)
	}
	return m
}

// MoneyFromMinor makes an amount from minor units (1250 USD is 12.50). An
// unknown currency is an [*InvalidError].
func MoneyFromMinor(minor int64, currencyCode string) (Money, error) {
	digits, err := currencyDigits(currencyCode)
	if err != nil {
		return Money{}, err
	}
	return Money{Amount: decimal.New(minor, -int32(digits)), Currency: currencyCode}, nil
}

// Minor gives the amount in minor units of its currency. It fails with an
// [*InvalidError] where the amount has more digits than the currency, and is out
// of bounds above [MaxIntegerDigits]. The zero Money is 0.
func (m Money) Minor() (int64, error) {
	if m.IsZero() {
		return 0, nil
	}
	digits, err := currencyDigits(m.Currency)
	if err != nil {
		return 0, err
	}
	return toMinor("amount", m.Amount, digits)
}

// IsZero reports whether m is the zero value: no amount and no currency.
func (m Money) IsZero() bool { return m.Currency == "" && m.Amount.IsZero() }

// Add gives m + o. Two currencies are a [*CurrencyError]; the zero Money adds to
// any currency.
func (m Money) Add(o Money) (Money, error) {
	code, err := sameCurrency(m, o)
	if err != nil {
		return Money{}, err
	}
	return Money{m.Amount.Add(o.Amount), code}, nil
}

// Sub gives m - o, under the rules of Add.
func (m Money) Sub(o Money) (Money, error) {
	code, err := sameCurrency(m, o)
	if err != nil {
		return Money{}, err
	}
	return Money{m.Amount.Sub(o.Amount), code}, nil
}

// Cmp is -1, 0 or 1 as m is less than, equal to or greater than o. Two
// currencies are a [*CurrencyError].
func (m Money) Cmp(o Money) (int, error) {
	if _, err := sameCurrency(m, o); err != nil {
		return 0, err
	}
	return m.Amount.Cmp(o.Amount), nil
}

// Equal reports whether both are the same amount of the same currency: 1.5 and
// 1.50 are. (A == of two Money values compares representations: do not use it.)
func (m Money) Equal(o Money) bool {
	return m.Currency == o.Currency && m.Amount.Equal(o.Amount)
}

// String is the amount as [Money.Plain] with its currency: "12.50 USD". The zero
// Money is "".
func (m Money) String() string {
	if m.IsZero() {
		return ""
	}
	return strings.TrimSpace(m.Plain() + " " + m.Currency)
}

// Plain is the amount alone, for programs: a decimal number with all digits of its
// currency, "12.50". One that has more digits than the currency, or whose currency
// is not known, has the digits that it has: nothing is rounded. The zero Money is
// "0".
func (m Money) Plain() string {
	digits, err := currencyDigits(m.Currency)
	if err != nil || !writable(m.Amount) || !m.Amount.Round(int32(digits)).Equal(m.Amount) {
		return brief(m.Amount)
	}
	return m.Amount.StringFixed(int32(digits))
}

// MarshalJSON writes the amount as [Money.Plain], a string: {"amount":"12.50",
// "currency":"USD"}. So equal amounts are equal JSON, and no digit passes through a
// float. An amount far out of all range, which Plain does not write out, is an
// error. It is read from a string or a number of any digits.
func (m Money) MarshalJSON() ([]byte, error) {
	if !writable(m.Amount) {
		return nil, invalid("amount", brief(m.Amount), "must be written out to be JSON")
	}
	return json.Marshal(struct {
		Amount   string `json:"amount"`
		Currency string `json:"currency"`
	}{m.Plain(), m.Currency})
}

func sameCurrency(a, b Money) (string, error) {
	switch {
	case a.IsZero():
		return b.Currency, nil
	case b.IsZero(), a.Currency == b.Currency:
		return a.Currency, nil
	}
	return "", &CurrencyError{A: a, B: b}
}

// CurrencyError is the attempt to add or compare two currencies.
type CurrencyError struct {
	A, B Money // the two amounts, in the order of the call
}

// Error is for logs.
func (e *CurrencyError) Error() string {
	return fmt.Sprintf("coupon: %s and %s are of two currencies: convert one of them first", e.A, e.B)
}

// ErrOverflow is wrapped by errors of sums that pass the range of an int64 of
// minor units. Summarise a shorter range.
var ErrOverflow = errors.New("coupon: the sum is out of range")

// currencyDigits gives the number of decimals of an ISO 4217 code.
func currencyDigits(code string) (int, error) {
	if digits, ok := currency.GetDigits(code); ok {
		return int(digits), nil
	}
	return 0, invalid("currency", code, "must be an ISO 4217 code in upper case, such as USD")
}

// parseDecimal checks the text before it parses it, so that no text can make
// the decimal library allocate more than a few bytes.
func parseDecimal(field, s string, intDigits, scale int) (decimal.Decimal, error) {
	digits := strings.TrimLeft(s, "+-")
	whole, fraction, point := strings.Cut(digits, ".")
	bad := ""
	switch {
	case len(s)-len(digits) > 1 || whole == "" || (point && fraction == "") || !allDigits(whole) || !allDigits(fraction):
		bad = "must be a plain decimal number such as 12.50"
	case len(strings.TrimLeft(whole, "0")) > intDigits:
		bad = fmt.Sprintf("must have at most %d digits before the point", intDigits)
	case len(fraction) > scale:
		bad = fmt.Sprintf("must have at most %d digits after the point", scale)
	}
	if bad != "" {
		return decimal.Decimal{}, invalid(field, s, bad)
	}
	d, err := decimal.NewFromString(s)
	if err != nil {
		return decimal.Decimal{}, invalid(field, s, "must be a plain decimal number such as 12.50")
	}
	return d, nil
}

func allDigits(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' }) < 0
}

var pow10 = [...]int64{1, 10, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18}

// toMinor turns a decimal into minor units, exactly or not at all. It looks at
// the exponent and the size of the coefficient first: a decimal such as 1e9999 is
// refused without being expanded. Trailing zeros are no digits: 12.500000 is
// 12.50.
func toMinor(field string, d decimal.Decimal, digits int) (int64, error) {
	bad := func() error {
		return invalid(field, brief(d), fmt.Sprintf("must have at most %d digits before the point and %d after it", MaxIntegerDigits, digits))
	}
	c, e := d.Coefficient(), int(d.Exponent())+digits
	if c.Sign() == 0 {
		return 0, nil
	}
	if c.BitLen() > 256 { // no number of 12 digits has 64 zeros after them
		return 0, bad()
	}
	for ten, rest := big.NewInt(10), new(big.Int); e < 0; e++ {
		if c.QuoRem(c, ten, rest); rest.Sign() != 0 {
			return 0, bad()
		}
	}
	if e > MaxIntegerDigits+digits || c.BitLen() > 63 {
		return 0, bad()
	}
	limit := pow10[MaxIntegerDigits+digits] / pow10[e]
	if n := c.Int64(); n < limit && n > -limit {
		return n * pow10[e], nil
	}
	return 0, bad()
}

// brief writes a decimal without ever expanding an exponent.
func brief(d decimal.Decimal) string {
	if !writable(d) {
		return fmt.Sprintf("a number of exponent %d", d.Exponent())
	}
	return d.String()
}

// writable reports whether a decimal is of a length that can be written out.
func writable(d decimal.Decimal) bool {
	e := d.Exponent()
	return e <= 20 && e >= -40 && d.Coefficient().BitLen() <= 200
}

// fromMinor is MoneyFromMinor for a currency that was already checked.
func fromMinor(minor int64, currencyCode string) Money {
	m, err := MoneyFromMinor(minor, currencyCode)
	if err != nil {
		return Money{Amount: decimal.New(minor, 0), Currency: currencyCode}
	}
	return m
}

// addMinor adds and reports whether the sum stayed in range.
func addMinor(a, b int64) (int64, bool) {
	sum := a + b
	return sum, (sum > a) == (b > 0)
}
