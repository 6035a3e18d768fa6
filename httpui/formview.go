package httpui

import (
	"slices"
	"strconv"

	"github.com/couponkit/coupon"
)

// formView is what the form shows.
type formView struct {
	post
	Title      string
	List       string
	Code       string // of the coupon that is edited
	Intro      string
	Edit       bool
	ID         coupon.ID // of a new coupon
	Version    int64     // of an edit
	Preview    previewView
	Cancel     string
	Save       string // what the button says
	Errors     []formError
	ErrorTitle string
	Conflict   *conflictView
	Made       *madeView
	FreshZone  bool // the zone is only a guess, which a script may better
	Currencies []string
	Zones      []string
	Hours      []hoursView
	Matches    []matchView
	Limits     []limitView

	f *form
}

// inputView is one field.
type inputView struct {
	ID, Name  string
	Label     string
	Hint      string // empty for none
	Value     string
	Error     string
	Type      string // of the input element
	Mode      string // which keyboard
	Max       int    // characters; 0 is not said
	List      string // of what may be chosen
	Step      string
	Rows      int // of a textarea
	Focus     bool
	Options   []optionView
	Numbered  string // said before the label of a row: "Limit 2"
	Required  bool
	Described string // ids of hint and error
}

type optionView struct {
	ID, Value   string
	Label, Hint string
	On          bool
}

type hoursView struct {
	Number   string
	From, To inputView
	Remove   rowButton
}

type matchView struct {
	Number                 string
	On, Key, AnyOf, NoneOf inputView
	Kept                   string // the rule in words, of one that is too large to edit
	Index                  string // its place
	Remove                 rowButton
}

type limitView struct {
	Number              string
	Max, Of, Per, Every inputView
	Used                string
	Remove              rowButton
}

// rowButton removes a row: it is a value of the field "do".
type rowButton struct {
	ID, Do, Label string
}

// inputs says of the fields what a browser should know.
var inputs = map[string]inputView{
	"value": {Mode: "decimal"}, "cap": {Mode: "decimal"}, "min_total": {Mode: "decimal"}, "max_total": {Mode: "decimal"},
	"currency": {List: "cp-currencies", Max: 3}, "zone": {List: "cp-zones", Max: 64},
	"name": {Max: 200}, "code": {Max: 64, Required: true}, "description": {Max: 2000, Rows: 3},
	"start_day": {Type: "date", Required: true}, "end_day": {Type: "date"}, "start_time": {Type: "time"}, "end_time": {Type: "time"},
	"occurrences": {Mode: "numeric"}, "min_units": {Mode: "numeric"},
	"other_frequencies": {Rows: 2},
	"matches.key":       {Max: 200}, "matches.any_of": {Rows: 2}, "matches.none_of": {Rows: 2},
	"limits.max": {Mode: "decimal"}, "hours.from": {Type: "time"}, "hours.to": {Type: "time"},
}

// view fills the form.
func (f *form) view() (v formView, data formData, err error) {
	w := f.q.words
	save, _, cancel := f.target()
	v = formView{post: f.q.post(save), List: f.q.links.home(), Edit: f.edit, ID: f.id, Cancel: cancel, Conflict: f.conflict, Made: f.made, f: f}
	v.Title, v.Save = w.t("form.title"), w.t("form.create")
	switch {
	case f.edit:
		v.Version = f.base.Version
		v.Title, v.Save, v.Intro = w.t("form.edit-title", "name", w.name(f.base)), w.t("form.save"), w.t("form.edit-intro")
		v.Code = string(f.q.c.Code)
	case f.from != "":
		v.Title, v.Intro = w.t("form.again-title", "name", w.name(f.base)), w.t("form.again-intro")
	}
	if f.conflict != nil {
		v.Save = w.t("form.conflict.save")
	}
	v.Errors = w.listed(f.errors)
	v.ErrorTitle = w.t("form.errors.title", "n", len(v.Errors))
	first, err := f.q.latest()
	if err != nil {
		return v, data, err
	}
	v.FreshZone = first.none && !f.edit && f.q.r.Method != "POST"
	v.Currencies, v.Zones = first.currencies, first.zones
	used, err := f.used()
	if err != nil {
		return v, data, err
	}
	v.rows(f.d, used)
	if v.Preview, err = f.previewOf(used); err != nil {
		return v, data, err
	}
	data = formData{ID: f.id, From: f.from, Version: v.Version, draft: f.d}
	return v, data, nil
}

