package storetest

import (
	"time"

	"github.com/couponkit/coupon"
)

var noteCases = []testCase{
	{"by-instant-then-id", "the notes of a coupon are listed by their instant, then id, as they were written", notesInOrder},
	{"delete", "a removed note is gone, and nothing else; removing it again is ErrNotFound", noteDeleted},
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
