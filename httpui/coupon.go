package httpui

import (
	"github.com/couponkit/coupon"
)

// couponView is what a coupon's page shows.
type couponView struct {
	List        string // back to the list
	Codes       string // its further codes
	Code, Name  string
	Description string
	Status      coupon.Status
	StatusName  string
	Switch      *switchView // nil if it can't be switched
	Facts       []statement
	Rules       []statement
	History     *historyView // nil if nothing was ever changed
	Report      reportView
	Edit        string    // the form to change it; empty if that is not possible
	Next        *nextView // nil if nothing can be done
	OutOfBand   bool      // the overview is sent beside another part
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
	Does    string
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
	d, err := q.reportData(state.Coupon, rep)
	if err != nil {
		return err
	}
	if q.as == asCSV {
		return q.reportCSV(d)
	}
	view, err := q.about(state, rep.reportState)
	if err != nil {
		return err
	}
	if view.Report, err = q.reportView(d, nil); err != nil {
		return err
	}
	if url := q.links.coupon(id, rep.reportState); wantsFragment(q.r) && "?"+q.r.URL.RawQuery != rep.query().String() {
		q.w.Header().Set("HX-Push-Url", url)
	}
	a := answer{name: "coupon", title: q.words.name(state.Coupon), view: view, data: q.couponData(state, d), notices: notices}
	switch done := values.Get("done"); {
	case done == doneWord(state.Coupon):
		a.toast = q.words.done(state.Coupon)
	case done == "created" && state.Version == 1, done == "saved" && state.Version > 1:
		a.toast = q.words.t("form."+done, "code", state.Code)
	case done == "note-put", done == "note-outside", done == "note-removed":
		a.toast = q.words.t("chart." + done)
	}
	return q.answer(a)
}

// about is the page without its report.
func (q *request) about(s coupon.CouponState, rep reportState) (couponView, error) {
	w := q.words
	view := couponView{List: q.links.home(), Codes: q.links.codes(s.ID, codesState{}), Code: string(s.Code), Name: s.Name, Description: s.Description,
		Status: s.Status, StatusName: w.status(s.Status), Switch: q.switchOf(s, q.changeOf(s, rep)),
		Facts: w.overview(s), Rules: w.restrictions(s.Coupon, s.Limits)}
	var err error
	if s.Version > 1 {
		versions, err := versionsOf(q, s.ID, s.Version+1)
		if err != nil {
			return view, err
		}
		history := w.history(q.links, s.Coupon, versions)
		view.History = &history
	}
	if q.may(Edit) && s.Status != coupon.Archived {
		view.Edit = q.links.edit(s.ID)
	}
	view.Next, err = q.next(s, rep)
	return view, err
}

// changeOf is where the forms of a coupon's page post.
func (q *request) changeOf(s coupon.CouponState, rep reportState) func(action string) string {
	return func(action string) string { return q.links.change(s.ID, action, rep) }
}

// switchOf is the form that switches a coupon, posted to where to says; nil if
// nobody may.
func (q *request) switchOf(s coupon.CouponState, to func(action string) string) *switchView {
	w, code := q.words, string(s.Code)
	switch {
	case !q.h.may(q.r, Switch, s.Coupon) || s.Status == coupon.Archived:
		return nil
	case s.Inactive:
		return &switchView{post: q.post(to("activate")), Verb: w.t("coupon.activate"),
			Does: w.t("coupon.next.activate"), Confirm: w.t("coupon.activate-confirm", "code", code)}
	default:
		return &switchView{post: q.post(to("deactivate")), Verb: w.t("coupon.deactivate"), Off: true,
			Does: w.t("coupon.next.deactivate"), Confirm: w.t("coupon.deactivate-confirm", "code", code)}
	}
}

func (h *Handler) deactivate(q *request) error {
	if !q.c.ArchivedAt.IsZero() {
		return errArchived
	}
	return h.change(q, (*coupon.Service).Deactivate)
}

func (h *Handler) activate(q *request) error {
	if !q.c.ArchivedAt.IsZero() {
		return errArchived
	}
	return h.change(q, (*coupon.Service).Activate)
}

// archive puts a coupon away for good.
func (h *Handler) archive(q *request) error {
	return h.change(q, (*coupon.Service).Archive)
}
