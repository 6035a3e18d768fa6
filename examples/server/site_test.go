package main

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/couponkit/coupon"
)

func TestEveryPageAnswers(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, v visitor) {
		id := string(v.coupon("SPARKLE15").ID)
		for path, want := range map[string]struct {
			status int
			text   string
		}{
			"/":                           {200, "SPARKLE15"},
			"/book":                       {200, "Standard cleaning"},
			"/book?code=STEADY10":         {200, `value="STEADY10"`},
			"/bookings/BH-10001":          {200, "What was booked"},
			"/bookings/BH-NONE":           {404, "no booking of that number"},
			"/no/such/page":               {404, "no such page"},
			"/book/price":                 {405, ""},
			"/static/site.css":            {200, "--brand"},
			"/static/sun.svg":             {200, "<svg"},
			adminPath:                     {307, ""},
			adminPath + "/":               {200, "SPARKLE15"},
			adminPath + "/c/" + id:        {200, "Total Bookings"},
			adminPath + "/c/" + id + "/x": {404, ""},
			adminPath + "x/":              {404, "no such page"},
		} {
			a := v.get(path)
			if a.status != want.status || !strings.Contains(a.body, want.text) {
				t.Errorf("GET %s: %d, want %d with %q:\n%s", path, a.status, want.status, want.text, a.body)
			}
			if a.status != http.StatusTemporaryRedirect && !strings.Contains(a.header.Get("Content-Security-Policy"), "default-src 'none'") {
				t.Errorf("GET %s: no strict content security policy: %v", path, a.header)
			}
			if inline := regexp.MustCompile(`(?i)<style|<script[^>]*>[^<]|\sstyle=|\son[a-z]+=`).FindString(a.body); inline != "" && !strings.HasPrefix(path, "/static") {
				t.Errorf("GET %s: inline %q breaks the policy", path, inline)
			}
		}
	})
}

func TestApplyShowsThePriceAndWritesNothing(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, v visitor) {
		before := v.coupon("SPARKLE15").Limits[0].Used
		form := v.fill("quantity-windows", "10") // 129.00 of cleaning, 95.00 of windows
		a := v.post("/book/price", form)
		for _, text := range []string{"Code SPARKLE15 takes $19.35 off", "<del>$129.00</del> <ins>−$19.35</ins>", "$95.00", "$224.00", "$204.65"} {
			if !strings.Contains(a.body, text) {
				t.Errorf("the page does not show %q", text)
			}
		}
		if a.status != 200 || v.booked(form.Get("id")) || v.redemptions(form.Get("id")) != nil || v.coupon("SPARKLE15").Limits[0].Used != before {
			t.Errorf("status %d, or something was written", a.status)
		}
	})
}

func TestWhatIsBookedIsFoundOnTheCouponsPage(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, v visitor) {
		form := v.fill()
		id := form.Get("id")
		before := v.coupon("SPARKLE15")
		a := v.post("/book", form)
		if a.status != http.StatusSeeOther || a.location != "/bookings/"+id+"?booked" {
			t.Fatalf("%d to %q:\n%s", a.status, a.location, a.body)
		}
		if page := v.get(a.location).body; !strings.Contains(page, "Your booking number is <strong>"+id) || !strings.Contains(page, "$109.65") ||
			!strings.Contains(page, adminPath+"/c/"+string(before.ID)) {
			t.Errorf("the confirmation lacks the number, the price or the way to the coupon:\n%s", page)
		}
		rs := v.redemptions(id)
		if len(rs) != 1 || rs[0].Coupon != before.ID || rs[0].Discount.String() != "19.35 USD" || rs[0].Customer != "newcomer@example.org" ||
			rs[0].NewCustomer == nil || !*rs[0].NewCustomer || rs[0].MadeAt.Sub(aWednesday).Round(time.Minute) != 0 {
			t.Errorf("redemptions %+v", rs)
		}
		if after := v.coupon("SPARKLE15"); after.Limits[0].Used != before.Limits[0].Used+1 {
			t.Errorf("used %d, then %d", before.Limits[0].Used, after.Limits[0].Used)
		}
		if page := v.get(adminPath + "/c/" + string(before.ID) + "/bookings").body; !strings.Contains(page, "/bookings/"+id) {
			t.Errorf("the coupon's bookings do not link to %s:\n%s", id, page)
		}
	})
}

