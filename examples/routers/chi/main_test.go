package main

import (
	"net/http"
	"testing"

	"github.com/go-chi/chi/v5"

	"github.com/couponkit/coupon/examples/routers/internal/requesttable"
	"github.com/couponkit/coupon/examples/routers/internal/site"
)

// The program, and other ways to mount the pages with this router.
func TestRequestTable(t *testing.T) {
	t.Parallel()
	requesttable.Run(t,
		requesttable.Mount{Name: "chi", Host: handler},
		requesttable.Mount{Name: "chi, stripped", Host: stripped},
		requesttable.Mount{Name: "chi, stripped, base path derived", Derived: true, Host: stripped},
		requesttable.Mount{Name: "chi, subrouter", Host: func(s *site.Site) http.Handler {
			r := host(s)
			r.Route("/admin", func(admin chi.Router) { admin.Mount("/coupons", s.Coupons) })
			return r
		}},
		requesttable.Mount{Name: "chi, parameter, base path derived", Derived: true, At: "/t/acme/coupons", Host: func(s *site.Site) http.Handler {
			r := host(s)
			r.Mount("/t/{tenant}/coupons", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				http.StripPrefix("/t/"+chi.URLParam(r, "tenant")+"/coupons", s.Coupons).ServeHTTP(w, r)
			}))
			return r
		}},
	)
}

func stripped(s *site.Site) http.Handler {
	r := host(s)
	r.Mount("/admin/coupons", http.StripPrefix("/admin/coupons", s.Coupons))
	return r
}
