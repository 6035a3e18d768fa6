package main

import (
	"net/http"
	"testing"

	"github.com/gorilla/mux"

	"github.com/couponkit/coupon/examples/routers/internal/requesttable"
	"github.com/couponkit/coupon/examples/routers/internal/site"
)

// The program, and other ways to mount the pages with this router.
func TestRequestTable(t *testing.T) {
	t.Parallel()
	requesttable.Run(t,
		requesttable.Mount{Name: "gorilla", Host: handler},
		requesttable.Mount{Name: "gorilla, stripped", Host: stripped},
		requesttable.Mount{Name: "gorilla, stripped, base path derived", Derived: true, Host: stripped},
		requesttable.Mount{Name: "gorilla, subrouter", Host: func(s *site.Site) http.Handler {
			r := host(s)
			admin := r.PathPrefix("/admin").Subrouter()
			admin.Path("/coupons").Handler(s.Coupons)
			admin.PathPrefix("/coupons/").Handler(s.Coupons)
			return r
		}},
		requesttable.Mount{Name: "gorilla, parameter, base path derived", Derived: true, At: "/t/acme/coupons", Host: func(s *site.Site) http.Handler {
			pages := func(w http.ResponseWriter, r *http.Request) {
				http.StripPrefix("/t/"+mux.Vars(r)["tenant"]+"/coupons", s.Coupons).ServeHTTP(w, r)
			}
			r := host(s)
			r.Path("/t/{tenant}/coupons").HandlerFunc(pages)
			r.PathPrefix("/t/{tenant}/coupons/").HandlerFunc(pages)
			return r
		}},
	)
}

func stripped(s *site.Site) http.Handler {
	r := host(s)
	r.Path("/admin/coupons").Handler(http.StripPrefix("/admin/coupons", s.Coupons))
	r.PathPrefix("/admin/coupons/").Handler(http.StripPrefix("/admin/coupons", s.Coupons))
	return r
}
