package postgres

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/internal/pgtest"
)

// behind gives a store whose connections go through a proxy, and one on the same
// tables that goes straight.
func behind(t *testing.T, driver string) (proxied, straight *Store, db *sql.DB, proxy *pgtest.Proxy) {
	t.Helper()
	needServer(t)
	straight, _ = newStore(t, driver)
	proxy, err := pgtest.NewProxy(server.Addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Close)
	db = openDB(t, driver, strings.Replace(server.DSN(), server.Addr, proxy.Addr, 1))
	if proxied, err = New(db, Options{Schema: straight.schema}); err != nil {
		t.Fatal(err)
	}
	return proxied, straight, db, proxy
}

func TestLostCommitIsAnUnknownOutcomeThatTheSameCallResolves(t *testing.T) {
	t.Parallel()
	eachDriver(t, func(t *testing.T, driver string) {
		st, straight, db, proxy := behind(t, driver)
		create(t, straight, "C")
		for _, lost := range []string{"the request", "the reply"} {
			committing := false
			proxy.CutBefore(func(fromClient bool, data []byte) bool {
				if fromClient && bytes.Contains(data, []byte("COMMIT\x00")) {
					committing = true
					return lost == "the request"
				}
				return committing && !fromClient
			})
			_, err := service(t, st).Redeem(t.Context(), booking(lost), "C")
			if !errors.Is(err, coupon.ErrOutcomeUnknown) {
				t.Errorf("%s of COMMIT is lost: got error %v, want ErrOutcomeUnknown", lost, err)
			}
			wantNoneInUse(t, db)
			proxy.CutBefore(nil)
			r, err := service(t, st).Redeem(t.Context(), booking(lost), "C")
			if err != nil || r.Replayed != (lost == "the reply") {
				t.Errorf("%s of COMMIT was lost, the same call again: replayed %t, error %v", lost, r.Replayed, err)
			}
		}
		wantStored(t, straight, 2)
	})
}

// Wherever the connection breaks, before or behind the server: all is written or
// nothing, nobody is told that it failed when it may have succeeded, and the same
// call again gives the redemption.
func TestConnectionThatBreaksAnywhere(t *testing.T) {
	t.Parallel()
	eachDriver(t, func(t *testing.T, driver string) {
		st, straight, db, proxy := behind(t, driver)
		create(t, straight, "C", func(c *coupon.Coupon) { c.Restrictions.Limits[0].Max = 1000 })
		unknown, failed := 0, 0
		for n := 1; ; n++ {
			if n > 200 {
				t.Fatal("a redemption does not end")
			}
			db.SetMaxIdleConns(0) // each call opens its connection
			id, seen, began := booking(strconv.Itoa(n)), 0, false
			proxy.CutBefore(func(fromClient bool, data []byte) bool {
				began = began || bytes.Contains(data, []byte("BEGIN ISOLATION LEVEL READ COMMITTED"))
				if began {
					seen++
				}
				return seen == n
			})
			_, err := service(t, st).Redeem(t.Context(), id, "C")
			proxy.CutBefore(nil)
			wantNoneInUse(t, db)
			again, e := service(t, straight).Redeem(t.Context(), id, "C")
			if e != nil {
				t.Fatalf("cut at piece %d, the same call again: %v", n, e)
			}
			switch {
			case seen < n: // was not cut
				if err != nil || n < 9 {
					t.Errorf("%d pieces, error %v", n, err)
				}
				if unknown < 4 || failed < 2 {
					t.Errorf("%d outcomes were unknown, %d failures: the proxy does not see the pieces", unknown, failed)
				}
				wantStored(t, straight, n)
				return
			case err == nil: // a connection that was dead before BEGIN came back is replaced
				if !again.Replayed {
					t.Errorf("cut at piece %d: said to be written, and was not", n)
				}
			case errors.Is(err, coupon.ErrOutcomeUnknown):
				unknown++
			default:
				if failed++; again.Replayed {
					t.Errorf("cut at piece %d: said to have failed (%v), and was written", n, err)
				}
			}
		}
	})
}

func wantNoneInUse(t testing.TB, db *sql.DB) {
	t.Helper()
	if n := db.Stats().InUse; n != 0 {
		t.Errorf("%d connections are in use", n)
	}
}

// Connections that died in the pool are replaced: nothing was sent on them yet.
func TestServerThatWasRestartedIsNotAnError(t *testing.T) {
	t.Parallel()
	eachDriver(t, func(t *testing.T, driver string) {
		st, _, _, proxy := behind(t, driver)
		create(t, st, "C")
		proxy.Drop()
		if _, err := service(t, st).Redeem(t.Context(), booking("b1"), "C"); err != nil {
			t.Errorf("a write: %v", err)
		}
		proxy.Drop()
		if _, _, err := st.CouponByCode(t.Context(), "C"); err != nil {
			t.Errorf("a read: %v", err)
		}
	})
}

// Whenever the context is cancelled: all is written or nothing, and nothing is
// left open, here or on the server.
func TestCancelledWriteLeavesNothingOpen(t *testing.T) {
	t.Parallel()
	eachDriver(t, func(t *testing.T, driver string) {
		st, db := newStore(t, driver)
		create(t, st, "C", func(c *coupon.Coupon) { c.Restrictions.Limits[0].Max = 1 << 40 })
		written, cancelled := 0, 0
		usual := time.Millisecond // how long a redemption takes here
		for i := range 300 {
			ctx, cancel := context.WithCancel(t.Context())
			timer := time.AfterFunc(rand.N(2*usual), cancel)
			began := time.Now()
			_, err := service(t, st).Redeem(ctx, booking(strconv.Itoa(i)), "C")
			timer.Stop()
			cancel()
			switch {
			case err == nil:
				written++
				usual = time.Since(began)
			case errors.Is(err, context.Canceled):
				cancelled++
				usual += usual / 10
			default:
				t.Errorf("got error %v", err)
			}
			wantNoneInUse(t, db)
		}
		if written == 0 || cancelled == 0 {
			t.Errorf("%d were written, %d cancelled", written, cancelled)
		}
		wantStored(t, st, written)
		ok := pgtest.Wait(t.Context(), func() bool {
			var n int
			err := db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%' AND query LIKE '%"+st.schema+`"%'`).Scan(&n)
			if err != nil {
				t.Fatal(err)
			}
			return n == 0
		})
		if !ok {
			t.Error("a transaction is left open on the server")
		}
	})
}
