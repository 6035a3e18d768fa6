package storetest

import (
	"errors"
	"math"
	"time"

	"github.com/couponkit/coupon"
)

var couponCases = []testCase{
	{"every-field-survives", "what is read is what was stored, in every field", everyCouponField},
	{"absent-stays-absent", "a list or date that is not set is read back as not set, so that what was read can be written back", absentStaysAbsent},
	{"not-found", "an id or code that is not there is ErrNotFound in every method, and nothing is created for it", couponNotFound},
	{"code-is-unique", "a second coupon with the code of one that is not archived is ErrDuplicateCode and is not stored", codeIsUnique},
	{"code-is-matched-whole", "a code is found only by all of its characters: _ is no wildcard, and case counts", codeIsMatchedWhole},
	{"update-frees-the-old-code", "a code that a coupon gave up may be taken by another, and back", updateFreesCode},
	{"archive-frees-the-code", "an archived coupon is found by its id, not by its code, which a new coupon may take", archiveFreesCode},
	{"stale-version", "an update of another version than the stored one is ErrVersion and changes nothing", staleVersion},
	{"versions", "every edit is remembered, the newest first, page by page, as it was", versions},
	{"reader-owns-what-is-read", "what was given to a store or read from it may be changed without changing what is stored", readerOwns},
}

// full has every field of a coupon set to something that is easily lost.
func full(c *coupon.Coupon) {
	c.Name, c.Description = `Spring "deep" clean, 100 % — Ünï 🌸`, "two\nlines\tand ' a quote \\ and ?"
	c.Audience = coupon.NewCustomers
	c.Discount = coupon.PercentOff(coupon.MustMoney("33.3333", "CLF").Amount).UpTo(usd("12345678901.67"))
	c.Combinable, c.KeepUseOnCancel, c.ReleaseUseOnRefund, c.Inactive = true, true, true, true
	c.Start = time.Date(2026, 1, 2, 3, 4, 5, 123456000, time.UTC)
	c.End = time.Date(2027, 1, 2, 3, 4, 5, 999999000, time.UTC)
	c.ValidBy, c.Zone = coupon.ServiceAt, "America/Argentina/Buenos_Aires"
	c.Restrictions = coupon.Restrictions{
		MinTotal: usd("0.01"), MaxTotal: usd("999999999999.99"), Frequencies: []coupon.Frequency{coupon.EveryTwoWeeks, "every 3 days"},
		Days: []time.Weekday{time.Sunday, time.Saturday}, Hours: []coupon.Hours{{From: 22 * 3600, To: 6*3600 + 1}, {From: 9 * 3600, To: coupon.EndOfDay}},
		DaysBy: coupon.MadeAt, MinUnits: 3,
		Matches: []coupon.Match{{On: coupon.OnLine, Key: "service", AnyOf: []string{"deep-clean", "Ü"}, NoneOf: []string{`"`}}, {On: coupon.OnCustomer, Key: "group", NoneOf: []string{"staff"}}},
		Limits:  []coupon.Limit{uses(math.MaxInt64, coupon.PerCustomer, coupon.PerWeek), budget(usd("500.5"), coupon.PerCoupon, coupon.Ever)},
	}
}

func everyCouponField(e *env) {
	a := e.coupon("FULL", full)
	b := e.coupon("UNIT", func(c *coupon.Coupon) {
		c.Discount = coupon.AmountOffPerUnit(coupon.MustMoney("1.234", "KWD"))
		c.Restrictions.BookingType = coupon.Recurring
	})
	for _, want := range []coupon.Coupon{a, b} {
		got, err := e.store.Coupon(e.Context(), want.ID)
		if err != nil {
			e.Fatalf("Coupon: %v", err)
		}
		e.same("read by id", got, want)
		if got, _, err = e.store.CouponByCode(e.Context(), want.Code); err != nil {
			e.Fatalf("CouponByCode: %v", err)
		}
		e.same("read by code", got, want)
		e.same("read as a version", collect(e, "Versions", e.svc.Versions(e.Context(), want.ID)), []coupon.Coupon{want})
	}
	e.same("listed", e.coupons(coupon.CouponQuery{}, 10), []coupon.Coupon{a, b})
}

func absentStaysAbsent(e *env) {
	c := e.coupon("PLAIN")
	got, err := e.store.Coupon(e.Context(), c.ID)
	if err != nil {
		e.Fatalf("Coupon: %v", err)
	}
	r := got.Restrictions
	if r.Days != nil || r.Hours != nil || r.Frequencies != nil || r.Matches != nil || r.Limits != nil {
		e.Errorf("lists that were nil are now %#v", r)
	}
	if !got.End.IsZero() || !got.ArchivedAt.IsZero() || !r.MinTotal.IsZero() || !got.Discount.Cap.IsZero() {
		e.Errorf("what was not set is now set: %s", text(got))
	}
	if _, err := e.svc.Update(e.Context(), got); err != nil {
		e.Errorf("writing back what was read: %v", err)
	}
}

