package httpui_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/httpui"
)

func TestCreateByPlainForms(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	h := s.handler(t)
	v := with(fill(t, h, base+"/new"), "kind", "percent", "value", "12.5", "currency", "usd", "cap", "40", "name", " Spring ", "code", "spring12",
		"description", "One\r\ntwo", "audience", "new", "start_day", "2026-03-01", "end_day", "2026-07-07", "zone", zone, "valid_by", "service-date",
		"days_by", "made-at", "booking_type", "recurring", "occurrences", "3", "min_total", "20", "max_total", "1,000.50", "min_units", "2",
		"other_frequencies", "every full moon", "combinable", "1", "release_use_on_refund", "1", "inactive", "1")
	v["days"], v["frequencies"] = []string{"1", "0"}, []string{"weekly"}
	v["hours.from"], v["hours.to"] = []string{"09:00", "22:00", ""}, []string{"12:00", "00:00", ""}
	v["limits.max"], v["limits.of"] = []string{"400", "2", "9000", ""}, []string{"uses", "uses", "discount", "uses"}
	v["limits.per"], v["limits.every"] = []string{"coupon", "customer", "coupon", "code"}, []string{"ever", "month", "ever", "ever"}
	v["matches.on"], v["matches.key"] = []string{"line", "customer", "line"}, []string{"service", "group", ""}
	v["matches.any_of"], v["matches.none_of"] = []string{"window\r\n glass roof ", "", ""}, []string{"", "staff", ""}
	got := s.sendOK(t, h, base+"/new", v)
	if string(got.ID) != v.Get("id") {
		t.Errorf("the id %s is not that of the form, %s", got.ID, v.Get("id"))
	}
	want := coupon.Coupon{ID: got.ID, Version: 1, CreatedAt: now.UTC(), UpdatedAt: now.UTC(), CreatedBy: "owner@example.com", UpdatedBy: "owner@example.com",
		Code: "SPRING12", Name: "Spring", Description: "One\ntwo", Audience: coupon.NewCustomers, Discount: pct(0), Combinable: true, ReleaseUseOnRefund: true, Inactive: true,
		Start: day("2026-03-01"), End: day("2026-07-08"), ValidBy: coupon.ServiceAt, Zone: zone,
		Restrictions: coupon.Restrictions{MinTotal: usd("20.00"), MaxTotal: usd("1000.50"), BookingType: coupon.Recurring, Frequencies: []coupon.Frequency{coupon.EveryWeek, "every full moon"},
			Occurrences: 3, Days: []time.Weekday{time.Monday, time.Sunday}, DaysBy: coupon.MadeAt, Hours: []coupon.Hours{{From: 9 * 3600, To: 12 * 3600}, {From: 22 * 3600, To: coupon.EndOfDay}}, MinUnits: 2,
			Matches: []coupon.Match{{On: coupon.OnLine, Key: "service", AnyOf: []string{"window", "glass roof"}}, {On: coupon.OnCustomer, Key: "group", NoneOf: []string{"staff"}}},
			Limits: []coupon.Limit{{Of: coupon.Uses, Per: coupon.PerCoupon, Every: coupon.Ever, Max: 400}, {Of: coupon.Uses, Per: coupon.PerCustomer, Every: coupon.PerMonth, Max: 2},
				{Of: coupon.DiscountGiven, Per: coupon.PerCoupon, Every: coupon.Ever, Budget: usd("9000.00")}}}}
	want.Discount.Percent = decimal.RequireFromString("12.5")
	want.Discount.Cap = usd("40.00")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	page := parse(t, get(t, h, base+"/c/"+string(got.ID)+"?done=created"))
	contains(t, page.text, "SPRING12 is created.")
	contains(t, parse(t, get(t, h, base+"/c/"+string(got.ID)+"?done=saved")).text, "Spring") // nothing was saved yet, and nothing is said
	if strings.Contains(get(t, h, base+"/c/"+string(got.ID)+"?done=saved"), "are saved") {
		t.Error("the page believes the address")
	}
}

