package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/store/memory"
)

var everyStatus = []coupon.Status{coupon.Active, coupon.Scheduled, coupon.Expired, coupon.UsedUp, coupon.Inactive, coupon.Archived}

// days on which somebody may start the server: the data must be good on all of
// them. Among them a leap day, days on which the clocks change, and a New Year.
func days(t *testing.T) map[string]time.Time {
	t.Helper()
	loc, err := businessZone()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]time.Time{}
	for _, d := range []string{"2024-02-29", "2025-03-09", "2025-11-02", "2026-01-01", "2026-07-19", "2027-05-03"} {
		at, err := time.ParseInLocation("2006-01-02 15:04", d+" 16:20", loc)
		if err != nil {
			t.Fatal(err)
		}
		out[d] = at
	}
	return out
}

// lived is the business after the simulation.
type lived struct {
	svc      *coupon.Service
	bookings []booking
	coupons  map[coupon.Code]coupon.CouponState
}

func live(t *testing.T, now time.Time) lived {
	t.Helper()
	st := memory.New()
	bookings, _, err := simulate(t.Context(), st, now)
	if err != nil {
		t.Fatal(err)
	}
	svc, err := coupon.New(coupon.Config{Store: st, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	l := lived{svc: svc, bookings: bookings, coupons: map[coupon.Code]coupon.CouponState{}}
	for c, err := range svc.Coupons(t.Context(), coupon.CouponFilter{Statuses: everyStatus}) {
		if err != nil {
			t.Fatal(err)
		}
		l.coupons[c.Code] = c
	}
	return l
}

// listing is everything there is, as text.
func (l lived) listing(t *testing.T, before time.Time) (out []string) {
	t.Helper()
	for _, code := range slices.Sorted(maps.Keys(l.coupons)) {
		c := l.coupons[code]
		for v, err := range l.svc.Versions(t.Context(), c.ID) {
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, fmt.Sprintf("%+v", v))
		}
		notes, err := l.svc.Notes(t.Context(), c.ID)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, fmt.Sprintf("%+v", notes))
	}
	for _, b := range l.bookings {
		if b.MadeAt.Before(before) {
			out = append(out, fmt.Sprintf("%s %s %s %v %d", b.ID, b.MadeAt, b.Customer, b.Lines, b.Discount))
		}
	}
	for _, r := range l.redemptions(t, coupon.RedemptionFilter{Range: coupon.Range{To: before}}) {
		out = append(out, fmt.Sprintf("%s %s %s %s %s", r.Coupon, r.Booking, r.MadeAt, r.Subtotal, r.Discount))
	}
	return out
}

func (l lived) redemptions(t *testing.T, f coupon.RedemptionFilter) (out []coupon.Redemption) {
	t.Helper()
	for r, err := range l.svc.Redemptions(t.Context(), f) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

func TestTheSameDayGivesTheSameData(t *testing.T) {
	t.Parallel()
	for name, now := range days(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			one, two := live(t, now), live(t, now)
			if diff := cmp.Diff(one.listing(t, now), two.listing(t, now)); diff != "" {
				t.Errorf("two runs for one moment differ:\n%s", diff)
			}
			// An hour later the past is the same, and the day has gone on.
			later := live(t, now.Add(time.Hour))
			if diff := cmp.Diff(one.listing(t, now), later.listing(t, now)); diff != "" {
				t.Errorf("an hour later the past is another:\n%s", diff)
			}
		})
	}
}

