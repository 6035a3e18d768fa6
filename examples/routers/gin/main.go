// Gin mounts the coupon pages in a host whose router is gin.
//
//	go run ./gin
package main

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/couponkit/coupon/examples/routers/internal/site"
)

func main() {
	gin.SetMode(gin.ReleaseMode)
	site.Main(handler)
}

// handler is the whole host: its own pages, and under /admin/coupons ours. Two
// routes: to the path without the slash gin would redirect by itself, for good and
// before anybody is asked who they are, and not at all where another route that
// begins so came first.
func handler(s *site.Site) http.Handler {
	r := host(s)
	r.Any("/admin/coupons", gin.WrapH(s.Coupons))
	r.Any("/admin/coupons/*path", gin.WrapH(s.Coupons))
	return r
}

// host has the pages of its own.
func host(s *site.Site) *gin.Engine {
	r := gin.New()
	r.Use(identify(s))
	r.GET("/", gin.WrapF(s.Home))
	r.POST("/sign-in", gin.WrapF(s.SignIn))
	r.GET("/admin/coupons-help", gin.WrapF(s.Help))
	return r
}

// identify is the host's own middleware: it finds out who asks. The name is in the
// request's context; c.Set would keep it in gin's, which the pages don't see.
func identify(s *site.Site) gin.HandlerFunc {
	return func(c *gin.Context) {
		c.Request = s.Identify(c.Request)
		c.Next()
	}
}
