package httpui

// drawing is the small chart: bars without an axis, stretched to any width.
type drawing struct {
	Label               string
	Width, Height, Base int
	Bars                []drawingBar
}

type drawingBar struct {
	X, Y, Width, Height string
	Value               int64
	Title               string
	Now                 bool
}

const (
	drawingWidth = 600
	drawingBase  = 71 // px, above which the bars stand
)

func (w words) draw(buckets []bucket, title string) drawing {
	d := drawing{Label: title, Width: drawingWidth, Height: drawingBase + 1, Base: drawingBase}
	most := int64(1)
	for _, b := range buckets {
		most = max(most, b.Value)
	}
	slot := drawingWidth / float64(len(buckets))
	bar := min(slot*0.76, 0.08*drawingWidth)
	for i, b := range buckets {
		height := drawingBase * float64(b.Value) / float64(most)
		d.Bars = append(d.Bars, drawingBar{Value: b.Value, Now: b.Now, Title: w.t("widgets.bar", "bucket", b.Long, "n", w.Count(b.Value)),
			X: px((float64(i)+0.5)*slot - bar/2), Y: px(drawingBase - height), Width: px(bar), Height: px(height)})
	}
	return d
}
