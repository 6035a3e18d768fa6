// Nethttp mounts the coupon pages in a host with the router of the standard
// library.
//
//	go run ./nethttp
package main

import (
	"net/http"

	"github.com/couponkit/coupon/examples/routers/internal/site"
)

func main() { site.Main(handler) }

// handler is the whole host: its own pages, and under /admin/coupons ours.
func handler(s *site.Site) http.Handler {
	mux := host(s)
	mux.Handle("/admin/coupons/", s.Coupons)
	return identify(s, mux)
}

// host has the pages of its own.
func host(s *site.Site) *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.Home)
	mux.HandleFunc("GET /admin/coupons-help", s.Help)
	mux.HandleFunc("POST /sign-in", s.SignIn)
	return mux
}

// identify is the host's own middleware: it finds out who asks.
func identify(s *site.Site, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, s.Identify(r))
	})
}
