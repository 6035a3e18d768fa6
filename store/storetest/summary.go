package storetest

import (
	"math/rand/v2"
	"time"

	"github.com/couponkit/coupon"
)

var summaryCases = []testCase{
	{"figures", "every figure is what it says, worked out by hand", figuresByHand},
	{"sums-agree", "the sum of the buckets is the summary is the fold of the redemptions listed, for every interval, zone, clock and range", sumsAgree},
	{"own-day", "everything stands on the booking's own day: a January booking cancelled or refunded in February changes January", ownDay},
	{"nothing-is-nothing", "without redemptions there are no figures, and a timeline still has every bucket", nothingSummed},
	{"buckets", "Sum gives the buckets that have something, in order, then by currency, and an open first or last one takes the rest", bucketsInOrder},
	{"many-buckets", "a timeline may have as many points as MaxPoints admits", manyBuckets},
	{"one-coupon-only", "a summary has the redemptions of its coupon, not those of another on the same booking or under the same code", oneCouponOnly},
}

func figuresByHand(e *env) {
	c := e.coupon("C", func(c *coupon.Coupon) {
		c.Restrictions.Matches = []coupon.Match{{On: coupon.OnLine, Key: "kind", AnyOf: []string{"clean"}}}
	})
	sell := func(id, price, rest, cost string, earlier *int) {
		b := booking(id, usd(price))
		b.Lines[0].Attributes = coupon.Attributes{"kind": {"clean"}}
		b.Lines = append(b.Lines, coupon.Line{Price: usd(rest).Amount, Quantity: 1})
		b.Customer.EarlierBookings = earlier
		if cost != "" {
			b.Cost = new(usd(cost).Amount)
		}
		e.redeem(b, "C")
	}
	sell("b1", "100.00", "20.00", "50.00", new(0))
	sell("b2", "33.35", "0", "", new(2)) // 3.34 off
	sell("b3", "80.00", "5.00", "0", nil)
	sell("b4", "60.00", "1.00", "70.00", new(0))
	sell("b5", "10.00", "9.00", "3.00", new(0))
	row := past("C", "b6", start)
	row.OtherDiscounts, row.Eligible, row.Cost = usd("15").Amount, usd("90").Amount, new(usd("20").Amount)
	e.imports(row)
	e.cancel("b5")
	e.refund("b1", "r1", usd("10.50"))
	e.refund("b2", "r1", usd("30.01"))
	e.refund("b1", "r2", usd("0.50"))
	want := coupon.Figures{
		Currency: "USD", Bookings: 5,
		Subtotal: usd("399.35"), Eligible: usd("363.35"), Discounts: usd("37.34"), OtherDiscounts: usd("15"), Revenue: usd("347.01"),
		Refunds: usd("41.01"), RevenueAfterRefunds: usd("306.00"),
		Cancelled: 1, CancelledSubtotal: usd("19"), CancelledDiscounts: usd("1"),
		NewCustomers: 2, CustomersKnown: 3,
		CostKnown: 4, Cost: usd("140"), Margin: usd("177"), // revenue of b1, b3, b4, b6: 110 + 77 + 55 + 75
	}
	s := e.summary(c.ID, coupon.Range{})
	e.same("the summary", s.Currencies, []coupon.Figures{want})
	sums, err := fold(e.redemptions(coupon.RedemptionFilter{Coupon: c.ID}))
	if err != nil {
		e.Fatalf("Fold: %v", err)
	}
	e.same("the fold", sums, []coupon.Figures{want})
}

// parts are the amounts and counts of figures.
func parts(f *coupon.Figures) ([]*coupon.Money, []*int64) {
	return []*coupon.Money{&f.Subtotal, &f.Eligible, &f.Discounts, &f.OtherDiscounts, &f.Revenue, &f.Refunds, &f.RevenueAfterRefunds, &f.CancelledSubtotal, &f.CancelledDiscounts, &f.Cost, &f.Margin},
		[]*int64{&f.Bookings, &f.Cancelled, &f.NewCustomers, &f.CustomersKnown, &f.CostKnown}
}

// equal compares figures by amount.
func equal(a, b []coupon.Figures) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		am, an := parts(&a[i])
		bm, bn := parts(&b[i])
		for j := range am {
			if !am[j].Equal(*bm[j]) {
				return false
			}
		}
		for j := range an {
			if *an[j] != *bn[j] {
				return false
			}
		}
		if a[i].Currency != b[i].Currency {
			return false
		}
	}
	return true
}

