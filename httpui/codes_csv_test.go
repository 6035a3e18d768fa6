package httpui_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/httpui"
	"github.com/couponkit/coupon/store/memory"
)

// breaksCodes is a store that fails at its second page of codes.
type breaksCodes struct{ *memory.Store }

func (s breaksCodes) Codes(ctx context.Context, q coupon.CodeQuery) ([]coupon.CouponCode, error) {
	if q.After != "" {
		return nil, errors.New("the disk is gone")
	}
	q.Limit = 1000
	page, err := s.Store.Codes(ctx, q)
	for i := 0; err == nil && len(page) < 1000; i++ {
		page = append(page, page[i])
	}
	return page, err
}

func TestCodesAsCSV(t *testing.T) {
	t.Parallel()
	s, batch := codeShop(t)
	s.must(t)(s.svc.AddCode(t.Context(), s.ids["SPRING15"], coupon.CouponCode{Code: "-1", Customer: "=cmd"}))
	h := s.handler(t)
	for _, find := range []string{"ann", "nobody's", "OTHER"} { // under the conditions of the page
		page := parse(t, get(t, h, s.page("SPRING15", "/codes?find="+url.QueryEscape(find))))
		_, rows := tableOf(t, ask(t, h, "GET", page.byID(t, "cp-csv").attr["href"]))
		if want := map[string]int{"ann": 1}[find]; len(rows) != want || want > 0 && rows[0]["code"] != "ANN" {
			t.Errorf("of %q: %q", find, rows)
		}
	}
	for query, want := range map[string]struct {
		rows int
		file string
	}{"": {1 + 1 + 120 + 1, "codes-SPRING15.csv"}, "&batch=flyer": {120, "codes-SPRING15-flyer.csv"}} {
		res := ask(t, h, "GET", s.page("SPRING15", "/codes?format=csv"+query))
		header, rows := tableOf(t, res)
		if res.Header.Get("Content-Disposition") != `attachment; filename="`+want.file+`"` || len(rows) != want.rows {
			t.Errorf("%q: %d rows, want %d, %v", query, len(rows), want.rows, res.Header)
		}
		if !slices.Equal(header, []string{"code", "single_use", "customer", "batch", "created_at", "main", "used"}) {
			t.Errorf("the columns are %q", header)
		}
		if query == "" && (rows[0]["code"] != "'-1" || rows[0]["customer"] != "'=cmd") {
			t.Errorf("a spreadsheet would run %q", rows[0])
		}
		if query != "" && rows[0]["code"] != batch[0] {
			t.Errorf("the first is %q", rows[0])
		}
		if head := ask(t, h, "HEAD", s.page("SPRING15", "/codes?format=csv"+query)); head.Header.Get("Content-Disposition") != res.Header.Get("Content-Disposition") {
			t.Errorf("HEAD: %s, %v", head.Status, head.Header)
		}
	}
	h = s.handler(t, func(c *httpui.Config) {
		c.Can = func(_ *http.Request, a httpui.Action, _ coupon.Coupon) bool { return a != httpui.Export }
	})
	if res := ask(t, h, "GET", s.page("SPRING15", "/codes?format=csv")); res.StatusCode != http.StatusForbidden {
		t.Errorf("without the right to: %s", res.Status)
	}
	for _, page := range []string{"/codes", "/bookings"} {
		if strings.Contains(get(t, h, s.page("SPRING15", page)), "format=csv") {
			t.Errorf("%s offers what may not be taken away", page)
		}
	}
	// Half a list must not be printed for the whole.
	svc, err := coupon.New(coupon.Config{Store: breaksCodes{s.store}, Now: s.svc.Now})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s.handler(t, func(c *httpui.Config) { c.Service = svc }))
	defer server.Close()
	res, err := http.Get(server.URL + s.page("SPRING15", "/codes?format=csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if part, err := io.ReadAll(res.Body); err == nil {
		t.Errorf("%s, %d bytes: half a list looks whole", res.Status, len(part))
	}
}

// Of each code the table tells what JSON tells, with instants in the coupon's zone
// as in the other tables.
func TestTheTableOfCodesTellsWhatJSONTells(t *testing.T) {
	t.Parallel()
	s, batch := codeShop(t)
	b := coupon.Booking{ID: "B9", Currency: "USD", MadeAt: now, Lines: []coupon.Line{{Price: decimal.NewFromInt(50), Quantity: 1}}}
	s.must(t)(s.svc.Reserve(t.Context(), b, time.Hour, batch[2]))
	h := s.handler(t)
	_, rows := tableOf(t, ask(t, h, "GET", s.page("SPRING15", "/codes?format=csv")))
	table := map[string]map[string]string{}
	for _, row := range rows {
		table[row["code"]] = row
	}
	told, used := 0, 0
	for after := "-"; after != ""; {
		var got struct {
			Data struct {
				Codes []struct {
					Code, Customer, Batch string
					Main, Used            bool
					SingleUse             bool      `json:"single_use"`
					CreatedAt             time.Time `json:"created_at"`
				}
				After string
			}
		}
		if err := json.Unmarshal([]byte(get(t, h, s.page("SPRING15", "/codes?format=json&after="+after))), &got); err != nil {
			t.Fatal(err)
		}
		for _, k := range got.Data.Codes {
			told++
			if k.Used {
				used++
			}
			row := table[k.Code]
			if row["main"] != strconv.FormatBool(k.Main) || row["used"] != strconv.FormatBool(k.Used) || row["single_use"] != strconv.FormatBool(k.SingleUse) ||
				row["customer"] != k.Customer || row["batch"] != k.Batch || !at(row["created_at"]).Equal(k.CreatedAt) || !strings.HasSuffix(row["created_at"], "-05:00") {
				t.Errorf("%+v in JSON is %q in the table", k, row)
			}
		}
		after = got.Data.After
	}
	if told != len(rows) || used != 3 {
		t.Errorf("JSON tells of %d codes, of which %d are used; the table has %d", told, used, len(rows))
	}
}

// A file has a name that any system takes, whatever stands in the key of a batch.
func TestAFileOfCodesHasAHarmlessName(t *testing.T) {
	t.Parallel()
	s, _ := codeShop(t)
	h := s.handler(t)
	for key, want := range map[string]string{
		"fair 2026":              "codes-SPRING15-fair_2026.csv",
		`../"x"; filename=y`:     "codes-SPRING15-____x___filename_y.csv",
		"ä\r\n":                  "codes-SPRING15-___.csv",
		strings.Repeat("k", 200): "codes-SPRING15-" + strings.Repeat("k", 100) + ".csv",
	} {
		res := ask(t, h, "GET", s.page("SPRING15", "/codes?format=csv&batch="+url.QueryEscape(key)))
		if got := res.Header.Get("Content-Disposition"); got != `attachment; filename="`+want+`"` {
			t.Errorf("of %q the file is %q, want %q", key, got, want)
		}
	}
}
