package storetest

import (
	"errors"
	"strings"
	"time"

	"github.com/couponkit/coupon"
)

var redemptionCases = []testCase{
	{"every-field-survives", "what is read is what was redeemed, in every field", everyRedemptionField},
	{"unknown-is-not-zero", "cost, new customer and service date that are not known are read back as not known, and zero as zero", unknownIsNotZero},
	{"a-thousand-lines", "a booking may have as many lines as MaxLines admits, and all of them are read back", thousandLines},
	{"replay", "the same booking again gives the first redemption, marked as replayed, and counts nothing", replayed},
	{"replay-whatever-happened", "a replay is answered before any rule: after the coupon was edited, deactivated, expired or archived, or gave its code away", replayAfterAll},
	{"conflict", "the same booking with other content is ErrConflict carrying what is stored, and changes nothing", conflicting},
	{"cancelled-stays-cancelled", "redeeming a cancelled booking is ErrCancelled carrying it, and changes nothing", cancelledStays},
	{"refusal-writes-nothing", "a refused booking leaves no redemption, no event and no count", refusalWritesNothing},
	{"keys-are-bytes", "bookings and customers are told apart byte by byte: by case, blanks at the end, and form of accents", keysAreBytes},
	{"one-booking-one-coupon-each", "the key is coupon and booking: the same booking has a redemption for each coupon", keyHasBoth},
	{"events", "every step is one event, oldest first, with its key, instant, actor and amount; a replay is none", eventsInOrder},
	{"the-past-stays", "edits of a coupon change no redemption made before them", pastStays},
}

func everyRedemptionField(e *env) {
	c := e.coupon("FULL", func(c *coupon.Coupon) {
		c.Discount = c.Discount.UpTo(usd("9.99"))
		c.Zone = "Asia/Kathmandu"
		c.Restrictions.Limits = []coupon.Limit{uses(5, coupon.PerCustomer, coupon.PerMonth), uses(5, coupon.PerCode, coupon.PerDay), budget(usd("100"), coupon.PerCoupon, coupon.PerWeek)}
		c.Restrictions.Matches = []coupon.Match{{On: coupon.OnLine, Key: "kind", AnyOf: []string{"clean"}}}
	})
	e.update(c.ID, func(c *coupon.Coupon) { c.Name = "version 2" })
	b := coupon.Booking{
		ID: "b/1 — 'x' \"y\" \\ ? % 🌸", Currency: "USD", TaxIncluded: true, Customer: coupon.Customer{Key: " Ann@Example.COM ", EarlierBookings: new(3)},
		MadeAt: start.Add(-123456789 * time.Nanosecond), Service: coupon.ServiceTime(start.Add(time.Microsecond)),
		Type: coupon.Recurring, Frequency: coupon.EveryMonth, Cost: new(usd("0.01").Amount),
		Lines: []coupon.Line{{ID: "l2", Price: usd("33.33").Amount, Quantity: 3, Attributes: coupon.Attributes{"kind": {"clean"}}}, {ID: "l1", Price: usd("7").Amount, Quantity: 1}},
	}
	r := e.redeem(b, "FULL")
	got := e.stored(c.ID, b.ID)
	e.same("as read back", got, r)
	e.same("as listed", e.redemptions(coupon.RedemptionFilter{}), []coupon.Redemption{r})
	want := coupon.Redemption{
		Coupon: c.ID, Booking: b.ID, State: coupon.Redeemed, Version: 2, Code: "FULL", Place: 1, Terms: c.Discount, Customer: "ann@example.com", NewCustomer: new(false),
		Type: coupon.Recurring, Frequency: coupon.EveryMonth, TaxIncluded: true, MadeAt: start.Add(-123457 * time.Microsecond),
		Service: b.Service, ServiceAt: b.Service.At, Subtotal: usd("106.99"), Eligible: usd("99.99"), Discount: usd("9.99"), OtherDiscounts: usd("0"), Refund: usd("0"),
		Cost: new(usd("0.01")), RedeemedAt: start, Holds: true, Fingerprint: r.Fingerprint,
		Lines: []coupon.LineDiscount{{Line: "l2", Amount: usd("99.99"), Quantity: 3, Eligible: true, Discount: usd("9.99")}, {Line: "l1", Amount: usd("7"), Quantity: 1, Discount: usd("0")}},
		Charges: []coupon.Charge{
			{Slot: coupon.Slot{Coupon: c.ID, Of: coupon.Uses, Per: coupon.PerCustomer, Every: coupon.PerMonth, Subject: "ann@example.com", Since: "2026-03-01"}, N: 1},
			{Slot: coupon.Slot{Coupon: c.ID, Of: coupon.Uses, Per: coupon.PerCode, Every: coupon.PerDay, Subject: "FULL", Since: "2026-03-02"}, N: 1},
			{Slot: coupon.Slot{Coupon: c.ID, Of: coupon.DiscountGiven, Per: coupon.PerCoupon, Every: coupon.PerWeek, Currency: "USD", Since: "2026-03-02"}, N: 999},
		},
	}
	e.same("as it must be", got, want)
	if r.Fingerprint == "" {
		e.Errorf("no fingerprint")
	}
	e.refund(b.ID, "r-1", usd("5.00"))
	e.clock.set(start.Add(time.Hour))
	rs := e.svc.As("bob")
	if _, err := rs.Refund(e.Context(), b.ID, coupon.Refund{Key: "r-2", Amount: usd("0.01"), At: start.Add(30*time.Minute + time.Microsecond)}); err != nil {
		e.Fatalf("Refund: %v", err)
	}
	e.cancel(b.ID)
	want.State, want.Refund, want.CancelledAt, want.Holds = coupon.Cancelled, usd("5.01"), start.Add(time.Hour), false
	want.Refunds = []coupon.Refund{{Key: "r-1", Amount: usd("5"), At: start}, {Key: "r-2", Amount: usd("0.01"), At: start.Add(30*time.Minute + time.Microsecond), By: "bob"}}
	e.same("after two refunds and a cancellation", e.stored(c.ID, b.ID), want)
}