// add adds figures up by currency.
func add(e *env, total map[string]coupon.Figures, figures []coupon.Figures) {
	for _, f := range figures {
		sum := total[f.Currency]
		sum.Currency = f.Currency
		sm, sn := parts(&sum)
		fm, fn := parts(&f)
		for j := range sm {
			m, err := sm[j].Add(*fm[j])
			if err != nil {
				e.Fatalf("figures of %s: %v", f.Currency, err)
			}
			*sm[j] = m
		}
		for j := range sn {
			*sn[j] += *fn[j]
		}
		total[f.Currency] = sum
	}
}

var zones = []string{"UTC", "Europe/Berlin", "America/Santiago", "Australia/Lord_Howe"}

// year fills a year with redemptions of a coupon: in three currencies, with
// cancellations, refunds and unknown costs, many of them a microsecond around
// the edges of days.
func year(e *env, seed uint64, rows int) coupon.Coupon {
	e.Helper()
	rnd := rand.New(rand.NewPCG(seed, 0))
	c := e.coupon("YEAR", limited(uses(1000, coupon.PerCoupon, coupon.PerMonth)), func(c *coupon.Coupon) { c.Zone = "Europe/Berlin" })
	moment := func() time.Time {
		t := time.Date(2025, 12, 20, 0, 0, 0, 0, time.UTC).Add(time.Duration(rnd.Int64N(370*24*3600*1e6)) * time.Microsecond)
		if rnd.IntN(3) == 0 {
			edge, err := coupon.StartOfDay(coupon.DateOf(t), zones[rnd.IntN(len(zones))])
			if err != nil {
				e.Fatalf("StartOfDay: %v", err)
			}
			t = edge.Add(time.Duration(rnd.IntN(3)-1) * time.Microsecond)
		}
		return t
	}
	var list []coupon.PastRedemption
	for i := range rows {
		currency := []string{"USD", "KWD", "JPY"}[rnd.IntN(3)]
		subtotal := rnd.Int64N(100_000_000)
		eligible := rnd.Int64N(subtotal + 1)
		discount := rnd.Int64N(eligible + 1)
		other := rnd.Int64N(subtotal - discount + 1)
		row := coupon.PastRedemption{Code: "YEAR", Booking: name("b", i), Currency: currency, MadeAt: moment(), Subtotal: minor(subtotal, currency).Amount,
			Eligible: minor(eligible, currency).Amount, Discount: minor(discount, currency).Amount, OtherDiscounts: minor(other, currency).Amount}
		switch rnd.IntN(4) {
		case 0:
			row.Service = coupon.ServiceDay(coupon.DateOf(moment()))
		case 1, 2:
			row.Service = coupon.ServiceTime(moment())
		}
		if rnd.IntN(2) == 0 {
			row.Cost = new(minor(rnd.Int64N(subtotal+1), currency).Amount)
		}
		if rnd.IntN(3) > 0 {
			row.EarlierBookings = new(rnd.IntN(2))
		}
		if paid := subtotal - discount - other; paid > 1 && rnd.IntN(4) == 0 {
			half := 1 + rnd.Int64N(paid/2)
			row.Refunds = []coupon.Refund{{Key: "r1", Amount: minor(half, currency)}, {Key: "r2", Amount: minor(half, currency)}}
		}
		if rnd.IntN(5) == 0 {
			row.CancelledAt = moment()
		}
		list = append(list, row)
	}
	e.imports(list...)
	for range rows / 10 { // some later
		e.cancel(name("b", rnd.IntN(rows)))
	}
	return c
}

