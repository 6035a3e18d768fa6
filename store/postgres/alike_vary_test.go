package postgres

import (
	"database/sql"
	"errors"
	"io"
	"time"

	"github.com/couponkit/coupon"
)

// on is a service over a store, at the program's time.
func (p *program) on(st coupon.Store, r io.Reader) *coupon.Service {
	svc, err := coupon.New(coupon.Config{Store: st, Now: func() time.Time { return p.now }, Rand: r})
	if err != nil {
		p.Fatal(err)
	}
	return svc
}

// vary makes a call on PostgreSQL in one of the ways that hosts make it: by one of
// two processes, each of which remembers what it has seen; in the host's own
// transaction; or after a transaction that has done the same, and perhaps what was
// called before, and was rolled back.
func (p *program) vary(call func(s *coupon.Service) (any, error)) (any, error) {
	begin := func() *sql.Tx {
		p.Helper()
		tx, err := p.db.BeginTx(ctx, nil)
		if err != nil {
			p.Fatal(err)
		}
		return tx
	}
	st, rehearsed, hosts := p.one, p.pick(2, "rehearsed") == 0, p.pick(3, "in the host's transaction") == 0 && !p.sweeps
	if p.pick(3, "by another process") == 0 {
		st = p.two
	}
	if rehearsed {
		of := p.one
		if p.pick(2, "rehearsed by another process") == 0 {
			of = p.two
		}
		tx := begin()
		_, _ = call(p.on(of.Tx(tx), randomness()))
		if p.last != nil && p.pick(2, "and what was called before") == 0 {
			_, _ = p.last(p.on(of.Tx(tx), randomness()))
		}
		_ = tx.Rollback()
	}
	p.last = call
	if !hosts {
		return call(p.on(st, p.rand))
	}
	tx := begin()
	v, err := call(p.on(st.Tx(tx), p.rand))
	if e := tx.Commit(); e != nil {
		p.Fatalf("commit after %v: %v", err, e)
	}
	if r, ok := errors.AsType[*coupon.RefusedError](err); ok {
		if e := p.on(st, p.rand).RecordRefusals(ctx, r); e != nil {
			p.Fatal(e)
		}
	}
	return v, err
}
