package main

import (
	"crypto/rand"
	"embed"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/httpui"
)

// adminPath is where the pages about the coupons are mounted.
const adminPath = "/admin/coupons"

//go:embed static
var static embed.FS

// site is the website of the business.
type site struct {
	svc    *coupon.Service
	db     *database
	ledger ledger
	loc    *time.Location
	now    func() time.Time
	newID  func() string
	log    *slog.Logger
	pages  pages
	// couponURL is the coupon's page in the admin.
	couponURL func(coupon.ID) string
}

// newHandler puts the website together: the host's own pages, and the coupons'
// pages below adminPath.
func newHandler(d *database, now func() time.Time, log *slog.Logger) (http.Handler, error) {
	svc, err := coupon.New(coupon.Config{Store: d.coupons, Now: now})
	if err != nil {
		return nil, err
	}
	loc, err := businessZone()
	if err != nil {
		return nil, err
	}
	pages, err := parsePages(loc)
	if err != nil {
		return nil, err
	}
	return (&site{
		svc: svc, db: d, ledger: d.ledger, loc: loc, log: log, pages: pages,
		now:   now,
		newID: func() string { return "BH-" + rand.Text()[:8] },
	}).router()
}

func (s *site) router() (http.Handler, error) {
	admin, err := httpui.New(httpui.Config{
		Service:    s.svc,
		Authorize:  owner,
		BasePath:   adminPath,
		Title:      "Brightside coupons",
		BackLink:   "/",
		BookingURL: bookingURL,
		Logger:     s.log,
	})
	if err != nil {
		return nil, err
	}
	s.couponURL = admin.CouponURL
	files, err := fs.Sub(static, "static")
	if err != nil {
		return nil, err
	}

	// The paths are passed on as they came, so that the mounted pages see what
	// the browser asked for.
	r := mux.NewRouter().UseEncodedPath()
	r.Path(adminPath).Handler(admin)
	r.PathPrefix(adminPath + "/").Handler(admin)

	host := r.NewRoute().Subrouter()
	host.Use(secure)
	// No other site's page may post here, whoever is signed in. The coupons'
	// pages see to that themselves.
	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(http.HandlerFunc(s.otherSite))
	host.Use(protection.Handler)
	host.PathPrefix("/static/").Handler(http.StripPrefix("/static/", cached(filesOnly(http.FileServerFS(files))))).Methods("GET", "HEAD")
	host.HandleFunc("/", s.home).Methods("GET", "HEAD")
	host.HandleFunc("/book", s.bookForm).Methods("GET", "HEAD")
	host.HandleFunc("/book", s.book).Methods("POST")
	host.HandleFunc("/book/price", s.price).Methods("POST")
	host.HandleFunc("/bookings/{id:[A-Z0-9-]+}", s.booking).Methods("GET", "HEAD")
	host.HandleFunc("/bookings/{id:[A-Z0-9-]+}/cancel", s.cancel).Methods("POST")
	r.NotFoundHandler = secure(http.HandlerFunc(s.notFound))
	r.MethodNotAllowedHandler = secure(http.HandlerFunc(s.notAllowed))

	return r, nil
}

func bookingURL(id string) string { return "/bookings/" + id }

// owner lets whoever sits at this machine in, as the owner, because the example
// has no sign-in. A real host looks at its session here and gives the name of
// the person, or an error.
func owner(r *http.Request) (actor string, err error) {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return "", err
	}
	// The name is looked at too: another site's name can be made to point here.
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	ip, err := netip.ParseAddr(host)
	if !peer.Addr().Unmap().IsLoopback() || host != "localhost" && (err != nil || !ip.IsLoopback()) {
		return "", errors.New("the example's admin answers on this machine only")
	}
	return "owner", nil
}

// secure sets what every page of the host has: nothing inline, nothing from
// elsewhere, in nobody's frame, in nobody's cache.
func secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
		next.ServeHTTP(w, r)
	})
}

// filesOnly lists no directories.
func filesOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "" || strings.HasSuffix(r.URL.Path, "/") {
			http.NotFound(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func cached(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=300")
		next.ServeHTTP(w, r)
	})
}
