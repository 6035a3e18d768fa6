package vectors

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/store/memory"
)

// testDay is when a vector happens that doesn't say.
var testDay = time.Date(2024, 6, 15, 12, 0, 0, 0, time.UTC)

// book makes our booking of an order's lines. The coupons are those whose bounds
// of the unit price the host must tell apart.
func book(u units, id string, lines []lineSpec, coupons []couponSpec, at time.Time) (coupon.Booking, error) {
	currency, err := u.code()
	if err != nil {
		return coupon.Booking{}, err
	}
	b := coupon.Booking{ID: id, Currency: currency, MadeAt: at, Service: coupon.ServiceTime(at), Attributes: coupon.Attributes{}}
	for _, l := range lines {
		if l.quantity() == 0 {
			continue // no unit of it is in the order
		}
		a := coupon.Attributes{keyItem: append([]string{product(l.product())}, each(l.Categories, category)...)}
		if l.OnSale {
			a[keyItem] = append(a[keyItem], onSale)
		}
		for _, c := range coupons {
			for _, bound := range c.AppliesTo.priceBounds() {
				if bound.met(l.UnitPrice) && !slices.Contains(a[keyPrice], bound.name) {
					a[keyPrice] = append(a[keyPrice], bound.name)
				}
			}
		}
		for _, c := range l.Categories {
			if !slices.Contains(b.Attributes[keyCategory], c) {
				b.Attributes[keyCategory] = append(b.Attributes[keyCategory], c)
			}
		}
		b.Lines = append(b.Lines, coupon.Line{ID: l.ID, Price: l.UnitPrice, Quantity: l.quantity(), Attributes: a})
	}
	return b, nil
}

// linesOf stands for an order of which only the subtotal is known, and perhaps
// the number of units: one line, or two if the units can't all cost the same.
func linesOf(u units, subtotal *decimal.Decimal, quantity int64) ([]lineSpec, error) {
	if subtotal == nil {
		hundred := decimal.NewFromInt(100)
		subtotal = &hundred
	}
	if quantity < 1 {
		quantity = 1
	}
	total, err := u.minor(*subtotal)
	if err != nil {
		return nil, err
	}
	price := func(minor int64) decimal.Decimal { return decimal.New(minor, -int32(u.exponent())) }
	dearer := total % quantity
	rest := quantity - dearer
	lines := []lineSpec{{ID: "l1", UnitPrice: price(total / quantity), Quantity: &rest}}
	if dearer > 0 {
		lines = append(lines, lineSpec{ID: "l2", UnitPrice: price(total/quantity + 1), Quantity: &dearer})
	}
	return lines, nil
}

// shop is a merchant to try a vector on.
type shop struct {
	*coupon.Service
	units units
}

func newShop(u units, now time.Time) (shop, error) {
	svc, err := coupon.New(coupon.Config{Store: memory.New(), Now: func() time.Time { return now }})
	return shop{svc, u}, err
}

// offer creates a coupon, archived if it was deleted.
func (s shop) offer(ctx context.Context, spec couponSpec, code string) (coupon.Coupon, error) {
	c, err := spec.build(s.units, code)
	if err != nil {
		return c, err
	}
	if c, err = s.Create(ctx, c); err != nil || !spec.Deleted {
		return c, err
	}
	return s.Archive(ctx, c.ID)
}

// past is a use of before the vector.
type past struct {
	booking    string // empty: one that nobody names
	code       string // empty: the main one
	customer   string
	discount   decimal.Decimal
	series     string
	occurrence int64
}

// pastUses are n uses of anybody, of which some customers are known; the whole
// discount is on the first.
func pastUses(n int64, by map[string]int64, discount decimal.Decimal) []past {
	var out []past
	customers := make([]string, 0, len(by))
	for c := range by {
		customers = append(customers, c)
	}
	slices.Sort(customers)
	for _, c := range customers {
		for range by[c] {
			out = append(out, past{customer: c})
		}
	}
	for int64(len(out)) < n || (len(out) == 0 && !discount.IsZero()) {
		out = append(out, past{})
	}
	if len(out) > 0 {
		out[0].discount = discount
	}
	return out
}

// remember imports uses of before.
func (s shop) remember(ctx context.Context, c coupon.Coupon, uses []past) error {
	currency, err := s.units.code()
	if err != nil {
		return err
	}
	rows := func(yield func(coupon.PastRedemption, error) bool) {
		for i, p := range uses {
			if p.code == "" {
				p.code = string(c.Code)
			}
			if p.booking == "" {
				p.booking = fmt.Sprintf("past-%d", i+1)
			}
			row := coupon.PastRedemption{Line: i + 1, Coupon: c.ID, Code: p.code, Booking: p.booking, Currency: currency,
				Customer: p.customer, MadeAt: s.Now().Add(-time.Hour), Series: p.series, Occurrence: p.occurrence,
				Subtotal: p.discount, Eligible: p.discount, Discount: p.discount}
			if !yield(row, nil) {
				return
			}
		}
	}
	return s.record(ctx, rows)
}

// record imports rows, all of which must be good.
func (s shop) record(ctx context.Context, rows iter.Seq2[coupon.PastRedemption, error]) error {
	var bad error
	_, err := s.Import(ctx, rows, coupon.ImportOptions{BadRow: func(r coupon.BadRow) {
		if bad == nil {
			bad = r
		}
	}})
	if err != nil {
		return err
	}
	return bad
}