// Two codes that go together are both taken off, and the booking says of each how
// much; two that don't are refused, both.
func TestTwoCodesOnOneBooking(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, v visitor) {
		// A Monday morning, every two weeks: 129.00 − 10.00, and 12% of the rest.
		form := v.fill("code", "steady10,  EARLYWEEK12", "date", "2026-07-20", "time", "09:00", "frequency", string(coupon.EveryTwoWeeks))
		id := form.Get("id")
		if page := v.post("/book/price", form).body; !strings.Contains(page, "Code STEADY10 takes $10.00 off.") ||
			!strings.Contains(page, "Code EARLYWEEK12 takes $14.28 off.") || !strings.Contains(page, "$104.72") {
			t.Errorf("the price:\n%s", page)
		}
		for range 2 { // the same form again is the same booking
			if a := v.post("/book", form); a.status != http.StatusSeeOther || a.location != "/bookings/"+id+"?booked" {
				t.Fatalf("%d to %q:\n%s", a.status, a.location, a.body)
			}
		}
		page := v.get("/bookings/" + id).body
		for _, text := range []string{"Coupon STEADY10</dt><dd>−$10.00", "Coupon EARLYWEEK12</dt><dd>−$14.28", "$104.72",
			adminPath + "/c/" + string(v.coupon("STEADY10").ID), adminPath + "/c/" + string(v.coupon("EARLYWEEK12").ID)} {
			if !strings.Contains(page, text) {
				t.Errorf("the booking does not show %q", text)
			}
		}
		if page := v.get(adminPath + "/c/" + string(v.coupon("STEADY10").ID) + "/bookings").body; !strings.Contains(page, "EARLYWEEK12") {
			t.Error("the owner does not see the other coupon in the list")
		}
		if a := v.post("/bookings/"+id+"/cancel", nil); a.status != http.StatusSeeOther {
			t.Errorf("cancelling: %d", a.status)
		}
		for _, r := range v.redemptions(id) {
			if r.State != coupon.Cancelled {
				t.Errorf("%s is %s", r.Code, r.State)
			}
		}
		form.Set("code", "steady10, nosuch")
		if page := v.post("/book/price", form).body; !strings.Contains(page, "The code nosuch can&#39;t be used for this booking.") || strings.Contains(page, "The code steady10") {
			t.Errorf("it is not said which code can't be used:\n%s", page)
		}
		alone := v.fill("code", "STEADY10, SPARKLE15,", "frequency", string(coupon.EveryTwoWeeks))
		if a := v.post("/book", alone); a.status != http.StatusUnprocessableEntity || v.booked(alone.Get("id")) || v.redemptions(alone.Get("id")) != nil {
			t.Errorf("two that don't go together: %d", a.status)
		}
	})
}

func TestTheSameFormTwiceIsOneBooking(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, v visitor) {
		form := v.fill()
		before := v.coupon("SPARKLE15").Limits[0].Used
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if a := v.post("/book", form); a.status != http.StatusSeeOther {
					t.Errorf("%d: %s", a.status, a.body)
				}
			})
		}
		wg.Wait()
		if used := v.coupon("SPARKLE15").Limits[0].Used; used != before+1 || len(v.redemptions(form.Get("id"))) != 1 {
			t.Errorf("used %d, then %d, want one more", before, used)
		}
		// The same number with something else is not the same booking.
		form.Set("quantity-standard-clean", "2")
		a := v.post("/book", form)
		b, err := v.db.ledger.booking(t.Context(), form.Get("id"))
		if err != nil {
			t.Fatal(err)
		}
		if a.status != http.StatusConflict || strings.Contains(a.body, form.Get("id")+`"`) || b.Lines[0].Quantity != 1 {
			t.Errorf("%d, quantity %d: want a conflict and a new number", a.status, b.Lines[0].Quantity)
		}
	})
}

