package storetest

import (
	"errors"
	"fmt"

	"github.com/couponkit/coupon"
)

var raceCases = []testCase{
	{"last-uses", "64 bookings at once on a limit of 1, 2 and 10: exactly that many succeed", raceForLastUses},
	{"first-use-of-customers", "64 bookings at once of 8 customers with one use each: exactly 8 succeed, though no counter was there before", raceOfCustomers},
	{"last-money", "64 bookings at once on a budget for 7: exactly 7 succeed", raceForBudget},
	{"same-booking", "the same booking 32 times at once: one new redemption, the others replay it, and one use is counted", raceOfReplays},
	{"same-booking-other-content", "a booking at once with two contents: one content wins, the other is a conflict", raceOfContents},
	{"cancel", "the same cancellation 16 times at once gives the use back once", raceOfCancels},
	{"refund", "the same refund 16 times at once is one refund, and different ones never pass what was paid", raceOfRefunds},
	{"cancel-and-redeem", "cancelling and redeeming at once never passes the limit and loses no use", raceCancelRedeem},
	{"a-limit-is-added", "a limit added while bookings come counts every one of them", raceAddLimit},
	{"a-limit-is-raised", "a limit raised while bookings come admits exactly the new number", raceRaiseLimit},
	{"same-version", "16 edits of one version at once: one wins, the others are ErrVersion", raceOfEdits},
	{"same-code", "16 coupons with one code at once: one wins, the others are ErrDuplicateCode", raceOfCodes},
	{"two-coupons-crosswise", "bookings with two coupons, in either order, are cancelled and refunded at once without a deadlock", raceCrosswise},
	{"imports", "the same import four times at once records each row once", raceOfImports},
	{"sums-are-snapshots", "a summary while bookings come is of one moment: its figures agree with each other", raceOfSums},
}

// tally counts outcomes, and reports every error that is not one of those that
// may come.
func (e *env) tally(errs []error, may ...error) (succeeded int) {
	e.Helper()
next:
	for _, err := range errs {
		if err == nil {
			succeeded++
			continue
		}
		for _, target := range may {
			if errors.Is(err, target) {
				continue next
			}
		}
		e.Errorf("unexpected error %v", err)
	}
	return succeeded
}

func (e *env) wantBookings(id coupon.ID, want int64) {
	e.Helper()
	if f := e.summary(id, coupon.Range{}).In("USD"); f.Bookings != want {
		e.Errorf("%d bookings are stored, want %d", f.Bookings, want)
	}
}

func raceForLastUses(e *env) {
	for _, limit := range []int{1, 2, 10} {
		code := name("LAST", limit)
		c := e.coupon(code, limited(uses(int64(limit), coupon.PerCoupon, coupon.Ever)))
		errs := together(64, func(i int) error {
			_, err := e.svc.Redeem(e.Context(), by(fmt.Sprintf("%s-%d", code, i), name("c", i)), code)
			return err
		})
		if n := e.tally(errs, coupon.ErrRefused); n != limit {
			e.Errorf("limit %d: %d of 64 succeeded", limit, n)
		}
		e.wantUsed(c.ID, int64(limit))
		e.wantBookings(c.ID, int64(limit))
	}
}

func raceOfCustomers(e *env) {
	c := e.coupon("C", limited(uses(1, coupon.PerCustomer, coupon.Ever)))
	errs := together(64, func(i int) error {
		_, err := e.svc.Redeem(e.Context(), by(name("b", i), name("c", i%8)), "C")
		return err
	})
	if n := e.tally(errs, coupon.ErrRefused); n != 8 {
		e.Errorf("%d succeeded, want 8", n)
	}
	e.wantBookings(c.ID, 8)
	for i := range 8 {
		if got := e.redemptions(coupon.RedemptionFilter{Customer: name("c", i)}); len(got) != 1 {
			e.Errorf("customer %d has %d redemptions, want 1", i, len(got))
		}
	}
}

func raceForBudget(e *env) {
	c := e.coupon("C", limited(budget(usd("79.99"), coupon.PerCoupon, coupon.Ever)))
	errs := together(64, func(i int) error {
		_, err := e.svc.Redeem(e.Context(), by(name("b", i), ""), "C")
		return err
	})
	if n := e.tally(errs, coupon.ErrRefused); n != 7 {
		e.Errorf("%d discounts of 10 out of 79.99, want 7", n)
	}
	e.wantBookings(c.ID, 7)
}

func raceOfReplays(e *env) {
	c := e.coupon("C", limited(uses(1, coupon.PerCoupon, coupon.Ever)))
	results := make([]coupon.Redemption, 32)
	errs := together(32, func(i int) (err error) {
		results[i], err = e.svc.Redeem(e.Context(), by("b1", "ann"), "C")
		return err
	})
	if n := e.tally(errs); n != 32 {
		e.Errorf("%d of 32 succeeded", n)
	}
	fresh, want := 0, e.stored(c.ID, "b1")
	for _, r := range results {
		if !r.Replayed {
			fresh++
		}
		if text(r) != text(want) {
			e.same("one of the results", r, want)
			break
		}
	}
	if fresh != 1 {
		e.Errorf("%d are new, want 1", fresh)
	}
	e.wantUsed(c.ID, 1)
	if events, err := e.svc.Events(e.Context(), c.ID, "b1"); err != nil || len(events) != 1 {
		e.Errorf("events: got %s, error %v, want one", text(events), err)
	}
}

