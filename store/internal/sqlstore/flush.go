package sqlstore

import (
	"cmp"
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"github.com/couponkit/coupon"
)

// flush ends the batch.
func (b *batch) flush(ctx context.Context) error {
	if b.dialect.RowLocks {
		if err := b.recheck(ctx); err != nil {
			return err
		}
		if len(b.changed) == 0 && !b.wrote {
			if err := b.q.sendPremises(ctx); err != nil {
				return err
			}
			return errNothing // the counters and series that were inserted to be locked go again
		}
	}
	return b.writeRows(ctx, true)
}

// writeRows writes everything that has changed, in the order in which rows refer
// to one another. last: nothing comes after it.
func (b *batch) writeRows(ctx context.Context, last bool) error {
	if len(b.changed) == 0 {
		return nil
	}
	b.wrote = true
	slices.SortFunc(b.changed, func(x, y *entry) int {
		return cmp.Or(cmp.Compare(x.Coupon, y.Coupon), strings.Compare(x.Booking, y.Booking))
	})
	var inserts values
	var updates []rowChange
	rows := make([]redemptionRow, len(b.changed))
	for i, e := range b.changed {
		var err error
		if rows[i], err = rowOf(e.Redemption, e.events, e.others); err != nil {
			return err
		}
		if e.isNew {
			inserts = append(inserts, append(list{b.merchant}, rows[i].args()...))
		} else {
			updates = append(updates, rowChange{was: e.was, is: rows[i]})
		}
	}
	if err := b.send(ctx, inserts, updates, last); err != nil {
		return err
	}
	for i, e := range b.changed {
		switch {
		case len(b.bookings[e.Booking]) == 1 && !e.Imported && e.State != coupon.Opening:
			b.made = append(b.made, rows[i])
		case e.isNew:
			b.cache.forgetTaken(b.merchant, e.Booking)
		}
		e.was, e.isNew, e.changed, b.known[e.Booking] = rows[i], false, false, true
	}
	b.changed, b.changedSeries, b.moved, b.events = nil, nil, nil, nil
	return nil
}

// send writes the rows, and what belongs to them.
func (b *batch) send(ctx context.Context, inserts values, updates []rowChange, last bool) error {
	if !b.dialect.RowLocks {
		return b.sendTo(ctx, b.q, inserts, updates, "ON CONFLICT DO NOTHING")
	}
	all := &together{conn: b.q}
	// What is written is locked by that too, on the same condition.
	if len(updates) == 1 && len(inserts) == 0 && b.unlocked && updates[0].is.Events > updates[0].was.Events {
		updates[0].locks = b.q.withdraw()
	}
	var err error
	if b.movesAll() && b.q.withdraw() { // in the order of locks: before any row is there that others wait for
		err, b.moved = move(ctx, all, b.merchant, b.moved, b.steady), nil
	}
	if err == nil {
		err = b.guard(ctx, all)
	}
	if err == nil {
		err = b.sendTo(ctx, all, inserts, updates, "")
	}
	if err == nil {
		err = all.flush(ctx, last)
	}
	if err != nil && b.dialect.Duplicate(err) {
		err = fmt.Errorf("%w: %w", ErrRaced, err) // the whole write is undone, and finds what has come
	}
	return err
}

func (b *batch) sendTo(ctx context.Context, w writer, inserts values, updates []rowChange, raced bun.Safe) error {
	err := chunked(inserts, maxRows, func(rows values) error {
		return w.send(ctx, len(rows), ErrRaced, `INSERT INTO ?redemptions (merchant, ?) VALUES ? ?`, bun.Safe(redemptionColumns), rows, raced)
	})
	if err != nil {
		return err
	}
	err = chunked(updates, maxRows, func(changes []rowChange) error {
		if len(changes) == 1 {
			return changes[0].send(ctx, w)
		}
		rows := convert(changes, func(c rowChange) list { return append(list{b.merchant}, c.is.args()...) })
		return w.send(ctx, 0, nil, `INSERT INTO ?redemptions (merchant, ?) VALUES ? ON CONFLICT (merchant, coupon, booking) DO UPDATE SET
			state = excluded.state, expires_at = excluded.expires_at, version = excluded.version, code = excluded.code, single_use = excluded.single_use,
			customer = excluded.customer, series = excluded.series, uses = excluded.uses, currency = excluded.currency,
			made_at = excluded.made_at, service_at = excluded.service_at, subtotal = excluded.subtotal, eligible = excluded.eligible,
			discount = excluded.discount, other_discounts = excluded.other_discounts, refund = excluded.refund, cost = excluded.cost,
			new_customer = excluded.new_customer, holds = excluded.holds, charges = excluded.charges, events = excluded.events, others = excluded.others,
			doc = excluded.doc`,
			bun.Safe(redemptionColumns), values(rows))
	})
	if err != nil {
		return err
	}
	if err := b.writeSeries(ctx, w); err != nil {
		return err
	}
	if err := move(ctx, w, b.merchant, b.moved, nil); err != nil {
		return err
	}
	return chunked(b.events, maxRows, func(rows values) error {
		return w.send(ctx, 0, nil, `INSERT INTO ?events (merchant, coupon, booking, n, kind, key, at, actor, amount, currency) VALUES ?`, rows)
	})
}

// movesAll reports whether all counters that were taken for granted get more.
func (b *batch) movesAll() bool {
	for slot := range b.steady {
		if b.moved[slot] <= 0 {
			return false
		}
	}
	return len(b.steady) > 0 && len(b.steady) == len(b.moved)
}

// rowChange is a redemption in the database, and what becomes of it.
type rowChange struct {
	was, is redemptionRow
	locks   bool // it was not locked before: if it is not as it was, the update divides by zero
}

// send writes what differs: of one row that is quicker than to write all of it.
func (c rowChange) send(ctx context.Context, w writer) error {
	var set list
	was, is := c.was.args(), c.is.args()
	for i, column := range strings.Split(redemptionColumns, ",") {
		if !reflect.DeepEqual(was[i], is[i]) {
			set = append(set, bun.SafeQuery("? = ?", bun.Safe(strings.TrimSpace(column)), is[i]))
		}
	}
	if len(set) == 0 {
		return nil
	}
	if c.locks { // a row that is gone is missed by the event that goes with it
		set = append(set, bun.SafeQuery("others = others / CASE WHEN ? THEN 1 ELSE 0 END", c.was.unchanged()))
	}
	return w.send(ctx, 0, nil, `UPDATE ?redemptions SET ? WHERE merchant = ?merchant AND coupon = ? AND booking = ?`,
		set, text(c.is.Coupon), text(c.is.Booking))
}
