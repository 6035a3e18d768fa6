package httpui

import (
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/couponkit/coupon"
)

// conflictView is what somebody else changed while a form was open, beside what
// was typed in it.
type conflictView struct {
	By, At  string
	Rows    []conflictRow
	TakeURL string // the form with what is stored, without what was typed
	Both    bool   // something was changed by both
}

// conflictRow is one thing that either has changed.
type conflictRow struct {
	Label             string
	Was, Theirs, Mine string
	Both              bool
}

// staleData is the same as JSON.
type staleData struct {
	Theirs    formData      `json:"theirs"` // as it is stored now, with its version
	Yours     formData      `json:"yours"`  // as it was posted, with the version that it was filled from
	Form      formData      `json:"form"`   // what was typed over what is stored: post it again to save it
	UpdatedAt time.Time     `json:"updated_at"`
	UpdatedBy string        `json:"updated_by,omitempty"`
	Differs   []differsData `json:"differs"` // where both changed it first
}

// differsData is one thing that either has changed. What it is on each side is said
// in words, in the language of the request.
type differsData struct {
	Part    string   `json:"part"`   // a name of parts
	Fields  []string `json:"fields"` // names in the forms: of fields, or of the list
	Was     string   `json:"was"`    // when the form was filled
	Theirs  string   `json:"theirs"`
	Yours   string   `json:"yours"`
	Changed string   `json:"changed"` // by whom: "theirs", "yours" or "both"
	Clash   bool     `json:"clash"`   // both changed it, each to something else
}

// part is what is compared and taken over as one.
type part struct {
	name   string                            // stable; of one with a list, the list's in JSON
	fields []string                          // of the draft
	list   func(*draft) any                  // a pointer to what is not a single field; nil for nothing
	labels []string                          // under which the coupon page says it
	say    func(words, coupon.Coupon) string // instead of labels
}

// parts are all of a form, in its order.
var parts = []part{
	{name: "discount", fields: []string{"kind", "value", "cap", "currency"}, labels: []string{"coupon.labels.discount"}},
	{name: "name", fields: []string{"name"}, labels: []string{"coupon.labels.name"}},
	{name: "code", fields: []string{"code"}, labels: []string{codeLabel}},
	{name: "description", fields: []string{"description"}, say: func(_ words, c coupon.Coupon) string { return c.Description }},
	{name: "audience", fields: []string{"audience"}, labels: []string{audienceLabel}},
	{name: "start", fields: []string{"start_day", "start_time"}, labels: []string{"coupon.labels.starts"}},
	{name: "end", fields: []string{"end_day", "end_time"}, labels: []string{"coupon.labels.ends"}},
	{name: "zone", fields: []string{"zone"}, say: func(_ words, c coupon.Coupon) string { return c.Zone }},
	{name: "valid_by", fields: []string{"valid_by"}, say: func(w words, c coupon.Coupon) string {
		return w.t("form.options.valid_by." + string(clockOr(c.ValidBy, coupon.MadeAt)))
	}},
	{name: "limits", list: func(d *draft) any { return &d.Limits },
		labels: []string{"restrictions.labels.uses", "restrictions.labels.per-customer", "restrictions.labels.per-code", "restrictions.labels.budget"}},
	{name: "days", list: func(d *draft) any { return &d.Days }, labels: []string{"restrictions.labels.days"}},
	{name: "hours", list: func(d *draft) any { return &d.Hours }, labels: []string{"restrictions.labels.hours"}},
	{name: "days_by", fields: []string{"days_by"}, say: func(w words, c coupon.Coupon) string {
		return w.t("form.options.days_by." + string(clockOr(c.Restrictions.DaysBy, coupon.ServiceAt)))
	}},
	{name: "min_total", fields: []string{"min_total"}, labels: []string{"restrictions.labels.min-total"}},
	{name: "max_total", fields: []string{"max_total"}, labels: []string{"restrictions.labels.max-total"}},
	{name: "booking_type", fields: []string{"booking_type"}, labels: []string{"restrictions.labels.type"}},
	{name: "frequencies", fields: []string{"other_frequencies"}, list: func(d *draft) any { return &d.Frequencies }, labels: []string{"restrictions.labels.frequency"}},
	{name: "occurrences", fields: []string{"occurrences"}, labels: []string{"restrictions.labels.series"}},
	{name: "min_units", fields: []string{"min_units"}, labels: []string{"restrictions.labels.units"}},
	{name: "matches", list: func(d *draft) any { return &d.Matches },
		labels: []string{"restrictions.labels.match", "restrictions.labels.line", "restrictions.labels.booking", "restrictions.labels.customer"}},
	{name: "combinable", fields: []string{"combinable"}, labels: []string{"restrictions.labels.combinable"}},
	{name: "keep_use_on_cancel", fields: []string{"keep_use_on_cancel"}, say: saySwitch(func(c coupon.Coupon) bool { return c.KeepUseOnCancel })},
	{name: "release_use_on_refund", fields: []string{"release_use_on_refund"}, say: saySwitch(func(c coupon.Coupon) bool { return c.ReleaseUseOnRefund })},
}

