package httpui_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/httpui"
)

var widgets = []httpui.Widget{httpui.SummaryWidget, httpui.ChartWidget, httpui.StatusWidget}

// A widget's URL answers htmx with one element, to be put anywhere and as often as
// one likes: no id, nothing that htmx does by itself, no push of a URL. A browser
// gets it as a page.
func TestAWidgetIsOneElementForHtmxAndAPageForABrowser(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t)
	for _, kind := range widgets {
		url := h.WidgetURL(kind, s.ids["SPRING15"])
		res := ask(t, h, "GET", url+"?period=28d", "HX-Request", "true")
		if res.Header.Get("HX-Push-Url") != "" {
			t.Errorf("%s pushes a URL", kind)
		}
		root := parse(t, body(t, res))
		if len(root.kids) != 1 || !class("cp")(root.kids[0]) || !class("cp-widget")(root.kids[0]) {
			t.Fatalf("%s is %d elements, want one of the classes cp and cp-widget", kind, len(root.kids))
		}
		widget := root.kids[0]
		for k, want := range map[string]string{"lang": "en", "dir": "ltr", "hx-boost": "false", "hx-disinherit": "*", "hx-history": "false"} {
			if widget.attr[k] != want {
				t.Errorf("%s: %s=%q, want %q", kind, k, widget.attr[k], want)
			}
		}
		for _, n := range widget.all(func(n *node) bool {
			return n.attr["id"]+n.attr["hx-get"]+n.attr["hx-post"] != "" || n.name == "h1" || n.name == "main"
		}) {
			t.Errorf("%s: <%s %v> does not stand everywhere", kind, n.name, n.attr)
		}
		link := widget.all(named("a"))[0].attr["href"]
		if want := s.page("SPRING15", "?period=28d"); kind != httpui.StatusWidget && link != want {
			t.Errorf("%s leads to %s, want the same range: %s", kind, link, want)
		}
		page := parse(t, get(t, h, url))
		if len(page.all(named("html"))) != 1 || len(page.all(named("main"))) != 1 || len(page.all(named("script"))) != 0 || len(page.all(class("cp-widget"))) != 1 {
			t.Errorf("%s: the page is not a small one", kind)
		}
	}
}

// A widget shows the figures of the coupon's page for the same range.
func TestWidgetsShowTheFiguresOfThePage(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t)
	for _, code := range []string{"SPRING15", "TWO-MONEYS", "FIRST10", "WINTER26", "LOYAL5", "OLD1"} {
		for _, query := range []string{"", "?period=28d", "?from=2026-09-01&to=2026-09-30&clock=service-date", "?period=never"} {
			page := parse(t, get(t, h, s.page(code, query)))
			texts := func(n *node, in, name string) (out []string) {
				for _, x := range n.all(class(in)) {
					for _, d := range x.all(named(name)) {
						out = append(out, d.words())
					}
				}
				return out
			}
			summary := parse(t, get(t, h, s.page(code, "/widget/summary"+query)))
			for _, name := range []string{"dt", "dd"} {
				got, want := texts(summary, "cp-widget-figures", name), texts(page, "cp-headlines", name)
				empty := len(summary.all(class("cp-widget-empty"))) == 1
				if !empty && strings.Join(got, "|") != strings.Join(want, "|") {
					t.Errorf("%s%s: the widget has %q, the page %q", code, query, got, want)
				}
				if used := want[0] != "0"; name == "dd" && used == empty {
					t.Errorf("%s%s: the page has %q; that nobody used it is said: %v", code, query, want, empty)
				}
			}
			values := func(n *node, of string) (sum, bars int) {
				for _, x := range n.all(class(of)) {
					v, err := strconv.Atoi(x.attr["data-v"])
					if err != nil {
						t.Fatal(err)
					}
					sum, bars = sum+v, bars+1
				}
				return
			}
			small := parse(t, get(t, h, s.page(code, "/widget/chart"+query)))
			sum, bars := values(small, "cp-drawing-bar")
			if want, n := values(page, "cp-bar"); sum != want || want > 0 && bars != n {
				t.Errorf("%s%s: the small chart has %d in %d bars, the page %d in %d", code, query, sum, bars, want, n)
			}
			if sentence := small.all(class("cp-widget-sentence")); len(sentence) != 1 || sentence[0].words() == "" {
				t.Errorf("%s%s: the chart is not said in words", code, query)
			} else if sum > 0 && sentence[0].words() != page.byID(t, "cp-chart-text").words() {
				t.Errorf("%s%s: the widget says %q", code, query, sentence[0].words())
			}
			if notices := len(small.all(class("cp-notice"))); (notices == 1) != strings.Contains(query, "never") {
				t.Errorf("%s%s has %d notices", code, query, notices)
			}
		}
		status := parse(t, get(t, h, s.page(code, "/widget/status")))
		if got, want := status.all(class("cp-badge"))[0].words(), parse(t, get(t, h, s.page(code, ""))).byID(t, "cp-head").all(class("cp-badge"))[0].words(); got != want {
			t.Errorf("%s is %q in the widget and %q on the page", code, got, want)
		}
	}
}

