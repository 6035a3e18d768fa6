package memory

import (
	"context"
	"slices"

	"github.com/couponkit/coupon"
)

// RecordRefusals implements coupon.Store.
func (s *Store) RecordRefusals(ctx context.Context, refusals []coupon.RefusalRecord, bounds coupon.RefusalBounds) error {
	return s.write(ctx, func(t *tenant) error {
		for _, r := range refusals {
			if _, ok := t.coupons[r.Coupon]; !ok {
				continue
			}
			list := slices.DeleteFunc(t.refusals[r.Coupon], func(x coupon.RefusalRecord) bool { return x.At.Before(bounds.Since) })
			known := slices.ContainsFunc(list, func(x coupon.RefusalRecord) bool { return x.Booking == r.Booking && x.Reason == r.Reason })
			if !known && !r.At.Before(bounds.Since) {
				i, _ := slices.BinarySearchFunc(list, r, coupon.RefusalRecord.Compare)
				list = slices.Insert(list, i, r)
			}
			t.refusals[r.Coupon] = list[:min(len(list), bounds.Most)]
		}
		return nil
	})
}

// Refusals implements coupon.Store.
func (s *Store) Refusals(ctx context.Context, q coupon.RefusalQuery) (page []coupon.RefusalRecord, err error) {
	err = s.read(ctx, func(t *tenant) error {
		for _, r := range t.refusals[q.Coupon] {
			if len(page) < q.Limit && q.Holds(r) && (q.After == nil || q.After.Compare(r) < 0) {
				page = append(page, r)
			}
		}
		return nil
	})
	return page, err
}
