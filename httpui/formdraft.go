package httpui

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/couponkit/coupon"
)

// draft is what a form holds, as it was typed: nothing of it need be valid, and
// nothing of it is lost. Its JSON names are those of the form's fields.
type draft struct {
	Fields      map[string]string `json:"fields"` // by name, one of draftFields
	Days        []string          `json:"days"`   // 0 is Sunday
	Frequencies []string          `json:"frequencies"`
	Hours       []hoursDraft      `json:"hours"`
	Matches     []matchDraft      `json:"matches"`
	Limits      []limitDraft      `json:"limits"`
}

type hoursDraft struct {
	From string `json:"from"`
	To   string `json:"to"`
}

type matchDraft struct {
	On     string `json:"on"`
	Key    string `json:"key"`
	AnyOf  string `json:"any_of"`  // a line for each value
	NoneOf string `json:"none_of"` // the same
	// Kept is set of a match that is too large for a form: its place among those of
	// the coupon. It can be kept or removed.
	Kept string `json:"kept,omitempty"`
}

type limitDraft struct {
	Max   string `json:"max"` // uses, or an amount; empty is no limit
	Of    string `json:"of"`
	Per   string `json:"per"`
	Every string `json:"every"`
}

// draftFields are the single fields, in the order in which the form has them.
var draftFields = []string{"kind", "value", "currency", "cap", "name", "code", "description", "audience",
	"start_day", "start_time", "end_day", "end_time", "zone", "valid_by", "inactive",
	"days_by", "booking_type", "other_frequencies", "occurrences", "min_total", "max_total", "min_units",
	"combinable", "keep_use_on_cancel", "release_use_on_refund"}

// checkboxes are those of them that a browser leaves out when they are off.
var checkboxes = []string{"inactive", "combinable", "keep_use_on_cancel", "release_use_on_refund"}

// knownFrequencies have a checkbox each.
var knownFrequencies = []coupon.Frequency{coupon.EveryWeek, coupon.EveryTwoWeeks, coupon.EveryFourWeeks, coupon.EveryMonth}

// usualLimits have a row also where the coupon has no such limit.
var usualLimits = []limitDraft{
	{Of: string(coupon.Uses), Per: string(coupon.PerCoupon), Every: string(coupon.Ever)},
	{Of: string(coupon.Uses), Per: string(coupon.PerCustomer), Every: string(coupon.Ever)},
	{Of: string(coupon.DiscountGiven), Per: string(coupon.PerCoupon), Every: string(coupon.Ever)},
}

// draftOf writes a coupon into a form. currency is what the field for it says of
// a coupon without amounts.
func (w words) draftOf(c coupon.Coupon, currency string) draft {
	r := c.Restrictions
	f := map[string]string{"name": c.Name, "code": string(c.Code), "description": c.Description,
		"audience": string(c.Audience), "kind": string(c.Discount.Kind), "zone": c.Zone,
		"valid_by": string(clockOr(c.ValidBy, coupon.MadeAt)), "days_by": string(clockOr(r.DaysBy, coupon.ServiceAt)),
		"booking_type": string(r.BookingType), "occurrences": w.typedCount(r.Occurrences), "min_units": w.typedCount(r.MinUnits),
		"value": w.typedAmount(c.Discount.Amount), "cap": w.typedAmount(c.Discount.Cap),
		"min_total": w.typedAmount(r.MinTotal), "max_total": w.typedAmount(r.MaxTotal),
		"combinable": typedSwitch(c.Combinable), "keep_use_on_cancel": typedSwitch(c.KeepUseOnCancel),
		"release_use_on_refund": typedSwitch(c.ReleaseUseOnRefund), "inactive": typedSwitch(c.Inactive), "currency": currency}
	if own := currencyOf(c); own != "" {
		f["currency"] = own
	}
	if c.Discount.Kind == coupon.Percent && !c.Discount.Percent.IsZero() {
		f["value"] = w.plain(c.Discount.Percent)
	}
	f["start_day"], f["start_time"] = typedMoment(c.Start, c.Zone)
	f["end_day"], f["end_time"] = typedMoment(c.End, c.Zone)
	if day, err := coupon.ParseDate(f["end_day"]); err == nil && f["end_time"] == "" {
		f["end_day"] = day.AddDays(-1).String()
	}
	d := draft{Fields: f}
	for _, day := range w.week() {
		if slices.Contains(r.Days, day) {
			d.Days = append(d.Days, strconv.Itoa(int(day)))
		}
	}
	var others []string
	for _, known := range knownFrequencies {
		if slices.Contains(r.Frequencies, known) {
			d.Frequencies = append(d.Frequencies, string(known))
		}
	}
	for _, freq := range r.Frequencies {
		if !slices.Contains(knownFrequencies, freq) {
			others = append(others, string(freq))
		}
	}
	f["other_frequencies"] = strings.Join(others, "\n")
	for _, h := range r.Hours {
		d.Hours = append(d.Hours, hoursDraft{From: h.From.String(), To: (h.To % coupon.EndOfDay).String()})
	}
	d.Matches = matchDrafts(r.Matches)
	for _, l := range r.Limits {
		every := l.Every
		if every == "" {
			every = coupon.Ever
		}
		row := limitDraft{Max: w.typedCount(l.Max), Of: string(l.Of), Per: string(l.Per), Every: string(every)}
		if l.Of == coupon.DiscountGiven {
			row.Max = w.typedAmount(l.Budget)
		}
		d.Limits = append(d.Limits, row)
	}
	return d.withUsualLimits()
}

