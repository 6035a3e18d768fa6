package httpui_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/httpui"
)

// contents is everything that a shop holds, as text: what is the same before and
// after was not changed.
func (s *shop) contents(t testing.TB) string {
	t.Helper()
	var b bytes.Buffer
	out := json.NewEncoder(&b)
	write := func(v any, err error) {
		if err == nil {
			err = out.Encode(v)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, statuses := range [][]coupon.Status{nil, {coupon.Archived}} {
		for c, err := range s.svc.Coupons(t.Context(), coupon.CouponFilter{Statuses: statuses}) {
			write(c, err)
			for v, err := range s.svc.Versions(t.Context(), c.ID) {
				write(v, err)
			}
			for k, err := range s.svc.Codes(t.Context(), c.ID, coupon.CodeFilter{}) {
				write(k, err)
			}
			notes, err := s.svc.Notes(t.Context(), c.ID)
			write(notes, err)
			for r, err := range s.svc.Redemptions(t.Context(), coupon.RedemptionFilter{Coupon: c.ID}) {
				write(r, err)
				events, err := s.svc.Events(t.Context(), c.ID, r.Booking)
				write(events, err)
			}
		}
	}
	return b.String()
}

// A form with more fields than any of ours is refused before it is looked at.
func TestTooManyFieldsAreNotTaken(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	before := s.contents(t)
	for name, form := range map[string]string{"of many names": fields("f%d=&"), "of one name": fields("days=%d&")[:60<<10]} {
		for _, rt := range formRoutes() {
			h := s.handler(t)
			target, _ := targetOf(t, h, s, rt)
			r := httptest.NewRequest(rt.Method, target, strings.NewReader(form))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			w := newRecorder()
			h.ServeHTTP(w, r)
			if w.Code != http.StatusBadRequest {
				t.Errorf("%s, %s %s: %d, want 400", name, rt.Method, target, w.Code)
			}
		}
	}
	if s.contents(t) != before {
		t.Error("something was changed")
	}
}

func fields(format string) string {
	var b strings.Builder
	for i := range 9000 {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()[:min(b.Len(), 63<<10)]
}

// A form sent again, by a second click or by Reload, does nothing more than the
// first; nor do several at once.
func TestAFormSentTwiceDoesNothingMore(t *testing.T) {
	t.Parallel()
	for _, rt := range formRoutes() {
		s := fullShop(t)
		h := s.handler(t)
		target, status := targetOf(t, h, s, rt)
		var at sync.WaitGroup
		codes := make([]int, 4)
		for i := range codes {
			at.Go(func() {
				w := newRecorder()
				h.ServeHTTP(w, httptest.NewRequest(rt.Method, target, nil))
				codes[i] = w.Code
			})
		}
		at.Wait()
		after := s.contents(t)
		if !slices.Contains(codes, status) || slices.ContainsFunc(codes, func(c int) bool { return c >= 500 }) {
			t.Errorf("%s %s at once: %d, want %d", rt.Method, target, codes, status)
		}
		if res := ask(t, h, rt.Method, target); res.StatusCode >= 500 {
			t.Errorf("%s %s again: %s", rt.Method, target, res.Status)
		}
		if s.contents(t) != after {
			t.Errorf("%s %s again changes something", rt.Method, target)
		}
		once := fullShop(t)
		h = once.handler(t)
		target, _ = targetOf(t, h, once, rt)
		ask(t, h, rt.Method, target)
		if got, want := strings.Count(after, "\n"), strings.Count(once.contents(t), "\n"); got != want {
			t.Errorf("%s %s several times leaves %d things, once %d", rt.Method, target, got, want)
		}
	}
}

// Codes are money to who reads them: they stay out of the log, also when all goes
// wrong.
func TestLogsHaveNoCodes(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	const secret = "SECRET-CODE-77"
	svc, err := coupon.New(coupon.Config{Store: broken{s.store, errors.New("disk is full")}, Now: s.svc.Now})
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, nil))
	failing := (&shop{svc: svc, ids: s.ids}).handler(t, func(c *httpui.Config) { c.Logger = logger })
	working := s.handler(t, func(c *httpui.Config) { c.Logger = logger })
	query := "?" + url.Values{"q": {secret}, "code": {secret}, "after": {secret}, "customer": {secret}}.Encode()
	for _, rt := range httpui.Routes() {
		target, _ := targetOf(t, working, s, rt)
		form := url.Values{"code": {secret}, "name": {secret}, "text": {secret}, "customer": {secret}}.Encode()
		for _, h := range []http.Handler{failing, working} {
			for _, body := range []*strings.Reader{strings.NewReader(form), strings.NewReader(form + "&a=%zz")} {
				r := httptest.NewRequest(rt.Method, withQuery(target, query), body)
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				h.ServeHTTP(newRecorder(), r)
			}
		}
	}
	if !strings.Contains(log.String(), "disk is full") {
		t.Error("nothing was logged")
	}
	if strings.Contains(log.String(), secret) {
		t.Errorf("the log has the code:\n%s", log.String())
	}
}

// What was changed by a page is recorded with the name that Authorize gave, and
// nothing of the versions before is lost.
func TestEveryChangeSaysWhoMadeIt(t *testing.T) {
	t.Parallel()
	changes := 0
	for _, rt := range formRoutes() {
		s := fullShop(t)
		h := s.handler(t, func(c *httpui.Config) {
			c.Authorize = func(*http.Request) (string, error) { return "mallory@example.com", nil }
		})
		target, _ := targetOf(t, h, s, rt)
		versions := func() (out []coupon.Coupon) {
			for v, err := range s.svc.Versions(t.Context(), s.ids["SPRING15"]) {
				if err != nil {
					t.Fatal(err)
				}
				out = append(out, v)
			}
			return out
		}
		before, all := versions(), s.contents(t)
		ask(t, h, rt.Method, target)
		after := versions()
		if s.contents(t) != all {
			changes++
			if !strings.Contains(s.contents(t), "mallory@example.com") {
				t.Errorf("%s %s changes something and does not say who did", rt.Method, target)
			}
		}
		if n := len(after) - len(before); n > 0 && (n != 1 || after[0].UpdatedBy != "mallory@example.com" || !reflect.DeepEqual(after[1:], before)) {
			t.Errorf("%s %s: %d more versions, the last by %q", rt.Method, target, n, after[0].UpdatedBy)
		}
	}
	if changes == 0 {
		t.Error("nothing was changed")
	}
}

// takesAway are the actions after which something is no longer as it was for
// customers or in the books. Their forms ask first: by a dialog of the browser's, by
// a question that is opened before the button is there, or on a page of its own.
var takesAway = []httpui.Action{httpui.Archive, httpui.Cancel, httpui.Switch}

func TestWhatTakesSomethingAwayAsksFirst(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t)
	takers := map[string]bool{}
	for _, rt := range httpui.Routes() {
		if !slices.Contains(takesAway, rt.Action) {
			continue
		}
		target, _ := targetOf(t, h, s, rt)
		if rt.Method == "POST" {
			takers[target] = true
		}
	}
	asked := 0
	for _, rt := range pageRoutes() {
		target, status := targetOf(t, h, s, rt)
		if status != http.StatusOK {
			continue
		}
		res := ask(t, h, "GET", target)
		if !strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") {
			continue
		}
		page := parse(t, body(t, res))
		for _, n := range page.all(func(n *node) bool { return n.attr["href"] != "" }) {
			if path, _, _ := strings.Cut(n.attr["href"], "?"); takers[path] {
				t.Errorf("%s: a link does what only a form may: %s", target, path)
			}
		}
		var opened []*node
		for _, d := range page.all(class("cp-ask")) {
			opened = append(opened, d.all(named("form"))...)
		}
		for _, f := range page.all(named("form")) {
			path, _, _ := strings.Cut(f.attr["action"], "?")
			if !takers[path] {
				continue
			}
			asks := f.attr["hx-confirm"] != "" || slices.Contains(opened, f) || rt.Action != httpui.View
			if asked++; f.attr["method"] != "post" || !asks {
				t.Errorf("%s: the form to %s is sent without a question", target, path)
			}
		}
	}
	if asked == 0 {
		t.Error("no form was looked at")
	}
}
