package httpui

import (
	"net/http"
	"slices"
	"time"

	"github.com/bojanz/currency"
	"golang.org/x/text/language"

	"github.com/couponkit/coupon"
)

// formOfNew begins with an offer of nothing from today on, or with what the
// coupon has that the address names. Of a form that was posted everything is
// read that is not of such a coupon.
func (q *request) formOfNew() (*form, error) {
	f := &form{q: q}
	id := q.r.URL.Query().Get("from")
	if id == "" && q.r.Method == http.MethodPost {
		return f, nil
	}
	if id == "" {
		first, err := q.latest()
		if err != nil {
			return nil, err
		}
		f.base = coupon.Coupon{Discount: coupon.Discount{Kind: coupon.Percent}, Zone: first.zone}
		today := coupon.DateOf(q.svc.Now().In(zoneOf(f.base)))
		if f.base.Start, err = coupon.StartOfDay(today, f.base.Zone); err != nil {
			return nil, err
		}
		f.d = q.words.draftOf(f.base, first.currency)
		return f, nil
	}
	from, err := q.svc.Coupon(q.r.Context(), coupon.ID(id))
	if err != nil {
		return nil, err
	}
	if !q.h.may(q.r, Duplicate, from) {
		return nil, errMayNot
	}
	f.from, f.base = from.ID, q.words.again(from, q.svc.Now())
	return f, f.begin()
}

// again is a coupon to run another time: all that the first had but its code, from
// today on, for as many days.
func (w words) again(c coupon.Coupon, now time.Time) coupon.Coupon {
	again := coupon.Coupon{Name: c.Name, Description: c.Description, Audience: c.Audience, Discount: c.Discount, Restrictions: c.Restrictions,
		Combinable: c.Combinable, ValidBy: c.ValidBy, Zone: c.Zone, KeepUseOnCancel: c.KeepUseOnCancel, ReleaseUseOnRefund: c.ReleaseUseOnRefund}
	was := w.draftOf(c, "")
	days := 0
	if first, err := coupon.ParseDate(was.Fields["start_day"]); err == nil {
		today := coupon.DateOf(now.In(zoneOf(c)))
		days = int(daysBetween(first, today) - daysBetween(today, first))
	}
	moved := w.draftOf(c, "")
	for _, name := range []string{"start_day", "end_day"} {
		if day, err := coupon.ParseDate(was.Fields[name]); err == nil {
			moved.Fields[name] = day.AddDays(days).String()
		}
	}
	r := reading{w: w, d: moved, was: draft{}, c: again, errors: formErrors{}}
	again.Start, again.End = r.moment("start", 0), r.moment("end", 1)
	return again
}

// firsts are what a new coupon takes over from those that are there.
type firsts struct {
	zone, currency string
	currencies     []string // to choose from
	zones          []string
	none           bool // there is no coupon
}

// mostLatest is how many coupons are asked.
const mostLatest = 25

// latest asks the newest coupons; where there are none, the owner's region says
// the currency.
func (q *request) latest() (firsts, error) {
	var f firsts
	n := 0
	for c, err := range q.svc.Coupons(q.r.Context(), coupon.CouponFilter{Desc: true}) {
		if err != nil {
			return f, err
		}
		if code := currencyOf(c.Coupon); code != "" && !slices.Contains(f.currencies, code) {
			f.currencies = append(f.currencies, code)
		}
		if !slices.Contains(f.zones, c.Zone) {
			f.zones = append(f.zones, c.Zone)
		}
		if n++; n == mostLatest {
			break
		}
	}
	f.none = n == 0
	f.zone, f.currency = "UTC", "USD"
	if len(f.zones) > 0 {
		f.zone = f.zones[0]
	}
	region, _ := language.Make(q.words.locale).Region()
	if code, ok := currency.ForCountryCode(region.String()); ok {
		f.currency = code
	}
	if len(f.currencies) > 0 {
		f.currency = f.currencies[0]
	}
	for _, code := range []string{f.currency, "USD", "EUR", "GBP", "CAD", "AUD", "CHF", "JPY"} {
		if !slices.Contains(f.currencies, code) {
			f.currencies = append(f.currencies, code)
		}
	}
	if !slices.Contains(f.zones, "UTC") {
		f.zones = append(f.zones, "UTC")
	}
	return f, nil
}
