package storetest

import (
	"context"
	"errors"
	"time"

	"github.com/couponkit/coupon"
)

var reservationCases = []testCase{
	{"a-life", "a reservation holds the use from the start, is confirmed as it was reserved, and keeps every field", reservationLife},
	{"released", "a released reservation gives its use back once, and can't be confirmed", reservationReleased},
	{"ends-at-its-instant", "a reservation stands until the microsecond before it ends, and at its end it counts no more", reservationEnds},
	{"expired-costs-no-use", "an expired reservation is taken back before anybody is refused for a limit, whatever the limit counts", reservationReclaimed},
	{"many-expired", "hundreds of expired reservations cost no use", reservationsReclaimed},
	{"others-keep-theirs", "only what has expired is taken back", reservationsKept},
	{"shown-uses", "shown uses leave out what has expired, before it is taken back", reservationsShown},
	{"nothing-piles-up", "each reservation takes expired ones back", reservationsSwept},
	{"survives", "a live reservation is confirmed although the coupon was deactivated, edited, has ended or was archived", reservationSurvives},
	{"in-no-sum", "what is only reserved is in no list that does not ask for it, in no summary and no timeline", reservationUnseen},
	{"priced-anew", "a reservation of another content is priced anew, its own use not counted", reservationRepriced},
	{"own-use-in-a-quote", "a quote of a booking that is reserved does not count its own use", reservationQuoted},
	{"cancel-and-refund", "cancelling a reserved booking releases it, and it takes no refund", reservationCancelled},
	{"no-counter-at-confirm", "Confirm moves no counter and asks for none", confirmIsFree},
}

func reservationLife(e *env) {
	c := e.coupon("C", limited(uses(1, coupon.PerCoupon, coupon.Ever), budget(usd("10"), coupon.PerCustomer, coupon.PerMonth)))
	b := by("b", "ann")
	rs := e.reserve(b, "C")
	r := e.stored(c.ID, "b")
	e.same("as read back", []coupon.Redemption{r}, rs)
	if r.State != coupon.Reserved || !r.ReservedAt.Equal(start) || !r.ExpiresAt.Equal(start.Add(hold)) || !r.RedeemedAt.IsZero() || !r.Holds {
		e.Errorf("reserved: %s", text(r))
	}
	e.wantUsed(c.ID, 1)
	e.refused(by("b2", "bob"), "C", coupon.LimitReached)
	e.clock.set(start.Add(hold - time.Microsecond))
	rs = e.confirm("b")
	r = e.stored(c.ID, "b")
	e.same("confirmed, as read back", []coupon.Redemption{r}, rs)
	if r.State != coupon.Redeemed || !r.RedeemedAt.Equal(start.Add(hold-time.Microsecond)) || !r.Discount.Equal(usd("10")) || !r.Holds {
		e.Errorf("confirmed: %s", text(r))
	}
	e.clock.set(start.Add(time.Hour))
	if rs = e.confirm("b"); !rs[0].Replayed {
		e.Errorf("Confirm again is not marked as replayed")
	}
	if r := e.redeem(b, "C"); !r.Replayed {
		e.Errorf("Redeem after Confirm is not a replay")
	}
	e.wantUsed(c.ID, 1)
	events, err := e.svc.Events(e.Context(), c.ID, "b")
	if err != nil || len(events) != 2 || events[0].Kind != coupon.EventReserved || events[1].Kind != coupon.EventRedeemed {
		e.Errorf("events: %s, error %v, want reserved and redeemed", text(events), err)
	}
	_, err = e.svc.Release(e.Context(), "b")
	e.is("Release of a redeemed booking", err, coupon.ErrConflict)
	_, err = e.svc.Confirm(e.Context(), "nothing")
	e.is("Confirm of a booking without redemptions", err, coupon.ErrNotFound)
	_, err = e.svc.Release(e.Context(), "nothing")
	e.is("Release of a booking without redemptions", err, coupon.ErrNotFound)
}

func reservationReleased(e *env) {
	c := e.coupon("C", limited(uses(1, coupon.PerCoupon, coupon.Ever)))
	e.reserve(by("b", "ann"), "C")
	rs := e.release("b")
	e.same("as read back", []coupon.Redemption{e.stored(c.ID, "b")}, rs)
	if rs[0].State != coupon.Released || rs[0].Holds || rs[0].Replayed {
		e.Errorf("released: %s", text(rs[0]))
	}
	e.wantUsed(c.ID, 0)
	if rs = e.release("b"); !rs[0].Replayed {
		e.Errorf("Release again is not marked as replayed")
	}
	e.wantUsed(c.ID, 0)
	_, err := e.svc.Confirm(e.Context(), "b")
	ended, ok := errors.AsType[*coupon.ReservationEndedError](err)
	if !ok || !errors.Is(err, coupon.ErrReservationEnded) || ended.Redemption.State != coupon.Released {
		e.Errorf("Confirm of what was released: error %v, want ErrReservationEnded", err)
	}
	e.redeem(by("b2", "bob"), "C")
}

