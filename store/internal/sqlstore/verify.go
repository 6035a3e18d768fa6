package sqlstore

import (
	"context"
	"fmt"
	"slices"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/schema"

	"github.com/couponkit/coupon"
)

// ofCoupon is the condition of one coupon, or none.
func ofCoupon(id coupon.ID) schema.QueryWithArgs {
	if id == "" {
		return bun.SafeQuery("")
	}
	return bun.SafeQuery("AND coupon = ?", text(id))
}

// held adds up the charges of all redemptions that hold theirs, and of series, of
// one coupon or, without it, of all.
func held(ctx context.Context, q conn, id coupon.ID) (map[coupon.Slot]int64, error) {
	out := map[coupon.Slot]int64{}
	count := func(coupon, data string) error { return addCharges(out, coupon, data) }
	err := eachSeries(ctx, q, id, func(rows []seriesRow) error {
		for _, row := range rows {
			if err := count(row.Coupon, row.Charges); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	last := redemptionRow{Coupon: string(id)}
	only := ofCoupon(id)
	for {
		var rows []redemptionRow
		err := q.scan(ctx, &rows, `SELECT coupon, booking, charges FROM ?redemptions WHERE merchant = ?merchant ? AND (coupon, booking) > (?, ?)
			AND holds = 1 AND charges <> '' ORDER BY coupon, booking LIMIT ?`, only, text(last.Coupon), text(last.Booking), maxKeys)
		if err != nil || len(rows) == 0 {
			return out, err
		}
		for _, row := range rows {
			if err := count(row.Coupon, row.Charges); err != nil {
				return nil, fmt.Errorf("booking %q: %w", row.Booking, err)
			}
		}
		last = rows[len(rows)-1]
	}
}

func addCharges(to map[coupon.Slot]int64, id, data string) error {
	charges, err := decodeCharges(data)
	if err != nil {
		return fmt.Errorf("charges of coupon %s can't be read: %w", id, err)
	}
	for _, ch := range charges {
		sum, fits := add(to[ch.Slot], ch.N)
		if !fits {
			return fmt.Errorf("charges of coupon %s: %w", id, coupon.ErrOverflow)
		}
		to[ch.Slot] = sum
	}
	return nil
}

// seriesDrifts are the series whose Live is not the number of redemptions that
// hold, of one coupon or, without it, of all.
func seriesDrifts(ctx context.Context, q conn, id coupon.ID) (drifts []coupon.Drift, err error) {
	var rows []struct {
		Coupon string
		Series string
		N      int64
	}
	err = q.scan(ctx, &rows, `SELECT coupon, series, COUNT(*) AS n FROM ?redemptions WHERE merchant = ?merchant ? AND series <> '' AND holds = 1
		GROUP BY coupon, series`, ofCoupon(id))
	if err != nil {
		return nil, err
	}
	members := make(map[coupon.Slot]int64, len(rows))
	for _, row := range rows {
		members[coupon.Series{Coupon: coupon.ID(row.Coupon), Key: row.Series}.Slot()] = row.N
	}
	err = eachSeries(ctx, q, id, func(rows []seriesRow) error {
		for _, row := range rows {
			slot := coupon.Series{Coupon: coupon.ID(row.Coupon), Key: row.Series}.Slot()
			if row.Live != members[slot] {
				drifts = append(drifts, coupon.Drift{Slot: slot, Counter: row.Live, Held: members[slot]})
			}
			delete(members, slot)
		}
		return nil
	})
	for slot, n := range members {
		drifts = append(drifts, coupon.Drift{Slot: slot, Held: n})
	}
	return drifts, err
}

// drifts are the counters that are not what the redemptions say, of one coupon
// or, without it, of all.
func drifts(ctx context.Context, q conn, id coupon.ID) (drifts []coupon.Drift, err error) {
	want, err := held(ctx, q, id)
	if err != nil {
		return nil, err
	}
	only := ofCoupon(id)
	var rows []counterRow
	err = q.scan(ctx, &rows, `SELECT ?, used FROM ?counters WHERE merchant = ?merchant ?`, bun.Safe(slotColumns), only)
	for _, row := range rows {
		slot := row.slot()
		if row.Used != want[slot] {
			drifts = append(drifts, coupon.Drift{Slot: slot, Counter: row.Used, Held: want[slot]})
		}
		delete(want, slot)
	}
	for slot, n := range want {
		if n != 0 {
			drifts = append(drifts, coupon.Drift{Slot: slot, Held: n})
		}
	}
	slices.SortFunc(drifts, func(a, b coupon.Drift) int { return a.Slot.Compare(b.Slot) })
	return drifts, err
}

// Verify implements coupon.Store.
func (s *Store) Verify(ctx context.Context) (found []coupon.Drift, err error) {
	err = s.read(ctx, "verify", func(q conn) (err error) {
		live, err := seriesDrifts(ctx, q, "")
		if err == nil {
			found, err = drifts(ctx, q, "")
		}
		found = append(found, live...)
		slices.SortFunc(found, func(a, b coupon.Drift) int { return a.Slot.Compare(b.Slot) })
		return err
	})
	return found, err
}

// Rebuild implements coupon.Store. A counter that is right in one snapshot stays
// right, because writes move it together with its redemptions: so only coupons
// with one that is wrong are made to wait.
func (s *Store) Rebuild(ctx context.Context) error {
	const what = "rebuild"
	if !s.dialect.RowLocks {
		return s.write(ctx, what, func(q conn) error { return s.repair(ctx, q, "") })
	}
	found, err := s.Verify(ctx)
	for i, d := range found {
		if err == nil && (i == 0 || found[i-1].Coupon != d.Coupon) {
			err = s.alone(ctx, what, d.Coupon, 0, func(q conn, _ int64) error { return s.repair(ctx, q, d.Coupon) })
		}
	}
	return err
}

// restoreSeries puts back what was lost, from the redemptions that hold it.
func (s *Store) restoreSeries(ctx context.Context, q conn, d coupon.Drift) error {
	now, err := coupons(ctx, q, currentCoupon, text(d.Coupon))
	if err != nil || len(now) == 0 {
		return err
	}
	var first []redemptionRow
	err = q.scan(ctx, &first, `SELECT ? FROM ?redemptions WHERE merchant = ?merchant AND coupon = ? AND series = ? AND series <> '' AND holds = 1
		ORDER BY made_at, booking LIMIT 1`, bun.Safe(rechargeColumns), text(d.Coupon), text(d.Subject))
	if err != nil || len(first) == 0 {
		return err
	}
	r, err := first[0].withoutDoc()
	if err != nil {
		return err
	}
	x := r.BeginSeries(now[0])
	x.Live = d.Held
	args, err := seriesArgs(x)
	if err != nil {
		return err
	}
	return putSeries(ctx, q, values{append(list{s.merchant}, args...)})
}

// repair moves the counters of one coupon, or of all, to where they belong.
func (s *Store) repair(ctx context.Context, q conn, id coupon.ID) error {
	live, err := seriesDrifts(ctx, q, id)
	if err != nil {
		return err
	}
	for _, d := range live {
		if d.Counter == 0 {
			if err := s.restoreSeries(ctx, q, d); err != nil {
				return err
			}
			continue
		}
		_, err := q.exec(ctx, `UPDATE ?series SET live = ?0, charges = CASE WHEN ?0 = 0 THEN '' ELSE charges END
			WHERE merchant = ?merchant AND coupon = ?1 AND series = ?2`, d.Held, text(d.Coupon), text(d.Subject))
		if err != nil {
			return err
		}
	}
	found, err := drifts(ctx, q, id)
	if err != nil {
		return err
	}
	moved := make(map[coupon.Slot]int64, len(found))
	for _, d := range found {
		moved[d.Slot] = d.Held - d.Counter
	}
	return move(ctx, q, s.merchant, moved, nil)
}
