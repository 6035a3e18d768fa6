package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/store/internal/sqltest"
)

// What a store takes for granted, because it has seen it, may be otherwise by the
// time it looks. Then it goes by what is there.
func TestWhatIsTakenForGrantedIsFoundOut(t *testing.T) {
	t.Parallel()
	eachDriver(t, func(t *testing.T, driver string) {
		here, db := newStore(t, driver)
		there := inAnotherProcess(t, here, db)
		combinable := func(c *coupon.Coupon) { c.Combinable = true }
		a, b := create(t, here, "A", combinable), create(t, here, "B", combinable)
		svc, other := service(t, here), service(t, there)
		reserve := func(svc *coupon.Service, id, code string) {
			t.Helper()
			if _, err := svc.Reserve(t.Context(), booking(id), time.Hour, code); err != nil {
				t.Fatal(err)
			}
		}
		confirmed := func(svc *coupon.Service, id string, want int) {
			t.Helper()
			rs, err := svc.Confirm(t.Context(), id)
			if err != nil || len(rs) != want {
				t.Errorf("%s: %d redemptions, error %v, want %d", id, len(rs), err, want)
			}
			for _, r := range rs {
				if r.State != coupon.Redeemed {
					t.Errorf("%s: coupon %s is %s", id, r.Code, r.State)
				}
			}
		}
		for i, hosts := range []bool{false, true} {
			confirming, end := svc, func() error { return nil }
			if hosts {
				tx := begin(t, db, sql.LevelDefault)
				confirming, end = svc.With(here.Tx(tx)), tx.Commit
			}
			two, none := fmt.Sprint("two", i), fmt.Sprint("none", i)
			reserve(svc, two, "A")
			reserve(other, two, "B") // has come since
			confirmed(confirming, two, 2)
			if rs, err := confirming.Confirm(t.Context(), two); err != nil || len(rs) != 2 || !rs[0].Replayed || !rs[1].Replayed {
				t.Errorf("again: %+v, error %v", rs, err)
			}
			one := fmt.Sprint("one", i)
			reserve(svc, one, "A")
			edited, err := other.Coupon(t.Context(), a.ID) // the head is another one
			if err != nil {
				t.Fatal(err)
			}
			edited.Name = one
			if _, err := other.Update(t.Context(), edited); err != nil {
				t.Fatal(err)
			}
			confirmed(confirming, one, 1)
			// A booking that is new to this process and not to the other.
			reserve(other, "known"+one, "B")
			if r, err := confirming.Redeem(t.Context(), booking("known"+one), "B"); err != nil || r.Coupon != b.ID || r.State != coupon.Redeemed {
				t.Errorf("redeem what the other has reserved: %+v, error %v", r, err)
			}
			reserve(other, "beside"+one, "B")
			if _, err := confirming.Redeem(t.Context(), booking("beside"+one), "A"); !errors.Is(err, coupon.ErrConflict) {
				t.Errorf("beside what the other has reserved: got error %v, want ErrConflict", err)
			}
			if _, err := confirming.Confirm(t.Context(), none); !errors.Is(err, coupon.ErrNotFound) {
				t.Errorf("a booking that has nothing: got error %v, want ErrNotFound", err)
			}
			if err := end(); err != nil {
				t.Fatal(err)
			}
		}
		// A redemption that is not as it was written here.
		for name, x := range map[string]struct {
			change func(id string) error
			want   func(rs []coupon.Redemption, err error) bool
		}{
			"released":  {func(id string) error { return sqltest.Second(other.Release(t.Context(), id)) }, func(_ []coupon.Redemption, err error) bool { return errors.Is(err, coupon.ErrReservationEnded) }},
			"confirmed": {func(id string) error { return sqltest.Second(other.Confirm(t.Context(), id)) }, func(rs []coupon.Redemption, err error) bool { return err == nil && rs[0].Replayed }},
			"its cost is known": {func(id string) error {
				return sqltest.Second(other.SetCost(t.Context(), id, new(coupon.MustMoney("5", "USD"))))
			}, func(rs []coupon.Redemption, err error) bool { return err == nil && rs[0].Cost != nil }},
			"counted anew": {func(string) error {
				c, err := other.Coupon(t.Context(), a.ID)
				if err == nil {
					c.Restrictions.Limits = append(c.Restrictions.Limits, coupon.Limit{Of: coupon.Uses, Per: coupon.PerCode, Every: coupon.Ever, Max: 1 << 30})
					_, err = other.Update(t.Context(), c)
				}
				return err
			}, func(rs []coupon.Redemption, err error) bool { return err == nil && len(rs[0].Charges) > 1 }},
			"counted anew, and the coupon was seen since": {func(string) error {
				c, err := other.Coupon(t.Context(), a.ID)
				if err == nil {
					c.Restrictions.Limits = append(c.Restrictions.Limits, coupon.Limit{Of: coupon.Uses, Per: coupon.PerCoupon, Every: coupon.PerMonth, Max: 1 << 30})
					_, err = other.Update(t.Context(), c)
				}
				if err == nil {
					_, err = svc.Quote(t.Context(), booking("quoted"), "A")
				}
				return err
			}, func(rs []coupon.Redemption, err error) bool {
				return err == nil && slices.ContainsFunc(rs[0].Charges, func(c coupon.Charge) bool { return c.Every == coupon.PerMonth })
			}},
		} {
			id := "changed: " + name
			reserve(svc, id, "A")
			if err := x.change(id); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			rs, err := svc.Confirm(t.Context(), id)
			if err == nil && len(rs) != 1 || !x.want(rs, err) {
				t.Errorf("%s: %+v, error %v", name, rs, err)
			}
		}
		// A call that would write nothing, were it so, looks too.
		create(t, here, "FREE", unlimited)
		reserve(svc, "refunded", "FREE")
		if _, err := other.Confirm(t.Context(), "refunded"); err != nil {
			t.Fatal(err)
		}
		if r, err := svc.Refund(t.Context(), "refunded", coupon.Refund{Key: "r", Amount: coupon.MustMoney("1", "USD")}); err != nil || len(r) != 1 {
			t.Errorf("refund of what the other has confirmed: %+v, error %v", r, err)
		}
		wantCounted(t, svc)
		// What a host has rolled back was never there.
		tx := begin(t, db, sql.LevelDefault)
		reserve(svc.With(here.Tx(tx)), "rolled back", "A")
		if err := tx.Rollback(); err != nil {
			t.Fatal(err)
		}
		if _, err := svc.Confirm(t.Context(), "rolled back"); !errors.Is(err, coupon.ErrNotFound) {
			t.Errorf("what was rolled back: got error %v, want ErrNotFound", err)
		}
	})
}

