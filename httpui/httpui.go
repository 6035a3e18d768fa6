// Package httpui is the coupon pages as one [http.Handler], to be mounted in
// any admin, under any router: the list of coupons, the page on which an owner
// tracks a coupon, the bookings behind its figures, and the form in which a
// coupon is created, edited and run again.
//
//	ui, err := httpui.New(httpui.Config{Service: svc, Authorize: auth, BasePath: "/admin/coupons"})
//	mux.Handle("/admin/coupons/", ui)
//
// gorilla/mux mounts it with PathPrefix("/admin/coupons").Handler(ui), chi with
// Mount("/admin/coupons", ui). gin and echo take two routes for any method, of
// gin.WrapH(ui) or echo.WrapHandler(ui): "/admin/coupons", and what is below it.
// What their middleware finds out about the user must be in the context of the
// [http.Request], because Authorize sees no other. examples/routers has a host with
// each of them.
//
// The pages work without JavaScript; the embedded htmx only saves reloads. Their
// state is in the URL. Nothing is loaded from another host, nothing in the pages
// is inline, and every answer carries a strict Content-Security-Policy.
//
// What stays with the host: who may come in (see [Config.Authorize]), TLS,
// compression, and the timeouts of the server.
package httpui

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/language"

	"github.com/couponkit/coupon"
)

// Config is what a [Handler] is made of. Service is required; without Authorize
// nobody gets in.
type Config struct {
	// Service is whose coupons are shown.
	Service *coupon.Service

	// ServiceOf gives the service of a request instead, where one handler serves
	// several merchants: svc.With(st.Merchant("acme")), from what the host knows of
	// who asks and never from the request's path or form. It is called after
	// Authorize. An error that matches [coupon.ErrNotFound] is answered with 404.
	// Nil is Service for everybody; one of the two is required.
	ServiceOf func(*http.Request) (*coupon.Service, error)

	// Authorize says who asks: the name that is recorded with what they change.
	// An error keeps them out, with status 403 and no more said. It is called for
	// every request, before anything is read. Nil lets nobody in.
	//
	// A host that would rather send people to its login does that before it calls
	// the handler.
	Authorize func(*http.Request) (actor string, err error)

	// BasePath is where the handler is mounted, such as "/admin/coupons"; "/" is
	// the root. The host may strip it from the request's path or leave it. Empty
	// means that the host strips a prefix: it is then found by comparing the
	// request's URL with what is left of it. Set it where a proxy in front of the
	// host changes the path.
	BasePath string

	// Can says what whoever asks may do, one coupon at a time: what it refuses is
	// not offered, and is answered with 403. It is called often and should be
	// quick. Nil allows everything to everybody whom Authorize lets in.
	Can func(r *http.Request, a Action, c coupon.Coupon) bool

	// ReadOnly takes away everything that changes something, whatever Can says.
	ReadOnly bool

	// CSRFToken gives the name and value of a hidden field for every form that
	// changes something, for hosts whose middleware asks for one. Without it the
	// forms are protected too: see TrustedOrigins.
	CSRFToken func(*http.Request) (field, value string)

	// Locale is in which language and how amounts, numbers and dates are written:
	// "de", "en-US", "ar-EG". LocaleOf is the same per request, and comes first if
	// it gives one. Without either it is what the browser asks for. English, German
	// and Arabic are there; another language is answered in English.
	Locale   string
	LocaleOf func(*http.Request) string

	// Locales has files named "fr.json" in its root: more languages, or other texts
	// for keys of ours. One of a region, as "fr-CA.json", holds only what is said
	// otherwise there. Translate gives the text of a key in a locale, before any
	// file; ok is false for what it leaves to us. The keys are those of en.json; a
	// text with a number has a key for each plural form, ending in ".one", ".other"
	// and so on.
	Locales   fs.FS
	Translate func(locale, key string) (text string, ok bool)

	// Zone is the IANA zone in which the days of the list begin, where figures of
	// many coupons stand side by side; a coupon's own page goes by the coupon's
	// zone. Empty is the zone of the newest coupon.
	Zone string
	// Formatter writes the amounts, numbers and dates of a locale where a host
	// would rather do that its own way. It is called for every request, with the
	// locale that was chosen for it ("en-GB", "ar-EG"). Nil, and a nil Formatter,
	// leave it to us: as the Unicode CLDR has it.
	Formatter func(locale string) Formatter

	// Title stands at the head of every page; "Coupons", in the page's language, by
	// default. BackLink is
	// the URL of the host's page to go back to; empty for none.
	Title    string
	BackLink string

	// BookingURL gives the host's own page of a booking, to link to; nil for none.
	// An empty URL is no link.
	BookingURL func(bookingID string) string

	// Layout writes the host's own page around ours; nil is a page of our own. What
	// it writes is sent when it returns, with Page.Status; an error is logged and
	// answered with 500. It is not asked for parts that htmx replaces, for widgets
	// and for whoever is not let in.
	//
	// The Content-Security-Policy is then the one that the host has set before it
	// calls the handler, or that Layout sets; without either it is ours. The pages
	// need script-src, style-src, connect-src and form-action 'self', and img-src
	// 'self' data:.
	Layout func(w http.ResponseWriter, r *http.Request, p Page) error

	// ContentSecurityPolicy takes the place of the policy that every answer carries:
	// nothing from elsewhere, nothing inline, no frames. Empty is that one.
	ContentSecurityPolicy string

	// HTMX says where htmx comes from; the zero value is the one embedded here.
	HTMX HTMX

	// ThemeCSS is the URL of a stylesheet that comes after ours: a path of the
	// host's, "/static/coupons.css", or an https URL, whose origin is then allowed
	// by the policy. Rules for .cp in it, such as .cp { --cp-accent: #7a1fa2 }, are
	// stronger than ours. Empty is none.
	ThemeCSS string

	// ThemeOf chooses "light" or "dark" for a request; anything else, and nil, is what
	// the browser prefers, or in a page of the host's what that page is.
	ThemeOf func(*http.Request) string

	// Templates has files named "*.html" in its root, whose {{define}}s take the
	// place of ours by name. docs/embedding.md lists the names. What the templates are
	// given is not promised to stay as it is.
	Templates fs.FS

	// TrustedOrigins may post to the pages besides their own origin: as
	// "https://admin.example.com".
	TrustedOrigins []string

	// Logger gets the errors of which the browser is told nothing; by default
	// [slog.Default].
	Logger *slog.Logger
}

