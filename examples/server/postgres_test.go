package main

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/internal/pgtest"
)

var postgresServer pgtest.Shared

func TestMain(m *testing.M) {
	code := m.Run()
	if err := postgresServer.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

var databases atomic.Int64

// newDatabase is one more database of the tests' server, like the template.
func newDatabase(ctx context.Context, server *pgtest.Server, template string) (dsn string, err error) {
	admin, err := sql.Open("pgx", server.DSN())
	if err != nil {
		return "", err
	}
	defer admin.Close()
	name := fmt.Sprint("server_", databases.Add(1))
	if _, err := admin.ExecContext(ctx, "CREATE DATABASE "+name+" TEMPLATE "+template); err != nil {
		return "", err
	}
	return strings.Replace(server.DSN(), "/postgres?", "/"+name+"?", 1), nil
}

func emptyPostgres(t *testing.T) string {
	t.Helper()
	dsn, err := newDatabase(t.Context(), postgresServer.Need(t), "template0")
	if err != nil {
		t.Fatal(err)
	}
	return dsn
}

// seededPostgres is the database that the first start on that Wednesday leaves.
// Copies of it are made one at a time: nobody may be connected to a template.
var seededPostgres struct {
	sync.Mutex
	name string
	took time.Duration
}

func copyOfSeededPostgres(t *testing.T) string {
	t.Helper()
	server := postgresServer.Need(t)
	s := &seededPostgres
	s.Lock()
	defer s.Unlock()
	if s.name == "" {
		dsn := emptyPostgres(t)
		begun := time.Now()
		db, fresh, err := openPostgres(t.Context(), dsn, aWednesday)
		if err != nil || !fresh {
			t.Fatalf("the first start: made %v, %v", fresh, err)
		}
		s.took = time.Since(begun)
		if err := db.db.Close(); err != nil {
			t.Fatal(err)
		}
		s.name = regexp.MustCompile(`server_\d+`).FindString(dsn)
		t.Logf("the first start took %v", s.took)
	}
	dsn, err := newDatabase(t.Context(), server, s.name)
	if err != nil {
		t.Fatal(err)
	}
	return dsn
}

// open gives the tests' own eyes into a database.
func open(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// everything is what a database has of the business: the bookings, and what the
// coupons know.
func everything(t *testing.T, d *database) (out []string) {
	t.Helper()
	svc, err := coupon.New(coupon.Config{Store: d.coupons, Now: func() time.Time { return aWednesday }})
	if err != nil {
		t.Fatal(err)
	}
	for c, err := range svc.Coupons(t.Context(), coupon.CouponFilter{Statuses: everyStatus, Sort: coupon.ByCode}) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, fmt.Sprint(c.Code, c.ID, c.Version, c.Status, c.Limits))
		for r, err := range svc.Refusals(t.Context(), c.ID, "") {
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, fmt.Sprint(r))
		}
	}
	for r, err := range svc.Redemptions(t.Context(), coupon.RedemptionFilter{Sort: coupon.ByBooking}) {
		if err != nil {
			t.Fatal(err)
		}
		b, err := d.ledger.booking(t.Context(), r.Booking)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, fmt.Sprint(r.Coupon, r.Booking, r.State, r.Discount, r.Refund, r.Holds, b.Lines, b.ServiceAt, b.DayOnly, b.Discount, b.Refunded))
	}
	all, withCoupon, err := d.ledger.counts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return append(out, fmt.Sprint(all, withCoupon))
}

