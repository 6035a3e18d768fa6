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

// rowsOf are the cells of a table's rows.
func rowsOf(n *node) [][]string {
	var out [][]string
	for _, tr := range n.all(named("tbody"))[0].all(named("tr")) {
		var cells []string
		for _, c := range tr.kids {
			cells = append(cells, c.words())
		}
		out = append(out, cells)
	}
	return out
}

// Two owners edit at once: the second sees both, loses nothing, and decides.
func TestConcurrentEditsAreShownSideBySide(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t)
	target := s.page("SPRING15", "/edit")
	mine := with(fill(t, h, target), "name", "Mine", "value", "20", "end_day", "2027-01-31")
	mine["limits.max"] = []string{"500", "2", "9000"}

	// Theirs: another name, another minimum, switched off.
	s.sendOK(t, h, target, with(fill(t, h, target), "name", "Theirs", "min_total", "45"))
	if _, err := s.svc.Deactivate(t.Context(), s.ids["SPRING15"]); err != nil {
		t.Fatal(err)
	}
	stored, _ := s.svc.Coupon(t.Context(), s.ids["SPRING15"])

	res := send(t, h, target, mine)
	if res.StatusCode != http.StatusConflict {
		t.Fatalf("%s", res.Status)
	}
	page := parse(t, body(t, res))
	want := [][]string{
		{"Name Both", "Spring cleaning", "Theirs", "Mine"},
		{"Discount", "15% off, at most $50", "Not changed", "20% off, at most $50"},
		{"Last day", "No end date", "Not changed", "Until 31 Jan 2027"},
		{"Limits", "At most 400 bookings in all Each customer at most 2 times a month At most $9,000 in discounts in all", "Not changed",
			"At most 500 bookings in all Each customer at most 2 times a month At most $9,000 in discounts in all"},
		{"Minimum total", "At least $40, before discounts", "At least $45, before discounts", "Not changed"},
		{"Status", "Switched on", "Switched off", "Not changed"},
	}
	if diff := cmp.Diff(want, rowsOf(page.byID(t, "cp-conflict"))); diff != "" {
		t.Error(diff)
	}
	contains(t, page.byID(t, "cp-conflict").text, "saved it on 22 Nov 2026, 10:30.")
	if got := page.byID(t, "cp-take-theirs").attr["href"]; got != target {
		t.Errorf("theirs are taken at %s", got)
	}
	if got, _ := s.svc.Coupon(t.Context(), s.ids["SPRING15"]); got.Version != stored.Version {
		t.Error("it was saved all the same")
	}

	// To htmx and to programs the same is said in their ways.
	if res := send(t, h, target, mine, "HX-Request", "true"); res.StatusCode != 200 || parse(t, body(t, res)).kids[0].attr["id"] != "cp-form" {
		t.Errorf("to htmx: %s", res.Status)
	}
	res = send(t, h, target+"?format=json", mine)
	text := body(t, res)
	golden(t, "stale.json", text)
	type form struct {
		Version int64
		Fields  map[string]string
		Limits  []struct{ Max, Of, Per, Every string }
	}
	var got struct {
		Data struct {
			Theirs, Yours, Form form
			Differs             []struct {
				Part, Was, Theirs, Yours, Changed string
				Fields                            []string
				Clash                             bool
			}
		}
		Error struct {
			Kind   string
			Fields map[string]string
		}
	}
	if err := json.Unmarshal([]byte(text), &got); err != nil || res.StatusCode != 409 || got.Error.Kind != "stale" || len(got.Error.Fields) != 1 || got.Error.Fields["name"] != "Theirs" {
		t.Errorf("JSON: %s %+v %v", res.Status, got.Error, err)
	}
	d := got.Data
	if d.Theirs.Version != stored.Version || d.Yours.Version != 1 || d.Form.Version != stored.Version {
		t.Errorf("JSON: versions %d, %d and %d", d.Theirs.Version, d.Yours.Version, d.Form.Version)
	}
	for name, want := range map[string][3]string{"name": {"Theirs", "Mine", "Mine"}, "value": {"15", "20", "20"}, "min_total": {"45", "40", "45"}, "inactive": {"1", "", "1"}} {
		if got := [3]string{d.Theirs.Fields[name], d.Yours.Fields[name], d.Form.Fields[name]}; got != want {
			t.Errorf("JSON: %s is %q, want %q", name, got, want)
		}
	}
	if d.Theirs.Limits[0].Max != "400" || d.Yours.Limits[0].Max != "500" || d.Form.Limits[0].Max != "500" {
		t.Errorf("JSON: limits %v, %v and %v", d.Theirs.Limits, d.Yours.Limits, d.Form.Limits)
	}
	var differs []string
	for _, x := range d.Differs {
		differs = append(differs, x.Part+" "+x.Changed+" "+strings.Join(x.Fields, "+"))
		if x.Clash != (x.Part == "name") || x.Was == "" || x.Theirs == "" || x.Yours == "" {
			t.Errorf("JSON: %+v", x)
		}
	}
	if want := []string{"name both name", "discount yours value", "end yours end_day", "limits yours limits", "min_total theirs min_total", "status theirs inactive"}; !slices.Equal(differs, want) {
		t.Errorf("JSON: %q, want %q", differs, want)
	}

	// Saved over theirs: what was typed here wins, what only they touched stays.
	merged := submitted(t, page.byID(t, "cp-fields"))
	c := s.sendOK(t, h, target, merged)
	if c.Name != "Mine" || !c.Discount.Percent.Equal(decimal.NewFromInt(20)) || !c.End.Equal(day("2027-02-01")) || c.Restrictions.Limits[0].Max != 500 ||
		!c.Restrictions.MinTotal.Equal(usd("45.00")) || !c.Inactive || c.Version != stored.Version+1 {
		t.Errorf("saved %+v", c)
	}
	// Or dropped: the form is theirs.
	if v := fill(t, h, page.byID(t, "cp-take-theirs").attr["href"]); v.Get("version") != strconv.FormatInt(c.Version, 10) {
		t.Errorf("version %s", v.Get("version"))
	}
}

