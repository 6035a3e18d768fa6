package sqlstore

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"github.com/couponkit/coupon"
)

// equal compares by what values say: 1.5 is 1.50.
var equal = cmp.Options{
	cmp.Comparer(func(a, b decimal.Decimal) bool { return a.Equal(b) }),
}

// fill sets every field of a value to something else than zero, so that a field
// that a document forgets is seen.
func fill(t *testing.T, v reflect.Value) {
	t.Helper()
	switch x := v.Addr().Interface().(type) {
	case *time.Time:
		*x = time.Date(2026, 3, 4, 5, 6, 7, 89_000, time.UTC)
		return
	case *coupon.Date:
		*x = coupon.Date{Year: 2026, Month: time.March, Day: 4}
		return
	case *decimal.Decimal:
		*x = decimal.RequireFromString("33.3333")
		return
	case *coupon.Money:
		*x = coupon.MustMoney("12.5", "USD")
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(t, v.Field(i))
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(t, v.Index(0))
		fill(t, v.Index(1))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(t, v.Elem())
	case reflect.String:
		v.SetString("x ' \" \\ ? \n ü 🌸")
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(3)
	case reflect.Bool:
		v.SetBool(true)
	default:
		t.Fatalf("don't know how to fill a %s", v.Type())
	}
}

func storedCoupon(t testing.TB, c coupon.Coupon) coupon.Coupon {
	t.Helper()
	doc, err := encodeCoupon(c)
	if err != nil {
		t.Fatal(err)
	}
	got, err := couponRow{Coupon: string(c.ID), Version: c.Version, Doc: doc}.coupon()
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestEveryFieldOfACouponSurvives(t *testing.T) {
	var full coupon.Coupon
	fill(t, reflect.ValueOf(&full).Elem())
	plain := coupon.Coupon{Discount: coupon.AmountOff(coupon.MustMoney("0", "KWD"))}
	for _, want := range []coupon.Coupon{full, plain} {
		if diff := cmp.Diff(want, storedCoupon(t, want), equal); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	}
}

func TestEveryFieldOfARedemptionSurvives(t *testing.T) {
	var full coupon.Redemption
	fill(t, reflect.ValueOf(&full).Elem())
	plain := coupon.Redemption{State: coupon.Redeemed, Terms: full.Terms, MadeAt: full.MadeAt,
		Subtotal: full.Subtotal, Eligible: full.Subtotal, Discount: full.Subtotal, OtherDiscounts: full.Subtotal, Refund: full.Subtotal}
	for _, want := range []coupon.Redemption{full, plain} {
		row, err := rowOf(want, 7, 2)
		if err != nil {
			t.Fatal(err)
		}
		got, err := row.redemption()
		if err != nil {
			t.Fatal(err)
		}
		want.Replayed = false // is not stored
		if diff := cmp.Diff(want, got, equal); diff != "" || row.Events != 7 {
			t.Errorf("-want +got\n%s, %d events", diff, row.Events)
		}
	}
}

func TestAmountsAndInstantsSurviveExactly(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		currency := rapid.SampledFrom([]string{"USD", "JPY", "KWD", "CLF"}).Draw(rt, "currency")
		digits := map[string]int32{"USD": 2, "JPY": 0, "KWD": 3, "CLF": 4}[currency]
		most := decimal.New(1, coupon.MaxIntegerDigits+digits).IntPart() - 1
		m := coupon.Money{Amount: decimal.New(rapid.Int64Range(-most, most).Draw(rt, "minor"), -digits), Currency: currency}
		doc, err := moneyOf(m)
		if err != nil {
			rt.Fatal(err)
		}
		if got, err := doc.money(); err != nil || !got.Equal(m) {
			rt.Fatalf("got %s, error %v, want %s", got, err, m)
		}
		at := time.UnixMicro(rapid.Int64Range(-62135596799999999, 253402300799999999).Draw(rt, "micros")).UTC()
		if got := instant(micros(at)); got != at {
			rt.Fatalf("got %s, want %s", got, at)
		}
	})
	if got := instant(micros(time.Time{})); !got.IsZero() {
		t.Errorf("no instant became %s", got)
	}
}

