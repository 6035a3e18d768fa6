package postgres

import (
	"database/sql"
	"fmt"
	"regexp"
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
		reserve := func(svc *coupon.Service, id string) error {
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
			}, 2, 1},
			{"redeem under a limit", nothing, func(svc *coupon.Service, id string) error {
				_, err := svc.Redeem(t.Context(), booking(id), "HOT")
				return err
			}, 4, 3},
			{"reserve", nothing, reserve, 4, 3},
			{"reserve where others have not for a while", func(svc *coupon.Service, id string) error {
				for i := range 10 {
					if err := reserve(svc, fmt.Sprint(id, "before", i)); err != nil {
						return err
					}
				}
				return nil
			}, reserve, 2, 1},
			{"confirm what another process has reserved", elsewhere, func(svc *coupon.Service, id string) error {
				_, err := svc.Confirm(t.Context(), id)
				return err
			}, 5, 4},
			{"confirm", reserve, func(svc *coupon.Service, id string) error {
				_, err := svc.Confirm(t.Context(), id)
				return err
			}, 2, 1},
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
		func() error {
			return sqltest.Drain(svc.Redemptions(t.Context(), coupon.RedemptionFilter{Coupon: c.ID, Booking: "b3"}))
		},
		func() error {
			f := coupon.RedemptionFilter{Coupon: c.ID, Booking: "b3", States: []coupon.State{coupon.Reserved, coupon.Cancelled}}
			return sqltest.Drain(svc.Redemptions(t.Context(), f))
		},
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
