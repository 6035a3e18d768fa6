package httpui_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
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

// allRows walks the pages of a list of bookings and gives every row by column, and
// the totals.
func allRows(t testing.TB, h http.Handler, link string) (rows map[string][]string, totals []*node) {
	t.Helper()
	rows = map[string][]string{}
	for pages := 0; link != ""; pages++ {
		if pages > 30 {
			t.Fatal("the pages do not end")
		}
		page := parse(t, get(t, h, link))
		link = ""
		tables := page.all(class("cp-bookings"))
		if len(tables) == 0 {
			return rows, nil
		}
		for _, th := range tables[0].all(named("thead"))[0].all(named("th")) {
			head := strings.TrimRight(th.words(), " ▲▼")
			rows[head] = append(rows[head], column(t, tables[0], head)...)
		}
		if foot := tables[0].all(named("tfoot")); len(foot) > 0 {
			totals = foot[0].kids
		}
		for _, n := range page.all(func(n *node) bool { return n.attr["id"] == "cp-next" }) {
			link = n.attr["href"]
		}
	}
	return rows, totals
}

// narrowShop has all that a list can be narrowed to, also two coupons on one
// booking.
func narrowShop(t testing.TB) *shop {
	t.Helper()
	s := fullShop(t)
	must := s.must(t)
	s.create(t, coupon.Coupon{Code: "PAIR-A", Name: "First of two", Discount: pct(10), Start: day("2026-10-01"), Combinable: true})
	s.create(t, coupon.Coupon{Code: "PAIR-B", Discount: coupon.AmountOff(usd("5.00")), Start: day("2026-10-01"), Combinable: true})
	b := coupon.Booking{ID: "BOTH", Currency: "USD", MadeAt: day("2026-10-02"), Lines: []coupon.Line{{ID: "clean", Price: decimal.NewFromInt(100), Quantity: 1}}}
	must(s.svc.RedeemAll(t.Context(), b, []string{"PAIR-A", "PAIR-B"}))
	b.ID, b.MadeAt = "HELD", now
	must(s.svc.Reserve(t.Context(), b, 30*time.Minute, "PAIR-A"))
	s.book(t, "PAIR-A", "ALONE", "40.00", day("2026-10-03"))
	return s
}

// Every figure of the summary leads to the bookings that make it: over all pages
// the rows are as many, and add up to the totals below them.
func TestEveryNarrowedListAddsUp(t *testing.T) {
	t.Parallel()
	s := narrowShop(t)
	h := s.handler(t)
	id := s.ids["SPRING15"]
	life := s.svc.Life(mustCoupon(t, s, id))
	summary, err := s.svc.Summary(t.Context(), id, coupon.Range{From: life.From, To: now})
	if err != nil {
		t.Fatal(err)
	}
	f := summary.In("USD")
	unscheduled, err := s.svc.Summary(t.Context(), id, coupon.Range{From: life.From, To: now, Clock: coupon.ServiceAt})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		query string
		rows  int64
		// the figure of the summary that leads here, by the column it stands in
		column string
		figure coupon.Money
	}{
		{"", f.Bookings, "Revenue", f.Revenue},
		{"?state=refunded", 10, "Refunded", f.Refunds},
		{"?state=cancelled", f.Cancelled, "Subtotal", f.CancelledSubtotal},
		{"?customers=new", f.NewCustomers, "", coupon.Money{}},
		{"?cost=known", f.CostKnown, "Margin", f.Margin},
		{"?cost=known&sort=subtotal", f.CostKnown, "Cost", f.Cost},
		{"?clock=service-date&state=unscheduled", unscheduled.Unscheduled, "", coupon.Money{}},
		{"?customers=new&cost=known&size=25", -1, "", coupon.Money{}},
		{"?q=CUSTOMER7%40example.com", 1, "", coupon.Money{}},
		{"?q=B-1002", 1, "", coupon.Money{}},
		{"?q=spring15&state=refunded", 10, "Refunded", f.Refunds},
	} {
		rows, totals := allRows(t, h, s.page("SPRING15", "/bookings"+tt.query))
		n := int64(len(rows["Booking"]))
		if n == 0 || tt.rows >= 0 && n != tt.rows {
			t.Errorf("%s: %d rows, want %d", tt.query, n, tt.rows)
			continue
		}
		if got := totals[0].kids[0].words(); !strings.HasPrefix(got, fmt.Sprintf("Total of %d ", n)) {
			t.Errorf("%s: %d rows, the totals say %q", tt.query, n, got)
		}
		seen := map[string]bool{}
		for _, b := range rows["Booking"] {
			if seen[b] {
				t.Errorf("%s: %s is there twice", tt.query, b)
			}
			seen[b] = true
		}
		heads := []string{"Subtotal", "Discount", "Revenue", "Refunded"}
		if len(rows["Cost"]) > 0 {
			heads = append(heads, "Cost", "Margin")
		}
		for i, head := range heads {
			sum := decimal.Zero
			for _, cell := range rows[head] {
				sum = sum.Add(dollars(t, cell))
			}
			total := totals[0].kids[1+i].words()
			if total == "" { // of those that are cancelled
				continue
			}
			if !sum.Equal(dollars(t, total)) {
				t.Errorf("%s: the rows' %s is %s, the total %s", tt.query, head, sum, total)
			}
			if head == tt.column && !sum.Equal(tt.figure.Amount) {
				t.Errorf("%s: the %s is %s, in the summary %s", tt.query, head, sum, tt.figure)
			}
		}
	}
}

