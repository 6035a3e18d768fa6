package httpui_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/httpui"
)

func TestNotesAreAddedChangedAndRemoved(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	c := s.create(t, coupon.Coupon{Code: "PLAIN", Discount: pct(10), Start: day("2026-01-01")})
	h := s.handler(t)
	state := "?period=28d&chart=line"
	form := parse(t, get(t, h, s.page("PLAIN", state))).all(class("cp-note-form"))[0]
	if form.attr["action"] != s.page("PLAIN", "/notes"+state) || form.attr["method"] != "post" {
		t.Fatalf("the form posts to %s", form.attr["action"])
	}
	id := form.all(named("input"))[0].attr["value"]
	notes := func() (out []string) {
		t.Helper()
		all, err := s.svc.Notes(t.Context(), c.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range all {
			out = append(out, n.At.In(now.Location()).Format("2006-01-02 15:04 ")+n.Text)
		}
		return out
	}
	is := func(want ...string) {
		t.Helper()
		if got := notes(); !slices.Equal(got, want) {
			t.Errorf("notes %q, want %q", got, want)
		}
	}
	// Sent twice, it is one note.
	for range 2 {
		res := submit(t, h, form.attr["action"], "note", id, "date", "2026-11-20", "time", "09:30", "text", " Flyers ")
		if to := res.Header.Get("Location"); res.StatusCode != http.StatusSeeOther || to != s.page("PLAIN", state+"&done=note-put") {
			t.Fatalf("%s to %s", res.Status, to)
		}
		contains(t, get(t, h, s.page("PLAIN", state+"&done=note-put")), "The note is on the chart.", "Flyers")
		is("2026-11-20 09:30 Flyers")
	}
	// The same form with other words is another note, and asks before it is.
	res := submit(t, h, form.attr["action"], "note", id, "date", "2026-11-21", "time", "10:00", "text", "More flyers")
	page := parse(t, body(t, res))
	again := page.all(class("cp-note-add"))[0]
	if res.StatusCode != http.StatusConflict || again.attr["open"] == "" || !strings.Contains(again.words(), "sent before") {
		t.Errorf("%s: %s", res.Status, again.words())
	}
	if v := submitted(t, again); v.Get("note") == id || v.Get("text") != "More flyers" || v.Get("date") != "2026-11-21" || v.Get("time") != "10:00" {
		t.Error("what was typed is lost, or the id is not a new one")
	}
	is("2026-11-20 09:30 Flyers")

	for range 2 {
		res = submit(t, h, s.page("PLAIN", "/notes/edit"+state), "note", id, "version", "1", "date", "2026-11-19", "time", "08:00", "text", "Posters")
		if res.StatusCode != http.StatusSeeOther {
			t.Fatal(res.Status)
		}
		is("2026-11-19 08:00 Posters")
	}
	for range 2 { // what is gone already is gone
		res = submit(t, h, s.page("PLAIN", "/notes/remove"+state), "note", id)
		if to := res.Header.Get("Location"); res.StatusCode != http.StatusSeeOther || !strings.HasSuffix(to, "&done=note-removed") {
			t.Fatalf("%s to %s", res.Status, to)
		}
		is()
	}
	// Somebody else removed what is being changed: nothing typed is lost.
	res = submit(t, h, s.page("PLAIN", "/notes/edit"+state), "note", id, "date", "2026-11-19", "time", "08:00", "text", "Posters")
	again = parse(t, body(t, res)).all(class("cp-note-add"))[0]
	if v := submitted(t, again); res.StatusCode != 404 || v.Get("note") == id || v.Get("text") != "Posters" || !strings.Contains(again.words(), "removed this note meanwhile") {
		t.Errorf("%s: %s", res.Status, again.words())
	}
}

func TestANoteThatCantBeTakenSaysWhatToMend(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	c := s.create(t, coupon.Coupon{Code: "PLAIN", Discount: pct(10), Start: day("2026-01-01")})
	h := s.handler(t)
	for _, tt := range []struct{ date, clock, text, field, says string }{
		{"", "09:30", "Flyers", "date", "Choose a day"},
		{"2026-02-30", "09:30", "Flyers", "date", "Choose a day"},
		{"0026-02-01", "09:30", "Flyers", "date", "Choose a day"},
		{"2026-11-20", "9 am", "Flyers", "time", "09:30"},
		{"2026-11-20", "", "Flyers", "time", "09:30"},
		{"2026-11-20", "09:30", " ", "text", "Say in a few words"},
		{"2026-11-20", "09:30", strings.Repeat("ü", 201), "text", "This is 201 characters long; at most 200 can be taken."},
		{"2026-11-20", "09:30", "a\nb", "text", "one line"},
	} {
		values := []string{"note", "note1", "date", tt.date, "time", tt.clock, "text", tt.text}
		res := submit(t, h, s.page("PLAIN", "/notes?period=28d"), values...)
		page := parse(t, body(t, res))
		input := page.byID(t, "cp-"+tt.field+"-new")
		if said := page.byID(t, "cp-"+tt.field+"-error-new").words(); res.StatusCode != 422 || input.attr["aria-invalid"] != "true" ||
			input.attr["aria-describedby"] != "cp-"+tt.field+"-error-new" || !strings.Contains(said, tt.says) {
			t.Errorf("%q: %s, %q", values, res.Status, said)
		}
		if page.byID(t, "cp-text-new").attr["value"] != tt.text || page.byID(t, "cp-date-new").attr["value"] != tt.date || page.byID(t, "cp-time-new").attr["value"] != tt.clock {
			t.Errorf("%q: what was typed is lost", values)
		}
		if page.byID(t, "cp-from").attr["value"] != "2026-10-26" {
			t.Error("the range is lost")
		}
		// htmx drops whatever is not 200.
		if res := submit(t, h, s.page("PLAIN", "/notes"), append(values, "HX-Request")...); res.StatusCode != 200 || !strings.Contains(body(t, res), tt.says) {
			t.Errorf("%q by htmx: %s", values, res.Status)
		}
		var failed struct {
			Error struct {
				Status int
				Kind   string
				Fields map[string]string
			}
		}
		res = submit(t, h, s.page("PLAIN", "/notes?format=json"), values...)
		if err := json.NewDecoder(res.Body).Decode(&failed); err != nil || res.StatusCode != 422 || failed.Error.Kind != "invalid" || !strings.Contains(failed.Error.Fields[tt.field], tt.says) {
			t.Errorf("%q as JSON: %s, %+v, %v", values, res.Status, failed, err)
		}
	}
	if all, _ := s.svc.Notes(t.Context(), c.ID); len(all) > 0 {
		t.Errorf("%d notes were taken", len(all))
	}
}

func TestNotesAreForThoseWhoMayWriteThem(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t, func(c *httpui.Config) {
		c.Can = func(_ *http.Request, a httpui.Action, _ coupon.Coupon) bool { return a != httpui.Annotate }
	})
	page := parse(t, get(t, h, s.page("SPRING15", "")))
	if len(page.all(class("cp-notes"))) != 1 || len(page.all(class("cp-note-form"))) > 0 {
		t.Error("who may not write notes does not see them, or has the form")
	}
	for _, what := range []string{"/notes", "/notes/edit", "/notes/remove"} {
		if res := submit(t, h, s.page("SPRING15", what), "note", "x", "date", "2026-11-20", "time", "09:30", "text", "Flyers"); res.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %s", what, res.Status)
		}
		if res := submit(t, s.handler(t), s.page("OLD1", what), "note", "x", "date", "2026-11-20", "time", "09:30", "text", "Flyers"); res.StatusCode != http.StatusConflict {
			t.Errorf("%s of an archived coupon: %s", what, res.Status)
		}
	}
}

