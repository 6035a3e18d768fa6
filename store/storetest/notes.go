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
	{"edit-again", "the same edit again changes nothing and gives what is stored; another one of the same version is ErrVersion", noteEditedAgain},
	{"edits-at-once", "8 different edits of one version at once: one wins, the others are ErrVersion; 8 times the same one is one edit", noteEditsAtOnce},
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
	edit := coupon.Note{ID: n.ID, Coupon: c.ID, Version: 1, At: start.Add(-time.Hour), Text: "  flyers ", CreatedBy: "eve"}
	got, err := e.svc.As("bob").EditNote(ctx, edit)
	if err != nil {
		e.Fatalf("EditNote: %v", err)
	}
	n.At, n.Text, n.Version = start.Add(-time.Hour), "flyers", 2
	e.same("the edited note", got, n)
	e.wantNotes("of C, in the new order", c.ID, n, beside)
	for what, x := range map[string]coupon.Note{
		"under another coupon": {Coupon: d.ID, ID: n.ID},
		"that is not there":    {Coupon: c.ID, ID: "nothing"},
	} {
		x.Version, x.At, x.Text = 2, start, "x"
		_, err = e.svc.EditNote(ctx, x)
		e.is("editing a note "+what, err, coupon.ErrNotFound)
	}
	edit = n
	edit.Text = " "
	_, err = e.svc.EditNote(ctx, edit)
	e.is("editing it away", err, coupon.ErrInvalid)
	e.wantNotes("of C", c.ID, n, beside)
}

func noteEditedAgain(e *env) {
	ctx := e.Context()
	c := e.coupon("C")
	first := e.note(c.ID, start, "flyers")
	if first.Version != 1 {
		e.Errorf("a new note has version %d, want 1", first.Version)
	}
	edit := first
	edit.At, edit.Text = start.Add(time.Microsecond), "letters"
	mine := edit
	mine.Version = 2
	for i := range 2 {
		got, err := e.svc.EditNote(ctx, edit)
		if err != nil {
			e.Fatalf("EditNote %d: %v", i, err)
		}
		e.same(name("what edit gives ", i), got, mine)
	}
	e.wantNotes("the same edit twice", c.ID, mine)
	for _, version := range []int64{0, 1, 3} {
		for _, other := range []coupon.Note{{At: first.At, Text: edit.Text}, {At: edit.At, Text: first.Text}} {
			other.ID, other.Coupon, other.Version = first.ID, c.ID, version
			_, err := e.svc.EditNote(ctx, other)
			e.is(name("another edit of version ", int(version)), err, coupon.ErrVersion)
			if v, ok := errors.AsType[*coupon.NoteVersionError](err); ok {
				e.same("the note it carries", v.Current, mine)
			}
		}
	}
	e.wantNotes("after the refused edits", c.ID, mine)
	back := mine
	back.At, back.Text = first.At, first.Text
	if got, err := e.svc.EditNote(ctx, back); err != nil || got.Version != 3 || got.Text != first.Text {
		e.Errorf("an edit of the stored version: got %s, error %v", text(got), err)
	}
}

func noteEditsAtOnce(e *env) {
	c := e.coupon("C")
	n := e.note(c.ID, start, "flyers")
	errs := together(8, func(i int) error {
		mine := n
		mine.Text = name("edit ", i)
		_, err := e.svc.EditNote(e.Context(), mine)
		return err
	})
	if won := e.tally(errs, coupon.ErrVersion); won != 1 {
		e.Errorf("%d edits of one version succeeded, want 1", won)
	}
	notes, err := e.svc.Notes(e.Context(), c.ID)
	if err != nil || len(notes) != 1 || notes[0].Version != 2 {
		e.Fatalf("the notes: %s, error %v", text(notes), err)
	}
	for i, err := range errs {
		if won := notes[0].Text == name("edit ", i); won != (err == nil) {
			e.Errorf("edit %d: error %v, and what is stored is %q", i, err, notes[0].Text)
		}
	}
	mine := notes[0]
	mine.Text = "letters"
	for i, err := range together(8, func(int) error {
		_, err := e.svc.EditNote(e.Context(), mine)
		return err
	}) {
		if err != nil {
			e.Errorf("the same edit %d: %v", i, err)
		}
	}
	mine.Version = 3
	e.wantNotes("8 times the same edit", c.ID, mine)
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