func mustCoupon(t testing.TB, s *shop, id coupon.ID) coupon.Coupon {
	t.Helper()
	c, err := s.svc.Coupon(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Each column that can be sorted is, both ways, over all pages.
func TestBookingsInEveryOrder(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t)
	for sort, head := range map[string]string{"booking": "Booking", "subtotal": "Subtotal", "discount": "Discount", "made-at": "Made", "service-date": "Service date"} {
		var lists [2][]string
		for i, order := range []string{"asc", "desc"} {
			query := "/bookings?state=all&size=100&order=" + order + "&sort=" + sort
			rows, _ := allRows(t, h, s.page("SPRING15", query))
			lists[i] = rows["Booking"]
			if len(lists[i]) != 235 {
				t.Fatalf("%s: %d rows", query, len(lists[i]))
			}
			if head == "Subtotal" || head == "Discount" {
				amounts := make([]decimal.Decimal, len(rows[head]))
				for j, cell := range rows[head] {
					amounts[j] = dollars(t, cell)
				}
				if !slices.IsSortedFunc(amounts, func(a, b decimal.Decimal) int {
					if order == "desc" {
						a, b = b, a
					}
					return a.Cmp(b)
				}) {
					t.Errorf("%s is not sorted", query)
				}
			}
			page := parse(t, get(t, h, s.page("SPRING15", query)))
			for _, th := range page.all(named("thead"))[0].all(named("th")) {
				want := ""
				if strings.TrimRight(th.words(), " ▲▼") == head {
					want = order + "ending"
				}
				if th.attr["aria-sort"] != want {
					t.Errorf("%s: %s says it is sorted %q", query, th.words(), th.attr["aria-sort"])
				}
			}
		}
		slices.Reverse(lists[1])
		if !slices.Equal(lists[0], lists[1]) {
			t.Errorf("by %s the two directions are not each other's reverse", sort)
		}
	}
}

// A list without a row still says what to do, and what is not understood is left
// out with a notice.
func TestAnEmptyListLeadsOn(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t)
	contains(t, get(t, h, s.page("SPRING15", "/bookings?q=nobody&period=7d")), "No bookings here.", "Show all bookings", "No booking of this coupon has “nobody”")
	contains(t, get(t, h, s.page("SPRING15", "/bookings?from=2020-01-01&to=2020-01-02")), "No bookings here.", "Show the whole life", "Change the range")
	contains(t, get(t, h, s.page("SPRING15", "/bookings?state=odd&size=7&sort=color&customers=old&cost=low&order=up")), "that is not known here", "<tbody>")
	contains(t, get(t, h, s.page("SPRING15", "/bookings?state=reserved")), "Nothing is reserved")
}

// Live reservations have a list of their own and stand in no total.
func TestReservationsAreListedUntilTheyEnd(t *testing.T) {
	t.Parallel()
	s := narrowShop(t)
	h := s.handler(t)
	rows, totals := allRows(t, h, s.page("PAIR-A", "/bookings?state=reserved"))
	if !slices.Equal(rows["Booking"], []string{"HELD"}) || totals != nil {
		t.Errorf("reserved are %q, totals %v", rows["Booking"], totals)
	}
	if got := rows["State"]; len(got) != 1 || got[0] != "Reserved until 22 Nov 2026, 11:00" {
		t.Errorf("its state is %q", got)
	}
	later, err := coupon.New(coupon.Config{Store: s.store, Now: func() time.Time { return now.Add(time.Hour) }})
	if err != nil {
		t.Fatal(err)
	}
	s.svc = later
	if rows, _ := allRows(t, s.handler(t), s.page("PAIR-A", "/bookings?state=reserved")); len(rows["Booking"]) != 0 {
		t.Errorf("after its end reserved are %q", rows["Booking"])
	}
}

