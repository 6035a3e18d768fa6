package sqlstore

import (
	"context"
	"slices"

	"github.com/uptrace/bun"

	"github.com/couponkit/coupon"
)

// readLocked locks and reads the groups' coupons, and what their bookings have.
func (b *batch) readLocked(ctx context.Context, groups []*coupon.Group) error {
	var ids []coupon.ID
	var bookings []string
	for _, g := range groups {
		ids, bookings = append(ids, g.Coupons...), append(bookings, g.Booking)
	}
	slices.Sort(ids)
	slices.Sort(bookings)
	ids, bookings = slices.Compact(ids), slices.Compact(bookings)
	for _, id := range bookings {
		b.read[id] = true
	}
	if !b.dialect.RowLocks { // nothing can change in between
		if err := b.readRedemptions(ctx, bookings); err != nil {
			return err
		}
		return b.readCoupons(ctx, union(ids, b.couponsOf(groups)))
	}
	own, err := b.ownNow(ctx, groups)
	if err != nil {
		return err
	}
	if ids = union(ids, own); !b.careful && len(ids) == 1 && len(bookings) <= maxKeys {
		if ok, err := b.guess(ctx, groups, ids[0], bookings); ok || err != nil {
			return err
		}
	}
	if err := b.readCoupons(ctx, ids); err != nil {
		return err
	}
	if err := b.readRedemptions(ctx, bookings); err != nil {
		return err
	}
	if len(union(ids, b.couponsOf(groups))) > len(ids) {
		return ErrRaced
	}
	return nil
}

// union gives the coupons of both in order, each once.
func union(x, y []coupon.ID) []coupon.ID {
	all := slices.Concat(x, y)
	slices.Sort(all)
	return slices.Compact(all)
}

// couponsOf are those that the bookings were found to have, of groups that don't
// say which coupons they are about.
func (b *batch) couponsOf(groups []*coupon.Group) (ids []coupon.ID) {
	for _, g := range groups {
		if len(g.Coupons) > 0 {
			continue
		}
		for _, e := range b.bookings[g.Booking] {
			ids = append(ids, e.Coupon)
		}
	}
	return ids
}

// readCoupons locks the heads and reads the coupons that they name.
func (b *batch) readCoupons(ctx context.Context, ids []coupon.ID) error {
	return chunked(ids, maxKeys, func(ids []coupon.ID) error {
		heads, err := b.heads(ctx, ids)
		if err != nil {
			return err
		}
		var missing values
		keys := map[string]cacheKey{}
		for _, h := range heads {
			keys[h.Coupon] = b.key(h)
			b.cache.saw(b.merchant, h)
			if c, ok := b.cache.get(b.key(h)); ok {
				b.coupons[c.ID] = c
			} else {
				missing = append(missing, list{text(h.Coupon), h.Version})
			}
		}
		if len(missing) == 0 {
			return nil
		}
		read, err := coupons(ctx, b.q, `WITH head (coupon, version) AS (VALUES ?) SELECT v.coupon, v.version, v.doc FROM head
			CROSS JOIN ?versions AS v WHERE v.merchant = ?merchant AND v.coupon = head.coupon AND v.version = head.version`, missing)
		for _, c := range read {
			b.coupons[c.ID] = c
			b.cache.put(keys[string(c.ID)], c)
		}
		return err
	})
}

func (b *batch) heads(ctx context.Context, ids []coupon.ID) (heads []couponRow, err error) {
	if b.dialect.RowLocks {
		return b.lockHeads(ctx, b.q, ids, b.evenClosed)
	}
	err = b.q.scan(ctx, &heads, `SELECT coupon, version, stamp FROM ?heads WHERE merchant = ?merchant AND coupon IN (?)`, bun.List(texts(ids)))
	return heads, err
}

// readRedemptions reads and locks all that the bookings have, of any coupon.
func (b *batch) readRedemptions(ctx context.Context, bookings []string) error {
	rows, err := b.redemptions(ctx, bookings)
	if err != nil {
		return err
	}
	return b.found(rows)
}

// found takes what was read and locked.
func (b *batch) found(rows []redemptionRow) error {
	for _, row := range rows {
		r, err := row.redemption()
		if err != nil {
			return err
		}
		e := &entry{Redemption: r, events: row.Events, others: row.Others, was: row}
		b.known[r.Booking] = true
		b.bookings[r.Booking] = append(b.bookings[r.Booking], e)
		b.entries[key{r.Coupon, r.Booking}] = e
	}
	return nil
}

// readSeriesOf reads and locks those of the groups' bookings and of what these
// have.
func (b *batch) readSeriesOf(ctx context.Context, groups []*coupon.Group) error {
	var keys []coupon.SeriesKey
	for _, g := range groups {
		if g.Still {
			continue
		}
		for _, id := range g.Coupons {
			if _, ok := b.coupons[id]; ok {
				keys = append(keys, coupon.SeriesKey{Coupon: id, Key: g.Series})
			}
		}
		for _, e := range b.bookings[g.Booking] {
			keys = append(keys, coupon.SeriesKey{Coupon: e.Coupon, Key: e.Series})
		}
	}
	return b.readSeries(ctx, keys, false)
}

// redemptions are all that the bookings have, in the order of their coupons, locked.
func (b *batch) redemptions(ctx context.Context, bookings []string) (rows []redemptionRow, err error) {
	if b.dialect.RowLocks {
		return b.lockRedemptions(ctx, bookings)
	}
	err = chunked(bookings, maxKeys, func(bookings []string) error {
		var found []redemptionRow
		err := b.q.scan(ctx, &found, `SELECT ? FROM ?redemptions WHERE merchant = ?merchant AND booking IN (?) ORDER BY booking, coupon`,
			bun.Safe(redemptionColumns), bun.List(texts(bookings)))
		rows = append(rows, found...)
		return err
	})
	return rows, err
}

// readCounters reads and locks those that were not read yet. Of those that are
// only tried, what is not there or locked by others is left out.
func (b *batch) readCounters(ctx context.Context, slots []coupon.Slot, try bool) error {
	var missing []coupon.Slot
	for _, slot := range slots {
		if _, ok := b.used[slot]; !ok {
			missing = append(missing, slot)
		}
	}
	slices.SortFunc(missing, coupon.Slot.Compare)
	missing = slices.Compact(missing)
	switch {
	case try && b.dialect.RowLocks:
		return b.tryCounters(ctx, b.q, missing, b.used)
	case b.dialect.RowLocks:
		if ok, err := b.guessCounters(ctx, missing); ok || err != nil {
			return err
		}
		return b.lockCounters(ctx, b.q, missing, b.used)
	}
	for _, slot := range missing {
		b.used[slot] = 0
	}
	return counters(ctx, b.q, missing, b.used)
}
