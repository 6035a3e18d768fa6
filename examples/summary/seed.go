package main

import (
	"context"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/store/memory"
)

const (
	zone     = "America/Chicago"
	currency = "USD"
)

// seeded is a shop with one coupon and some bookings. It is Monday, 15 June 2026,
// early in the morning.
func seeded(ctx context.Context) (*coupon.Service, coupon.Coupon, error) {
	monday := time.Date(2026, time.June, 15, 12, 0, 0, 0, time.UTC)
	svc, err := coupon.New(coupon.Config{Store: memory.New(), Now: func() time.Time { return monday }})
	if err != nil {
		return nil, coupon.Coupon{}, err
	}
	start, err := coupon.StartOfDay(coupon.Date{Year: 2026, Month: time.May, Day: 20}, zone)
	if err != nil {
		return nil, coupon.Coupon{}, err
	}
	c, err := svc.Create(ctx, coupon.Coupon{Code: "SPRING20", Name: "Spring", Discount: coupon.PercentOff(decimal.NewFromInt(20)), Start: start, Zone: zone})
	if err != nil {
		return nil, c, err
	}
	// The same coupon with codes of their own for the flyer and the radio.
	for _, code := range []coupon.Code{"FLYER20", "RADIO20"} {
		if _, err := svc.AddCode(ctx, c.ID, coupon.CouponCode{Code: code}); err != nil {
			return nil, c, err
		}
	}
	none, one := 0, 1
	for i, b := range []struct {
		day, hour int // from 20 May
		code      string
		price     int64
		earlier   *int // bookings of the customer; nil is unknown
	}{
		{0, 9, "SPRING20", 80, &none},
		{1, 18, "FLYER20", 120, &none},
		{3, 12, "SPRING20", 65, &one},
		{5, 10, "FLYER20", 95, nil},
		{8, 20, "FLYER20", 80, &none},
		// Nobody in the week of 1 June.
		{19, 0, "RADIO20", 150, &none}, // the first minutes of 8 June
		{20, 11, "RADIO20", 80, &none},
		{20, 12, "RADIO20", 45, nil},
		{22, 9, "SPRING20", 210, &one},
		{23, 17, "RADIO20", 80, &none},
		{25, 23, "FLYER20", 99, &one}, // the last hour of 14 June
	} {
		local := start.AddDate(0, 0, b.day).Add(time.Duration(b.hour) * time.Hour)
		_, err := svc.Redeem(ctx, coupon.Booking{
			ID: fmt.Sprintf("B-%d", i+1), Currency: currency, MadeAt: local,
			Customer: coupon.Customer{Key: fmt.Sprintf("customer-%d@example.com", i+1), EarlierBookings: b.earlier},
			Lines:    []coupon.Line{{Price: decimal.NewFromInt(b.price), Quantity: 1}},
		}, b.code)
		if err != nil {
			return nil, c, err
		}
	}
	if _, err := svc.Cancel(ctx, "B-10"); err != nil {
		return nil, c, err
	}
	_, err = svc.Refund(ctx, "B-9", coupon.Refund{Key: "B-9 late", Amount: coupon.MustMoney("20", currency)})
	return svc, c, err
}