// switchedOn is not changed by the form, and may be changed meanwhile.
var switchedOn = part{name: "status", fields: []string{"inactive"}, labels: []string{"coupon.labels.status"}}

// saySwitch says whether a checkbox is on.
func saySwitch(on func(coupon.Coupon) bool) func(words, coupon.Coupon) string {
	return func(w words, c coupon.Coupon) string {
		if on(c) {
			return w.t("form.conflict.yes")
		}
		return w.t("form.conflict.no")
	}
}

// text says the part of a coupon: what restricts it, or else that nothing does.
func (p part) text(w words, c coupon.Coupon) string {
	if p.say != nil {
		if s := p.say(w, c); s != "" {
			return s
		}
		return w.t("form.conflict.none")
	}
	var said []string
	free := ""
	for _, s := range w.terms(c) {
		switch {
		case !slices.Contains(p.labels, s.Key):
		case !s.Free:
			said = append(said, s.Text)
		case free == "":
			free = s.Text
		}
	}
	if len(said) > 0 {
		return strings.Join(said, "\n")
	}
	if free != "" {
		return free
	}
	return w.t("form.conflict.none")
}

// same reports whether two drafts have the same in the part.
func (p part) same(a, b draft) bool {
	for _, name := range p.fields {
		if a.Fields[name] != b.Fields[name] {
			return false
		}
	}
	return p.list == nil || reflect.DeepEqual(p.list(&a), p.list(&b))
}

// differ are the names of what is not the same in all of the drafts.
func (p part) differ(first draft, others ...draft) (names []string) {
	for _, name := range p.fields {
		if slices.ContainsFunc(others, func(d draft) bool { return d.Fields[name] != first.Fields[name] }) {
			names = append(names, name)
		}
	}
	if p.list != nil && slices.ContainsFunc(others, func(d draft) bool { return !reflect.DeepEqual(p.list(&d), p.list(&first)) }) {
		names = append(names, p.name)
	}
	return names
}

// take takes the part over.
func (p part) take(into *draft, from draft) {
	for _, name := range p.fields {
		into.Fields[name] = from.Fields[name]
	}
	if p.list != nil {
		reflect.ValueOf(p.list(into)).Elem().Set(reflect.ValueOf(p.list(&from)).Elem())
	}
}

// stale shows what was changed meanwhile beside what was typed. The form goes on
// from what is stored now, with what was typed in it: what was not touched here is
// as they have left it, and saving it again writes over the rest.
func (f *form) stale(now, mine coupon.Coupon) error {
	w := f.q.words
	theirs := w.draftOf(now, f.d.Fields["currency"])
	merged := theirs
	merged.Fields = maps.Clone(theirs.Fields)
	var all []differsData
	for _, p := range append(slices.Clip(parts), switchedOn) {
		changedThere, typedHere := !p.same(f.was, theirs), !p.same(f.was, f.d)
		d := differsData{Part: p.name, Fields: p.differ(f.was, theirs, f.d), Was: p.text(w, f.base), Theirs: p.text(w, now), Yours: p.text(w, mine),
			Clash: changedThere && typedHere && !p.same(theirs, f.d)}
		switch {
		case changedThere && typedHere:
			d.Changed = "both"
		case changedThere:
			d.Changed = "theirs"
		case typedHere:
			d.Changed = "yours"
		default:
			continue
		}
		if typedHere {
			p.take(&merged, f.d)
		}
		all = append(all, d)
	}
	slices.SortStableFunc(all, func(a, b differsData) int { return boolInt(b.Clash) - boolInt(a.Clash) })
	f.status = http.StatusConflict
	if f.q.as == asJSON {
		data := staleData{Theirs: formData{Version: now.Version, draft: theirs}, Yours: formData{Version: f.base.Version, draft: f.d},
			Form: formData{Version: now.Version, draft: merged}, UpdatedAt: now.UpdatedAt, UpdatedBy: now.UpdatedBy, Differs: all}
		fields := map[string]string{}
		for _, d := range all {
			if d.Clash {
				fields[d.Part] = d.Theirs
			}
		}
		return f.q.json(f.status, envelope{Data: data, Error: &failure{Status: f.status, Kind: "stale",
			Text: w.t("form.conflict.title"), Fields: fields}})
	}
	f.conflict = &conflictView{By: now.UpdatedBy, At: w.instant(now.UpdatedAt, zoneOf(now)), TakeURL: f.q.links.edit(now.ID)}
	for _, d := range all {
		row := conflictRow{Label: w.t("form.parts." + d.Part), Was: d.Was, Theirs: d.Theirs, Mine: d.Yours, Both: d.Clash}
		switch d.Changed {
		case "yours":
			row.Theirs = w.t("form.conflict.same")
		case "theirs":
			row.Mine = w.t("form.conflict.same")
		}
		f.conflict.Both = f.conflict.Both || d.Clash
		f.conflict.Rows = append(f.conflict.Rows, row)
	}
	f.base, f.was, f.d = now, theirs, merged
	f.q.c = now
	return f.show()
}
