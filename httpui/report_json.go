package httpui

import (
	"time"

	"github.com/couponkit/coupon"
)

// reportJSON is the report for programs. Its names are stable.
type reportJSON struct {
	Range     rangeJSON     `json:"range"`
	Interval  string        `json:"interval"`  // of the points
	Intervals []string      `json:"intervals"` // that suit the range
	Points    []pointJSON   `json:"points"`    // never null
	Summary   summaryJSON   `json:"summary"`
	Compared  *comparedJSON `json:"compared,omitempty"`
	Notes     []noteJSON    `json:"notes"` // all of the coupon; never null
}

// rangeJSON is half-open; First and Last are its days in the zone.
type rangeJSON struct {
	From  time.Time    `json:"from"`
	To    time.Time    `json:"to"`
	First coupon.Date  `json:"first"`
	Last  coupon.Date  `json:"last"`
	Zone  string       `json:"zone"`
	Clock coupon.Clock `json:"clock"`
}

type pointJSON struct {
	Start      time.Time        `json:"start"`
	End        time.Time        `json:"end"`
	SoFar      bool             `json:"so_far,omitempty"` // it is not over
	Bookings   int64            `json:"bookings"`         // in all currencies
	Currencies []coupon.Figures `json:"currencies"`       // never null
}

type summaryJSON struct {
	Currencies  []coupon.Figures `json:"currencies"` // never null
	Unscheduled int64            `json:"unscheduled,omitempty"`
}

// comparedJSON is the range that was compared with, in the same points.
type comparedJSON struct {
	With         comparison  `json:"with"` // "previous_period" or "previous_year"
	Range        rangeJSON   `json:"range"`
	SameWeekdays bool        `json:"same_weekdays,omitempty"` // moved to begin with the same day of the week
	Points       []pointJSON `json:"points"`
	Summary      summaryJSON `json:"summary"`
}

type noteJSON struct {
	ID      coupon.ID `json:"id"`
	At      time.Time `json:"at"`
	Text    string    `json:"text"`
	Version int64     `json:"version"` // to be sent with an edit
	By      string    `json:"by,omitempty"`
	InRange bool      `json:"in_range"`
}

// couponData is a coupon's page for programs; nothing for others.
func (q *request) couponData(s coupon.CouponState, d reportData) any {
	if q.as != asJSON {
		return nil
	}
	return couponData{Coupon: couponJSONOf(s), Report: d.json()}
}

func (d reportData) json() reportJSON {
	loc, zone := zoneOf(d.coupon), d.coupon.Zone
	points := func(all []coupon.Point) []pointJSON {
		out := make([]pointJSON, len(all))
		for i, p := range all {
			out[i] = pointJSON{Start: p.Start.In(loc), End: p.End.In(loc), Currencies: append([]coupon.Figures{}, p.Currencies...),
				SoFar: !p.Start.After(d.now) && p.End.After(d.now)}
			for _, f := range p.Currencies {
				out[i].Bookings += f.Bookings
			}
		}
		return out
	}
	in := func(r coupon.Range, first, last coupon.Date) rangeJSON {
		return rangeJSON{From: r.From.In(loc), To: r.To.In(loc), First: first, Last: last, Zone: zone, Clock: r.Clock}
	}
	out := reportJSON{Range: in(d.Range, d.First, d.Last), Interval: intervalKey(d.By), Points: points(d.points),
		Summary: summaryJSON{d.summary.Currencies, d.summary.Unscheduled}, Notes: []noteJSON{}}
	for _, i := range d.Allowed {
		out.Intervals = append(out.Intervals, string(i))
	}
	if d.compared != nil {
		out.Compared = &comparedJSON{With: d.Compare, Range: in(d.compared.Range, d.compared.First, d.compared.Last), SameWeekdays: d.compared.SameWeekdays,
			Points: points(d.pointsThen), Summary: summaryJSON{d.before.Currencies, d.before.Unscheduled}}
	}
	for _, n := range d.notes {
		out.Notes = append(out.Notes, d.noteJSON(n))
	}
	return out
}

func (d reportData) noteJSON(n coupon.Note) noteJSON {
	return noteJSON{ID: n.ID, At: n.At.In(zoneOf(d.coupon)), Text: n.Text, Version: n.Version, By: n.CreatedBy,
		InRange: covers(d.Range, n.At)}
}
