package httpui_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/couponkit/coupon"
)

func codes(t testing.TB, page *node) []string {
	t.Helper()
	var out []string
	for _, n := range page.all(class("cp-list-link")) {
		out = append(out, n.words())
	}
	return out
}

func TestListSearchesFiltersAndSorts(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t)
	for _, tt := range []struct {
		query string
		want  []string
	}{
		{"", []string{"FIRST10", "LOYAL5", "SPRING15", "SUMMER-WINDOWS", "TWO-MONEYS", "WELCOME20", "WINTER26"}},
		{"?q=spring", []string{"SPRING15"}},
		{"?q=+WINDOWS+", []string{"SUMMER-WINDOWS"}},
		{"?q=offer", []string{"WINTER26"}},
		{"?q=nothing-of-that", nil},
		{"?status=active", []string{"SPRING15", "TWO-MONEYS", "WELCOME20"}},
		{"?status=archived", []string{"OLD1"}},
		{"?status=used-up", []string{"FIRST10"}},
		{"?status=active&q=spring", []string{"SPRING15"}},
	} {
		got := codes(t, parse(t, get(t, h, base+"/"+tt.query)))
		slices.Sort(got)
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.query, got, tt.want)
		}
	}
	for query, want := range map[string][]string{
		"?sort=code":            {"FIRST10", "LOYAL5", "SPRING15", "SUMMER-WINDOWS", "TWO-MONEYS", "WELCOME20", "WINTER26"},
		"?sort=code&order=desc": {"WINTER26", "WELCOME20", "TWO-MONEYS", "SUMMER-WINDOWS", "SPRING15", "LOYAL5", "FIRST10"},
		"?sort=start":           {"LOYAL5", "WELCOME20", "SPRING15", "FIRST10", "SUMMER-WINDOWS", "TWO-MONEYS", "WINTER26"},
	} {
		page := parse(t, get(t, h, base+"/"+query))
		if got := codes(t, page); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
		sorted := page.all(func(n *node) bool { return n.attr["aria-sort"] != "" })
		want := "ascending"
		if strings.Contains(query, "desc") {
			want = "descending"
		}
		if len(sorted) != 1 || sorted[0].attr["aria-sort"] != want {
			t.Errorf("%s: the sorted column is not told", query)
		}
	}
}

func TestListShowsEachCouponInWords(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	page := parse(t, get(t, s.handler(t), base+"/"))
	table := page.all(class("cp-coupons"))[0]
	rows := map[string][]string{}
	for _, tr := range table.all(named("tbody"))[0].all(named("tr")) {
		var cells []string
		for _, n := range tr.kids {
			cells = append(cells, n.words())
		}
		code := tr.all(class("cp-list-link"))[0].words()
		rows[code] = cells[:len(cells)-1]
		eye := tr.all(class("cp-eye"))[0]
		if eye.attr["aria-label"] != "View coupon "+code || eye.attr["href"] != s.page(code, "") || len(eye.all(named("svg"))) != 1 {
			t.Errorf("%s: the eye is %v", code, eye.attr)
		}
	}
	for code, want := range map[string][]string{
		"SUMMER-WINDOWS": {"SUMMER-WINDOWSWindows in summer", "$2.50 off each unitAll customers", "ExpiredEnded 7 Jul 2026", "No limit", "8", "$880.00", "$80.00", "1 Jun 20267 Jul 2026"},
		"FIRST10":        {"FIRST10The first ten", "50% offAll customers", "Used upAll 10 uses taken", "10 of 10", "10", "$400.00", "$400.00", "1 May 2026No end"},
		"WELCOME20":      {"WELCOME20Welcome", "$20 offNew customers", "ActiveUntil 31 Dec 2026", "No limit", "0", "–", "–", "1 Jan 202631 Dec 2026"},
		"LOYAL5":         {"LOYAL5", "5% offExisting customers", "InactiveSwitched off", "0 of 3 today", "0", "–", "–", "1 Jan 2025No end"},
		"TWO-MONEYS":     {"TWO-MONEYSBoth sides of the border", "10% offAll customers", "ActiveUntil 1 Oct 2027, 18:00", "No limit", "20", "CA$630.00$1,170.00", "CA$70.00$130.00", "1 Oct 2026, 12:301 Oct 2027, 18:00"},
	} {
		if !slices.Equal(rows[code], want) {
			t.Errorf("%s: %q\nwant %q", code, rows[code], want)
		}
	}
	if got := rows["SPRING15"][3]; !strings.HasPrefix(got, "223 of 400$") || !strings.HasSuffix(got, " of $9,000") {
		t.Errorf("uses of SPRING15: %q", got)
	}
}

