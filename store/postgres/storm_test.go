package postgres

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"

	"github.com/couponkit/coupon"
)

// deadlocks counts what the server ended for the sake of others.
type deadlocks struct{ n atomic.Int64 }

func (d *deadlocks) BeforeQuery(ctx context.Context, _ *bun.QueryEvent) context.Context { return ctx }

func (d *deadlocks) AfterQuery(_ context.Context, e *bun.QueryEvent) {
	if sqlState(e.Err) == deadlockDetected {
		d.n.Add(1)
	}
}

// counted is a store whose deadlocks are counted.
func counted(t *testing.T) (*Store, *deadlocks) {
	t.Helper()
	db := openDB(t, "pgx", dsn(t))
	opt := Options{Schema: newSchema(t, db)}
	migrated(t, db, opt)
	seen := &deadlocks{}
	st, err := open(bun.NewDB(db, pgdialect.New()).WithQueryHook(seen), opt)
	if err != nil {
		t.Fatal(err)
	}
	return st, seen
}

// storm is many callers who do everything to a few bookings at once, on coupons
// whose reservations expire all the time.
type storm struct {
	coupons  []string
	edits    []func(*coupon.Coupon)
	series   int // of how many; 0 is none
	inHostTx bool
}

// run gives how many calls there were and how many deadlocks.
func (s storm) run(t *testing.T) (calls, locked int64) {
	st, seen := counted(t)
	began := time.Now()
	// An hour passes in less than four seconds.
	clock := func() time.Time { return began.Add(1000 * time.Since(began)) }
	svc, err := coupon.New(coupon.Config{Store: st, Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]coupon.ID{}
	for _, code := range s.coupons {
		ids[code] = create(t, st, code, append(s.edits, func(c *coupon.Coupon) { c.Combinable = true })...).ID
	}
	var n atomic.Int64
	outcomes := sync.Map{}
	var all sync.WaitGroup
	for g := range 16 {
		all.Go(func() {
			r := rand.New(rand.NewPCG(uint64(g), 1))
			for time.Since(began) < 3*time.Second {
				err := s.call(t.Context(), svc, st, ids, r)
				n.Add(1)
				count, _ := outcomes.LoadOrStore(kind(err), new(atomic.Int64))
				count.(*atomic.Int64).Add(1)
				if kind(err) == "" {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	drifts, err := st.Verify(t.Context())
	if err != nil || len(drifts) > 0 {
		t.Errorf("Verify: %+v, error %v", drifts, err)
	}
	outcomes.Range(func(k, v any) bool { t.Logf("%s: %d", k, v.(*atomic.Int64).Load()); return true })
	return n.Load(), seen.n.Load()
}

// kind is the answer that an error is; "" is none.
func kind(err error) string {
	if err == nil {
		return "done"
	}
	for _, answer := range []error{coupon.ErrRefused, coupon.ErrConflict, coupon.ErrCancelled, coupon.ErrReservationEnded, coupon.ErrNotFound, coupon.ErrVersion,
		coupon.ErrInvalid, coupon.ErrRetryTx} {
		if errors.Is(err, answer) {
			return answer.Error()
		}
	}
	return ""
}

func (s storm) call(ctx context.Context, svc *coupon.Service, st *Store, ids map[string]coupon.ID, r *rand.Rand) error {
	codes := []string{s.coupons[r.IntN(len(s.coupons))]}
	if other := s.coupons[r.IntN(len(s.coupons))]; other != codes[0] && r.IntN(3) == 0 {
		codes = append(codes, other)
	}
	b := booking(fmt.Sprint("b", r.IntN(200)))
	b.Customer.Key = fmt.Sprint("c", r.IntN(6))
	if s.series > 0 {
		// Which of a series a booking is stays as it is.
		var i int
		_, _ = fmt.Sscanf(b.ID, "b%d", &i)
		b.Series, b.Occurrence = fmt.Sprint("s", i%s.series), int64(i+1)
	}
	if s.inHostTx && r.IntN(4) == 0 {
		tx, err := st.tx.db.DB.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback() }()
		svc = svc.With(st.Tx(tx))
		_, err = svc.Reserve(ctx, b, 20*time.Second, codes...)
		if err != nil {
			return err
		}
		time.Sleep(rand.N(10 * time.Millisecond))
		if _, err = svc.Confirm(ctx, b.ID); err != nil {
			return err
		}
		return tx.Commit()
	}
	var err error
	switch r.IntN(16) {
	case 0, 1, 2, 3, 4:
		_, err = svc.Reserve(ctx, b, 20*time.Second, codes...)
	case 5, 6, 7:
		_, err = svc.RedeemAll(ctx, b, codes)
	case 8, 9:
		_, err = svc.Cancel(ctx, b.ID)
	case 10:
		_, err = svc.Release(ctx, b.ID)
	case 11:
		_, err = svc.Confirm(ctx, b.ID)
	case 12, 13:
		_, err = svc.Reopen(ctx, b, codes...)
	case 14:
		_, err = svc.Amend(ctx, b)
	case 15:
		if r.IntN(20) > 0 {
			break
		}
		switch r.IntN(3) {
		case 0:
			err = svc.Rebuild(ctx)
		case 1:
			_, err = svc.AddCode(ctx, ids[codes[0]], coupon.CouponCode{Code: coupon.Code(fmt.Sprint("MORE-", r.IntN(1e6)))})
		default:
			var c coupon.Coupon
			if c, err = svc.Coupon(ctx, ids[codes[0]]); err == nil {
				per := coupon.Limit{Of: coupon.Uses, Per: coupon.PerCoupon, Every: coupon.PerMonth, Max: 1000}
				if n := len(c.Restrictions.Limits); n > 0 && c.Restrictions.Limits[n-1] == per {
					c.Restrictions.Limits = c.Restrictions.Limits[:n-1]
				} else {
					c.Restrictions.Limits = append(c.Restrictions.Limits, per)
				}
				_, err = svc.Update(ctx, c)
			}
		}
	}
	return err
}

var (
	perCustomer = coupon.Limit{Of: coupon.Uses, Per: coupon.PerCustomer, Every: coupon.Ever, Max: 3}
	perDay      = coupon.Limit{Of: coupon.Uses, Per: coupon.PerCoupon, Every: coupon.PerDay, Max: 12}
	ever        = coupon.Limit{Of: coupon.Uses, Per: coupon.PerCoupon, Every: coupon.Ever, Max: 12}
	perCode     = coupon.Limit{Of: coupon.Uses, Per: coupon.PerCode, Every: coupon.Ever, Max: 8}
)

func limits(l ...coupon.Limit) []func(*coupon.Coupon) {
	return []func(*coupon.Coupon){func(c *coupon.Coupon) { c.Restrictions.Limits = l }}
}

// Whatever comes together: every call has an answer, every counter is the sum of
// what is held, and nobody waits for each other crosswise.
func TestStorms(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]storm{
		"per customer and code": {coupons: []string{"A"}, edits: limits(perCustomer, perCode)},
		"per day and customer":  {coupons: []string{"A", "B"}, edits: limits(perCustomer, perDay)},
		"in series":             {coupons: []string{"A", "B"}, edits: limits(ever, perCustomer), series: 20},
		"series, no broad one":  {coupons: []string{"A", "B"}, edits: limits(perCustomer, perCode), series: 20},
		"with hosts":            {coupons: []string{"A", "B"}, edits: limits(ever, perCustomer), inHostTx: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			calls, locked := s.run(t)
			t.Logf("%d calls, %d deadlocks", calls, locked)
			if locked > calls/100 {
				t.Errorf("%d deadlocks in %d calls", locked, calls)
			}
		})
	}
}
