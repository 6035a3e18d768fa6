package storetest

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/couponkit/coupon"
)

func editKeepsCodes(e *env) {
	c := e.coupon("OLD")
	a, b := e.code(c.ID, "A", once), e.code(c.ID, "Z")
	edited := e.update(c.ID, func(c *coupon.Coupon) { c.Name, c.Code = "edited", "NEW" })
	e.same("its codes", e.codes(c.ID, ""), []coupon.CouponCode{a, coupon.MainCode(edited), b})
	for _, code := range []string{"A", "NEW", "Z"} {
		if r := e.redeem(by("with "+code, ""), code); r.Version != 2 || string(r.Code) != code {
			e.Errorf("redeemed with %s: %s", code, text(r))
		}
	}
	e.refused(by("b1", ""), "OLD", coupon.UnknownCode)
	e.refusedOnce(by("b1", ""), "A")
	old := e.code(c.ID, "OLD") // given up as the main code, it may be a further one
	e.same("its codes", e.codes(c.ID, ""), []coupon.CouponCode{a, coupon.MainCode(edited), old, b})
	e.redeem(by("b1", ""), "OLD")
}

func archivingFreesCodes(e *env) {
	ctx := e.Context()
	c := e.coupon("MAIN")
	e.code(c.ID, "A", once)
	e.code(c.ID, "B", onlyFor("ann"))
	e.redeem(by("b1", ""), "A")
	had := text(e.codes(c.ID, ""))
	if _, err := e.svc.Archive(ctx, c.ID); err != nil {
		e.Fatalf("Archive: %v", err)
	}
	for _, code := range []string{"MAIN", "A", "B"} {
		e.refused(by("b2", "ann"), code, coupon.UnknownCode)
	}
	_, err := e.svc.AddCode(ctx, c.ID, coupon.CouponCode{Code: "C"})
	e.is("AddCode to an archived coupon", err, coupon.ErrNotFound)
	_, err = e.store.InsertCodes(ctx, c.ID, []coupon.CouponCode{{Code: "C", Coupon: c.ID, CreatedAt: start}})
	e.is("InsertCodes to an archived coupon", err, coupon.ErrNotFound)

	fresh := e.coupon("A")
	e.code(fresh.ID, "MAIN")
	e.code(fresh.ID, "B")
	for _, code := range []string{"A", "MAIN", "B"} {
		for i := range 2 { // what they were is forgotten
			if r := e.redeem(by(name("with "+code, i), "bob"), code); r.Coupon != fresh.ID {
				e.Errorf("%s is of %s, want the new coupon", code, r.Coupon)
			}
		}
	}
	e.same("the codes that it had", text(e.codes(c.ID, "")), had)
	if _, err := e.svc.Archive(ctx, fresh.ID); err != nil {
		e.Fatalf("Archive of the second: %v", err)
	}
	e.coupon("B")
}

func replayOfArchived(e *env) {
	ctx := e.Context()
	c := e.coupon("MAIN")
	e.code(c.ID, "A", once)
	first := e.redeem(by("b1", "ann"), "A")
	replayed := func(when string) {
		e.Helper()
		r := e.redeem(by("b1", "ann"), "a")
		if !r.Replayed {
			e.Errorf("%s: not replayed", when)
		}
		e.same(when, r, first)
	}
	if _, err := e.svc.Archive(ctx, c.ID); err != nil {
		e.Fatalf("Archive: %v", err)
	}
	replayed("of an archived coupon")
	fresh := e.coupon("OTHER")
	e.code(fresh.ID, "A")
	replayed("although another coupon has the code")
	if r := e.redeem(by("b2", "ann"), "A"); r.Coupon != fresh.ID {
		e.Errorf("a new booking has %s, want the coupon that has the code now", r.Coupon)
	}
	b := by("b1", "bob")
	_, err := e.svc.Redeem(ctx, b, "A")
	e.is("other content under the key", err, coupon.ErrConflict)
}

