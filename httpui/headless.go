package httpui

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/couponkit/coupon"
)

// RenderOptions say how a part is written from the host's own code. The zero
// value is the whole life of a coupon of Config.Service, in Config.Locale.
type RenderOptions struct {
	// Service is whose coupon it is, where Config has none or another one.
	Service *coupon.Service
	// Query is the state as the URL of a coupon's page has it: "period=28d",
	// "from=2026-03-01&to=2026-03-31&clock=service-date". What is not known there is
	// left out, with a notice in what is written. Empty is the whole life.
	Query string
	// Locale is "de-AT" and the like; empty is Config.Locale, or English.
	Locale string
}

// Render writes a widget of a coupon as HTML, the same as its URL answers: for the
// host's own pages and mails, under the host's own authorisation, since neither
// Authorize nor Can is asked. Links in it need [Config.BasePath]; its looks are in
// the stylesheet, see [Handler.StylesheetURL].
//
// An unknown coupon is [coupon.ErrNotFound], and nothing is written unless all is
// well.
func (h *Handler) Render(ctx context.Context, w io.Writer, kind Widget, id coupon.ID, o RenderOptions) error {
	switch kind {
	case SummaryWidget, ChartWidget, StatusWidget:
	default:
		return fmt.Errorf("httpui: there is no widget %q", kind)
	}
	p, in, err := h.headless(ctx, kind, id, o)
	if err != nil {
		return err
	}
	b, err := execute(in, p, "widget-head", "widget-"+string(kind), "widget-foot")
	if err != nil {
		return err
	}
	_, err = w.Write(b)
	return err
}

// RenderDrawing writes the drawing of [ChartWidget] alone, an <svg> element that
// is as wide as its place and has the color of the text around it, or with our
// stylesheet its own. Nothing is written where nobody used the coupon.
func (h *Handler) RenderDrawing(ctx context.Context, w io.Writer, id coupon.ID, o RenderOptions) error {
	p, in, err := h.headless(ctx, ChartWidget, id, o)
	if err != nil {
		return err
	}
	d := p.Content.(widgetView).Drawing
	if len(d.Bars) == 0 {
		return nil
	}
	p.Content = d
	b, err := execute(in, p, "drawing")
	if err != nil {
		return err
	}
	_, err = w.Write(b)
	return err
}

// headless reads a widget outside of a request, which it makes up.
func (h *Handler) headless(ctx context.Context, kind Widget, id coupon.ID, o RenderOptions) (page, words, error) {
	r := (&http.Request{Method: http.MethodGet, URL: &url.URL{RawQuery: o.Query}, Header: http.Header{}}).WithContext(ctx)
	locale := o.Locale
	if locale == "" {
		locale = h.cfg.Locale
	}
	if locale == "" {
		locale = "en"
	}
	q := &request{h: h, r: r, svc: o.Service, links: links{h.base}, words: h.wordsIn(locale)}
	if q.svc == nil {
		q.svc = h.cfg.Service
	}
	if q.svc == nil {
		return page{}, words{}, fmt.Errorf("httpui: Config has no Service: give RenderOptions.Service")
	}
	var err error
	if q.c, err = q.svc.Coupon(ctx, id); err != nil {
		return page{}, words{}, err
	}
	view, _, notices, err := q.widget(kind)
	if err != nil {
		return page{}, words{}, err
	}
	p := h.assetsPage(q.links)
	p.Language, p.Direction, p.Notices, p.Content = q.words.lang.tag.String(), q.words.lang.direction(), notices, view
	return p, q.words, nil
}
