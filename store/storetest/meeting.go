package storetest

import (
	"context"
	"sync"

	"github.com/couponkit/coupon"
)

// meeting is a store whose first writes wait for each other: each of those who
// come has read what was there before any of them has written.
type meeting struct {
	coupon.Store
	mu      sync.Mutex
	missing int
	met     chan struct{}
}

// meet expects n writers.
func meet(st coupon.Store, n int) *meeting {
	return &meeting{Store: st, missing: n, met: make(chan struct{})}
}

// come is also for somebody who leaves without having written.
func (m *meeting) come() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.missing--; m.missing == 0 {
		close(m.met)
	}
}

func (m *meeting) wait(ctx context.Context) error {
	m.come()
	select {
	case <-m.met:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (m *meeting) Write(ctx context.Context, groups []*coupon.Group) error {
	if err := m.wait(ctx); err != nil {
		return err
	}
	return m.Store.Write(ctx, groups)
}

func (m *meeting) InsertCodes(ctx context.Context, id coupon.ID, codes []coupon.CouponCode) ([]coupon.Code, error) {
	if err := m.wait(ctx); err != nil {
		return nil, err
	}
	return m.Store.InsertCodes(ctx, id, codes)
}

func (m *meeting) InsertCoupon(ctx context.Context, c coupon.Coupon) error {
	if err := m.wait(ctx); err != nil {
		return err
	}
	return m.Store.InsertCoupon(ctx, c)
}

func (m *meeting) UpdateCoupon(ctx context.Context, c coupon.Coupon, recharge func(coupon.Use) []coupon.Charge) error {
	if err := m.wait(ctx); err != nil {
		return err
	}
	return m.Store.UpdateCoupon(ctx, c, recharge)
}
