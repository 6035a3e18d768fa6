package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/couponkit/coupon"
)

var groupCases = []testCase{
	{"groups-see-each-other", "groups of one Write are decided in the order given, each on what the earlier ones wrote: a limit of 2 admits the first two", groupsSeeEachOther},
	{"a-key-twice-in-one-write", "the same booking twice in one Write is one redemption and one replay", sameKeyInOneWrite},
	{"a-refusal-disturbs-nobody", "a group that is refused writes nothing, and the others of its Write stand", refusalDisturbsNobody},
	{"write-after-write", "a cancellation frees the use for a later group of the same Write", cancelInOneWrite},
	{"taken-back-in-one-write", "what groups of one Write take back of expired reservations is there for those that come after, also if their own group is refused", takenBackInOneWrite},
	{"a-series-in-one-write", "groups of one Write that take back, redeem and cancel bookings of one series count its use once", seriesInOneWrite},
	{"refused-then-redeemed-in-one-write", "a booking refused and then redeemed in one Write is redeemed, whatever is taken back after it", refusedThenRedeemed},
	{"no-groups", "a Write of nothing does nothing", writeNothing},
}

// gathering is a store that holds writes back until enough groups have come, and
// then writes them as one: what sharing a transaction looks like to a store.
type gathering struct {
	coupon.Store
	mu      sync.Mutex
	groups  []*coupon.Group
	arrived []chan struct{} // closed when the group of that place has come
	written chan struct{}
	err     error
}

func (g *gathering) Write(ctx context.Context, groups []*coupon.Group) error {
	g.mu.Lock()
	if len(g.groups) == len(g.arrived) { // a call that writes again
		g.mu.Unlock()
		return g.Store.Write(ctx, groups)
	}
	g.groups = append(g.groups, groups...)
	n := len(g.groups)
	if n == len(g.arrived) {
		g.err = g.Store.Write(ctx, g.groups)
		close(g.written)
	}
	close(g.arrived[n-1])
	g.mu.Unlock()
	<-g.written
	return g.err
}

// has says whether the group of that place has come.
func (g *gathering) has(place int) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.groups) > place
}

// giveUp lets those go that wait.
func (g *gathering) giveUp() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.err = errors.New("another call did not write")
	close(g.written)
}

// inOneWrite makes calls that write, one group each, in this order and in one
// Write, and gives what each returned.
func (e *env) inOneWrite(calls ...func(svc *coupon.Service) error) []error {
	e.Helper()
	g := &gathering{Store: e.store, written: make(chan struct{})}
	for range calls {
		g.arrived = append(g.arrived, make(chan struct{}))
	}
	svc := e.svc.With(g)
	errs := make([]error, len(calls))
	var all sync.WaitGroup
	for i, call := range calls {
		returned := make(chan struct{})
		all.Go(func() {
			errs[i] = call(svc)
			close(returned)
		})
		select { // the next one comes after this one
		case <-g.arrived[i]:
		case <-returned:
			if !g.has(i) {
				g.giveUp()
				all.Wait()
				e.Fatalf("call %d did not come to Write: error %v", i, errs[i])
			}
		}
	}
	all.Wait()
	return errs
}

func redeeming(e *env, b coupon.Booking, code string) func(*coupon.Service) error {
	return func(svc *coupon.Service) error {
		r, err := svc.Redeem(e.Context(), b, code)
		if err == nil && r.Replayed {
			return errReplayed
		}
		return err
	}
}

var errReplayed = errors.New("replayed")

// outcomes are errors in a word each.
func outcomes(errs []error) string {
	out := ""
	for _, err := range errs {
		switch {
		case err == nil:
			out += "ok "
		case errors.Is(err, coupon.ErrRefused):
			out += "refused "
		case errors.Is(err, coupon.ErrConflict):
			out += "conflict "
		case errors.Is(err, errReplayed):
			out += "replayed "
		default:
			out += fmt.Sprintf("[%v] ", err)
		}
	}
	return out
}

