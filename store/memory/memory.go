// Package memory is a coupon.Store in memory, for tests, demonstrations and
// hosts that need no more. It is also the model of the other stores: what it
// answers, they must answer. Everything is lost with the process.
//
// One lock stands for the row locks of a database: writes run one after the
// other, and every read is a snapshot.
package memory

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/couponkit/coupon"
)

// Store is a store in memory, bound to one merchant. Make one with [New].
type Store struct {
	db       *database
	merchant string
}

var _ coupon.Store = (*Store)(nil)

// New makes an empty store, bound to the merchant "".
func New() *Store { return &Store{db: &database{tenants: map[string]*tenant{}}} }

// Merchant is the same store bound to another merchant: it sees nothing of the
// others.
func (s *Store) Merchant(id string) *Store { return &Store{db: s.db, merchant: id} }

type database struct {
	mu      sync.RWMutex
	tenants map[string]*tenant
}

// tenant is what one merchant has.
type tenant struct {
	coupons     map[coupon.ID]coupon.Coupon
	versions    map[coupon.ID][]coupon.Coupon
	codes       map[coupon.ID][]*coupon.CouponCode // in their order; none is ever changed
	live        map[coupon.Code]*coupon.CouponCode // of the coupons that are not archived
	numbers     map[number]bool                    // that batches have
	notes       map[coupon.ID][]coupon.Note
	redemptions map[string][]coupon.Redemption // by booking, in the order of coupons
	series      map[coupon.SeriesKey]coupon.Series
	counters    map[coupon.Slot]int64
	events      map[key][]coupon.Event
	refusals    map[coupon.ID][]coupon.RefusalRecord // in the order in which they are listed
}

// key is that of a redemption.
type key struct {
	coupon  coupon.ID
	booking string
}

// number is the place of a code in its batch.
type number struct {
	coupon coupon.ID
	batch  string
	n      int64
}

// read runs f on a snapshot of the merchant's data.
func (s *Store) read(ctx context.Context, f func(*tenant) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.db.mu.RLock()
	defer s.db.mu.RUnlock()
	t := s.db.tenants[s.merchant]
	if t == nil {
		t = newTenant()
	}
	return f(t)
}

// write runs f alone. f must check everything before it changes anything.
func (s *Store) write(ctx context.Context, f func(*tenant) error) error {
	s.db.mu.Lock()
	defer s.db.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.db.tenants[s.merchant] == nil {
		s.db.tenants[s.merchant] = newTenant()
	}
	return f(s.db.tenants[s.merchant])
}

func newTenant() *tenant {
	return &tenant{
		coupons:     map[coupon.ID]coupon.Coupon{},
		versions:    map[coupon.ID][]coupon.Coupon{},
		codes:       map[coupon.ID][]*coupon.CouponCode{},
		live:        map[coupon.Code]*coupon.CouponCode{},
		numbers:     map[number]bool{},
		notes:       map[coupon.ID][]coupon.Note{},
		redemptions: map[string][]coupon.Redemption{},
		series:      map[coupon.SeriesKey]coupon.Series{},
		counters:    map[coupon.Slot]int64{},
		events:      map[key][]coupon.Event{},
		refusals:    map[coupon.ID][]coupon.RefusalRecord{},
	}
}

// Write implements coupon.Store.
func (s *Store) Write(ctx context.Context, groups []*coupon.Group) error {
	return s.write(ctx, func(t *tenant) error {
		for _, g := range groups {
			t.run(g)
		}
		return nil
	})
}

// run takes one group through its steps.
func (t *tenant) run(g *coupon.Group) {
	var reclaimed []coupon.ReclaimQuery
	v := t.view(g, nil)
	if f := g.Sweep(v); f.Limit > 0 {
		t.apply(f.Expire(t.expired(f), t.series))
		v = t.view(g, nil)
	}
	for {
		changes, q := g.Decide(v)
		if q == nil {
			t.apply(changes)
			return
		}
		expired := t.expired(*q)
		if len(expired) < q.Limit {
			reclaimed = append(reclaimed, *q)
		}
		t.apply(q.Expire(expired, t.series))
		v = t.view(g, reclaimed)
	}
}

