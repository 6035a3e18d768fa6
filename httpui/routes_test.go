package httpui_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/httpui"
	"github.com/couponkit/coupon/store/memory"
)

// targetOf is a URL of a route for a coupon, and what it answers.
func targetOf(t testing.TB, h *httpui.Handler, s *shop, rt httpui.Route) (target string, status int) {
	t.Helper()
	switch rt.Pattern {
	case "/{$}":
		return base + "/", 200
	case "/new":
		if rt.Method == "POST" { // an empty form
			return base + "/new", 422
		}
		return base + "/new", 200
	case "/preview":
		return base + "/preview", 200
	case "/c/{id}":
		return s.page("SPRING15", ""), 200
	case "/c/{id}/edit":
		if rt.Method == "POST" { // without a version
			return s.page("SPRING15", "/edit"), 400
		}
		return s.page("SPRING15", "/edit"), 200
	case "/c/{id}/preview":
		return s.page("SPRING15", "/preview"), 400
	case "/c/{id}/bookings":
		return s.page("SPRING15", "/bookings"), 200
	case "/c/{id}/booking":
		return s.page("SPRING15", "/booking?id=B-1001"), 200
	case "/c/{id}/booking/refund":
		return s.page("SPRING15", "/booking/refund?id=B-1001&amount=1.00&key=k"), 303
	case "/c/{id}/booking/cancel":
		return s.page("SPRING15", "/booking/cancel?id=B-1001"), 303
	case "/c/{id}/booking/release": // what is redeemed is not released
		return s.page("SPRING15", "/booking/release?id=B-1001"), 409
	case "/c/{id}/codes":
		if rt.Method == "POST" {
			return s.page("SPRING15", "/codes?key=batch&count=2"), 303
		}
		return s.page("SPRING15", "/codes"), 200
	case "/c/{id}/codes/add":
		return s.page("SPRING15", "/codes/add?code=ANN-10"), 303
	case "/c/{id}/batches":
		return s.page("SPRING15", "/batches"), 200
	case "/c/{id}/widget/summary", "/c/{id}/widget/chart", "/c/{id}/widget/status":
		return s.page("SPRING15", strings.TrimPrefix(rt.Pattern, "/c/{id}")), 200
	case "/c/{id}/deactivate":
		return s.page("SPRING15", "/deactivate"), 303
	case "/c/{id}/activate":
		return s.page("SPRING15", "/activate"), 303
	case "/c/{id}/notes":
		return s.page("SPRING15", "/notes"), 422
	case "/c/{id}/notes/edit":
		return s.page("SPRING15", "/notes/edit"), 422
	case "/c/{id}/notes/remove":
		return s.page("SPRING15", "/notes/remove"), 400 // of which note?
	case "/c/{id}/history":
		return s.page("SPRING15", "/history"), 200
	case "/c/{id}/archive":
		return s.page("SPRING15", "/archive"), 303
	case "/static/{file}":
		return base + "/static/" + h.AssetName("ui.css"), 200
	}
	t.Fatalf("a new route %s %s: say here what it answers", rt.Method, rt.Pattern)
	return "", 0
}

func checkHeaders(t *testing.T, res *http.Response, static bool) {
	t.Helper()
	csp := res.Header.Get("Content-Security-Policy")
	for _, rule := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"} {
		if !strings.Contains(csp+";", rule+";") {
			t.Errorf("the policy lacks %s: %s", rule, csp)
		}
	}
	if strings.Contains(csp, "unsafe") {
		t.Errorf("the policy is weakened: %s", csp)
	}
	want := map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "X-Coupon-UI": "1", "Cache-Control": "no-store"}
	if static {
		want["Cache-Control"] = "public, max-age=31536000, immutable"
	}
	for k, v := range want {
		if got := res.Header.Get(k); got != v {
			t.Errorf("%s: %q, want %q", k, got, v)
		}
	}
	vary := res.Header.Get("Vary")
	for _, k := range []string{"HX-Request", "HX-History-Restore-Request"} {
		if !static && !strings.Contains(vary, k) {
			t.Errorf("Vary lacks %s: %q", k, vary)
		}
	}
}

