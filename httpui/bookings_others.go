package httpui

import (
	"errors"
	"slices"

	"github.com/couponkit/coupon"
)

// otherUse is another coupon that was used on the same booking.
type otherUse struct {
	coupon.Redemption               // its State as of now, see stateNow
	c                 coupon.Coupon // the zero Coupon if it may not be seen
	seen              bool          // by whoever asks
	included          bool          // its Discount is in what other coupons took off
}

// standing are the states of what stands on a booking.
var standing = []coupon.State{coupon.Redeemed, coupon.Refunded, coupon.Reserved}

// withUsed adds to redemptions those of other coupons that were used with them: of
// each the discount is in what the other coupons took off.
func (q *request) withUsed(rows []coupon.Redemption) ([]usedOn, error) {
	out, err := q.withOthers(rows, standing)
	for i := range out {
		out[i].others = slices.DeleteFunc(out[i].others, func(o otherUse) bool { return !o.included })
	}
	return out, err
}

// withOthers adds to redemptions those of other coupons on the same bookings in
// some states, by one look for all of them.
func (q *request) withOthers(rows []coupon.Redemption, states []coupon.State) ([]usedOn, error) {
	out := make([]usedOn, len(rows))
	at := map[string]int{}
	f := coupon.RedemptionFilter{States: states, Sort: coupon.ByBooking}
	for i, r := range rows {
		out[i].Redemption = r
		at[r.Booking] = i
		f.Bookings = append(f.Bookings, r.Booking)
	}
	if len(rows) == 0 {
		return out, nil
	}
	known := map[coupon.ID]otherUse{}
	for r, err := range q.svc.Redemptions(q.r.Context(), f) {
		if err != nil {
			return nil, err
		}
		i, ok := at[r.Booking]
		if r.Coupon == q.c.ID || !ok {
			continue
		}
		o, ok := known[r.Coupon]
		if !ok {
			if o, err = q.otherCoupon(r.Coupon); err != nil {
				return nil, err
			}
			known[r.Coupon] = o
		}
		o.Redemption, o.State = r, q.stateNow(r)
		out[i].others = append(out[i].others, o)
	}
	for i := range out {
		out[i].include(q.stateNow(out[i].Redemption))
	}
	return out, nil
}

// stateNow is the state of a redemption, where a reservation whose time has passed
// has expired, also if nothing has recorded it yet.
func (q *request) stateNow(r coupon.Redemption) coupon.State {
	if r.State == coupon.Reserved && !q.svc.Now().Before(r.ExpiresAt) {
		return coupon.ReservationExpired
	}
	return r.State
}

func redeemed(s coupon.State) bool { return slices.Contains(countedStates, s) }

// include marks the other coupons whose discounts make up what the redemption says
// that others took off: those that are redeemed or, if it is itself only reserved
// or has ended, in the same state as it. Where they are more than it says, it was
// never told of some of them, or they have changed since it ended; none is marked.
func (u *usedOn) include(state coupon.State) {
	left := u.OtherDiscounts.Amount
	var with []*otherUse
	for i := range u.others {
		o := &u.others[i]
		stood := redeemed(o.State) && state != coupon.Cancelled // what is cancelled leaves the others behind
		if (stood || o.State == state) && o.Discount.Currency == u.Discount.Currency {
			with = append(with, o)
			left = left.Sub(o.Discount.Amount)
		}
	}
	if left.IsNegative() {
		return
	}
	for _, o := range with {
		o.included = true
	}
}

// otherCoupon reads a coupon and asks whether it may be seen.
func (q *request) otherCoupon(id coupon.ID) (otherUse, error) {
	c, err := q.svc.Coupon(q.r.Context(), id)
	if errors.Is(err, coupon.ErrNotFound) {
		return otherUse{}, nil
	}
	if err != nil {
		return otherUse{}, err
	}
	if !q.h.may(q.r, View, c) {
		return otherUse{}, nil
	}
	return otherUse{c: c, seen: true}, nil
}

// otherView is another coupon as the list shows it: by its code, which is short.
type otherView struct {
	Coupon string // its main code
	Name   string // empty if it may not be seen
	Code   string // that was used, if it is another one
	URL    string // of its page; empty if it may not be seen
}

func (q *request) otherViews(others []otherUse) []otherView {
	var out []otherView
	for _, o := range others {
		v := otherView{Coupon: q.words.t("bookings.another-coupon")}
		if o.seen {
			v.Coupon, v.Name, v.URL = string(o.c.Code), q.words.name(o.c), q.links.coupon(o.c.ID, reportState{})
			if o.Code != o.c.Code {
				v.Code = string(o.Code)
			}
		}
		out = append(out, v)
	}
	return out
}
