package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/couponkit/coupon"
)

var redemptionColumns = []string{"coupon_code", "customer_id", "order_id", "date", "gross_cents", "discount_cents", "net_cents", "order_gross_cents"}

// loadRedemptions streams the redemptions into the service. The report counts
// the rows that were not handed on among the bad ones.
func loadRedemptions(ctx context.Context, svc *coupon.Service, in *shop, coupons map[coupon.Code]coupon.ID, orders map[string]*order, out *console) (coupon.ImportReport, error) {
	t, bad := in.redemptions, 0
	allPlaced := true // every bad row could be laid to an order
	var rows iter.Seq2[coupon.PastRedemption, error] = func(yield func(coupon.PastRedemption, error) bool) {
		for r := range t.rows(out) {
			o := orders[r.text("order_id")]
			past := readRedemption(r, coupons, o)
			if r.err == nil {
				o.redeemed += r.cents("discount_cents")
				if !yield(past, nil) {
					return
				}
				continue
			}
			bad++
			out.bad(t.name, r.line, r.err)
			if o != nil {
				o.broken = true
			} else {
				allPlaced = false
			}
		}
	}
	report, err := svc.Import(ctx, rows, coupon.ImportOptions{
		Progress: func(p coupon.ImportReport) {
			out.show("redemptions: %d read, %d recorded, %d known, %d bad", p.Read+bad, p.Recorded, p.Known, p.Bad+bad)
		},
		BadRow: func(b coupon.BadRow) {
			orders[b.Row.Booking].broken = true
			if errors.Is(b.Err, coupon.ErrConflict) {
				b.Err = fmt.Errorf("another redemption of %s on order %s was taken over before this one", b.Row.Code, b.Row.Booking)
			}
			out.bad(t.name, b.Row.Line, b.Err)
		},
	})
	report.Read += bad + t.unreadable
	report.Bad += bad + t.unreadable
	if err == nil && allPlaced && t.unreadable == 0 {
		checkOrders(in.orders, orders, out)
	}
	return report, err
}

// readRedemption checks a row against its order, which is nil if there is none.
func readRedemption(r *row, coupons map[coupon.Code]coupon.ID, o *order) coupon.PastRedemption {
	gross, discount := r.cents("gross_cents"), r.cents("discount_cents")
	r.net(gross, discount)
	day, id, text := r.day("date"), r.text("order_id"), r.text("coupon_code")
	code, err := coupon.ParseCode(text)
	if err != nil {
		r.fail("%w", err)
	} else if _, ok := coupons[code]; !ok {
		r.fail("coupon_code %q is not among the coupons", text)
	}
	if o == nil {
		r.fail("order_id %q is not among the orders", id)
		return coupon.PastRedemption{}
	}
	if n := r.cents("order_gross_cents"); n != o.gross {
		r.fail("order_gross_cents is %d, but gross_cents of the order %d", n, o.gross)
	}
	if customer := r.text("customer_id"); customer != o.customer {
		r.fail("customer_id is %q, but %q in the order", customer, o.customer)
	}
	if !day.Equal(o.day) {
		r.fail("date is %s, but another in the order", r.text("date"))
	}
	if !slices.Contains(o.codes, text) {
		r.fail("coupon_code %q is not among the coupon_codes of the order", text)
	}
	if gross > o.gross {
		r.fail("gross_cents is %d, but %d of the whole order", gross, o.gross)
	}
	if discount > o.discount {
		r.fail("discount_cents is %d, but %d of the whole order", discount, o.discount)
	}
	return coupon.PastRedemption{
		Line: r.line, Code: text, Booking: id, Currency: "USD", Customer: o.customer, MadeAt: day,
		Subtotal: cents(o.gross), Eligible: cents(gross), Discount: cents(discount),
		// The order knows what its other coupons took off, also where their rows
		// are still to come or are bad: so a row that is read again says the same.
		OtherDiscounts: cents(o.discount - discount),
	}
}

// cents are an amount of dollars.
func cents(n int64) decimal.Decimal { return decimal.New(n, -2) }
