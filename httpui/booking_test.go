package httpui_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/httpui"
)

// postForm sends a form; headers are pairs.
func postForm(t testing.TB, h http.Handler, target string, form url.Values, headers ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest("POST", target, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

// formTo gives the fields of the form that posts to an address with a suffix.
func formTo(t testing.TB, page *node, part string) (action string, fields url.Values) {
	t.Helper()
	fields = url.Values{}
	for _, f := range page.all(named("form")) {
		if f.attr["method"] == "post" && strings.Contains(f.attr["action"], part) {
			for _, in := range f.all(named("input")) {
				if _, on := in.attr["checked"]; on || in.attr["type"] != "checkbox" {
					fields.Set(in.attr["name"], in.attr["value"])
				}
			}
			return f.attr["action"], fields
		}
	}
	t.Fatalf("no form posts to %s", part)
	return "", nil
}

// facts gives a list of names and what they are.
func factsOf(list *node) map[string]string {
	out := map[string]string{}
	for _, div := range list.all(named("div")) {
		out[div.all(named("dt"))[0].words()] = div.all(named("dd"))[0].words()
	}
	return out
}

func TestOneBookingShowsItsSnapshotAndItsLife(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	must := s.must(t)
	c := s.create(t, coupon.Coupon{Code: "CLEAN", Name: "Clean", Discount: pct(15).UpTo(usd("50.00")), Start: day("2026-10-01"),
		Restrictions: coupon.Restrictions{Matches: []coupon.Match{{On: coupon.OnLine, Key: "kind", AnyOf: []string{"clean"}}}}})
	must(s.svc.AddCode(t.Context(), c.ID, coupon.CouponCode{Code: "ANN-ONLY", Customer: "ann", SingleUse: true}))
	none := 0
	must(s.svc.Redeem(t.Context(), coupon.Booking{ID: "B 1/2", Currency: "USD", MadeAt: at("2026-10-05T18:30:00-04:00"), TaxIncluded: true,
		Customer: coupon.Customer{Key: "ann", EarlierBookings: &none}, Service: coupon.ServiceDay(coupon.Date{Year: 2026, Month: 10, Day: 9}),
		Series: "plan-7", Occurrence: 2, Frequency: coupon.EveryTwoWeeks, Cost: new(decimal.RequireFromString("61.00")),
		Lines: []coupon.Line{{ID: "deep", Price: decimal.RequireFromString("80.00"), Quantity: 1, Attributes: coupon.Attributes{"kind": {"clean"}}},
			{ID: "gift", Price: decimal.RequireFromString("10.00"), Quantity: 2}}}, "ann-only"))
	must(s.svc.Refund(t.Context(), "B 1/2", coupon.Refund{Key: "r1", Amount: usd("8.00")}))
	changed := mustCoupon(t, s, c.ID)
	changed.Discount = pct(20)
	must(s.svc.Update(t.Context(), changed))

	h := s.handler(t)
	list := parse(t, get(t, h, s.page("CLEAN", "/bookings")))
	link := list.all(class("cp-bookings"))[0].all(named("tbody"))[0].all(named("a"))[0].attr["href"]
	page := parse(t, get(t, h, link))
	if got := page.all(named("h1"))[0].words(); got != "Booking B 1/2" {
		t.Errorf("headed %q", got)
	}
	sums := []string{}
	for _, div := range page.all(class("cp-sums"))[0].all(named("div")) {
		sums = append(sums, div.words())
	}
	if want := []string{"Subtotal with tax$100.00", "Discount 15% off, at most $50, on $80.00 of it−$12.00", "Revenue after discount$88.00", "Refunded−$8.00",
		"Left after refunds$80.00", "Cost$61.00", "Margin before refunds$27.00"}; !slices.Equal(sums, want) {
		t.Errorf("amounts\n%q\nwant\n%q", sums, want)
	}
	facts := factsOf(page.all(class("cp-facts"))[0])
	for label, want := range map[string]string{"Code used": "ANN-ONLY for a single use", "Discount promised": "15% off, at most $50", "Coupon then": "Version 1 it is version 2 now",
		"Customer": "ann new customer", "Made": "5 Oct 2026, 18:30 America/New_York", "Service date": "9 Oct 2026 the time is not known", "Type": "Every two weeks booking 2 of series plan-7"} {
		if facts[label] != want {
			t.Errorf("%s: %q, want %q", label, facts[label], want)
		}
	}
	var lines []string
	for _, tr := range page.all(class("cp-lines"))[0].all(named("tbody"))[0].kids {
		lines = append(lines, tr.words())
	}
	if want := []string{"deep1$80.00Yes$12.00", "gift2$20.00No$0.00"}; !slices.Equal(lines, want) {
		t.Errorf("lines %q, want %q", lines, want)
	}
	var life []string
	for _, li := range page.all(class("cp-life"))[0].kids {
		life = append(life, li.words())
	}
	if want := []string{"Redeemed $12.00 off 22 Nov 2026, 10:30 · by anna@example.com", "Refunded $8.00 given back 22 Nov 2026, 10:30 · by anna@example.com"}; !slices.Equal(life, want) {
		t.Errorf("life %q, want %q", life, want)
	}
	contains(t, get(t, h, link), `href="/admin/bookings/B%201/2"`)
	golden(t, "booking.json", s.named(get(t, h, link+"&format=json")))
}

// Only what the coupon was used on has a page, whatever the id looks like.
func TestABookingThatIsNotThere(t *testing.T) {
	t.Parallel()
	s := narrowShop(t)
	h := s.handler(t)
	for _, target := range []string{"/booking", "/booking?id=", "/booking?id=nothing", "/booking?id=B-1001", "/booking?id=" + strings.Repeat("x", 300), "/booking?id=%00", "/booking?id=..%2F.."} {
		if res := ask(t, h, "GET", s.page("PAIR-A", target)); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", target, res.Status)
		}
	}
	for _, action := range []string{"refund", "cancel"} {
		if res := postForm(t, h, s.page("PAIR-A", "/booking/"+action), url.Values{"id": {"B-1001"}, "amount": {"1"}, "key": {"k"}}); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", action, res.Status)
		}
	}
}

