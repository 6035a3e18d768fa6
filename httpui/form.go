package httpui

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/couponkit/coupon"
)

// form is one form for a coupon on its way: a new one, one that begins with what
// another has, or an edit.
type form struct {
	q        *request
	edit     bool          // of q.c
	from     coupon.ID     // that a new one begins with; empty for none
	id       coupon.ID     // of the new one, so that a form sent twice makes one
	base     coupon.Coupon // what the form was filled from, of the version that is edited
	was, d   draft         // of base, and what was typed
	errors   formErrors
	conflict *conflictView
	made     *madeView
	focus    string // a field to go to, after a row was added
	preview  bool   // was asked for
	status   int
}

// newForm shows the form for a new coupon.
func (h *Handler) newForm(q *request) error {
	f, err := q.formOfNew()
	if err != nil {
		return err
	}
	if f.id, err = q.svc.NewID(); err != nil {
		return err
	}
	return f.show()
}

// create makes the coupon, or shows again what was typed.
func (h *Handler) create(q *request) error {
	f, err := q.formOfNew()
	if err != nil {
		return err
	}
	if f.id = coupon.ID(q.r.PostForm.Get("id")); f.id == "" {
		if f.id, err = q.svc.NewID(); err != nil {
			return err
		}
	}
	if done, err := f.post(); done || err != nil {
		return err
	}
	c, wrong := q.words.read(f.d, f.was, f.base)
	if f.errors = wrong; len(wrong) > 0 {
		return f.refuse()
	}
	c.ID = f.id
	made, err := q.svc.Create(q.r.Context(), c)
	if there, ok := errors.AsType[*coupon.CouponConflictError](err); ok {
		return f.madeBefore(there.Coupon)
	}
	if err != nil {
		return f.failed(err)
	}
	return q.leadTo(q.links.of(made.ID)+query{}.with("done", "created").String(), made)
}

// editForm shows the form with what the coupon is.
func (h *Handler) editForm(q *request) error {
	if !q.c.ArchivedAt.IsZero() {
		return errArchivedEdit
	}
	f, err := q.formOfEdit(q.c)
	if err != nil {
		return err
	}
	return f.show()
}

// update stores the edit, or shows again what was typed.
func (h *Handler) update(q *request) error {
	base, err := q.edited()
	if err != nil {
		return err
	}
	f, err := q.formOfEdit(base)
	if err != nil {
		return err
	}
	if done, err := f.post(); done || err != nil {
		return err
	}
	if !q.c.ArchivedAt.IsZero() {
		return f.archived()
	}
	c, wrong := q.words.read(f.d, f.was, f.base)
	if f.errors = wrong; len(wrong) > 0 {
		return f.refuse()
	}
	saved := q.c
	if base.Version != q.c.Version || !sameCoupon(c, base) {
		saved, err = q.svc.Update(q.r.Context(), c)
		if stale, ok := errors.AsType[*coupon.VersionError](err); ok {
			return f.stale(stale.Current, c)
		}
		if err != nil {
			return f.failed(err)
		}
	}
	return q.leadTo(q.links.of(saved.ID)+query{}.with("done", "saved").String(), saved)
}

// preview shows what a new coupon would be, and writes nothing.
func (h *Handler) preview(q *request) error {
	f, err := q.formOfNew()
	if err != nil {
		return err
	}
	f.id = coupon.ID(q.r.PostForm.Get("id"))
	return f.showPreview()
}

// previewEdit is preview of an edit.
func (h *Handler) previewEdit(q *request) error {
	base, err := q.edited()
	if err != nil {
		return err
	}
	f, err := q.formOfEdit(base)
	if err != nil {
		return err
	}
	return f.showPreview()
}