// Changes that do not meet are shown as well, and both are in the form.
func TestEditsOfDifferentFieldsAreMerged(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t)
	target := s.page("WINTER26", "/edit")
	v := fill(t, h, target)
	mine := with(v)
	mine["hours.from"], mine["hours.to"] = v["hours.from"][:1], v["hours.to"][:1]
	theirs := with(v)
	theirs["days"] = []string{"6"}
	s.sendOK(t, h, target, theirs)
	page := parse(t, body(t, send(t, h, target, mine)))
	if got := rowsOf(page.byID(t, "cp-conflict")); len(got) != 2 || got[0][0] != "Days of the week" || got[1][0] != "Hours" {
		t.Errorf("rows %q", got)
	}
	contains(t, page.byID(t, "cp-conflict").text, "You changed different things")
	c := s.sendOK(t, h, target, submitted(t, page.byID(t, "cp-fields")))
	if !slices.Equal(c.Restrictions.Days, []time.Weekday{time.Saturday}) || len(c.Restrictions.Hours) != 1 {
		t.Errorf("saved %+v", c.Restrictions)
	}
}

// A coupon without amounts gets its first one in the currency of the others.
func TestTheCurrencyOfTheOthersIsOffered(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	h := s.handler(t, func(c *httpui.Config) { c.Locale = "de-CH" })
	if got := fill(t, h, base+"/new").Get("currency"); got != "CHF" {
		t.Errorf("of nobody yet in Switzerland: %q", got)
	}
	s.create(t, coupon.Coupon{Code: "AMOUNT", Discount: coupon.AmountOff(coupon.MustMoney("5", "CAD")), Start: day("2026-01-01")})
	s.create(t, coupon.Coupon{Code: "PERCENT", Discount: pct(10), Start: day("2026-01-01")})
	for _, target := range []string{base + "/new", base + "/new?from=" + string(s.ids["PERCENT"]), s.page("PERCENT", "/edit")} {
		v := with(fill(t, h, target), "min_total", "30", "value", "10", "code", "C"+strconv.Itoa(len(target)))
		if got := s.sendOK(t, h, target, v).Restrictions.MinTotal; !got.Equal(coupon.MustMoney("30", "CAD")) {
			t.Errorf("%s: %s", target, got)
		}
	}
}

