package storetest

import (
	"cmp"
	"context"
	"slices"

	"github.com/couponkit/coupon"
)

func (s *toy) InsertCodes(ctx context.Context, id coupon.ID, codes []coupon.CouponCode) (taken []coupon.Code, err error) {
	err = s.do(ctx, func(sh *shop) error {
		i := slices.IndexFunc(sh.coupons, func(c coupon.Coupon) bool { return c.ID == id })
		if i < 0 || !sh.coupons[i].ArchivedAt.IsZero() {
			return coupon.ErrNotFound
		}
		for _, k := range codes {
			if _, there := s.code(sh, k.Code); there && !s.has("codes are not unique") {
				taken = append(taken, k.Code)
				continue
			}
			sh.codes = append(sh.codes, k)
		}
		return nil
	})
	return taken, err
}

func (s *toy) Codes(ctx context.Context, q coupon.CodeQuery) (page []coupon.CouponCode, err error) {
	err = s.do(ctx, func(sh *shop) error {
		for _, k := range sh.codes {
			if k.Coupon == q.Coupon && k.Code > q.After && (q.Batch == "" || q.Batch == k.Batch) {
				page = append(page, k)
			}
		}
		slices.SortFunc(page, func(a, b coupon.CouponCode) int { return cmp.Compare(a.Code, b.Code) })
		page = page[:min(len(page), q.Limit)]
		return nil
	})
	return page, err
}

func (s *toy) Series(ctx context.Context, k coupon.SeriesKey) (x coupon.Series, err error) {
	err = s.do(ctx, func(sh *shop) error {
		var ok bool
		if x, ok = sh.series[k]; !ok {
			return coupon.ErrNotFound
		}
		x = x.Clone()
		return nil
	})
	return x, err
}