// What can't be recorded comes back as it was typed, with the reason beside it,
// and nothing was recorded.
func TestRefundsAreReadAndChecked(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ locale, typed, want string }{
		{"en", "", "How much was given back? At most $36.00."},
		{"en", "ten", "Type an amount such as 12.5."},
		{"en", "0", "Type more than 0."},
		{"en", "-5", "Type more than 0."},
		{"en", "36.01", "At most $36.00 is left of what was paid."},
		{"en", "1.005", "USD amounts have at most 2 digits after the point."},
		{"en", "1e3", "Type an amount such as 12.5."},
		{"en", "99999999999999999", "USD amounts"},
		{"en", "1,5", ""}, // which can't be anything else
		{"de", "12,50", ""},
		{"en", "36", ""},
	} {
		s := narrowShop(t)
		h := s.handler(t, func(c *httpui.Config) { c.Locale = tt.locale })
		action, fields := formTo(t, parse(t, get(t, h, s.page("PAIR-A", "/booking?id=ALONE"))), "/booking/refund")
		key := fields.Get("key")
		fields.Set("amount", tt.typed)
		for _, headers := range [][]string{nil, {"HX-Request", "true"}} {
			before := s.contents(t)
			res := postForm(t, h, action, fields, headers...)
			text := body(t, res)
			if tt.want == "" {
				if res.StatusCode != http.StatusSeeOther && res.Header.Get("HX-Redirect") == "" {
					t.Errorf("%q: %s\n%s", tt.typed, res.Status, text)
				}
				continue
			}
			if want := map[bool]int{true: 200, false: 422}[headers != nil]; res.StatusCode != want {
				t.Errorf("%q: %s, want %d", tt.typed, res.Status, want)
			}
			page := parse(t, text)
			input := page.byID(t, "cp-amount")
			if input.attr["value"] != tt.typed || input.attr["aria-invalid"] != "true" || !strings.Contains(input.attr["aria-describedby"], "cp-amount-error") {
				t.Errorf("%q comes back as %v", tt.typed, input.attr)
			}
			if got := page.byID(t, "cp-amount-error").words(); !strings.HasPrefix(got, tt.want) {
				t.Errorf("%q: told %q, want %q", tt.typed, got, tt.want)
			}
			if page.byID(t, "cp-refund").attr["open"] == "" {
				t.Errorf("%q: the form is closed", tt.typed)
			}
			if _, again := formTo(t, page, "/booking/refund"); again.Get("key") != key {
				t.Errorf("%q: the form has another key", tt.typed)
			}
			if s.contents(t) != before {
				t.Errorf("%q was recorded", tt.typed)
			}
		}
	}
}