// A booking with two coupons says which the other one was, to whom it may be
// shown.
func TestOtherCouponsOfABookingAreNamed(t *testing.T) {
	t.Parallel()
	s := narrowShop(t)
	rows, _ := allRows(t, s.handler(t), s.page("PAIR-B", "/bookings"))
	if got := rows["Other discounts"]; !slices.Equal(got, []string{"$10.00 with PAIR-A"}) {
		t.Errorf("the other discounts are %q", got)
	}
	h := s.handler(t, func(c *httpui.Config) {
		c.Can = func(_ *http.Request, a httpui.Action, c coupon.Coupon) bool { return c.Code != "PAIR-A" }
	})
	for _, target := range []string{"/bookings", "/bookings?format=json", "/bookings?format=csv", "/booking?id=BOTH", "/booking?id=BOTH&format=json"} {
		if text := get(t, h, s.page("PAIR-B", target)); strings.Contains(text, "PAIR-A") || strings.Contains(text, "First of two") || strings.Contains(text, string(s.ids["PAIR-A"])) {
			t.Errorf("%s tells of a coupon that may not be seen", target)
		}
	}
	contains(t, get(t, h, s.page("PAIR-B", "/bookings")), "with Another coupon")
}

// countReads counts what a page asks the store for.
type countReads struct {
	*memory.Store
	redemptions int
}

func (s *countReads) Redemptions(ctx context.Context, q coupon.RedemptionQuery) ([]coupon.Redemption, error) {
	s.redemptions++
	return s.Store.Redemptions(ctx, q)
}

func TestAPageOfBookingsIsFewReads(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	st := &countReads{Store: s.store}
	svc, err := coupon.New(coupon.Config{Store: st, Now: s.svc.Now})
	if err != nil {
		t.Fatal(err)
	}
	get(t, s.handler(t, func(c *httpui.Config) { c.Service = svc }), s.page("SPRING15", "/bookings?size=200"))
	if st.redemptions > 5 {
		t.Errorf("%d reads of redemptions for one page", st.redemptions)
	}
}

// The list as JSON says the same as the page.
func TestBookingsAsJSON(t *testing.T) {
	t.Parallel()
	s := narrowShop(t)
	h := s.handler(t)
	golden(t, "bookings.json", s.named(get(t, h, s.page("PAIR-A", "/bookings?format=json&state=all"))))
	var got struct {
		Data struct {
			Bookings []struct{ Booking string }
			Totals   []struct {
				Bookings int64
				Revenue  struct{ Amount string }
			}
			After string
		}
	}
	link, seen := s.page("SPRING15", "/bookings?format=json&size=100"), 0
	for after := ""; ; {
		if err := json.Unmarshal([]byte(get(t, h, link+"&after="+url.QueryEscape(after))), &got); err != nil {
			t.Fatal(err)
		}
		seen += len(got.Data.Bookings)
		if after = got.Data.After; after == "" {
			break
		}
		got.Data.After, got.Data.Bookings = "", nil
	}
	_, totals := allRows(t, h, s.page("SPRING15", "/bookings"))
	if want := totals[0].kids[3].words(); int64(seen) != got.Data.Totals[0].Bookings || !decimal.RequireFromString(got.Data.Totals[0].Revenue.Amount).Equal(dollars(t, want)) {
		t.Errorf("JSON: %d bookings, totals %+v; the page says %s", seen, got.Data.Totals, want)
	}
	if _, err := strconv.ParseFloat(got.Data.Totals[0].Revenue.Amount, 64); err != nil || !strings.Contains(got.Data.Totals[0].Revenue.Amount, ".") {
		t.Errorf("revenue %q", got.Data.Totals[0].Revenue.Amount)
	}
}

// named puts the code of each coupon in place of its id.
func (s *shop) named(text string) string {
	for code, id := range s.ids {
		text = strings.ReplaceAll(text, string(id), "id-of-"+code)
	}
	return text
}
