package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/uptrace/bun"

	"github.com/couponkit/coupon"
)

// UpdateCoupon implements coupon.Store. An edit that counts anew waits for the
// writes under way; others don't, and those count as made before the edit.
func (s *Store) UpdateCoupon(ctx context.Context, c coupon.Coupon, recharge func(coupon.Use) []coupon.Charge) error {
	const what = "update coupon"
	edit := func(q conn, version int64) error {
		if version != c.Version-1 {
			return coupon.ErrVersion
		}
		return s.edit(ctx, q, c, recharge)
	}
	if recharge != nil {
		return s.alone(ctx, what, c.ID, c.Version-1, edit)
	}
	return s.write(ctx, what, func(q conn) error {
		version, err := s.lockHead(ctx, q, c.ID, "FOR NO KEY UPDATE")
		if err != nil {
			return err
		}
		return edit(q, version)
	})
}

func (s *Store) edit(ctx context.Context, q conn, c coupon.Coupon, recharge func(coupon.Use) []coupon.Charge) error {
	if err := replaceCodes(ctx, q, c); err != nil {
		return err
	}
	if recharge != nil {
		if err := s.recharge(ctx, q, c.ID, recharge); err != nil {
			return err
		}
	}
	stamp, err := insertVersion(ctx, q, c)
	if err != nil {
		return err
	}
	_, err = q.exec(ctx, `UPDATE ?coupons SET (version, code, name_sort, search, audience, kind, archived, created_at, start_at, end_at) = (?0)
		WHERE merchant = ?merchant AND id = ?1`, list(append([]any{c.Version}, searched(c)...)), text(c.ID))
	if err != nil {
		return err
	}
	_, err = q.exec(ctx, `UPDATE ?heads SET version = ?, stamp = ?, zone = ? WHERE merchant = ?merchant AND coupon = ?`,
		c.Version, stamp, text(c.Zone), text(c.ID))
	return err
}

// rechargeColumns are what the charges of a redemption depend on, without what
// is in documents: a coupon may have a million redemptions.
const rechargeColumns = `coupon, booking, state, version, code, single_use, customer, series, currency, made_at, service_at,
	subtotal, eligible, discount, other_discounts, refund, cost, new_customer, uses, holds, charges`

// recharge replaces the charges of all redemptions of a coupon that hold theirs,
// and of its series.
func (s *Store) recharge(ctx context.Context, q conn, id coupon.ID, recharge func(coupon.Use) []coupon.Charge) error {
	moved := map[coupon.Slot]int64{}
	if err := rechargeSeries(ctx, q, id, recharge, moved); err != nil {
		return err
	}
	for after := ""; ; {
		var rows []redemptionRow
		err := q.scan(ctx, &rows, `SELECT ? FROM ?redemptions WHERE merchant = ?merchant AND coupon = ? AND booking > ? AND holds = 1
			ORDER BY booking LIMIT ?`, bun.Safe(rechargeColumns), text(id), text(after), maxKeys)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			return move(ctx, q, s.merchant, moved, nil)
		}
		var changed values
		for _, row := range rows {
			after = row.Booking
			r, err := row.withoutDoc()
			if err != nil {
				return err
			}
			data, err := recharged(row.Charges, r.Charges, recharge(r.Use()), moved)
			if err != nil {
				return err
			}
			if data != row.Charges {
				changed = append(changed, []any{text(row.Booking), text(data)})
			}
		}
		if len(changed) == 0 {
			continue
		}
		_, err = q.exec(ctx, `WITH new (booking, charges) AS (VALUES ?) UPDATE ?redemptions AS r SET charges = new.charges FROM new
			WHERE r.merchant = ?merchant AND r.coupon = ? AND r.booking = new.booking`, changed, text(id))
		if err != nil {
			return err
		}
	}
}

// recharged encodes new charges, and adds to what moved if they differ from the
// old ones.
func recharged(data string, old, charges []coupon.Charge, moved map[coupon.Slot]int64) (string, error) {
	again, err := encodeCharges(charges)
	if err != nil || again == data {
		return data, err
	}
	for _, ch := range old {
		moved[ch.Slot] -= ch.N
	}
	for _, ch := range charges {
		moved[ch.Slot] += ch.N
	}
	return again, nil
}