func TestEveryRouteAnswersWithTheHeaders(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t)
	for _, rt := range httpui.Routes() {
		target, status := targetOf(t, h, s, rt)
		for _, headers := range [][]string{nil, {"HX-Request", "true"}} {
			res := ask(t, h, rt.Method, target, headers...)
			// A redirect, and what is wrong with a form, come to htmx as a part.
			if want := status; res.StatusCode != want && !((want == 303 || want == 409 || want == 422) && headers != nil && res.StatusCode == 200) {
				t.Errorf("%s %s: %s, want %d", rt.Method, target, res.Status, want)
			}
			checkHeaders(t, res, strings.HasPrefix(rt.Pattern, "/static/"))
		}
	}
	for _, tt := range []struct {
		method, target string
		status         int
		allow          string
	}{
		{"GET", base + "/c/unknown", 404, ""},
		{"GET", base + "/c/unknown/bookings", 404, ""},
		{"POST", base + "/c/unknown/deactivate", 404, ""},
		{"POST", base + "/c/unknown/activate", 404, ""},
		{"GET", base + "/c/" + strings.Repeat("x", 5000), 404, ""},
		{"GET", base + "/static/ui.css", 404, ""}, // only the name with its hash
		{"GET", base + "/nothing", 404, ""},
		{"GET", base + "/c/a%2Fb", 404, ""},
		{"POST", base + "/", 405, "GET, HEAD"},
		{"OPTIONS", base + "/", 405, "GET, HEAD"},
		{"DELETE", s.page("SPRING15", ""), 405, "GET, HEAD"},
		{"GET", s.page("SPRING15", "/deactivate"), 405, "POST"},
	} {
		res := ask(t, h, tt.method, tt.target)
		if res.StatusCode != tt.status || res.Header.Get("Allow") != tt.allow {
			t.Errorf("%s %.60s: %d, Allow %q; want %d, %q", tt.method, tt.target, res.StatusCode, res.Header.Get("Allow"), tt.status, tt.allow)
		}
		checkHeaders(t, res, false)
	}
	if res := ask(t, h, "HEAD", base+"/"); res.StatusCode != 200 {
		t.Errorf("HEAD: %s", res.Status)
	}
}

// untouchable is a store that must not be asked anything: every method of the
// nil interface panics.
type untouchable struct{ coupon.Store }

func TestNobodyGetsInWithoutAuthorize(t *testing.T) {
	t.Parallel()
	svc, err := coupon.New(coupon.Config{Store: untouchable{}})
	if err != nil {
		t.Fatal(err)
	}
	denied := func(*http.Request) (string, error) { return "", errors.New("secret reason") }
	for name, authorize := range map[string]func(*http.Request) (string, error){"none": nil, "denied": denied} {
		h, err := httpui.New(httpui.Config{Service: svc, Authorize: authorize, BasePath: base})
		if err != nil {
			t.Fatal(err)
		}
		s := &shop{ids: map[string]coupon.ID{"SPRING15": "0abc"}}
		for _, rt := range httpui.Routes() {
			target, _ := targetOf(t, h, s, rt)
			for _, headers := range [][]string{nil, {"HX-Request", "true"}} {
				res := ask(t, h, rt.Method, target, headers...)
				if res.StatusCode != http.StatusForbidden {
					t.Errorf("%s: %s %s: %s, want 403", name, rt.Method, target, res.Status)
				}
				checkHeaders(t, res, false)
				if strings.Contains(body(t, res), "secret") {
					t.Errorf("%s: the page tells the reason", name)
				}
			}
		}
		if res := ask(t, h, "GET", base); res.StatusCode != http.StatusForbidden {
			t.Errorf("%s: GET %s: %s, want 403", name, base, res.Status)
		}
	}
}

func TestConfigNeedsAService(t *testing.T) {
	t.Parallel()
	if _, err := httpui.New(httpui.Config{Authorize: everybody}); err == nil {
		t.Error("no error")
	}
	s := newShop(t)
	if _, err := httpui.New(httpui.Config{Service: s.svc, TrustedOrigins: []string{"not an origin"}}); err == nil {
		t.Error("no error for a bad origin")
	}
}

func TestFormsOfOtherSitesChangeNothing(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		site, origin string
		ok           bool
	}{
		{"same-origin", "", true},
		{"none", "", true},
		{"", "", true}, // not a browser; the host has let it in
		{"", "http://example.com", true},
		{"same-site", "", false},
		{"cross-site", "", false},
		{"cross-site", "https://admin.example.org", true}, // trusted
		{"", "http://evil.example", false},
		{"", "null", false},
	} {
		s := newShop(t)
		s.create(t, coupon.Coupon{Code: "SPRING15", Discount: pct(15), Start: day("2026-03-01")})
		s.book(t, "SPRING15", "B-1001", "50.00", day("2026-03-02"))
		h := s.handler(t, func(c *httpui.Config) { c.TrustedOrigins = []string{"https://admin.example.org"} })
		for _, rt := range httpui.Routes() {
			if rt.Method == "GET" {
				continue
			}
			var headers []string
			if tt.site != "" {
				headers = append(headers, "Sec-Fetch-Site", tt.site)
			}
			if tt.origin != "" {
				headers = append(headers, "Origin", tt.origin)
			}
			target, status := targetOf(t, h, s, rt)
			before := s.contents(t)
			res := ask(t, h, rt.Method, target, headers...)
			after := s.contents(t)
			if ok := res.StatusCode == status; ok != tt.ok || (!tt.ok && res.StatusCode != http.StatusForbidden) {
				t.Errorf("site %q, origin %q: %s %s: %s", tt.site, tt.origin, rt.Method, target, res.Status)
			}
			if changed := before != after; changed != (tt.ok && status == http.StatusSeeOther) {
				t.Errorf("site %q, origin %q: %s: changed is %v", tt.site, tt.origin, target, changed)
			}
		}
	}
}

