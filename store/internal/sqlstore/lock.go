package sqlstore

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"github.com/couponkit/coupon"
)

// Where writes go on side by side, these are their locks, always in this order:
// heads, then redemptions, then series, then counters, each sorted. What is locked
// out of this order, to take expired reservations back, is never waited for. Every
// statement that locks is about one coupon, so that it also runs where each coupon
// is on one of many servers.
const (
	forUpdate  bun.Safe = "FOR UPDATE"
	skipLocked bun.Safe = "FOR UPDATE SKIP LOCKED"
)

// closedPatience is how long a write in a host's transaction respects that a
// coupon is closed. The edit may be waiting for that very transaction, which only
// the host knows: then it goes on.
const closedPatience = 2 * time.Second

const isOpen bun.Safe = "AND closed_until <= " + now

// lockHeads locks the heads against edits that count anew, and reads them as
// they are then. One that such an edit has closed is errClosed.
func (s *Store) lockHeads(ctx context.Context, q conn, ids []coupon.ID, evenClosed bool) ([]couponRow, error) {
	var open bun.Safe
	if !evenClosed {
		open = isOpen
	}
	var heads []couponRow
	for _, id := range ids {
		var head []couponRow
		err := q.scan(ctx, &head, `SELECT coupon, version, stamp FROM ?heads WHERE merchant = ?merchant AND coupon = ? ? FOR KEY SHARE`, text(id), open)
		if err != nil {
			return nil, err
		}
		if len(head) == 0 {
			var n int64
			if err := q.scan(ctx, &n, `SELECT COUNT(*) FROM ?heads WHERE merchant = ?merchant AND coupon = ?`, text(id)); err != nil {
				return nil, err
			}
			if n > 0 {
				return nil, errClosed
			}
		}
		heads = append(heads, head...)
	}
	return heads, nil
}

// lockRedemptions locks all that the bookings have, of any coupon. A redemption
// that joins one of them meanwhile is ErrRaced; so is, when it is written, the
// first one of a booking that had none (see guard).
func (b *batch) lockRedemptions(ctx context.Context, bookings []string) ([]redemptionRow, error) {
	keys, err := redemptionKeys(ctx, b.q, bookings)
	if err != nil || len(keys) == 0 {
		return nil, err
	}
	var rows []redemptionRow
	err = ofEach(keys, couponOf, func(id coupon.ID, keys []redemptionRow) error {
		locked, err := lockedRows(ctx, b.q, id, convert(keys, func(k redemptionRow) string { return k.Booking }))
		rows = append(rows, locked...)
		return err
	})
	if err != nil {
		return nil, err
	}
	// Who adds to a booking that has redemptions locks them too: what is there
	// now is all that there will be.
	if keys, err = redemptionKeys(ctx, b.q, bookings); err == nil && len(keys) != len(rows) {
		err = ErrRaced
	}
	return rows, err
}

// lockedRows are those of a coupon on bookings, in the order of these.
func lockedRows(ctx context.Context, q conn, id coupon.ID, bookings []string) (rows []redemptionRow, err error) {
	err = q.scan(ctx, &rows, `SELECT ? FROM ?redemptions WHERE merchant = ?merchant AND coupon = ? AND booking IN (?) ORDER BY booking ?`,
		bun.Safe(redemptionColumns), text(id), bun.List(texts(bookings)), forUpdate)
	return rows, err
}

func couponOf(k redemptionRow) coupon.ID { return coupon.ID(k.Coupon) }

// redemptionKeys are in the order in which they are locked.
func redemptionKeys(ctx context.Context, q conn, bookings []string) (keys []redemptionRow, err error) {
	err = chunked(bookings, maxKeys, func(bookings []string) error {
		var found []redemptionRow
		err := q.scan(ctx, &found, `SELECT coupon, booking FROM ?redemptions WHERE merchant = ?merchant AND booking IN (?)`, bun.List(texts(bookings)))
		keys = append(keys, found...)
		return err
	})
	slices.SortFunc(keys, func(x, y redemptionRow) int {
		return cmp.Or(cmp.Compare(x.Coupon, y.Coupon), cmp.Compare(x.Booking, y.Booking))
	})
	return keys, err
}

// guard is for bookings that get their first redemption: two at once, of different
// coupons, must not miss each other, and there was none to lock. Those that come later
// change the ones that are there: see batch.insert.
func (b *batch) guard(ctx context.Context, w writer) error {
	var first []string
	for _, e := range b.changed {
		if e.isNew && !b.known[e.Booking] {
			first = append(first, e.Booking)
		}
	}
	slices.Sort(first)
	return chunked(slices.Compact(first), maxRows, func(bookings []string) error {
		rows := convert(bookings, func(id string) list { return list{b.merchant, text(id)} })
		return w.send(ctx, len(rows), ErrRaced, `INSERT INTO ?bookings (merchant, booking) VALUES ?`, values(rows))
	})
}