// The same form sent twice is one refund; with another amount it is told what was
// recorded already, and can be sent again as a new one.
func TestARefundIsRecordedOnce(t *testing.T) {
	t.Parallel()
	s := narrowShop(t)
	h := s.handler(t)
	action, fields := formTo(t, parse(t, get(t, h, s.page("PAIR-A", "/booking?id=BOTH"))), "/booking/refund")
	fields.Set("amount", "20.00")
	for range 2 {
		res := postForm(t, h, action, fields)
		if res.StatusCode != http.StatusSeeOther {
			t.Fatalf("%s: %s", res.Status, body(t, res))
		}
		contains(t, get(t, h, res.Header.Get("Location")), "$20.00 refunded on booking BOTH.")
	}
	for _, code := range []string{"PAIR-A", "PAIR-B"} { // on all coupons of the booking
		r, err := s.svc.Redemption(t.Context(), s.ids[code], "BOTH")
		if err != nil || !r.Refund.Equal(usd("20.00")) || r.Refunds[0].By != "owner@example.com" {
			t.Errorf("%s: refunded %s by %s, error %v", code, r.Refund, r.Refunds[0].By, err)
		}
	}
	fields.Set("amount", "25.00")
	res := postForm(t, h, action, fields)
	page := parse(t, body(t, res))
	if got := page.byID(t, "cp-amount-error").words(); res.StatusCode != http.StatusConflict || got != "This form has already recorded a refund of $20.00. If this is another one, send it again." {
		t.Errorf("%s, %q", res.Status, got)
	}
	action, again := formTo(t, page, "/booking/refund")
	if again.Get("key") == fields.Get("key") || again.Get("amount") != "25.00" {
		t.Errorf("the form to send again has %v", again)
	}
	if res := postForm(t, h, action, again); res.StatusCode != http.StatusSeeOther {
		t.Errorf("sent again: %s", res.Status)
	}
	contains(t, get(t, h, s.page("PAIR-B", "/booking?id=BOTH")), "−$45.00", "$40.00 of what was paid can be given back", "recorded on all coupons of the booking: PAIR-B and First of two")
}

// What was changed meanwhile is told, and shown as it is.
func TestARefundThatComesTooLate(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		meanwhile func(t *testing.T, s *shop)
		status    int
		want      string
	}{
		{func(t *testing.T, s *shop) { s.must(t)(s.svc.Cancel(t.Context(), "ALONE")) }, 409, "The booking was cancelled meanwhile, so no refund was recorded."},
		{func(t *testing.T, s *shop) {
			s.must(t)(s.svc.Refund(t.Context(), "ALONE", coupon.Refund{Key: "x", Amount: usd("30.00")}))
		}, 422, "At most $6.00 is left of what was paid."},
		{func(t *testing.T, s *shop) {
			s.must(t)(s.svc.Refund(t.Context(), "ALONE", coupon.Refund{Key: "x", Amount: usd("36.00")}))
		}, 409, "All that was paid has been given back already, so no refund was recorded."},
	} {
		s := narrowShop(t)
		h := s.handler(t)
		action, fields := formTo(t, parse(t, get(t, h, s.page("PAIR-A", "/booking?id=ALONE"))), "/booking/refund")
		tt.meanwhile(t, s)
		before := s.contents(t)
		fields.Set("amount", "10")
		res := postForm(t, h, action, fields)
		text := body(t, res)
		if res.StatusCode != tt.status || !strings.Contains(text, tt.want) {
			t.Errorf("%s, want %d and %q", res.Status, tt.status, tt.want)
		}
		if s.contents(t) != before {
			t.Error("it was recorded")
		}
		res = postForm(t, h, action+"&format=json", fields)
		var got struct {
			Error struct {
				Status     int
				Kind, Text string
			}
		}
		if err := json.Unmarshal([]byte(body(t, res)), &got); err != nil || got.Error.Status != tt.status || got.Error.Text != tt.want || got.Error.Kind == "" {
			t.Errorf("as JSON: %+v, error %v", got, err)
		}
	}
}

