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

func writeNothing(e *env) {
	before := e.everything()
	if err := e.store.Write(e.Context(), nil); err != nil {
		e.Errorf("Write: %v", err)
	}
	e.same("what is stored", e.everything(), before)
}
