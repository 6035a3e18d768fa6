package httpui

import (
	"slices"
	"strings"
	"time"

	"github.com/couponkit/coupon"
)

const (
	sparkWidth  = 96 // px
	sparkHeight = 28 // px, with room for the line's own width
)

// spark is a small line without axes: how often a coupon was used over time. It
// says nothing that its row does not say in words too.
type spark struct {
	Width, Height int
	Line, Area    string // paths
}

// newSpark draws the bookings of a timeline; nothing if there are none. A bucket that
// is going on is left out: with a few hours of it every line would end in a fall.
func newSpark(points []coupon.Point, now time.Time) *spark {
	if n := len(points) - 1; n > 1 && points[n].End.After(now) && slices.ContainsFunc(points[:n], func(p coupon.Point) bool { return len(p.Currencies) > 0 }) {
		points = points[:n]
	}
	values := make([]int64, len(points))
	var most int64
	for i, p := range points {
		for _, f := range p.Currencies {
			values[i] += f.Bookings
		}
		most = max(most, values[i])
	}
	if most == 0 {
		return nil
	}
	if len(values) == 1 { // a line has two ends
		values = append(values, values[0])
	}
	var line strings.Builder
	x := func(i int) string { return px(sparkWidth * float64(i) / float64(len(values)-1)) }
	for i, v := range values {
		if i == 0 {
			line.WriteByte('M')
		} else {
			line.WriteByte('L')
		}
		line.WriteString(x(i) + " " + px(1.5+(sparkHeight-3)*(1-float64(v)/float64(most))))
	}
	s := &spark{Width: sparkWidth, Height: sparkHeight, Line: line.String()}
	bottom := px(sparkHeight)
	s.Area = s.Line + "L" + px(sparkWidth) + " " + bottom + "L0 " + bottom + "Z"
	return s
}
