package httpui

import (
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"

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

// part is what is compared and taken over as one.
type part struct {
	name   string
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

// switchedOn is not in the form, and may be changed meanwhile.
var switchedOn = part{name: "status", labels: []string{"coupon.labels.status"}}

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
	v := &conflictView{By: now.UpdatedBy, At: w.instant(now.UpdatedAt, zoneOf(now)), TakeURL: f.q.links.edit(now.ID)}
	merged := theirs
	merged.Fields = maps.Clone(theirs.Fields)
	fields := map[string]string{}
	for _, p := range parts {
		changedThere, typedHere := !p.same(f.was, theirs), !p.same(f.was, f.d)
		if typedHere {
			p.take(&merged, f.d)
		}
		if !changedThere && !typedHere {
			continue
		}
		row := conflictRow{Label: w.t("form.parts." + p.name), Was: p.text(w, f.base), Theirs: p.text(w, now),
			Mine: p.text(w, mine), Both: changedThere && typedHere && !p.same(theirs, f.d)}
		if !changedThere {
			row.Theirs = w.t("form.conflict.same")
		}
		if !typedHere {
			row.Mine = w.t("form.conflict.same")
		}
		if row.Both {
			v.Both = true
			fields[p.name] = row.Theirs
		}
		v.Rows = append(v.Rows, row)
	}
	if now.Inactive != f.base.Inactive {
		v.Rows = append(v.Rows, conflictRow{Label: w.t("form.parts.status"), Was: switchedOn.text(w, f.base), Theirs: switchedOn.text(w, now), Mine: w.t("form.conflict.same")})
	}
	f.status = http.StatusConflict
	if f.q.as == asJSON {
		return f.q.json(f.status, envelope{Data: now, Error: &failure{Status: f.status, Kind: "stale",
			Text: w.t("form.conflict.title"), Fields: fields}})
	}
	f.conflict = v
	f.base, f.was, f.d = now, theirs, merged
	f.q.c = now
	slices.SortStableFunc(v.Rows, func(a, b conflictRow) int { return boolInt(b.Both) - boolInt(a.Both) })
	return f.show()
}
