package coupon_test

import (
	"strings"
	"testing"

	"github.com/couponkit/coupon"
)

func TestParseCodeHasOneCanonicalForm(t *testing.T) {
	t.Parallel()
	for _, typed := range []string{"spring-20", "SPRING-20", " Spring-20\t", "\nsPRING-20 "} {
		code, err := coupon.ParseCode(typed)
		if err != nil || code != "SPRING-20" {
			t.Errorf("ParseCode(%q) = %q, %v", typed, code, err)
		}
	}
}

func TestParseCodeRefusesAndNeverRepairs(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, typed, must string }{
		{"empty", "", "1 to 64"},
		{"only blanks", "  \t", "1 to 64"},
		{"too long", strings.Repeat("A", 65), "1 to 64"},
		{"a blank inside", "SPRING 20", "letters A–Z"},
		{"a control character", "SPRING\x0020", "letters A–Z"},
		{"a no-break space at the end", "SPRING\u00a0", "letters A–Z"},
		{"a zero-width space", "SPR\u200bING", "letters A–Z"},
		{"a Cyrillic look-alike", "SPRING\u0421", "letters A–Z"},
		{"full-width letters", "ＳＰＲＩＮＧ", "letters A–Z"},
		{"a dotless i, whose upper case is I", "spr\u0131ng", "letters A–Z"},
		{"a long s, whose upper case is S", "\u017fpring", "letters A–Z"},
		{"a quote", "A'B", "letters A–Z"},
		{"an accent", "ÉTÉ", "letters A–Z"},
	} {
		_, err := coupon.ParseCode(tc.typed)
		if err == nil {
			t.Errorf("%s: %q was taken", tc.name, tc.typed)
			continue
		}
		wantField(t, err, "code", tc.must)
	}
}

func FuzzParseCodeIsIdempotentAndASCII(f *testing.F) {
	for _, s := range []string{"a", " A-b_9 ", "ı", "ſ", "С", "\x00", "a b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		code, err := coupon.ParseCode(s)
		if err != nil {
			return
		}
		if strings.Trim(string(code), "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != "" || code == "" {
			t.Fatalf("%q became %q", s, code)
		}
		if again, err := coupon.ParseCode(string(code)); err != nil || again != code {
			t.Fatalf("%q became %q, and then %q, %v", s, code, again, err)
		}
	})
}

func TestCustomerKeyIsOnePerCustomer(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		" Ann@Example.COM ": "ann@example.com",
		"ann@example.com":   "ann@example.com",
		"Customer-7":        "Customer-7", // an id of the host's keeps its case
		" 42 ":              "42",
		"":                  "",
		"  ":                "",
	} {
		got := coupon.CustomerKey(given)
		if got != want || coupon.CustomerKey(got) != got {
			t.Errorf("CustomerKey(%q) = %q, want %q", given, got, want)
		}
	}
}
