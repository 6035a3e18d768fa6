package main

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/couponkit/coupon"
)

func Example() {
	if err := run(context.Background(), os.Stdout); err != nil {
		fmt.Println(err)
	}
	// Output:
	// Subject: SPRING20 in the week of 8 June
	//
	// Total Bookings                         5
	// Total Revenue (after discount)   $467.20
	// Total Discounts Given            $116.80
	//
	// New customers: 2, of 4 bookings of which it is known.
	// Cancelled: 1, with $16.00 off; not counted above.
	// Given back: $20.00; after that, revenue is $447.20.
	//
	// Code          bookings   revenue
	// FLYER20              1    $79.20
	// RADIO20              3   $220.00
	// SPRING20             1   $168.00
	//
	// Week of       bookings   revenue  discounts
	// 20 May               3   $212.00     $53.00  ###
	// 25 May               2   $140.00     $35.00  ##
	// 1 June               0     $0.00      $0.00
	// 8 June               5   $467.20    $116.80  #####
}

// The figures of the text are the sums of what it is about: of the bookings that
// are listed, of the weeks, and of the codes.
func TestTheSumsAgree(t *testing.T) {
	t.Parallel()
	svc, c, err := seeded(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	life := coupon.Range{From: c.Start, To: svc.Now()}
	listed, err := coupon.Fold(svc.Redemptions(t.Context(), coupon.RedemptionFilter{Coupon: c.ID, Range: life}))
	if err != nil {
		t.Fatal(err)
	}
	s, err := svc.Summary(t.Context(), c.ID, life)
	if err != nil {
		t.Fatal(err)
	}
	all := s.In(currency)
	if len(listed) != 1 || fmt.Sprint(listed[0]) != fmt.Sprint(all) {
		t.Errorf("listed %v, summary %v", listed, all)
	}
	points, err := svc.Timeline(t.Context(), c.ID, life, coupon.Weekly, c.Zone)
	if err != nil {
		t.Fatal(err)
	}
	revenue := coupon.MustMoney("0", currency)
	for _, p := range points {
		if revenue, err = revenue.Add(p.In(currency).Revenue); err != nil {
			t.Fatal(err)
		}
	}
	if !revenue.Equal(all.Revenue) {
		t.Errorf("revenue of the weeks %s, of the whole %s", revenue, all.Revenue)
	}
	bookings := int64(0)
	for k, err := range svc.Codes(t.Context(), c.ID, coupon.CodeFilter{}) {
		if err != nil {
			t.Fatal(err)
		}
		s, err := svc.Summary(t.Context(), c.ID, life, coupon.OfCode(string(k.Code)))
		if err != nil {
			t.Fatal(err)
		}
		bookings += s.In(currency).Bookings
	}
	if bookings != all.Bookings {
		t.Errorf("bookings of the codes %d, of the whole %d", bookings, all.Bookings)
	}
}

// A week is found by the calendar also where the clocks change.
func TestTheWeekIsTheCalendars(t *testing.T) {
	t.Parallel()
	loc, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	week := lastWeek(time.Date(2026, time.March, 9, 7, 0, 0, 0, loc), loc)
	if d := week.To.Sub(week.From); d != 167*time.Hour {
		t.Errorf("the week of the change has %v, want 167 hours", d)
	}
}