func codesListed(e *env) {
	ctx := e.Context()
	c := e.coupon("M")
	all := []coupon.CouponCode{coupon.MainCode(c)}
	for i, code := range []string{"Z", "A_1", "B", "A-1", "A1", "9", "A", "AA", "_", "A-10", "N", "A-2"} {
		all = append(all, e.code(c.ID, code, func(k *coupon.CouponCode) { k.Batch = []string{"x", "X", "x ", ""}[i%4] }))
	}
	other := e.coupon("OTHER")
	e.code(other.ID, "M1", func(k *coupon.CouponCode) { k.Batch = "x" })
	slices.SortFunc(all, func(a, b coupon.CouponCode) int { return strings.Compare(string(a.Code), string(b.Code)) })
	for _, batch := range []string{"", "x", "X", "x ", "none"} {
		var want []coupon.CouponCode
		for _, k := range all {
			if batch == "" || k.Batch == batch {
				want = append(want, k)
			}
		}
		for _, size := range []int{1, 2, len(want), 100} {
			var got []coupon.CouponCode
			for q := (coupon.CodeQuery{Coupon: c.ID, Batch: batch, Limit: max(size, 1)}); len(got) <= len(want); {
				page, err := e.store.Codes(ctx, q)
				if err != nil || len(page) > q.Limit {
					e.Fatalf("Codes: a page of %d, limit %d, error %v", len(page), q.Limit, err)
				}
				got = append(got, page...)
				if len(page) < q.Limit {
					break
				}
				q.After = page[len(page)-1].Code
			}
			wantList(e, "batch "+batch+" in pages of "+name("", size), got, want, func(k coupon.CouponCode) string { return string(k.Code) })
		}
		e.same("batch "+batch, e.codes(c.ID, batch), want)
	}
	page, err := e.store.Codes(ctx, coupon.CodeQuery{Coupon: c.ID, After: "A-11", Limit: 2})
	if err != nil || len(page) != 2 || page[0].Code != "A-2" || page[1].Code != "A1" {
		e.Errorf("after a code that is not there: %s, error %v", text(page), err)
	}
	if page, err = e.store.Codes(ctx, coupon.CodeQuery{Coupon: "nowhere", Limit: 5}); err != nil || len(page) > 0 {
		e.Errorf("codes of a coupon that is not there: %s, error %v", text(page), err)
	}
	for _, err := range e.svc.Codes(ctx, "nowhere", coupon.CodeFilter{}) {
		e.is("Codes of a coupon that is not there", err, coupon.ErrNotFound)
	}
}

func codesListedAfter(e *env) {
	c := e.coupon("M")
	for _, code := range []string{"Z", "A-1", "A-10", "A-2"} {
		e.code(c.ID, code, func(k *coupon.CouponCode) { k.Batch = map[bool]string{true: "x"}[code != "Z"] })
	}
	for _, tc := range []struct{ batch, after, want string }{
		{"", "", "A-1 A-10 A-2 M Z"}, {"", "A-1", "A-10 A-2 M Z"}, {"", "A-11", "A-2 M Z"}, {"", "M", "Z"}, {"", "Z", ""},
		{"x", "A-1", "A-10 A-2"}, {"x", "A-2", ""},
	} {
		var got []string
		for k, err := range e.svc.Codes(e.Context(), c.ID, coupon.CodeFilter{Batch: tc.batch, After: coupon.Code(tc.after)}) {
			if err != nil {
				e.Fatalf("Codes: %v", err)
			}
			got = append(got, string(k.Code))
		}
		e.same("batch "+tc.batch+" after "+tc.after, strings.Join(got, " "), tc.want)
	}
}

func batchesListed(e *env) {
	ctx := e.Context()
	c, other := e.coupon("M"), e.coupon("OTHER")
	batches := func(id coupon.ID, after string) []coupon.BatchState {
		e.Helper()
		return collect(e, "Batches", e.svc.Batches(ctx, id, after))
	}
	if got := batches(c.ID, ""); len(got) > 0 {
		e.Errorf("batches of a coupon without: %s", text(got))
	}
	hour := func(h int) time.Time { return start.Add(time.Duration(h) * time.Hour) }
	add := func(id coupon.ID, h int, code, batch string) {
		e.clock.set(hour(h))
		e.code(id, code, func(k *coupon.CouponCode) { k.Batch = batch })
	}
	for i, batch := range []string{"x", "X", "x ", "", "x", "é", "x"} {
		add(c.ID, i, name("B", 9-i), batch) // in the order of codes, the last made is the first
	}
	add(other.ID, 0, "THEIRS", "x")
	e.clock.set(hour(9))
	if _, err := e.generate(e.svc.With(&breaking{Store: e.store, n: 2}), c.ID, coupon.CodeBatch{Key: "mail", Count: 9}); !errors.Is(err, errBroken) {
		e.Fatalf("GenerateCodes: %v", err)
	}
	add(c.ID, 11, "0-MAIL", "mail")
	e.clock.set(hour(12))
	e.generated(c.ID, coupon.CodeBatch{Key: "mail", Count: 9}) // the rest
	add(c.ID, 3, "1-MAIL", "mail")                             // by a clock that goes wrong
	all := []coupon.BatchState{{Key: "X", Codes: 1, CreatedAt: hour(1)}, {Key: "mail", Codes: 11, CreatedAt: hour(9)}, {Key: "x", Codes: 3, CreatedAt: hour(0)},
		{Key: "x ", Codes: 1, CreatedAt: hour(2)}, {Key: "é", Codes: 1, CreatedAt: hour(5)}}
	e.same("all", batches(c.ID, ""), all)
	e.same("after one", batches(c.ID, "mail"), all[2:])
	e.same("after one that is not there", batches(c.ID, "x!"), all[4:])
	e.same("after the last", text(batches(c.ID, "é")), "null")
	for i := range all {
		page, err := e.store.Batches(ctx, c.ID, "", i+1)
		if err != nil {
			e.Fatalf("Batches: %v", err)
		}
		e.same(name("the first ", i+1), page, all[:i+1])
	}
	for _, err := range e.svc.Batches(ctx, "nowhere", "") {
		e.is("Batches of a coupon that is not there", err, coupon.ErrNotFound)
	}
	if page, err := e.store.Batches(ctx, "nowhere", "", 5); err != nil || len(page) > 0 {
		e.Errorf("batches of a coupon that is not there: %s, error %v", text(page), err)
	}
}

