package coupon_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"github.com/couponkit/coupon"
)

func TestMoneyIsWrittenAsJSONWithAllDigitsOfItsCurrency(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ amount, currency, want string }{
		{"50", "USD", "50.00"},
		{"12.5", "USD", "12.50"},
		{"12.5000", "USD", "12.50"},
		{"-0.5", "EUR", "-0.50"},
		{"0", "USD", "0.00"},
		{"50", "JPY", "50"},
		{"50.0", "JPY", "50"},
		{"1.5", "KWD", "1.500"},
		{"5e3", "USD", "5000.00"},
		{"12.345", "USD", "12.345"}, // more than the currency has: never rounded
		{"0.001", "JPY", "0.001"},
		{"1.5", "XQQ", "1.5"}, // of no currency that is known
		{"0", "", "0"},        // the zero Money
	} {
		m := coupon.Money{Amount: decimal.RequireFromString(tc.amount), Currency: tc.currency}
		got, err := json.Marshal(m)
		want := `{"amount":"` + tc.want + `","currency":"` + tc.currency + `"}`
		if err != nil || string(got) != want {
			t.Errorf("%s %s: %s, %v; want %s", tc.amount, tc.currency, got, err, want)
		}
		if m.Plain() != tc.want {
			t.Errorf("%s %s: plain it is %q, want %q", tc.amount, tc.currency, m.Plain(), tc.want)
		}
		if got := m.String(); tc.currency != "" && got != tc.want+" "+tc.currency {
			t.Errorf("%s %s: as a text it is %q", tc.amount, tc.currency, got)
		}
	}
}

// What was written before, and what a program writes, is read as ever.
func TestMoneyIsReadFromJSONOfAnyDigits(t *testing.T) {
	t.Parallel()
	want := coupon.MustMoney("50", "USD")
	for _, text := range []string{`{"amount":"50","currency":"USD"}`, `{"amount":"50.00","currency":"USD"}`, `{"amount":50.000,"currency":"USD"}`,
		`{"Amount":5e1,"currency":"USD","more":1}`} {
		var m coupon.Money
		if err := json.Unmarshal([]byte(text), &m); err != nil || !m.Equal(want) {
			t.Errorf("%s is read as %v, %v", text, m, err)
		}
	}
	kept := want
	if err := json.Unmarshal([]byte(`null`), &kept); err != nil || !kept.Equal(want) {
		t.Errorf("null is read as %v, %v; want nothing changed", kept, err)
	}
	for _, text := range []string{`"50 USD"`, `50`, `{"amount":"fifty","currency":"USD"}`, `{"amount":"","currency":"USD"}`, `{"amount":{},"currency":"USD"}`} {
		if err := json.Unmarshal([]byte(text), new(coupon.Money)); err == nil {
			t.Errorf("%s: no error", text)
		}
	}
}

func TestMoneyOfEqualValueIsTheSameJSON(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := coupon.Money{Amount: decimal.New(rapid.Int64().Draw(t, "amount"), int32(rapid.IntRange(-8, 8).Draw(t, "exponent"))),
			Currency: rapid.SampledFrom([]string{"USD", "JPY", "KWD", "XQQ", ""}).Draw(t, "currency")}
		written, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		var back coupon.Money
		if err := json.Unmarshal(written, &back); err != nil || !back.Equal(m) {
			t.Fatalf("%s is read back as %v (%v), was %v", written, back, err, m)
		}
		if again, err := json.Marshal(back); err != nil || string(again) != string(written) {
			t.Fatalf("%s is written again as %s, %v", written, again, err)
		}
	})
}

func TestAnAmountOutOfAllRangeIsNoJSON(t *testing.T) {
	t.Parallel()
	for _, d := range []decimal.Decimal{decimal.New(1, 2_000_000_000), decimal.New(1, -2_000_000_000), decimal.RequireFromString(strings.Repeat("7", 100))} {
		if text, err := json.Marshal(coupon.Money{Amount: d, Currency: "USD"}); err == nil {
			t.Errorf("it is written in %d bytes", len(text))
		}
	}
}
