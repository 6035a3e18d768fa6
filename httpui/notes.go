package httpui

import (
	"sort"
	"time"

	"github.com/couponkit/coupon"
)

// notesView is the list under the chart.
type notesView struct {
	List    []noteView
	Outside string    // how many are not in the range; empty if none
	Life    string    // the URL of the whole life, if any of those are in it; or empty
	Add     *noteForm // the form below the list; nil if notes may not be written
}

// noteView is a note of the range.
type noteView struct {
	Number int // of its mark on the chart
	Text   string
	When   string
	By     string
	Helped string    // what happened around it; empty if that is not known yet
	Edit   *noteForm // nil if it may not be changed
	Remove *post     // nil if it may not be removed
	ID     coupon.ID
	Ask    string // before it is removed
}

// covers reports whether an instant is in a range.
func covers(r coupon.Range, t time.Time) bool { return !t.Before(r.From) && t.Before(r.To) }

// notesView has the notes of the range; marks is the bucket of each.
func (q *request) notesView(d reportData, sent *noteForm) (v notesView, marks []int, err error) {
	w, loc, c := q.words, zoneOf(d.coupon), d.coupon
	var shown []coupon.Note
	life, err := wholeLifeOf(q, c, d.Clock)
	if err != nil {
		return v, nil, err
	}
	for _, n := range d.notes {
		// The first bucket that ends after it, if it has begun by then.
		i := sort.Search(len(d.points), func(i int) bool { return d.points[i].End.After(n.At) })
		if i < len(d.points) && !n.At.Before(d.points[i].Start) {
			marks, shown = append(marks, i), append(shown, n)
		} else if covers(life, n.At) {
			v.Life = q.links.wholeLife(c.ID, d.reportState)
		}
	}
	if n := len(d.notes) - len(shown); n > 0 {
		v.Outside = w.t("chart.note.outside", "n", n)
	}
	helped, err := q.helped(c, shown)
	if err != nil {
		return v, nil, err
	}
	may := q.may(Annotate) && c.ArchivedAt.IsZero()
	for i, n := range shown {
		x := noteView{Number: i + 1, ID: n.ID, Text: n.Text, When: w.instant(n.At, loc), Helped: helped[i]}
		if n.CreatedBy != "" {
			x.By = w.t("chart.note.by", "who", n.CreatedBy)
		}
		if may {
			x.Edit = q.noteForm(c, d.reportState, editsNote, n, loc)
			remove := q.post(q.links.change(c.ID, removesNote, d.reportState))
			x.Remove, x.Ask = &remove, w.t("chart.note.ask", "text", n.Text)
		}
		if sent != nil && !sent.Adds && sent.ID == n.ID {
			x.Edit, sent = sent, nil
		}
		v.List = append(v.List, x)
	}
	if sent != nil { // it adds one, or what it changes is not in the range
		v.Add = sent
		return v, marks, nil
	}
	if !may {
		return v, marks, nil
	}
	id, err := q.svc.NewID()
	v.Add = q.noteForm(c, d.reportState, addsNote, coupon.Note{ID: id, At: d.now}, loc)
	return v, marks, err
}

// helped says of each note how many bookings were made in the week before its day
// and in the week that begins with it, where both are over and the coupon was there
// in both. It is no proof that the note was the cause, and does not say so.
func (q *request) helped(c coupon.Coupon, notes []coupon.Note) ([]string, error) {
	out := make([]string, len(notes))
	loc, life := zoneOf(c), q.svc.Life(c)
	if t := c.ArchivedAt; !t.IsZero() && t.Before(life.To) {
		life.To = t
	}
	type weeks struct{ from, day, to time.Time }
	around := make([]weeks, len(notes))
	all := coupon.Range{Clock: coupon.MadeAt}
	for i, n := range notes {
		day := coupon.DateOf(n.At.In(loc))
		var x weeks
		for _, at := range []struct {
			to   *time.Time
			days int
		}{{&x.from, -7}, {&x.day, 0}, {&x.to, 7}} {
			t, err := coupon.StartOfDay(day.AddDays(at.days), c.Zone)
			if err != nil { // no day of the calendar any more
				return out, nil
			}
			*at.to = t
		}
		if x.from.Before(life.From) || x.to.After(life.To) {
			continue
		}
		around[i] = x
		if all.From.IsZero() || x.from.Before(all.From) {
			all.From = x.from
		}
		if x.to.After(all.To) {
			all.To = x.to
		}
	}
	if all.From.IsZero() {
		return out, nil
	}
	points, err := q.svc.Timeline(q.r.Context(), c.ID, all, coupon.Daily, c.Zone)
	if err != nil {
		return nil, err
	}
	count := func(from, to time.Time) (n int64) {
		for _, p := range points {
			if !p.Start.Before(from) && p.Start.Before(to) {
				for _, f := range p.Currencies {
					n += f.Bookings
				}
			}
		}
		return n
	}
	for i, x := range around {
		if !x.from.IsZero() {
			out[i] = q.words.t("chart.note.helped", "n", count(x.from, x.day), "after", q.words.saying(measure{})(count(x.day, x.to)))
		}
	}
	return out, nil
}
