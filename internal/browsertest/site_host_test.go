package browsertest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/couponkit/coupon/httpui"
)

var bothHtmx = []string{htmx2, htmx4}

func scriptOf(version string) string { return `<script src="/htmx-` + version + `.js"></script>` }

// eventually waits for what a page does by itself.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for range 200 {
		if holds() {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("waited in vain: %s", what)
}

// The widgets stand on a page of the host's with the host's htmx, as often as it
// likes: nothing of the page changes but their places, and not its address.
func TestInAHostWidgetsFillTheirPlaces(t *testing.T) {
	t.Parallel()
	b := Start(t)
	for _, v := range bothHtmx {
		t.Run(v, func(t *testing.T) {
			h := newHost(t, func(*host, *httpui.Config) {})
			page := `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="htmx-config" content='{"includeIndicatorStyles":false}'><title>Home</title>` +
				scriptOf(v) + string(h.ui.Head()) + `</head><body><main><h1>Home</h1>`
			kinds := []httpui.Widget{httpui.StatusWidget, httpui.SummaryWidget, httpui.ChartWidget, httpui.SummaryWidget}
			for _, kind := range kinds {
				page += `<div class="place" hx-get="` + h.ui.WidgetURL(kind, h.id) + `?period=90d" hx-trigger="load" hx-target="this" hx-swap="innerHTML"><a href="` + h.coupon() + `">Open coupon</a></div>`
			}
			page += `<div id="gone" hx-get="` + h.ui.WidgetURL(httpui.StatusWidget, "unknown") + `" hx-trigger="load" hx-target="this" hx-swap="innerHTML">…</div>`
			h.pages["/home"] = page + `</main></body></html>`
			p := b.Open(t, h.URL+"/home", Options{})
			eventually(t, "four widgets", func() bool { return p.Count(".place > .cp-widget") == len(kinds) })
			p.Wait("#gone .cp-widget-error")
			if got := version(p); got != v {
				t.Errorf("the page has htmx %s", got)
			}
			if p.Count(".cp-widget-figures dd") != 6 || p.Count(".cp-drawing-bar") < 12 || p.Count(".cp-badge") != 1 {
				t.Errorf("%d figures, %d bars, %d badges", p.Count(".cp-widget-figures dd"), p.Count(".cp-drawing-bar"), p.Count(".cp-badge"))
			}
			if got := path(p); got != "/home" {
				t.Errorf("the address is %s", got)
			}
			if got := p.Violations(); len(got) > 0 {
				t.Errorf("violations %q", got)
			}
			for _, barrier := range barriers(t, p) {
				t.Error(barrier)
			}
			p.Follow(".cp-widget-title a")
			p.Wait("#cp-overview")
		})
	}
}

// However the host loads its htmx, a click is one request.
func TestInAHostAClickIsOneRequest(t *testing.T) {
	t.Parallel()
	b := Start(t)
	for _, tt := range []struct {
		name          string
		before, after string
		from          httpui.HTMX
		version       string
	}{
		{"ours", "", "", httpui.Embedded, htmx2},
		{"2 before ours", scriptOf(htmx2), "", httpui.Embedded, htmx2},
		{"4 before ours", scriptOf(htmx4), "", httpui.Embedded, htmx4},
		{"2 at the end", "", scriptOf(htmx2), httpui.Embedded, htmx2},
		{"4 at the end", "", scriptOf(htmx4), httpui.Embedded, htmx4},
		{"4 deferred, ours left out", "", strings.Replace(scriptOf(htmx4), "<script", "<script defer", 1), httpui.FromHost, htmx4},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := newHost(t, func(_ *host, c *httpui.Config) { c.Layout, c.HTMX = layout(tt.before, "", tt.after), tt.from })
			p := b.Open(t, h.URL+h.coupon(), Options{})
			if got := version(p); got != tt.version {
				t.Errorf("the page has htmx %s, want %s", got, tt.version)
			}
			h.set(false)
			p.Click("#cp-period-28d")
			p.Wait("#cp-period-28d[aria-current]")
			p.Click("#cp-line")
			p.Wait("#cp-line[aria-current]")
			if all, hx := h.asked(""), h.asked("hx GET "+h.coupon()); all != 2 || hx != 2 {
				t.Errorf("two clicks are %q", h.requests)
			}
			p.Back()
			p.Wait("#cp-bars[aria-current]")
			if p.Count("#cp-root") != 1 || p.Count("#host-nav") != 1 {
				t.Errorf("back: %d of our root, %d of the host's menu", p.Count("#cp-root"), p.Count("#host-nav"))
			}
			clean(t, p)
		})
	}
}

