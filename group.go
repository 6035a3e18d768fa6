package coupon

import (
	"fmt"
	"time"
)

// View is what a group sees under its locks.
type View struct {
	// Coupons are the group's, as they are now: its Coupons, or those of Redemptions
	// if it has none.
	Coupons map[ID]Coupon
	// Redemptions are all that the group's booking has, of any coupon, in the
	// order of their coupons.
	Redemptions []Redemption
	// Series are those of the group's booking and of its redemptions, as far as
	// they are there.
	Series map[SeriesKey]Series
	// Used is how much of each slot is used. It has what Slots asked for.
	Used map[Slot]int64
	// Reclaimed are the queries after which there are no more such reservations:
	// they found fewer than their limit, or, where others may have some locked, none.
	Reclaimed []ReclaimQuery
}

// Changes are what a group writes, all of it or nothing.
type Changes struct {
	// Insert are new redemptions. If one is there already (a key that raced), the
	// group is read and decided again.
	Insert []Redemption
	// Update are redemptions of the View in a new state.
	Update []Redemption
	// Series are inserted, or take the place of what is there.
	Series []Series
	// Moves are added to the counters, never set.
	Moves []Charge
	// Events are appended.
	Events []Event
}

// Group is the writes that stand or fall together: one coupon or several on one
// booking. Many groups may share a transaction. Only the Service makes groups; a
// store runs each through the same steps, in the order given:
//
//  1. Lock the heads of Coupons in sorted order against edits, and read the
//     coupons; one that is not there is left out of the View. Without Coupons,
//     first find those that the booking has; if it is found below to have others
//     by then, begin anew.
//  2. Read the redemptions of Booking, locking them against other writes; then,
//     for each of Coupons, its Series, and the series of the redemptions, in
//     sorted order. A series that is not there must be locked too: nobody else
//     may insert it meanwhile.
//  3. Call Slots; insert missing counters as zero and lock them in sorted order.
//  4. Reclaim what Sweep asks for, then call Decide with what was read. If it
//     gives a ReclaimQuery, find such reservations and lock them, passing over
//     those that others have locked; write what [ReclaimQuery.Expire] says of
//     them, bring Series and Used up to date, and decide again. Nil changes are
//     "write nothing".
//  5. Write the changes. Groups that follow see them.
//
// Slots, Sweep and Decide are pure; they may be called again when a transaction is
// re-run, and the last call counts.
type Group struct {
	Coupons []ID   // whose heads are locked; none are those that the booking has redemptions of
	Booking string // whose redemptions are read
	Series  string // the booking's, empty if it has none
	// Hot is the coupon at whose counter the group waits for every other one of
	// it, so that it loses nothing if it shares their transaction; empty is none.
	Hot ID
	// Still groups move no charge: neither a series nor a counter has to be read or
	// locked for them.
	Still bool
	// Finds is what the booking is likely to have. It changes nothing but how a store
	// may find out in fewer steps.
	Finds Finding

	sweep    ReclaimQuery
	outdated func(*View) bool // what it was made of is not so any more
	slots    func(*View) []Slot
	decide   func(*View) (*Changes, *ReclaimQuery, error)
	err      error
}

// Finding is what redemptions a group will find its booking to have. It is a
// guess: others may be faster.
type Finding int

// The zero Finding is no guess.
const (
	FindsAnything Finding = iota // nobody has looked
	FindsNothing                 // none
	FindsItsOwn                  // one of each of the group's coupons, and no others
)

// Slots gives the counters that Decide will look at or move, sorted, each once.
func (g *Group) Slots(v *View) []Slot { return sortedSlots(g.slots(v)) }

// Sweep is what the group takes back whatever it decides, if its Limit is not 0;
// nobody has to wait for it. Groups of a Write may do it together. A group that was
// made for another version of its coupon takes back nothing: it decides nothing either.
func (g *Group) Sweep(v *View) ReclaimQuery {
	if g.outdated != nil && g.outdated(v) {
		return ReclaimQuery{}
	}
	return g.sweep
}

// Decide gives what to write, or nil; or what to reclaim before it can be
// decided. It remembers the group's outcome.
func (g *Group) Decide(v *View) (*Changes, *ReclaimQuery) {
	changes, reclaim, err := g.decide(v)
	if err == nil && changes != nil {
		err = changes.fit(v)
	}
	if g.err = err; err != nil || reclaim != nil {
		return nil, reclaim
	}
	return changes, nil
}

