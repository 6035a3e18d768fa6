package browsertest

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// View bookings shows the very rows that make the headline figures, and its own
// totals are theirs.
func TestViewBookingsAddsUpToTheHeadlines(t *testing.T) {
	t.Parallel()
	b := Start(t)
	tests := []struct{ code, query string }{
		{"SPARKLE15", ""}, // on several pages
		{"EARLYWEEK12", ""},
		{"NEIGHBOR25", "?period=90d"},
		{"STEADY10", "?clock=service-date&period=year"},
	}
	for _, tt := range tests {
		t.Run(tt.code+tt.query, func(t *testing.T) {
			p := openCoupon(t, b, tt.code, Options{})
			visit(t, p, path(p)+tt.query)
			want := headlines(t, p)
			if want.bookings == 0 {
				t.Fatal("no bookings: this proves nothing")
			}
			p.Follow(viewBookings)

			var got figures
			seen := map[string]bool{}
			for page := 1; ; page++ {
				for _, id := range p.Texts(".cp-bookings tbody th") {
					if seen[id] {
						t.Errorf("booking %s twice", id)
					}
					seen[id] = true
					got.bookings++
				}
				got.discounts += column(t, p, "tbody", "Discount")
				got.revenue += column(t, p, "tbody", "Revenue")
				if label, want := p.Text(".cp-bookings tfoot th"), strconv.FormatInt(want.bookings, 10)+" bookings"; !strings.Contains(label, want) {
					t.Errorf("page %d: the totals are labeled %q, want %s", page, label, want)
				}
				if d, r := column(t, p, "tfoot", "Discount"), column(t, p, "tfoot", "Revenue"); d != want.discounts || r != want.revenue {
					t.Errorf("page %d: totals of %d cents discount and %d revenue, want %d and %d", page, d, r, want.discounts, want.revenue)
				}
				if p.Count("#cp-next") == 0 {
					break
				}
				next := p.Attributes("#cp-next", "href")[0]
				p.Click("#cp-next")
				p.Wait(`#cp-bookings:not(:has(#cp-next[href="` + next + `"]))`)
			}
			if got != want {
				t.Errorf("the rows sum to %+v, the headlines are %+v", got, want)
			}
			clean(t, p)
		})
	}
}

// column adds up a column of the table of bookings.
func column(t *testing.T, p *Page, part, name string) (total int64) {
	t.Helper()
	names := p.Texts(".cp-bookings thead th")
	// In the footer one cell spans those before the amounts: count from the end.
	fromEnd := len(names) - slices.Index(names, name)
	if fromEnd > len(names) {
		t.Fatalf("columns %q, want one %s", names, name)
	}
	for _, text := range p.Texts(".cp-bookings " + part + " tr > :nth-last-child(" + strconv.Itoa(fromEnd) + ")") {
		total += cents(t, text)
	}
	return total
}

const badge = "#cp-head .cp-badge"

// A coupon is switched off after a question, and on again; the pages say so, and
// whoever has the code learns it.
func TestDeactivateAndActivate(t *testing.T) {
	t.Parallel()
	b := Start(t)
	const code = "STEADY10"
	p := openCoupon(t, b, code, Options{})
	figures := headlines(t, p)
	if _, refused := tryCode(t, b, code); len(refused) != 1 || !strings.Contains(refused[0], "recurring") {
		t.Errorf("of an active code a customer is told %q, want what to change", refused)
	}

	if question := p.Answer("#cp-switch", false); !strings.HasPrefix(question, "Deactivate "+code+"?") {
		t.Errorf("asked %q", question)
	}
	p.Reload()
	if got := p.Text(badge); got != "Active" {
		t.Fatalf("after a no it is %s", got)
	}

	p.Answer("#cp-switch", true)
	p.Wait(".cp-badge-inactive")
	if got := p.Text("#cp-toast"); !strings.Contains(got, code) {
		t.Errorf("said %q, want the code in it", got)
	}
	for range 2 { // at once, and when loaded again
		if got := p.Text(badge); got != "Inactive" {
			t.Errorf("deactivated it is %s", got)
		}
		if got := p.Text("#cp-overview"); !strings.Contains(got, "Inactive") {
			t.Errorf("the overview says %q", got)
		}
		if got := headlines(t, p); got != figures {
			t.Errorf("the past has changed: %+v, was %+v", got, figures)
		}
		p.Reload()
	}
	if _, refused := tryCode(t, b, code); !slices.Equal(refused, []string{notValid}) {
		t.Errorf("of an inactive code a customer is told %q", refused)
	}

	// Without JavaScript the button is a plain form's.
	q := open(t, b, path(p), Options{NoJS: true})
	q.Follow("#cp-switch")
	if got := q.Text(badge); got != "Active" {
		t.Errorf("activated again it is %s", got)
	}
	if got := q.Text(".cp-notice"); !strings.Contains(got, code) {
		t.Errorf("said %q, want the code in it", got)
	}
	q.Follow("#cp-switch")
	if got := q.Text(badge); got != "Inactive" {
		t.Errorf("deactivated without JavaScript it is %s", got)
	}

	p.Reload()
	p.Answer("#cp-switch", true)
	p.Wait(".cp-badge-active")
	if got := p.Text("#cp-switch"); got != "Deactivate" {
		t.Errorf("the button of an active coupon says %q", got)
	}
	clean(t, p)
	clean(t, q)
}

