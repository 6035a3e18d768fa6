package browsertest

import (
	"path/filepath"
	"testing"
)

// states are the states of the pages that have no picture in the documentation, so
// that all of them can be looked at.
var states = []picture{
	{"list-status", list + "?status=expired", Options{}, nil},
	{"list-range", list + "?period=28d", Options{}, nil},
	{"list-menu", list, Options{}, []step{clickOn(".cp-coupons tbody tr:nth-child(2) [popovertarget]"), waitFor(".cp-menu:popover-open")}},
	{"list-archived-empty", list + "?status=archived&q=NOSUCHCODE", Options{}, nil},
	{"coupon-scheduled", "{BRIGHT30}", Options{}, nil},
	{"coupon-used-up", "{FIRST60}", Options{}, nil},
	{"coupon-expired", "{GLOW10}", Options{}, nil},
	{"coupon-inactive", "{LOYAL10}", Options{}, nil},
	{"coupon-rich", "{EARLYWEEK12}", Options{}, nil},
	{"coupon-compared", "{SPARKLE15}?period=28d&compare=previous_period", Options{}, nil},
	{"coupon-compared-line", "{SPARKLE15}?period=90d&compare=previous_year&metric=revenue&chart=line", Options{}, nil},
	{"coupon-by-service", "{STEADY10}?period=90d&clock=service-date&interval=day", Options{}, nil},
	{"coupon-nothing", "{SPARKLE15}?from=2026-01-01&to=2026-01-31", Options{}, nil},
	{"coupon-other-range", "{SPARKLE15}?period=28d", Options{}, []step{clickOn("#cp-other"), waitFor("#cp-from")}},
	{"coupon-data-table", "{SPARKLE15}?period=7d", Options{}, []step{clickOn(".cp-chart-data > summary, .cp-details:has(.cp-scroll) > summary")}},
	{"coupon-tip", "{SPARKLE15}?period=90d&compare=previous_period", Options{}, []step{func(p *Page) { point(p, ".cp-slot-hit", 3) }, waitFor(".cp-tip:not([hidden])")}},
	{"coupon-history", "{SPARKLE15}", Options{}, []step{clickOn(".cp-history > summary")}},
	{"note-add", "{SPARKLE15}?period=28d", Options{}, []step{clickOn("#cp-note-add"), waitFor("#cp-text-new")}},
	{"note-mistakes", "{SPARKLE15}?period=28d", Options{}, []step{clickOn("#cp-note-add"), waitFor("#cp-text-new"), typeInto("#cp-text-new", "  "), clickOn("#cp-save-new"), waitFor("#cp-text-error-new")}},
	{"archive", "{SPARKLE15}", Options{}, []step{clickOn("#cp-next-archive")}},
	{"unknown", list + "c/unknown", Options{}, nil},
	{"form-rules", newCoupon, Options{}, []step{
		clickOn("#cp-f-add-hours"), waitFor("#cp-f-hours-0--from:focus"), clickOn("#cp-f-add-matches"), waitFor("#cp-f-matches-0--on:focus"),
		clickOn("#cp-f-add-limits"), waitFor("#cp-f-limits-3--max:focus"),
	}},
	{"form-refused", "{SPARKLE15}/edit", Options{}, []step{typeInto("#cp-f-value", "200"), typeInto("#cp-f-min_total", "x"), clickOn("#cp-save"), waitFor("#cp-errors")}},
	{"form-again", list + "new?from={SPARKLE15}", Options{}, nil},
	{"bookings-found", "{SPARKLE15}/bookings?q=nobody@example.com", Options{}, nil},
	{"bookings-cancelled", "{SPARKLE15}/bookings?state=cancelled", Options{}, nil},
	{"bookings-all", "{SPARKLE15}/bookings?state=all", Options{}, nil},
	{"booking-cancelled", "{SPARKLE15}/bookings?state=cancelled", Options{}, []step{follow(".cp-bookings tbody th a")}},
	{"booking-actions", "{SPARKLE15}/bookings", Options{}, []step{follow(".cp-bookings tbody th a"), clickOn("#cp-refund > summary"), clickOn("#cp-cancel > summary")}},
	{"booking-mistake", "{SPARKLE15}/bookings", Options{}, []step{
		follow(".cp-bookings tbody th a"), clickOn("#cp-refund > summary"), typeInto("#cp-amount", "x"), clickOn("#cp-refund button"), waitFor("#cp-amount-error"),
	}},
	{"codes-make", "{NEIGHBOR25}/codes", Options{}, []step{clickOn("#cp-make > summary")}},
	{"codes-mistake", "{NEIGHBOR25}/codes", Options{}, []step{clickOn("#cp-make > summary"), typeInto("#cp-count", "x"), clickOn("#cp-make-submit"), waitFor("#cp-count-error")}},
	{"codes-add", "{NEIGHBOR25}/codes", Options{}, []step{clickOn("#cp-add > summary")}},
	{"codes-none", "{NEIGHBOR25}/codes?find=NOSUCHCODE", Options{}, nil},
	{"batches-none", "{NEIGHBOR25}/batches", Options{}, nil},
	{"bookings-two-coupons", "{EARLYWEEK12}/bookings", Options{}, nil},
	{"book-refused", book, Options{}, []step{func(p *Page) { fillIn(p, "ann@example.com", "FIRST60") }, follow(apply)}},
}

// Every state can be had, whole and without a failure. Where pictures are kept,
// there is one of each in each look, below the others: states/NAME-LOOK.png.
func TestStates(t *testing.T) {
	t.Parallel()
	dir, keep := pictureDir(t)
	b := Start(t)
	coupons := open(t, b, list, Options{})
	for _, x := range states {
		t.Run(x.name, func(t *testing.T) {
			for name, look := range map[string]Options{"light": {}, "dark": {Dark: true}, "narrow": {Width: 320}, "arabic": {Language: "ar"}} {
				if name != "light" && !keep {
					continue
				}
				x := x
				x.options = look
				p := x.open(t, b, coupons)
				p.Screenshot(filepath.Join(dir, "states", x.name+"-"+name+".png"))
				if by := p.Sideways(); by > 0 {
					t.Errorf("%s: it is %d pixels wider than the screen", name, by)
				}
				if x.name != "unknown" { // the status is an error to the browser
					clean(t, p)
				}
			}
		})
	}
}