func couponNotFound(e *env) {
	ctx, c := e.Context(), e.coupon("HERE")
	_, err := e.store.Coupon(ctx, "nowhere")
	e.is("Coupon", err, coupon.ErrNotFound)
	_, _, err = e.store.CouponByCode(ctx, "NOWHERE")
	e.is("CouponByCode", err, coupon.ErrNotFound)
	ghost := c
	ghost.ID, ghost.Code, ghost.Version = "nowhere", "GHOST", 2
	e.is("UpdateCoupon", e.store.UpdateCoupon(ctx, ghost, nil), coupon.ErrNotFound)
	_, err = e.svc.Redemption(ctx, c.ID, "nowhere")
	e.is("Redemption", err, coupon.ErrNotFound)
	_, err = e.svc.Summary(ctx, "nowhere", coupon.Range{})
	e.is("Summary", err, coupon.ErrNotFound)
	_, err = e.store.Versions(ctx, "nowhere", math.MaxInt64, 10)
	e.is("Versions", err, coupon.ErrNotFound)
	events, err := e.svc.Events(ctx, c.ID, "nowhere")
	if err != nil || len(events) != 0 {
		e.Errorf("events of an unknown booking: %s, error %v", text(events), err)
	}
	e.same("all coupons", e.coupons(coupon.CouponQuery{}, 10), []coupon.Coupon{c})
}

func codeIsUnique(e *env) {
	ctx := e.Context()
	a, b := e.coupon("TAKEN"), e.coupon("OTHER")
	before := e.everything()
	fresh := a
	fresh.ID = ""
	_, err := e.svc.Create(ctx, fresh)
	e.is("Create with a code in use", err, coupon.ErrDuplicateCode)
	b.Code = a.Code
	_, err = e.svc.Update(ctx, b)
	e.is("Update to a code in use", err, coupon.ErrDuplicateCode)
	e.same("what is stored", e.everything(), before)
	e.update(a.ID, func(c *coupon.Coupon) { c.Name = "keeps its own code" })
}

func codeIsMatchedWhole(e *env) {
	ctx := e.Context()
	for _, code := range []string{"A-B", "A_B", "AAB", "A", "A-", "A-BC"} {
		e.coupon(code)
	}
	for _, code := range []string{"A-B", "A_B", "AAB", "A", "A-", "A-BC"} {
		c, err := e.svc.CouponByCode(ctx, code)
		if err != nil || string(c.Code) != code {
			e.Errorf("CouponByCode(%q): got %q, error %v", code, c.Code, err)
		}
	}
	for _, code := range []coupon.Code{"A%", "_", "A_", "AB", "a-b", ""} {
		c, _, err := e.store.CouponByCode(ctx, code)
		if !errors.Is(err, coupon.ErrNotFound) {
			e.Errorf("CouponByCode(%q): got %q, error %v, want not found", code, c.Code, err)
		}
	}
}

func updateFreesCode(e *env) {
	a := e.coupon("FIRST")
	e.update(a.ID, func(c *coupon.Coupon) { c.Code = "SECOND" })
	_, err := e.svc.CouponByCode(e.Context(), "FIRST")
	e.is("the code that was given up", err, coupon.ErrNotFound)
	b := e.coupon("FIRST")
	for code, id := range map[string]coupon.ID{"FIRST": b.ID, "SECOND": a.ID} {
		c, err := e.svc.CouponByCode(e.Context(), code)
		if err != nil || c.ID != id {
			e.Errorf("code %s: got coupon %s, error %v, want %s", code, c.ID, err, id)
		}
	}
	e.update(b.ID, func(c *coupon.Coupon) { c.Code = "THIRD" })
	e.update(a.ID, func(c *coupon.Coupon) { c.Code = "FIRST" })
}

