package httpui

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/couponkit/coupon"
)

// noteForm is the form that adds a note, or changes one.
type noteForm struct {
	post
	ID               coupon.ID // of the note
	Version          int64     // of the note that it was filled with; 0 of a new one
	Key              string    // of the ids of its elements, which keep the focus
	Date, Time, Text string
	Zone             string // of the time
	Button           string // what it says; empty if it can't be sent any more
	Problems         noteProblems
	Open             bool // it is shown at once: there is something to mend
	Adds             bool // it is for a new one

	status int          // of the answer, if it was not taken
	kind   string       // of the same, for programs
	stored *coupon.Note // what there is instead of what was sent; nil for nothing
}

// noteProblems are what is wrong with its fields, in words; empty if nothing is.
type noteProblems struct{ Date, Time, Text, Form string }

const longestNote = 200 // characters, as the service has it

// What the forms do, as it stands in their addresses.
const (
	addsNote    = "notes"
	editsNote   = "notes/edit"
	removesNote = "notes/remove"
)

// noteForm is filled in with a note.
func (q *request) noteForm(c coupon.Coupon, s reportState, action string, n coupon.Note, loc *time.Location) *noteForm {
	f := &noteForm{post: q.post(q.links.change(c.ID, action, s)), ID: n.ID, Version: n.Version, Key: string(n.ID), Adds: action == addsNote, Zone: c.Zone,
		Text: n.Text, Button: q.words.t("chart.note.save")}
	f.Date, f.Time = noteTime(n.At, loc)
	if f.Adds {
		f.Key = "new"
		f.Button = q.words.t("chart.note.add-button")
	}
	return f
}

// noteTime is what a form shows of an instant.
func noteTime(at time.Time, loc *time.Location) (date, clock string) {
	at = at.In(loc)
	return coupon.DateOf(at).String(), at.Format("15:04")
}

// postedNote is the form as it was sent.
func (q *request) postedNote(s reportState, action string) *noteForm {
	form := q.r.PostForm
	f := q.noteForm(q.c, s, action, coupon.Note{ID: coupon.ID(form.Get("note"))}, time.UTC)
	f.Open = true
	f.Date, f.Time, f.Text = form.Get("date"), form.Get("time"), form.Get("text")
	f.Version, _ = strconv.ParseInt(form.Get("version"), 10, 64) // what is no version is not the stored one
	if zone := form.Get("zone"); zone != "" {
		if _, err := time.LoadLocation(zone); err == nil {
			f.Zone = zone // the coupon may have another one by now
		}
	}
	return f
}

// read gives the note as the form has it, and says what is wrong with it. The instant
// of the stored one stays as it is if the form has what it shows of it.
func (f *noteForm) read(q *request, stored coupon.Note) (coupon.Note, bool) {
	n := coupon.Note{ID: f.ID, Coupon: q.c.ID, Version: f.Version, Text: strings.TrimSpace(f.Text)}
	switch length := utf8.RuneCountInString(n.Text); {
	case length == 0:
		f.Problems.Text = q.words.t("chart.note.no-text")
	case length > longestNote:
		f.Problems.Text = q.words.t("chart.note.long-text", "n", q.words.Count(int64(length)), "most", q.words.Count(longestNote))
	}
	loc := zoneOf(coupon.Coupon{Zone: f.Zone})
	if date, clock := noteTime(stored.At, loc); stored.ID != "" && f.Date == date && f.Time == clock {
		n.At = stored.At
		return n, f.Problems == noteProblems{}
	}
	day, err := coupon.ParseDate(f.Date)
	if err != nil || day.Year < 1900 || day.Year > 2200 {
		f.Problems.Date = q.words.t("chart.note.bad-date")
	}
	clock, err := coupon.ParseTimeOfDay(f.Time)
	if err != nil || clock == coupon.EndOfDay {
		f.Problems.Time = q.words.t("chart.note.bad-time")
	}
	if f.Problems.Date == "" && f.Problems.Time == "" {
		var there bool
		if n.At, there = clockOn(day, clock, loc); !there {
			f.Problems.Time = q.words.t("form.errors.no-such-time", "time", f.Time, "zone", f.Zone)
		}
	}
	return n, f.Problems == noteProblems{}
}

