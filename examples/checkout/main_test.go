package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/internal/pgtest"
)

var update = flag.Bool("update", false, "write testdata/output.txt anew")

var postgresServer pgtest.Shared

func TestMain(m *testing.M) {
	code := m.Run()
	if err := postgresServer.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// onEach runs a test on both databases.
func onEach(t *testing.T, test func(t *testing.T, dsn string)) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, "")
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, postgresServer.Need(t).DSN())
	})
}

func open(t *testing.T, dsn string) *shop {
	t.Helper()
	s, done, err := openSQLite(t.Context())
	if dsn != "" {
		s, done, err = openPostgres(t.Context(), dsn)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if n := s.db.Stats().InUse; n != 0 {
			t.Errorf("%d connections were not given back", n)
		}
		if err := done(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// booked are the rows of the shop's table, as text.
func (s *shop) booked(t *testing.T) (out []string) {
	t.Helper()
	rows, err := s.db.QueryContext(t.Context(), `SELECT id, customer, hour, price, code, discount FROM bookings ORDER BY id`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, customer, hour, code string
		var price, discount int64
		if err := rows.Scan(&id, &customer, &hour, &price, &code, &discount); err != nil {
			t.Fatal(err)
		}
		out = append(out, fmt.Sprintf("%s %s %s %d %s %d", id, customer, hour, price, code, discount))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// redemptions are all that there are, as text.
func (s *shop) redemptions(t *testing.T) (out []string) {
	t.Helper()
	f := coupon.RedemptionFilter{Sort: coupon.ByBooking, States: []coupon.State{coupon.Redeemed, coupon.Cancelled, coupon.Reserved, coupon.Released}}
	for r, err := range s.svc.Redemptions(t.Context(), f) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, fmt.Sprintf("%s %s %s %s %s", r.Booking, r.Customer, r.Code, r.State, r.Discount))
	}
	return out
}

func (s *shop) used(t *testing.T, c coupon.Coupon) int64 {
	t.Helper()
	state, err := s.svc.State(t.Context(), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	if drift, err := s.svc.Verify(t.Context()); err != nil || len(drift) > 0 {
		t.Errorf("counters are off: %v, %v", drift, err)
	}
	return state.Limits[0].Used
}

// What the program prints is the same on both databases, and what it leaves too.
func TestWhatHappensStepByStep(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, dsn string) {
		const golden = "testdata/output.txt"
		s := open(t, dsn)
		var out bytes.Buffer
		if err := s.show(t.Context(), &out); err != nil {
			t.Fatalf("%v\n%s", err, &out)
		}
		if *update && dsn == "" {
			if err := os.WriteFile(golden, out.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), out.String()); diff != "" {
			t.Errorf("if it should say so: go test -run StepByStep -update ./examples/checkout\n%s", diff)
		}
		bookings := []string{
			"B-1 ann 09:00 8000 NOW10 1000", "B-3 bob 10:00 8000 NOW10 1000", "B-4 cat 11:00 8000  0",
			"B-5 ann 12:00 8000 LATER10 1000", "B-8 eve 15:00 8000 LATER10 1000",
		}
		if diff := cmp.Diff(bookings, s.booked(t)); diff != "" {
			t.Errorf("bookings (-want +got):\n%s", diff)
		}
		redemptions := []string{
			"B-1 ann NOW10 redeemed 10.00 USD", "B-3 bob NOW10 redeemed 10.00 USD",
			"B-5 ann LATER10 redeemed 10.00 USD", "B-6 bob LATER10 released 10.00 USD",
			"B-7 dan LATER10 released 10.00 USD", "B-8 eve LATER10 redeemed 10.00 USD",
		}
		if diff := cmp.Diff(redemptions, s.redemptions(t)); diff != "" {
			t.Errorf("redemptions (-want +got):\n%s", diff)
		}
	})
}

// The program leaves nothing behind, in a directory or in a database.
func TestNothingIsLeftBehind(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	t.Setenv("TMP", dir) // where Windows looks
	var out bytes.Buffer
	if err := run(t.Context(), "", &out); err != nil || out.Len() == 0 {
		t.Errorf("%v, %d bytes printed", err, out.Len())
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

func TestNoServerIsAnError(t *testing.T) {
	t.Parallel()
	for _, dsn := range []string{"postgres://nobody@127.0.0.1:1/none?connect_timeout=5", "postgres://%zz"} {
		if err := run(t.Context(), dsn, &bytes.Buffer{}); err == nil {
			t.Errorf("%s: no error", dsn)
		}
	}
}

// 16 customers at once, a coupon for five, and both checkouts.
func TestALimitIsNeverPassed(t *testing.T) {
	t.Parallel()
	const customers, limit = 16, 5
	ways := map[string]func(s *shop, ctx context.Context, b booking) (booking, error){
		"redeemed": func(s *shop, ctx context.Context, b booking) (booking, error) { return s.bookNow(ctx, b, "FIVE") },
		"reserved": func(s *shop, ctx context.Context, b booking) (booking, error) {
			return s.bookAndPay(ctx, b, "FIVE", gateway{accepted, accepted})
		},
	}
	for name, book := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEach(t, func(t *testing.T, dsn string) {
				s := open(t, dsn)
				c, err := s.offer(t.Context(), "FIVE", limit)
				if err != nil {
					t.Fatal(err)
				}
				start := make(chan struct{})
				var all sync.WaitGroup
				for i := range customers {
					b := booking{ID: fmt.Sprintf("B-%02d", i), Customer: fmt.Sprint("customer-", i), Hour: fmt.Sprintf("%02d:00", i), Price: coupon.MustMoney("80", "USD")}
					all.Go(func() {
						<-start
						if _, err := book(s, t.Context(), b); err != nil && !errors.Is(err, coupon.ErrRefused) {
							t.Errorf("%s: %v", b.ID, err)
						}
					})
				}
				close(start)
				all.Wait()
				discounted := 0
				bookings := s.booked(t)
				for _, b := range bookings {
					if strings.HasSuffix(b, "FIVE 1000") {
						discounted++
					}
				}
				redemptions, used := s.redemptions(t), s.used(t, c)
				if discounted != limit || len(redemptions) != limit || used != limit {
					t.Errorf("%d bookings with a discount, %d redemptions, %d used; want %d of each", discounted, len(redemptions), used, limit)
				}
				if want := map[string]int{"redeemed": customers, "reserved": limit}[name]; len(bookings) != want {
					t.Errorf("%d bookings, want %d:\n%s", len(bookings), want, strings.Join(bookings, "\n"))
				}
			})
		})
	}
}

// What is paid and can't be booked is paid back, and leaves no redemption.
func TestAfterThePaymentTheHourIsTaken(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		c, err := s.offer(t.Context(), "ONE", 1)
		if err != nil {
			t.Fatal(err)
		}
		paid := 0
		g := gateway{
			pay: func(b booking) error {
				paid++
				b.ID, b.Customer = "B-FASTER", "faster"
				return s.inTx(t.Context(), func(tx *sql.Tx) error { return insert(t.Context(), tx, b) })
			},
			refund: func(booking) error { paid--; return nil },
		}
		b := booking{ID: "B-1", Customer: "ann", Hour: "09:00", Price: coupon.MustMoney("80", "USD")}
		if _, err := s.bookAndPay(t.Context(), b, "ONE", g); !errors.Is(err, errTaken) {
			t.Errorf("error %v, want that the hour is taken", err)
		}
		if used := s.used(t, c); paid != 0 || used != 0 {
			t.Errorf("paid %d, used %d", paid, used)
		}
	})
}

