package httpui_test

import (
	"fmt"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/couponkit/coupon"
)

// pairs are the terms and descriptions of a section.
func pairs(n *node) map[string][]string {
	out := map[string][]string{}
	for _, d := range n.all(named("div")) {
		if dt := d.all(named("dt")); len(dt) == 1 {
			out[dt[0].words()] = append(out[dt[0].words()], d.all(named("dd"))[0].words())
		}
	}
	return out
}

func TestCouponPageHasItsSections(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t)
	for code := range s.ids {
		page := parse(t, get(t, h, s.page(code, "")))
		var got []string
		for _, n := range page.all(named("section")) {
			got = append(got, n.all(named("h2"))[0].words())
		}
		if want := []string{"Overview", "Restrictions", "Redemption chart", "Performance summary", "What next"}; !slices.Equal(got, want) {
			t.Errorf("%s: sections %q", code, got)
		}
	}
}

func TestSummaryHasTheThreeHeadlinesByName(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	page := parse(t, get(t, s.handler(t), s.page("FIRST10", "")))
	for label, want := range map[string]string{
		"Total Bookings":                 "10",
		"Total Revenue (after discount)": "$400.00",
		"Total Discounts Given":          "$400.00",
	} {
		if got := headline(page, label); got != want {
			t.Errorf("%s: %q, want %q", label, got, want)
		}
	}
}

func TestSummaryHasABlockPerCurrency(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	page := parse(t, get(t, s.handler(t), s.page("TWO-MONEYS", "")))
	blocks := page.all(class("cp-block"))
	if len(blocks) != 2 {
		t.Fatalf("%d blocks", len(blocks))
	}
	for i, want := range []struct{ currency, bookings, revenue, discounts string }{
		{"CAD", "7", "CA$630.00", "CA$70.00"},
		{"USD", "13", "$1,170.00", "$130.00"},
	} {
		b := blocks[i]
		if got := b.all(named("h3"))[0].words(); got != want.currency {
			t.Errorf("block %d is of %s", i, got)
		}
		figures := pairs(b)
		for label, v := range map[string]string{"Total Bookings": want.bookings, "Total Revenue (after discount)": want.revenue, "Total Discounts Given": want.discounts} {
			if got := figures[label]; len(got) != 1 || got[0] != v {
				t.Errorf("%s, %s: %q, want %q", want.currency, label, got, v)
			}
		}
	}
}

func TestOverview(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t)
	for code, want := range map[string]map[string]string{
		"SPRING15": {"Name": "Spring cleaning", "Code": "SPRING15 Further codes", "Audience": "All customers", "Status": "Active No end date",
			"Discount": "15% off, at most $50", "Starts": "1 Mar 2026 America/New_York", "Ends": "No end date Checked against the moment a booking is made",
			"Made": "22 Nov 2026, 10:30 by anna@example.com"},
		// The end is the start of 8 July: its last day is the one before.
		"SUMMER-WINDOWS": {"Status": "Expired Ended 7 Jul 2026", "Discount": "$2.50 off each unit", "Ends": "Until 7 Jul 2026 Checked against the moment a booking is made"},
		"TWO-MONEYS":     {"Starts": "1 Oct 2026, 12:30 America/New_York", "Ends": "Until 1 Oct 2027, 18:00 Checked against the moment a booking is made"},
		"FIRST10":        {"Status": "Used up All 10 uses taken"},
		"WINTER26":       {"Status": "Scheduled From 1 Dec 2026"},
		"WELCOME20":      {"Audience": "New customers: no completed booking before", "Status": "Active Until 31 Dec 2026", "Discount": "$20 off"},
		"LOYAL5": {"Name": "No name", "Status": "Inactive Switched off", "Audience": "Existing customers: at least one completed booking before",
			"Ends": "No end date Checked against the service date", "Last changed": "22 Nov 2026, 10:30 by anna@example.com"},
		"OLD1": {"Status": "Archived Put away on 22 Nov 2026"},
	} {
		got := pairs(parse(t, get(t, h, s.page(code, ""))).byID(t, "cp-overview").all(class("cp-facts"))[0])
		for label, text := range want {
			if g := got[label]; len(g) != 1 || g[0] != text {
				t.Errorf("%s, %s: %q, want %q", code, label, g, text)
			}
		}
	}
}

