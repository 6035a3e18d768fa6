package sqlstore

import (
	"context"

	"github.com/uptrace/bun"

	"github.com/couponkit/coupon"
)

// codeColumns are those of a code, in the order of codeArgs.
const codeColumns = `code, coupon, live, main, single_use, customer, batch, number, batch_count, created_at, created_by`

func codeArgs(k coupon.CouponCode, live bool) list {
	return list{text(k.Code), text(k.Coupon), flag(live), flag(k.Main), flag(k.SingleUse), text(k.Customer), text(k.Batch), k.Number,
		k.BatchCount, k.CreatedAt.UnixMicro(), text(k.CreatedBy)}
}

type codeRow struct {
	Code       string
	Coupon     string
	Main       bool
	SingleUse  bool
	Customer   string
	Batch      string
	Number     int64
	BatchCount int64
	CreatedAt  int64
	CreatedBy  string
	Version    int64 // of the coupon, where it is read too
	Stamp      int64 // of that version
}

func (r codeRow) code() coupon.CouponCode {
	return coupon.CouponCode{Code: coupon.Code(r.Code), Coupon: coupon.ID(r.Coupon), Main: r.Main, SingleUse: r.SingleUse,
		Customer: r.Customer, Batch: r.Batch, Number: r.Number, BatchCount: r.BatchCount, CreatedAt: instant(&r.CreatedAt), CreatedBy: r.CreatedBy}
}

// insertMainCode takes the coupon's own code. That nobody else has it is what the
// unique index says.
func insertMainCode(ctx context.Context, q conn, c coupon.Coupon) error {
	n, err := q.exec(ctx, `INSERT INTO ?codes (merchant, ?) VALUES (?merchant, ?) ON CONFLICT DO NOTHING`,
		bun.Safe(codeColumns), codeArgs(coupon.MainCode(c), c.ArchivedAt.IsZero()))
	if err == nil && n == 0 {
		err = coupon.ErrDuplicateCode
	}
	return err
}

// replaceCodes puts the main code of a new version in the place of the one
// before, and frees all codes of an archived coupon.
func replaceCodes(ctx context.Context, q conn, c coupon.Coupon) error {
	if _, err := q.exec(ctx, `DELETE FROM ?codes WHERE merchant = ?merchant AND coupon = ? AND main = 1`, text(c.ID)); err != nil {
		return err
	}
	if !c.ArchivedAt.IsZero() {
		if _, err := q.exec(ctx, `UPDATE ?codes SET live = 0 WHERE merchant = ?merchant AND coupon = ?`, text(c.ID)); err != nil {
			return err
		}
	}
	return insertMainCode(ctx, q, c)
}

// CouponByCode implements coupon.Store.
func (s *Store) CouponByCode(ctx context.Context, code coupon.Code) (c coupon.Coupon, k coupon.CouponCode, err error) {
	// Two statements, and yet one is a snapshot: a version never changes.
	err = s.one(ctx, "coupon by code", func(q conn) error {
		var rows []codeRow
		err := q.scan(ctx, &rows, `SELECT k.code, k.coupon, k.main, k.single_use, k.customer, k.batch, k.number, k.batch_count, k.created_at, k.created_by, h.version, h.stamp FROM ?codes AS k
			JOIN ?heads AS h ON h.merchant = k.merchant AND h.coupon = k.coupon
			WHERE k.merchant = ?merchant AND k.code = ? AND k.live = 1`, text(code))
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			return coupon.ErrNotFound
		}
		k = rows[0].code()
		head := couponRow{Coupon: rows[0].Coupon, Version: rows[0].Version, Stamp: rows[0].Stamp}
		if c, err = s.version(ctx, q, head); err == nil && !s.inTx { // a host may roll it back
			s.cache.foundCode(s.merchant, k, head)
		}
		return err
	})
	return c, k, err
}

// RecallCode implements coupon.Recaller.
func (s *Store) RecallCode(code coupon.Code) (coupon.Coupon, coupon.CouponCode, bool) {
	c, k, ok := s.cache.code(s.merchant, code)
	return c.Clone(), k, ok
}

