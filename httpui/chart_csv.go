package httpui

import (
	"strconv"
	"time"

	"github.com/couponkit/coupon"
)

// reportCSV answers with the chart as a table: a row for each bucket, with all
// that there is of it, whatever the chart draws. Amounts are plain decimals, a
// column for each currency.
func (q *request) reportCSV(d reportData) error {
	loc := zoneOf(d.coupon)
	var then []coupon.Figures
	if d.before != nil {
		then = d.before.Currencies
	}
	currencies := currenciesOf(d.summary.Currencies, then)
	columns := func(prefix string) (out []string) {
		for _, name := range []string{"start", "end", "date", "bookings"} {
			out = append(out, prefix+name)
		}
		for _, code := range currencies {
			out = append(out, prefix+"bookings_"+code, prefix+"revenue_"+code, prefix+"discounts_"+code)
		}
		return out
	}
	header := columns("")
	if d.compared != nil {
		header = append(header, columns("compared_")...)
	}
	cells := func(row []string, points []coupon.Point, i int) []string {
		if i >= len(points) {
			return append(row, make([]string, 4+3*len(currencies))...)
		}
		p := points[i]
		n := int64(0)
		for _, f := range p.Currencies {
			n += f.Bookings
		}
		row = append(row, p.Start.In(loc).Format(time.RFC3339), p.End.In(loc).Format(time.RFC3339),
			coupon.DateOf(p.Start.In(loc)).String(), strconv.FormatInt(n, 10))
		for _, code := range currencies {
			f := p.In(code)
			row = append(row, strconv.FormatInt(f.Bookings, 10), f.Revenue.Plain(), f.Discounts.Plain())
		}
		return row
	}
	name := "redemptions-" + string(d.coupon.Code) + "-" + d.First.String() + "-" + d.Last.String() + ".csv"
	return q.csv(name, header, func(yield func([]string, error) bool) {
		for i := range max(len(d.points), len(d.pointsThen)) {
			row := cells(nil, d.points, i)
			if d.compared != nil {
				row = cells(row, d.pointsThen, i)
			}
			if !yield(row, nil) {
				return
			}
		}
	})
}
