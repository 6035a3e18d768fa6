package storetest

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/couponkit/coupon"
)

var refusalCases = []testCase{
	{"kept-beside-the-answer", "what Redeem, RedeemAll, Reserve and Reopen refuse is kept, once per coupon, booking and reason, with the booking's total", refusalsKept},
	{"the-first-stays", "the same booking refused again for the same reason stays recorded as it was the first time", refusalsFirstStays},
	{"of-a-quote", "a quote keeps nothing by itself and its refusals when asked; of an unknown code nothing is kept", refusalsOfQuote},
	{"several-coupons", "each of several coupons keeps its own refusals", refusalsOfSeveral},
	{"of-their-coupon", "refusals of a coupon that is not there are left out, without an error", refusalsNeedCoupon},
	{"forgotten-in-time", "what is older than its time is never shown, is forgotten when the coupon refuses again, and stands in nobody's way", refusalsForgotten},
	{"bounded", "of each coupon the newest stay, up to a bound, and those of other coupons are not touched", refusalsBounded},
	{"listed", "refusals are listed the newest first, of one reason or of all, in pages that split no tie", refusalsListed},
	{"merchants", "another merchant sees and keeps refusals of its own, also of the same coupon and booking", refusalsOfMerchants},
	{"nothing-else-changes", "keeping a refusal changes nothing but the list of refusals", refusalsAlone},
	{"failing-to-keep", "a refusal that can't be kept is the same answer, and the host's log is told", refusalsFail},
	{"switched-off", "a service that keeps refusals for no time keeps none", refusalsOff},
	{"host-transaction", "in the host's transaction nothing is kept, and asking for it there is an error; outside it the host may", refusalsInHostTx},
	{"at-once", "the same refusal 16 times at once is kept once", refusalsAtOnce},
}

// with is the same merchant with another service.
func (e *env) with(change func(*coupon.Config)) *env {
	e.Helper()
	cfg := coupon.Config{Store: e.store, Now: e.clock.Now, Rand: e.random}
	change(&cfg)
	svc, err := coupon.New(cfg)
	if err != nil {
		e.Fatalf("New: %v", err)
	}
	out := *e
	out.svc = svc
	return &out
}

// kept are the refusals that are listed: "booking reason", the newest first.
func (e *env) kept(id coupon.ID) string {
	e.Helper()
	return kept(collect(e, "Refusals", e.svc.Refusals(e.Context(), id, "")))
}

func kept(rs []coupon.RefusalRecord) string {
	var out []string
	for _, r := range rs {
		out = append(out, r.Booking+" "+string(r.Reason))
	}
	return strings.Join(out, ", ")
}

func (e *env) wantKept(id coupon.ID, want string) {
	e.Helper()
	if got := e.kept(id); got != want {
		e.Errorf("refusals kept: got %q, want %q", got, want)
	}
}

// choosy is for Mondays from 200 USD: a booking of 100 USD without a date of
// service misses two rules.
func choosy(c *coupon.Coupon) {
	c.Restrictions.MinTotal, c.Restrictions.Days = usd("200"), []time.Weekday{time.Monday}
}

func least(amount string) func(*coupon.Coupon) {
	return func(c *coupon.Coupon) { c.Restrictions.MinTotal = usd(amount) }
}

// refuse makes a call that must be refused.
func (e *env) refuse(_ any, err error) {
	e.Helper()
	if !errors.Is(err, coupon.ErrRefused) {
		e.Fatalf("got error %v, want it refused", err)
	}
}

