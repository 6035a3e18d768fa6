package httpui

import (
	"github.com/couponkit/coupon"
)

// couponView is what a coupon's page shows.
type couponView struct {
	List        string // back to the list
	Code, Name  string
	Description string
	Status      coupon.Status
	StatusName  string
	Reason      string
	Switch      *switchView // nil if it can't be switched
	Facts       []fact
	Rules       []rule
	Report      reportView
	OutOfBand   bool // the overview is sent beside another part
}

// fact is a name and what it is.
type fact struct {
	Label string
	Text  string
	More  string // said beside it, more quietly
	URL   string // of the bookings that make it; empty for none
}

// switchView is the form that switches the coupon off or on.
type switchView struct {
	post
	Verb    string
	Confirm string
	Off     bool // it switches off
}

func (h *Handler) coupon(q *request) error {
	id := q.c.ID
	state, err := q.svc.State(q.r.Context(), id)
	if err != nil {
		return err
	}
	values := q.r.URL.Query()
	rep, notices, err := h.report(q, values, state.Coupon)
	if err != nil {
		return err
	}
	view := h.aboutView(q, state, rep.reportState)
	if view.Report, err = h.reportView(q, state.Coupon, rep); err != nil {
		return err
	}
	if url := q.links.coupon(id, rep.reportState); wantsFragment(q.r) && "?"+q.r.URL.RawQuery != rep.query().String() {
		q.w.Header().Set("HX-Push-Url", url)
	}
	a := answer{name: "coupon", title: q.words.name(state.Coupon), view: view, notices: notices}
	if done := values.Get("done"); done == doneWord(state.Coupon) {
		a.toast = q.words.done(state.Coupon)
	}
	return q.answer(a)
}

// aboutView is the page without its report.
func (h *Handler) aboutView(q *request, s coupon.CouponState, rep reportState) couponView {
	w := q.words
	view := couponView{List: q.links.home(), Code: string(s.Code), Name: s.Name, Description: s.Description,
		Status: s.Status, StatusName: w.status(s.Status), Reason: w.reason(s),
		Facts: w.facts(s), Rules: w.restrictions(s)}
	switch {
	case !q.may(Switch) || s.Status == coupon.Archived:
	case s.Inactive:
		view.Switch = &switchView{post: q.post(q.links.change(s.ID, "activate", rep)), Verb: "Activate",
			Confirm: "Activate " + string(s.Code) + "? New bookings can use it again, within its dates and limits."}
	default:
		view.Switch = &switchView{post: q.post(q.links.change(s.ID, "deactivate", rep)), Verb: "Deactivate", Off: true,
			Confirm: "Deactivate " + string(s.Code) + "? New bookings can’t use it from now on. Bookings that have it keep it, and you can activate it again."}
	}
	return view
}

// facts are the overview.
func (w words) facts(s coupon.CouponState) []fact {
	c, loc := s.Coupon, zoneOf(s.Coupon)
	name := fact{Label: "Name", Text: c.Name}
	if c.Name == "" {
		name.Text = "No name"
	}
	valid := "Checked against the moment a booking is made"
	if c.ValidBy == coupon.ServiceAt {
		valid = "Checked against the service date"
	}
	facts := []fact{
		name,
		{Label: "Code", Text: string(c.Code)},
		{Label: "Audience", Text: w.audience(c.Audience)},
		{Label: "Status", Text: w.status(s.Status), More: w.reason(s)},
		{Label: "Discount", Text: w.discount(c.Discount)},
		{Label: "Starts", Text: w.start(c, w.date), More: c.Zone},
	}
	if c.End.IsZero() {
		facts = append(facts, fact{Label: "Ends", Text: "No end date", More: valid})
	} else {
		facts = append(facts, fact{Label: "Ends", Text: "Until " + w.end(c, w.date), More: valid})
	}
	facts = append(facts, fact{Label: "Made", Text: w.instant(c.CreatedAt, loc), More: by(c.CreatedBy)})
	if c.Version > 1 {
		facts = append(facts, fact{Label: "Last changed", Text: w.instant(c.UpdatedAt, loc), More: by(c.UpdatedBy)})
	}
	return facts
}

func by(actor string) string {
	if actor == "" {
		return ""
	}
	return "by " + actor
}

func (h *Handler) deactivate(q *request) error {
	return h.change(q, (*coupon.Service).Deactivate)
}

func (h *Handler) activate(q *request) error {
	return h.change(q, (*coupon.Service).Activate)
}
