package httpui_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/shopspring/decimal"

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/httpui"
)

// Every headline is a link, and the bookings behind it add up to it.
func TestEveryHeadlineLeadsToTheBookingsThatMakeIt(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t)
	for _, tt := range []struct{ code, query string }{
		{"SPRING15", ""}, {"SPRING15", "?period=last_quarter&compare=previous_year"}, {"SPRING15", "?period=year&clock=service-date"},
		{"SPRING15", "?from=2026-03-05&to=2026-03-09"}, {"TWO-MONEYS", ""}, {"FIRST10", "?metric=revenue&chart=line"},
	} {
		for _, block := range parse(t, get(t, h, s.page(tt.code, tt.query))).all(class("cp-block")) {
			var links []string
			for _, n := range block.all(class("cp-headline")) {
				links = append(links, n.attr["href"])
			}
			if len(links) != 3 || len(slices.Compact(slices.Clone(links))) != 1 {
				t.Fatalf("%s%s: the headlines lead to %q", tt.code, tt.query, links)
			}
			total := parse(t, get(t, h, links[0])).all(named("tfoot"))[0].words()
			figures := block.all(class("cp-headlines"))[0]
			for i, want := range []string{"Total of %s booking", "%s", "%s"} {
				value := figures.all(named("div"))[i].all(named("dd"))[0].words()
				if !strings.Contains(total, fmt.Sprintf(want, value)) {
					t.Errorf("%s%s: %s leads to %q", tt.code, tt.query, value, total)
				}
			}
		}
	}
}

// changes are the lines that compare the headlines of a page.
func changes(page *node) (out []string) {
	for _, n := range page.all(class("cp-change")) {
		out = append(out, n.words())
	}
	return out
}

func TestHeadlinesSayHowTheyHaveChanged(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.create(t, coupon.Coupon{Code: "PLAIN", Discount: pct(10), Start: day("2026-01-01")})
	for i, d := range []string{"2026-10-03", "2026-10-03", "2026-10-04", "2026-10-10", "2026-11-03", "2026-11-04", "2026-11-10"} {
		s.book(t, "PLAIN", fmt.Sprint(i), []string{"100.00", "300.00"}[i/6], day(d))
	}
	h := s.handler(t)
	for query, want := range map[string][]string{
		"?from=2026-11-01&to=2026-11-20":                                         nil,
		"?period=month&compare=previous_period&interval=week":                    nil, // told below
		"?from=2026-11-03&to=2026-11-03&compare=previous_period":                 {"▲ NewNew: there was nothing in the previous period 0 before", "▲ NewNew: there was nothing in the previous period $0.00 before", "▲ NewNew: there was nothing in the previous period $0.00 before"},
		"?from=2026-11-04&to=2026-11-04&compare=previous_period":                 {"= No changeNo change from the previous period 1 before", "= No changeNo change from the previous period $90.00 before", "= No changeNo change from the previous period $10.00 before"},
		"?from=2026-10-01&to=2026-10-31&compare=previous_year":                   {"▲ NewNew: there was nothing in the same period of the year before 0 before", "▲ NewNew: there was nothing in the same period of the year before $0.00 before", "▲ NewNew: there was nothing in the same period of the year before $0.00 before"},
		"?from=2026-11-01&to=2026-11-10&compare=previous_period&interval=hour":   nil,
		"?from=2026-11-03&to=2026-11-10&compare=previous_period&interval=day":    nil,
		"?from=2026-10-04&to=2026-10-04&compare=previous_period&interval=hour":   {"▼ −50%50% less than in the previous period 2 before", "▼ −50%50% less than in the previous period $180.00 before", "▼ −50%50% less than in the previous period $20.00 before"},
		"?from=2026-12-01&to=2026-12-31&compare=previous_period&metric=revenue":  nil,
		"?from=2026-11-22&to=2026-11-22&compare=previous_period&metric=revenue&": {"= No changeNo change from the previous period 0 before", "= No changeNo change from the previous period – before", "= No changeNo change from the previous period – before"},
	} {
		page := parse(t, get(t, h, s.page("PLAIN", query)))
		got := changes(page)
		if compared := strings.Contains(query, "compare="); compared != (len(got) == 3) {
			t.Errorf("%s: %d changes", query, len(got))
		}
		if want != nil && !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
		// More discounts are neither good nor bad.
		for i, n := range page.all(class("cp-change")) {
			toned := strings.Contains(n.attr["class"], "cp-change-")
			if i == 2 && toned || i < 2 && toned != !strings.HasPrefix(got[i], "=") {
				t.Errorf("%s: %q is %s", query, got[i], n.attr["class"])
			}
		}
	}
}