// Under a note stands what was redeemed in the week before its day and in the week
// from it, in whatever currency, if both are whole.
func TestWhatHappenedAroundANote(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	c := s.create(t, coupon.Coupon{Code: "PLAIN", Discount: pct(10), Start: day("2026-10-01"), End: day("2026-11-12")})
	for i, d := range []string{"2026-10-24", "2026-10-25", "2026-10-31", "2026-11-01", "2026-11-01", "2026-11-07", "2026-11-08"} {
		s.book(t, "PLAIN", fmt.Sprint(i), "100.00", day(d).Add(time.Duration(i)*time.Hour), func(b *coupon.Booking) {
			b.Currency = []string{"USD", "CAD"}[i%2]
		})
	}
	h := s.handler(t)
	for noted, want := range map[string]string{
		"2026-11-01T09:00:00-05:00": "2 redemptions in the 7 days before that day, 3 redemptions in the 7 days from it.",
		"2026-10-31T09:00:00-04:00": "2 redemptions in the 7 days before that day, 3 redemptions in the 7 days from it.",
		"2026-10-08T09:00:00-04:00": "0 redemptions in the 7 days before that day, 0 redemptions in the 7 days from it.",
		"2026-10-07T09:00:00-04:00": "", // it was not there a week before
		"2026-11-05T00:00:00-05:00": "3 redemptions in the 7 days before that day, 2 redemptions in the 7 days from it.",
		"2026-11-06T00:00:00-05:00": "", // it ended within the week
	} {
		n, err := s.svc.AddNote(t.Context(), c.ID, at(noted), "E-mail")
		if err != nil {
			t.Fatal(err)
		}
		note := parse(t, get(t, h, s.page("PLAIN", ""))).all(class("cp-note"))[0]
		got := ""
		if p := note.all(named("p")); strings.Contains(p[1].words(), "7 days") {
			got = p[1].words()
		}
		if got != want {
			t.Errorf("%s: %q, want %q", noted, got, want)
		}
		if err := s.svc.RemoveNote(t.Context(), c.ID, n.ID); err != nil {
			t.Fatal(err)
		}
	}
}

