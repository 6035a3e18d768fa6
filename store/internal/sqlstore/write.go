package sqlstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/couponkit/coupon"
)

// Write implements coupon.Store.
func (s *Store) Write(ctx context.Context, groups []*coupon.Group) error {
	if len(groups) == 0 {
		return nil
	}
	if len(groups) == 1 && groups[0].Hot != "" && !s.inTx {
		return s.shared.write(ctx, sharedKey{s.merchant, groups[0].Hot}, groups, s.writeGroups)
	}
	return s.writeGroups(ctx, groups)
}

// writeGroups runs groups in a transaction of their own.
func (s *Store) writeGroups(ctx context.Context, groups []*coupon.Group) error {
	patience := time.Now().Add(closedPatience)
	careful := false // a guess was wrong
	own, err := s.ownCoupons(ctx, groups)
	if err != nil {
		return err
	}
	var last *batch
	err = s.write(ctx, "write", func(q conn) error {
		b := &batch{careful: careful, own: own, Store: s, q: q, evenClosed: s.inTx && time.Now().After(patience), coupons: map[coupon.ID]coupon.Coupon{}, read: map[string]bool{}, known: map[string]bool{},
			bookings: map[string][]*entry{}, entries: map[key]*entry{}, series: map[coupon.SeriesKey]coupon.Series{}, used: map[coupon.Slot]int64{}}
		err := b.all(ctx, groups)
		if !careful && err != nil && s.dialect.RowLocks && s.dialect.Mistaken(err) { // else it is no guess that was wrong
			err = fmt.Errorf("%w: %w", errGuess, err)
		}
		careful = careful || errors.Is(err, ErrRaced)
		last = b
		return err
	})
	if err == nil && s.dialect.RowLocks {
		last.remember()
	}
	return err
}

// remember keeps what the next write is likely to find, now that the batch is
// written; but a host may still roll it back.
func (b *batch) remember() {
	b.cache.leftCounters(b.merchant, b.used, !b.inTx)
	for _, row := range b.made {
		if b.inTx {
			b.cache.changedSince(b.merchant, row)
		} else {
			b.cache.took(b.merchant, row)
		}
	}
}

// all takes the groups from the first lock to the last row.
func (b *batch) all(ctx context.Context, groups []*coupon.Group) error {
	if err := b.readLocked(ctx, groups); err != nil {
		return err
	}
	if err := b.readSeriesOf(ctx, groups); err != nil {
		return err
	}
	// The counters of all groups are read at once, as far as can be told
	// before the groups that come first have written.
	var slots []coupon.Slot
	for _, g := range groups {
		slots = append(slots, g.Slots(b.view(g))...)
	}
	if err := b.readCounters(ctx, slots, false); err != nil {
		return err
	}
	if err := b.sweep(ctx, groups); err != nil {
		return err
	}
	for _, g := range groups {
		if err := b.run(ctx, g); err != nil {
			return err
		}
	}
	return b.flush(ctx)
}

// batch is one Write under way: what was read under the locks, and on top of it
// what the groups so far have written. The rows are written at the end, together.
type batch struct {
	*Store
	q conn
	// evenClosed coupons are not waited for any longer.
	evenClosed bool
	careful    bool
	guessed    coupon.Finding        // what is taken for granted of the bookings; FindsAnything is nothing
	unlocked   bool                  // the premise of a redemption came last: its update may take the place, see send
	steady     map[coupon.Slot]int64 // the premise of these counters came last: so may what they get
	own        []coupon.ID           // what the bookings of groups without coupons had before
	read       map[string]bool       // bookings of the groups
	known      map[string]bool       // bookings that have a redemption in the database
	refused    []string              // bookings without redemptions, of groups that write nothing
	coupons    map[coupon.ID]coupon.Coupon
	bookings   map[string][]*entry // those of read, each in the order of coupons
	entries    map[key]*entry      // all, also of other bookings
	series     map[coupon.SeriesKey]coupon.Series
	used       map[coupon.Slot]int64

	wrote         bool            // something, in this transaction
	made          []redemptionRow // what is the only one of its booking now
	changed       []*entry
	changedSeries map[coupon.SeriesKey]bool
	moved         map[coupon.Slot]int64
	events        values
}

// key is that of a redemption.
type key struct {
	coupon  coupon.ID
	booking string
}

// entry is a redemption as the next group sees it.
type entry struct {
	coupon.Redemption
	events  int64
	others  int64         // redemptions of its booking, of other coupons
	was     redemptionRow // what the database has, if it is not new
	isNew   bool
	changed bool
}

