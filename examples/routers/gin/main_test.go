package main

import (
	"net/http"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/couponkit/coupon/examples/routers/internal/requesttable"
	"github.com/couponkit/coupon/examples/routers/internal/site"
)

// The program, and other ways to mount the pages with this router.
func TestRequestTable(t *testing.T) {
	t.Parallel()
	gin.SetMode(gin.TestMode) // else it prints every route
	requesttable.Run(t,
		requesttable.Mount{Name: "gin, both routes", Host: handler},
		requesttable.Mount{Name: "gin, one route", Host: func(s *site.Site) http.Handler {
			r := host(s)
			r.Any("/admin/coupons/*path", gin.WrapH(s.Coupons))
			return r
		}},
		requesttable.Mount{Name: "gin, both routes, stripped", Host: stripped},
		requesttable.Mount{Name: "gin, both routes, stripped, base path derived", Derived: true, Host: stripped},
		requesttable.Mount{Name: "gin, both routes, group", Host: func(s *site.Site) http.Handler {
			r := host(s)
			admin := r.Group("/admin")
			admin.Any("/coupons", gin.WrapH(s.Coupons))
			admin.Any("/coupons/*path", gin.WrapH(s.Coupons))
			return r
		}},
		requesttable.Mount{Name: "gin, both routes, parameter, base path derived", Derived: true, At: "/t/acme/coupons", Host: func(s *site.Site) http.Handler {
			pages := func(c *gin.Context) {
				http.StripPrefix("/t/"+c.Param("tenant")+"/coupons", s.Coupons).ServeHTTP(c.Writer, c.Request)
			}
			r := host(s)
			r.Any("/t/:tenant/coupons", pages)
			r.Any("/t/:tenant/coupons/*path", pages)
			return r
		}},
	)
}

func stripped(s *site.Site) http.Handler {
	pages := gin.WrapH(http.StripPrefix("/admin/coupons", s.Coupons))
	r := host(s)
	r.Any("/admin/coupons", pages)
	r.Any("/admin/coupons/*path", pages)
	return r
}
