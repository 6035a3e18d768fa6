package browsertest

import "testing"

// Every page works under its own Content-Security-Policy, and nobody has to
// scroll sideways to read it, on a desk or on the smallest phone, by day or by
// night.
func TestEveryPageOpensClean(t *testing.T) {
	t.Parallel()
	b := Start(t)
	l := open(t, b, list, Options{})
	coupons := l.Attributes("a.cp-eye", "href")
	coupons = append(coupons, open(t, b, archived, Options{}).Attributes("a.cp-eye", "href")...)
	// Another test may archive one of them meanwhile: only both lists together
	// are sure to be whole.
	if len(coupons) < 13 {
		t.Fatalf("%d coupons in the lists, want more than a dozen", len(coupons))
	}

	c := openCoupon(t, b, "NEIGHBOR25", Options{})
	neighbor := path(c)
	c.Follow(viewBookings)
	bookings := path(c)
	c.Follow(".cp-bookings tbody th a")
	booking := path(c)

	paths := append([]string{
		home, book, book + "?code=WELCOME20", booking,
		list, list + "?status=active&sort=end&order=desc", list + "?q=nothing+is+called+so", archived,
		bookings, bookings + "?state=all", bookings + "?state=cancelled",
		neighbor + "?chart=line", neighbor + "?period=90d&interval=day", neighbor + "?period=7d&clock=service-date",
		neighbor + "?period=last_year", neighbor + "?from=tomorrow",
	}, coupons...)
	looks := []struct {
		name    string
		options Options
	}{
		{"wide and light", Options{Width: 1280}},
		{"narrow and dark", Options{Width: 320, Dark: true}},
	}
	for _, look := range looks {
		t.Run(look.name, func(t *testing.T) {
			p := open(t, b, home, look.options)
			for _, path := range paths {
				t.Run(path, func(t *testing.T) {
					visit(t, p, path)
					if got := p.Count("h1"); got != 1 {
						t.Errorf("%d headings of the page, want one", got)
					}
					if px := p.Sideways(); px > 0 {
						t.Errorf("%d px wider than the viewport", px)
					}
					clean(t, p)
				})
			}
		})
	}
}