func TestRestrictionsAreSentences(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t)
	for code, want := range map[string]map[string][]string{
		"WELCOME20": {
			"Usage limit": {"Unlimited uses"}, "Budget": {"No limit on the discounts given"}, "Days": {"Any day of the week"}, "Hours": {"Any time of day"},
			"Per customer": {"Each customer as often as they like"}, "Per code": {"No limit of its own for a code, apart from codes made for a single use"}, "Units": {"Any number of units"},
			"Series": {"Every booking of a series; together they are one use"}, "Booking types": {"One-time and recurring bookings"}, "Frequencies": {"However often a booking recurs"}, "Minimum total": {"No minimum"}, "Maximum total": {"No maximum"},
			"Services and customers": {"Everything that is booked, by anybody in the audience"}, "Other coupons": {"Can’t be used together with another coupon"},
		},
		"WINTER26": {
			"Days": {"Monday to Friday only, by service date"}, "Hours": {"From 09:00 to 12:00 and from 22:00 to 02:00 the next day only, by service date"},
			"Booking types": {"Recurring bookings only"}, "Frequencies": {"Recurring bookings only if weekly or every two weeks"}, "Maximum total": {"At most $500, before discounts"},
			"Other coupons": {"May be used together with other coupons that allow it"},
		},
		"SUMMER-WINDOWS": {"Units": {"At least 3 units of what the coupon applies to"}, "Applies to": {"Lines whose service is window or glass roof"}, "Bookings": {"Any booking"}, "Customers": {"Not customers whose group is staff"}},
		"FIRST10":        {"Usage limit": {"At most 10 bookings in all10 of 10, nothing left"}},
		"LOYAL5":         {"Usage limit": {"At most 3 bookings a day0 of 3 today, 3 left"}, "Per code": {"Each code at most once"}},
	} {
		got := pairs(parse(t, get(t, h, s.page(code, ""))).byID(t, "cp-restrictions"))
		for label, text := range want {
			if !slices.Equal(got[label], text) {
				t.Errorf("%s, %s: %q, want %q", code, label, got[label], text)
			}
		}
	}
}

func TestSwitchingOffAndOnByPlainForms(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t)
	state := "?period=28d&chart=line"
	page := parse(t, get(t, h, s.page("SPRING15", state)))
	for _, tt := range []struct {
		verb, status, says string
		inactive           bool
	}{
		{"Deactivate", "Inactive", "SPRING15 is deactivated. New bookings can’t use it.", true},
		{"Activate", "Active", "SPRING15 is activated. New bookings can use it within its dates and limits.", false},
	} {
		form := page.byID(t, "cp-head").all(named("form"))[0]
		if got := form.all(named("button"))[0].words(); got != tt.verb {
			t.Fatalf("the button says %q, want %q", got, tt.verb)
		}
		res := ask(t, h, "POST", form.attr["action"])
		to := res.Header.Get("Location")
		if res.StatusCode != 303 || !strings.HasPrefix(to, s.page("SPRING15", state)) {
			t.Fatalf("%s: %s to %q, which forgets the state of the page", tt.verb, res.Status, to)
		}
		page = parse(t, get(t, h, to))
		contains(t, page.words(), tt.says)
		if got := page.all(class("cp-badge"))[0].words(); got != tt.status {
			t.Errorf("after %s it is %s", tt.verb, got)
		}
		c, err := s.svc.Coupon(t.Context(), s.ids["SPRING15"])
		if err != nil || c.Inactive != tt.inactive || c.UpdatedBy != "owner@example.com" {
			t.Errorf("after %s: inactive %v, by %q, %v", tt.verb, c.Inactive, c.UpdatedBy, err)
		}
		version := c.Version
		ask(t, h, "POST", form.attr["action"])
		if c, _ := s.svc.Coupon(t.Context(), c.ID); c.Version != version {
			t.Errorf("%s a second time changed it again", tt.verb)
		}
	}
	if text := get(t, h, s.page("SPRING15", "?done=deactivated")); strings.Contains(text, "cp-notice-done") {
		t.Error("a link can claim what was not done")
	}
}

func TestSwitchingByHtmxKeepsTheChart(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t)
	form := parse(t, get(t, h, s.page("SPRING15", ""))).byID(t, "cp-head").all(named("form"))[0]
	if form.attr["hx-confirm"] == "" || form.attr["hx-post"] != form.attr["action"] {
		t.Errorf("the form does not ask first, or posts elsewhere: %v", form.attr)
	}
	res := ask(t, h, "POST", form.attr["hx-post"], "HX-Request", "true")
	part := parse(t, body(t, res))
	if res.StatusCode != 200 {
		t.Fatal(res.Status)
	}
	ids := map[string]string{}
	for _, n := range part.kids {
		ids[n.attr["id"]] = n.attr["hx-swap-oob"]
	}
	want := map[string]string{"cp-head": "", "cp-overview": "true", "cp-next-steps": "true", "cp-toast": "innerHTML"}
	if !maps.Equal(ids, want) || form.attr["hx-target"] != "#cp-head" {
		t.Errorf("parts %v, want %v", ids, want)
	}
	contains(t, part.words(), "Activate", "Inactive Switched off", "is deactivated")
}

