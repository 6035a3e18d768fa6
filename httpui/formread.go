package httpui

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/couponkit/coupon"
)

// reading makes a coupon of a draft. What was not touched stays as it is in the
// coupon that the form was filled from, to the last digit and microsecond: only
// what differs from the draft of that coupon is read.
type reading struct {
	w      words
	d, was draft
	base   coupon.Coupon // that was is the draft of
	c      coupon.Coupon // base with what was typed
	errors formErrors
	rows   map[string][]int // of "limits" and so on: the form's row of each entry of the coupon
}

// read gives the coupon that a draft means, or else all that is wrong with it.
func (w words) read(d, was draft, base coupon.Coupon) (coupon.Coupon, formErrors) {
	r := &reading{w: w, d: d, was: was, base: base, c: base.Clone(), errors: formErrors{}, rows: map[string][]int{}}
	r.discount()
	r.texts()
	r.dates()
	r.bookings()
	r.daysAndHours()
	r.matches()
	r.limits()
	err := r.c.Validate()
	r.add(err)
	return r.c, r.errors
}

func (r *reading) field(name string) string { return r.d.Fields[name] }

// changed reports whether any of the fields is not as it was.
func (r *reading) changed(names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return r.d.Fields[name] != r.was.Fields[name] })
}

// wrong says what is wrong with a field; the first thing stands.
func (r *reading) wrong(name, key string, args ...any) {
	if _, said := r.errors[name]; !said {
		r.errors[name] = r.w.t("form.errors."+key, args...)
	}
}

// number reads what was typed in a field as plain digits; ok is false if it is
// empty or can't be read.
func (r *reading) number(name, typed string, decimals int) (plain string, ok bool) {
	typed = strings.TrimSpace(typed)
	if typed == "" {
		return "", false
	}
	plain, problem := r.w.readNumber(typed, decimals)
	if problem == ambiguous {
		digits, _ := r.w.readNumber(typed, 0)
		thousands, err := decimal.NewFromString(digits)
		if err == nil {
			r.wrong(name, string(problem), "value", cut(typed), "one", r.w.plain(thousands), "other", r.w.plain(thousands.Shift(-3)))
			return "", false
		}
	}
	if problem != "" || len(plain) > mostNumber {
		r.wrong(name, string(notNumber), "value", cut(typed))
		return "", false
	}
	return plain, true
}

// mostNumber is how many characters a number may have.
const mostNumber = 40

func (r *reading) count(name, typed string) int64 {
	plain, ok := r.number(name, typed, 0)
	if !ok {
		return 0
	}
	n, err := strconv.ParseInt(plain, 10, 64)
	if err != nil {
		r.wrong(name, "whole", "value", typed)
	}
	return n
}

// money reads an amount in the currency of the form.
func (r *reading) money(name, typed string) coupon.Money {
	if strings.TrimSpace(typed) == "" {
		return coupon.Money{}
	}
	code := strings.ToUpper(strings.TrimSpace(r.field("currency")))
	nothing, err := coupon.MoneyFromMinor(0, code)
	if err != nil {
		if code == "" {
			r.wrong("currency", "no-currency")
		} else {
			r.wrong("currency", "currency", "value", code)
		}
		r.errors.leaveOut(name)
		return coupon.Money{}
	}
	plain, ok := r.number(name, typed, digitsOf(nothing))
	if !ok {
		return coupon.Money{}
	}
	m, err := coupon.ParseMoney(plain, code)
	if err != nil {
		r.addTo(name, err)
	}
	return m
}

// digitsOf is how many decimals the currency of an amount has.
func digitsOf(m coupon.Money) int {
	if _, fraction, ok := strings.Cut(strings.Fields(m.String())[0], "."); ok {
		return len(fraction)
	}
	return 0
}

func (r *reading) discount() {
	d := &r.c.Discount
	if r.changed("kind", "value", "currency") {
		kind := coupon.DiscountKind(r.field("kind"))
		*d = coupon.Discount{Kind: kind, Cap: d.Cap}
		if kind != coupon.Percent {
			d.Amount = r.money("value", r.field("value"))
		} else if plain, ok := r.number("value", strings.TrimSuffix(strings.TrimSpace(r.field("value")), "%"), percentDecimals); ok {
			var err error
			if d.Percent, err = decimal.NewFromString(plain); err != nil {
				r.wrong("value", string(notNumber), "value", plain)
			}
		}
	}
	if r.changed("cap", "currency") {
		d.Cap = r.money("cap", r.field("cap"))
	}
}

