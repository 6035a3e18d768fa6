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
	return b.writeRows(ctx)
}

// writeRows writes everything that has changed, in the order in which rows refer
// to one another.
func (b *batch) writeRows(ctx context.Context) error {
	if len(b.changed) == 0 {
		return nil
	}
	b.wrote = true
	slices.SortFunc(b.changed, func(x, y *entry) int {
		return cmp.Or(cmp.Compare(x.Coupon, y.Coupon), strings.Compare(x.Booking, y.Booking))
	})
	var inserts, updates values
	for _, e := range b.changed {
		row, err := rowOf(e.Redemption, e.events)
		if err != nil {
			return err
		}
		args := append(list{b.merchant}, row.args()...)
		if e.isNew {
			inserts = append(inserts, args)
		} else {
			updates = append(updates, args)
		}
	}
	if b.dialect.RowLocks {
		if err := b.guard(ctx); err != nil {
			return err
		}
	}
	err := chunked(inserts, maxRows, func(rows values) error {
		n, err := b.q.exec(ctx, `INSERT INTO ?redemptions (merchant, ?) VALUES ? ON CONFLICT DO NOTHING`, bun.Safe(redemptionColumns), rows)
		if err == nil && n < int64(len(rows)) {
			err = ErrRaced
		}
		return err
	})
	if err != nil {
		return err
	}
	err = chunked(updates, maxRows, func(rows values) error {
		_, err := b.q.exec(ctx, `INSERT INTO ?redemptions (merchant, ?) VALUES ? ON CONFLICT (merchant, coupon, booking) DO UPDATE SET
			state = excluded.state, expires_at = excluded.expires_at, version = excluded.version, code = excluded.code, single_use = excluded.single_use,
			customer = excluded.customer, series = excluded.series, uses = excluded.uses, currency = excluded.currency,
			made_at = excluded.made_at, service_at = excluded.service_at, subtotal = excluded.subtotal, eligible = excluded.eligible,
			discount = excluded.discount, other_discounts = excluded.other_discounts, refund = excluded.refund, cost = excluded.cost,
			new_customer = excluded.new_customer, holds = excluded.holds, charges = excluded.charges, events = excluded.events, doc = excluded.doc`,
			bun.Safe(redemptionColumns), rows)
		return err
	})
	if err != nil {
		return err
	}
	if err := b.writeSeries(ctx); err != nil {
		return err
	}
	if err := move(ctx, b.q, b.merchant, b.moved); err != nil {
		return err
	}
	err = chunked(b.events, maxRows, func(rows values) error {
		_, err := b.q.exec(ctx, `INSERT INTO ?events (merchant, coupon, booking, n, kind, key, at, actor, amount, currency) VALUES ?`, rows)
		return err
	})
	for _, e := range b.changed {
		e.isNew, e.changed, b.known[e.Booking] = false, false, true
	}
	b.changed, b.changedSeries, b.moved, b.events = nil, nil, nil, nil
	return err
}