// An edit form switches nothing on or off: that is another right.
func TestAnEditFormDoesNotSwitch(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t)
	for code, inactive := range map[string]bool{"SPRING15": false, "LOYAL5": true} {
		for _, typed := range []string{"", "1"} {
			v := with(fill(t, h, s.page(code, "/edit")), "name", "Other "+typed, "inactive", typed)
			if c := s.sendOK(t, h, s.page(code, "/edit"), v); c.Inactive != inactive {
				t.Errorf("%s: inactive is %v", code, c.Inactive)
			}
		}
	}
}

func TestTheEditFormSaysWhatIsUsed(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t)
	page := parse(t, get(t, h, s.page("FIRST10", "/edit")))
	contains(t, page.byID(t, "cp-form").text, "Changes count for new bookings from now on.", "10 used now.")
	v := submitted(t, page.byID(t, "cp-fields"))
	v["limits.max"][0] = "4"
	preview := parse(t, body(t, send(t, h, s.page("FIRST10", "/preview"), v, "HX-Request", "true")))
	contains(t, preview.text, "At most 4 bookings in all: 10 used already. New bookings will be refused until you raise it.")
	v["limits.max"][0] = "10"
	if preview := body(t, send(t, h, s.page("FIRST10", "/preview"), v, "HX-Request", "true")); strings.Contains(preview, "used already") {
		t.Error("a limit that is just reached is no reason to warn")
	}
	if c := s.sendOK(t, h, s.page("FIRST10", "/edit"), with(v)); c.Restrictions.Limits[0].Max != 10 {
		t.Error("the limit")
	}
}

// The preview has no formula of its own: a coupon that is made of the same form
// gives the same on the same booking.
func TestThePreviewIsWhatCheckSays(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	h := s.handler(t)
	for name, pairs := range map[string][]string{
		"percent":       {"value", "12.5"},
		"capped":        {"value", "15", "cap", "50", "min_total", "40", "max_total", "500"},
		"fixed":         {"kind", "fixed", "value", "20"},
		"yen":           {"kind", "fixed", "value", "300", "currency", "JPY", "min_total", "2000"},
		"budget":        {"value", "50", "limits.max", "60", "limits.of", "discount", "limits.per", "coupon", "limits.every", "ever"},
		"to nothing":    {"value", "0.0001"},
		"existing only": {"value", "10", "audience", "existing", "valid_by", "service-date", "hours.from", "18:00", "hours.to", "20:00"},
	} {
		v := with(fill(t, h, base+"/new"), "zone", zone, "start_day", "2026-11-22")
		v = with(v, pairs...)
		var got struct {
			Data struct {
				Samples []coupon.Offer
				Says    []struct{ Label, Text string }
			}
		}
		if err := json.Unmarshal([]byte(body(t, send(t, h, base+"/preview?format=json", v))), &got); err != nil {
			t.Fatal(err)
		}
		samples := got.Data.Samples
		if len(samples) < 4 {
			t.Errorf("%s: %d samples", name, len(samples))
		}
		code := strings.ToUpper(strings.ReplaceAll(name, " ", "-"))
		c := s.sendOK(t, h, base+"/new", with(v, "code", code))
		earlier := 0
		if c.Audience == coupon.ExistingCustomers {
			earlier = 1
		}
		for _, sample := range samples {
			at := now.Add(time.Hour)
			if len(c.Restrictions.Hours) > 0 {
				at = at.Add(7 * time.Hour) // into the window
			}
			b := coupon.Booking{ID: "b", Currency: sample.Subtotal.Currency, MadeAt: at, Service: coupon.ServiceTime(at), Customer: coupon.Customer{Key: "ann", EarlierBookings: &earlier},
				Lines: []coupon.Line{{Price: sample.Subtotal.Amount, Quantity: 1}}}
			q, err := s.svc.Quote(t.Context(), b, code)
			if err != nil {
				t.Fatal(err)
			}
			var want, have []coupon.Reason
			for _, r := range q.Offers[0].Refusals {
				want = append(want, r.Reason)
			}
			for _, r := range sample.Refusals {
				have = append(have, r.Reason)
			}
			if !q.Offers[0].Discount.Equal(sample.Discount) || !slices.Equal(want, have) {
				t.Errorf("%s: on %s the preview says %s %v, the service %s %v", name, sample.Subtotal, sample.Discount, have, q.Offers[0].Discount, want)
			}
		}
		// The page shows these figures.
		rows := rowsOf(parse(t, body(t, send(t, h, base+"/preview", v, "HX-Request", "true"))))
		if len(rows) != len(samples) {
			t.Errorf("%s: %d rows", name, len(rows))
		}
		for i, row := range rows {
			if refused := len(samples[i].Refusals) > 0; refused != strings.HasPrefix(row[1], "Refused: ") {
				t.Errorf("%s: row %q of %+v", name, row, samples[i].Refusals)
			}
		}
	}
}

