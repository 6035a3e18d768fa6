package sqlstore

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/schema"

	"github.com/couponkit/coupon"
)

// Each step of a write costs a message to the database and back, in a host's
// transaction with locks that others wait for. Nearly always it can be told
// beforehand what they will find: the coupon as it was last seen, the booking as the
// service has just seen it, the counter as the last write here has left it. So that
// is taken for granted: it is locked and looked at in the same order (see premise), but
// together with what is asked or written next. If it is not so, all is done anew step by
// step (see careful). What is remembered decides nothing by itself: no answer is given
// before a message was sent, also of a write that turns out to write nothing (see flush).

// guess takes for granted what groups of one coupon will find, if something is known
// of that.
func (b *batch) guess(ctx context.Context, groups []*coupon.Group, id coupon.ID, bookings []string) (ok bool, err error) {
	finds := groups[0].Finds
	head, c, known := b.cache.head(b.merchant, id)
	if !known || slices.ContainsFunc(groups, func(g *coupon.Group) bool { return g.Finds != finds }) {
		return false, nil
	}
	taken := func(booking string) bool {
		_, taken := b.cache.takenBy(b.merchant, booking)
		return taken
	}
	switch {
	case finds == coupon.FindsNothing && !slices.ContainsFunc(bookings, taken):
	case finds == coupon.FindsItsOwn && len(bookings) == 1:
	default:
		return false, nil
	}
	open := isOpen
	if b.evenClosed {
		open = ""
	}
	err = b.q.premise(ctx, 1, `SELECT FROM ?heads WHERE merchant = ?merchant AND coupon = ? AND version = ? AND stamp = ? ? FOR KEY SHARE`,
		text(id), head.Version, head.Stamp, open)
	if err != nil {
		return false, err
	}
	b.guessed, b.coupons[id] = finds, c
	if finds == coupon.FindsNothing { // see guard and recheck
		return true, nil
	}
	var rows []redemptionRow
	if row, ok := b.cache.takenBy(b.merchant, bookings[0]); ok && row.Coupon == head.Coupon && row.awaitsConfirm() {
		rows, b.unlocked = []redemptionRow{row}, true
		err = b.premiseRow(ctx, row)
	} else if rows, err = lockedRows(ctx, b.q, id, bookings); err == nil && (len(rows) != 1 || rows[0].Others > 0) {
		err = errGuess
	}
	if err != nil {
		return false, err
	}
	return true, b.found(rows)
}

// premiseRow locks a redemption that is as it was written here.
func (b *batch) premiseRow(ctx context.Context, row redemptionRow) error {
	return b.q.premise(ctx, 1, `SELECT FROM ?redemptions WHERE merchant = ?merchant AND coupon = ? AND booking = ? AND ? FOR UPDATE`,
		text(row.Coupon), text(row.Booking), row.unchanged())
}

// unchanged is the condition that the row is as it was, and alone if it was. Whatever
// changes one adds an event; but an edit that counts it anew changes its charges, and
// another coupon that joins its booking only says so. The document is compared for hosts
// who take rows away and make others under the same keys, as tests do.
func (r redemptionRow) unchanged() schema.QueryWithArgs {
	return bun.SafeQuery("events = ? AND others = ? AND charges = ? AND doc = ?", r.Events, r.Others, text(r.Charges), text(r.Doc))
}

// awaitsConfirm reports whether the row is a reservation: what comes next is likely
// to come here. What is redeemed others may have changed long since.
func (r redemptionRow) awaitsConfirm() bool {
	return r.State == string(coupon.Reserved) && r.Events > 0 && r.ExpiresAt != nil && *r.ExpiresAt > time.Now().UnixMicro()
}

// guessCounters takes for granted what counters are at, if nobody else has changed
// them for a while. It is all or none: they are locked in their order.
func (b *batch) guessCounters(ctx context.Context, slots []coupon.Slot) (ok bool, err error) {
	if b.guessed == coupon.FindsAnything || len(slots) == 0 {
		return false, nil
	}
	were := make(map[coupon.Slot]int64, len(slots))
	for _, slot := range slots {
		if were[slot], ok = b.cache.steady(b.merchant, slot); !ok {
			return false, nil
		}
	}
	err = b.q.premise(ctx, len(slots), `SELECT FROM ?counters WHERE merchant = ?merchant AND coupon = ?
		AND (limit_of, limit_per, every, subject, currency, since, used) IN (?) ? FOR UPDATE`, text(slots[0].Coupon), countersAt(were), counterOrder(slots))
	b.unlocked = false // it must be locked before these
	b.steady = were
	maps.Copy(b.used, were)
	return err == nil, err
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
