package storetest

import (
	"errors"
	"slices"
	"time"

	"github.com/couponkit/coupon"
)

var codeCases = []testCase{
	{"a-further-code-is-used", "a further code is used like the main one, in any spelling, and what was used is recorded", furtherCode},
	{"every-field-survives", "a further code is read as it was stored, in every field, alone and in a list", everyFieldOfCode},
	{"all-are-under-the-coupons-limits", "all codes of a coupon are counted together on its limits", codesUnderLimits},
	{"each-is-counted-by-itself", "a limit per code counts each code by itself", codesCountedApart},
	{"single-use", "a single-use code is used once, for a booking or a series; what is cancelled, released or expired gives it back", singleUse},
	{"single-use-beside-a-limit", "a single-use code is used once although the coupon's own limit per code is higher", singleUseBesideLimit},
	{"single-use-is-recounted", "an edit that adds or removes limits leaves a single-use code what it was: used, or not", singleUseRecounted},
	{"for-one-customer", "a code for one customer is refused to others and to nobody known, who are both told the same as of an unknown code", codeForCustomer},
	{"two-of-one-coupon", "two codes of one coupon on one booking are refused as already applied, with all else that is wrong with them", twoCodesOfOneCoupon},
	{"unique", "a code is there once among all coupons that are not archived, whether main or further", codesUnique},
	{"an-edit-keeps-them", "an edit of the coupon, also of its main code, keeps the further codes", editKeepsCodes},
	{"archiving-frees-all", "an archived coupon lists its codes and has none of them: each may be taken by another", archivingFreesCodes},
	{"replay-of-an-archived-coupon", "what was redeemed with a code is answered again with it, although the coupon is archived and another has the code", replayOfArchived},
	{"listed-in-pages", "the codes of a coupon, or of one batch, are listed in the order of their bytes, in pages of any size", codesListed},
	{"listed-after", "a list of codes may begin after any code, there or not", codesListedAfter},
	{"batches", "the batches of a coupon are listed by key, each with how many codes it has and when its generation began, or its first code was made", batchesListed},
	{"uses-of-each", "how often a code was used is told of those that have a limit of their own, single-use or by the coupon", usesOfEachCode},
	{"added-twice", "a code added again in the same way is the code that is there; in another way it is ErrDuplicateCode", codeAddedTwice},
	{"figures-by-code", "the figures of each code are those of its redemptions, and together those of the coupon", figuresByCode},
	{"race-on-a-single-use", "32 bookings at once with one single-use code: exactly one succeeds", raceOnSingleUse},
}

// code adds a further code to a coupon.
func (e *env) code(id coupon.ID, code string, edits ...func(*coupon.CouponCode)) coupon.CouponCode {
	e.Helper()
	k := coupon.CouponCode{Code: coupon.Code(code)}
	for _, edit := range edits {
		edit(&k)
	}
	k, err := e.svc.AddCode(e.Context(), id, k)
	if err != nil {
		e.Fatalf("AddCode %s: %v", code, err)
	}
	return k
}

func once(k *coupon.CouponCode) { k.SingleUse = true }

func onlyFor(customer string) func(*coupon.CouponCode) {
	return func(k *coupon.CouponCode) { k.Customer = customer }
}

// codes are all of a coupon, or of one of its batches.
func (e *env) codes(id coupon.ID, batch string) []coupon.CouponCode {
	e.Helper()
	return collect(e, "Codes", e.svc.Codes(e.Context(), id, coupon.CodeFilter{Batch: batch}))
}

func furtherCode(e *env) {
	c := e.coupon("MAIN")
	k := e.code(c.ID, " friend-1 ")
	if k.Code != "FRIEND-1" || k.Coupon != c.ID || k.Main || k.CreatedAt != start {
		e.Errorf("AddCode: got %s", text(k))
	}
	got, row, err := e.store.CouponByCode(e.Context(), "FRIEND-1")
	if err != nil {
		e.Fatalf("CouponByCode: %v", err)
	}
	e.same("the coupon of the code", got, c)
	e.same("the code's row", row, k)
	_, row, err = e.store.CouponByCode(e.Context(), "MAIN")
	if err != nil {
		e.Fatalf("CouponByCode: %v", err)
	}
	e.same("the main code's row", row, coupon.MainCode(c))
	q, err := e.svc.Quote(e.Context(), by("b1", ""), "friend-1")
	if err != nil || !q.OK() || q.Offers[0].Code != "FRIEND-1" || !q.Discount.Equal(usd("10")) {
		e.Errorf("Quote: got %s, error %v", text(q), err)
	}
	e.redeem(by("b1", ""), "friend-1 ")
	e.redeem(by("b2", ""), "MAIN")
	for booking, code := range map[string]coupon.Code{"b1": "FRIEND-1", "b2": "MAIN"} {
		if r := e.stored(c.ID, booking); r.Code != code {
			e.Errorf("booking %s is recorded with %s, want %s", booking, r.Code, code)
		}
	}
	if r := e.redeem(by("b1", ""), "MAIN"); !r.Replayed || r.Code != "FRIEND-1" {
		e.Errorf("the same booking with the main code: %s, want the first result", text(r))
	}
}

