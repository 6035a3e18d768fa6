package httpui_test

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/httpui"
	"github.com/couponkit/coupon/store/memory"
)

// What follows are the snippets of docs/embedding.md, which a test looks for here.

var adminPage = template.Must(template.New("").Parse(`<!doctype html>
<html lang="{{.Language}}" dir="{{.Direction}}">
<head><title>{{.Title}} – Admin</title>{{.Head}}</head>
<body><nav>…</nav><main>{{.Body}}</main></body>
</html>`))

func layoutOf(svc *coupon.Service) httpui.Config {
	return httpui.Config{
		Service:   svc,
		BasePath:  "/admin/coupons",
		Authorize: currentUser,
		Layout: func(w http.ResponseWriter, r *http.Request, p httpui.Page) error {
			return adminPage.Execute(w, p)
		},
	}
}

// A component as templ has it.
type component interface {
	Render(ctx context.Context, w io.Writer) error
}

func shell(title string, content component) component { return content }

func componentLayout(w http.ResponseWriter, r *http.Request, p httpui.Page) error {
	return shell(p.Title, p).Render(r.Context(), w)
}

func currentUser(r *http.Request) (actor string, err error) {
	session, err := r.Cookie("session") // a real host looks it up
	if err != nil {
		return "", errors.New("not signed in")
	}
	return session.Value, nil
}

func merchantOf(*http.Request) (string, bool) { return "acme", true }

func merchants(svc *coupon.Service, st *memory.Store) httpui.Config {
	return httpui.Config{
		Authorize: currentUser,
		ServiceOf: func(r *http.Request) (*coupon.Service, error) {
			merchant, ok := merchantOf(r) // from the session, never from the path or a form
			if !ok {
				return nil, coupon.ErrNotFound
			}
			return svc.With(st.Merchant(merchant)), nil
		},
	}
}

func csrfToken(*http.Request) string { return "" }

func withToken() httpui.Config {
	return httpui.Config{
		CSRFToken: func(r *http.Request) (field, value string) {
			return "csrf_token", csrfToken(r)
		},
		TrustedOrigins: []string{"https://admin.example.com"},
	}
}

func themed() httpui.Config {
	return httpui.Config{
		ThemeCSS: "/static/coupons.css",
		ThemeOf: func(r *http.Request) string {
			if c, err := r.Cookie("theme"); err == nil {
				return c.Value // "light" or "dark"
			}
			return ""
		},
		Templates: os.DirFS("templates/coupons"),
	}
}

func languages() httpui.Config {
	return httpui.Config{
		LocaleOf: func(r *http.Request) string { return r.Header.Get("X-User-Locale") },
		Locales:  os.DirFS("locales"), // fr.json, and en.json for other words of your own
	}
}

// exampleCoupon is one that two customers used.
func exampleCoupon() (*coupon.Service, coupon.ID) {
	now := time.Date(2026, 3, 20, 12, 0, 0, 0, time.UTC)
	svc, err := coupon.New(coupon.Config{Store: memory.New(), Now: func() time.Time { return now }})
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	c, err := svc.Create(ctx, coupon.Coupon{Code: "SPRING20", Name: "Spring", Discount: coupon.PercentOff(decimal.NewFromInt(20)), Start: now.AddDate(0, 0, -14)})
	if err != nil {
		panic(err)
	}
	for i, id := range []string{"B-1", "B-2"} {
		b := coupon.Booking{ID: id, Currency: "USD", MadeAt: now.AddDate(0, 0, -3*i), Lines: []coupon.Line{{Price: decimal.NewFromInt(80), Quantity: 1}}}
		if _, err := svc.Redeem(ctx, b, "SPRING20"); err != nil {
			panic(err)
		}
	}
	return svc, c.ID
}

// The pages in the host's own layout: the host writes its page around Body and
// puts Head where stylesheets go.
func ExamplePage() {
	svc, id := exampleCoupon()
	pages, err := httpui.New(layoutOf(svc))
	if err != nil {
		fmt.Println(err)
		return
	}
	r := httptest.NewRequest("GET", pages.CouponURL(id), nil)
	r.AddCookie(&http.Cookie{Name: "session", Value: "maria"})
	w := httptest.NewRecorder()
	pages.ServeHTTP(w, r)
	for _, line := range strings.Split(w.Body.String(), "\n") {
		if strings.HasPrefix(line, "<head>") || strings.HasPrefix(line, "<body>") {
			fmt.Println(string([]rune(line)[:50]))
		}
	}
	// Output:
	// <head><title>Spring – Admin</title><link rel="styl
	// <body><nav>…</nav><main><div id="cp-root" class="c
}

// A widget on a page of the host's: an element that htmx fills when the page is
// loaded. Without JavaScript the link in it stays.
func ExampleHandler_WidgetURL() {
	svc, id := exampleCoupon()
	pages, err := httpui.New(httpui.Config{Service: svc, BasePath: "/admin/coupons", Authorize: currentUser})
	if err != nil {
		fmt.Println(err)
		return
	}
	dashboard := template.Must(template.New("").Parse(`<div hx-get="{{.Widget}}?period=28d" hx-trigger="load" hx-target="this" hx-swap="innerHTML">
  <a href="{{.Page}}">Open coupon</a>
</div>
`))
	var b strings.Builder
	err = dashboard.Execute(&b, map[string]string{
		"Widget": pages.WidgetURL(httpui.SummaryWidget, id),
		"Page":   pages.CouponURL(id),
	})
	fmt.Println(strings.ReplaceAll(b.String(), string(id), "ID"), err)
	// Output:
	// <div hx-get="/admin/coupons/c/ID/widget/summary?period=28d" hx-trigger="load" hx-target="this" hx-swap="innerHTML">
	//   <a href="/admin/coupons/c/ID">Open coupon</a>
	// </div>
	//  <nil>
}

// A widget written by the host's own code, for a page or a mail: no request, and
// no one is asked who may see it.
func ExampleHandler_Render() {
	svc, id := exampleCoupon()
	pages, err := httpui.New(httpui.Config{Service: svc, BasePath: "/admin/coupons"})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()

	var b strings.Builder
	err = pages.Render(ctx, &b, httpui.SummaryWidget, id, httpui.RenderOptions{Query: "period=28d", Locale: "en-US"})
	fmt.Println(strings.Contains(b.String(), "$128.00"), err)

	b.Reset()
	err = pages.RenderDrawing(ctx, &b, id, httpui.RenderOptions{})
	fmt.Println(strings.Count(b.String(), "<rect"), err)
	// Output:
	// true <nil>
	// 16 <nil>
}
