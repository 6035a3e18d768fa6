package httpui_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/httpui"
)

func TestListFiltersByAudienceAndDiscount(t *testing.T) {
	t.Parallel()
	h := fullShop(t).handler(t)
	for query, want := range map[string][]string{
		"?audience=new":                  {"WELCOME20"},
		"?audience=existing":             {"LOYAL5"},
		"?audience=all&status=scheduled": {"WINTER26"},
		"?kind=fixed":                    {"WELCOME20"},
		"?kind=per-unit":                 {"SUMMER-WINDOWS"},
		"?kind=per-unit&audience=new":    nil,
	} {
		page := parse(t, get(t, h, base+"/"+query))
		if got := codes(t, page); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
		for _, o := range page.all(named("option")) {
			if _, on := o.attr["selected"]; on && o.attr["value"] != "" && o.attr["value"] != "all" && !strings.Contains(query, "="+o.attr["value"]) {
				t.Errorf("%s: %q is shown as chosen", query, o.attr["value"])
			}
		}
	}
}

// Every column sorts, up and down, and tells so.
func TestListSortsByEveryColumn(t *testing.T) {
	t.Parallel()
	h := fullShop(t).handler(t)
	for sort, first := range map[string]string{
		"code": "WINTER26", "name": "WINTER26", "offer": "SUMMER-WINDOWS", "audience": "WELCOME20", "status": "SUMMER-WINDOWS", "uses": "FIRST10",
		"bookings": "SPRING15", "revenue": "SPRING15", "discounts": "SPRING15", "start": "WINTER26", "end": "SPRING15",
	} {
		links := parse(t, get(t, h, base+"/")).all(func(n *node) bool { return n.attr["id"] == "cp-sort-"+sort })
		if len(links) != 1 {
			t.Fatalf("%d links sort by %s", len(links), sort)
		}
		page := parse(t, get(t, h, links[0].attr["href"]))
		ways := map[string][]string{}
		for range 2 {
			sorted := page.all(func(n *node) bool { return n.attr["aria-sort"] != "" })
			if len(sorted) != 1 {
				t.Fatalf("%s: %d columns are sorted", sort, len(sorted))
			}
			ways[sorted[0].attr["aria-sort"]] = codes(t, page)
			page = parse(t, get(t, h, page.byID(t, "cp-sort-"+sort).attr["href"]))
		}
		down := ways["descending"]
		if len(down) != 7 || (down[0] != first && sort != "end") {
			t.Errorf("%s: falling, %q, want %s first", sort, down, first)
		}
		up := slices.Clone(ways["ascending"])
		slices.Sort(up)
		down = slices.Clone(down)
		slices.Sort(down)
		if !slices.Equal(up, down) {
			t.Errorf("%s: up has %q, down %q", sort, up, down)
		}
	}
}

// The figures of a row are those of the coupon's own page for the same range.
func TestFiguresOfTheListAreThoseOfTheCoupon(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t)
	for _, query := range []string{"?period=28d", "?period=90d", "?period=last_month", "?period=year", "?from=2026-03-01&to=2026-05-31"} {
		looked := 0
		for _, tr := range parse(t, get(t, h, base+"/"+query)).all(class("cp-coupons"))[0].all(named("tbody"))[0].all(named("tr")) {
			link := tr.all(class("cp-list-link"))[0].attr["href"]
			revenue := tr.all(class("cp-money"))
			if len(revenue) != 2 { // no bookings, or two currencies
				continue
			}
			looked++
			page := parse(t, get(t, h, link)).words()
			contains(t, page, revenue[0].words(), revenue[1].words())
		}
		if looked == 0 {
			t.Errorf("%s: no row has figures", query)
		}
	}
}

func TestListIsSwitchedWhereItIs(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t)
	page := parse(t, get(t, h, base+"/?q=spring&sort=code"))
	form := page.all(func(n *node) bool { return n.name == "form" && strings.Contains(n.attr["action"], "/deactivate") })
	if len(form) != 1 {
		t.Fatalf("%d forms switch off", len(form))
	}
	res := ask(t, h, "POST", form[0].attr["action"])
	to := res.Header.Get("Location")
	if res.StatusCode != http.StatusSeeOther || !strings.HasPrefix(to, base+"/?q=spring&sort=code&") {
		t.Fatalf("%s, %q", res.Status, to)
	}
	contains(t, get(t, h, to), "SPRING15 is deactivated")
	part := body(t, ask(t, h, "POST", strings.Replace(form[0].attr["action"], "/deactivate", "/activate", 1), "HX-Request", "true"))
	contains(t, part, `id="cp-list"`, "SPRING15 is activated", "Active")
	if strings.Contains(part, "<html") || !slices.Equal(codes(t, parse(t, part)), []string{"SPRING15"}) {
		t.Error("htmx is not given the list as it was")
	}
}

