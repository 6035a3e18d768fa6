package main

import (
	"net/http"
	"testing"

	"github.com/labstack/echo/v5"

	"github.com/couponkit/coupon/examples/routers/internal/requesttable"
	"github.com/couponkit/coupon/examples/routers/internal/site"
)

// The program, and other ways to mount the pages with this router.
func TestRequestTable(t *testing.T) {
	t.Parallel()
	requesttable.Run(t,
		requesttable.Mount{Name: "echo", Host: handler},
		requesttable.Mount{Name: "echo, stripped", Host: stripped},
		requesttable.Mount{Name: "echo, stripped, base path derived", Derived: true, Host: stripped},
		requesttable.Mount{Name: "echo, group", Host: func(s *site.Site) http.Handler {
			e := host(s)
			admin := e.Group("/admin")
			admin.Any("/coupons", echo.WrapHandler(s.Coupons))
			admin.Any("/coupons/*", echo.WrapHandler(s.Coupons))
			return e
		}},
		requesttable.Mount{Name: "echo, parameter, base path derived", Derived: true, At: "/t/acme/coupons", Host: func(s *site.Site) http.Handler {
			pages := func(c *echo.Context) error {
				http.StripPrefix("/t/"+c.Param("tenant")+"/coupons", s.Coupons).ServeHTTP(c.Response(), c.Request())
				return nil
			}
			e := host(s)
			e.Any("/t/:tenant/coupons", pages)
			e.Any("/t/:tenant/coupons/*", pages)
			return e
		}},
	)
}

func stripped(s *site.Site) http.Handler {
	pages := echo.WrapHandler(http.StripPrefix("/admin/coupons", s.Coupons))
	e := host(s)
	e.Any("/admin/coupons", pages)
	e.Any("/admin/coupons/*", pages)
	return e
}