func raceOfContents(e *env) {
	c := e.coupon("C", limited(uses(5, coupon.PerCoupon, coupon.Ever)))
	errs := together(32, func(i int) error {
		_, err := e.svc.Redeem(e.Context(), by("b1", name("c", i%2)), "C")
		return err
	})
	if n := e.tally(errs, coupon.ErrConflict); n != 16 {
		e.Errorf("%d of 32 succeeded, want 16", n)
	}
	e.wantUsed(c.ID, 1)
}

func raceOfCancels(e *env) {
	c := e.coupon("C", limited(uses(5, coupon.PerCoupon, coupon.Ever)))
	e.redeem(by("b1", ""), "C")
	e.redeem(by("b2", ""), "C")
	fresh := make([]bool, 16)
	errs := together(16, func(i int) error {
		rs, err := e.svc.Cancel(e.Context(), "b1")
		fresh[i] = len(rs) == 1 && !rs[0].Replayed
		return err
	})
	n := 0
	for _, f := range fresh {
		if f {
			n++
		}
	}
	if ok := e.tally(errs); ok != 16 || n != 1 {
		e.Errorf("%d of 16 succeeded, %d of them as the first, want 16 and 1", ok, n)
	}
	e.wantUsed(c.ID, 1)
	if events, err := e.svc.Events(e.Context(), c.ID, "b1"); err != nil || len(events) != 2 {
		e.Errorf("events: got %s, error %v, want two", text(events), err)
	}
}

func raceOfRefunds(e *env) {
	c := e.coupon("C")
	e.redeem(by("b1", ""), "C")
	errs := together(16, func(i int) error {
		_, err := e.svc.Refund(e.Context(), "b1", coupon.Refund{Key: "same", Amount: usd("10")})
		return err
	})
	if n := e.tally(errs); n != 16 {
		e.Errorf("%d of 16 succeeded", n)
	}
	errs = together(16, func(i int) error { // 80 are left
		_, err := e.svc.Refund(e.Context(), "b1", coupon.Refund{Key: name("r", i), Amount: usd("15")})
		return err
	})
	if n := e.tally(errs, coupon.ErrInvalid); n != 5 {
		e.Errorf("%d refunds of 15 out of 80, want 5", n)
	}
	if r := e.stored(c.ID, "b1"); !r.Refund.Equal(usd("85")) || len(r.Refunds) != 6 {
		e.Errorf("refunded: got %s in %d", r.Refund, len(r.Refunds))
	}
}

func raceCancelRedeem(e *env) {
	c := e.coupon("C", limited(uses(10, coupon.PerCoupon, coupon.Ever)))
	for i := range 10 {
		e.redeem(by(name("old", i), ""), "C")
	}
	errs := together(40, func(i int) error {
		if i%4 == 0 {
			_, err := e.svc.Cancel(e.Context(), name("old", i/4))
			return err
		}
		_, err := e.svc.Redeem(e.Context(), by(name("new", i), ""), "C")
		return err
	})
	n := e.tally(errs, coupon.ErrRefused) - 10
	e.wantUsed(c.ID, int64(n))
	for i := range 10 - n { // what was freed can still be used, and no more
		e.redeem(by(name("more", i), ""), "C")
	}
	e.refused(by("one too many", ""), "C", coupon.LimitReached)
}

func raceAddLimit(e *env) {
	c := e.coupon("C")
	for i := range 3 {
		e.redeem(by(name("early", i), ""), "C")
	}
	errs := together(41, func(i int) error {
		if i == 20 {
			limited := c
			limited.Restrictions.Limits = []coupon.Limit{uses(10, coupon.PerCoupon, coupon.Ever)}
			_, err := e.svc.Update(e.Context(), limited)
			return err
		}
		_, err := e.svc.Redeem(e.Context(), by(name("b", i), ""), "C")
		return err
	})
	if errs[20] != nil {
		e.Errorf("the edit: %v", errs[20])
	}
	n := int64(3 + e.tally(errs, coupon.ErrRefused) - 1)
	e.wantUsed(c.ID, n)
	e.wantBookings(c.ID, n)
	if n < 10 {
		e.Errorf("%d succeeded, want at least the 10 that are admitted", n)
	}
	e.refused(by("after", ""), "C", coupon.LimitReached)
}

func raceRaiseLimit(e *env) {
	c := e.coupon("C", limited(uses(5, coupon.PerCoupon, coupon.Ever)))
	for i := range 3 {
		e.redeem(by(name("early", i), ""), "C")
	}
	errs := together(41, func(i int) error {
		if i == 20 {
			raised := c
			raised.Restrictions.Limits = []coupon.Limit{uses(15, coupon.PerCoupon, coupon.Ever)}
			_, err := e.svc.Update(e.Context(), raised)
			return err
		}
		_, err := e.svc.Redeem(e.Context(), by(name("b", i), ""), "C")
		return err
	})
	n := 3 + e.tally(errs, coupon.ErrRefused) - 1
	for i := range 15 - n {
		e.redeem(by(name("more", i), ""), "C")
	}
	e.refused(by("after", ""), "C", coupon.LimitReached)
	e.wantUsed(c.ID, 15)
	e.wantBookings(c.ID, 15)
}

