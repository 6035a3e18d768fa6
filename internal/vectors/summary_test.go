package vectors

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/couponkit/coupon"
)

// summaryVector is what a report over orders shows.
type summaryVector struct {
	header
	units
	Orders  []order `json:"orders"`
	Dataset string  `json:"dataset"`
	Query   query   `json:"query"`
	Expect  struct {
		Totals   *totals  `json:"totals"`
		Buckets  []bucket `json:"buckets"`
		ByCoupon []struct {
			Code string `json:"code"`
			totals
		} `json:"by_coupon"`
	} `json:"expect"`

	datasets map[string][]order
}

type order struct {
	ID         string           `json:"id"`
	At         time.Time        `json:"at"`
	Status     string           `json:"status"`
	Lines      []lineSpec       `json:"lines"`
	Subtotal   *decimal.Decimal `json:"subtotal"`
	GroupTotal *decimal.Decimal `json:"group_total"` // of all that Repeat makes
	Items      int64            `json:"items"`
	Coupons    []orderCoupon    `json:"coupons"`
	Shipping   decimal.Decimal  `json:"shipping"`
	Tax        decimal.Decimal  `json:"tax"`
	Refunds    []struct {
		At     time.Time       `json:"at"`
		Amount decimal.Decimal `json:"amount"`
	} `json:"refunds"`
	Customer string `json:"customer"`
	Repeat   int64  `json:"repeat"` // absent is 1
}

type orderCoupon struct {
	Code     string          `json:"code"`
	Discount decimal.Decimal `json:"discount"`
}

type query struct {
	From            string   `json:"from"` // both inclusive
	To              string   `json:"to"`
	Interval        string   `json:"interval"`
	CountedStatuses []string `json:"counted_statuses"`
	OrdersWith      string   `json:"orders_with"`
	GroupBy         string   `json:"group_by"`
	OrderBy         string   `json:"order_by"` // of the rows by coupon: a matter of the page
	Order           string   `json:"order"`
	Filters         filters  `json:"filters"`
}

type filters struct {
	StatusIn     []string `json:"status_in"`
	StatusNotIn  []string `json:"status_not_in"`
	CouponsAny   []string `json:"coupons_any"`
	CouponsNone  []string `json:"coupons_none"`
	ProductsAny  []string `json:"products_any"`
	ProductsNone []string `json:"products_none"`
	Match        string   `json:"match"`
	RefundRows   string   `json:"refund_rows"`
	Customer     string   `json:"customer"`
	ReportOnly   []string `json:"report_only"`
}

// totals are figures; those that are nil are not asked for, and the last five
// are not ours to give.
type totals struct {
	OrdersCount   *int64           `json:"orders_count"`
	GrossSales    *decimal.Decimal `json:"gross_sales"`
	DiscountTotal *decimal.Decimal `json:"discount_total"`
	Refunds       *decimal.Decimal `json:"refunds"`
	NetRevenue    *decimal.Decimal `json:"net_revenue"`
	AvgOrderValue *decimal.Decimal `json:"avg_order_value"`

	Shipping     *decimal.Decimal `json:"shipping"`
	Tax          *decimal.Decimal `json:"tax"`
	TotalSales   *decimal.Decimal `json:"total_sales"`
	ItemsSold    *int64           `json:"items_sold"`
	CouponsCount *int64           `json:"coupons_count"`
}

// bucket is one row of the chart.
type bucket struct {
	Label string     `json:"label"`
	From  *time.Time `json:"from"`
	To    *time.Time `json:"to"`
	totals
}

func (v *summaryVector) orders() []order {
	if v.Dataset != "" {
		return v.datasets[v.Dataset]
	}
	return v.Orders
}

