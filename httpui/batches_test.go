package httpui_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
)

// The form of a batch sent again with something else in it, after Back, adds
// nothing to the batch: it says so, and is ready to make another one.
func TestABatchIsNotMadeAnotherWay(t *testing.T) {
	t.Parallel()
	s, _ := codeShop(t)
	h := s.handler(t)
	action, fields := formTo(t, parse(t, get(t, h, s.page("SPRING15", "/codes"))), "/codes")
	fields.Set("count", "7")
	fields.Set("prefix", "WIN-")
	if res := postForm(t, h, action, fields); res.StatusCode != http.StatusSeeOther {
		t.Fatalf("%s: %s", res.Status, body(t, res))
	}
	key := fields.Get("key")
	link := s.page("SPRING15", "/codes?batch="+url.QueryEscape(key))
	for name, tt := range map[string]struct {
		field, typed, has string
	}{
		"more":      {"count", "9", "In the batch: 7"},
		"fewer":     {"count", "3", "In the batch: 7"},
		"longer":    {"length", "16", "In the batch: WIN-"},
		"elsewhere": {"prefix", "FLY-", "In the batch: WIN-"},
		"many uses": {"single_use", "", "In the batch: once"},
	} {
		again := url.Values{}
		for k, v := range fields {
			again[k] = v
		}
		if again.Set(tt.field, tt.typed); tt.typed == "" {
			again.Del(tt.field)
		}
		before := s.contents(t)
		var got struct {
			Error struct {
				Kind, Text string
				Status     int
				Fields     map[string]string
			}
		}
		res := postForm(t, h, action+"?format=json", again)
		if err := json.Unmarshal([]byte(body(t, res)), &got); err != nil {
			t.Fatal(err)
		}
		field := tt.field
		if field == "length" {
			field = "prefix" // the two are told by a code that the batch has
		}
		if e := got.Error; res.StatusCode != http.StatusConflict || e.Status != http.StatusConflict || e.Kind != "conflict" || len(e.Fields) != 1 {
			t.Errorf("%s: %s, %+v", name, res.Status, e)
		}
		contains(t, got.Error.Fields[field], tt.has)
		contains(t, got.Error.Text, "has made the batch “"+key+"” already")
		for _, headers := range [][]string{nil, {"HX-Request", "true"}} {
			res := postForm(t, h, action, again, headers...)
			if want := map[bool]int{true: 200, false: 409}[headers != nil]; res.StatusCode != want {
				t.Errorf("%s: %s, want %d", name, res.Status, want)
			}
			page := parse(t, body(t, res))
			made := page.byID(t, "cp-made-before")
			contains(t, made.words(), "This form has made the batch “"+key+"” already, with 7 codes", "another batch")
			if got := made.all(named("a")); len(got) != 1 || got[0].attr["href"] != link {
				t.Errorf("%s: the batch is not at %s", name, link)
			}
			_, form := formTo(t, page, "/codes")
			if form.Get("key") == key || form.Get("key") == "" || form.Get(tt.field) != tt.typed {
				t.Errorf("%s: the form comes back as %v", name, form)
			}
		}
		if s.contents(t) != before {
			t.Errorf("%s: codes were made", name)
		}
	}
	// As it was it is answered as before, also by the form of that page.
	for range 2 {
		contains(t, body(t, postForm(t, h, action+"?format=json", fields)), `"count": 7`)
	}
	fields.Set("count", "9")
	_, fields = formTo(t, parse(t, body(t, postForm(t, h, action, fields))), "/codes")
	contains(t, body(t, postForm(t, h, action+"?format=json", fields)), `"count": 9`, fields.Get("key"))
}
