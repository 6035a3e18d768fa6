package sqlstore

import (
	"context"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"github.com/couponkit/coupon"
)

// expiredRows are the reservations of a coupon that have expired, in the order
// in which they did.
func expiredRows(ctx context.Context, q conn, f coupon.ReclaimQuery, lock bun.Safe) (rows []redemptionRow, err error) {
	customer, code, series := bun.SafeQuery(""), bun.SafeQuery(""), bun.SafeQuery("")
	if f.Customer != "" {
		customer = bun.SafeQuery("AND (customer = ? OR series <> '')", text(f.Customer))
	}
	if f.Code != "" {
		code = bun.SafeQuery("AND (code = ? OR series <> '')", text(f.Code))
	}
	if f.Series != "" {
		series = bun.SafeQuery("AND series = ?", text(f.Series))
	}
	err = q.scan(ctx, &rows, `SELECT ? FROM ?redemptions WHERE merchant = ?merchant AND coupon = ? AND state = 'reserved' AND expires_at <= ?
		AND booking <> ? ? ? ? ORDER BY expires_at, booking LIMIT ? ?`,
		bun.Safe(redemptionColumns), text(f.Coupon), f.Expired.UnixMicro(), text(f.Except), customer, code, series, f.Limit, lock)
	return rows, err
}

// reclaim takes back what a group asks for, and reports whether there is no more
// and whether there was none that others don't have locked.
func (b *batch) reclaim(ctx context.Context, f coupon.ReclaimQuery) (all, none bool, err error) {
	// What the groups so far have done is in no row yet.
	if err := b.writeRows(ctx, false); err != nil {
		return false, false, err
	}
	var lock bun.Safe
	if b.dialect.RowLocks { // whoever holds one of them is about to end it, and may wait for us
		lock = skipLocked
	}
	rows, err := expiredRows(ctx, b.q, f, lock)
	if err != nil {
		return false, false, err
	}
	var expired []*entry
	for _, row := range rows {
		e, err := b.reserved(row)
		if err != nil {
			return false, false, err
		}
		if f.Holds(e.Redemption) { // the row is older than what a group has done to it in another batch
			expired = append(expired, e)
		}
	}
	if expired, err = b.lockHeldBy(ctx, expired); err != nil {
		return false, false, err
	}
	if len(expired) == 0 && f.Needed && b.dialect.RowLocks {
		f.Limit = 1
		held, err := expiredRows(ctx, b.q, f, "")
		if err == nil && len(held) > 0 {
			err = errHeld
		}
		return true, true, err
	}
	rs := make([]coupon.Redemption, len(expired))
	for i, e := range expired {
		rs[i] = e.Redemption
	}
	// Where others may have locked some, only to find none says that there are none.
	return len(rows) < f.Limit && !b.dialect.RowLocks, len(rows) == 0, b.apply(f.Expire(rs, b.series))
}

// sweep takes back what the groups ask for whatever they decide: of each coupon at
// once. In a host's transaction others would wait for that.
func (b *batch) sweep(ctx context.Context, groups []*coupon.Group) error {
	sweeps := map[coupon.ID]coupon.ReclaimQuery{}
	for _, g := range groups {
		f := g.Sweep(b.view(g))
		if f.Limit == 0 || b.inTx || b.cache.isSwept(b.merchant, f) {
			continue
		}
		f.Limit = min(f.Limit+sweeps[f.Coupon].Limit, maxKeys)
		sweeps[f.Coupon] = f
	}
	for _, id := range slices.Sorted(maps.Keys(sweeps)) {
		_, none, err := b.reclaim(ctx, sweeps[id])
		if err != nil {
			return err
		}
		if none {
			b.cache.sweptNone(b.merchant, sweeps[id])
		}
	}
	return nil
}

// lockHeldBy reads what reservations give back: their series and the counters.
// Here the counters of the group are locked already, so that to wait for a series,
// or for a counter that comes before them, would be against the order of locks. So
// what others have locked is passed over, with its reservations.
func (b *batch) lockHeldBy(ctx context.Context, expired []*entry) ([]*entry, error) {
	keys := convert(expired, func(e *entry) coupon.SeriesKey { return coupon.SeriesKey{Coupon: e.Coupon, Key: e.Series} })
	if err := b.readSeries(ctx, keys, true); err != nil {
		return nil, err
	}
	expired = slices.DeleteFunc(expired, func(e *entry) bool {
		_, locked := b.series[coupon.SeriesKey{Coupon: e.Coupon, Key: e.Series}]
		return e.Series != "" && !locked
	})
	var slots []coupon.Slot
	for _, e := range expired {
		slots = append(slots, b.heldBy(e)...)
	}
	if err := b.readCounters(ctx, slots, true); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(expired, func(e *entry) bool {
		return slices.ContainsFunc(b.heldBy(e), func(slot coupon.Slot) bool { _, locked := b.used[slot]; return !locked })
	}), nil
}

// heldBy are the counters that a reservation and its series hold.
func (b *batch) heldBy(e *entry) (slots []coupon.Slot) {
	for _, ch := range slices.Concat(e.Charges, b.series[coupon.SeriesKey{Coupon: e.Coupon, Key: e.Series}].Charges) {
		slots = append(slots, ch.Slot)
	}
	return slots
}

// reserved is the entry of a reservation of any booking.
func (b *batch) reserved(row redemptionRow) (*entry, error) {
	if e := b.find(coupon.ID(row.Coupon), row.Booking); e != nil {
		return e, nil
	}
	if b.read[row.Booking] {
		return nil, ErrRaced // it has come since the booking was read
	}
	r, err := row.redemption()
	if err != nil {
		return nil, err
	}
	e := &entry{Redemption: r, events: row.Events, others: row.Others, was: row}
	b.entries[key{r.Coupon, r.Booking}] = e
	return e, nil
}

// haveExpired are those of the coupons that have reservations that have expired:
// of a list of many, few.
func haveExpired(ctx context.Context, q conn, ids []coupon.ID, expired time.Time) (some []coupon.ID, err error) {
	var rows []struct{ Coupon string }
	err = q.scan(ctx, &rows, `SELECT DISTINCT coupon FROM ?redemptions WHERE merchant = ?merchant AND coupon IN (?) AND state = 'reserved' AND expires_at <= ?`,
		bun.List(texts(ids)), expired.UnixMicro())
	for _, row := range rows {
		some = append(some, coupon.ID(row.Coupon))
	}
	return some, err
}

// overdue is what the counters of a coupon would move by if every reservation
// that has expired were given back.
func overdue(ctx context.Context, q conn, id coupon.ID, expired time.Time) ([]coupon.Charge, error) {
	f := coupon.ReclaimQuery{Coupon: id, Expired: expired, Limit: math.MaxInt32}
	rows, err := expiredRows(ctx, q, f, "")
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	rs := make([]coupon.Redemption, len(rows))
	var keys []text
	for i, row := range rows {
		if rs[i], err = row.withoutDoc(); err != nil {
			return nil, err
		}
		if row.Series != "" {
			keys = append(keys, text(row.Series))
		}
	}
	series := map[coupon.SeriesKey]coupon.Series{}
	slices.Sort(keys)
	err = chunked(slices.Compact(keys), maxKeys, func(keys []text) error {
		found, err := readSeries(ctx, q, id, keys, "")
		for _, x := range found {
			series[coupon.SeriesKey{Coupon: x.Coupon, Key: x.Key}] = x
		}
		return err
	})
	return f.Expire(rs, series).Moves, err
}
