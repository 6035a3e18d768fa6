package httpui

import (
	"net/http"
	"path"
	"time"

	"github.com/couponkit/coupon"
)

// Widget is a small part about one coupon for a page of the host's own.
type Widget string

// The widgets. Each has a URL, [Handler.WidgetURL], and can be written without
// HTTP, [Handler.Render].
const (
	// SummaryWidget is the three headline figures of a range, per currency.
	SummaryWidget Widget = "summary"
	// ChartWidget is a small chart of a range, and what it says in a sentence.
	ChartWidget Widget = "chart"
	// StatusWidget is the status with its reason.
	StatusWidget Widget = "status"
)

// widgetView is what the widgets show, each a part of it.
type widgetView struct {
	URL        string // the coupon's page, with the same range
	Name, Code string // Code is empty where it is the name
	Status     coupon.Status
	StatusName string
	Reason     string
	Range      string
	Clock      string // empty if it is the day of booking
	Figures    [][]fact
	Empty      string // why there is nothing to show; empty if there is
	Drawing    drawing
	First      string // bucket of the drawing
	Last       string
	Sentence   string
}

// widgetData is a widget as JSON.
type widgetData struct {
	Coupon  widgetCoupon   `json:"coupon"`
	Range   *widgetRange   `json:"range,omitempty"`
	Figures []widgetFigure `json:"figures,omitempty"`
	Points  []widgetPoint  `json:"points,omitempty"`
}

type widgetCoupon struct {
	ID     coupon.ID     `json:"id"`
	Code   coupon.Code   `json:"code"`
	Name   string        `json:"name"`
	Status coupon.Status `json:"status,omitempty"`
}

// widgetRange has its last day included.
type widgetRange struct {
	From  string       `json:"from"`
	To    string       `json:"to"`
	Zone  string       `json:"zone"`
	Clock coupon.Clock `json:"clock"`
}

type widgetFigure struct {
	Currency  string       `json:"currency"`
	Bookings  int64        `json:"bookings"`
	Revenue   coupon.Money `json:"revenue"`
	Discounts coupon.Money `json:"discounts"`
}

type widgetPoint struct {
	Start    time.Time `json:"start"`
	Bookings int64     `json:"bookings"`
}

func widgetRoute(kind Widget) func(*Handler, *request) error {
	return func(h *Handler, q *request) error {
		view, data, notices, err := q.widget(kind)
		if err != nil {
			return err
		}
		if q.as == asJSON {
			return q.json(http.StatusOK, envelope{Data: data, Notices: notices})
		}
		p := h.newPage(q.r, q.words, q.links, q.words.name(q.c), view)
		p.Notices = notices
		return h.sendWidget(q.w, q.r, http.StatusOK, q.words, p, "widget-"+string(kind))
	}
}

// isWidget tells by the path whether a request is for a widget, also before it is
// known who asks.
func isWidget(r *http.Request) bool {
	m, _ := r.Context().Value(mountKey).(mount)
	ok, _ := path.Match("/c/*/widget/*", m.path)
	return ok
}

// sendWidget answers htmx with the widget, and others with a small page of it.
func (h *Handler) sendWidget(w http.ResponseWriter, r *http.Request, status int, in words, p page, name string) error {
	if wantsFragment(r) {
		return write(w, status, in, p, "widget-head", name, "widget-foot")
	}
	return write(w, status, in, p, "widget-page-head", "widget-head", name, "widget-foot", "widget-page-foot")
}

// widget reads what a widget of the request's coupon shows.
func (q *request) widget(kind Widget) (v widgetView, data widgetData, notices []string, err error) {
	c, ctx, w := q.c, q.r.Context(), q.words
	v = widgetView{URL: q.links.of(c.ID), Name: w.name(c), Code: string(c.Code)}
	if c.Name == "" {
		v.Code = ""
	}
	data.Coupon = widgetCoupon{ID: c.ID, Code: c.Code, Name: c.Name}
	if kind == StatusWidget {
		state, err := q.svc.State(ctx, c.ID)
		if err != nil {
			return v, data, nil, err
		}
		v.Status, v.StatusName, v.Reason = state.Status, w.status(state.Status), w.reason(state)
		data.Coupon.Status = state.Status
		return v, data, nil, nil
	}
	rep, notices, err := q.h.report(q, q.r.URL.Query(), c)
	if err != nil {
		return v, data, nil, err
	}
	v.URL, v.Range = q.links.coupon(c.ID, rep.reportState), w.dateRange(rep.First, rep.Last)
	if rep.Range.Clock == coupon.ServiceAt {
		v.Clock = w.t("widgets.by-service-date")
	}
	v.Empty = w.t("widgets.none")
	if c.Start.After(q.svc.Now()) {
		v.Empty = w.t("widgets.not-begun")
	}
	data.Range = &widgetRange{From: rep.First.String(), To: rep.Last.String(), Zone: c.Zone, Clock: rep.Range.Clock}
	if kind == SummaryWidget {
		summary, err := q.svc.Summary(ctx, c.ID, rep.Range)
		if err != nil {
			return v, data, nil, err
		}
		for _, f := range summary.Currencies {
			v.Figures = append(v.Figures, []fact{
				{Label: w.t("widgets.bookings"), Text: w.Count(f.Bookings)},
				{Label: w.t("widgets.revenue"), Text: w.Money(f.Revenue)},
				{Label: w.t("widgets.discounts"), Text: w.Money(f.Discounts)},
			})
			data.Figures = append(data.Figures, widgetFigure{f.Currency, f.Bookings, f.Revenue, f.Discounts})
		}
		return v, data, notices, nil
	}
	points, err := q.svc.Timeline(ctx, c.ID, rep.Range, rep.By, c.Zone)
	if err != nil {
		return v, data, nil, err
	}
	buckets, err := w.buckets(points, measure{}, rep.By, rep.Range.Clock, zoneOf(c), q.svc.Now())
	if err != nil {
		return v, data, nil, err
	}
	total := int64(0)
	for _, b := range buckets {
		total += b.Value
		data.Points = append(data.Points, widgetPoint{b.Start, b.Value})
	}
	if total > 0 {
		v.Empty, v.Sentence = "", w.sentence(chartSeries{By: rep.By, Range: v.Range, Buckets: buckets, Total: total})
		v.First, v.Last = w.label(buckets[0], rep.By, zoneOf(c)), w.label(buckets[len(buckets)-1], rep.By, zoneOf(c))
		v.Drawing = w.draw(buckets, w.t("widgets.chart", "code", c.Code, "range", v.Range))
	}
	return v, data, notices, nil
}
