package httpui

import (
	"context"
	"fmt"

	"github.com/couponkit/coupon"
)

// change switches or archives a coupon and shows it again: with what it was, doing
// it twice does nothing more. A plain form is sent back to the page; htmx gets the
// parts of the page that are different now, and the chart stays as it is.
func (h *Handler) change(q *request, do func(*coupon.Service, context.Context, coupon.ID) (coupon.Coupon, error)) error {
	if q.r.URL.Query().Get(fromList) != "" {
		return h.changeInList(q, do)
	}
	// What can fail before the change is done before it: "nothing was changed"
	// must be true.
	rep, _, err := h.report(q, q.r.URL.Query(), q.c)
	if err != nil {
		return err
	}
	c, err := do(q.svc, q.r.Context(), q.c.ID)
	if err != nil {
		return err
	}
	if q.as == asPage && !wantsFragment(q.r) {
		return q.leadTo(q.links.of(c.ID)+rep.query().with("done", doneWord(c)).String(), nil)
	}
	state, err := q.svc.State(q.r.Context(), c.ID)
	if err != nil {
		return fmt.Errorf("%w: %w", errChanged, err)
	}
	view, err := q.about(state, rep.reportState)
	if err != nil {
		return fmt.Errorf("%w: %w", errChanged, err)
	}
	view.OutOfBand = true
	if view.Next != nil {
		view.Next.OutOfBand = true
	}
	return q.answer(answer{name: "changed", title: q.words.name(c), view: view, data: couponData{Coupon: couponJSONOf(state)}, toast: q.words.done(c)})
}

// doneWord is what the URL says after a change; it is only believed if the
// coupon is so.
func doneWord(c coupon.Coupon) string {
	switch {
	case !c.ArchivedAt.IsZero():
		return "archived"
	case c.Inactive:
		return "deactivated"
	}
	return "activated"
}

func (w words) done(c coupon.Coupon) string { return w.t("coupon.done."+doneWord(c), "code", c.Code) }