func (v *summaryVector) shape() error {
	if _, ok := v.datasets[v.Dataset]; v.Dataset != "" && !ok {
		return fmt.Errorf("unknown dataset %q", v.Dataset)
	}
	if w := v.Query.OrdersWith; w != "" && w != "any_coupon" {
		return fmt.Errorf("unknown orders_with %q", w)
	}
	if g := v.Query.GroupBy; g != "" && g != "coupon" {
		return fmt.Errorf("unknown group_by %q", g)
	}
	f := v.Query.Filters
	switch {
	case f.Match != "":
		return skip("our rule: no summary filter by match")
	case f.StatusIn != nil || f.StatusNotIn != nil:
		return skip("our rule: no summary filter by status")
	case f.ProductsAny != nil || f.ProductsNone != nil:
		return skip("our rule: no summary filter by product")
	}
	if v.Expect.Totals == nil && v.Expect.Buckets == nil {
		return v.narrow()
	}
	if _, err := v.coupon(); err != nil {
		return err
	}
	return v.narrow()
}

// narrow is a skip for what would be a part of a coupon's orders or rows.
func (v *summaryVector) narrow() error {
	switch f := v.Query.Filters; {
	case f.Customer != "":
		return skip("our rule: no summary filter by customer")
	case f.RefundRows != "":
		return skip("our rule: no summary filter by refund rows")
	}
	return nil
}

// coupon is the one of which the totals are the summary: the one asked for, or
// the only one that the selected orders have. No order that has it may be left
// out.
func (v *summaryVector) coupon() (string, error) {
	code, err := v.asked()
	if code == "" && err == nil {
		code, err = v.only()
	}
	if err != nil {
		return "", err
	}
	for _, o := range v.orders() {
		if o.has(code) && v.counts(o.Status) && !v.selects(o) {
			return "", skip("our rule: no totals over a part of a coupon's orders")
		}
	}
	return code, nil
}

const severalCoupons = skip("our rule: no totals over several coupons")

// asked is the coupon that the query names, if it names just one and doesn't
// shut it out again.
func (v *summaryVector) asked() (string, error) {
	f := v.Query.Filters
	var codes []string
	for _, code := range slices.Concat(f.CouponsAny, f.ReportOnly) {
		if !slices.Contains(f.CouponsNone, code) && !slices.Contains(codes, code) {
			codes = append(codes, code)
		}
	}
	switch len(codes) {
	case 0:
		return "", nil
	case 1:
		return codes[0], nil
	}
	return "", severalCoupons
}

// only is the coupon that all selected orders have, and no other.
func (v *summaryVector) only() (code string, err error) {
	for _, o := range v.orders() {
		if !v.selects(o) || !v.counts(o.Status) {
			continue
		}
		if len(o.Coupons) == 0 {
			return "", skip("our rule: no totals of orders without coupons")
		}
		for _, c := range o.Coupons {
			if code != "" && c.Code != code {
				return "", severalCoupons
			}
			code = c.Code
		}
	}
	if code == "" {
		return "", skip("our rule: no totals of orders without coupons")
	}
	return code, nil
}

func (o order) has(code string) bool {
	return slices.ContainsFunc(o.Coupons, func(c orderCoupon) bool { return c.Code == code })
}

// selects says whether an order passes the filters by coupon.
func (v *summaryVector) selects(o order) bool {
	f := v.Query.Filters
	if v.Query.OrdersWith == "any_coupon" && len(o.Coupons) == 0 {
		return false
	}
	for _, any := range [][]string{f.CouponsAny, f.ReportOnly} {
		if any != nil && !slices.ContainsFunc(any, o.has) {
			return false
		}
	}
	return !slices.ContainsFunc(f.CouponsNone, o.has)
}

// counts says whether orders of a status count.
func (v *summaryVector) counts(status string) bool {
	if v.Query.CountedStatuses != nil {
		return slices.Contains(v.Query.CountedStatuses, status)
	}
	return completed(status)
}

func (v *summaryVector) run(ctx context.Context) error {
	s, err := newShop(v.units, testDay)
	if err != nil {
		return err
	}
	ids, err := v.record(ctx, s)
	if err != nil {
		return err
	}
	r, err := v.rangeOf()
	if err != nil {
		return err
	}
	currency, err := v.code()
	if err != nil {
		return err
	}
	var errs []error
	if v.Expect.Totals != nil || v.Expect.Buckets != nil {
		code, err := v.coupon()
		if err != nil {
			return err
		}
		sum, err := s.Summary(ctx, ids[code], r)
		if err != nil {
			return err
		}
		if v.Expect.Totals != nil {
			errs = append(errs, v.Expect.Totals.compare("totals", sum.In(currency), v.exponent()))
		}
		if v.Expect.Buckets != nil {
			errs = append(errs, v.compareBuckets(ctx, s, ids[code], r, currency))
		}
	}
	if v.Expect.ByCoupon != nil {
		errs = append(errs, v.compareRows(ctx, s, ids, r, currency))
	}
	return errors.Join(errs...)
}