// Weeks are compared with weeks: while the one after a note is not over nothing is
// said of it, nor if the coupon was put away within it.
func TestAWeekThatIsNotWholeIsNotCompared(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	c := s.create(t, coupon.Coupon{Code: "PLAIN", Discount: pct(10), Start: day("2026-10-01")})
	for _, noted := range []string{"2026-11-14T23:59:59-05:00", "2026-11-15T00:00:00-05:00", "2026-11-20T09:00:00-05:00"} {
		if _, err := s.svc.AddNote(t.Context(), c.ID, at(noted), noted); err != nil {
			t.Fatal(err)
		}
	}
	said := func() (out []string) {
		for _, n := range parse(t, get(t, s.handler(t), s.page("PLAIN", ""))).all(class("cp-note")) {
			if strings.Contains(n.words(), "7 days") {
				out = append(out, n.all(named("bdi"))[0].words())
			}
		}
		return out
	}
	if got := said(); !slices.Equal(got, []string{"2026-11-14T23:59:59-05:00", "2026-11-15T00:00:00-05:00"}) {
		t.Errorf("today, the 22nd, it is said of %q", got)
	}
	then, err := coupon.New(coupon.Config{Store: s.store, Now: func() time.Time { return day("2026-11-18") }})
	if err == nil {
		_, err = then.Archive(t.Context(), c.ID)
	}
	if err != nil {
		t.Fatal(err)
	}
	if got := said(); len(got) > 0 {
		t.Errorf("of a coupon archived on the 18th it is said of %q", got)
	}
}

