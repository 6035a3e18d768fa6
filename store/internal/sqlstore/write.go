package sqlstore

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

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
	return s.write(ctx, "write", func(q conn) error {
		b := batch{Store: s, q: q, evenClosed: s.inTx && time.Now().After(patience), read: map[string]bool{}, known: map[string]bool{},
			bookings: map[string][]*entry{}, entries: map[key]*entry{}, series: map[coupon.SeriesKey]coupon.Series{}, used: map[coupon.Slot]int64{}}
		if err := b.readCoupons(ctx, groups); err != nil {
			return err
		}
		if err := b.readRedemptions(ctx, groups); err != nil {
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
	})
}

// batch is one Write under way: what was read under the locks, and on top of it
// what the groups so far have written. The rows are written at the end, together.
type batch struct {
	*Store
	q conn
	// evenClosed coupons are not waited for any longer.
	evenClosed bool
	read       map[string]bool // bookings of the groups
	known      map[string]bool // bookings that have a redemption in the database
	refused    []string        // bookings without redemptions, of groups that write nothing
	coupons    map[coupon.ID]coupon.Coupon
	bookings   map[string][]*entry // those of read, each in the order of coupons
	entries    map[key]*entry      // all, also of other bookings
	series     map[coupon.SeriesKey]coupon.Series
	used       map[coupon.Slot]int64

	wrote         bool // something, in this transaction
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
	isNew   bool
	changed bool
}

// readCoupons locks the heads and reads the coupons that they name.
func (b *batch) readCoupons(ctx context.Context, groups []*coupon.Group) error {
	var ids []coupon.ID
	for _, g := range groups {
		ids = append(ids, g.Coupons...)
	}
	slices.Sort(ids)
	b.coupons = map[coupon.ID]coupon.Coupon{}
	return chunked(slices.Compact(ids), maxKeys, func(ids []coupon.ID) error {
		heads, err := b.heads(ctx, ids)
		if err != nil {
			return err
		}
		var missing values
		for _, h := range heads {
			if c, ok := b.cache.get(b.key(h)); ok {
				b.coupons[c.ID] = c
			} else {
				missing = append(missing, list{text(h.Coupon), h.Version})
			}
		}
		if len(missing) == 0 {
			return nil
		}
		read, err := coupons(ctx, b.q, `WITH head (coupon, version) AS (VALUES ?) SELECT v.coupon, v.version, v.doc FROM head
			CROSS JOIN ?versions AS v WHERE v.merchant = ?merchant AND v.coupon = head.coupon AND v.version = head.version`, missing)
		for _, c := range read {
			b.coupons[c.ID] = c
			if !b.inTx { // there it may be rolled back, and be another one later
				b.cache.put(b.key(couponRow{Coupon: string(c.ID), Version: c.Version}), c)
			}
		}
		return err
	})
}

func (b *batch) heads(ctx context.Context, ids []coupon.ID) (heads []couponRow, err error) {
	if b.dialect.RowLocks {
		return b.lockHeads(ctx, b.q, ids, b.evenClosed)
	}
	err = b.q.scan(ctx, &heads, `SELECT coupon, version FROM ?heads WHERE merchant = ?merchant AND coupon IN (?)`, bun.List(texts(ids)))
	return heads, err
}

// readRedemptions reads and locks all that the bookings have, of any coupon.
func (b *batch) readRedemptions(ctx context.Context, groups []*coupon.Group) error {
	var bookings []string
	for _, g := range groups {
		bookings = append(bookings, g.Booking)
	}
	slices.Sort(bookings)
	bookings = slices.Compact(bookings)
	for _, id := range bookings {
		b.read[id] = true
	}
	rows, err := b.redemptions(ctx, bookings)
	if err != nil {
		return err
	}
	for _, row := range rows {
		r, err := row.redemption()
		if err != nil {
			return err
		}
		e := &entry{Redemption: r, events: row.Events}
		b.known[r.Booking] = true
		b.bookings[r.Booking] = append(b.bookings[r.Booking], e)
		b.entries[key{r.Coupon, r.Booking}] = e
	}
	return nil
}

// readSeriesOf reads and locks those of the groups' bookings and of what these
// have.
func (b *batch) readSeriesOf(ctx context.Context, groups []*coupon.Group) error {
	var keys []coupon.SeriesKey
	for _, g := range groups {
		for _, id := range g.Coupons {
			if _, ok := b.coupons[id]; ok {
				keys = append(keys, coupon.SeriesKey{Coupon: id, Key: g.Series})
			}
		}
	}
	for _, e := range b.entries {
		keys = append(keys, coupon.SeriesKey{Coupon: e.Coupon, Key: e.Series})
	}
	return b.readSeries(ctx, keys, false)
}

