package storetest

import (
	"errors"
	"slices"
	"time"

	"github.com/couponkit/coupon"
)

// everything is all that the merchant has, as text: to see that nothing changed.
func (e *env) everything() string {
	e.Helper()
	var out []any
	for c, err := range e.svc.Coupons(e.Context(), coupon.CouponFilter{Statuses: anyStatus}) {
		if err != nil {
			e.Fatalf("Coupons: %v", err)
		}
		notes, err := e.svc.Notes(e.Context(), c.ID)
		if err != nil {
			e.Fatalf("Notes: %v", err)
		}
		out = append(out, c, notes, collect(e, "Versions", e.svc.Versions(e.Context(), c.ID)),
			collect(e, "Codes", e.svc.Codes(e.Context(), c.ID, coupon.CodeFilter{})))
	}
	for _, r := range e.redemptions(coupon.RedemptionFilter{States: anyState}) {
		events, err := e.svc.Events(e.Context(), r.Coupon, r.Booking)
		if err != nil {
			e.Fatalf("Events: %v", err)
		}
		out = append(out, r, events)
	}
	return text(out)
}

var anyState = []coupon.State{coupon.Redeemed, coupon.Refunded, coupon.Cancelled, coupon.Reserved, coupon.Released, coupon.ReservationExpired, coupon.Opening}

var anyStatus = []coupon.Status{coupon.Archived, coupon.Inactive, coupon.Expired, coupon.UsedUp, coupon.Scheduled, coupon.Active}

// recount adds up the charges that redemptions hold and compares the counters
// with it, then wants Verify to find nothing and Rebuild to change nothing.
func (e *env) recount() {
	e.Helper()
	held := map[coupon.Slot]int64{}
	live := map[coupon.SeriesKey]int64{}
	for _, r := range e.redemptions(coupon.RedemptionFilter{States: anyState}) {
		for _, ch := range r.Charges {
			if held[ch.Slot] += 0; r.Holds {
				held[ch.Slot] += ch.N
			}
		}
		if k := (coupon.SeriesKey{Coupon: r.Coupon, Key: r.Series}); r.Series != "" {
			if live[k] += 0; r.Holds {
				live[k]++
			}
		}
	}
	for k, n := range live {
		x, err := e.store.Series(e.Context(), k)
		if err != nil && (n > 0 || !errors.Is(err, coupon.ErrNotFound)) {
			e.Fatalf("Series: %v", err)
		}
		if x.Live != n || n == 0 && len(x.Charges) > 0 {
			e.Errorf("series %s of merchant %s is %s, %d redemptions hold it", k.Key, e.name, text(x), n)
		}
		for _, ch := range x.Charges {
			held[ch.Slot] += ch.N
		}
	}
	slots := make([]coupon.Slot, 0, len(held))
	for s := range held {
		slots = append(slots, s)
	}
	slices.SortFunc(slots, coupon.Slot.Compare)
	compare := func(when string) {
		e.Helper()
		counters, err := e.store.Counters(e.Context(), slots, time.Time{})
		if err != nil {
			e.Fatalf("Counters: %v", err)
		}
		for _, s := range slots {
			if counters[s] != held[s] {
				e.Errorf("%s of merchant %s: counter %s is %d, the redemptions hold %d", when, e.name, text(s), counters[s], held[s])
			}
		}
	}
	compare("at the end")
	drifts, err := e.svc.Verify(e.Context())
	if err != nil {
		e.Fatalf("Verify: %v", err)
	}
	if len(drifts) > 0 {
		e.Errorf("Verify of merchant %s finds %s, want nothing", e.name, text(drifts))
	}
	if err := e.svc.Rebuild(e.Context()); err != nil {
		e.Fatalf("Rebuild: %v", err)
	}
	compare("after Rebuild")
}