// edited is the version of the coupon that a posted form was filled from.
func (q *request) edited() (coupon.Coupon, error) {
	v, err := strconv.ParseInt(q.r.PostForm.Get("version"), 10, 64)
	if err != nil {
		return coupon.Coupon{}, errForm
	}
	if v == q.c.Version {
		return q.c, nil
	}
	for c, err := range q.svc.Versions(q.r.Context(), q.c.ID) {
		if err != nil {
			return coupon.Coupon{}, err
		}
		if c.Version == v {
			return c, nil
		}
	}
	return coupon.Coupon{}, errForm
}

func (q *request) formOfEdit(base coupon.Coupon) (*form, error) {
	f := &form{q: q, edit: true, base: base}
	return f, f.begin()
}

// begin fills the form with its base. The currency of one without amounts is what
// the others have, until it is posted.
func (f *form) begin() error {
	code := f.q.r.PostForm.Get("currency")
	if f.q.r.Method != http.MethodPost && currencyOf(f.base) == "" {
		first, err := f.q.latest()
		if err != nil {
			return err
		}
		code = first.currency
	}
	f.was = f.q.words.draftOf(f.base, code)
	f.d = f.was
	return nil
}

// post reads what was posted, and does what was asked for where that is not to
// save it: one more row, a code.
func (f *form) post() (done bool, err error) {
	v := f.q.r.PostForm
	if err := f.typed(); err != nil {
		return true, err
	}
	what, list, _ := strings.Cut(v.Get("do"), "-")
	list, row, _ := strings.Cut(list, "-")
	switch what {
	case "add":
		f.addRow(list)
	case "remove":
		f.removeRow(list, row)
	case "suggest":
		if f.d.Fields["code"], err = f.suggestCode(); err != nil {
			return true, err
		}
		f.focus = "code"
	default:
		return false, nil
	}
	return true, f.show()
}

// typed reads what was typed.
func (f *form) typed() (err error) {
	if f.d, err = postedDraft(f.q.r.PostForm, f.was); err == nil && f.edit {
		f.d.Fields["inactive"] = f.was.Fields["inactive"] // that is for Switch
	}
	return err
}

func (f *form) addRow(list string) {
	row := 0
	switch list {
	case "hours":
		row = len(f.d.Hours)
		f.d.Hours = append(slices.Clip(f.d.Hours), hoursDraft{})
		f.focus = "hours[" + strconv.Itoa(row) + "].from"
	case "matches":
		row = len(f.d.Matches)
		f.d.Matches = append(slices.Clip(f.d.Matches), matchDraft{On: string(coupon.OnLine)})
		f.focus = "matches[" + strconv.Itoa(row) + "].on"
	case "limits":
		row = len(f.d.Limits)
		f.d.Limits = append(slices.Clip(f.d.Limits), limitDraft{Of: string(coupon.Uses), Per: string(coupon.PerCoupon), Every: string(coupon.PerDay)})
		f.focus = "limits[" + strconv.Itoa(row) + "].max"
	}
}

func (f *form) removeRow(list, row string) {
	i, err := strconv.Atoi(row)
	if err != nil || i < 0 {
		return
	}
	switch {
	case list == "hours" && i < len(f.d.Hours):
		f.d.Hours = slices.Delete(slices.Clone(f.d.Hours), i, i+1)
	case list == "matches" && i < len(f.d.Matches):
		f.d.Matches = slices.Delete(slices.Clone(f.d.Matches), i, i+1)
	case list == "limits" && i < len(f.d.Limits):
		f.d.Limits = slices.Delete(slices.Clone(f.d.Limits), i, i+1)
	}
	f.focus = "add-" + list
}

// failed says what the service refused where a field is the reason.
func (f *form) failed(err error) error {
	invalid, ok := errors.AsType[*coupon.InvalidError](err)
	switch {
	case errors.Is(err, coupon.ErrDuplicateCode):
		f.errors = formErrors{"code": f.q.words.t("form.errors.code-taken", "code", f.q.words.code(f.d.Fields["code"]))}
	case !ok:
		return err
	case invalid.Fields[0].Field == "archived_at":
		return f.archived()
	case invalid.Fields[0].Field == "id":
		return errForm
	default:
		r := reading{w: f.q.words, errors: formErrors{}, rows: map[string][]int{}}
		r.add(err)
		f.errors = r.errors
	}
	return f.refuse()
}

