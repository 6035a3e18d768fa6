package storetest

import (
	"errors"
	"time"

	"github.com/couponkit/coupon"
)

var keyCases = []testCase{
	{"redeem", "what Redeem answers under a key that is there, for every stored state, with the same content and with another", keyRedeem},
	{"reserve", "what Reserve answers under a key that is there, for every stored state, with the same content and with another", keyReserve},
	{"reopen", "Reopen acquires what was cancelled afresh, once, and is Redeem for every other state", keyReopen},
	{"reopen-under-todays-rules", "Reopen looks at the rules and limits of today, and keeps the refunds", reopenRules},
	{"reopen-after-full-refund", "Reopen takes a use anew, also where a refund in full had given it back, and whatever gives it back then does so once", reopenRefunded},
	{"another-currency", "what was given back before may come again in another currency, but not what has refunds in the first", keyCurrency},
	{"expect", "Redeem with an expected quote gives ErrQuoteChanged instead of another amount, and writes nothing", expectQuote},
}

// stored states of a key, and how a booking "b" of ann gets there.
var keyStates = []struct {
	name string
	make func(e *env)
}{
	{"redeemed", func(e *env) { e.redeem(by("b", "ann"), "C") }},
	{"refunded", func(e *env) { e.redeem(by("b", "ann"), "C"); e.refund("b", "r", usd("1")) }},
	{"reserved", func(e *env) { e.reserve(by("b", "ann"), "C") }},
	{"confirmed", func(e *env) { e.reserve(by("b", "ann"), "C"); e.confirm("b") }},
	{"released", func(e *env) { e.reserve(by("b", "ann"), "C"); e.release("b") }},
	{"over its time", func(e *env) { e.reserve(by("b", "ann"), "C"); e.clock.set(start.Add(hold)) }},
	{"cancelled", func(e *env) { e.redeem(by("b", "ann"), "C"); e.cancel("b") }},
}

// hold is how long the reservations of the suite last.
const hold = 10 * time.Minute

func (e *env) reserve(b coupon.Booking, codes ...string) []coupon.Redemption {
	e.Helper()
	rs, err := e.svc.Reserve(e.Context(), b, hold, codes...)
	if err != nil {
		e.Fatalf("Reserve %v on %q: %v", codes, b.ID, err)
	}
	return rs
}

func (e *env) confirm(booking string) []coupon.Redemption {
	e.Helper()
	rs, err := e.svc.Confirm(e.Context(), booking)
	if err != nil {
		e.Fatalf("Confirm %q: %v", booking, err)
	}
	return rs
}

func (e *env) release(booking string) []coupon.Redemption {
	e.Helper()
	rs, err := e.svc.Release(e.Context(), booking)
	if err != nil {
		e.Fatalf("Release %q: %v", booking, err)
	}
	return rs
}

// answer names what a call gave.
func answer(r coupon.Redemption, err error) string {
	switch {
	case errors.Is(err, coupon.ErrConflict):
		return "conflict"
	case errors.Is(err, coupon.ErrCancelled):
		return "cancelled"
	case err != nil:
		return err.Error()
	case r.Replayed:
		return "replay of " + string(r.State)
	}
	return string(r.State)
}

// keyTable wants the answers of a call for every stored state: with the same
// content, and with another.
func keyTable(e *env, call func(e *env, b coupon.Booking) (coupon.Redemption, error), want map[string][2]string) {
	for _, s := range keyStates {
		for i, customer := range []string{"ann", "bob"} {
			m := e.merchant(s.name + " " + customer)
			m.clock.set(start)
			m.coupon("C", limited(uses(1, coupon.PerCoupon, coupon.Ever)), func(c *coupon.Coupon) { c.Zone = "UTC" })
			s.make(m)
			before := m.everything()
			r, err := call(m, by("b", customer))
			got := answer(r, err)
			if got != want[s.name][i] {
				m.Errorf("%s, then by %s: %s, want %s", s.name, customer, got, want[s.name][i])
			}
			if err != nil || r.Replayed {
				m.same("what is stored after "+got+" of "+s.name, m.everything(), before)
				continue
			}
			// The key has one use, whatever happened to it.
			if c, err := m.svc.CouponByCode(m.Context(), "C"); err != nil || m.used(c.ID) != 1 {
				m.Errorf("%s, then %s by %s: %d uses, error %v, want 1", s.name, got, customer, m.used(c.ID), err)
			}
			if r.Customer != customer {
				m.Errorf("%s, then %s: customer %s, want %s", s.name, got, r.Customer, customer)
			}
		}
	}
	e.clock.set(start)
}

