package httpui_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/httpui"
)

// asTables are the pages that are there as CSV.
var asTables = []string{"/{$}", "/c/{id}", "/c/{id}/bookings", "/c/{id}/codes"}

// An address is answered in the format that is asked for, or with 406 and those
// that it has: never in another one, and nothing is done.
func TestAnAddressIsAnsweredInTheFormatAskedForOrNotAtAll(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t)
	before := s.contents(t)
	for _, rt := range httpui.Routes() {
		if rt.Action == "" { // a file is what it is
			continue
		}
		target, status := targetOf(t, h, s, rt)
		has, formats := rt.Method == "GET" && slices.Contains(asTables, rt.Pattern), "json"
		if has {
			formats = "json, csv"
			res := ask(t, h, rt.Method, withQuery(target, "?format=csv"))
			if got := res.Header.Get("Content-Type"); res.StatusCode != status || !strings.HasPrefix(got, "text/csv") {
				t.Errorf("%s as CSV: %s, %s", target, res.Status, got)
			}
		}
		for _, format := range []string{"csv", "xml", "html", "JSON", "json%20", "%00"} {
			if has && format == "csv" {
				continue
			}
			for _, headers := range [][]string{nil, {"HX-Request", "true"}} {
				res := ask(t, h, rt.Method, withQuery(target, "?format="+format), headers...)
				if res.StatusCode != http.StatusNotAcceptable {
					t.Errorf("%s %s as %s: %s", rt.Method, target, format, res.Status)
				}
				contains(t, body(t, res), "format", "“"+formats+"”")
				checkHeaders(t, res, false)
			}
		}
		if rt.Method == "GET" {
			var got struct{ Data any }
			res := ask(t, h, rt.Method, withQuery(target, "?format=json"))
			if err := json.Unmarshal([]byte(body(t, res)), &got); err != nil || res.StatusCode != status || got.Data == nil {
				t.Errorf("%s as JSON: %s, %v", target, res.Status, err)
			}
		}
	}
	if s.contents(t) != before {
		t.Error("something was done")
	}
	// Who may not take it away is not told more by another format.
	h = s.handler(t, func(c *httpui.Config) {
		c.Can = func(*http.Request, httpui.Action, coupon.Coupon) bool { return false }
	})
	if res := ask(t, h, "GET", s.page("SPRING15", "?format=xml")); res.StatusCode != http.StatusForbidden {
		t.Errorf("of what may not be seen: %s", res.Status)
	}
}
