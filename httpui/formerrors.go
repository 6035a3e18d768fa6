package httpui

import (
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/couponkit/coupon"
)

// formErrors are what is wrong with a form, by field: "code", "limits[1].max". An
// empty text is a field of which nothing is said, because another one is the
// reason.
type formErrors map[string]string

func (e formErrors) leaveOut(name string) {
	if _, said := e[name]; !said {
		e[name] = ""
	}
}

// said are those with a text.
func (e formErrors) said() map[string]string {
	out := map[string]string{}
	for name, text := range e {
		if text != "" {
			out[name] = text
		}
	}
	return out
}

// add takes over what the library says of the coupon.
func (r *reading) add(err error) {
	invalid, ok := errors.AsType[*coupon.InvalidError](err)
	if !ok {
		return
	}
	for _, f := range invalid.Fields {
		name := r.fieldOf(f.Field)
		if _, said := r.errors[name]; !said {
			r.errors[name] = r.w.must(f)
		}
	}
}

// addTo is add for an error of one field.
func (r *reading) addTo(name string, err error) {
	if invalid, ok := errors.AsType[*coupon.InvalidError](err); ok {
		if _, said := r.errors[name]; !said {
			r.errors[name] = r.w.must(invalid.Fields[0])
		}
	}
}

var entryOf = regexp.MustCompile(`^([a-z_]+)\[(\d+)\](.*)$`)

// fieldOf is the form's field of one of the coupon's.
func (r *reading) fieldOf(field string) string {
	name := strings.TrimPrefix(field, "restrictions.")
	switch name {
	case "discount.kind":
		return "kind"
	case "discount.percent", "discount.amount":
		return "value"
	case "discount.cap":
		return "cap"
	case "start", "end":
		return name + "_day"
	}
	m := entryOf.FindStringSubmatch(name)
	if m == nil {
		return name
	}
	list, part := m[1], m[3]
	switch list {
	case "days":
		return "days"
	case "frequencies":
		return "other_frequencies"
	case "hours":
		part = ".from"
	case "limits":
		if part == "" || part == ".budget" {
			part = ".max"
		}
	}
	row, _ := strconv.Atoi(m[2])
	if rows := r.rows[list]; row < len(rows) {
		row = rows[row]
	}
	return list + "[" + strconv.Itoa(row) + "]" + part
}

// musts are the rules of the library, with a * for a bound, and the key of the
// text that says them; the bounds are {1}, {2} and so on.
var musts = []struct{ rule, key string }{
	{"must be set", "required"},
	{"must have 1 to * characters", "length"},
	{"may have only the letters A–Z, digits, - and _", "code-characters"},
	{"must have at most * characters", "too-long"},
	{"must not have control or direction characters", "control-characters"},
	{"must be one of *", "choice"},
	{"must be booking, customer or line", "choice"},
	{"must be an IANA zone such as *", "zone"},
	{"must be in the years 1 to 9999", "years"},
	{"must be after start, *", "end-before-start"},
	{"must be empty: only a percentage can have a cap", "cap-of-amount"},
	{"must be more than 0 and at most 100, with at most 4 decimals", "percent"},
	{"must be more than 0", "positive"},
	{"must be more than 0; leave it out for none", "positive-or-none"},
	{"must have at most * digits before the point and * after it", "digits"},
	{"must have at most * digits before the point", "digits-before"},
	{"must have at most 0 digits after the point", "no-decimals"},
	{"must have at most * digits after the point", "decimals"},
	{"must not be below min_total, *", "max-below-min"},
	{"must not be empty", "required"},
	{"must be empty: one-time bookings have no frequency", "frequency-of-one-time"},
	{"must be 0: one-time bookings have no series", "series-of-one-time"},
	{"must be 0 (all of a series) or more", "not-negative"},
	{"must be 0 (none) to *", "at-most"},
	{"must be 0 (Sunday) to 6 (Saturday)", "choice"},
	{"must be two different times of day, from 00:00 to 24:00", "hours-same"},
	{"must be at least a minute: *", "hours-short"},
	{"must be the only limit of * per * and *", "limit-twice"},
	{"must be at least 1; leave the limit out for unlimited", "limit-zero"},
	{"must be set, or none_of", "match-empty"},
	{"must have 1 to * values: leave it out for no rule", "too-many"},
	{"must have 1 to * entries; leave it out for no rule", "too-many"},
}

// must says in the language what a field must be; in English, as the library
// does, where there is no text for it.
func (w words) must(f coupon.FieldError) string {
	for _, m := range musts {
		if bounds, ok := matchRule(m.rule, f.Must); ok {
			args := []any{"value", f.Value}
			for i, bound := range bounds {
				args = append(args, strconv.Itoa(i+1), bound)
			}
			return w.t("form.errors."+m.key, args...)
		}
	}
	return upperFirst(f.Must) + "."
}

// matchRule reports whether a text is the rule, and gives what stands for each *.
func matchRule(rule, text string) (bounds []string, ok bool) {
	parts := strings.Split(rule, "*")
	rest, ok := strings.CutPrefix(text, parts[0])
	if !ok {
		return nil, false
	}
	for i, part := range parts[1:] {
		if i == len(parts)-2 && part == "" {
			return append(bounds, rest), true
		}
		bound, after, found := strings.Cut(rest, part)
		if !found {
			return nil, false
		}
		bounds, rest = append(bounds, bound), after
	}
	return bounds, rest == ""
}

// formError is one line of what is wrong, with a link to its field.
type formError struct {
	Field string // as in formErrors
	ID    string // of its element
	Label string
	Text  string
}

// listed are the errors in the order of the form.
func (w words) listed(e formErrors) []formError {
	var out []formError
	for name, text := range e.said() {
		label := w.fieldLabel(name)
		out = append(out, formError{Field: name, ID: fieldID(name), Label: label, Text: text})
	}
	slices.SortFunc(out, func(a, b formError) int {
		if x, y := formPlace(a.Field), formPlace(b.Field); x != y {
			return x - y
		}
		return strings.Compare(a.Field, b.Field)
	})
	return out
}

// formOrder is the order of the form, with its rows.
var formOrder = []string{"kind", "value", "currency", "cap", "name", "code", "description", "audience",
	"start_day", "start_time", "end_day", "end_time", "zone", "valid_by", "inactive", "limits", "days", "hours", "days_by",
	"booking_type", "frequencies", "other_frequencies", "occurrences", "min_total", "max_total", "min_units", "matches"}

func formPlace(name string) int {
	if m := entryOf.FindStringSubmatch(name); m != nil {
		row, _ := strconv.Atoi(m[2])
		return slices.Index(formOrder, m[1])*1000 + row
	}
	return slices.Index(formOrder, name) * 1000
}

// fieldLabel is what the form calls a field; of a row with its number.
func (w words) fieldLabel(name string) string {
	m := entryOf.FindStringSubmatch(name)
	if m == nil {
		return w.t("form.fields." + name)
	}
	row, _ := strconv.Atoi(m[2])
	return w.t("form.rows."+m[1]+".number", "n", row+1) + ", " + w.t("form.rows."+m[1]+m[3])
}

// fieldID is the id of a field's element.
func fieldID(name string) string {
	return "cp-f-" + strings.Trim(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '_' {
			return r
		}
		return '-'
	}, name), "-")
}