func refusalsKept(e *env) {
	ctx := e.Context()
	c := e.coupon("C", choosy)
	e.refuse(e.svc.Redeem(ctx, by("b1", " Ann@Example.com"), "C"))
	got := collect(e, "Refusals", e.svc.Refusals(ctx, c.ID, coupon.BelowMinimum))
	e.same("as it is kept", got, []coupon.RefusalRecord{{Coupon: c.ID, Booking: "b1", Reason: coupon.BelowMinimum, Code: "C", Customer: "ann@example.com", Subtotal: usd("100"), At: start}})
	e.wantKept(c.ID, "b1 no-service-date, b1 below-minimum")
	e.clock.set(start.Add(time.Minute))
	e.refuse(e.svc.RedeemAll(ctx, by("b2", ""), []string{"C"}))
	e.refuse(e.svc.Reserve(ctx, by("b3", ""), time.Hour, "C"))
	e.refuse(e.svc.Reopen(ctx, by("b4", ""), "C"))
	both := ""
	for _, b := range []string{"b4", "b3", "b2", "b1"} {
		both += ", " + b + " no-service-date, " + b + " below-minimum"
	}
	e.wantKept(c.ID, both[2:])
	counts, err := e.svc.RefusalCounts(ctx, c.ID)
	if err != nil {
		e.Fatalf("RefusalCounts: %v", err)
	}
	e.same("counted", counts, []coupon.RefusalCount{{Reason: coupon.NoServiceDate, Bookings: 4, Subtotal: usd("400")}, {Reason: coupon.BelowMinimum, Bookings: 4, Subtotal: usd("400")}})
}

func refusalsFirstStays(e *env) {
	ctx := e.Context()
	c := e.coupon("C", least("200"))
	e.refuse(e.svc.Redeem(ctx, by("b1", "ann"), "C"))
	e.clock.set(start.Add(time.Hour))
	later := booking("b1", usd("150"))
	e.refuse(e.svc.Redeem(ctx, later, "C"))
	e.refuse(e.svc.Reserve(ctx, later, time.Hour, "C"))
	got := collect(e, "Refusals", e.svc.Refusals(ctx, c.ID, ""))
	e.same("as it is kept", got, []coupon.RefusalRecord{{Coupon: c.ID, Booking: "b1", Reason: coupon.BelowMinimum, Code: "C", Customer: "ann", Subtotal: usd("100"), At: start}})
	later.Lines[0].Price = usd("250").Amount
	e.redeem(later, "C")
	e.wantKept(c.ID, "b1 below-minimum")
}

func refusalsOfQuote(e *env) {
	ctx := e.Context()
	c := e.coupon("C", least("200"), combinable)
	fine := e.coupon("FINE", combinable)
	q, err := e.svc.Quote(ctx, by("b1", "ann"), "C", "FINE", "NOBODY-HAS-IT")
	if err != nil || q.OK() {
		e.Fatalf("Quote: %s, error %v, want refusals", text(q), err)
	}
	e.wantKept(c.ID, "")
	e.clock.set(start.Add(time.Hour)) // the quote says when
	if err := e.svc.RecordRefusals(ctx, q.Refused()); err != nil {
		e.Fatalf("RecordRefusals: %v", err)
	}
	got := collect(e, "Refusals", e.svc.Refusals(ctx, c.ID, ""))
	e.same("as it is kept", got, []coupon.RefusalRecord{{Coupon: c.ID, Booking: "b1", Reason: coupon.BelowMinimum, Code: "C", Customer: "ann", Subtotal: usd("100"), At: start}})
	e.wantKept(fine.ID, "")
	for _, code := range []string{"NOBODY-HAS-IT", "no code"} {
		e.refuse(e.svc.Redeem(ctx, by("b2", ""), code))
	}
	nobody, err := e.store.Refusals(ctx, coupon.RefusalQuery{Limit: 10})
	if err != nil || len(nobody) > 0 {
		e.Errorf("refusals of no coupon: %s, error %v", text(nobody), err)
	}
	q, err = e.svc.Quote(ctx, booking("b3", usd("200")), "C")
	if err != nil || q.Refused() != nil {
		e.Fatalf("Quote: %s, error %v", text(q), err)
	}
	if err := e.svc.RecordRefusals(ctx, q.Refused()); err != nil {
		e.Errorf("keeping the refusals of a quote that has none: %v", err)
	}
	e.wantKept(c.ID, "b1 below-minimum")
	for _, err := range e.svc.Refusals(ctx, "nobody", "") {
		e.is("Refusals of a coupon that is not there", err, coupon.ErrNotFound)
	}
}

