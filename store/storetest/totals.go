package storetest

import (
	"time"

	"github.com/couponkit/coupon"
)

// conditions are filters of the redemptions of a coupon, one for each kind and some
// for several.
func conditions(id coupon.ID) map[string]coupon.RedemptionFilter {
	made := coupon.Range{From: start.Add(time.Microsecond), To: start.Add(3 * time.Microsecond)}
	served := coupon.Range{From: start.AddDate(0, 0, 1), To: start.AddDate(0, 0, 4), Clock: coupon.ServiceAt}
	counted := []coupon.State{coupon.Redeemed, coupon.Refunded}
	out := map[string]coupon.RedemptionFilter{
		"all":                  {},
		"counted":              {States: counted},
		"refunded":             {States: []coupon.State{coupon.Refunded}},
		"cancelled":            {States: []coupon.State{coupon.Cancelled}},
		"reserved":             {States: []coupon.State{coupon.Reserved}},
		"in a currency":        {Currency: "JPY"},
		"without service date": {Unscheduled: true},
		"made in a range":      {Range: made},
		"served in a range":    {Range: served},
		"new customers":        {NewCustomer: true},
		"cost known":           {CostKnown: true},
		"of its code":          {Code: "one"},
		"of another code":      {Code: "two"},
		"of a customer":        {Customer: " ANN "},
		"of a booking":         {Booking: "b3"},
		"of some bookings":     {Bookings: []string{"b3", "b0", "c24"}},
		"of a series":          {Series: "s"},
		"new, counted, made":   {NewCustomer: true, States: counted, Range: made, Currency: "USD"},
		"cost, served, of all": {CostKnown: true, Range: served, Code: "ONE"},
	}
	for what, f := range out {
		f.Coupon = id
		out[what] = f
	}
	return out
}

func totalsAgree(e *env) {
	id := crowd(e)[0].Coupon
	if _, err := e.svc.Reserve(e.Context(), by("reserved", "ann"), hold, "ONE"); err != nil {
		e.Fatalf("Reserve: %v", err)
	}
	some := 0
	for what, f := range conditions(id) {
		want, err := coupon.Fold(e.svc.Redemptions(e.Context(), f))
		if err != nil {
			e.Fatalf("Fold: %v", err)
		}
		f.Sort, f.After = coupon.ByDiscount, "left out"
		got, err := e.svc.Totals(e.Context(), f)
		if err != nil {
			e.Fatalf("Totals: %v", err)
		}
		if !equal(got, want) {
			e.Errorf("%s: the totals are %s, what is listed adds up to %s", what, text(got), text(want))
		}
		some += len(want)
	}
	if some < 30 {
		e.Errorf("only %d totals were compared", some)
	}
	_, err := e.svc.Totals(e.Context(), coupon.RedemptionFilter{})
	e.is("totals of every coupon", err, coupon.ErrInvalid)
	_, err = e.svc.Totals(e.Context(), coupon.RedemptionFilter{Coupon: id, Bookings: make([]string, coupon.MaxBookings+1)})
	e.is("totals of too many bookings", err, coupon.ErrInvalid)
}

func liveListed(e *env) {
	id := e.coupon("C").ID
	e.reserve(by("b1", "ann"), "C")
	e.clock.set(start.Add(time.Minute))
	e.reserve(by("b2", "ann"), "C")
	e.redeem(by("b3", "ann"), "C")
	for _, tt := range []struct {
		at   time.Time
		want string
	}{{start.Add(hold - time.Microsecond), "b1 b2 b3"}, {start.Add(hold), "b2 b3"}, {start.Add(hold + time.Minute), "b3"}} {
		e.clock.set(tt.at)
		f := coupon.RedemptionFilter{Coupon: id, States: []coupon.State{coupon.Reserved, coupon.Redeemed}, Sort: coupon.ByBooking, Live: true}
		if got := bookings(e.redemptions(f)); got != tt.want {
			e.Errorf("at %s live are %q, want %q", tt.at, got, tt.want)
		}
		f.Live = false
		if got := bookings(e.redemptions(f)); got != "b1 b2 b3" {
			e.Errorf("with those that have expired: %q", got)
		}
	}
}