// record imports the orders that have coupons, one redemption for each.
func (v *summaryVector) record(ctx context.Context, s shop) (map[string]coupon.ID, error) {
	ids, codes := map[string]coupon.ID{}, map[string]string{}
	offer := func(code string) error {
		if _, ok := ids[code]; ok {
			return nil
		}
		codes[code] = code
		if _, err := coupon.ParseCode(code); err != nil {
			codes[code] = fmt.Sprintf("COUPON-%d", len(codes)) // no matter here what it is called
		}
		c, err := s.offer(ctx, couponSpec{}, codes[code])
		ids[code] = c.ID
		return err
	}
	asked := slices.Concat(v.Query.Filters.CouponsAny, v.Query.Filters.ReportOnly)
	for _, o := range v.orders() {
		for _, c := range o.Coupons {
			asked = append(asked, c.Code)
		}
	}
	for _, code := range asked {
		if err := offer(code); err != nil {
			return nil, err
		}
	}
	var bad error
	rows := func(yield func(coupon.PastRedemption, error) bool) {
		for _, o := range v.orders() {
			made, err := v.redemptions(o, codes)
			if err != nil {
				bad = err
				return
			}
			for _, row := range made {
				if !yield(row, nil) {
					return
				}
			}
		}
	}
	return ids, errors.Join(s.record(ctx, rows), bad)
}

// redemptions are what an order leaves: none while it is not placed, cancelled
// ones if it fell through.
func (v *summaryVector) redemptions(o order, codes map[string]string) (rows []coupon.PastRedemption, err error) {
	if !v.counts(o.Status) && !fellThrough(o.Status) {
		return nil, nil
	}
	subtotals, err := v.subtotals(o)
	if err != nil {
		return nil, err
	}
	currency, err := v.code()
	if err != nil {
		return nil, err
	}
	var all decimal.Decimal
	for _, c := range o.Coupons {
		all = all.Add(c.Discount)
	}
	for i, subtotal := range subtotals {
		for _, c := range o.Coupons {
			row := coupon.PastRedemption{Code: codes[c.Code], Booking: fmt.Sprintf("%s-%d", o.ID, i+1), Currency: currency,
				Customer: o.Customer, MadeAt: o.At, Subtotal: subtotal, Eligible: subtotal, Discount: c.Discount, OtherDiscounts: all.Sub(c.Discount)}
			if !v.counts(o.Status) {
				row.CancelledAt = o.At
			}
			for j, x := range o.Refunds {
				row.Refunds = append(row.Refunds, coupon.Refund{Key: fmt.Sprint(j + 1), At: x.At,
					Amount: coupon.Money{Amount: x.Amount, Currency: currency}})
			}
			rows = append(rows, row)
		}
	}
	return rows, nil
}

// subtotals are of each order that Repeat makes.
func (v *summaryVector) subtotals(o order) ([]decimal.Decimal, error) {
	n := max(1, o.Repeat)
	var one decimal.Decimal
	switch {
	case o.GroupTotal != nil:
		total, err := v.minor(*o.GroupTotal)
		if err != nil {
			return nil, err
		}
		currency, err := v.code()
		if err != nil {
			return nil, err
		}
		return splitUnits(decimal.New(total, -int32(v.exponent())), n, currency)
	case o.Subtotal != nil:
		one = *o.Subtotal
	default:
		for _, l := range o.Lines {
			one = one.Add(l.UnitPrice.Mul(decimal.NewFromInt(l.quantity())))
		}
	}
	return slices.Repeat([]decimal.Decimal{one}, int(n)), nil
}

