package coupon_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/store/memory"
)

// watched is a desk that notes attempts, and refuses them while err is set.
type watched struct {
	desk
	store    *memory.Store
	attempts []coupon.Attempt
	err      error
}

func newWatched(t *testing.T) *watched {
	t.Helper()
	w := &watched{store: memory.New()}
	w.desk = newDeskWith(t, func(cfg *coupon.Config) {
		cfg.Store = w.store
		cfg.Attempt = func(_ context.Context, a coupon.Attempt) error {
			w.attempts = append(w.attempts, a)
			return w.err
		}
	})
	return w
}

// calls are those that look typed codes up.
func (w *watched) calls() map[string]func(b coupon.Booking, codes ...string) error {
	return map[string]func(b coupon.Booking, codes ...string) error{
		"Quote":     func(b coupon.Booking, codes ...string) error { _, err := w.Quote(w.ctx, b, codes...); return err },
		"Redeem":    func(b coupon.Booking, codes ...string) error { _, err := w.Redeem(w.ctx, b, codes[0]); return err },
		"RedeemAll": func(b coupon.Booking, codes ...string) error { _, err := w.RedeemAll(w.ctx, b, codes); return err },
		"Reserve": func(b coupon.Booking, codes ...string) error {
			_, err := w.Reserve(w.ctx, b, time.Hour, codes...)
			return err
		},
		"Reopen": func(b coupon.Booking, codes ...string) error { _, err := w.Reopen(w.ctx, b, codes...); return err },
	}
}

func TestAttemptIsToldOfEveryTypedCodeOnce(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	c := w.create(nil)
	must(w.AddCode(w.ctx, c.ID, coupon.CouponCode{Code: "FRIEND"}))(t)
	long := strings.Repeat("x", 5000)
	for name, call := range w.calls() {
		for _, typed := range []string{"TEN", " friend ", "NONE", "a\x00b", "", long} {
			w.attempts = nil
			b := booking("for " + name + typed[:min(len(typed), 9)])
			b.ID = strings.ReplaceAll(b.ID, "\x00", "")
			_ = call(b, typed)
			found := typed == "TEN" || typed == " friend "
			want := []coupon.Attempt{{Typed: typed, Found: found, Customer: "ann@example.com", Booking: b.ID}}
			if diff := cmp.Diff(want, w.attempts); diff != "" {
				t.Errorf("%s of %.20q: %s", name, typed, diff)
			}
			w.attempts = nil
			if _ = call(b, typed); len(w.attempts) != 1 { // a replay is an attempt too
				t.Errorf("%s of %.20q again: %d attempts", name, typed, len(w.attempts))
			}
		}
		if name == "Redeem" {
			continue
		}
		w.attempts = nil
		_ = call(booking("several "+name), "NONE", "TEN", "friend", "ten")
		if len(w.attempts) != 4 {
			t.Errorf("%s of four codes: %d attempts", name, len(w.attempts))
		}
	}
	// What looks no code up is no attempt.
	w.attempts = nil
	must(w.CouponByCode(w.ctx, "TEN"))(t)
	must(w.Cancel(w.ctx, "for RedeemTEN"))(t)
	if len(w.attempts) > 0 {
		t.Errorf("%+v", w.attempts)
	}
}

func TestWhatAttemptSaysIsTheAnswer(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	c := w.create(limited(5))
	must(w.Redeem(w.ctx, booking("gone"), "TEN"))(t)
	must(w.Cancel(w.ctx, "gone"))(t)
	w.err = errors.New("too many tries")
	for name, call := range w.calls() {
		for _, typed := range []string{"TEN", "NONE", "not a code"} {
			w.attempts = nil
			b := booking("b " + name)
			if name == "Reopen" {
				b = booking("gone")
			}
			if err := call(b, typed, "OTHER"); !errors.Is(err, w.err) || errors.Is(err, coupon.ErrRefused) {
				t.Errorf("%s of %s: %v", name, typed, err)
			}
			if len(w.attempts) != 1 { // nothing more is looked up
				t.Errorf("%s of %s: %d attempts", name, typed, len(w.attempts))
			}
		}
	}
	for r, err := range w.Redemptions(w.ctx, coupon.RedemptionFilter{States: []coupon.State{coupon.Redeemed, coupon.Reserved, coupon.Refunded}}) {
		t.Error("was written:", r, err)
	}
	for r, err := range w.Refusals(w.ctx, c.ID, "") {
		t.Error("was kept:", r, err)
	}
	if n := w.used(c.ID); n != 0 {
		t.Errorf("%d uses are counted", n)
	}
}

