package httpui_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// A form for codes that was open while the coupon was archived says so, and keeps what
// was typed.
func TestAFormForCodesOfACouponArchivedMeanwhileIsKept(t *testing.T) {
	t.Parallel()
	s := fullShop(t) // OLD1 is archived
	h := s.handler(t)
	before := s.contents(t)
	for action, typed := range map[string][]string{
		"/codes":     {"key", "fair", "count", "250", "prefix", "FAIR-", "length", "14"},
		"/codes/add": {"code", "anna-10", "customer", "anna@example.com"},
	} {
		target := s.page("OLD1", action)
		for _, headers := range [][]string{nil, {"HX-Request"}} {
			res, status := submit(t, h, target, append(typed[:len(typed):len(typed)], headers...)...), http.StatusConflict
			if headers != nil {
				status = http.StatusOK // htmx drops whatever is not
			}
			forms := parse(t, body(t, res)).all(class("cp-code-form"))
			if res.StatusCode != status || len(forms) != 1 {
				t.Fatalf("%s: %s, %d forms", action, res.Status, len(forms))
			}
			kept := submitted(t, forms[0])
			for i := 0; i < len(typed); i += 2 {
				if got := kept.Get(typed[i]); got != typed[i+1] {
					t.Errorf("%s: %s became %q", action, typed[i], got)
				}
			}
			if !strings.Contains(forms[0].words(), "The coupon is archived") {
				t.Errorf("%s: it does not say why: %s", action, forms[0].words())
			}
		}
		res := submit(t, h, target+"?format=json", typed...)
		var failed struct{ Error struct{ Kind string } }
		if err := json.NewDecoder(res.Body).Decode(&failed); err != nil || res.StatusCode != http.StatusConflict || failed.Error.Kind != "archived" {
			t.Errorf("%s as JSON: %s, %v, %v", action, res.Status, failed, err)
		}
	}
	if s.contents(t) != before {
		t.Error("something was changed")
	}
}
