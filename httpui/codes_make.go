package httpui

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/couponkit/coupon"
)

// generateView is the form that makes a batch of codes. What was typed comes back
// in it, with what is wrong beside each field.
type generateView struct {
	post
	Key           string // of the batch: the same form sent twice is the same batch
	Count, Prefix string
	Length        string
	Single        bool
	Most, Least   string // codes of a batch, and characters of a code
	Errors        map[string]string
	Made          *madeBatch // what the form has made before; nil if nothing
	Example       string
	Unlimited     bool // codes that are not for a single use can be used without end
	Open          bool
}

// madeBatch says which batch a form has made before.
type madeBatch struct{ Text, URL, Batch string }

// addCodeView is the form for one code of the owner's own.
type addCodeView struct {
	post
	Code, Customer string
	Single         bool
	Errors         map[string]string
	Unlimited      bool
	Open           bool
}

func (q *request) generateForm(failed *generateView) (*generateView, error) {
	v := generateView{Count: "100", Length: strconv.Itoa(coupon.MinRandom), Single: true}
	if failed != nil {
		v = *failed
		v.Open = true
	}
	if v.Key == "" {
		id, err := q.svc.NewID()
		if err != nil {
			return nil, err
		}
		v.Key = coupon.DateOf(q.svc.Now().In(zoneOf(q.c))).String() + "-" + strings.ToUpper(string(id[len(id)-6:]))
	}
	v.post = q.post(q.links.of(q.c.ID) + "/codes")
	v.Most, v.Least = q.words.Count(coupon.MaxBatch), q.words.Count(coupon.MinRandom)
	v.Unlimited = !limitsCodes(q.c)
	v.Example = "K7QF-9XMB-2TRW"
	return &v, nil
}

func (q *request) addCodeForm(failed *addCodeView) *addCodeView {
	v := addCodeView{Single: true}
	if failed != nil {
		v = *failed
		v.Open = true
	}
	v.post = q.post(q.links.of(q.c.ID) + "/codes/add")
	v.Unlimited = !limitsCodes(q.c)
	return &v
}

// generateCodes makes a batch. Sent twice it is the same batch; after a failure
// the same form makes what is missing.
func (h *Handler) generateCodes(q *request) error {
	form := &generateView{Key: q.r.FormValue("key"), Count: strings.TrimSpace(q.r.FormValue("count")), Prefix: strings.TrimSpace(q.r.FormValue("prefix")),
		Length: strings.TrimSpace(q.r.FormValue("length")), Single: q.r.FormValue("single_use") != "", Errors: map[string]string{}}
	if !q.c.ArchivedAt.IsZero() {
		return h.refuseArchived(q, form, nil)
	}
	b := coupon.CodeBatch{Key: form.Key, Prefix: form.Prefix, SingleUse: form.Single,
		Count: q.wholeNumber(form.Count, "count", form.Errors), Length: coupon.MinRandom}
	if form.Length != "" {
		b.Length = q.wholeNumber(form.Length, "length", form.Errors)
		if b.Length == 0 {
			b.Length = -1 // too short as well: 0 would be the default
		}
	}
	made := int64(0)
	for _, err := range q.svc.GenerateCodes(q.r.Context(), q.c.ID, b) {
		if invalid, ok := errors.AsType[*coupon.InvalidError](err); ok {
			for _, f := range invalid.Fields {
				if form.Errors[f.Field] == "" {
					form.Errors[f.Field] = q.words.batchError(f)
				}
			}
			return h.refuseCodes(q, form, nil, http.StatusUnprocessableEntity)
		}
		if there, ok := errors.AsType[*coupon.BatchConflictError](err); ok {
			return h.madeBefore(q, form, there)
		}
		if errors.Is(err, coupon.ErrNotFound) { // it was archived meanwhile
			return h.refuseArchived(q, form, nil)
		}
		if err != nil {
			return fmt.Errorf("after %d of %d codes: %w", made, b.Count, err)
		}
		made++
	}
	to := q.links.codes(q.c.ID, codesState{Batch: b.Key})
	return q.leadTo(to+"&done=generated", generatedData{Batch: b.Key, Count: made})
}

// madeBefore: the batch of the form is there already, and was made another way.
// That happens after Back: the form gets another key, so that it makes another
// batch if it is sent again.
func (h *Handler) madeBefore(q *request, form *generateView, there *coupon.BatchConflictError) error {
	w, k := q.words, there.Stored
	form.Made = &madeBatch{Batch: k.Batch, URL: q.links.codes(q.c.ID, codesState{Batch: k.Batch}),
		Text: w.t("codes.made", "batch", k.Batch, "n", k.BatchCount)}
	for _, f := range there.Fields {
		has := string(k.Code)
		switch f.Field {
		case "count":
			has = w.Count(k.BatchCount)
		case "single_use":
			has = w.t("codes." + map[bool]string{true: "single", false: "many"}[k.SingleUse])
		case "customer":
			has = cmp.Or(k.Customer, w.t("codes.everybody"))
		}
		form.Errors[f.Field] = w.t("codes.error.in-batch", "there", has)
	}
	form.Key = ""
	return h.refuseCodes(q, form, nil, http.StatusConflict)
}

