package main

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/couponkit/coupon"
)

// aWednesday is when the visitors of these tests come: noon in Chicago.
var aWednesday = time.Date(2026, time.July, 15, 17, 0, 0, 0, time.UTC)

// firstStart is what the first start on that day leaves. Living through the
// history takes its time under the race detector, so it is done once.
type firstStart struct {
	fresh bool
	files []string // in the directory, once the database is closed
	data  []byte
}

var seeded = sync.OnceValues(func() (f firstStart, err error) {
	dir, err := os.MkdirTemp("", "brightside")
	if err != nil {
		return f, err
	}
	defer os.RemoveAll(dir)
	// Characters that mean something in a URL are nothing special in a path.
	path := filepath.Join(dir, "100% mine? #1.db")
	db, fresh, err := openFile(context.Background(), path, aWednesday)
	if err != nil {
		return f, err
	}
	f.fresh = fresh
	if err := db.db.Close(); err != nil {
		return f, err
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	for _, e := range entries {
		f.files = append(f.files, e.Name())
	}
	if err == nil {
		f.data, err = os.ReadFile(path)
	}
	return f, err
})

// copyOfSeeded is a database file as the first start leaves it.
func copyOfSeeded(t *testing.T) string {
	t.Helper()
	first, err := seeded()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "server.db")
	if err := os.WriteFile(path, first.data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// visitor is somebody at a browser, in front of a website of their own.
type visitor struct {
	t   *testing.T
	url string
	db  *database
	svc *coupon.Service
}

func visit(t *testing.T) visitor {
	t.Helper()
	path := copyOfSeeded(t)
	return visitTo(t, func(now time.Time) (*database, bool, error) { return openFile(t.Context(), path, now) })
}

// onEach runs a test with a visitor of the website in each database.
func onEach(t *testing.T, test func(t *testing.T, v visitor)) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, visit(t))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		dsn := copyOfSeededPostgres(t)
		test(t, visitTo(t, func(now time.Time) (*database, bool, error) { return openPostgres(t.Context(), dsn, now) }))
	})
}

func visitTo(t *testing.T, open func(now time.Time) (*database, bool, error)) visitor {
	t.Helper()
	var ticks atomic.Int64 // time goes on, a millisecond at every look
	now := func() time.Time { return aWednesday.Add(time.Duration(ticks.Add(1)) * time.Millisecond) }
	db, fresh, err := open(now())
	if err != nil || fresh {
		t.Fatalf("open: made anew %v, %v", fresh, err)
	}
	t.Cleanup(func() { db.db.Close() })
	handler, err := newHandler(db, now, slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	svc, err := coupon.New(coupon.Config{Store: db.coupons, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	return visitor{t: t, url: server.URL, db: db, svc: svc}
}

// answer is what came back, without following redirects.
type answer struct {
	status   int
	location string
	header   http.Header
	body     string
}

func (v visitor) do(r *http.Request) answer {
	v.t.Helper()
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header.Get("Location"), res.Header, string(body)}
}

func (v visitor) get(path string) answer {
	v.t.Helper()
	r, err := http.NewRequestWithContext(v.t.Context(), http.MethodGet, v.url+path, nil)
	if err != nil {
		v.t.Fatal(err)
	}
	return v.do(r)
}

func (v visitor) post(path string, form url.Values, header ...string) answer {
	v.t.Helper()
	r, err := http.NewRequestWithContext(v.t.Context(), http.MethodPost, v.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		v.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return v.do(r)
}

// fill is the form of /book as a browser would send it, with these fields
// changed.
func (v visitor) fill(fields ...string) url.Values {
	v.t.Helper()
	found := regexp.MustCompile(`name="id" value="(BH-[A-Z0-9]+)"`).FindStringSubmatch(v.get("/book").body)
	if found == nil {
		v.t.Fatal("the form has no booking number")
	}
	form := url.Values{
		"id": {found[1]}, "quantity-standard-clean": {"1"}, "date": {"2026-07-20"}, "time": {"09:30"}, // a Monday
		"frequency": {""}, "area": {"downtown"}, "email": {"Newcomer@Example.org"}, "code": {"SPARKLE15"},
	}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return form
}

func (v visitor) coupon(code string) coupon.CouponState {
	v.t.Helper()
	c, err := v.svc.CouponByCode(v.t.Context(), code)
	if err != nil {
		v.t.Fatal(err)
	}
	state, err := v.svc.State(v.t.Context(), c.ID)
	if err != nil {
		v.t.Fatal(err)
	}
	return state
}

func (v visitor) redemptions(booking string) (out []coupon.Redemption) {
	v.t.Helper()
	for r, err := range v.svc.Redemptions(v.t.Context(), coupon.RedemptionFilter{Booking: booking}) {
		if err != nil {
			v.t.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

// served is a booking of the seed whose service was long ago, of a customer who
// is known.
func (v visitor) served() booking {
	v.t.Helper()
	var id string
	err := v.db.db.QueryRowContext(v.t.Context(), `SELECT id FROM bookings WHERE customer <> '' AND cancelled_at = 0 AND service_at > 0 ORDER BY made_at LIMIT 1`).Scan(&id)
	if err != nil {
		v.t.Fatal(err)
	}
	b, err := v.db.ledger.booking(v.t.Context(), id)
	if err != nil {
		v.t.Fatal(err)
	}
	return b
}

func (v visitor) booked(id string) bool {
	v.t.Helper()
	_, err := v.db.ledger.booking(v.t.Context(), id)
	if err != nil && err != errNoBooking {
		v.t.Fatal(err)
	}
	return err == nil
}
