package storetest

import (
	"context"
	"slices"

	"github.com/couponkit/coupon"
)

func (s *toy) RecordRefusals(ctx context.Context, refusals []coupon.RefusalRecord, bounds coupon.RefusalBounds) error {
	return s.do(ctx, func(sh *shop) error {
		if s.has("refusals are not kept") {
			return nil
		}
		for _, r := range refusals {
			s.refuse(sh, r, bounds)
		}
		return nil
	})
}

func (s *toy) refuse(sh *shop, r coupon.RefusalRecord, bounds coupon.RefusalBounds) {
	forget := func() {
		sh.refusals = slices.DeleteFunc(sh.refusals, func(o coupon.RefusalRecord) bool {
			return o.Coupon == r.Coupon && o.At.Before(bounds.Since) && !s.has("refusals are kept for ever")
		})
	}
	if !s.has("a forgotten refusal stands in the way") {
		forget()
	}
	if s.hasCoupon(sh, r.Coupon) != nil && !s.has("refusals need no coupon") {
		return
	}
	if i := slices.IndexFunc(sh.coupons, func(c coupon.Coupon) bool { return c.ID == r.Coupon }); s.has("a refusal is written on its coupon") {
		sh.coupons[i].UpdatedAt = r.At
	}
	i := slices.IndexFunc(sh.refusals, func(o coupon.RefusalRecord) bool {
		return o.Coupon == r.Coupon && o.Booking == r.Booking && (o.Reason == r.Reason || s.has("a booking is refused for one reason"))
	})
	switch {
	case i >= 0 && s.has("the last refusal stays"):
		sh.refusals[i] = r
	case i < 0 || s.has("every refusal is kept"):
		sh.refusals = append(sh.refusals, r)
	}
	slices.SortFunc(sh.refusals, coupon.RefusalRecord.Compare)
	if s.has("the oldest refusals stay") {
		slices.Reverse(sh.refusals)
	}
	forget()
	n := 0
	sh.refusals = slices.DeleteFunc(sh.refusals, func(o coupon.RefusalRecord) bool {
		if o.Coupon != r.Coupon && !s.has("refusals are bounded over all coupons") {
			return false
		}
		n++
		return n > bounds.Most && !s.has("refusals are not bounded")
	})
}

func (s *toy) Refusals(ctx context.Context, q coupon.RefusalQuery) (page []coupon.RefusalRecord, err error) {
	err = s.do(ctx, func(sh *shop) error {
		slices.SortFunc(sh.refusals, coupon.RefusalRecord.Compare)
		for _, r := range sh.refusals {
			q := q
			if s.has("refusals are listed of all coupons") {
				q.Coupon = r.Coupon
			}
			after := q.After == nil || q.After.Compare(r) < 0
			if q.After != nil && s.has("pages skip ties") {
				after = r.At.Before(q.After.At)
			}
			if q.Holds(r) && after && len(page) < q.Limit {
				page = append(page, r)
			}
		}
		if s.has("refusals begin with the oldest") {
			slices.Reverse(page)
		}
		return nil
	})
	return page, err
}
