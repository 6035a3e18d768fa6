// Gorilla mounts the coupon pages in a host whose router is gorilla/mux.
//
//	go run ./gorilla
package main

import (
	"net/http"

	"github.com/gorilla/mux"

	"github.com/couponkit/coupon/examples/routers/internal/site"
)

func main() { site.Main(handler) }

// handler is the whole host: its own pages, and under /admin/coupons ours. Two
// routes, because PathPrefix("/admin/coupons") alone takes the host's page
// /admin/coupons-help too, if it comes first.
func handler(s *site.Site) http.Handler {
	r := host(s)
	r.Path("/admin/coupons").Handler(s.Coupons)
	r.PathPrefix("/admin/coupons/").Handler(s.Coupons)
	return r
}

// host has the pages of its own. The paths are matched as they came: else the
// router takes %2F for a slash and redirects to what is then there.
func host(s *site.Site) *mux.Router {
	r := mux.NewRouter().UseEncodedPath()
	r.Use(identify(s))
	r.HandleFunc("/", s.Home).Methods("GET")
	r.HandleFunc("/sign-in", s.SignIn).Methods("POST")
	r.HandleFunc("/admin/coupons-help", s.Help).Methods("GET")
	return r
}

// identify is the host's own middleware: it finds out who asks.
func identify(s *site.Site) mux.MiddlewareFunc {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, s.Identify(r))
		})
	}
}
