package storetest

import (
	"math"
	"slices"
	"strings"
	"time"

	"github.com/couponkit/coupon"
)

var merchantCases = []testCase{
	{"same-keys", "two merchants may have the same codes, bookings, customers and even ids, each with its own counts", sameKeys},
	{"foreign-ids-are-not-found", "another merchant's ids are ErrNotFound in every method, and nothing of it changes", foreignIDs},
	{"nothing-leaks", "lists, searches, codes, sums, events, counters and Verify show nothing of another merchant, and Rebuild touches nothing of it", nothingLeaks},
	{"told-apart-as-bytes", "merchants are told apart byte by byte", merchantsAreBytes},
}

func sameKeys(e *env) {
	ctx := e.Context()
	other := e.merchant("globex")
	c := e.coupon("SAME", limited(uses(1, coupon.PerCoupon, coupon.Ever), uses(1, coupon.PerCustomer, coupon.Ever)))
	if err := other.store.InsertCoupon(ctx, c); err != nil {
		e.Fatalf("InsertCoupon with an id that another merchant has: %v", err)
	}
	for _, m := range []*env{e, other} { // also further codes, and numbers of a batch
		m.code(c.ID, "MORE", once)
		k := coupon.CouponCode{Code: "FIRST", Coupon: c.ID, Batch: "mail", Number: 1, CreatedAt: start}
		if taken, err := m.store.InsertCodes(ctx, c.ID, []coupon.CouponCode{k}); err != nil || len(taken) > 0 {
			e.Errorf("InsertCodes of merchant %s: taken %v, error %v", m.name, taken, err)
		}
	}
	e.redeem(by("b1", "ann"), "SAME")
	other.wantUsed(c.ID, 0)
	if r := other.redeem(by("b1", "ann"), "SAME"); r.Replayed {
		e.Errorf("the same booking of another merchant is answered with ours")
	}
	for _, m := range []*env{e, other} {
		m.wantUsed(c.ID, 1)
		m.refused(by("b2", "bob"), "SAME", coupon.LimitReached)
		m.note(c.ID, start, "sent by "+m.name)
	}
	e.update(c.ID, func(c *coupon.Coupon) { c.Name = "edited" })
	if got, err := other.svc.Coupon(ctx, c.ID); err != nil || got.Version != 1 || got.Name != "" {
		e.Errorf("an edit of one merchant reached the other: got %s, error %v", text(got), err)
	}
	e.cancel("b1")
	e.wantUsed(c.ID, 0)
	other.wantUsed(c.ID, 1)
	if r := other.stored(c.ID, "b1"); r.State != coupon.Redeemed {
		e.Errorf("a cancellation of one merchant reached the other: %s", r.State)
	}
	if events, err := other.svc.Events(ctx, c.ID, "b1"); err != nil || len(events) != 1 {
		e.Errorf("events: got %s, error %v, want one", text(events), err)
	}
}

func foreignIDs(e *env) {
	ctx := e.Context()
	other := e.merchant("globex")
	c := e.coupon("OURS", limited(uses(5, coupon.PerCoupon, coupon.Ever)))
	n := e.note(c.ID, start, "ours")
	e.code(c.ID, "OURS-TOO", func(k *coupon.CouponCode) { k.Batch = "mail" })
	e.redeem(by("b1", "ann"), "OURS")
	before := e.everything()

	notFound := func(what string, err error) { e.Helper(); e.is(what, err, coupon.ErrNotFound) }
	_, err := other.store.Coupon(ctx, c.ID)
	notFound("Coupon", err)
	_, _, err = other.store.CouponByCode(ctx, "OURS")
	notFound("CouponByCode", err)
	edited := c
	edited.Version, edited.Name = 2, "theirs now"
	notFound("UpdateCoupon", other.store.UpdateCoupon(ctx, edited, func(coupon.Use) []coupon.Charge { return nil }))
	_, err = other.store.Versions(ctx, c.ID, math.MaxInt64, 10)
	notFound("Versions", err)
	_, err = other.store.Notes(ctx, c.ID)
	notFound("Notes", err)
	_, err = other.store.InsertNote(ctx, coupon.Note{ID: "n", Coupon: c.ID, At: start, Text: "theirs", CreatedAt: start})
	notFound("InsertNote", err)
	_, err = other.store.UpdateNote(ctx, coupon.Note{ID: n.ID, Coupon: c.ID, At: start, Text: "theirs"})
	notFound("UpdateNote", err)
	notFound("DeleteNote", other.store.DeleteNote(ctx, c.ID, n.ID))
	_, err = other.svc.State(ctx, c.ID)
	notFound("State", err)
	_, err = other.svc.Summary(ctx, c.ID, coupon.Range{})
	notFound("Summary", err)
	_, err = other.svc.Summaries(ctx, []coupon.ID{other.coupon("THEIRS").ID, c.ID}, coupon.Range{})
	notFound("Summaries", err)
	_, err = other.svc.Timelines(ctx, []coupon.ID{c.ID}, coupon.Range{From: start, To: start.AddDate(0, 0, 1)}, coupon.Daily, "UTC")
	notFound("Timelines", err)
	_, err = other.svc.Redemption(ctx, c.ID, "b1")
	notFound("Redemption", err)
	_, err = other.svc.Cancel(ctx, "b1")
	notFound("Cancel", err)
	_, err = other.svc.Refund(ctx, "b1", coupon.Refund{Key: "r", Amount: usd("1")})
	notFound("Refund", err)
	other.refused(by("b1", "ann"), "OURS", coupon.UnknownCode)
	other.refused(by("b1", "ann"), "OURS-TOO", coupon.UnknownCode)
	_, _, err = other.store.CouponByCode(ctx, "OURS-TOO")
	notFound("CouponByCode of a further code", err)
	_, err = other.store.InsertCodes(ctx, c.ID, []coupon.CouponCode{{Code: "THEIRS", Coupon: c.ID, CreatedAt: start}})
	notFound("InsertCodes", err)
	_, err = other.svc.AddCode(ctx, c.ID, coupon.CouponCode{Code: "THEIRS"})
	notFound("AddCode", err)
	_, err = other.generate(other.svc, c.ID, coupon.CodeBatch{Key: "mail", Count: 1})
	notFound("GenerateCodes", err)
	for _, err := range other.svc.Codes(ctx, c.ID, coupon.CodeFilter{Batch: "mail"}) {
		notFound("Codes", err)
	}
	_, err = other.svc.Archive(ctx, c.ID)
	notFound("Archive", err)
	e.same("what is stored", e.everything(), before)
}

