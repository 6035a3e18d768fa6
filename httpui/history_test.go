package httpui_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/couponkit/coupon"
)

// edited gives a coupon one version after the other.
func edited(t *testing.T, s *shop, code string, edits ...func(*coupon.Coupon)) coupon.Coupon {
	t.Helper()
	c := s.create(t, coupon.Coupon{Code: coupon.Code(code), Discount: pct(10), Start: day("2026-11-01")})
	for _, edit := range edits {
		edit(&c)
		var err error
		if c, err = s.svc.Update(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// The history says in the words of the page what each edit has changed, and no
// more.
func TestHistorySaysWhatWasChanged(t *testing.T) {
	t.Parallel()
	limit := func(per coupon.LimitPer, n int64) coupon.Limit {
		return coupon.Limit{Of: coupon.Uses, Per: per, Max: n}
	}
	for _, tt := range []struct {
		edit func(*coupon.Coupon)
		want []string
	}{
		{func(c *coupon.Coupon) { c.Discount = pct(15) }, []string{"Discount 10% off → 15% off"}},
		{func(c *coupon.Coupon) { c.Name, c.Code = "Autumn", "AUTUMN" }, []string{"Name No name → Autumn", "Code HIST → AUTUMN"}},
		{func(c *coupon.Coupon) { c.Audience = coupon.NewCustomers }, []string{"Audience All customers → New customers: no completed booking before"}},
		{func(c *coupon.Coupon) { c.End = day("2026-12-01") }, []string{"Ends No end date → Until 30 Nov 2026"}},
		{func(c *coupon.Coupon) { c.ValidBy = coupon.ServiceAt }, []string{"Ends No end date, Checked against the moment a booking is made → No end date, Checked against the service date"}},
		{func(c *coupon.Coupon) { c.Description = strings.Repeat("a long text ", 100) }, []string{"Description No description → " + strings.TrimSpace(strings.Repeat("a long text ", 14)[:160]) + "…"}},
		// The first limit comes with rules of its own, which nobody has changed.
		{func(c *coupon.Coupon) { c.Restrictions.Limits = []coupon.Limit{limit(coupon.PerCoupon, 3)} }, []string{"Usage limit Unlimited uses → At most 3 bookings in all"}},
		{func(c *coupon.Coupon) {
			c.Restrictions.Limits = []coupon.Limit{limit(coupon.PerCoupon, 3), {Of: coupon.Uses, Per: coupon.PerCoupon, Every: coupon.PerDay, Max: 1}, limit(coupon.PerCustomer, 1)}
		}, []string{"Usage limit Unlimited uses → At most 3 bookings in all At most 1 booking a day", "Per customer Each customer as often as they like → Each customer at most once"}},
		{func(c *coupon.Coupon) { c.Restrictions.Days = []time.Weekday{1, 2} }, []string{"Days Any day of the week → Monday and Tuesday only, by service date"}},
		{func(c *coupon.Coupon) { c.Restrictions.BookingType = coupon.OneTime }, []string{"Booking types One-time and recurring bookings → One-time bookings only"}},
		{func(c *coupon.Coupon) {
			c.Restrictions.Matches = []coupon.Match{{On: coupon.OnLine, Key: "service", AnyOf: []string{"window"}}}
		}, []string{"Applies to Lines whose service is window"}},
		{func(c *coupon.Coupon) { c.Combinable, c.Inactive = true, true }, []string{"Status Switched on → Switched off", "Other coupons Can’t be used together with another coupon → May be used together with other coupons that allow it"}},
	} {
		s := newShop(t)
		edited(t, s, "HIST", tt.edit)
		page := parse(t, get(t, s.handler(t), s.page("HIST", "")))
		newest := page.all(class("cp-version"))[0]
		var got []string
		for _, d := range newest.all(named("div")) {
			got = append(got, d.all(named("dt"))[0].words()+" "+d.all(named("dd"))[0].words())
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%q, want %q", got, tt.want)
		}
		contains(t, newest.words(), "Version 2", "22 Nov 2026, 10:30 by anna@example.com")
	}
}

// What is taken away is crossed out, and for whom that can't be seen it is said.
func TestHistorySaysWhatWasTakenAway(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	edited(t, s, "HIST",
		func(c *coupon.Coupon) {
			c.Restrictions.Limits = []coupon.Limit{{Of: coupon.Uses, Per: coupon.PerCoupon, Max: 3}, {Of: coupon.Uses, Per: coupon.PerCoupon, Every: coupon.PerDay, Max: 1}}
		},
		func(c *coupon.Coupon) { c.Restrictions.Limits = c.Restrictions.Limits[:1] })
	newest := parse(t, get(t, s.handler(t), s.page("HIST", ""))).all(class("cp-version"))[0]
	if got := newest.all(named("dd"))[0].words(); got != "At most 1 booking a day removed" {
		t.Errorf("%q", got)
	}
	if got := newest.all(named("del"))[0].words(); got != "At most 1 booking a day" {
		t.Errorf("crossed out is %q", got)
	}
}

// All versions are shown, each once, ten at a time: on the page, below it, and as
// JSON.
func TestHistoryInPages(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	var edits []func(*coupon.Coupon)
	for i := range 24 {
		edits = append(edits, func(c *coupon.Coupon) { c.Name = fmt.Sprint("Name ", i) })
	}
	c := edited(t, s, "MANY", edits...)
	h := s.handler(t)
	names := func(n *node) (out []string) {
		for _, v := range n.all(class("cp-version-name")) {
			out = append(out, v.all(named("strong"))[0].words())
		}
		return out
	}
	var want []string
	for v := c.Version; v > 0; v-- {
		want = append(want, fmt.Sprint("Version ", v))
	}
	for _, headers := range [][]string{nil, {"HX-Request", "true"}} {
		page := parse(t, get(t, h, s.page("MANY", "")))
		contains(t, page.words(), "History: 25 versions")
		got := names(page)
		for page.all(func(n *node) bool { return n.attr["id"] == "cp-older" }) != nil {
			older := page.byID(t, "cp-older").all(named("a"))[0]
			if older.attr["hx-get"] != older.attr["href"] || older.attr["hx-target"] != "#cp-older" {
				t.Fatalf("%v", older.attr)
			}
			page = parse(t, get(t, h, older.attr["href"], headers...))
			if n := len(names(page)); n == 0 || n > 10 {
				t.Fatalf("%d versions at once", n)
			}
			got = append(got, names(page)...)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
	numbers := []int64{}
	for before := ""; ; {
		var answer struct {
			Data struct {
				Versions []coupon.Coupon `json:"versions"`
				Before   int64           `json:"before"`
			} `json:"data"`
		}
		if err := json.Unmarshal([]byte(get(t, h, s.page("MANY", "/history?format=json"+before))), &answer); err != nil {
			t.Fatal(err)
		}
		for _, v := range answer.Data.Versions {
			numbers = append(numbers, v.Version)
		}
		if answer.Data.Before == 0 {
			break
		}
		before = fmt.Sprint("&before=", answer.Data.Before)
	}
	if len(numbers) != 25 || numbers[0] != 25 || numbers[24] != 1 {
		t.Errorf("as JSON %v", numbers)
	}
	contains(t, get(t, h, s.page("MANY", "/history?before=nothing")), "a version that can’t be read", "Version 25")
	contains(t, get(t, h, s.page("MANY", "/history?before=1")), "There are no versions before this one.")
}

func TestACouponThatWasNeverChangedHasNoHistory(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	if page := get(t, s.handler(t), s.page("SPRING15", "")); strings.Contains(page, "cp-history") {
		t.Error("there is a history")
	}
}
