package coupon_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"time"

	"github.com/shopspring/decimal"

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/store/memory"
)

// A shop's clock in the examples: noon on Monday, 15 June 2026.
func clock() time.Time { return time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC) }

// spring is a service with one coupon: 20 % off from 50 dollars, once for every
// customer, for everything booked in June.
func spring(ctx context.Context) (*coupon.Service, coupon.Coupon) {
	svc, err := coupon.New(coupon.Config{Store: memory.New(), Now: clock})
	if err != nil {
		panic(err)
	}
	start, err := coupon.StartOfDay(coupon.Date{Year: 2026, Month: time.June, Day: 1}, "America/Chicago")
	if err != nil {
		panic(err)
	}
	end, err := coupon.StartOfDay(coupon.Date{Year: 2026, Month: time.July, Day: 1}, "America/Chicago")
	if err != nil {
		panic(err)
	}
	c, err := svc.As("maria").Create(ctx, coupon.Coupon{
		Code: "SPRING20", Name: "Spring e-mail", Zone: "America/Chicago",
		Discount: coupon.PercentOff(decimal.NewFromInt(20)),
		Start:    start, End: end, // until 30 June: the end is the start of 1 July
		Restrictions: coupon.Restrictions{
			MinTotal: coupon.MustMoney("50", "USD"),
			Limits:   []coupon.Limit{{Of: coupon.Uses, Per: coupon.PerCustomer, Max: 1}},
		},
	})
	if err != nil {
		panic(err)
	}
	return svc, c
}

// order is a booking of one line.
func order(id, customer, price string) coupon.Booking {
	return coupon.Booking{
		ID: id, Currency: "USD", Customer: coupon.Customer{Key: customer},
		Lines: []coupon.Line{{Price: decimal.RequireFromString(price), Quantity: 1}},
	}
}

func Example() {
	ctx := context.Background()
	svc, c := spring(ctx)

	r, err := svc.Redeem(ctx, order("B-1", "ann@example.com", "80"), "spring20")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("discount", r.Discount)

	s, err := svc.Summary(ctx, c.ID, coupon.Range{})
	if err != nil {
		fmt.Println(err)
		return
	}
	f := s.In("USD")
	fmt.Println(f.Bookings, "booking, revenue", f.Revenue)
	// Output:
	// discount 16.00 USD
	// 1 booking, revenue 64.00 USD
}

func ExampleService_Quote() {
	ctx := context.Background()
	svc, _ := spring(ctx)
	for _, b := range []coupon.Booking{order("B-1", "ann@example.com", "80"), order("B-2", "bob@example.com", "30")} {
		q, err := svc.Quote(ctx, b, "SPRING20")
		if err != nil {
			fmt.Println(err)
			return
		}
		if q.OK() {
			fmt.Println(b.ID, "costs", q.Total)
			continue
		}
		for _, text := range coupon.Public(q.Refusals()) {
			fmt.Println(b.ID, "is told:", text)
		}
	}
	// Output:
	// B-1 costs 64.00 USD
	// B-2 is told: This code needs a booking of at least 50.00 USD.
}

// The same call again counts nothing: after a broken connection, a double click
// or a crash, simply call again.
func ExampleService_Redeem() {
	ctx := context.Background()
	svc, _ := spring(ctx)
	for range 2 {
		r, err := svc.Redeem(ctx, order("B-1", "ann@example.com", "80"), "SPRING20")
		fmt.Println(r.Discount, "replayed:", r.Replayed, err)
	}
	_, err := svc.Redeem(ctx, order("B-2", "Ann@Example.com ", "80"), "SPRING20")
	var refused *coupon.RefusedError
	if errors.As(err, &refused) {
		fmt.Println(refused.Refusals[0])
	}
	// Output:
	// 16.00 USD replayed: false <nil>
	// 16.00 USD replayed: true <nil>
	// limit-reached (SPRING20) of uses per customer, at most 1, used before 1
}

func ExampleService_Refund() {
	ctx := context.Background()
	svc, c := spring(ctx)
	if _, err := svc.Redeem(ctx, order("B-1", "ann@example.com", "80"), "SPRING20"); err != nil {
		fmt.Println(err)
		return
	}
	if _, err := svc.Refund(ctx, "B-1", coupon.Refund{Key: "refund-1", Amount: coupon.MustMoney("14", "USD")}); err != nil {
		fmt.Println(err)
		return
	}
	s, err := svc.Summary(ctx, c.ID, coupon.Range{})
	if err != nil {
		fmt.Println(err)
		return
	}
	f := s.In("USD")
	fmt.Println("revenue", f.Revenue, "refunds", f.Refunds, "left", f.RevenueAfterRefunds)
	// Output: revenue 64.00 USD refunds 14.00 USD left 50.00 USD
}

