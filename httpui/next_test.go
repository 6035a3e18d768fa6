package httpui_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/shopspring/decimal"

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/httpui"
)

// steps are the names of what a page offers to do next, in order.
func steps(page *node) (out []string) {
	for _, n := range page.all(class("cp-steps")) {
		for _, b := range n.all(class("cp-button")) {
			out = append(out, b.words())
		}
	}
	return out
}

// What can be done next is what the coupon's status and the host allow.
func TestWhatNext(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	all := []string{"Deactivate", "Adjust restrictions", "Run again", "Archive…", "Archive for good"}
	for _, tt := range []struct {
		code    string
		forbids httpui.Action
		want    []string
	}{
		{"SPRING15", "", all},
		{"SUMMER-WINDOWS", "", all},
		{"LOYAL5", "", append([]string{"Activate"}, all[1:]...)},
		{"OLD1", "", []string{"Run again"}},
		{"OLD1", httpui.Duplicate, nil},
		{"SPRING15", httpui.Switch, all[1:]},
		{"SPRING15", httpui.Edit, []string{"Deactivate", "Run again", "Archive…", "Archive for good"}},
		{"SPRING15", httpui.Archive, all[:3]},
	} {
		h := s.handler(t, func(c *httpui.Config) {
			c.Can = func(_ *http.Request, a httpui.Action, _ coupon.Coupon) bool { return a != tt.forbids }
		})
		page := parse(t, get(t, h, s.page(tt.code, "")))
		if got := steps(page); !slices.Equal(got, tt.want) {
			t.Errorf("%s without %s: %q, want %q", tt.code, tt.forbids, got, tt.want)
		}
		if got := strings.Contains(page.words(), "What next"); got != (tt.want != nil) {
			t.Errorf("%s without %s: the section is there: %v", tt.code, tt.forbids, got)
		}
	}
	h := s.handler(t, func(c *httpui.Config) { c.ReadOnly = true })
	if got := steps(parse(t, get(t, h, s.page("SPRING15", "")))); got != nil {
		t.Errorf("read only there is %q", got)
	}
	page := parse(t, get(t, s.handler(t), s.page("SPRING15", "")))
	for id, want := range map[string]string{"cp-next-adjust": s.page("SPRING15", "/edit#restrictions"), "cp-next-again": base + "/new?from=" + string(s.ids["SPRING15"])} {
		if got := page.byID(t, id).attr["href"]; got != want {
			t.Errorf("%s leads to %s, want %s", id, got, want)
		}
	}
}

// The hint says when it ended or begins, and what all its life has brought: the
// same figures as the summary.
func TestTheHintIsTrue(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	s.create(t, coupon.Coupon{Code: "TODAY", Discount: pct(10), Start: day("2026-11-01"), End: at("2026-11-22T08:00:00-05:00")})
	h := s.handler(t)
	for code, want := range map[string]string{
		"SUMMER-WINDOWS": "It ended 138 days ago. 8 bookings have used it: $880.00 of revenue after discount, for $80.00 of discounts.",
		"FIRST10":        "10 bookings have used it: $400.00 of revenue after discount, for $400.00 of discounts.",
		"TWO-MONEYS":     "20 bookings have used it, in several currencies.",
		"WINTER26":       "It starts in 9 days. No booking has used it so far.",
		"WELCOME20":      "No booking has used it so far.",
		"TODAY":          "It ended today. No booking has used it so far.",
	} {
		if got := parse(t, get(t, h, s.page(code, "?period=7d"))).all(class("cp-hint"))[0].words(); got != want {
			t.Errorf("%s: %q, want %q", code, got, want)
		}
	}
}

// Archiving is asked for on the page, done once, and said.
func TestArchiving(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t)
	page := parse(t, get(t, h, s.page("SPRING15", "?period=28d")))
	form := page.all(func(n *node) bool { return n.name == "form" && strings.Contains(n.attr["action"], "/archive") })[0]
	if asked := page.all(class("cp-ask"))[0]; asked.name != "details" || !strings.Contains(asked.words(), "Archive SPRING15 for good?") || len(asked.all(named("form"))) != 1 {
		t.Error("the form is not behind a question")
	}
	version := int64(0)
	for range 2 {
		res := ask(t, h, "POST", form.attr["action"])
		to := res.Header.Get("Location")
		if res.StatusCode != 303 || !strings.HasPrefix(to, s.page("SPRING15", "?period=28d")) {
			t.Fatalf("%s to %q", res.Status, to)
		}
		contains(t, parse(t, get(t, h, to)).words(), "SPRING15 is archived. Its bookings and figures stay; its code is free for a new coupon.", "Archived")
		c, err := s.svc.Coupon(t.Context(), s.ids["SPRING15"])
		if err != nil || c.ArchivedAt.IsZero() || version != 0 && c.Version != version {
			t.Errorf("%v, %v: archived twice, or not at all", c, err)
		}
		version = c.Version
	}
	s.create(t, coupon.Coupon{Code: "SPRING15", Discount: pct(15), Start: day("2026-11-01")}) // the code is free
}