func TestTheBusinessHasEverythingThereIs(t *testing.T) {
	t.Parallel()
	for name, now := range days(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := live(t, now)
			seen := map[string]bool{}
			mark := func(what string, is bool) { seen[what] = seen[what] || is }
			for _, c := range l.coupons {
				r := c.Restrictions
				mark("status "+string(c.Status), true)
				mark("kind "+string(c.Discount.Kind), true)
				mark("cap", !c.Discount.Cap.IsZero())
				mark("audience "+string(c.Audience), true)
				mark("end", !c.End.IsZero())
				mark("no end", c.End.IsZero())
				mark("valid by "+string(c.ValidBy), true)
				mark("minimum total", !r.MinTotal.IsZero())
				mark("maximum total", !r.MaxTotal.IsZero())
				mark("type "+string(r.BookingType), true)
				mark("frequencies", r.Frequencies != nil)
				mark("days by "+string(r.DaysBy), r.Days != nil)
				mark("hours", r.Hours != nil)
				mark("minimum units", r.MinUnits > 0)
				mark("combinable", c.Combinable)
				mark("keeps the use on cancel", c.KeepUseOnCancel)
				mark("releases the use on refund", c.ReleaseUseOnRefund)
				mark("edited", c.Version > 1)
				for _, m := range r.Matches {
					mark(fmt.Sprintf("match on %s", m.On), true)
					mark("any of", m.AnyOf != nil)
					mark("none of", m.NoneOf != nil)
				}
				for _, lim := range r.Limits {
					mark(fmt.Sprintf("limit of %s per %s", lim.Of, lim.Per), true)
					mark(fmt.Sprintf("limit every %s", lim.Every), true)
				}
			}
			for _, r := range l.redemptions(t, coupon.RedemptionFilter{}) {
				mark("redemption "+string(r.State), true)
				mark("two coupons, "+string(r.State), r.OtherDiscounts.Amount.IsPositive())
				mark("refunded in part", r.State == coupon.Refunded && !r.Refund.Equal(r.Revenue()))
				mark("refunded in full", r.State == coupon.Refunded && r.Refund.Equal(r.Revenue()))
				mark("cost unknown", r.Cost == nil)
				mark("cost known", r.Cost != nil)
				mark("recurring", r.Type == coupon.Recurring)
				mark("no service date", r.Service.IsZero())
				mark("service on a day", !r.Service.Day.IsZero())
				mark("customer unknown", r.Customer == "")
			}
			want := []string{
				"kind percent", "kind fixed", "kind per-unit", "cap", "audience ", "audience new", "audience existing", "end", "no end",
				"valid by made-at", "valid by service-date", "minimum total", "maximum total", "type one-time", "type recurring", "frequencies",
				"days by made-at", "days by service-date", "hours", "minimum units", "combinable", "keeps the use on cancel", "releases the use on refund",
				"edited", "match on booking", "match on customer", "match on line", "any of", "none of",
				"limit of uses per coupon", "limit of uses per customer", "limit of discount per coupon",
				"limit every ever", "limit every day", "limit every week", "limit every month",
				"redemption redeemed", "redemption refunded", "redemption cancelled", "refunded in part", "refunded in full",
				"cost unknown", "cost known", "recurring", "no service date", "service on a day", "customer unknown",
				"two coupons, redeemed",
			}
			for _, s := range everyStatus {
				want = append(want, "status "+string(s))
			}
			for _, what := range want {
				if !seen[what] {
					t.Errorf("nothing has: %s", what)
				}
			}
		})
	}
}

func TestTheFiguresArePlausible(t *testing.T) {
	t.Parallel()
	for name, now := range days(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := live(t, now)
			if n := len(l.bookings); n < 1500 || n > 2500 {
				t.Errorf("%d bookings, want about two thousand", n)
			}
			if n := len(l.redemptions(t, coupon.RedemptionFilter{})); n < 500 || n > 1100 {
				t.Errorf("%d with a coupon, want several hundred", n)
			}
			if drift, err := l.svc.Verify(t.Context()); err != nil || len(drift) > 0 {
				t.Errorf("counters are off: %v, %v", drift, err)
			}
			// Two coupons are on few of them, but on some of the last that an owner
			// sees first.
			two, seen := map[string]bool{}, map[coupon.Code]bool{}
			for code, c := range l.coupons {
				for i, r := range l.redemptions(t, coupon.RedemptionFilter{Coupon: c.ID, Desc: true}) {
					if r.OtherDiscounts.Amount.IsPositive() {
						two[r.Booking] = true
						seen[code] = seen[code] || i < 50 && r.State != coupon.Cancelled
					}
				}
			}
			if len(two) < 5 || len(two) > 60 || !seen["STEADY10"] {
				t.Errorf("%d bookings with two coupons, on the first page of %v", len(two), seen)
			}
			for _, c := range l.coupons {
				n := l.figures(t, c.Coupon).Bookings
				if c.Status == coupon.Scheduled && n != 0 || c.Status != coupon.Scheduled && n < 5 {
					t.Errorf("%s (%s) has %d bookings", c.Code, c.Status, n)
				}
				if c.CreatedAt.After(c.Start) || c.CreatedBy == "" {
					t.Errorf("%s was created at %s by %q, and begins at %s", c.Code, c.CreatedAt, c.CreatedBy, c.Start)
				}
			}
			for _, b := range l.bookings {
				if !b.ServiceAt.IsZero() && b.ServiceAt.Before(b.MadeAt) || b.MadeAt.After(now) {
					t.Errorf("booking %s was made at %s for %s", b.ID, b.MadeAt, b.ServiceAt)
				}
			}
		})
	}
}