func (t *tenant) view(g *coupon.Group, reclaimed []coupon.ReclaimQuery) *coupon.View {
	v := &coupon.View{Coupons: map[coupon.ID]coupon.Coupon{}, Series: map[coupon.SeriesKey]coupon.Series{}, Used: map[coupon.Slot]int64{}, Reclaimed: reclaimed}
	seen := func(k coupon.SeriesKey) {
		if s, ok := t.series[k]; ok {
			v.Series[k] = s.Clone()
		}
	}
	for _, id := range g.Coupons {
		if c, ok := t.coupons[id]; ok {
			v.Coupons[id] = c.Clone()
		}
		seen(coupon.SeriesKey{Coupon: id, Key: g.Series})
	}
	for _, r := range t.redemptions[g.Booking] {
		v.Redemptions = append(v.Redemptions, r.Clone())
		if len(g.Coupons) == 0 {
			v.Coupons[r.Coupon] = t.coupons[r.Coupon].Clone()
		}
		seen(coupon.SeriesKey{Coupon: r.Coupon, Key: r.Series})
	}
	for _, slot := range g.Slots(v) {
		v.Used[slot] = t.counters[slot]
	}
	return v
}

// expired are the reservations that a query asks for.
func (t *tenant) expired(q coupon.ReclaimQuery) []coupon.Redemption {
	var found []coupon.Redemption
	for _, list := range t.redemptions {
		for _, r := range list {
			if q.Holds(r) {
				found = append(found, r.Clone())
			}
		}
	}
	slices.SortFunc(found, func(a, b coupon.Redemption) int {
		return cmp.Or(a.ExpiresAt.Compare(b.ExpiresAt), compare(a.Booking, b.Booking))
	})
	return found[:min(len(found), q.Limit)]
}

// apply writes changes, or nothing.
func (t *tenant) apply(changes *coupon.Changes) {
	if changes == nil {
		return
	}
	for _, r := range slices.Concat(changes.Insert, changes.Update) {
		t.put(r)
	}
	for _, s := range changes.Series {
		t.series[coupon.SeriesKey{Coupon: s.Coupon, Key: s.Key}] = s.Clone()
	}
	for _, m := range changes.Moves {
		t.move(m)
	}
	for _, e := range changes.Events {
		k := key{e.Coupon, e.Booking}
		t.events[k] = append(t.events[k], e)
	}
}

// put inserts a redemption in its place, or replaces it.
func (t *tenant) put(r coupon.Redemption) {
	list := slices.Clone(t.redemptions[r.Booking]) // readers may hold the old one
	i, found := slices.BinarySearchFunc(list, r.Coupon, func(x coupon.Redemption, id coupon.ID) int {
		return compare(x.Coupon, id)
	})
	r = r.Clone()
	r.Replayed = false
	if found {
		list[i] = r
	} else {
		list = slices.Insert(list, i, r)
	}
	t.redemptions[r.Booking] = list
}

func (t *tenant) move(m coupon.Charge) {
	if t.counters[m.Slot] += m.N; t.counters[m.Slot] == 0 {
		delete(t.counters, m.Slot)
	}
}

// all gives every redemption that the query asks for, in no order.
func (t *tenant) all(q coupon.RedemptionQuery) iter.Seq[coupon.Redemption] {
	return func(yield func(coupon.Redemption) bool) {
		give := func(list []coupon.Redemption) bool {
			for i := range list {
				if q.Holds(list[i]) && !yield(list[i]) {
					return false
				}
			}
			return true
		}
		if bookings := q.Bookings; q.Booking != "" || len(bookings) > 0 {
			if q.Booking != "" {
				bookings = []string{q.Booking}
			}
			for _, id := range slices.Compact(slices.Sorted(slices.Values(bookings))) {
				if !give(t.redemptions[id]) {
					return
				}
			}
			return
		}
		for _, list := range t.redemptions {
			if !give(list) {
				return
			}
		}
	}
}

