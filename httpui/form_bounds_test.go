package httpui_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"github.com/couponkit/coupon"
)

func TestFormsHaveBounds(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t)
	good := with(fill(t, h, base+"/new"), "value", "10", "code", "BOUNDS", "zone", zone)
	many := with(good)
	for i := range 10_000 {
		many.Add("f"+strconv.Itoa(i), "")
	}
	rows := with(good)
	rows["hours.from"] = make([]string, 61)
	long := with(good, "value", strings.Repeat("1", 60_000), "min_total", strings.Repeat(",", 1000), "currency", strings.Repeat("x", 500), "zone", strings.Repeat("/", 500))
	for name, tt := range map[string]struct {
		v      url.Values
		status int
	}{
		"10,000 fields": {many, 400},
		"2,000 values":  {url.Values{"days": make([]string, 2000)}, 400},
		"61 rows":       {rows, 400},
		"long values":   {long, 422},
		"a bad id":      {with(good, "id", "../../etc"), 400},
		"unknown":       {with(good, "extra", "x", "archived_at", "2020-01-01"), 303},
	} {
		if res := send(t, h, base+"/new", tt.v); res.StatusCode != tt.status {
			t.Errorf("%s: %s, want %d", name, res.Status, tt.status)
		}
	}
	for name, v := range map[string]url.Values{"no version": {"name": {"x"}}, "a later version": {"version": {"99"}}, "no number": {"version": {"x"}}} {
		for _, path := range []string{"/edit", "/preview"} {
			if res := send(t, h, s.page("FIRST10", path), v); res.StatusCode != http.StatusBadRequest {
				t.Errorf("%s: %s", name, res.Status)
			}
		}
	}
}

// A program may send only what it changes.
func TestFormsAnswerPrograms(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t)
	type answer struct {
		Data json.RawMessage
	}
	read := func(res *http.Response, into any) {
		t.Helper()
		var a answer
		if err := json.Unmarshal([]byte(body(t, res)), &a); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(a.Data, into); err != nil {
			t.Fatal(err)
		}
	}
	var form struct {
		Version int64
		Fields  map[string]string
		Limits  []map[string]string
	}
	read(ask(t, h, "GET", s.page("SPRING15", "/edit?format=json")), &form)
	if form.Version != 1 || form.Fields["value"] != "15" || form.Fields["cap"] != "50" || form.Limits[1]["max"] != "2" || form.Limits[1]["every"] != "month" {
		t.Errorf("the form is %+v", form)
	}
	before, _ := s.svc.Coupon(t.Context(), s.ids["SPRING15"])
	var got coupon.Coupon
	res := send(t, h, s.page("SPRING15", "/edit?format=json"), url.Values{"version": {"1"}, "value": {"20"}})
	read(res, &got)
	want := before
	want.Discount.Percent = decimal.RequireFromString("20")
	want.Version, want.UpdatedAt, want.UpdatedBy = 2, now.UTC(), "owner@example.com"
	if diff := cmp.Diff(want, got); res.StatusCode != 200 || diff != "" {
		t.Errorf("%s %s", res.Status, diff)
	}
	read(send(t, h, base+"/new?format=json", url.Values{"kind": {"fixed"}, "value": {"5"}, "currency": {"USD"}, "code": {"API"}, "start_day": {"2026-12-01"}, "zone": {zone}}), &got)
	if got.Code != "API" || got.ID == "" || !got.Start.Equal(day("2026-12-01")) {
		t.Errorf("made %+v", got)
	}
}

// That another coupon has the code is told with all else that is wrong, though only
// the store knows it.
func TestATakenCodeIsToldWithTheOtherMistakes(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t)
	for name, page := range map[string]string{"new": base + "/new", "edit": s.page("WELCOME20", "/edit")} {
		v := with(fill(t, h, page), "value", "abc", "code", "SPRING15", "min_total", "100", "max_total", "50", "zone", zone)
		told := body(t, send(t, h, page, v))
		for _, id := range []string{"cp-f-value-error", "cp-f-code-error", "cp-f-max_total-error"} {
			if !strings.Contains(told, `id="`+id+`"`) {
				t.Errorf("%s: nothing is said at %s", name, id)
			}
		}
		own := with(v, "code", map[string]string{"new": "NEW", "edit": "WELCOME20"}[name])
		if told := body(t, send(t, h, page, own)); strings.Contains(told, `id="cp-f-code-error"`) {
			t.Errorf("%s: its own code is taken", name)
		}
	}
}