// archived says that the coupon was put away meanwhile, and keeps what was typed.
func (f *form) archived() error {
	if f.q.as == asJSON {
		return errArchivedEdit
	}
	f.status = http.StatusConflict
	f.errors = formErrors{"code": f.q.words.t("errors.archived-edit.text")}
	return f.show()
}

// code is how a typed code is stored, if it can be.
func (w words) code(typed string) string {
	if c, err := coupon.ParseCode(typed); err == nil {
		return string(c)
	}
	return typed
}

// refuse shows the form again with what is wrong.
func (f *form) refuse() error {
	if err := f.codeTaken(); err != nil {
		return err
	}
	f.status = http.StatusUnprocessableEntity
	if f.q.as == asJSON {
		w := f.q.words
		return f.q.json(f.status, envelope{Error: &failure{Status: f.status, Kind: "invalid",
			Text: w.t("form.errors.title", "n", len(f.errors.said())), Fields: f.errors.said()}})
	}
	return f.show()
}

// madeBefore: the id of the form has a coupon already, with other content. That
// happens after Back: the form gets a new id, and the owner the choice.
func (f *form) madeBefore(id coupon.ID) error {
	w := f.q.words
	f.status = http.StatusConflict
	if f.q.as == asJSON {
		return f.q.json(f.status, envelope{Error: &failure{Status: f.status, Kind: "made-before", Text: w.t("form.made.text")}})
	}
	var err error
	if f.id, err = f.q.svc.NewID(); err != nil {
		return err
	}
	f.made = &madeView{URL: f.q.links.of(id), EditURL: f.q.links.edit(id)}
	return f.show()
}

// madeView says which coupon the form has made before.
type madeView struct{ URL, EditURL string }

// sameCoupon reports whether an edit changed nothing.
func sameCoupon(a, b coupon.Coupon) bool {
	x, err := json.Marshal(a)
	y, err2 := json.Marshal(b)
	return err == nil && err2 == nil && bytes.Equal(x, y)
}

// show answers with the form. What htmx asks for comes with status 200, because
// it would leave out any other.
func (f *form) show() error {
	view, data, err := f.view()
	if err != nil {
		return err
	}
	a := answer{status: f.status, name: "form", title: view.Title, view: view, data: data}
	if wantsFragment(f.q.r) {
		a.status = http.StatusOK
	}
	return f.q.answer(a)
}

// showPreview answers with the preview alone, or around it the whole form where
// there is no JavaScript.
func (f *form) showPreview() error {
	if err := f.typed(); err != nil {
		return err
	}
	f.preview = true
	if wantsFragment(f.q.r) || f.q.as == asJSON {
		view, err := f.previewView()
		if err != nil {
			return err
		}
		return f.q.answer(answer{name: "form-preview", view: view, data: view.data()})
	}
	return f.show()
}

// target is where the form is posted, and its preview.
func (f *form) target() (save, preview, cancel string) {
	l := f.q.links
	switch {
	case f.edit:
		return l.edit(f.q.c.ID), l.previewEdit(f.q.c.ID), l.of(f.q.c.ID)
	case f.from != "":
		return l.duplicate(f.from), l.preview(f.from), l.of(f.from)
	default:
		return l.newCoupon(), l.preview(""), l.home()
	}
}

// formData is the form as JSON.
type formData struct {
	ID      coupon.ID `json:"id,omitempty"`   // of a new coupon: post it again with the form
	From    coupon.ID `json:"from,omitempty"` // that it begins with
	Version int64     `json:"version,omitempty"`
	draft
}
