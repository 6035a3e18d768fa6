package sqltest

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/couponkit/coupon"
)

// Life makes the calls of a redemption's whole life, of further codes, series and
// refusals, on a coupon that is combinable and has uses left. do is told the name
// of each.
func Life(t *testing.T, st coupon.Store, c coupon.Coupon, do func(name string, f func() error)) {
	t.Helper()
	ctx, now := t.Context(), time.Now()
	clock := func() time.Time { return now }
	svc, err := coupon.New(coupon.Config{Store: st, Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	main, id := string(c.Code), func(s string) string { return s + " of " + string(c.Code) }
	of := func(s string) coupon.Booking {
		b := Booking(id(s))
		b.Customer.Key = "c7"
		return b
	}
	in := func(s string, n int64) coupon.Booking {
		b := of(s)
		b.Series, b.Occurrence = id("series"), n
		return b
	}
	does := func(name string, f func() error) {
		t.Helper()
		do(name, f)
	}
	does("quote", func() error { return Second(svc.Quote(ctx, in("quoted", 1), main)) })
	does("reserve", func() error { return Second(svc.Reserve(ctx, of("life"), time.Hour, main)) })
	does("confirm", func() error { return Second(svc.Confirm(ctx, id("life"))) })
	does("amend", func() error {
		b := of("life")
		b.Lines[0].Quantity = 2
		return Second(svc.Amend(ctx, b))
	})
	does("set cost", func() error { return Second(svc.SetCost(ctx, id("life"), new(coupon.MustMoney("5", "USD")))) })
	does("cancel a life", func() error { return Second(svc.Cancel(ctx, id("life"))) })
	does("reopen", func() error { return Second(svc.Reopen(ctx, of("life"), main)) })
	does("reserve to release", func() error { return Second(svc.Reserve(ctx, of("released"), time.Hour, main)) })
	does("release", func() error { return Second(svc.Release(ctx, id("released"))) })
	does("in a series", func() error { return Second(svc.Redeem(ctx, in("first", 1), main)) })
	does("in a series again", func() error { return Second(svc.Redeem(ctx, in("second", 2), main)) })
	does("series", func() error { return Second(st.Series(ctx, coupon.SeriesKey{Coupon: c.ID, Key: id("series")})) })
	does("cancel in a series", func() error { return Second(svc.Cancel(ctx, id("first"))) })
	other := Create(t, st, "BESIDE-"+main, func(c *coupon.Coupon) { c.Combinable = true })
	does("redeem all", func() error { return Second(svc.RedeemAll(ctx, of("two"), []string{main, string(other.Code)})) })
	does("cancel all", func() error { return Second(svc.Cancel(ctx, id("two"))) })

	once := coupon.CouponCode{Code: coupon.Code("ONCE-" + main), SingleUse: true}
	does("add a code", func() error { return Second(svc.AddCode(ctx, c.ID, once)) })
	does("generate codes", func() error { return Drain(svc.GenerateCodes(ctx, c.ID, coupon.CodeBatch{Key: "mail", Count: 3})) })
	does("codes", func() error { return Drain(svc.Codes(ctx, c.ID, coupon.CodeFilter{})) })
	does("codes of a batch", func() error { return Drain(svc.Codes(ctx, c.ID, coupon.CodeFilter{Batch: "mail"})) })
	does("batches", func() error { return Drain(svc.Batches(ctx, c.ID, "")) })
	does("uses of codes", func() error { return Second(svc.CodeUses(ctx, c.ID, []coupon.CouponCode{coupon.MainCode(c), once})) })
	does("reserve in a series", func() error {
		b := in("third", 1)
		b.Series += ", another"
		return Second(svc.Reserve(ctx, b, time.Minute, string(once.Code)))
	})
	does("a use is taken", func() error {
		err := Second(svc.Redeem(ctx, of("refused"), string(once.Code)))
		if !errors.Is(err, coupon.ErrRefused) {
			return fmt.Errorf("got error %w, want it refused", err)
		}
		return nil
	})
	now = now.Add(time.Hour)
	does("shown uses", func() error { return Second(svc.State(ctx, c.ID)) })
	does("reclaim", func() error { return Second(svc.Redeem(ctx, of("reclaiming"), string(once.Code))) })
	does("reserve and sweep", func() error { return Second(svc.Reserve(ctx, of("sweeping"), time.Hour, main)) })
	does("refusals", func() error { return Drain(svc.Refusals(ctx, c.ID, "")) })
	does("refusals of a reason", func() error { return Drain(svc.Refusals(ctx, c.ID, coupon.LimitReached)) })
	does("refusal counts", func() error { return Second(svc.RefusalCounts(ctx, c.ID)) })
	does("record refusals", func() error {
		return st.RecordRefusals(ctx, []coupon.RefusalRecord{{Coupon: c.ID, Booking: "x", Reason: coupon.HasEnded, Code: c.Code,
			Subtotal: coupon.MustMoney("1", "USD"), At: now}}, coupon.RefusalBounds{Since: now.AddDate(0, 0, -9), Most: 1})
	})

	day := now.Truncate(24 * time.Hour)
	for _, code := range []string{main, string(once.Code)} {
		does("summary of "+code, func() error { return Second(svc.Summary(ctx, c.ID, coupon.Range{}, coupon.OfCode(code))) })
		does("timeline of "+code, func() error {
			r := coupon.Range{From: day.AddDate(0, 0, -30), To: day, Clock: coupon.MadeAt}
			return Second(svc.Timeline(ctx, c.ID, r, coupon.Daily, "UTC", coupon.OfCode(code)))
		})
	}
	for name, f := range map[string]coupon.RedemptionFilter{
		"reservations":             {Coupon: c.ID, States: []coupon.State{coupon.Reserved}},
		"what was released":        {Coupon: c.ID, States: []coupon.State{coupon.Released, coupon.ReservationExpired}},
		"reservations and others":  {Coupon: c.ID, States: []coupon.State{coupon.Redeemed, coupon.Reserved}, Sort: coupon.ByDiscount, Desc: true},
		"what is live with a code": {Coupon: c.ID, Code: coupon.Code(main), States: []coupon.State{coupon.Redeemed, coupon.Reserved}, Live: true, Desc: true},
		"reservations of all":      {Customer: "c7", States: []coupon.State{coupon.Reserved}},
		"redemptions in series":    {Series: id("series")},
		"redemptions of booking":   {Booking: id("life")},
		"redemptions with once":    {Code: once.Code},
	} {
		does(name, func() error { return Drain(svc.Redemptions(ctx, f)) })
	}
	does("import coupons", func() error {
		past := coupon.PastCoupon{Coupon: coupon.Coupon{ID: coupon.ID("past-" + main), Code: coupon.Code("PAST-" + main), Discount: c.Discount, Start: c.Start, Restrictions: c.Restrictions},
			Codes: []coupon.CouponCode{{Code: coupon.Code("PAST-MORE-" + main)}}, Opening: []coupon.OpeningUses{{Uses: 3, Customer: "c7"}}}
		var report coupon.ImportReport
		for range 2 {
			var err error
			report, err = svc.ImportCoupons(ctx, one(past), coupon.ImportCouponOptions{BadRow: func(b coupon.BadCoupon) { t.Errorf("import coupons: %v", b.Err) }})
			if err != nil {
				return err
			}
		}
		if report.Known != 1 {
			return fmt.Errorf("the second time: %+v, want it known", report)
		}
		return nil
	})
}

func one[V any](v V) iter.Seq2[V, error] {
	return func(yield func(V, error) bool) { yield(v, nil) }
}

// Second is the error of a call.
func Second[V any](_ V, err error) error { return err }

// Tables are those that statements name, with the prefix "coupon_", in order.
func Tables(calls map[string][]string) []string {
	seen := map[string]bool{}
	for _, statements := range calls {
		for _, s := range statements {
			for _, m := range tableName.FindAllStringSubmatch(s, -1) {
				seen[m[1]] = true
			}
		}
	}
	var names []string
	for name := range seen {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// OlderBatches wants a batch that was generated before batches had a count, which
// older makes it, to be completed to whatever count it is called with: how many it
// was meant to have nobody knows.
func OlderBatches(t *testing.T, st coupon.Store, older func()) {
	t.Helper()
	ctx, svc := t.Context(), Service(t, st)
	c := Create(t, st, "BATCHES")
	generate := func(count int) error {
		return Drain(svc.GenerateCodes(ctx, c.ID, coupon.CodeBatch{Key: "mail", Count: count}))
	}
	if err := generate(3); err != nil {
		t.Fatal(err)
	}
	if err := generate(5); !errors.Is(err, coupon.ErrConflict) {
		t.Errorf("another count: error %v, want ErrConflict", err)
	}
	older()
	for range 2 {
		if err := generate(5); err != nil {
			t.Errorf("the count that an interrupted call had: %v", err)
		}
	}
	if err := generate(6); !errors.Is(err, coupon.ErrConflict) {
		t.Errorf("another count than the codes since have: error %v, want ErrConflict", err)
	}
	n := 0
	for _, err := range svc.Codes(ctx, c.ID, coupon.CodeFilter{Batch: "mail"}) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	if n != 5 {
		t.Errorf("%d codes, want 5", n)
	}
}