// The page was opened before somebody else archived the coupon.
func TestSwitchingACouponThatWasArchivedMeanwhileSaysSo(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t)
	if _, err := s.svc.Archive(t.Context(), s.ids["SPRING15"]); err != nil {
		t.Fatal(err)
	}
	for _, action := range []string{"/deactivate", "/activate"} {
		for _, htmx := range []string{"false", "true"} {
			res := ask(t, h, "POST", s.page("SPRING15", action), "HX-Request", htmx)
			if text := body(t, res); res.StatusCode != 409 || !strings.Contains(text, "put away") {
				t.Errorf("%s: %s\n%s", action, res.Status, text)
			}
		}
	}
}

func TestAFormThatCantBeReadIsTheSendersFault(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t)
	for _, query := range []string{"?a=%zz", "?a;b"} {
		r := httptest.NewRequest("POST", "http://example.com"+s.page("SPRING15", "/deactivate"), nil)
		r.URL.RawQuery = query[1:]
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != 400 || !strings.Contains(w.Body.String(), "nothing was changed") {
			t.Errorf("%s: %d", query, w.Code)
		}
	}
}

func TestArchivedCouponsCantBeSwitched(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	if text := get(t, s.handler(t), s.page("OLD1", "")); strings.Contains(text, `method="post"`) {
		t.Error("there is a form")
	}
}

func TestAnotherMerchantsCouponIsNotFound(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	other := newShopAt(t, s.store.Merchant("other"))
	h := other.handler(t)
	for _, rest := range []string{"", "/bookings", "/deactivate", "/activate"} {
		method := "GET"
		if strings.HasSuffix(rest, "ivate") {
			method = "POST"
		}
		theirs := ask(t, h, method, s.page("SPRING15", rest))
		unknown := ask(t, h, method, base+"/c/unknown"+rest)
		if theirs.StatusCode != 404 || body(t, theirs) != body(t, unknown) {
			t.Errorf("%s: %s, told from an unknown one", rest, theirs.Status)
		}
	}
	if c, err := s.svc.Coupon(t.Context(), s.ids["SPRING15"]); err != nil || c.Inactive {
		t.Errorf("inactive %v, %v", c.Inactive, err)
	}
}

// An owner who looks by service date misses no booking for being served later.
func TestWholeLifeByServiceDateHasTheServicesToCome(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	s.create(t, coupon.Coupon{Code: "LATER", Discount: pct(10), Start: day("2026-11-01"), End: day("2026-11-10")})
	for i, service := range []string{"2026-11-05", "2026-12-20"} {
		s.book(t, "LATER", fmt.Sprint("L-", i), "10.00", day("2026-11-02"), func(b *coupon.Booking) { b.Service = coupon.ServiceTime(day(service)) })
	}
	h := s.handler(t)
	for _, query := range []string{"", "?clock=service-date"} {
		if got := headline(parse(t, get(t, h, s.page("LATER", query))), "Total Bookings"); got != "2" {
			t.Errorf("%q: %s bookings, want 2", query, got)
		}
	}
}

func TestQuietFiguresSayWhatIsNotKnown(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	s.create(t, coupon.Coupon{Code: "PLAIN", Discount: pct(10), Start: day("2026-11-01")})
	s.book(t, "PLAIN", "P-1", "10.00", day("2026-11-02"))
	s.book(t, "PLAIN", "P-2", "20.01", day("2026-11-03"), func(b *coupon.Booking) { n := 0; b.Customer.EarlierBookings = &n })
	h := s.handler(t)
	got := pairs(parse(t, get(t, h, s.page("PLAIN", ""))).all(class("cp-summary"))[0])
	for label, want := range map[string]string{
		"Cancelled": "None", "Refunded": "Nothing", "New customers": "1 of 1 booking not known for 1 more",
		"Average booking": "$13.51 after discount", "Margin": "Not known no booking has a cost",
	} {
		if g := got[label]; len(g) != 1 || g[0] != want {
			t.Errorf("%s: %q, want %q", label, g, want)
		}
	}
}