// A counter that others seldom move is taken for granted where it was left. It is never
// passed, and what is free again is found.
func TestACounterThatIsTakenForGrantedIsFoundOut(t *testing.T) {
	t.Parallel()
	eachDriver(t, func(t *testing.T, driver string) {
		const limit = 12
		for name, x := range map[string]struct {
			used  int // of the limit, by this process
			there func(t *testing.T, other *coupon.Service)
			fits  int // how many more
		}{
			"nobody else":            {10, func(*testing.T, *coupon.Service) {}, 2},
			"another takes the last": {11, func(t *testing.T, other *coupon.Service) { mustReserve(t, other, "theirs") }, 0},
			"another takes one":      {10, func(t *testing.T, other *coupon.Service) { mustReserve(t, other, "theirs") }, 1},
			"another gives one back": {limit, func(t *testing.T, other *coupon.Service) {
				if _, err := other.Release(t.Context(), "b3"); err != nil {
					t.Fatal(err)
				}
			}, 1},
			"another raises the limit": {limit, func(t *testing.T, other *coupon.Service) {
				c, err := other.CouponByCode(t.Context(), "C")
				if err != nil {
					t.Fatal(err)
				}
				c.Restrictions.Limits[0].Max += 2
				if _, err := other.Update(t.Context(), c); err != nil {
					t.Fatal(err)
				}
			}, 2},
		} {
			t.Run(name, func(t *testing.T) {
				here, db := newStore(t, driver)
				there := inAnotherProcess(t, here, db)
				create(t, here, "C", func(c *coupon.Coupon) { c.Restrictions.Limits[0].Max = limit })
				svc, other := service(t, here), service(t, there)
				for i := range x.used {
					mustReserve(t, svc, fmt.Sprint("b", i))
				}
				x.there(t, other)
				fits := 0
				for i := range 4 {
					switch _, err := svc.Reserve(t.Context(), booking(fmt.Sprint("more", i)), time.Hour, "C"); {
					case err == nil:
						fits++
					case !errors.Is(err, coupon.ErrRefused):
						t.Error(err)
					}
				}
				if fits != x.fits {
					t.Errorf("%d more, want %d", fits, x.fits)
				}
				wantCounted(t, svc)
			})
		}
	})
}

