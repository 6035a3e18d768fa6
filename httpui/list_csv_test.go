package httpui_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/httpui"
	"github.com/couponkit/coupon/store/memory"
)

// tableOf reads a table: its rows by column.
func tableOf(t testing.TB, res *http.Response) (header []string, rows []map[string]string) {
	t.Helper()
	text := body(t, res)
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "text/csv; charset=utf-8; header=present" {
		t.Fatalf("%s, %v: %.200s", res.Status, res.Header, text)
	}
	all, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, cells := range all[1:] {
		row := map[string]string{}
		for i, cell := range cells {
			row[all[0][i]] = cell
		}
		rows = append(rows, row)
	}
	return all[0], rows
}

// The list as a table has what the list as JSON has, under the same filters, in
// the same order and range: a row for each coupon and currency.
func TestTheListAsCSV(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t)
	for _, query := range []string{"?sort=code", "?sort=revenue&order=desc", "?period=28d", "?from=2026-03-01&to=2026-05-31&status=active", "?audience=new", "?kind=per-unit", "?q=spring", "?status=archived", "?q=none-of-them"} {
		var list struct {
			Data struct {
				Coupons []struct {
					ID, Code, Name, Status string
					Figures                []coupon.Figures
				}
			}
		}
		if err := json.Unmarshal([]byte(get(t, h, base+"/"+query+"&format=json")), &list); err != nil {
			t.Fatal(err)
		}
		var want []string
		for _, c := range list.Data.Coupons {
			if len(c.Figures) == 0 {
				want = append(want, strings.Join([]string{c.ID, c.Code, c.Name, c.Status, "", "0", "", "", ""}, "|"))
			}
			for _, f := range c.Figures {
				amount := func(m coupon.Money) string { return m.Amount.StringFixed(2) }
				want = append(want, strings.Join([]string{c.ID, c.Code, c.Name, c.Status, f.Currency, strconv.FormatInt(f.Bookings, 10), amount(f.Revenue), amount(f.Discounts), amount(f.Refunds)}, "|"))
			}
		}
		_, rows := tableOf(t, ask(t, h, "GET", base+"/"+query+"&format=csv"))
		var got []string
		for _, row := range rows {
			got = append(got, strings.Join([]string{row["id"], row["code"], row["name"], row["status"], row["currency"], row["bookings"], row["revenue"], row["discounts"], row["refunds"]}, "|"))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q\nwant %q", query, got, want)
		}
	}
	res := ask(t, h, "GET", base+"/?sort=code&format=csv&period=last_month")
	if got := res.Header.Get("Content-Disposition"); got != `attachment; filename="coupons-2026-10-01-2026-10-31.csv"` {
		t.Errorf("the file is %q", got)
	}
	golden(t, "list.csv", s.named(body(t, res)))
	if head := ask(t, h, "HEAD", base+"/?format=csv"); head.StatusCode != 200 || head.Header.Get("Content-Disposition") != `attachment; filename="coupons.csv"` {
		t.Errorf("HEAD: %s, %v", head.Status, head.Header)
	}
}

// The table has all pages, and nothing that a spreadsheet would run.
func TestTheListAsCSVIsWholeAndHarmless(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for i := range 460 {
		s.create(t, coupon.Coupon{Code: coupon.Code(fmt.Sprintf("-%03d", i)), Name: "=cmd", Discount: pct(10), Start: day("2026-11-01")})
	}
	h := s.handler(t)
	_, rows := tableOf(t, ask(t, h, "GET", base+"/?sort=code&format=csv"))
	if len(rows) != 460 {
		t.Fatalf("%d rows", len(rows))
	}
	for i, row := range rows {
		if row["code"] != fmt.Sprintf("'-%03d", i) || row["name"] != "'=cmd" {
			t.Errorf("row %d: %q", i, row)
		}
	}
	// From whichever page it is asked for.
	next := parse(t, get(t, h, base+"/?sort=code")).byID(t, "cp-next").attr["href"]
	if link := parse(t, get(t, h, next)).byID(t, "cp-csv").attr["href"]; link != base+"/?sort=code&format=csv" {
		t.Errorf("the second page leads to %s", link)
	}
	if _, rows := tableOf(t, ask(t, h, "GET", next+"&format=csv")); len(rows) != 460 {
		t.Errorf("from the second page: %d rows", len(rows))
	}
}

// What may be seen may not always be taken away, coupon by coupon.
func TestOnlyWhatMayBeTakenAwayIsInTheList(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	if got := parse(t, get(t, s.handler(t), base+"/?q=s&period=28d")).byID(t, "cp-csv").attr["href"]; got != base+"/?q=s&period=28d&format=csv" {
		t.Errorf("the link leads to %s", got)
	}
	h := s.handler(t, func(c *httpui.Config) {
		c.Can = func(_ *http.Request, a httpui.Action, c coupon.Coupon) bool {
			return a != httpui.Export || c.Code != "SPRING15"
		}
	})
	contains(t, get(t, h, base+"/"), "SPRING15", `id="cp-csv"`)
	for _, format := range []string{"csv", "json"} {
		if text := get(t, h, base+"/?format="+format); strings.Contains(text, "SPRING15") || !strings.Contains(text, "FIRST10") {
			t.Errorf("as %s: %s", format, text)
		}
	}
	h = s.handler(t, func(c *httpui.Config) {
		c.Can = func(_ *http.Request, a httpui.Action, _ coupon.Coupon) bool { return a != httpui.Export }
	})
	if res := ask(t, h, "GET", base+"/?format=csv"); res.StatusCode != http.StatusForbidden {
		t.Errorf("without the right to: %s", res.Status)
	}
	if strings.Contains(get(t, h, base+"/"), "format=csv") {
		t.Error("the list offers what may not be taken away")
	}
}

// breaksList is a store that fails far down its list of coupons.
type breaksList struct{ *memory.Store }

func (s breaksList) Coupons(ctx context.Context, q coupon.CouponQuery) ([]coupon.Coupon, error) {
	if q.After != nil && q.After.Text >= "C-0900" {
		return nil, errors.New("the disk is gone")
	}
	return s.Store.Coupons(ctx, q)
}

func TestHalfAListLooksBroken(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for i := range 1200 {
		s.create(t, coupon.Coupon{Code: coupon.Code(fmt.Sprintf("C-%04d", i)), Discount: pct(10), Start: day("2026-11-01")})
	}
	svc, err := coupon.New(coupon.Config{Store: breaksList{s.store}, Now: s.svc.Now})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s.handler(t, func(c *httpui.Config) { c.Service, c.Zone = svc, zone }))
	defer server.Close()
	res, err := http.Get(server.URL + base + "/?format=csv&sort=code")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if part, err := io.ReadAll(res.Body); err == nil || len(part) == 0 {
		t.Errorf("%s, %d bytes, error %v: half a list must look so", res.Status, len(part), err)
	}
}