func TestTheFormIsFilledWithWhatACouponIs(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t)
	for code := range s.ids {
		before, err := s.svc.Coupon(t.Context(), s.ids[code])
		if err != nil {
			t.Fatal(err)
		}
		if code == "OLD1" {
			if res := ask(t, h, "GET", s.page(code, "/edit")); res.StatusCode != http.StatusConflict {
				t.Errorf("an archived coupon: %s", res.Status)
			}
			// What was typed before somebody put it away is not lost.
			res := send(t, h, s.page(code, "/edit"), url.Values{"version": {"2"}, "name": {"Typed in vain"}})
			if text := body(t, res); res.StatusCode != http.StatusConflict || !strings.Contains(text, `value="Typed in vain"`) {
				t.Errorf("an archived coupon: %s, without what was typed", res.Status)
			}
			continue
		}
		v := fill(t, h, s.page(code, "/edit"))
		// Untouched it makes no new version; with another name only that is other.
		if c := s.sendOK(t, h, s.page(code, "/edit"), v); !cmp.Equal(before, c) {
			t.Errorf("%s: untouched: %s", code, cmp.Diff(before, c))
		}
		want := before
		want.Name, want.Version, want.UpdatedAt, want.UpdatedBy = "Another", before.Version+1, now.UTC(), "owner@example.com"
		if c := s.sendOK(t, h, s.page(code, "/edit"), with(v, "name", "Another")); !cmp.Equal(want, c) {
			t.Errorf("%s: %s", code, cmp.Diff(want, c))
		}
	}
}

