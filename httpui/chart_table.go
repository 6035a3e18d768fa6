package httpui

import (
	"strconv"

	"github.com/couponkit/coupon"
)

// dataTable is the chart as a table, with all that there is of each bucket.
type dataTable struct {
	Unit    string // "Month"
	Columns []string
	Rows    []dataRow
}

type dataRow struct {
	Name  string
	Value string // redemptions, for programs
	Count string
	Cells []string // revenue and discounts per currency, then the same of what it is compared with
}

// newTable has the columns of every currency.
func (w words) newTable(s chartSeries, currencies []string) dataTable {
	t := dataTable{Unit: w.intervalName(s.By)}
	for _, code := range currencies {
		t.Columns = append(t.Columns, w.t("chart.table.revenue", "currency", code), w.t("chart.table.discounts", "currency", code))
	}
	if s.BeforeRange != "" {
		t.Columns = append(t.Columns, w.t("chart.table.before"), w.t("chart.table.redemptions-before"))
		for _, code := range currencies {
			t.Columns = append(t.Columns, w.t("chart.table.revenue-before", "currency", code), w.t("chart.table.discounts-before", "currency", code))
		}
	}
	write := tableWriter{w, map[int64]string{}, map[amount]string{}}
	t.Rows = make([]dataRow, max(len(s.Buckets), len(s.Before)))
	for i := range t.Rows {
		row := dataRow{Name: noValue, Value: "0", Count: noValue, Cells: make([]string, 0, len(t.Columns))}
		if i < len(s.Buckets) {
			b := s.Buckets[i]
			row.Name = b.Long
			n, text, cells := write.cells(b, currencies, row.Cells)
			row.Value, row.Count, row.Cells = strconv.FormatInt(n, 10), text, cells
		} else {
			row.Cells = append(row.Cells, dashes(2*len(currencies))...)
		}
		switch {
		case i < len(s.Before):
			_, n, cells := write.cells(s.Before[i], currencies, nil)
			row.Cells = append(append(row.Cells, s.Before[i].Long, n), cells...)
		case s.BeforeRange != "":
			row.Cells = append(row.Cells, dashes(2+2*len(currencies))...)
		}
		t.Rows[i] = row
	}
	return t
}

// tableWriter writes each count and amount once: most of a table's are the same
// few.
type tableWriter struct {
	words
	counts  map[int64]string
	amounts map[amount]string
}

type amount struct {
	minor    int64
	currency string
}

// cells are the figures of a bucket, added to those that are there.
func (w tableWriter) cells(b bucket, currencies []string, to []string) (n int64, text string, cells []string) {
	if b.Ahead {
		return 0, noValue, append(to, dashes(2*len(currencies))...)
	}
	for _, f := range b.Currencies {
		n += f.Bookings
	}
	for _, code := range currencies {
		f := b.In(code)
		to = append(to, w.money(f.Revenue), w.money(f.Discounts))
	}
	text, ok := w.counts[n]
	if !ok {
		text = w.Count(n)
		w.counts[n] = text
	}
	return n, text, to
}

func (w tableWriter) money(m coupon.Money) string {
	minor, err := m.Minor()
	if err != nil {
		return w.Money(m)
	}
	key := amount{minor, m.Currency}
	text, ok := w.amounts[key]
	if !ok {
		text = w.Money(m)
		w.amounts[key] = text
	}
	return text
}

// noValue stands where there is nothing to say, which is not zero.
const noValue = "–"

func dashes(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = noValue
	}
	return out
}

// currenciesOf are those of a range and of what it is compared with, in the order
// in which both have them.
func currenciesOf(a, b []coupon.Figures) []string {
	var out []string
	for len(a) > 0 || len(b) > 0 {
		switch {
		case len(b) == 0, len(a) > 0 && a[0].Currency < b[0].Currency:
			out, a = append(out, a[0].Currency), a[1:]
		case len(a) == 0, b[0].Currency < a[0].Currency:
			out, b = append(out, b[0].Currency), b[1:]
		default:
			out, a, b = append(out, a[0].Currency), a[1:], b[1:]
		}
	}
	return out
}