// The preview tries bookings that meet all rules, so that what it says is what the
// totals make; where no booking can meet them it says so.
func TestThePreviewMeetsTheOtherRules(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t)
	for code := range s.ids {
		if code == "OLD1" {
			continue
		}
		v := fill(t, h, s.page(code, "/edit"))
		rows := rowsOf(parse(t, body(t, send(t, h, s.page(code, "/preview"), v, "HX-Request", "true"))))
		for _, row := range rows {
			if row[1] == "Refused: below the minimum of $40" || row[1] == "Refused: above the maximum of $500" {
				continue
			}
			if len(row) != 3 {
				t.Errorf("%s: %q", code, row)
			}
		}
	}
	new := with(fill(t, h, base+"/new"), "value", "10", "zone", zone)
	for name, tt := range map[string]struct {
		v    url.Values
		says string
	}{
		"no day":       {with(new, "start_day", "2026-11-23", "end_day", "2026-11-24", "days", "0"), "Refused: on none of its days does the coupon serve"},
		"contradicted": {with(new, "matches.on", "line", "matches.key", "service", "matches.any_of", "roof", "matches.none_of", "roof", "matches.kept", ""), "Refused: the rules on what is booked contradict each other"},
		"units":        {with(new, "kind", "per-unit", "value", "2.50", "min_units", "4"), "4 units"},
		"a million":    {with(new, "min_units", "2000000"), "2,000,000 units"},
		"missing":      {with(new, "value", ""), "Value: Write more than 0"},
		"nothing":      {url.Values{}, "Still to do:"},
	} {
		res := send(t, h, base+"/preview", tt.v, "HX-Request", "true")
		text := body(t, res)
		if page := parse(t, text); res.StatusCode != 200 || !strings.Contains(page.words(), tt.says) {
			t.Errorf("%s: %s %s", name, res.Status, page.words())
		}
		// Without JavaScript it is the whole form, with all that was typed.
		page := parse(t, body(t, send(t, h, base+"/preview", tt.v)))
		if again := submitted(t, page.byID(t, "cp-fields")); len(tt.v) > 0 && !cmp.Equal(with(tt.v), again) {
			t.Errorf("%s: %s", name, cmp.Diff(tt.v, again))
		}
		contains(t, page.byID(t, "cp-preview").words(), tt.says)
		if strings.Contains(page.text, "must be put right") {
			t.Errorf("%s: a preview complains", name)
		}
	}
}