func refusalsOfSeveral(e *env) {
	a, b := e.coupon("A", least("200"), combinable), e.coupon("B", least("300"), combinable)
	fine := e.coupon("FINE", combinable)
	e.refuse(e.svc.RedeemAll(e.Context(), by("b1", ""), []string{"FINE", "B", "A", "UNKNOWN"}))
	e.wantKept(a.ID, "b1 below-minimum")
	e.wantKept(b.ID, "b1 below-minimum")
	e.wantKept(fine.ID, "")
}

func refusalsNeedCoupon(e *env) {
	ctx := e.Context()
	c := e.coupon("C")
	r := refusal(c.ID, "b1", start)
	lost := refusal("nobody", "b1", start)
	if err := e.store.RecordRefusals(ctx, []coupon.RefusalRecord{lost, r}, coupon.RefusalBounds{Most: 10}); err != nil {
		e.Fatalf("RecordRefusals: %v", err)
	}
	e.wantKept(c.ID, "b1 below-minimum")
	found, err := e.store.Refusals(ctx, coupon.RefusalQuery{Coupon: "nobody", Limit: 10})
	if err != nil || len(found) > 0 {
		e.Errorf("refusals of a coupon that is not there: %s, error %v", text(found), err)
	}
	if err := e.store.RecordRefusals(ctx, nil, coupon.RefusalBounds{Most: 10}); err != nil {
		e.Errorf("keeping nothing: %v", err)
	}
}

func refusal(id coupon.ID, booking string, at time.Time) coupon.RefusalRecord {
	return coupon.RefusalRecord{Coupon: id, Booking: booking, Reason: coupon.BelowMinimum, Code: "C", Subtotal: usd("100"), At: at}
}

func refusalsForgotten(e *env) {
	ctx := e.Context()
	e = e.with(func(cfg *coupon.Config) { cfg.KeepRefusals = time.Hour })
	c, other := e.coupon("C", least("200")), e.coupon("OTHER", least("200"))
	for _, code := range []string{"C", "OTHER"} {
		e.refuse(e.svc.Redeem(ctx, by("old", ""), code))
	}
	e.clock.set(start.Add(time.Hour))
	e.wantKept(c.ID, "old below-minimum") // not older than an hour
	e.clock.set(start.Add(time.Hour + time.Microsecond))
	e.wantKept(c.ID, "")
	inStore := func(id coupon.ID) string {
		found, err := e.store.Refusals(ctx, coupon.RefusalQuery{Coupon: id, Limit: 10})
		if err != nil {
			e.Fatalf("Refusals: %v", err)
		}
		return kept(found)
	}
	if got := inStore(c.ID); got != "old below-minimum" {
		e.Errorf("reading forgot: the store has %q", got)
	}
	e.refuse(e.svc.Redeem(ctx, by("new", ""), "C"))
	if got := inStore(c.ID); got != "new below-minimum" {
		e.Errorf("after another refusal the store has %q, want only the new one", got)
	}
	e.clock.set(start.Add(3 * time.Hour))
	e.refuse(e.svc.Redeem(ctx, by("new", ""), "C")) // the first of it is forgotten
	e.wantKept(c.ID, "new below-minimum")
	if got := inStore(other.ID); got != "old below-minimum" {
		e.Errorf("the other coupon's were touched: the store has %q", got)
	}
	late := refusal(c.ID, "late", start) // the host comes with it hours later
	if err := e.store.RecordRefusals(ctx, []coupon.RefusalRecord{late}, coupon.RefusalBounds{Since: start.Add(time.Minute), Most: 10}); err != nil {
		e.Fatalf("RecordRefusals: %v", err)
	}
	if got := inStore(c.ID); got != "new below-minimum" {
		e.Errorf("what comes too late was kept: the store has %q", got)
	}
}