func TestTooLargeAFormIsNotRead(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	before := s.contents(t)
	h := s.handler(t)
	for _, rt := range formRoutes() {
		target, _ := targetOf(t, h, s, rt)
		r := httptest.NewRequest(rt.Method, target, strings.NewReader("a="+strings.Repeat("x", 1<<20)))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusRequestEntityTooLarge {
			t.Errorf("%s %s: %d, want 413", rt.Method, target, w.Code)
		}
	}
	if s.contents(t) != before {
		t.Error("something was changed")
	}
}

// broken is a store whose every read fails with text for nobody's eyes.
type broken struct {
	*memory.Store
	err error
}

func (b broken) Coupons(context.Context, coupon.CouponQuery) ([]coupon.Coupon, error) {
	return nil, b.err
}

func (b broken) Coupon(context.Context, coupon.ID) (coupon.Coupon, error) {
	return coupon.Coupon{}, b.err
}

func TestErrorsAreForTheLog(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		err    error
		status int
	}{
		{errors.New("pq: password for postgres://secret@db failed"), 500},
		{coupon.ErrContention, 503},
		{coupon.ErrOutcomeUnknown, 503},
	} {
		svc, err := coupon.New(coupon.Config{Store: broken{memory.New(), tt.err}})
		if err != nil {
			t.Fatal(err)
		}
		var log strings.Builder
		h, err := httpui.New(httpui.Config{Service: svc, Authorize: everybody, BasePath: base, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		if err != nil {
			t.Fatal(err)
		}
		s := &shop{ids: map[string]coupon.ID{"SPRING15": "0abc"}}
		for _, rt := range httpui.Routes() {
			target, _ := targetOf(t, h, s, rt)
			if strings.HasPrefix(rt.Pattern, "/static/") || rt.Pattern == "/preview" {
				continue // they ask the store nothing
			}
			want := tt.status
			for _, headers := range [][]string{nil, {"HX-Request", "true"}} {
				log.Reset()
				res := ask(t, h, rt.Method, target, headers...)
				text := body(t, res)
				if res.StatusCode != want || strings.Contains(text, "secret") || strings.Contains(text, tt.err.Error()) {
					t.Errorf("%s %s: %s %s", rt.Method, target, res.Status, text)
				}
				checkHeaders(t, res, false)
				if !strings.Contains(log.String(), strings.Fields(tt.err.Error())[0]) {
					t.Errorf("the log has nothing of it: %q", log.String())
				}
				widget := strings.Contains(rt.Pattern, "/widget/") // it says so in its own place
				if headers != nil && !widget && (res.Header.Get("HX-Retarget") != "#cp-toast" || strings.Contains(text, "<html")) {
					t.Errorf("%s: htmx would lose what is on the page", target)
				}
			}
		}
	}
}

func TestReadOnlyShowsAndTakesNoForms(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t, func(c *httpui.Config) { c.ReadOnly = true })
	for _, rt := range httpui.Routes() {
		target, want := targetOf(t, h, s, rt)
		if rt.Method != "GET" || (rt.Action != "" && rt.Action != httpui.View && rt.Action != httpui.Export) {
			want = 403
		}
		res := ask(t, h, rt.Method, target)
		if res.StatusCode != want {
			t.Errorf("%s %s: %s, want %d", rt.Method, target, res.Status, want)
		}
		if strings.Contains(body(t, res), `method="post"`) {
			t.Errorf("%s has a form that changes something", target)
		}
	}
	if c, _ := s.svc.Coupon(t.Context(), s.ids["SPRING15"]); c.Inactive {
		t.Error("the coupon was changed")
	}
}

func TestOnlyHtmxAsksForParts(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t)
	for _, target := range []string{base + "/", s.page("SPRING15", ""), s.page("SPRING15", "/bookings")} {
		for _, tt := range []struct {
			name    string
			headers []string
			part    bool
		}{
			{"plain", nil, false},
			{"htmx", []string{"HX-Request", "true"}, true},
			{"Back in htmx 2", []string{"HX-Request", "true", "HX-History-Restore-Request", "true"}, false},
			{"Back in htmx 4", []string{"HX-History-Restore-Request", "true"}, false},
			{"a boosted link of the host's", []string{"HX-Request", "true", "HX-Boosted", "true"}, false},
		} {
			text := get(t, h, target, tt.headers...)
			if part := !strings.Contains(text, "<html"); part != tt.part {
				t.Errorf("%s, %s: part is %v", target, tt.name, part)
			}
			parse(t, text)
		}
	}
}