// rangeOf is the query's range: an inclusive end is the second after it.
func (v *summaryVector) rangeOf() (r coupon.Range, err error) {
	if v.Query.From != "" {
		if r.From, err = parseTime(v.Query.From, time.UTC); err != nil {
			return r, err
		}
	}
	if v.Query.To != "" {
		if r.To, err = parseTime(v.Query.To, time.UTC); err != nil {
			return r, err
		}
		r.To = after(r.To)
	}
	return r, nil
}

func after(last time.Time) time.Time { return last.Truncate(time.Second).Add(time.Second) }

// compare looks at the figures that are ours. The mean is not one of them: it is
// divided here.
func (t totals) compare(what string, f coupon.Figures, exponent int) error {
	var errs []error
	if t.OrdersCount != nil {
		errs = append(errs, differs(what+" orders_count", *t.OrdersCount, f.Bookings))
	}
	var mean decimal.Decimal
	if f.Bookings > 0 {
		mean = f.RevenueAfterRefunds.Amount.DivRound(decimal.NewFromInt(f.Bookings), int32(exponent))
	}
	for _, a := range []struct {
		name string
		want *decimal.Decimal
		got  decimal.Decimal
	}{
		{"gross_sales", t.GrossSales, f.Subtotal.Amount},
		{"discount_total", t.DiscountTotal, f.Discounts.Amount},
		{"refunds", t.Refunds, f.Refunds.Amount},
		{"net_revenue", t.NetRevenue, f.RevenueAfterRefunds.Amount},
		{"avg_order_value", t.AvgOrderValue, mean},
	} {
		if a.want != nil {
			errs = append(errs, differsBy(what+" "+a.name, *a.want, a.got))
		}
	}
	return errors.Join(errs...)
}

// labels are how the engines name a bucket; the names of weeks and quarters are
// each one's own and not compared.
var labels = map[coupon.Interval]string{coupon.Hourly: "2006-01-02 15", coupon.Daily: time.DateOnly, coupon.Monthly: "2006-01", coupon.Yearly: "2006"}

func (v *summaryVector) compareBuckets(ctx context.Context, s shop, id coupon.ID, r coupon.Range, currency string) error {
	interval, ok := intervals[v.Query.Interval]
	if !ok {
		return fmt.Errorf("unknown interval %q", v.Query.Interval)
	}
	points, err := s.Timeline(ctx, id, r, interval, "UTC")
	if err != nil {
		return err
	}
	if len(points) != len(v.Expect.Buckets) {
		return differs("number of buckets", len(v.Expect.Buckets), len(points))
	}
	var errs []error
	for i, want := range v.Expect.Buckets {
		got := points[i]
		if layout, ok := labels[interval]; ok && want.Label != "" {
			errs = append(errs, differs("label", want.Label, got.Start.Format(layout)))
		}
		if want.From != nil {
			errs = append(errs, differs(want.Label+" from", want.From.UTC(), got.Start))
		}
		if want.To != nil {
			errs = append(errs, differs(want.Label+" to", after(*want.To).UTC(), got.End))
		}
		errs = append(errs, want.totals.compare(want.Label, got.In(currency), v.exponent()))
	}
	return errors.Join(errs...)
}

// compareRows looks at the summary of each coupon. In which order the rows are
// is a matter of the page.
func (v *summaryVector) compareRows(ctx context.Context, s shop, ids map[string]coupon.ID, r coupon.Range, currency string) error {
	var errs []error
	expected := map[string]bool{}
	for _, row := range v.Expect.ByCoupon {
		expected[row.Code] = true
	}
	only := v.Query.Filters.ReportOnly
	for code, id := range ids {
		sum, err := s.Summary(ctx, id, r)
		if err != nil {
			return err
		}
		reported := sum.In(currency).Bookings > 0 && (only == nil || slices.Contains(only, code))
		if reported && !expected[code] {
			errs = append(errs, fmt.Errorf("by_coupon: expected no row of %s, got one", code))
		}
	}
	for _, row := range v.Expect.ByCoupon {
		sum, err := s.Summary(ctx, ids[row.Code], r)
		if err != nil {
			return fmt.Errorf("by_coupon %s: %w", row.Code, err)
		}
		errs = append(errs, row.totals.compare("by_coupon "+row.Code, sum.In(currency), v.exponent()))
	}
	return errors.Join(errs...)
}