func unknownIsNotZero(e *env) {
	c := e.coupon("GAPS")
	known := booking("known", usd("100"))
	known.Cost, known.Customer.EarlierBookings = new(usd("0").Amount), new(0)
	e.redeem(known, "GAPS")
	e.redeem(booking("unknown", usd("100")), "GAPS")
	day := booking("day", usd("100"))
	day.Service = coupon.ServiceDay(coupon.Date{Year: 2026, Month: time.March, Day: 9})
	e.redeem(day, "GAPS")
	if r := e.stored(c.ID, "known"); r.Cost == nil || !r.Cost.Equal(usd("0")) || r.NewCustomer == nil || !*r.NewCustomer {
		e.Errorf("a cost of zero and a new customer: got %s", text(r))
	}
	r := e.stored(c.ID, "unknown")
	if r.Cost != nil || r.NewCustomer != nil || !r.Service.IsZero() || !r.ServiceAt.IsZero() || !r.CancelledAt.IsZero() || len(r.Refunds) > 0 {
		e.Errorf("nothing known: got %s", text(r))
	}
	if r := e.stored(c.ID, "day"); r.Service != day.Service || !r.ServiceAt.Equal(time.Date(2026, 3, 9, 0, 0, 0, 0, time.UTC)) {
		e.Errorf("only the day known: got %s at %s", text(r.Service), r.ServiceAt)
	}
}

func thousandLines(e *env) {
	c := e.coupon("C", func(c *coupon.Coupon) { c.Description = strings.Repeat("ü", 2000) })
	b := booking("b1", usd("0.01"))
	b.Lines = nil
	for i := range coupon.MaxLines {
		b.Lines = append(b.Lines, coupon.Line{ID: strings.Repeat("l", 190) + name("", i), Price: usd("0.05").Amount, Quantity: int64(i + 1)})
	}
	r := e.redeem(b, "C")
	e.same("as read back", e.stored(c.ID, "b1"), r)
	if !e.redeem(b, "C").Replayed {
		e.Errorf("the same booking again is not a replay")
	}
}

func replayed(e *env) {
	c := e.coupon("ONCE", limited(uses(1, coupon.PerCoupon, coupon.Ever)))
	first := e.redeem(by("b1", "ann"), "ONCE")
	if first.Replayed {
		e.Errorf("the first redemption is marked as replayed")
	}
	before := e.everything()
	for i := range 3 {
		e.clock.set(start.Add(time.Duration(i+1) * time.Hour))
		again := by("b1", "ann")
		again.Cost, again.MadeAt, again.Service = new(usd("1").Amount), start.AddDate(0, 0, i), coupon.ServiceTime(start) // none of them makes it another booking
		r := e.redeem(again, " once ")
		if !r.Replayed {
			e.Errorf("the same booking again is not marked as replayed")
		}
		e.same("the replay", r, first)
	}
	e.same("what is stored", e.everything(), before)
	e.wantUsed(c.ID, 1)
	e.refund("b1", "r1", usd("90")) // in full: the booking still stands
	if r := e.redeem(by("b1", "ann"), "ONCE"); !r.Replayed || r.State != coupon.Refunded {
		e.Errorf("replay of a refunded booking: got %s", text(r))
	}
}