// PostgreSQL gives up a transaction that has seen what another has changed since.
func TestATransactionThatIsGivenUpIsRunAgain(t *testing.T) {
	t.Parallel()
	s := open(t, postgresServer.Need(t).DSN())
	c, err := s.offer(t.Context(), "TEN", 10)
	if err != nil {
		t.Fatal(err)
	}
	ann := booking{ID: "B-1", Customer: "ann", Hour: "09:00", Price: coupon.MustMoney("80", "USD")}
	bob := booking{ID: "B-2", Customer: "bob", Hour: "10:00", Price: coupon.MustMoney("80", "USD")}
	var seen []error
	err = s.inTx(t.Context(), func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(t.Context(), `SET TRANSACTION ISOLATION LEVEL REPEATABLE READ`); err != nil {
			return err
		}
		if _, err := s.svc.With(s.in(tx)).Quote(t.Context(), ann.forCoupon(), "TEN"); err != nil { // the snapshot
			return err
		}
		if len(seen) == 0 {
			if _, err := s.bookNow(t.Context(), bob, "TEN"); err != nil {
				return err
			}
		}
		r, err := s.svc.With(s.in(tx)).Redeem(t.Context(), ann.forCoupon(), "TEN")
		if seen = append(seen, err); err != nil {
			return err
		}
		ann.Code, ann.Discount = r.Code, r.Discount
		return insert(t.Context(), tx, ann)
	})
	if err != nil || len(seen) != 2 || !errors.Is(seen[0], coupon.ErrRetryTx) || seen[1] != nil {
		t.Errorf("error %v after runs with %v; want one ErrRetryTx", err, seen)
	}
	if used, bookings := s.used(t, c), s.booked(t); used != 2 || len(bookings) != 2 {
		t.Errorf("used %d, bookings %v", used, bookings)
	}
}

