package browsertest

import (
	"slices"
	"strconv"
	"strings"
	"testing"
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
