package httpui_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/couponkit/coupon"
)

// codeShop has a coupon with a batch of codes, one for a customer, and some of
// them used.
func codeShop(t testing.TB) (s *shop, batch []string) {
	t.Helper()
	s = newShop(t)
	c := s.create(t, coupon.Coupon{Code: "SPRING15", Name: "Spring", Discount: pct(15), Start: day("2026-03-01")})
	for k, err := range s.svc.GenerateCodes(t.Context(), c.ID, coupon.CodeBatch{Key: "flyer", Count: 120, Prefix: "FLY-", SingleUse: true}) {
		if err != nil {
			t.Fatal(err)
		}
		batch = append(batch, string(k.Code))
	}
	slices.Sort(batch)
	s.must(t)(s.svc.AddCode(t.Context(), c.ID, coupon.CouponCode{Code: "ANN", Customer: "Ann@example.com"}))
	s.book(t, batch[0], "B1", "50.00", day("2026-10-02"))
	s.book(t, "ANN", "B2", "50.00", day("2026-10-02"), func(b *coupon.Booking) { b.Customer.Key = "ann@example.com" })
	s.book(t, batch[1], "B3", "50.00", day("2026-10-02"))
	s.must(t)(s.svc.Cancel(t.Context(), "B3"))
	return s, batch
}

// allCodes walks the pages of a list of codes and gives each row by its code.
func allCodes(t testing.TB, h http.Handler, link string) (list []string, rows map[string][]string) {
	t.Helper()
	rows = map[string][]string{}
	for link != "" {
		page := parse(t, get(t, h, link))
		link = ""
		for _, table := range page.all(class("cp-codes")) {
			for _, tr := range table.all(named("tbody"))[0].kids {
				var cells []string
				for _, cell := range tr.kids {
					cells = append(cells, cell.words())
				}
				list = append(list, cells[0])
				rows[cells[0]] = cells[1:]
			}
		}
		for _, n := range page.all(func(n *node) bool { return n.attr["id"] == "cp-next" }) {
			link = n.attr["href"]
		}
	}
	return list, rows
}

func TestCodesAreListedInPages(t *testing.T) {
	t.Parallel()
	s, batch := codeShop(t)
	h := s.handler(t)
	list, rows := allCodes(t, h, s.page("SPRING15", "/codes"))
	want := append([]string{"ANN"}, batch...)
	if want = append(want, "SPRING15 Main code"); !slices.Equal(list, want) {
		t.Errorf("the pages have %d codes, want %d in the order of their bytes", len(list), len(want))
	}
	for code, cells := range map[string][]string{
		"ANN":                {"Used", "many times", "ann@example.com", "–", "22 Nov 2026, 10:30 by anna@example.com"},
		batch[0]:             {"Used", "once", "everybody", "flyer", "22 Nov 2026, 10:30 by anna@example.com"},
		batch[1]:             {"Not used", "once", "everybody", "flyer", "22 Nov 2026, 10:30 by anna@example.com"}, // cancelled
		"SPRING15 Main code": {"Not used", "many times", "everybody", "–", "22 Nov 2026, 10:30 by anna@example.com"},
	} {
		if !slices.Equal(rows[code], cells) {
			t.Errorf("%s: %q, want %q", code, rows[code], cells)
		}
	}
	if list, _ := allCodes(t, h, s.page("SPRING15", "/codes?batch=flyer")); !slices.Equal(list, batch) {
		t.Errorf("the batch has %d codes", len(list))
	}
	for typed, want := range map[string][]string{"ann": {"ANN"}, " fly- ": nil, batch[7]: {batch[7]}, "NO'CODE": nil, "spring15": {"SPRING15 Main code"}} {
		if list, _ := allCodes(t, h, s.page("SPRING15", "/codes?find="+url.QueryEscape(typed))); !slices.Equal(list, want) {
			t.Errorf("%q finds %q", typed, list)
		}
	}
	golden(t, "codes.json", s.named(get(t, h, s.page("SPRING15", "/codes?find=ann&format=json"))))
}

