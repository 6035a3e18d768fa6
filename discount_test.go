package coupon_test

import (
	"errors"
	"math"
	"math/big"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"github.com/couponkit/coupon"
)

var noon = time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC)

// offer checks a coupon with only a discount against lines of one unit.
func offer(t interface{ Fatal(...any) }, d coupon.Discount, currency string, prices ...string) coupon.Offer {
	b := coupon.Booking{ID: "b", Currency: currency, MadeAt: noon}
	for _, p := range prices {
		b.Lines = append(b.Lines, coupon.Line{Price: decimal.RequireFromString(p), Quantity: 1})
	}
	o, err := coupon.Coupon{Code: "C", Discount: d, Start: noon, Zone: "UTC"}.Check(b, nil)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func percent(s string) coupon.Discount { return coupon.PercentOff(decimal.RequireFromString(s)) }

func TestDiscountIsRoundedOnceHalfAwayFromZero(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		discount coupon.Discount
		currency string
		prices   []string
		want     string
	}{
		{percent("15"), "USD", []string{"34.90"}, "5.24"},  // 5.235
		{percent("50"), "USD", []string{"83.33"}, "41.67"}, // 41.665
		{percent("10"), "JPY", []string{"15"}, "2"},        // 1.5
		{percent("12.5"), "KWD", []string{"1.001"}, "0.125"},
		{percent("33.3333"), "USD", []string{"100.00"}, "33.33"},
		{percent("100"), "USD", []string{"0.01", "99.98"}, "99.99"},
		{percent("10"), "USD", []string{"1.06", "2.06", "3.06", "4.06"}, "1.02"}, // not 1.04, line by line
		{percent("50").UpTo(coupon.MustMoney("10", "USD")), "USD", []string{"30.00"}, "10.00"},
		{coupon.AmountOff(coupon.MustMoney("50", "USD")), "USD", []string{"20.00"}, "20.00"},
		{coupon.AmountOffPerUnit(coupon.MustMoney("5", "USD")), "USD", []string{"3.00", "20.00"}, "8.00"},
	} {
		o := offer(t, tc.discount, tc.currency, tc.prices...)
		if want := coupon.MustMoney(tc.want, tc.currency); !o.Discount.Equal(want) {
			t.Errorf("%v on %v is %v, want %v", tc.discount, tc.prices, o.Discount, want)
		}
	}
}

// Every cent up to 100.00 at every half per cent, against rational arithmetic.
func TestPercentageEqualsRationalArithmetic(t *testing.T) {
	t.Parallel()
	half := big.NewRat(1, 2)
	for permille := int64(5); permille <= 1000; permille += 5 {
		d := coupon.PercentOff(decimal.New(permille, -1))
		for cents := int64(1); cents <= 10_000; cents += 37 {
			exact := new(big.Rat).Mul(big.NewRat(cents, 1), big.NewRat(permille, 1000))
			exact.Add(exact, half)
			want := new(big.Int).Quo(exact.Num(), exact.Denom()).Int64()
			o := offer(t, d, "USD", decimal.New(cents, -2).String())
			if got, _ := o.Discount.Minor(); got != want {
				t.Fatalf("%d.%d %% of %d cents is %d, want %d", permille/10, permille%10, cents, got, want)
			}
		}
	}
}

// Whatever the coupon and the booking: a discount is between nothing and what it
// applies to, on each line too; lines add up; and the order of lines does not
// change the total.
func TestDiscountLaws(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var d coupon.Discount
		switch rapid.IntRange(0, 3).Draw(t, "kind") {
		case 0:
			d = coupon.PercentOff(decimal.New(rapid.Int64Range(1, 1_000_000).Draw(t, "p"), -4))
		case 1:
			d = coupon.PercentOff(decimal.New(rapid.Int64Range(1, 1_000_000).Draw(t, "p"), -4)).UpTo(cents(rapid.Int64Range(1, 10_000).Draw(t, "cap")))
		case 2:
			d = coupon.AmountOff(cents(rapid.Int64Range(1, 10_000_000).Draw(t, "amount")))
		case 3:
			d = coupon.AmountOffPerUnit(cents(rapid.Int64Range(1, 10_000).Draw(t, "amount")))
		}
		b := coupon.Booking{ID: "b", Currency: "USD", MadeAt: noon}
		for range rapid.IntRange(1, 12).Draw(t, "lines") {
			l := coupon.Line{Price: decimal.New(rapid.Int64Range(0, 20_000).Draw(t, "price"), -2), Quantity: rapid.Int64Range(1, 9).Draw(t, "quantity")}
			if rapid.Bool().Draw(t, "eligible") {
				l.Attributes = coupon.Attributes{"on": {"yes"}}
			}
			b.Lines = append(b.Lines, l)
		}
		c := coupon.Coupon{Code: "C", Discount: d, Start: noon, Zone: "UTC", Restrictions: coupon.Restrictions{
			Matches: []coupon.Match{{On: coupon.OnLine, Key: "on", AnyOf: []string{"yes"}}}}}
		o, err := c.Check(b, nil)
		if err != nil {
			t.Fatal(err)
		}
		var sum, eligible int64
		for i, l := range o.Lines {
			amount, discount := minor(l.Amount), minor(l.Discount)
			if discount < 0 || discount > amount || (!l.Eligible && discount != 0) {
				t.Fatalf("line %d of %d cents got %d, eligible %v", i, amount, discount, l.Eligible)
			}
			sum += discount
			if l.Eligible {
				eligible += amount
			}
		}
		if sum != minor(o.Discount) || sum > eligible || eligible != minor(o.Eligible) {
			t.Fatalf("lines add up to %d of %d, the offer says %v of %v", sum, eligible, o.Discount, o.Eligible)
		}
		for i, j := 0, len(b.Lines)-1; i < j; i, j = i+1, j-1 {
			b.Lines[i], b.Lines[j] = b.Lines[j], b.Lines[i]
		}
		if back, err := c.Check(b, nil); err != nil || !back.Discount.Equal(o.Discount) {
			t.Fatalf("with the lines reversed the discount is %v, %v; it was %v", back.Discount, err, o.Discount)
		}
	})
}

