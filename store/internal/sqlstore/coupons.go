package sqlstore

import (
	"context"
	"strings"

	"github.com/uptrace/bun"

	"github.com/couponkit/coupon"
)

// InsertCoupon implements coupon.Store.
func (s *Store) InsertCoupon(ctx context.Context, c coupon.Coupon) error {
	return s.write(ctx, "insert coupon", func(q conn) error {
		if err := storable(q.db.Dialect().Name(), list{s.merchant}); err != nil {
			return err
		}
		n, err := q.exec(ctx, `INSERT INTO ?coupons
			(merchant, id, version, code, name_sort, search, audience, kind, archived, created_at, start_at, end_at) VALUES (?merchant, ?)
			ON CONFLICT DO NOTHING`, list(append([]any{text(c.ID), c.Version}, searched(c)...)))
		if err == nil && n == 0 {
			err = coupon.ErrVersion
		}
		if err != nil {
			return err
		}
		stamp, err := insertVersion(ctx, q, c)
		if err != nil {
			return err
		}
		if err := insertMainCode(ctx, q, c); err != nil {
			return err
		}
		_, err = q.exec(ctx, `INSERT INTO ?heads (merchant, coupon, version, stamp, zone) VALUES (?merchant, ?)`,
			list{text(c.ID), c.Version, stamp, text(c.Zone)})
		return err
	})
}

// searched are the columns of a coupon that lists choose and sort by.
func searched(c coupon.Coupon) []any {
	return []any{text(c.Code), text(strings.ToLower(c.Name)), text(coupon.SearchText(c)), text(c.Audience), text(c.Discount.Kind),
		flag(!c.ArchivedAt.IsZero()), c.CreatedAt.UnixMicro(), c.Start.UnixMicro(), micros(c.End)}
}

// insertVersion gives the stamp for the head.
func insertVersion(ctx context.Context, q conn, c coupon.Coupon) (stamp int64, err error) {
	doc, err := encodeCoupon(c)
	if err != nil {
		return 0, err
	}
	_, err = q.exec(ctx, `INSERT INTO ?versions (merchant, coupon, version, doc) VALUES (?merchant, ?)`,
		list{text(c.ID), c.Version, text(doc)})
	return stampOf(doc), err
}

// Coupon implements coupon.Store.
func (s *Store) Coupon(ctx context.Context, id coupon.ID) (coupon.Coupon, error) {
	return s.oneCoupon(ctx, "coupon", currentCoupon, text(id))
}

const currentCoupon = `SELECT v.coupon, v.version, v.doc FROM ?coupons AS c
	JOIN ?versions AS v ON v.merchant = c.merchant AND v.coupon = c.id AND v.version = c.version
	WHERE c.merchant = ?merchant AND c.id = ?`

func (s *Store) oneCoupon(ctx context.Context, what, query string, key text) (c coupon.Coupon, err error) {
	err = s.one(ctx, what, func(q conn) error {
		found, err := coupons(ctx, q, query, key)
		if err == nil && len(found) == 0 {
			err = coupon.ErrNotFound
		}
		if err == nil {
			c = found[0]
		}
		return err
	})
	return c, err
}

// coupons reads versions.
func coupons(ctx context.Context, q conn, query string, args ...any) ([]coupon.Coupon, error) {
	var rows []couponRow
	if err := q.scan(ctx, &rows, query, args...); err != nil {
		return nil, err
	}
	out := make([]coupon.Coupon, len(rows))
	for i, row := range rows {
		var err error
		if out[i], err = row.coupon(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Versions implements coupon.Store.
func (s *Store) Versions(ctx context.Context, id coupon.ID, before int64, limit int) (page []coupon.Coupon, err error) {
	err = s.read(ctx, "versions", func(q conn) (err error) {
		if err := there(ctx, q, id); err != nil {
			return err
		}
		page, err = coupons(ctx, q, `SELECT coupon, version, doc FROM ?versions
			WHERE merchant = ?merchant AND coupon = ? AND version < ? ORDER BY version DESC LIMIT ?`, text(id), before, limit)
		return err
	})
	return page, err
}

// there is ErrNotFound if there is no such coupon.
func there(ctx context.Context, q conn, id coupon.ID) error {
	var n int64
	err := q.scan(ctx, &n, `SELECT COUNT(*) FROM ?coupons WHERE merchant = ?merchant AND id = ?`, text(id))
	if err == nil && n == 0 {
		err = coupon.ErrNotFound
	}
	return err
}

// Coupons implements coupon.Store.
func (s *Store) Coupons(ctx context.Context, f coupon.CouponQuery) (page []coupon.Coupon, err error) {
	err = s.read(ctx, "coupons", func(q conn) (err error) {
		sel := q.db.NewSelect().Conn(q.to).ColumnExpr("v.coupon, v.version, v.doc").TableExpr("?coupons AS c").
			Join("JOIN ?versions AS v ON v.merchant = c.merchant AND v.coupon = c.id AND v.version = c.version").
			Where("c.merchant = ?merchant")
		if len(f.IDs) > 0 {
			sel.Where("c.id IN (?)", bun.List(texts(f.IDs)))
		}
		if f.Search != "" {
			sel.Where(s.dialect.Contains, bun.Safe("c.search"), text(f.Search))
		}
		if f.Audience != nil {
			sel.Where("c.audience = ?", text(*f.Audience))
		}
		if f.Kind != "" {
			sel.Where("c.kind = ?", text(f.Kind))
		}
		if f.Archived != nil {
			sel.Where("c.archived = ?", flag(*f.Archived))
		}
		o, err := couponOrder(f.Sort, f.After)
		if err != nil {
			return err
		}
		var rows []couponRow
		if err := o.apply(sel, f.Desc, f.Limit).Scan(ctx, &rows); err != nil {
			return err
		}
		page = make([]coupon.Coupon, len(rows))
		for i, row := range rows {
			if page[i], err = row.coupon(); err != nil {
				return err
			}
		}
		return nil
	})
	return page, err
}
