package httpui_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/httpui"
)

// pageRoutes are the routes that show something: all of GET but static files.
func pageRoutes() []httpui.Route {
	return slices.DeleteFunc(httpui.Routes(), func(rt httpui.Route) bool { return rt.Method != "GET" || rt.Action == "" })
}

// formRoutes are those that take a form.
func formRoutes() []httpui.Route {
	return slices.DeleteFunc(httpui.Routes(), func(rt httpui.Route) bool { return rt.Method == "GET" })
}

// The store that notices writes (see TestReadingWritesNothing) must know them all.
func TestEveryStoreMethodReadsOrWrites(t *testing.T) {
	t.Parallel()
	reads := strings.Fields("Batches Coupon CouponByCode Coupons Versions Codes Notes Redemptions Series Events Counters Sum Refusals Verify")
	writes := strings.Fields("InsertCoupon UpdateCoupon InsertNote UpdateNote DeleteNote InsertCodes RecordRefusals Write Rebuild")
	store := reflect.TypeFor[coupon.Store]()
	for i := range store.NumMethod() {
		if name := store.Method(i).Name; slices.Contains(reads, name) == slices.Contains(writes, name) {
			t.Errorf("say here whether Store.%s reads or writes, and let readOnly fail for one that writes", name)
		}
	}
}

// Other methods than its own are answered with 405 and those that there are.
func TestARouteAnswersItsMethodAlone(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t)
	methods := map[string][]string{}
	for _, rt := range httpui.Routes() {
		methods[rt.Pattern] = append(methods[rt.Pattern], rt.Method)
		if rt.Method == "GET" {
			methods[rt.Pattern] = append(methods[rt.Pattern], "HEAD")
		}
	}
	before := s.contents(t)
	for _, rt := range httpui.Routes() {
		target, _ := targetOf(t, h, s, rt)
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"} {
			if slices.Contains(methods[rt.Pattern], method) {
				continue
			}
			res := ask(t, h, method, target)
			if got := res.Header.Get("Allow"); res.StatusCode != http.StatusMethodNotAllowed || got != strings.Join(methods[rt.Pattern], ", ") {
				t.Errorf("%s %s: %s, Allow %q, want %q", method, target, res.Status, got, methods[rt.Pattern])
			}
		}
		if rt.Method == "GET" {
			if a, b := ask(t, h, "GET", target), ask(t, h, "HEAD", target); a.StatusCode != b.StatusCode || a.Header.Get("Content-Type") != b.Header.Get("Content-Type") {
				t.Errorf("HEAD %s: %s, and GET %s", target, b.Status, a.Status)
			}
		}
	}
	if s.contents(t) != before {
		t.Error("something was changed")
	}
}

// Whoever is not let in, or comes from elsewhere, has his form not even read.
func TestNothingIsReadOfWhoIsNotLetIn(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	quiet := func(c *httpui.Config) { c.Logger = slog.New(slog.DiscardHandler) }
	closed := s.handler(t, quiet, func(c *httpui.Config) {
		c.Authorize = func(*http.Request) (string, error) { return "", errors.New("who?") }
	})
	for name, h := range map[string]http.Handler{"not let in": closed, "another origin": s.handler(t, quiet)} {
		for _, rt := range formRoutes() {
			target, _ := targetOf(t, closed, s, rt)
			read := false
			r := httptest.NewRequest(rt.Method, target, readerFunc(func([]byte) (int, error) {
				read = true
				return 0, errors.New("read")
			}))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Sec-Fetch-Site", "cross-site")
			w := newRecorder()
			h.ServeHTTP(w, r)
			if w.Code != http.StatusForbidden || read {
				t.Errorf("%s: %s %s: %d, the form was read: %v", name, rt.Method, target, w.Code, read)
			}
		}
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// What stands for an id in an address is one segment of it, and comes back as one
// or not at all.
func TestIDsAreOneSegmentOfAPath(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	h := s.handler(t)
	for _, id := range []string{"../..", "a/b", `");alert(1)//`, "?x=1", "#x", "%2F", "javascript:alert(1)", "<svg onload=alert(1)>", "a b", "ä"} {
		for name, link := range map[string]string{"coupon": h.CouponURL(coupon.ID(id)), "widget": h.WidgetURL(httpui.StatusWidget, coupon.ID(id))} {
			u, err := url.Parse(link)
			if err != nil || u.RawQuery != "" || u.Fragment != "" || u.Host != "" {
				t.Errorf("%s %q: %s, %v", name, id, link, err)
				continue
			}
			rest := strings.TrimPrefix(u.EscapedPath(), base+"/c/")
			segment, _, _ := strings.Cut(rest, "/")
			if got, err := url.PathUnescape(segment); err != nil || got != id {
				t.Errorf("%s %q: %s has %q for it, %v", name, id, link, got, err)
			}
			if text := body(t, ask(t, h, "GET", link)); strings.Contains(text, id) {
				t.Errorf("the page that is not there names %q", id)
			}
		}
	}
}

// Every page loads from here alone: all that it fetches is below the base path.
func TestNothingIsLoadedFromElsewhere(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t)
	for _, rt := range pageRoutes() {
		target, status := targetOf(t, h, s, rt)
		res := ask(t, h, "GET", target)
		if status != http.StatusOK || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") {
			continue
		}
		for _, n := range parse(t, body(t, res)).all(func(n *node) bool { return n.name == "link" || n.attr["src"]+n.attr["srcset"] != "" }) {
			if link := n.attr["src"] + n.attr["srcset"] + n.attr["href"]; n.name != "a" && !strings.HasPrefix(link, base+"/") {
				t.Errorf("%s loads %s", target, link)
			}
		}
	}
	css := body(t, ask(t, h, "GET", h.StylesheetURL()))
	if strings.Contains(css, "@import") || strings.Contains(css, "//") {
		t.Error("the stylesheet loads from elsewhere")
	}
}

