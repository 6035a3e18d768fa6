// Package httpui is the coupon pages as one [http.Handler], to be mounted in
// any admin, under any router: the list of coupons, the page on which an owner
// tracks a coupon, and the bookings behind its figures.
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
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"path"
	"strings"

	"github.com/couponkit/coupon"
)

// Config is what a [Handler] is made of. Service is required; without Authorize
// nobody gets in.
type Config struct {
	// Service is whose coupons are shown.
	Service *coupon.Service

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

	// ReadOnly takes away everything that changes a coupon.
	ReadOnly bool

	// Locale is how amounts, numbers and dates are written: "en" by default, or
	// another such as "en-US", "de" or "fr-CH". The words are English.
	Locale string

	// Title stands at the head of every page; "Coupons" by default. BackLink is
	// the URL of the host's page to go back to; empty for none.
	Title    string
	BackLink string

	// BookingURL gives the host's own page of a booking, to link to; nil for none.
	// An empty URL is no link.
	BookingURL func(bookingID string) string

	// TrustedOrigins may post to the pages besides their own origin: as
	// "https://admin.example.com".
	TrustedOrigins []string

	// Logger gets the errors of which the browser is told nothing; by default
	// [slog.Default].
	Logger *slog.Logger
}

// Handler serves the pages. It is safe for concurrent use. Make one with [New].
type Handler struct {
	cfg       Config
	base      string // escaped; "" if it is derived or the root
	assets    assets
	templates *template.Template
	formats   formats
	csrf      *http.CrossOriginProtection
	mux       *http.ServeMux
	log       *slog.Logger
}

var _ http.Handler = (*Handler)(nil)

// route is one thing that the handler answers.
type route struct {
	method  string // GET answers HEAD too
	pattern string // of http.ServeMux, below the base path
	serve   func(*Handler, *request) error
}

// routes are all of them.
var routes = []route{
	{"GET", "/{$}", (*Handler).list},
	{"GET", "/c/{id}", (*Handler).coupon},
	{"GET", "/c/{id}/bookings", (*Handler).bookings},
	{"POST", "/c/{id}/deactivate", (*Handler).deactivate},
	{"POST", "/c/{id}/activate", (*Handler).activate},
	{"GET", "/static/{file}", (*Handler).static},
}

// New makes the handler. It does no I/O.
func New(cfg Config) (*Handler, error) {
	if cfg.Service == nil {
		return nil, errors.New("httpui: Config.Service is required")
	}
	base, err := cleanBase(cfg.BasePath)
	if err != nil {
		return nil, err
	}
	h := &Handler{cfg: cfg, base: base, formats: newFormats(cfg.Locale), csrf: http.NewCrossOriginProtection(), log: cfg.Logger}
	if h.log == nil {
		h.log = slog.Default()
	}
	if h.cfg.Title == "" {
		h.cfg.Title = "Coupons"
	}
	for _, origin := range cfg.TrustedOrigins {
		if err := h.csrf.AddTrustedOrigin(origin); err != nil {
			return nil, fmt.Errorf("httpui: Config.TrustedOrigins: %w", err)
		}
	}
	if h.assets, err = loadAssets(); err != nil {
		return nil, err
	}
	if h.templates, err = parseTemplates(); err != nil {
		return nil, err
	}
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
	setHeaders(w.Header())
	m := h.mountOf(r)
	r = r.WithContext(withMount(r.Context(), m))
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
	}
	if err := rt.serve(h, h.newRequest(w, r)); err != nil {
		h.fail(w, r, err)
	}
}

// maxBody is the size of the largest form, in bytes.
const maxBody = 64 << 10

func allow(methods map[string]route) string {
	if _, ok := methods[http.MethodGet]; ok {
		return "GET, HEAD"
	}
	return "POST"
}
