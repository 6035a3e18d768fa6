package storetest

import (
	"errors"
	"time"

	"github.com/couponkit/coupon"
)

var openingCases = []testCase{
	{"counted-by-limits", "opening uses are counted by every limit, also past it, which then refuses; a cancellation frees what it frees", openingCounts},
	{"in-no-list-and-no-sum", "opening uses are in no list that does not ask for them, and in no sum", openingHidden},
	{"counted-by-a-new-limit", "an edit that adds a limit counts opening uses with their number", openingRecounted},
	{"in-their-period", "opening uses count in the period of their instant, and move with the coupon's zone", openingPeriods},
	{"no-booking", "a booking whose id is the key of opening uses can't change them, and is not found or a conflict", openingIsNoBooking},
	{"beside-a-booking", "another coupon's booking with the id of opening uses lives on as any other", openingBesideBooking},
}

func openingCounts(e *env) {
	total := e.openings(pastCoupon("total", "TOTAL", under(uses(5, coupon.PerCoupon, coupon.Ever)), opening(coupon.OpeningUses{Uses: 4})))
	e.wantUsed(total, 4)
	e.redeem(by("t1", ""), "TOTAL")
	e.refused(by("t2", ""), "TOTAL", coupon.LimitReached)
	e.cancel("t1")
	e.redeem(by("t2", ""), "TOTAL")

	past := e.openings(pastCoupon("past", "PAST", under(uses(5, coupon.PerCoupon, coupon.Ever)), opening(coupon.OpeningUses{Uses: 3}, coupon.OpeningUses{Key: "more", Uses: 4})))
	e.wantUsed(past, 7)
	e.refused(by("p1", ""), "PAST", coupon.LimitReached)
	if st, err := e.svc.State(e.Context(), past); err != nil || st.Status != coupon.UsedUp {
		e.Errorf("State: %s, error %v, want it used up", st.Status, err)
	}
	e.update(past, limited(uses(8, coupon.PerCoupon, coupon.Ever)))
	e.redeem(by("p1", ""), "PAST")
	e.refused(by("p2", ""), "PAST", coupon.LimitReached)

	e.openings(pastCoupon("customer", "CUSTOMER", under(uses(2, coupon.PerCustomer, coupon.Ever)), opening(
		coupon.OpeningUses{Key: "ann", Uses: 2, Customer: "Ann@example.com"}, coupon.OpeningUses{Key: "bob", Uses: 1, Customer: "bob"}, coupon.OpeningUses{Key: "?", Uses: 9})))
	e.refused(by("c1", "ann@example.com"), "CUSTOMER", coupon.LimitReached)
	e.redeem(by("c2", "bob"), "CUSTOMER")
	e.refused(by("c3", "bob"), "CUSTOMER", coupon.LimitReached)
	e.redeem(by("c4", "cid"), "CUSTOMER")

	codes := pastCoupon("code", "CODE", under(uses(3, coupon.PerCode, coupon.Ever)), opening(
		coupon.OpeningUses{Key: "main", Uses: 2, Code: "code"}, coupon.OpeningUses{Key: "once", Uses: 1, Code: "ONCE"}, coupon.OpeningUses{Key: "?", Uses: 9}))
	codes.Codes = []coupon.CouponCode{{Code: "ONCE", SingleUse: true}, {Code: "FRESH", SingleUse: true}}
	e.openings(codes)
	e.redeem(by("d1", ""), "CODE")
	e.refused(by("d2", ""), "CODE", coupon.LimitReached)
	e.refused(by("d2", ""), "ONCE", coupon.LimitReached)
	e.redeem(by("d3", ""), "FRESH")

	e.openings(pastCoupon("money", "MONEY", under(budget(usd("25"), coupon.PerCoupon, coupon.Ever)), opening(
		coupon.OpeningUses{Uses: 99, Discount: usd("10.01")}, coupon.OpeningUses{Key: "eur", Uses: 99, Discount: coupon.MustMoney("99", "EUR")})))
	e.redeem(by("m1", ""), "MONEY")
	e.refused(by("m2", ""), "MONEY", coupon.LimitReached)
	e.redeem(booking("m2", usd("49.9")), "MONEY")
}