func groupsSeeEachOther(e *env) {
	c := e.coupon("TWO", limited(uses(2, coupon.PerCoupon, coupon.Ever)))
	e.coupon("MONEY", limited(budget(usd("25"), coupon.PerCoupon, coupon.Ever)))
	errs := e.inOneWrite(redeeming(e, by("b1", ""), "TWO"), redeeming(e, by("b2", ""), "TWO"), redeeming(e, by("b3", ""), "TWO"), redeeming(e, by("b4", ""), "TWO"))
	e.same("a limit of 2", outcomes(errs), "ok ok refused refused ")
	small := booking("m3", usd("50"))
	errs = e.inOneWrite(redeeming(e, by("m1", ""), "MONEY"), redeeming(e, by("m2", ""), "MONEY"), redeeming(e, by("m4", ""), "MONEY"), redeeming(e, small, "MONEY"))
	e.same("a budget of 25 and discounts of 10, 10, 10, 5", outcomes(errs), "ok ok refused ok ")
	e.wantUsed(c.ID, 2)
	e.wantStored("b1", "b2", "m1", "m2", "m3")
}

// wantStored wants exactly these bookings.
func (e *env) wantStored(want ...string) {
	e.Helper()
	var got []string
	for _, r := range e.pages(coupon.RedemptionQuery{}, 100) {
		got = append(got, r.Booking)
	}
	e.same("the bookings that are stored", got, want)
}

func sameKeyInOneWrite(e *env) {
	c := e.coupon("C", limited(uses(5, coupon.PerCoupon, coupon.Ever)))
	errs := e.inOneWrite(redeeming(e, by("b1", "ann"), "C"), redeeming(e, by("b1", "ann"), "C"), redeeming(e, by("b1", "bob"), "C"), redeeming(e, by("b2", "bob"), "C"))
	e.same("outcomes", outcomes(errs), "ok replayed conflict ok ")
	e.wantUsed(c.ID, 2)
	e.wantStored("b1", "b2")
}

func refusalDisturbsNobody(e *env) {
	e.coupon("A", limited(uses(1, coupon.PerCustomer, coupon.Ever)))
	e.coupon("B", func(c *coupon.Coupon) { c.Restrictions.MinTotal = usd("500") })
	e.redeem(by("b0", "ann"), "A")
	errs := e.inOneWrite(redeeming(e, by("b1", "bob"), "A"), redeeming(e, by("b2", "ann"), "A"), redeeming(e, by("b3", "bob"), "B"),
		redeeming(e, by("b0", "eve"), "A"), redeeming(e, by("b4", "cid"), "A"))
	e.same("outcomes", outcomes(errs), "ok refused refused conflict ok ")
	e.wantStored("b0", "b1", "b4")
}

func cancelInOneWrite(e *env) {
	c := e.coupon("LAST", limited(uses(1, coupon.PerCoupon, coupon.Ever)))
	e.redeem(by("b1", "ann"), "LAST")
	cancelling := func(svc *coupon.Service) error {
		_, err := svc.Cancel(e.Context(), "b1")
		return err
	}
	errs := e.inOneWrite(redeeming(e, by("b2", "bob"), "LAST"), cancelling, redeeming(e, by("b3", "cid"), "LAST"), redeeming(e, by("b4", "dan"), "LAST"))
	e.same("outcomes", outcomes(errs), "refused ok ok refused ")
	e.wantUsed(c.ID, 1)
	e.wantStored("b1", "b3")
}

