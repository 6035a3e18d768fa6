package httpui

import (
	"iter"
	"strconv"
	"time"

	"github.com/couponkit/coupon"
)

// listHeader are the columns of the list as a table. Instants are in the coupon's
// zone, the end is exclusive, amounts of figures are in the currency of their row,
// and what is not known is empty.
var listHeader = []string{"id", "code", "name", "status", "discount_kind", "discount_value", "discount_cap", "discount_currency", "audience", "start", "end", "zone",
	"uses", "max_uses", "currency", "bookings", "subtotal", "eligible", "discounts", "other_discounts", "revenue", "refunds", "new_customers", "cost_known", "cost", "margin", "cancelled"}

// listCSV answers with all coupons of the list, in its order: a row for each and
// currency in which it was used, and one for a coupon that was not.
func (q *request) listCSV(s listState, zone string) error {
	s.After = ""
	now := q.svc.Now()
	r, err := s.Range.in(zone, now)
	if err != nil {
		return err
	}
	name := "coupons"
	if first, last, err := s.Range.daysIn(zone, now); err == nil && !first.IsZero() {
		name += "-" + first.String() + "-" + last.String()
	}
	return q.csv(name+".csv", listHeader, inPieces(q.listed(s.filter(r)), func(some []coupon.CouponState) (out [][]string, err error) {
		ids := make([]coupon.ID, len(some))
		for i, c := range some {
			ids[i] = c.ID
		}
		summaries, err := q.svc.Summaries(q.r.Context(), ids, r)
		for _, c := range some {
			out = append(out, listRecords(c, summaries[c.ID].Currencies)...)
		}
		return out, err
	}))
}

// listed are the coupons of a list that may be taken away.
func (q *request) listed(f coupon.CouponFilter) iter.Seq2[coupon.CouponState, error] {
	return func(yield func(coupon.CouponState, error) bool) {
		for c, err := range q.svc.Coupons(q.r.Context(), f) {
			if (err != nil || q.lists(c.Coupon)) && !yield(c, err) {
				return
			}
		}
	}
}

func listRecords(c coupon.CouponState, figures []coupon.Figures) (out [][]string) {
	about := append([]string{csvText(string(c.ID)), csvText(string(c.Code)), csvText(c.Name), string(c.Status)}, discountRecord(c.Discount)...)
	about = append(about, audienceKey(c.Audience), instantIn(c.Start, c.Coupon), instantIn(c.End, c.Coupon), csvText(c.Zone))
	uses, most := "", ""
	for _, l := range c.Limits {
		if l.Limit.Of == coupon.Uses && l.Limit.Per == coupon.PerCoupon && l.Limit.Every == coupon.Ever {
			uses, most = strconv.FormatInt(l.Used, 10), strconv.FormatInt(l.Limit.Max, 10)
		}
	}
	about = append(about, uses, most)
	if len(figures) == 0 {
		return [][]string{append(about, "", "0", "", "", "", "", "", "", "0", "0", "", "", "0")}
	}
	for _, f := range figures {
		cost, margin := "", ""
		if f.CostKnown > 0 {
			cost, margin = f.Cost.Plain(), f.Margin.Plain()
		}
		out = append(out, append(about[:len(about):len(about)], f.Currency, strconv.FormatInt(f.Bookings, 10), f.Subtotal.Plain(), f.Eligible.Plain(),
			f.Discounts.Plain(), f.OtherDiscounts.Plain(), f.Revenue.Plain(), f.Refunds.Plain(), strconv.FormatInt(f.NewCustomers, 10),
			strconv.FormatInt(f.CostKnown, 10), cost, margin, strconv.FormatInt(f.Cancelled, 10)))
	}
	return out
}

// discountRecord is kind, value, cap and their currency.
func discountRecord(d coupon.Discount) []string {
	if d.Kind != coupon.Percent {
		return []string{string(d.Kind), d.Amount.Plain(), "", d.Amount.Currency}
	}
	out := []string{string(d.Kind), d.Percent.String(), "", ""}
	if !d.Cap.IsZero() {
		out[2], out[3] = d.Cap.Plain(), d.Cap.Currency
	}
	return out
}

// instantIn is an instant in the zone of a coupon; empty if there is none.
func instantIn(t time.Time, c coupon.Coupon) string {
	if t.IsZero() {
		return ""
	}
	return t.In(zoneOf(c)).Format(time.RFC3339)
}
