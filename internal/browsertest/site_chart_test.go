package browsertest

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// table is the chart's data table.
type table struct {
	names     []string
	values    []int64 // redemptions
	revenue   []int64 // in cents
	discounts []int64
}

func dataTable(t *testing.T, p *Page) table {
	t.Helper()
	p.Click(".cp-chart-data summary")
	p.Wait(".cp-numbers")
	d := table{names: p.Texts(".cp-numbers tbody th")}
	for _, text := range p.Texts(".cp-numbers tbody td:nth-child(2)") {
		d.values = append(d.values, count(t, text))
	}
	for _, text := range p.Texts(".cp-numbers tbody td:nth-child(3)") {
		d.revenue = append(d.revenue, cents(t, text))
	}
	for _, text := range p.Texts(".cp-numbers tbody td:nth-child(4)") {
		d.discounts = append(d.discounts, cents(t, text))
	}
	return d
}

// drawn are the values of the chart's marks, from left to right.
func drawn(t *testing.T, p *Page, sel string) (values []int64) {
	t.Helper()
	for _, v := range p.Attributes(sel, "data-v") {
		values = append(values, count(t, v))
	}
	return values
}

func sum(values []int64) (total int64) {
	for _, v := range values {
		total += v
	}
	return total
}

// The chart, its table, its sentence and the headline figures say the same.
func TestChartAndSummaryAgree(t *testing.T) {
	t.Parallel()
	b := Start(t)
	tests := []struct{ code, query, marks string }{
		{"SPARKLE15", "", ".cp-bar"},
		{"SPARKLE15", "?chart=line", ".cp-dot"},
		{"SPARKLE15", "?period=90d&interval=day", ".cp-bar"},
		{"SPARKLE15", "?clock=service-date&interval=month", ".cp-bar"},
		{"LOYAL10", "?chart=line&interval=quarter", ".cp-dot"},
		{"FIRST60", "", ".cp-bar"},
		{"BRIGHT30", "?period=28d", ".cp-bar"},
	}
	for _, tt := range tests {
		t.Run(tt.code+tt.query, func(t *testing.T) {
			p := openCoupon(t, b, tt.code, Options{})
			visit(t, p, path(p)+tt.query)
			head, data := headlines(t, p), dataTable(t, p)
			if len(data.names) < 2 {
				t.Fatalf("rows %q: too few to prove anything", data.names)
			}
			marks := drawn(t, p, tt.marks)
			if !slices.Equal(marks, data.values) {
				t.Errorf("the chart draws %d, its table has %d", marks, data.values)
			}
			if got := p.Count(".cp-bar, .cp-dot"); got != len(marks) {
				t.Errorf("%d bars and dots, want %d of one kind", got, len(marks))
			}
			got := figures{sum(data.values), sum(data.revenue), sum(data.discounts)}
			if got != head {
				t.Errorf("the table sums to %+v, the headlines are %+v", got, head)
			}
			switch said := p.Texts("#cp-chart-text"); {
			case head.bookings > 0 && (len(said) != 1 || !strings.HasPrefix(said[0], strconv.FormatInt(head.bookings, 10)+" redemption")):
				t.Errorf("the sentence %q does not say %d", said, head.bookings)
			case head.bookings == 0 && p.Count(".cp-empty-title") == 0:
				t.Error("nothing says that the range is empty")
			}
			clean(t, p)
		})
	}
}

// A bar twice as high is twice as many.
func TestBarsAreInProportion(t *testing.T) {
	t.Parallel()
	b := Start(t)
	p := openCoupon(t, b, "SPARKLE15", Options{})
	values, heights := drawn(t, p, ".cp-bar"), p.Attributes(".cp-bar", "height")
	most := slices.Index(values, slices.Max(values))
	per := pixels(t, heights[most]) / float64(values[most])
	if per <= 0 {
		t.Fatalf("the highest bar is %s px for %d", heights[most], values[most])
	}
	for i, v := range values {
		if off := pixels(t, heights[i]) - per*float64(v); off > 0.02 || off < -0.02 {
			t.Errorf("bar %d of %d is %s px high, want %.2f", i, v, heights[i], per*float64(v))
		}
	}
}

func pixels(t *testing.T, text string) float64 {
	t.Helper()
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatalf("%q is no length", text)
	}
	return f
}

