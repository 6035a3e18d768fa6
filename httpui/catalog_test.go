package httpui_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/httpui"
)

// A host adds a language by one file, and changes single texts by a function.
func TestAHostAddsALanguage(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	files := fstest.MapFS{
		"eo.json": {Data: []byte(`{"language":{"name":"Esperanto"},"site":{"title":"Kuponoj","all-coupons":"Ĉiuj"}}`)},
		// Of a region, and what it leaves is as in the language.
		"eo-FR.json": {Data: []byte(`{"site":{"all-coupons":"Ĉiuj en Francio"}}`)},
		"en.json":    {Data: []byte(`{"site":{"all-coupons":"Every coupon"}}`)},
	}
	h := s.handler(t, func(c *httpui.Config) {
		c.Title = ""
		c.Locales = files
		c.Translate = func(locale, key string) (string, bool) {
			return "Translated", locale == "eo" && key == "site.skip"
		}
	})
	for _, tt := range []struct {
		accept string
		want   []string
	}{
		{"eo", []string{`<html lang="eo" dir="ltr"`, "Kuponoj", "Ĉiuj", "Translated"}},
		{"eo-FR", []string{`<html lang="eo-FR" dir="ltr"`, "Kuponoj", "Ĉiuj en Francio"}},
		{"fr;q=0.3, eo-XX", []string{`<html lang="eo"`}},
		{"fr", []string{`<html lang="en"`, "Every coupon", "Skip to content"}},
		{"", []string{`<html lang="en"`}},
		{"nonsense;;;", []string{`<html lang="en"`}},
	} {
		contains(t, body(t, ask(t, h, "GET", base+"/c/unknown", "Accept-Language", tt.accept)), tt.want...)
	}
	for name, bad := range map[string]fstest.MapFS{
		"not JSON":       {"eo.json": {Data: []byte(`{`)}},
		"not a language": {"what is this.json": {Data: []byte(`{}`)}},
		"not a text":     {"eo.json": {Data: []byte(`{"site":{"title":3}}`)}},
	} {
		if _, err := httpui.New(httpui.Config{Service: s.svc, Locales: bad}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// The host's choice comes before the browser's.
func TestTheHostChoosesTheLanguage(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	files := fstest.MapFS{"eo.json": {Data: []byte(`{"language":{"name":"Esperanto"}}`)}}
	for _, tt := range []struct {
		locale, of, accept, want string
	}{
		{"", "", "eo", "eo"},
		{"en", "", "eo", "en"},
		{"eo", "", "en", "eo"},
		{"eo", "en", "eo", "en"},
		{"en", "eo", "en", "eo"},
	} {
		h := s.handler(t, func(c *httpui.Config) {
			c.Locales, c.Locale = files, tt.locale
			c.LocaleOf = func(*http.Request) string { return tt.of }
		})
		contains(t, get(t, h, base+"/", "Accept-Language", tt.accept), `<html lang="`+tt.want+`"`)
	}
}

// What a host forbids is not offered and not done; nothing else is different.
func TestWhatCanRefusesIsNotDone(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	for _, rt := range httpui.Routes() {
		if rt.Action == "" {
			continue
		}
		h := s.handler(t, func(c *httpui.Config) {
			c.Can = func(_ *http.Request, a httpui.Action, _ coupon.Coupon) bool { return a != rt.Action }
		})
		target, _ := targetOf(t, h, s, rt)
		before := s.contents(t)
		res := ask(t, h, rt.Method, target)
		if res.StatusCode != http.StatusForbidden {
			t.Errorf("%s %s: %s, want 403", rt.Method, target, res.Status)
		}
		if after := s.contents(t); after != before {
			t.Errorf("%s %s changed something", rt.Method, target)
		}
	}
}

// One handler serves several merchants; of another's coupon nothing is told.
func TestMerchantsAreKeptApart(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	acme, other := s.svc.With(s.store.Merchant("acme")), s.svc.With(s.store.Merchant("other"))
	c, err := acme.Create(t.Context(), coupon.Coupon{Code: "SPRING15", Name: "Only of acme", Discount: pct(15), Start: day("2026-03-01"), Zone: zone})
	if err != nil {
		t.Fatal(err)
	}
	s.ids["SPRING15"] = c.ID
	acmeShop := &shop{store: s.store, svc: acme, ids: s.ids}
	acmeShop.book(t, "SPRING15", "B-1001", "50.00", day("2026-03-02"))
	h := s.handler(t, func(cfg *httpui.Config) {
		cfg.Service = nil
		cfg.ServiceOf = func(r *http.Request) (*coupon.Service, error) {
			switch r.Header.Get("X-Merchant") {
			case "acme":
				return acme, nil
			case "other":
				return other, nil
			}
			return nil, coupon.ErrNotFound
		}
	})
	for _, rt := range httpui.Routes() {
		if rt.Action == "" {
			continue
		}
		target, status := targetOf(t, h, s, rt)
		if res := ask(t, h, rt.Method, target, "X-Merchant", "acme"); res.StatusCode != status {
			t.Errorf("its own: %s %s: %s, want %d", rt.Method, target, res.Status, status)
		}
		res := ask(t, h, rt.Method, target, "X-Merchant", "other")
		text := body(t, res)
		if strings.Contains(rt.Pattern, "{id}") {
			unknown := ask(t, h, rt.Method, strings.Replace(target, string(c.ID), "unknown", 1), "X-Merchant", "other")
			if res.StatusCode != http.StatusNotFound || text != body(t, unknown) || !maps.EqualFunc(res.Header, unknown.Header, slices.Equal) {
				t.Errorf("another's: %s %s: %s, or not as for an unknown coupon", rt.Method, target, res.Status)
			}
		}
		if strings.Contains(text, "Only of acme") || strings.Contains(text, "SPRING15") || strings.Contains(text, string(c.ID)) {
			t.Errorf("another's: %s %s tells of it", rt.Method, target)
		}
		if res := ask(t, h, rt.Method, target, "X-Merchant", "nobody"); res.StatusCode != http.StatusNotFound {
			t.Errorf("nobody's: %s %s: %s", rt.Method, target, res.Status)
		}
	}
}

// A host's token is in every form that changes something.
func TestFormsCarryTheTokenOfTheHost(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t, func(c *httpui.Config) {
		c.CSRFToken = func(*http.Request) (string, string) { return "csrf", "t0ken\"" }
	})
	forms := 0
	for _, rt := range httpui.Routes() {
		if rt.Method != "GET" || rt.Pattern == "/static/{file}" {
			continue
		}
		target, _ := targetOf(t, h, s, rt)
		for _, f := range parse(t, get(t, h, target)).all(named("form")) {
			if f.attr["method"] != "post" {
				continue
			}
			forms++
			has := f.all(func(n *node) bool {
				return n.attr["name"] == "csrf" && n.attr["value"] == "t0ken\"" && n.attr["type"] == "hidden"
			})
			if len(has) != 1 {
				t.Errorf("%s: a form to %s has no token", target, f.attr["action"])
			}
		}
	}
	if forms == 0 {
		t.Error("no form was looked at")
	}
}