// withQuery adds a query to an address that may have one.
func withQuery(target, query string) string {
	if strings.Contains(target, "?") {
		query = "&" + strings.TrimPrefix(query, "?")
	}
	return target + query
}

// No form leads where a request says: not by a header, not by a parameter.
func TestNobodyIsSentWhereARequestSays(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t)
	const evil = "https://evil.example/x"
	query := "?" + url.Values{"next": {evil}, "return": {"//evil.example"}, "url": {evil}, "redirect": {`/\evil.example`}, "period": {evil}, "from": {"//evil.example"}}.Encode()
	redirects := 0
	for _, rt := range httpui.Routes() {
		target, _ := targetOf(t, h, s, rt)
		for _, headers := range [][]string{{}, {"HX-Request", "true"}, {"HX-History-Restore-Request", "true"}} {
			res := ask(t, h, rt.Method, withQuery(target, query), append(headers, "Referer", evil, "HX-Current-URL", evil, "X-Forwarded-Host", "evil.example", "X-Forwarded-Prefix", "//evil.example")...)
			for _, key := range []string{"Location", "HX-Location", "HX-Redirect", "HX-Push-Url", "HX-Replace-Url", "Refresh"} {
				loc := res.Header.Get(key)
				if loc == "" {
					continue
				}
				redirects++
				if !strings.HasPrefix(loc, base+"/") || strings.Contains(loc, "evil") {
					t.Errorf("%s %s: %s %s", rt.Method, target, key, loc)
				}
			}
		}
	}
	if redirects == 0 {
		t.Error("nothing leads anywhere")
	}
}

// Whatever htmx can get a part of a browser can get whole: a reload, a bookmark,
// Back.
func TestEveryPageCanBeAskedForWhole(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t)
	for _, rt := range pageRoutes() {
		target, status := targetOf(t, h, s, rt)
		if status != http.StatusOK {
			continue
		}
		for _, headers := range [][]string{nil, {"HX-Request", "true", "HX-History-Restore-Request", "true"}, {"HX-History-Restore-Request", "true"}, {"HX-Request", "true", "HX-Boosted", "true"}} {
			res := ask(t, h, "GET", target, headers...)
			if !strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") {
				continue
			}
			if page := parse(t, body(t, res)); len(page.all(named("html"))) != 1 || len(page.all(class("cp"))) != 1 {
				t.Errorf("GET %s %q is no page", target, headers)
			}
		}
		if text := get(t, h, target, "HX-Request", "true"); strings.Contains(text, "<html") {
			t.Errorf("GET %s: htmx is sent a page to put into a page", target)
		}
	}
}

// hanging is a store whose reads of coupons last until they are given up.
type hanging struct {
	coupon.Store
	begun, stopped chan struct{}
}

func (s hanging) wait(ctx context.Context) error {
	s.begun <- struct{}{}
	<-ctx.Done()
	s.stopped <- struct{}{}
	return ctx.Err()
}

func (s hanging) Coupon(ctx context.Context, _ coupon.ID) (coupon.Coupon, error) {
	return coupon.Coupon{}, s.wait(ctx)
}

func (s hanging) Coupons(ctx context.Context, _ coupon.CouponQuery) ([]coupon.Coupon, error) {
	return nil, s.wait(ctx)
}

// When the browser is gone its query ends, and nobody is told that something
// failed.
func TestARequestThatIsGivenUpStopsItsQuery(t *testing.T) {
	t.Parallel()
	store := hanging{begun: make(chan struct{}), stopped: make(chan struct{}, 1)}
	svc, err := coupon.New(coupon.Config{Store: store})
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	s := &shop{svc: svc, ids: map[string]coupon.ID{"SPRING15": "0abc"}}
	h := s.handler(t, func(c *httpui.Config) { c.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	for _, rt := range httpui.Routes() {
		if !strings.Contains(rt.Pattern, "{id}") && rt.Pattern != "/{$}" {
			continue // it asks for no coupon
		}
		target, _ := targetOf(t, h, s, rt)
		ctx, cancel := context.WithCancel(t.Context())
		w := newRecorder()
		done := make(chan struct{})
		go func() {
			defer close(done)
			h.ServeHTTP(w, httptest.NewRequest(rt.Method, target, nil).WithContext(ctx))
		}()
		<-store.begun
		cancel()
		<-store.stopped
		<-done
		if w.Code != http.StatusServiceUnavailable || log.Len() > 0 {
			t.Errorf("%s %s: %d, logged %q", rt.Method, target, w.Code, log.String())
		}
	}
}
