// Chi mounts the coupon pages in a host whose router is chi.
//
//	go run ./chi
package main

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/couponkit/coupon/examples/routers/internal/site"
)

func main() { site.Main(handler) }

// handler is the whole host: its own pages, and under /admin/coupons ours. Mount
// leaves the request's path as it is, so the pages must know their BasePath.
func handler(s *site.Site) http.Handler {
	r := host(s)
	r.Mount("/admin/coupons", s.Coupons)
	return r
}

// host has the pages of its own.
func host(s *site.Site) *chi.Mux {
	r := chi.NewRouter()
	r.Use(identify(s))
	r.Get("/", s.Home)
	r.Post("/sign-in", s.SignIn)
	r.Get("/admin/coupons-help", s.Help)
	return r
}

// identify is the host's own middleware: it finds out who asks.
func identify(s *site.Site) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, s.Identify(r))
		})
	}
}
