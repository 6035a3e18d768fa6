package httpui

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/couponkit/coupon"
)

// noteForm is the form that adds a note, or changes one.
type noteForm struct {
	post
	ID               coupon.ID // of the note
	Key              string    // of the ids of its elements, which keep the focus
	Date, Time, Text string
	Zone             string // of the time
	Button           string // what it says
	Problems         noteProblems
	Open             bool // it is shown at once: there is something to mend
	adds             bool
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
	at := n.At.In(loc)
	f := &noteForm{post: q.post(q.links.change(c.ID, action, s)), ID: n.ID, Key: string(n.ID), adds: action == addsNote, Zone: c.Zone,
		Date: coupon.DateOf(at).String(), Time: at.Format("15:04"), Text: n.Text, Button: q.words.t("chart.note.save")}
	if f.adds {
		f.Key = "new"
		f.Button = q.words.t("chart.note.add-button")
	}
	return f
}

// read gives the note as the form has it, in the coupon's zone, and says what is
// wrong with it.
func (f *noteForm) read(q *request) (coupon.Note, bool) {
	n := coupon.Note{ID: f.ID, Coupon: q.c.ID, Text: strings.TrimSpace(f.Text)}
	day, err := coupon.ParseDate(f.Date)
	if err != nil || day.Year < 1900 || day.Year > 2200 {
		f.Problems.Date = q.words.t("chart.note.bad-date")
	}
	clock, err := time.Parse("15:04", f.Time)
	if err != nil {
		if clock, err = time.Parse("15:04:05", f.Time); err != nil {
			f.Problems.Time = q.words.t("chart.note.bad-time")
		}
	}
	switch length := utf8.RuneCountInString(n.Text); {
	case length == 0:
		f.Problems.Text = q.words.t("chart.note.no-text")
	case length > longestNote:
		f.Problems.Text = q.words.t("chart.note.long-text", "n", q.words.Count(int64(length)), "most", q.words.Count(longestNote))
	}
	n.At = time.Date(day.Year, day.Month, day.Day, clock.Hour(), clock.Minute(), clock.Second(), 0, zoneOf(q.c))
	return n, f.Problems == noteProblems{}
}

func (h *Handler) addNote(q *request) error {
	return h.putNote(q, addsNote, func(n coupon.Note) (coupon.Note, error) { return q.svc.PutNote(q.r.Context(), n) })
}

func (h *Handler) editNote(q *request) error {
	return h.putNote(q, editsNote, func(n coupon.Note) (coupon.Note, error) {
		return q.svc.EditNote(q.r.Context(), n)
	})
}

// putNote takes a form. What is wrong is said beside its fields, and what was typed
// stays.
func (h *Handler) putNote(q *request, action string, put func(coupon.Note) (coupon.Note, error)) error {
	rep, notices, err := h.report(q, q.r.URL.Query(), q.c)
	if err != nil {
		return err
	}
	if !q.c.ArchivedAt.IsZero() {
		return errArchived
	}
	form := q.r.PostForm
	f := q.noteForm(q.c, rep.reportState, action, coupon.Note{ID: coupon.ID(form.Get("note"))}, zoneOf(q.c))
	f.Date, f.Time, f.Text = form.Get("date"), form.Get("time"), form.Get("text")
	n, ok := f.read(q)
	if ok {
		var invalid *coupon.InvalidError
		n, err = put(n)
		switch {
		case err == nil:
			return h.noteDone(q, rep, notices, "note-put", n)
		case errors.As(err, &invalid) && slices.ContainsFunc(invalid.Fields, func(f coupon.FieldError) bool { return f.Field == "note.id" }):
			return errForm // no form of ours has such an id
		case errors.As(err, &invalid): // only characters that no text may have are left
			f.Problems.Text = q.words.t("chart.note.bad-text")
		case errors.Is(err, coupon.ErrConflict):
			// The form was sent before and then changed: sent once more it is another note.
			f.Problems.Form = q.words.t("chart.note.sent")
			if f.ID, err = q.svc.NewID(); err != nil {
				return err
			}
		case errors.Is(err, coupon.ErrNotFound) && !f.adds:
			// Somebody has removed it: what was typed can be added instead.
			f = q.noteForm(q.c, rep.reportState, addsNote, coupon.Note{}, zoneOf(q.c))
			f.Date, f.Time, f.Text = form.Get("date"), form.Get("time"), form.Get("text")
			f.Problems.Form = q.words.t("chart.note.gone")
			if f.ID, err = q.svc.NewID(); err != nil {
				return err
			}
		default:
			return err
		}
	}
	f.Open = true
	if q.as == asJSON {
		return q.json(http.StatusUnprocessableEntity, envelope{Error: f.failure(q.words)})
	}
	return h.answerReport(q, rep, notices, f, "")
}

// failure is what is wrong as JSON.
func (f *noteForm) failure(w words) *failure {
	out := &failure{Status: http.StatusUnprocessableEntity, Kind: "invalid", Text: w.t("chart.note.invalid"), Fields: map[string]string{}}
	for field, text := range map[string]string{"date": f.Problems.Date, "time": f.Problems.Time, "text": f.Problems.Text, "note": f.Problems.Form} {
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
		a.status = http.StatusUnprocessableEntity
	}
	return q.answer(a)
}
