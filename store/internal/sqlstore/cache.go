package sqlstore

import (
	"sync"

	"github.com/couponkit/coupon"
)

// cache keeps versions of coupons, so that a write need not decode them anew. A
// version never changes; which one is the current is read under the lock.
type cache struct {
	mu       sync.Mutex
	versions map[cacheKey]coupon.Coupon
}

type cacheKey struct {
	merchant text
	coupon   string
	version  int64
}

// maxCached bounds the cache. When it is full it starts anew: what is in use is
// back at once.
const maxCached = 1000

func (s *Store) key(head couponRow) cacheKey { return cacheKey{s.merchant, head.Coupon, head.Version} }

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
