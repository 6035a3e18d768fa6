package sqlstore

import (
	"fmt"

	"github.com/uptrace/bun"

	"github.com/couponkit/coupon"
)

// order is the order of a list and the position after which its page begins:
// what coupon.Cursor.Compare says, in SQL.
type order struct {
	columns list // the one that is sorted by, if any, then Cursor.Keys
	after   list // the position, of as many values; nil is the beginning
}

// couponOrder gives the only columns that coupons are sorted by.
func couponOrder(by coupon.CouponSort, after *coupon.Cursor) (order, error) {
	const id = bun.Safe("c.id")
	switch by {
	case coupon.ByCreated:
		return numeric("c.created_at", after, id), nil
	case coupon.ByCode:
		return textual("c.code", after, id), nil
	case coupon.ByName:
		return textual("c.name_sort", after, id), nil
	case coupon.ByAudience:
		return textual("c.audience", after, id), nil
	case coupon.ByStart:
		return numeric("c.start_at", after, id), nil
	case coupon.ByEnd: // without an end last
		return numeric("COALESCE(c.end_at, 9223372036854775807)", after, id), nil
	}
	return order{}, fmt.Errorf("coupons have no order %q", by)
}

// redemptionOrder gives the only columns that redemptions are sorted by.
func redemptionOrder(f coupon.RedemptionQuery) (order, error) {
	const booking, id = bun.Safe("r.booking"), bun.Safe("r.coupon")
	after := f.After
	switch f.Sort {
	case coupon.ByMadeAt:
		return numeric("r.made_at", after, booking, id), nil
	case coupon.ByServiceAt: // without a service date last
		if f.Range.Clock == coupon.ServiceAt { // such are in no range of this clock
			return numeric("r.service_at", after, booking, id), nil
		}
		return numeric("COALESCE(r.service_at, 9223372036854775807)", after, booking, id), nil
	case coupon.ByBooking:
		return keys(after, booking, id), nil
	case coupon.BySubtotal:
		return numeric("r.subtotal", after, booking, id), nil
	case coupon.ByDiscount:
		return numeric("r.discount", after, booking, id), nil
	}
	return order{}, fmt.Errorf("redemptions have no order %q", f.Sort)
}

func keys(after *coupon.Cursor, columns ...bun.Safe) (o order) {
	for _, c := range columns {
		o.columns = append(o.columns, c)
	}
	if after != nil {
		for _, k := range after.Keys {
			o.after = append(o.after, text(k))
		}
	}
	return o
}

func numeric(by bun.Safe, after *coupon.Cursor, columns ...bun.Safe) order {
	o := keys(after, columns...)
	o.columns = append(list{by}, o.columns...)
	if after != nil {
		o.after = append(list{after.Num}, o.after...)
	}
	return o
}

func textual(by bun.Safe, after *coupon.Cursor, columns ...bun.Safe) order {
	o := numeric(by, after, columns...)
	if after != nil {
		o.after[0] = text(after.Text)
	}
	return o
}

func (o order) apply(q *bun.SelectQuery, desc bool, limit int) *bun.SelectQuery {
	direction, beyond := bun.Safe("ASC"), bun.Safe(">")
	if desc {
		direction, beyond = "DESC", "<"
	}
	for _, c := range o.columns {
		q.OrderExpr("? ?", c, direction)
	}
	if o.after != nil {
		q.Where("(?) ? (?)", o.columns, beyond, o.after)
	}
	return q.Limit(int64(limit))
}
