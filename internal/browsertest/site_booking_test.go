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
