package httpui_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/gorilla/mux"

	"github.com/couponkit/coupon/httpui"
)

// mounts are ways for a host to mount the handler at /admin/coupons.
func mounts(t testing.TB, s *shop) map[string]http.Handler {
	explicit := s.handler(t)
	derived := s.handler(t, func(c *httpui.Config) { c.BasePath = "" })
	out := map[string]http.Handler{"bare": explicit}

	serve := http.NewServeMux()
	serve.Handle(base+"/", explicit)
	out["ServeMux, whole path"] = serve

	serve = http.NewServeMux()
	serve.Handle(base+"/", http.StripPrefix(base, derived))
	out["ServeMux, stripped, base derived"] = serve

	serve = http.NewServeMux()
	serve.Handle(base+"/", http.StripPrefix(base, explicit))
	out["ServeMux, stripped, base given"] = serve

	nested := http.NewServeMux()
	nested.Handle("/coupons/", http.StripPrefix("/coupons", derived))
	serve = http.NewServeMux()
	serve.Handle("/admin/", http.StripPrefix("/admin", nested))
	out["nested"] = serve

	g := mux.NewRouter()
	g.PathPrefix(base).Handler(explicit)
	out["gorilla/mux, whole path"] = g

	g = mux.NewRouter()
	g.PathPrefix(base).Handler(http.StripPrefix(base, derived))
	out["gorilla/mux, stripped"] = g
	return out
}

func TestEveryLinkLeadsSomewhereUnderEveryMount(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	for name, h := range mounts(t, s) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seen := map[string]bool{}
			for todo := []string{base + "/"}; len(todo) > 0 && len(seen) < 80; {
				target := todo[0]
				todo = todo[1:]
				if seen[target] {
					continue
				}
				seen[target] = true
				res := ask(t, h, "GET", target)
				if res.StatusCode != 200 {
					t.Fatalf("GET %s: %s", target, res.Status)
				}
				if !strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") {
					continue
				}
				for _, n := range parse(t, body(t, res)).all(func(*node) bool { return true }) {
					for _, attr := range []string{"href", "src", "action", "formaction", "hx-get", "hx-post"} {
						link, ok := n.attr[attr]
						if !ok || strings.HasPrefix(link, "#") || strings.HasPrefix(link, "/admin/bookings/") {
							continue
						}
						if !strings.HasPrefix(link, base+"/") {
							t.Fatalf("%s leads out of the base path: %s=%q", target, attr, link)
						}
						if n.attr["method"] != "post" && n.attr["formaction"] == "" {
							link, _, _ = strings.Cut(link, "#")
							todo = append(todo, link)
						}
					}
				}
			}
			if len(seen) < 80 {
				t.Errorf("only %d pages were found", len(seen))
			}
		})
	}
}

// A proxy that keeps people from "/c/…/deactivate" reads paths as they are
// written, so what it lets through must not turn into that here.
func TestAnEncodedSlashDividesNothing(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	id := string(s.ids["SPRING15"])
	for name, h := range mounts(t, s) {
		for _, tt := range []struct {
			method, target string
			status         int
		}{
			{"GET", "/c%2F" + id, 404},
			{"GET", "/c/" + id + "%2Fbookings", 404},
			{"GET", "/c/" + id + "%2fbookings", 404},
			{"POST", "/c/" + id + "%2Fdeactivate", 405},
			{"GET", "/%63/" + id, 200}, // a letter is the same however it is written
		} {
			if res := ask(t, h, tt.method, base+tt.target); res.StatusCode != tt.status {
				t.Errorf("%s: %s %s: %s, want %d", name, tt.method, tt.target, res.Status, tt.status)
			}
		}
	}
	if c, _ := s.svc.Coupon(t.Context(), s.ids["SPRING15"]); c.Inactive {
		t.Error("the coupon was changed")
	}
}

func TestMountedAtTheRoot(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	id := string(s.ids["SPRING15"])
	for name, h := range map[string]http.Handler{
		"given":   s.handler(t, func(c *httpui.Config) { c.BasePath = "/" }),
		"derived": s.handler(t, func(c *httpui.Config) { c.BasePath = "" }),
	} {
		contains(t, get(t, h, "/"), `href="/c/`+id+`"`, `href="/static/`)
		contains(t, get(t, h, "/c/"+id), `action="/c/`+id+`/deactivate"`)
		if t.Failed() {
			t.Fatal(name)
		}
	}
}

func TestABaseThatLooksLikeARouteIsNotCutTwice(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t, func(c *httpui.Config) { c.BasePath = "/c" })
	target := "/c/c/" + string(s.ids["SPRING15"])
	get(t, h, target)
	get(t, http.StripPrefix("/c", h), target)
}

func TestTheBareBaseRedirectsIntoIt(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for name, h := range mounts(t, s) {
		if name == "nested" {
			continue // the inner ServeMux answers it, and knows nothing of the outer one
		}
		res := ask(t, h, "GET", base+"?code=X")
		if loc := res.Header.Get("Location"); res.StatusCode != http.StatusTemporaryRedirect || loc != base+"/?code=X" {
			t.Errorf("%s: %s, %q", name, res.Status, loc)
		}
	}
}

func TestNoRequestIsRedirectedToAnotherHost(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	explicit := s.handler(t)
	derived := s.handler(t, func(c *httpui.Config) { c.BasePath = "" })
	for name, h := range map[string]http.Handler{
		"given": explicit, "derived": derived,
		"given, stripped": http.StripPrefix(base, explicit), "derived, stripped": http.StripPrefix(base, derived),
	} {
		for _, path := range []string{"//evil.example", "//evil.example/", `/\evil.example`, "/%5Cevil.example/", "/%2F/evil.example/", "/..//evil.example", "/c//evil.example", "//evil.example/%2e%2e"} {
			for _, target := range []string{path, base + path} {
				for _, method := range []string{"GET", "POST"} {
					u, err := url.Parse("http://example.com")
					if err != nil {
						t.Fatal(err)
					}
					r, err := http.NewRequest(method, u.String(), nil)
					if err != nil {
						t.Fatal(err)
					}
					if r.URL.Path, err = url.PathUnescape(target); err != nil {
						t.Fatal(err)
					}
					r.URL.RawPath, r.RequestURI = target, target
					w := newRecorder()
					h.ServeHTTP(w, r)
					for _, key := range []string{"Location", "HX-Location", "HX-Redirect", "HX-Push-Url", "HX-Replace-Url"} {
						if loc := w.Header().Get(key); loc != "" && !strings.HasPrefix(loc, base+"/") {
							t.Errorf("%s: %s %s: %s %s", name, method, target, key, loc)
						}
					}
					if strings.Contains(w.Body.String(), "evil") {
						t.Errorf("%s: %s %s: the page names it", name, method, target)
					}
				}
			}
		}
	}
}

func TestBadBasePathsAreRefused(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for _, bad := range []string{"admin", "//admin", "/a//b", `/a\b`, "/a?b", "/a#b", "/a/../b", "/./a", "/a\nb", "https://example.com/a"} {
		if _, err := httpui.New(httpui.Config{Service: s.svc, BasePath: bad}); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	for _, good := range []string{"", "/", "/a", "/a/", "/a b/c", "/läden"} {
		if _, err := httpui.New(httpui.Config{Service: s.svc, BasePath: good}); err != nil {
			t.Error(err)
		}
	}
}