func TestEverythingWrongIsSaidAtOnce(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t)
	good := with(fill(t, h, base+"/new"), "value", "10", "code", "NEW1", "zone", zone)
	for name, tt := range map[string]struct {
		change []string
		more   url.Values
		want   map[string]string
	}{
		"nothing":            {[]string{"value", "", "code", "", "start_day", ""}, nil, map[string]string{"value": "Write more than 0 and at most 100, with at most 4 decimals.", "code": "Write 1 to 64 characters.", "start_day": "This is needed."}},
		"percent":            {[]string{"value", "101%"}, nil, map[string]string{"value": "Write more than 0 and at most 100, with at most 4 decimals."}},
		"not a number":       {[]string{"value", "ten", "min_units", "1.5", "occurrences", "x"}, nil, map[string]string{"value": "“ten” is not a number.", "min_units": "“1.5” is not a whole number.", "occurrences": "“x” is not a number."}},
		"ambiguous":          {[]string{"value", "1,125"}, nil, map[string]string{"value": "“1,125” can be read in two ways: write 1125 or 1.125."}},
		"no currency":        {[]string{"currency", "", "cap", "5", "min_total", "3"}, nil, map[string]string{"currency": "Say in which currency the amounts are."}},
		"unknown currency":   {[]string{"currency", "ZZZ", "kind", "fixed", "value", "5"}, nil, map[string]string{"currency": "“ZZZ” is no currency: write its three letters, as USD."}},
		"decimals":           {[]string{"kind", "fixed", "value", "1.005"}, nil, map[string]string{"value": "Write at most 2 decimals in this currency."}},
		"yen":                {[]string{"kind", "fixed", "value", "1.5", "currency", "JPY"}, nil, map[string]string{"value": "This currency has no decimals."}},
		"too much":           {[]string{"kind", "per-unit", "value", "1234567890123"}, nil, map[string]string{"value": "Write at most 12 digits before the decimal mark."}},
		"negative":           {[]string{"kind", "fixed", "value", "-5", "min_total", "0", "min_units", "-1", "occurrences", "-2"}, nil, map[string]string{"value": "Write more than 0.", "min_total": "Write more than 0, or nothing.", "min_units": "Write 1 to 1000000000, or nothing.", "occurrences": "Write 1 or more, or nothing."}},
		"cap of an amount":   {[]string{"kind", "fixed", "cap", "5"}, nil, map[string]string{"cap": "Only a percentage can have a cap: leave this empty."}},
		"code":               {[]string{"code", "N EW"}, nil, map[string]string{"code": "Only the letters A–Z, digits, - and _ can stand in a code."}},
		"code taken":         {[]string{"code", "spring15"}, nil, map[string]string{"code": "Another coupon has the code SPRING15. Choose another one."}},
		"texts":              {[]string{"name", strings.Repeat("x", 201), "description", "a\u202eb", "code", strings.Repeat("A", 65)}, nil, map[string]string{"name": "This has more than 200 characters.", "description": "This has characters that can’t be seen. Type it anew.", "code": "Write 1 to 64 characters."}},
		"end before start":   {[]string{"start_day", "2026-07-08", "end_day", "2026-07-07"}, nil, map[string]string{"end_day": "This must be after the start."}},
		"days":               {[]string{"start_day", "2026-02-30", "end_day", "tomorrow"}, nil, map[string]string{"start_day": "“2026-02-30” is no day of the calendar.", "end_day": "“tomorrow” is no day of the calendar."}},
		"times":              {[]string{"start_time", "25:00", "end_time", "10:00"}, nil, map[string]string{"start_time": "Write a time of day, as 09:30.", "end_day": "Say on which day."}},
		"no such time":       {[]string{"start_day", "2026-03-08", "start_time", "02:30"}, nil, map[string]string{"start_time": "02:30 does not exist on that day in America/New_York, because clocks are put forward. Choose another time."}},
		"zone":               {[]string{"zone", "Middle/Earth"}, nil, map[string]string{"zone": "Write a time zone such as Europe/Berlin or America/New_York."}},
		"totals":             {[]string{"min_total", "100", "max_total", "50"}, nil, map[string]string{"max_total": "This must not be below the minimum total."}},
		"unknown choices":    {[]string{"kind", "gift", "audience", "robots", "valid_by", "moon", "booking_type", "x"}, nil, map[string]string{"kind": "Choose one of these.", "audience": "Choose one of these.", "valid_by": "Choose one of these.", "booking_type": "Choose one of these."}},
		"one-time in series": {[]string{"booking_type", "one-time", "occurrences", "2", "other_frequencies", "daily"}, nil, map[string]string{"occurrences": "One-time bookings have no series: leave this empty, or admit recurring bookings.", "frequencies": "One-time bookings have no frequency: leave this empty, or admit recurring bookings."}},
		"hours":              {nil, url.Values{"hours.from": {"", "09:00", "10:00", "noon"}, "hours.to": {"", "09:00", "10:00:30", "13"}}, map[string]string{"hours-1--from": "From and until must be two different times of day.", "hours-2--from": "This must be at least a minute.", "hours-3--from": "Write a time of day, as 09:30.", "hours-3--to": "Write a time of day, as 09:30."}},
		"limits":             {nil, url.Values{"limits.max": {"", "5", "6", "0", "x"}, "limits.of": {"uses", "uses", "uses", "uses", "discount"}, "limits.per": {"coupon", "coupon", "coupon", "customer", "code"}, "limits.every": {"ever", "day", "day", "ever", "ever"}}, map[string]string{"limits-2--max": "There is another limit of the same kind. Keep one of them.", "limits-3--max": "Write at least 1, or nothing for no limit.", "limits-4--max": "“x” is not a number."}},
		"matches":            {nil, url.Values{"matches.on": {"line", "line", "where"}, "matches.key": {"", "service", ""}, "matches.any_of": {"", "", "x"}, "matches.none_of": {"", "", ""}}, map[string]string{"matches-1--any_of": "Write at least one value, here or under “is none of”.", "matches-2--on": "Choose one of these.", "matches-2--key": "This is needed."}},
		"weekdays":           {nil, url.Values{"days": {"7"}}, map[string]string{"days": "Choose one of these."}},
	} {
		v := with(good, tt.change...)
		for name, values := range tt.more {
			v[name] = values
		}
		res := send(t, h, base+"/new", v)
		if res.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("%s: %s", name, res.Status)
			continue
		}
		page := parse(t, body(t, res))
		if diff := cmp.Diff(tt.want, problems(t, page)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if summary := page.byID(t, "cp-errors"); summary.attr["tabindex"] != "-1" || summary.attr["autofocus"] == "" {
			t.Errorf("%s: the summary does not take the focus", name)
		}
		// What was typed is all there, also what no coupon can have.
		again := submitted(t, page.byID(t, "cp-fields"))
		for field, values := range v {
			if field == "days" || field == "kind" || field == "audience" || field == "valid_by" || field == "booking_type" || strings.HasPrefix(field, "limits.") && name == "limits" && field != "limits.max" || field == "matches.on" || field == "matches.kept" {
				continue // no browser sends what is not on offer
			}
			if !slices.Equal(values, again[field]) {
				t.Errorf("%s: %s was %q and is now %q", name, field, values, again[field])
			}
		}
		// To htmx it comes as a part with status 200; to programs as JSON.
		if res := send(t, h, base+"/new", v, "HX-Request", "true"); res.StatusCode != 200 || parse(t, body(t, res)).kids[0].attr["id"] != "cp-form" {
			t.Errorf("%s: to htmx: %s", name, res.Status)
		}
		res = send(t, h, base+"/new?format=json", v)
		var got struct {
			Error struct {
				Kind   string
				Fields map[string]string
			}
		}
		if err := json.Unmarshal([]byte(body(t, res)), &got); err != nil || res.StatusCode != 422 || got.Error.Kind != "invalid" || len(got.Error.Fields) != len(tt.want) {
			t.Errorf("%s: JSON: %s %+v %v", name, res.Status, got, err)
		}
	}
	n := 0
	for _, err := range s.svc.Coupons(t.Context(), coupon.CouponFilter{Search: "NEW1"}) {
		if n++; err != nil {
			t.Fatal(err)
		}
	}
	if n > 0 {
		t.Error("a form that was refused has made a coupon")
	}
}