// Called from the host's own code: a monthly report, say.
func ExampleService_Summary() {
	ctx := context.Background()
	svc, c := spring(ctx)
	for _, b := range []coupon.Booking{order("B-1", "ann@example.com", "80"), order("B-2", "bob@example.com", "120")} {
		if _, err := svc.Redeem(ctx, b, "SPRING20"); err != nil {
			fmt.Println(err)
			return
		}
	}
	if _, err := svc.Cancel(ctx, "B-2"); err != nil {
		fmt.Println(err)
		return
	}
	s, err := svc.Summary(ctx, c.ID, coupon.Range{From: c.Start, To: c.End})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range s.Currencies {
		fmt.Println("bookings", f.Bookings, "revenue", f.Revenue, "discounts", f.Discounts, "cancelled", f.Cancelled)
	}
	// Output: bookings 1 revenue 64.00 USD discounts 16.00 USD cancelled 1
}

// A timeline has a point for every bucket, also where nothing happened.
func ExampleService_Timeline() {
	ctx := context.Background()
	svc, c := spring(ctx)
	if _, err := svc.Redeem(ctx, order("B-1", "ann@example.com", "80"), "SPRING20"); err != nil {
		fmt.Println(err)
		return
	}
	june := coupon.Range{From: c.Start, To: c.End}
	points, err := svc.Timeline(ctx, c.ID, june, coupon.Weekly, c.Zone)
	if err != nil {
		fmt.Println(err)
		return
	}
	chicago, err := time.LoadLocation(c.Zone)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range points {
		fmt.Println(p.Start.In(chicago).Format("Mon 2 Jan"), p.In("USD").Bookings, p.In("USD").Discounts)
	}
	// Output:
	// Mon 1 Jun 0 0.00 USD
	// Mon 8 Jun 0 0.00 USD
	// Mon 15 Jun 1 16.00 USD
	// Mon 22 Jun 0 0.00 USD
	// Mon 29 Jun 0 0.00 USD
}

// Redemptions of an old system are recorded as they happened: no rule is looked
// at, and an import can be run again.
func ExampleService_Import() {
	ctx := context.Background()
	svc, _ := spring(ctx)
	old := []coupon.PastRedemption{
		{Line: 2, Code: "SPRING20", Booking: "old-1", Currency: "USD", MadeAt: clock().AddDate(0, 0, -9),
			Subtotal: decimal.NewFromInt(40), Eligible: decimal.NewFromInt(40), Discount: decimal.NewFromInt(8)},
		{Line: 3, Code: "SPRING20", Booking: "old-2", Currency: "USD", MadeAt: clock().AddDate(0, 0, -8),
			Subtotal: decimal.NewFromInt(10), Eligible: decimal.NewFromInt(40), Discount: decimal.NewFromInt(8)},
	}
	rows := func(yield func(coupon.PastRedemption, error) bool) {
		for _, r := range old {
			if !yield(r, nil) {
				return
			}
		}
	}
	report, err := svc.Import(ctx, rows, coupon.ImportOptions{BadRow: func(b coupon.BadRow) { fmt.Println(b.Error()) }})
	fmt.Println(report.Recorded, "recorded,", report.Bad, "bad", err)
	// Output:
	// line 3: coupon: eligible "40" must not be more than subtotal
	// 1 recorded, 1 bad <nil>
}

// Coupons of an old system that kept only a count: the count goes on, and the
// import can be run again.
func ExampleService_ImportCoupons() {
	ctx := context.Background()
	svc, c := spring(ctx)
	old := coupon.PastCoupon{
		Line: 2,
		Coupon: coupon.Coupon{
			ID: "shop-17", Code: "FRIENDS", Discount: coupon.PercentOff(decimal.NewFromInt(5)), Start: c.Start,
			Restrictions: coupon.Restrictions{Limits: []coupon.Limit{{Of: coupon.Uses, Per: coupon.PerCoupon, Max: 41}}},
		},
		Codes:   []coupon.CouponCode{{Code: "FRIENDS-OF-ANN"}},
		Opening: []coupon.OpeningUses{{Uses: 40}},
	}
	taken := old
	taken.Line, taken.Coupon.ID, taken.Coupon.Code = 3, "shop-18", "SPRING20"
	rows := func(yield func(coupon.PastCoupon, error) bool) {
		_ = yield(old, nil) && yield(taken, nil)
	}
	for range 2 {
		report, err := svc.ImportCoupons(ctx, rows, coupon.ImportCouponOptions{BadRow: func(b coupon.BadCoupon) { fmt.Println(b.Error()) }})
		fmt.Println(report.Recorded, "recorded,", report.Known, "known,", report.Bad, "bad", err)
	}
	for _, b := range []coupon.Booking{order("B-1", "ann@example.com", "80"), order("B-2", "bob@example.com", "80")} {
		_, err := svc.Redeem(ctx, b, "friends-of-ann")
		fmt.Println(b.ID, err)
	}
	// Output:
	// line 3: coupon: the code is in use by another coupon: SPRING20
	// 1 recorded, 0 known, 1 bad <nil>
	// line 3: coupon: the code is in use by another coupon: SPRING20
	// 0 recorded, 1 known, 1 bad <nil>
	// B-1 <nil>
	// B-2 coupon: refused: limit-reached (FRIENDS) of uses per coupon, at most 41, used before 41
}