// refuse says of the whole form why it is not taken.
func (f *noteForm) refuse(status int, kind, why string) {
	f.status, f.kind, f.Problems.Form = status, kind, why
}

func (h *Handler) addNote(q *request) error { return h.putNote(q, addsNote, (*coupon.Service).PutNote) }

func (h *Handler) editNote(q *request) error {
	return h.putNote(q, editsNote, (*coupon.Service).EditNote)
}

// putNote takes a form. What can't be taken comes back in it, as it was typed, with
// the reason.
func (h *Handler) putNote(q *request, action string, put func(*coupon.Service, context.Context, coupon.Note) (coupon.Note, error)) error {
	rep, notices, err := h.report(q, q.r.URL.Query(), q.c)
	if err != nil {
		return err
	}
	f := q.postedNote(rep.reportState, action)
	if !q.c.ArchivedAt.IsZero() {
		f.refuse(http.StatusConflict, "archived", q.words.t("chart.note.archived"))
		f.Button = ""
		return h.refuseNote(q, rep, notices, f)
	}
	var stored coupon.Note // that is edited, if it is there
	if !f.Adds {
		if stored, err = q.storedNote(f.ID); err != nil {
			return err
		}
	}
	n, ok := f.read(q, stored)
	if !ok {
		f.status, f.kind = http.StatusUnprocessableEntity, "invalid"
		return h.refuseNote(q, rep, notices, f)
	}
	if stored.ID != "" && n.At.Equal(stored.At) && n.Text == stored.Text { // nothing was touched
		return h.noteDone(q, rep, notices, notePut(rep, stored), stored)
	}
	n, err = put(q.svc, q.r.Context(), n)
	if err == nil {
		return h.noteDone(q, rep, notices, notePut(rep, n), n)
	}
	if f, err = q.noteFailed(rep.reportState, f, err); err != nil {
		return err
	}
	return h.refuseNote(q, rep, notices, f)
}

// storedNote is the coupon's note of an id, or the zero Note.
func (q *request) storedNote(id coupon.ID) (coupon.Note, error) {
	notes, err := q.svc.Notes(q.r.Context(), q.c.ID)
	if i := slices.IndexFunc(notes, func(n coupon.Note) bool { return n.ID == id }); i >= 0 {
		return notes[i], err
	}
	return coupon.Note{}, err
}

// noteFailed is the form with which it can be gone on after an error of the service, or
// the error if it is not for who fills in a form.
func (q *request) noteFailed(s reportState, f *noteForm, failed error) (_ *noteForm, err error) {
	invalid, _ := errors.AsType[*coupon.InvalidError](failed)
	stale, _ := errors.AsType[*coupon.NoteVersionError](failed)
	there, _ := errors.AsType[*coupon.NoteConflictError](failed)
	switch {
	case invalid != nil && slices.ContainsFunc(invalid.Fields, func(f coupon.FieldError) bool { return f.Field == "note.id" }):
		return nil, errForm // no form of ours has such an id
	case invalid != nil: // only characters that no text may have are left
		f.status, f.kind, f.Problems.Text = http.StatusUnprocessableEntity, "invalid", q.words.t("chart.note.bad-text")
	case stale != nil:
		// Sent once more it writes over what is there now, which stands beside it.
		f.stored, f.Version = &stale.Current, stale.Current.Version
		f.refuse(http.StatusConflict, "stale", q.words.t("chart.note.changed", "text", f.stored.Text, "when", q.words.instant(f.stored.At, zoneOf(q.c))))
	case there != nil:
		// The form was sent before and then changed: sent once more it is another note.
		f.stored = &there.Stored
		f.refuse(http.StatusConflict, "conflict", q.words.t("chart.note.sent"))
		f.ID, err = q.svc.NewID()
	case errors.Is(failed, coupon.ErrNotFound) && !f.Adds:
		// Somebody has removed it: what was typed can be added instead.
		f = q.postedNote(s, addsNote)
		f.refuse(http.StatusNotFound, "not-found", q.words.t("chart.note.gone"))
		f.ID, err = q.svc.NewID()
	default:
		return nil, failed
	}
	return f, err
}

