package httpui

import (
	"encoding/csv"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tabling is a request that is answered with a table.
func tabling() (*request, *httptest.ResponseRecorder) {
	w := httptest.NewRecorder()
	h := &Handler{log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	return &request{h: h, w: w, r: httptest.NewRequest("GET", "/", nil)}, w
}

func TestATableIsReadBackAsItWas(t *testing.T) {
	t.Parallel()
	q, w := tabling()
	want := [][]string{{"id", "note"}, {"a,b", "line one\nline “two”"}, {`say "no"`, ""}}
	err := q.csv("coupon-bookings.csv", want[0], func(yield func([]string, error) bool) {
		for _, row := range want[1:] {
			if !yield(row, nil) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := w.Header().Get("Content-Disposition"); got != `attachment; filename="coupon-bookings.csv"` {
		t.Errorf("disposition %s", got)
	}
	if got := w.Header().Get("Content-Type"); got != "text/csv; charset=utf-8; header=present" {
		t.Errorf("type %s", got)
	}
	text := w.Body.String()
	if !strings.HasPrefix(text, "id,note\r\n") || !strings.HasSuffix(text, "\r\n") {
		t.Errorf("lines do not end as RFC 4180 has it: %q", text)
	}
	got, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestATableWithoutRowsHasItsHeader(t *testing.T) {
	t.Parallel()
	q, w := tabling()
	if err := q.csv("x.csv", []string{"id"}, func(func([]string, error) bool) {}); err != nil || w.Body.String() != "id\r\n" {
		t.Errorf("%q, %v", w.Body.String(), err)
	}
}

// What fails before anything is sent is answered like every error; later nothing
// can be said any more, and the browser must not think that this was all.
func TestHalfATableIsCutOff(t *testing.T) {
	t.Parallel()
	broken := errors.New("the database is gone")
	q, w := tabling()
	err := q.csv("x.csv", []string{"id"}, func(yield func([]string, error) bool) { yield(nil, broken) })
	if !errors.Is(err, broken) || w.Body.Len() > 0 || w.Header().Get("Content-Disposition") != "" {
		t.Errorf("%v after %q", err, w.Body)
	}
	defer func() {
		if got := recover(); got != http.ErrAbortHandler {
			t.Errorf("ended with %v, want the connection cut", got)
		}
	}()
	_ = q.csv("x.csv", []string{"id"}, func(yield func([]string, error) bool) {
		if yield([]string{"1"}, nil) {
			yield(nil, broken)
		}
	})
	t.Error("went on")
}

func TestNoTextOfATableIsAFormula(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "", "flyer": "flyer", "=1+1": "'=1+1", "+49": "'+49", "-5": "'-5", "@x": "'@x", "\tx": "'\tx", "\r": "'\r", "\n=1": "'\n=1", "\x00=": "'\x00=",
		"＝1": "'＝1", "＋1": "'＋1", "－1": "'－1", "＠x": "'＠x", "a=1": "a=1", "'=1": "'=1",
	} {
		if got := csvText(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}