// used is how much of the limits of the stored coupon is used.
func (f *form) used() ([]coupon.LimitUse, error) {
	if !f.edit {
		return nil, nil
	}
	state, err := f.q.svc.State(f.q.r.Context(), f.q.c.ID)
	return state.Limits, err
}

// usedOf finds the count of a limit, which its height does not change.
func usedOf(used []coupon.LimitUse, l coupon.Limit) (coupon.LimitUse, bool) {
	i := slices.IndexFunc(used, func(u coupon.LimitUse) bool {
		return u.Limit.Of == l.Of && u.Limit.Per == l.Per && u.Limit.Every == l.Every && u.Limit.Budget.Currency == l.Budget.Currency
	})
	if i < 0 || !used[i].Counted {
		return coupon.LimitUse{}, false
	}
	return used[i], true
}

// rows fills what is repeated.
func (v *formView) rows(d draft, used []coupon.LimitUse) {
	w := v.f.q.words
	number := func(list string, i int) string { return w.t("form.rows."+list+".number", "n", i+1) }
	remove := func(list string, i int) rowButton {
		n := strconv.Itoa(i)
		return rowButton{ID: "cp-f-remove-" + list + "-" + n, Do: "remove-" + list + "-" + n, Label: w.t("form.rows.remove", "row", number(list, i))}
	}
	for i, h := range d.Hours {
		v.Hours = append(v.Hours, hoursView{Number: number("hours", i), Remove: remove("hours", i),
			From: v.cell("hours", i, "from", h.From), To: v.cell("hours", i, "to", h.To)})
	}
	for i, m := range d.Matches {
		row := matchView{Number: number("matches", i), Index: m.Kept, Remove: remove("matches", i),
			On:  v.choose(v.cell("matches", i, "on", m.On), "on", string(coupon.OnLine), string(coupon.OnCustomer), string(coupon.OnBooking)),
			Key: v.cell("matches", i, "key", m.Key), AnyOf: v.cell("matches", i, "any_of", m.AnyOf), NoneOf: v.cell("matches", i, "none_of", m.NoneOf)}
		if place, err := strconv.Atoi(m.Kept); err == nil && place >= 0 && place < len(v.f.base.Restrictions.Matches) {
			large := v.f.base.Restrictions.Matches[place]
			row.Kept = w.t("form.rows.kept", "n", len(large.AnyOf)+len(large.NoneOf), "key", large.Key)
		}
		v.Matches = append(v.Matches, row)
	}
	for i, l := range d.Limits {
		row := limitView{Number: number("limits", i), Remove: remove("limits", i),
			Max: v.cell("limits", i, "max", l.Max),
			Of:  v.choose(v.cell("limits", i, "of", l.Of), "of", string(coupon.Uses), string(coupon.DiscountGiven)),
			Per: v.choose(v.cell("limits", i, "per", l.Per), "per", string(coupon.PerCoupon), string(coupon.PerCustomer), string(coupon.PerCode)),
			Every: v.choose(v.cell("limits", i, "every", l.Every), "every",
				string(coupon.Ever), string(coupon.PerDay), string(coupon.PerWeek), string(coupon.PerMonth))}
		for _, u := range used {
			if u.Counted && l.Max != "" && string(u.Limit.Of) == l.Of && string(u.Limit.Per) == l.Per && string(u.Limit.Every) == l.Every {
				row.Used = w.t("form.rows.used", "used", w.usedAmount(u))
				row.Max.Described = joined(row.Max.Described, row.Max.ID+"-used")
			}
		}
		v.Limits = append(v.Limits, row)
	}
}

// usedAmount is how much of a limit is used: a number, or an amount.
func (w words) usedAmount(u coupon.LimitUse) string {
	if u.Limit.Of == coupon.DiscountGiven {
		return w.amount(u.Spent)
	}
	return w.Count(u.Used)
}

