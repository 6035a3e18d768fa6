package vectors

import (
	"context"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/couponkit/coupon"
)

// allocateVector is a total spread over weights.
type allocateVector struct {
	header
	units
	Total   decimal.Decimal   `json:"total"`
	Weights []decimal.Decimal `json:"weights"`
	Expect  struct {
		Shares         []decimal.Decimal `json:"shares"`
		SharesAnyOrder []decimal.Decimal `json:"shares_any_order"`
	} `json:"expect"`
}

func (v *allocateVector) shape() error { return nil }

func (v *allocateVector) run(context.Context) error {
	total, err := v.minor(v.Total)
	if err != nil {
		return err
	}
	got, err := coupon.Allocate(total, integers(v.Weights))
	if err != nil {
		return err
	}
	shares := make([]decimal.Decimal, len(got))
	for i, n := range got {
		shares[i] = decimal.New(n, -int32(v.exponent()))
	}
	if v.Expect.Shares != nil {
		return sameAmounts("shares", v.Expect.Shares, shares)
	}
	return sameAmounts("shares in any order", sorted(v.Expect.SharesAnyOrder), sorted(shares))
}

// integers scales weights until none has decimals: only their proportion counts.
func integers(weights []decimal.Decimal) []int64 {
	var scale int32
	for _, w := range weights {
		scale = max(scale, -w.Exponent())
	}
	out := make([]int64, len(weights))
	for i, w := range weights {
		out[i] = w.Shift(scale).IntPart()
	}
	return out
}

func sorted(amounts []decimal.Decimal) []decimal.Decimal {
	return slices.SortedFunc(slices.Values(amounts), decimal.Decimal.Cmp)
}

// sameAmounts compares two lists.
func sameAmounts(what string, want, got []decimal.Decimal) error {
	if slices.EqualFunc(want, got, decimal.Decimal.Equal) {
		return nil
	}
	return differs(what, want, got)
}
