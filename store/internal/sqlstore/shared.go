package sqlstore

import (
	"context"
	"errors"
	"sync"

	"github.com/couponkit/coupon"
)

// shared lets writes that would wait for each other at one counter go in one
// transaction: while one is under way, those that come meanwhile gather, and the
// next one takes all of them. So a coupon that everybody wants costs a commit for
// many, and one write alone waits for nobody.
type shared struct {
	mu      sync.Mutex
	waiting map[sharedKey][]*member // there is an entry while a transaction is under way
}

// sharedKey names what is waited for.
type sharedKey struct {
	merchant text
	coupon   coupon.ID
}

// member is one caller.
type member struct {
	ctx    context.Context
	groups []*coupon.Group
	turn   chan turn // has room for the one that it gets
	err    error     // with done
}

// turn is what a caller that waits does next.
type turn int

const (
	leads turn = iota // it writes for those who gathered
	done              // its groups are decided: err
	alone             // something went wrong that may be another's: it writes by itself
)

// maxShared bounds how many callers share a transaction.
const maxShared = 100

// write runs the groups of the caller, perhaps with those of others.
func (s *shared) write(ctx context.Context, k sharedKey, groups []*coupon.Group, run func(context.Context, []*coupon.Group) error) error {
	m := &member{ctx: ctx, groups: groups, turn: make(chan turn, 1)}
	switch s.join(k, m) {
	case done:
		return m.err
	case alone:
		return run(ctx, groups)
	}
	defer s.next(k)
	batch := append([]*member{m}, s.gathered(k)...)
	if len(batch) == 1 {
		return run(ctx, groups)
	}
	lead(batch, run)
	if m.err == nil || <-m.turn == done {
		return m.err
	}
	return run(ctx, groups)
}

// join waits for the caller's turn. Who goes away while it waits has written
// nothing.
func (s *shared) join(k sharedKey, m *member) turn {
	s.mu.Lock()
	list, busy := s.waiting[k]
	if !busy {
		if s.waiting == nil {
			s.waiting = map[sharedKey][]*member{}
		}
		s.waiting[k] = nil
		s.mu.Unlock()
		return leads
	}
	s.waiting[k] = append(list, m)
	s.mu.Unlock()
	select {
	case t := <-m.turn:
		return t
	case <-m.ctx.Done():
	}
	s.mu.Lock()
	for i, other := range s.waiting[k] {
		if other == m {
			s.waiting[k] = append(s.waiting[k][:i:i], s.waiting[k][i+1:]...)
			s.mu.Unlock()
			m.err = m.ctx.Err()
			return done
		}
	}
	s.mu.Unlock()
	return <-m.turn // it has been taken along
}

// gathered takes those who wait.
func (s *shared) gathered(k sharedKey) []*member {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := s.waiting[k]
	n := min(len(list), maxShared)
	s.waiting[k] = list[n:]
	return list[:n:n]
}

// next lets one of those who wait lead, or nobody.
func (s *shared) next(k sharedKey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := s.waiting[k]
	if len(list) == 0 {
		delete(s.waiting, k)
		return
	}
	s.waiting[k] = list[1:]
	list[0].turn <- leads
}

// lead writes for all of them in one transaction and tells each what came of it.
// Who goes away before it is committed undoes it; the others then write alone.
func lead(batch []*member, run func(context.Context, []*coupon.Group) error) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(batch[0].ctx))
	defer cancel()
	var groups []*coupon.Group
	for _, m := range batch {
		groups = append(groups, m.groups...)
		defer context.AfterFunc(m.ctx, cancel)()
	}
	err := run(ctx, groups)
	for _, m := range batch {
		m.err = err
		switch {
		case err == nil, errors.Is(err, coupon.ErrOutcomeUnknown), errors.Is(err, coupon.ErrContention):
			m.turn <- done
		case m.ctx.Err() != nil:
			m.err = m.ctx.Err()
			m.turn <- done
		default:
			m.turn <- alone
		}
	}
}
