package storetest

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/couponkit/coupon"
)

func (s *toy) InsertCodes(ctx context.Context, id coupon.ID, codes []coupon.CouponCode) (taken []coupon.Code, err error) {
	err = s.do(ctx, func(sh *shop) error {
		i := slices.IndexFunc(sh.coupons, func(c coupon.Coupon) bool { return c.ID == id })
		if i < 0 || !sh.coupons[i].ArchivedAt.IsZero() {
			return coupon.ErrNotFound
		}
		for _, k := range codes {
			if _, there := s.code(sh, k.Code); (there || s.numbered(sh, k)) && !s.has("codes are not unique") {
				taken = append(taken, k.Code)
				continue
			}
			sh.codes = append(sh.codes, s.storedCode(k))
		}
		if s.has("what is taken is not told") {
			taken = nil
		}
		return nil
	})
	return taken, err
}

// numbered says whether the batch has a code of that number.
func (s *toy) numbered(sh *shop, k coupon.CouponCode) bool {
	return k.Number > 0 && !s.has("a batch may have a number twice") && slices.ContainsFunc(sh.codes, func(o coupon.CouponCode) bool {
		return o.Number == k.Number && o.Batch == k.Batch && o.Coupon == k.Coupon
	})
}

func (s *toy) storedCode(k coupon.CouponCode) coupon.CouponCode {
	s.instants(&k.CreatedAt)
	switch {
	case s.has("whether a code is single-use is not stored"):
		k.SingleUse = false
	case s.has("whose a code is is not stored"):
		k.Customer = ""
	case s.has("the numbers of a batch are not stored"):
		k.Number = 0
	case s.has("the count of a batch is not stored"):
		k.BatchCount = 0
	}
	return k
}

func (s *toy) Codes(ctx context.Context, q coupon.CodeQuery) (page []coupon.CouponCode, err error) {
	err = s.do(ctx, func(sh *shop) error {
		for _, k := range sh.codes {
			later := k.Code > q.After || k.Code == q.After && s.has("pages of codes begin with the last one again")
			if k.Coupon == q.Coupon && later && (q.Batch == "" || s.sameBatch(q.Batch, k.Batch)) {
				page = append(page, k)
			}
		}
		if !s.has("codes are listed as they came") {
			slices.SortFunc(page, func(a, b coupon.CouponCode) int { return cmp.Compare(a.Code, b.Code) })
		}
		page = page[:min(len(page), q.Limit)]
		return nil
	})
	return page, err
}

func (s *toy) Batches(ctx context.Context, id coupon.ID, after string, limit int) (page []coupon.BatchState, err error) {
	err = s.do(ctx, func(sh *shop) error {
		for _, k := range sh.codes {
			if k.Coupon != id && !s.has("batches are of all coupons") || k.Batch <= after {
				continue
			}
			i := slices.IndexFunc(page, func(b coupon.BatchState) bool { return s.sameBatch(b.Key, k.Batch) })
			if i < 0 {
				i, page = len(page), append(page, coupon.BatchState{Key: k.Batch, CreatedAt: k.CreatedAt})
			}
			if page[i].Codes++; k.CreatedAt.Before(page[i].CreatedAt) || s.has("a batch is as old as its last code") {
				page[i].CreatedAt = k.CreatedAt
			}
		}
		for i := range page {
			for _, k := range sh.codes {
				if k.Coupon == id && k.Number == 1 && s.sameBatch(page[i].Key, k.Batch) && !s.has("a batch is as old as its last code") {
					page[i].CreatedAt = k.CreatedAt
				}
			}
		}
		slices.SortFunc(page, func(a, b coupon.BatchState) int { return cmp.Compare(a.Key, b.Key) })
		page = page[:min(len(page), limit)]
		return nil
	})
	return page, err
}

func (s *toy) sameBatch(a, b string) bool {
	return a == b || s.has("codes and keys ignore case") && strings.EqualFold(a, b)
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