func reservationEnds(e *env) {
	for _, at := range []struct {
		after time.Duration
		live  bool
	}{{hold - time.Microsecond, true}, {hold, false}, {hold + time.Microsecond, false}} {
		m := e.merchant(at.after.String())
		m.clock.set(start)
		c := m.coupon("C", limited(uses(1, coupon.PerCoupon, coupon.Ever)))
		m.reserve(by("b", "ann"), "C")
		m.clock.set(start.Add(at.after))
		if st, err := m.svc.State(m.Context(), c.ID); err != nil || (st.Status == coupon.UsedUp) != at.live {
			m.Errorf("%s after it was reserved: status %s, error %v", at.after, st.Status, err)
		}
		_, err := m.svc.Confirm(m.Context(), "b")
		if at.live {
			if err != nil {
				m.Errorf("Confirm %s after it was reserved: %v", at.after, err)
			}
			m.refused(by("b2", "bob"), "C", coupon.LimitReached)
			continue
		}
		m.is("Confirm "+at.after.String()+" after it was reserved", err, coupon.ErrReservationEnded)
		m.redeem(by("b2", "bob"), "C")
		if r := m.stored(c.ID, "b"); r.State != coupon.ReservationExpired || r.Holds {
			m.Errorf("what was taken back is %s", text(r))
		}
		events, err := m.svc.Events(m.Context(), c.ID, "b")
		if err != nil || len(events) != 2 || events[1].Kind != coupon.EventExpired {
			m.Errorf("events: %s, error %v, want reserved and expired", text(events), err)
		}
		_, err = m.svc.Confirm(m.Context(), "b")
		m.is("Confirm of what was taken back", err, coupon.ErrReservationEnded)
		m.refused(by("b", "ann"), "C", coupon.LimitReached) // acquired afresh, under the limit
	}
	e.clock.set(start)
}

func reservationReclaimed(e *env) {
	for name, l := range map[string]coupon.Limit{
		"uses":              uses(1, coupon.PerCoupon, coupon.Ever),
		"uses a month":      uses(1, coupon.PerCoupon, coupon.PerMonth),
		"uses per customer": uses(1, coupon.PerCustomer, coupon.Ever),
		"uses per code":     uses(1, coupon.PerCode, coupon.PerDay),
		"budget":            budget(usd("15"), coupon.PerCoupon, coupon.Ever),
		"customer's budget": budget(usd("15"), coupon.PerCustomer, coupon.PerWeek),
	} {
		m := e.merchant(name)
		m.clock.set(start)
		m.coupon("C", limited(l))
		m.reserve(by("b", "ann"), "C")
		m.refused(by("b2", "ann"), "C", coupon.LimitReached)
		m.clock.set(start.Add(hold))
		m.redeem(by("b2", "ann"), "C")
		m.refused(by("b3", "ann"), "C", coupon.LimitReached)
	}
	e.clock.set(start)
}

func reservationsReclaimed(e *env) {
	const n = 250
	c := e.coupon("C", limited(uses(n, coupon.PerCoupon, coupon.Ever), uses(1, coupon.PerCustomer, coupon.Ever), budget(usd("2500"), coupon.PerCoupon, coupon.Ever)))
	for i := range n {
		e.reserve(by(name("b", i), name("c", i)), "C")
	}
	e.refused(by("late", "zoe"), "C", coupon.LimitReached)
	e.clock.set(start.Add(hold))
	e.redeem(worth(by("late", "zoe"), "24990"), "C") // takes what nearly all of them held
	e.cancel("late")
	e.redeem(by("late again", "zoe"), "C")
	e.wantUsed(c.ID, 1)
	for i := range n - 1 {
		e.redeem(by(name("b", i), name("c", i)), "C")
	}
	e.refused(by("too late", "max"), "C", coupon.LimitReached)
	e.wantUsed(c.ID, n)
}

func reservationsKept(e *env) {
	c := e.coupon("C", limited(uses(3, coupon.PerCoupon, coupon.Ever)))
	d := e.coupon("D", limited(uses(1, coupon.PerCoupon, coupon.Ever)))
	e.reserve(by("b1", "ann"), "C")
	e.reserve(by("confirmed", "bob"), "C")
	e.reserve(by("other", "bob"), "D")
	e.confirm("confirmed")
	e.clock.set(start.Add(hold / 2))
	e.reserve(by("b2", "cy"), "C")
	e.clock.set(start.Add(hold))
	e.redeem(by("b3", "dan"), "C") // in the place of b1
	e.refused(by("b4", "eve"), "C", coupon.LimitReached)
	for booking, want := range map[string]coupon.State{"b1": coupon.ReservationExpired, "confirmed": coupon.Redeemed, "b2": coupon.Reserved, "b3": coupon.Redeemed} {
		if r := e.stored(c.ID, booking); r.State != want {
			e.Errorf("%s is %s, want %s", booking, r.State, want)
		}
	}
	if r := e.stored(d.ID, "other"); r.State != coupon.Reserved {
		e.Errorf("the reservation of another coupon is %s", r.State)
	}
	e.confirm("b2")
}

