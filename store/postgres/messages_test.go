package postgres

import (
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/store/internal/sqltest"
)

// How often each call asks the server and waits for its answer. In a host's
// transaction others may wait that long; with a busy server it is what a call costs.
func TestMessagesOfACall(t *testing.T) {
	t.Parallel()
	eachDriver(t, func(t *testing.T, driver string) {
		st, straight, db, proxy := behind(t, driver)
		db.SetMaxOpenConns(2) // the host's transaction has one
		create(t, st, "FREE", unlimited)
		create(t, st, "HOT", func(c *coupon.Coupon) { c.Restrictions.Limits[0].Max = 1 << 40 })
		now := time.Now() // stands still: in a second it would be looked for what has expired
		svc, err := coupon.New(coupon.Config{Store: st, Now: func() time.Time { return now }})
		if err != nil {
			t.Fatal(err)
		}
		var messages atomic.Int64
		var answered atomic.Bool
		count := func(fromClient bool, _ []byte) bool {
			if fromClient && answered.Load() {
				messages.Add(1)
			}
			answered.Store(!fromClient)
			return false
		}
		reserve := func(_ *coupon.Service, id string) error {
			_, err := svc.Reserve(t.Context(), booking(id), time.Hour, "HOT")
			return err
		}
		elsewhere := func(_ *coupon.Service, id string) error {
			_, err := service(t, straight).Reserve(t.Context(), booking(id), time.Hour, "HOT")
			return err
		}
		nothing := func(*coupon.Service, string) error { return nil }
		calls := []struct {
			name         string
			before, call func(svc *coupon.Service, id string) error
			own, host    int64 // in a transaction of its own, with its BEGIN and COMMIT, and in the host's
		}{
			{"redeem without limits", nothing, func(svc *coupon.Service, id string) error {
				_, err := svc.Redeem(t.Context(), booking(id), "FREE")
				return err
			}, 3, 2},
			{"redeem under a limit", nothing, func(svc *coupon.Service, id string) error {
				_, err := svc.Redeem(t.Context(), booking(id), "HOT")
				return err
			}, 4, 3},
			{"reserve", nothing, func(svc *coupon.Service, id string) error {
				_, err := svc.Reserve(t.Context(), booking(id), time.Hour, "HOT")
				return err
			}, 4, 3},
			{"confirm what another process has reserved", elsewhere, func(svc *coupon.Service, id string) error {
				_, err := svc.Confirm(t.Context(), id)
				return err
			}, 5, 4},
			{"confirm", reserve, func(svc *coupon.Service, id string) error {
				_, err := svc.Confirm(t.Context(), id)
				return err
			}, 3, 2},
			{"release", reserve, func(svc *coupon.Service, id string) error {
				_, err := svc.Release(t.Context(), id)
				return err
			}, 4, 3},
		}
		for i, c := range calls {
			for round := range 2 { // the first time the rows have to be got to know
				for _, hosts := range []bool{false, true} {
					id, svc, want := fmt.Sprint(i, round, hosts), svc, c.own
					if err := c.before(svc, id); err != nil {
						t.Fatal(err)
					}
					var tx *sql.Tx
					if hosts {
						tx = begin(t, db, sql.LevelDefault)
						svc, want = svc.With(st.Tx(tx)), c.host
					}
					messages.Store(0)
					answered.Store(true)
					proxy.CutBefore(count)
					err := c.call(svc, id)
					proxy.CutBefore(nil)
					if err != nil {
						t.Fatalf("%s: %v", c.name, err)
					}
					if got := messages.Load(); round > 0 && got != want {
						t.Errorf("%s, in the host's transaction %t: %d messages, want %d", c.name, hosts, got, want)
					}
					if hosts {
						if err := tx.Commit(); err != nil {
							t.Fatal(err)
						}
					}
				}
			}
		}
	})
}

// Before PostgreSQL has counted the rows of a table all its indexes look equally
// good. A row must be found by its key then too, and not by going through all that
// its merchant or coupon has; also where the database itself looks for it, because
// another row refers to it.
func TestARowIsFoundByItsKeyBeforeRowsAreCounted(t *testing.T) {
	t.Parallel()
	st, rec := recorded(t, Options{})
	svc := service(t, st)
	c := create(t, st, "C", func(c *coupon.Coupon) { c.Restrictions.Limits[0].Max = 1 << 40 })
	for i := range 3 {
		if _, err := svc.Reserve(t.Context(), booking(fmt.Sprint("b", i)), time.Hour, "C"); err != nil {
			t.Fatal(err)
		}
	}
	rec.Take()
	for _, call := range []func() error{
		func() error { _, err := svc.Confirm(t.Context(), "b0"); return err },
		func() error { _, err := svc.Release(t.Context(), "b1"); return err },
		func() error { _, err := svc.Redeem(t.Context(), booking("b2"), "C"); return err },
		func() error { _, err := svc.Redeem(t.Context(), booking("b3"), "C"); return err },
		func() error { _, err := svc.Cancel(t.Context(), "b3"); return err },
	} {
		if err := call(); err != nil {
			t.Fatal(err)
		}
	}
	key := fmt.Sprintf(`merchant = 'acme' AND coupon = '%s' AND booking = 'b0'`, c.ID)
	statements := append(rec.Take(),
		`SELECT 1 FROM ONLY "`+st.schema+`".coupon_redemptions x WHERE `+key+` FOR KEY SHARE OF x`,
		`SELECT 1 FROM ONLY "`+st.schema+`".coupon_coupons x WHERE merchant = 'acme' AND id = '`+string(c.ID)+`' FOR KEY SHARE OF x`)
	scan := regexp.MustCompile(`Scan using (\w+) on coupon_(?:redemptions|coupons)`)
	scans := 0
	for _, s := range statements {
		if strings.HasPrefix(s, "BEGIN ") {
			continue
		}
		plan := explain(t, st, s)
		for _, m := range scan.FindAllStringSubmatch(plan, -1) {
			scans++
			switch m[1] {
			case "coupon_redemptions_pkey", "coupon_redemptions_booking", "coupon_coupons_pkey":
			default:
				t.Errorf("a row is looked for by %s:\n%s\n%s", m[1], s, plan)
			}
		}
	}
	if scans < 8 {
		t.Errorf("only %d scans were seen", scans)
	}
}

// What a store takes for granted, because it has seen it, may be otherwise by the
// time it looks. Then it goes by what is there.
func TestWhatIsTakenForGrantedIsFoundOut(t *testing.T) {
	t.Parallel()
	eachDriver(t, func(t *testing.T, driver string) {
		here, db := newStore(t, driver)
		there, err := New(db, Options{Schema: here.schema}) // as in another process
		if err != nil {
			t.Fatal(err)
		}
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
		if drifts, err := svc.Verify(t.Context()); err != nil || len(drifts) > 0 {
			t.Errorf("counters differ: %v, error %v", drifts, err)
		}
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