// Amounts are typed as the owner's region writes them.
func TestFormsAreFilledAndReadInTheLocale(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t, func(c *httpui.Config) { c.Locale = "de" })
	v := fill(t, h, s.page("SUMMER-WINDOWS", "/edit"))
	if v.Get("value") != "2,5" {
		t.Errorf("the value is %q", v.Get("value"))
	}
	for typed, want := range map[string]string{"3,75": "3.75", "3.80": "3.80", "1.234,5": "1234.50"} {
		v = with(fill(t, h, s.page("SUMMER-WINDOWS", "/edit")), "value", typed)
		if c := s.sendOK(t, h, s.page("SUMMER-WINDOWS", "/edit"), v); !c.Discount.Amount.Equal(usd(want)) {
			t.Errorf("%s is %s", typed, c.Discount.Amount)
		}
	}
}

// A coupon with more than a form can hold is edited all the same.
func TestWhatAFormCannotHoldIsKept(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	h := s.handler(t)
	var many []string
	for i := range 1000 {
		many = append(many, "customer-number-"+strconv.Itoa(i)+"@example.com")
	}
	c := s.create(t, coupon.Coupon{Code: "MANY", Discount: pct(10), Start: day("2026-01-01"), Restrictions: coupon.Restrictions{Matches: []coupon.Match{
		{On: coupon.OnCustomer, Key: "mail", AnyOf: many}, {On: coupon.OnLine, Key: "service", AnyOf: []string{"window"}}}}})
	page := parse(t, get(t, h, s.page("MANY", "/edit")))
	contains(t, page.text, "mail: 1,000 values.")
	v := with(submitted(t, page.byID(t, "cp-fields")), "name", "Many")
	v["matches.any_of"][1] = "roof"
	got := s.sendOK(t, h, s.page("MANY", "/edit"), v)
	if !slices.Equal(got.Restrictions.Matches[0].AnyOf, many) || got.Restrictions.Matches[1].AnyOf[0] != "roof" || c.Version+1 != got.Version {
		t.Errorf("saved %.200v", got.Restrictions.Matches)
	}
	removed := with(fill(t, h, s.page("MANY", "/edit")), "do", "remove-matches-0")
	v = submitted(t, parse(t, body(t, send(t, h, s.page("MANY", "/edit"), removed))).byID(t, "cp-fields"))
	if got := s.sendOK(t, h, s.page("MANY", "/edit"), v); len(got.Restrictions.Matches) != 1 {
		t.Errorf("%d rules", len(got.Restrictions.Matches))
	}
}

// The coupon's page offers what may be done.
func TestTheCouponPageLeadsToItsForms(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	links := func(code string, refuse httpui.Action) []string {
		h := s.handler(t, func(c *httpui.Config) {
			c.Can = func(_ *http.Request, a httpui.Action, _ coupon.Coupon) bool { return a != refuse }
		})
		var out []string
		for _, a := range parse(t, get(t, h, s.page(code, ""))).byID(t, "cp-head").all(named("a")) {
			if id := a.attr["id"]; id != "" {
				get(t, h, a.attr["href"])
				out = append(out, id)
			}
		}
		return out
	}
	for _, tt := range []struct {
		code   string
		refuse httpui.Action
		want   []string
	}{
		{"SPRING15", "", []string{"cp-edit"}},
		{"OLD1", "", nil},
		{"SPRING15", httpui.Edit, nil},
	} {
		if got := links(tt.code, tt.refuse); !slices.Equal(got, tt.want) {
			t.Errorf("%s without %q: %q, want %q", tt.code, tt.refuse, got, tt.want)
		}
	}
}

// From the edit page as from every other page of a coupon: to the list, and to it.
func TestTheEditFormHasTheCrumbsOfTheOthers(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	crumbs := func(path string) string {
		return parse(t, get(t, s.handler(t), path)).all(class("cp-crumbs"))[0].words()
	}
	if got := crumbs(s.page("SPRING15", "/edit")); got != "Coupons / SPRING15 / Edit" {
		t.Errorf("the edit page: %q", got)
	}
	if got := crumbs(base + "/new"); got != "Coupons / New coupon" {
		t.Errorf("a new one: %q", got)
	}
}
