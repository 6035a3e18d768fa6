package sqlstore

import (
	"context"

	"github.com/couponkit/coupon"
)

// InsertNote implements coupon.Store.
func (s *Store) InsertNote(ctx context.Context, n coupon.Note) error {
	return s.write(ctx, "insert note", func(q conn) error {
		if err := there(ctx, q, n.Coupon); err != nil {
			return err
		}
		_, err := q.exec(ctx, `INSERT INTO ?notes (merchant, coupon, id, at, text, created_at, created_by) VALUES (?merchant, ?)`,
			list{text(n.Coupon), text(n.ID), n.At.UnixMicro(), text(n.Text), n.CreatedAt.UnixMicro(), text(n.CreatedBy)})
		return err
	})
}

type noteRow struct {
	ID        string
	At        int64
	Text      string
	CreatedAt int64
	CreatedBy string
}

// Notes implements coupon.Store.
func (s *Store) Notes(ctx context.Context, id coupon.ID) (notes []coupon.Note, err error) {
	err = s.read(ctx, "notes", func(q conn) error {
		if err := there(ctx, q, id); err != nil {
			return err
		}
		var rows []noteRow
		err := q.scan(ctx, &rows, `SELECT id, at, text, created_at, created_by FROM ?notes
			WHERE merchant = ?merchant AND coupon = ? ORDER BY at, id`, text(id))
		notes = convert(rows, func(r noteRow) coupon.Note {
			return coupon.Note{ID: coupon.ID(r.ID), Coupon: id, At: instant(&r.At), Text: r.Text, CreatedAt: instant(&r.CreatedAt), CreatedBy: r.CreatedBy}
		})
		return err
	})
	return notes, err
}

// DeleteNote implements coupon.Store.
func (s *Store) DeleteNote(ctx context.Context, id, note coupon.ID) error {
	return s.write(ctx, "delete note", func(q conn) error {
		n, err := q.exec(ctx, `DELETE FROM ?notes WHERE merchant = ?merchant AND coupon = ? AND id = ?`, text(id), text(note))
		if err == nil && n == 0 {
			err = coupon.ErrNotFound
		}
		return err
	})
}
