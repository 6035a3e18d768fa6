package httpui

import (
	"context"
	"errors"
	"net/url"

	"github.com/couponkit/coupon"
)

const (
	fromList = "list"     // in the address of a form: it stands in the list
	switched = "switched" // in the address of the list: the coupon that was
)

// changeInList is change for a form of the list, whose state the form's address
// has: the list is shown again.
func (h *Handler) changeInList(q *request, do func(*coupon.Service, context.Context, coupon.ID) (coupon.Coupon, error)) error {
	c, err := do(q.svc, q.r.Context(), q.c.ID)
	if err != nil {
		return err
	}
	values := q.r.URL.Query()
	values.Set(switched, string(c.ID))
	if q.as == asPage && wantsFragment(q.r) {
		return h.showList(q, values)
	}
	state := parseList(&stateParser{words: q.words, values: values}, q.words)
	return q.leadTo(q.links.home()+state.query().with(switched, string(c.ID)).String(), c)
}

// listToast says what was just done to a coupon of the list; only if it is there
// and may be seen.
func (h *Handler) listToast(q *request, values url.Values) (string, error) {
	id := coupon.ID(values.Get(switched))
	if id == "" {
		return "", nil
	}
	c, err := q.svc.Coupon(q.r.Context(), id)
	switch {
	case errors.Is(err, coupon.ErrNotFound):
		return "", nil
	case err != nil, !h.may(q.r, View, c):
		return "", err
	}
	return q.words.done(c), nil
}
