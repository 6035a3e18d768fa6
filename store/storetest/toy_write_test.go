package storetest

import (
	"cmp"
	"context"
	"errors"
	"math"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/couponkit/coupon"
)

func (s *toy) Write(ctx context.Context, groups []*coupon.Group) error {
	if s.has("coupons are locked in no order") {
		unlock, err := s.lockInNoOrder(groups)
		if err != nil {
			return err
		}
		defer unlock()
	}
	err := s.do(ctx, func(sh *shop) error {
		sh.before = nil
		began := sh.clone()
		sh.before = began
		for _, g := range groups {
			seen := sh
			if s.has("groups of a write see what was before it") {
				seen = began
			}
			if f := g.Sweep(s.view(seen, g)); f.Limit > 0 {
				s.apply(sh, f.Expire(s.expired(sh, f), sh.series))
			}
			v := s.view(seen, g)
			slots := g.Slots(v)
			changes := s.decide(sh, seen, g, v, slots)
			switch {
			case changes != nil:
				s.apply(sh, changes)
			case s.has("a refusal rolls the others back"):
				sh.redemptions, sh.counters = began.redemptions, began.counters
			case s.has("a refusal is counted"):
				for _, slot := range slots {
					sh.counters[slot]++
				}
			}
		}
		if len(groups) == 0 && s.has("an empty write is an error") {
			return errors.New("nothing to write")
		}
		return nil
	})
	if err == nil && s.has("a write that was made is reported as cancelled") {
		return context.Canceled
	}
	return err
}

// lockInNoOrder locks the coupons of the groups one by one as they come, and
// gives up where a database would find a deadlock.
func (s *toy) lockInNoOrder(groups []*coupon.Group) (unlock func(), err error) {
	var held []coupon.ID
	unlock = func() {
		s.locks.Lock()
		defer s.locks.Unlock()
		for _, id := range held {
			delete(s.locked, id)
		}
	}
	for _, g := range groups {
		for _, id := range g.Coupons {
			s.locks.Lock()
			taken := s.locked[id]
			if !taken {
				s.locked[id] = true
				held = append(held, id)
			}
			s.locks.Unlock()
			if taken {
				unlock()
				return nil, errors.New("deadlock detected")
			}
			runtime.Gosched()
		}
	}
	return unlock, nil
}

// decide asks the group until nothing is to be reclaimed any more.
func (s *toy) decide(sh, seen *shop, g *coupon.Group, v *coupon.View, slots []coupon.Slot) *coupon.Changes {
	for {
		for _, slot := range slots {
			if !s.has("limits are not guarded") {
				v.Used[slot] = seen.counters[s.slot(slot)]
			}
		}
		changes, q := g.Decide(v)
		if q == nil {
			return changes
		}
		expired := s.expired(sh, *q)
		if len(expired) < q.Limit || s.has("one batch of reservations is reclaimed") {
			v.Reclaimed = append(v.Reclaimed, *q)
		}
		changes = q.Expire(expired, sh.series)
		if s.has("a reclaimed reservation keeps its use") {
			changes.Moves = nil
		}
		s.apply(sh, changes)
		v.Series = s.view(sh, g).Series
	}
}

// expired are the reservations that a query asks for.
func (s *toy) expired(sh *shop, q coupon.ReclaimQuery) (found []coupon.Redemption) {
	if s.has("reservations never expire") {
		return nil
	}
	for _, r := range sh.redemptions {
		holds := q.Holds
		if s.has("a reservation that was confirmed expires") {
			holds = func(r coupon.Redemption) bool {
				if r.State == coupon.Redeemed && !r.ExpiresAt.IsZero() {
					r.State = coupon.Reserved
				}
				return q.Holds(r)
			}
		}
		if holds(r) {
			found = append(found, s.readRedemption(r))
		}
	}
	slices.SortFunc(found, func(a, b coupon.Redemption) int { return a.ExpiresAt.Compare(b.ExpiresAt) })
	return found[:min(len(found), q.Limit)]
}

