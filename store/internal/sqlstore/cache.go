package sqlstore

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/couponkit/coupon"
)

// cache keeps what never changes, so that a write need not read it anew: versions
// of coupons (which one is the current is read under the lock, and its stamp tells
// it from one that a host has rolled back), and that a counter has a row. Of what
// changes it has what is likely still so: see guess.go.
type cache struct {
	mu       sync.Mutex
	versions map[cacheKey]coupon.Coupon
	counters map[counterKey]counted       // those that have a row
	heads    map[headKey]couponRow        // as they were last seen
	codes    map[codeKey]foundCode        // as they were last seen
	swept    map[headKey]time.Time        // when no reservation of the coupon had expired
	taken    map[bookingKey]redemptionRow // the first of each booking, as it was written
}

type bookingKey struct {
	merchant text
	booking  string
}

type codeKey struct {
	merchant text
	code     coupon.Code
}

// foundCode is a code, and the coupon's version that it was seen with. A new version
// may have given the code up; nothing else does.
type foundCode struct {
	code coupon.CouponCode
	head couponRow
}

type headKey struct {
	merchant text
	coupon   coupon.ID
}

type cacheKey struct {
	merchant text
	coupon   string
	version  int64
	stamp    int64
}

type counterKey struct {
	merchant text
	slot     coupon.Slot
}

// maxCached bounds each part of the cache. When it is full it starts anew: what is
// in use is back at once.
const maxCached = 1000

func (s *Store) key(head couponRow) cacheKey {
	return cacheKey{s.merchant, head.Coupon, head.Version, head.Stamp}
}

// version gives a version of a coupon, which may not have to be read. It is the
// caller's.
func (s *Store) version(ctx context.Context, q conn, head couponRow) (coupon.Coupon, error) {
	s.cache.saw(s.merchant, head)
	if c, ok := s.cache.get(s.key(head)); ok {
		return c.Clone(), nil
	}
	read, err := coupons(ctx, q, `SELECT coupon, version, doc FROM ?versions WHERE merchant = ?merchant AND coupon = ? AND version = ?`,
		text(head.Coupon), head.Version)
	if err == nil && len(read) == 0 {
		err = fmt.Errorf("version %d of coupon %s is missing", head.Version, head.Coupon)
	}
	if err != nil {
		return coupon.Coupon{}, err
	}
	s.cache.put(s.key(head), read[0].Clone())
	return read[0], nil
}

func (c *cache) get(k cacheKey) (coupon.Coupon, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	v, ok := c.versions[k]
	return v, ok
}

func (c *cache) put(k cacheKey, v coupon.Coupon) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.versions == nil || len(c.versions) >= maxCached {
		c.versions = map[cacheKey]coupon.Coupon{}
	}
	c.versions[k] = v
}

// maxTaken bounds taken: what was reserved here is likely to be confirmed here, but
// only after the customer has paid. Nearly all rows have about a kilobyte; of those
// with more than maxRow bytes only is kept whose they are.
const (
	maxTaken = 5 * maxCached
	maxRow   = 4 << 10
)

// took keeps the first redemption of a booking, as it was written.
func (c *cache) took(merchant text, row redemptionRow) {
	if len(row.Doc)+len(row.Charges) > maxRow {
		row = redemptionRow{Coupon: row.Coupon, Booking: row.Booking}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.taken == nil || len(c.taken) >= maxTaken {
		c.taken = map[bookingKey]redemptionRow{}
	}
	c.taken[bookingKey{merchant, row.Booking}] = row
}

// takenBy gives the redemption that was the first of a booking. It may have changed
// since, and others may have come.
func (c *cache) takenBy(merchant text, booking string) (redemptionRow, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	row, ok := c.taken[bookingKey{merchant, booking}]
	return row, ok
}

// changedSince keeps of a redemption whose it is, and that it is not what it was.
func (c *cache) changedSince(merchant text, row redemptionRow) {
	c.took(merchant, redemptionRow{Coupon: row.Coupon, Booking: row.Booking})
}

// forgetTaken is for a booking that has others too.
func (c *cache) forgetTaken(merchant text, booking string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.taken, bookingKey{merchant, booking})
}

// saw keeps a head, without its document.
func (c *cache) saw(merchant text, head couponRow) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.heads == nil || len(c.heads) >= maxCached {
		c.heads = map[headKey]couponRow{}
	}
	c.heads[headKey{merchant, coupon.ID(head.Coupon)}] = couponRow{Coupon: head.Coupon, Version: head.Version, Stamp: head.Stamp}
}

