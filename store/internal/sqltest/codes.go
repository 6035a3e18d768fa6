package sqltest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/couponkit/coupon"
)

// CodesOfOthers changes what codes mean through one store, such as in another
// process, after a second one of the same merchant has found them: what is redeemed
// through that one must be by what they mean now.
func CodesOfOthers(t *testing.T, here, there coupon.Store) {
	t.Helper()
	ctx := t.Context()
	svc, other := Service(t, here), Service(t, there)
	must := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
	}
	archive := func(c coupon.Coupon) { t.Helper(); must(other.Archive(ctx, c.ID)) }
	edit := func(c coupon.Coupon, change func(*coupon.Coupon)) {
		t.Helper()
		change(&c)
		must(other.Update(ctx, c))
	}
	coupons := 0
	for _, x := range []struct {
		name string
		// then changes what the code of the coupon means, or its further code, and gives
		// which coupon has it now; none if it is nobody's.
		then    func(c coupon.Coupon, code, further coupon.Code) coupon.ID
		refused coupon.Reason
	}{
		{"nothing happened", func(c coupon.Coupon, _, _ coupon.Code) coupon.ID { return c.ID }, ""},
		{"archived", func(c coupon.Coupon, _, _ coupon.Code) coupon.ID { archive(c); return "" }, coupon.UnknownCode},
		{"archived, and another coupon has the codes", func(c coupon.Coupon, code, further coupon.Code) coupon.ID {
			archive(c)
			taker := Create(t, there, string(code))
			must(other.AddCode(ctx, taker.ID, coupon.CouponCode{Code: further}))
			return taker.ID
		}, ""},
		{"given up, and another coupon has it", func(c coupon.Coupon, code, further coupon.Code) coupon.ID {
			archive(c) // the further code can't be given up by itself
			taker := Create(t, there, string(further))
			must(other.AddCode(ctx, taker.ID, coupon.CouponCode{Code: code}))
			return taker.ID
		}, ""},
		{"edited", func(c coupon.Coupon, _, _ coupon.Code) coupon.ID {
			edit(c, func(c *coupon.Coupon) { c.Name = "Edited" })
			return c.ID
		}, ""},
		{"deactivated", func(c coupon.Coupon, _, _ coupon.Code) coupon.ID { must(other.Deactivate(ctx, c.ID)); return "" }, coupon.IsInactive},
	} {
		for _, by := range []string{"main", "further"} {
			t.Run(x.name+", by the "+by+" code", func(t *testing.T) {
				coupons++
				code := coupon.Code(fmt.Sprint("C", coupons))
				further := code + "-MORE"
				c := Create(t, there, string(code))
				must(other.AddCode(ctx, c.ID, coupon.CouponCode{Code: further}))
				typed := map[string]coupon.Code{"main": code, "further": further}[by]
				redeem := func(booking string) (coupon.Redemption, error) {
					return svc.Redeem(ctx, Booking(booking+string(typed)), string(typed))
				}
				for _, b := range []string{"first", "second"} {
					if r, err := redeem(b); err != nil || r.Coupon != c.ID {
						t.Fatalf("before: coupon %s, error %v", r.Coupon, err)
					}
				}
				want := x.then(c, code, further)
				for _, b := range []string{"third", "fourth"} {
					r, err := redeem(b)
					if want != "" {
						if now, e := other.Coupon(ctx, want); err != nil || e != nil || r.Coupon != want || r.Version != now.Version {
							t.Errorf("coupon %s in version %d, errors %v and %v, want coupon %s", r.Coupon, r.Version, err, e, want)
						}
						continue
					}
					refused, ok := errors.AsType[*coupon.RefusedError](err)
					if !ok || len(refused.Refusals) != 1 || refused.Refusals[0].Reason != x.refused {
						t.Errorf("error %v, want %s", err, x.refused)
					}
				}
			})
		}
	}
	t.Run("the main code has become another coupon's", func(t *testing.T) {
		c := Create(t, there, "SWAPPED")
		must(svc.Redeem(ctx, Booking("before the swap"), "SWAPPED"))
		edit(c, func(c *coupon.Coupon) { c.Code = "SWAPPED-OUT" })
		taker := Create(t, there, "SWAPPED")
		if r, err := svc.Redeem(ctx, Booking("after the swap"), "SWAPPED"); err != nil || r.Coupon != taker.ID {
			t.Errorf("coupon %s, error %v, want %s", r.Coupon, err, taker.ID)
		}
	})
	t.Run("who hears of tried codes hears what they are now, once", func(t *testing.T) {
		var heard []bool
		listening, err := coupon.New(coupon.Config{Store: here, Attempt: func(_ context.Context, a coupon.Attempt) error {
			heard = append(heard, a.Found)
			return nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		c := Create(t, there, "HEARD")
		must(svc.Redeem(ctx, Booking("heard"), "HEARD"))
		archive(c)
		_, err = listening.Redeem(ctx, Booking("heard of"), "HEARD")
		if !errors.Is(err, coupon.ErrRefused) || len(heard) != 1 || heard[0] {
			t.Errorf("heard %v, error %v", heard, err)
		}
	})
}

// CodeRolledBack redeems a code that was added in a transaction of the host's, and
// again after that was rolled back.
func CodeRolledBack(t *testing.T, st, in coupon.Store, rollback func() error) {
	t.Helper()
	ctx := t.Context()
	c := Create(t, st, "COMMITTED")
	if _, err := Service(t, st).Redeem(ctx, Booking("known"), "COMMITTED"); err != nil {
		t.Fatal(err)
	}
	inTx := Service(t, in)
	if _, err := inTx.AddCode(ctx, c.ID, coupon.CouponCode{Code: "UNDONE"}); err != nil {
		t.Fatal(err)
	}
	for _, b := range []string{"one", "two"} {
		if _, err := inTx.Redeem(ctx, Booking(b), "UNDONE"); err != nil {
			t.Fatal(err)
		}
	}
	if err := rollback(); err != nil {
		t.Fatal(err)
	}
	_, err := Service(t, st).Redeem(ctx, Booking("three"), "UNDONE")
	if refused, ok := errors.AsType[*coupon.RefusedError](err); !ok || refused.Refusals[0].Reason != coupon.UnknownCode {
		t.Errorf("a code that was rolled back: error %v, want %s", err, coupon.UnknownCode)
	}
}