func refusalsBounded(e *env) {
	ctx := e.Context()
	e = e.with(func(cfg *coupon.Config) { cfg.MaxRefusals = 3 })
	c, other := e.coupon("C", least("200")), e.coupon("OTHER", least("200"))
	for i := range 2 {
		e.refuse(e.svc.Redeem(ctx, by(name("o", i), ""), "OTHER"))
	}
	for i := range 5 {
		e.clock.set(start.Add(time.Duration(i) * time.Second))
		e.refuse(e.svc.Redeem(ctx, by(name("b", i), ""), "C"))
	}
	e.wantKept(c.ID, "b4 below-minimum, b3 below-minimum, b2 below-minimum")
	e.wantKept(other.ID, "o1 below-minimum, o0 below-minimum")
	// One that comes late with an earlier instant pushes no newer one out.
	late := &coupon.RefusedError{Booking: "late", Subtotal: usd("1"), At: start, Refusals: []coupon.Refusal{{Reason: coupon.BelowMinimum, Coupon: c.ID, Code: "C"}}}
	if err := e.svc.RecordRefusals(ctx, late); err != nil {
		e.Fatalf("RecordRefusals: %v", err)
	}
	e.wantKept(c.ID, "b4 below-minimum, b3 below-minimum, b2 below-minimum")
}

func refusalsListed(e *env) {
	ctx := e.Context()
	c := e.coupon("C", choosy)
	other := e.coupon("OTHER", choosy)
	for i, t := range []time.Duration{2, 1, 2, 2} {
		e.clock.set(start.Add(t * time.Microsecond))
		e.refuse(e.svc.Redeem(ctx, by(name("b", i), ""), "C"))
		e.refuse(e.svc.Redeem(ctx, by(name("b", i), ""), "OTHER"))
	}
	want := "b3 no-service-date, b3 below-minimum, b2 no-service-date, b2 below-minimum, b0 no-service-date, b0 below-minimum, b1 no-service-date, b1 below-minimum"
	e.wantKept(c.ID, want)
	e.wantKept(other.ID, want)
	for _, reason := range []coupon.Reason{"", coupon.BelowMinimum, coupon.WrongDay} {
		var wanted []string
		for _, r := range strings.Split(want, ", ") {
			if strings.Contains(r, string(reason)) {
				wanted = append(wanted, r)
			}
		}
		q := coupon.RefusalQuery{Coupon: c.ID, Reason: reason, Limit: 1}
		var got []coupon.RefusalRecord
		for len(got) < 20 {
			page, err := e.store.Refusals(ctx, q)
			if err != nil {
				e.Fatalf("Refusals: %v", err)
			}
			if len(page) == 0 {
				break
			}
			got, q.After = append(got, page...), &page[len(page)-1]
		}
		if kept(got) != strings.Join(wanted, ", ") || !slices.IsSortedFunc(got, coupon.RefusalRecord.Compare) {
			e.Errorf("pages of one, reason %q: got %q, want %q", reason, kept(got), wanted)
		}
	}
}

func refusalsOfMerchants(e *env) {
	ctx := e.Context()
	other := e.merchant("globex")
	c := e.coupon("SAME", least("200"))
	if err := other.store.InsertCoupon(ctx, c); err != nil {
		e.Fatalf("InsertCoupon: %v", err)
	}
	e.refuse(e.svc.Redeem(ctx, by("b1", ""), "SAME"))
	other.wantKept(c.ID, "")
	e.clock.set(start.Add(time.Minute))
	other.refuse(other.svc.Redeem(ctx, by("b1", ""), "SAME"))
	for m, at := range map[*env]time.Time{e: start, other: start.Add(time.Minute)} {
		if got := collect(m, "Refusals", m.svc.Refusals(ctx, c.ID, "")); len(got) != 1 || !got[0].At.Equal(at) {
			e.Errorf("refusals of merchant %s: %s, want one at %s", m.name, text(got), at)
		}
	}
}

