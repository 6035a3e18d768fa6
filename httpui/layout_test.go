package httpui_test

import (
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/couponkit/coupon/httpui"
)

var hostPage = template.Must(template.New("").Parse(`<!doctype html>
<html lang="en">
<head><title>{{.Title}} – Host</title>
<meta name="htmx-config" content='{"historyCacheSize":3}'>
{{.Head}}</head>
<body><nav><a href="/">Host</a></nav>
<main>{{.Body}}</main>
</body>
</html>
`))

func hostLayout(w http.ResponseWriter, _ *http.Request, p httpui.Page) error {
	return hostPage.Execute(w, p)
}

func inHost(c *httpui.Config) { c.Layout = hostLayout }

// In the host's layout the page is the host's, and ours stands in it once: our
// root with what keeps htmx's inherited attributes out, no second main, no
// configuration of htmx.
func TestAPageStandsInTheHostsLayout(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t, inHost)
	for _, tt := range []struct {
		target string
		status int
		title  string
	}{
		{base + "/", 200, "Coupons"},
		{s.page("SPRING15", ""), 200, "Spring cleaning"},
		{s.page("SPRING15", "/bookings?state=all"), 200, ""},
		{base + "/c/unknown", 404, "Not found"},
	} {
		res := ask(t, h, "GET", tt.target)
		if res.StatusCode != tt.status {
			t.Errorf("%s: %s, want %d", tt.target, res.Status, tt.status)
		}
		page := parse(t, body(t, res))
		count := func(what string, want int, holds func(*node) bool) {
			t.Helper()
			if got := len(page.all(holds)); got != want {
				t.Errorf("%s has %d of %s, want %d", tt.target, got, what, want)
			}
		}
		count("html", 1, named("html"))
		count("main", 1, named("main"))
		count("header", 0, named("header"))
		count("h1", 1, named("h1"))
		count("configurations of htmx", 1, func(n *node) bool { return n.attr["name"] == "htmx-config" })
		count("stylesheets", 1, func(n *node) bool { return n.attr["href"] == h.StylesheetURL() })
		count("scripts", 2, named("script"))
		root := page.all(named("main"))[0].byID(t, "cp-root")
		for k, want := range map[string]string{"class": "cp", "lang": "en", "dir": "ltr", "hx-history-elt": "", "hx-history": "false",
			"hx-boost": "false", "hx-boost:inherited": "false", "hx-disinherit": "*"} {
			if got, ok := root.attr[k]; !ok || got != want {
				t.Errorf("%s: the root has %s=%q, want %q", tt.target, k, got, want)
			}
		}
		root.byID(t, "cp-main")
		root.byID(t, "cp-toast")
		if title := page.all(named("title"))[0].text; !strings.HasPrefix(title, tt.title) || !strings.HasSuffix(title, " – Host") {
			t.Errorf("%s has the title %q", tt.target, title)
		}
	}
}

var freshID = regexp.MustCompile(`value="[0-9a-v]{26}"`)

