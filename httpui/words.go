package httpui

import (
	"slices"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/couponkit/coupon"
)

// words says in a language what the library says in types, with amounts, numbers
// and dates as one locale has them.
type words struct {
	formats
	lang *catalog
	// firstDay is the day with which weeks begin: the locale's, if newRequest does not
	// say otherwise.
	firstDay time.Weekday
}

// t is the text of a key in the language; see catalog.text. Whole numbers among
// the args are written as the locale does, and choose the plural form.
func (w words) t(key string, args ...any) string {
	for i := 1; i < len(args); i += 2 {
		switch n := args[i].(type) {
		case int:
			args[i] = count{int64(n), w.Count(int64(n))}
		case int64:
			args[i] = count{n, w.Count(n)}
		}
	}
	return w.lang.text(key, args...)
}

// interval is "day", in a sentence.
func (w words) interval(i coupon.Interval) string { return w.t("words.interval." + intervalKey(i)) }

// intervalName is "Day", by itself.
func (w words) intervalName(i coupon.Interval) string {
	return w.t("words.interval-name." + intervalKey(i))
}

// intervalKey: a week is called a week whatever day it begins with.
func intervalKey(i coupon.Interval) string {
	if i == coupon.WeeklyFromSunday {
		i = coupon.Weekly
	}
	return string(i)
}

// status is "Used up".
func (w words) status(s coupon.Status) string { return w.t("words.status." + string(s)) }

// statuses is their order on the list.
var statuses = []coupon.Status{coupon.Active, coupon.Scheduled, coupon.Inactive, coupon.UsedUp, coupon.Expired, coupon.Archived}

// state is "Redeemed".
func (w words) state(s coupon.State) string { return w.t("words.state." + string(s)) }

// clock is "by service date".
func (w words) clock(c coupon.Clock) string { return w.t("words.clock." + string(c)) }

// audienceName is "New customers".
func (w words) audienceName(a coupon.Audience) string {
	return w.t("words.audience." + audienceKey(a))
}

// audience says what that means.
func (w words) audience(a coupon.Audience) string {
	return w.t("words.audience-means." + audienceKey(a))
}

func audienceKey(a coupon.Audience) string {
	if a == coupon.Everyone {
		return "all"
	}
	return string(a)
}

// frequency is "every two weeks"; a host's own is shown as it is.
func (w words) frequency(f coupon.Frequency) string {
	switch f {
	case coupon.EveryWeek, coupon.EveryTwoWeeks, coupon.EveryFourWeeks, coupon.EveryMonth:
		return w.t("words.frequency." + string(f))
	}
	return string(f)
}

func (w words) frequencies(fs []coupon.Frequency) string {
	names := make([]string, len(fs))
	for i, f := range fs {
		names[i] = w.frequency(f)
	}
	return w.or(names)
}

// name is how a page calls a coupon: by its name, or its code if it has none.
func (w words) name(c coupon.Coupon) string {
	if c.Name != "" {
		return c.Name
	}
	return string(c.Code)
}

// customer is how a customer's key is shown.
func (w words) customer(key string) string {
	if key == "" {
		return w.t("words.not-known")
	}
	return key
}

// discount is what a coupon gives: "15% off, at most $50".
func (w words) discount(d coupon.Discount) string {
	switch d.Kind {
	case coupon.Percent:
		if !d.Cap.IsZero() {
			return w.t("words.discount.percent-capped", "percent", w.percent(d.Percent), "amount", w.amount(d.Cap))
		}
		return w.t("words.discount.percent", "percent", w.percent(d.Percent))
	case coupon.AmountPerUnit:
		return w.t("words.discount.unit", "amount", w.amount(d.Amount))
	default:
		return w.t("words.discount.amount", "amount", w.amount(d.Amount))
	}
}

// start is when a coupon begins: a day, with the time of day where that is not
// the first moment of it.
func (w words) start(c coupon.Coupon, date func(coupon.Date) string) string {
	return w.moment(c.Start, c, date)
}

// end is until when a coupon serves: its last day, or the instant where it ends
// within a day.
func (w words) end(c coupon.Coupon, date func(coupon.Date) string) string {
	if c.End.IsZero() {
		return w.t("words.no-end")
	}
	if day := coupon.DateOf(c.End.In(zoneOf(c))); startsDay(c.End, day, c.Zone) {
		return date(day.AddDays(-1))
	}
	return w.moment(c.End, c, date)
}

