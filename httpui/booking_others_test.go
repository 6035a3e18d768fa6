package httpui_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/httpui"
)

// together is a shop with the combinable coupons A, 10%, and B, 5%, and a clock
// that can be moved on.
type together struct {
	*shop
	t     testing.TB
	clock time.Time
	x     coupon.Booking // of $100.00
}

func newTogether(t testing.TB) *together {
	t.Helper()
	s := &together{shop: newShop(t), t: t, clock: now}
	svc, err := coupon.New(coupon.Config{Store: s.store, Now: func() time.Time { return s.clock }})
	if err != nil {
		t.Fatal(err)
	}
	s.svc = svc
	s.create(t, coupon.Coupon{Code: "A", Name: "First", Discount: pct(10), Start: day("2026-10-01"), Combinable: true})
	s.create(t, coupon.Coupon{Code: "B", Name: "Second", Discount: pct(5), Start: day("2026-10-01"), Combinable: true})
	s.x = coupon.Booking{ID: "X", Currency: "USD", MadeAt: now, Lines: []coupon.Line{{ID: "clean", Price: decimal.NewFromInt(100), Quantity: 1}}}
	return s
}

func (s *together) redeem(codes ...string) { s.must(s.t)(s.svc.RedeemAll(s.t.Context(), s.x, codes)) }
func (s *together) reopen(codes ...string) { s.must(s.t)(s.svc.Reopen(s.t.Context(), s.x, codes...)) }
func (s *together) cancel()                { s.must(s.t)(s.svc.Cancel(s.t.Context(), s.x.ID)) }
func (s *together) reserve(codes ...string) {
	s.must(s.t)(s.svc.Reserve(s.t.Context(), s.x, time.Hour, codes...))
}
func (s *together) amend(price int64) {
	s.x.Lines = []coupon.Line{{ID: "clean", Price: decimal.NewFromInt(price), Quantity: 1}}
	s.must(s.t)(s.svc.Amend(s.t.Context(), s.x))
}

// linesOf are the lines of a list of amounts.
func linesOf(lists []*node) (out []string) {
	for _, dl := range lists {
		for _, div := range dl.all(named("div")) {
			out = append(out, div.words())
		}
	}
	return out
}