func TestRunningAgainIsBounded(t *testing.T) {
	t.Parallel()
	s := open(t, "")
	runs := 0
	err := s.inTx(t.Context(), func(*sql.Tx) error { runs++; return coupon.ErrRetryTx })
	if runs != attempts || !errors.Is(err, coupon.ErrRetryTx) {
		t.Errorf("%d runs, error %v", runs, err)
	}
	runs = 0
	err = s.inTx(t.Context(), func(*sql.Tx) error { runs++; return errTaken })
	if runs != 1 || !errors.Is(err, errTaken) {
		t.Errorf("%d runs, error %v", runs, err)
	}
}

// The server hears COMMIT and the client hears nothing: the coupon knows that the
// booking is made, and nothing is paid back.
func TestWhenCommitDoesNotAnswer(t *testing.T) {
	t.Parallel()
	server := postgresServer.Need(t)
	proxy, err := pgtest.NewProxy(server.Addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Close)
	s := open(t, strings.Replace(server.DSN(), server.Addr, proxy.Addr, 1))
	c, err := s.offer(t.Context(), "ONE", 1)
	if err != nil {
		t.Fatal(err)
	}
	g := gateway{
		pay: func(booking) error { // from here on: the answer to the first COMMIT is lost
			inserted, committed, lost := false, false, false
			proxy.CutBefore(func(fromClient bool, data []byte) bool {
				if fromClient {
					inserted = inserted || bytes.Contains(data, []byte("INSERT INTO bookings "))
					committed = committed || inserted && bytes.Contains(bytes.ToLower(data), []byte("commit"))
				}
				if fromClient || !committed || lost {
					return false
				}
				lost = true
				return true
			})
			return nil
		},
		refund: func(booking) error { t.Error("it was paid back"); return nil },
	}
	b := booking{ID: "B-1", Customer: "ann", Hour: "09:00", Price: coupon.MustMoney("80", "USD")}
	if _, err := s.bookAndPay(t.Context(), b, "ONE", g); err != nil {
		t.Errorf("error %v, want that it is booked", err)
	}
	if used, bookings := s.used(t, c), s.booked(t); used != 1 || len(bookings) != 1 {
		t.Errorf("used %d, bookings %v", used, bookings)
	}
}