// A widget that can't be shown says so in its own place: the element that htmx
// puts our errors into elsewhere is not on the host's page.
func TestAWidgetTellsErrorsInItsPlace(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t)
	for _, kind := range widgets {
		res := ask(t, h, "GET", h.WidgetURL(kind, "unknown"), "HX-Request", "true")
		text := body(t, res)
		if res.StatusCode != 404 || res.Header.Get("HX-Retarget") != "" || strings.Contains(text, "<html") || len(parse(t, text).all(class("cp-widget-error"))) != 1 {
			t.Errorf("%s: %s, retarget %q\n%s", kind, res.Status, res.Header.Get("HX-Retarget"), text)
		}
	}
}

// The host's own code writes the very same, under any service and in any
// language, and asks nobody who may see it.
func TestRenderWritesWhatTheURLAnswers(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	closed := func(c *httpui.Config) { c.Authorize = nil }
	h, headless := s.handler(t, func(c *httpui.Config) { c.Locale = "de-AT" }), s.handler(t, closed)
	foreign := s.handler(t, closed, func(c *httpui.Config) {
		c.Service = s.svc.With(s.store.Merchant("other"))
	})
	for _, kind := range widgets {
		for _, query := range []string{"", "period=28d", "from=2026-09-01&clock=service-date"} {
			want := get(t, h, h.WidgetURL(kind, s.ids["SPRING15"])+"?"+query, "HX-Request", "true")
			for _, tt := range []struct {
				h *httpui.Handler
				o httpui.RenderOptions
			}{
				{headless, httpui.RenderOptions{Query: query, Locale: "de-AT"}},
				{foreign, httpui.RenderOptions{Query: query, Locale: "de-AT", Service: s.svc}},
			} {
				var b bytes.Buffer
				if err := tt.h.Render(t.Context(), &b, kind, s.ids["SPRING15"], tt.o); err != nil {
					t.Fatal(err)
				}
				if b.String() != want {
					t.Errorf("%s?%s: written\n%s\nanswered\n%s", kind, query, b.String(), want)
				}
			}
		}
		var b bytes.Buffer
		if err := foreign.Render(t.Context(), &b, kind, s.ids["SPRING15"], httpui.RenderOptions{}); !errors.Is(err, coupon.ErrNotFound) || b.Len() > 0 {
			t.Errorf("another merchant's: %v, %d bytes", err, b.Len())
		}
	}
	if err := h.Render(t.Context(), &bytes.Buffer{}, "menu", s.ids["SPRING15"], httpui.RenderOptions{}); err == nil {
		t.Error("a widget that is not there is written")
	}
	var b bytes.Buffer
	if err := headless.RenderDrawing(t.Context(), &b, s.ids["SPRING15"], httpui.RenderOptions{}); err != nil {
		t.Fatal(err)
	}
	svg := parse(t, b.String())
	if len(svg.kids) != 1 || svg.kids[0].name != "svg" || svg.kids[0].attr["aria-label"] == "" || len(svg.all(class("cp-drawing-bar"))) < 12 {
		t.Errorf("the drawing is\n%s", b.String())
	}
	b.Reset()
	if err := headless.RenderDrawing(t.Context(), &b, s.ids["WINTER26"], httpui.RenderOptions{}); err != nil || b.Len() > 0 {
		t.Errorf("a coupon that nobody used: %v, %q", err, b.String())
	}
}

// The JSON of the widgets is a promise to programs.
func TestWidgetsAsJSON(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t)
	for _, kind := range widgets {
		text := get(t, h, h.WidgetURL(kind, s.ids["TWO-MONEYS"])+"?from=2026-10-01&to=2026-10-14&format=json")
		if !json.Valid([]byte(text)) {
			t.Fatalf("%s: %s", kind, text)
		}
		golden(t, "widget-"+string(kind)+".json", strings.ReplaceAll(text, string(s.ids["TWO-MONEYS"]), "ID"))
	}
}