// A coupon that somebody may not see is not on the list.
func TestListHasOnlyWhatMayBeSeen(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t, func(c *httpui.Config) {
		c.Can = func(_ *http.Request, a httpui.Action, c coupon.Coupon) bool {
			return a == httpui.View && c.Code != "SPRING15"
		}
	})
	page := parse(t, get(t, h, base+"/"))
	if got := codes(t, page); slices.Contains(got, "SPRING15") || len(got) != 6 {
		t.Errorf("%q", got)
	}
	if n := len(page.all(class("cp-menu"))) + len(page.all(class("cp-more-button"))); n != 0 {
		t.Errorf("%d menus with nothing in them", n)
	}
	contains(t, get(t, h, base+"/?code=SPRING15"), "No coupon has the code “SPRING15”.")
}

func TestListAsJSON(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t)
	golden(t, "list.json", get(t, h, base+"/?format=json&period=28d&sort=code"))
	var got struct {
		Data struct {
			Coupons []struct {
				Code    string
				Figures []coupon.Figures
			}
		}
	}
	if err := json.Unmarshal([]byte(get(t, h, base+"/?q=summer", "Accept", "application/json")), &got); err != nil {
		t.Fatal(err)
	}
	if c := got.Data.Coupons; len(c) != 1 || c[0].Code != "SUMMER-WINDOWS" || !c[0].Figures[0].Revenue.Equal(usd("880.00")) {
		t.Errorf("%+v", got)
	}
}

// The small line of a coupon ends with the last bucket that is over.
func TestTheLineOfACouponLeavesOutWhatIsGoingOn(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	c := s.create(t, coupon.Coupon{Code: "STEADY", Discount: pct(10), Start: now.AddDate(0, -3, 0)})
	for i := range 90 { // one each day, but for today
		s.book(t, string(c.Code), fmt.Sprint("S-", i), "100.00", now.AddDate(0, 0, -90+i))
	}
	line := regexp.MustCompile(`class="cp-spark-line" d="([^"]*)"`).FindStringSubmatch(get(t, s.handler(t), base+"/?period=28d"))
	if line == nil {
		t.Fatal("no line")
	}
	if top := " 1.50"; strings.Count(line[1], top) < 20 || !strings.HasSuffix(line[1], top) {
		t.Errorf("of as many every day the line is not level: %s", line[1])
	}
}

// Where cancelled bookings keep their use, there are more uses than bookings: the list
// says why.
func TestListSaysWhichCancelledBookingsHoldAUse(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	limits := coupon.Restrictions{Limits: []coupon.Limit{{Of: coupon.Uses, Per: coupon.PerCoupon, Max: 5}}}
	s.create(t, coupon.Coupon{Code: "KEPT", Discount: pct(10), Start: day("2026-01-01"), KeepUseOnCancel: true, Restrictions: limits})
	s.create(t, coupon.Coupon{Code: "GIVEN-BACK", Discount: pct(10), Start: day("2026-01-01"), Restrictions: limits})
	s.create(t, coupon.Coupon{Code: "UNCOUNTED", Discount: pct(10), Start: day("2026-01-01"), KeepUseOnCancel: true})
	for _, code := range []string{"KEPT", "GIVEN-BACK", "UNCOUNTED"} {
		for i := range 3 {
			s.book(t, code, fmt.Sprint(code, i), "100.00", day("2026-02-01"))
		}
		s.must(t)(s.svc.Cancel(t.Context(), code+"0"))
	}
	page := parse(t, get(t, s.handler(t), base+"/"))
	got := map[string]string{}
	for i, code := range codes(t, page) {
		got[code] = page.all(class("cp-list-uses"))[i].words() + ": " + page.all(class("cp-list-bookings"))[i].words()
	}
	for code, want := range map[string]string{"KEPT": "3 of 5: 2+ 1 cancelled", "GIVEN-BACK": "2 of 5: 2", "UNCOUNTED": "No limit: 2"} {
		if got[code] != want {
			t.Errorf("%s: %q, want %q", code, got[code], want)
		}
	}
}
