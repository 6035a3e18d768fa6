package httpui

import (
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/language"

	"github.com/couponkit/coupon"
)

// DateStyle is how much of a day is written, and how. The values are stable; the
// zero value is none.
type DateStyle string

// The styles of dates, as English has them.
const (
	DateLong       DateStyle = "long"        // 7 July 2026
	DateShort      DateStyle = "short"       // 7 Jul 2026
	DateWeekday    DateStyle = "weekday"     // Tue 7 Jul 2026
	DateDayMonth   DateStyle = "day-month"   // 7 July
	DateShortDay   DateStyle = "short-day"   // 7 Jul
	DateMonth      DateStyle = "month-year"  // July 2026
	DateShortMonth DateStyle = "short-month" // Jul 2026
	DateQuarter    DateStyle = "quarter"     // Q3 2026
	DateYear       DateStyle = "year"        // 2026
)

// day writes a day in a style.
func (w words) day(d coupon.Date, s DateStyle) string {
	if w.host != nil {
		if text := w.host.Date(d, s); text != "" {
			return text
		}
	}
	months := "dates.months."
	switch s {
	case DateShort, DateWeekday, DateShortDay, DateShortMonth:
		months = "dates.months-short."
	case DateMonth:
		months = "dates.months-alone."
	}
	text := w.lang.text("dates." + string(s))
	return put(text,
		"{day}", w.digits(strconv.Itoa(d.Day)), "{month}", w.lang.text(months+strconv.Itoa(int(d.Month))), "{year}", w.digits(strconv.Itoa(d.Year)),
		"{weekday}", w.lang.text("dates.weekdays-short."+weekdayKeys[d.Weekday()]), "{quarter}", w.digits(strconv.Itoa(int(d.Month+2)/3)))
}

// put puts values in the place of their names ("{day}"), as they are. A page has
// hundreds of them, so nothing is built for it first.
func put(text string, pairs ...string) string {
	var out []byte
	for {
		i := strings.IndexByte(text, '{')
		if i < 0 {
			break
		}
		value, next := text[i:i+1], i+1
		for k := 0; k < len(pairs); k += 2 {
			if strings.HasPrefix(text[i:], pairs[k]) {
				value, next = pairs[k+1], i+len(pairs[k])
				break
			}
		}
		out = append(append(out, text[:i]...), value...)
		text = text[next:]
	}
	return string(append(out, text...))
}

var weekdayKeys = [...]string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}

// weekday is "Tuesday".
func (w words) weekday(d time.Weekday) string { return w.lang.text("dates.weekdays." + weekdayKeys[d]) }

// date is "7 July 2026".
func (w words) date(d coupon.Date) string { return w.day(d, DateLong) }

// shortDate is "7 Jul 2026".
func (w words) shortDate(d coupon.Date) string { return w.day(d, DateShort) }

// dayMonth is "7 Jul".
func (w words) dayMonth(d coupon.Date) string { return w.day(d, DateShortDay) }

// dateRange is "7 July – 31 August 2026", or one day.
func (w words) dateRange(first, last coupon.Date) string {
	if first == last {
		return w.date(first)
	}
	style := DateLong
	if first.Year == last.Year {
		style = DateDayMonth
	}
	return w.t("dates.range", "from", w.day(first, style), "to", w.date(last))
}

// clockTime is the time of day in t's own location, to the minute: "14:30".
func (w words) clockTime(t time.Time) string {
	return w.timeOfDay(coupon.TimeOfDay(t.Hour()*3600 + t.Minute()*60))
}

// timeOfDay is a time by the wall clock: "14:30", "14:30:15".
func (w words) timeOfDay(t coupon.TimeOfDay) string {
	if w.host != nil {
		if text := w.host.Time(t); text != "" {
			return text
		}
	}
	two := func(n int) string {
		s := strconv.Itoa(n)
		if n < 10 {
			s = "0" + s
		}
		return w.digits(s)
	}
	hour, minute, second := int(t)/3600, int(t)/60%60, int(t)%60
	key, half := "dates.time", "dates.am"
	if second != 0 {
		key = "dates.time-seconds"
	}
	if hour%24 >= 12 {
		half = "dates.pm"
	}
	return put(w.lang.text(key), "{hour}", two(hour), "{hour12}", w.digits(strconv.Itoa((hour+11)%12+1)),
		"{minute}", two(minute), "{second}", two(second), "{half}", w.lang.text(half))
}

// instant is "7 Jul 2026, 14:30".
func (w words) instant(t time.Time, loc *time.Location) string {
	if t.IsZero() {
		return noAmount
	}
	t = t.In(loc)
	return w.at(w.shortDate(coupon.DateOf(t)), t)
}

// at is a day, as it is written already, with the time of t.
func (w words) at(day string, t time.Time) string {
	return w.t("dates.at", "date", day, "time", w.clockTime(t))
}

// weekStart is the day with which the locale begins the week: that of the region,
// as CLDR has it, or else of the language.
func (w words) weekStart() time.Weekday {
	region := ""
	if tag, err := language.Parse(w.locale); err == nil {
		if r, confidence := tag.Region(); confidence == language.Exact {
			region = r.String()
		}
	}
	for day, regions := range weekStarts {
		if region != "" && strings.Contains(regions, region) {
			return day
		}
	}
	if region == "" {
		for day, key := range weekdayKeys {
			if key == w.lang.text("dates.week-start") {
				return time.Weekday(day)
			}
		}
	}
	return time.Monday
}

// weekStarts are the regions that begin the week with another day than Monday
// (CLDR 47, weekData).
var weekStarts = map[time.Weekday]string{
	time.Friday:   "MV",
	time.Saturday: "AE AF BH DJ DZ EG IQ IR JO KW LY OM QA SD SY",
	time.Sunday: "AG AS AU BD BR BS BT BW BZ CA CO DM DO ET GT GU HK HN ID IL IN JM JP KE KH KR LA MH MM MO MT MX MZ NI NP " +
		"PA PE PH PK PR PT PY SA SG SV TH TT TW UM US VE VI WS YE ZA ZW",
}

// zoneOf is the location of a coupon's zone, which was checked when it was
// stored.
func zoneOf(c coupon.Coupon) *time.Location {
	loc, err := time.LoadLocation(c.Zone)
	if err != nil {
		return time.UTC
	}
	return loc
}

// clockOn is the instant at which the clocks show a time on a day, the first if there
// are two; there is none where they are put forward over it.
func clockOn(d coupon.Date, of coupon.TimeOfDay, loc *time.Location) (t time.Time, there bool) {
	t = time.Date(d.Year, d.Month, d.Day, 0, 0, int(of), 0, loc)
	hour, minute, second := t.Clock()
	return t, coupon.DateOf(t) == d && coupon.TimeOfDay(hour*3600+minute*60+second) == of
}
