package httpui

import (
	"bytes"
	"context"
	"html/template"
	"io"
	"net/http"
)

// Page is one of our pages for [Config.Layout] to write the host's page around.
// It is also a component as templ and others know them: its Render writes Body.
type Page struct {
	// Title names this page, for <title>: not yet HTML.
	Title string
	// Language and Direction are for <html lang dir>: "de", and "ltr" or "rtl".
	// Where the host's page is in another language they stand on Body as well.
	Language, Direction string
	// Status is what the page is answered with: 200, or that of an error.
	Status int
	// Head is the stylesheets and scripts of the pages, to be written into <head> as
	// it is. It has no configuration of htmx: a page has only one, and that is the
	// host's.
	Head template.HTML
	// Body is the page itself, one element, to be written as it is where the host's
	// page has its content; it has the page's <h1> and no <main>.
	Body template.HTML
}

// Render writes Body; the error is that of w.
func (p Page) Render(_ context.Context, w io.Writer) error {
	_, err := io.WriteString(w, string(p.Body))
	return err
}

// HTMX says where htmx comes from: 2.0.11 and 4.0.1 are tested.
type HTMX string

const (
	// Embedded is the htmx in this package, which a page that has another one
	// already does not load.
	Embedded HTMX = ""
	// FromHost leaves it to the host's pages to load htmx. A host whose own htmx is
	// loaded after ours, or is another major version, needs it.
	FromHost HTMX = "host"
)

// Head is the stylesheets and scripts of the pages as HTML, for the <head> of
// host pages with widgets. It needs [Config.BasePath].
func (h *Handler) Head() template.HTML {
	in := h.wordsIn("en")
	b, err := execute(in, h.assetsPage(links{h.base}), "assets")
	if err != nil {
		h.log.Error("httpui: head failed", "error", err) // a template of the host's
	}
	return asHTML(b)
}

// asHTML declares the output of our templates to be what it is. It is the one
// place where that is done: the host's template would escape it a second time.
func asHTML(b []byte) template.HTML { return template.HTML(b) }

// page is what the templates around the content of one page are given.
type page struct {
	Title     string // of this page, for the browser's tab
	Site      string // Config.Title
	Language  string // as in <html lang>
	Direction string // "ltr" or "rtl"
	Theme     string // "light", "dark", or "" for what the browser prefers
	BackLink  string
	Home      string // the list
	Style     string
	ThemeCSS  string
	Htmx      string // empty if it is the host's
	Script    string
	ReadOnly  bool
	Hosted    bool     // in the host's layout
	Notices   []string // what was not as asked for, and what was done
	Toast     string   // what has just been done
	Content   any      // what the page's own template shows
}

func (h *Handler) assetsPage(l links) page {
	p := page{Style: l.asset(h, "ui.css"), ThemeCSS: h.cfg.ThemeCSS, Script: l.asset(h, "ui.js")}
	if h.cfg.HTMX == Embedded {
		p.Htmx = l.asset(h, htmxFile)
	}
	return p
}

func (h *Handler) newPage(r *http.Request, w words, l links, title string, content any) page {
	p := h.assetsPage(l)
	p.Title, p.Site, p.BackLink, p.Home, p.ReadOnly, p.Content = title, h.cfg.Title, h.cfg.BackLink, l.home(), h.cfg.ReadOnly, content
	p.Language, p.Direction = w.lang.tag.String(), w.lang.direction()
	if p.Site == "" {
		p.Site = w.t("site.title")
	}
	if h.cfg.ThemeOf != nil {
		if s := h.cfg.ThemeOf(r); s == "light" || s == "dark" {
			p.Theme = s
		}
	}
	return p
}

// sendPage answers with a whole page: our own, or the host's around the content.
func (h *Handler) sendPage(w http.ResponseWriter, r *http.Request, status int, in words, p page, name string) error {
	if h.cfg.Layout == nil {
		return write(w, status, in, p, "head", name, "foot")
	}
	p.Hosted = true
	head, err := execute(in, p, "assets")
	if err != nil {
		return err
	}
	body, err := execute(in, p, "body-head", name, "body-foot")
	if err != nil {
		return err
	}
	if hosts, _ := r.Context().Value(policyKey).(string); hosts != "" {
		w.Header().Set(policyHeader, hosts)
	}
	w.Header().Set("Content-Type", htmlType)
	out := &layoutWriter{header: w.Header(), status: status}
	if err := h.cfg.Layout(out, r, Page{Title: p.Title, Language: p.Language, Direction: p.Direction, Status: status,
		Head: asHTML(head), Body: asHTML(body)}); err != nil {
		return err
	}
	return send(w, out.status, w.Header().Get("Content-Type"), out.body.Bytes())
}

// layoutWriter keeps what a layout writes until it is whole.
type layoutWriter struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *layoutWriter) Header() http.Header         { return w.header }
func (w *layoutWriter) WriteHeader(status int)      { w.status = status }
func (w *layoutWriter) Write(b []byte) (int, error) { return w.body.Write(b) }