// Redeem keeps what it refuses; of a quote the host decides, because a page may
// ask for one at every key stroke.
func ExampleService_RecordRefusals() {
	ctx := context.Background()
	svc, c := spring(ctx)
	for _, b := range []coupon.Booking{order("B-1", "ann@example.com", "30"), order("B-2", "bob@example.com", "45")} {
		for range 2 { // the same again is kept once
			q, err := svc.Quote(ctx, b, "SPRING20")
			if err != nil {
				fmt.Println(err)
				return
			}
			if err := svc.RecordRefusals(ctx, q.Refused()); err != nil {
				fmt.Println(err)
				return
			}
		}
	}
	counts, err := svc.RefusalCounts(ctx, c.ID)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, n := range counts {
		fmt.Println(n.Reason, "refused", n.Bookings, "bookings of", n.Subtotal)
	}
	// Output: below-minimum refused 2 bookings of 75.00 USD
}

// Codes for a mailing, which nobody can guess, as a file for whoever sends them. The
// same call again gives the same codes. Config.Rand is set only so that the example
// has always the same output.
func ExampleService_GenerateCodes() {
	ctx := context.Background()
	svc, err := coupon.New(coupon.Config{Store: memory.New(), Now: clock, Rand: rand.NewChaCha8([32]byte{})})
	if err != nil {
		fmt.Println(err)
		return
	}
	c, err := svc.Create(ctx, coupon.Coupon{Code: "MAILING", Discount: coupon.PercentOff(decimal.NewFromInt(20)), Start: clock()})
	if err != nil {
		fmt.Println(err)
		return
	}
	codes := svc.GenerateCodes(ctx, c.ID, coupon.CodeBatch{Key: "june", Count: 3, Prefix: "JUNE-", SingleUse: true})
	n, err := coupon.WriteCodes(os.Stdout, codes)
	fmt.Println(n, "codes", err)
	// Output:
	// code,single_use,customer,batch,created_at
	// JUNE-1Y67-7BVV-Z3W1,true,,june,2026-06-15T12:00:00Z
	// JUNE-1Y4A-XA8R-MMDE,true,,june,2026-06-15T12:00:00Z
	// JUNE-PFDX-RKCM-JYNF,true,,june,2026-06-15T12:00:00Z
	// 3 codes <nil>
}

// A code of the host's own, for one customer. Others are told what they would be
// told of a code that there is not.
func ExampleService_AddCode() {
	ctx := context.Background()
	svc, c := spring(ctx)
	if _, err := svc.AddCode(ctx, c.ID, coupon.CouponCode{Code: "sorry-ann", Customer: "Ann@example.com", SingleUse: true}); err != nil {
		fmt.Println(err)
		return
	}
	for _, b := range []coupon.Booking{order("B-1", "bob@example.com", "80"), order("B-2", "ann@example.com", "80")} {
		r, err := svc.Redeem(ctx, b, "SORRY-ANN")
		var refused *coupon.RefusedError
		if errors.As(err, &refused) {
			fmt.Println(b.ID, refused.Refusals[0].Reason, coupon.Public(refused.Refusals))
			continue
		}
		fmt.Println(b.ID, r.Code, r.Discount, err)
	}
	// Output:
	// B-1 not-yours [This code can't be used for this booking.]
	// B-2 SORRY-ANN 16.00 USD <nil>
}

// "Until 7 July" is the start of 8 July, where the shop is.
func ExampleStartOfDay() {
	end, err := coupon.StartOfDay(coupon.Date{Year: 2026, Month: time.July, Day: 8}, "Europe/Berlin")
	fmt.Println(end, err)
	// Output: 2026-07-08 00:00:00 +0200 CEST <nil>
}

func ExampleAllocate() {
	shares, err := coupon.Allocate(1000, []int64{1, 1, 1}) // 10.00 over three equal lines
	fmt.Println(shares, err)
	// Output: [334 333 333] <nil>
}