func usesOfEachCode(e *env) {
	ctx := e.Context()
	free, bound := e.coupon("FREE"), e.coupon("BOUND", limited(uses(3, coupon.PerCode, coupon.Ever), uses(9, coupon.PerCode, coupon.PerDay)))
	for _, c := range []coupon.Coupon{free, bound} {
		e.code(c.ID, "ONCE-"+string(c.Code), once)
		e.code(c.ID, "UNUSED-"+string(c.Code), once)
		e.code(c.ID, "MORE-"+string(c.Code))
		for i, code := range []string{string(c.Code), "ONCE-" + string(c.Code), "MORE-" + string(c.Code), "MORE-" + string(c.Code)} {
			e.redeem(by(string(c.Code)+name(" b", i), ""), code)
		}
	}
	e.cancel("BOUND b3")
	if _, err := e.svc.Reserve(ctx, by("reserved", ""), time.Hour, "bound"); err != nil {
		e.Fatalf("Reserve: %v", err)
	}
	told := func(id coupon.ID) (out []any) {
		e.Helper()
		codes := e.codes(id, "")
		uses, err := e.svc.CodeUses(ctx, id, codes)
		if err != nil {
			e.Fatalf("CodeUses: %v", err)
		}
		for _, k := range codes {
			if u, ok := uses[k.Code]; ok {
				out = append(out, k.Code, u.Used, u.Limit.Max, u.Reached)
			}
		}
		return out
	}
	e.same("without a limit per code", told(free.ID), []any{"ONCE-FREE", 1, 1, true, "UNUSED-FREE", 0, 1, false})
	e.same("with one", told(bound.ID), []any{"BOUND", 2, 3, false, "MORE-BOUND", 1, 3, false, "ONCE-BOUND", 1, 1, true, "UNUSED-BOUND", 0, 1, false})
	e.clock.set(start.Add(time.Hour))
	e.same("when the reservation has ended", told(bound.ID)[:4], []any{"BOUND", 1, 3, false})
	if uses, err := e.svc.CodeUses(ctx, free.ID, nil); err != nil || len(uses) > 0 {
		e.Errorf("of no code: %s, error %v", text(uses), err)
	}
	_, err := e.svc.CodeUses(ctx, "nowhere", nil)
	e.is("CodeUses of a coupon that is not there", err, coupon.ErrNotFound)
}