// lockHead gives the version of a coupon, under a lock of that kind.
func (s *Store) lockHead(ctx context.Context, q conn, id coupon.ID, lock bun.Safe) (version int64, err error) {
	if !s.dialect.RowLocks {
		lock = ""
	}
	err = q.scan(ctx, &version, `SELECT version FROM ?heads WHERE merchant = ?merchant AND coupon = ? ?`, text(id), lock)
	if errors.Is(err, sql.ErrNoRows) {
		err = coupon.ErrNotFound
	}
	return version, err
}

// A coupon is closed for so long at most, in microseconds of the database's
// clock, and whoever closed it waits that long for each write under way.
const closedFor = 5 * time.Second

// alone runs f while nothing else is written for the coupon. Waiting for the
// lock is not enough where writes share a lock: new ones join the old ones for
// ever. So the coupon is closed first, which new writes respect, and opened when
// f is done or has failed; if this process dies, it opens by itself. In the
// host's transaction nobody would see that: there it just waits, as long. A version
// that is not 0 must be the coupon's.
func (s *Store) alone(ctx context.Context, what string, id coupon.ID, version int64, f func(q conn, version int64) error) error {
	if !s.dialect.RowLocks || s.inTx {
		return s.write(ctx, what, func(q conn) error {
			hosts := int64(0)
			if s.dialect.RowLocks {
				if err := q.scan(ctx, &hosts, `SELECT CAST(setting AS BIGINT) FROM pg_catalog.pg_settings WHERE name = 'lock_timeout'`); err != nil {
					return err
				}
				if err := limitWait(ctx, q, closedFor); err != nil {
					return err
				}
			}
			version, err := s.lockHead(ctx, q, id, "FOR UPDATE")
			if err == nil && s.dialect.RowLocks { // the rest of the transaction is the host's
				err = limitWait(ctx, q, time.Duration(hosts)*time.Millisecond)
			}
			if err != nil {
				return err
			}
			return f(q, version)
		})
	}
	until, err := s.closeHead(ctx, what, id, version)
	if err != nil {
		return err
	}
	err = s.write(ctx, what, func(q conn) error {
		if err := limitWait(ctx, q, closedFor); err != nil {
			return err
		}
		version, err := s.lockHead(ctx, q, id, "FOR UPDATE")
		if err != nil {
			return err
		}
		if err := f(q, version); err != nil {
			return err
		}
		return openHead(ctx, q, id, until)
	})
	if err != nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closedFor)
		defer cancel()
		// If this fails too, the coupon opens when its time is over.
		_ = s.write(ctx, what, func(q conn) error { return openHead(ctx, q, id, until) })
	}
	return err
}

// limitWait is for all locks to come in a transaction; 0 is no limit.
func limitWait(ctx context.Context, q conn, d time.Duration) error {
	_, err := q.exec(ctx, `SET LOCAL lock_timeout = ?`, d.Milliseconds())
	return err
}

// now is the database's clock when a statement comes in.
const now bun.Safe = `CAST(EXTRACT(EPOCH FROM statement_timestamp()) * 1000000 AS BIGINT)`

// closeHead lets no new write begin on the coupon, and says until when.
func (s *Store) closeHead(ctx context.Context, what string, id coupon.ID, version int64) (until int64, err error) {
	err = s.write(ctx, what, func(q conn) error {
		if err := limitWait(ctx, q, closedFor); err != nil {
			return err
		}
		found, err := s.lockHead(ctx, q, id, "FOR NO KEY UPDATE")
		if err != nil {
			return err
		}
		if version != 0 && found != version {
			return coupon.ErrVersion
		}
		if err := q.scan(ctx, &until, `SELECT ? + ?`, now, closedFor.Microseconds()); err != nil {
			return err
		}
		_, err = q.exec(ctx, `UPDATE ?heads SET closed_until = ? WHERE merchant = ?merchant AND coupon = ?`, until, text(id))
		return err
	})
	return until, err
}

// openHead undoes closeHead, unless somebody else has closed it since.
func openHead(ctx context.Context, q conn, id coupon.ID, until int64) error {
	_, err := q.exec(ctx, `UPDATE ?heads SET closed_until = 0 WHERE merchant = ?merchant AND coupon = ? AND closed_until = ?`, text(id), until)
	return err
}
