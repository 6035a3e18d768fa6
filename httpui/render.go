package httpui

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/couponkit/coupon"
)

//go:embed templates/*.html
var templateFiles embed.FS

// parseTemplates makes the templates of every language: in them {{t "key"}} is a
// text, with names and values for what stands in it.
func (h *Handler) parseTemplates() error {
	for _, c := range h.catalogs {
		t, err := template.New("").Funcs(template.FuncMap{"t": c.text}).ParseFS(templateFiles, "templates/*.html")
		if err != nil {
			return fmt.Errorf("httpui: templates: %w", err)
		}
		if h.cfg.Templates != nil {
			if t, err = t.ParseFS(h.cfg.Templates, "*.html"); err != nil {
				return fmt.Errorf("httpui: Config.Templates: %w", err)
			}
		}
		c.templates = t
	}
	return nil
}

// request is one request on its way: what the routes work with.
type request struct {
	h     *Handler
	w     http.ResponseWriter
	r     *http.Request
	as    representation
	svc   *coupon.Service // of the merchant, acting for whoever asks
	c     coupon.Coupon   // of the address; the zero Coupon if it has none
	links links
	words words
}

// representation is in which form a page is answered.
type representation string

const (
	asPage representation = ""
	asJSON representation = "json"
	asCSV  representation = "csv"
)

// representationOf is what a request asks for: by format=json or format=csv, or
// JSON by its Accept header. It may be one that there is not: see route.formats.
func representationOf(r *http.Request) representation {
	if format := r.URL.Query().Get("format"); format != "" {
		return representation(format)
	}
	accept := r.Header.Get("Accept")
	if strings.Contains(accept, "application/json") && !strings.Contains(accept, "text/html") {
		return asJSON
	}
	return asPage
}

// tables are the patterns whose page is there as CSV too.
var tables = []string{"/{$}", "/c/{id}", "/c/{id}/bookings", "/c/{id}/codes"}

// formats are what a route answers in, besides a page.
func (rt route) formats() []representation {
	if rt.method == http.MethodGet && slices.Contains(tables, rt.pattern) {
		return []representation{asJSON, asCSV}
	}
	return []representation{asJSON}
}

// newRequest finds whose coupons are meant.
func (h *Handler) newRequest(w http.ResponseWriter, r *http.Request) (*request, error) {
	svc := h.cfg.Service
	if h.cfg.ServiceOf != nil {
		var err error
		if svc, err = h.cfg.ServiceOf(r); err != nil {
			return nil, err
		}
	}
	actor, _ := r.Context().Value(actorKey).(string)
	q := &request{h: h, w: w, r: r, as: representationOf(r), svc: svc.As(actor), links: linksOf(r), words: h.wordsFor(r)}
	// Programs get the same weeks in every language.
	if day := slices.Index(weekdayKeys[:], r.URL.Query().Get("week")); day >= 0 {
		q.words.firstDay = time.Weekday(day)
	} else if q.as != asPage {
		q.words.firstDay = time.Monday
	}
	return q, nil
}

// tableURL is the table of a page, to take away, in the weeks that the page shows.
func (q *request) tableURL(page string) string {
	url := q.links.csv(page)
	if q.words.firstDay != time.Monday {
		url += "&week=" + weekdayKeys[q.words.firstDay]
	}
	return url
}

// answer is what a route has to say, in every form in which it can be asked for.
type answer struct {
	status  int      // 0 is 200
	name    string   // of the page's template; its part is the one of that name and "-part"
	title   string   // of the page
	view    any      // what the template shows
	data    any      // the same as JSON, under stable names
	notices []string // what was not as asked for
	toast   string   // what has just been done
}

// answer answers with a page, with the part of it that htmx replaces, or with
// JSON.
func (q *request) answer(a answer) error {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	if q.as == asJSON {
		return q.json(a.status, envelope{Data: a.data, Notices: a.notices})
	}
	p := q.h.newPage(q.r, q.words, q.links, a.title, a.view)
	p.Notices, p.Toast = a.notices, a.toast
	if wantsFragment(q.r) {
		return write(q.w, a.status, q.words, p, a.name+"-part")
	}
	return q.h.sendPage(q.w, q.r, a.status, q.words, p, a.name)
}

// envelope is around everything that is answered as JSON.
type envelope struct {
	Data    any      `json:"data,omitempty"`
	Notices []string `json:"notices,omitempty"` // for a person, in the language of the request
	Error   *failure `json:"error,omitempty"`
}

// failure is an error as JSON.
type failure struct {
	Status int               `json:"status"`
	Kind   string            `json:"kind"` // stable: "not-found"
	Text   string            `json:"text"` // for a person
	Fields map[string]string `json:"fields,omitempty"`
}

func (q *request) json(status int, e envelope) error { return writeJSON(q.w, status, e) }

func writeJSON(w http.ResponseWriter, status int, e envelope) error {
	data, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		return err
	}
	return send(w, status, "application/json", append(data, '\n'))
}

// write answers with templates and without a layout.
func write(w http.ResponseWriter, status int, in words, p page, names ...string) error {
	b, err := execute(in, p, names...)
	if err != nil {
		return err
	}
	return send(w, status, htmlType, b)
}

// usualPage is the room that most pages need, in bytes: it is got at once.
const usualPage = 64 << 10

// execute runs templates to their end before anything is answered, so that nobody
// is sent half a page.
func execute(in words, p page, names ...string) ([]byte, error) {
	var b bytes.Buffer
	b.Grow(usualPage)
	for _, name := range names {
		if err := in.lang.templates.ExecuteTemplate(&b, name, p); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
}

const htmlType = "text/html; charset=utf-8"

func send(w http.ResponseWriter, status int, contentType string, data []byte) error {
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	if _, err := w.Write(data); err != nil {
		return errGone
	}
	return nil
}

// post is a form that changes something: every one is opened with its fields.
type post struct {
	Action string
	// Token and TokenValue are the host's hidden field; empty for none.
	Token, TokenValue string
}

// post makes the form that posts to a URL.
func (q *request) post(url string) post {
	p := post{Action: url}
	if q.h.cfg.CSRFToken != nil {
		p.Token, p.TokenValue = q.h.cfg.CSRFToken(q.r)
	}
	return p
}

// leadTo answers a form that was taken with the page to look at now: by a
// redirect that Back does not repeat, or for JSON with what became of it.
func (q *request) leadTo(url string, data any) error {
	switch {
	case q.as == asJSON:
		return q.json(http.StatusOK, envelope{Data: data})
	case wantsFragment(q.r):
		q.w.Header().Set("HX-Redirect", url)
		q.w.WriteHeader(http.StatusOK)
	default:
		http.Redirect(q.w, q.r, url, http.StatusSeeOther)
	}
	return nil
}