// Input is a single field.
func (v formView) Input(name string) inputView {
	w := v.f.q.words
	in := v.input(name, name, v.f.d.Fields[name])
	in.Name, in.Label = name, w.t("form.fields."+name)
	if hint := "form.hints." + name; w.t(hint) != hint {
		in.Hint = w.t(hint)
	}
	in.describe()
	return in
}

// cell is a field of a row.
func (v formView) cell(list string, row int, part, value string) inputView {
	w := v.f.q.words
	in := v.input(list+"["+strconv.Itoa(row)+"]."+part, list+"."+part, value)
	in.Name, in.Label = list+"."+part, w.t("form.rows."+list+"."+part)
	in.Numbered = w.t("form.rows."+list+".number", "n", row+1)
	in.describe()
	return in
}

func (v formView) input(field, kind, value string) inputView {
	in := inputs[kind]
	in.ID, in.Value, in.Error, in.Focus = fieldID(field), value, v.f.errors[field], v.f.focus == field
	if in.Type == "" {
		in.Type = "text"
	}
	if in.Type == "time" && len(value) > len("15:04") {
		in.Step = "1"
	}
	return in
}

// describe says where hint and error of the field stand.
func (in *inputView) describe() {
	in.Described = ""
	if in.Hint != "" {
		in.Described = in.ID + "-hint"
	}
	if in.Error != "" {
		in.Described = joined(in.Described, in.ID+"-error")
	}
}

func joined(a, b string) string {
	if a == "" {
		return b
	}
	return a + " " + b
}

// choose gives a field of a row its options.
func (v formView) choose(in inputView, name string, values ...string) inputView {
	for _, value := range values {
		in.Options = append(in.Options, v.option(in.ID, name, value, in.Value == value))
	}
	return in
}

func (v formView) option(id, name, value string, on bool) optionView {
	w := v.f.q.words
	word := value
	if word == "" {
		word = "any"
	}
	o := optionView{ID: id + "-" + word, Value: value, Label: w.t("form.options." + name + "." + word), On: on}
	if hint := "form.options." + name + "." + word + "-hint"; w.t(hint) != hint {
		o.Hint = w.t(hint)
	}
	return o
}

// choices are the values of the fields of which one is chosen.
var choices = map[string][]string{
	"kind":         {string(coupon.Percent), string(coupon.FixedAmount), string(coupon.AmountPerUnit)},
	"audience":     {string(coupon.Everyone), string(coupon.NewCustomers), string(coupon.ExistingCustomers)},
	"valid_by":     {string(coupon.MadeAt), string(coupon.ServiceAt)},
	"days_by":      {string(coupon.ServiceAt), string(coupon.MadeAt)},
	"booking_type": {"", string(coupon.OneTime), string(coupon.Recurring)},
}

// Choice is a field of which one value is chosen.
func (v formView) Choice(name string) inputView {
	return v.choose(v.Input(name), name, choices[name]...)
}

// Switch is a checkbox.
func (v formView) Switch(name string) inputView {
	in := v.Input(name)
	in.Options = []optionView{{ID: in.ID, Value: "1", On: in.Value != ""}}
	return in
}

// Days and Frequencies are checkboxes of which any may be on.
func (v formView) Days() inputView {
	w, in := v.f.q.words, v.Input("days")
	for _, day := range w.week() {
		value := strconv.Itoa(int(day))
		in.Options = append(in.Options, v.option(in.ID, "days", value, slices.Contains(v.f.d.Days, value)))
	}
	return in
}

func (v formView) Frequencies() inputView {
	in := v.Input("frequencies")
	for _, known := range knownFrequencies {
		in.Options = append(in.Options, v.option(in.ID, "frequencies", string(known), slices.Contains(v.f.d.Frequencies, string(known))))
	}
	return in
}

// Adds is the button for one more row of a list.
func (v formView) Adds(list string) inputView {
	w := v.f.q.words
	return inputView{ID: "cp-f-add-" + list, Value: "add-" + list, Label: w.t("form.rows." + list + ".add"), Focus: v.f.focus == "add-"+list}
}