func everyFieldOfCode(e *env) {
	c := e.coupon("MAIN")
	e.clock.set(time.Date(2026, 3, 4, 5, 6, 7, 123456000, time.UTC))
	e.svc = e.svc.As("maria")
	k := e.code(c.ID, "Z-9_", once, onlyFor(" Ünï 'q' "), func(k *coupon.CouponCode) { k.Batch = `b "1" %` })
	if k.CreatedAt.Nanosecond() != 123456000 || k.CreatedBy != "maria" || k.Customer != "Ünï 'q'" {
		e.Errorf("AddCode: got %s", text(k))
	}
	numbered := k
	numbered.Code, numbered.Number, numbered.BatchCount = "Z-8", 999_999, 1_000_000
	if taken, err := e.store.InsertCodes(e.Context(), c.ID, []coupon.CouponCode{numbered}); err != nil || len(taken) > 0 {
		e.Fatalf("InsertCodes: taken %v, error %v", taken, err)
	}
	for _, want := range []coupon.CouponCode{k, numbered} {
		_, got, err := e.store.CouponByCode(e.Context(), want.Code)
		if err != nil {
			e.Fatalf("CouponByCode: %v", err)
		}
		e.same("read by code", got, want)
	}
	e.same("listed", e.codes(c.ID, ""), []coupon.CouponCode{coupon.MainCode(c), numbered, k})
}

func codesUnderLimits(e *env) {
	c := e.coupon("MAIN", limited(uses(3, coupon.PerCoupon, coupon.Ever), uses(2, coupon.PerCustomer, coupon.Ever), budget(usd("35"), coupon.PerCoupon, coupon.Ever)))
	e.code(c.ID, "A")
	e.code(c.ID, "B")
	e.redeem(by("b1", "ann"), "A")
	e.redeem(by("b2", "ann"), "B")
	e.refused(by("b3", "ann"), "MAIN", coupon.LimitReached) // two of one customer
	e.redeem(by("b4", "bob"), "MAIN")
	e.refused(by("b5", "cid"), "A", coupon.LimitReached) // three of the coupon
	e.wantUsed(c.ID, 3)
	e.cancel("b2")
	e.redeem(by("b6", "cid"), "A")
	e.wantUsed(c.ID, 3)
}

func codesCountedApart(e *env) {
	c := e.coupon("MAIN", limited(uses(2, coupon.PerCode, coupon.Ever), budget(usd("15"), coupon.PerCode, coupon.PerDay)))
	e.code(c.ID, "A")
	e.code(c.ID, "B")
	for _, code := range []string{"A", "MAIN", "B"} {
		e.redeem(by(code+"1", ""), code)
		e.refused(by(code+"2", ""), code, coupon.LimitReached) // the budget of the day
		e.redeem(at(code+"2", start.AddDate(0, 0, 1)), code)
		e.refused(at(code+"3", start.AddDate(0, 0, 2)), code, coupon.LimitReached) // two uses
	}
	e.cancel("A1")
	e.redeem(at("A3", start.AddDate(0, 0, 2)), "A")
	e.refused(at("B3", start.AddDate(0, 0, 2)), "B", coupon.LimitReached)
}

// refusedOnce wants a single-use code to be refused because it is used.
func (e *env) refusedOnce(b coupon.Booking, code string) {
	e.Helper()
	_, err := e.svc.Redeem(e.Context(), b, code)
	refused, ok := errors.AsType[*coupon.RefusedError](err)
	if !ok || len(refused.Refusals) != 1 {
		e.Errorf("Redeem %s on %q: got error %v, want one refusal", code, b.ID, err)
		return
	}
	f := refused.Refusals[0]
	if f.Reason != coupon.LimitReached || f.Limit.Per != coupon.PerCode || f.Limit.Max != 1 || f.Found.String() != "1" {
		e.Errorf("Redeem %s on %q is refused as %v, want its one use to be used", code, b.ID, f)
	}
}