func refusalsAlone(e *env) {
	c := e.coupon("C", limited(uses(1, coupon.PerCoupon, coupon.Ever)))
	e.redeem(by("b1", "ann"), "C")
	before := e.everything()
	e.clock.set(start.Add(time.Minute))
	e.refused(by("b2", "bob"), "C", coupon.LimitReached)
	e.wantKept(c.ID, "b2 limit-reached")
	e.same("all the rest", e.everything(), before)
	e.wantUsed(c.ID, 1)
}

// cantKeep is a store that keeps no refusals.
type cantKeep struct{ coupon.Store }

func (cantKeep) RecordRefusals(context.Context, []coupon.RefusalRecord, coupon.RefusalBounds) error {
	return errors.New("the disk is full")
}

func refusalsFail(e *env) {
	c := e.coupon("C", least("200"))
	var log bytes.Buffer
	failing := e.with(func(cfg *coupon.Config) {
		cfg.Store, cfg.Logger = cantKeep{e.store}, slog.New(slog.NewTextHandler(&log, nil))
	})
	failing.refused(by("b1", ""), "C", coupon.BelowMinimum)
	if !strings.Contains(log.String(), "the disk is full") || !strings.Contains(log.String(), "b1") {
		e.Errorf("the log says %q, want the booking and the reason", log.String())
	}
	e.wantKept(c.ID, "")
	e.with(func(cfg *coupon.Config) { cfg.Store = cantKeep{e.store} }).refused(by("b1", ""), "C", coupon.BelowMinimum)
	e.refused(by("b1", ""), "C", coupon.BelowMinimum)
	e.wantKept(c.ID, "b1 below-minimum")
}

func refusalsOff(e *env) {
	c := e.coupon("C", least("200"))
	off := e.with(func(cfg *coupon.Config) { cfg.KeepRefusals = -1 })
	off.refused(by("b1", ""), "C", coupon.BelowMinimum)
	q, err := off.svc.Quote(e.Context(), by("b1", ""), "C")
	if err != nil {
		e.Fatalf("Quote: %v", err)
	}
	if err := off.svc.RecordRefusals(e.Context(), q.Refused()); err != nil {
		e.Errorf("RecordRefusals: %v", err)
	}
	e.wantKept(c.ID, "")
	e.refused(by("b2", ""), "C", coupon.BelowMinimum)
	e.wantKept(c.ID, "b2 below-minimum")
}

// inHostTx says that it writes in a transaction of the host's.
type inHostTx struct{ coupon.Store }

func (inHostTx) InHostTx() bool { return true }

func refusalsInHostTx(e *env) {
	ctx := e.Context()
	c := e.coupon("C", least("200"))
	inside := e.svc.With(inHostTx{e.store})
	_, err := inside.Redeem(ctx, by("b1", ""), "C")
	refused, ok := errors.AsType[*coupon.RefusedError](err)
	if !ok {
		e.Fatalf("got error %v, want it refused", err)
	}
	if err := inside.RecordRefusals(ctx, refused); err == nil {
		e.Errorf("RecordRefusals in the host's transaction gave no error")
	}
	e.wantKept(c.ID, "")
	if err := e.svc.RecordRefusals(ctx, refused); err != nil {
		e.Fatalf("RecordRefusals: %v", err)
	}
	e.wantKept(c.ID, "b1 below-minimum")
}

func refusalsAtOnce(e *env) {
	c := e.coupon("C", choosy)
	errs := together(16, func(int) error {
		_, err := e.svc.Redeem(e.Context(), by("b1", ""), "C")
		return err
	})
	e.tally(errs, coupon.ErrRefused)
	e.wantKept(c.ID, "b1 no-service-date, b1 below-minimum")
}
