package coupon

import (
	"context"
	"strings"
	"time"
)

// AddNote puts a named instant on the chart of a coupon: what the owner did and
// when, so that its effect can be seen. at is cut to microseconds; the text is
// one line of 1 to 200 characters.
func (s *Service) AddNote(ctx context.Context, id ID, at time.Time, text string) (Note, error) {
	var p problems
	text = strings.TrimSpace(text)
	if text == "" {
		p.add("note.text", "", "must be set")
	}
	checkText(&p, "note.text", text, maxNameLength, false)
	if at.IsZero() {
		p.add("note.at", "", "must be set")
	}
	checkInstant(&p, "note.at", at)
	if err := p.err(); err != nil {
		return Note{}, err
	}
	now := s.Now()
	noteID, err := newID(now, s.rand)
	if err != nil {
		return Note{}, err
	}
	n := Note{ID: noteID, Coupon: id, At: instant(at), Text: text, CreatedAt: now, CreatedBy: s.actor}
	if err := s.store.InsertNote(ctx, n); err != nil {
		return Note{}, err
	}
	return n, nil
}

// Notes gives all notes of a coupon, in the order of their instants.
func (s *Service) Notes(ctx context.Context, id ID) ([]Note, error) { return s.store.Notes(ctx, id) }

// RemoveNote takes a note off the chart, or gives [ErrNotFound].
func (s *Service) RemoveNote(ctx context.Context, id, note ID) error {
	return s.store.DeleteNote(ctx, id, note)
}