func openingHidden(e *env) {
	ctx := e.Context()
	id := e.openings(pastCoupon("c", "C", opening(coupon.OpeningUses{Uses: 4, Discount: usd("40"), MadeAt: start}, coupon.OpeningUses{Key: "eur", Uses: 1, Discount: coupon.MustMoney("1", "EUR"), MadeAt: start})))
	day := coupon.Range{From: start.AddDate(0, 0, -1), To: start.AddDate(0, 0, 2)}
	if s := e.summary(id, coupon.Range{}); len(s.Currencies) > 0 {
		e.Errorf("the summary of opening uses alone is %s, want nothing", text(s))
	}
	e.redeem(by("b1", ""), "C")
	for _, r := range []coupon.Range{{}, day} {
		s := e.summary(id, r)
		if f := s.In("USD"); len(s.Currencies) != 1 || f.Bookings != 1 || !f.Discounts.Equal(usd("10")) {
			e.Errorf("the summary is %s, want one booking", text(s))
		}
	}
	day.Clock = coupon.ServiceAt
	if s := e.summary(id, day); s.Unscheduled != 1 {
		e.Errorf("%d bookings have no service date, want 1", s.Unscheduled)
	}
	day.Clock = coupon.MadeAt
	points, err := e.svc.Timeline(ctx, id, day, coupon.Daily, "UTC")
	if err != nil {
		e.Fatalf("Timeline: %v", err)
	}
	var bookings int64
	for _, p := range points {
		for _, f := range p.Currencies {
			bookings += f.Bookings
		}
	}
	if bookings != 1 {
		e.Errorf("the timeline has %d bookings, want 1", bookings)
	}
	for what, f := range map[string]coupon.RedemptionFilter{"all": {}, "of the coupon": {Coupon: id}, "in euros": {Currency: "EUR"}, "redeemed": {States: []coupon.State{coupon.Redeemed}}, "of the key": {Booking: coupon.OpeningKey(id)}} {
		for _, r := range e.redemptions(f) {
			if r.Booking != "b1" {
				e.Errorf("the list %q has %s", what, r.Booking)
			}
		}
	}
	asked := e.redemptions(coupon.RedemptionFilter{Coupon: id, States: []coupon.State{coupon.Opening}, Sort: coupon.ByBooking})
	if len(asked) != 2 || asked[0].Booking != "eur" || asked[1].Uses != 4 {
		e.Errorf("asked for: got %s, want both", text(asked))
	}
	figures, err := coupon.Fold(e.svc.Redemptions(ctx, coupon.RedemptionFilter{Coupon: id, States: anyState}))
	if err != nil {
		e.Fatalf("Fold: %v", err)
	}
	e.same("the fold of everything", figures, e.summary(id, coupon.Range{}).Currencies)
}

func openingRecounted(e *env) {
	id := e.openings(pastCoupon("c", "C", opening(coupon.OpeningUses{Uses: 4, Discount: usd("12.34"), Customer: "ann"}, coupon.OpeningUses{Key: "none"}, coupon.OpeningUses{Key: "bob", Uses: 1, Customer: "bob"})))
	e.redeem(by("b1", "ann"), "C")
	e.update(id, limited(uses(10, coupon.PerCoupon, coupon.Ever)))
	e.wantUsed(id, 6)
	e.update(id, limited(uses(6, coupon.PerCustomer, coupon.Ever), budget(usd("100"), coupon.PerCoupon, coupon.Ever)))
	st, err := e.svc.State(e.Context(), id)
	if err != nil || !st.Limits[1].Spent.Equal(usd("22.34")) {
		e.Errorf("spent: %s, error %v, want 22.34", text(st.Limits), err)
	}
	e.redeem(by("b2", "ann"), "C")
	e.refused(by("b3", "ann"), "C", coupon.LimitReached)
	e.redeem(by("b4", "bob"), "C")
	e.update(id, limited(uses(7, coupon.PerCoupon, coupon.Ever)))
	e.wantUsed(id, 8)
	e.refused(by("b5", ""), "C", coupon.LimitReached)
}

