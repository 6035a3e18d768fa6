package httpui_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/couponkit/coupon"
)

// submitted is what a browser would send of a form.
func submitted(t testing.TB, form *node) url.Values {
	t.Helper()
	v := url.Values{}
	for _, n := range form.all(func(n *node) bool { return n.attr["name"] != "" }) {
		name := n.attr["name"]
		switch n.name {
		case "input":
			if kind := n.attr["type"]; kind != "radio" && kind != "checkbox" || n.attr["checked"] != "" {
				v.Add(name, n.attr["value"])
			}
		case "textarea":
			v.Add(name, strings.ReplaceAll(strings.TrimPrefix(n.text, "\n"), "\n", "\r\n"))
		case "select":
			options := n.all(named("option"))
			chosen := options[0]
			for _, o := range options {
				if o.attr["selected"] != "" {
					chosen = o
				}
			}
			v.Add(name, chosen.attr["value"])
		}
	}
	return v
}

// fill is the form of an address as a browser would send it untouched.
func fill(t testing.TB, h http.Handler, target string) url.Values {
	t.Helper()
	return submitted(t, parse(t, get(t, h, target)).byID(t, "cp-fields"))
}

// with is the form with other values: pairs of a name and a value.
func with(v url.Values, pairs ...string) url.Values {
	out := url.Values{}
	for name, values := range v {
		out[name] = slices.Clone(values)
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		out.Set(pairs[i], pairs[i+1])
	}
	return out
}

// send posts a form.
func send(t testing.TB, h http.Handler, target string, v url.Values, headers ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest("POST", target, strings.NewReader(v.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

// sendOK posts a form that must be taken, and gives the coupon.
func (s *shop) sendOK(t testing.TB, h http.Handler, target string, v url.Values) coupon.Coupon {
	t.Helper()
	res := send(t, h, target, v)
	if res.StatusCode != http.StatusSeeOther {
		t.Fatalf("POST %s: %s %s", target, res.Status, parse(t, body(t, res)).byID(t, "cp-form").words())
	}
	path, _, _ := strings.Cut(res.Header.Get("Location"), "?")
	c, err := s.svc.Coupon(t.Context(), coupon.ID(strings.TrimPrefix(path, base+"/c/")))
	if err != nil {
		t.Fatalf("it leads to %q: %v", res.Header.Get("Location"), err)
	}
	return c
}

// problems are what the summary says of each field, by the id it links to.
func problems(t testing.TB, page *node) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, li := range page.byID(t, "cp-errors").all(named("li")) {
		a := li.all(named("a"))[0]
		id := strings.TrimPrefix(a.attr["href"], "#")
		field := page.byID(t, id)
		if !strings.Contains(field.attr["aria-describedby"], id+"-error") {
			t.Errorf("%s is not described by what is wrong with it", id)
		}
		if field.name != "fieldset" && field.attr["aria-invalid"] != "true" {
			t.Errorf("%s is not said to be invalid", id)
		}
		text := page.byID(t, id+"-error").words()
		if !strings.HasSuffix(li.words(), text) {
			t.Errorf("%s: the summary says %q, the field %q", id, li.words(), text)
		}
		out[strings.TrimPrefix(id, "cp-f-")] = text
	}
	return out
}

// submit sends a form of pairs of names and values; a last one without a value is
// a header that is true.
func submit(t testing.TB, h http.Handler, target string, values ...string) *http.Response {
	t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(values); i += 2 {
		form.Add(values[i], values[i+1])
	}
	var headers []string
	if len(values)%2 == 1 {
		headers = []string{values[len(values)-1], "true"}
	}
	return send(t, h, target, form, headers...)
}