// The week that is not over looks like it, lest it be taken for a bad one.
func TestBucketGoingOnIsMarked(t *testing.T) {
	t.Parallel()
	b := Start(t)
	p := openCoupon(t, b, "SPARKLE15", Options{})
	coupon := path(p)
	for _, query := range []string{"", "?period=28d", "?chart=line"} {
		t.Run("coupon"+query, func(t *testing.T) {
			visit(t, p, coupon+query)
			marks := p.Attributes(".cp-bar, .cp-dot", "class")
			if last := marks[len(marks)-1]; !strings.HasSuffix(last, "-now") {
				t.Errorf("the last bucket is a %q, not marked as going on", last)
			}
			if got := p.Count(".cp-bar-now, .cp-dot-now"); got != 1 {
				t.Errorf("%d buckets are marked as going on, want one", got)
			}
		})
	}
}

// shown is what a person reads of the chart and the summary.
type shown struct {
	title, sentence, from, to string
	figures                   figures
	names                     []string
	dots                      []int64
	bookings                  string // where View bookings leads
}

// With JavaScript and without, the same clicks and keys lead to the same.
func TestLineAndCustomRangeWithAndWithoutJavaScript(t *testing.T) {
	t.Parallel()
	b := Start(t)
	today := time.Now()
	first, last := today.AddDate(0, 0, -100), today.AddDate(0, 0, -40)
	look := func(t *testing.T, noJS bool) shown {
		p := openCoupon(t, b, "SPARKLE15", Options{NoJS: noJS})
		bars := drawn(t, p, ".cp-bar")
		click := func(sel, ready string) {
			if noJS {
				p.Follow(sel)
			} else {
				p.Click(sel)
			}
			p.Wait(ready)
		}

		click("#cp-line", ".cp-dot")
		if got := drawn(t, p, ".cp-dot"); !slices.Equal(got, bars) {
			t.Errorf("the line has %d, the bars had %d", got, bars)
		}

		p.Click("#cp-other")
		p.Wait("#cp-from")
		p.Type("#cp-from", first.Format("01022006"))
		p.Type("#cp-to", last.Format("01022006"))
		click("#cp-show", `#cp-to[value="`+last.Format(time.DateOnly)+`"]`)
		if got := p.Count(".cp-bar"); got > 0 {
			t.Errorf("the line has become %d bars", got)
		}

		read := func() shown {
			return shown{
				title: p.Text("#cp-chart-title"), sentence: p.Text("#cp-chart-text"),
				from: p.Attributes("#cp-from", "value")[0], to: p.Attributes("#cp-to", "value")[0],
				figures: headlines(t, p), names: p.Texts(".cp-slot title"), dots: drawn(t, p, ".cp-dot"),
				bookings: p.Attributes(viewBookings, "href")[0],
			}
		}
		got := read()
		p.Reload()
		if again := read(); !same(again, got) {
			t.Errorf("loaded again: %+v\nwant %+v", again, got)
		}
		if noJS {
			p.FollowBack()
		} else {
			p.Back()
		}
		p.Wait(`.cp-report:not(:has([value="` + last.Format(time.DateOnly) + `"]))`)
		if got := drawn(t, p, ".cp-dot"); !slices.Equal(got, bars) {
			t.Errorf("back from the range: %d, want %d", got, bars)
		}
		clean(t, p)
		return got
	}
	with, without := look(t, false), look(t, true)
	if !same(with, without) {
		t.Errorf("with JavaScript    %+v\nwithout JavaScript %+v", with, without)
	}
	if with.from != first.Format(time.DateOnly) || with.to != last.Format(time.DateOnly) {
		t.Errorf("range %s to %s, want %s to %s", with.from, with.to, first.Format(time.DateOnly), last.Format(time.DateOnly))
	}
	if with.figures.bookings == 0 || with.figures.bookings != sum(with.dots) {
		t.Errorf("%d bookings, the dots sum to %d", with.figures.bookings, sum(with.dots))
	}
}

func same(a, b shown) bool {
	return a.title == b.title && a.sentence == b.sentence && a.from == b.from && a.to == b.to && a.figures == b.figures &&
		slices.Equal(a.names, b.names) && slices.Equal(a.dots, b.dots) && a.bookings == b.bookings
}
