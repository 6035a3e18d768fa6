package sqlstore

import (
	"context"
	"slices"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/schema"

	"github.com/couponkit/coupon"
)

// Each step of a write costs a message to the database and back, in a host's
// transaction with locks that others wait for. Nearly always it can be told
// beforehand what the first ones will find: the coupon as it was last seen, and on
// the booking what the service has just seen there. So that is taken for granted,
// with the same locks in the same order, and is found out at the latest by what
// the write sends at its end: then it is ErrRaced, and all is done anew step by
// step.

// guess locks what groups of one coupon need, if it finds what they expect. Else
// nothing but perhaps the head is locked, and it is not ok.
func (b *batch) guess(ctx context.Context, groups []*coupon.Group, id coupon.ID, bookings []string) (ok bool, err error) {
	finds := groups[0].Finds
	head, c, known := b.cache.head(b.merchant, id)
	if !known || finds == coupon.FindsItsOwn && len(bookings) > 1 || finds == coupon.FindsAnything || slices.ContainsFunc(groups, func(g *coupon.Group) bool { return g.Finds != finds }) {
		return false, nil
	}
	open, unused := isOpen, bun.SafeQuery("")
	if b.evenClosed {
		open = ""
	}
	if finds == coupon.FindsItsOwn {
		ok, err := b.guessRow(ctx, head, open, bookings[0])
		if ok {
			b.guessed, b.coupons[id] = finds, c
		}
		if ok || err != nil {
			return ok, err
		}
	}
	if finds == coupon.FindsNothing { // of another coupon they may have one yet: see guard
		unused = unusedBy(id, bookings)
	}
	n, err := b.q.first(ctx, `SELECT 1 FROM ?heads WHERE merchant = ?merchant AND coupon = ? AND version = ? AND stamp = ? ? ? FOR KEY SHARE`,
		text(id), head.Version, head.Stamp, open, unused)
	if err != nil || n != 1 {
		return false, err
	}
	b.guessed, b.coupons[id] = finds, c
	if finds == coupon.FindsNothing {
		return true, nil
	}
	rows, err := lockedRows(ctx, b.q, id, bookings)
	if err == nil && len(rows) != len(bookings) {
		err = ErrRaced
	}
	if err != nil {
		return false, err
	}
	b.unseen = bookings
	return true, b.found(rows)
}

// guessRow locks the head and the redemption that was the first of a booking in one
// step, if both are as they were last seen. Whatever changes a redemption adds an
// event; but an edit that counts it anew changes its charges, and for another coupon
// that joins it see onlyThose. The document is compared for hosts who take rows away
// and make others under the same keys, as tests do.
func (b *batch) guessRow(ctx context.Context, head couponRow, open bun.Safe, booking string) (bool, error) {
	row, ok := b.cache.takenBy(b.merchant, booking)
	if !ok || row.Coupon != head.Coupon || row.Events == 0 {
		return false, nil
	}
	n, err := b.q.first(ctx, `SELECT 1 FROM ?heads AS h JOIN ?redemptions AS r ON r.merchant = h.merchant AND r.coupon = h.coupon
		WHERE h.merchant = ?merchant AND h.coupon = ? AND h.version = ? AND h.stamp = ? ? AND r.merchant = ?merchant AND r.booking = ?
		AND r.events = ? AND r.charges = ? AND r.doc = ? FOR KEY SHARE OF h FOR UPDATE OF r`,
		text(head.Coupon), head.Version, head.Stamp, open, text(booking), row.Events, text(row.Charges), text(row.Doc))
	if err != nil {
		return false, err
	}
	if n != 1 {
		b.cache.changedSince(b.merchant, row)
		return false, nil
	}
	b.unseen = []string{booking}
	return true, b.found([]redemptionRow{row})
}

// ownCoupons are those that the bookings of groups without coupons have, before the
// transaction, and before the savepoint in one of the host's, which begins with the
// first lock: of one booking that got its redemption here, the coupon is known.
func (s *Store) ownCoupons(ctx context.Context, groups []*coupon.Group) (ids []coupon.ID, err error) {
	without := bookingsWithout(groups)
	if !s.dialect.RowLocks || len(without) == 0 {
		return nil, nil
	}
	if len(without) == 1 {
		if row, ok := s.cache.takenBy(s.merchant, without[0]); ok {
			return []coupon.ID{couponOf(row)}, nil
		}
	}
	err = s.one(ctx, "coupons of a booking", func(q conn) error {
		keys, err := redemptionKeys(ctx, q, without)
		ids = convert(keys, couponOf)
		return err
	})
	return ids, err
}

// ownNow are those as they are now, if what was known of them was not so any more.
func (b *batch) ownNow(ctx context.Context, groups []*coupon.Group) ([]coupon.ID, error) {
	if !b.careful {
		return b.own, nil
	}
	without := bookingsWithout(groups)
	for _, booking := range without {
		b.cache.forgetTaken(b.merchant, booking)
	}
	keys, err := redemptionKeys(ctx, b.q, without)
	return convert(keys, couponOf), err
}

func bookingsWithout(groups []*coupon.Group) (bookings []string) {
	for _, g := range groups {
		if len(g.Coupons) == 0 {
			bookings = append(bookings, g.Booking)
		}
	}
	slices.Sort(bookings)
	return slices.Compact(bookings)
}

// unusedBy is a condition: none of the bookings has a redemption of the coupon.
// They are looked for one by one. By IN they might be looked for among all that the
// coupon has: PostgreSQL takes these for few until it has counted them.
func unusedBy(id coupon.ID, bookings []string) schema.QueryWithArgs {
	if len(bookings) == 1 {
		return bun.SafeQuery(`AND NOT EXISTS (SELECT 1 FROM ?redemptions AS r WHERE r.merchant = ?merchant AND r.coupon = ? AND r.booking = ?)`,
			text(id), text(bookings[0]))
	}
	return bun.SafeQuery(`AND NOT EXISTS (SELECT 1 FROM (VALUES ?) AS k (booking) CROSS JOIN LATERAL
		(SELECT 1 FROM ?redemptions AS r WHERE r.merchant = ?merchant AND r.coupon = ? AND r.booking = k.booking OFFSET 0) AS r)`,
		values(convert(bookings, func(b string) list { return list{text(b)} })), text(id))
}

// onlyThose makes it an error that one of the bookings has a redemption of another
// coupon than was guessed. Who has added it had locked the one that is known: so it
// is here, as is its booking.
func (b *batch) onlyThose(ctx context.Context, w writer) error {
	if len(b.unseen) == 0 {
		return nil
	}
	id := b.bookings[b.unseen[0]][0].Coupon // a guess is of one
	err := w.send(ctx, 0, nil, `INSERT INTO ?bookings (merchant, booking) SELECT merchant, booking FROM ?redemptions
		WHERE merchant = ?merchant AND booking IN (?) AND coupon <> ?`, bun.List(texts(b.unseen)), text(id))
	b.unseen = nil
	return err
}
