package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/couponkit/coupon"
)

var couponColumns = []string{"coupon_code", "kind", "percent", "categories", "valid_from", "valid_before"}

// offer is a coupon as its rows say, and the first of them.
type offer struct {
	line int
	coupon.Coupon
}

// readCoupons makes one offer of all rows of a code: a code that was valid in
// several months is valid from the start of the first to the end of the last.
func readCoupons(t *table, out *console) map[coupon.Code]*offer {
	offers := map[coupon.Code]*offer{}
	for r := range t.rows(out) {
		c := readCoupon(r)
		o := offers[c.Code]
		if r.err == nil && o != nil {
			if what := differs(o.Coupon, c); what != "" {
				r.fail("the %s differs from line %d", what, o.line)
			}
		}
		switch {
		case r.err != nil:
			out.bad(t.name, r.line, r.err)
		case o == nil:
			offers[c.Code] = &offer{r.line, c}
		default:
			if c.Start.Before(o.Start) {
				o.Start = c.Start
			}
			if c.End.After(o.End) {
				o.End = c.End
			}
		}
	}
	return offers
}

func readCoupon(r *row) coupon.Coupon {
	code, err := coupon.ParseCode(r.text("coupon_code"))
	if err != nil {
		r.fail("%w", err)
	}
	if kind := r.text("kind"); kind != "percent" {
		r.fail("kind %q must be percent", kind)
	}
	percent, err := decimal.NewFromString(r.text("percent"))
	if err != nil {
		r.fail("percent %q must be a number", r.text("percent"))
	}
	c := coupon.Coupon{
		Code:     code,
		Discount: coupon.PercentOff(percent),
		Restrictions: coupon.Restrictions{Matches: []coupon.Match{
			{On: coupon.OnLine, Key: "category", AnyOf: r.list("categories")},
		}},
		Start: r.day("valid_from"),
		End:   r.day("valid_before"),
		Zone:  "UTC",
	}
	if err := c.Validate(); err != nil {
		r.fail("%w", err)
	}
	return c
}

// differs says in what two coupons differ, of what a row says; "" is nothing.
// The dates are left to the caller.
func differs(a, b coupon.Coupon) string {
	if a.Discount.Kind != b.Discount.Kind || !a.Discount.Percent.Equal(b.Discount.Percent) || !a.Discount.Cap.IsZero() {
		return "discount"
	}
	if !slices.EqualFunc(a.Restrictions.Matches, b.Restrictions.Matches, func(m, n coupon.Match) bool {
		return m.On == n.On && m.Key == n.Key && slices.Equal(m.AnyOf, n.AnyOf) && slices.Equal(m.NoneOf, n.NoneOf)
	}) {
		return "list of categories"
	}
	return ""
}

// loadCoupons creates the coupons of the file that are not there yet, and gives
// them all, and how many are new. One that is there and differs stays as it is
// and is reported; it has the code, so what was redeemed with the code is its.
func loadCoupons(ctx context.Context, svc *coupon.Service, t *table, out *console) (map[coupon.Code]coupon.ID, int, error) {
	created := 0
	ids := map[coupon.Code]coupon.ID{}
	offers := readCoupons(t, out)
	for _, code := range slices.Sorted(maps.Keys(offers)) {
		o := offers[code]
		c, err := svc.CouponByCode(ctx, string(code))
		if errors.Is(err, coupon.ErrNotFound) {
			if c, err = svc.Create(ctx, o.Coupon); err == nil {
				created++
			}
		}
		if err != nil {
			return nil, 0, fmt.Errorf("coupon %s: %w", code, err)
		}
		ids[code] = c.ID
		what := differs(c, o.Coupon)
		if what == "" && (!c.Start.Equal(o.Start) || !c.End.Equal(o.End)) {
			what = fmt.Sprintf("validity (%s to %s)", c.Start.Format(time.DateOnly), c.End.Format(time.DateOnly))
		}
		if what != "" {
			out.bad(t.name, o.line, fmt.Errorf("the coupon %s in the database has another %s", code, what))
		}
	}
	return ids, created, nil
}
