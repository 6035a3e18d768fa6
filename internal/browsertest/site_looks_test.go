package browsertest

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/httpui"
)

// crawl gives the addresses of all pages below the list, one of each kind: two
// pages of different coupons, or of two values of a filter, are of one kind.
func crawl(t *testing.T, p *Page, from string) []string {
	t.Helper()
	site := strings.TrimSuffix(p.URL(), path(p))
	kind := func(link string) string {
		u, err := url.Parse(link)
		if err != nil {
			t.Fatal(err)
		}
		var keys []string
		for k := range u.Query() {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		return regexp.MustCompile(`/(c|b|bookings)/[^/]+`).ReplaceAllString(u.Path, "/$1/…") + "?" + strings.Join(keys, "&")
	}
	seen := map[string]bool{kind(from): true}
	found := []string{from}
	for i := 0; i < len(found); i++ {
		p.Visit(site + found[i])
		for _, link := range p.Attributes("a[href]", "href") {
			link, _, _ = strings.Cut(link, "#")
			// What is to be taken away is no page, and each further filter shows nothing new.
			if !strings.HasPrefix(link, from) || strings.Contains(link, "format=") || strings.Count(link, "=") > 1 || seen[kind(link)] {
				continue
			}
			seen[kind(link)] = true
			found = append(found, link)
		}
	}
	return found
}

// looks are the ways in which every page must be right.
var looks = []struct {
	name    string
	options Options
}{
	{"light", Options{}},
	{"dark", Options{Dark: true}},
	{"narrow", Options{Width: 320}},
	{"forced colors", Options{ForcedColors: true}},
	{"without scripts", Options{NoJS: true}},
	{"right to left", Options{Language: "ar"}},
	{"right to left, narrow and dark", Options{Language: "ar", Width: 320, Dark: true}},
}

// together makes two coupons that go together, and gives the pages of bookings on
// which the other one is redeemed or only reserved.
func together(t *testing.T, h *host) []string {
	t.Helper()
	start := time.Now().AddDate(0, 0, -10)
	var pages []string
	for _, code := range []string{"MORNING12", "STEADY10"} {
		c, err := h.svc.Create(t.Context(), coupon.Coupon{Code: coupon.Code(code), Name: "Goes together with another one", Discount: coupon.PercentOff(decimal.NewFromInt(10)), Start: start, Combinable: true})
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, h.ui.CouponURL(c.ID)+"/bookings", h.ui.CouponURL(c.ID)+"/booking?id=both", h.ui.CouponURL(c.ID)+"/booking?id=held")
	}
	b := coupon.Booking{ID: "both", Currency: "USD", Lines: []coupon.Line{{Price: decimal.NewFromInt(100), Quantity: 1}}}
	_, err := h.svc.RedeemAll(t.Context(), b, []string{"MORNING12", "STEADY10"})
	if err == nil {
		b.ID = "held"
		_, err = h.svc.Redeem(t.Context(), b, "MORNING12")
	}
	if err == nil {
		_, err = h.svc.Reserve(t.Context(), b, 24*time.Hour, "STEADY10")
	}
	if err != nil {
		t.Fatal(err)
	}
	return pages
}

// Every page, in every look: no barrier that a program can find, no violation of
// its policy, no failed request, nothing that makes it scroll sideways.
func TestEveryPageInEveryLook(t *testing.T) {
	t.Parallel()
	b := Start(t)
	h := newHost(t, func(*host, *httpui.Config) {})
	own := crawl(t, b.Open(t, h.URL+adminBase+"/", Options{}), adminBase+"/")
	own = append(own, adminBase+"/c/unknown", h.ui.WidgetURL(httpui.SummaryWidget, h.id), h.ui.WidgetURL(httpui.ChartWidget, h.id), h.ui.WidgetURL(httpui.StatusWidget, h.id),
		adminBase+"/?q=nothing+is+called+so", h.coupon()+"?from=tomorrow&chart=line")
	own = append(own, together(t, h)...)
	p := open(t, b, list, Options{})
	theirs := crawl(t, p, list)
	if len(own) < 12 || len(theirs) < 6 {
		t.Fatalf("only %d and %d pages were found", len(own), len(theirs))
	}
	for _, look := range looks {
		t.Run(look.name, func(t *testing.T) {
			check := func(p *Page, paths []string) {
				site := strings.TrimSuffix(p.URL(), path(p))
				for _, path := range paths {
					t.Run(path, func(t *testing.T) {
						p.Visit(site + path)
						if n := p.Sideways(); n > 0 {
							t.Errorf("it is %d pixels wider than the screen", n)
						}
						if look.options.Language == "ar" && p.Attributes("html", "dir")[0] != "rtl" {
							t.Errorf("it does not run from right to left")
						}
						if !strings.HasSuffix(path, "/unknown") { // the status is an error to the browser
							clean(t, p)
						} else if got := p.Violations(); len(got) > 0 {
							t.Errorf("violations %q", got)
						}
						if look.options.NoJS {
							return // axe-core is a script
						}
						for _, barrier := range barriers(t, p) {
							t.Error(barrier)
						}
					})
				}
			}
			check(b.Open(t, h.URL+adminBase+"/", look.options), own)
			check(open(t, b, list, look.options), theirs)
			if look.options.Language == "" {
				check(open(t, b, home, look.options), []string{home, book + "?code=SPARKLE15"})
			}
		})
	}
}