func sumsAgree(e *env) {
	c := year(e, 2026, 150)
	rnd := rand.New(rand.NewPCG(1, 2))
	from, to := time.Date(2025, 12, 1, 0, 0, 0, 0, time.UTC), time.Date(2027, 1, 15, 0, 0, 0, 0, time.UTC)
	ranges := []coupon.Range{{From: from, To: to}}
	for range 3 {
		a := from.Add(time.Duration(rnd.Int64N(350*24*3600)) * time.Second)
		ranges = append(ranges, coupon.Range{From: a, To: a.Add(time.Duration(1+rnd.Int64N(40*24*3600*1e6)) * time.Microsecond)})
	}
	open := e.redemptions(coupon.RedemptionFilter{Coupon: c.ID})
	want, err := fold(open)
	if err != nil {
		e.Fatalf("Fold: %v", err)
	}
	if got := e.summary(c.ID, coupon.Range{}).Currencies; !equal(got, want) {
		e.Errorf("the summary of everything:\n\t got %s\n\twant %s", text(got), text(want))
	}
	for _, r := range ranges {
		for _, r.Clock = range []coupon.Clock{coupon.MadeAt, coupon.ServiceAt} {
			listed := e.redemptions(coupon.RedemptionFilter{Coupon: c.ID, Range: r})
			want, err := fold(listed)
			if err != nil {
				e.Fatalf("Fold: %v", err)
			}
			summary := e.summary(c.ID, r).Currencies
			if !equal(summary, want) {
				e.Errorf("the summary of %s is not the fold of the %d redemptions listed:\n\t got %s\n\twant %s", text(r), len(listed), text(summary), text(want))
			}
			for _, interval := range []coupon.Interval{coupon.Hourly, coupon.Daily, coupon.Weekly, coupon.WeeklyFromSunday, coupon.Monthly, coupon.Quarterly, coupon.Yearly} {
				if interval == coupon.Hourly && r.To.Sub(r.From) > 1000*time.Hour {
					continue
				}
				for _, zone := range zones {
					timelineAgrees(e, c.ID, r, interval, zone, listed, summary)
				}
			}
		}
	}
}

// timelineAgrees stops at the first difference: there would be thousands.
func timelineAgrees(e *env, id coupon.ID, r coupon.Range, interval coupon.Interval, zone string, listed []coupon.Redemption, summary []coupon.Figures) {
	e.Helper()
	points, err := e.svc.Timeline(e.Context(), id, r, interval, zone)
	if err != nil {
		e.Fatalf("Timeline: %v", err)
	}
	total := map[string]coupon.Figures{}
	for i, p := range points {
		if i == 0 && !p.Start.Equal(r.From) || i > 0 && !p.Start.Equal(points[i-1].End) || i == len(points)-1 && !p.End.Equal(r.To) {
			e.Fatalf("%s in %s of %s: bucket %d is [%s, %s)", interval, zone, text(r), i, p.Start, p.End)
		}
		var in []coupon.Redemption
		for _, x := range listed {
			t := x.MadeAt
			if r.Clock == coupon.ServiceAt {
				t = x.ServiceAt
			}
			if !t.Before(p.Start) && t.Before(p.End) {
				in = append(in, x)
			}
		}
		want, err := fold(in)
		if err != nil {
			e.Fatalf("Fold: %v", err)
		}
		if !equal(p.Currencies, want) {
			e.Fatalf("%s in %s of %s: bucket [%s, %s):\n\t got %s\n\twant %s", interval, zone, text(r), p.Start, p.End, text(p.Currencies), text(want))
		}
		add(e, total, p.Currencies)
	}
	for _, f := range summary {
		if !equal([]coupon.Figures{total[f.Currency]}, []coupon.Figures{f}) {
			e.Fatalf("%s in %s of %s: the buckets of %s do not add up to the summary:\n\t got %s\n\twant %s", interval, zone, text(r), f.Currency, text(total[f.Currency]), text(f))
		}
	}
}

func ownDay(e *env) {
	c := e.coupon("C")
	january := coupon.Range{From: instant("2026-01-01T00:00:00Z"), To: instant("2026-02-01T00:00:00Z")}
	february := coupon.Range{From: january.To, To: instant("2026-03-01T00:00:00Z")}
	e.redeem(at("b1", january.From), "C")
	e.redeem(at("b2", january.To.Add(-time.Microsecond)), "C")
	e.clock.set(february.From.AddDate(0, 0, 9))
	e.cancel("b1")
	e.refund("b2", "r", usd("7"))
	if f := e.summary(c.ID, january).In("USD"); f.Bookings != 1 || f.Cancelled != 1 || !f.Refunds.Equal(usd("7")) {
		e.Errorf("January: got %s", text(f))
	}
	if s := e.summary(c.ID, february); len(s.Currencies) != 0 {
		e.Errorf("February: got %s, want nothing", text(s))
	}
}

