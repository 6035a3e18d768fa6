package httpui

import (
	"errors"

	"github.com/couponkit/coupon"
)

// otherUse is another coupon that was used on the same booking.
type otherUse struct {
	coupon.Redemption
	c    coupon.Coupon // the zero Coupon if it may not be seen
	seen bool          // by whoever asks
}

// withOthers adds to redemptions those of other coupons on the same bookings, by
// one look for all of them.
func (q *request) withOthers(rows []coupon.Redemption) ([]usedOn, error) {
	out := make([]usedOn, len(rows))
	at := map[string]int{}
	f := coupon.RedemptionFilter{States: append([]coupon.State{coupon.Reserved}, countedStates...), Sort: coupon.ByBooking, Live: true}
	f.States = append(f.States, coupon.Cancelled)
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
		o.Redemption = r
		out[i].others = append(out[i].others, o)
	}
	return out, nil
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

// otherView is another coupon as a page shows it.
type otherView struct {
	Name     string
	Code     string // that was used; empty if it may not be seen
	URL      string // of its page; empty if it may not be seen
	Discount string
}

func (q *request) otherViews(others []otherUse) []otherView {
	var out []otherView
	for _, o := range others {
		v := otherView{Name: q.words.t("bookings.another-coupon"), Discount: q.words.Money(o.Discount)}
		if o.seen {
			v.Name, v.Code, v.URL = q.words.name(o.c), string(o.Code), q.links.coupon(o.c.ID, reportState{})
		}
		out = append(out, v)
	}
	return out
}