func (s *toy) view(sh *shop, g *coupon.Group) *coupon.View {
	v := &coupon.View{Coupons: map[coupon.ID]coupon.Coupon{}, Series: map[coupon.SeriesKey]coupon.Series{}, Used: map[coupon.Slot]int64{}}
	ids := g.Coupons
	for _, r := range sh.redemptions {
		if len(g.Coupons) == 0 && r.Booking == g.Booking {
			ids = append(ids, r.Coupon)
		}
	}
	coupons := sh.coupons
	if s.has("a write sees the first version") {
		coupons = sh.versions
	}
	for _, c := range coupons {
		if _, ok := v.Coupons[c.ID]; !ok && slices.Contains(ids, c.ID) {
			v.Coupons[c.ID] = c
		}
	}
	if !s.has("series are not remembered") {
		for k, x := range sh.series {
			v.Series[k] = x.Clone()
			for _, id := range ids {
				if x.Coupon = id; s.has("series are of all coupons") {
					v.Series[coupon.SeriesKey{Coupon: id, Key: k.Key}] = x.Clone()
				}
			}
		}
	}
	if s.has("earlier redemptions are not looked at") {
		return v
	}
	for _, r := range sh.redemptions {
		if s.has("another coupon's redemption is not seen") && !slices.Contains(ids, r.Coupon) {
			continue
		}
		if s.sameBooking(r.Booking, g.Booking) {
			r = s.readRedemption(r)
			if s.has("the state read is the first one") {
				r.State, r.Holds, r.Refunds, r.Refund = coupon.Redeemed, true, nil, minor(0, r.Subtotal.Currency)
			}
			v.Redemptions = append(v.Redemptions, r)
		}
	}
	slices.SortFunc(v.Redemptions, func(a, b coupon.Redemption) int { return strings.Compare(string(a.Coupon), string(b.Coupon)) })
	if s.has("a booking has one redemption") && len(v.Redemptions) > 1 {
		v.Redemptions = v.Redemptions[:1]
	}
	return v
}

func (s *toy) sameBooking(a, b string) bool {
	return a == b || s.has("codes and keys ignore case") && strings.EqualFold(a, b)
}

func (s *toy) apply(sh *shop, changes *coupon.Changes) {
	for _, r := range slices.Concat(changes.Insert, changes.Update) {
		if s.has("the store gives uses back by itself") && r.State != coupon.Redeemed && r.Holds {
			r.Holds = false
			for _, ch := range r.Charges {
				sh.counters[ch.Slot] -= ch.N
			}
		}
		r = s.storedRedemption(r)
		i := slices.IndexFunc(sh.redemptions, func(o coupon.Redemption) bool {
			return s.sameBooking(o.Booking, r.Booking) && (o.Coupon == r.Coupon || s.has("the key is the booking alone"))
		})
		if i < 0 {
			sh.redemptions = append(sh.redemptions, r)
		} else {
			if old := sh.redemptions[i]; s.has("an update keeps the first amounts") {
				r.Subtotal, r.Eligible, r.Discount, r.OtherDiscounts = old.Subtotal, old.Eligible, old.Discount, old.OtherDiscounts
			}
			sh.redemptions[i] = r
		}
	}
	for i, m := range changes.Moves {
		if (i == 0 && s.has("a move is lost")) || (m.N < 0 && s.has("uses are never given back")) {
			continue
		}
		sh.counters[s.slot(m.Slot)] += m.N
	}
	for _, x := range changes.Series {
		sh.series[coupon.SeriesKey{Coupon: x.Coupon, Key: x.Key}] = x.Clone()
	}
	sh.events = append(sh.events, changes.Events...)
}

func (s *toy) storedRedemption(r coupon.Redemption) coupon.Redemption {
	if s.has("readers share what is stored") {
		return r
	}
	r = r.Clone()
	r.Replayed = false
	s.instants(&r.MadeAt, &r.ServiceAt, &r.Service.At, &r.RedeemedAt)
	zero := minor(0, r.Subtotal.Currency)
	switch {
	case s.has("an unknown cost is zero") && r.Cost == nil:
		r.Cost = &zero
	case s.has("every currency has two decimals"):
		for _, m := range []*coupon.Money{&r.Subtotal, &r.Eligible, &r.Discount, &r.OtherDiscounts} {
			m.Amount = m.Amount.Round(2)
		}
	case s.has("a service day becomes an instant") && !r.Service.Day.IsZero():
		r.Service = coupon.ServiceTime(r.ServiceAt)
	case len(r.Lines) > 100 && s.has("lines are cut off"):
		r.Lines = r.Lines[:100]
	case s.has("every redemption holds its charges"):
		r.Holds = true
	case s.has("reservations forget when they end"):
		r.ExpiresAt = time.Time{}
	case s.has("what other coupons took off is not kept"):
		r.OtherDiscounts = zero
	case s.has("the number of opening uses is lost"):
		r.Uses = 0
	case s.has("a redemption forgets that its code was single-use"):
		r.SingleUse = false
	}
	return r
}

func (s *toy) readRedemption(r coupon.Redemption) coupon.Redemption {
	if r.State == coupon.Opening && s.has("opening uses are redemptions as any other") {
		r.State = coupon.Redeemed
	}
	if s.has("readers share what is stored") {
		return r
	}
	return r.Clone()
}

