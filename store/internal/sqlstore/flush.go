package sqlstore

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/uptrace/bun"
)

// flush ends the batch.
func (b *batch) flush(ctx context.Context) error {
	if b.dialect.RowLocks {
		if err := b.recheck(ctx); err != nil {
			return err
		}
		if len(b.changed) == 0 && !b.wrote {
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
	var inserts, updates values
	var made []redemptionRow
	for _, e := range b.changed {
		row, err := rowOf(e.Redemption, e.events)
		if err != nil {
			return err
		}
		if e.isNew && len(b.bookings[e.Booking]) == 1 {
			made = append(made, row)
		}
		args := append(list{b.merchant}, row.args()...)
		if e.isNew {
			inserts = append(inserts, args)
		} else {
			updates = append(updates, args)
		}
	}
	if err := b.send(ctx, inserts, updates, last); err != nil {
		return err
	}
	b.made = append(b.made, made...)
	for _, e := range b.changed {
		if e.isNew && len(b.bookings[e.Booking]) > 1 {
			b.cache.forgetTaken(b.merchant, e.Booking)
		}
		e.isNew, e.changed, b.known[e.Booking] = false, false, true
	}
	b.changed, b.changedSeries, b.moved, b.events = nil, nil, nil, nil
	return nil
}

// send writes the rows, and what belongs to them.
func (b *batch) send(ctx context.Context, inserts, updates values, last bool) error {
	if !b.dialect.RowLocks {
		return b.sendTo(ctx, b.q, inserts, updates, "ON CONFLICT DO NOTHING")
	}
	all := &together{conn: b.q}
	err := b.guard(ctx, all)
	if err == nil {
		err = b.onlyThose(ctx, all)
	}
	if err == nil {
		err = b.sendTo(ctx, all, inserts, updates, "")
	}
	if err == nil {
		err = all.flush(ctx, last)
	}
	if err != nil && b.dialect.Duplicate(err) {
		err = ErrRaced // the whole write is undone, and finds what has come
	}
	return err
}

func (b *batch) sendTo(ctx context.Context, w writer, inserts, updates values, raced bun.Safe) error {
	err := chunked(inserts, maxRows, func(rows values) error {
		return w.send(ctx, len(rows), ErrRaced, `INSERT INTO ?redemptions (merchant, ?) VALUES ? ?`, bun.Safe(redemptionColumns), rows, raced)
	})
	if err != nil {
		return err
	}
	err = chunked(updates, maxRows, func(rows values) error {
		return w.send(ctx, 0, nil, `INSERT INTO ?redemptions (merchant, ?) VALUES ? ON CONFLICT (merchant, coupon, booking) DO UPDATE SET
			state = excluded.state, expires_at = excluded.expires_at, version = excluded.version, code = excluded.code, single_use = excluded.single_use,
			customer = excluded.customer, series = excluded.series, uses = excluded.uses, currency = excluded.currency,
			made_at = excluded.made_at, service_at = excluded.service_at, subtotal = excluded.subtotal, eligible = excluded.eligible,
			discount = excluded.discount, other_discounts = excluded.other_discounts, refund = excluded.refund, cost = excluded.cost,
			new_customer = excluded.new_customer, holds = excluded.holds, charges = excluded.charges, events = excluded.events, doc = excluded.doc`,
			bun.Safe(redemptionColumns), rows)
	})
	if err != nil {
		return err
	}
	if err := b.writeSeries(ctx, w); err != nil {
		return err
	}
	if err := move(ctx, w, b.merchant, b.moved); err != nil {
		return err
	}
	return chunked(b.events, maxRows, func(rows values) error {
		return w.send(ctx, 0, nil, `INSERT INTO ?events (merchant, coupon, booking, n, kind, key, at, actor, amount, currency) VALUES ?`, rows)
	})
}