func cents(n int64) coupon.Money {
	m, err := coupon.MoneyFromMinor(n, "USD")
	if err != nil {
		panic(err)
	}
	return m
}

func minor(m coupon.Money) int64 {
	n, err := m.Minor()
	if err != nil {
		panic(err)
	}
	return n
}

func TestAllocateGivesTheLargestRemaindersFirst(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		total   int64
		weights []int64
		want    []int64
	}{
		{5000, []int64{120, 230, 300}, []int64{923, 1769, 2308}},
		{100, []int64{1, 1, 1}, []int64{34, 33, 33}}, // ties to the earlier
		{-100, []int64{1, 1, 1}, []int64{-34, -33, -33}},
		{10, []int64{0, 0}, []int64{0, 0}},
		{0, []int64{1, 2}, []int64{0, 0}},
		{7, []int64{0, 3}, []int64{0, 7}},
		{5, nil, []int64{}},
		{math.MaxInt64, []int64{math.MaxInt64 / 2, math.MaxInt64 / 2}, []int64{math.MaxInt64/2 + 1, math.MaxInt64 / 2}},
		{math.MinInt64, []int64{1}, []int64{math.MinInt64}},
	} {
		got, err := coupon.Allocate(tc.total, tc.weights)
		if diff := cmp.Diff(tc.want, got); err != nil || diff != "" {
			t.Errorf("Allocate(%d, %v): %v\n%s", tc.total, tc.weights, err, diff)
		}
	}
	_, err := coupon.Allocate(1, []int64{1, -1})
	wantField(t, err, "weights[1]", "not be negative")
	if _, err := coupon.Allocate(1, []int64{math.MaxInt64, 1}); !errors.Is(err, coupon.ErrOverflow) {
		t.Errorf("weights past an int64: %v", err)
	}
}

// Shares add up, keep the order of the weights, are within one unit of the exact
// share, and a negative total is the mirror.
func TestAllocateLaws(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		weights := rapid.SliceOfN(rapid.Int64Range(0, 1<<40), 1, 20).Draw(t, "weights")
		total := rapid.Int64Range(0, 1<<45).Draw(t, "total")
		shares, err := coupon.Allocate(total, weights)
		if err != nil {
			t.Fatal(err)
		}
		mirror, err := coupon.Allocate(-total, weights)
		if err != nil {
			t.Fatal(err)
		}
		var sum, of int64
		for i := range weights {
			sum, of = sum+shares[i], of+weights[i]
			if shares[i] != -mirror[i] {
				t.Fatalf("share %d is %d, and %d of the negative total", i, shares[i], mirror[i])
			}
		}
		if of == 0 {
			total = 0
		}
		if sum != total {
			t.Fatalf("the shares add up to %d of %d", sum, total)
		}
		for i, w := range weights {
			for j, v := range weights {
				if w > v && shares[i] < shares[j] {
					t.Fatalf("weight %d got %d, and the smaller %d got %d", w, shares[i], v, shares[j])
				}
			}
			if of == 0 {
				continue
			}
			exact := big.NewRat(w, of)
			exact.Mul(exact, big.NewRat(total, 1))
			if exact.Sub(exact, big.NewRat(shares[i], 1)).Abs(exact).Cmp(big.NewRat(1, 1)) >= 0 {
				t.Fatalf("share %d is a unit or more away from exact", i)
			}
		}
	})
}
