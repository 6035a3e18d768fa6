package sqlstore

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/uptrace/bun"

	"github.com/couponkit/coupon"
)

// seriesColumns are those of a series, in the order of args.
const seriesColumns = `coupon, series, live, customer, code, single_use, made_at, charges`

type seriesRow struct {
	Coupon    string
	Series    string
	Live      int64
	Customer  string
	Code      string
	SingleUse bool
	MadeAt    *int64
	Charges   string // see encodeCharges
}

func (r seriesRow) series() (coupon.Series, error) {
	charges, err := decodeCharges(r.Charges)
	return coupon.Series{Coupon: coupon.ID(r.Coupon), Key: r.Series, Live: r.Live, Customer: r.Customer, Code: coupon.Code(r.Code),
		SingleUse: r.SingleUse, MadeAt: instant(r.MadeAt), Charges: charges}, err
}

func seriesArgs(x coupon.Series) (list, error) {
	charges, err := encodeCharges(x.Charges)
	return list{text(x.Coupon), text(x.Key), x.Live, text(x.Customer), text(x.Code), flag(x.SingleUse), micros(x.MadeAt), text(charges)}, err
}

// Series implements coupon.Store.
func (s *Store) Series(ctx context.Context, k coupon.SeriesKey) (x coupon.Series, err error) {
	err = s.one(ctx, "series", func(q conn) error {
		found, err := readSeries(ctx, q, k.Coupon, []text{text(k.Key)}, "")
		if err == nil && len(found) == 0 {
			err = coupon.ErrNotFound
		}
		if err == nil {
			x = found[0]
		}
		return err
	})
	return x, err
}

// readSeries reads those of a coupon that are there, under a lock of that kind.
func readSeries(ctx context.Context, q conn, id coupon.ID, keys []text, lock bun.Safe) ([]coupon.Series, error) {
	var rows []seriesRow
	err := q.scan(ctx, &rows, `SELECT ? FROM ?series WHERE merchant = ?merchant AND coupon = ? AND series IN (?) ORDER BY series ?`,
		bun.Safe(seriesColumns), text(id), bun.List(keys), lock)
	if err != nil {
		return nil, err
	}
	out := make([]coupon.Series, len(rows))
	for i, row := range rows {
		if out[i], err = row.series(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// readSeries reads what was not read yet, and locks it: also what is not there,
// by inserting it as nothing. Of those that are only tried, what is not there or
// locked by others is left out.
func (b *batch) readSeries(ctx context.Context, keys []coupon.SeriesKey, try bool) error {
	keys = slices.DeleteFunc(keys, func(k coupon.SeriesKey) bool {
		_, known := b.series[k]
		return k.Key == "" || known
	})
	slices.SortFunc(keys, compareSeries)
	keys = slices.Compact(keys)
	var lock bun.Safe
	if b.dialect.RowLocks {
		if lock = forUpdate; try {
			lock = skipLocked
		} else if err := b.insertSeries(ctx, keys); err != nil {
			return err
		}
	}
	return ofEach(keys, func(k coupon.SeriesKey) coupon.ID { return k.Coupon }, func(id coupon.ID, keys []coupon.SeriesKey) error {
		found, err := readSeries(ctx, b.q, id, convert(keys, func(k coupon.SeriesKey) text { return text(k.Key) }), lock)
		for _, k := range keys {
			if !try {
				b.series[k] = coupon.Series{Coupon: k.Coupon, Key: k.Key}
			}
		}
		for _, x := range found {
			b.series[coupon.SeriesKey{Coupon: x.Coupon, Key: x.Key}] = x
		}
		return err
	})
}

// insertSeries inserts as nothing what is not there, so that it can be locked.
func (b *batch) insertSeries(ctx context.Context, keys []coupon.SeriesKey) error {
	return chunked(keys, maxRows, func(keys []coupon.SeriesKey) error {
		rows := convert(keys, func(k coupon.SeriesKey) list {
			args, _ := seriesArgs(coupon.Series{Coupon: k.Coupon, Key: k.Key}) // no charges to encode
			return append(list{b.merchant}, args...)
		})
		_, err := b.q.exec(ctx, `INSERT INTO ?series (merchant, ?) VALUES ? ON CONFLICT DO NOTHING`, bun.Safe(seriesColumns), values(rows))
		return err
	})
}

func compareSeries(x, y coupon.SeriesKey) int {
	return cmp.Or(cmp.Compare(x.Coupon, y.Coupon), cmp.Compare(x.Key, y.Key))
}

// writeSeries stores those that the batch has changed.
func (b *batch) writeSeries(ctx context.Context, w writer) error {
	var rows values
	for _, k := range slices.SortedFunc(maps.Keys(b.changedSeries), compareSeries) {
		args, err := seriesArgs(b.series[k])
		if err != nil {
			return err
		}
		rows = append(rows, append(list{b.merchant}, args...))
	}
	return putSeries(ctx, w, rows)
}

// putSeries inserts series, or takes their place.
func putSeries(ctx context.Context, w writer, rows values) error {
	return chunked(rows, maxRows, func(rows values) error {
		return w.send(ctx, 0, nil, `INSERT INTO ?series (merchant, ?) VALUES ? ON CONFLICT (merchant, coupon, series) DO UPDATE SET
			live = excluded.live, customer = excluded.customer, code = excluded.code, single_use = excluded.single_use,
			made_at = excluded.made_at, charges = excluded.charges`, bun.Safe(seriesColumns), rows)
	})
}

// rechargeSeries replaces the charges of the series of a coupon.
func rechargeSeries(ctx context.Context, q conn, id coupon.ID, recharge func(coupon.Use) []coupon.Charge, moved map[coupon.Slot]int64) error {
	return eachSeries(ctx, q, id, func(rows []seriesRow) error {
		var changed values
		for _, row := range rows {
			x, err := row.series()
			if err != nil {
				return err
			}
			if x.Live == 0 {
				continue
			}
			data, err := recharged(row.Charges, x.Charges, recharge(x.Use()), moved)
			if err != nil {
				return err
			}
			if data != row.Charges {
				changed = append(changed, []any{text(row.Series), text(data)})
			}
		}
		if len(changed) == 0 {
			return nil
		}
		_, err := q.exec(ctx, `WITH new (series, charges) AS (VALUES ?) UPDATE ?series AS s SET charges = new.charges FROM new
			WHERE s.merchant = ?merchant AND s.coupon = ? AND s.series = new.series`, changed, text(id))
		return err
	})
}

// eachSeries goes through the series of a coupon, or of all.
func eachSeries(ctx context.Context, q conn, id coupon.ID, f func([]seriesRow) error) error {
	last := seriesRow{Coupon: string(id)}
	only := ofCoupon(id)
	for {
		var rows []seriesRow
		err := q.scan(ctx, &rows, `SELECT ? FROM ?series WHERE merchant = ?merchant ? AND (coupon, series) > (?, ?) ORDER BY coupon, series LIMIT ?`,
			bun.Safe(seriesColumns), only, text(last.Coupon), text(last.Series), maxKeys)
		if err != nil || len(rows) == 0 {
			return err
		}
		if err := f(rows); err != nil {
			return err
		}
		last = rows[len(rows)-1]
	}
}
