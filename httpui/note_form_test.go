package httpui_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/couponkit/coupon"
)

// noted is a shop whose coupon PLAIN has a note; form is what the page's form of it
// posts, and edit where to.
func noted(t testing.TB, when time.Time) (s *shop, h http.Handler, n coupon.Note, edit string, form url.Values) {
	t.Helper()
	s = newShop(t)
	c := s.create(t, coupon.Coupon{Code: "PLAIN", Discount: pct(10), Start: day("2026-01-01")})
	n, err := s.svc.PutNote(t.Context(), coupon.Note{ID: "note1", Coupon: c.ID, At: when, Text: "Flyers"})
	if err != nil {
		t.Fatal(err)
	}
	h = s.handler(t)
	shown := parse(t, get(t, h, s.page("PLAIN", ""))).all(class("cp-note-edit"))[0].all(class("cp-note-form"))[0]
	return s, h, n, shown.attr["action"], submitted(t, shown)
}

func (s *shop) note(t testing.TB) coupon.Note {
	t.Helper()
	notes, err := s.svc.Notes(t.Context(), s.ids["PLAIN"])
	if err != nil || len(notes) != 1 {
		t.Fatalf("%d notes, error %v, want one", len(notes), err)
	}
	return notes[0]
}

// Of two different edits of one note the second is not taken: it comes back with
// what was typed and what is there now, and writes over that if it is sent again.
func TestANoteChangedMeanwhileIsNotWrittenOver(t *testing.T) {
	t.Parallel()
	for what, moved := range map[string]string{"in the range": "2026-11-19T08:00:00-05:00", "out of the range": "2025-11-19T08:00:00-05:00"} {
		s, h, n, edit, form := noted(t, at("2026-11-20T09:30:00-05:00"))
		theirs := n
		theirs.At, theirs.Text = at(moved), "Posters"
		theirs, err := s.svc.EditNote(t.Context(), theirs)
		if err != nil {
			t.Fatal(err)
		}
		form = with(form, "text", "Letters", "time", "10:15")
		for _, version := range []string{"1", "0", "", "x"} { // also a form of a page that was not ours
			res := send(t, h, edit, with(form, "version", version))
			page := parse(t, body(t, res))
			open := page.all(func(n *node) bool {
				return n.name == "details" && n.attr["open"] != "" && len(n.all(class("cp-note-form"))) > 0
			})
			if res.StatusCode != http.StatusConflict || len(open) != 1 || !strings.HasPrefix(open[0].all(named("summary"))[0].words(), "Edit") {
				t.Fatalf("%s, version %q: %s, %d forms are open", what, version, res.Status, len(open))
			}
			shown := open[0].all(class("cp-note-form"))[0]
			again := submitted(t, shown)
			if shown.attr["action"] != edit || again.Get("text") != "Letters" || again.Get("time") != "10:15" || again.Get("date") != "2026-11-20" || again.Get("version") != "2" {
				t.Errorf("%s, version %q: the form is %v", what, version, again)
			}
			year, _, _ := strings.Cut(moved, "-")
			for _, want := range []string{"changed this note meanwhile", "“Posters”", "Nov", year, "8:00"} {
				if !strings.Contains(shown.words(), want) {
					t.Errorf("%s: the form does not say %q: %s", what, want, shown.words())
				}
			}
			if s.note(t) != theirs {
				t.Errorf("%s, version %q: the note is %v", what, version, s.note(t))
			}
			if version == "1" {
				form = again
				form.Set("version", "1")
			}
		}
		if res := send(t, h, edit, form, "HX-Request", "true"); res.StatusCode != 200 || !strings.Contains(body(t, res), "changed this note meanwhile") {
			t.Errorf("%s by htmx: %s", what, res.Status)
		}
		res := send(t, h, edit, with(form, "version", "2"))
		if got := s.note(t); res.StatusCode != http.StatusSeeOther || got.Text != "Letters" || !got.At.Equal(at("2026-11-20T10:15:00-05:00")) || got.Version != 3 {
			t.Errorf("%s, sent again: %s, %v", what, res.Status, got)
		}
	}
}

// What somebody else has made of a note is what this edit makes of it: that is no
// conflict.
func TestTheSameEditOfANoteTwiceIsOne(t *testing.T) {
	t.Parallel()
	s, h, _, edit, form := noted(t, at("2026-11-20T09:30:17.123456-05:00"))
	form = with(form, "text", "Letters")
	for range 2 {
		if res := send(t, h, edit, form); res.StatusCode != http.StatusSeeOther {
			t.Errorf("%s: %s", res.Status, body(t, res))
		}
	}
	if got := s.note(t); got.Version != 2 || got.Text != "Letters" || !got.At.Equal(at("2026-11-20T09:30:17.123456-05:00")) {
		t.Errorf("the note is %v", got)
	}
}

