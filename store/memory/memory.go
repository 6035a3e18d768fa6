// Package memory is a coupon.Store in memory, for tests, demonstrations and
// hosts that need no more. It is also the model of the other stores: what it
// answers, they must answer. Everything is lost with the process.
//
// One lock stands for the row locks of a database: writes run one after the
// other, and every read is a snapshot.
package memory

import (
	"context"
	"fmt"
	"slices"
	"sync"

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
	codes       map[coupon.Code]coupon.ID // of those that are not archived
	notes       map[coupon.ID][]coupon.Note
	redemptions map[string][]coupon.Redemption // by booking, in the order of coupons
	counters    map[coupon.Slot]int64
	events      map[key][]coupon.Event
}

// key is that of a redemption.
type key struct {
	coupon  coupon.ID
	booking string
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
		codes:       map[coupon.Code]coupon.ID{},
		notes:       map[coupon.ID][]coupon.Note{},
		redemptions: map[string][]coupon.Redemption{},
		counters:    map[coupon.Slot]int64{},
		events:      map[key][]coupon.Event{},
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
	v := &coupon.View{Coupons: map[coupon.ID]coupon.Coupon{}, Used: map[coupon.Slot]int64{}}
	for _, id := range g.Coupons {
		if c, ok := t.coupons[id]; ok {
			v.Coupons[id] = c.Clone()
		}
	}
	for _, r := range t.redemptions[g.Booking] {
		v.Redemptions = append(v.Redemptions, r.Clone())
	}
	for _, slot := range g.Slots(v) {
		v.Used[slot] = t.counters[slot]
	}
	changes := g.Decide(v)
	if changes == nil {
		return
	}
	for _, r := range slices.Concat(changes.Insert, changes.Update) {
		t.put(r)
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
func (t *tenant) all(q coupon.RedemptionQuery) []coupon.Redemption {
	var out []coupon.Redemption
	add := func(list []coupon.Redemption) {
		for _, r := range list {
			if q.Holds(r) {
				out = append(out, r)
			}
		}
	}
	if q.Booking != "" {
		add(t.redemptions[q.Booking])
		return out
	}
	for _, list := range t.redemptions {
		add(list)
	}
	return out
}

// Redemptions implements coupon.Store.
func (s *Store) Redemptions(ctx context.Context, q coupon.RedemptionQuery) (page []coupon.Redemption, err error) {
	err = s.read(ctx, func(t *tenant) error {
		page = paged(t.all(q), q.Sort.CursorOf, q.Desc, q.After, q.Limit)
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

// Counters implements coupon.Store.
func (s *Store) Counters(ctx context.Context, slots []coupon.Slot) (map[coupon.Slot]int64, error) {
	out := make(map[coupon.Slot]int64, len(slots))
	err := s.read(ctx, func(t *tenant) error {
		for _, slot := range slots {
			out[slot] = t.counters[slot]
		}
		return nil
	})
	return out, err
}

// Sum implements coupon.Store.
func (s *Store) Sum(ctx context.Context, q coupon.SumQuery) ([]coupon.BucketSums, error) {
	type cell struct {
		bucket   int
		currency string
	}
	cells := map[cell]*coupon.BucketSums{}
	err := s.read(ctx, func(t *tenant) error {
		last := len(q.Bounds) - 1
		all := coupon.RedemptionQuery{Coupon: q.Coupon, Unscheduled: q.Unscheduled, Range: coupon.Range{From: q.Bounds[0], To: q.Bounds[last], Clock: q.Clock}}
		for _, r := range t.all(all) {
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
			k := cell{i, r.Subtotal.Currency}
			if cells[k] == nil {
				cells[k] = &coupon.BucketSums{Bucket: i, Sums: coupon.Sums{Currency: k.currency}}
			}
			if err := cells[k].Add(r); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("memory: sum of coupon %s: %w", q.Coupon, err)
	}
	out := make([]coupon.BucketSums, 0, len(cells))
	for _, c := range cells {
		out = append(out, *c)
	}
	slices.SortFunc(out, func(a, b coupon.BucketSums) int {
		if a.Bucket != b.Bucket {
			return a.Bucket - b.Bucket
		}
		return compare(a.Currency, b.Currency)
	})
	return out, nil
}

// Verify implements coupon.Store.
func (s *Store) Verify(ctx context.Context) (drifts []coupon.Drift, err error) {
	err = s.read(ctx, func(t *tenant) error {
		held := t.held()
		slots := make([]coupon.Slot, 0, len(held))
		for slot := range held {
			slots = append(slots, slot)
		}
		for slot := range t.counters {
			slots = append(slots, slot)
		}
		slices.SortFunc(slots, coupon.Slot.Compare)
		for _, slot := range slices.Compact(slots) {
			if t.counters[slot] != held[slot] {
				drifts = append(drifts, coupon.Drift{Slot: slot, Counter: t.counters[slot], Held: held[slot]})
			}
		}
		return nil
	})
	return drifts, err
}

// Rebuild implements coupon.Store.
func (s *Store) Rebuild(ctx context.Context) error {
	return s.write(ctx, func(t *tenant) error {
		t.counters = t.held()
		return nil
	})
}

// held adds up the charges of all redemptions that hold theirs.
func (t *tenant) held() map[coupon.Slot]int64 {
	out := map[coupon.Slot]int64{}
	for _, list := range t.redemptions {
		for _, r := range list {
			if r.Holds {
				for _, c := range r.Charges {
					out[c.Slot] += c.N
				}
			}
		}
	}
	return out
}