func TestAFormSentTwiceMakesOneCoupon(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t)
	v := with(fill(t, h, base+"/new"), "value", "10", "code", "ONCE", "zone", zone)
	first, second := s.sendOK(t, h, base+"/new", v), s.sendOK(t, h, base+"/new", v)
	if first.ID != second.ID || second.Version != 1 {
		t.Errorf("%s and %s, version %d", first.ID, second.ID, second.Version)
	}
	// After Back, with other content: nothing is lost, and the first one stands.
	res := send(t, h, base+"/new", with(v, "value", "20", "code", "TWICE"))
	page := parse(t, body(t, res))
	again := submitted(t, page.byID(t, "cp-fields"))
	if res.StatusCode != http.StatusConflict || again.Get("value") != "20" || again.Get("id") == v.Get("id") {
		t.Errorf("%s, value %q, the id is still %v", res.Status, again.Get("value"), again.Get("id") == v.Get("id"))
	}
	contains(t, page.byID(t, "cp-form").text, "This form has made a coupon already.")
	if other := s.sendOK(t, h, base+"/new", again); other.ID == first.ID || other.Code != "TWICE" {
		t.Errorf("the second coupon is %s %s", other.ID, other.Code)
	}
	// The same edit twice is one version.
	v = with(fill(t, h, s.page("FIRST10", "/edit")), "name", "The first dozen")
	one, two := s.sendOK(t, h, s.page("FIRST10", "/edit"), v), s.sendOK(t, h, s.page("FIRST10", "/edit"), v)
	if one.Version != 2 || two.Version != 2 {
		t.Errorf("versions %d and %d", one.Version, two.Version)
	}
}

func TestRowsAreAddedAndRemovedWithoutScripts(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t)
	for _, target := range []string{base + "/new", s.page("WINTER26", "/edit"), base + "/new?from=" + string(s.ids["WINTER26"])} {
		before := with(fill(t, h, target), "name", "Half typed", "value", "so", "end_day", "2026-99-99")
		for _, list := range []string{"hours", "matches", "limits"} {
			key := map[string]string{"hours": "hours.from", "matches": "matches.key", "limits": "limits.max"}[list]
			res := send(t, h, target, with(before, "do", "add-"+list))
			page := parse(t, body(t, res))
			v := submitted(t, page.byID(t, "cp-fields"))
			if res.StatusCode != 200 || len(v[key]) != len(before[key])+1 {
				t.Errorf("%s: add-%s: %s, %d rows of %d", target, list, res.Status, len(v[key]), len(before[key]))
			}
			if focus := page.byID(t, "cp-fields").all(func(n *node) bool { return n.attr["autofocus"] != "" }); len(focus) != 1 || !strings.HasPrefix(focus[0].attr["name"], list) {
				t.Errorf("%s: add-%s: the focus is not in the new row", target, list)
			}
			if v.Get("name") != "Half typed" || v.Get("value") != "so" || v.Get("end_day") != "2026-99-99" || len(page.all(class("cp-wrong"))) > 0 {
				t.Errorf("%s: add-%s lost or refused what was typed", target, list)
			}
			v.Set("do", "remove-"+list+"-"+strconv.Itoa(len(before[key])))
			after := submitted(t, parse(t, body(t, send(t, h, target, v))).byID(t, "cp-fields"))
			if diff := cmp.Diff(before, after); diff != "" {
				t.Errorf("%s: add and remove %s: %s", target, list, diff)
			}
		}
		for _, do := range []string{"remove-hours-99", "remove-limits--1", "remove-what-0", "add-what", "remove"} {
			if res := send(t, h, target, with(before, "do", do)); res.StatusCode != 200 {
				t.Errorf("%s: %s", do, res.Status)
			}
		}
	}
}