// head gives the head of a coupon as it was last seen, and the coupon. Whether it
// is still so must be looked at.
func (c *cache) head(merchant text, id coupon.ID) (head couponRow, v coupon.Coupon, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if head, ok = c.heads[headKey{merchant, id}]; ok {
		v, ok = c.versions[cacheKey{merchant, head.Coupon, head.Version, head.Stamp}]
	}
	return head, v, ok
}

// foundCode keeps a code, unless it is for one use or one customer: those are seldom
// asked for again and would push out the others.
func (c *cache) foundCode(merchant text, k coupon.CouponCode, head couponRow) {
	if k.SingleUse || k.Customer != "" {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.codes == nil || len(c.codes) >= maxCached {
		c.codes = map[codeKey]foundCode{}
	}
	c.codes[codeKey{merchant, k.Code}] = foundCode{k, head}
}

// code gives a code and its coupon, if that is still the version which the code was
// seen with, as far as is known here.
func (c *cache) code(merchant text, code coupon.Code) (v coupon.Coupon, k coupon.CouponCode, ok bool) {
	c.mu.Lock()
	found, ok := c.codes[codeKey{merchant, code}]
	c.mu.Unlock()
	if !ok {
		return v, k, false
	}
	head, v, ok := c.head(merchant, found.code.Coupon)
	return v, found.code, ok && head == found.head
}

// sweepPause is how long it is not looked again for what has expired, after none
// had: nobody waits for that.
const sweepPause = time.Second

func (c *cache) sweptNone(merchant text, f coupon.ReclaimQuery) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.swept == nil || len(c.swept) >= maxCached {
		c.swept = map[headKey]time.Time{}
	}
	c.swept[headKey{merchant, f.Coupon}] = f.Expired
}

// isSwept reports whether a sweep can be left out.
func (c *cache) isSwept(merchant text, f coupon.ReclaimQuery) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	at, ok := c.swept[headKey{merchant, f.Coupon}]
	return ok && !f.Expired.Before(at) && f.Expired.Sub(at) < sweepPause
}

func (c *cache) knows(merchant text, slot coupon.Slot) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, ok := c.counters[counterKey{merchant, slot}]
	return ok
}

// know keeps counters that have a row. Those of a customer are seldom asked for
// again and would push out the others.
func (c *cache) know(merchant text, slots []coupon.Slot) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, slot := range slots {
		if c.counters == nil || len(c.counters) >= maxCached {
			c.counters = map[counterKey]counted{}
		}
		if _, ok := c.counters[counterKey{merchant, slot}]; !ok && slot.Subject == "" {
			c.counters[counterKey{merchant, slot}] = counted{}
		}
	}
}

// counted is what a counter is at, as far as is known.
type counted struct {
	used    int64
	sure    bool
	unmoved int // so often in a row it was found as it was left here
}

// steadyAfter is how often: of a counter that other processes move now and then it
// is seldom taken for granted that they have not.
const steadyAfter = 8

// sawCounter keeps what a counter that has a row was at when it was locked.
func (c *cache) sawCounter(merchant text, slot coupon.Slot, used int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := counterKey{merchant, slot}
	known, ok := c.counters[k]
	if !ok {
		return
	}
	unmoved := 0
	if known.sure && known.used == used {
		unmoved = known.unmoved + 1
	}
	c.counters[k] = counted{used, true, unmoved}
}

// leftCounters keeps what counters are at after a write; sure if it is committed.
func (c *cache) leftCounters(merchant text, used map[coupon.Slot]int64, sure bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for slot, n := range used {
		if known, ok := c.counters[counterKey{merchant, slot}]; ok {
			c.counters[counterKey{merchant, slot}] = counted{n, sure, known.unmoved}
		}
	}
}

// steady gives what a counter is at, if it was left here so and others seldom move it.
func (c *cache) steady(merchant text, slot coupon.Slot) (used int64, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	known := c.counters[counterKey{merchant, slot}]
	return known.used, known.sure && known.unmoved >= steadyAfter
}

func (c *cache) forget(merchant text, slots []coupon.Slot) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, slot := range slots {
		delete(c.counters, counterKey{merchant, slot})
	}
}
