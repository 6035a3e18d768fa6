package httpui

import (
	"strconv"
)

// drawn is a path in a square of 1000 by plotSize, of so many columns.
type drawn struct {
	d       []byte
	columns int
	top     float64 // the value at the top
}

// point adds a point of a column after a command such as 'M' or 'L'.
func (p *drawn) point(command byte, column int, value int64) {
	p.d = append(p.d, command)
	p.d = strconv.AppendFloat(p.d, 1000*(float64(column)+0.5)/float64(p.columns), 'f', 2, 64)
	p.d = append(p.d, ' ')
	p.d = strconv.AppendFloat(p.d, p.y(value), 'f', 2, 64)
}

func (p *drawn) y(value int64) float64 { return plotSize - plotSize*float64(value)/p.top }

// lines draw the buckets that have begun as a line, with the area under it.
func (c *chart) lines(buckets []bucket, columns int, top float64) {
	solid, dashed, area := drawn{columns: columns, top: top}, drawn{columns: columns, top: top}, drawn{columns: columns, top: top}
	last := -1
	for i, b := range buckets {
		switch {
		case b.Ahead:
			continue
		case last < 0:
			solid.point('M', i, b.Value)
			area.point('M', i, 0)
		case b.Now:
			dashed.point('M', last, buckets[last].Value)
			dashed.point('L', i, b.Value)
			solid.point('M', i, b.Value)
		default:
			solid.point('L', i, b.Value)
		}
		area.point('L', i, b.Value)
		last = i
	}
	if last < 0 {
		return
	}
	area.point('L', last, 0)
	c.Solid, c.Dashed, c.Area = string(solid.d), string(dashed.d), string(area.d)+"Z"
}

// beforePath draws what is compared with: over bars as a stroke where each one
// would have ended, wide thousandths of the width; otherwise as a line.
func beforePath(before []bucket, columns int, top float64, line bool, wide float64) string {
	p := drawn{columns: columns, top: top}
	for i, b := range before {
		switch {
		case line && len(before) > 1 && i == 0:
			p.point('M', i, b.Value)
		case line && len(before) > 1:
			p.point('L', i, b.Value)
		default:
			p.d = append(p.d, 'M')
			p.d = strconv.AppendFloat(p.d, 1000*(float64(i)+0.5)/float64(columns)-wide/2, 'f', 2, 64)
			p.d = append(p.d, ' ')
			p.d = strconv.AppendFloat(p.d, p.y(b.Value), 'f', 2, 64)
			p.d = append(p.d, 'h')
			p.d = strconv.AppendFloat(p.d, wide, 'f', 2, 64)
		}
	}
	return string(p.d)
}