func takenBackInOneWrite(e *env) {
	c := e.coupon("C", limited(uses(1, coupon.PerCoupon, coupon.PerDay), uses(2, coupon.PerCustomer, coupon.Ever)))
	on := func(b coupon.Booking, day int) coupon.Booking {
		b.MadeAt = start.AddDate(0, 0, -day)
		return b
	}
	e.redeem(on(by("today", "bob"), 0), "C")
	for day := 1; day <= 3; day++ {
		e.reserve(on(by(name("r", day), []string{"", "zoe", "ann", "ann"}[day]), day), "C")
		if day == 2 {
			e.clock.set(start.Add(hold / 2)) // the third holds longer
		}
	}
	e.clock.set(start.Add(hold))
	confirming := func(id string) func(*coupon.Service) error {
		return func(svc *coupon.Service) error {
			_, err := svc.Confirm(e.Context(), id)
			if errors.Is(err, coupon.ErrReservationEnded) {
				return errReplayed
			}
			return err
		}
	}
	errs := e.inOneWrite(
		redeeming(e, on(by("more", "cid"), 0), "C"), // takes r1 and r2 back, which frees nothing today
		confirming("r1"),
		redeeming(e, on(by("r2", "ann"), 2), "C"), // afresh
		redeeming(e, on(by("b1", "ann"), 1), "C"), // the customer has r2 and r3
		confirming("r3"),
		redeeming(e, on(by("b2", "dan"), 1), "C"), // what r1 had
		redeeming(e, on(by("b3", "eve"), 1), "C"),
	)
	e.same("outcomes", outcomes(errs), "refused replayed ok refused ok ok refused ")
	e.same("what was taken back", e.stored(c.ID, "r1").State, coupon.ReservationExpired)
	e.same("what was confirmed", e.stored(c.ID, "r3").State, coupon.Redeemed)
	events, err := e.svc.Events(e.Context(), c.ID, "r2")
	if err != nil || len(events) != 3 {
		e.Errorf("events of r2: %s, error %v, want reserved, expired and redeemed", text(events), err)
	}
}

func seriesInOneWrite(e *env) {
	c := e.coupon("C", limited(uses(1, coupon.PerCoupon, coupon.Ever)))
	for i := range 3 {
		e.reserve(visit(name("v", i), "s", int64(i+1), "ann"), "C")
	}
	e.clock.set(start.Add(hold))
	cancelling := func(id string) func(*coupon.Service) error {
		return func(svc *coupon.Service) error {
			_, err := svc.Cancel(e.Context(), id)
			return err
		}
	}
	errs := e.inOneWrite(
		redeeming(e, visit("v0", "s", 1, "ann"), "C"),
		redeeming(e, by("b1", "bob"), "C"), // takes v1 and v2 back; v0 holds the use
		cancelling("v0"),
		redeeming(e, visit("v1", "s", 2, "ann"), "C"), // afresh
		redeeming(e, by("b2", "bob"), "C"),
		redeeming(e, visit("v3", "s", 4, "ann"), "C"),
	)
	e.same("outcomes", outcomes(errs), "ok refused ok ok refused ok ")
	e.wantUsed(c.ID, 1)
	e.same("live of the series", e.liveOf(c.ID, "s"), int64(2))
}

func refusedThenRedeemed(e *env) {
	limit := limited(uses(1, coupon.PerCoupon, coupon.Ever))
	e.coupon("A", limit, func(c *coupon.Coupon) { c.Restrictions.MinTotal = usd("500") })
	c := e.coupon("C", limit)
	e.reserve(by("old", "ann"), "C")
	e.clock.set(start.Add(hold))
	errs := e.inOneWrite(redeeming(e, by("b1", "ann"), "A"), redeeming(e, worth(by("b1", "ann"), "600"), "A"),
		redeeming(e, by("b2", "bob"), "C"), redeeming(e, by("b3", "bob"), "C"))
	e.same("outcomes", outcomes(errs), "refused ok ok refused ")
	e.wantUsed(c.ID, 1)
}

func writeNothing(e *env) {
	before := e.everything()
	if err := e.store.Write(e.Context(), nil); err != nil {
		e.Errorf("Write: %v", err)
	}
	e.same("what is stored", e.everything(), before)
}
