package sqlstore

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/uptrace/bun"

	"github.com/couponkit/coupon"
)

const refusalColumns = `coupon, booking, reason, code, customer, currency, subtotal, at`

type refusalRow struct {
	Coupon   string
	Booking  string
	Reason   string
	Code     string
	Customer string
	Currency string
	Subtotal int64
	At       int64
}

// RecordRefusals implements coupon.Store.
func (s *Store) RecordRefusals(ctx context.Context, refusals []coupon.RefusalRecord, bounds coupon.RefusalBounds) error {
	// In one order, so that two that record the same don't wait for each other
	// crosswise.
	refusals = slices.Clone(refusals)
	slices.SortStableFunc(refusals, func(a, b coupon.RefusalRecord) int {
		return cmp.Or(cmp.Compare(a.Coupon, b.Coupon), cmp.Compare(a.Booking, b.Booking), cmp.Compare(a.Reason, b.Reason))
	})
	return s.write(ctx, "record refusals", func(q conn) error {
		return ofEach(refusals, func(r coupon.RefusalRecord) coupon.ID { return r.Coupon }, func(id coupon.ID, refusals []coupon.RefusalRecord) error {
			err := there(ctx, q, id)
			if errors.Is(err, coupon.ErrNotFound) {
				return nil
			}
			if err == nil {
				err = s.recordRefusals(ctx, q, id, refusals, bounds)
			}
			return err
		})
	})
}

// recordRefusals are those of one coupon. What is too old is forgotten first: it
// does not stand in the way of the same refusal today.
func (s *Store) recordRefusals(ctx context.Context, q conn, id coupon.ID, refusals []coupon.RefusalRecord, bounds coupon.RefusalBounds) error {
	if err := s.forgetRefusals(ctx, q, id, bun.SafeQuery("at < ?", bounds.Since.UnixMicro())); err != nil {
		return err
	}
	var rows values
	for _, r := range refusals {
		subtotal, err := r.Subtotal.Minor()
		if err != nil {
			return err
		}
		if !r.At.Before(bounds.Since) {
			rows = append(rows, list{s.merchant, text(r.Coupon), text(r.Booking), text(r.Reason), text(r.Code), text(r.Customer), text(r.Subtotal.Currency), subtotal, r.At.UnixMicro()})
		}
	}
	added := int64(0)
	err := chunked(rows, maxRows, func(rows values) error {
		n, err := q.exec(ctx, `INSERT INTO ?refusals (merchant, ?) VALUES ? ON CONFLICT DO NOTHING`, bun.Safe(refusalColumns), rows)
		added += n
		return err
	})
	if err != nil || added == 0 {
		return err
	}
	return s.trimRefusals(ctx, q, id, bounds.Most)
}

// trimRefusals forgets what comes after the newest.
func (s *Store) trimRefusals(ctx context.Context, q conn, id coupon.ID, most int) error {
	var beyond []refusalRow
	err := q.scan(ctx, &beyond, `SELECT at, booking, reason FROM ?refusals WHERE merchant = ?merchant AND coupon = ?
		ORDER BY at DESC, booking DESC, reason DESC LIMIT 1 OFFSET ?`, text(id), most)
	if err != nil || len(beyond) == 0 {
		return err
	}
	return s.forgetRefusals(ctx, q, id, bun.SafeQuery("(at, booking, reason) <= (?)", list{beyond[0].At, text(beyond[0].Booking), text(beyond[0].Reason)}))
}

// forgetRefusals deletes those of a coupon for which a condition holds. What
// another is deleting at this moment is left to it: two that delete the same in
// different orders would wait for each other crosswise.
func (s *Store) forgetRefusals(ctx context.Context, q conn, id coupon.ID, which any) error {
	lock := skipLocked
	if !s.dialect.RowLocks {
		lock = ""
	}
	_, err := q.exec(ctx, `DELETE FROM ?refusals WHERE merchant = ?merchant AND coupon = ? AND (booking, reason) IN (
		SELECT booking, reason FROM ?refusals WHERE merchant = ?merchant AND coupon = ? AND ? ?)`, text(id), text(id), which, lock)
	return err
}

// Refusals implements coupon.Store.
func (s *Store) Refusals(ctx context.Context, f coupon.RefusalQuery) (page []coupon.RefusalRecord, err error) {
	err = s.one(ctx, "refusals", func(q conn) error {
		reason, after := bun.SafeQuery(""), bun.SafeQuery("")
		if f.Reason != "" {
			reason = bun.SafeQuery("AND reason = ?", text(f.Reason))
		}
		if a := f.After; a != nil {
			after = bun.SafeQuery("AND (at, booking, reason) < (?)", list{a.At.UnixMicro(), text(a.Booking), text(a.Reason)})
		}
		var rows []refusalRow
		err := q.scan(ctx, &rows, `SELECT ? FROM ?refusals WHERE merchant = ?merchant AND coupon = ? AND at >= ? ? ?
			ORDER BY at DESC, booking DESC, reason DESC LIMIT ?`, bun.Safe(refusalColumns), text(f.Coupon), f.Since.UnixMicro(), reason, after, f.Limit)
		if err != nil {
			return err
		}
		page = make([]coupon.RefusalRecord, len(rows))
		for i, r := range rows {
			page[i] = coupon.RefusalRecord{Coupon: coupon.ID(r.Coupon), Booking: r.Booking, Reason: coupon.Reason(r.Reason), Code: coupon.Code(r.Code),
				Customer: r.Customer, At: instant(&r.At)}
			if page[i].Subtotal, err = coupon.MoneyFromMinor(r.Subtotal, r.Currency); err != nil {
				return err
			}
		}
		return nil
	})
	return page, err
}
