package vectors

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/couponkit/coupon"
)

// discountVector is what coupons give on an order, in the order of the list.
type discountVector struct {
	header
	units
	Lines    []lineSpec   `json:"lines"`
	Coupons  []couponSpec `json:"coupons"`
	Stacking string       `json:"stacking"`
	Tax      struct {
		PricesIncludeTax bool            `json:"prices_include_tax"`
		Rate             decimal.Decimal `json:"rate"` // for people: prices and discount are on one basis
	} `json:"tax"`
	Expect discountExpect `json:"expect"`
}

type discountExpect struct {
	Valid                 bool                         `json:"valid"`
	TotalDiscount         *decimal.Decimal             `json:"total_discount"`
	LineDiscounts         map[string]decimal.Decimal   `json:"line_discounts"`
	LineDiscountsAnyOrder []decimal.Decimal            `json:"line_discounts_any_order"`
	CouponDiscounts       []decimal.Decimal            `json:"coupon_discounts"`
	UnitSplits            map[string][]decimal.Decimal `json:"unit_splits"`
}

func (v *discountVector) shape() error {
	for _, c := range v.Coupons {
		if err := c.shape(); err != nil {
			return err
		}
	}
	if err := lineShape(v.Lines); err != nil {
		return err
	}
	switch v.Stacking {
	case "", "sequential":
	case "independent", "best_per_line":
		if len(v.Coupons) > 1 {
			return skip("left out: stacking on original prices (" + v.Stacking + ")")
		}
	default:
		return fmt.Errorf("unknown stacking %q", v.Stacking)
	}
	if v.Expect.Valid {
		zero := isZero(v.Expect.TotalDiscount)
		for _, d := range v.Expect.CouponDiscounts {
			zero = zero || d.IsZero()
		}
		if zero {
			return zeroResult
		}
	}
	return nil
}

func (v *discountVector) run(ctx context.Context) error {
	s, err := newShop(v.units, testDay)
	if err != nil {
		return err
	}
	var codes []string
	entered := map[string]bool{}
	for i, c := range v.Coupons {
		code := c.Code
		if code == "" {
			code = fmt.Sprintf("COUPON-%d", i+1)
		}
		codes = append(codes, code)
		if entered[code] {
			continue
		}
		entered[code] = true
		if _, err := s.offer(ctx, c, code); errors.Is(err, coupon.ErrInvalid) {
			return v.Expect.refused(err)
		} else if err != nil {
			return err
		}
	}
	b, err := book(v.units, "o1", v.Lines, v.Coupons, testDay)
	if err != nil {
		return err
	}
	b.TaxIncluded = v.Tax.PricesIncludeTax
	q, err := s.Quote(ctx, b, codes...)
	if errors.Is(err, coupon.ErrInvalid) {
		return v.Expect.refused(err)
	}
	if err != nil {
		return err
	}
	return v.Expect.compare(q)
}

// refused compares with an input that we don't take at all.
func (e discountExpect) refused(why error) error {
	if e.Valid {
		return fmt.Errorf("valid: expected true, got false: %w", why)
	}
	return nil
}

// compare looks at the offers that are not refused.
func (e discountExpect) compare(q coupon.Quote) error {
	var errs []error
	granted := false
	var each []decimal.Decimal
	perLine := map[string]decimal.Decimal{}
	quantity := map[string]int64{}
	for _, o := range q.Offers {
		each = append(each, decimal.Zero)
		for _, l := range o.Lines {
			quantity[l.Line] = l.Quantity
			if len(o.Refusals) == 0 {
				perLine[l.Line] = perLine[l.Line].Add(l.Discount.Amount)
			} else {
				perLine[l.Line] = perLine[l.Line].Add(decimal.Zero)
			}
		}
		if len(o.Refusals) == 0 {
			granted = true
			each[len(each)-1] = o.Discount.Amount
		}
	}
	if e.Valid != granted {
		errs = append(errs, fmt.Errorf("valid: expected %t, got %t%s", e.Valid, granted, because(q.Refusals())))
	}
	if e.TotalDiscount != nil {
		errs = append(errs, differsBy("total_discount", *e.TotalDiscount, q.Discount.Amount))
	}
	for id, want := range e.LineDiscounts {
		errs = append(errs, differsBy("line_discounts "+id, want, perLine[id]))
	}
	if e.LineDiscountsAnyOrder != nil {
		var all []decimal.Decimal
		for _, d := range perLine {
			all = append(all, d)
		}
		errs = append(errs, sameAmounts("line_discounts in any order", sorted(e.LineDiscountsAnyOrder), sorted(all)))
	}
	if e.CouponDiscounts != nil {
		errs = append(errs, sameAmounts("coupon_discounts", e.CouponDiscounts, each))
	}
	for id, want := range e.UnitSplits {
		got, err := splitUnits(perLine[id], quantity[id], q.Subtotal.Currency)
		errs = append(errs, err, sameAmounts("unit_splits "+id, want, got))
	}
	return errors.Join(errs...)
}

// splitUnits shares a line's discount among its units, which all weigh the same.
func splitUnits(discount decimal.Decimal, units int64, currency string) ([]decimal.Decimal, error) {
	minor, err := coupon.Money{Amount: discount, Currency: currency}.Minor()
	if err != nil {
		return nil, err
	}
	weights := make([]int64, units)
	for i := range weights {
		weights[i] = 1
	}
	shares, err := coupon.Allocate(minor, weights)
	if err != nil {
		return nil, err
	}
	out := make([]decimal.Decimal, len(shares))
	for i, n := range shares {
		m, err := coupon.MoneyFromMinor(n, currency)
		if err != nil {
			return nil, err
		}
		out[i] = m.Amount
	}
	return out, nil
}

// because lists refusals for a report.
func because(refusals []coupon.Refusal) string {
	if len(refusals) == 0 {
		return ""
	}
	return ": " + strings.TrimPrefix((&coupon.RefusedError{Refusals: refusals}).Error(), "coupon: ")
}