// InsertCodes implements coupon.Store.
func (s *Store) InsertCodes(ctx context.Context, id coupon.ID, codes []coupon.CouponCode) (taken []coupon.Code, err error) {
	err = s.write(ctx, "insert codes", func(q conn) error {
		taken = nil
		// Edits lock the head too, before they touch a code: so the archiving that
		// comes second frees these, and nobody waits for the other crosswise.
		if _, err := s.lockHead(ctx, q, id, "FOR SHARE"); err != nil {
			return err
		}
		var archived bool
		if err := q.scan(ctx, &archived, `SELECT archived FROM ?coupons WHERE merchant = ?merchant AND id = ?`, text(id)); err != nil {
			return err
		}
		if archived {
			return coupon.ErrNotFound
		}
		return chunked(codes, maxRows, func(codes []coupon.CouponCode) error {
			rows := convert(codes, func(k coupon.CouponCode) list { return append(list{s.merchant}, codeArgs(k, true)...) })
			if err := storable(q.db.Dialect().Name(), values(rows)); err != nil {
				return err
			}
			var inserted []struct{ Code string }
			err := q.scan(ctx, &inserted, `INSERT INTO ?codes (merchant, ?) VALUES ? ON CONFLICT DO NOTHING RETURNING code`, bun.Safe(codeColumns), values(rows))
			if err != nil {
				return err
			}
			there := make(map[string]bool, len(inserted))
			for _, row := range inserted {
				there[row.Code] = true
			}
			for _, k := range codes {
				if !there[string(k.Code)] {
					taken = append(taken, k.Code)
				}
				delete(there, string(k.Code)) // a second one of the same was not inserted
			}
			return nil
		})
	})
	return taken, err
}

// Codes implements coupon.Store.
func (s *Store) Codes(ctx context.Context, f coupon.CodeQuery) (page []coupon.CouponCode, err error) {
	err = s.one(ctx, "codes", func(q conn) error {
		batch := bun.SafeQuery("")
		if f.Batch != "" {
			batch = bun.SafeQuery("AND batch = ?", text(f.Batch))
		}
		var rows []codeRow
		err := q.scan(ctx, &rows, `SELECT code, coupon, main, single_use, customer, batch, number, batch_count, created_at, created_by FROM ?codes
			WHERE merchant = ?merchant AND coupon = ? ? AND code > ? ORDER BY code LIMIT ?`, text(f.Coupon), batch, text(f.After), f.Limit)
		page = convert(rows, codeRow.code)
		return err
	})
	return page, err
}

type batchRow struct {
	Batch     string
	Codes     int64
	CreatedAt int64
}

// Batches implements coupon.Store. It counts entries of an index, and reads the rows
// only of a batch that was not generated.
func (s *Store) Batches(ctx context.Context, id coupon.ID, after string, limit int) (page []coupon.BatchState, err error) {
	err = s.one(ctx, "batches", func(q conn) error {
		var rows []batchRow
		err := q.scan(ctx, &rows, `SELECT b.batch, b.codes, COALESCE(
				(SELECT k.created_at FROM ?codes AS k WHERE k.merchant = ?merchant AND k.coupon = ?0 AND k.batch = b.batch AND k.number > 0
					ORDER BY k.number LIMIT 1),
				(SELECT MIN(k.created_at) FROM ?codes AS k WHERE k.merchant = ?merchant AND k.coupon = ?0 AND k.batch = b.batch)) AS created_at
			FROM (SELECT batch, COUNT(*) AS codes FROM ?codes WHERE merchant = ?merchant AND coupon = ?0 AND batch > ?1
				GROUP BY batch ORDER BY batch LIMIT ?2) AS b ORDER BY b.batch`, text(id), text(after), limit)
		page = convert(rows, func(r batchRow) coupon.BatchState {
			return coupon.BatchState{Key: r.Batch, Codes: r.Codes, CreatedAt: instant(&r.CreatedAt)}
		})
		return err
	})
	return page, err
}
