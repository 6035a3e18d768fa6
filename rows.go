package coupon

import "time"

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

// settle sets what the other coupons of the booking took off. To a redemption
// that are redemptions, to a reservation the reservations too: it was priced on
// what they left. It refuses what would leave less than was given back already.
func (rs *rows) settle(now time.Time) error {
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
		if paid := r.Revenue(); r.Refund.Amount.GreaterThan(paid.Amount) {
			return invalid("booking.lines", paid.String(), "must leave at least the "+r.Refund.String()+" that were refunded")
		}
	}
	return nil
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
