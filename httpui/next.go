package httpui

import (
	"time"

	"github.com/couponkit/coupon"
)

// nextView is what an owner can do now, each a click away.
type nextView struct {
	Hint      string      // what speaks for one or the other; empty if nothing does
	Switch    *switchView // deactivate or activate
	Adjust    string      // the URL of the form's restrictions; empty if they can't be changed
	Again     string      // the URL of the form of a new coupon like this one
	Archive   *post
	Code      string
	OutOfBand bool // it is sent beside another part
}

// next is what may be done with a coupon in its state; nil if that is nothing.
func (q *request) next(s coupon.CouponState, rep reportState) (*nextView, error) {
	v := &nextView{Code: string(s.Code), Switch: q.switchOf(s, q.changeOf(s, rep))}
	if s.Status != coupon.Archived {
		if q.may(Edit) {
			v.Adjust = q.links.edit(s.ID) + "#restrictions"
		}
		if q.may(Archive) {
			p := q.post(q.links.change(s.ID, "archive", rep))
			v.Archive = &p
		}
	}
	if q.may(Duplicate) {
		v.Again = q.links.duplicate(s.ID)
	}
	if v.Switch == nil && v.Adjust == "" && v.Again == "" && v.Archive == nil {
		return nil, nil
	}
	sum, err := q.svc.Summary(q.r.Context(), s.ID, coupon.Range{})
	if err != nil {
		return nil, err
	}
	v.Hint = q.words.hint(s, sum, coupon.DateOf(q.svc.Now().In(zoneOf(s.Coupon))))
	return v, nil
}

// hint says where the coupon stands, and what it has brought in all its life.
func (w words) hint(s coupon.CouponState, sum coupon.Summary, today coupon.Date) string {
	loc := zoneOf(s.Coupon)
	stands := ""
	switch s.Status {
	case coupon.Expired:
		if n := daysBetween(lastDay(s.Start, s.End, loc), today); n > 0 {
			stands = w.t("coupon.next.ended", "n", n)
		} else {
			stands = w.t("coupon.next.ended-today")
		}
	case coupon.Scheduled:
		if n := daysBetween(today, coupon.DateOf(s.Start.In(loc))); n > 0 {
			stands = w.t("coupon.next.starts", "n", n)
		} else {
			stands = w.t("coupon.next.starts-today")
		}
	default:
		return w.brought(sum)
	}
	return w.t("coupon.next.hint", "stands", stands, "brought", w.brought(sum))
}

// brought is what a coupon's bookings were.
func (w words) brought(sum coupon.Summary) string {
	n := int64(0)
	for _, f := range sum.Currencies {
		n += f.Bookings
	}
	switch {
	case n == 0:
		return w.t("coupon.next.no-bookings")
	case len(sum.Currencies) > 1:
		return w.t("coupon.next.bookings-currencies", "n", n)
	}
	f := sum.Currencies[0]
	return w.t("coupon.next.bookings", "n", n, "revenue", w.Money(f.Revenue), "discounts", w.Money(f.Discounts))
}

// daysBetween counts from one day to another; none if that is earlier.
func daysBetween(from, to coupon.Date) int64 {
	number := func(d coupon.Date) int64 {
		return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Unix() / 86400
	}
	return max(0, number(to)-number(from))
}