// week is the days in the order in which the locale has them.
func (w words) week() []time.Weekday {
	var out []time.Weekday
	for i := range time.Weekday(7) {
		out = append(out, (w.firstDay+i)%7)
	}
	return out
}

// withUsualLimits adds empty rows for the limits that owners ask for first.
func (d draft) withUsualLimits() draft {
	for _, usual := range usualLimits {
		if !slices.ContainsFunc(d.Limits, func(l limitDraft) bool { return l.Of == usual.Of && l.Per == usual.Per }) {
			d.Limits = append(d.Limits, usual)
		}
	}
	return d
}

// mostMatchBytes is how much of matches is shown for editing: a form has a bound
// (see maxBody), a coupon may have more.
const mostMatchBytes = 24 << 10

func matchDrafts(matches []coupon.Match) []matchDraft {
	var out []matchDraft
	room := mostMatchBytes
	for i, m := range matches {
		d := matchDraft{On: string(m.On), Key: m.Key, AnyOf: strings.Join(m.AnyOf, "\n"), NoneOf: strings.Join(m.NoneOf, "\n")}
		size := len(url.QueryEscape(d.Key + d.AnyOf + d.NoneOf))
		if size > room {
			d = matchDraft{Kept: strconv.Itoa(i)}
		} else {
			room -= size
		}
		out = append(out, d)
	}
	return out
}

func clockOr(c, otherwise coupon.Clock) coupon.Clock {
	if c == "" {
		return otherwise
	}
	return c
}

func typedSwitch(on bool) string {
	if on {
		return "1"
	}
	return ""
}

func (w words) typedCount(n int64) string {
	if n == 0 {
		return ""
	}
	return w.plain(decimal.NewFromInt(n))
}

func (w words) typedAmount(m coupon.Money) string {
	if m.IsZero() {
		return ""
	}
	return w.plain(m.Amount)
}

// typedMoment is an instant as a day and, unless it is the start of that day, a
// time of day. What is less than a second is not shown.
func typedMoment(t time.Time, zone string) (day, clock string) {
	if t.IsZero() {
		return "", ""
	}
	loc, err := time.LoadLocation(zone)
	if err != nil {
		loc = time.UTC
	}
	t = t.In(loc)
	d := coupon.DateOf(t)
	if startsDay(t, d, zone) {
		return d.String(), ""
	}
	if t.Second() != 0 {
		return d.String(), t.Format("15:04:05")
	}
	return d.String(), t.Format("15:04")
}

// Bounds of a posted form: what is beyond is not one of ours.
const (
	mostFormValues = 1000
	mostFormRows   = 60
)

// postedDraft is the draft that a form was posted with. A field that is not in
// it stays as it was; lists, rows and checkboxes are left out by browsers when
// they are empty, and so are believed of a form that says it is whole.
func postedDraft(v url.Values, was draft) (draft, error) {
	n := 0
	for _, values := range v {
		n += len(values)
	}
	if n > mostFormValues {
		return draft{}, errForm
	}
	d := was
	if d.Fields = maps.Clone(was.Fields); d.Fields == nil {
		d.Fields = map[string]string{}
	}
	whole := v.Get("whole") != ""
	for _, name := range draftFields {
		if _, posted := v[name]; posted || whole && slices.Contains(checkboxes, name) {
			d.Fields[name] = strings.ReplaceAll(v.Get(name), "\r\n", "\n")
		}
	}
	has := func(name string) bool { _, posted := v[name]; return posted || whole }
	if has("days") {
		d.Days = v["days"]
	}
	if has("frequencies") {
		d.Frequencies = v["frequencies"]
	}
	row := func(name string, i int) string {
		if list := v[name]; i < len(list) {
			return strings.ReplaceAll(list[i], "\r\n", "\n")
		}
		return ""
	}
	rows := func(names ...string) int {
		n := 0
		for _, name := range names {
			n = max(n, len(v[name]))
		}
		return n
	}
	hours, matches, limits := rows("hours.from", "hours.to"), rows("matches.key", "matches.any_of", "matches.none_of"), rows("limits.max")
	if max(hours, matches, limits) > mostFormRows {
		return draft{}, errForm
	}
	if has("hours.from") {
		d.Hours = nil
		for i := range hours {
			d.Hours = append(d.Hours, hoursDraft{From: row("hours.from", i), To: row("hours.to", i)})
		}
	}
	if has("matches.key") {
		d.Matches = nil
		for i := range matches {
			d.Matches = append(d.Matches, matchDraft{On: row("matches.on", i), Key: row("matches.key", i),
				AnyOf: row("matches.any_of", i), NoneOf: row("matches.none_of", i), Kept: row("matches.kept", i)})
		}
	}
	if has("limits.max") {
		d.Limits = nil
		for i := range limits {
			d.Limits = append(d.Limits, limitDraft{Max: row("limits.max", i), Of: row("limits.of", i), Per: row("limits.per", i), Every: row("limits.every", i)})
		}
	}
	return d, nil
}
