// Echo mounts the coupon pages in a host whose router is echo.
//
//	go run ./echo
package main

import (
	"net/http"

	"github.com/labstack/echo/v5"

	"github.com/couponkit/coupon/examples/routers/internal/site"
)

func main() { site.Main(handler) }

// handler is the whole host: its own pages, and under /admin/coupons ours. Two
// routes, because for echo the path without the slash is another one.
func handler(s *site.Site) http.Handler {
	e := host(s)
	e.Any("/admin/coupons", echo.WrapHandler(s.Coupons))
	e.Any("/admin/coupons/*", echo.WrapHandler(s.Coupons))
	return e
}

// host has the pages of its own.
func host(s *site.Site) *echo.Echo {
	e := echo.New()
	e.Use(identify(s))
	e.GET("/", echo.WrapHandler(http.HandlerFunc(s.Home)))
	e.POST("/sign-in", echo.WrapHandler(http.HandlerFunc(s.SignIn)))
	e.GET("/admin/coupons-help", echo.WrapHandler(http.HandlerFunc(s.Help)))
	return e
}

// identify is the host's own middleware: it finds out who asks. The name is in the
// request's context; c.Set would keep it in echo's, which the pages don't see.
func identify(s *site.Site) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c *echo.Context) error {
			c.SetRequest(s.Identify(c.Request()))
			return next(c)
		}
	}
}
