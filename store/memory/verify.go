package memory

import (
	"cmp"
	"context"
	"slices"

	"github.com/couponkit/coupon"
)

// Verify implements coupon.Store.
func (s *Store) Verify(ctx context.Context) (drifts []coupon.Drift, err error) {
	err = s.read(ctx, func(t *tenant) error {
		held := t.held(t.series)
		is := map[coupon.Slot]int64{}
		for slot, n := range t.counters {
			is[slot] = n
		}
		members, _ := t.members()
		for k, n := range members {
			held[coupon.Series{Coupon: k.Coupon, Key: k.Key}.Slot()] = n
		}
		for _, x := range t.series {
			is[x.Slot()] = x.Live
		}
		slots := make([]coupon.Slot, 0, len(held)+len(is))
		for slot := range held {
			slots = append(slots, slot)
		}
		for slot := range is {
			slots = append(slots, slot)
		}
		slices.SortFunc(slots, coupon.Slot.Compare)
		for _, slot := range slices.Compact(slots) {
			if is[slot] != held[slot] {
				drifts = append(drifts, coupon.Drift{Slot: slot, Counter: is[slot], Held: held[slot]})
			}
		}
		return nil
	})
	return drifts, err
}

// Rebuild implements coupon.Store.
func (s *Store) Rebuild(ctx context.Context) error {
	return s.write(ctx, func(t *tenant) error {
		members, first := t.members()
		for k := range members {
			if t.series[k].Live == 0 {
				t.series[k] = first[k].BeginSeries(t.coupons[k.Coupon])
			}
		}
		for k, x := range t.series {
			if x.Live = members[k]; x.Live == 0 {
				x.Charges = nil
			}
			t.series[k] = x
		}
		t.counters = t.held(t.series)
		return nil
	})
}

// held adds up the charges of all redemptions that hold theirs, and of series.
func (t *tenant) held(series map[coupon.SeriesKey]coupon.Series) map[coupon.Slot]int64 {
	out := map[coupon.Slot]int64{}
	for _, list := range t.redemptions {
		for _, r := range list {
			if r.Holds {
				for _, c := range r.Charges {
					out[c.Slot] += c.N
				}
			}
		}
	}
	for _, x := range series {
		for _, c := range x.Charges {
			out[c.Slot] += c.N
		}
	}
	return out
}

// members counts the redemptions of each series that hold, and gives the one that
// was made first.
func (t *tenant) members() (map[coupon.SeriesKey]int64, map[coupon.SeriesKey]coupon.Redemption) {
	count, first := map[coupon.SeriesKey]int64{}, map[coupon.SeriesKey]coupon.Redemption{}
	for _, list := range t.redemptions {
		for _, r := range list {
			if !r.Holds || r.Series == "" {
				continue
			}
			k := coupon.SeriesKey{Coupon: r.Coupon, Key: r.Series}
			count[k]++
			if f, ok := first[k]; !ok || cmp.Or(r.MadeAt.Compare(f.MadeAt), compare(r.Booking, f.Booking)) < 0 {
				first[k] = r
			}
		}
	}
	return count, first
}
