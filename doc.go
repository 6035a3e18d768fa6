// Package coupon offers coupons to the customers of a commerce or booking
// platform, redeems them exactly, and shows how each one performs.
//
// # The words
//
// A [Coupon] is an offer; its [Code] is what a customer types. A [Booking] is
// what the host sells: an order or an appointment, with lines, a customer, the
// instant it was made, and perhaps the date of the service. A [Redemption] is a
// coupon used on a booking. [Restrictions] are rules that a booking must meet; a
// [Limit] is one that is counted over redemptions. A [Refusal] is one rule that
// is not met. The subtotal is the booking before any discount, the eligible part
// is what the coupon applies to, revenue is what is left after all discounts.
//
// # In twenty lines
//
//	st := memory.New()
//	svc, err := coupon.New(coupon.Config{Store: st})
//	c, err := svc.Create(ctx, coupon.Coupon{
//		Code:     "SPRING20",
//		Discount: coupon.PercentOff(decimal.NewFromInt(20)),
//		Start:    start,
//		Restrictions: coupon.Restrictions{
//			MinTotal: coupon.MustMoney("50", "USD"),
//			Limits:   []coupon.Limit{{Of: coupon.Uses, Per: coupon.PerCustomer, Max: 1}},
//		},
//	})
//	booking := coupon.Booking{
//		ID: "B-1001", Currency: "USD",
//		Customer: coupon.Customer{Key: "ann@example.com"},
//		Lines:    []coupon.Line{{Price: decimal.NewFromInt(80), Quantity: 1}},
//	}
//	q, err := svc.Quote(ctx, booking, "spring20")  // writes nothing; q.Refusals() says why not
//	r, err := svc.Redeem(ctx, booking, "spring20") // counts once, however often it is called
//	s, err := svc.Summary(ctx, c.ID, coupon.Range{})
//
// # The life of a redemption
//
// The booking's id is the key: the same call again gives the first result. A use
// can be held while the customer pays ([Service.Reserve]) and is then redeemed
// ([Service.Confirm]), given back ([Service.Release]), or counts no more when its
// time is over. A booking that is changed is told by [Service.Amend], one that falls
// through by [Service.Cancel], money given back by [Service.Refund]. The bookings of
// one recurring agreement, a series, are one use. Several coupons stand on one
// booking if each allows it ([Service.RedeemAll]).
//
// # Codes
//
// A coupon has one main code and any number of further ones ([Service.AddCode],
// [Service.GenerateCodes], [WriteCodes]), all under its limits: some for a single
// use, some for one customer. A limit per code counts each by itself. A generated
// code has at least 60 random bits; against guessing the shorter ones of the host's
// own there is [Config].Attempt, and every code that can't be used is answered with
// the same text, [NotValid].
//
// # How money is rounded
//
// Amounts are [Money]: an exact decimal of one currency. There are no floats. A
// percentage is rounded once, on the coupon's whole discount, half away from
// zero, to the minor unit of the currency; then it is allocated to the lines by
// largest remainder ([Allocate]), so that lines always add up. A discount is
// never more than what it applies to is worth. As JSON an amount is a string with
// all digits of its currency ([Money.MarshalJSON]).
//
// # Time
//
// Ranges are half-open. Days, hours and periods are those of the coupon's zone,
// found by the calendar: a day of 23 or 25 hours is one day.
//
// # Coming from another system
//
// [Service.ImportCoupons] takes over coupons with their codes, and [Service.Import]
// their redemptions, as they happened. Where only a count is known, [OpeningUses]
// are counted by limits and stand in no list and no summary. Both can be run
// again.
//
// # What was refused
//
// What [Service.Redeem] refuses is kept, once per coupon, booking and reason, for a
// time and in a bounded number: see [Config] and [Service.Refusals]. What it
// refused in a transaction of the host's, and what a quote says, the host keeps
// with [Service.RecordRefusals].
//
// # How to choose a store
//
// store/memory is for tests and demonstrations. store/sqlite keeps everything in
// one file beside a program, also for several processes. store/postgres is for
// several servers of the host's. All pass the same public suite, store/storetest;
// so must a store of your own. The two SQL stores can write in a transaction of
// the host's, together with its booking: see [Service.With].
package coupon