func replayAfterAll(e *env) {
	ctx := e.Context()
	c := e.coupon("OFFER", limited(uses(1, coupon.PerCoupon, coupon.Ever)))
	first := e.redeem(by("b1", "ann"), "OFFER")
	again := func(when string) {
		e.Helper()
		r, err := e.svc.Redeem(ctx, by("b1", "ann"), "OFFER")
		if err != nil || !r.Replayed {
			e.Errorf("after %s: replayed %v, error %v", when, r.Replayed, err)
			return
		}
		e.same("after "+when, r, first)
	}
	again("the last use")
	e.update(c.ID, func(c *coupon.Coupon) {
		c.Discount = coupon.AmountOff(usd("50"))
		c.Restrictions.MinTotal = usd("5000")
	})
	again("an edit of its terms")
	if _, err := e.svc.Deactivate(ctx, c.ID); err != nil {
		e.Fatalf("Deactivate: %v", err)
	}
	again("deactivation")
	e.update(c.ID, func(c *coupon.Coupon) { c.End = start.AddDate(0, 0, 1) })
	e.clock.set(start.AddDate(1, 0, 0))
	again("its end")
	e.update(c.ID, func(c *coupon.Coupon) { c.Code = "RENAMED" })
	again("its code was given up")
	e.coupon("OFFER")
	again("another coupon took its code")
	if _, err := e.svc.Archive(ctx, c.ID); err != nil {
		e.Fatalf("Archive: %v", err)
	}
	again("it was archived")
	e.same("what is stored", e.redemptions(coupon.RedemptionFilter{}), []coupon.Redemption{first})
}

func conflicting(e *env) {
	e.coupon("C", limited(uses(9, coupon.PerCustomer, coupon.Ever)))
	first := e.redeem(by("b1", "ann"), "C")
	before := e.everything()
	customer, price, currency, quantity := by("b1", "bob"), by("b1", "ann"), by("b1", "ann"), by("b1", "ann")
	price.Lines[0].Price = usd("100.01").Amount
	currency.Currency = "EUR"
	quantity.Lines = append(quantity.Lines, coupon.Line{Price: usd("0").Amount, Quantity: 1})
	for what, b := range map[string]coupon.Booking{"customer": customer, "price": price, "currency": currency, "lines": quantity} {
		_, err := e.svc.Redeem(e.Context(), b, "C")
		if conflict, ok := errors.AsType[*coupon.ConflictError](err); !ok {
			e.Errorf("another %s: got error %v, want ErrConflict", what, err)
		} else {
			e.same("what the conflict carries", conflict.Redemption, first)
		}
	}
	e.same("what is stored", e.everything(), before)
}

func cancelledStays(e *env) {
	c := e.coupon("C", limited(uses(1, coupon.PerCoupon, coupon.Ever)))
	e.redeem(by("b1", "ann"), "C")
	cancelled := e.cancel("b1")[0]
	before := e.everything()
	for _, customer := range []string{"ann", "bob"} {
		_, err := e.svc.Redeem(e.Context(), by("b1", customer), "C")
		if got, ok := errors.AsType[*coupon.CancelledError](err); !ok {
			e.Errorf("Redeem of a cancelled booking: got error %v, want ErrCancelled", err)
		} else {
			e.same("what it carries", got.Redemption, cancelled)
		}
	}
	e.same("what is stored", e.everything(), before)
	e.wantUsed(c.ID, 0)
}

func refusalWritesNothing(e *env) {
	c := e.coupon("C", limited(uses(1, coupon.PerCoupon, coupon.Ever), uses(5, coupon.PerCustomer, coupon.PerDay)), func(c *coupon.Coupon) { c.Restrictions.MinTotal = usd("50") })
	cheap := by("b0", "ann")
	cheap.Lines[0].Price = usd("49.99").Amount
	before := e.everything()
	e.refused(cheap, "C", coupon.BelowMinimum)
	e.refused(by("b0", ""), "C", coupon.NoCustomer)
	e.refused(by("b0", "ann"), "NONE", coupon.UnknownCode)
	e.same("after a rule that is not met", e.everything(), before)
	e.redeem(by("b1", "ann"), "C")
	before = e.everything()
	e.refused(by("b2", "bob"), "C", coupon.LimitReached)
	e.same("after a limit that is reached", e.everything(), before)
	for _, id := range []string{"b0", "b2"} {
		if events, err := e.svc.Events(e.Context(), c.ID, id); err != nil || len(events) > 0 {
			e.Errorf("events of the refused booking %s: %s, error %v", id, text(events), err)
		}
		_, err := e.svc.Cancel(e.Context(), id)
		e.is("Cancel of a refused booking", err, coupon.ErrNotFound)
	}
}