// What a host's body hands down to links and forms does not reach ours.
func TestInAHostNothingIsInherited(t *testing.T) {
	t.Parallel()
	b := Start(t)
	for version, body := range map[string]string{
		htmx2: `hx-boost="true" hx-target="#host-main" hx-push-url="false" hx-indicator="#host-nav"`,
		htmx4: `hx-boost:inherited="true" hx-push-url:inherited="false" hx-indicator:inherited="#host-nav"`,
	} {
		t.Run(version, func(t *testing.T) {
			h := newHost(t, func(_ *host, c *httpui.Config) { c.Layout = layout(scriptOf(version), body, "") })
			p := b.Open(t, h.URL+adminBase+"/", Options{})
			h.set(false)
			p.Follow(eye("SPRING15"))
			p.Wait("#cp-overview")
			if n := h.asked("hx "); n != 0 {
				t.Errorf("a plain link of ours is %d requests of htmx", n)
			}
			p.Click("#cp-line")
			p.Wait("#cp-line[aria-current]")
			if got, want := path(p), h.coupon()+"?chart=line"; got != want {
				t.Errorf("the address is %s, want %s", got, want)
			}
			clean(t, p)
		})
	}
}

// After the login has expired, the host's login page never ends up in the middle
// of ours: a click leads to it, and so does Back. A widget stays as it is, and
// does not ask again and again.
func TestInAHostAnExpiredLoginLeadsToTheLogin(t *testing.T) {
	t.Parallel()
	b := Start(t)
	for _, v := range bothHtmx {
		t.Run(v, func(t *testing.T) {
			start := func(t *testing.T) (*host, *Page) {
				h := newHost(t, func(_ *host, c *httpui.Config) { c.Layout = layout(scriptOf(v), "", "") })
				h.pages["/home"] = `<!doctype html><html lang="en"><head><title>Home</title>` + scriptOf(v) + string(h.ui.Head()) + `</head><body><h1>Home</h1>
<div id="place" hx-get="` + h.ui.WidgetURL(httpui.SummaryWidget, h.id) + `" hx-trigger="click" hx-target="this" hx-swap="innerHTML">Show</div>
<div id="other" hx-get="/login" hx-trigger="click" hx-target="this" hx-swap="innerHTML">Host’s own</div></body></html>`
				return h, b.Open(t, h.URL+h.coupon(), Options{})
			}
			t.Run("click", func(t *testing.T) {
				h, p := start(t)
				h.set(true)
				p.Follow("#cp-period-28d")
				p.Wait("#login")
				if p.Count("#cp-root") != 0 || path(p) != "/login" {
					t.Errorf("%d of our root at %s", p.Count("#cp-root"), path(p))
				}
			})
			t.Run("form", func(t *testing.T) {
				h, p := start(t)
				h.set(true)
				p.Answer("#cp-switch", true)
				p.Wait("#login")
				if p.Count("#cp-root") != 0 {
					t.Error("the login is in our page")
				}
			})
			t.Run("back", func(t *testing.T) {
				h, p := start(t)
				p.Click("#cp-line")
				p.Wait("#cp-line[aria-current]")
				h.set(true)
				p.Back()
				eventually(t, "the login", func() bool { return path(p) == "/login" })
				if p.Count("#cp-root") != 0 {
					t.Error("the login is in our page")
				}
			})
			t.Run("widget", func(t *testing.T) {
				h, p := start(t)
				p.Visit(h.URL + "/home")
				h.set(true)
				p.Click("#place")
				eventually(t, "the request", func() bool { return h.asked("hx GET /login") == 1 })
				p.Click("#other")
				p.Wait("#other #login") // what is not ours is swapped as ever
				if got := p.Text("#place"); got != "Show" || path(p) != "/home" {
					t.Errorf("the widget is %q at %s", got, path(p))
				}
				if n := h.asked("GET /home"); n != 0 {
					t.Errorf("the page was loaded %d times more", n)
				}
			})
		})
	}
}

// Nothing of the pages stays in the browser when the tab is closed or the next
// person signs in: not even where the host's htmx keeps pages.
func TestNothingStaysInTheBrowsersStorage(t *testing.T) {
	t.Parallel()
	b := Start(t)
	for _, v := range bothHtmx {
		for _, hosted := range []bool{false, true} {
			h := newHost(t, func(_ *host, c *httpui.Config) {
				if hosted {
					c.Layout = layout(scriptOf(v), "", "")
				}
			})
			if !hosted {
				h.Config.Handler = withHtmx(v, h.Config.Handler)
			}
			p := b.Open(t, h.URL+adminBase+"/", Options{})
			p.Follow(eye("SPRING15"))
			p.Click("#cp-line")
			p.Wait("#cp-line[aria-current]")
			p.Click("#cp-period-28d")
			p.Wait("#cp-period-28d[aria-current]")
			p.Back()
			p.Wait("#cp-period-all[aria-current]")
			if got := version(p); got != v {
				t.Fatalf("the page has htmx %s, want %s", got, v)
			}
			kept := read[[][]string](p, "html", `[...Object.entries(localStorage), ...Object.entries(sessionStorage)].map(x => x[0] + "=" + x[1])`)[0]
			// htmx 2 keeps the address at which it is, for as long as the tab is open.
			kept = slices.DeleteFunc(kept, func(s string) bool { return s == "htmx-current-path-for-history="+path(p) })
			if len(kept) > 0 {
				t.Errorf("htmx %s, in the host's layout: %v: kept %q", v, hosted, kept)
			}
			clean(t, p)
		}
	}
}