func (s *toy) Redemptions(ctx context.Context, q coupon.RedemptionQuery) (page []coupon.Redemption, err error) {
	err = s.do(ctx, func(sh *shop) error {
		holds := func(r coupon.Redemption) bool {
			q := q
			if s.sameBooking(r.Booking, q.Booking) {
				q.Booking = r.Booking
			}
			return q.Holds(s.readRedemption(r))
		}
		if s.has("the end of a range is in it") && !q.Range.To.IsZero() {
			q.Range.To = q.Range.To.Add(time.Microsecond)
		}
		if s.has("reservations that have expired are live") {
			q.Live = time.Time{}
		}
		page = cut(s, sh.redemptions, holds, q.Sort.CursorOf, q.Desc, q.After, q.Limit)
		for i := range page {
			page[i] = s.readRedemption(page[i])
		}
		return nil
	})
	return page, err
}

func (s *toy) Events(ctx context.Context, id coupon.ID, booking string) (events []coupon.Event, err error) {
	err = s.do(ctx, func(sh *shop) error {
		for _, ev := range sh.events {
			if ev.Coupon == id && s.sameBooking(ev.Booking, booking) {
				events = append(events, ev)
			}
		}
		if s.has("events begin with the newest") {
			slices.Reverse(events)
		}
		return nil
	})
	return events, err
}

func (s *toy) Counters(ctx context.Context, slots []coupon.Slot, expired time.Time) (map[coupon.Slot]int64, error) {
	out := map[coupon.Slot]int64{}
	err := s.do(ctx, func(sh *shop) error {
		if len(slots) > 1000 && s.has("a statement has 1000 counters at most") {
			return errors.New("too many counters")
		}
		for _, slot := range slots {
			out[slot] = sh.counters[s.slot(slot)]
		}
		for _, c := range sh.coupons {
			if expired.IsZero() || s.has("expired reservations are shown as used") {
				break
			}
			q := coupon.ReclaimQuery{Coupon: c.ID, Expired: expired, Limit: math.MaxInt}
			for _, m := range q.Expire(s.expired(sh, q), sh.series).Moves {
				if _, ok := out[m.Slot]; ok {
					out[m.Slot] += m.N
				}
			}
		}
		return nil
	})
	return out, err
}

func (s *toy) Sum(ctx context.Context, q coupon.SumQuery) (out []coupon.BucketSums, err error) {
	err = s.do(ctx, func(sh *shop) error {
		if len(q.Bounds) > 32_766 && s.has("a statement has 32766 arguments at most") {
			return errors.New("too many arguments")
		}
		for _, id := range q.Coupons {
			for bucket := range len(q.Bounds) - 1 {
				if err := s.sum(sh, q, id, bucket, &out); err != nil {
					return err
				}
			}
			if s.has("one coupon is summed at a time") {
				break
			}
		}
		slices.SortFunc(out, func(a, b coupon.BucketSums) int {
			if s.has("sums are in the order of their buckets") {
				a.Coupon, b.Coupon = "", ""
			}
			return cmp.Or(cmp.Compare(a.Coupon, b.Coupon), a.Bucket-b.Bucket, strings.Compare(a.Currency, b.Currency))
		})
		return nil
	})
	return out, err
}

func (s *toy) sum(sh *shop, q coupon.SumQuery, id coupon.ID, bucket int, out *[]coupon.BucketSums) error {
	sums := map[string]*coupon.Sums{}
	if s.has("empty buckets are given too") {
		sums["USD"] = &coupon.Sums{Currency: "USD"}
	}
	for i, r := range sh.redemptions {
		c := r.Subtotal.Currency
		if s.has("currencies are summed at two moments") && c == "EUR" && sh.before != nil && i >= len(sh.before.redemptions) {
			continue
		}
		if s.has("currencies are summed together") {
			c = "USD"
		}
		if r.Coupon != id && !s.has("a sum is of all coupons") {
			continue
		}
		if !s.in(r, q, bucket) || q.Unscheduled && !r.ServiceAt.IsZero() || q.Code != "" && q.Code != r.Code && !s.has("a sum is of all codes") {
			continue
		}
		if len(q.States) > 0 && !slices.Contains(q.States, r.State) && !s.has("a sum is of all states") ||
			q.NewCustomer && (r.NewCustomer == nil || !*r.NewCustomer) && !s.has("a sum is of all customers") ||
			q.CostKnown && r.Cost == nil && !s.has("a sum is of all costs") {
			continue
		}
		if s.has("reservations are summed") && r.State == coupon.Reserved {
			r.State = coupon.Redeemed
		}
		if r.State == coupon.Opening && s.has("opening uses are summed") {
			r.State = coupon.Redeemed
		}
		if !r.State.Counts() {
			continue
		}
		if sums[c] == nil {
			sums[c] = &coupon.Sums{Currency: c}
		}
		if err := s.add(sums[c], r); err != nil && !s.has("sums overflow silently") {
			return err
		}
	}
	for _, sum := range sums {
		*out = append(*out, coupon.BucketSums{Coupon: id, Bucket: bucket, Sums: *sum})
	}
	return nil
}