// A note stands where the bucket of its instant begins: the first instant of a bucket is
// in it, also on a day of 25 hours, and the end of the range is outside. Programs are
// told the same.
func TestANoteStandsInTheBucketOfItsInstant(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	c := s.create(t, coupon.Coupon{Code: "PLAIN", Discount: pct(10), Start: day("2026-01-01")})
	h := s.handler(t)
	const days, hours = "?from=2026-10-31&to=2026-11-02&interval=day", "?from=2026-11-01&to=2026-11-01&interval=hour"
	for _, x := range []struct {
		query, noted string
		bucket, of   int // of the range; -1 is none
	}{
		{days, "2026-10-30T23:59:59.999999-04:00", -1, 3},
		{days, "2026-10-31T00:00:00-04:00", 0, 3},
		{days, "2026-10-31T23:59:59.999999-04:00", 0, 3},
		{days, "2026-11-01T00:00:00-04:00", 1, 3},
		{days, "2026-11-01T23:59:59.999999-05:00", 1, 3},
		{days, "2026-11-02T00:00:00-05:00", 2, 3},
		{days, "2026-11-02T23:59:59.999999-05:00", 2, 3},
		{days, "2026-11-03T00:00:00-05:00", -1, 3},
		{hours, "2026-11-01T01:00:00-04:00", 1, 25},
		{hours, "2026-11-01T01:00:00-05:00", 2, 25}, // an hour later
		{hours, "2026-11-01T23:59:59.999999-05:00", 24, 25},
	} {
		n, err := s.svc.AddNote(t.Context(), c.ID, at(x.noted), "Flyers")
		if err != nil {
			t.Fatal(err)
		}
		got := -1
		for _, m := range parse(t, get(t, h, s.page("PLAIN", x.query))).all(class("cp-mark")) {
			percent, err := strconv.ParseFloat(strings.TrimSuffix(m.attr["x"], "%"), 64)
			if err != nil {
				t.Fatal(err)
			}
			got = int(percent*float64(x.of)/100 + 0.5)
		}
		var told struct {
			Data struct {
				Report struct {
					Notes []struct {
						InRange bool `json:"in_range"`
					}
				}
			}
		}
		if err := json.Unmarshal([]byte(get(t, h, s.page("PLAIN", x.query+"&format=json"))), &told); err != nil {
			t.Fatal(err)
		}
		if in := told.Data.Report.Notes[0].InRange; got != x.bucket || in != (x.bucket >= 0) {
			t.Errorf("%s in %s: bucket %d, want %d; in_range %v", x.noted, x.query, got, x.bucket, in)
		}
		if err := s.svc.RemoveNote(t.Context(), c.ID, n.ID); err != nil {
			t.Fatal(err)
		}
	}
}

func TestNotesOutsideTheRangeAreCounted(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t)
	for query, want := range map[string]string{"?from=2026-09-01&to=2026-09-30": "1 note outside this range", "?period=7d": "2 notes outside this range", "": ""} {
		got := ""
		for _, n := range parse(t, get(t, h, s.page("SPRING15", query))).all(class("cp-notes-section"))[0].kids {
			if n.name == "p" {
				got = n.words()
				if links := n.all(named("a")); len(links) != 1 || links[0].attr["href"] != s.page("SPRING15", "") {
					t.Errorf("%s: it leads not to the coupon's whole life: %v", query, links)
				}
			}
		}
		if got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
}

// What is kept where the chart does not show it is not said to be on it, and there
// is no way to it where the whole life has it not either.
func TestANoteOutsideTheRangeIsSaidToBeThere(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.create(t, coupon.Coupon{Code: "PLAIN", Discount: pct(10), Start: day("2026-06-01")})
	h := s.handler(t)
	const said = "The note is kept. It is outside the range that is shown."
	for i, x := range []struct {
		on, done string
		link     bool
	}{{"2026-11-20", "note-put", false}, {"2026-05-20", "note-outside", false}, {"2026-07-20", "note-outside", true}} {
		form := parse(t, get(t, h, s.page("PLAIN", "?period=7d"))).all(class("cp-note-add"))[0].all(named("form"))[0]
		id := form.all(named("input"))[0].attr["value"]
		fields := []string{"note", id, "date", x.on, "time", "09:30", "text", "Flyers"}
		to := submit(t, h, form.attr["action"], fields...).Header.Get("Location")
		if want := s.page("PLAIN", "?period=7d&done="+x.done); to != want {
			t.Fatalf("%s: to %s, want %s", x.on, to, want)
		}
		page := get(t, h, to)
		if strings.Contains(page, said) != (i > 0) || strings.Contains(page, "The note is on the chart.") != (i == 0) {
			t.Errorf("%s: the page does not say what is so", x.on)
		}
		if link := strings.Contains(page, "outside this range</a>"); link != x.link {
			t.Errorf("%s: a way to the notes outside: %v, want %v", x.on, link, x.link)
		}
	}
}
