package storetest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/couponkit/coupon"
)

var performanceCases = []testCase{
	{"many-at-once", "the summaries and timelines of many coupons at once are those of each by itself, for every clock, range and code", manyAtOnce},
	{"many-in-order", "Sum of several coupons says whose each sum is, in the order of coupons, then buckets, then currencies", manyInOrder},
	{"many-of-unknown", "one id that is not there is ErrNotFound, and an id twice is there once", manyOfUnknown},
}

// campaigns are n coupons, the first of them busy and every fifth without a
// booking, in three currencies, some bookings of two coupons, some cancelled.
func campaigns(e *env, n int) (ids []coupon.ID) {
	e.Helper()
	rnd := rand.New(rand.NewPCG(7, 11))
	for i := range n {
		c := e.coupon(name("C", i), func(c *coupon.Coupon) {
			c.ValidBy = []coupon.Clock{coupon.MadeAt, coupon.ServiceAt}[i%2]
			c.Zone = zones[i%len(zones)]
		})
		ids = append(ids, c.ID)
	}
	e.code(ids[0], "MORE", func(*coupon.CouponCode) {})
	var rows []coupon.PastRedemption
	for i := range 4 * n {
		of := i % n
		if i%3 == 0 {
			of = 0
		}
		if of%5 == 4 {
			continue
		}
		subtotal, currency := 100+rnd.Int64N(1_000_000), []string{"USD", "KWD", "JPY"}[rnd.IntN(3)]
		row := coupon.PastRedemption{Code: name("C", of), Booking: name("b", i), Currency: currency,
			MadeAt:   start.Add(time.Duration(rnd.Int64N(60*24*3600*1e6)) * time.Microsecond),
			Subtotal: minor(subtotal, currency).Amount, Eligible: minor(subtotal, currency).Amount, Discount: minor(subtotal/10, currency).Amount}
		if of == 0 && i%2 == 0 {
			row.Code = "MORE"
		}
		if rnd.IntN(3) > 0 {
			row.Service = coupon.ServiceTime(row.MadeAt.AddDate(0, 0, rnd.IntN(9)))
		}
		if rnd.IntN(4) == 0 {
			row.CancelledAt = row.MadeAt.Add(time.Hour)
		}
		rows = append(rows, row)
		if i%7 == 0 && of != 1 { // a booking with two coupons is on both pages
			row.Code = name("C", 1)
			rows = append(rows, row)
		}
	}
	e.imports(rows...)
	return ids
}

func manyAtOnce(e *env) {
	ids := campaigns(e, 130)
	month := coupon.Range{From: start.AddDate(0, 0, 10), To: start.AddDate(0, 0, 40)}
	for _, r := range []coupon.Range{{}, month, {To: month.To, Clock: coupon.ServiceAt}, {From: month.From, To: month.To, Clock: coupon.ServiceAt}} {
		for _, opts := range [][]coupon.SummaryOption{nil, {coupon.OfCode("more")}} {
			what := fmt.Sprintf("%s with %d options", text(r), len(opts))
			all, err := e.svc.Summaries(e.Context(), ids, r, opts...)
			if err != nil || len(all) != len(ids) {
				e.Fatalf("Summaries of %s: %d of %d, error %v", what, len(all), len(ids), err)
			}
			some := 0
			for i, id := range ids {
				if opts != nil && i > 20 {
					break
				}
				one, err := e.svc.Summary(e.Context(), id, r, opts...)
				if err != nil {
					e.Fatalf("Summary of %s: %v", what, err)
				}
				e.same(fmt.Sprintf("coupon %d of %s", i, what), all[id], one)
				some += len(one.Currencies)
			}
			if some < 3 {
				e.Fatalf("Summary of %s has only %d figures", what, some)
			}
		}
	}
	for _, clock := range []coupon.Clock{coupon.MadeAt, coupon.ServiceAt} {
		month.Clock = clock
		all, err := e.svc.Timelines(e.Context(), ids, month, coupon.Daily, "Europe/Berlin")
		if err != nil || len(all) != len(ids) {
			e.Fatalf("Timelines by %s: %d of %d, error %v", clock, len(all), len(ids), err)
		}
		for _, i := range []int{0, 1, 2, 4, 9, 99, 100, 101, 129} {
			one, err := e.svc.Timeline(e.Context(), ids[i], month, coupon.Daily, "Europe/Berlin")
			if err != nil {
				e.Fatalf("Timeline by %s: %v", clock, err)
			}
			e.same(fmt.Sprintf("the timeline of coupon %d by %s", i, clock), all[ids[i]], one)
		}
	}
}

func manyInOrder(e *env) {
	a, b, c := e.coupon("A").ID, e.coupon("B").ID, e.coupon("C").ID
	hour := func(h int) time.Time { return start.Add(time.Duration(h) * time.Hour) }
	for i, row := range []coupon.PastRedemption{past("C", "b1", hour(0)), past("A", "b1", hour(3)), past("A", "b2", hour(1)), past("A", "b3", hour(1)), past("B", "b2", hour(1))} {
		row.Currency = []string{"USD", "EUR"}[i%2]
		e.imports(row)
	}
	ids := []coupon.ID{a, b, c}
	slices.Sort(ids)
	names := map[coupon.ID]string{a: "A", b: "B", c: "C"}
	sum := func(ids ...coupon.ID) (out []any) {
		e.Helper()
		sums, err := e.store.Sum(e.Context(), coupon.SumQuery{Coupons: ids, Clock: coupon.MadeAt, Bounds: []time.Time{hour(0), hour(2), hour(4)}})
		if err != nil {
			e.Fatalf("Sum: %v", err)
		}
		for _, s := range sums {
			out = append(out, names[s.Coupon], s.Bucket, s.Currency, s.Bookings)
		}
		return out
	}
	want := map[coupon.ID][]any{a: {"A", 0, "EUR", 1, "A", 0, "USD", 1, "A", 1, "EUR", 1}, b: {"B", 0, "USD", 1}, c: {"C", 0, "USD", 1}}
	e.same("three coupons", sum(ids...), slices.Concat(want[ids[0]], want[ids[1]], want[ids[2]]))
	e.same("one of them", sum(a), want[a])
	e.same("one that is there and one that is not", sum(a, "~"), want[a])
}

func manyOfUnknown(e *env) {
	ctx := e.Context()
	c := e.coupon("C")
	e.imports(past("C", "b1", start))
	day := coupon.Range{From: start, To: start.AddDate(0, 0, 1)}
	_, err := e.svc.Summaries(ctx, []coupon.ID{c.ID, "nowhere"}, day)
	e.is("Summaries", err, coupon.ErrNotFound)
	_, err = e.svc.Timelines(ctx, []coupon.ID{c.ID, "nowhere"}, day, coupon.Daily, "UTC")
	e.is("Timelines", err, coupon.ErrNotFound)
	all, err := e.svc.Summaries(ctx, []coupon.ID{c.ID, c.ID}, day)
	if err != nil || len(all) != 1 || all[c.ID].In("USD").Bookings != 1 {
		e.Errorf("the summaries of one coupon twice: %s, error %v", text(all), err)
	}
	if all, err = e.svc.Summaries(ctx, nil, day); err != nil || len(all) > 0 {
		e.Errorf("the summaries of none: %s, error %v", text(all), err)
	}
}
