package httpui

import (
	"time"

	"github.com/couponkit/coupon"
)

// listRange is for which days the list shows figures: those of a period that has
// a name, or of any two days. The zero value is all time.
type listRange struct {
	Period   string       // a key of periods, or customPeriod; "" is all time
	From, To coupon.Date  // of customPeriod, both included
	week     time.Weekday // with which weeks begin
}

func (r listRange) query() query {
	q := query{}
	if !r.whole() {
		q = q.with("period", r.Period)
	}
	if !r.From.IsZero() {
		q = q.with("from", r.From.String())
	}
	if !r.To.IsZero() {
		q = q.with("to", r.To.String())
	}
	return q
}

// whole reports whether both days of a range of one's own are given.
func (r listRange) whole() bool { return !r.From.IsZero() && !r.To.IsZero() }

// days are the first and the last day, as of today; none for all time.
func (r listRange) days(today coupon.Date) (first, last coupon.Date) {
	if r.whole() {
		return r.From, r.To
	}
	if p, ok := periodOf(r.Period); ok {
		return p.days(today, r.week)
	}
	return coupon.Date{}, coupon.Date{}
}

// daysIn are those days as of now, in a zone.
func (r listRange) daysIn(zone string, now time.Time) (first, last coupon.Date, err error) {
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return first, last, err
	}
	first, last = r.days(coupon.DateOf(now.In(loc)))
	return first, last, nil
}

// in is the range as instants of a zone. All time has no ends.
func (r listRange) in(zone string, now time.Time) (coupon.Range, error) {
	first, last, err := r.daysIn(zone, now)
	if err != nil || first.IsZero() {
		return coupon.Range{}, err
	}
	from, err := coupon.StartOfDay(first, zone)
	if err != nil {
		return coupon.Range{}, err
	}
	to, err := coupon.StartOfDay(last.AddDays(1), zone)
	return coupon.Range{From: from, To: to}, err
}

// listRange reads it from a URL.
func (p *stateParser) listRange(w words) listRange {
	keys := []string{customPeriod, "all"}
	for _, x := range periods {
		keys = append(keys, x.Key)
	}
	p.checkWeek()
	r := listRange{Period: p.oneOf("period", keys...), week: w.firstDay}
	switch r.Period {
	case "all":
		r.Period = ""
	case "", customPeriod:
		r.From, r.To = p.date("from"), p.date("to")
		if r.From.IsZero() && r.To.IsZero() {
			return r // own dates are chosen before they are given
		}
		if r.Period = customPeriod; r.From.IsZero() || r.To.IsZero() {
			p.tell("list.both-dates")
			return r // with the one that was given
		}
		if r.From.Compare(r.To) > 0 {
			p.tell("list.dates-swapped")
			r.From, r.To = r.To, r.From
		}
	}
	return r
}

// listZone is in which zone the days of the list begin: what Config says, or else
// that of the newest coupon.
func (h *Handler) listZone(q *request) (string, error) {
	if h.cfg.Zone != "" {
		return h.cfg.Zone, nil
	}
	for c, err := range q.svc.Coupons(q.r.Context(), coupon.CouponFilter{Desc: true}) {
		if err != nil {
			return "", err
		}
		return c.Zone, nil
	}
	return "UTC", nil
}

// period is the name of a range.
func (w words) period(key string) string { return w.t("list.periods." + key) }
