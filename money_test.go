package coupon_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"github.com/couponkit/coupon"
)

func TestParseMoneyTakesPlainDecimalsOfTheCurrency(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ amount, currency, want string }{
		{"0", "USD", "0.00 USD"},
		{"12.5", "USD", "12.50 USD"},
		{"12.50", "USD", "12.50 USD"},
		{"-12.50", "EUR", "-12.50 EUR"},
		{"+3", "EUR", "3.00 EUR"},
		{"1000", "JPY", "1000 JPY"},
		{"1.234", "KWD", "1.234 KWD"},
		{"999999999999.99", "USD", "999999999999.99 USD"},
		{"000000000000000012.00", "USD", "12.00 USD"},
	} {
		m, err := coupon.ParseMoney(tc.amount, tc.currency)
		if err != nil || m.String() != tc.want {
			t.Errorf("ParseMoney(%q, %q) = %v, %v; want %s", tc.amount, tc.currency, m, err, tc.want)
		}
	}
}

func TestParseMoneyNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ amount, currency, field, must string }{
		{"1e9999", "USD", "amount", "plain decimal"},
		{"1e3", "USD", "amount", "plain decimal"},
		{"", "USD", "amount", "plain decimal"},
		{".5", "USD", "amount", "plain decimal"},
		{"5.", "USD", "amount", "plain decimal"},
		{"--5", "USD", "amount", "plain decimal"},
		{"1,000", "USD", "amount", "plain decimal"},
		{" 5", "USD", "amount", "plain decimal"},
		{"٣", "USD", "amount", "plain decimal"},
		{"1.005", "USD", "amount", "at most 2 digits after"},
		{"1.5", "JPY", "amount", "at most 0 digits after"},
		{strings.Repeat("9", 40), "USD", "amount", "at most 12 digits before"},
		{"1000000000000", "USD", "amount", "at most 12 digits before"},
		{strings.Repeat("9", 10_000), "USD", "amount", "at most 12 digits before"},
		{"5", "usd", "currency", "ISO 4217"},
		{"5", "XQQ", "currency", "ISO 4217"},
		{"5", "", "currency", "ISO 4217"},
	} {
		_, err := coupon.ParseMoney(tc.amount, tc.currency)
		wantField(t, err, tc.field, tc.must)
		if len(err.Error()) > 400 {
			t.Errorf("%.20q: the error repeats the whole input: %d bytes", tc.amount, len(err.Error()))
		}
	}
}

// wantField checks that the error is an InvalidError that names the field and
// says the bound.
func wantField(t *testing.T, err error, field, must string) {
	t.Helper()
	var e *coupon.InvalidError
	if !errors.As(err, &e) || !errors.Is(err, coupon.ErrInvalid) {
		t.Errorf("got %v, want an InvalidError of %s", err, field)
		return
	}
	for _, f := range e.Fields {
		if f.Field == field && strings.Contains(f.Must, must) {
			return
		}
	}
	t.Errorf("got %v, want field %s with %q", err, field, must)
}

func TestMinorRefusesWhatTheCurrencyCantHold(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		amount   decimal.Decimal
		currency string
		must     string
	}{
		{decimal.New(1, 9999), "USD", "at most 12 digits before"},
		{decimal.New(1, 2_000_000_000), "USD", "at most 12 digits before"},
		{decimal.New(1, -2_000_000_000), "USD", "and 2 after it"},
		{decimal.New(1, -3), "USD", "and 2 after it"},
		{decimal.New(1, 12), "USD", "at most 12 digits before"},
		{decimal.New(-1, 12), "USD", "at most 12 digits before"},
		{decimal.RequireFromString(strings.Repeat("7", 40)), "USD", "at most 12 digits before"},
	} {
		began := time.Now()
		_, err := coupon.Money{Amount: tc.amount, Currency: tc.currency}.Minor()
		wantField(t, err, "amount", tc.must)
		if d := time.Since(began); d > time.Second {
			t.Errorf("refusing took %v: the exponent was expanded", d)
		}
	}
}

func TestTrailingZerosAreNoDigits(t *testing.T) {
	t.Parallel()
	for amount, want := range map[string]int64{
		"12.500000000000000000": 1250, "0.000000000000000000000000000000": 0, "999999999999.9900": 99_999_999_999_999, "-3.000": -300,
	} {
		got, err := coupon.Money{Amount: decimal.RequireFromString(amount), Currency: "USD"}.Minor()
		if err != nil || got != want {
			t.Errorf("%s is %d minor units, %v; want %d", amount, got, err, want)
		}
	}
	third := decimal.NewFromInt(10_000).Div(decimal.NewFromInt(3))
	_, err := coupon.Money{Amount: third, Currency: "USD"}.Minor()
	wantField(t, err, "amount", "12 digits before the point and 2 after it")
}

func TestAHugeExponentIsNeverWrittenOut(t *testing.T) {
	t.Parallel()
	for _, d := range []decimal.Decimal{decimal.New(1, 2_000_000_000), decimal.New(0, 1_000_000_000), decimal.New(1, -2_000_000_000)} {
		m := coupon.Money{Amount: d, Currency: "USD"}
		if text := m.String(); len(text) > 100 {
			t.Errorf("%d bytes", len(text))
		}
		c, _ := plain()
		c.Restrictions.MinTotal, c.Discount.Amount = m, m
		if err := c.Validate(); !errors.Is(err, coupon.ErrInvalid) {
			t.Errorf("exponent %d: %v", d.Exponent(), err)
		}
	}
}

func TestMinorUnitsRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		currency := rapid.SampledFrom([]string{"USD", "EUR", "JPY", "KWD", "CLF"}).Draw(t, "currency")
		minor := rapid.Int64Range(-99_999_999_999_999, 99_999_999_999_999).Draw(t, "minor")
		if currency == "JPY" {
			minor /= 1000 // 12 digits and no decimals
		}
		m, err := coupon.MoneyFromMinor(minor, currency)
		if err != nil {
			t.Fatal(err)
		}
		back, err := m.Minor()
		if err != nil || back != minor {
			t.Fatalf("%v is %d minor units (%v), made from %d", m, back, err, minor)
		}
		text, _, _ := strings.Cut(m.String(), " ")
		parsed, err := coupon.ParseMoney(text, currency)
		if err != nil || !parsed.Equal(m) {
			t.Fatalf("%v was read back as %v, %v", m, parsed, err)
		}
	})
}

func TestCurrenciesNeverMeet(t *testing.T) {
	t.Parallel()
	usd, eur := coupon.MustMoney("5", "USD"), coupon.MustMoney("5", "EUR")
	if _, err := usd.Add(eur); !errors.As(err, new(*coupon.CurrencyError)) {
		t.Errorf("Add: %v", err)
	}
	if _, err := usd.Sub(eur); !errors.As(err, new(*coupon.CurrencyError)) {
		t.Errorf("Sub: %v", err)
	}
	if _, err := usd.Cmp(eur); !errors.As(err, new(*coupon.CurrencyError)) {
		t.Errorf("Cmp: %v", err)
	}
	if usd.Equal(eur) {
		t.Error("5 USD equals 5 EUR")
	}
	sum, err := coupon.Money{}.Add(usd)
	if err != nil || !sum.Equal(usd) {
		t.Errorf("the zero Money plus %v is %v, %v", usd, sum, err)
	}
}