// What a page says of the other coupon of a booking is how that one stands on it:
// only what is taken off is subtracted, the lines add up, and lists name only what
// was used too.
func TestEachOtherCouponOfABookingIsShownAsItStands(t *testing.T) {
	t.Parallel()
	const until = "until 22 Nov 2026, 11:30"
	type seen struct {
		sum    string // of the other coupon in the amounts, above what is left to pay
		beside string // of it below, where it is not in that sum
		list   string // the cell of the list, in whichever tab the booking is; empty without the column, where nothing was taken off
	}
	for _, tt := range []struct {
		name string
		do   func(s *together)
		a, b seen
	}{
		{"both redeemed", func(s *together) { s.redeem("A", "B") },
			seen{"Second B Redeemed−$4.50", "", "$4.50 with B"}, seen{"First A Redeemed−$10.00", "", "$10.00 with A"}},
		{"one later than the other", func(s *together) { s.redeem("A"); s.redeem("B") },
			seen{"Second B Redeemed−$4.50", "", "$4.50 with B"}, seen{"First A Redeemed−$10.00", "", "$10.00 with A"}},
		{"the other is reserved", func(s *together) { s.redeem("A"); s.reserve("B") },
			seen{"", "Second B Reserved " + until + "$4.50", ""}, seen{"First A Redeemed−$10.00", "", "$10.00 with A"}},
		{"both reserved", func(s *together) { s.reserve("A", "B") },
			seen{"Second B Reserved " + until + "−$4.50", "", "$4.50 with B"}, seen{"First A Reserved " + until + "−$10.00", "", "$10.00 with A"}},
		{"both were reserved, and their time has passed", func(s *together) { s.reserve("A", "B"); s.clock = now.Add(time.Hour) },
			seen{"Second B Reservation expired−$4.50", "", ""}, seen{"First A Reservation expired−$10.00", "", ""}},
		{"the other's reservation has expired", func(s *together) { s.redeem("A"); s.reserve("B"); s.clock = now.Add(time.Hour) },
			seen{"", "Second B Reservation expired$4.50", ""}, seen{"First A Redeemed−$10.00", "", ""}},
		{"redeemed after the other had expired", func(s *together) { s.reserve("B"); s.clock = now.Add(time.Hour); s.redeem("A") },
			seen{"", "Second B Reservation expired$5.00", ""}, seen{"", "First A Redeemed$10.00", ""}},
		{"the other is released", func(s *together) { s.redeem("A"); s.reserve("B"); s.must(s.t)(s.svc.Release(s.t.Context(), "X")) },
			seen{"", "Second B Released$4.50", ""}, seen{"First A Redeemed−$10.00", "", ""}},
		{"both cancelled", func(s *together) { s.redeem("A", "B"); s.cancel() },
			seen{"Second B Cancelled−$4.50", "", "$4.50"}, seen{"First A Cancelled−$10.00", "", "$10.00"}},
		{"cancelled while the other was reserved", func(s *together) { s.redeem("A"); s.reserve("B"); s.cancel() },
			seen{"", "Second B Released$4.50", ""}, seen{"Other coupons at the time−$10.00", "First A Cancelled$10.00", ""}},
		{"reopened without the other", func(s *together) { s.redeem("A", "B"); s.cancel(); s.reopen("A") },
			seen{"", "Second B Cancelled$4.50", ""}, seen{"Other coupons at the time−$10.00", "First A Redeemed$10.00", "$10.00"}},
		{"the other reopened alone, with more", func(s *together) { s.redeem("A", "B"); s.cancel(); s.reopen("B") },
			seen{"Other coupons at the time−$4.50", "Second B Redeemed$5.00", "$4.50"}, seen{"", "First A Cancelled$10.00", ""}},
		{"redeemed after the other was cancelled", func(s *together) { s.redeem("B"); s.cancel(); s.redeem("A") },
			seen{"", "Second B Cancelled$5.00", ""}, seen{"", "First A Redeemed$10.00", ""}},
		{"cancelled one after the other", func(s *together) { s.redeem("B"); s.cancel(); s.redeem("A"); s.cancel() },
			seen{"", "Second B Cancelled$5.00", ""}, seen{"", "First A Cancelled$10.00", ""}},
		{"amended", func(s *together) { s.redeem("A", "B"); s.amend(200) },
			seen{"Second B Redeemed−$9.00", "", "$9.00 with B"}, seen{"First A Redeemed−$20.00", "", "$20.00 with A"}},
		{"amended after the other was cancelled", func(s *together) { s.redeem("A", "B"); s.cancel(); s.reopen("A"); s.amend(200) },
			seen{"", "Second B Cancelled$4.50", ""}, seen{"Other coupons at the time−$10.00", "First A Redeemed$20.00", "$10.00"}},
		{"refunded", func(s *together) {
			s.redeem("A", "B")
			s.must(s.t)(s.svc.Refund(s.t.Context(), "X", coupon.Refund{Key: "r", Amount: usd("20.00")}))
		}, seen{"Second B Refunded−$4.50", "", "$4.50 with B"}, seen{"First A Refunded−$10.00", "", "$10.00 with A"}},
		{"refunded before the other was reserved", func(s *together) {
			s.redeem("A")
			s.must(s.t)(s.svc.Refund(s.t.Context(), "X", coupon.Refund{Key: "r", Amount: usd("20.00")}))
			s.reserve("B")
		}, seen{"", "Second B Reserved " + until + "$4.50", ""}, seen{"First A Refunded−$10.00", "", "$10.00 with A"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newTogether(t)
			tt.do(s)
			h := s.handler(t)
			for code, want := range map[string]seen{"A": tt.a, "B": tt.b} {
				page := parse(t, get(t, h, s.page(code, "/booking?id=X")))
				lines := linesOf(page.all(class("cp-sums"))[:1])
				i := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, "Revenue") })
				if got := strings.Join(lines[2:i], "; "); got != want.sum {
					t.Errorf("%s: the sum has %q, want %q", code, got, want.sum)
				}
				if got := strings.Join(linesOf(page.all(class("cp-beside"))), "; "); got != want.beside {
					t.Errorf("%s: beside the sum is %q, want %q", code, got, want.beside)
				}
				addsUp(t, lines[:i+1])
				othersAddUp(t, get(t, h, s.page(code, "/booking?id=X&format=json")))
				got := ""
				for _, tab := range []string{"all", "reserved"} {
					rows, _ := allRows(t, h, s.page(code, "/bookings?state="+tab))
					got += strings.Join(rows["Other discounts"], "; ")
				}
				if got != want.list {
					t.Errorf("%s: the list says %q, want %q", code, got, want.list)
				}
			}
		})
	}
}

// addsUp takes the lines of a sum: all but the last make the last.
func addsUp(t *testing.T, lines []string) {
	t.Helper()
	sum := decimal.Zero
	for i, l := range lines {
		d := dollars(t, l[max(strings.LastIndex(l, "$"), 0):])
		if strings.Contains(l, "−$") {
			d = d.Neg()
		}
		if i < len(lines)-1 {
			sum = sum.Add(d)
		} else if !sum.Equal(d) {
			t.Errorf("the lines make %s: %q", sum, lines)
		}
	}
}

