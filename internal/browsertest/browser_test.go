package browsertest

import (
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	cleanPage = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Clean</title>
<link rel="stylesheet" href="/style.css"><script src="/script.js" defer></script></head>
<body><h1>Hello</h1>
<p id="scheme"><span class="light">light</span><span class="dark">dark</span></p>
<p id="width"><span class="wide">wide</span><span class="narrow">narrow</span></p>
<p id="js">no script</p>
<ul><li>one</li><li>two</li></ul>
<button id="more">More</button>
<form action="/next"><input name="q"><button id="go">Go</button></form>
<div id="tall"></div></body></html>`

	style = `
.dark, .narrow { display: none }
#tall { height: 2000px }
@media (prefers-color-scheme: dark) { .light { display: none } .dark { display: inline } }
@media (max-width: 600px) { .wide { display: none } .narrow { display: inline } }`

	script = `
document.querySelector("#js").textContent = "script";
document.querySelector("#more").addEventListener("click", () => {
	setTimeout(() => { document.querySelector("ul").insertAdjacentHTML("beforeend", "<li id=three>three</li>") }, 50);
});`
)

// pages serves each path's text under a policy that allows nothing inline.
func pages(t *testing.T) string {
	t.Helper()
	text := map[string]string{
		"/":               cleanPage,
		"/style.css":      style,
		"/script.js":      script,
		"/inline-style":   `<!doctype html><title>x</title><style>p { color: red }</style><p>x</p>`,
		"/style-attr":     `<!doctype html><title>x</title><p style="color: red">x</p>`,
		"/inline-script":  `<!doctype html><title>x</title><script>1</script>`,
		"/handler":        `<!doctype html><title>x</title><button onclick="1">x</button>`,
		"/foreign-script": `<!doctype html><title>x</title><script src="http://other.invalid/x.js"></script>`,
		"/eval":           `<!doctype html><title>x</title><script src="/eval.js"></script><button>x</button>`,
		"/eval.js":        `addEventListener("click", () => { new Function("return 1")() })`,
		"/throw":          `<!doctype html><title>x</title><script src="/throw.js"></script>`,
		"/throw.js":       `throw new Error("ouch")`,
		"/missing":        `<!doctype html><title>x</title><img src="/gone.png" alt="">`,
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", "default-src 'self'")
		if r.URL.Path == "/report-only" {
			header.Del("Content-Security-Policy")
			header.Set("Content-Security-Policy-Report-Only", "default-src 'self'; report-uri /reports")
			r.URL.Path = "/inline-style"
		}
		switch filepath.Ext(r.URL.Path) {
		case ".css":
			header.Set("Content-Type", "text/css")
		case ".js":
			header.Set("Content-Type", "text/javascript")
		default:
			header.Set("Content-Type", "text/html; charset=utf-8")
		}
		body, ok := text[r.URL.Path]
		switch {
		case ok:
		case r.URL.Path == "/next":
			body = "<!doctype html><title>x</title><h1>Next</h1>"
		default:
			w.WriteHeader(http.StatusNotFound)
		}
		w.Write([]byte(body))
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestPage(t *testing.T) {
	b, url := Start(t), pages(t)
	tests := []struct {
		name              string
		options           Options
		scheme, width, js string
		pixels            int
	}{
		{"default", Options{}, "light", "wide", "script", 1280},
		{"narrow", Options{Width: 375}, "light", "narrow", "script", 375},
		{"dark", Options{Dark: true}, "dark", "wide", "script", 1280},
		{"without scripts", Options{NoJS: true}, "light", "wide", "no script", 1280},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := b.Open(t, url+"/", tt.options)
			for sel, want := range map[string]string{
				"h1": "Hello", "#scheme": tt.scheme, "#width": tt.width, "#js": tt.js,
			} {
				if got := p.Text(sel); got != want {
					t.Errorf("text of %s: %q, want %q", sel, got, want)
				}
			}
			if got := p.Count("li"); got != 2 {
				t.Errorf("%d list items, want 2", got)
			}
			if got := p.Count("#three"); got != 0 {
				t.Errorf("%d elements that are not there", got)
			}

			path := filepath.Join(t.TempDir(), "new", "page.png")
			p.Screenshot(path)
			width, height := size(t, path)
			if width != tt.pixels || height < 2000 {
				t.Errorf("picture of %d × %d, want %d × all of the page", width, height, tt.pixels)
			}

			if !tt.options.NoJS {
				p.Click("#more")
				p.Wait("#three")
				if got := p.Count("li"); got != 3 {
					t.Errorf("%d list items after the click, want 3", got)
				}
			}
			p.Type("input", "a b")
			p.Follow("#go")
			if got := p.Text("h1"); got != "Next" {
				t.Errorf("the form led to %q", got)
			}
			if got, want := p.URL(), url+"/next?q=a+b"; got != want {
				t.Errorf("the form led to %s, want %s", got, want)
			}

			if got := p.Violations(); len(got) > 0 {
				t.Errorf("violations on a clean page: %q", got)
			}
			if got := p.Errors(); len(got) > 0 {
				t.Errorf("errors on a clean page: %q", got)
			}
		})
	}
}

// A check for violations is worth something only if it finds them.
func TestViolations(t *testing.T) {
	b, url := Start(t), pages(t)
	tests := []struct {
		path  string
		click string
		want  string
	}{
		{"/inline-style", "", "style-src-elem: kInlineViolation"},
		{"/style-attr", "", "style-src-attr: kInlineViolation"},
		{"/inline-script", "", "script-src-elem: kInlineViolation"},
		{"/handler", "button", "script-src-attr: kInlineViolation"},
		{"/foreign-script", "", "script-src-elem: kURLViolation http://other.invalid/x.js"},
		{"/eval", "button", "script-src: kEvalViolation"},
		{"/report-only", "", "(report only)"},
	}
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			p := b.Open(t, url+tt.path, Options{})
			if tt.click != "" {
				p.Click(tt.click)
			}
			got := p.Violations()
			if len(got) != 1 || !strings.Contains(got[0], tt.want) {
				t.Errorf("violations %q, want one with %q", got, tt.want)
			}
		})
	}
	t.Run("without scripts", func(t *testing.T) {
		p := b.Open(t, url+"/inline-style", Options{NoJS: true})
		if got := p.Violations(); len(got) != 1 {
			t.Errorf("violations %q, want one", got)
		}
	})
}

func TestErrors(t *testing.T) {
	b, url := Start(t), pages(t)
	for path, want := range map[string]string{"/throw": "ouch", "/missing": "404"} {
		t.Run(path, func(t *testing.T) {
			got := b.Open(t, url+path, Options{}).Errors()
			if !strings.Contains(strings.Join(got, "\n"), want) {
				t.Errorf("errors %q, want one with %q", got, want)
			}
		})
	}
}

func size(t *testing.T, path string) (width, height int) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	c, err := png.DecodeConfig(f)
	if err != nil {
		t.Fatal(err)
	}
	return c.Width, c.Height
}