func TestACodeThatIsRefused(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, v visitor) {
		regular := v.served().Customer
		for name, tt := range map[string]struct {
			fields []string
			want   string
		}{
			"unknown":                {[]string{"code", "NOSUCHCODE"}, coupon.NotValid},
			"not a code":             {[]string{"code", "NO+SUCH"}, coupon.NotValid},
			"used up":                {[]string{"code", "FIRST60"}, coupon.NotValid},
			"archived":               {[]string{"code", "HANDY15"}, coupon.NotValid},
			"inactive":               {[]string{"code", "LOYAL10"}, coupon.NotValid},
			"scheduled":              {[]string{"code", "BRIGHT30"}, coupon.NotValid},
			"expired, and too small": {[]string{"code", "MOVE50"}, coupon.NotValid},
			"not a new customer":     {[]string{"code", "WELCOME20", "email", regular}, coupon.NotValid},
			"another day":            {[]string{"code", "EARLYWEEK12", "date", "2026-07-23"}, "This code is for bookings on Monday and Tuesday."},
			"another hour":           {[]string{"code", "EARLYWEEK12", "time", "14:00"}, "This code is for bookings at 08:00–13:00."},
			"no hour":                {[]string{"code", "EARLYWEEK12", "time", ""}, "Choose a time first: this code depends on it."},
			"one-time":               {[]string{"code", "STEADY10"}, "This code is for recurring bookings."},
			"every month":            {[]string{"code", "STEADY10", "frequency", "monthly"}, "This code is for weekly and every-2-weeks bookings."},
			"nothing eligible":       {[]string{"quantity-standard-clean", "", "quantity-handyman", "3"}, "This code does not apply to anything in this booking."},
		} {
			form := v.fill(tt.fields...)
			shown := strings.ReplaceAll(tt.want, "'", "&#39;")
			if a := v.post("/book/price", form); a.status != http.StatusOK || !strings.Contains(a.body, shown) || strings.Contains(a.body, " off.</p>") {
				t.Errorf("%s: Apply gives %d without %q", name, a.status, tt.want)
			}
			if a := v.post("/book", form); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, shown) || v.booked(form.Get("id")) {
				t.Errorf("%s: Book gives %d without %q, or books", name, a.status, tt.want)
			}
			form.Set("code", "")
			if a := v.post("/book", form); a.status != http.StatusSeeOther || v.redemptions(form.Get("id")) != nil {
				t.Errorf("%s: without the code it gives %d", name, a.status)
			}
		}
	})
}

// A stranger can't tell from the answer whether a code exists.
func TestARefusalThatHidesTheCodeHidesTheRest(t *testing.T) {
	t.Parallel()
	minimum := coupon.Refusal{Reason: coupon.BelowMinimum, Required: coupon.Fact{Money: usd("300.00")}}
	if got := public([]coupon.Refusal{{Reason: coupon.HasEnded}, minimum}, false); len(got) != 1 || got[0] != coupon.NotValid {
		t.Errorf("an ended code says %q", got)
	}
	if got := public([]coupon.Refusal{minimum, minimum}, false); len(got) != 1 || !strings.Contains(got[0], "300.00") {
		t.Errorf("a running one says %q", got)
	}
}

func TestTheLastUseMayBeGoneBetweenApplyAndBook(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, v visitor) {
		form := v.fill()
		if a := v.post("/book/price", form); !strings.Contains(a.body, "takes $19.35 off") {
			t.Fatalf("not applied: %s", a.body)
		}
		if _, err := v.svc.Deactivate(t.Context(), v.coupon("SPARKLE15").ID); err != nil {
			t.Fatal(err)
		}
		a := v.post("/book", form)
		if a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, "Nothing is booked yet") || v.booked(form.Get("id")) || v.redemptions(form.Get("id")) != nil {
			t.Errorf("%d, booked %v", a.status, v.booked(form.Get("id")))
		}
	})
}

func TestCancellingGivesTheUseBack(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, v visitor) {
		before := v.coupon("SPARKLE15").Limits[0].Used
		form := v.fill()
		id := form.Get("id")
		v.post("/book", form)
		for range 2 {
			if a := v.post("/bookings/"+id+"/cancel", nil); a.status != http.StatusSeeOther {
				t.Fatalf("%d: %s", a.status, a.body)
			}
		}
		if page := v.get("/bookings/" + id).body; !strings.Contains(page, "Cancelled on") || strings.Contains(page, "Cancel this booking") {
			t.Errorf("the page does not say that it is cancelled:\n%s", page)
		}
		if rs := v.redemptions(id); len(rs) != 1 || rs[0].State != coupon.Cancelled || v.coupon("SPARKLE15").Limits[0].Used != before {
			t.Errorf("redemptions %+v", rs)
		}
		// The form that made it does not make it again.
		if a := v.post("/book", form); a.status != http.StatusSeeOther || v.redemptions(id)[0].State != coupon.Cancelled {
			t.Errorf("the form again: %d", a.status)
		}
		if a := v.post("/bookings/"+v.served().ID+"/cancel", nil); a.status != http.StatusConflict {
			t.Errorf("a booking of last year: %d", a.status)
		}
		if a := v.post("/bookings/BH-NONE/cancel", nil); a.status != http.StatusNotFound {
			t.Errorf("no booking: %d", a.status)
		}
	})
}