// Handler serves the pages. It is safe for concurrent use. Make one with [New].
type Handler struct {
	cfg      Config
	base     string // escaped; "" if it is derived or the root
	policy   string // the Content-Security-Policy
	assets   assets
	catalogs []*catalog // English first
	matcher  language.Matcher
	csrf     *http.CrossOriginProtection
	mux      *http.ServeMux
	log      *slog.Logger
}

var _ http.Handler = (*Handler)(nil)

// route is one thing that the handler answers.
type route struct {
	method  string // GET answers HEAD too
	pattern string // of http.ServeMux, below the base path; {id} is a coupon
	action  Action // what one must be allowed to do
	serve   func(*Handler, *request) error
}

// routes are all of them.
var routes = []route{
	{"GET", "/{$}", View, (*Handler).list},
	{"GET", "/new", Create, (*Handler).newForm},
	{"POST", "/new", Create, (*Handler).create},
	{"POST", "/preview", Create, (*Handler).preview},
	{"GET", "/c/{id}", View, (*Handler).coupon},
	{"GET", "/c/{id}/edit", Edit, (*Handler).editForm},
	{"POST", "/c/{id}/edit", Edit, (*Handler).update},
	{"POST", "/c/{id}/preview", Edit, (*Handler).previewEdit},
	{"GET", "/c/{id}/bookings", View, (*Handler).bookings},
	{"GET", "/c/{id}/booking", View, (*Handler).booking},
	{"POST", "/c/{id}/booking/refund", Refund, (*Handler).refundBooking},
	{"POST", "/c/{id}/booking/release", Cancel, (*Handler).releaseBooking},
	{"POST", "/c/{id}/booking/cancel", Cancel, (*Handler).cancelBooking},
	{"GET", "/c/{id}/codes", View, (*Handler).codes},
	{"POST", "/c/{id}/codes", Generate, (*Handler).generateCodes},
	{"POST", "/c/{id}/codes/add", Generate, (*Handler).addCode},
	{"GET", "/c/{id}/batches", View, (*Handler).batches},
	{"GET", "/c/{id}/widget/summary", View, widgetRoute(SummaryWidget)},
	{"GET", "/c/{id}/widget/chart", View, widgetRoute(ChartWidget)},
	{"GET", "/c/{id}/widget/status", View, widgetRoute(StatusWidget)},
	{"GET", "/c/{id}/history", View, (*Handler).history},
	{"POST", "/c/{id}/deactivate", Switch, (*Handler).deactivate},
	{"POST", "/c/{id}/activate", Switch, (*Handler).activate},
	{"POST", "/c/{id}/notes", Annotate, (*Handler).addNote},
	{"POST", "/c/{id}/notes/edit", Annotate, (*Handler).editNote},
	{"POST", "/c/{id}/notes/remove", Annotate, (*Handler).removeNote},
	{"POST", "/c/{id}/archive", Archive, (*Handler).archive}, // last: nothing can be done after it
	{"GET", "/static/{file}", "", (*Handler).static},
}

// New makes the handler. It does no I/O.
func New(cfg Config) (*Handler, error) {
	if cfg.Service == nil && cfg.ServiceOf == nil {
		return nil, errors.New("httpui: Config.Service or ServiceOf is required")
	}
	if _, err := time.LoadLocation(cfg.Zone); err != nil {
		return nil, fmt.Errorf("httpui: Config.Zone %q must be a zone such as Europe/Berlin: %w", cfg.Zone, err)
	}
	base, err := cleanBase(cfg.BasePath)
	if err != nil {
		return nil, err
	}
	h := &Handler{cfg: cfg, base: base, csrf: http.NewCrossOriginProtection(), log: cfg.Logger}
	if h.log == nil {
		h.log = slog.Default()
	}
	for _, origin := range cfg.TrustedOrigins {
		if err := h.csrf.AddTrustedOrigin(origin); err != nil {
			return nil, fmt.Errorf("httpui: Config.TrustedOrigins: %w", err)
		}
	}
	if h.policy, err = policyOf(cfg); err != nil {
		return nil, err
	}
	if h.assets, err = loadAssets(); err != nil {
		return nil, err
	}
	if h.catalogs, err = loadCatalogs(cfg); err != nil {
		return nil, err
	}
	if err := h.parseTemplates(); err != nil {
		return nil, err
	}
	h.matcher = newMatcher(h.catalogs)
	h.mux = h.newMux()
	return h, nil
}

