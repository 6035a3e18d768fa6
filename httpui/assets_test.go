package httpui_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"strings"
	"testing"
)

func TestAssetsAreCachedForEverUnderTheirHash(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	h := s.handler(t)
	for name, kind := range map[string]string{"ui.css": "text/css; charset=utf-8", "ui.js": "text/javascript; charset=utf-8", "htmx-2.0.11.min.js": "text/javascript; charset=utf-8"} {
		target := base + "/static/" + h.AssetName(name)
		for _, accept := range []string{"", "gzip", "br, gzip;q=0.5", "GZIP", "gzip;q=0", "gzip;q=0.000", "identity"} {
			res := ask(t, h, "GET", target, "Accept-Encoding", accept)
			if res.StatusCode != 200 || res.Header.Get("Content-Type") != kind || res.Header.Get("Vary") != "Accept-Encoding" {
				t.Errorf("%s, %q: %s, %s, Vary %q", name, accept, res.Status, res.Header.Get("Content-Type"), res.Header.Get("Vary"))
			}
			checkHeaders(t, res, true)
			got := body(t, res)
			want := ""
			if strings.Contains(strings.ToLower(accept), "gzip") && !strings.Contains(accept, "q=0") || accept == "br, gzip;q=0.5" {
				want = "gzip"
			}
			if c := res.Header.Get("Content-Encoding"); c != want {
				t.Errorf("%s, %q: encoding %q, want %q", name, accept, c, want)
			} else if c == "gzip" {
				got = gunzip(t, got)
			}
			if plain := body(t, ask(t, h, "GET", target)); got != plain || len(got) < 100 {
				t.Errorf("%s, %q: another content", name, accept)
			}
		}
	}
}

func gunzip(t *testing.T, s string) string {
	t.Helper()
	r, err := gzip.NewReader(strings.NewReader(s))
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// What browsers get is the published file, which TestHtmxIsTheOnePublished knows,
// and around it only the question whether there is one already.
func TestHtmxIsServedAsPublishedInItsGuard(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	h := s.handler(t)
	published, err := os.ReadFile("static/htmx-2.0.11.min.js")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := get(t, h, base+"/static/"+h.AssetName("htmx-2.0.11.min.js")), "if(!window.htmx){\n"+string(published)+"\n}"; got != want {
		t.Error("the file is another one, or stands in another guard")
	}
}

// The first look at a coupon's page costs a browser no more than 60 kB, with all
// that the page loads.
func TestTheFirstViewIsLight(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t)
	size := func(text string) int {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		if _, err := io.WriteString(w, text); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Len()
	}
	text := get(t, h, s.page("SPRING15", ""))
	total := size(text)
	t.Logf("page: %d bytes", total)
	for _, n := range parse(t, text).all(func(n *node) bool { return n.attr["src"] != "" || n.name == "link" }) {
		target := n.attr["src"] + n.attr["href"]
		res := ask(t, h, "GET", target, "Accept-Encoding", "gzip")
		if res.StatusCode != 200 || res.Header.Get("Content-Encoding") != "gzip" {
			t.Fatalf("%s: %s, not compressed", target, res.Status)
		}
		n := len(body(t, res))
		t.Logf("%s: %d bytes", target, n)
		total += n
	}
	t.Logf("in all %d bytes", total)
	if total > 60_000 {
		t.Errorf("%d bytes, want at most 60,000", total)
	}
}
