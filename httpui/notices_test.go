package httpui_test

import (
	"encoding/json"
	"slices"
	"testing"
)

// What of an address can't be used is told to a program as to a person: in JSON in
// the same words as on the page.
func TestJSONTellsWhatThePageTells(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t)
	for target, count := range map[string]int{
		s.page("SPRING15", "?from=2026-13-01&to=x"):                   2,
		s.page("SPRING15", "?period=bogus"):                           1,
		s.page("SPRING15", "?compare=bogus"):                          1,
		s.page("SPRING15", "?period=7d&compare=bogus&interval=bogus"): 2,
		s.page("SPRING15", "?period=7d&compare=previous_year"):        0,
		s.page("SPRING15", "/bookings?period=bogus&state=bogus"):      2,
		s.page("SPRING15", "/bookings?compare=bogus"):                 1,
		s.page("SPRING15", "/codes?after=ZZZZ"):                       1,
		base + "/?period=bogus&status=bogus":                          2,
		base + "/?period=custom&from=2026-13-01&to=x":                 2,
	} {
		var page []string
		for _, n := range parse(t, body(t, ask(t, h, "GET", target))).all(class("cp-notice")) {
			page = append(page, n.words())
		}
		var got struct{ Notices []string }
		if err := json.Unmarshal([]byte(body(t, ask(t, h, "GET", withQuery(target, "?format=json")))), &got); err != nil {
			t.Fatal(err)
		}
		if len(page) != count || !slices.Equal(got.Notices, page) {
			t.Errorf("%s: %q in JSON, %q on the page, want %d", target, got.Notices, page, count)
		}
	}
}