func TestBothDatabasesTellTheSameStory(t *testing.T) {
	t.Parallel()
	var told [][]string
	var names []string
	for name, open := range map[string]func() (*database, bool, error){
		"sqlite":   func() (*database, bool, error) { return openFile(t.Context(), copyOfSeeded(t), aWednesday) },
		"postgres": func() (*database, bool, error) { return openPostgres(t.Context(), copyOfSeededPostgres(t), aWednesday) },
	} {
		d, fresh, err := open()
		if err != nil || fresh {
			t.Fatalf("%s: made anew %v, %v", name, fresh, err)
		}
		told, names = append(told, everything(t, d)), append(names, name)
		if err := d.db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for i, a := range told[0] {
		if i >= len(told[1]) || a != told[1][i] {
			t.Fatalf("line %d of %d and %d: %s has %s", i, len(told[0]), len(told[1]), names[0], a)
		}
	}
	if len(told[0]) != len(told[1]) || len(told[0]) < 500 {
		t.Errorf("%s: %d, %s: %d lines", names[0], len(told[0]), names[1], len(told[1]))
	}
}

// The whole program: it makes its tables once, and what is booked at its website
// is in the coupon's figures, also for the next start.
func TestItServesFromPostgreSQL(t *testing.T) {
	t.Parallel()
	dsn := emptyPostgres(t)
	// Whatever the DSN says of the driver's protocol.
	dsn += "&default_query_exec_mode=cache_statement"
	figure := regexp.MustCompile(`Total Bookings</dt>\s*<dd><a[^>]*><bdi>([\d,]+)`)
	bookings := func(v visitor, page string) string {
		found := figure.FindStringSubmatch(v.get(page).body)
		if found == nil {
			t.Fatalf("no figure on %s:\n%s", page, v.get(page).body)
		}
		return found[1]
	}
	p := start(t, "-dsn", dsn)
	if !slices.Equal(p.lines, []string{"made 14 months of bookings in PostgreSQL"}) {
		t.Errorf("printed %q", p.lines)
	}
	v := visitor{t: t, url: p.url}
	if a := v.get("/"); a.status != http.StatusOK || !strings.Contains(a.body, "Brightside") {
		t.Errorf("home page: %d", a.status)
	}
	page := regexp.MustCompile(adminPath + `/c/[^"/?]+`).FindString(v.get(adminPath + "/?q=SPARKLE15").body)
	if page == "" {
		t.Fatal("no coupon in the list")
	}
	before := bookings(v, page)
	form := v.fill("date", coupon.DateOf(nextMonday()).String())
	a := v.post("/book", form)
	if a.status != http.StatusSeeOther {
		t.Fatalf("booking: %d\n%s", a.status, a.body)
	}
	after := bookings(v, page)
	if before == after {
		t.Errorf("Total Bookings is %s before and after", before)
	}
	http.DefaultClient.CloseIdleConnections()
	if code := p.stop(); code != 0 {
		t.Fatalf("exit code %d: %s", code, p.errs)
	}

	p = start(t, "-dsn", dsn)
	v.url = p.url
	if !slices.Equal(p.lines, []string{"using the tables in PostgreSQL"}) || bookings(v, page) != after {
		t.Errorf("the second start printed %q and shows %s bookings, want %s", p.lines, bookings(v, page), after)
	}
	if a := v.get("/bookings/" + form.Get("id")); a.status != http.StatusOK {
		t.Errorf("the booking after the second start: %d", a.status)
	}
	http.DefaultClient.CloseIdleConnections()
}

func nextMonday() time.Time {
	loc, err := businessZone()
	if err != nil {
		panic(err)
	}
	return coupon.Weekly.Next(time.Now(), loc)
}

func TestSomebodyElsesTablesAreLeftAlone(t *testing.T) {
	t.Parallel()
	for _, theirs := range []string{"bookings", "coupon_redemptions", "coupon_x"} {
		dsn := emptyPostgres(t)
		db := open(t, dsn)
		if _, err := db.ExecContext(t.Context(), "CREATE TABLE "+theirs+" (id TEXT)"); err != nil {
			t.Fatal(err)
		}
		_, _, err := openPostgres(t.Context(), dsn, aWednesday)
		if err == nil || !strings.Contains(err.Error(), "its table "+theirs+" was not made by this server") {
			t.Errorf("%s: error %v", theirs, err)
		}
		if n := tables(t, db); n != 1 {
			t.Errorf("%s: %d tables, want theirs only", theirs, n)
		}
	}
}

func tables(t *testing.T, db *sql.DB) (n int) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM pg_catalog.pg_tables WHERE schemaname = 'public'`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// The connection breaks in the middle of the history.
func TestAnInterruptedSeedIsBegunAnew(t *testing.T) {
	t.Parallel()
	server, dsn := postgresServer.Need(t), emptyPostgres(t)
	proxy, err := pgtest.NewProxy(server.Addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Close)
	proxy.CutBefore(func(fromClient bool, data []byte) bool { return fromClient && bytes.Contains(data, []byte("BH-10300")) })
	if d, _, err := openPostgres(t.Context(), strings.Replace(dsn, server.Addr, proxy.Addr, 1), aWednesday); err == nil {
		d.db.Close()
		t.Fatal("no error")
	}
	db := open(t, dsn)
	var marked, bookings int
	if err := db.QueryRowContext(t.Context(), `SELECT (SELECT COUNT(*) FROM brightside WHERE seeded_at > 0), (SELECT COUNT(*) FROM bookings)`).Scan(&marked, &bookings); err != nil {
		t.Fatal(err)
	}
	if marked+bookings > 0 {
		t.Errorf("after the interrupted start: marked %d, %d bookings", marked, bookings)
	}
	whole, _, err := openPostgres(t.Context(), copyOfSeededPostgres(t), aWednesday)
	if err != nil {
		t.Fatal(err)
	}
	defer whole.db.Close()
	d, fresh, err := openPostgres(t.Context(), dsn, aWednesday)
	if err != nil || !fresh {
		t.Fatalf("the next start: made %v, %v", fresh, err)
	}
	defer d.db.Close()
	if got, want := everything(t, d), everything(t, whole); !slices.Equal(got, want) {
		t.Errorf("the next start has %d lines, want those of an uninterrupted one, %d", len(got), len(want))
	}
}

// In a schema of its own, beside somebody else's tables.
func TestTwoFirstStartsAtOnce(t *testing.T) {
	t.Parallel()
	dsn := emptyPostgres(t)
	db := open(t, dsn)
	if _, err := db.ExecContext(t.Context(), "CREATE TABLE bookings (id TEXT); CREATE SCHEMA brightside"); err != nil {
		t.Fatal(err)
	}
	dsn += "&search_path=brightside"
	var made atomic.Int64
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() {
			d, fresh, err := openPostgres(t.Context(), dsn, aWednesday)
			if err != nil {
				t.Error(err)
				return
			}
			defer d.db.Close()
			if fresh {
				made.Add(1)
			}
			if n, _, err := d.ledger.counts(t.Context()); err != nil || n < 1500 {
				t.Errorf("%d bookings, %v", n, err)
			}
		})
	}
	all.Wait()
	if made.Load() != 1 {
		t.Errorf("%d of them made the history, want one", made.Load())
	}
	if n := tables(t, db); n != 1 {
		t.Errorf("%d tables in the schema of others, want theirs only", n)
	}
}

// Two forms of one number at once, one with a code: what is slower must not use
// the coupon for a booking that does not have it.
func TestTheSlowerFormUsesNothing(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, v visitor) {
		s := &site{svc: v.svc, db: v.db, ledger: v.db.ledger, loc: time.UTC, now: v.svc.Now}
		before := v.coupon("SPARKLE15").Limits[0].Used
		b := booking{ID: "BH-RACE", MadeAt: aWednesday, Customer: "ann@example.org", Area: "downtown",
			Lines: []line{{Service: "standard-clean", Quantity: 1, Price: 12900}}}
		if err := s.record(t.Context(), b, nil); err != nil {
			t.Fatal(err)
		}
		if err := s.record(t.Context(), b, []string{"SPARKLE15"}); !errors.Is(err, errBooked) {
			t.Errorf("error %v, want that it is booked", err)
		}
		stored, err := v.db.ledger.booking(t.Context(), b.ID)
		if err != nil || stored.Codes != nil || stored.Discount != 0 {
			t.Errorf("stored %+v, %v", stored, err)
		}
		if rs, used := v.redemptions(b.ID), v.coupon("SPARKLE15").Limits[0].Used; len(rs) > 0 || used != before {
			t.Errorf("redemptions %v, used %d, then %d", rs, before, used)
		}
	})
}

// A refusal rolls the form's transaction back, and is kept for the owner.
func TestARefusalIsKept(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, v visitor) {
		form := v.fill("code", "FIRST60")
		if a := v.post("/book", form); a.status != http.StatusUnprocessableEntity {
			t.Fatalf("%d", a.status)
		}
		var kept []coupon.Reason
		for r, err := range v.svc.Refusals(t.Context(), v.coupon("FIRST60").ID, "") {
			if err != nil {
				t.Fatal(err)
			}
			if r.Booking == form.Get("id") {
				kept = append(kept, r.Reason)
			}
		}
		if !slices.Contains(kept, coupon.LimitReached) {
			t.Errorf("kept %v, want %s", kept, coupon.LimitReached)
		}
	})
}
