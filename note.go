package coupon

import (
	"context"
	"strings"
	"time"
)

// AddNote puts a named instant on the chart of a coupon: what the owner did and
// when, so that its effect can be seen. It is [Service.PutNote] under a new id:
// called twice, it adds two.
func (s *Service) AddNote(ctx context.Context, id ID, at time.Time, text string) (Note, error) {
	return s.PutNote(ctx, Note{Coupon: id, At: at, Text: text})
}

// PutNote puts a note on the chart of a coupon: Coupon, At, Text and ID of n are
// taken, the rest is set. At is cut to microseconds; Text is one line of 1 to 200
// characters. The ID is the caller's, made with [Service.NewID] before the form is
// shown, so that a form sent twice adds one note: the same note again is given as
// it is stored. One with other content is a [*NoteConflictError]. Without an ID it
// gets a new one. A coupon that is not there is [ErrNotFound]; all that is wrong
// with n is one [*InvalidError].
func (s *Service) PutNote(ctx context.Context, n Note) (Note, error) {
	var p problems
	n = n.normal(&p)
	if n.ID != "" {
		checkHostID(&p, "note.id", n.ID)
	}
	if err := p.err(); err != nil {
		return Note{}, err
	}
	if n.ID == "" {
		var err error
		if n.ID, err = s.NewID(); err != nil {
			return Note{}, err
		}
	}
	n.Version, n.CreatedAt, n.CreatedBy = 1, s.Now(), s.actor
	stored, err := s.store.InsertNote(ctx, n)
	switch {
	case err != nil:
		return Note{}, err
	case !stored.says(n):
		return Note{}, &NoteConflictError{Stored: stored}
	}
	return stored, nil
}

// EditNote changes the instant and the text of a note, if n.Version is still the
// stored one, and gives it as it is stored; who wrote it and when stays. Coupon,
// ID, Version, At and Text of n are taken, by the rules of [Service.PutNote]. The
// same edit again changes nothing. Every other edit of an older version is a
// [*NoteVersionError], which carries what is stored. A note that is not there is
// [ErrNotFound].
func (s *Service) EditNote(ctx context.Context, n Note) (Note, error) {
	var p problems
	n = n.normal(&p)
	if err := p.err(); err != nil {
		return Note{}, err
	}
	n.Version++
	stored, err := s.store.UpdateNote(ctx, n)
	switch {
	case err != nil:
		return Note{}, err
	case !stored.says(n):
		return Note{}, &NoteVersionError{Current: stored}
	}
	return stored, nil
}

// says reports whether two notes have the same content.
func (n Note) says(o Note) bool { return n.At.Equal(o.At) && n.Text == o.Text }

// normal checks what a note says, and gives it as it is stored.
func (n Note) normal(p *problems) Note {
	n.Text = strings.TrimSpace(n.Text)
	if n.Text == "" {
		p.add("note.text", "", "must be set")
	}
	checkText(p, "note.text", n.Text, maxNameLength, false)
	if n.At.IsZero() {
		p.add("note.at", "", "must be set")
	}
	checkInstant(p, "note.at", n.At)
	n.At = instant(n.At)
	return n
}

// Notes gives all notes of a coupon, in the order of their instants.
func (s *Service) Notes(ctx context.Context, id ID) ([]Note, error) { return s.store.Notes(ctx, id) }

// RemoveNote takes a note off the chart, or gives [ErrNotFound].
func (s *Service) RemoveNote(ctx context.Context, id, note ID) error {
	return s.store.DeleteNote(ctx, id, note)
}