// recheck is for bookings that had no redemption and get none: it may have come
// while the counters were waited for, and then the refusal is of its own use.
func (b *batch) recheck(ctx context.Context) error {
	// One that a later group has redeemed is seen by guard.
	b.refused = slices.DeleteFunc(b.refused, func(id string) bool { return len(b.bookings[id]) > 0 })
	if len(b.refused) == 0 || len(b.used) == 0 && b.guessed == coupon.FindsAnything {
		return nil
	}
	slices.Sort(b.refused)
	keys, err := redemptionKeys(ctx, b.q, slices.Compact(b.refused))
	if err == nil && len(keys) > 0 {
		err = ErrRaced
	}
	return err
}

// lockCounters inserts the counters that are missing as zero, then locks and
// reads all.
func (s *Store) lockCounters(ctx context.Context, q conn, slots []coupon.Slot, into map[coupon.Slot]int64) error {
	if err := s.insertCounters(ctx, q, slots); err != nil {
		return err
	}
	return perCoupon(slots, func(id coupon.ID, slots []coupon.Slot) error {
		n, err := s.lockCountersOf(ctx, q, id, slots, forUpdate, into)
		if err == nil && n < len(slots) {
			s.cache.forget(s.merchant, slots)
			err = ErrRaced // a transaction that had inserted it was rolled back
		}
		return err
	})
}

// tryCounters locks and reads those that are there and that nobody has locked.
func (s *Store) tryCounters(ctx context.Context, q conn, slots []coupon.Slot, into map[coupon.Slot]int64) error {
	return perCoupon(slots, func(id coupon.ID, slots []coupon.Slot) error {
		_, err := s.lockCountersOf(ctx, q, id, slots, skipLocked, into)
		return err
	})
}

// lockCountersOf a coupon, in the order of coupon.Slot.Compare.
func (s *Store) lockCountersOf(ctx context.Context, q conn, id coupon.ID, slots []coupon.Slot, lock bun.Safe, into map[coupon.Slot]int64) (int, error) {
	var rows []counterRow
	err := q.scan(ctx, &rows, `SELECT ?0, used FROM ?counters WHERE merchant = ?merchant AND coupon = ?1
		AND (limit_of, limit_per, every, subject, currency, since) IN (?2) ?3 ?4`,
		bun.Safe(slotColumns), text(id), values(convert(slots, func(slot coupon.Slot) list { return slotArgs(slot)[1:] })), counterOrder(slots), lock)
	for _, row := range rows {
		into[row.slot()] = row.Used
		s.cache.sawCounter(s.merchant, row.slot(), row.Used)
	}
	return len(rows), err
}

// counterOrder is that of coupon.Slot.Compare, for counters of one coupon.
func counterOrder(slots []coupon.Slot) bun.Safe {
	if len(slots) < 2 { // it would only take time
		return ""
	}
	return `ORDER BY CASE WHEN limit_per = 'coupon' AND every = 'ever' THEN 0 ELSE 1 END,
		limit_of, limit_per, every, subject, currency, since`
}

func (s *Store) insertCounters(ctx context.Context, q conn, slots []coupon.Slot) error {
	var missing []coupon.Slot
	for _, slot := range slots {
		if !s.cache.knows(s.merchant, slot) {
			missing = append(missing, slot)
		}
	}
	return chunked(missing, maxRows, func(slots []coupon.Slot) error {
		rows := convert(slots, func(slot coupon.Slot) list { return append(append(list{s.merchant}, slotArgs(slot)...), 0) })
		n, err := q.exec(ctx, `INSERT INTO ?counters (merchant, ?, used) VALUES ? ON CONFLICT DO NOTHING`, bun.Safe(slotColumns), values(rows))
		if err == nil && n == 0 {
			s.cache.know(s.merchant, slots)
		}
		return err
	})
}

// perCoupon calls f for the slots of each coupon, in the order of the slots,
// which is that of their coupons.
func perCoupon(slots []coupon.Slot, f func(coupon.ID, []coupon.Slot) error) error {
	return ofEach(slots, func(s coupon.Slot) coupon.ID { return s.Coupon }, f)
}

// ofEach calls f for what each coupon has of a list in the order of coupons, at
// most maxKeys at a time.
func ofEach[V any](list []V, of func(V) coupon.ID, f func(coupon.ID, []V) error) error {
	for len(list) > 0 {
		id := of(list[0])
		n := slices.IndexFunc(list, func(v V) bool { return of(v) != id })
		if n < 0 {
			n = len(list)
		}
		if err := chunked(list[:n], maxKeys, func(part []V) error { return f(id, part) }); err != nil {
			return err
		}
		list = list[n:]
	}
	return nil
}