// What htmx replaces, widgets and JSON are the same with a layout and without; so
// is the answer to whoever is not let in, which must show nothing of the host's.
func TestOnlyPagesStandInTheLayout(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	own, in := s.handler(t), s.handler(t, inHost)
	for _, tt := range []struct{ target, header string }{
		{s.page("SPRING15", ""), "HX-Request"},
		{s.page("SPRING15", "?format=json"), ""},
		{s.page("SPRING15", "/widget/summary"), ""},
		{s.page("SPRING15", "/widget/summary"), "HX-Request"},
	} {
		// A form that adds something carries an id of its own each time.
		read := func(h *httpui.Handler) string {
			return freshID.ReplaceAllString(get(t, h, tt.target, tt.header, "true"), "value")
		}
		if read(own) != read(in) {
			t.Errorf("%s %s is another in the layout", tt.target, tt.header)
		}
	}
	nobody := func(c *httpui.Config) {
		c.Authorize = func(*http.Request) (string, error) { return "", errors.New("who?") }
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if text := body(t, ask(t, s.handler(t, inHost, nobody), "GET", base+"/")); strings.Contains(text, "Host") {
		t.Error("the host's layout is shown to nobody")
	}
}

// A layout that fails sends nothing of what it has written.
func TestALayoutThatFailsIsAnError(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	h := s.handler(t, func(c *httpui.Config) {
		c.Logger = slog.New(slog.DiscardHandler)
		c.Layout = func(w http.ResponseWriter, _ *http.Request, _ httpui.Page) error {
			fmt.Fprint(w, "<!doctype html><p>half a page")
			return errors.New("no menu")
		}
	})
	res := ask(t, h, "GET", base+"/")
	if text := body(t, res); res.StatusCode != http.StatusInternalServerError || strings.Contains(text, "half") || strings.Contains(text, "menu") {
		t.Errorf("%s: %s", res.Status, text)
	}
}

// The policy is ours, strict, until somebody else chooses one: Config for our own
// pages, the host before it calls us or its layout for its own.
func TestWhosePolicyAPageHas(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	const header = "Content-Security-Policy"
	ours := ask(t, s.handler(t), "GET", base+"/").Header.Get(header)
	layoutSets := func(c *httpui.Config) {
		c.Layout = func(w http.ResponseWriter, r *http.Request, p httpui.Page) error {
			w.Header().Set(header, "default-src 'self' layout.example")
			return hostLayout(w, r, p)
		}
	}
	for _, tt := range []struct {
		name   string
		edit   func(*httpui.Config)
		before string // what the host has set
		htmx   bool
		want   string
	}{
		{"own page", func(*httpui.Config) {}, "", false, ours},
		{"own page, and the host has one", func(*httpui.Config) {}, "default-src host.example", false, ours},
		{"own page, configured", func(c *httpui.Config) { c.ContentSecurityPolicy = "default-src 'self'" }, "", false, "default-src 'self'"},
		{"theme of another origin", func(c *httpui.Config) { c.ThemeCSS = "https://cdn.example/a/b.css?v=1" }, "", false,
			strings.Replace(ours, "style-src 'self'", "style-src 'self' https://cdn.example", 1)},
		{"layout", inHost, "", false, ours},
		{"layout, and the host has one", inHost, "default-src host.example", false, "default-src host.example"},
		{"layout that sets one", layoutSets, "default-src host.example", false, "default-src 'self' layout.example"},
		{"part of a page in a layout", layoutSets, "default-src host.example", true, ours},
	} {
		h := s.handler(t, tt.edit)
		outer := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if tt.before != "" {
				w.Header().Set(header, tt.before)
			}
			h.ServeHTTP(w, r)
		})
		var headers []string
		if tt.htmx {
			headers = []string{"HX-Request", "true"}
		}
		if got := ask(t, outer, "GET", base+"/", headers...).Header.Values(header); len(got) != 1 || got[0] != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// htmx is the host's where it says so, and only then.
func TestHtmxIsOursOrTheHosts(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for _, layout := range []func(*httpui.Config){func(*httpui.Config) {}, inHost} {
		for from, want := range map[httpui.HTMX]int{httpui.Embedded: 2, httpui.FromHost: 1} {
			h := s.handler(t, layout, func(c *httpui.Config) { c.HTMX = from })
			if got := len(parse(t, get(t, h, base+"/")).all(named("script"))); got != want {
				t.Errorf("%q: %d scripts, want %d", from, got, want)
			}
			if got := strings.Count(string(h.Head()), "<script"); got != want {
				t.Errorf("%q: Head has %d scripts, want %d", from, got, want)
			}
		}
	}
}

func TestThemeIsOneMoreStylesheet(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for _, theme := range []string{"/static/coupons.css", "/a/b.css?v=3", "https://cdn.example/coupons.css"} {
		h := s.handler(t, func(c *httpui.Config) { c.ThemeCSS = theme })
		var sheets []string
		for _, n := range parse(t, get(t, h, base+"/")).all(named("link")) {
			sheets = append(sheets, n.attr["href"])
		}
		if len(sheets) != 2 || sheets[0] != h.StylesheetURL() || sheets[1] != theme {
			t.Errorf("stylesheets %q, want ours and then %s", sheets, theme)
		}
	}
	for _, bad := range []string{"coupons.css", "//cdn.example/a.css", "http://cdn.example/a.css", "javascript:alert(1)", "https:///a.css", "https://a:b@cdn.example/a.css",
		"https://cdn.example; script-src *", "/a.css' onload='x", `/\evil.example/a.css`, "%zz"} {
		if _, err := httpui.New(httpui.Config{Service: s.svc, ThemeCSS: bad}); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestAHostChoosesLightOrDark(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	for _, tt := range []struct{ of, want string }{{"dark", "dark"}, {"light", "light"}, {"", ""}, {"sepia", ""}} {
		theme := func(c *httpui.Config) { c.ThemeOf = func(*http.Request) string { return tt.of } }
		own := parse(t, get(t, s.handler(t, theme), base+"/")).all(named("html"))[0]
		hosted := parse(t, get(t, s.handler(t, theme, inHost), base+"/")).byID(t, "cp-root")
		widget := parse(t, get(t, s.handler(t, theme), s.page("SPRING15", "/widget/status"), "HX-Request", "true")).all(class("cp-widget"))[0]
		for where, n := range map[string]*node{"own page": own, "layout": hosted, "widget": widget} {
			if got := n.attr["data-theme"]; got != tt.want {
				t.Errorf("%q: %s has %q, want %q", tt.of, where, got, tt.want)
			}
		}
	}
}

// A host's template takes the place of ours by its name; one that can't be read
// is told of at the start.
func TestATemplateOfTheHostsTakesThePlaceOfOurs(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t, func(c *httpui.Config) {
		c.Templates = fstest.MapFS{
			"badge.html": {Data: []byte(`{{define "badge"}}<em class="host-badge">{{.StatusName}}, {{t "site.title"}}</em>{{end}}`)},
			"notes.txt":  {Data: []byte(`{{`)},
		}
	})
	for _, target := range []string{base + "/", s.page("SPRING15", ""), s.page("SPRING15", "/widget/status")} {
		page := parse(t, get(t, h, target))
		if len(page.all(class("host-badge"))) == 0 || len(page.all(class("cp-badge"))) > 0 {
			t.Errorf("%s has our badge", target)
		}
	}
	for name, text := range map[string]string{"not closed": `{{define "badge"}}`, "unknown function": `{{define "badge"}}{{exec "rm"}}{{end}}`} {
		if _, err := httpui.New(httpui.Config{Service: s.svc, Templates: fstest.MapFS{"x.html": {Data: []byte(text)}}}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