// An address that asks for a page of codes that is not there gets the first one,
// and is told so, as in the other lists.
func TestAPageOfCodesThatIsNotThereIsTheFirst(t *testing.T) {
	t.Parallel()
	s, batch := codeShop(t)
	h := s.handler(t)
	const gone = "That page of the list is not there any more; this is the first one."
	for query, want := range map[string]struct {
		first  string
		notice bool
	}{
		"?after=%C3%A4+b":                 {"ANN", true},
		"?after=%00":                      {"ANN", true},
		"?after=ZZZ":                      {"ANN", true}, // after it there is nothing
		"?after=SPRING15":                 {"ANN", true},
		"?batch=flyer&after=ZZZ":          {batch[0], true},
		"?after=ann":                      {batch[0], false}, // in any spelling
		"?after=F":                        {batch[0], false}, // there or not
		"?batch=flyer&after=" + batch[49]: {batch[50], false},
		"?batch=lost&after=ANN":           {"", true},
	} {
		page := get(t, h, s.page("SPRING15", "/codes"+query))
		if strings.Contains(page, gone) != want.notice {
			t.Errorf("%s: that the page is not there is told %v", query, !want.notice)
		}
		link := ""
		for _, n := range parse(t, page).all(func(n *node) bool { return n.attr["id"] == "cp-first" }) {
			link = n.attr["href"]
		}
		if (link == "") != want.notice {
			t.Errorf("%s: the first page is at %q", query, link)
		}
		var got struct {
			Data    struct{ Codes []struct{ Code string } }
			Notices []string
		}
		if err := json.Unmarshal([]byte(get(t, h, s.page("SPRING15", "/codes"+query+"&format=json"))), &got); err != nil {
			t.Fatal(err)
		}
		first := ""
		if len(got.Data.Codes) > 0 {
			first = got.Data.Codes[0].Code
		}
		if first != want.first || slices.Contains(got.Notices, gone) != want.notice {
			t.Errorf("%s: begins with %q, want %q; told %q", query, first, want.first, got.Notices)
		}
	}
}

// A used code leads to the bookings that used it.
func TestAUsedCodeLeadsToItsBookings(t *testing.T) {
	t.Parallel()
	s, batch := codeShop(t)
	h := s.handler(t)
	page := parse(t, get(t, h, s.page("SPRING15", "/codes?find="+batch[0])))
	link := page.all(class("cp-codes"))[0].all(named("tbody"))[0].all(named("a"))[0].attr["href"]
	if rows, _ := allRows(t, h, link); !slices.Equal(rows["Booking"], []string{"B1"}) {
		t.Errorf("%s leads to %q", batch[0], rows["Booking"])
	}
}

// The same form sent twice makes one batch.
func TestABatchIsMadeOnce(t *testing.T) {
	t.Parallel()
	s, _ := codeShop(t)
	h := s.handler(t)
	text := get(t, h, s.page("SPRING15", "/codes"))
	contains(t, text, "Times are those of "+zone)
	contains(t, text, "a code can be used as often as the coupon’s limits allow")
	action, fields := formTo(t, parse(t, text), "/codes")
	fields.Set("count", "70")
	fields.Set("prefix", "win-")
	fields.Set("length", "16")
	var list []string
	for range 2 {
		res := postForm(t, h, action, fields)
		if res.StatusCode != http.StatusSeeOther {
			t.Fatalf("%s: %s", res.Status, body(t, res))
		}
		contains(t, get(t, h, res.Header.Get("Location")), "are made.", "Download this batch")
		list, _ = allCodes(t, h, res.Header.Get("Location"))
		if len(list) != 70 {
			t.Errorf("the batch has %d codes", len(list))
		}
	}
	if k, err := s.svc.Code(t.Context(), s.ids["SPRING15"], list[0]); err != nil || !strings.HasPrefix(list[0], "WIN-") || len(list[0]) != 4+16+3 || !k.SingleUse || k.CreatedBy != "owner@example.com" {
		t.Errorf("%+v, error %v", k, err)
	}
	// Without the box they can be used many times.
	_, fields = formTo(t, parse(t, get(t, h, s.page("SPRING15", "/codes"))), "/codes")
	fields.Del("single_use")
	fields.Set("count", "1")
	res := postForm(t, h, action+"?format=json", fields)
	contains(t, body(t, res), `"count": 1`, `"batch": "`+fields.Get("key"))
	_, rows := allCodes(t, h, s.page("SPRING15", "/codes?batch="+fields.Get("key")))
	for code, cells := range rows {
		if cells[1] != "many times" {
			t.Errorf("%s: %q", code, cells)
		}
	}
}

