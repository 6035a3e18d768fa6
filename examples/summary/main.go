// Summary writes the e-mail that a host sends the owner of a coupon on Monday
// morning: what the coupon did last week, by which code, and in every week since
// it began. It calls Summary and Timeline from the host's own code, and no page.
//
//	go run ./examples/summary
//
// The bookings are made up (seed.go), in a store in memory.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	_ "time/tzdata" // the zone's rules, for machines without them

	"github.com/couponkit/coupon"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "summary:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, w io.Writer) error {
	svc, c, err := seeded(ctx)
	if err != nil {
		return err
	}
	text, err := weekly(ctx, svc, c)
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, text)
	return err
}

// weekly is the text about the last whole week before now.
func weekly(ctx context.Context, svc *coupon.Service, c coupon.Coupon) (string, error) {
	loc, err := time.LoadLocation(c.Zone)
	if err != nil {
		return "", err
	}
	week := lastWeek(svc.Now(), loc)
	s, err := svc.Summary(ctx, c.ID, week)
	if err != nil {
		return "", err
	}
	f := s.In(currency)
	var b strings.Builder
	line := func(format string, args ...any) {
		b.WriteString(strings.TrimRight(fmt.Sprintf(format, args...), " ") + "\n")
	}
	day := func(t time.Time) string { return t.In(loc).Format("2 January") }
	line("Subject: %s in the week of %s", c.Code, day(week.From))
	line("")
	line("Total Bookings                  %8d", f.Bookings)
	line("Total Revenue (after discount)  %8s", dollars(f.Revenue))
	line("Total Discounts Given           %8s", dollars(f.Discounts))
	line("")
	line("New customers: %d, of %d bookings of which it is known.", f.NewCustomers, f.CustomersKnown)
	if f.Cancelled > 0 { // beside the figures, never in them
		line("Cancelled: %d, with %s off; not counted above.", f.Cancelled, dollars(f.CancelledDiscounts))
	}
	if f.Refunds.Amount.IsPositive() {
		line("Given back: %s; after that, revenue is %s.", dollars(f.Refunds), dollars(f.RevenueAfterRefunds))
	}
	if err := byCode(ctx, svc, c, week, line); err != nil {
		return "", err
	}

	// From the start of the coupon to the end of that week: a point for every week,
	// also for one in which nobody came.
	points, err := svc.Timeline(ctx, c.ID, coupon.Range{From: c.Start, To: week.To}, coupon.Weekly, c.Zone)
	if err != nil {
		return "", err
	}
	line("")
	line("Week of       bookings   revenue  discounts")
	for _, p := range points {
		f := p.In(currency)
		line("%-12s  %8d  %8s   %8s  %s", day(p.Start), f.Bookings, dollars(f.Revenue), dollars(f.Discounts), strings.Repeat("#", int(f.Bookings)))
	}
	return b.String(), nil
}

// lastWeek is the one before that of now, by the calendar where the shop is: where
// clocks are changed it has 167 or 169 hours, so it is not counted in hours.
func lastWeek(now time.Time, loc *time.Location) coupon.Range {
	to := coupon.Weekly.Start(now, loc)
	return coupon.Range{From: coupon.Weekly.Start(to.Add(-time.Nanosecond), loc), To: to}
}

// byCode tells the coupon's codes apart: each was printed on something else.
func byCode(ctx context.Context, svc *coupon.Service, c coupon.Coupon, week coupon.Range, line func(string, ...any)) error {
	line("")
	line("Code          bookings   revenue")
	for k, err := range svc.Codes(ctx, c.ID, coupon.CodeFilter{}) {
		if err != nil {
			return err
		}
		s, err := svc.Summary(ctx, c.ID, week, coupon.OfCode(string(k.Code)))
		if err != nil {
			return err
		}
		line("%-12s  %8d  %8s", k.Code, s.In(currency).Bookings, dollars(s.In(currency).Revenue))
	}
	return nil
}

// dollars is an amount without its currency, which the whole text has in common.
func dollars(m coupon.Money) string { return "$" + m.Plain() }