func singleUse(e *env) {
	ctx := e.Context()
	c := e.coupon("MAIN")
	e.code(c.ID, "S1", once)
	e.code(c.ID, "S2", once)
	e.redeem(by("b1", "ann"), "S1")
	e.refusedOnce(by("b2", "ann"), "S1")
	q, err := e.svc.Quote(ctx, by("b2", "ann"), "S1")
	if err != nil || len(q.Refusals()) != 1 || q.Refusals()[0].Reason != coupon.LimitReached {
		e.Errorf("Quote of a code that is used: %s, error %v", text(q), err)
	}
	e.redeem(by("b3", "ann"), "S2")
	if r := e.redeem(by("b1", "ann"), "S1"); !r.Replayed {
		e.Errorf("the same booking again is not replayed")
	}
	e.cancel("b1")
	e.redeem(by("b2", "ann"), "S1")
	e.refusedOnce(by("b4", "bob"), "S1")
	e.cancel("b2")

	reserve := func(booking string) {
		e.Helper()
		if _, err := e.svc.Reserve(ctx, by(booking, ""), time.Hour, "S1"); err != nil {
			e.Fatalf("Reserve: %v", err)
		}
	}
	reserve("r1")
	e.refusedOnce(by("r2", ""), "S1")
	if _, err := e.svc.Release(ctx, "r1"); err != nil {
		e.Fatalf("Release: %v", err)
	}
	reserve("r2")
	e.refusedOnce(by("r1", ""), "S1")
	e.clock.set(start.Add(time.Hour))
	e.redeem(by("r1", ""), "S1") // what r2 holds has expired

	for i, id := range []string{"s1", "s2", "s3"} {
		b := by(id, "")
		b.Series, b.Occurrence = "weekly", int64(i+1)
		e.code(c.ID, "S3", once)
		e.redeem(b, "S3")
	}
	e.refusedOnce(by("b5", ""), "S3")
	for _, id := range []string{"s1", "s2"} {
		e.cancel(id)
	}
	e.refusedOnce(by("b5", ""), "S3")
	e.cancel("s3")
	e.redeem(by("b5", ""), "S3")
}

func singleUseBesideLimit(e *env) {
	c := e.coupon("MAIN", limited(uses(2, coupon.PerCode, coupon.Ever), uses(9, coupon.PerCoupon, coupon.Ever), uses(1, coupon.PerCode, coupon.PerDay)))
	e.code(c.ID, "PLAIN")
	e.code(c.ID, "SINGLE", once)
	day := func(booking string, n int) coupon.Booking { return at(booking, start.AddDate(0, 0, n)) }
	for i, code := range []string{"MAIN", "PLAIN"} {
		e.redeem(day(code+"1", 0), code)
		e.refused(day(code+"2", 0), code, coupon.LimitReached)
		e.redeem(day(code+"2", 1), code)
		e.refused(day(code+"3", 2), code, coupon.LimitReached)
		e.redeem(day(name("s", i), i), "SINGLE")
		e.refusedOnce(day("x", 7), "SINGLE")
		e.cancel(name("s", i))
	}
	slot := coupon.Slot{Coupon: c.ID, Of: coupon.Uses, Per: coupon.PerCode, Every: coupon.Ever, Subject: "SINGLE"}
	if got, err := e.store.Counters(e.Context(), []coupon.Slot{slot}, start); err != nil || got[slot] != 0 {
		e.Errorf("the counter of a code that was given back: %v, error %v", got, err)
	}
}

func singleUseRecounted(e *env) {
	c := e.coupon("MAIN")
	e.code(c.ID, "S1", once)
	e.code(c.ID, "S2", once)
	e.redeem(by("b1", "ann"), "S1")
	e.redeem(by("b2", "ann"), "MAIN")
	used := func(when string) {
		e.Helper()
		slot := coupon.Slot{Coupon: c.ID, Of: coupon.Uses, Per: coupon.PerCode, Every: coupon.Ever, Subject: "S1"}
		if got, err := e.store.Counters(e.Context(), []coupon.Slot{slot}, start); err != nil || got[slot] != 1 {
			e.Errorf("%s: the counter of the code is %d, error %v, want 1", when, got[slot], err)
		}
		e.refusedOnce(by("x", "bob"), "S1")
	}
	used("before the edits")
	e.update(c.ID, limited(uses(9, coupon.PerCoupon, coupon.Ever)))
	e.wantUsed(c.ID, 2)
	used("a limit of the coupon was added")
	e.update(c.ID, limited(uses(2, coupon.PerCode, coupon.Ever)))
	used("a limit per code was added")
	e.redeem(by("b3", "ann"), "MAIN") // the second with it
	e.refused(by("b4", "ann"), "MAIN", coupon.LimitReached)
	e.update(c.ID, limited(uses(9, coupon.PerCustomer, coupon.Ever)))
	used("the limit per code was taken away")
	e.redeem(by("b4", "ann"), "MAIN")
	e.cancel("b1")
	e.redeem(by("b5", "bob"), "S1")
	used("it was given back and used again")
	e.redeem(by("b6", "bob"), "S2")
}