// percentDecimals is how many a percentage may have.
const percentDecimals = 4

func (r *reading) texts() {
	c := &r.c
	if r.changed("name") {
		c.Name = strings.TrimSpace(r.field("name"))
	}
	if r.changed("code") {
		c.Code = coupon.Code(r.field("code"))
		if code, err := coupon.ParseCode(r.field("code")); err == nil {
			c.Code = code
		}
	}
	if r.changed("description") {
		c.Description = strings.TrimSpace(r.field("description"))
	}
	if r.changed("audience") {
		c.Audience = coupon.Audience(r.field("audience"))
	}
	if r.changed("inactive") {
		c.Inactive = r.field("inactive") != ""
	}
	if r.changed("combinable") {
		c.Combinable = r.field("combinable") != ""
	}
	if r.changed("keep_use_on_cancel") {
		c.KeepUseOnCancel = r.field("keep_use_on_cancel") != ""
	}
	if r.changed("release_use_on_refund") {
		c.ReleaseUseOnRefund = r.field("release_use_on_refund") != ""
	}
}

// dates reads days as the coupon's zone has them. In another zone they are the
// same days, and so begin at other instants.
func (r *reading) dates() {
	c := &r.c
	if r.changed("zone") {
		c.Zone = strings.TrimSpace(r.field("zone"))
	}
	if _, err := coupon.StartOfDay(coupon.Date{Year: 2000, Month: 1, Day: 1}, c.Zone); err != nil {
		r.wrong("zone", "zone", "value", c.Zone)
		r.errors.leaveOut("start_day")
		r.errors.leaveOut("end_day")
		return
	}
	if r.changed("start_day", "start_time", "zone") {
		c.Start = r.moment("start", 0)
	}
	if r.changed("end_day", "end_time", "zone") {
		c.End = r.moment("end", 1)
	}
	if r.changed("valid_by") {
		c.ValidBy = coupon.Clock(r.field("valid_by"))
	}
}

// moment reads a day and a time of day. Without a time it is the start of the
// day, or of the one so many days after.
func (r *reading) moment(name string, later int) time.Time {
	day, clock := strings.TrimSpace(r.field(name+"_day")), strings.TrimSpace(r.field(name+"_time"))
	if day == "" {
		if clock != "" {
			r.wrong(name+"_day", "time-without-day")
		}
		return time.Time{}
	}
	date, err := coupon.ParseDate(day)
	if err != nil {
		r.wrong(name+"_day", "day", "value", cut(day))
		return time.Time{}
	}
	if clock == "" {
		t, err := coupon.StartOfDay(date.AddDays(later), r.c.Zone)
		if err != nil {
			r.wrong(name+"_day", "day", "value", cut(day))
		}
		return t
	}
	of, err := coupon.ParseTimeOfDay(clock)
	if err != nil || of == coupon.EndOfDay {
		r.wrong(name+"_time", "time", "value", cut(clock))
		r.errors.leaveOut(name + "_day")
		return time.Time{}
	}
	t, there := clockOn(date, of, zoneOf(r.c))
	if !there {
		r.wrong(name+"_time", "no-such-time", "time", clock, "zone", r.c.Zone)
		r.errors.leaveOut(name + "_day")
		return time.Time{}
	}
	return t
}

func (r *reading) bookings() {
	c := &r.c.Restrictions
	if r.changed("booking_type") {
		c.BookingType = coupon.BookingType(r.field("booking_type"))
	}
	if r.changed("other_frequencies") || !slices.Equal(r.d.Frequencies, r.was.Frequencies) {
		c.Frequencies = nil
		for _, f := range slices.Concat(r.d.Frequencies, lines(r.field("other_frequencies"))) {
			c.Frequencies = append(c.Frequencies, coupon.Frequency(f))
		}
	}
	if r.changed("occurrences") {
		c.Occurrences = r.count("occurrences", r.field("occurrences"))
	}
	if r.changed("min_total", "currency") {
		c.MinTotal = r.money("min_total", r.field("min_total"))
	}
	if r.changed("max_total", "currency") {
		c.MaxTotal = r.money("max_total", r.field("max_total"))
	}
	if r.changed("min_units") {
		c.MinUnits = r.count("min_units", r.field("min_units"))
	}
}

