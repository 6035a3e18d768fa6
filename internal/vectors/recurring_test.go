package vectors

import (
	"context"
	"fmt"

	"github.com/shopspring/decimal"
)

// recurringVector is a coupon over the bookings of one agreement.
type recurringVector struct {
	header
	units
	Coupon  couponSpec `json:"coupon"`
	Initial struct {
		OccurrencesLeft *int64           `json:"occurrences_left"`
		AmountUsed      *decimal.Decimal `json:"amount_used"`
		Exhausted       *bool            `json:"exhausted"`
	} `json:"initial"`
	Bookings []struct {
		Op     string     `json:"op"`
		Lines  []lineSpec `json:"lines"`
		Expect struct {
			TotalDiscount   *decimal.Decimal           `json:"total_discount"`
			LineDiscounts   map[string]decimal.Decimal `json:"line_discounts"`
			OccurrencesLeft *int64                     `json:"occurrences_left"`
			AmountLeft      *decimal.Decimal           `json:"amount_left"`
			Exhausted       *bool                      `json:"exhausted"`
		} `json:"expect"`
	} `json:"bookings"`
}

func (v *recurringVector) shape() error {
	if err := v.Coupon.shape(); err != nil {
		return err
	}
	switch v.Coupon.Duration {
	case "once", "repeating", "forever":
	default:
		return fmt.Errorf("unknown duration %q", v.Coupon.Duration)
	}
	follows := v.Initial.OccurrencesLeft != nil || v.Initial.AmountUsed != nil || v.Initial.Exhausted != nil || len(v.Bookings) != 1
	for _, b := range v.Bookings {
		if b.Op != "" && b.Op != "void_previous_booking" {
			return fmt.Errorf("unknown op %q", b.Op)
		}
		if err := lineShape(b.Lines); err != nil {
			return err
		}
		follows = follows || b.Op != "" || b.Expect.OccurrencesLeft != nil || b.Expect.AmountLeft != nil || b.Expect.Exhausted != nil
	}
	if follows {
		return pending("needs series")
	}
	return nil
}

// run is for the first booking of an agreement: it has what a single one has.
func (v *recurringVector) run(ctx context.Context) error {
	first := v.Bookings[0]
	d := discountVector{units: v.units, Lines: first.Lines, Coupons: []couponSpec{v.Coupon},
		Expect: discountExpect{Valid: !isZero(first.Expect.TotalDiscount), TotalDiscount: first.Expect.TotalDiscount, LineDiscounts: first.Expect.LineDiscounts}}
	return d.run(ctx)
}