// Only what was changed in the form changes: the instant keeps what the form does not
// show of it, also in the hour that comes twice, and if the coupon's zone was changed
// meanwhile.
func TestANoteSavedUntouchedIsAsItWas(t *testing.T) {
	t.Parallel()
	for _, when := range []string{"2026-11-20T09:30:17.123456-05:00", "2026-11-01T01:30:00-04:00", "2026-11-01T01:30:00-05:00", "2026-11-20T00:00:00-05:00"} {
		for _, zone := range []string{"", "Asia/Tokyo"} {
			s, h, n, edit, form := noted(t, at(when))
			if zone != "" {
				c, err := s.svc.Coupon(t.Context(), s.ids["PLAIN"])
				if err == nil {
					c.Zone = zone
					_, err = s.svc.Update(t.Context(), c)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			if res := send(t, h, edit, form); res.StatusCode != http.StatusSeeOther {
				t.Fatalf("%s: %s", when, res.Status)
			}
			if got := s.note(t); got != n {
				t.Errorf("%s, zone %q: saved untouched it is %v, was %v", when, zone, got, n)
			}
			send(t, h, edit, with(form, "text", "Letters"))
			if got := s.note(t); !got.At.Equal(n.At) || got.Text != "Letters" {
				t.Errorf("%s, zone %q: with another text it is %v, was %v", when, zone, got, n)
			}
		}
	}
	// A day is meant as the form said it, whatever the coupon's zone is by then.
	s, h, _, edit, form := noted(t, at("2026-11-20T09:30:17-05:00"))
	c, err := s.svc.Coupon(t.Context(), s.ids["PLAIN"])
	if err == nil {
		c.Zone = "Asia/Tokyo"
		_, err = s.svc.Update(t.Context(), c)
	}
	if err != nil {
		t.Fatal(err)
	}
	send(t, h, edit, with(form, "date", "2026-11-21"))
	if got := s.note(t); !got.At.Equal(at("2026-11-21T09:30:00-05:00")) {
		t.Errorf("moved by a day it is at %v", got.At)
	}
	send(t, h, edit, with(form, "version", "2", "zone", "../etc/passwd", "date", "2026-11-22"))
	if got := s.note(t); !got.At.Equal(at("2026-11-22T09:30:00+09:00")) {
		t.Errorf("without a zone that there is, it is at %v", got.At)
	}
}

// A form that was open while the coupon was archived says so, and keeps what was
// typed.
func TestANoteOfACouponArchivedMeanwhileStaysInItsForm(t *testing.T) {
	t.Parallel()
	s, h, n, edit, form := noted(t, at("2026-11-20T09:30:00-05:00"))
	add := parse(t, get(t, h, s.page("PLAIN", ""))).all(class("cp-note-add"))[0].all(class("cp-note-form"))[0]
	if _, err := s.svc.Archive(t.Context(), n.Coupon); err != nil {
		t.Fatal(err)
	}
	for action, form := range map[string]url.Values{edit: form, add.attr["action"]: submitted(t, add)} {
		form = with(form, "text", "Letters", "date", "2026-11-18", "time", "10:15")
		for _, htmx := range []bool{false, true} {
			res, status := send(t, h, action, form), http.StatusConflict
			if htmx {
				res, status = send(t, h, action, form, "HX-Request", "true"), http.StatusOK
			}
			forms := parse(t, body(t, res)).all(class("cp-note-form"))
			if res.StatusCode != status || len(forms) != 1 {
				t.Fatalf("%s: %s, %d forms", action, res.Status, len(forms))
			}
			kept := submitted(t, forms[0])
			if kept.Get("text") != "Letters" || kept.Get("date") != "2026-11-18" || kept.Get("time") != "10:15" || !strings.Contains(forms[0].words(), "archived") {
				t.Errorf("%s: %v, %s", action, kept, forms[0].words())
			}
			if len(forms[0].all(named("button"))) > 0 {
				t.Errorf("%s: it offers what can't be done", action)
			}
		}
		res := send(t, h, action+"?format=json", form)
		var failed struct{ Error struct{ Kind string } }
		if err := json.NewDecoder(res.Body).Decode(&failed); err != nil || res.StatusCode != http.StatusConflict || failed.Error.Kind != "archived" {
			t.Errorf("%s as JSON: %s, %v, %v", action, res.Status, failed, err)
		}
	}
	if s.note(t) != n {
		t.Errorf("the note is %v", s.note(t))
	}
}

// A time that the clocks jump over is no time of that day, as in the form of a
// coupon.
func TestANoteInTheHourThatIsNotThereIsNotMoved(t *testing.T) {
	t.Parallel()
	s, h, n, edit, form := noted(t, at("2026-11-20T09:30:00-05:00"))
	res := send(t, h, edit, with(form, "date", "2026-03-08", "time", "02:30"))
	page := parse(t, body(t, res))
	if said := page.byID(t, "cp-time-error-note1").words(); res.StatusCode != 422 || !strings.Contains(said, "does not exist on that day") || page.byID(t, "cp-time-note1").attr["value"] != "02:30" {
		t.Errorf("%s, %q", res.Status, said)
	}
	if s.note(t) != n {
		t.Errorf("the note is %v", s.note(t))
	}
	send(t, h, edit, with(form, "date", "2026-11-01", "time", "01:30")) // it comes twice
	if got := s.note(t); !got.At.Equal(at("2026-11-01T01:30:00-04:00")) {
		t.Errorf("the note is at %v, not at the first of two", got.At)
	}
}

// Whatever is written in a note, and wherever it is written from, the page lays it out
// by its own direction and sends back what it was given.
func TestTheTextOfANoteIsLaidOutByItself(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.create(t, coupon.Coupon{Code: "PLAIN", Discount: pct(10), Start: day("2026-01-01")})
	h := s.handler(t)
	for i, text := range []string{"رسالة إلى 2,400 عميل — $5.00", strings.Repeat("x", 200), strings.Repeat("🌸", 200), `"a" & <b>b</b> 'c'`, "5 € = ¥800"} {
		id := fmt.Sprint("note", i)
		if res := submit(t, h, s.page("PLAIN", "/notes"), "note", id, "date", "2026-11-20", "time", "09:30", "text", text); res.StatusCode != http.StatusSeeOther {
			t.Errorf("%q: %s", text, res.Status)
			continue
		}
		page := parse(t, get(t, h, s.page("PLAIN", "")))
		if input := page.byID(t, "cp-text-"+id); input.attr["dir"] != "auto" || input.attr["value"] != text {
			t.Errorf("%q is %q, with the direction %q", text, input.attr["value"], input.attr["dir"])
		}
	}
}

// What notes answer to programs, in the order in which it is asked.
func TestNotesAsJSON(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	c := s.create(t, coupon.Coupon{Code: "PLAIN", Discount: pct(10), Start: day("2026-01-01")})
	h := s.handler(t)
	var out strings.Builder
	ask := func(what, path string, pairs ...string) {
		t.Helper()
		form := url.Values{}
		for i := 0; i+1 < len(pairs); i += 2 {
			form.Set(pairs[i], pairs[i+1])
		}
		r := httptest.NewRequest("POST", s.page("PLAIN", path), strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Accept", "application/json")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		fmt.Fprintf(&out, "# %s\nPOST …%s %s\n%d\n%s\n", what, path, form.Encode(), w.Code, w.Body)
	}
	flyers := []string{"note", "n1", "date", "2026-11-20", "time", "09:30", "text", "Flyers"}
	ask("A note is put under an id of the caller's.", "/notes", flyers...)
	ask("The same once more is the same note.", "/notes", flyers...)
	ask("Another one under its id is not taken.", "/notes", "note", "n1", "date", "2026-11-20", "time", "09:30", "text", "Letters")
	ask("What is wrong is said of each field.", "/notes", "note", "n2", "date", "20.11.2026", "time", "25:00", "text", " ")
	ask("An edit says which version was read.", "/notes/edit", "note", "n1", "version", "1", "date", "2026-11-20", "time", "10:00", "text", "Flyers and letters")
	ask("Another edit of that version is not taken: the note is as it is given.", "/notes/edit", "note", "n1", "version", "1", "date", "2026-11-20", "time", "10:00", "text", "Letters")
	ask("A note that is not there is not edited.", "/notes/edit", "note", "n3", "version", "1", "date", "2026-11-20", "time", "10:00", "text", "Letters")
	ask("A note is removed; doing it twice changes nothing.", "/notes/remove", "note", "n1")
	if _, err := s.svc.Archive(t.Context(), c.ID); err != nil {
		t.Fatal(err)
	}
	ask("An archived coupon takes no notes.", "/notes", flyers...)
	golden(t, "notes.txt", out.String())
}
