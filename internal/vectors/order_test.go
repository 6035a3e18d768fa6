package vectors

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/couponkit/coupon"
)

// standing is where our redemption of an order is.
type standing int

const (
	none     standing = iota
	held              // reserved
	redeemed          // perhaps refunded
	ended             // cancelled or released
)

func (s *sale) standing(ctx context.Context, booking string) (coupon.Redemption, standing, error) {
	r, err := s.Redemption(ctx, s.coupon.ID, booking)
	switch {
	case errors.Is(err, coupon.ErrNotFound):
		return r, none, nil
	case err != nil:
		return r, none, err
	case r.State == coupon.Reserved:
		return r, held, nil
	case r.State == coupon.Redeemed || r.State == coupon.Refunded:
		return r, redeemed, nil
	}
	return r, ended, nil
}

// same says whether the order is still what was redeemed or reserved. Of an
// imported one that isn't known.
func same(r coupon.Redemption, b coupon.Booking, code string) bool {
	if r.Imported {
		return true
	}
	if r.Customer != coupon.CustomerKey(b.Customer.Key) || r.Code != canonical(code) || len(r.Lines) != len(b.Lines) {
		return false
	}
	for i, l := range b.Lines {
		if l.ID != r.Lines[i].Line || l.Quantity != r.Lines[i].Quantity || !l.Price.Mul(decimal.NewFromInt(l.Quantity)).Equal(r.Lines[i].Amount.Amount) {
			return false
		}
	}
	return true
}

// do gives what the event met: refusals are no error.
func (s *sale) do(ctx context.Context, e event, o *sold) (refusals []coupon.Refusal, allowed bool, err error) {
	b, err := s.booking(ctx, e, o)
	if err != nil {
		return nil, false, err
	}
	code := s.codeOf(e)
	r, at, err := s.standing(ctx, b.ID)
	if err != nil {
		return nil, false, err
	}
	unchanged := same(r, b, code)
	switch e.Op {
	case "redeem_concurrently":
		return s.concurrently(ctx, e, b, code)
	case "reindex":
		return nil, true, s.Rebuild(ctx)
	case "becomes_ineligible":
		if err := s.exclude(ctx, o.booking); err != nil {
			return nil, false, err
		}
		return s.may(ctx, b, code, at, unchanged)
	case "check":
		return s.may(ctx, b, code, at, unchanged)
	case "refund_full":
		return s.refund(ctx, r, at)
	case "remove", "cancel", "fail", "trash", "rollback":
		return s.end(ctx, e, o, at)
	case "identify":
		if at != none && at != ended {
			return s.edit(ctx, b, code, at)
		}
		refusals, allowed, err = s.quote(ctx, b, code)
		o.carries = o.carries && allowed
		return refusals, allowed, err
	case "pay", "complete":
		if at == none && o.off { // it is paid, but without the coupon
			return nil, false, nil
		}
	case "reopen", "untrash":
		if at == none && o.ended { // it had taken nothing, and stands again as it did
			refusals, allowed, err = s.quote(ctx, b, code)
			o.carries, o.ended = allowed, false
			return refusals, allowed, err
		}
	case "apply":
		if o.carries && !o.ended {
			return s.quote(ctx, b, code, code)
		}
	}
	switch {
	case e.Op == "place_without_hold", e.Op == "apply" && !s.vector.Coupon.SingleUseCode:
		// A cart, and an order whose checkout holds nothing, only carry the code:
		// the use is taken when they are paid, if it can still be had.
		refusals, allowed, err = s.quote(ctx, b, code)
	case e.Op == "hold", e.Op == "apply":
		// Where a code can be used once, other engines mark it used on the cart
		// that has it, and free it when it is taken off. To us that is a hold.
		refusals, allowed, err = s.hold(ctx, o, b, code, at, unchanged)
	default:
		refusals, allowed, err = s.sell(ctx, b, code, at, unchanged)
	}
	o.carries, o.off, o.ended = allowed || at == held || at == redeemed, !allowed && at == none, false
	return refusals, allowed, err
}

// exclude makes one order ineligible and no other, by a rule of the coupon.
func (s *sale) exclude(ctx context.Context, booking string) error {
	c, err := s.Coupon(ctx, s.coupon.ID)
	if err != nil {
		return err
	}
	c.Restrictions.Matches = append(slices.Clone(c.Restrictions.Matches), coupon.Match{On: coupon.OnBooking, Key: keyOrder, NoneOf: []string{booking}})
	_, err = s.Update(ctx, c)
	return err
}