func (b *batch) view(g *coupon.Group) *coupon.View {
	v := &coupon.View{Coupons: map[coupon.ID]coupon.Coupon{}, Series: map[coupon.SeriesKey]coupon.Series{}, Used: map[coupon.Slot]int64{}}
	for _, id := range g.Coupons {
		if c, ok := b.coupons[id]; ok {
			v.Coupons[id] = c
			v.Series[coupon.SeriesKey{Coupon: id, Key: g.Series}] = b.series[coupon.SeriesKey{Coupon: id, Key: g.Series}]
		}
	}
	for _, e := range b.bookings[g.Booking] {
		v.Redemptions = append(v.Redemptions, e.Redemption)
		if len(g.Coupons) == 0 {
			v.Coupons[e.Coupon] = b.coupons[e.Coupon]
		}
		v.Series[coupon.SeriesKey{Coupon: e.Coupon, Key: e.Series}] = b.series[coupon.SeriesKey{Coupon: e.Coupon, Key: e.Series}]
	}
	return v
}

// run takes one group through its steps.
func (b *batch) run(ctx context.Context, g *coupon.Group) error {
	var reclaimed []coupon.ReclaimQuery
	for {
		v := b.view(g)
		v.Reclaimed = reclaimed
		slots := g.Slots(v)
		if err := b.readCounters(ctx, slots, false); err != nil {
			return err
		}
		for _, slot := range slots {
			v.Used[slot] = b.used[slot]
		}
		changes, q := g.Decide(v)
		if q == nil {
			if changes == nil && len(v.Redemptions) == 0 {
				b.refused = append(b.refused, g.Booking)
			}
			return b.apply(changes)
		}
		all, _, err := b.reclaim(ctx, *q)
		if err != nil {
			return err
		}
		if all {
			reclaimed = append(reclaimed, *q)
		}
	}
}

// apply makes changes, or none, so that the next group sees them.
func (b *batch) apply(changes *coupon.Changes) error {
	if changes == nil {
		return nil
	}
	for _, r := range changes.Insert {
		if err := b.insert(r); err != nil {
			return err
		}
	}
	for _, r := range changes.Update {
		e := b.find(r.Coupon, r.Booking)
		if e == nil {
			return fmt.Errorf("the redemption of coupon %s on booking %q to be updated was not read", r.Coupon, r.Booking)
		}
		e.Redemption = r
		b.change(e)
	}
	for _, x := range changes.Series {
		if b.changedSeries == nil {
			b.changedSeries = map[coupon.SeriesKey]bool{}
		}
		k := coupon.SeriesKey{Coupon: x.Coupon, Key: x.Key}
		b.series[k], b.changedSeries[k] = x, true
	}
	for _, m := range changes.Moves {
		if err := b.move(m); err != nil {
			return err
		}
	}
	for _, ev := range changes.Events {
		if err := b.event(ev); err != nil {
			return err
		}
	}
	return nil
}

func (b *batch) find(id coupon.ID, booking string) *entry { return b.entries[key{id, booking}] }

func (b *batch) insert(r coupon.Redemption) error {
	if b.find(r.Coupon, r.Booking) != nil {
		return fmt.Errorf("the redemption of coupon %s on booking %q to be inserted was read", r.Coupon, r.Booking)
	}
	e := &entry{Redemption: r, isNew: true, others: int64(len(b.bookings[r.Booking]))}
	for _, other := range b.bookings[r.Booking] {
		other.others++ // which also tells who has seen only that one: see unchanged
		b.change(other)
	}
	b.entries[key{r.Coupon, r.Booking}] = e
	of := append(b.bookings[r.Booking], e)
	slices.SortFunc(of, func(x, y *entry) int { return cmp.Compare(x.Coupon, y.Coupon) })
	b.bookings[r.Booking] = of
	b.change(e)
	return nil
}

func (b *batch) change(e *entry) {
	if !e.changed {
		e.changed = true
		b.changed = append(b.changed, e)
	}
}

func (b *batch) move(m coupon.Charge) error {
	used, fits := add(b.used[m.Slot], m.N)
	if !fits {
		return fmt.Errorf("counter of coupon %s: %w", m.Coupon, coupon.ErrOverflow)
	}
	if b.moved == nil {
		b.moved = map[coupon.Slot]int64{}
	}
	b.used[m.Slot] = used
	b.moved[m.Slot] += m.N
	return nil
}

func (b *batch) event(ev coupon.Event) error {
	e := b.find(ev.Coupon, ev.Booking)
	if e == nil {
		return fmt.Errorf("the redemption of coupon %s on booking %q of an event was not read", ev.Coupon, ev.Booking)
	}
	amount, err := ev.Amount.Minor()
	if err != nil {
		return err
	}
	b.events = append(b.events, list{b.merchant, text(ev.Coupon), text(ev.Booking), e.events,
		text(ev.Kind), text(ev.Key), ev.At.UnixMicro(), text(ev.By), amount, text(ev.Amount.Currency)})
	e.events++
	b.change(e)
	return nil
}