// The coupon as JSON: types and no words, the same before and after a change.
func TestTheCouponAsJSON(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t)
	pick := func(text string) string {
		var answer struct {
			Data struct {
				Coupon json.RawMessage `json:"coupon"`
			} `json:"data"`
		}
		if err := json.Unmarshal([]byte(text), &answer); err != nil {
			t.Fatal(err)
		}
		var v any
		if err := json.Unmarshal(answer.Data.Coupon, &v); err != nil {
			t.Fatal(err)
		}
		out, _ := json.MarshalIndent(v, "", "  ")
		return string(out) + "\n"
	}
	golden(t, "coupon.json", pick(get(t, h, s.page("SPRING15", "?format=json")))+pick(get(t, h, s.page("WINTER26", "?format=json"))))
	for _, tt := range []struct{ action, want string }{{"deactivate", "inactive"}, {"activate", "scheduled"}, {"archive", "archived"}} {
		contains(t, pick(body(t, ask(t, h, "POST", s.page("WINTER26", "/"+tt.action+"?format=json")))), `"status": "`+tt.want+`"`)
	}
}

// withoutHosts is a text without what is the host's own: its coupons, and other words.
func withoutHosts(text, words string, coupons ...coupon.Coupon) string {
	hosts := strings.Fields(words)
	for _, c := range coupons {
		hosts = append(append(hosts, c.Name, string(c.Code), c.Zone), strings.Fields(c.Description)...)
		for _, m := range c.Restrictions.Matches {
			hosts = append(append(append(hosts, m.Key), m.AnyOf...), m.NoneOf...)
		}
	}
	slices.SortFunc(hosts, func(a, b string) int { return len(b) - len(a) })
	for _, x := range hosts {
		if x != "" {
			text = strings.ReplaceAll(text, x, " ")
		}
	}
	return text
}