// newMux sorts the routes by pattern, so that one that is known under another
// method is answered with 405 and not with 404.
func (h *Handler) newMux() *http.ServeMux {
	mux := http.NewServeMux()
	patterns := map[string]map[string]route{}
	for _, rt := range routes {
		if patterns[rt.pattern] == nil {
			patterns[rt.pattern] = map[string]route{}
		}
		patterns[rt.pattern][rt.method] = rt
	}
	for pattern, methods := range patterns {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { h.dispatch(w, r, methods) })
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { h.fail(w, r, errNotFound) })
	return mux
}

// ServeHTTP answers a request. The order is: headers, where we are mounted, who
// asks, where the request comes from; only then is anything looked up.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	hosts := w.Header().Get(policyHeader)
	h.setHeaders(w.Header())
	m := h.mountOf(r)
	r = r.WithContext(withMount(context.WithValue(r.Context(), policyKey, hosts), m))
	if h.cfg.Authorize == nil {
		h.fail(w, r, errForbidden)
		return
	}
	actor, err := h.cfg.Authorize(r)
	if err != nil {
		h.log.InfoContext(r.Context(), "httpui: not authorized", "error", err)
		h.fail(w, r, errForbidden)
		return
	}
	if err := h.csrf.Check(r); err != nil {
		h.fail(w, r, errCrossOrigin)
		return
	}
	switch {
	case !m.ok:
		h.fail(w, r, errNotFound)
	case m.path == "":
		// The target is made of the base path alone, never of the request's path.
		target := m.base + "/"
		if r.URL.RawQuery != "" {
			target += "?" + r.URL.RawQuery
		}
		http.Redirect(w, r, target, http.StatusTemporaryRedirect)
	case m.path != path.Clean(m.path) || strings.Contains(m.path, `\`):
		h.fail(w, r, errNotFound) // the mux would redirect, and does not know the base path
	default:
		inner := r.Clone(withActor(r.Context(), actor))
		inner.URL.Path, inner.URL.RawPath = m.path, m.raw
		h.mux.ServeHTTP(w, inner)
	}
}

// dispatch runs the route of the request's method.
func (h *Handler) dispatch(w http.ResponseWriter, r *http.Request, methods map[string]route) {
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	rt, ok := methods[method]
	if !ok {
		w.Header().Set("Allow", allow(methods))
		h.fail(w, r, errMethod)
		return
	}
	if method != http.MethodGet {
		if h.cfg.ReadOnly {
			h.fail(w, r, errReadOnly)
			return
		}
		// Reading the form here bounds what anybody can send.
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		if err := r.ParseForm(); err != nil {
			h.fail(w, r, fmt.Errorf("%w: %w", errForm, err))
			return
		}
		if n := fieldsOf(r.Form); n > maxFields {
			h.fail(w, r, fmt.Errorf("%w: %d fields", errForm, n))
			return
		}
	}
	if err := h.serve(rt, w, r); err != nil {
		h.fail(w, r, err)
	}
}

// serve finds whose coupons are meant and the coupon of the address, asks whether
// this may be done, and does it.
func (h *Handler) serve(rt route, w http.ResponseWriter, r *http.Request) error {
	q, err := h.newRequest(w, r)
	if err != nil {
		return err
	}
	if id := r.PathValue("id"); id != "" {
		if q.c, err = q.svc.Coupon(r.Context(), coupon.ID(id)); err != nil {
			return err
		}
	}
	switch {
	case rt.action == "": // a static file
	case !q.may(rt.action):
		return errMayNot
	case q.as != asPage && !slices.Contains(rt.formats(), q.as):
		return &formatError{rt.formats()}
	case q.as != asPage && !q.may(Export):
		return errMayNot
	}
	return rt.serve(h, q)
}

// maxBody is the size of the largest form, in bytes: of a coupon with all its
// texts, as a browser escapes them.
const maxBody = 128 << 10

// maxFields is how many values a form may have: more than any page of ours asks for.
const maxFields = 2000

func fieldsOf(form url.Values) (n int) {
	for _, values := range form {
		n += len(values)
	}
	return n
}

// allow names the methods of a pattern as the header Allow has them.
func allow(methods map[string]route) string {
	var names []string
	if _, ok := methods[http.MethodGet]; ok {
		names = append(names, http.MethodGet, http.MethodHead)
	}
	if _, ok := methods[http.MethodPost]; ok {
		names = append(names, http.MethodPost)
	}
	return strings.Join(names, ", ")
}
