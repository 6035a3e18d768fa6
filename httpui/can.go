package httpui

import (
	"net/http"

	"github.com/couponkit/coupon"
)

// Action is what somebody wants to do: [Config.Can] is asked for it. The values
// are stable.
type Action string

// The actions, in the order in which a coupon lives.
const (
	View      Action = "view"      // see the coupon, its figures and bookings
	Export    Action = "export"    // take them away as CSV or JSON
	Create    Action = "create"    // make a coupon; Can is given the zero Coupon
	Edit      Action = "edit"      // change it
	Switch    Action = "switch"    // deactivate and activate it
	Duplicate Action = "duplicate" // begin a new one with what it has
	Annotate  Action = "annotate"  // write, change and remove notes on its chart
	Generate  Action = "generate"  // make further codes; see them is View, download them Export
	Cancel    Action = "cancel"    // cancel a booking's redemptions
	Refund    Action = "refund"    // record a refund of a booking
	Archive   Action = "archive"   // put it away for good
)

// changes reports whether an action changes something.
func (a Action) changes() bool { return a != View && a != Export }

// may asks whether somebody may do something. Read-only is stronger than what
// the host allows.
func (h *Handler) may(r *http.Request, a Action, c coupon.Coupon) bool {
	if h.cfg.ReadOnly && a.changes() {
		return false
	}
	return h.cfg.Can == nil || h.cfg.Can(r, a, c)
}

// may is Handler.may for the coupon of the request.
func (q *request) may(a Action) bool { return q.h.may(q.r, a, q.c) }