func TestAThousandTriesAreAThousandAttempts(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	w.create(nil)
	for i := range 1000 {
		b := booking("b")
		_, err := w.Redeem(w.ctx, b, fmt.Sprint("GUESS-", i))
		if !errors.Is(err, coupon.ErrRefused) {
			t.Fatal(err)
		}
	}
	if len(w.attempts) != 1000 {
		t.Errorf("%d attempts", len(w.attempts))
	}
}

// joined is a store in which, before the first Write, something happens.
type joined struct {
	coupon.Store
	before func()
}

func (j *joined) Write(ctx context.Context, groups []*coupon.Group) error {
	if happen := j.before; happen != nil {
		j.before = nil
		happen()
	}
	return j.Store.Write(ctx, groups)
}

// A call that has to be decided anew, because another came between, is one try.
func TestAnAttemptThatIsDecidedAnewIsOne(t *testing.T) {
	t.Parallel()
	w := newWatched(t)
	both := func(c *coupon.Coupon) { c.Combinable = true }
	w.create(both)
	w.create(func(c *coupon.Coupon) { both(c); c.Code = "OTHER" })
	svc := w.With(&joined{w.store, func() {
		must(w.Redeem(w.ctx, booking("b1"), "OTHER"))(t)
		w.attempts = nil // of that one
	}})
	w.attempts = nil
	r, err := svc.Redeem(w.ctx, booking("b1"), "TEN")
	if err != nil || r.Place != 2 {
		t.Fatalf("%+v, %v, want it beside the other", r, err)
	}
	if len(w.attempts) != 0 {
		t.Errorf("decided anew, the code was told again: %+v", w.attempts)
	}
}

// Whatever is wrong with a code, a stranger reads the same bytes.
func TestWhatAStrangerIsToldIsTheSameOfEveryCode(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.create(nil)
	add := func(k coupon.CouponCode) { t.Helper(); must(d.AddCode(d.ctx, c.ID, k))(t) }
	add(coupon.CouponCode{Code: "USED", SingleUse: true})
	d.redeem(booking("b0"), "USED")
	add(coupon.CouponCode{Code: "BOBS", Customer: "bob@example.com"})
	must(d.Deactivate(d.ctx, d.create(func(c *coupon.Coupon) { c.Code = "OFF" }).ID))(t)
	d.create(func(c *coupon.Coupon) { c.Code, c.Start, c.End = "LATER", noon.AddDate(1, 0, 0), time.Time{} })
	d.create(func(c *coupon.Coupon) {
		c.Code, c.Start, c.End = "ENDED", noon.AddDate(-2, 0, 0), noon.AddDate(-1, 0, 0)
	})
	gone := d.create(func(c *coupon.Coupon) { c.Code = "GONE" })
	must(d.Archive(d.ctx, gone.ID))(t)
	anonymous := booking("b2")
	anonymous.Customer = coupon.Customer{}
	for _, try := range []struct {
		code string
		b    coupon.Booking
	}{{"UNKNOWN", booking("b1")}, {"not a code", booking("b1")}, {"USED", booking("b1")}, {"BOBS", booking("b1")}, {"BOBS", anonymous},
		{"OFF", booking("b1")}, {"LATER", booking("b1")}, {"ENDED", booking("b1")}, {"GONE", booking("b1")}} {
		q, err := d.Quote(d.ctx, try.b, try.code)
		if err != nil {
			t.Fatal(err)
		}
		_, err = d.Redeem(d.ctx, try.b, try.code)
		var refused *coupon.RefusedError
		if !errors.As(err, &refused) {
			t.Errorf("%s: %v", try.code, err)
			continue
		}
		for what, refusals := range map[string][]coupon.Refusal{"Quote": q.Refusals(), "Redeem": refused.Refusals} {
			if got := coupon.Public(refusals); !slices.Equal(got, []string{coupon.NotValid}) {
				t.Errorf("%s of %s tells %q", what, try.code, got)
			}
		}
	}
}