// may is whether the order may use the coupon now. What it has already, it keeps
// whatever has happened to the coupon: Redeem looks at no rule then.
func (s *sale) may(ctx context.Context, b coupon.Booking, code string, at standing, unchanged bool) ([]coupon.Refusal, bool, error) {
	if unchanged && (at == held || at == redeemed) {
		return nil, true, nil
	}
	return s.quote(ctx, b, code)
}

func (s *sale) quote(ctx context.Context, b coupon.Booking, codes ...string) ([]coupon.Refusal, bool, error) {
	q, err := s.Quote(ctx, b, codes...)
	return q.Refusals(), err == nil && q.OK(), err
}

// hold reserves. An order that fell through and is tried anew is another booking
// to us: what was cancelled can be reopened, not reserved.
func (s *sale) hold(ctx context.Context, o *sold, b coupon.Booking, code string, at standing, unchanged bool) ([]coupon.Refusal, bool, error) {
	if at == redeemed {
		return s.sell(ctx, b, code, at, unchanged)
	}
	_, err := s.Reserve(ctx, b, checkoutTime, code)
	if errors.Is(err, coupon.ErrCancelled) {
		o.booking += "-again"
		b.ID = o.booking
		if b.Series != "" {
			b.Series = b.ID
		}
		_, err = s.Reserve(ctx, b, checkoutTime, code)
	}
	return outcome(err)
}

// sell is the order placed, paid or completed with the coupon, or standing again
// after it fell through.
func (s *sale) sell(ctx context.Context, b coupon.Booking, code string, at standing, unchanged bool) (refusals []coupon.Refusal, allowed bool, err error) {
	switch {
	case at == none:
		_, err = s.Redeem(ctx, b, code)
	case at == ended:
		_, err = s.Reopen(ctx, b, code)
	case !unchanged:
		if refusals, allowed, err = s.edit(ctx, b, code, at); err != nil || !allowed || at == redeemed {
			return refusals, allowed, err
		}
		_, err = s.Confirm(ctx, b.ID)
	case at == held:
		_, err = s.Confirm(ctx, b.ID)
	}
	return outcome(err)
}

// edit is another customer or other amounts of an order that has its use: a
// reservation is made anew, under all rules, a redemption is amended.
func (s *sale) edit(ctx context.Context, b coupon.Booking, code string, at standing) ([]coupon.Refusal, bool, error) {
	if at == held {
		_, err := s.Reserve(ctx, b, checkoutTime, code)
		return outcome(err)
	}
	a, err := s.Amend(ctx, b)
	return a.Unmet, err == nil && len(a.Unmet) == 0, err
}

// end gives the use back, if there is one.
func (s *sale) end(ctx context.Context, e event, o *sold, at standing) (refusals []coupon.Refusal, allowed bool, err error) {
	carried := o.carries
	o.ended = true
	if e.Op == "remove" { // the order stands, without the code
		o.carries, o.off, o.ended = false, true, false
	}
	if at == held {
		_, err = s.Release(ctx, o.booking)
	} else {
		_, err = s.Cancel(ctx, o.booking)
	}
	refusals, allowed, err = outcome(err)
	return refusals, allowed || carried, err
}

// refund gives all that was paid back.
func (s *sale) refund(ctx context.Context, r coupon.Redemption, at standing) ([]coupon.Refusal, bool, error) {
	if at != redeemed {
		return nil, false, nil
	}
	left := r.Revenue()
	left.Amount = left.Amount.Sub(r.Refund.Amount)
	if left.Amount.IsZero() {
		return nil, true, nil
	}
	_, err := s.Refund(ctx, r.Booking, coupon.Refund{Key: fmt.Sprintf("rest-%d", len(r.Refunds)), Amount: left})
	return outcome(err)
}

// outcome tells refusals, and orders that have no live redemption, from
// failures.
func outcome(err error) ([]coupon.Refusal, bool, error) {
	if refused, ok := errors.AsType[*coupon.RefusedError](err); ok {
		return refused.Refusals, false, nil
	}
	if errors.Is(err, coupon.ErrNotFound) || errors.Is(err, coupon.ErrCancelled) {
		return nil, false, nil
	}
	return nil, err == nil, err
}