// refuseNote answers with the form.
func (h *Handler) refuseNote(q *request, rep report, notices []string, f *noteForm) error {
	if q.as == asJSON {
		e := envelope{Error: f.failure(q.words)}
		if f.stored != nil {
			e.Data = reportData{report: rep, coupon: q.c}.noteJSON(*f.stored)
		}
		return q.json(f.status, e)
	}
	return h.answerReport(q, rep, notices, f, "")
}

// failure is what is wrong as JSON.
func (f *noteForm) failure(w words) *failure {
	out := &failure{Status: f.status, Kind: f.kind, Text: cmp.Or(f.Problems.Form, w.t("chart.note.invalid")), Fields: map[string]string{}}
	for field, text := range map[string]string{"date": f.Problems.Date, "time": f.Problems.Time, "text": f.Problems.Text} {
		if text != "" {
			out.Fields[field] = text
		}
	}
	return out
}

func (h *Handler) removeNote(q *request) error {
	rep, notices, err := h.report(q, q.r.URL.Query(), q.c)
	if err != nil {
		return err
	}
	id := coupon.ID(q.r.PostForm.Get("note"))
	switch {
	case id == "":
		return errForm
	case !q.c.ArchivedAt.IsZero():
		return errArchived
	}
	// A note that is not there is as it was asked for.
	if err := q.svc.RemoveNote(q.r.Context(), q.c.ID, id); err != nil && !errors.Is(err, coupon.ErrNotFound) {
		return err
	}
	return h.noteDone(q, rep, notices, "note-removed", coupon.Note{})
}

// notePut is what is said of a note that was taken: the chart has it, or other days would.
func notePut(rep report, n coupon.Note) string {
	if covers(rep.Range, n.At) {
		return "note-put"
	}
	return "note-outside"
}

// noteDone shows the report as it is now.
func (h *Handler) noteDone(q *request, rep report, notices []string, done string, n coupon.Note) error {
	switch {
	case q.as == asJSON && n.ID == "":
		return q.json(http.StatusOK, envelope{})
	case q.as == asJSON:
		return q.json(http.StatusOK, envelope{Data: reportData{report: rep, coupon: q.c}.noteJSON(n)})
	case wantsFragment(q.r):
		return h.answerReport(q, rep, notices, nil, q.words.t("chart."+done))
	}
	return q.leadTo(q.links.of(q.c.ID)+rep.query().with("done", done).String(), nil)
}

// answerReport shows the coupon's page, or the part of it that htmx replaces.
func (h *Handler) answerReport(q *request, rep report, notices []string, sent *noteForm, toast string) error {
	state, err := q.svc.State(q.r.Context(), q.c.ID)
	if err != nil {
		return err
	}
	d, err := q.reportData(state.Coupon, rep)
	if err != nil {
		return err
	}
	view, err := q.about(state, rep.reportState)
	if err != nil {
		return err
	}
	view.OutOfBand = wantsFragment(q.r)
	if view.Report, err = q.reportView(d, sent); err != nil {
		return err
	}
	a := answer{name: "coupon", title: q.words.name(state.Coupon), view: view, data: q.couponData(state, d), notices: notices, toast: toast}
	if sent != nil && !wantsFragment(q.r) { // htmx drops what is not 200
		a.status = sent.status
	}
	return q.answer(a)
}