// What is said of a coupon is all in the language that is asked for: on a page in
// Arabic there are no Latin letters but those of the host.
func TestNoEnglishIsLeftInArabic(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	edit := func(code string, edit func(*coupon.Coupon)) {
		c, err := s.svc.Coupon(t.Context(), s.ids[code])
		if err != nil {
			t.Fatal(err)
		}
		edit(&c)
		if _, err := s.svc.Update(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	edit("WELCOME20", func(c *coupon.Coupon) { c.Restrictions.MinUnits, c.ValidBy = 2, coupon.ServiceAt })
	edit("WINTER26", func(c *coupon.Coupon) { c.Discount, c.Restrictions.Occurrences = coupon.AmountOff(usd("3.50")), 3 })
	h := s.handler(t, func(c *httpui.Config) { c.Locale = "ar"; c.Title = "" })
	ours := regexp.MustCompile(`US\$`)
	for _, code := range slices.Sorted(maps.Keys(s.ids)) {
		c, err := s.svc.Coupon(t.Context(), s.ids[code])
		if err != nil {
			t.Fatal(err)
		}
		page := parse(t, get(t, h, s.page(code, "")))
		text := ""
		for _, id := range []string{"cp-head", "cp-overview", "cp-restrictions", "cp-next-steps"} {
			n := page.byID(t, id)
			text += " " + n.words()
			for _, x := range append(n.all(func(*node) bool { return true }), n) {
				for _, a := range []string{"aria-label", "title", "hx-confirm", "data-copied"} {
					text += " " + x.attr[a]
				}
			}
		}
		text += parse(t, get(t, h, s.page(code, "/history"))).byID(t, "cp-main").words()
		text = withoutHosts(text, "anna@example.com", c)
		text = ours.ReplaceAllString(text, "")
		if i := strings.IndexFunc(text, func(r rune) bool { return r < 0x250 && unicode.IsLetter(r) }); i >= 0 {
			t.Errorf("%s: %.60q", code, text[i:])
		}
	}
}

// Every page, also with words that are only there at times, is in the language
// that is asked for: what is left of the Latin letters is the host's, or a name
// that is written so everywhere.
func TestNoPageInArabicHasEnglish(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t, func(c *httpui.Config) { c.Locale = "ar"; c.Title = "" })
	targets := []string{base + "/?q=nothing", base + "/?sort=revenue&period=28d",
		s.page("SPRING15", "?period=28d&compare=previous_period&metric=revenue"), s.page("SPRING15", "?from=x&to=2026-07-31&metric=y&interval=hour"),
		s.page("SPRING15", "/bookings?state=cancelled"), s.page("SPRING15", "/bookings?state=reserved"), s.page("SPRING15", "/bookings?q=nothing")}
	for _, rt := range httpui.Routes() {
		if target, status := targetOf(t, h, s, rt); rt.Method == "GET" && status == 200 && !strings.HasPrefix(rt.Pattern, "/static/") {
			targets = append(targets, target)
		}
	}
	var coupons []coupon.Coupon
	words := "metric from nothing EURO Mars" // of the addresses
	for code, id := range s.ids {
		targets = append(targets, s.page(code, ""), s.page(code, "/bookings"), s.page(code, "/codes"))
		c, err := s.svc.Coupon(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if coupons = append(coupons, c); c.ArchivedAt.IsZero() {
			targets = append(targets, s.page(code, "/edit"))
		}
		notes, err := s.svc.Notes(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range notes {
			words += " " + n.Text
		}
	}
	slices.Sort(targets)
	pages := map[string]string{
		"an empty form":      body(t, submit(t, h, base+"/new")),
		"a form with errors": body(t, submit(t, h, base+"/new", "kind", "percent", "value", "?", "currency", "EURO", "code", "*", "zone", "Mars", "start_day", "?", "min_total", "?")),
		"an empty note":      body(t, submit(t, h, s.page("SPRING15", "/notes"))),
		"no codes":           body(t, submit(t, h, s.page("SPRING15", "/codes"), "key", "batch", "count", "?", "prefix", "-")),
		"no refund":          body(t, submit(t, h, s.page("SPRING15", "/booking/refund?id=B-1001"), "amount", "?", "key", "k")),
	}
	for _, target := range slices.Compact(targets) {
		pages[target] = get(t, h, target)
	}
	keys := regexp.MustCompile(`Europe/Berlin|[A-Za-z0-9.-]+@[a-z.]+|\b[A-Z]+-?[0-9][A-Z0-9-]*\b`) // of zones, customers, bookings and codes
	names := regexp.MustCompile(`(US|CA)\$|A–Z|SPRING-|America/New_York|\b[A-Z]{3}\b`)
	for target, page := range pages {
		root := parse(t, page)
		text := root.words()
		for _, x := range root.all(func(*node) bool { return true }) {
			for _, a := range []string{"aria-label", "title", "placeholder", "alt", "hx-confirm", "data-copied"} {
				text += " | " + x.attr[a]
			}
		}
		text = withoutHosts(keys.ReplaceAllString(text, " "), words, coupons...)
		text = names.ReplaceAllString(text, " ")
		for _, m := range regexp.MustCompile(`[A-Za-z][A-Za-z ,.’'-]*`).FindAllString(text, -1) {
			t.Errorf("%s: %.60q", target, m)
		}
	}
}

// brief is a host's own way to write.
type brief struct{}

func (brief) Amount(m coupon.Money, short bool) string {
	if short {
		return m.Currency + " " + m.Amount.String()
	}
	return ""
}
func (brief) Number(d decimal.Decimal) string { return "n" + d.String() }
func (brief) Date(d coupon.Date, s httpui.DateStyle) string {
	if s == httpui.DateShort {
		return d.String() + "!"
	}
	return ""
}
func (brief) Time(coupon.TimeOfDay) string { return "noon" }

// What a host's Formatter leaves empty is written as without it.
func TestAHostWritesItsOwnWay(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	asked := ""
	h := s.handler(t, func(c *httpui.Config) {
		c.Formatter = func(locale string) httpui.Formatter { asked = locale; return brief{} }
	})
	page := get(t, h, s.page("SPRING15", ""), "Accept-Language", "en-GB")
	got := pairs(parse(t, page).byID(t, "cp-overview"))
	for label, want := range map[string]string{"Discount": "n15% off, at most USD 50", "Starts": "2026-03-01! America/New_York", "Made": "2026-11-22!, noon by anna@example.com"} {
		if g := got[label]; len(g) != 1 || g[0] != want {
			t.Errorf("%s: %q, want %q", label, g, want)
		}
	}
	if asked != "en-GB" {
		t.Errorf("asked for %q", asked)
	}
	if got := headline(parse(t, page), "Total Revenue (after discount)"); !strings.HasPrefix(got, "US$") {
		t.Errorf("an amount that the host leaves is %q", got)
	}
}

// What stands beside one another has the comma of the language between it.
func TestTheCommaIsTheLanguages(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t, func(c *httpui.Config) { c.Locale = "ar"; c.Title = "" })
	for path, from := range map[string]string{"": "cp-caption", "/bookings": "cp-title-tags", "/widget/summary?clock=service-date": "cp-more"} {
		got := ""
		for _, n := range parse(t, get(t, h, s.page("SPRING15", path))).all(class(from)) {
			got += n.words() + "\n"
		}
		if !strings.Contains(got, "، ") || strings.Contains(got, ", ") {
			t.Errorf("%q: %q", path, got)
		}
	}
}