func TestAComparisonIsDrawnNamedAndInTheTable(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t)
	for _, chart := range []string{"bar", "line"} {
		page := parse(t, get(t, h, s.page("SPRING15", "?period=month&compare=previous_period&interval=day&chart="+chart)))
		var legend []string
		for _, n := range page.all(class("cp-legend"))[0].all(named("li")) {
			legend = append(legend, n.words())
		}
		if want := []string{"1 November – 22 November 2026", "4 October – 25 October 2026 until 10:30 Moved to begin with the same day of the week."}; !slices.Equal(legend, want) {
			t.Errorf("the legend is %q, want %q", legend, want)
		}
		if n := page.all(class("cp-before")); len(n) != 2 || n[1].attr["d"] == "" { // in the legend, and in the chart
			t.Errorf("%s: %d strokes of it", chart, len(n))
		}
		if got := page.all(class("cp-slot"))[6].all(named("title"))[0].text; !regexp.MustCompile(`^Sat 7 Nov 2026: \d+ redemptions?\nSat 10 Oct 2026: \d+ redemptions?$`).MatchString(got) {
			t.Errorf("a column says %q", got)
		}
		var heads []string
		for _, n := range page.all(class("cp-numbers"))[0].all(named("thead"))[0].all(named("th")) {
			heads = append(heads, n.words())
		}
		if want := []string{"Day", "Redemptions", "Revenue, USD", "Discounts, USD", "Compared with", "Redemptions then", "Revenue then, USD", "Discounts then, USD"}; !slices.Equal(heads, want) {
			t.Errorf("columns %q", heads)
		}
	}
	page := parse(t, get(t, h, s.page("SPRING15", "")))
	if n := len(page.all(class("cp-before"))) + len(page.all(class("cp-legend"))) + len(changes(page)); n != 0 {
		t.Errorf("%d signs of a comparison that was not asked for", n)
	}
	contains(t, page.words(), "To compare, choose a range: nothing comes before a whole life.")
	for _, n := range page.all(class("cp-choice")) {
		if strings.HasPrefix(n.attr["id"], "cp-compare-") {
			t.Error("a whole life can be compared")
		}
	}
}

func TestAmountsAreOfOneCurrency(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t)
	for query, want := range map[string]string{
		"?metric=revenue&interval=month":                  "Revenue after discount in USD, 1 October – 22 November 2026 $1,170.00 of revenue",
		"?metric=revenue&currency=CAD&interval=month":     "Revenue after discount in CAD, 1 October – 22 November 2026 CA$630.00 of revenue",
		"?metric=discounts&interval=month":                "Discounts given in USD, 1 October – 22 November 2026 $130.00 of discounts",
		"?metric=discounts&currency=JPY&interval=month":   "Discounts given in JPY, 1 October – 22 November 2026 No discounts",
		"?metric=revenue&currency=NOTHING&interval=month": "Revenue after discount in USD, 1 October – 22 November 2026 $1,170.00 of revenue",
		"?currency=CAD&interval=month":                    "Redemptions, 1 October – 22 November 2026 20 redemptions",
	} {
		page := parse(t, get(t, h, s.page("TWO-MONEYS", query)))
		if got := page.byID(t, "cp-chart-title").words() + " " + page.byID(t, "cp-chart-text").words(); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
		if noticed := len(page.all(class("cp-notice"))) > 0; noticed != strings.Contains(query, "NOTHING") {
			t.Errorf("%s: a notice: %v", query, noticed)
		}
	}
	// The axis is in money, in steps that people count in.
	var ticks []string
	for _, n := range parse(t, get(t, h, s.page("TWO-MONEYS", "?metric=revenue&interval=month"))).all(class("cp-chart-axis"))[0].all(named("text")) {
		ticks = append(ticks, n.words())
	}
	if want := []string{"$0", "$200", "$400", "$600", "$800", "$1,000"}; !slices.Equal(ticks, want) {
		t.Errorf("the axis says %q, want %q", ticks, want)
	}
	// Without a booking in the range it is the currency of what that is compared with.
	page := parse(t, get(t, h, s.page("TWO-MONEYS", "?metric=revenue&from=2026-11-12&to=2026-11-21&compare=previous_period")))
	if got := page.byID(t, "cp-chart-title").words(); !strings.Contains(got, "USD") {
		t.Errorf("nothing was booked, and before in two currencies: %q", got)
	}
	if n := len(page.all(func(n *node) bool { return strings.HasPrefix(n.attr["id"], "cp-in-") })); n != 2 {
		t.Errorf("%d currencies to choose from, want those of the range before", n)
	}
	if got := parse(t, get(t, h, s.page("FIRST10", "?metric=revenue"))).all(func(n *node) bool { return strings.HasPrefix(n.attr["id"], "cp-in-") }); len(got) > 0 {
		t.Error("one currency is to choose from")
	}
}