func TestACodeIsSuggested(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t)
	suggested := func(pairs ...string) string {
		v := with(with(fill(t, h, base+"/new"), pairs...), "do", "suggest")
		return submitted(t, parse(t, body(t, send(t, h, base+"/new", v))).byID(t, "cp-fields")).Get("code")
	}
	if got := suggested("name", "Frühlings-Putz 2026", "value", "12.5"); got != "FRHLINGSPUTZ12" {
		t.Errorf("suggested %q", got)
	}
	for _, pairs := range [][]string{{"name", "Spring cleaning", "value", "15"}, {}, {"name", "春"}, {"name", "Autumn", "value", "5", "code", "AUTUMN5"}} {
		got := suggested(pairs...)
		if _, err := coupon.ParseCode(got); err != nil || got == "SPRING15" || got == "AUTUMN5" {
			t.Errorf("of %q is suggested %q: %v", pairs, got, err)
		}
	}
}

func TestRunningACouponAgain(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t)
	for code, want := range map[string]struct{ start, end string }{
		"SUMMER-WINDOWS": {"2026-11-22", "2026-12-28"}, // 37 days
		"WELCOME20":      {"2026-11-22", "2027-11-21"},
		"SPRING15":       {"2026-11-22", ""},
		"OLD1":           {"2026-11-22", ""},
		"TWO-MONEYS":     {"2026-11-22", "2027-11-22"}, // from 12:30 to 18:00
	} {
		first, err := s.svc.Coupon(t.Context(), s.ids[code])
		if err != nil {
			t.Fatal(err)
		}
		target := base + "/new?from=" + string(first.ID)
		v := fill(t, h, target)
		if v.Get("start_day") != want.start || v.Get("end_day") != want.end || v.Get("code") != "" || v.Get("name") != first.Name {
			t.Errorf("%s: from %s to %s, code %q, name %q", code, v.Get("start_day"), v.Get("end_day"), v.Get("code"), v.Get("name"))
		}
		again := s.sendOK(t, h, target, with(v, "code", code+"-2"))
		expect := first
		expect.ID, expect.Code, expect.Version, expect.Inactive, expect.ArchivedAt = again.ID, coupon.Code(code+"-2"), 1, false, again.ArchivedAt
		expect.Start, expect.End = again.Start, again.End
		expect.CreatedAt, expect.UpdatedAt, expect.CreatedBy, expect.UpdatedBy = again.CreatedAt, again.UpdatedAt, again.CreatedBy, again.UpdatedBy
		if diff := cmp.Diff(expect, again); diff != "" {
			t.Errorf("%s: %s", code, diff)
		}
		loc := first.Start.Location()
		if !first.End.IsZero() && again.End.In(loc).Sub(again.Start.In(loc)).Hours() == 0 {
			t.Errorf("%s: no length", code)
		}
	}
	if res := ask(t, h, "GET", base+"/new?from=unknown"); res.StatusCode != http.StatusNotFound {
		t.Errorf("of an unknown coupon: %s", res.Status)
	}
	denied := s.handler(t, func(c *httpui.Config) {
		c.Can = func(_ *http.Request, a httpui.Action, _ coupon.Coupon) bool { return a != httpui.Duplicate }
	})
	for _, method := range []string{"GET", "POST"} {
		if res := ask(t, denied, method, base+"/new?from="+string(s.ids["SPRING15"])); res.StatusCode != http.StatusForbidden {
			t.Errorf("without Duplicate: %s %s", method, res.Status)
		}
	}
	if res := ask(t, denied, "POST", base+"/preview?from="+string(s.ids["SPRING15"])); res.StatusCode != http.StatusForbidden {
		t.Errorf("a preview without Duplicate: %s", res.Status)
	}
}

// What an owner has written stands in its own direction: a sentence in English ends
// with its point on a page in Arabic too. What is said before it has the comma of the
// page.
func TestWhatIsWrittenInTheFormStandsInItsOwnDirection(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	page := parse(t, get(t, s.handler(t), s.page("SPRING15", "/edit"), "Accept-Language", "ar"))
	for id, want := range map[string]string{"cp-f-name": "auto", "cp-f-description": "auto", "cp-f-code": "auto", "cp-f-value": "", "cp-f-other_frequencies": ""} {
		if got := page.byID(t, id).attr["dir"]; got != want {
			t.Errorf("%s has the direction %q, want %q", id, got, want)
		}
	}
	for _, label := range page.all(named("label")) {
		if strings.Contains(label.words(), ",") {
			t.Errorf("a comma of another script: %q", label.words())
		}
	}
}
