package httpui_test

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/httpui"
	"github.com/couponkit/coupon/store/memory"
)

// The table to take away has the rows of the list, in its order, whatever stands
// in them; texts that a spreadsheet would run are made harmless, amounts are not.
func TestBookingsAsCSV(t *testing.T) {
	t.Parallel()
	s := narrowShop(t)
	s.create(t, coupon.Coupon{Code: "EVIL", Discount: pct(10), Start: day("2026-10-01")})
	hostile := []string{"=cmd|'/c calc'!A1", "+1", "-1", "@x", "two\nlines", `with "quotes", and comma`, "плюс", "＝x"}
	for i, text := range hostile {
		s.book(t, "EVIL", "id"+text, "100.00", day("2026-10-02").AddDate(0, 0, i), func(b *coupon.Booking) {
			b.Customer.Key = text
			b.Cost = new(decimal.NewFromInt(95)) // a margin of -5.00
			if strings.Contains(text, "\n") {
				b.ID, b.Customer.Key = "two lines", "two lines"
			}
		})
	}
	h := s.handler(t)
	records := func(code, query string) [][]string {
		t.Helper()
		res := ask(t, h, "GET", s.page(code, "/bookings?"+query))
		if res.StatusCode != 200 || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/csv") || !strings.HasPrefix(res.Header.Get("Content-Disposition"), `attachment; filename="bookings-`+code+`-2026-`) {
			t.Fatalf("%s: %s, %v", query, res.Status, res.Header)
		}
		out, err := csv.NewReader(res.Body).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	rows := records("EVIL", "format=csv&order=asc")
	at := map[string]int{}
	for i, name := range rows[0] {
		at[name] = i
	}
	for i, row := range rows[1:] {
		for name, j := range at {
			first := strings.IndexAny(row[j]+" ", "=+-@＝")
			if name != "margin" && first == 0 {
				t.Errorf("%s is %q", name, row[j])
			}
		}
		if row[at["margin"]] != "-5.00" || row[at["currency"]] != "USD" || row[at["discount"]] != "10.00" {
			t.Errorf("row %d: %q", i, row)
		}
		if want := hostile[i]; strings.TrimPrefix(row[at["customer"]], "'") != strings.ReplaceAll(want, "\n", " ") {
			t.Errorf("customer %q, want %q", row[at["customer"]], want)
		}
		if _, err := time.Parse(time.RFC3339, row[at["made_at"]]); err != nil {
			t.Error(err)
		}
	}
	if len(rows) != 1+len(hostile) {
		t.Errorf("%d rows", len(rows))
	}
	// As many as the list has on all of its pages.
	if n := len(records("SPRING15", "format=csv&state=all&size=25")); n != 1+235 {
		t.Errorf("%d rows of all", n)
	}
	if rows := records("PAIR-B", "format=csv"); rows[1][len(rows[1])-1] != "PAIR-A" {
		t.Errorf("the other code is %q", rows[1])
	}
}

// breaks is a store with many bookings, that fails when some pages were read.
type breaks struct {
	*memory.Store
	pages int
}

func (s *breaks) Redemptions(ctx context.Context, q coupon.RedemptionQuery) ([]coupon.Redemption, error) {
	if len(q.Bookings) > 0 {
		return nil, nil
	}
	if s.pages++; s.pages > 6 {
		return nil, errors.New("the disk is gone")
	}
	first := q
	first.After, first.Limit = nil, 1
	page, err := s.Store.Redemptions(ctx, first)
	for i := 1; err == nil && i < q.Limit; i++ {
		r := page[0]
		r.Booking = fmt.Sprint("many-", s.pages, "-", i)
		page = append(page, r)
	}
	return page, err
}

// Half a table must not be taken for the whole: the connection is cut.
func TestATableThatBreaksOffIsCut(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	svc, err := coupon.New(coupon.Config{Store: &breaks{Store: s.store}, Now: s.svc.Now})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s.handler(t, func(c *httpui.Config) { c.Service = svc }))
	defer server.Close()
	res, err := http.Get(server.URL + s.page("SPRING15", "/bookings?format=csv&state=all"))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	part, err := io.ReadAll(res.Body)
	if err == nil || res.StatusCode != http.StatusOK || !strings.Contains(string(part), "many-2-7") {
		t.Errorf("%s, %d bytes, error %v: half a table looks whole", res.Status, len(part), err)
	}
}
