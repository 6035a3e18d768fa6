package storetest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/couponkit/coupon"
)

var sortingCases = []testCase{
	{"coupons-by-what-they-are", "coupons are sorted by their status, offer and share used, in pages of any size, up and down", couponsByWhatTheyAre},
	{"coupons-by-figures", "coupons are sorted by the bookings, revenue and discounts that their summaries of the range have, in pages of any size, up and down", couponsByFigures},
}

// listed walks a list in pages of that size, each begun anew after the last
// position of the one before.
func (e *env) listed(f coupon.CouponFilter, size int) (out []coupon.CouponState) {
	e.Helper()
	for {
		n := 0
		for st, err := range e.svc.Coupons(e.Context(), f) {
			if err != nil {
				e.Fatalf("Coupons by %s: %v", f.Sort, err)
			}
			out, f.After = append(out, st), st.Cursor
			if n++; n == size {
				break
			}
		}
		if n < size {
			return out
		}
	}
}

// wantSorted compares lists in every size of page and direction with what the key
// says, ids breaking ties.
func wantSorted(e *env, f coupon.CouponFilter, all []coupon.CouponState, key func(coupon.CouponState) []any) {
	e.Helper()
	want := slices.Clone(all)
	slices.SortFunc(want, func(a, b coupon.CouponState) int {
		for i, x := range key(a) {
			c := 0
			switch y := key(b)[i]; x := x.(type) {
			case string:
				c = strings.Compare(x, y.(string))
			case int:
				c = x - y.(int)
			case int64:
				c = int(min(max(x-y.(int64), -1), 1))
			}
			if c != 0 {
				return c
			}
		}
		return strings.Compare(string(a.ID), string(b.ID))
	})
	code := func(st coupon.CouponState) string { return string(st.Code) }
	for _, f.Desc = range []bool{false, true} {
		for _, size := range []int{1, 3, 1000} {
			wantList(e, fmt.Sprintf("by %s %s %s in pages of %d", f.Sort, f.Currency, direction(f.Desc), size), e.listed(f, size), want, code)
		}
		slices.Reverse(want)
	}
}

func couponsByWhatTheyAre(e *env) {
	dozen(e)
	for i, code := range []string{"A-1", "A1", "B", "C-3", "C10"} {
		c, err := e.svc.CouponByCode(e.Context(), code)
		if err != nil {
			e.Fatalf("CouponByCode: %v", err)
		}
		switch i {
		case 0, 1:
			e.update(c.ID, limited(uses(int64(3-i), coupon.PerCoupon, coupon.PerDay), budget(usd("40"), coupon.PerCoupon, coupon.Ever)))
			e.imports(past(code, name("b", i), start))
		case 2:
			e.update(c.ID, limited(uses(1, coupon.PerCoupon, coupon.Ever)))
			e.imports(past(code, name("b", i), start))
		case 3:
			e.update(c.ID, func(c *coupon.Coupon) { c.Inactive = true })
		case 4:
			e.update(c.ID, func(c *coupon.Coupon) {
				c.Start, c.End = start.AddDate(0, 0, 1), start.AddDate(1, 0, 0)
				c.Discount = coupon.AmountOff(coupon.MustMoney("5", "EUR"))
			})
		}
	}
	e.clock.set(start.Add(time.Hour))
	for _, statuses := range [][]coupon.Status{nil, anyStatus, {coupon.Active, coupon.UsedUp}} {
		f := coupon.CouponFilter{Statuses: statuses}
		all := e.listed(f, 1000)
		f.Sort = coupon.ByStatus
		wantSorted(e, f, all, func(st coupon.CouponState) []any {
			return []any{slices.Index([]coupon.Status{coupon.Active, coupon.Scheduled, coupon.Inactive, coupon.UsedUp, coupon.Expired, coupon.Archived}, st.Status)}
		})
		f.Sort = coupon.ByOffer
		wantSorted(e, f, all, func(st coupon.CouponState) []any {
			if st.Discount.Kind == coupon.Percent {
				return []any{0, "", 10}
			}
			return []any{1, st.Discount.Amount.Currency, 5}
		})
		f.Sort = coupon.ByUses
		wantSorted(e, f, all, func(st coupon.CouponState) []any {
			return []any{map[coupon.Code]int{"A-1": 33, "A1": 50, "B": 100}[st.Code]}
		})
	}
	f := coupon.CouponFilter{Search: "a", Kind: coupon.FixedAmount, Sort: coupon.ByStatus}
	for _, st := range e.listed(f, 2) {
		if !strings.Contains(coupon.SearchText(st.Coupon), "a") || st.Discount.Kind != coupon.FixedAmount || st.Status == coupon.Archived {
			e.Errorf("the filter lets through %s", text(st))
		}
	}
}

func couponsByFigures(e *env) {
	campaigns(e, 30)
	all := e.listed(coupon.CouponFilter{}, 1000)
	month := coupon.Range{From: start.AddDate(0, 0, 10), To: start.AddDate(0, 0, 40)}
	byService := month
	byService.Clock = coupon.ServiceAt
	for _, r := range []coupon.Range{{}, month, byService} {
		summaries := map[coupon.ID]coupon.Summary{}
		for _, st := range all {
			summaries[st.ID] = e.summary(st.ID, r)
		}
		amount := func(m coupon.Money) int64 {
			n, err := m.Minor()
			if err != nil {
				e.Fatalf("%s: %v", m, err)
			}
			return n
		}
		for _, currency := range []string{"USD", "JPY"} {
			f := coupon.CouponFilter{Range: r, Currency: currency}
			figure := func(by coupon.CouponSort, of func(coupon.Figures) int64) {
				e.Helper()
				f.Sort = by
				wantSorted(e, f, all, func(st coupon.CouponState) []any {
					in := summaries[st.ID].In(currency)
					if in.Bookings == 0 {
						return []any{int64(-1)}
					}
					return []any{of(in)}
				})
			}
			figure(coupon.ByBookings, func(in coupon.Figures) int64 { return in.Bookings })
			figure(coupon.ByRevenue, func(in coupon.Figures) int64 { return amount(in.Revenue) })
			figure(coupon.ByDiscounts, func(in coupon.Figures) int64 { return amount(in.Discounts) })
		}
		wantSorted(e, coupon.CouponFilter{Range: r, Sort: coupon.ByBookings}, all, func(st coupon.CouponState) []any {
			n := int64(0)
			for _, in := range summaries[st.ID].Currencies {
				n += in.Bookings
			}
			return []any{n}
		})
	}
}