func TestListGoesOnPageByPage(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for i := range 60 {
		s.create(t, coupon.Coupon{Code: coupon.Code(fmt.Sprintf("C-%02d", i)), Discount: pct(10), Start: day("2026-11-01")})
	}
	h := s.handler(t)
	var got []string
	pages := 0
	for next := base + "/?sort=code&q=c-"; next != ""; pages++ {
		page := parse(t, get(t, h, next))
		got = append(got, codes(t, page)...)
		next = ""
		for _, n := range page.all(named("a")) {
			switch n.attr["id"] {
			case "cp-next":
				next = n.attr["href"]
			case "cp-first":
				if pages == 0 || n.attr["href"] != base+"/?q=c-&sort=code" {
					t.Errorf("on page %d the first page is at %q", pages, n.attr["href"])
				}
			}
		}
	}
	if len(got) != 60 || !slices.IsSorted(got) || len(slices.Compact(got)) != 60 || pages != 3 {
		t.Errorf("%d coupons on %d pages: %q", len(got), pages, got)
	}
}

func TestEmptyLists(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	h := s.handler(t)
	contains(t, get(t, h, base+"/"), "No coupons yet.")
	contains(t, get(t, h, base+"/?q=abc"), "No coupon fits.", "has “abc” in its code or name.", "Show all coupons")
	contains(t, get(t, h, base+"/?q=abc", "Accept-Language", "de"), "hat „abc“ in Code oder Name.") // in the quotes of the language
	contains(t, get(t, h, base+"/?status=expired"), "There is none of this kind now.")
}

func TestACodeLeadsToItsCoupon(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t)
	res := ask(t, h, "GET", base+"/?code=+spring15")
	if res.StatusCode != 303 || res.Header.Get("Location") != s.page("SPRING15", "") {
		t.Errorf("%s, %q", res.Status, res.Header.Get("Location"))
	}
	// With what of the address is the state of its page, and in the same format.
	for query, want := range map[string]string{
		"&period=28d":                    "?period=28d",
		"&from=2026-03-01&to=2026-03-31": "?from=2026-03-01&to=2026-03-31",
		"&q=x&status=active&sort=code":   "",
		"&period=always&chart=pie":       "",
		"&period=28d&format=json":        "?period=28d&format=json",
		"&format=csv&metric=revenue":     "?metric=revenue&format=csv",
		"&metric=revenue&currency=USD&chart=line&compare=previous_year&clock=service-date&period=90d&interval=week": "?period=90d&clock=service-date&compare=previous_year&interval=week&chart=line&metric=revenue&currency=USD",
	} {
		if got := ask(t, h, "GET", base+"/?code=SPRING15"+query).Header.Get("Location"); got != s.page("SPRING15", want) {
			t.Errorf("%s leads to %q", query, got)
		}
	}
	if got := ask(t, h, "GET", base+"/?code=SPRING15&period=28d", "Accept", "application/json").Header.Get("Location"); got != s.page("SPRING15", "?period=28d&format=json") {
		t.Errorf("a program is led to %q", got)
	}
	contains(t, get(t, h, base+"/?code=NOPE"), "No coupon has the code “NOPE”.")
	contains(t, get(t, h, base+"/?code=%3Cb%3E"), "No coupon has the code “&lt;b&gt;”.")
}

func TestOneStateHasOneURL(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t)
	for _, tt := range []struct{ header, target, want string }{
		{"HX-Replace-Url", base + "/?q=&status=", base + "/"},
		{"HX-Replace-Url", base + "/?status=active&q=x", base + "/?q=x&status=active"},
		{"HX-Replace-Url", base + "/?q=x&status=active", ""},
		{"HX-Push-Url", s.page("SPRING15", "?to=2026-05-01&from=2026-04-01&interval=auto"), s.page("SPRING15", "?from=2026-04-01&to=2026-05-01")},
		{"HX-Push-Url", s.page("SPRING15", "?period=28d"), ""},
	} {
		res := ask(t, h, "GET", tt.target, "HX-Request", "true")
		if got := res.Header.Get(tt.header); got != tt.want {
			t.Errorf("%s: %s %q, want %q", tt.target, tt.header, got, tt.want)
		}
	}
}

func TestUnknownValuesFallBackWithANotice(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t)
	for target, says := range map[string]string{
		base + "/?status=lost":                                             "“status”",
		base + "/?sort=luck":                                               "“sort”",
		base + "/?from=2026-01-01":                                         "Give both dates",
		base + "/?order=up":                                                "“order”",
		s.page("SPRING15", "?period=always"):                               "“period”",
		s.page("SPRING15", "?interval=decade"):                             "“interval”",
		s.page("SPRING15", "?chart=pie"):                                   "“chart”",
		s.page("SPRING15", "?clock=paid"):                                  "“clock”",
		s.page("SPRING15", "?from=2026-13-01"):                             "The “from” date can’t be read",
		s.page("SPRING15", "?to=0001-01-01"):                               "The “to” date can’t be read",
		s.page("SPRING15", "?from=2026-05-01&to=2026-04-01"):               "have been swapped",
		s.page("SPRING15", "?from=1950-01-01&to=2151-01-01"):               "more than a hundred years",
		s.page("SPRING15", "?from=2026-05-01&to=2026-05-04&interval=year"): "By the year does not suit this range; the chart is by the day.",
		s.page("SPRING15", "/bookings?state=lost"):                         "“state”",
	} {
		page := parse(t, get(t, h, target))
		if n := page.all(class("cp-notice")); len(n) != 1 || !strings.Contains(n[0].words(), says) {
			t.Errorf("%s does not say %q", target, says)
		}
	}
}
