package browsertest

import (
	"slices"
	"strings"
	"testing"
)

// Of the host's booking page.
const (
	apply      = `button[formaction="/book/price"]`
	bookButton = `.total button:not([formaction])`
	total      = ".total .sum dd"
	refusals   = "#code-answer .bad"
)

// Of the coupon's page.
const viewBookings = ".cp-summary .cp-button-main"

// notValid is all that a stranger is told of a code, see coupon.NotValid.
const notValid = "This code can't be used for this booking."

// fillIn fills in what the booking form does not suggest.
func fillIn(p *Page, email, code string) {
	p.Type("#email", email)
	p.Type("#code", code)
}

// tryCode enters a code on the booking page, and gives the price before and
// after, and why it was refused.
func tryCode(t *testing.T, b *Browser, code string) (prices [2]int64, refused []string) {
	t.Helper()
	p := open(t, b, book, Options{})
	prices[0] = cents(t, p.Text(total))
	fillIn(p, "somebody@example.com", code)
	p.Follow(apply)
	prices[1] = cents(t, p.Text(total))
	clean(t, p)
	return prices, p.Texts(refusals)
}

// A visitor's booking is found on the coupon's page at once; cancelled, it is
// gone from the figures.
func TestBookingWithACodeIsOnTheCouponsPage(t *testing.T) {
	t.Parallel()
	b := Start(t)
	const code = "WELCOME20" // for a new customer
	owner := openCoupon(t, b, code, Options{})
	before := headlines(t, owner)

	p := open(t, b, book, Options{})
	full := cents(t, p.Text(total))
	fillIn(p, "new.visitor@example.com", strings.ToLower(code))
	p.Follow(apply)
	price := cents(t, p.Text(total))
	if price >= full || p.Count(refusals) > 0 {
		t.Fatalf("%d cents with the code, %d without; refused %q", price, full, p.Texts(refusals))
	}
	if off := full / 5; price != full-off {
		t.Errorf("20%% off %d cents is %d, want %d", full, price, full-off)
	}

	p.Follow(bookButton)
	number := p.Text(".notice.good strong")
	if !strings.HasPrefix(number, "BH-") {
		t.Fatalf("booking number %q", number)
	}
	if got := cents(t, p.Text(".sums .sum dd")); got != price {
		t.Errorf("booked for %d cents, offered for %d", got, price)
	}

	owner.Reload()
	after := headlines(t, owner)
	if want := (figures{before.bookings + 1, before.revenue + price, before.discounts + full - price}); after != want {
		t.Errorf("the coupon's page says %+v, want %+v", after, want)
	}
	owner.Follow(viewBookings)
	link := `.cp-bookings a[href="/bookings/` + number + `"]`
	if got := owner.Text(".cp-bookings tr:has(a[href$=" + number + "])"); !strings.Contains(got, "new.visitor@example.com") || !strings.Contains(got, "Redeemed") {
		t.Errorf("the booking's row says %q", got)
	}
	owner.Follow(link)
	if got := owner.Text("h1"); got != "Booking "+number {
		t.Errorf("the number leads to %q", got)
	}

	p.Follow(".danger")
	owner = openCoupon(t, b, code, Options{})
	if got := headlines(t, owner); got != before {
		t.Errorf("after it was cancelled the coupon's page says %+v, want %+v", got, before)
	}
	owner.Follow(viewBookings)
	if got := owner.Count(link); got != 0 {
		t.Error("a cancelled booking is among those counted")
	}
	owner.Click("#cp-state-cancelled")
	owner.Wait(link)
	clean(t, owner)
	clean(t, p)
}

