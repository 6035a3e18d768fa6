package httpui_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/httpui"
	"github.com/couponkit/coupon/store/memory"
)

// zone has summer time; now is a Sunday morning in it.
const zone = "America/New_York"

var now = at("2026-11-22T10:30:00-05:00")

func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

func day(s string) time.Time {
	d, err := coupon.ParseDate(s)
	if err != nil {
		panic(err)
	}
	t, err := coupon.StartOfDay(d, zone)
	if err != nil {
		panic(err)
	}
	return t
}

func usd(s string) coupon.Money { return coupon.MustMoney(s, "USD") }

func pct(n int64) coupon.Discount { return coupon.PercentOff(decimal.NewFromInt(n)) }

// shop is a business with coupons of every status, kind and restriction.
type shop struct {
	store *memory.Store
	svc   *coupon.Service
	ids   map[string]coupon.ID // by code
}

// lockedRand is the same ids in every run, also for requests at the same time.
type lockedRand struct {
	mu   sync.Mutex
	from io.Reader
}

func (r *lockedRand) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.from.Read(p)
}

// newShop makes a shop without coupons.
func newShop(t testing.TB) *shop {
	t.Helper()
	return newShopAt(t, memory.New())
}

func newShopAt(t testing.TB, st *memory.Store) *shop {
	t.Helper()
	svc, err := coupon.New(coupon.Config{Store: st, Now: func() time.Time { return now }, Rand: &lockedRand{from: rand.NewChaCha8([32]byte{1})}})
	if err != nil {
		t.Fatal(err)
	}
	return &shop{store: st, svc: svc.As("anna@example.com"), ids: map[string]coupon.ID{}}
}