// The decimal package can be switched to write JSON numbers, by any package of
// the program.
func TestDocumentsDoNotDependOnGlobalSettings(t *testing.T) {
	var c coupon.Coupon
	fill(t, reflect.ValueOf(&c).Elem())
	before, err := encodeCoupon(c)
	if err != nil {
		t.Fatal(err)
	}
	decimal.MarshalJSONWithoutQuotes = true
	defer func() { decimal.MarshalJSONWithoutQuotes = false }()
	after, err := encodeCoupon(c)
	if err != nil || before != after || !strings.Contains(after, `"percent":"33.3333"`) || !strings.Contains(after, `{"n":1250,"c":"USD"}`) {
		t.Errorf("error %v, before and after:\n%s\n%s", err, before, after)
	}
}

func TestCorruptDocumentsAreErrors(t *testing.T) {
	discount := `"terms":{"kind":"percent"},"discount":{"kind":"percent"}`
	for _, doc := range []string{
		``, `null`, `{}`, `[]`, `{`, `"x"`, `{"discount":7,"terms":7}`,
		`{"discount":{"kind":"percent","percent":"1e9999"},"terms":{"kind":"percent","percent":"1e9999"}}`,
		`{"discount":{"kind":"percent","percent":"."},"terms":{"kind":"percent","percent":"."}}`,
		`{"discount":{"kind":"fixed","amount":{"n":1,"c":"???"}},"terms":{"kind":"fixed","amount":{"n":1,"c":"???"}}}`,
		`{"discount":{"kind":"fixed","amount":{"n":1.5,"c":"USD"}},"terms":{"kind":"fixed","amount":{"n":1.5,"c":"USD"}}}`,
		`{` + discount + `,"restrictions":{"limits":[{"budget":{"n":9223372036854775808}}]},"refunds":[{"amount":{"n":1,"c":""}}]}`,
		`{` + discount + `,"restrictions":{"min_total":{"n":1,"c":"usd"}},"service_day":"2026-02-30"}`,
		`{` + discount + `,"start":"yesterday","lines":[{"discount":{"n":1}}]}`,
	} {
		if c, err := (couponRow{Coupon: "c", Version: 1, Doc: doc}).coupon(); err == nil {
			t.Errorf("coupon %s: got %+v, want an error", doc, c)
		}
		if r, err := (redemptionRow{Coupon: "c", Currency: "USD", Doc: doc}).redemption(); err == nil {
			t.Errorf("redemption %s: got %+v, want an error", doc, r)
		}
	}
	whole := redemptionRow{Coupon: "c", Currency: "USD", Doc: `{` + discount + `}`}
	if _, err := whole.redemption(); err != nil {
		t.Fatalf("a whole redemption: %v", err)
	}
	for name, spoil := range map[string]func(*redemptionRow){
		"currency": func(r *redemptionRow) { r.Currency = "?" },
		"charges":  func(r *redemptionRow) { r.Charges = `[{"n":"1"}]` },
	} {
		row := whole
		spoil(&row)
		if _, err := row.redemption(); err == nil {
			t.Errorf("a redemption with a bad %s: want an error", name)
		}
	}
}

func TestTwoCurrenciesInOneRedemptionAreRefused(t *testing.T) {
	var r coupon.Redemption
	fill(t, reflect.ValueOf(&r).Elem())
	r.Refund = coupon.MustMoney("1", "EUR")
	if _, err := rowOf(r, 0, 0); err == nil {
		t.Error("want an error")
	}
}

func TestPrefixHasNothingThatSQLUnderstands(t *testing.T) {
	for _, good := range []string{"", "coupon_", "_", "a1_b", strings.Repeat("x", 30)} {
		if err := CheckPrefix(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{"1a", "a-b", "a.b", `a"`, "a b", "ä", "a\x00", "a;", "a?", "A", "sqlite_", strings.Repeat("x", 31)} {
		if CheckPrefix(bad) == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}
