package coupon

import (
	"cmp"
	"math/bits"
	"slices"
	"strconv"

	"github.com/shopspring/decimal"
)

// DiscountKind is how a discount is computed. The zero value is not valid.
type DiscountKind string

const (
	// Percent takes a percentage off the eligible part of the booking, at most
	// the cap.
	Percent DiscountKind = "percent"
	// FixedAmount takes an amount off the booking, once.
	FixedAmount DiscountKind = "fixed"
	// AmountPerUnit takes an amount off every unit of the eligible lines.
	AmountPerUnit DiscountKind = "per-unit"
)

// Discount is what a coupon gives, on the lines it applies to; never more than
// they are worth. Make one with [PercentOff], [AmountOff] or [AmountOffPerUnit].
type Discount struct {
	Kind DiscountKind `json:"kind"` // required
	// Percent is 0 < p ≤ 100, with at most 4 decimals. Only with Kind Percent.
	Percent decimal.Decimal `json:"percent,omitzero"`
	// Amount is more than zero, with Kind FixedAmount or AmountPerUnit. A booking
	// of another currency is refused.
	Amount Money `json:"amount,omitzero"`
	// Cap is the most that a percentage takes off a booking, more than zero; the
	// zero Money is no cap. Only with Kind Percent.
	Cap Money `json:"cap,omitzero"`
}

// PercentOff takes percent of a hundred off: PercentOff(decimal.NewFromInt(15)).
func PercentOff(percent decimal.Decimal) Discount {
	return Discount{Kind: Percent, Percent: percent}
}

// UpTo is the percentage with a cap.
func (d Discount) UpTo(most Money) Discount {
	d.Cap = most
	return d
}

// AmountOff takes an amount off the booking, once.
func AmountOff(m Money) Discount { return Discount{Kind: FixedAmount, Amount: m} }

// AmountOffPerUnit takes an amount off every eligible unit.
func AmountOffPerUnit(m Money) Discount { return Discount{Kind: AmountPerUnit, Amount: m} }

// percentScale makes a percentage of 4 decimals an integer, and a hundred per
// cent its square root of one: 100 × 10⁴.
const (
	percentDecimals = 4
	wholePercent    = 100 * 10_000
)

// off computes the discount in minor units: in all and on each line. left is
// what earlier coupons left of each eligible line, and 0 for the others. The
// discount has been validated and is of the booking's currency.
//
// Rounding happens once, on the total, half away from zero; then it is allocated
// (see [Allocate]). An amount per unit is what it is on each line.
func (d Discount) off(left, quantity []int64) (total int64, lines []int64) {
	var base int64
	for _, n := range left {
		base += n
	}
	switch d.Kind {
	case AmountPerUnit:
		amount, _ := d.Amount.Minor()
		lines = make([]int64, len(left))
		for i, n := range left {
			lines[i] = min(n, mulSaturated(amount, quantity[i]))
			total += lines[i]
		}
		return total, lines
	case Percent:
		percent, _ := toMinor("", d.Percent, percentDecimals)
		total = mulDivRound(base, percent, wholePercent)
		if !d.Cap.IsZero() {
			most, _ := d.Cap.Minor()
			total = min(total, most)
		}
	case FixedAmount:
		total, _ = d.Amount.Minor()
	}
	total = min(total, base)
	lines, _ = Allocate(total, left)
	return total, lines
}

// currency is the one that a booking must have, or "" if every one will do.
func (d Discount) currency() string {
	if d.Kind == Percent {
		return d.Cap.Currency
	}
	return d.Amount.Currency
}

// Allocate splits total over weights in proportion, so that the shares add up to
// it exactly: by largest remainder, ties to the earlier weight. Everything is an
// integer (minor units); a negative total is the mirror of the positive one. If
// all weights are zero, so are the shares. A negative weight is an
// [*InvalidError], and weights whose sum passes an int64 are [ErrOverflow].
func Allocate(total int64, weights []int64) ([]int64, error) {
	var sum int64
	for i, w := range weights {
		if w < 0 {
			return nil, invalid("weights["+strconv.Itoa(i)+"]", strconv.FormatInt(w, 10), "must not be negative")
		}
		var ok bool
		if sum, ok = addMinor(sum, w); !ok {
			return nil, ErrOverflow
		}
	}
	shares := make([]int64, len(weights))
	if total == 0 || sum == 0 {
		return shares, nil
	}
	sign, rest := int64(1), uint64(total)
	if total < 0 {
		sign, rest = -1, -rest
	}
	whole := rest
	remainders := make([]uint64, len(weights))
	for i, w := range weights {
		hi, lo := bits.Mul64(whole, uint64(w))
		share, remainder := bits.Div64(hi, lo, uint64(sum)) // w ≤ sum, so the quotient fits
		shares[i], remainders[i] = sign*int64(share), remainder
		rest -= share
	}
	order := make([]int, len(weights))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(remainders[j], remainders[i]) })
	for _, i := range order[:rest] { // fewer units are left than weights have remainders
		shares[i] += sign
	}
	return shares, nil
}

// mulDivRound is a × b ÷ c for a, b ≥ 0 and b ≤ c, half away from zero, without
// overflow.
func mulDivRound(a, b, c int64) int64 {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	q, r := bits.Div64(hi, lo, uint64(c))
	if r >= uint64(c)-r {
		q++
	}
	return int64(q)
}

func mulSaturated(a, b int64) int64 {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	if hi > 0 || lo > 1<<62 {
		return 1 << 62
	}
	return int64(lo)
}