func TestABadBatchComesBackAsItWasTyped(t *testing.T) {
	t.Parallel()
	s, _ := codeShop(t)
	h := s.handler(t)
	action, fields := formTo(t, parse(t, get(t, h, s.page("SPRING15", "/codes"))), "/codes")
	for _, tt := range []struct{ field, typed, want string }{
		{"count", "", "Type a whole number."},
		{"count", "many", "Type a whole number."},
		{"count", "0", "Make 1 to 1,000,000 codes at once."},
		{"count", "1000001", "Make 1 to 1,000,000 codes at once."},
		{"prefix", "-X", "May have only the letters A–Z, digits, - and _, and no - first."},
		{"prefix", "ä b", "May have only the letters A–Z, digits, - and _, and no - first."},
		{"prefix", strings.Repeat("A", 65), "This is too long: with its random characters and dashes a code may have 64 characters."},
		{"length", "3", "Take at least 12; with what a code begins with and its dashes it may have 64 characters."},
		{"length", "60", "Take at least 12;"},
		{"length", "0", "Take at least 12;"},
	} {
		bad := url.Values{}
		for k, v := range fields {
			bad[k] = v
		}
		bad.Set(tt.field, tt.typed)
		before := s.contents(t)
		for _, headers := range [][]string{nil, {"HX-Request", "true"}} {
			res := postForm(t, h, action, bad, headers...)
			if want := map[bool]int{true: 200, false: 422}[headers != nil]; res.StatusCode != want {
				t.Errorf("%s %q: %s", tt.field, tt.typed, res.Status)
			}
			page := parse(t, body(t, res))
			if got := page.byID(t, "cp-"+tt.field); got.attr["value"] != tt.typed || got.attr["aria-invalid"] != "true" {
				t.Errorf("%s %q comes back as %v", tt.field, tt.typed, got.attr)
			}
			if got := page.byID(t, "cp-"+tt.field+"-error").words(); !strings.HasPrefix(got, tt.want) {
				t.Errorf("%s %q: told %q", tt.field, tt.typed, got)
			}
			if _, again := formTo(t, page, "/codes"); again.Get("key") != fields.Get("key") {
				t.Errorf("%s %q: the form has another key", tt.field, tt.typed)
			}
		}
		contains(t, body(t, postForm(t, h, action+"?format=json", bad)), `"status": 422`, `"`+tt.field+`": "`)
		if s.contents(t) != before {
			t.Errorf("%s %q: codes were made", tt.field, tt.typed)
		}
	}
}

// All that is wrong with a batch is told at once, beside its fields.
func TestAllMistakesOfABatchAreToldAtOnce(t *testing.T) {
	t.Parallel()
	s, _ := codeShop(t)
	h := s.handler(t)
	const number, prefix, length = "Type a whole number.", "May have only the letters", "Take at least 12;"
	for _, tt := range []struct {
		typed [3]string // count, prefix, length
		want  map[string]string
	}{
		{[3]string{"abc", "ü!", "3"}, map[string]string{"count": number, "prefix": prefix, "length": length}},
		{[3]string{"abc", "ü!", "x"}, map[string]string{"count": number, "prefix": prefix, "length": number}},
		{[3]string{"0", "OK-", "1.5"}, map[string]string{"count": "Make 1 to", "length": number}},
		{[3]string{"5", "OK-", "x"}, map[string]string{"length": number}},
		{[3]string{"99999999999999999999", "-X", ""}, map[string]string{"count": number, "prefix": prefix}},
	} {
		action, fields := formTo(t, parse(t, get(t, h, s.page("SPRING15", "/codes"))), "/codes")
		for i, name := range []string{"count", "prefix", "length"} {
			fields.Set(name, tt.typed[i])
		}
		before := s.contents(t)
		page := parse(t, body(t, postForm(t, h, action, fields)))
		var got struct {
			Error struct{ Fields map[string]string }
		}
		if err := json.Unmarshal([]byte(body(t, postForm(t, h, action+"?format=json", fields))), &got); err != nil {
			t.Fatal(err)
		}
		if len(got.Error.Fields) != len(tt.want) {
			t.Errorf("%q: told %q", tt.typed, got.Error.Fields)
		}
		for name, want := range tt.want {
			if text := got.Error.Fields[name]; !strings.HasPrefix(text, want) {
				t.Errorf("%q: of the %s %q is told, want %q", tt.typed, name, text, want)
			} else if beside := page.byID(t, "cp-"+name+"-error").words(); beside != text {
				t.Errorf("%q: beside the %s is %q", tt.typed, name, beside)
			}
		}
		if s.contents(t) != before {
			t.Errorf("%q: codes were made", tt.typed)
		}
	}
}