func codeForCustomer(e *env) {
	c := e.coupon("MAIN")
	if k := e.code(c.ID, "ANNS", onlyFor(" Ann@Example.com")); k.Customer != "ann@example.com" {
		e.Errorf("the code is for %q, want the canonical key", k.Customer)
	}
	neutral := func(b coupon.Booking, code string) {
		e.Helper()
		q, err := e.svc.Quote(e.Context(), b, code)
		if got := coupon.Public(q.Refusals()); err != nil || !slices.Equal(got, []string{coupon.NotValid}) {
			e.Errorf("%s for %q: told %q, error %v, want only %q", code, b.Customer.Key, got, err, coupon.NotValid)
		}
	}
	e.refused(by("b1", "bob@example.com"), "ANNS", coupon.NotYours)
	e.refused(by("b1", ""), "ANNS", coupon.NoCustomer)
	neutral(by("b1", "bob@example.com"), "ANNS")
	neutral(by("b1", ""), "ANNS")
	neutral(by("b1", ""), "NOBODYS")
	e.redeem(by("b2", "ANN@example.com "), "anns")
	e.redeem(by("b3", "bob@example.com"), "MAIN")
}

func twoCodesOfOneCoupon(e *env) {
	ctx := e.Context()
	c := e.coupon("MAIN", func(c *coupon.Coupon) { c.Combinable = true })
	e.coupon("OTHER", func(c *coupon.Coupon) { c.Combinable = true })
	e.code(c.ID, "A")
	e.code(c.ID, "ANNS", onlyFor("ann"))
	e.code(c.ID, "S", once)
	e.redeem(by("b0", "ann"), "S")
	before := e.everything()
	for second, want := range map[string][]coupon.Reason{
		"MAIN": {coupon.AlreadyApplied},
		"ANNS": {coupon.AlreadyApplied, coupon.NotYours},
		"S":    {coupon.AlreadyApplied, coupon.LimitReached},
	} {
		_, err := e.svc.RedeemAll(ctx, by("b1", "bob"), []string{"A", "OTHER", second})
		q, failed := e.svc.Quote(ctx, by("b1", "bob"), "A", "OTHER", second)
		refused, ok := errors.AsType[*coupon.RefusedError](err)
		if !ok || failed != nil {
			e.Fatalf("A and %s: error %v, of the quote %v", second, err, failed)
		}
		var got []coupon.Reason
		for _, r := range refused.Refusals {
			got = append(got, r.Reason)
		}
		if !slices.Equal(got, want) {
			e.Errorf("A and %s are refused for %v, want %v", second, got, want)
		}
		e.same("the refusals of the quote", q.Refusals(), refused.Refusals)
		if public := coupon.Public(refused.Refusals); len(want) > 1 && !slices.Equal(public, []string{coupon.NotValid}) {
			e.Errorf("of A and %s somebody is told %q: it is a code", second, public)
		}
	}
	e.same("what is stored", e.everything(), before)
	e.redeem(by("b1", "bob"), "A")
	_, err := e.svc.RedeemAll(ctx, by("b1", "bob"), []string{"A", "MAIN"})
	e.is("two codes on a booking that has one of them", err, coupon.ErrRefused)
}

func codesUnique(e *env) {
	ctx := e.Context()
	c, other := e.coupon("X"), e.coupon("Z")
	e.code(c.ID, "Y")
	before := e.everything()
	for _, code := range []coupon.Code{"X", "Y"} {
		_, err := e.svc.Create(ctx, coupon.Coupon{Code: code, Discount: c.Discount, Start: c.Start})
		e.is("Create with the code "+string(code), err, coupon.ErrDuplicateCode)
		edited := other
		edited.Code = code
		_, err = e.svc.Update(ctx, edited)
		e.is("Update to the code "+string(code), err, coupon.ErrDuplicateCode)
		_, err = e.svc.AddCode(ctx, other.ID, coupon.CouponCode{Code: code})
		e.is("AddCode of "+string(code), err, coupon.ErrDuplicateCode)
	}
	own := c
	own.Code = "Y"
	_, err := e.svc.Update(ctx, own)
	e.is("Update to a further code of its own", err, coupon.ErrDuplicateCode)
	_, err = e.svc.AddCode(ctx, c.ID, coupon.CouponCode{Code: "X"})
	e.is("AddCode of its own main code", err, coupon.ErrDuplicateCode)
	e.same("what is stored", e.everything(), before)
	var more []coupon.CouponCode
	for _, code := range []coupon.Code{"Y", "NEW", "X", "Z"} {
		more = append(more, coupon.CouponCode{Code: code, Coupon: other.ID, CreatedAt: start})
	}
	taken, err := e.store.InsertCodes(ctx, other.ID, more)
	slices.Sort(taken)
	if err != nil || !slices.Equal(taken, []coupon.Code{"X", "Y", "Z"}) {
		e.Errorf("InsertCodes: taken %v, error %v, want all but the new one", taken, err)
	}
	e.same("its codes", e.codes(other.ID, ""), []coupon.CouponCode{more[1], coupon.MainCode(other)})
}