func reservationsShown(e *env) {
	c := e.coupon("C", limited(uses(5, coupon.PerCoupon, coupon.Ever), uses(1, coupon.PerCustomer, coupon.Ever)))
	e.redeem(by("b", "ann"), "C")
	e.reserve(by("b1", "bob"), "C")
	e.reserve(by("b2", "cy"), "C")
	e.wantUsed(c.ID, 3)
	e.clock.set(start.Add(hold))
	e.wantUsed(c.ID, 1)
	if q, err := e.svc.Quote(e.Context(), by("b3", "bob"), "C"); err != nil || !q.OK() {
		e.Errorf("a quote for the customer of an expired reservation: %s, error %v", text(q), err)
	}
	if r := e.stored(c.ID, "b1"); r.State != coupon.Reserved {
		e.Errorf("reading has changed the reservation: %s", r.State)
	}
}

func reservationsSwept(e *env) {
	c := e.coupon("C", limited(uses(1000, coupon.PerCoupon, coupon.Ever)))
	for i := range 10 {
		e.reserve(by(name("old", i), ""), "C")
	}
	e.clock.set(start.Add(hold))
	for i := range 10 {
		e.reserve(by(name("new", i), ""), "C")
	}
	if left := e.redemptions(coupon.RedemptionFilter{Coupon: c.ID, States: []coupon.State{coupon.Reserved}}); len(left) != 10 {
		e.Errorf("%d are still reserved, want the 10 that are live", len(left))
	}
}

func reservationSurvives(e *env) {
	ctx := e.Context()
	for what, happen := range map[string]func(m *env, id coupon.ID) error{
		"deactivated": func(m *env, id coupon.ID) error { _, err := m.svc.Deactivate(ctx, id); return err },
		"archived":    func(m *env, id coupon.ID) error { _, err := m.svc.Archive(ctx, id); return err },
		"ended":       func(m *env, id coupon.ID) error { m.clock.set(start.Add(hold / 2)); return nil },
		"edited": func(m *env, id coupon.ID) error {
			m.update(id, func(c *coupon.Coupon) {
				c.Discount, c.Restrictions.MinTotal = coupon.AmountOff(usd("50")), usd("5000")
			})
			return nil
		},
		"used up by its limit": func(m *env, id coupon.ID) error {
			m.update(id, limited(uses(1, coupon.PerCoupon, coupon.Ever)))
			m.imports(past("C", "earlier", start))
			return nil
		},
	} {
		for _, by2 := range []string{"Confirm", "Redeem"} {
			m := e.merchant(what + by2)
			m.clock.set(start)
			c := m.coupon("C", func(c *coupon.Coupon) { c.End = start.Add(hold / 4) })
			m.reserve(by("b", "ann"), "C")
			if err := happen(m, c.ID); err != nil {
				m.Fatalf("%s: %v", what, err)
			}
			var err error
			if by2 == "Confirm" {
				_, err = m.svc.Confirm(ctx, "b")
			} else {
				_, err = m.svc.Redeem(ctx, by("b", "ann"), "C")
			}
			if r := m.stored(c.ID, "b"); err != nil || r.State != coupon.Redeemed || !r.Discount.Equal(usd("10")) || r.Version != 1 {
				m.Errorf("%s of a reservation whose coupon was %s: %s, error %v", by2, what, text(r), err)
			}
		}
	}
	e.clock.set(start)
}

func reservationUnseen(e *env) {
	c := e.coupon("C")
	e.reserve(by("b1", "ann"), "C")
	e.reserve(by("b2", "bob"), "C")
	e.release("b2")
	if got := e.redemptions(coupon.RedemptionFilter{Coupon: c.ID}); len(got) != 0 {
		e.Errorf("listed without being asked for: %s", text(got))
	}
	if got := e.redemptions(coupon.RedemptionFilter{Coupon: c.ID, States: []coupon.State{coupon.Reserved}}); len(got) != 1 || got[0].Booking != "b1" {
		e.Errorf("reserved: %s, want b1", text(got))
	}
	if s := e.summary(c.ID, coupon.Range{}); len(s.Currencies) != 0 {
		e.Errorf("summary: %s, want nothing", text(s))
	}
	points, err := e.svc.Timeline(e.Context(), c.ID, coupon.Range{From: start.AddDate(0, 0, -1), To: start.AddDate(0, 0, 1)}, coupon.Daily, "UTC")
	if err != nil {
		e.Fatalf("Timeline: %v", err)
	}
	for _, p := range points {
		if len(p.Currencies) > 0 {
			e.Errorf("timeline: %s, want nothing", text(p))
		}
	}
	e.confirm("b1")
	e.wantBookings(c.ID, 1)
}