// redemptions are those of bookings, in the order of their coupons.
func (b *batch) redemptions(ctx context.Context, bookings []string) (rows []redemptionRow, err error) {
	if b.dialect.RowLocks {
		return b.lockRedemptions(ctx, bookings)
	}
	err = chunked(bookings, maxKeys, func(bookings []string) error {
		var found []redemptionRow
		err := b.q.scan(ctx, &found, `SELECT ? FROM ?redemptions WHERE merchant = ?merchant AND booking IN (?) ORDER BY booking, coupon`,
			bun.Safe(redemptionColumns), bun.List(texts(bookings)))
		rows = append(rows, found...)
		return err
	})
	return rows, err
}

// readCounters reads and locks those that were not read yet. Of those that are
// only tried, what is not there or locked by others is left out.
func (b *batch) readCounters(ctx context.Context, slots []coupon.Slot, try bool) error {
	var missing []coupon.Slot
	for _, slot := range slots {
		if _, ok := b.used[slot]; !ok {
			missing = append(missing, slot)
		}
	}
	slices.SortFunc(missing, coupon.Slot.Compare)
	missing = slices.Compact(missing)
	switch {
	case try && b.dialect.RowLocks:
		return b.tryCounters(ctx, b.q, missing, b.used)
	case b.dialect.RowLocks:
		return b.lockCounters(ctx, b.q, missing, b.used)
	}
	for _, slot := range missing {
		b.used[slot] = 0
	}
	return counters(ctx, b.q, missing, b.used)
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
		all, err := b.reclaim(ctx, *q)
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
	e := &entry{Redemption: r, isNew: true}
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

// flush ends the batch.
func (b *batch) flush(ctx context.Context) error {
	if b.dialect.RowLocks {
		if err := b.recheck(ctx); err != nil {
			return err
		}
		if len(b.changed) == 0 && !b.wrote {
			return errNothing // the counters and series that were inserted to be locked go again
		}
	}
	return b.writeRows(ctx)
}

// writeRows writes everything that has changed, in the order in which rows refer
// to one another.
func (b *batch) writeRows(ctx context.Context) error {
	if len(b.changed) == 0 {
		return nil
	}
	b.wrote = true
	slices.SortFunc(b.changed, func(x, y *entry) int {
		return cmp.Or(cmp.Compare(x.Coupon, y.Coupon), strings.Compare(x.Booking, y.Booking))
	})
	var inserts, updates values
	for _, e := range b.changed {
		row, err := rowOf(e.Redemption, e.events)
		if err != nil {
			return err
		}
		args := append(list{b.merchant}, row.args()...)
		if e.isNew {
			inserts = append(inserts, args)
		} else {
			updates = append(updates, args)
		}
	}
	if b.dialect.RowLocks {
		if err := b.guard(ctx); err != nil {
			return err
		}
	}
	err := chunked(inserts, maxRows, func(rows values) error {
		n, err := b.q.exec(ctx, `INSERT INTO ?redemptions (merchant, ?) VALUES ? ON CONFLICT DO NOTHING`, bun.Safe(redemptionColumns), rows)
		if err == nil && n < int64(len(rows)) {
			err = ErrRaced
		}
		return err
	})
	if err != nil {
		return err
	}
	err = chunked(updates, maxRows, func(rows values) error {
		_, err := b.q.exec(ctx, `INSERT INTO ?redemptions (merchant, ?) VALUES ? ON CONFLICT (merchant, coupon, booking) DO UPDATE SET
			state = excluded.state, expires_at = excluded.expires_at, version = excluded.version, code = excluded.code, single_use = excluded.single_use,
			customer = excluded.customer, series = excluded.series, uses = excluded.uses, currency = excluded.currency,
			made_at = excluded.made_at, service_at = excluded.service_at, subtotal = excluded.subtotal, eligible = excluded.eligible,
			discount = excluded.discount, other_discounts = excluded.other_discounts, refund = excluded.refund, cost = excluded.cost,
			new_customer = excluded.new_customer, holds = excluded.holds, charges = excluded.charges, events = excluded.events, doc = excluded.doc`,
			bun.Safe(redemptionColumns), rows)
		return err
	})
	if err != nil {
		return err
	}
	if err := b.writeSeries(ctx); err != nil {
		return err
	}
	if err := move(ctx, b.q, b.merchant, b.moved); err != nil {
		return err
	}
	err = chunked(b.events, maxRows, func(rows values) error {
		_, err := b.q.exec(ctx, `INSERT INTO ?events (merchant, coupon, booking, n, kind, key, at, actor, amount, currency) VALUES ?`, rows)
		return err
	})
	for _, e := range b.changed {
		e.isNew, e.changed, b.known[e.Booking] = false, false, true
	}
	b.changed, b.changedSeries, b.moved, b.events = nil, nil, nil, nil
	return err
}