func raceOfEdits(e *env) {
	c := e.coupon("C")
	errs := together(16, func(i int) error {
		mine := c
		mine.Name, mine.Version = name("edit ", i), 2 // as the Service does when all have read version 1
		return e.store.UpdateCoupon(e.Context(), mine, nil)
	})
	if n := e.tally(errs, coupon.ErrVersion); n != 1 {
		e.Errorf("%d edits of one version succeeded, want 1", n)
	}
	got, err := e.svc.Coupon(e.Context(), c.ID)
	if err != nil || got.Version != 2 {
		e.Fatalf("Coupon: version %d, error %v, want 2", got.Version, err)
	}
	for i, err := range errs {
		if won := got.Name == name("edit ", i); won != (err == nil) {
			e.Errorf("edit %d: error %v, and what is stored is %q", i, err, got.Name)
		}
	}
	if n := len(collect(e, "Versions", e.svc.Versions(e.Context(), c.ID))); n != 2 {
		e.Errorf("%d versions, want 2", n)
	}
}

func raceOfCodes(e *env) {
	errs := together(16, func(i int) error {
		_, err := e.svc.Create(e.Context(), coupon.Coupon{Code: "ONE", Discount: coupon.AmountOff(usd("1")), Start: start})
		return err
	})
	if n := e.tally(errs, coupon.ErrDuplicateCode); n != 1 {
		e.Errorf("%d coupons have one code, want 1", n)
	}
	if n := len(e.coupons(coupon.CouponQuery{}, 50)); n != 1 {
		e.Errorf("%d coupons are stored, want 1", n)
	}
}

func raceCrosswise(e *env) {
	limit := limited(uses(100, coupon.PerCoupon, coupon.Ever), budget(usd("1000"), coupon.PerCoupon, coupon.PerMonth))
	a, b := e.coupon("A", limit), e.coupon("B", limit)
	for i := range 20 {
		codes := []string{"A", "B"}
		if i%2 == 1 {
			codes = []string{"B", "A"}
		}
		e.imports(past(codes[0], name("b", i), start), past(codes[1], name("b", i), start))
	}
	errs := together(40, func(i int) error {
		var err error
		if i < 20 {
			_, err = e.svc.Cancel(e.Context(), name("b", i))
		} else {
			_, err = e.svc.Refund(e.Context(), name("b", i-20), coupon.Refund{Key: "r", Amount: usd("1")})
		}
		return err
	})
	e.tally(errs, coupon.ErrCancelled)
	e.wantUsed(a.ID, 0)
	e.wantUsed(b.ID, 0)
}

func raceOfImports(e *env) {
	c := e.coupon("C", limited(uses(1, coupon.PerCoupon, coupon.Ever)))
	var rows []coupon.PastRedemption
	for i := range 40 {
		rows = append(rows, past("C", name("b", i), start))
	}
	reports := make([]coupon.ImportReport, 4)
	errs := together(4, func(i int) (err error) {
		reports[i], err = e.svc.Import(e.Context(), each(rows), coupon.ImportOptions{Batch: 3 + i})
		return err
	})
	if n := e.tally(errs); n != 4 {
		e.Errorf("%d of 4 imports succeeded", n)
	}
	recorded, known := 0, 0
	for _, r := range reports {
		recorded, known = recorded+r.Recorded, known+r.Known
	}
	if recorded != 40 || known != 120 {
		e.Errorf("%d recorded and %d known, want 40 and 120", recorded, known)
	}
	e.wantUsed(c.ID, 40)
	e.wantBookings(c.ID, 40)
}

func raceOfSums(e *env) {
	c := e.coupon("C")
	// Two currencies in one Write: a snapshot has both or neither.
	rows := func(i int) []coupon.PastRedemption {
		a, b := past("C", name("a", i), start), past("C", name("b", i), start)
		b.Currency = "EUR"
		return []coupon.PastRedemption{a, b}
	}
	agrees := func() error {
		s, err := e.svc.Summary(e.Context(), c.ID, coupon.Range{})
		if err != nil {
			return err
		}
		a, b := s.In("USD"), s.In("EUR")
		if a.Bookings != b.Bookings || !a.Subtotal.Equal(minor(a.Bookings*10000, "USD")) {
			return fmt.Errorf("%d bookings in USD of %s and %d in EUR", a.Bookings, a.Subtotal, b.Bookings)
		}
		return nil
	}
	errs := together(40, func(i int) error {
		if i%2 == 1 {
			return agrees()
		}
		_, err := e.svc.Import(e.Context(), each(rows(i)), coupon.ImportOptions{})
		return err
	})
	e.tally(append(errs, agrees()))
	e.wantBookings(c.ID, 20)
}