// What has not begun is not zero.
func TestBucketsAheadAreNotZero(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t)
	page := parse(t, get(t, h, s.page("SPRING15", "?period=today&interval=hour")))
	if slots, bars := len(page.all(class("cp-slot"))), len(page.all(class("cp-bar"))); slots != 24 || bars != 11 {
		t.Errorf("%d hours, %d of them drawn", slots, bars)
	}
	if got := page.all(class("cp-slot"))[11].words(); got != "22 Nov 2026, 11:00: not yet" {
		t.Errorf("the next hour says %q", got)
	}
	if got := page.all(class("cp-slot"))[10].words(); got != "22 Nov 2026, 10:00 so far: 1 redemption" {
		t.Errorf("this hour says %q", got)
	}
}

// The file has what the table has, for programs.
func TestTheChartAsAFile(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t)
	page := parse(t, get(t, h, s.page("TWO-MONEYS", "?period=month&interval=week&compare=previous_period")))
	link := page.all(class("cp-csv"))[0].attr["href"]
	res := ask(t, h, "GET", link)
	if got := res.Header.Get("Content-Disposition"); got != `attachment; filename="redemptions-TWO-MONEYS-2026-11-01-2026-11-22.csv"` {
		t.Errorf("disposition %s", got)
	}
	rows, err := csv.NewReader(res.Body).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"start", "end", "date", "bookings", "bookings_CAD", "revenue_CAD", "discounts_CAD", "bookings_USD", "revenue_USD", "discounts_USD",
		"compared_start", "compared_end", "compared_date", "compared_bookings", "compared_bookings_CAD", "compared_revenue_CAD", "compared_discounts_CAD", "compared_bookings_USD", "compared_revenue_USD", "compared_discounts_USD"}
	if !slices.Equal(rows[0], want) {
		t.Errorf("columns %q", rows[0])
	}
	table := page.all(class("cp-numbers"))[0].all(named("tbody"))[0].all(named("tr"))
	if len(table) != len(rows)-1 {
		t.Fatalf("%d rows, the table has %d", len(rows)-1, len(table))
	}
	if got := rows[1][:4]; !slices.Equal(got, []string{"2026-11-01T00:00:00-04:00", "2026-11-02T00:00:00-05:00", "2026-11-01", "1"}) {
		t.Errorf("the first week, of one day of 25 hours: %q", got)
	}
	in := map[string]decimal.Decimal{}
	for _, row := range rows[1:] {
		for i, name := range rows[0] {
			if strings.Contains(name, "start") || strings.Contains(name, "end") || strings.Contains(name, "date") || row[i] == "" {
				continue
			}
			in[name] = in[name].Add(decimal.RequireFromString(row[i]))
		}
	}
	for _, block := range page.all(class("cp-block")) {
		code := block.all(named("h3"))[0].words()
		for i, name := range []string{"bookings_", "revenue_", "discounts_"} {
			shown := block.all(class("cp-headlines"))[0].all(named("div"))[i].all(named("dd"))[0].words()
			if got := regexp.MustCompile(`[^0-9.]`).ReplaceAllString(shown, ""); !in[name+code].Equal(decimal.RequireFromString(got)) {
				t.Errorf("%s%s adds up to %s, the page says %s", name, code, in[name+code], shown)
			}
		}
	}
	nothing := s.handler(t, func(c *httpui.Config) {
		c.Can = func(_ *http.Request, a httpui.Action, _ coupon.Coupon) bool { return a != httpui.Export }
	})
	if res := ask(t, nothing, "GET", link); res.StatusCode != http.StatusForbidden {
		t.Errorf("who may not take it away gets %s", res.Status)
	}
	if n := parse(t, get(t, nothing, s.page("TWO-MONEYS", ""))).all(class("cp-csv")); len(n) > 0 {
		t.Error("and is offered it")
	}
}

// The report for programs, with names that stay.
func TestTheReportAsJSON(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	c := s.create(t, coupon.Coupon{Code: "PLAIN", Discount: pct(10), Start: day("2026-01-01")})
	s.book(t, "PLAIN", "1", "100.00", at("2026-11-21T09:00:00-05:00"))
	s.book(t, "PLAIN", "2", "12.50", at("2026-11-22T09:00:00-05:00"), func(b *coupon.Booking) { b.Currency = "CAD" })
	if _, err := s.svc.PutNote(t.Context(), coupon.Note{ID: "note1", Coupon: c.ID, At: at("2026-11-21T08:00:00-05:00"), Text: "Flyers"}); err != nil {
		t.Fatal(err)
	}
	text := get(t, s.handler(t), s.page("PLAIN", "?from=2026-11-21&to=2026-11-22&interval=day&compare=previous_period&format=json"))
	var all struct {
		Data struct{ Report json.RawMessage }
	}
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		t.Fatal(err)
	}
	golden(t, "report.json", string(all.Data.Report)+"\n")
}