// Cancelling is confirmed on the page, acts on all coupons of the booking, and
// twice is once.
func TestABookingIsCancelledOnAllItsCoupons(t *testing.T) {
	t.Parallel()
	s := narrowShop(t)
	h := s.handler(t)
	text := get(t, h, s.page("PAIR-A", "/booking?id=BOTH"))
	contains(t, text, "It is cancelled on all coupons of the booking: First of two and PAIR-B.",
		"Each coupon gives its use back or keeps it, as it is set.")
	action, fields := formTo(t, parse(t, text), "/booking/cancel")
	for range 2 {
		res := postForm(t, h, action, fields)
		if res.StatusCode != http.StatusSeeOther {
			t.Fatalf("%s", res.Status)
		}
		now := get(t, h, res.Header.Get("Location"))
		contains(t, now, "Booking BOTH is cancelled.", "it stands in no figure")
		if strings.Contains(now, `method="post"`) {
			t.Error("a cancelled booking can be cancelled or refunded")
		}
	}
	for _, code := range []string{"PAIR-A", "PAIR-B"} {
		if r, err := s.svc.Redemption(t.Context(), s.ids[code], "BOTH"); err != nil || r.State != coupon.Cancelled {
			t.Errorf("%s: %s, error %v", code, r.State, err)
		}
	}
	// A reservation is released.
	text = get(t, h, s.page("PAIR-A", "/booking?id=HELD"))
	contains(t, text, "Release the reservation", "Reservation ends", "until 22 Nov 2026, 11:00")
	action, fields = formTo(t, parse(t, text), "/booking/release")
	res := postForm(t, h, action, fields, "HX-Request", "true")
	contains(t, get(t, h, res.Header.Get("HX-Redirect")), "The reservation of booking HELD is released.")
}

// Whoever may not act on every coupon of a booking may not act on the booking.
func TestOneMayActOnAllCouponsOfABookingOrOnNone(t *testing.T) {
	t.Parallel()
	s := narrowShop(t)
	h := s.handler(t, func(c *httpui.Config) {
		c.Can = func(_ *http.Request, a httpui.Action, c coupon.Coupon) bool {
			return c.Code != "PAIR-B" || a != httpui.Cancel && a != httpui.Refund
		}
	})
	if text := get(t, h, s.page("PAIR-A", "/booking?id=BOTH")); strings.Contains(text, `method="post"`) {
		t.Error("it is offered")
	}
	before := s.contents(t)
	for _, action := range []string{"cancel", "refund"} {
		if res := postForm(t, h, s.page("PAIR-A", "/booking/"+action+"?id=BOTH"), url.Values{"amount": {"1.00"}, "key": {"k"}}); res.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %s", action, res.Status)
		}
	}
	if s.contents(t) != before {
		t.Error("it was done")
	}
	contains(t, get(t, h, s.page("PAIR-A", "/booking?id=ALONE")), "/booking/cancel", "/booking/refund")
}

// What is said to be done is believed only if it is.
func TestDoneIsNotTakenFromTheAddress(t *testing.T) {
	t.Parallel()
	s := narrowShop(t)
	h := s.handler(t)
	for _, query := range []string{"&done=cancelled", "&done=refunded&key=r1", "&done=refunded", "&done=%3Cb%3E"} {
		if text := get(t, h, s.page("PAIR-A", "/booking?id=ALONE"+query)); strings.Contains(text, "cp-notice-done") {
			t.Errorf("%s: it says that something was done", query)
		}
	}
}

// Its life shows also what was reserved, reopened, changed and costed, in its
// order.
func TestALongLife(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	must := s.must(t)
	s.create(t, coupon.Coupon{Code: "LONG", Discount: pct(10), Start: day("2026-10-01")})
	b := coupon.Booking{ID: "B", Currency: "USD", MadeAt: now, Lines: []coupon.Line{{Price: decimal.NewFromInt(100), Quantity: 1}}}
	must(s.svc.Reserve(t.Context(), b, time.Hour, "LONG"))
	must(s.svc.Confirm(t.Context(), "B"))
	must(s.svc.SetCost(t.Context(), "B", new(usd("40.00"))))
	b.Lines[0].Price = decimal.NewFromInt(200)
	must(s.svc.Amend(t.Context(), b))
	must(s.svc.Cancel(t.Context(), "B"))
	must(s.svc.Reopen(t.Context(), b, "LONG"))
	page := parse(t, get(t, s.handler(t), s.page("LONG", "/booking?id=B")))
	var life []string
	for _, li := range page.all(class("cp-life"))[0].all(class("cp-life-head")) {
		life = append(life, li.words())
	}
	want := []string{"Reserved $10.00 off", "Redeemed $10.00 off", "Cost became known $40.00", "Changed $20.00 off now", "Cancelled $20.00 not given after all", "Reopened $20.00 off"}
	if !slices.Equal(life, want) {
		t.Errorf("its life is\n%q\nwant\n%q", life, want)
	}
}
