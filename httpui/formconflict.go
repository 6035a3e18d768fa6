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

// part is what is compared and taken over as one: fields of the draft, and how
// the coupon page says it.
type part struct {
	name   string
	fields []string
	list   func(*draft) any // a pointer to what is not a single field
	say    func(words, coupon.Coupon) string
}

// parts are all of a form, in its order.
var parts = []part{
	{name: "discount", fields: []string{"kind", "value", "cap", "currency"}, say: func(w words, c coupon.Coupon) string { return w.discount(c.Discount) }},
	{name: "name", fields: []string{"name"}, say: func(w words, c coupon.Coupon) string { return c.Name }},
	{name: "code", fields: []string{"code"}, say: func(w words, c coupon.Coupon) string { return string(c.Code) }},
	{name: "description", fields: []string{"description"}, say: func(w words, c coupon.Coupon) string { return c.Description }},
	{name: "audience", fields: []string{"audience"}, say: sayOption("audience", func(c coupon.Coupon) string { return string(c.Audience) })},
	{name: "start", fields: []string{"start_day", "start_time"}, say: func(w words, c coupon.Coupon) string { return w.start(c, w.date) }},
	{name: "end", fields: []string{"end_day", "end_time"}, say: func(w words, c coupon.Coupon) string { return w.end(c, w.date) }},
	{name: "zone", fields: []string{"zone"}, say: func(w words, c coupon.Coupon) string { return c.Zone }},
	{name: "valid_by", fields: []string{"valid_by"}, say: sayOption("valid_by", func(c coupon.Coupon) string { return string(clockOr(c.ValidBy, coupon.MadeAt)) })},
	{name: "limits", list: func(d *draft) any { return &d.Limits }, say: func(w words, c coupon.Coupon) string {
		var out []string
		for _, l := range c.Restrictions.Limits {
			out = append(out, w.limit(l))
		}
		return strings.Join(out, "\n")
	}},
	{name: "days_by", fields: []string{"days_by"}, say: sayOption("days_by", func(c coupon.Coupon) string { return string(clockOr(c.Restrictions.DaysBy, coupon.ServiceAt)) })},
	{name: "days", list: func(d *draft) any { return &d.Days }, say: func(w words, c coupon.Coupon) string {
		if len(c.Restrictions.Days) == 0 {
			return ""
		}
		return w.days(c.Restrictions.Days)
	}},
	{name: "hours", list: func(d *draft) any { return &d.Hours }, say: func(w words, c coupon.Coupon) string { return w.hours(c.Restrictions.Hours) }},
	{name: "booking_type", fields: []string{"booking_type"}, say: sayOption("booking_type", func(c coupon.Coupon) string { return string(c.Restrictions.BookingType) })},
	{name: "frequencies", fields: []string{"other_frequencies"}, list: func(d *draft) any { return &d.Frequencies }, say: func(w words, c coupon.Coupon) string { return w.frequencies(c.Restrictions.Frequencies) }},
	{name: "occurrences", fields: []string{"occurrences"}, say: sayCount(func(c coupon.Coupon) int64 { return c.Restrictions.Occurrences })},
	{name: "min_total", fields: []string{"min_total"}, say: sayAmount(func(c coupon.Coupon) coupon.Money { return c.Restrictions.MinTotal })},
	{name: "max_total", fields: []string{"max_total"}, say: sayAmount(func(c coupon.Coupon) coupon.Money { return c.Restrictions.MaxTotal })},
	{name: "min_units", fields: []string{"min_units"}, say: sayCount(func(c coupon.Coupon) int64 { return c.Restrictions.MinUnits })},
	{name: "matches", list: func(d *draft) any { return &d.Matches }, say: func(w words, c coupon.Coupon) string {
		var out []string
		for _, m := range c.Restrictions.Matches {
			out = append(out, w.match(m))
		}
		return strings.Join(out, "\n")
	}},
	{name: "combinable", fields: []string{"combinable"}, say: saySwitch(func(c coupon.Coupon) bool { return c.Combinable })},
	{name: "keep_use_on_cancel", fields: []string{"keep_use_on_cancel"}, say: saySwitch(func(c coupon.Coupon) bool { return c.KeepUseOnCancel })},
	{name: "release_use_on_refund", fields: []string{"release_use_on_refund"}, say: saySwitch(func(c coupon.Coupon) bool { return c.ReleaseUseOnRefund })},
}

// sayOption says which value of a choice a coupon has.
func sayOption(name string, value func(coupon.Coupon) string) func(words, coupon.Coupon) string {
	return func(w words, c coupon.Coupon) string {
		v := value(c)
		if v == "" {
			v = "any"
		}
		return w.t("form.options." + name + "." + v)
	}
}

// saySwitch says whether a checkbox is on.
func saySwitch(on func(coupon.Coupon) bool) func(words, coupon.Coupon) string {
	return func(w words, c coupon.Coupon) string {
		if on(c) {
			return w.t("form.conflict.yes")
		}
		return w.t("form.conflict.no")
	}
}

// sayAmount and sayCount say a bound; nothing if there is none.
func sayAmount(of func(coupon.Coupon) coupon.Money) func(words, coupon.Coupon) string {
	return func(w words, c coupon.Coupon) string {
		if of(c).IsZero() {
			return ""
		}
		return w.amount(of(c))
	}
}

func sayCount(of func(coupon.Coupon) int64) func(words, coupon.Coupon) string {
	return func(w words, c coupon.Coupon) string {
		if of(c) == 0 {
			return ""
		}
		return w.Count(of(c))
	}
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
		row := conflictRow{Label: w.t("form.parts." + p.name), Was: orNone(w, p.say(w, f.base)), Theirs: orNone(w, p.say(w, now)),
			Mine: orNone(w, p.say(w, mine)), Both: changedThere && typedHere && !p.same(theirs, f.d)}
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
		label := w.t("form.parts.status")
		on := map[bool]string{true: w.t("form.conflict.off"), false: w.t("form.conflict.on")}
		v.Rows = append(v.Rows, conflictRow{Label: label, Was: on[f.base.Inactive], Theirs: on[now.Inactive], Mine: w.t("form.conflict.same")})
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

func orNone(w words, s string) string {
	if s == "" {
		return w.t("form.conflict.none")
	}
	return s
}
