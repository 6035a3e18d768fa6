package httpui

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/couponkit/coupon"
)

var (
	errForbidden    = errors.New("httpui: not authorized")
	errCrossOrigin  = errors.New("httpui: a form posted from another origin")
	errMayNot       = errors.New("httpui: not allowed by Config.Can")
	errReadOnly     = errors.New("httpui: read only")
	errNotFound     = errors.New("httpui: no such page")
	errMethod       = errors.New("httpui: no such method here")
	errGone         = errors.New("httpui: the browser is gone")
	errForm         = errors.New("httpui: a form that can't be read")
	errArchived     = errors.New("httpui: the coupon is archived")
	errArchivedEdit = errors.New("httpui: an archived coupon can't be edited")
	errChanged      = errors.New("httpui: the coupon is changed, and can't be shown")
)

// formatError: the address is not there in the format that was asked for.
type formatError struct{ has []representation }

// Error is for logs.
func (e *formatError) Error() string { return "httpui: no such format; there are " + e.list() }

func (e *formatError) list() string { return strings.Join(texts(e.has), ", ") }

// problem is what the browser is told of an error.
type problem struct {
	Status int
	Kind   string // names its texts, and is told to programs
	Title  string
	Text   string
	with   []any // what stands in Text: names and values
	// Bare leaves out all that leads on, for those who may see nothing.
	Bare bool
}

// problemOf is the one place where errors become answers.
func problemOf(err error) problem {
	var tooLarge *http.MaxBytesError
	var format *formatError
	switch {
	case errors.Is(err, errForbidden):
		return problem{Status: http.StatusForbidden, Kind: "no-access", Bare: true}
	case errors.Is(err, errCrossOrigin):
		return problem{Status: http.StatusForbidden, Kind: "other-origin", Bare: true}
	case errors.Is(err, errMayNot):
		return problem{Status: http.StatusForbidden, Kind: "not-allowed"}
	case errors.Is(err, errReadOnly):
		return problem{Status: http.StatusForbidden, Kind: "read-only"}
	case errors.Is(err, errNotFound), errors.Is(err, coupon.ErrNotFound):
		return problem{Status: http.StatusNotFound, Kind: "not-found"}
	case errors.Is(err, errMethod):
		return problem{Status: http.StatusMethodNotAllowed, Kind: "method"}
	case errors.As(err, &format):
		return problem{Status: http.StatusNotAcceptable, Kind: "format", with: []any{"formats", format.list()}}
	case errors.As(err, &tooLarge):
		return problem{Status: http.StatusRequestEntityTooLarge, Kind: "too-large"}
	case errors.Is(err, errForm):
		return problem{Status: http.StatusBadRequest, Kind: "form"}
	case errors.Is(err, errArchivedEdit):
		return problem{Status: http.StatusConflict, Kind: "archived-edit"}
	case errors.Is(err, errArchived), errors.Is(err, coupon.ErrInvalid):
		return problem{Status: http.StatusConflict, Kind: "archived"}
	case errors.Is(err, errChanged):
		return problem{Status: http.StatusServiceUnavailable, Kind: "changed"}
	case errors.Is(err, coupon.ErrOutcomeUnknown):
		return problem{Status: http.StatusServiceUnavailable, Kind: "outcome-unknown"}
	case errors.Is(err, coupon.ErrContention), errors.Is(err, context.DeadlineExceeded):
		return problem{Status: http.StatusServiceUnavailable, Kind: "busy"}
	default:
		return problem{Status: http.StatusInternalServerError, Kind: "internal"}
	}
}

// fail answers with an error. What went wrong inside is for the log alone.
func (h *Handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, errGone) {
		return
	}
	in := h.wordsFor(r)
	p := problemOf(err)
	p.Title, p.Text = in.t("errors."+p.Kind+".title"), in.t("errors."+p.Kind+".text", p.with...)
	if errors.Is(r.Context().Err(), context.Canceled) {
		// The browser is gone, or the host is shutting down and it is not.
		http.Error(w, in.t("errors.gone"), http.StatusServiceUnavailable)
		return
	}
	if p.Status >= http.StatusInternalServerError {
		h.log.ErrorContext(r.Context(), "httpui: request failed", "method", r.Method, "path", r.URL.Path, "error", err)
	}
	if err := h.tell(w, r, in, p); err != nil && !errors.Is(err, errGone) {
		h.log.ErrorContext(r.Context(), "httpui: error page failed", "error", err)
		http.Error(w, http.StatusText(p.Status), p.Status)
	}
}

// tell shows a problem in the form that was asked for.
func (h *Handler) tell(w http.ResponseWriter, r *http.Request, in words, p problem) error {
	if representationOf(r) == asJSON {
		return writeJSON(w, p.Status, envelope{Error: &failure{Status: p.Status, Kind: p.Kind, Text: p.Title + ". " + p.Text}})
	}
	content := h.newPage(r, in, linksOf(r), p.Title, p)
	switch {
	case isWidget(r):
		// The widget's place is the only one of ours on a page of the host's.
		return h.sendWidget(w, r, p.Status, in, content, "widget-error")
	case wantsFragment(r):
		// What is on the page stays, and the error is said beside it.
		w.Header().Set("HX-Retarget", "#cp-toast")
		w.Header().Set("HX-Reswap", "innerHTML")
		return write(w, p.Status, in, content, "error-part")
	case p.Bare:
		return write(w, p.Status, in, content, "error-bare")
	default:
		return h.sendPage(w, r, p.Status, in, content, "error")
	}
}
