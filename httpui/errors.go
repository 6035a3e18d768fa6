package httpui

import (
	"context"
	"errors"
	"net/http"

	"github.com/couponkit/coupon"
)

var (
	errForbidden   = errors.New("httpui: not authorized")
	errCrossOrigin = errors.New("httpui: a form posted from another origin")
	errReadOnly    = errors.New("httpui: read only")
	errNotFound    = errors.New("httpui: no such page")
	errMethod      = errors.New("httpui: no such method here")
	errGone        = errors.New("httpui: the browser is gone")
	errForm        = errors.New("httpui: a form that can't be read")
	errArchived    = errors.New("httpui: the coupon is archived")
	errChanged     = errors.New("httpui: the coupon is changed, and can't be shown")
)

// problem is what the browser is told of an error.
type problem struct {
	Status int
	Title  string
	Text   string
	// Bare leaves out all that leads on, for those who may see nothing.
	Bare bool
}

// problemOf is the one place where errors become answers.
func problemOf(err error) problem {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.Is(err, errForbidden):
		return problem{Status: http.StatusForbidden, Title: "No access", Text: "This page is not open to you. Sign in, or ask whoever runs this site.", Bare: true}
	case errors.Is(err, errCrossOrigin):
		return problem{Status: http.StatusForbidden, Title: "Not accepted", Text: "This came from another site, so nothing was changed. Open the page here and try again.", Bare: true}
	case errors.Is(err, errReadOnly):
		return problem{Status: http.StatusForbidden, Title: "Read only", Text: "Coupons can be looked at here and not changed."}
	case errors.Is(err, errNotFound), errors.Is(err, coupon.ErrNotFound):
		return problem{Status: http.StatusNotFound, Title: "Not found", Text: "There is nothing under this address. The coupon may belong to another account."}
	case errors.Is(err, errMethod):
		return problem{Status: http.StatusMethodNotAllowed, Title: "Not possible", Text: "This address does not take that kind of request."}
	case errors.As(err, &tooLarge):
		return problem{Status: http.StatusRequestEntityTooLarge, Title: "Too large", Text: "The form was larger than anything asked for here, so nothing was changed."}
	case errors.Is(err, errForm):
		return problem{Status: http.StatusBadRequest, Title: "Not understood", Text: "The form can’t be read, so nothing was changed. Open the page and try again."}
	case errors.Is(err, errArchived), errors.Is(err, coupon.ErrInvalid):
		return problem{Status: http.StatusConflict, Title: "Archived", Text: "The coupon was put away meanwhile: it can’t be switched on or off any more. Open its page again to see it as it is."}
	case errors.Is(err, errChanged):
		return problem{Status: http.StatusServiceUnavailable, Title: "Done", Text: "The coupon was changed, but can’t be shown just now. Open its page again in a moment."}
	case errors.Is(err, coupon.ErrOutcomeUnknown):
		return problem{Status: http.StatusServiceUnavailable, Title: "Perhaps done", Text: "The connection to the database broke at the last moment. Look at the coupon to see whether it was changed, and try again if not."}
	case errors.Is(err, coupon.ErrContention), errors.Is(err, context.DeadlineExceeded):
		return problem{Status: http.StatusServiceUnavailable, Title: "Busy", Text: "The database is busy and nothing was changed. Try again in a moment."}
	default:
		return problem{Status: http.StatusInternalServerError, Title: "Something went wrong", Text: "It is not your fault. Try again; if it stays like this, tell whoever runs this site."}
	}
}

// fail answers with an error. What went wrong inside is for the log alone.
func (h *Handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, errGone) {
		return
	}
	p := problemOf(err)
	if errors.Is(r.Context().Err(), context.Canceled) {
		// The browser is gone, or the host is shutting down and it is not.
		http.Error(w, "Try again in a moment.", http.StatusServiceUnavailable)
		return
	}
	if p.Status >= http.StatusInternalServerError {
		h.log.ErrorContext(r.Context(), "httpui: request failed", "method", r.Method, "path", r.URL.Path, "error", err)
	}
	name := "error"
	if wantsFragment(r) {
		// What is on the page stays, and the error is said beside it.
		w.Header().Set("HX-Retarget", "#cp-toast")
		w.Header().Set("HX-Reswap", "innerHTML")
		name = "error-part"
	}
	if err := h.write(w, p.Status, name, h.newPage(linksOf(r), p.Title, p)); err != nil && !errors.Is(err, errGone) {
		h.log.ErrorContext(r.Context(), "httpui: error page failed", "error", err)
		http.Error(w, http.StatusText(p.Status), p.Status)
	}
}
