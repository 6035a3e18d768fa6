package main

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"time"
)

//go:embed templates
var templates embed.FS

// pages are the host's templates, by file name.
type pages map[string]*template.Template

func parsePages(loc *time.Location) (pages, error) {
	functions := template.FuncMap{
		"dollars":   dollars,
		"frequency": frequencyName,
		"area":      areaName,
		"service":   func(id string) string { s, _ := serviceByID(id); return s.Name },
		"moment":    func(t time.Time) string { return t.In(loc).Format("Mon, Jan 2, 2006, 3:04 PM") },
		"day":       func(t time.Time) string { return t.In(loc).Format("Mon, Jan 2, 2006") },
	}
	out := pages{}
	for _, name := range []string{"home.html", "book.html", "booking.html", "message.html"} {
		t, err := template.New(name).Funcs(functions).ParseFS(templates, "templates/layout.html", "templates/"+name)
		if err != nil {
			return nil, err
		}
		out[name] = t
	}
	return out, nil
}

// page is what the layout needs besides the page's own data.
type page struct {
	Title string
	Here  string // what is marked in the navigation
	Admin string
	Data  any
}

// render writes a whole page, or an error and nothing of the page.
func (s *site) render(w http.ResponseWriter, r *http.Request, status int, name string, p page) {
	p.Admin = adminPath + "/"
	var buf bytes.Buffer
	if err := s.pages[name].ExecuteTemplate(&buf, "layout.html", p); err != nil {
		s.log.ErrorContext(r.Context(), "page", "name", name, "error", err)
		http.Error(w, "Something went wrong on our side.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = buf.WriteTo(w) // the visitor may have gone
}

// message is a page that says one thing.
func (s *site) message(w http.ResponseWriter, r *http.Request, status int, title, text string) {
	s.render(w, r, status, "message.html", page{Title: title, Data: text})
}

func (s *site) notFound(w http.ResponseWriter, r *http.Request) {
	s.message(w, r, http.StatusNotFound, "Not found", "There is no such page.")
}

func (s *site) notAllowed(w http.ResponseWriter, r *http.Request) {
	allow := "GET, HEAD"
	if strings.HasSuffix(r.URL.Path, "/price") || strings.HasSuffix(r.URL.Path, "/cancel") {
		allow = "POST"
	} else if r.URL.Path == "/book" {
		allow = "GET, HEAD, POST"
	}
	w.Header().Set("Allow", allow)
	s.message(w, r, http.StatusMethodNotAllowed, "Not possible", "This page can't be used in that way.")
}

func (s *site) otherSite(w http.ResponseWriter, r *http.Request) {
	s.message(w, r, http.StatusForbidden, "Not accepted", "This came from another site, so nothing was changed. Open the page here and try again.")
}

// broken says that it is our fault, and keeps the reason to the log.
func (s *site) broken(w http.ResponseWriter, r *http.Request, err error) {
	s.log.ErrorContext(r.Context(), "request", "path", r.URL.Path, "error", err)
	s.message(w, r, http.StatusInternalServerError, "Something went wrong", "Something went wrong on our side. Nothing is lost: go back and send the form again.")
}

func (s *site) home(w http.ResponseWriter, r *http.Request) {
	all, withCoupon, err := s.ledger.counts(r.Context())
	if err != nil {
		s.broken(w, r, err)
		return
	}
	s.render(w, r, http.StatusOK, "home.html", page{Title: "Brightside Home Services", Here: "home", Data: struct {
		Services        []service
		All, WithCoupon string
	}{catalog, thousands(all), thousands(withCoupon)}})
}

func thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}
