package httpui

import (
	"net/url"
	"slices"

	"github.com/couponkit/coupon"
)

// reportState is the state of a coupon's page, as its URL has it. The zero value
// is the coupon's whole life, by made-at, in bars of redemptions, compared with
// nothing.
type reportState struct {
	Period   string          // a key of periods; "" is the whole life, "custom" has From and To
	From, To coupon.Date     // both included
	Clock    coupon.Clock    // "" is made-at
	Compare  comparison      // "" is nothing
	Interval coupon.Interval // "" is automatic; a week is Weekly, whatever day it begins with
	Line     bool
	Metric   metric // "" is redemptions
	Currency string // of a metric that is money; "" is the one with most bookings
}

// comparison is what a range is compared with.
type comparison string

const (
	noComparison   comparison = ""
	previousPeriod comparison = "previous_period"
	previousYear   comparison = "previous_year"
)

// metric is what the chart draws.
type metric string

const (
	redemptions metric = ""
	revenue     metric = "revenue"   // after discount
	discounts   metric = "discounts" // given by the coupon
)

// query writes the state: what is as by default is left out.
func (s reportState) query() query {
	q := s.rangeQuery().with("compare", string(s.Compare)).with("interval", string(s.Interval))
	if s.Line {
		q = q.with("chart", "line")
	}
	return q.with("metric", string(s.Metric)).with("currency", s.Currency)
}

// rangeQuery is the part that says which bookings are meant.
func (s reportState) rangeQuery() query {
	var q query
	if s.Period == customPeriod {
		q = q.with("from", s.From.String()).with("to", s.To.String())
	} else {
		q = q.with("period", s.Period)
	}
	return q.with("clock", string(s.Clock))
}

// stateParser reads the values of a URL and collects what was wrong with them: a
// link is answered as far as it is understood.
type stateParser struct {
	words
	values  url.Values
	notices []string
}

// tell adds a notice, by the key of its text.
func (p *stateParser) tell(key string, args ...any) {
	p.notices = append(p.notices, p.t(key, args...))
}

// oneOf gives a value if it is one of those allowed, else "".
func (p *stateParser) oneOf(key string, allowed ...string) string {
	v := p.values.Get(key)
	if v != "" && !slices.Contains(allowed, v) {
		p.tell("chart.unknown-value", "name", key)
		return ""
	}
	return v
}

// checkWeek tells of a day that is none: which one weeks begin with is said in
// newRequest, for all that is answered.
func (p *stateParser) checkWeek() { p.oneOf("week", weekdayKeys[:]...) }

// date reads a day of the years that a calendar on a page can show.
func (p *stateParser) date(key string) coupon.Date {
	v := p.values.Get(key)
	if v == "" {
		return coupon.Date{}
	}
	d, err := coupon.ParseDate(v)
	if err != nil || d.Year < 1900 || d.Year > 2200 {
		p.tell("chart.unknown-date", "name", key)
		return coupon.Date{}
	}
	return d
}