func (w words) moment(t time.Time, c coupon.Coupon, date func(coupon.Date) string) string {
	t = t.In(zoneOf(c))
	day := coupon.DateOf(t)
	if startsDay(t, day, c.Zone) {
		return date(day)
	}
	return w.at(date(day), t)
}

func startsDay(t time.Time, day coupon.Date, zone string) bool {
	first, err := coupon.StartOfDay(day, zone)
	return err == nil && first.Equal(t)
}

// reason says why a coupon has the status that it has, in few words.
func (w words) reason(s coupon.CouponState) string {
	switch s.Status {
	case coupon.Archived:
		return w.t("words.reason.archived", "date", w.shortDate(coupon.DateOf(s.ArchivedAt.In(zoneOf(s.Coupon)))))
	case coupon.Inactive:
		return w.t("words.reason.inactive")
	case coupon.Expired:
		return w.t("words.reason.expired", "end", w.end(s.Coupon, w.shortDate))
	case coupon.UsedUp:
		for _, l := range s.Limits {
			if l.Reached && l.Limit.Every == coupon.Ever {
				if l.Limit.Of == coupon.DiscountGiven {
					return w.t("words.reason.budget", "amount", w.amount(l.Limit.Budget))
				}
				return w.t("words.reason.uses", "n", l.Limit.Max)
			}
		}
		return w.t("words.reason.limit")
	case coupon.Scheduled:
		return w.t("words.reason.scheduled", "start", w.start(s.Coupon, w.shortDate))
	default:
		for _, l := range s.Limits {
			if l.Reached {
				return w.t("words.reason.full." + string(l.Limit.Every))
			}
		}
		if s.End.IsZero() {
			return w.t("words.reason.no-end")
		}
		return w.t("words.reason.until", "end", w.end(s.Coupon, w.shortDate))
	}
}

// uses is how much of a limit a coupon has used: "37 of 100 this week".
func (w words) uses(l coupon.LimitUse) string {
	used, most := w.Count(l.Used), w.Count(l.Limit.Max)
	if l.Limit.Of == coupon.DiscountGiven {
		used, most = w.amount(l.Spent), w.amount(l.Limit.Budget)
	}
	return w.t("words.used."+string(l.Limit.Every), "used", used, "most", most)
}

// and writes "a, b and c", or "a, b or c".
func (w words) and(parts []string) string { return w.list(parts, "words.list.and") }
func (w words) or(parts []string) string  { return w.list(parts, "words.list.or") }

// list keeps each part from turning the others round, and not the whole: where
// the language runs from right to left the parts do too.
func (w words) list(parts []string, last string) string {
	text := ""
	for i, p := range parts {
		p = w.lang.isolate(p)
		switch {
		case i == 0:
			text = p
		case i == len(parts)-1:
			text = put(w.lang.text(last), "{before}", text, "{part}", p)
		default:
			text = put(w.lang.text("words.list.comma"), "{before}", text, "{part}", p)
		}
	}
	return text
}

// days is "Monday, Wednesday and Sunday", in the order of the locale's week.
func (w words) days(days []time.Weekday) string {
	first := w.firstDay
	inWeek := func(d time.Weekday) int { return int(d-first+7) % 7 }
	days = slices.Clone(days)
	slices.SortFunc(days, func(a, b time.Weekday) int { return inWeek(a) - inWeek(b) })
	days = slices.Compact(days)
	if slices.Equal(days, []time.Weekday{1, 2, 3, 4, 5}) {
		return w.t("words.days", "first", w.weekday(time.Monday), "last", w.weekday(time.Friday))
	}
	names := make([]string, len(days))
	for i, d := range days {
		names[i] = w.weekday(d)
	}
	return w.and(names)
}

func (w words) hours(hours []coupon.Hours) string {
	parts := make([]string, len(hours))
	for i, h := range hours {
		key := "words.hours.same-day"
		if h.To < h.From {
			key = "words.hours.next-day"
		}
		parts[i] = w.t(key, "from", w.timeOfDay(h.From), "to", w.timeOfDay(h.To))
	}
	return w.and(parts)
}

func upperFirst(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return s
	}
	return string(unicode.ToUpper(r)) + s[n:]
}