// Redemptions implements coupon.Store.
func (s *Store) Redemptions(ctx context.Context, q coupon.RedemptionQuery) (page []coupon.Redemption, err error) {
	err = s.read(ctx, func(t *tenant) error {
		page = paged(slices.Collect(t.all(q)), q.Sort.CursorOf, q.Desc, q.After, q.Limit)
		return nil
	})
	return page, err
}

// Events implements coupon.Store.
func (s *Store) Events(ctx context.Context, id coupon.ID, booking string) (out []coupon.Event, err error) {
	err = s.read(ctx, func(t *tenant) error {
		out = slices.Clone(t.events[key{id, booking}])
		return nil
	})
	return out, err
}

// Series implements coupon.Store.
func (s *Store) Series(ctx context.Context, k coupon.SeriesKey) (out coupon.Series, err error) {
	err = s.read(ctx, func(t *tenant) error {
		var ok bool
		if out, ok = t.series[k]; !ok {
			return coupon.ErrNotFound
		}
		out = out.Clone()
		return nil
	})
	return out, err
}

// Counters implements coupon.Store.
func (s *Store) Counters(ctx context.Context, slots []coupon.Slot, expired time.Time) (map[coupon.Slot]int64, error) {
	out := make(map[coupon.Slot]int64, len(slots))
	err := s.read(ctx, func(t *tenant) error {
		over := t.overdue(slots, expired)
		for _, slot := range slots {
			out[slot] = t.counters[slot] - over[slot]
		}
		return nil
	})
	return out, err
}

// overdue is what the counters would lose if every reservation that has expired
// were given back.
func (t *tenant) overdue(slots []coupon.Slot, expired time.Time) map[coupon.Slot]int64 {
	out := map[coupon.Slot]int64{}
	if expired.IsZero() {
		return out
	}
	coupons := map[coupon.ID]bool{}
	for _, slot := range slots {
		if coupons[slot.Coupon] {
			continue
		}
		coupons[slot.Coupon] = true
		q := coupon.ReclaimQuery{Coupon: slot.Coupon, Expired: expired, Limit: math.MaxInt}
		for _, m := range q.Expire(t.expired(q), t.series).Moves {
			out[m.Slot] -= m.N
		}
	}
	return out
}

// Sum implements coupon.Store.
func (s *Store) Sum(ctx context.Context, q coupon.SumQuery) ([]coupon.BucketSums, error) {
	type cell struct {
		coupon   coupon.ID
		bucket   int
		currency string
	}
	cells := map[cell]*coupon.BucketSums{}
	err := s.read(ctx, func(t *tenant) error {
		last := len(q.Bounds) - 1
		all := coupon.RedemptionQuery{Unscheduled: q.Unscheduled, Code: q.Code, States: q.States, NewCustomer: q.NewCustomer, CostKnown: q.CostKnown,
			Range: coupon.Range{From: q.Bounds[0], To: q.Bounds[last], Clock: q.Clock}}
		for r := range t.all(all) {
			if _, asked := slices.BinarySearch(q.Coupons, r.Coupon); !asked || !r.State.Counts() {
				continue
			}
			at := r.MadeAt
			if q.Clock == coupon.ServiceAt {
				if at = r.ServiceAt; at.IsZero() {
					continue
				}
			}
			// The bucket is the last one that begins at or before the instant. The
			// last bound is no beginning.
			i, begins := slices.BinarySearchFunc(q.Bounds[:last], at, compareTimes)
			if !begins {
				i--
			}
			k := cell{r.Coupon, i, r.Subtotal.Currency}
			if cells[k] == nil {
				cells[k] = &coupon.BucketSums{Coupon: r.Coupon, Bucket: i, Sums: coupon.Sums{Currency: k.currency}}
			}
			if err := cells[k].Add(r); err != nil {
				return fmt.Errorf("memory: sum of coupon %s: %w", r.Coupon, err)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := make([]coupon.BucketSums, 0, len(cells))
	for _, c := range cells {
		out = append(out, *c)
	}
	slices.SortFunc(out, func(a, b coupon.BucketSums) int {
		return cmp.Or(compare(a.Coupon, b.Coupon), a.Bucket-b.Bucket, compare(a.Currency, b.Currency))
	})
	return out, nil
}
