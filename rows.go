package coupon

import (
	"slices"
	"time"
)

// rows are the redemptions of a booking as they are about to be.
type rows struct {
	all     []Redemption
	changed map[ID]bool
}

// put replaces the redemption of its coupon, or adds it.
func (rs *rows) put(r Redemption) {
	if rs.changed == nil {
		rs.changed = map[ID]bool{}
	}
	rs.changed[r.Coupon] = true
	for i := range rs.all {
		if rs.all[i].Coupon == r.Coupon {
			rs.all[i] = r
			return
		}
	}
	rs.all = append(rs.all, r)
}

// settle makes the coupons of the booking agree on it: on what the others took
// off, and on what was given back. To a redemption others are redemptions, to a
// reservation the reservations too: it was priced on what they left. It refuses
// what would leave less than was given back already.
func (rs *rows) settle(now time.Time) error {
	refunds := rs.refunds(now)
	for i := range rs.all {
		r := &rs.all[i]
		if r.Imported || !r.live(now) {
			continue // what an imported one knows of the others came with it
		}
		others := r.Discount.Amount.Sub(r.Discount.Amount)
		for _, o := range rs.all {
			if o.Coupon != r.Coupon && o.live(now) && (o.State != Reserved || r.State == Reserved) {
				others = others.Add(o.Discount.Amount)
			}
		}
		if !others.Equal(r.OtherDiscounts.Amount) {
			r.OtherDiscounts = Money{others, r.Discount.Currency}
			rs.put(*r)
		}
		if r.State != Reserved && len(r.Refunds) < len(refunds) {
			var sum Money
			for _, x := range refunds {
				var err error
				if sum, err = sum.Add(x.Amount); err != nil {
					return err
				}
			}
			r.State, r.Refund, r.Refunds = Refunded, sum, slices.Clone(refunds)
			rs.put(*r)
		}
		if paid := r.Revenue(); r.Refund.Amount.GreaterThan(paid.Amount) {
			return invalid("booking.lines", paid.String(), "must leave at least the "+r.Refund.String()+" that were refunded")
		}
	}
	return nil
}

// refunds are all that was given back on the booking, each once: what came to it
// later has not seen the earlier ones.
func (rs *rows) refunds(now time.Time) []Refund {
	var out []Refund
	for _, r := range rs.all {
		if r.Imported || !r.live(now) {
			continue
		}
		for _, x := range r.Refunds {
			if !slices.ContainsFunc(out, func(y Refund) bool { return y.Key == x.Key }) {
				out = append(out, x)
			}
		}
	}
	return out
}

// write puts what changed among the changes of the group.
func (rs *rows) write(w *writing) {
	for _, r := range rs.all {
		if !rs.changed[r.Coupon] {
			continue
		}
		if _, there := find(w.view.Redemptions, r.Coupon); there {
			w.Update = append(w.Update, r)
		} else {
			w.Insert = append(w.Insert, r)
		}
	}
}