func nothingSummed(e *env) {
	c := e.coupon("C")
	r := coupon.Range{From: start, To: start.AddDate(0, 0, 3)}
	for _, clock := range []coupon.Clock{coupon.MadeAt, coupon.ServiceAt} {
		r.Clock = clock
		if s := e.summary(c.ID, r); len(s.Currencies) != 0 || s.Unscheduled != 0 {
			e.Errorf("the summary of nothing: %s", text(s))
		}
		points, err := e.svc.Timeline(e.Context(), c.ID, r, coupon.Daily, "UTC")
		if err != nil || len(points) != 4 {
			e.Fatalf("the timeline of nothing: %d points, error %v, want 4", len(points), err)
		}
		for _, p := range points {
			if len(p.Currencies) != 0 {
				e.Errorf("the timeline of nothing: %s", text(p))
			}
		}
	}
}

func bucketsInOrder(e *env) {
	c := e.coupon("C")
	hour := func(h int) time.Time { return start.Add(time.Duration(h) * time.Hour) }
	for i, h := range []int{5, 0, 2, 2, 9, -3} {
		row := past("C", name("b", i), hour(h))
		row.Currency = []string{"USD", "EUR"}[i%2]
		e.imports(row)
	}
	sum := func(bounds ...time.Time) (out []any) {
		e.Helper()
		got, err := e.store.Sum(e.Context(), coupon.SumQuery{Coupons: []coupon.ID{c.ID}, Clock: coupon.MadeAt, Bounds: bounds})
		if err != nil {
			e.Fatalf("Sum: %v", err)
		}
		for _, b := range got {
			out = append(out, b.Bucket, b.Currency, b.Bookings, b.Subtotal)
		}
		return out
	}
	e.same("four buckets", sum(hour(0), hour(1), hour(2), hour(5), hour(6)), []any{0, "EUR", 1, 10000, 2, "EUR", 1, 10000, 2, "USD", 1, 10000, 3, "USD", 1, 10000})
	e.same("an open first", sum(time.Time{}, hour(0), hour(2)), []any{0, "EUR", 1, 10000, 1, "EUR", 1, 10000})
	e.same("an open last", sum(hour(5), hour(9), time.Time{}), []any{0, "USD", 1, 10000, 1, "USD", 1, 10000})
	e.same("open at both ends", sum(time.Time{}, hour(2), time.Time{}), []any{0, "EUR", 2, 20000, 1, "EUR", 1, 10000, 1, "USD", 3, 30000})
	e.same("all there is", sum(time.Time{}, time.Time{}), []any{0, "EUR", 3, 30000, 0, "USD", 3, 30000})
	e.same("nothing there", sum(hour(20), hour(30)), nil)
}

func manyBuckets(e *env) {
	c := e.coupon("C")
	from := instant("2021-01-01T00:00:00Z")
	hours := []int{0, 1, 32_765, 32_766, 32_767, 44_444, 49_999}
	for i, h := range hours {
		e.imports(past("C", name("b", i), from.Add(time.Duration(h)*time.Hour)))
	}
	r := coupon.Range{From: from, To: from.Add(coupon.MaxPoints * time.Hour)}
	points, err := e.svc.Timeline(e.Context(), c.ID, r, coupon.Hourly, "UTC")
	if err != nil || len(points) != coupon.MaxPoints {
		e.Fatalf("Timeline: %d points, error %v, want %d", len(points), err, coupon.MaxPoints)
	}
	var got []int
	for i, p := range points {
		if p.In("USD").Bookings == 1 {
			got = append(got, i)
		}
	}
	e.same("the hours with a booking", got, hours)
}

func oneCouponOnly(e *env) {
	a, b := e.coupon("A"), e.coupon("B")
	e.imports(past("A", "b1", start), past("B", "b1", start), past("B", "b2", start))
	if _, err := e.svc.Archive(e.Context(), b.ID); err != nil {
		e.Fatalf("Archive: %v", err)
	}
	b2 := e.coupon("B")
	e.imports(past("B", "b3", start))
	for id, want := range map[coupon.ID]int64{a.ID: 1, b.ID: 2, b2.ID: 1} {
		if got := e.summary(id, coupon.Range{}).In("USD").Bookings; got != want {
			e.Errorf("coupon %s: got %d bookings, want %d", id, got, want)
		}
	}
}

// fold is coupon.Fold of a list.
func fold(list []coupon.Redemption) ([]coupon.Figures, error) {
	return coupon.Fold(func(yield func(coupon.Redemption, error) bool) {
		for _, r := range list {
			if !yield(r, nil) {
				return
			}
		}
	})
}