func TestOneCodeIsAdded(t *testing.T) {
	t.Parallel()
	s, _ := codeShop(t)
	s.create(t, coupon.Coupon{Code: "OTHER", Discount: pct(5), Start: day("2026-03-01")})
	h := s.handler(t)
	action, fields := formTo(t, parse(t, get(t, h, s.page("SPRING15", "/codes"))), "/codes/add")
	fields.Set("code", "bob-10")
	fields.Set("customer", " Bob@Example.com ")
	for range 2 {
		res := postForm(t, h, action, fields)
		if res.StatusCode != http.StatusSeeOther {
			t.Fatalf("%s: %s", res.Status, body(t, res))
		}
		contains(t, get(t, h, res.Header.Get("Location")), "BOB-10 is added.", "bob@example.com")
	}
	// A program is told whether the code was used, also where it is there already.
	contains(t, body(t, postForm(t, h, action+"?format=json", fields)), `"code": "BOB-10"`, `"used": false`)
	s.book(t, "BOB-10", "B9", "50.00", day("2026-10-02"), func(b *coupon.Booking) { b.Customer.Key = "bob@example.com" })
	contains(t, body(t, postForm(t, h, action+"?format=json", fields)), `"code": "BOB-10"`, `"used": true`)
	for _, tt := range []struct {
		code, customer, field, want string
		status                      int
	}{
		{"other", "", "code", "other is in use already.", 409},
		{"bob-10", "", "code", "bob-10 is in use already.", 409}, // for somebody else
		{"", "", "code", "Must have 1 to 64", 422},
		{"BOB 10", "", "code", "Must have 1 to 64", 422},
		{"CAROL", "a\u200bb", "customer", "Must be a customer’s key", 422},
	} {
		fields.Set("code", tt.code)
		fields.Set("customer", tt.customer)
		res := postForm(t, h, action, fields)
		page := parse(t, body(t, res))
		if got := page.byID(t, "cp-new-"+tt.field+"-error").words(); res.StatusCode != tt.status || !strings.HasPrefix(got, tt.want) {
			t.Errorf("%q for %q: %s, %q", tt.code, tt.customer, res.Status, got)
		}
		if got := page.byID(t, "cp-new-code").attr["value"]; got != tt.code {
			t.Errorf("%q comes back as %q", tt.code, got)
		}
	}
}

// An archived coupon takes no new codes.
func TestAnArchivedCouponGetsNoCodes(t *testing.T) {
	t.Parallel()
	s, _ := codeShop(t)
	h := s.handler(t)
	s.must(t)(s.svc.Archive(t.Context(), s.ids["SPRING15"]))
	text := get(t, h, s.page("SPRING15", "/codes"))
	contains(t, text, "The coupon is archived")
	if strings.Contains(text, `method="post"`) {
		t.Error("codes can be made")
	}
	for target, form := range map[string]url.Values{"/codes": {"key": {"k"}, "count": {"1"}}, "/codes/add": {"code": {"X"}}} {
		if res := postForm(t, h, s.page("SPRING15", target), form); res.StatusCode != http.StatusConflict {
			t.Errorf("%s: %s", target, res.Status)
		}
	}
}

// The coupon's page leads to its codes.
func TestACouponLeadsToItsCodes(t *testing.T) {
	t.Parallel()
	s, _ := codeShop(t)
	if got := parse(t, get(t, s.handler(t), s.page("SPRING15", ""))).byID(t, "cp-codes-link").attr["href"]; got != s.page("SPRING15", "/codes") {
		t.Errorf("it leads to %q", got)
	}
}