// Where the browser lets a page do it, a button takes the code along and says so.
func TestTheCodeIsCopied(t *testing.T) {
	t.Parallel()
	b := Start(t)
	p := openCoupon(t, b, "SPARKLE15", Options{})
	p.Click("#cp-overview .cp-copy")
	p.Wait("#cp-toast:not(:empty)")
	if got := p.Text("#cp-toast"); got != "Copied: SPARKLE15" {
		t.Errorf("said %q", got)
	}
	coupon := path(p)
	visit(t, p, list)
	p.Click("#cp-q")
	p.Paste()
	if got := run(p, "read the field", chromedp.Value(chromedp.CSS("#cp-q"))); got != "SPARKLE15" {
		t.Errorf("pasted it is %q", got)
	}
	clean(t, p)
	q := open(t, b, coupon, Options{NoJS: true})
	if n := run(q, "look for the button", chromedp.Evaluate[int](`[...document.querySelectorAll(".cp-copy")].filter(x => x.offsetWidth > 0).length`)); n != 0 {
		t.Error("without scripts there is a button that does nothing")
	}
}

// The history says what was changed; older versions are put below the newer ones.
func TestHistoryOfACoupon(t *testing.T) {
	t.Parallel()
	b := Start(t)
	p := openCoupon(t, b, "SUNDAY8", Options{})
	versions := func(p *Page) int { return p.Count(".cp-version") }
	for range 6 { // on and off, until there is more than fits
		for _, to := range []string{".cp-badge-inactive", ".cp-badge-active"} {
			p.Answer("#cp-next-switch", true)
			p.Wait(to)
		}
	}
	p.Click(".cp-history summary")
	if n := versions(p); n != 10 {
		t.Fatalf("%d versions at first", n)
	}
	if got := p.Text(".cp-version:first-child"); !strings.Contains(got, "Status") || !strings.Contains(got, "Switched off") || !strings.Contains(got, "Switched on") {
		t.Errorf("the newest says %q", got)
	}
	p.Click("#cp-older a")
	p.Wait(".cp-version:nth-child(11)")
	if got := p.Text(".cp-version:last-child"); !strings.Contains(got, "The coupon was made.") || p.Count("#cp-older") != 0 {
		t.Errorf("the oldest says %q, and there are %d links to older ones", got, p.Count("#cp-older"))
	}
	all := p.Texts(".cp-version-name strong")
	clean(t, p)

	q := open(t, b, path(p), Options{NoJS: true})
	q.Click(".cp-history summary")
	first := q.Texts(".cp-version-name strong")
	q.Follow("#cp-older a")
	if got := append(first, q.Texts(".cp-version-name strong")...); !slices.Equal(got, all) {
		t.Errorf("without scripts the versions are %q, want %q", got, all)
	}
	q.Follow("#cp-newest")
	if got := q.Texts(".cp-version-name strong"); !slices.Equal(got, all[:10]) {
		t.Errorf("the newest are %q", got)
	}
	clean(t, q)
}

// Archiving asks first, is done once, and leaves only what is still possible.
func TestArchivingACoupon(t *testing.T) {
	t.Parallel()
	for _, o := range []Options{{}, {NoJS: true}} {
		code := map[bool]string{false: "PANES2", true: "MOVE50"}[o.NoJS]
		t.Run(code, func(t *testing.T) {
			p := openCoupon(t, Start(t), code, o)
			before := headlines(t, p)
			p.Click("#cp-next-archive")
			if got := p.Text(".cp-ask-in p"); !strings.HasPrefix(got, "Archive "+code+" for good?") {
				t.Errorf("asked %q", got)
			}
			p.Reload()
			if got := p.Text(badge); got == "Archived" {
				t.Fatal("archived without a yes")
			}
			p.Click("#cp-next-archive")
			p.Follow("#cp-archive")
			if got := p.Text(badge); got != "Archived" {
				t.Errorf("it is %s", got)
			}
			if got := p.Text(".cp-notice"); !strings.HasPrefix(got, code+" is archived.") {
				t.Errorf("said %q", got)
			}
			if n := p.Count("#cp-switch") + p.Count("#cp-next-archive") + p.Count("#cp-next-adjust"); n != 0 || p.Count("#cp-next-again") != 1 {
				t.Error("it offers what an archived coupon can't do, or not to run it again")
			}
			if got := headlines(t, p); got != before {
				t.Errorf("the figures are %+v, were %+v", got, before)
			}
			clean(t, p)
		})
	}
}
