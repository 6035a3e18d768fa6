package main

import (
	"fmt"
	"slices"
	"time"
)

var orderColumns = []string{"order_id", "customer_id", "date", "gross_cents", "discount_cents", "net_cents", "coupon_codes"}

// order is what redemptions are checked against, and what they have made of it.
type order struct {
	line            int
	customer        string
	day             time.Time
	gross, discount int64
	codes           []string

	redeemed int64 // discounts of its redemptions so far
	broken   bool  // one of its redemptions was not taken over
}

// readOrders gives the index of the orders, and of the orders without a coupon
// the totals in each range: they are no coupon's, so no summary has them.
func readOrders(t *table, ranges []dayRange, out *console) (map[string]*order, []totals) {
	orders := map[string]*order{}
	without := make([]totals, len(ranges))
	for r := range t.rows(out) {
		id := r.text("order_id")
		o := &order{line: r.line, customer: r.text("customer_id"), day: r.day("date"),
			gross: r.cents("gross_cents"), discount: r.cents("discount_cents"), codes: r.list("coupon_codes")}
		r.net(o.gross, o.discount)
		if first, ok := orders[id]; ok {
			r.fail("order_id %q is on line %d too", id, first.line)
		}
		if len(o.codes) == 0 && o.discount != 0 {
			r.fail("discount_cents is %d without coupon_codes", o.discount)
		}
		if r.err != nil {
			out.bad(t.name, r.line, r.err)
			continue
		}
		orders[id] = o
		for i, rng := range ranges {
			if len(o.codes) == 0 && rng.holds(o.day) {
				without[i].add(1, cents(o.gross), cents(0))
			}
		}
	}
	return orders, without
}

// checkOrders reports the orders whose discount isn't what their redemptions
// give together: rows are missing, or there are too many.
func checkOrders(t *table, orders map[string]*order, out *console) {
	var wrong []*order
	for _, o := range orders {
		if !o.broken && o.redeemed != o.discount {
			wrong = append(wrong, o)
		}
	}
	slices.SortFunc(wrong, func(a, b *order) int { return a.line - b.line })
	for _, o := range wrong {
		out.bad(t.name, o.line, fmt.Errorf("discount_cents is %d, but its redemptions give %d", o.discount, o.redeemed))
	}
}