// generatedData is what became of a batch.
type generatedData struct {
	Batch string `json:"batch"`
	Count int64  `json:"count"`
}

// wholeNumber reads a count as the locale writes it. What it can't read is among
// the errors, and -1, which no batch may have: so the other mistakes are found too.
func (q *request) wholeNumber(typed, name string, errs map[string]string) int {
	plain, problem := q.words.readNumber(typed, 0)
	n, err := strconv.Atoi(plain)
	if problem != "" || err != nil {
		errs[name] = q.words.t("codes.error.number")
		return -1
	}
	return n
}

// batchError says what is wrong with a field of a batch.
func (w words) batchError(f coupon.FieldError) string {
	switch f.Field {
	case "count":
		return w.t("codes.error.count", "most", w.Count(coupon.MaxBatch))
	case "length":
		return w.t("codes.error.length", "least", w.Count(coupon.MinRandom), "most", w.Count(coupon.MaxCodeLength))
	case "prefix":
		if _, long := matchRule("must have 1 to * characters", f.Must); long {
			return w.t("codes.error.prefix-long", "most", w.Count(coupon.MaxCodeLength))
		}
		return w.t("codes.error.prefix")
	default:
		return w.t("codes.error.no-key")
	}
}

// addCode adds one code. The same code in the same way again changes nothing.
func (h *Handler) addCode(q *request) error {
	w := q.words
	form := &addCodeView{Code: strings.TrimSpace(q.r.FormValue("code")), Customer: strings.TrimSpace(q.r.FormValue("customer")),
		Single: q.r.FormValue("single_use") != "", Errors: map[string]string{}}
	if !q.c.ArchivedAt.IsZero() {
		return h.refuseArchived(q, nil, form)
	}
	k, err := q.svc.AddCode(q.r.Context(), q.c.ID, coupon.CouponCode{Code: coupon.Code(form.Code), Customer: form.Customer, SingleUse: form.Single})
	invalid, _ := errors.AsType[*coupon.InvalidError](err)
	switch {
	case err == nil:
		var uses map[coupon.Code]codeUse
		if q.as == asJSON { // it may have been there before, and used
			if uses, err = q.codeUses([]coupon.CouponCode{k}); err != nil {
				return err
			}
		}
		return q.leadTo(q.links.codes(q.c.ID, codesState{Find: string(k.Code)})+"&done=added", codeJSON(k, uses[k.Code].used))
	case errors.Is(err, coupon.ErrDuplicateCode):
		form.Errors["code"] = w.t("codes.error.taken", "code", form.Code)
		return h.refuseCodes(q, nil, form, http.StatusConflict)
	case invalid != nil:
		for _, f := range invalid.Fields {
			switch f.Field {
			case "code":
				form.Errors["code"] = w.t("codes.error.code", "most", w.Count(coupon.MaxCodeLength))
			case "customer":
				form.Errors["customer"] = w.t("codes.error.customer")
			}
		}
		return h.refuseCodes(q, nil, form, http.StatusUnprocessableEntity)
	case errors.Is(err, coupon.ErrNotFound):
		return h.refuseArchived(q, nil, form)
	}
	return err
}

// refuseArchived says that the coupon was put away meanwhile, and keeps what was typed.
func (h *Handler) refuseArchived(q *request, generate *generateView, add *addCodeView) error {
	if q.as == asJSON {
		return errArchived
	}
	if generate != nil {
		generate.Errors["key"] = q.words.t("codes.archived")
	} else {
		add.Errors["code"] = q.words.t("codes.archived")
	}
	return h.refuseCodes(q, generate, add, http.StatusConflict)
}

// refuseCodes answers with the form as it came.
func (h *Handler) refuseCodes(q *request, generate *generateView, add *addCodeView, status int) error {
	if q.as == asJSON {
		f := failure{Status: status, Kind: "invalid", Text: q.words.t("codes.error.summary")}
		if status == http.StatusConflict {
			f.Kind = "conflict"
		}
		if generate != nil {
			f.Fields = generate.Errors
		} else {
			f.Fields = add.Errors
		}
		if generate != nil && generate.Made != nil {
			f.Text = generate.Made.Text
		}
		return q.json(status, envelope{Error: &f})
	}
	if generate != nil && generate.Made != nil {
		generate.Errors = nil // its fields are as they may be, of another batch
	}
	if wantsFragment(q.r) {
		status = http.StatusOK
	}
	return h.showCodes(q, codesState{}, status, generate, add)
}