func keyRedeem(e *env) {
	keyTable(e, func(e *env, b coupon.Booking) (coupon.Redemption, error) { return e.svc.Redeem(e.Context(), b, "C") }, map[string][2]string{
		"redeemed":      {"replay of redeemed", "conflict"},
		"refunded":      {"replay of refunded", "conflict"},
		"reserved":      {"redeemed", "conflict"},
		"confirmed":     {"replay of redeemed", "conflict"},
		"released":      {"redeemed", "redeemed"},
		"over its time": {"redeemed", "redeemed"},
		"cancelled":     {"cancelled", "cancelled"},
	})
}

func keyReserve(e *env) {
	keyTable(e, func(e *env, b coupon.Booking) (coupon.Redemption, error) {
		rs, err := e.svc.Reserve(e.Context(), b, hold, "C")
		if err != nil {
			return coupon.Redemption{}, err
		}
		return rs[0], nil
	}, map[string][2]string{
		"redeemed":      {"replay of redeemed", "conflict"},
		"refunded":      {"replay of refunded", "conflict"},
		"reserved":      {"replay of reserved", "reserved"},
		"confirmed":     {"replay of redeemed", "conflict"},
		"released":      {"reserved", "reserved"},
		"over its time": {"reserved", "reserved"},
		"cancelled":     {"cancelled", "cancelled"},
	})
}

func keyReopen(e *env) {
	keyTable(e, func(e *env, b coupon.Booking) (coupon.Redemption, error) {
		rs, err := e.svc.Reopen(e.Context(), b, "C")
		if err != nil {
			return coupon.Redemption{}, err
		}
		return rs[0], nil
	}, map[string][2]string{
		"redeemed":      {"replay of redeemed", "conflict"},
		"refunded":      {"replay of refunded", "conflict"},
		"reserved":      {"redeemed", "conflict"},
		"confirmed":     {"replay of redeemed", "conflict"},
		"released":      {"redeemed", "redeemed"},
		"over its time": {"redeemed", "redeemed"},
		"cancelled":     {"redeemed", "redeemed"},
	})
}

func reopenRules(e *env) {
	ctx := e.Context()
	c := e.coupon("C", limited(uses(1, coupon.PerCoupon, coupon.Ever)))
	e.redeem(by("b", "ann"), "C")
	e.refund("b", "r", usd("90"))
	e.cancel("b")
	e.redeem(by("other", "bob"), "C")
	if _, err := e.svc.Reopen(ctx, by("b", "ann"), "C"); !errors.Is(err, coupon.ErrRefused) {
		e.Errorf("Reopen with the last use gone: error %v, want it refused", err)
	}
	if r := e.stored(c.ID, "b"); r.State != coupon.Cancelled || r.Holds {
		e.Errorf("after the refusal: %s, want it cancelled", text(r))
	}
	e.cancel("other")
	e.update(c.ID, func(c *coupon.Coupon) { c.Discount = coupon.PercentOff(usd("20").Amount) })
	if _, err := e.svc.Reopen(ctx, by("b", "ann"), "C"); !errors.Is(err, coupon.ErrInvalid) {
		e.Errorf("Reopen at 80 after 90 were refunded: error %v, want ErrInvalid", err)
	}
	e.update(c.ID, func(c *coupon.Coupon) { c.Discount = coupon.PercentOff(usd("5").Amount) })
	e.clock.set(start.Add(time.Hour))
	rs, err := e.svc.Reopen(ctx, by("b", "ann"), "C")
	if err != nil {
		e.Fatalf("Reopen: %v", err)
	}
	r := e.stored(c.ID, "b")
	e.same("as read back", r, rs[0])
	if r.State != coupon.Refunded || !r.Discount.Equal(usd("5")) || !r.Refund.Equal(usd("90")) || r.Version != 3 || !r.CancelledAt.IsZero() || !r.Holds {
		e.Errorf("reopened: %s", text(r))
	}
	e.wantUsed(c.ID, 1)
	events, err := e.svc.Events(ctx, c.ID, "b")
	if err != nil || len(events) != 4 || events[3].Kind != coupon.EventReopened {
		e.Errorf("events: %s, error %v, want the last of 4 to be reopened", text(events), err)
	}
	if _, err := e.svc.Refund(ctx, "b", coupon.Refund{Key: "r2", Amount: usd("5.01")}); !errors.Is(err, coupon.ErrInvalid) {
		e.Errorf("a refund of more than is left: error %v, want ErrInvalid", err)
	}
}

