package sqlstore

import (
	"context"
	"fmt"
	"sync"

	"github.com/couponkit/coupon"
)

// cache keeps what never changes, so that a write need not read it anew: versions
// of coupons (which one is the current is read under the lock, and its stamp tells
// it from one that a host has rolled back), and that a counter has a row.
type cache struct {
	mu       sync.Mutex
	versions map[cacheKey]coupon.Coupon
	counters map[counterKey]bool
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

func (c *cache) knows(merchant text, slot coupon.Slot) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.counters[counterKey{merchant, slot}]
}

// know keeps counters that have a row. Those of a customer are seldom asked for
// again and would push out the others.
func (c *cache) know(merchant text, slots []coupon.Slot) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, slot := range slots {
		if c.counters == nil || len(c.counters) >= maxCached {
			c.counters = map[counterKey]bool{}
		}
		if slot.Subject == "" {
			c.counters[counterKey{merchant, slot}] = true
		}
	}
}

func (c *cache) forget(merchant text, slots []coupon.Slot) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, slot := range slots {
		delete(c.counters, counterKey{merchant, slot})
	}
}
