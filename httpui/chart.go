package httpui

import (
	"math"
	"strconv"
	"time"

	"github.com/couponkit/coupon"
)

// chartSeries is what is drawn, and what the same range was before.
type chartSeries struct {
	Measure  measure
	By       coupon.Interval
	Range    string // in words
	Location *time.Location
	Buckets  []bucket
	Total    int64
	// Before is what it is compared with, bucket by bucket; it may have fewer, or
	// more. Without a comparison BeforeRange is empty.
	Before      []bucket
	BeforeTotal int64
	BeforeRange string
	Then        string // BeforeRange by its name, for a sentence
}

// chart is a drawing. Its x positions are percentages of the width, which the
// screen decides; its y positions are pixels, so that no text is distorted.
// Floats are fine here: nothing of it is money.
type chart struct {
	Line     bool
	Slots    []slot
	Width    string // of a slot, in %
	BarWidth string // in %
	Ticks    []tick
	Labels   []label
	Rules    []string // where the days of notes begin, in %
	Marks    []mark
	// Paths, x in thousandths of the width.
	Solid  string // the line
	Dashed string // its part that leads into the bucket that is going on
	Area   string // under the line
	Before string // what it is compared with
	// Measures in px.
	AxisWidth                     int
	Top, Base, Height, PlotHeight int
}

// slot is the column of one bucket.
type slot struct {
	Title  string // what it is and has, in words
	Value  string // a number as text is written into a page faster
	Before string // the value it is compared with; empty if there is none
	Drawn  bool   // it has a bar or dot: it is in the range, and has begun
	Now    bool
	X      string // of the column, in %
	BarX   string // of the bar, in %
	Middle string // in %
	Y      string // of the bar's end, in px
	Bar    string // its height, in px
}

type tick struct {
	Y     string
	TextY string
	Text  string
}

type label struct {
	X     string
	Text  string
	Minor bool // left out where there is little room: every other, and one that would hang over the end
}

// mark is the number of a note, or of several that stand close together.
type mark struct {
	X      string // of its middle, in %
	Left   int    // of its ground, in px from the middle
	Ground int    // the width of that, in px
	Text   string
}

const (
	chartTop  = 30  // px above the plot, for the notes
	plotSize  = 200 // px
	chartBase = chartTop + plotSize
	chartSize = chartBase + 24 // px, with the labels under the axis

	widestBar  = 6.0 // % of the width
	mostLabels = 8
	closeMarks = 2.4 // % of the width, at which two notes would cover each other
)

// newChart draws a series; notes has the bucket of each note.
func (w words) newChart(s chartSeries, line bool, notes []int) chart {
	c := chart{Line: line, Top: chartTop, Base: chartBase, Height: chartSize, PlotHeight: plotSize}
	if len(s.Buckets) == 0 {
		return c
	}
	var most int64
	for _, b := range s.Buckets {
		most = max(most, b.Value)
	}
	for _, b := range s.Before {
		most = max(most, b.Value)
	}
	top := c.axis(w, s.Measure, most)
	n := max(len(s.Buckets), len(s.Before))
	width := 100 / float64(n)
	bar := min(width*0.76, widestBar)
	c.Width, c.BarWidth = percent(width), percent(bar)
	said := w.saying(s.Measure)
	every := (n + mostLabels - 1) / mostLabels
	c.Slots = make([]slot, n)
	for i := range c.Slots {
		middle := (float64(i) + 0.5) * width
		x := &c.Slots[i]
		*x = slot{X: percent(float64(i) * width), BarX: percent(middle - bar/2), Middle: percent(middle)}
		if i < len(s.Buckets) {
			b := s.Buckets[i]
			height := plotSize * float64(b.Value) / top
			x.Value, x.Now, x.Drawn = strconv.FormatInt(b.Value, 10), b.Now, !b.Ahead
			x.Y, x.Bar = px(chartBase-height), px(height)
			if i%every == 0 {
				c.Labels = append(c.Labels, label{X: x.Middle, Text: w.label(b, s.By, s.Location), Minor: (i/every)%2 == 1 || every > 1 && i == n-1})
			}
		}
		if i < len(s.Before) {
			x.Before = strconv.FormatInt(s.Before[i].Value, 10)
		}
		x.Title = w.slotTitle(s, i, said)
	}
	if line {
		c.lines(s.Buckets, n, top)
	}
	c.Before = beforePath(s.Before, n, top, line, 10*bar)
	c.marks(notes, width)
	return c
}

// slotTitle says what a slot shows, and below it what that is compared with.
func (w words) slotTitle(s chartSeries, i int, said func(int64) string) string {
	text := ""
	if i < len(s.Buckets) {
		b := s.Buckets[i]
		if b.Ahead {
			text = w.t("chart.slot", "bucket", b.Long, "value", w.t("chart.not-yet"))
		} else {
			text = w.t("chart.slot", "bucket", b.Long, "value", said(b.Value))
		}
	}
	if i < len(s.Before) {
		if text != "" {
			text += "\n"
		}
		text += w.t("chart.slot", "bucket", s.Before[i].Long, "value", said(s.Before[i].Value))
	}
	return text
}

// axis makes the lines behind the chart and gives the value at its top.
func (c *chart) axis(w words, m measure, most int64) (top float64) {
	step := tickStep(most)
	steps := max(1, most/step)
	if most > steps*step {
		steps++
	}
	top = float64(step) * float64(steps)
	for i := range steps + 1 {
		y := chartBase - plotSize*float64(i)/float64(steps)
		text := w.tick(m, i*step)
		c.Ticks = append(c.Ticks, tick{Y: px(y), TextY: px(y + 4), Text: text})
		c.AxisWidth = max(c.AxisWidth, 12+7*len([]rune(text)))
	}
	return top
}

// tickStep is the distance of the lines behind the chart: 1, 2 or 5 times a power
// of ten, for at most five of them.
func tickStep(most int64) int64 {
	for size := int64(1); ; size *= 10 {
		for _, m := range []int64{1, 2, 5} {
			if most/(size*m) < 5 || most == size*m*5 || size > math.MaxInt64/100 {
				return size * m
			}
		}
	}
}

// marks put the notes at the start of their buckets; numbers of those that would
// cover each other stand together.
func (c *chart) marks(notes []int, width float64) {
	for i := 0; i < len(notes); {
		x := float64(notes[i]) * width
		j := i
		for j+1 < len(notes) && float64(notes[j+1])*width-x < closeMarks {
			j++
		}
		for k, n := range notes[i : j+1] {
			if k == 0 || n != notes[i+k-1] {
				c.Rules = append(c.Rules, percent(float64(n)*width))
			}
		}
		text := strconv.Itoa(i + 1)
		if j > i {
			text += "–" + strconv.Itoa(j+1)
		}
		ground := max(20, 10+7*len([]rune(text)))
		c.Marks = append(c.Marks, mark{X: percent(x), Left: -ground / 2, Ground: ground, Text: text})
		i = j + 1
	}
}

func px(f float64) string      { return strconv.FormatFloat(f, 'f', 2, 64) }
func percent(f float64) string { return strconv.FormatFloat(f, 'f', 3, 64) + "%" }
