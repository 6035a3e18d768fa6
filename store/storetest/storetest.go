// Package storetest is the conformance suite of [coupon.Store]: whoever writes a
// store calls [Run] in a test of a few lines, and the store is right when it
// passes. Each case has the rule that it guards in words, printed when it fails:
// the suite is the specification. [Bench] measures the same store.
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) func(merchant string) coupon.Store {
//			db := openEmptyDatabase(t)
//			return func(merchant string) coupon.Store { return mystore.New(db).Merchant(merchant) }
//		})
//	}
//
// It imports the standard library and coupon only. Every case gets a database of
// its own, runs in parallel with the others, has a fixed clock and fixed random
// numbers, and never sleeps. When a case ends, the counters of every merchant
// are counted again from the redemptions, whatever the case was about.
//
// What can't be brought about through the interface is left to the store's own
// tests: that Verify finds and Rebuild repairs what something else wrote, lost
// connections, several processes on one database, the host's transaction.
package storetest

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/couponkit/coupon"
)

// Run checks a store. open gives a fresh, empty database, closed by t.Cleanup,
// as a function that gives the store bound to one merchant of it; it may be
// called for several merchants, and again for the same one.
func Run(t *testing.T, open func(t *testing.T) func(merchant string) coupon.Store) {
	for _, s := range subjects() {
		t.Run(s.name, func(t *testing.T) {
			for _, c := range s.cases {
				t.Run(c.name, func(t *testing.T) {
					t.Parallel()
					c.check(t, open(t))
				})
			}
		})
	}
}

// subject is a group of cases about one thing; each has its file.
type subject struct {
	name  string
	cases []testCase
}

// testCase is one rule that every store must keep.
type testCase struct {
	name string
	rule string // in words, printed when it is broken
	run  func(*env)
}

func subjects() []subject {
	return []subject{
		{"coupons", slices.Concat(couponCases, againCases)},
		{"lists", slices.Concat(listCases, sortingCases)},
		{"codes", slices.Concat(codeCases, batchCases)},
		{"redemptions", redemptionCases},
		{"keys", keyCases},
		{"reservations", reservationCases},
		{"series", seriesCases},
		{"several", severalCases},
		{"amend", amendCases},
		{"groups", groupCases},
		{"cancel", cancelCases},
		{"limits", limitCases},
		{"edits", editCases},
		{"money", moneyCases},
		{"times", timeCases},
		{"summary", slices.Concat(summaryCases, performanceCases)},
		{"import", importCases},
		{"import-coupons", importCouponCases},
		{"opening", openingCases},
		{"refusals", refusalCases},
		{"notes", noteCases},
		{"merchants", merchantCases},
		{"races", raceCases},
		{"life-races", lifeRaceCases},
		{"context", contextCases},
	}
}

// T is what a case needs of a [testing.T]. It is an interface so that the
// suite's own test can watch a case fail.
type T interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Context() context.Context
}

// check runs the case on an empty database and then recounts its counters.
func (c testCase) check(t T, open func(merchant string) coupon.Store) {
	t.Helper()
	e := newEnv(ruled{t, c.rule}, open)
	c.run(e)
	for _, m := range *e.merchants {
		m.recount()
	}
}

// ruled says the rule with every failure.
type ruled struct {
	T
	rule string
}

func (r ruled) Errorf(format string, args ...any) {
	r.Helper()
	r.T.Errorf("%s\n\trule: %s", fmt.Sprintf(format, args...), r.rule)
}

func (r ruled) Fatalf(format string, args ...any) {
	r.Helper()
	r.T.Fatalf("%s\n\trule: %s", fmt.Sprintf(format, args...), r.rule)
}