// in says whether the redemption is in the bucket.
func (s *toy) in(r coupon.Redemption, q coupon.SumQuery, bucket int) bool {
	from, to := q.Bounds[bucket], q.Bounds[bucket+1]
	if last := len(q.Bounds) - 1; s.has("days have 24 hours") {
		if bucket > 0 && from.Sub(q.Bounds[bucket-1]) > 22*time.Hour {
			from = q.Bounds[0].Add(time.Duration(bucket) * 24 * time.Hour)
		}
		if bucket+1 < last && to.Sub(q.Bounds[bucket]) > 22*time.Hour {
			to = q.Bounds[0].Add(time.Duration(bucket+1) * 24 * time.Hour)
		}
	}
	t := r.MadeAt
	if q.Clock == coupon.ServiceAt && (!r.ServiceAt.IsZero() || !s.has("without a service date it was served when made")) {
		t = r.ServiceAt
	}
	if s.has("a cancellation stands on its own day") && r.State == coupon.Cancelled {
		t = r.CancelledAt
	}
	if t.IsZero() {
		return false
	}
	if s.has("buckets have their end and not their start") {
		t = t.Add(-time.Microsecond)
	}
	return !t.Before(from) && (to.IsZero() || t.Before(to))
}

func (s *toy) add(sum *coupon.Sums, r coupon.Redemption) error {
	if !s.has("money is summed in floats") {
		return sum.Add(r)
	}
	before := *sum
	if err := sum.Add(r); err != nil {
		return err
	}
	float := func(to *int64, was int64, m coupon.Money) {
		one, _ := minor(1, m.Currency).Amount.Float64()
		f, _ := m.Amount.Float64()
		*to = int64((float64(was)*one + f) / one)
	}
	float(&sum.Subtotal, before.Subtotal, r.Subtotal)
	float(&sum.Discounts, before.Discounts, r.Discount)
	return nil
}

func (s *toy) Verify(ctx context.Context) (drifts []coupon.Drift, err error) {
	err = s.do(ctx, func(sh *shop) error {
		held := s.held(sh)
		for slot, n := range held {
			if sh.counters[slot] != n {
				drifts = append(drifts, coupon.Drift{Slot: slot, Counter: sh.counters[slot], Held: n})
			}
		}
		for slot, n := range sh.counters {
			if _, ok := held[slot]; !ok && n != 0 {
				drifts = append(drifts, coupon.Drift{Slot: slot, Counter: n})
			}
		}
		for k, n := range s.members(sh) {
			if x := sh.series[k]; x.Live != n {
				drifts = append(drifts, coupon.Drift{Slot: x.Slot(), Counter: x.Live, Held: n})
			}
		}
		return nil
	})
	return drifts, err
}

func (s *toy) Rebuild(ctx context.Context) error {
	return s.do(ctx, func(sh *shop) error {
		members := s.members(sh)
		for k, x := range sh.series {
			if x.Live = members[k]; x.Live == 0 {
				x.Charges = nil
			}
			sh.series[k] = x
		}
		sh.counters = s.held(sh)
		return nil
	})
}

// members counts the redemptions of each series that hold.
func (s *toy) members(sh *shop) map[coupon.SeriesKey]int64 {
	out := map[coupon.SeriesKey]int64{}
	for _, r := range sh.redemptions {
		if r.Holds && r.Series != "" {
			out[coupon.SeriesKey{Coupon: r.Coupon, Key: r.Series}]++
		}
	}
	return out
}

func (s *toy) held(sh *shop) map[coupon.Slot]int64 {
	held := map[coupon.Slot]int64{}
	for _, r := range sh.redemptions {
		for _, ch := range r.Charges {
			if r.Holds || s.has("cancelled redemptions are counted again") {
				held[s.slot(ch.Slot)] += ch.N
			}
		}
	}
	for _, x := range sh.series {
		if s.has("Rebuild forgets the series") {
			break
		}
		for _, ch := range x.Charges {
			held[s.slot(ch.Slot)] += ch.N
		}
	}
	return held
}