func codeAddedTwice(e *env) {
	ctx := e.Context()
	c, other := e.coupon("MAIN"), e.coupon("OTHER")
	k := coupon.CouponCode{Code: "a", SingleUse: true, Customer: "Ann@example.com", Batch: "x"}
	first, err := e.svc.As("maria").AddCode(ctx, c.ID, k)
	if err != nil {
		e.Fatalf("AddCode: %v", err)
	}
	e.clock.set(start.Add(time.Hour))
	before := e.everything()
	again, err := e.svc.AddCode(ctx, c.ID, k)
	if err != nil {
		e.Errorf("AddCode again: %v", err)
	}
	e.same("the code added again", again, first)
	for what, edit := range map[string]func(*coupon.CouponCode){
		"not single-use":   func(k *coupon.CouponCode) { k.SingleUse = false },
		"another customer": onlyFor("bob"),
		"everybody":        onlyFor(""),
		"another batch":    func(k *coupon.CouponCode) { k.Batch = "y" },
	} {
		changed := k
		edit(&changed)
		got, err := e.svc.AddCode(ctx, c.ID, changed)
		e.is("AddCode again: "+what, err, coupon.ErrDuplicateCode)
		e.same("what comes with the error", got, coupon.CouponCode{})
	}
	_, err = e.svc.AddCode(ctx, other.ID, k)
	e.is("AddCode to another coupon", err, coupon.ErrDuplicateCode)
	_, err = e.svc.AddCode(ctx, "nowhere", coupon.CouponCode{Code: "NEW"})
	e.is("AddCode to a coupon that is not there", err, coupon.ErrNotFound)
	e.same("what is stored", e.everything(), before)
}

func figuresByCode(e *env) {
	ctx := e.Context()
	c := e.coupon("MAIN")
	e.code(c.ID, "A")
	e.code(c.ID, "B", once)
	prices := []string{"100", "33.35", "80", "12.34", "50", "99.99", "20"}
	for i, code := range []string{"A", "MAIN", "A", "B", "MAIN", "A", "MAIN"} {
		b := booking(name("b", i), usd(prices[i]))
		b.MadeAt = start.AddDate(0, 0, i/2)
		b.Cost = new(usd("7").Amount)
		e.redeem(b, code)
	}
	e.cancel("b2")
	e.refund("b4", "r", usd("5.55"))
	days := coupon.Range{From: start.AddDate(0, 0, -1), To: start.AddDate(0, 0, 9)}
	whole := e.summary(c.ID, days).In("USD")
	var bookings, cancelled int64
	revenue := usd("0")
	listed := 0
	for code, want := range map[string]int64{"main": 3, "A": 2, "B": 1, "NONE": 0} {
		s, err := e.svc.Summary(ctx, c.ID, days, coupon.OfCode(code))
		if err != nil {
			e.Fatalf("Summary of %s: %v", code, err)
		}
		points, err := e.svc.Timeline(ctx, c.ID, days, coupon.Daily, "UTC", coupon.OfCode(code))
		if err != nil {
			e.Fatalf("Timeline of %s: %v", code, err)
		}
		f := s.In("USD")
		fold := coupon.Sums{Currency: "USD"}
		for _, r := range e.redemptions(coupon.RedemptionFilter{Coupon: c.ID, Code: coupon.Code(code), Range: days}) {
			if err := fold.Add(r); err != nil {
				e.Fatalf("Add: %v", err)
			}
			listed++
		}
		if f.Bookings != want || f.Bookings != fold.Bookings || f.Cancelled != fold.Cancelled || !f.Subtotal.Equal(minor(fold.Subtotal, "USD")) ||
			!f.Discounts.Equal(minor(fold.Discounts, "USD")) || !f.Refunds.Equal(minor(fold.Refunds, "USD")) {
			e.Errorf("the summary of %s is %s, its redemptions add up to %s", code, text(f), text(fold))
		}
		var inPoints int64
		discounts := usd("0")
		for _, p := range points {
			inPoints += p.In("USD").Bookings
			discounts.Amount = discounts.Amount.Add(p.In("USD").Discounts.Amount)
		}
		if inPoints != f.Bookings || !discounts.Equal(f.Discounts) {
			e.Errorf("the timeline of %s has %d bookings less %s, the summary %d less %s", code, inPoints, discounts, f.Bookings, f.Discounts)
		}
		bookings, cancelled = bookings+f.Bookings, cancelled+f.Cancelled
		revenue.Amount = revenue.Amount.Add(f.RevenueAfterRefunds.Amount)
	}
	if bookings != whole.Bookings || cancelled != whole.Cancelled || !revenue.Equal(whole.RevenueAfterRefunds) || listed != len(prices) {
		e.Errorf("all codes: %d bookings, %d cancelled, %s, %d listed; the coupon: %s", bookings, cancelled, revenue, listed, text(whole))
	}
}

func raceOnSingleUse(e *env) {
	c := e.coupon("MAIN")
	e.code(c.ID, "S", once)
	errs := together(32, func(i int) error {
		_, err := e.svc.Redeem(e.Context(), by(name("b", i), name("c", i)), "S")
		return err
	})
	if n := e.tally(errs, coupon.ErrRefused); n != 1 {
		e.Errorf("%d of 32 succeeded", n)
	}
	e.wantBookings(c.ID, 1)
}