// Two processes take turns, now seldom and now at once: each takes for granted what it
// has left, and is wrong now and then.
func TestALimitHoldsWhereTwoProcessesTakeCountersForGranted(t *testing.T) {
	t.Parallel()
	here, db := newStore(t, "pgx")
	there := inAnotherProcess(t, here, db)
	const limit = 150
	create(t, here, "C", func(c *coupon.Coupon) { c.Restrictions.Limits[0].Max = limit })
	svcs := []*coupon.Service{service(t, here), service(t, there)}
	var fits atomic.Int64
	for round := range 8 {
		for p, svc := range svcs { // alone: it gets used to that
			for i := range 9 {
				if tryReserve(t, svc, fmt.Sprint("alone", round, p, i)) {
					fits.Add(1)
				}
			}
		}
		var all sync.WaitGroup
		for g := range 16 {
			all.Go(func() {
				if tryReserve(t, svcs[g%2], fmt.Sprint("at once", round, g)) {
					fits.Add(1)
				}
			})
		}
		all.Wait()
	}
	if fits.Load() != limit {
		t.Errorf("%d reservations under a limit of %d", fits.Load(), limit)
	}
	wantCounted(t, svcs[0])
}

// A trigger of the host's that divides by zero is no wrong guess: it fails each time.
func TestADivisionByZeroThatIsTheHostsIsItsError(t *testing.T) {
	t.Parallel()
	eachDriver(t, func(t *testing.T, driver string) {
		st, db := newStore(t, driver)
		create(t, st, "C")
		for _, s := range []string{
			`CREATE FUNCTION "` + st.schema + `".fails() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM 1 / (NEW.uses - NEW.uses); RETURN NEW; END'`,
			`CREATE TRIGGER fails BEFORE INSERT ON "` + st.schema + `".coupon_redemptions FOR EACH ROW EXECUTE FUNCTION "` + st.schema + `".fails()`,
		} {
			if _, err := db.ExecContext(t.Context(), s); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		for i, svc := range []*coupon.Service{service(t, st), service(t, st.Tx(begin(t, db, sql.LevelDefault)))} {
			if _, err := svc.Redeem(ctx, booking(fmt.Sprint("b", i)), "C"); sqlState(err) != divisionByZero {
				t.Errorf("%d: got error %v, want the division by zero", i, err)
			}
		}
	})
}

// A host may take rows away, as tests do: what was remembered of them is no error.
func TestRowsThatAHostHasTakenAwayAreNotTakenForGranted(t *testing.T) {
	t.Parallel()
	eachDriver(t, func(t *testing.T, driver string) {
		st, db := newStore(t, driver)
		create(t, st, "C", func(c *coupon.Coupon) { c.Restrictions.Limits[0].Max = 1000 })
		svc := service(t, st)
		for i := range 12 {
			mustReserve(t, svc, fmt.Sprint("b", i))
		}
		for _, table := range []string{"events", "redemptions", "bookings", "counters"} {
			if _, err := db.ExecContext(t.Context(), `DELETE FROM "`+st.schema+`".coupon_`+table); err != nil {
				t.Fatal(err)
			}
		}
		for i, call := range []func(*coupon.Service, string) error{
			func(svc *coupon.Service, id string) error { _, err := svc.Confirm(t.Context(), id); return err },
			func(svc *coupon.Service, id string) error { _, err := svc.Release(t.Context(), id); return err },
			func(svc *coupon.Service, id string) error { _, err := svc.Cancel(t.Context(), id); return err },
		} {
			for j, svc := range []*coupon.Service{svc, service(t, st.Tx(begin(t, db, sql.LevelDefault)))} {
				if err := call(svc, fmt.Sprint("b", 2*i+j)); !errors.Is(err, coupon.ErrNotFound) {
					t.Errorf("%d, %d: got error %v, want ErrNotFound", i, j, err)
				}
			}
		}
		mustReserve(t, svc, "b0")
		wantCounted(t, svc)
	})
}

// inAnotherProcess is a store of the same tables that remembers nothing of the first.
func inAnotherProcess(t *testing.T, st *Store, db *sql.DB) *Store {
	t.Helper()
	there, err := New(db, Options{Schema: st.schema})
	if err != nil {
		t.Fatal(err)
	}
	return there
}

func mustReserve(t *testing.T, svc *coupon.Service, id string) {
	t.Helper()
	if !tryReserve(t, svc, id) {
		t.Fatalf("%s is refused", id)
	}
}

func tryReserve(t *testing.T, svc *coupon.Service, id string) bool {
	t.Helper()
	_, err := svc.Reserve(t.Context(), booking(id), time.Hour, "C")
	if err != nil && !errors.Is(err, coupon.ErrRefused) {
		t.Error(err)
	}
	return err == nil
}

func wantCounted(t *testing.T, svc *coupon.Service) {
	t.Helper()
	if drifts, err := svc.Verify(t.Context()); err != nil || len(drifts) > 0 {
		t.Errorf("counters differ: %v, error %v", drifts, err)
	}
}
