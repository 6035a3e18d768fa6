package storetest

import (
	"errors"
	"time"

	"github.com/couponkit/coupon"
)

var noteCases = []testCase{
	{"by-instant-then-id", "the notes of a coupon are listed by their instant, then id, as they were written", notesInOrder},
	{"delete", "a removed note is gone, and nothing else; removing it again is ErrNotFound", noteDeleted},
	{"put-again", "a note put again under its id is the same note; with other content it is a conflict, and nothing changes", notePutAgain},
	{"put-at-once", "however many put a note under one id at once, there is one", notePutAtOnce},
	{"edit", "an edited note has the new instant and text, and is still by who wrote it, when it was written", noteEdited},
	{"of-their-coupon", "a note needs its coupon, and is found only under it", notesOfCoupon},
}

func (e *env) note(id coupon.ID, at time.Time, words string) coupon.Note {
	e.Helper()
	n, err := e.svc.AddNote(e.Context(), id, at, words)
	if err != nil {
		e.Fatalf("AddNote: %v", err)
	}
	return n
}

func (e *env) wantNotes(what string, id coupon.ID, want ...coupon.Note) {
	e.Helper()
	got, err := e.svc.Notes(e.Context(), id)
	if err != nil {
		e.Fatalf("Notes: %v", err)
	}
	if len(got) == 0 && len(want) == 0 {
		return
	}
	e.same(what, got, want)
}

func notesInOrder(e *env) {
	c := e.coupon("C")
	e.wantNotes("none yet", c.ID)
	e.svc = e.svc.As("Zoë O'Neil")
	late := e.note(c.ID, start.Add(time.Hour), `"late" — 100 % \ 🌸`)
	early := e.note(c.ID, start.Add(-time.Hour), "early")
	e.clock.set(start.Add(time.Minute)) // a later id
	tied := e.note(c.ID, start.Add(time.Hour), "tied")
	between := e.note(c.ID, start.Add(time.Hour-time.Microsecond), "between")
	e.wantNotes("by instant, then id", c.ID, early, between, late, tied)
	if late.CreatedBy != "Zoë O'Neil" || !late.CreatedAt.Equal(start) || late.Coupon != c.ID {
		e.Errorf("a note: got %s", text(late))
	}
}

func noteDeleted(e *env) {
	c := e.coupon("C")
	a, b := e.note(c.ID, start, "a"), e.note(c.ID, start, "b")
	if err := e.svc.RemoveNote(e.Context(), c.ID, a.ID); err != nil {
		e.Fatalf("RemoveNote: %v", err)
	}
	e.wantNotes("what is left", c.ID, b)
	e.is("removing it again", e.svc.RemoveNote(e.Context(), c.ID, a.ID), coupon.ErrNotFound)
	e.wantNotes("what is left", c.ID, b)
}

func notePutAgain(e *env) {
	ctx := e.Context()
	c, d := e.coupon("C"), e.coupon("D")
	put := coupon.Note{ID: "form-1", Coupon: c.ID, At: start, Text: "flyers"}
	first, err := e.svc.As("ann").PutNote(ctx, put)
	if err != nil || first.ID != "form-1" || first.CreatedBy != "ann" {
		e.Fatalf("PutNote: got %s, error %v", text(first), err)
	}
	e.clock.set(start.Add(time.Minute))
	again, err := e.svc.As("bob").PutNote(ctx, put)
	if err != nil {
		e.Fatalf("PutNote again: %v", err)
	}
	e.same("the same note again", again, first)
	for _, other := range []coupon.Note{{ID: "form-1", Coupon: c.ID, At: start, Text: "letters"}, {ID: "form-1", Coupon: c.ID, At: start.Add(time.Microsecond), Text: "flyers"}} {
		_, err = e.svc.PutNote(ctx, other)
		e.is("another note under its id", err, coupon.ErrConflict)
		if conflict, ok := errors.AsType[*coupon.NoteConflictError](err); ok {
			e.same("what is told to be there", conflict.Stored, first)
		}
	}
	e.wantNotes("of C", c.ID, first)
	put.Coupon = d.ID
	there, err := e.svc.PutNote(ctx, put)
	if err != nil {
		e.Fatalf("PutNote on another coupon: %v", err)
	}
	e.wantNotes("of D", d.ID, there)
}

func notePutAtOnce(e *env) {
	c := e.coupon("C")
	for i, err := range together(8, func(int) error {
		_, err := e.svc.PutNote(e.Context(), coupon.Note{ID: "form-1", Coupon: c.ID, At: start, Text: "flyers"})
		return err
	}) {
		if err != nil {
			e.Errorf("PutNote %d: %v", i, err)
		}
	}
	if notes, err := e.svc.Notes(e.Context(), c.ID); err != nil || len(notes) != 1 {
		e.Errorf("the notes: %s, error %v", text(notes), err)
	}
}

func noteEdited(e *env) {
	ctx := e.Context()
	c, d := e.coupon("C"), e.coupon("D")
	beside := e.note(c.ID, start, "beside")
	e.svc = e.svc.As("ann")
	n := e.note(c.ID, start.Add(time.Hour), "flyrs")
	e.clock.set(start.Add(time.Minute))
	for range 2 {
		got, err := e.svc.As("bob").EditNote(ctx, c.ID, n.ID, start.Add(-time.Hour), "  flyers ")
		if err != nil {
			e.Fatalf("EditNote: %v", err)
		}
		n.At, n.Text = start.Add(-time.Hour), "flyers"
		e.same("the edited note", got, n)
	}
	e.wantNotes("of C, in the new order", c.ID, n, beside)
	_, err := e.svc.EditNote(ctx, d.ID, n.ID, start, "x")
	e.is("editing it under another coupon", err, coupon.ErrNotFound)
	_, err = e.svc.EditNote(ctx, c.ID, "nothing", start, "x")
	e.is("editing what is not there", err, coupon.ErrNotFound)
	_, err = e.svc.EditNote(ctx, c.ID, n.ID, start, " ")
	e.is("editing it away", err, coupon.ErrInvalid)
	e.wantNotes("of C", c.ID, n, beside)
}

func notesOfCoupon(e *env) {
	ctx := e.Context()
	c, d := e.coupon("C"), e.coupon("D")
	n := e.note(c.ID, start, "of C")
	_, err := e.svc.AddNote(ctx, "nowhere", start, "of nothing")
	e.is("a note of no coupon", err, coupon.ErrNotFound)
	e.is("removing it under another coupon", e.svc.RemoveNote(ctx, d.ID, n.ID), coupon.ErrNotFound)
	e.is("removing what is not there", e.svc.RemoveNote(ctx, c.ID, "nothing"), coupon.ErrNotFound)
	_, err = e.svc.Notes(ctx, "nowhere")
	e.is("the notes of no coupon", err, coupon.ErrNotFound)
	e.wantNotes("of C", c.ID, n)
	e.wantNotes("of D", d.ID)
	if _, err := e.svc.Archive(ctx, c.ID); err != nil {
		e.Fatalf("Archive: %v", err)
	}
	e.wantNotes("of C, archived", c.ID, n)
}