// fit refuses moves that would take a counter past an int64: a store's integers
// would wrap, or fail the whole transaction.
func (c *Changes) fit(v *View) error {
	sums := map[Slot]int64{}
	for _, m := range c.Moves {
		sum, fits := addMinor(sums[m.Slot], m.N)
		if fits {
			sums[m.Slot] = sum
			_, fits = addMinor(v.Used[m.Slot], sum)
		}
		if !fits {
			if m.Of == Uses {
				return fmt.Errorf("%w: the uses", ErrOverflow)
			}
			return fmt.Errorf("%w: the budget in %s", ErrOverflow, m.Currency)
		}
	}
	return nil
}

// give adds the charges to the counters, take takes them away.
func (c *Changes) give(charges []Charge) { c.Moves = append(c.Moves, charges...) }

func (c *Changes) take(charges []Charge) {
	for _, ch := range charges {
		c.Moves = append(c.Moves, Charge{Slot: ch.Slot, N: -ch.N})
	}
}

// reclaimBatch is how many expired reservations are taken back at once.
const reclaimBatch = 100

// ReclaimQuery is which reservations hold uses although they have expired. It is
// comparable.
type ReclaimQuery struct {
	Coupon   ID        // of this coupon
	Except   string    // of other bookings than this one
	Customer string    // of this customer, or of a series, whose use another may have taken; empty: of all
	Code     Code      // with this code, or of a series; empty: with every one
	Series   string    // of this series; empty: of all
	Expired  time.Time // ExpiresAt is not after this
	Limit    int       // > 0; those that expired first
	// Needed: a refusal depends on it. If others have all of them locked, the
	// group must be decided again when they are done.
	Needed bool
}

// Holds reports whether a redemption is one of those that the query asks for.
func (q ReclaimQuery) Holds(r Redemption) bool {
	return r.Coupon == q.Coupon && r.Booking != q.Except && r.expired(q.Expired) &&
		(q.Customer == "" || q.Customer == r.Customer || r.Series != "") && (q.Code == "" || q.Code == r.Code || r.Series != "") && (q.Series == "" || q.Series == r.Series)
}

// Expire is what becomes of the reservations that the query found; series are
// theirs. It is pure.
func (q ReclaimQuery) Expire(rs []Redemption, series map[SeriesKey]Series) *Changes {
	w := writing{view: &View{Series: series}, now: q.Expired}
	for _, r := range rs {
		w.Update = append(w.Update, w.end(r, ReservationExpired, EventExpired))
	}
	return &w.Changes
}

// writing collects the changes of one group. What it does to a series is seen by
// what it does next.
type writing struct {
	Changes
	view  *View
	now   time.Time
	actor string
}

func (w *writing) event(r Redemption, kind EventKind, amount Money) {
	w.Events = append(w.Events, r.event(kind, "", w.now, w.actor, amount))
}

// end gives a reservation back.
func (w *writing) end(r Redemption, state State, kind EventKind) Redemption {
	w.release(&r)
	r.State = state
	w.event(r, kind, r.Discount)
	return r
}

// release gives the charges of a redemption back, and the use of its series if
// it was the last one that held it.
func (w *writing) release(r *Redemption) {
	if !r.Holds {
		return
	}
	r.Holds = false
	w.take(r.Charges)
	if s, ok := w.series(*r); ok {
		if s.Live--; s.Live <= 0 {
			w.take(s.Charges)
			s.Live, s.Charges = 0, nil
		}
		w.putSeries(s)
	}
}

// hold charges what the redemption counts, and the use of its series if nothing
// held it before. Its own charges must be set.
func (w *writing) hold(r *Redemption, c Coupon) {
	r.Holds = true
	w.give(r.Charges)
	if r.Series == "" {
		return
	}
	s, ok := w.series(*r)
	if !ok || s.Live == 0 {
		s = r.BeginSeries(c)
		w.give(s.Charges)
	}
	s.Live++
	w.putSeries(s)
}

// series is the redemption's as the changes so far leave it.
func (w *writing) series(r Redemption) (Series, bool) {
	if r.Series == "" {
		return Series{}, false
	}
	k := r.seriesKey()
	for _, s := range w.Series {
		if s.key() == k {
			return s, true
		}
	}
	s, ok := w.view.Series[k]
	return s, ok
}

func (w *writing) putSeries(s Series) {
	for i := range w.Series {
		if w.Series[i].key() == s.key() {
			w.Series[i] = s
			return
		}
	}
	w.Series = append(w.Series, s)
}

// changes are nil if there are none.
func (w *writing) changes() *Changes {
	if len(w.Insert)+len(w.Update)+len(w.Events) == 0 {
		return nil
	}
	return &w.Changes
}
