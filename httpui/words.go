package httpui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/couponkit/coupon"
)

// words says in a language what the library says in types.
type words struct {
	formats
	lang *catalog
}

var intervalNames = map[coupon.Interval]string{
	coupon.Hourly: "hour", coupon.Daily: "day", coupon.Weekly: "week", coupon.WeeklyFromSunday: "week",
	coupon.Monthly: "month", coupon.Quarterly: "quarter", coupon.Yearly: "year",
}

var statusNames = map[coupon.Status]string{
	coupon.Active: "Active", coupon.Scheduled: "Scheduled", coupon.Inactive: "Inactive",
	coupon.UsedUp: "Used up", coupon.Expired: "Expired", coupon.Archived: "Archived",
}

// statuses is their order on the list.
var statuses = []coupon.Status{coupon.Active, coupon.Scheduled, coupon.Inactive, coupon.UsedUp, coupon.Expired, coupon.Archived}

var stateNames = map[coupon.State]string{
	coupon.Redeemed: "Redeemed", coupon.Refunded: "Refunded", coupon.Cancelled: "Cancelled",
}

var audienceNames = map[coupon.Audience]string{
	coupon.Everyone: "All customers", coupon.NewCustomers: "New customers", coupon.ExistingCustomers: "Existing customers",
}

var frequencyNames = map[coupon.Frequency]string{
	coupon.EveryWeek: "weekly", coupon.EveryTwoWeeks: "every two weeks", coupon.EveryFourWeeks: "every four weeks", coupon.EveryMonth: "monthly",
}

var clockNames = map[coupon.Clock]string{
	coupon.MadeAt: "by the day of booking", coupon.ServiceAt: "by service date",
}

// name is how a page calls a coupon: by its name, or its code if it has none.
func (w words) name(c coupon.Coupon) string {
	if c.Name != "" {
		return c.Name
	}
	return string(c.Code)
}

func (w words) audience(a coupon.Audience) string {
	switch a {
	case coupon.NewCustomers:
		return "New customers: no completed booking before"
	case coupon.ExistingCustomers:
		return "Existing customers: at least one completed booking before"
	default:
		return "All customers"
	}
}

// discount is what a coupon gives: "15% off, at most $50".
func (w words) discount(d coupon.Discount) string {
	switch d.Kind {
	case coupon.Percent:
		s := w.decimal(d.Percent) + "% off"
		if !d.Cap.IsZero() {
			s += ", at most " + w.amount(d.Cap)
		}
		return s
	case coupon.AmountPerUnit:
		return w.amount(d.Amount) + " off each unit"
	default:
		return w.amount(d.Amount) + " off"
	}
}

// start is when a coupon begins: a day, with the time of day where that is not
// the first moment of it.
func (w words) start(c coupon.Coupon, date func(coupon.Date) string) string {
	loc := zoneOf(c)
	return w.moment(c.Start, loc, c.Zone, date)
}

// end is until when a coupon serves: its last day, or the instant where it ends
// within a day.
func (w words) end(c coupon.Coupon, date func(coupon.Date) string) string {
	if c.End.IsZero() {
		return "No end"
	}
	loc := zoneOf(c)
	if day := coupon.DateOf(c.End.In(loc)); startsDay(c.End, day, c.Zone) {
		return date(day.AddDays(-1))
	}
	return w.moment(c.End, loc, c.Zone, date)
}

func (w words) moment(t time.Time, loc *time.Location, zone string, date func(coupon.Date) string) string {
	day := coupon.DateOf(t.In(loc))
	if startsDay(t, day, zone) {
		return date(day)
	}
	return date(day) + ", " + t.In(loc).Format("15:04")
}

func startsDay(t time.Time, day coupon.Date, zone string) bool {
	first, err := coupon.StartOfDay(day, zone)
	return err == nil && first.Equal(t)
}

// reason says why a coupon has the status that it has, in few words.
func (w words) reason(s coupon.CouponState) string {
	switch s.Status {
	case coupon.Archived:
		return "Put away on " + w.shortDate(coupon.DateOf(s.ArchivedAt.In(zoneOf(s.Coupon))))
	case coupon.Inactive:
		return "Switched off"
	case coupon.Expired:
		return "Ended " + w.end(s.Coupon, w.shortDate)
	case coupon.UsedUp:
		for _, l := range s.Limits {
			if l.Reached && l.Limit.Every == coupon.Ever {
				if l.Limit.Of == coupon.DiscountGiven {
					return "Budget of " + w.amount(l.Limit.Budget) + " spent"
				}
				return "All " + w.plural(l.Limit.Max, "use", "uses") + " taken"
			}
		}
		return "A limit is reached"
	case coupon.Scheduled:
		return "From " + w.start(s.Coupon, w.shortDate)
	default:
		for _, l := range s.Limits {
			if l.Reached {
				return "Full for " + thisPeriods[l.Limit.Every]
			}
		}
		if s.End.IsZero() {
			return "No end date"
		}
		return "Until " + w.end(s.Coupon, w.shortDate)
	}
}

var thisPeriods = map[coupon.Period]string{coupon.PerDay: "today", coupon.PerWeek: "this week", coupon.PerMonth: "this month"}

// uses is how much of its main limit a coupon has used: "37 of 100".
func (w words) uses(l coupon.LimitUse) string {
	s := ""
	if l.Limit.Of == coupon.DiscountGiven {
		s = w.amount(l.Spent) + " of " + w.amount(l.Limit.Budget)
	} else {
		s = w.Count(l.Used) + " of " + w.Count(l.Limit.Max)
	}
	if l.Limit.Every != coupon.Ever {
		s += " " + thisPeriods[l.Limit.Every]
	}
	return s
}

// list writes "a, b and c".
func list(parts []string, last string) string {
	switch n := len(parts); n {
	case 0:
		return ""
	case 1:
		return parts[0]
	default:
		return strings.Join(parts[:n-1], ", ") + " " + last + " " + parts[n-1]
	}
}

// plural writes "1 booking" and "2 bookings".
func (w words) plural(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return w.Count(n) + " " + many
}

func (w words) days(days []time.Weekday) string {
	days = slices.Clone(days)
	mondayFirst := func(d time.Weekday) int { return (int(d) + 6) % 7 }
	slices.SortFunc(days, func(a, b time.Weekday) int { return mondayFirst(a) - mondayFirst(b) })
	days = slices.Compact(days)
	switch {
	case slices.Equal(days, []time.Weekday{1, 2, 3, 4, 5}):
		return "Monday to Friday"
	case slices.Equal(days, []time.Weekday{6, 0}):
		return "Saturday and Sunday"
	}
	names := make([]string, len(days))
	for i, d := range days {
		names[i] = d.String()
	}
	return list(names, "and")
}

func (w words) hours(hours []coupon.Hours) string {
	parts := make([]string, len(hours))
	for i, h := range hours {
		parts[i] = fmt.Sprintf("from %s to %s", h.From, h.To)
		if h.To < h.From {
			parts[i] += " the next day"
		}
	}
	return list(parts, "and")
}

func (w words) frequencies(fs []coupon.Frequency) string {
	parts := make([]string, len(fs))
	for i, f := range fs {
		if parts[i] = frequencyNames[f]; parts[i] == "" {
			parts[i] = string(f)
		}
	}
	return list(parts, "or")
}

// customer is how a customer's key is shown.
func (w words) customer(key string) string {
	if key == "" {
		return "Not known"
	}
	return key
}
