package sqlstore

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"github.com/couponkit/coupon"
)

// slotColumns are those of a slot, in the order of slotArgs.
const slotColumns = `coupon, limit_of, limit_per, every, subject, currency, since`

func slotArgs(s coupon.Slot) list {
	return list{text(s.Coupon), text(s.Of), text(s.Per), text(s.Every), text(s.Subject), text(s.Currency), text(s.Since)}
}

type counterRow struct {
	Coupon   string
	LimitOf  string
	LimitPer string
	Every    string
	Subject  string
	Currency string
	Since    string
	Used     int64
}

func (r counterRow) slot() coupon.Slot {
	return coupon.Slot{Coupon: coupon.ID(r.Coupon), Of: coupon.LimitOf(r.LimitOf), Per: coupon.LimitPer(r.LimitPer), Every: coupon.Period(r.Every),
		Subject: r.Subject, Currency: r.Currency, Since: r.Since}
}

// counters reads those of the slots that have a row.
func counters(ctx context.Context, q conn, slots []coupon.Slot, into map[coupon.Slot]int64) error {
	return chunked(slots, maxKeys, func(slots []coupon.Slot) error {
		var rows []counterRow
		err := q.scan(ctx, &rows, `WITH slot (?) AS (VALUES ?)
			SELECT c.coupon, c.limit_of, c.limit_per, c.every, c.subject, c.currency, c.since, c.used FROM slot
			CROSS JOIN ?counters AS c WHERE c.merchant = ?merchant AND c.coupon = slot.coupon AND c.limit_of = slot.limit_of
			AND c.limit_per = slot.limit_per AND c.every = slot.every AND c.subject = slot.subject AND c.currency = slot.currency
			AND c.since = slot.since`, bun.Safe(slotColumns), values(convert(slots, slotArgs)))
		for _, row := range rows {
			into[row.slot()] = row.Used
		}
		return err
	})
}

// move adds to counters. None of them can go below zero: more would be given
// back than was charged. Those that get more may have been taken for granted at what
// they were: if one is not so, it divides by zero. One that is gone begins anew, as
// it does where nothing is taken for granted.
func move(ctx context.Context, w writer, merchant text, moved, were map[coupon.Slot]int64) error {
	var more values
	var less []coupon.Slot
	for _, slot := range slices.SortedFunc(maps.Keys(moved), coupon.Slot.Compare) {
		switch n := moved[slot]; {
		case n > 0:
			more = append(more, append(append(list{merchant}, slotArgs(slot)...), n))
		case n < 0:
			less = append(less, slot)
		}
	}
	unless := bun.SafeQuery("")
	if len(were) > 0 {
		unless = bun.SafeQuery(`/ CASE WHEN (c.limit_of, c.limit_per, c.every, c.subject, c.currency, c.since, c.used) IN (?) THEN 1 ELSE 0 END`, countersAt(were))
	}
	err := chunked(more, maxRows, func(rows values) error {
		return w.send(ctx, 0, nil, `INSERT INTO ?counters AS c (merchant, ?, used) VALUES ?
			ON CONFLICT (merchant, ?) DO UPDATE SET used = (c.used + excluded.used) ?`, bun.Safe(slotColumns), rows, bun.Safe(slotColumns), unless)
	})
	if err != nil {
		return err
	}
	// Less is an update: a row of a negative number could not even be proposed.
	return perCoupon(less, func(id coupon.ID, slots []coupon.Slot) error {
		rows := convert(slots, func(slot coupon.Slot) list { return append(slotArgs(slot), moved[slot]) })
		missing := fmt.Errorf("of %d counters that a redemption was counted on some are missing: see Verify and Rebuild", len(rows))
		return w.send(ctx, len(rows), missing, `WITH m (?, n) AS (VALUES ?) UPDATE ?counters AS c SET used = c.used + m.n FROM m
			WHERE c.merchant = ?merchant AND c.coupon = ? AND c.limit_of = m.limit_of AND c.limit_per = m.limit_per
			AND c.every = m.every AND c.subject = m.subject AND c.currency = m.currency AND c.since = m.since`,
			bun.Safe(slotColumns), values(rows), text(id))
	})
}

// countersAt are those of one coupon, each with what it is at.
func countersAt(used map[coupon.Slot]int64) (rows values) {
	for _, slot := range slices.SortedFunc(maps.Keys(used), coupon.Slot.Compare) {
		rows = append(rows, append(slotArgs(slot)[1:], used[slot]))
	}
	return rows
}

// Counters implements coupon.Store.
func (s *Store) Counters(ctx context.Context, slots []coupon.Slot, expired time.Time) (map[coupon.Slot]int64, error) {
	out := make(map[coupon.Slot]int64, len(slots))
	for _, slot := range slots {
		out[slot] = 0
	}
	if len(out) == 0 {
		return out, ctx.Err()
	}
	err := s.read(ctx, "counters", func(q conn) error {
		sorted := slices.SortedFunc(maps.Keys(out), coupon.Slot.Compare)
		if err := counters(ctx, q, sorted, out); err != nil || expired.IsZero() {
			return err
		}
		ids := slices.Compact(convert(sorted, func(slot coupon.Slot) coupon.ID { return slot.Coupon }))
		return chunked(ids, maxKeys, func(ids []coupon.ID) error {
			ids, err := haveExpired(ctx, q, ids, expired)
			if err != nil {
				return err
			}
			for _, id := range ids {
				moves, err := overdue(ctx, q, id, expired)
				if err != nil {
					return err
				}
				for _, m := range moves {
					if used, ok := out[m.Slot]; ok {
						out[m.Slot] = used + m.N
					}
				}
			}
			return nil
		})
	})
	return out, err
}

// add reports whether the sum stayed in range.
func add(a, b int64) (int64, bool) {
	sum := a + b
	return sum, (sum > a) == (b > 0)
}
