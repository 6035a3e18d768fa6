package main

import (
	"net/http"
	"testing"

	"github.com/couponkit/coupon/examples/routers/internal/requesttable"
	"github.com/couponkit/coupon/examples/routers/internal/site"
)

// The program, and other ways to mount the pages with this router.
func TestRequestTable(t *testing.T) {
	t.Parallel()
	requesttable.Run(t,
		requesttable.Mount{Name: "net/http, one pattern", Host: handler},
		requesttable.Mount{Name: "net/http, both patterns", Host: func(s *site.Site) http.Handler {
			mux := host(s)
			mux.Handle("/admin/coupons", s.Coupons)
			mux.Handle("/admin/coupons/", s.Coupons)
			return identify(s, mux)
		}},
		requesttable.Mount{Name: "net/http, one pattern, stripped", Host: stripped},
		requesttable.Mount{Name: "net/http, one pattern, stripped, base path derived", Derived: true, Host: stripped},
		requesttable.Mount{Name: "net/http, one pattern, parameter, base path derived", Derived: true, At: "/t/acme/coupons", Host: func(s *site.Site) http.Handler {
			mux := host(s)
			mux.HandleFunc("/t/{tenant}/coupons/", func(w http.ResponseWriter, r *http.Request) {
				http.StripPrefix("/t/"+r.PathValue("tenant")+"/coupons", s.Coupons).ServeHTTP(w, r)
			})
			return identify(s, mux)
		}},
		// Both patterns: the inner mux knows only its own part of the path, and would
		// redirect "/admin/coupons" to "/coupons/".
		requesttable.Mount{Name: "net/http, a mux in a mux, base path derived", Derived: true, Host: func(s *site.Site) http.Handler {
			admin := http.NewServeMux()
			admin.Handle("/coupons", http.StripPrefix("/coupons", s.Coupons))
			admin.Handle("/coupons/", http.StripPrefix("/coupons", s.Coupons))
			mux := host(s)
			mux.Handle("/admin/", http.StripPrefix("/admin", admin))
			return identify(s, mux)
		}},
	)
}

func stripped(s *site.Site) http.Handler {
	mux := host(s)
	mux.Handle("/admin/coupons/", http.StripPrefix("/admin/coupons", s.Coupons))
	return identify(s, mux)
}
