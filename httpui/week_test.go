package httpui_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/couponkit/coupon/httpui"
)

// A program gets the same figures whatever language it asks in: weeks begin on
// Monday, or as the address says.
func TestProgramsGetTheSameWeeksInEveryLanguage(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t)
	for _, address := range []string{
		base + "/?period=last_week", base + "/?period=week&week=sunday", s.page("SPRING15", "?period=last_week&compare=previous_period"), s.page("SPRING15", "?interval=week"),
		s.page("SPRING15", "?period=90d&interval=week&week=sunday"), s.page("SPRING15", "/bookings?period=last_week"),
	} {
		for _, format := range []string{"json", "csv"} {
			want := get(t, h, withQuery(address, "?format="+format), "Accept-Language", "en-GB")
			for _, accept := range []string{"en-US", "ar-EG", "de", ""} {
				if got := get(t, h, withQuery(address, "?format="+format), "Accept-Language", accept); got != want {
					t.Errorf("%s as %s is of another week for %q", address, format, accept)
				}
			}
			american := s.handler(t, func(c *httpui.Config) { c.Locale = "en-US" })
			if get(t, american, withQuery(address, "?format="+format)) != want {
				t.Errorf("%s as %s is of another week with a locale of the host's", address, format)
			}
		}
	}
	for query, want := range map[string]string{"": "2026-11-09", "&week=monday": "2026-11-09", "&week=sunday": "2026-11-15", "&week=saturday": "2026-11-14", "&week=bogus": "2026-11-09"} {
		var got struct {
			Data struct {
				Report struct{ Range struct{ First string } }
			}
			Notices []string
		}
		if err := json.Unmarshal([]byte(get(t, h, s.page("SPRING15", "?period=last_week&format=json"+query))), &got); err != nil {
			t.Fatal(err)
		}
		if got.Data.Report.Range.First != want || (len(got.Notices) == 1) != (query == "&week=bogus") {
			t.Errorf("%q: from %s, want %s; %q", query, got.Data.Report.Range.First, want, got.Notices)
		}
	}
}

// Who takes a table away from a page gets the weeks that the page shows, in
// whichever language the file is then asked for.
func TestATableHasTheWeeksOfItsPage(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t)
	isTable := func(n *node) bool { return n.attr["id"] == "cp-csv" || class("cp-csv")(n) }
	for _, tt := range []struct{ address, file string }{
		{base + "/?period=last_week", `attachment; filename="coupons-2026-11-15-2026-11-21.csv"`},
		{s.page("SPRING15", "?period=last_week"), `attachment; filename="redemptions-SPRING15-2026-11-15-2026-11-21.csv"`},
	} {
		link := parse(t, get(t, h, tt.address, "Accept-Language", "en-US")).all(isTable)[0].attr["href"]
		res := ask(t, h, "GET", link, "Accept-Language", "en-GB")
		if got := res.Header.Get("Content-Disposition"); res.StatusCode != http.StatusOK || got != tt.file {
			t.Errorf("%s: %s is %q, want %q", tt.address, link, got, tt.file)
		}
	}
	link := parse(t, get(t, h, s.page("SPRING15", "?period=90d&interval=week"), "Accept-Language", "en-US")).all(isTable)[0].attr["href"]
	if _, rows := tableOf(t, ask(t, h, "GET", link)); day(rows[2]["date"]).Weekday() != 0 {
		t.Errorf("%s: a week begins on %s", link, rows[2]["date"])
	}
	link = parse(t, get(t, h, s.page("SPRING15", "/bookings?period=last_week"), "Accept-Language", "en-US")).byID(t, "cp-csv").attr["href"]
	if want := s.page("SPRING15", "/bookings?period=last_week&format=csv&week=sunday"); link != want {
		t.Errorf("the bookings lead to %s, want %s", link, want)
	}
}
