package site

import (
	"context"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/store/memory"
)

// shop has three coupons, the first with sixty days of bookings.
func shop(ctx context.Context) (*coupon.Service, error) {
	svc, err := coupon.New(coupon.Config{Store: memory.New()})
	if err != nil {
		return nil, err
	}
	now := svc.Now()
	start := now.AddDate(0, 0, -60)
	for _, c := range []coupon.Coupon{
		{Code: "SPRING20", Name: "Spring", Discount: coupon.PercentOff(decimal.NewFromInt(20)), Start: start},
		{Code: "WELCOME5", Name: "Welcome", Audience: coupon.NewCustomers, Discount: coupon.AmountOff(coupon.MustMoney("5", "USD")), Start: start},
		{Code: "LOYAL10", Name: "For regulars", Discount: coupon.PercentOff(decimal.NewFromInt(10)), Start: start, End: now.AddDate(0, 1, 0)},
	} {
		if _, err := svc.Create(ctx, c); err != nil {
			return nil, err
		}
	}
	for day := range 60 {
		_, err := svc.Redeem(ctx, coupon.Booking{
			ID: fmt.Sprintf("B-%d", 1001+day), Currency: "USD", MadeAt: start.AddDate(0, 0, day).Add(time.Hour),
			Customer: coupon.Customer{Key: fmt.Sprintf("customer-%d@example.com", day%17)},
			Lines:    []coupon.Line{{Price: decimal.NewFromInt(int64(20 + day*7%60)), Quantity: 1}},
		}, "SPRING20")
		if err != nil {
			return nil, err
		}
	}
	return svc, nil
}
