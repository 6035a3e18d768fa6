package httpui

import (
	"cmp"
	"slices"

	"github.com/couponkit/coupon"
)

// controls are the links and the form that choose what a report shows.
type controls struct {
	Periods    []choice
	Others     []choice // periods that are asked for less
	Other      string   // the name of the one that is on; empty if none is
	Action     string   // of the form
	From, To   string   // its dates
	Keep       []field
	Compare    []choice
	NoCompare  string // why nothing can be compared; empty if it can
	Metrics    []choice
	Currencies []choice // none if there is nothing to choose
	Intervals  []choice
	Types      []choice
	Clocks     []choice
}

// field is a hidden one of a form.
type field struct{ Name, Value string }

func (w words) controls(l links, c coupon.Coupon, rep report, currencies []string, m measure) controls {
	v := controls{Action: l.of(c.ID), From: rep.First.String(), To: rep.Last.String()}
	to := func(id, name string, on bool, edit func(*reportState)) choice {
		s := rep.reportState
		edit(&s)
		return choice{ID: id, Name: name, On: on, URL: l.coupon(c.ID, s)}
	}
	period := func(key string) choice {
		return to("cp-period-"+cmp.Or(key, "all"), w.t("chart.period."+cmp.Or(key, "all")), rep.Period == key, func(s *reportState) {
			// The interval is chosen anew: it seldom suits another range.
			s.Period, s.Interval = key, ""
			if key == wholeLife {
				s.Compare = noComparison
			}
		})
	}
	v.Periods = []choice{period(wholeLife)}
	for _, p := range periods {
		x := period(p.Key)
		switch {
		case p.often:
			v.Periods = append(v.Periods, x)
			continue
		case x.On:
			v.Other = x.Name
		}
		v.Others = append(v.Others, x)
	}
	if rep.Period == customPeriod {
		v.Other = w.t("chart.custom")
	}
	if rep.Period == wholeLife {
		v.NoCompare = w.t("chart.no-comparison")
	} else {
		for _, x := range []comparison{noComparison, previousPeriod, previousYear} {
			key := cmp.Or(string(x), "none")
			v.Compare = append(v.Compare, to("cp-compare-"+key, w.t("chart.compare."+key), rep.Compare == x, func(s *reportState) { s.Compare = x }))
		}
	}
	for _, x := range []metric{redemptions, revenue, discounts} {
		v.Metrics = append(v.Metrics, to("cp-metric-"+metricKey(x), w.t("chart.metric."+metricKey(x)), rep.Metric == x, func(s *reportState) {
			if s.Metric = x; x == redemptions {
				s.Currency = ""
			}
		}))
	}
	if m.several {
		for _, code := range currencies {
			v.Currencies = append(v.Currencies, to("cp-in-"+code, code, m.currency == code, func(s *reportState) { s.Currency = code }))
		}
	}
	v.Intervals = []choice{to("cp-by-auto", w.t("chart.auto"), rep.Interval == "", func(s *reportState) { s.Interval = "" })}
	for _, i := range rep.Allowed {
		v.Intervals = append(v.Intervals, to("cp-by-"+string(i), w.intervalName(i), rep.Interval == i, func(s *reportState) { s.Interval = i }))
	}
	v.Types = []choice{
		to("cp-bars", w.t("chart.bars"), !rep.Line, func(s *reportState) { s.Line = false }),
		to("cp-line", w.t("chart.line"), rep.Line, func(s *reportState) { s.Line = true }),
	}
	for _, k := range []coupon.Clock{coupon.MadeAt, coupon.ServiceAt} {
		v.Clocks = append(v.Clocks, to("cp-clock-"+string(k), w.t("chart.clock."+string(k)), rep.Range.Clock == k, func(s *reportState) {
			if s.Clock = k; k == coupon.MadeAt {
				s.Clock = ""
			}
		}))
	}
	v.Keep = rep.keep()
	return v
}

// keep is the state that a form for another range takes along.
func (s reportState) keep() []field {
	line := ""
	if s.Line {
		line = "line"
	}
	all := []field{{"clock", string(s.Clock)}, {"compare", string(s.Compare)}, {"interval", string(s.Interval)}, {"chart", line},
		{"metric", string(s.Metric)}, {"currency", s.Currency}}
	return slices.DeleteFunc(all, func(f field) bool { return f.Value == "" })
}