// othersAddUp checks the same of a booking as JSON, and that what it says of other
// coupons is within what they took off.
func othersAddUp(t *testing.T, text string) {
	t.Helper()
	type money struct{ Amount decimal.Decimal }
	var got struct {
		Data struct {
			State          coupon.State
			Subtotal       money
			Discount       money
			OtherDiscounts money `json:"other_discounts"`
			Revenue        money
			Others         []struct {
				Code     coupon.Code
				State    coupon.State
				Until    time.Time `json:"expires_at"`
				Included bool
				Discount money
			} `json:"other_coupons"`
		}
	}
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	d := got.Data
	if !d.Subtotal.Amount.Sub(d.Discount.Amount).Sub(d.OtherDiscounts.Amount).Equal(d.Revenue.Amount) {
		t.Errorf("JSON does not add up: %+v", d)
	}
	if len(d.Others) != 1 {
		t.Fatalf("JSON has %d other coupons: %+v", len(d.Others), d)
	}
	o := d.Others[0]
	if o.Included && !o.Discount.Amount.Equal(d.OtherDiscounts.Amount) || (o.State == coupon.Reserved) == o.Until.IsZero() {
		t.Errorf("JSON says of the other coupon %+v in %+v", o, d)
	}
	if d.State == coupon.Redeemed && o.Included != (o.State == coupon.Redeemed) {
		t.Errorf("JSON: of a redeemed booking %+v", o)
	}
}

// Of a coupon that may not be seen it is told how it stands, and no more.
func TestTheStateOfAHiddenCouponIsToldWithoutItsName(t *testing.T) {
	t.Parallel()
	s := newTogether(t)
	s.redeem("A")
	s.reserve("B")
	h := s.handler(t, func(c *httpui.Config) {
		c.Can = func(_ *http.Request, _ httpui.Action, c coupon.Coupon) bool { return c.Code != "B" }
	})
	text := get(t, h, s.page("A", "/booking?id=X"))
	if got := linesOf(parse(t, text).all(class("cp-beside"))); !slices.Equal(got, []string{"Another coupon Reserved until 22 Nov 2026, 11:30$4.50"}) {
		t.Errorf("it is shown as %q", got)
	}
	for _, text := range []string{text, get(t, h, s.page("A", "/booking?id=X&format=json"))} {
		if strings.Contains(text, "Second") || strings.Contains(text, string(s.ids["B"])) {
			t.Error("its name or id is told")
		}
	}
}

// A booking of the same number is another one at another merchant.
func TestAnotherMerchantsCouponsAreOnNoBookingHere(t *testing.T) {
	t.Parallel()
	s := newTogether(t)
	s.redeem("A")
	s.reserve("B")
	theirs := s.svc.With(s.store.Merchant("other"))
	_, err := theirs.Create(t.Context(), coupon.Coupon{Code: "THEIRS", Name: "Of others", Discount: pct(20), Start: day("2026-10-01"), Zone: zone, Combinable: true})
	s.must(t)(nil, err)
	s.must(t)(theirs.Redeem(t.Context(), s.x, "THEIRS"))
	h := s.handler(t)
	for _, target := range []string{"/booking?id=X", "/booking?id=X&format=json", "/bookings", "/bookings?format=json", "/bookings?format=csv"} {
		text := get(t, h, s.page("A", target))
		contains(t, text, "90.00") // without theirs
		for _, x := range []string{"THEIRS", "Of others", "Another coupon", "20.00"} {
			if strings.Contains(text, x) {
				t.Errorf("%s has %q", target, x)
			}
		}
	}
}

// An imported booking may not say what its other coupons took off: then nothing of
// them is subtracted, nor given back.
func TestOtherCouponsThatAnImportDidNotTellOf(t *testing.T) {
	t.Parallel()
	s := newTogether(t)
	past := coupon.PastRedemption{Code: "A", Booking: "X", Currency: "USD", MadeAt: now, Subtotal: decimal.NewFromInt(100), Eligible: decimal.NewFromInt(100), Discount: decimal.NewFromInt(10)}
	told := past
	told.Code, told.OtherDiscounts = "B", past.Discount
	rows := func(yield func(coupon.PastRedemption, error) bool) { _ = yield(past, nil) && yield(told, nil) }
	report, err := s.svc.Import(t.Context(), rows, coupon.ImportOptions{})
	if err != nil || report.Recorded != 2 {
		t.Fatalf("%+v, %v", report, err)
	}
	for code, want := range map[string][2]string{"A": {"Revenue after discount$90.00", "Second B Redeemed$10.00"}, "B": {"First A Redeemed−$10.00", ""}} {
		page := parse(t, get(t, s.handler(t), s.page(code, "/booking?id=X")))
		lines := linesOf(page.all(class("cp-sums"))[:1])
		if got := [2]string{lines[2], strings.Join(linesOf(page.all(class("cp-beside"))), "; ")}; got != want {
			t.Errorf("%s: %q, want %q", code, got, want)
		}
	}
}