func reopenRefunded(e *env) {
	for _, keeps := range []bool{false, true} {
		m := e.merchant(map[bool]string{false: "gives back", true: "keeps"}[keeps])
		c := m.coupon("C", releasing, limited(uses(2, coupon.PerCoupon, coupon.Ever)), func(c *coupon.Coupon) { c.KeepUseOnCancel = keeps })
		m.redeem(by("b", "ann"), "C")
		m.refund("b", "r", usd("90"))
		m.wantUsed(c.ID, 0)
		m.cancel("b")
		m.wantUsed(c.ID, 0)
		reopen := func(b coupon.Booking) {
			m.Helper()
			rs, err := m.svc.Reopen(m.Context(), b, "C")
			if err != nil {
				m.Fatalf("Reopen: %v", err)
			}
			if r := m.stored(c.ID, "b"); r.State != coupon.Refunded || !r.Holds || !r.Refund.Equal(usd("90")) {
				m.Errorf("reopened: %s", text(r))
			}
			m.same("as read back", m.stored(c.ID, "b"), rs[0])
			m.wantUsed(c.ID, 1)
		}
		reopen(by("b", "ann"))
		reopen(by("b", "ann")) // again
		m.amend(by("b", "bob"))
		m.amend(worth(by("b", "bob"), "200"))
		m.wantUsed(c.ID, 1)
		m.refund("b", "r2", usd("90"))
		m.wantUsed(c.ID, 0)
		m.cancel("b")
		m.wantUsed(c.ID, 0)
	}
}

func expectQuote(e *env) {
	ctx := e.Context()
	c := e.coupon("C")
	quote := func() coupon.Quote {
		e.Helper()
		q, err := e.svc.Quote(ctx, by("b", "ann"), "C")
		if err != nil {
			e.Fatalf("Quote: %v", err)
		}
		return q
	}
	q := quote()
	e.update(c.ID, func(c *coupon.Coupon) { c.Discount = coupon.PercentOff(usd("9").Amount) })
	before := e.everything()
	_, err := e.svc.Redeem(ctx, by("b", "ann"), "C", coupon.Expect(q))
	changed, ok := errors.AsType[*coupon.QuoteChangedError](err)
	if !ok || !errors.Is(err, coupon.ErrQuoteChanged) || !changed.Discount.Equal(usd("9")) {
		e.Errorf("Redeem at 9 with 10 quoted: error %v, want ErrQuoteChanged with 9", err)
	}
	e.same("what is stored", e.everything(), before)
	if _, err := e.svc.Redeem(ctx, by("b", "ann"), "C", coupon.Expect(quote())); err != nil {
		e.Errorf("Redeem as quoted: %v", err)
	}
	if r, err := e.svc.Redeem(ctx, by("b", "ann"), "C", coupon.Expect(q)); err != nil || !r.Replayed {
		e.Errorf("a replay whatever is expected: %v, error %v", r.Replayed, err)
	}
	// What is reserved is compared when it is redeemed.
	e.reserve(by("b2", "ann"), "C")
	if _, err := e.svc.Redeem(ctx, by("b2", "ann"), "C", coupon.Expect(q)); !errors.Is(err, coupon.ErrQuoteChanged) {
		e.Errorf("Redeem of a reservation of 9 with 10 quoted: error %v, want ErrQuoteChanged", err)
	}
	if r := e.stored(c.ID, "b2"); r.State != coupon.Reserved {
		e.Errorf("the reservation is %s", r.State)
	}
}

func keyCurrency(e *env) {
	ctx := e.Context()
	c := e.coupon("C")
	eur := booking("b", coupon.MustMoney("50", "EUR"))
	e.reserve(booking("b", usd("100")), "C")
	e.release("b")
	r := e.redeem(eur, "C")
	e.same("as read back", e.stored(c.ID, "b"), r)
	e.refund("b", "r", coupon.MustMoney("1", "EUR"))
	e.cancel("b")
	before := e.everything()
	_, err := e.svc.Reopen(ctx, booking("b", usd("100")), "C")
	e.is("Reopen in another currency than what was given back", err, coupon.ErrInvalid)
	e.same("what is stored", e.everything(), before)
	if rs, err := e.svc.Reopen(ctx, eur, "C"); err != nil || !rs[0].Refund.Equal(coupon.MustMoney("1", "EUR")) {
		e.Errorf("Reopen: %s, error %v", text(rs), err)
	}
}
