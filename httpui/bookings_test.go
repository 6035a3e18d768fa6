package httpui_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/shopspring/decimal"

	"github.com/couponkit/coupon"
)

// column gives one column of the rows of a table, by its head.
func column(t testing.TB, table *node, head string) []string {
	t.Helper()
	at := slices.IndexFunc(table.all(named("thead"))[0].all(named("th")), func(n *node) bool { return strings.TrimRight(n.words(), " ▲▼") == head })
	if at < 0 {
		t.Fatalf("no column %q", head)
	}
	var out []string
	for _, row := range table.all(named("tbody"))[0].all(named("tr")) {
		out = append(out, row.kids[at].words())
	}
	return out
}

func dollars(t testing.TB, s string) decimal.Decimal {
	t.Helper()
	d, err := decimal.NewFromString(strings.NewReplacer("$", "", ",", "", "CA", "").Replace(s))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// View bookings: its rows, over all of its pages, add up to its totals, and those
// are the figures of the summary that led to it.
func TestBookingsAddUpToTheSummary(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t)
	for _, query := range []string{"", "?clock=service-date", "?period=90d", "?from=2026-03-01&to=2026-03-31&clock=service-date", "?period=last_month", "?from=2026-09-01&to=2026-09-01"} {
		summary := parse(t, get(t, h, s.page("SPRING15", query)))
		var link string
		for _, n := range summary.byID(t, "cp-report").all(named("a")) {
			if n.words() == "View bookings" {
				link = n.attr["href"]
			}
		}
		if link == "" {
			t.Fatalf("%s: no View bookings", query)
		}
		var rows int64
		sums := map[string]decimal.Decimal{}
		var totals []string
		pages := 0
		for next := link; next != ""; pages++ {
			page := parse(t, get(t, h, next))
			table := page.all(class("cp-bookings"))[0]
			rows += int64(len(column(t, table, "Booking")))
			for _, head := range []string{"Subtotal", "Discount", "Revenue", "Refunded"} {
				for _, cell := range column(t, table, head) {
					sums[head] = sums[head].Add(dollars(t, cell))
				}
			}
			if states := column(t, table, "State"); slices.Contains(states, "Cancelled") {
				t.Errorf("%s: a cancelled booking is among those that count", query)
			}
			var foot []string
			for _, n := range table.all(named("tfoot"))[0].kids[0].kids {
				foot = append(foot, n.words())
			}
			if totals != nil && !slices.Equal(totals, foot) {
				t.Errorf("%s: the totals of two pages differ: %q and %q", query, totals, foot)
			}
			totals = foot
			next = ""
			for _, n := range page.all(named("a")) {
				if n.attr["id"] == "cp-next" {
					next = n.attr["href"]
				}
			}
		}
		if query == "" && pages != 5 {
			t.Errorf("223 bookings are on %d pages", pages)
		}
		for i, head := range []string{"Subtotal", "Discount", "Revenue", "Refunded"} {
			if want := dollars(t, totals[1+i]); !sums[head].Equal(want) {
				t.Errorf("%s: the rows' %s is %s, the total %s", query, head, sums[head], want)
			}
		}
		if got := headline(summary, "Total Bookings"); totals[0] != "Total of "+got+" bookings" && totals[0] != "Total of "+got+" booking" {
			t.Errorf("%s: the summary has %s bookings, the list %q", query, got, totals[0])
		}
		if got := headline(summary, "Total Bookings"); dollars(t, got).IntPart() != rows {
			t.Errorf("%s: the summary has %s bookings, the list %d", query, got, rows)
		}
		if got := headline(summary, "Total Revenue (after discount)"); got != totals[3] {
			t.Errorf("%s: revenue is %s in the summary, %s in the list", query, got, totals[3])
		}
		if got := headline(summary, "Total Discounts Given"); got != totals[2] {
			t.Errorf("%s: discounts are %s in the summary, %s in the list", query, got, totals[2])
		}
	}
}

func TestBookingsByState(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t)
	for _, tt := range []struct {
		filter string
		states []string
		totals []string
	}{
		{"", []string{"Redeemed", "Refunded"}, []string{"Total of 223 bookings"}},
		{"refunded", []string{"Refunded"}, []string{"Total of 10 bookings"}},
		{"cancelled", []string{"Cancelled"}, []string{"Total of 12 cancelled"}},
		{"all", []string{"Redeemed", "Refunded", "Cancelled"}, []string{"Total of 223 bookings", "Total of 12 cancelled"}},
	} {
		page := parse(t, get(t, h, s.page("SPRING15", "/bookings?state="+tt.filter)))
		table := page.all(class("cp-bookings"))[0]
		for _, st := range column(t, table, "State") {
			if !slices.Contains(tt.states, st) {
				t.Errorf("%q shows one that is %s", tt.filter, st)
			}
		}
		var totals []string
		for _, n := range table.all(named("tfoot"))[0].kids {
			totals = append(totals, n.kids[0].words())
		}
		if !slices.Equal(totals, tt.totals) {
			t.Errorf("%q: totals %q, want %q", tt.filter, totals, tt.totals)
		}
		for _, n := range page.all(class("cp-tab")) {
			if on := n.attr["aria-current"] != ""; on != strings.HasSuffix("state="+tt.filter, "state="+strings.ToLower(strings.Replace(n.words(), "Counted", "", 1))) {
				t.Errorf("%q: tab %s: on is %v", tt.filter, n.words(), on)
			}
		}
	}
}

