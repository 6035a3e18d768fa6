package httpui_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// submit sends a form of pairs of names and values; a last one without a value is
// a header that is true.
func submit(t testing.TB, h http.Handler, target string, values ...string) *http.Response {
	t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(values); i += 2 {
		form.Add(values[i], values[i+1])
	}
	r := httptest.NewRequest("POST", target, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if len(values)%2 == 1 {
		r.Header.Set(values[len(values)-1], "true")
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}