func (r *reading) daysAndHours() {
	c := &r.c.Restrictions
	if !slices.Equal(r.d.Days, r.was.Days) {
		c.Days = nil
		for _, s := range r.d.Days {
			day, err := strconv.Atoi(s)
			if err != nil {
				day = -1 // the core says that it is none
			}
			c.Days = append(c.Days, time.Weekday(day))
		}
	}
	if r.changed("days_by") {
		c.DaysBy = coupon.Clock(r.field("days_by"))
	}
	c.Hours = rowsOf(r, "hours", r.d.Hours, r.was.Hours, r.base.Restrictions.Hours, func(at string, h hoursDraft) (coupon.Hours, bool) {
		if h == (hoursDraft{}) {
			return coupon.Hours{}, false
		}
		out := coupon.Hours{From: r.timeOfDay(at+".from", h.From), To: r.timeOfDay(at+".to", h.To)}
		if out.To == 0 {
			out.To = coupon.EndOfDay
		}
		if r.errors[at+".to"] != "" {
			r.errors.leaveOut(at + ".from")
		}
		return out, true
	})
}

func (r *reading) timeOfDay(name, typed string) coupon.TimeOfDay {
	t, err := coupon.ParseTimeOfDay(strings.TrimSpace(typed))
	if err != nil {
		r.wrong(name, "time", "value", cut(typed))
	}
	return t
}

func (r *reading) matches() {
	base := r.base.Restrictions.Matches
	r.c.Restrictions.Matches = rowsOf(r, "matches", r.d.Matches, r.was.Matches, base, func(at string, m matchDraft) (coupon.Match, bool) {
		if m.Key == "" && m.AnyOf == "" && m.NoneOf == "" {
			return coupon.Match{}, false // an empty row; one that is kept has been found by its place
		}
		return coupon.Match{On: coupon.MatchOn(m.On), Key: strings.TrimSpace(m.Key), AnyOf: lines(m.AnyOf), NoneOf: lines(m.NoneOf)}, true
	})
}

func (r *reading) limits() {
	base := r.base.Restrictions.Limits
	was := r.was.Limits
	if r.changed("currency") {
		was = nil
	}
	r.c.Restrictions.Limits = rowsOf(r, "limits", r.d.Limits, was, base, func(at string, l limitDraft) (coupon.Limit, bool) {
		if strings.TrimSpace(l.Max) == "" {
			return coupon.Limit{}, false
		}
		out := coupon.Limit{Of: coupon.LimitOf(l.Of), Per: coupon.LimitPer(l.Per), Every: coupon.Period(l.Every)}
		if out.Of == coupon.DiscountGiven {
			out.Budget = r.money(at+".max", l.Max)
		} else {
			out.Max = r.count(at+".max", l.Max)
		}
		return out, true
	})
}

// rowsOf reads rows. One that is as it was is the entry that it was filled from.
func rowsOf[D comparable, T any](r *reading, name string, rows, was []D, base []T, read func(at string, row D) (T, bool)) []T {
	if reflect.DeepEqual(rows, was) {
		for i := range base {
			r.rows[name] = append(r.rows[name], i)
		}
		return base
	}
	var out []T
	left := slices.Clone(base) // what rows may still be
	shown := slices.Clone(was[:min(len(was), len(base))])
	for i, row := range rows {
		var entry T
		ok := false
		if j := slices.Index(shown, row); j >= 0 {
			entry, ok = left[j], true
			// Of rows that look alike each is another entry.
			left, shown = slices.Delete(left, j, j+1), slices.Delete(shown, j, j+1)
		} else {
			entry, ok = read(fmt.Sprintf("%s[%d]", name, i), row)
		}
		if ok {
			out = append(out, entry)
			r.rows[name] = append(r.rows[name], i)
		}
	}
	return out
}

// lines are the lines of a text that are not empty.
func lines(s string) []string {
	var out []string
	for line := range strings.SplitSeq(s, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// cut shortens what is said back to whoever typed it.
func cut(s string) string {
	if r := []rune(s); len(r) > mostNumber {
		return string(r[:mostNumber]) + "…"
	}
	return s
}
