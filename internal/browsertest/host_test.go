package browsertest

import (
	"fmt"
	"html/template"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/httpui"
	"github.com/couponkit/coupon/store/memory"
)

// host is a small admin with the pages in it, made anew for a test: for what the
// example server does not show.
type host struct {
	*httptest.Server
	ui    *httpui.Handler
	svc   *coupon.Service
	id    coupon.ID // of the coupon SPRING15
	pages map[string]string

	mu       sync.Mutex
	expired  bool     // the login
	requests []string // "GET /path", with "hx " before those of htmx
}

const adminBase = "/admin/coupons"

// newHost has a coupon with bookings, and one of each other state.
func newHost(t *testing.T, edit func(h *host, c *httpui.Config)) *host {
	t.Helper()
	now := time.Now()
	svc, err := coupon.New(coupon.Config{Store: memory.New()})
	if err != nil {
		t.Fatal(err)
	}
	h := &host{svc: svc, pages: map[string]string{}}
	ctx := t.Context()
	create := func(c coupon.Coupon) coupon.Coupon {
		t.Helper()
		if c, err = svc.Create(ctx, c); err != nil {
			t.Fatal(err)
		}
		return c
	}
	h.id = create(coupon.Coupon{Code: "SPRING15", Name: "Spring cleaning", Discount: coupon.PercentOff(decimal.NewFromInt(15)), Start: now.AddDate(0, 0, -60)}).ID
	for i := range 40 {
		b := coupon.Booking{ID: fmt.Sprintf("B-%d", 1000+i), Currency: "USD", MadeAt: now.AddDate(0, 0, -59+i).Add(-time.Hour),
			Customer: coupon.Customer{Key: fmt.Sprintf("ann%d@example.com", i)}, Lines: []coupon.Line{{Price: decimal.NewFromInt(int64(60 + i)), Quantity: 1}}}
		for range 1 + i%3 {
			b.ID += "x"
			if _, err := svc.Redeem(ctx, b, "SPRING15"); err != nil {
				t.Fatal(err)
			}
		}
	}
	create(coupon.Coupon{Code: "WINTER10", Name: "Winter", Discount: coupon.PercentOff(decimal.NewFromInt(10)), Start: now.AddDate(0, 0, 30)})
	create(coupon.Coupon{Code: "AUTUMN5", Discount: coupon.AmountOff(coupon.MustMoney("5", "USD")), Start: now.AddDate(0, -3, 0), End: now.AddDate(0, -1, 0),
		Restrictions: coupon.Restrictions{MinTotal: coupon.MustMoney("40", "USD"), Limits: []coupon.Limit{{Of: coupon.Uses, Per: coupon.PerCoupon, Max: 100}}}})

	cfg := httpui.Config{Service: svc, BasePath: adminBase, Title: "Admin", Authorize: func(*http.Request) (string, error) { return "owner", nil }}
	edit(h, &cfg)
	if h.ui, err = httpui.New(cfg); err != nil {
		t.Fatal(err)
	}
	h.Server = httptest.NewServer(http.HandlerFunc(h.serve))
	t.Cleanup(h.Server.Close)
	return h
}

// serve is what a host does: a login before everything, its own pages, and the
// coupon pages.
func (h *host) serve(w http.ResponseWriter, r *http.Request) {
	what := r.Method + " " + r.URL.RequestURI()
	if r.Header.Get("HX-Request")+r.Header.Get("HX-History-Restore-Request") != "" {
		what = "hx " + what
	}
	h.mu.Lock()
	if r.URL.Path != "/favicon.ico" { // which the browser asks for when it likes
		h.requests = append(h.requests, what)
	}
	expired := h.expired
	h.mu.Unlock()
	// A host's own policy: nothing inline either.
	w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'")
	switch path := r.URL.Path; {
	case path == "/favicon.ico":
	case strings.HasPrefix(path, "/htmx-"):
		data, err := htmxFile(strings.TrimSuffix(strings.TrimPrefix(path, "/htmx-"), ".js"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
		w.Write(data)
	case path == "/login":
		fmt.Fprint(w, `<!doctype html><html lang="en"><head><title>Sign in</title></head><body><h1 id="login">Sign in</h1></body></html>`)
	case expired && !strings.Contains(path, "/static/"):
		http.Redirect(w, r, "/login", http.StatusFound)
	case h.pages[path] != "":
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, h.pages[path])
	default:
		h.ui.ServeHTTP(w, r)
	}
}

func (h *host) set(expired bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.expired, h.requests = expired, nil
}

// asked is how many requests since the last set begin so.
func (h *host) asked(prefix string) (n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, r := range h.requests {
		if strings.HasPrefix(r, prefix) {
			n++
		}
	}
	return n
}

func (h *host) coupon() string { return h.ui.CouponURL(h.id) }

// layout writes a host's page, with its own scripts before ours and at its end,
// and attributes for its body.
func layout(before, body, after string) func(http.ResponseWriter, *http.Request, httpui.Page) error {
	page := template.Must(template.New("").Parse(`<!doctype html>
<html lang="{{.Language}}" dir="{{.Direction}}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="htmx-config" content='{"includeIndicatorStyles":false}'>
<title>{{.Title}} – Host</title>` + before + `{{.Head}}</head>
<body ` + body + `><nav id="host-nav"><a href="/home">Host</a></nav><main id="host-main">{{.Body}}</main>` + after + `</body></html>`))
	return func(w http.ResponseWriter, _ *http.Request, p httpui.Page) error { return page.Execute(w, p) }
}