// What the summary says of cancelled and refunded bookings is what its links show.
func TestQuietFiguresLeadToTheirBookings(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t)
	summary := parse(t, get(t, h, s.page("SPRING15", "?period=year")))
	for label, column := range map[string]int{"Cancelled": 0, "Refunded": 4} {
		var link *node
		for _, n := range summary.all(class("cp-quiet-facts"))[0].all(named("div")) {
			if n.all(named("dt"))[0].words() == label {
				link = n.all(named("a"))[0]
			}
		}
		page := parse(t, get(t, h, link.attr["href"]))
		total := page.all(named("tfoot"))[0].kids[0].kids[column].words()
		if want := strings.TrimSuffix(link.words(), " bookings"); !strings.Contains(total, want) {
			t.Errorf("%s: %q leads to %q", label, link.words(), total)
		}
	}
}

func TestBookingsOfOneCurrency(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t)
	page := parse(t, get(t, h, s.page("TWO-MONEYS", "/bookings?currency=CAD")))
	table := page.all(class("cp-bookings"))[0]
	for _, cell := range column(t, table, "Subtotal") {
		if cell != "CA$100.00" {
			t.Errorf("among those in CAD is one of %s", cell)
		}
	}
	if got := table.all(named("tfoot"))[0].words(); got != "Total of 7 bookings CA$700.00 CA$70.00 CA$0.00 CA$630.00 CA$0.00" && !strings.HasPrefix(got, "Total of 7 bookings") {
		t.Errorf("total %q", got)
	}
	if n := len(parse(t, get(t, h, s.page("TWO-MONEYS", "/bookings"))).all(named("tfoot"))[0].kids); n != 2 {
		t.Errorf("%d totals of two currencies", n)
	}
	contains(t, get(t, h, s.page("TWO-MONEYS", "/bookings?currency=DOLLAR")), "a currency that is not known here")
}

func TestABookingLinksToTheHostsPage(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.create(t, coupon.Coupon{Code: "PLAIN", Discount: pct(10), Start: day("2026-11-01")})
	s.book(t, "PLAIN", "P/1?a=b", "10.00", day("2026-11-02"), func(b *coupon.Booking) {
		b.Customer.Key = ""
		b.Service = coupon.ServiceDay(coupon.Date{Year: 2026, Month: 11, Day: 30})
	})
	page := parse(t, get(t, s.handler(t), s.page("PLAIN", "/bookings")))
	row := page.all(class("cp-bookings"))[0].all(named("tbody"))[0].kids[0]
	links := row.all(named("a"))
	if got := links[0].attr["href"]; got != s.page("PLAIN", "/booking?id=P%2F1%3Fa%3Db") {
		t.Errorf("our own link is %q", got)
	}
	if got := links[1].attr; got["href"] != "/admin/bookings/P/1?a=b" || got["aria-label"] != "Open booking P/1?a=b" {
		t.Errorf("the host's link is %q", got)
	}
	var cells []string
	for _, n := range row.kids {
		cells = append(cells, n.words())
	}
	want := []string{"P/1?a=b", "2 Nov 2026 00:00", "30 Nov 2026", "Not known One-time", "$10.00", "$1.00", "$9.00", "$0.00", "Redeemed"}
	if !slices.Equal(cells, want) {
		t.Errorf("%q\nwant %q", cells, want)
	}
}

func TestBookingsWithoutAServiceDateAreToldOf(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	contains(t, get(t, s.handler(t), s.page("SPRING15", "?clock=service-date")), "bookings made in this range have no service date and can’t be counted here.")
}

func TestAPositionOfAnotherListBeginsAgain(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t)
	for _, target := range []string{base + "/?after=nonsense", base + "/?sort=code&after=eyJzIjoiY3JlYXRlZCIsImsiOlsiYSJdfQ", s.page("SPRING15", "/bookings?after=nonsense")} {
		contains(t, get(t, h, target), "this is the first one", "<tbody>")
	}
}
