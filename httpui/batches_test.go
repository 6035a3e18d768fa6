package httpui_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/httpui"
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

// The batches of a coupon are listed with how many codes each has, and lead to
// those codes and to the file of them.
func TestBatchesAreListed(t *testing.T) {
	t.Parallel()
	s, batch := codeShop(t)
	id := s.ids["SPRING15"]
	// Blanks are a part of a key, and so are signs of an address.
	for i, key := range []string{"flyer ", "a&b=c?", `"<b>`} {
		for range i + 1 {
			s.must(t)(s.svc.AddCode(t.Context(), id, coupon.CouponCode{Code: coupon.Code(fmt.Sprintf("OWN-%d-%d", i, len(s.contents(t)))), Batch: key}))
		}
	}
	h := s.handler(t)
	link := parse(t, get(t, h, s.page("SPRING15", "/codes"))).byID(t, "cp-batches-link").attr["href"]
	if link != s.page("SPRING15", "/batches") {
		t.Fatalf("the codes lead to %s", link)
	}
	page := parse(t, get(t, h, link))
	want := map[string]int{`"<b>`: 3, "a&b=c?": 2, "flyer": 120, "flyer ": 1}
	rows := page.all(class("cp-batches"))[0].all(named("tbody"))[0].kids
	if len(rows) != len(want) {
		t.Fatalf("%d batches", len(rows))
	}
	for i, key := range slices.Sorted(maps.Keys(want)) {
		links := rows[i].all(named("a"))
		if len(links) != 2 || rows[i].kids[0].words() != strings.TrimSpace(key) || rows[i].kids[1].words() != fmt.Sprint(want[key]) || rows[i].kids[2].words() != "22 Nov 2026, 10:30" {
			t.Fatalf("batch %d is %q", i, rows[i].words())
		}
		if list, _ := allCodes(t, h, links[0].attr["href"]); len(list) != want[key] {
			t.Errorf("%q leads to %d codes, want %d", key, len(list), want[key])
		}
		if _, lines := tableOf(t, ask(t, h, "GET", links[1].attr["href"])); len(lines) != want[key] || lines[0]["batch"] != key {
			t.Errorf("the file of %q has %d codes, want %d", key, len(lines), want[key])
		}
	}
	golden(t, "batches.json", s.named(get(t, h, link+"?format=json")))
	if list, _ := allCodes(t, h, s.page("SPRING15", "/codes?batch=flyer")); !slices.Equal(list, batch) {
		t.Errorf("the batch has %d codes", len(list))
	}
	h = s.handler(t, func(c *httpui.Config) {
		c.Can = func(_ *http.Request, a httpui.Action, _ coupon.Coupon) bool { return a != httpui.Export }
	})
	if text := get(t, h, link); strings.Contains(text, "format=csv") || !strings.Contains(text, "cp-batches") {
		t.Error("what may not be taken away is offered, or the batches are not there")
	}
}

func TestBatchesAreListedInPages(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	c := s.create(t, coupon.Coupon{Code: "SPRING15", Discount: pct(15), Start: day("2026-03-01")})
	h := s.handler(t)
	contains(t, get(t, h, s.page("SPRING15", "/batches")), "No batches yet.")
	var want []string
	for i := range 120 {
		key := fmt.Sprintf("batch %03d", i)
		s.must(t)(s.svc.AddCode(t.Context(), c.ID, coupon.CouponCode{Code: coupon.Code(fmt.Sprintf("C-%d", i)), Batch: key}))
		want = append(want, key)
	}
	var got []string
	pages := 0
	for next := s.page("SPRING15", "/batches"); next != ""; pages++ {
		page := parse(t, get(t, h, next))
		for _, tr := range page.all(class("cp-batches"))[0].all(named("tbody"))[0].kids {
			got = append(got, tr.kids[0].words())
		}
		next = ""
		for _, n := range page.all(func(n *node) bool { return n.attr["id"] == "cp-next" }) {
			next = n.attr["href"]
		}
	}
	if !slices.Equal(got, want) || pages != 3 {
		t.Errorf("%d batches on %d pages", len(got), pages)
	}
	contains(t, get(t, h, s.page("SPRING15", "/batches?after=zzz")), "this is the first one.", "batch 000")
}