func archiveFreesCode(e *env) {
	ctx := e.Context()
	old := e.coupon("AGAIN", limited(uses(1, coupon.PerCoupon, coupon.Ever)))
	kept := e.redeem(by("b1", ""), "AGAIN")
	archived, err := e.svc.Archive(ctx, old.ID)
	if err != nil {
		e.Fatalf("Archive: %v", err)
	}
	_, err = e.svc.CouponByCode(ctx, "AGAIN")
	e.is("the code of an archived coupon", err, coupon.ErrNotFound)
	fresh := e.coupon("AGAIN", limited(uses(1, coupon.PerCoupon, coupon.Ever)))
	if c, err := e.svc.CouponByCode(ctx, "AGAIN"); err != nil || c.ID != fresh.ID {
		e.Errorf("the code is of %s, error %v, want the new coupon %s", c.ID, err, fresh.ID)
	}
	e.redeem(by("b2", ""), "AGAIN") // its limit is its own
	got, err := e.svc.Coupon(ctx, old.ID)
	if err != nil {
		e.Fatalf("Coupon of an archived id: %v", err)
	}
	e.same("the archived coupon", got, archived)
	e.same("its history", e.redemptions(coupon.RedemptionFilter{Coupon: old.ID}), []coupon.Redemption{kept})
	if _, err := e.svc.Archive(ctx, fresh.ID); err != nil {
		e.Errorf("a second archived coupon of the same code: %v", err)
	}
}

func staleVersion(e *env) {
	ctx, c := e.Context(), e.coupon("EDITED")
	mine, theirs := c, c
	theirs.Name, mine.Name = "theirs", "mine"
	won, err := e.svc.Update(ctx, theirs)
	if err != nil || won.Version != 2 {
		e.Fatalf("Update: version %d, error %v, want version 2", won.Version, err)
	}
	before := e.everything()
	_, err = e.svc.Update(ctx, mine)
	if v, ok := errors.AsType[*coupon.VersionError](err); !ok {
		e.Errorf("Update of an old version: got error %v, want ErrVersion", err)
	} else {
		e.same("the version it carries", v.Current, won)
	}
	for _, version := range []int64{1, 2, 4, 9} { // the next one is 3
		mine.Version = version
		e.is("UpdateCoupon of the wrong version", e.store.UpdateCoupon(ctx, mine, nil), coupon.ErrVersion)
	}
	e.same("what is stored", e.everything(), before)
}

func versions(e *env) {
	ctx := e.Context()
	c := e.coupon("OFTEN")
	want := []coupon.Coupon{c}
	for i := range 6 {
		e.clock.set(start.Add(time.Duration(i) * time.Hour))
		c = e.update(c.ID, func(c *coupon.Coupon) { c.Name = name("edit ", i) })
		want = append([]coupon.Coupon{c}, want...)
	}
	e.coupon("ANOTHER")
	e.same("all versions", collect(e, "Versions", e.svc.Versions(ctx, c.ID)), want)
	page, err := e.store.Versions(ctx, c.ID, 6, 2)
	if err != nil {
		e.Fatalf("Versions: %v", err)
	}
	e.same("two versions below 6", page, want[2:4])
	if page, err = e.store.Versions(ctx, c.ID, 1, 2); err != nil || len(page) > 0 {
		e.Errorf("versions below 1: %s, error %v", text(page), err)
	}
}

func readerOwns(e *env) {
	ctx := e.Context()
	given := e.coupon("MINE", full, func(c *coupon.Coupon) { c.Inactive = false })
	change := func(c coupon.Coupon) {
		c.Restrictions.Limits[0].Max = 1
		c.Restrictions.Days[0] = time.Monday
		c.Restrictions.Hours[0].From++
		c.Restrictions.Frequencies[0] = "changed"
		c.Restrictions.Matches[0].AnyOf[0] = "changed"
	}
	want := text(given)
	change(given)
	for range 2 {
		c, err := e.store.Coupon(ctx, given.ID)
		if err != nil {
			e.Fatalf("Coupon: %v", err)
		}
		if text(c) != want {
			e.Fatalf("the stored coupon was changed from outside:\n\t got %s\n\twant %s", text(c), want)
		}
		change(c)
		c, _, _ = e.store.CouponByCode(ctx, given.Code)
		change(c)
		change(e.coupons(coupon.CouponQuery{}, 10)[0])
	}

	e.coupon("USED", limited(uses(5, coupon.PerCoupon, coupon.Ever)))
	b := booking("b1", usd("100"))
	b.Cost, b.Customer.EarlierBookings = new(usd("40").Amount), new(0)
	spoil := func(r coupon.Redemption) {
		*r.Cost, *r.NewCustomer = usd("1"), false
		r.Lines[0].Line, r.Charges[0].N = "changed", 7
		for i := range r.Refunds {
			r.Refunds[i].Key = "changed"
		}
	}
	spoil(e.redeem(b, "USED"))
	r := e.refund("b1", "r1", usd("1"))[0]
	want = text(r)
	spoil(r)
	spoil(e.redeem(b, "USED"))
	spoil(e.refund("b1", "r1", usd("1"))[0])
	for range 2 {
		r := e.stored(r.Coupon, "b1")
		if text(r) != want {
			e.Fatalf("the stored redemption was changed from outside:\n\t got %s\n\twant %s", text(r), want)
		}
		spoil(r)
	}
}
