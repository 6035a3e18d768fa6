package httpui

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/couponkit/coupon"
)

// bucket is one point of the timeline in words.
type bucket struct {
	coupon.Point
	bucketName
	Now   bool  // it is going on: what it shows is not all yet
	Value int64 // what the chart draws
}

// bucketName is how a bucket is called.
type bucketName struct {
	Short string // under the axis: "7 Jul"
	Long  string // by itself: "Week of 7 Jul 2026"
	When  string // in a sentence: "in the week of 7 Jul 2026"
}

// buckets names the points of a timeline.
func (w words) buckets(points []coupon.Point, by coupon.Interval, loc *time.Location, now time.Time) []bucket {
	out := make([]bucket, len(points))
	for i, p := range points {
		b := bucket{Point: p}
		for _, f := range p.Currencies {
			b.Value += f.Bookings
		}
		first, next := by.Start(p.Start, loc), by.Next(p.Start, loc)
		b.bucketName = w.bucketName(first.In(loc), by)
		if by == coupon.Weekly { // a first week that is cut begins in the range
			b.Short = w.dayMonth(coupon.DateOf(p.Start.In(loc)))
		}
		switch {
		case !p.Start.After(now) && next.After(now) && !p.End.Before(now):
			b.Now = true
			b.Long += " so far"
		case !first.Equal(p.Start) || !next.Equal(p.End):
			b.Long += " (part)"
		}
		out[i] = b
	}
	return out
}

// bucketName names the bucket that begins at t.
func (w words) bucketName(t time.Time, by coupon.Interval) bucketName {
	day := coupon.DateOf(t)
	year := strconv.Itoa(day.Year)
	switch by {
	case coupon.Hourly:
		name := w.shortDate(day) + ", " + t.Format("15:04")
		return bucketName{t.Format("15:04"), name, "in the hour from " + name}
	case coupon.Weekly:
		name := w.shortDate(day)
		return bucketName{w.dayMonth(day), "Week of " + name, "in the week of " + name}
	case coupon.Monthly:
		name := t.Format("January") + " " + year
		return bucketName{t.Format("Jan") + " " + year, name, "in " + name}
	case coupon.Quarterly:
		name := "Q" + strconv.Itoa(int(day.Month+2)/3) + " " + year
		return bucketName{name, name, "in " + name}
	case coupon.Yearly:
		return bucketName{year, year, "in " + year}
	default:
		name := day.Weekday().String()[:3] + " " + w.shortDate(day)
		return bucketName{w.dayMonth(day), name, "on " + name}
	}
}

// chart is a drawing. Its x positions are percentages of the width, which the
// screen decides; its y positions are pixels, so that no text is distorted.
// Floats are fine here: nothing of it is money.
type chart struct {
	Line      bool
	Slots     []slot
	Ticks     []tick
	Labels    []label
	Marks     []mark
	Solid     string // path of the line, x in thousandths of the width
	Dashed    string // its part that leads into the bucket that is going on
	Area      string // under the line
	AxisWidth int
	// Fixed measures, for the template.
	Top, Base, Height, PlotHeight int
}

// slot is the column of one bucket.
type slot struct {
	bucket
	X, Width       string // of the column, in %
	BarX, BarWidth string // of the bar in it, in %
	Y, BarHeight   string // of the bar, in px
	Middle         string // in %
}

type tick struct {
	Y     string
	TextY string
	Text  string
}

type label struct {
	X     string
	Text  string
	Minor bool // left out where there is little room
}

// mark is where a note, or several of one bucket, stand.
type mark struct {
	X    string
	Text string
}

const (
	chartTop  = 30  // px above the plot, for the notes
	plotSize  = 200 // px
	chartBase = chartTop + plotSize
	chartSize = chartBase + 24 // px, with the labels under the axis

	widestBar  = 6.0 // % of the width
	mostLabels = 8
)

// newChart draws buckets; notes has the bucket of each note.
func (w words) newChart(buckets []bucket, line bool, notes []int) chart {
	c := chart{Line: line, Top: chartTop, Base: chartBase, Height: chartSize, PlotHeight: plotSize}
	if len(buckets) == 0 {
		return c
	}
	var most int64
	for _, b := range buckets {
		most = max(most, b.Value)
	}
	step := tickStep(most)
	top := max(step, (most+step-1)/step*step)
	for v := int64(0); v <= top; v += step {
		y := chartBase - plotSize*float64(v)/float64(top)
		c.Ticks = append(c.Ticks, tick{Y: px(y), TextY: px(y + 4), Text: w.Count(v)})
		c.AxisWidth = max(c.AxisWidth, 8+8*len([]rune(w.Count(v))))
	}
	width := 100 / float64(len(buckets))
	bar := min(width*0.76, widestBar)
	every := (len(buckets) + mostLabels - 1) / mostLabels
	for i, b := range buckets {
		height := plotSize * float64(b.Value) / float64(top)
		middle := (float64(i) + 0.5) * width
		c.Slots = append(c.Slots, slot{bucket: b,
			X: percent(float64(i) * width), Width: percent(width),
			BarX: percent(middle - bar/2), BarWidth: percent(bar), Middle: percent(middle),
			Y: px(chartBase - height), BarHeight: px(height)})
		if i%every == 0 {
			c.Labels = append(c.Labels, label{X: percent(middle), Text: b.Short, Minor: (i/every)%2 == 1})
		}
	}
	if line {
		c.Solid, c.Dashed, c.Area = paths(buckets, top)
	}
	c.Marks = marks(notes, width)
	return c
}