func openingPeriods(e *env) {
	row := pastCoupon("c", "C", under(uses(5, coupon.PerCoupon, coupon.PerMonth)), opening(
		coupon.OpeningUses{Key: "now", Uses: 2, MadeAt: start}, coupon.OpeningUses{Key: "edge", Uses: 1, MadeAt: instant("2026-03-01T03:00:00Z")}, coupon.OpeningUses{Key: "created", Uses: 100}))
	row.Coupon.CreatedAt = instant("2025-01-01T00:00:00Z")
	id := e.openings(row)
	e.wantUsed(id, 3)
	e.update(id, func(c *coupon.Coupon) { c.Zone = "America/New_York" }) // there the edge is in February
	e.wantUsed(id, 2)
	for i := range 3 {
		e.redeem(by(name("b", i), ""), "C")
	}
	e.refused(by("x", ""), "C", coupon.LimitReached)
	if r := e.stored(id, "created"); !r.MadeAt.Equal(row.Coupon.CreatedAt) {
		e.Errorf("without an instant it is of %s, want the coupon's making", r.MadeAt)
	}
}

func openingIsNoBooking(e *env) {
	ctx := e.Context()
	id := e.openings(pastCoupon("c", "C", under(uses(9, coupon.PerCoupon, coupon.Ever)), opening(coupon.OpeningUses{Uses: 4, Discount: usd("40")})))
	e.coupon("D", combinable)
	before := e.everything()
	b := by(coupon.OpeningKey(id), "ann")
	row := past("C", coupon.OpeningKey(id), start)
	for what, call := range map[string]func() error{
		"Cancel": func() error { _, err := e.svc.Cancel(ctx, b.ID); return err },
		"Refund": func() error {
			_, err := e.svc.Refund(ctx, b.ID, coupon.Refund{Key: "r", Amount: usd("1")})
			return err
		},
		"Amend":     func() error { _, err := e.svc.Amend(ctx, b); return err },
		"Confirm":   func() error { _, err := e.svc.Confirm(ctx, b.ID); return err },
		"Release":   func() error { _, err := e.svc.Release(ctx, b.ID); return err },
		"SetCost":   func() error { _, err := e.svc.SetCost(ctx, b.ID, new(usd("1"))); return err },
		"Quote":     func() error { _, err := e.svc.Quote(ctx, b, "C"); return err },
		"Redeem":    func() error { _, err := e.svc.Redeem(ctx, b, "C"); return err },
		"RedeemAll": func() error { _, err := e.svc.RedeemAll(ctx, b, []string{"D", "C"}); return err },
		"Reserve":   func() error { _, err := e.svc.Reserve(ctx, b, time.Hour, "C"); return err },
		"Reopen":    func() error { _, err := e.svc.Reopen(ctx, b, "C"); return err },
		"Import": func() error {
			var bad error
			_, err := e.svc.Import(ctx, each([]coupon.PastRedemption{row}), coupon.ImportOptions{BadRow: func(b coupon.BadRow) { bad = b.Err }})
			return errors.Join(err, bad)
		},
	} {
		if err := call(); !errors.Is(err, coupon.ErrNotFound) && !errors.Is(err, coupon.ErrConflict) {
			e.Errorf("%s of the key: got error %v, want %v or %v", what, err, coupon.ErrNotFound, coupon.ErrConflict)
		}
	}
	e.same("what is stored", e.everything(), before)
	e.wantUsed(id, 4)
}

func openingBesideBooking(e *env) {
	id := e.openings(pastCoupon("c", "C", under(uses(9, coupon.PerCoupon, coupon.Ever)), opening(coupon.OpeningUses{Uses: 4, Code: "C"})))
	b := by(coupon.OpeningKey(id), "")
	d := e.coupon("D", limited(uses(1, coupon.PerCoupon, coupon.Ever)))
	e.redeem(b, "D") // not combinable: C does not stand on the booking
	e.wantUsed(d.ID, 1)
	if rs := e.refund(b.ID, "r", usd("1")); len(rs) != 1 {
		e.Errorf("refunded: %s, want one", text(rs))
	}
	if rs := e.cancel(b.ID); len(rs) != 1 || rs[0].Coupon != d.ID {
		e.Errorf("cancelled: %s, want one", text(rs))
	}
	e.wantUsed(d.ID, 0)
	e.wantUsed(id, 4)
	// Its code is free once it is archived; then it is another coupon's.
	if _, err := e.svc.Archive(e.Context(), id); err != nil {
		e.Fatalf("Archive: %v", err)
	}
	again := e.coupon("C")
	if r := e.redeem(b, "C"); r.Coupon != again.ID {
		e.Errorf("%s was redeemed, want %s", r.Coupon, again.ID)
	}
}