func reservationRepriced(e *env) {
	c := e.coupon("C", limited(uses(1, coupon.PerCoupon, coupon.Ever), budget(usd("10"), coupon.PerCoupon, coupon.Ever)))
	e.reserve(by("b", "ann"), "C")
	e.clock.set(start.Add(time.Minute))
	other := booking("b", usd("50"))
	rs := e.reserve(other, "C")
	r := e.stored(c.ID, "b")
	e.same("as read back", []coupon.Redemption{r}, rs)
	if !r.Discount.Equal(usd("5")) || !r.ExpiresAt.Equal(start.Add(time.Minute+hold)) {
		e.Errorf("priced anew: %s", text(r))
	}
	e.wantUsed(c.ID, 1)
	e.refused(by("b2", "bob"), "C", coupon.LimitReached)
	// More than the budget is refused, and what was reserved stays.
	_, err := e.svc.Reserve(e.Context(), booking("b", usd("200")), hold, "C")
	e.is("Reserve past the budget", err, coupon.ErrRefused)
	e.same("after the refusal", e.stored(c.ID, "b"), r)
}

func reservationQuoted(e *env) {
	e.coupon("C", limited(uses(1, coupon.PerCoupon, coupon.Ever), uses(1, coupon.PerCustomer, coupon.Ever)))
	e.reserve(by("b", "ann"), "C")
	for booking, ok := range map[string]bool{"b": true, "b2": false} {
		if q, err := e.svc.Quote(e.Context(), by(booking, "ann"), "C"); err != nil || q.OK() != ok {
			e.Errorf("quote of %s: %s, error %v, want ok %v", booking, text(q), err, ok)
		}
	}
	e.clock.set(start.Add(hold))
	for _, booking := range []string{"b", "b2"} {
		if q, err := e.svc.Quote(e.Context(), by(booking, "ann"), "C"); err != nil || !q.OK() {
			e.Errorf("quote of %s when the reservation is over: %s, error %v", booking, text(q), err)
		}
	}
}

func reservationCancelled(e *env) {
	c := e.coupon("C", limited(uses(1, coupon.PerCoupon, coupon.Ever)))
	e.reserve(by("b", "ann"), "C")
	_, err := e.svc.Refund(e.Context(), "b", coupon.Refund{Key: "r", Amount: usd("1")})
	e.is("Refund of a reserved booking", err, coupon.ErrConflict)
	if rs := e.cancel("b"); rs[0].State != coupon.Released || rs[0].Replayed {
		e.Errorf("cancelled: %s", text(rs))
	}
	if rs := e.cancel("b"); !rs[0].Replayed {
		e.Errorf("cancelled again: %s", text(rs))
	}
	e.wantUsed(c.ID, 0)
	e.redeem(by("b", "ann"), "C")
}

func confirmIsFree(e *env) {
	e.coupon("C", limited(uses(1, coupon.PerCoupon, coupon.Ever)))
	e.reserve(by("b", "ann"), "C")
	w := watched{Store: e.store}
	svc := e.svc.With(&w)
	if _, err := svc.Confirm(e.Context(), "b"); err != nil {
		e.Fatalf("Confirm: %v", err)
	}
	if len(w.slots) > 0 || w.groups != 1 {
		e.Errorf("%d groups asked for %s, want one that asks for no counter", w.groups, text(w.slots))
	}
}

// watched sees which counters a group asks for.
type watched struct {
	coupon.Store
	groups int
	slots  []coupon.Slot
}

func (w *watched) Write(ctx context.Context, groups []*coupon.Group) error {
	for _, g := range groups {
		q := coupon.RedemptionQuery{Booking: g.Booking, Range: coupon.Range{Clock: coupon.MadeAt}, Sort: coupon.ByBooking, Limit: 100}
		rs, err := w.Store.Redemptions(ctx, q)
		if err != nil {
			return err
		}
		v := &coupon.View{Coupons: map[coupon.ID]coupon.Coupon{}, Redemptions: rs, Used: map[coupon.Slot]int64{}}
		for _, id := range g.Coupons {
			if v.Coupons[id], err = w.Store.Coupon(ctx, id); err != nil {
				return err
			}
		}
		w.groups++
		w.slots = append(w.slots, g.Slots(v)...)
	}
	return w.Store.Write(ctx, groups)
}