func nothingLeaks(e *env) {
	ctx := e.Context()
	other := e.merchant("globex")
	c := e.coupon("OURS", limited(uses(5, coupon.PerCoupon, coupon.Ever)))
	for _, id := range []string{"b1", "b2"} {
		e.redeem(by(id, "ann"), "OURS")
	}
	e.code(c.ID, "OURS-TOO", func(k *coupon.CouponCode) { k.Batch = "mail" })
	for _, batch := range []string{"", "mail"} {
		if got, err := other.store.Codes(ctx, coupon.CodeQuery{Coupon: c.ID, Batch: batch, Limit: 9}); err != nil || len(got) > 0 {
			e.Errorf("codes of our coupon: %s, error %v", text(got), err)
		}
	}
	if got, err := other.store.Batches(ctx, c.ID, "", 9); err != nil || len(got) > 0 {
		e.Errorf("batches of our coupon: %s, error %v", text(got), err)
	}
	theirs := other.coupon("THEIRS")
	other.redeem(by("b3", "ann"), "THEIRS")
	other.redeem(by("b1", "bob"), "THEIRS")
	other.same("their coupons", other.coupons(coupon.CouponQuery{}, 10), []coupon.Coupon{theirs})
	if got := other.coupons(coupon.CouponQuery{Search: "our"}, 10); len(got) > 0 {
		e.Errorf("a search found %s", text(got))
	}
	for what, q := range map[string]coupon.RedemptionQuery{"": {}, "b1": {Booking: "b1"}, "ann": {Customer: "ann"}} {
		got := bookings(other.pages(q, 10))
		if want := map[string]string{"": "b1 b3", "b1": "b1", "ann": "b3"}[what]; got != want {
			e.Errorf("their redemptions of %q: got %q, want %q", what, got, want)
		}
	}
	if got := other.pages(coupon.RedemptionQuery{Coupon: c.ID}, 10); len(got) > 0 {
		e.Errorf("redemptions of our coupon: %s", text(got))
	}
	both := []coupon.ID{c.ID, theirs.ID}
	slices.Sort(both)
	sums, err := other.store.Sum(ctx, coupon.SumQuery{Coupons: both, Clock: coupon.MadeAt, Bounds: []time.Time{{}, {}}})
	if err != nil || len(sums) != 1 || sums[0].Coupon != theirs.ID || sums[0].Bookings != 2 {
		e.Errorf("the sum of our coupon and theirs: %s, error %v", text(sums), err)
	}
	if events, err := other.store.Events(ctx, c.ID, "b1"); err != nil || len(events) > 0 {
		e.Errorf("events of our redemption: %s, error %v", text(events), err)
	}
	slot := coupon.Slot{Coupon: c.ID, Of: coupon.Uses, Per: coupon.PerCoupon, Every: coupon.Ever}
	if got, err := other.store.Counters(ctx, []coupon.Slot{slot}, start); err != nil || got[slot] != 0 {
		e.Errorf("our counter: %v, error %v", got, err)
	}
	if err := other.svc.Rebuild(ctx); err != nil {
		e.Fatalf("Rebuild: %v", err)
	}
	e.wantUsed(c.ID, 2)
}

func merchantsAreBytes(e *env) {
	names := []string{"Acme", "ACME", "acme ", " acme", "acm_", "acme%", "", "é", "e\u0301", "'", `\`, strings.Repeat("x", 100)}
	for _, m := range names {
		shop := e.merchant(m)
		shop.coupon("ONLY", func(c *coupon.Coupon) { c.Name = "of " + m })
		shop.redeem(by("b1", m), "ONLY")
	}
	for _, m := range names {
		got := e.merchant(m).coupons(coupon.CouponQuery{}, 50)
		if len(got) != 1 || got[0].Name != "of "+m {
			e.Errorf("merchant %q has %s", m, text(got))
		}
	}
	if got := e.coupons(coupon.CouponQuery{}, 50); len(got) > 0 {
		e.Errorf("merchant acme has %s", text(got))
	}
}
