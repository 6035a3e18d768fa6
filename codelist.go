package coupon

import (
	"context"
	"iter"
	"time"
)

// CodeFilter chooses codes of a coupon. The zero value is all, the main one too.
type CodeFilter struct {
	Batch string // of this batch; empty: of every batch and of none
	After Code   // begin after this code, which need not be there
}

// Codes lists the codes of a coupon in the order of their bytes, in pages behind
// the scenes; also those that an archived coupon had. A coupon that is not there is
// [ErrNotFound]. An error comes once, last. How often each was used is told by
// [Service.CodeUses], and what came of it by [Service.Summary] with [OfCode].
func (s *Service) Codes(ctx context.Context, id ID, f CodeFilter) iter.Seq2[CouponCode, error] {
	return func(yield func(CouponCode, error) bool) {
		if _, err := s.store.Coupon(ctx, id); err != nil {
			yield(CouponCode{}, err)
			return
		}
		q := CodeQuery{Coupon: id, Batch: f.Batch, After: f.After, Limit: 1000}
		for {
			page, err := s.store.Codes(ctx, q)
			if err != nil {
				yield(CouponCode{}, err)
				return
			}
			for _, k := range page {
				if q.After = k.Code; !yield(k, nil) {
					return
				}
			}
			if len(page) < q.Limit {
				return
			}
		}
	}
}

// CodeUses tells how much is used of the limit of uses per code and for ever, which
// every single-use code has, and the others if the coupon has one. Only then are
// the uses of a code counted by itself: without such a limit it is not in the map.
// What is only reserved is a use; one booking is one, and so is one series. It
// costs the reading of a counter for each code, however often it was used. A coupon
// that is not there is [ErrNotFound].
func (s *Service) CodeUses(ctx context.Context, id ID, codes []CouponCode) (map[Code]LimitUse, error) {
	c, err := s.store.Coupon(ctx, id)
	if err != nil {
		return nil, err
	}
	limits := map[Code]Limit{}
	var slots []Slot
	for _, k := range codes {
		for _, l := range c.limits(Use{SingleUse: k.SingleUse}) {
			if l.Of == Uses && l.Per == PerCode && l.Every == Ever {
				limits[k.Code] = l
				slots = append(slots, l.slot(c, string(k.Code), time.Time{}))
			}
		}
	}
	out := make(map[Code]LimitUse, len(limits))
	if len(slots) == 0 {
		return out, nil
	}
	used, err := s.store.Counters(ctx, sortedSlots(slots), s.Now())
	if err != nil {
		return nil, err
	}
	for code, l := range limits {
		n := used[l.slot(c, string(code), time.Time{})]
		out[code] = LimitUse{Limit: l, Counted: true, Used: n, Reached: n >= l.Max}
	}
	return out, nil
}

// BatchState is a batch of codes as it is.
type BatchState struct {
	Key   string `json:"key"`   // the host's; never empty
	Codes int64  `json:"codes"` // how many there are
	// CreatedAt is when its generation began; where none of them was generated, when
	// the first was made.
	CreatedAt time.Time `json:"created_at"`
}

// Batches lists the batches of a coupon in the order of their keys as bytes, after
// the given one; from the beginning after "". It counts their codes, of which a
// million take a second or two. A coupon that is not there is [ErrNotFound]. An
// error comes once, last.
func (s *Service) Batches(ctx context.Context, id ID, after string) iter.Seq2[BatchState, error] {
	return func(yield func(BatchState, error) bool) {
		if _, err := s.store.Coupon(ctx, id); err != nil {
			yield(BatchState{}, err)
			return
		}
		for {
			page, err := s.store.Batches(ctx, id, after, pageSize)
			if err != nil {
				yield(BatchState{}, err)
				return
			}
			for _, b := range page {
				if after = b.Key; !yield(b, nil) {
					return
				}
			}
			if len(page) < pageSize {
				return
			}
		}
	}
}