func keysAreBytes(e *env) {
	c := e.coupon("KEYS", limited(uses(1, coupon.PerCustomer, coupon.Ever)))
	keys := []string{"b1", "B1", "b1 ", "b-1", "b_1", "b%", "é", "e\u0301", "É", "ß", "ss", "ı", "i", "I", "0", "00", "1e3", "1000", `"`, `'`, `\`, `\\`, "?", "'; --"}
	for _, key := range keys {
		e.redeem(by(key, "c"+key+"."), "KEYS")
	}
	for _, key := range keys {
		if r := e.stored(c.ID, key); r.Booking != key || r.Customer != "c"+key+"." {
			e.Errorf("booking %q: got %q of %q", key, r.Booking, r.Customer)
		}
		if got := e.redemptions(coupon.RedemptionFilter{Customer: "c" + key + "."}); len(got) != 1 || got[0].Booking != key {
			e.Errorf("customer %q has %s", "c"+key+".", text(got))
		}
		e.refused(by(key+"2", "c"+key+"."), "KEYS", coupon.LimitReached)
	}
	e.cancel("b1")
	if n := len(e.redemptions(coupon.RedemptionFilter{States: []coupon.State{coupon.Redeemed}})); n != len(keys)-1 {
		e.Errorf("after one cancellation %d are redeemed, want %d", n, len(keys)-1)
	}
	e.redeem(by("again", "cb1."), "KEYS")
}

func keyHasBoth(e *env) {
	a, b := e.coupon("A"), e.coupon("B")
	e.imports(past("A", "b1", start), past("B", "b1", start.Add(time.Hour)), past("A", "b2", start))
	for _, want := range []struct {
		coupon  coupon.ID
		booking string
		made    time.Time
	}{{a.ID, "b1", start}, {b.ID, "b1", start.Add(time.Hour)}, {a.ID, "b2", start}} {
		if r := e.stored(want.coupon, want.booking); r.Coupon != want.coupon || r.Booking != want.booking || !r.MadeAt.Equal(want.made) {
			e.Errorf("booking %s of %s: got %s", want.booking, want.coupon, text(r))
		}
	}
	_, err := e.svc.Redemption(e.Context(), b.ID, "b2")
	e.is("the coupon that the booking does not have", err, coupon.ErrNotFound)
	e.refused(by("b2", ""), "B", coupon.NotCombinable)
}

func eventsInOrder(e *env) {
	c := e.coupon("C")
	svc := e.svc
	e.svc = svc.As("till")
	r := e.redeem(by("b1", "ann"), "C")
	e.redeem(by("b2", "ann"), "C") // another booking's events are its own
	e.redeem(by("b1", "ann"), "C")
	e.clock.set(start.Add(time.Hour))
	e.svc = svc.As("office")
	e.refund("b1", "r2", usd("1"))
	e.refund("b1", "r1", usd("2"))
	e.refund("b1", "r2", usd("1"))
	e.clock.set(start.Add(2 * time.Hour))
	e.cancel("b1")
	e.cancel("b1")
	got, err := svc.Events(e.Context(), c.ID, "b1")
	if err != nil {
		e.Fatalf("Events: %v", err)
	}
	event := func(kind coupon.EventKind, key string, hours int, by string, amount coupon.Money) coupon.Event {
		return coupon.Event{Coupon: c.ID, Booking: "b1", Kind: kind, Key: key, At: start.Add(time.Duration(hours) * time.Hour), By: by, Amount: amount}
	}
	e.same("events", got, []coupon.Event{
		event(coupon.EventRedeemed, "", 0, "till", r.Discount),
		event(coupon.EventRefunded, "r2", 1, "office", usd("1")),
		event(coupon.EventRefunded, "r1", 1, "office", usd("2")),
		event(coupon.EventCancelled, "", 2, "office", r.Discount),
	})
}

func pastStays(e *env) {
	c := e.coupon("C", limited(uses(9, coupon.PerCoupon, coupon.Ever)))
	e.redeem(by("b1", "ann"), "C")
	before := text(e.redemptions(coupon.RedemptionFilter{}))
	figures := text(e.summary(c.ID, coupon.Range{}))
	e.update(c.ID, func(c *coupon.Coupon) {
		c.Code, c.Discount, c.Restrictions.MinTotal = "D", coupon.AmountOff(coupon.MustMoney("7", "EUR")), coupon.MustMoney("999", "EUR")
	})
	if _, err := e.svc.Archive(e.Context(), c.ID); err != nil {
		e.Fatalf("Archive: %v", err)
	}
	e.same("the redemptions", text(e.redemptions(coupon.RedemptionFilter{})), before)
	e.same("the summary", text(e.summary(c.ID, coupon.Range{})), figures)
}
