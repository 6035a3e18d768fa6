package sqlstore

import (
	"context"

	"github.com/couponkit/coupon"
)

// InsertNote implements coupon.Store.
func (s *Store) InsertNote(ctx context.Context, n coupon.Note) (stored coupon.Note, err error) {
	err = s.write(ctx, "insert note", func(q conn) error {
		if err := there(ctx, q, n.Coupon); err != nil {
			return err
		}
		inserted, err := q.exec(ctx, `INSERT INTO ?notes (merchant, coupon, id, at, text, version, created_at, created_by) VALUES (?merchant, ?)
			ON CONFLICT DO NOTHING`,
			list{text(n.Coupon), text(n.ID), n.At.UnixMicro(), text(n.Text), n.Version, n.CreatedAt.UnixMicro(), text(n.CreatedBy)})
		if stored = n; err != nil || inserted > 0 {
			return err
		}
		stored, err = note(ctx, q, n)
		return err
	})
	return stored, err
}

// UpdateNote implements coupon.Store.
func (s *Store) UpdateNote(ctx context.Context, n coupon.Note) (stored coupon.Note, err error) {
	err = s.write(ctx, "update note", func(q conn) (err error) {
		if err := storable(q.db.Dialect().Name(), list{text(n.Text)}); err != nil {
			return err
		}
		if _, err := q.exec(ctx, `UPDATE ?notes SET at = ?, text = ?, version = ? WHERE merchant = ?merchant AND coupon = ? AND id = ? AND version = ?`,
			n.At.UnixMicro(), text(n.Text), n.Version, text(n.Coupon), text(n.ID), n.Version-1); err != nil {
			return err
		}
		stored, err = note(ctx, q, n)
		return err
	})
	return stored, err
}

// note is the one of n's coupon and id as it is stored, or ErrNotFound.
func note(ctx context.Context, q conn, n coupon.Note) (coupon.Note, error) {
	var rows []noteRow
	err := q.scan(ctx, &rows, `SELECT id, at, text, version, created_at, created_by FROM ?notes
		WHERE merchant = ?merchant AND coupon = ? AND id = ?`, text(n.Coupon), text(n.ID))
	if err == nil && len(rows) == 0 {
		err = coupon.ErrNotFound
	}
	if err != nil {
		return coupon.Note{}, err
	}
	return rows[0].note(n.Coupon), nil
}

type noteRow struct {
	ID        string
	At        int64
	Text      string
	Version   int64
	CreatedAt int64
	CreatedBy string
}

func (r noteRow) note(of coupon.ID) coupon.Note {
	return coupon.Note{ID: coupon.ID(r.ID), Coupon: of, At: instant(&r.At), Text: r.Text, Version: r.Version, CreatedAt: instant(&r.CreatedAt), CreatedBy: r.CreatedBy}
}

// Notes implements coupon.Store.
func (s *Store) Notes(ctx context.Context, id coupon.ID) (notes []coupon.Note, err error) {
	err = s.read(ctx, "notes", func(q conn) error {
		if err := there(ctx, q, id); err != nil {
			return err
		}
		var rows []noteRow
		err := q.scan(ctx, &rows, `SELECT id, at, text, version, created_at, created_by FROM ?notes
			WHERE merchant = ?merchant AND coupon = ? ORDER BY at, id`, text(id))
		notes = convert(rows, func(r noteRow) coupon.Note { return r.note(id) })
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