// To release what is reserved is nothing that is done to what is redeemed.
func TestAReservationIsReleasedBesideWhatIsRedeemed(t *testing.T) {
	t.Parallel()
	s := newTogether(t)
	s.redeem("A")
	s.reserve("B")
	h := s.handler(t)
	action, fields := formTo(t, parse(t, get(t, h, s.page("B", "/booking?id=X"))), "/booking/release")
	for range 2 {
		res := postForm(t, h, action, fields)
		if res.StatusCode != http.StatusSeeOther {
			t.Fatalf("%s: %s", res.Status, body(t, res))
		}
		contains(t, get(t, h, res.Header.Get("Location")), "The reservation of booking X is released.")
	}
	for code, want := range map[string]coupon.State{"A": coupon.Redeemed, "B": coupon.Released} {
		if r, err := s.svc.Redemption(t.Context(), s.ids[code], "X"); err != nil || r.State != want {
			t.Errorf("%s is %s, want %s, error %v", code, r.State, want, err)
		}
	}
}

// Who wants to release a reservation that is redeemed by then, perhaps paid, does
// not cancel the booking.
func TestAReleaseThatComesTooLateChangesNothing(t *testing.T) {
	t.Parallel()
	s := newTogether(t)
	s.reserve("A", "B")
	h := s.handler(t)
	text := get(t, h, s.page("B", "/booking?id=X"))
	contains(t, text, "It is released for all coupons that are reserved on the booking: Second and First.")
	action, fields := formTo(t, parse(t, text), "/booking/release")
	s.must(t)(s.svc.Confirm(t.Context(), "X"))
	before := s.contents(t)
	const told = "The booking was redeemed meanwhile, so nothing was released."
	res := postForm(t, h, action, fields)
	if text := body(t, res); res.StatusCode != http.StatusConflict || !strings.Contains(text, told) || !strings.Contains(text, "cp-badge-redeemed") {
		t.Errorf("%s: %s", res.Status, text)
	}
	res = postForm(t, h, action, fields, "HX-Request", "true")
	if text := body(t, res); res.StatusCode != http.StatusOK || !strings.Contains(text, told) {
		t.Errorf("htmx: %s: %s", res.Status, text)
	}
	res = postForm(t, h, action+"&format=json", fields)
	if text := body(t, res); res.StatusCode != http.StatusConflict || !strings.Contains(text, told) || !strings.Contains(text, `"conflict"`) {
		t.Errorf("JSON: %s: %s", res.Status, text)
	}
	if s.contents(t) != before {
		t.Error("it was changed")
	}
}

// What can be done is offered where it is done to the coupon whose page it is.
func TestNothingIsOfferedForACouponThatDoesNotStandOnTheBooking(t *testing.T) {
	t.Parallel()
	for _, do := range []func(s *together){
		func(s *together) { s.redeem("A", "B"); s.cancel(); s.reopen("A") },
		func(s *together) { s.redeem("A"); s.reserve("B"); s.must(t)(s.svc.Release(t.Context(), "X")) },
		func(s *together) { s.redeem("A"); s.reserve("B"); s.clock = now.Add(time.Hour) },
	} {
		s := newTogether(t)
		do(s)
		h := s.handler(t)
		if text := get(t, h, s.page("B", "/booking?id=X")); strings.Contains(text, `method="post"`) {
			t.Errorf("of B, which is over, something is offered: %s", text)
		}
		text := get(t, h, s.page("A", "/booking?id=X"))
		contains(t, text, "/booking/cancel", "/booking/refund")
		if strings.Contains(text, "on all coupons of the booking") {
			t.Error("the forms of A name other coupons, on which nothing is done")
		}
	}
}

// A coupon that is over on a booking is not touched by what is done to it, and
// nobody is asked about it.
func TestWhoMayNotActOnACouponThatIsOverMayActOnTheBooking(t *testing.T) {
	t.Parallel()
	s := newTogether(t)
	s.redeem("A", "B")
	s.cancel()
	s.reopen("A")
	h := s.handler(t, func(c *httpui.Config) {
		c.Can = func(_ *http.Request, a httpui.Action, c coupon.Coupon) bool { return a == httpui.View || c.Code == "A" }
	})
	action, fields := formTo(t, parse(t, get(t, h, s.page("A", "/booking?id=X"))), "/booking/cancel")
	if res := postForm(t, h, action, fields); res.StatusCode != http.StatusSeeOther {
		t.Errorf("%s: %s", res.Status, body(t, res))
	}
}