func (s *shop) create(t testing.TB, c coupon.Coupon) coupon.Coupon {
	t.Helper()
	if c.Zone == "" {
		c.Zone = zone
	}
	c, err := s.svc.Create(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	s.ids[string(c.Code)] = c.ID
	return c
}

// book redeems a code on a booking of one line.
func (s *shop) book(t testing.TB, code, id, price string, made time.Time, edit ...func(*coupon.Booking)) {
	t.Helper()
	b := coupon.Booking{ID: id, Currency: "USD", MadeAt: made, Customer: coupon.Customer{Key: "c-" + id + "@example.com"},
		Lines: []coupon.Line{{Price: decimal.RequireFromString(price), Quantity: 1}}}
	for _, e := range edit {
		e(&b)
	}
	if _, err := s.svc.Redeem(t.Context(), b, code); err != nil {
		t.Fatalf("redeem %s on %s: %v", code, id, err)
	}
}

func (s *shop) must(t testing.TB) func(any, error) {
	return func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
}

// fullShop has all there is to see: SPRING15 is the coupon that was used most.
func fullShop(t testing.TB) *shop {
	t.Helper()
	s := newShop(t)
	must := s.must(t)
	s.create(t, coupon.Coupon{Code: "SPRING15", Name: "Spring cleaning", Description: "For the mailing of 3 March.\nTwo flyers as well.",
		Discount: pct(15).UpTo(usd("50.00")), Start: day("2026-03-01"),
		Restrictions: coupon.Restrictions{
			MinTotal: usd("40.00"),
			Limits: []coupon.Limit{
				{Of: coupon.Uses, Per: coupon.PerCoupon, Max: 400},
				{Of: coupon.Uses, Per: coupon.PerCustomer, Every: coupon.PerMonth, Max: 2},
				{Of: coupon.DiscountGiven, Per: coupon.PerCoupon, Budget: usd("9000.00")},
			},
		}})
	seed := rand.New(rand.NewPCG(7, 7))
	n := 0
	for d := day("2026-03-02"); d.Before(now); d = d.AddDate(0, 0, 1) {
		month := d.Month()
		uses := seed.IntN(3) - seed.IntN(2)
		if month == time.March && d.Day() > 3 && d.Day() < 15 || month == time.September && d.Day() < 12 {
			uses += 2
		}
		for range uses {
			n++
			made := d.Add(time.Duration(7+seed.IntN(4)) * time.Hour)
			s.book(t, "SPRING15", fmt.Sprintf("B-%04d", 1000+n), fmt.Sprintf("%d.%02d", 45+seed.IntN(260), seed.IntN(100)), made, func(b *coupon.Booking) {
				b.Customer.Key = fmt.Sprintf("customer%d@example.com", n)
				if n%4 > 0 {
					earlier := n % 3
					b.Customer.EarlierBookings = &earlier
				}
				if n%5 > 0 {
					cost := decimal.New(int64(2000+seed.IntN(4000)), -2)
					b.Cost = &cost
				}
				switch n % 7 {
				case 0: // without a service date
				case 1:
					b.Service = coupon.ServiceDay(coupon.DateOf(made.AddDate(0, 0, 6)))
				default:
					b.Service = coupon.ServiceTime(made.AddDate(0, 0, 4).Add(3 * time.Hour))
				}
				if n%3 == 0 {
					b.Type, b.Frequency = coupon.Recurring, coupon.EveryTwoWeeks
				}
			})
			id := fmt.Sprintf("B-%04d", 1000+n)
			switch {
			case n%19 == 0:
				must(s.svc.Cancel(t.Context(), id))
			case n%23 == 0:
				must(s.svc.Refund(t.Context(), id, coupon.Refund{Key: "r1", Amount: usd("20.00")}))
			}
		}
	}
	must(s.svc.AddNote(t.Context(), s.ids["SPRING15"], at("2026-03-03T09:00:00-05:00"), "E-mail “Spring is here” to 2,400 customers"))
	must(s.svc.AddNote(t.Context(), s.ids["SPRING15"], at("2026-09-01T09:00:00-04:00"), "Flyers in the north of the city"))

	s.create(t, coupon.Coupon{Code: "WELCOME20", Name: "Welcome", Audience: coupon.NewCustomers, Discount: coupon.AmountOff(usd("20.00")), Start: day("2026-01-01"), End: day("2027-01-01")})
	s.create(t, coupon.Coupon{Code: "SUMMER-WINDOWS", Name: "Windows in summer", Discount: coupon.AmountOffPerUnit(usd("2.50")), Start: day("2026-06-01"), End: day("2026-07-08"),
		Restrictions: coupon.Restrictions{MinUnits: 3, Matches: []coupon.Match{{On: coupon.OnLine, Key: "service", AnyOf: []string{"window", "glass roof"}}, {On: coupon.OnCustomer, Key: "group", NoneOf: []string{"staff"}}}}})
	for i := range 8 {
		s.book(t, "SUMMER-WINDOWS", fmt.Sprint("W-", i), "30.00", day("2026-06-03").AddDate(0, 0, 3*i), func(b *coupon.Booking) {
			b.Lines[0].Quantity, b.Lines[0].Attributes = 4, coupon.Attributes{"service": {"window"}}
			b.Customer.Attributes = coupon.Attributes{"group": {"vip"}}
		})
	}
	s.create(t, coupon.Coupon{Code: "FIRST10", Name: "The first ten", Discount: pct(50), Start: day("2026-05-01"),
		Restrictions: coupon.Restrictions{Limits: []coupon.Limit{{Of: coupon.Uses, Per: coupon.PerCoupon, Max: 10}}}})
	for i := range 10 {
		s.book(t, "FIRST10", fmt.Sprint("F-", i), "80.00", day("2026-05-01").Add(time.Duration(9+i)*time.Hour))
	}
	s.create(t, coupon.Coupon{Code: "WINTER26", Name: "Winter offer", Discount: pct(10), Start: day("2026-12-01"), End: day("2027-03-01"), Combinable: true,
		Restrictions: coupon.Restrictions{BookingType: coupon.Recurring, Frequencies: []coupon.Frequency{coupon.EveryWeek, coupon.EveryTwoWeeks}, Days: []time.Weekday{1, 2, 3, 4, 5},
			Hours: []coupon.Hours{{From: 9 * 3600, To: 12 * 3600}, {From: 22 * 3600, To: 2 * 3600}}, MaxTotal: usd("500.00")}})
	s.create(t, coupon.Coupon{Code: "LOYAL5", Audience: coupon.ExistingCustomers, Discount: pct(5), Start: day("2025-01-01"), ValidBy: coupon.ServiceAt,
		Restrictions: coupon.Restrictions{Limits: []coupon.Limit{{Of: coupon.Uses, Per: coupon.PerCode, Max: 1}, {Of: coupon.Uses, Per: coupon.PerCoupon, Every: coupon.PerDay, Max: 3}}}})
	must(s.svc.Deactivate(t.Context(), s.ids["LOYAL5"]))
	s.create(t, coupon.Coupon{Code: "OLD1", Name: "Put away", Discount: pct(5), Start: day("2025-01-01")})
	must(s.svc.Archive(t.Context(), s.ids["OLD1"]))

	s.create(t, coupon.Coupon{Code: "TWO-MONEYS", Name: "Both sides of the border", Discount: pct(10), Start: at("2026-10-01T12:30:00-04:00"), End: at("2027-10-01T18:00:00-04:00")})
	for i := range 20 {
		s.book(t, "TWO-MONEYS", fmt.Sprint("M-", i), "100.00", day("2026-10-02").AddDate(0, 0, 2*i), func(b *coupon.Booking) {
			if i%3 == 0 {
				b.Currency = "CAD"
			}
		})
	}
	return s
}

// everybody lets in whoever asks.
func everybody(*http.Request) (string, error) { return "owner@example.com", nil }

// handler makes the pages of a shop; edit changes the usual Config.
func (s *shop) handler(t testing.TB, edit ...func(*httpui.Config)) *httpui.Handler {
	t.Helper()
	cfg := httpui.Config{Service: s.svc, Authorize: everybody, BasePath: "/admin/coupons", Title: "Brightside",
		BookingURL: func(id string) string { return "/admin/bookings/" + id }}
	for _, e := range edit {
		e(&cfg)
	}
	h, err := httpui.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func newRecorder() *httptest.ResponseRecorder { return httptest.NewRecorder() }

// ask sends a request; headers are pairs.
func ask(t testing.TB, h http.Handler, method, target string, headers ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

// get gives the text of a page that must be there.
func get(t testing.TB, h http.Handler, target string, headers ...string) string {
	t.Helper()
	res := ask(t, h, "GET", target, headers...)
	if res.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: %s\n%s", target, res.Status, body(t, res))
	}
	return body(t, res)
}

func body(t testing.TB, res *http.Response) string {
	t.Helper()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

const base = "/admin/coupons"

// page is the URL of a coupon's page, or of one below it.
func (s *shop) page(code, rest string) string { return base + "/c/" + string(s.ids[code]) + rest }

// contains fails for each text that a page does not have.
func contains(t testing.TB, page string, texts ...string) {
	t.Helper()
	for _, x := range texts {
		if !strings.Contains(page, x) {
			t.Errorf("the page does not have %q", x)
		}
	}
}