// An owner looks through the bookings of a coupon: by state, by order, by page, and
// by customer.
func TestBookingsAreSearchedSortedAndPaged(t *testing.T) {
	t.Parallel()
	b := Start(t)
	for name, o := range map[string]Options{"with JavaScript": {}, "without": {NoJS: true}} {
		t.Run(name, func(t *testing.T) {
			p := open(t, b, list+"?code=SPARKLE15", o)
			p.Follow(viewBookings)
			step := func(sel, wait string) {
				t.Helper()
				if o.NoJS {
					p.Follow(sel)
				} else {
					p.Click(sel)
				}
				p.Wait(wait)
			}
			step("#cp-size-25", "#cp-size-25[aria-current]")
			step("#cp-sort-discount", "th[aria-sort=descending] #cp-sort-discount")
			first := p.Texts(".cp-bookings tbody th")
			if len(first) != 25 {
				t.Fatalf("%d on a page of 25", len(first))
			}
			step("#cp-next", "#cp-first")
			if second := p.Texts(".cp-bookings tbody th"); second[0] == first[0] {
				t.Error("the second page is the first")
			}
			if o.NoJS {
				p.FollowBack()
			} else {
				p.Back()
			}
			p.Wait("#cp-bookings:not(:has(#cp-first))")
			if got := p.Texts(".cp-bookings tbody th"); got[0] != first[0] {
				t.Error("Back does not lead to the first page")
			}
			step("#cp-state-cancelled", "#cp-state-cancelled[aria-current]")
			if got := p.Count(".cp-bookings .cp-badge:not(.cp-badge-cancelled)"); got != 0 {
				t.Errorf("%d of those cancelled are not", got)
			}
			step("#cp-state-all", "#cp-state-all[aria-current]")
			customer := p.Text(".cp-bookings tbody .cp-customer")
			p.Type("#cp-q", customer)
			step("#cp-search button", "#cp-no-search")
			for _, got := range p.Texts(".cp-bookings tbody .cp-customer") {
				if got != customer {
					t.Errorf("of %s is a booking of %s", customer, got)
				}
			}
			clean(t, p)
		})
	}
}

// An owner refunds a part of a booking, after a slip, and then cancels it.
func TestABookingIsRefundedAndCancelled(t *testing.T) {
	t.Parallel()
	b := Start(t)
	for _, tt := range []struct {
		name, code string
		options    Options
	}{
		{"with JavaScript", "YARD20", Options{}},
		{"without JavaScript, narrow", "GLOW10", Options{NoJS: true, Width: 320}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := open(t, b, list+"?code="+tt.code, tt.options)
			p.Follow(viewBookings)
			p.Follow(".cp-bookings tr:has(.cp-badge-redeemed) th a")
			number := strings.TrimPrefix(p.Text("h1"), "Booking ")
			p.Click("#cp-refund summary")
			p.Type("#cp-amount", "99999")
			if tt.options.NoJS {
				p.Follow("#cp-refund button")
			} else {
				p.Click("#cp-refund button")
			}
			p.Wait("#cp-amount-error")
			if got := p.Text("#cp-amount-error"); !strings.HasPrefix(got, "At most $") {
				t.Errorf("told %q", got)
			}
			p.Clear("#cp-amount")
			p.Type("#cp-amount", "1.50")
			p.Follow("#cp-refund button")
			if got := p.Text(".cp-notice-done"); got != "$1.50 refunded on booking "+number+"." {
				t.Errorf("told %q", got)
			}
			if got := p.Texts(".cp-life strong"); got[len(got)-1] != "Refunded" {
				t.Errorf("its life is %q", got)
			}
			p.Click("#cp-cancel summary")
			p.Follow("#cp-cancel-yes")
			if got := p.Text(".cp-title-tags .cp-badge"); got != "Cancelled" {
				t.Errorf("it is %q", got)
			}
			if got := p.Count("#cp-refund, #cp-cancel"); got != 0 {
				t.Errorf("%d forms are left on it", got)
			}
			if n := p.Sideways(); n != 0 {
				t.Errorf("the page is %d pixels too wide", n)
			}
			if !tt.options.NoJS {
				clean(t, p)
			} else if got := p.Violations(); len(got) > 0 { // the browser calls the answer to a slip an error
				t.Errorf("violations of the Content-Security-Policy: %q", got)
			}
		})
	}
}

// What would tell a stranger that a code exists is not said.
func TestRefusedCodeShowsThePublicText(t *testing.T) {
	t.Parallel()
	b := Start(t)
	tests := []struct {
		name, code string
	}{
		{"used up", "FIRST60"},
		{"unknown", "NO-SUCH-CODE"},
		{"expired", "GLOW10"},
		{"not yet", "BRIGHT30"},
		{"inactive", "LOYAL10"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			prices, got := tryCode(t, b, tt.code)
			if prices[0] != prices[1] {
				t.Errorf("a refused code changes the price from %d to %d cents", prices[0], prices[1])
			}
			if !slices.Equal(got, []string{notValid}) {
				t.Errorf("told %q, want %q alone", got, notValid)
			}
		})
	}
}