// tickStep is the distance of the lines behind the chart: 1, 2 or 5 times a power
// of ten, for at most five of them.
func tickStep(most int64) int64 {
	for size := int64(1); ; size *= 10 {
		for _, m := range []int64{1, 2, 5} {
			if size*m*5 >= most || size > math.MaxInt64/100 {
				return size * m
			}
		}
	}
}

// paths draws the line in a square of 1000 by plotSize.
func paths(buckets []bucket, top int64) (solid, dashed, area string) {
	var s, d strings.Builder
	point := func(i int) string {
		x := 1000 * (float64(i) + 0.5) / float64(len(buckets))
		y := plotSize - plotSize*float64(buckets[i].Value)/float64(top)
		return px(x) + " " + px(y)
	}
	s.WriteString("M" + point(0))
	all := "M" + point(0)
	for i := 1; i < len(buckets); i++ {
		all += "L" + point(i)
		if buckets[i].Now {
			d.WriteString("M" + point(i-1) + "L" + point(i))
			s.WriteString("M" + point(i))
		} else {
			s.WriteString("L" + point(i))
		}
	}
	last := 1000 * (float64(len(buckets)) - 0.5) / float64(len(buckets))
	first := 500 / float64(len(buckets))
	area = all + "L" + px(last) + " " + strconv.Itoa(plotSize) + "L" + px(first) + " " + strconv.Itoa(plotSize) + "Z"
	return s.String(), d.String(), area
}

// marks put the notes at the start of their buckets, several of one together.
func marks(notes []int, width float64) []mark {
	var out []mark
	for i := 0; i < len(notes); {
		j := i
		for j+1 < len(notes) && notes[j+1] == notes[i] {
			j++
		}
		text := strconv.Itoa(i + 1)
		if j > i {
			text += "–" + strconv.Itoa(j+1)
		}
		out = append(out, mark{X: percent(float64(notes[i]) * width), Text: text})
		i = j + 1
	}
	return out
}

func px(f float64) string      { return strconv.FormatFloat(f, 'f', 2, 64) }
func percent(f float64) string { return strconv.FormatFloat(f, 'f', 3, 64) + "%" }

// sentence says the chart in words: how many, and when most.
func (w words) sentence(buckets []bucket, by coupon.Interval, over string) string {
	var total, most int64
	best, equals := 0, int64(0)
	for i, b := range buckets {
		total += b.Value
		switch {
		case b.Value > most:
			most, best, equals = b.Value, i, 0
		case b.Value == most:
			equals++
		}
	}
	if total == 0 {
		return "No redemptions, " + over + "."
	}
	s := w.plural(total, "redemption", "redemptions") + ", " + over + "."
	if len(buckets) > 1 && most > 1 {
		s += " The most, " + w.Count(most) + ", " + buckets[best].When
		if name := w.interval(by); equals > 0 {
			s += " and " + w.plural(equals, "other "+name, "other "+name+"s")
		}
		s += "."
	}
	return s
}

// dataTable is the chart as a table.
type dataTable struct {
	Unit    string // "month"
	Columns []string
	Rows    []dataRow
}

type dataRow struct {
	Name   string
	Value  int64
	Count  string
	Amount []string // revenue and discount, per currency
}

func (w words) newTable(buckets []bucket, s coupon.Summary, unit string) dataTable {
	t := dataTable{Unit: upperFirst(unit)}
	for _, f := range s.Currencies {
		t.Columns = append(t.Columns, "Revenue, "+f.Currency, "Discounts, "+f.Currency)
	}
	for _, b := range buckets {
		row := dataRow{Name: b.Long, Value: b.Value, Count: w.Count(b.Value)}
		for _, f := range s.Currencies {
			in := b.In(f.Currency)
			row.Amount = append(row.Amount, w.Money(in.Revenue), w.Money(in.Discounts))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// countOf is a count to divide money by.
func countOf(n int64) decimal.Decimal { return decimal.NewFromInt(n) }
