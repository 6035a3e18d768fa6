package coupon_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"github.com/couponkit/coupon"
)

// A plain coupon and booking on which every rule below is tried: 10 % off, on a
// booking of 100.00 made and served on Monday, 15 June 2026, at noon UTC.
func plain() (coupon.Coupon, coupon.Booking) {
	zero := 0
	return coupon.Coupon{Code: "TEN", Discount: percent("10"), Start: noon.AddDate(0, -1, 0), End: noon.AddDate(0, 1, 0), Zone: "UTC"},
		coupon.Booking{
			ID: "b1", Currency: "USD", MadeAt: noon, Service: coupon.ServiceTime(noon),
			Customer: coupon.Customer{Key: "ann@example.com", EarlierBookings: &zero, Attributes: coupon.Attributes{"group": {"vip"}}},
			Lines: []coupon.Line{
				{ID: "1", Price: decimal.NewFromInt(30), Quantity: 2, Attributes: coupon.Attributes{"service": {"cleaning"}}},
				{ID: "2", Price: decimal.NewFromInt(40), Quantity: 1, Attributes: coupon.Attributes{"service": {"windows"}}},
			},
			Attributes: coupon.Attributes{"location": {"north"}},
		}
}

// Each case changes one thing and names the refusals it must get: none if the
// rule holds.
func TestEveryRuleHasItsReason(t *testing.T) {
	t.Parallel()
	type both struct {
		*coupon.Coupon
		*coupon.Booking
	}
	usd := func(s string) coupon.Money { return coupon.MustMoney(s, "USD") }
	at := func(s string) time.Time {
		v, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	three := 3
	for _, tc := range []struct {
		rule   string
		change func(both)
		want   []coupon.Reason
	}{
		{"nothing is restricted", func(both) {}, nil},
		{"archived", func(x both) { x.ArchivedAt = noon }, []coupon.Reason{coupon.IsArchived}},
		{"inactive", func(x both) { x.Inactive = true }, []coupon.Reason{coupon.IsInactive}},

		{"the start is inside", func(x both) { x.Start = noon }, nil},
		{"before the start", func(x both) { x.Start = noon.Add(time.Microsecond) }, []coupon.Reason{coupon.NotStarted}},
		{"the end is outside", func(x both) { x.End = noon }, []coupon.Reason{coupon.HasEnded}},
		{"before the end", func(x both) { x.End = noon.Add(time.Microsecond) }, nil},
		{"valid by service date", func(x both) {
			x.ValidBy, x.End, x.MadeAt = coupon.ServiceAt, noon.Add(time.Microsecond), noon.AddDate(-1, 0, 0)
		}, nil},
		{"valid by service date, and there is none", func(x both) {
			x.ValidBy, x.Booking.Service = coupon.ServiceAt, coupon.ServiceDate{}
		}, []coupon.Reason{coupon.NoServiceDate}},
		{"a service day stands at its start in the coupon's zone", func(x both) {
			x.ValidBy, x.Zone = coupon.ServiceAt, "Europe/Berlin"
			x.Booking.Service, x.Start = coupon.ServiceDay(coupon.Date{Year: 2026, Month: 6, Day: 15}), at("2026-06-14T22:00:00Z")
		}, nil},

		{"new customers, and it is one", func(x both) { x.Audience = coupon.NewCustomers }, nil},
		{"new customers, and it is not one", func(x both) {
			x.Audience, x.Customer.EarlierBookings = coupon.NewCustomers, &three
		}, []coupon.Reason{coupon.NotNew}},
		{"existing customers, and it is one", func(x both) {
			x.Audience, x.Customer.EarlierBookings = coupon.ExistingCustomers, &three
		}, nil},
		{"existing customers, and it is a prospect", func(x both) { x.Audience = coupon.ExistingCustomers }, []coupon.Reason{coupon.NotExisting}},
		{"new customers, and the history is unknown", func(x both) {
			x.Audience, x.Customer.EarlierBookings = coupon.NewCustomers, nil
		}, []coupon.Reason{coupon.HistoryUnknown}},
		{"new customers, and nobody is known", func(x both) {
			x.Audience, x.Customer = coupon.NewCustomers, coupon.Customer{}
		}, []coupon.Reason{coupon.NoCustomer}},
		{"an unknown history matters only where a rule needs it", func(x both) { x.Customer.EarlierBookings = nil }, nil},

		{"one-time only", func(x both) { x.Restrictions.BookingType = coupon.OneTime }, nil},
		{"recurring only", func(x both) { x.Restrictions.BookingType = coupon.Recurring }, []coupon.Reason{coupon.WrongType}},
		{"a frequency", func(x both) {
			x.Restrictions.Frequencies = []coupon.Frequency{coupon.EveryWeek}
			x.Type, x.Frequency = coupon.Recurring, coupon.EveryMonth
		}, []coupon.Reason{coupon.WrongFrequency}},
		{"a frequency does not concern one-time bookings", func(x both) {
			x.Restrictions.Frequencies = []coupon.Frequency{coupon.EveryWeek}
		}, nil},

		{"the day of the service", func(x both) { x.Restrictions.Days = []time.Weekday{time.Monday} }, nil},
		{"another day", func(x both) { x.Restrictions.Days = []time.Weekday{time.Tuesday} }, []coupon.Reason{coupon.WrongDay}},
		{"booked on Sunday for Monday", func(x both) {
			x.Restrictions.Days, x.MadeAt = []time.Weekday{time.Monday}, noon.AddDate(0, 0, -1)
		}, nil},
		{"booked on Sunday for Monday, by the day it is made", func(x both) {
			x.Restrictions.Days, x.MadeAt = []time.Weekday{time.Monday}, noon.AddDate(0, 0, -1)
			x.Restrictions.DaysBy = coupon.MadeAt
		}, []coupon.Reason{coupon.WrongDay}},
		{"no service date", func(x both) {
			x.Restrictions.Days, x.Booking.Service = []time.Weekday{time.Monday}, coupon.ServiceDate{}
		}, []coupon.Reason{coupon.NoServiceDate}},
		{"a mere day suffices for weekdays", func(x both) {
			x.Restrictions.Days = []time.Weekday{time.Monday}
			x.Booking.Service = coupon.ServiceDay(coupon.Date{Year: 2026, Month: 6, Day: 15})
		}, nil},
		{"a mere day does not suffice for hours", func(x both) {
			x.Restrictions.Hours = hours("09:00", "18:00")
			x.Booking.Service = coupon.ServiceDay(coupon.Date{Year: 2026, Month: 6, Day: 15})
		}, []coupon.Reason{coupon.NoServiceTime}},
		{"the weekday is the one of the coupon's zone", func(x both) {
			x.Restrictions.Days, x.Zone = []time.Weekday{time.Tuesday}, "Pacific/Kiritimati"
		}, nil},
		{"hours begin inclusive", func(x both) { x.Restrictions.Hours = hours("12:00", "13:00") }, nil},
		{"hours end exclusive", func(x both) { x.Restrictions.Hours = hours("11:00", "12:00") }, []coupon.Reason{coupon.WrongHour}},
		{"one of several windows", func(x both) {
			x.Restrictions.Hours = append(hours("08:00", "09:00"), hours("11:30", "24:00")...)
		}, nil},
		{"after midnight belongs to the day the window began", func(x both) {
			x.Restrictions.Days, x.Restrictions.Hours = []time.Weekday{time.Friday}, hours("22:00", "02:00")
			x.Booking.Service = coupon.ServiceTime(at("2026-06-20T01:59:59Z")) // Saturday
		}, nil},
		{"after midnight of a day the window did not begin on", func(x both) {
			x.Restrictions.Days, x.Restrictions.Hours = []time.Weekday{time.Saturday}, hours("22:00", "02:00")
			x.Booking.Service = coupon.ServiceTime(at("2026-06-20T01:00:00Z")) // Saturday, in Friday's window
		}, []coupon.Reason{coupon.WrongDay}},
		{"before midnight of the next day does not", func(x both) {
			x.Restrictions.Days, x.Restrictions.Hours = []time.Weekday{time.Friday}, hours("22:00", "02:00")
			x.Booking.Service = coupon.ServiceTime(at("2026-06-20T22:00:00Z"))
		}, []coupon.Reason{coupon.WrongDay}},

		{"the minimum is inclusive", func(x both) { x.Restrictions.MinTotal = usd("100") }, nil},
		{"below the minimum", func(x both) { x.Restrictions.MinTotal = usd("100.01") }, []coupon.Reason{coupon.BelowMinimum}},
		{"the maximum is inclusive", func(x both) { x.Restrictions.MaxTotal = usd("100") }, nil},
		{"above the maximum", func(x both) { x.Restrictions.MaxTotal = usd("99.99") }, []coupon.Reason{coupon.AboveMaximum}},
		{"a minimum of another currency", func(x both) { x.Restrictions.MinTotal = coupon.MustMoney("1", "EUR") }, []coupon.Reason{coupon.WrongCurrency}},
		{"a fixed amount of another currency", func(x both) {
			x.Discount = coupon.AmountOff(coupon.MustMoney("1", "EUR"))
		}, []coupon.Reason{coupon.WrongCurrency}},

		{"a match on the booking", func(x both) { x.Restrictions.Matches = match(coupon.OnBooking, "location", "north", "south") }, nil},
		{"no match on the booking", func(x both) {
			x.Restrictions.Matches = match(coupon.OnBooking, "location", "south")
		}, []coupon.Reason{coupon.NoMatch}},
		{"none of the customer's groups", func(x both) {
			x.Restrictions.Matches = []coupon.Match{{On: coupon.OnCustomer, Key: "group", NoneOf: []string{"vip"}}}
		}, []coupon.Reason{coupon.NoMatch}},
		{"a match on nobody", func(x both) {
			x.Restrictions.Matches, x.Customer = match(coupon.OnCustomer, "group", "vip"), coupon.Customer{}
		}, []coupon.Reason{coupon.NoCustomer}},
		{"a match on one line skips the others", func(x both) { x.Restrictions.Matches = match(coupon.OnLine, "service", "windows") }, nil},
		{"a match on no line", func(x both) {
			x.Restrictions.Matches = match(coupon.OnLine, "service", "lawn")
		}, []coupon.Reason{coupon.NothingEligible}},
		{"enough units", func(x both) { x.Restrictions.MinUnits = 3 }, nil},
		{"too few eligible units", func(x both) {
			x.Restrictions.MinUnits, x.Restrictions.Matches = 3, match(coupon.OnLine, "service", "cleaning")
		}, []coupon.Reason{coupon.TooFewUnits}},
		{"too few units because nothing is eligible", func(x both) {
			x.Restrictions.MinUnits, x.Restrictions.Matches = 1, match(coupon.OnLine, "service", "lawn")
		}, []coupon.Reason{coupon.NothingEligible, coupon.TooFewUnits}},
		{"a discount that rounds to nothing", func(x both) {
			x.Discount, x.Lines = percent("0.1"), []coupon.Line{{Price: decimal.NewFromInt(1), Quantity: 1}}
		}, []coupon.Reason{coupon.NoDiscount}},

		{"a limit per customer, and nobody is known", func(x both) {
			x.Restrictions.Limits = []coupon.Limit{{Of: coupon.Uses, Per: coupon.PerCustomer, Max: 1}}
			x.Customer = coupon.Customer{}
		}, []coupon.Reason{coupon.NoCustomer}},
		{"a budget that the discount would just spend", func(x both) {
			x.Restrictions.Limits = []coupon.Limit{{Of: coupon.DiscountGiven, Per: coupon.PerCoupon, Budget: usd("10.00")}}
		}, nil},
		{"a budget that the discount would pass is not trimmed to", func(x both) {
			x.Restrictions.Limits = []coupon.Limit{{Of: coupon.DiscountGiven, Per: coupon.PerCoupon, Budget: usd("9.99")}}
		}, []coupon.Reason{coupon.LimitReached}},

		{"every refusal is given, in a fixed order", func(x both) {
			x.Inactive, x.End, x.Audience, x.Customer = true, noon, coupon.NewCustomers, coupon.Customer{}
			x.Restrictions = coupon.Restrictions{MinTotal: usd("500"), Days: []time.Weekday{time.Sunday}, Matches: match(coupon.OnLine, "service", "lawn"),
				Limits: []coupon.Limit{{Of: coupon.Uses, Per: coupon.PerCustomer, Max: 1}}}
		}, []coupon.Reason{coupon.IsInactive, coupon.HasEnded, coupon.NoCustomer, coupon.WrongDay, coupon.BelowMinimum, coupon.NothingEligible}},
	} {
		t.Run(tc.rule, func(t *testing.T) {
			c, b := plain()
			tc.change(both{&c, &b})
			o, err := c.Check(b, nil)
			if err != nil {
				t.Fatal(err)
			}
			var got []coupon.Reason
			for _, r := range o.Refusals {
				got = append(got, r.Reason)
				if r.Code != "TEN" || r.String() == "" || r.Public() == "" {
					t.Errorf("%+v must name its code and have words", r)
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func hours(from, to string) []coupon.Hours {
	f, err := coupon.ParseTimeOfDay(from)
	if err != nil {
		panic(err)
	}
	e, err := coupon.ParseTimeOfDay(to)
	if err != nil {
		panic(err)
	}
	return []coupon.Hours{{From: f, To: e}}
}

func match(on coupon.MatchOn, key string, anyOf ...string) []coupon.Match {
	return []coupon.Match{{On: on, Key: key, AnyOf: anyOf}}
}

func TestLimitsAreJudgedBySlot(t *testing.T) {
	t.Parallel()
	c, b := plain()
	c.ID, c.Zone = "c1", "America/New_York"
	b.MadeAt, b.Service = time.Date(2026, 6, 15, 3, 59, 59, 0, time.UTC), coupon.ServiceDate{} // still Sunday there
	limits := []coupon.Limit{
		{Of: coupon.Uses, Per: coupon.PerCoupon, Every: coupon.Ever, Max: 5},
		{Of: coupon.Uses, Per: coupon.PerCustomer, Every: coupon.PerDay, Max: 5},
		{Of: coupon.Uses, Per: coupon.PerCode, Every: coupon.PerWeek, Max: 5},
		{Of: coupon.DiscountGiven, Per: coupon.PerCoupon, Every: coupon.PerMonth, Budget: coupon.MustMoney("20.00", "USD")},
	}
	c.Restrictions.Limits = limits
	slots := []coupon.Slot{
		{Coupon: "c1", Of: coupon.Uses, Per: coupon.PerCoupon, Every: coupon.Ever},
		{Coupon: "c1", Of: coupon.Uses, Per: coupon.PerCustomer, Every: coupon.PerDay, Subject: "ann@example.com", Since: "2026-06-14"},
		{Coupon: "c1", Of: coupon.Uses, Per: coupon.PerCode, Every: coupon.PerWeek, Subject: "TEN", Since: "2026-06-08"},
		{Coupon: "c1", Of: coupon.DiscountGiven, Per: coupon.PerCoupon, Every: coupon.PerMonth, Currency: "USD", Since: "2026-06-01"},
	}
	for i, slot := range slots {
		for _, tc := range []struct {
			used    int64
			refused bool
		}{{0, false}, {4, false}, {5, i < 3}, {1000, i < 3}, {1001, true}, {1 << 62, true}} {
			var asked []coupon.Slot
			o, err := c.Check(b, func(s coupon.Slot) int64 {
				asked = append(asked, s)
				if s == slot {
					return tc.used
				}
				return 0
			})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(slots, asked); diff != "" {
				t.Fatal(diff)
			}
			if got := len(o.Refusals) > 0; got != tc.refused {
				t.Errorf("with %d used of %+v: refusals %v", tc.used, limits[i], o.Refusals)
			}
			if tc.refused && (o.Refusals[0].Reason != coupon.LimitReached || *o.Refusals[0].Limit != limits[i]) {
				t.Errorf("the refusal must name the limit: %v", o.Refusals[0])
			}
		}
	}
}

// A stranger must not learn from the answer whether a code exists.
func TestPublicTextHidesThatACodeExists(t *testing.T) {
	t.Parallel()
	one := int64(1)
	hidden := []coupon.Reason{coupon.UnknownCode, coupon.IsArchived, coupon.IsInactive, coupon.NotStarted, coupon.HasEnded, coupon.NoCustomer,
		coupon.HistoryUnknown, coupon.NotNew, coupon.NotExisting, coupon.LimitReached, coupon.NoMatch, coupon.WrongCurrency, coupon.NoDiscount}
	for _, reason := range hidden {
		r := coupon.Refusal{Reason: reason, Code: "SECRET", Required: coupon.Fact{Time: noon}, Found: coupon.Fact{Count: &one},
			Limit: &coupon.Limit{Of: coupon.Uses, Per: coupon.PerCoupon, Max: 1}}
		if got := r.Public(); got != coupon.NotValid {
			t.Errorf("%s tells a stranger %q", reason, got)
		}
	}
	first := coupon.Refusal{Reason: coupon.NotCovered, Required: coupon.Fact{Count: &one}}
	if got, want := first.Public(), "This code is for the first booking of a series."; got != want {
		t.Errorf("of one booking of a series it is said %q, want %q", got, want)
	}
	c, b := plain()
	c.Restrictions.MinTotal = coupon.MustMoney("150", "USD")
	o, err := c.Check(b, nil)
	if err != nil || len(o.Refusals) != 1 {
		t.Fatal(o.Refusals, err)
	}
	for days, want := range map[string]string{"Monday": "Monday", "Monday Tuesday": "Monday and Tuesday", "Monday Tuesday Friday": "Monday, Tuesday and Friday"} {
		r := coupon.Refusal{Reason: coupon.WrongDay, Required: coupon.Fact{Words: strings.Fields(days)}}
		if got := r.Public(); got != "This code is for bookings on "+want+"." {
			t.Errorf("%s: %q", days, got)
		}
	}
	if got := o.Refusals[0].Public(); got != "This code needs a booking of at least 150.00 USD." {
		t.Errorf("what the customer can change must be said: %q", got)
	}
}

func TestCheckNamesEveryBrokenFieldOfABooking(t *testing.T) {
	t.Parallel()
	minus := decimal.NewFromInt(-1)
	for _, tc := range []struct {
		change      func(*coupon.Booking)
		field, must string
	}{
		{func(b *coupon.Booking) { b.ID = "" }, "booking.id", "1 to 200 bytes"},
		{func(b *coupon.Booking) { b.ID = "a\x00b" }, "booking.id", "control"},
		{func(b *coupon.Booking) { b.Customer.Key = "\u202egro.elpmaxe@nna" }, "booking.customer.key", "control"},
		{func(b *coupon.Booking) { b.Customer.Key = "ann@example.com\u200b" }, "booking.customer.key", "invisible"},
		{func(b *coupon.Booking) { b.Customer.Key = "a\u00adnn@example.com" }, "booking.customer.key", "invisible"},
		{func(b *coupon.Booking) { b.Currency = "usd" }, "booking.currency", "ISO 4217"},
		{func(b *coupon.Booking) { b.Lines = nil }, "booking.lines", "1 to 1000"},
		{func(b *coupon.Booking) { b.Lines = slices.Repeat(b.Lines, 501) }, "booking.lines", "1 to 1000"},
		{func(b *coupon.Booking) { b.Lines[1].ID = "1" }, "booking.lines[1].id", "unique"},
		{func(b *coupon.Booking) { b.Lines[0].Price = minus }, "booking.lines[0].price", "negative"},
		{func(b *coupon.Booking) { b.Lines[0].Price = decimal.New(1, 9999) }, "booking.lines[0].price", "12 digits"},
		{func(b *coupon.Booking) { b.Lines[0].Price = decimal.New(1, -3) }, "booking.lines[0].price", "2 after it"},
		{func(b *coupon.Booking) { b.Lines[0].Quantity = 0 }, "booking.lines[0].quantity", "1 to 1000000"},
		{func(b *coupon.Booking) { b.Lines[0].Price = decimal.New(9, 11) }, "booking.lines[0]", "past 12 digits"},
		{func(b *coupon.Booking) { b.Cost = &minus }, "booking.cost", "negative"},
		{func(b *coupon.Booking) { b.Type = "weekly" }, "booking.type", "one-time"},
		{func(b *coupon.Booking) { b.Frequency = coupon.EveryWeek }, "booking.frequency", "must be empty"},
		{func(b *coupon.Booking) { b.MadeAt = time.Date(12026, 1, 1, 0, 0, 0, 0, time.UTC) }, "booking.made_at", "years 1 to 9999"},
		{func(b *coupon.Booking) { b.Service.Day = coupon.Date{Year: 2026, Month: 2, Day: 30} }, "booking.service", "not both"},
		{func(b *coupon.Booking) {
			b.Service = coupon.ServiceDay(coupon.Date{Year: 2026, Month: 2, Day: 30})
		}, "booking.service.day", "day of the calendar"},
	} {
		c, b := plain()
		b.Lines = slices.Clone(b.Lines)
		tc.change(&b)
		_, err := c.Check(b, nil)
		wantField(t, err, tc.field, tc.must)
	}
}

func TestCheckRefusesABrokenCoupon(t *testing.T) {
	t.Parallel()
	for _, d := range []coupon.Discount{
		coupon.AmountOff(coupon.Money{Amount: decimal.NewFromInt(-5), Currency: "USD"}), percent("-5"), percent("10000000000000"), {},
	} {
		c, b := plain()
		c.Discount = d
		if o, err := c.Check(b, nil); !errors.Is(err, coupon.ErrInvalid) {
			t.Errorf("%v gives %v, %v", d, o.Discount, err)
		}
	}
}

func ExampleCoupon_Check() {
	c := coupon.Coupon{
		Code: "TUESDAY", Discount: coupon.PercentOff(decimal.NewFromInt(20)), Start: noon, Zone: "Europe/Berlin",
		Restrictions: coupon.Restrictions{Days: []time.Weekday{time.Tuesday}, MinTotal: coupon.MustMoney("50", "EUR")},
	}
	b := coupon.Booking{
		ID: "B-1", Currency: "EUR", MadeAt: noon, Service: coupon.ServiceDay(coupon.Date{Year: 2026, Month: 6, Day: 17}),
		Lines: []coupon.Line{{Price: decimal.NewFromInt(45), Quantity: 1}},
	}
	o, err := c.Check(b, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range o.Refusals {
		fmt.Println(r)
		fmt.Println(r.Public())
	}
	// Output:
	// wrong-day (TUESDAY), required Tuesday, found Wednesday
	// This code is for bookings on Tuesday.
	// below-minimum (TUESDAY), required 50.00 EUR, found 45.00 EUR
	// This code needs a booking of at least 50.00 EUR.
}