func TestFieldsThatAreWrongAreNamed(t *testing.T) {
	t.Parallel()
	v := visit(t)
	for name, tt := range map[string]struct {
		field, value, want string
	}{
		"no service":    {"quantity-standard-clean", "0", "at least one service"},
		"too many":      {"quantity-windows", "61", "Choose 0 to 60."},
		"not a number":  {"quantity-windows", "1e3", "Choose 0 to 60."},
		"no day":        {"date", "", "Choose a day."},
		"yesterday":     {"date", "2026-07-14", "from tomorrow on"},
		"next year":     {"date", "2027-07-14", "within half a year"},
		"Sunday":        {"date", "2026-07-19", "closed on Sundays"},
		"at night":      {"time", "22:00", "one of the times"},
		"odd frequency": {"frequency", "hourly", "one of the list"},
		"odd area":      {"area", "moon", "one of the list"},
		"no e-mail":     {"email", "", "Enter an e-mail address"},
		"two e-mails":   {"email", "a@example.org, b@example.org", "Enter an e-mail address"},
		"a name":        {"email", "Ann <ann@example.org>", "Enter an e-mail address"},
	} {
		form := v.fill(tt.field, tt.value)
		if a := v.post("/book", form); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, tt.want) || v.booked(form.Get("id")) {
			t.Errorf("%s: %d without %q, or booked:\n%s", name, a.status, tt.want, a.body)
		}
		if a := v.post("/book/price", form); a.status != http.StatusOK {
			t.Errorf("%s: Apply gives %d", name, a.status)
		}
	}
	if a := v.post("/book", url.Values{"id": {strings.Repeat("x", 100_000)}}); a.status != http.StatusBadRequest {
		t.Errorf("a form of 100 kB: %d", a.status)
	}
}

func TestOtherSitesCannotPost(t *testing.T) {
	t.Parallel()
	v := visit(t)
	form := v.fill()
	for _, path := range []string{"/book", "/book/price", "/bookings/BH-10001/cancel", adminPath + "/c/" + string(v.coupon("SPARKLE15").ID) + "/deactivate"} {
		for _, header := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://elsewhere.example"}} {
			if a := v.post(path, form, header...); a.status != http.StatusForbidden {
				t.Errorf("POST %s with %v: %d, want 403", path, header, a.status)
			}
		}
	}
	if v.booked(form.Get("id")) || v.coupon("SPARKLE15").Inactive {
		t.Error("something was done all the same")
	}
}

func TestTheAdminAnswersOnThisMachineOnly(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		peer, host string
		in         bool
	}{
		{"127.0.0.1:50000", "127.0.0.1:8080", true},
		{"127.0.0.1:50000", "localhost:8080", true},
		{"[::1]:50000", "[::1]:8080", true},
		{"[::ffff:127.0.0.1]:50000", "localhost", true},
		{"192.0.2.7:50000", "127.0.0.1:8080", false},
		{"127.0.0.1:50000", "rebound.example:8080", false},
		{"127.0.0.1:50000", "", false},
		{"", "localhost", false},
	} {
		actor, err := owner(&http.Request{RemoteAddr: tt.peer, Host: tt.host})
		if (err == nil) != tt.in || tt.in && actor != "owner" {
			t.Errorf("%s at %s: %q, %v", tt.peer, tt.host, actor, err)
		}
	}
}

// The count of earlier bookings is the host's: it must be what the coupons have
// recorded for the same bookings.
func TestTheLedgerKnowsWhoIsNew(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, v visitor) {
		n := 0
		for r, err := range v.svc.Redemptions(t.Context(), coupon.RedemptionFilter{}) {
			if err != nil {
				t.Fatal(err)
			}
			if r.NewCustomer == nil {
				continue
			}
			h, err := v.db.ledger.history(t.Context(), r.Customer, r.MadeAt)
			if err != nil {
				t.Fatal(err)
			}
			if n++; *r.NewCustomer != (h.Completed == 0) {
				t.Errorf("%s: new is %v, %d completed bookings in the ledger", r.Booking, *r.NewCustomer, h.Completed)
			}
		}
		if n < 300 {
			t.Errorf("only %d customers known", n)
		}
		if drift, err := v.svc.Verify(t.Context()); err != nil || len(drift) > 0 {
			t.Errorf("counters are off: %v, %v", drift, err)
		}
	})
}
