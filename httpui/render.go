package httpui

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"

	"github.com/couponkit/coupon"
)

//go:embed templates/*.html
var templateFiles embed.FS

func parseTemplates() (*template.Template, error) {
	t, err := template.ParseFS(templateFiles, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("httpui: templates: %w", err)
	}
	return t, nil
}

// request is one request on its way: what the routes work with.
type request struct {
	w     http.ResponseWriter
	r     *http.Request
	svc   *coupon.Service // acting for whoever asks
	links links
	words words
}

func (h *Handler) newRequest(w http.ResponseWriter, r *http.Request) *request {
	actor, _ := r.Context().Value(actorKey).(string)
	return &request{w: w, r: r, svc: h.cfg.Service.As(actor), links: linksOf(r), words: words{h.formats}}
}

// page is what the layout needs, and around it the content of one page.
type page struct {
	Title    string // of this page, for the browser's tab
	Site     string // Config.Title
	BackLink string
	Home     string // the list
	Style    string
	Htmx     string
	Script   string
	ReadOnly bool
	Notices  []string // what was not as asked for, and what was done
	Toast    string   // what has just been done
	Content  any      // what the page's own template shows
}

func (h *Handler) newPage(l links, title string, content any) page {
	return page{Title: title, Site: h.cfg.Title, BackLink: h.cfg.BackLink, Home: l.home(), ReadOnly: h.cfg.ReadOnly,
		Style: l.asset(h, "ui.css"), Htmx: l.asset(h, "htmx-2.0.11.min.js"), Script: l.asset(h, "ui.js"), Content: content}
}

// render answers with a page, or with the part of it that htmx replaces. name is
// the page's template; its part is the template of that name and "-part".
func (h *Handler) render(q *request, status int, name string, p page) error {
	if wantsFragment(q.r) {
		name += "-part"
	}
	return h.write(q.w, status, name, p)
}

// write executes a template to its end before it answers, so that nobody is sent
// half a page.
func (h *Handler) write(w http.ResponseWriter, status int, name string, p page) error {
	var b bytes.Buffer
	if err := h.templates.ExecuteTemplate(&b, name, p); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, err := w.Write(b.Bytes())
	if err != nil {
		return errGone
	}
	return nil
}