func (l lived) figures(t *testing.T, c coupon.Coupon) coupon.Figures {
	t.Helper()
	s, err := l.svc.Summary(t.Context(), c.ID, coupon.Range{})
	if err != nil {
		t.Fatal(err)
	}
	return s.In(currency)
}

// The chart of the flagship shows it without a word: after one note many more
// book, after the other nobody does.
func TestOneMailWorkedAndOneDidNot(t *testing.T) {
	t.Parallel()
	for name, now := range days(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := live(t, now)
			c := l.coupons["SPARKLE15"]
			notes, err := l.svc.Notes(t.Context(), c.ID)
			if err != nil || len(notes) != 2 {
				t.Fatalf("%d notes, %v; want 2", len(notes), err)
			}
			around := func(at time.Time) (before, after int) {
				f := coupon.RedemptionFilter{Coupon: c.ID, Range: coupon.Range{From: at.AddDate(0, 0, -10), To: at}}
				before = len(l.redemptions(t, f))
				f.Range = coupon.Range{From: at, To: at.AddDate(0, 0, 10)}
				return before, len(l.redemptions(t, f))
			}
			if before, after := around(notes[0].At); after < 25 || after < 3*before {
				t.Errorf("the mail that worked: %d in the ten days before, %d after", before, after)
			}
			if before, after := around(notes[1].At); after > 20 || after > 2*before+6 {
				t.Errorf("the mail that did not: %d in the ten days before, %d after", before, after)
			}
			if c.Version < 2 || c.UpdatedBy != dan {
				t.Errorf("version %d by %q, want a raised limit by %s", c.Version, c.UpdatedBy, dan)
			}
		})
	}
}

// What the host has written down and what the coupons know is the same.
func TestTheLedgerAgreesWithTheCoupons(t *testing.T) {
	t.Parallel()
	now := days(t)["2026-07-19"]
	l := live(t, now)
	byID := map[string]booking{}
	codes := 0
	for _, b := range l.bookings {
		byID[b.ID] = b
		codes += len(b.Codes)
	}
	all := l.redemptions(t, coupon.RedemptionFilter{})
	if len(all) != codes {
		t.Errorf("%d redemptions, %d codes of bookings", len(all), codes)
	}
	for _, r := range all {
		b, ok := byID[r.Booking]
		if !ok {
			t.Errorf("redemption of %s, which the host does not have", r.Booking)
			continue
		}
		var errs [4]error
		var got [4]int64
		discounts := r.Discount
		discounts.Amount = discounts.Amount.Add(r.OtherDiscounts.Amount)
		for i, m := range []coupon.Money{r.Subtotal, discounts, r.Revenue(), r.Refund} {
			got[i], errs[i] = m.Minor()
		}
		if err := errors.Join(errs[:]...); err != nil {
			t.Fatal(err)
		}
		want := [4]int64{b.subtotal(), b.Discount, b.total(), b.Refunded}
		if got != want || r.Customer != b.Customer || (r.State == coupon.Cancelled) != !b.CancelledAt.IsZero() {
			t.Errorf("%s: redemption %v %s %s, booking %v %s cancelled %s", r.Booking, got, r.Customer, r.State, want, b.Customer, b.CancelledAt)
		}
		var onLines int64
		for _, l := range b.Lines {
			onLines += l.Discount
		}
		if onLines != b.Discount {
			t.Errorf("%s: the lines have %d off, the booking %d", b.ID, onLines, b.Discount)
		}
	}
}
