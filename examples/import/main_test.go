package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/internal/pgtest"
)

const (
	shopDir = "testdata/shop"     // all is as it must be
	badDir  = "testdata/bad-rows" // hardly anything is
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

// command runs the program and gives what it wrote.
func command(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	status = run(t.Context(), args, &out, &errs)
	return status, out.String(), errs.String()
}

func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// shopWith is a copy of the shop's directory with one file edited.
func shopWith(t *testing.T, name string, edit func(string) string) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range []string{"coupons.csv", "orders.csv", "redemptions.csv"} {
		content := read(t, filepath.Join(shopDir, f))
		if f == name {
			changed := edit(content)
			if changed == content {
				t.Fatalf("the edit of %s changes nothing", name)
			}
			content = changed
		}
		write(t, filepath.Join(dir, f), content)
	}
	return dir
}

func replace(old, by string) func(string) string {
	return func(s string) string { return strings.Replace(s, old, by, 1) }
}

// gzipped compresses the file and leaves off the last bytes of the result.
func gzipped(t *testing.T, name string, without int) {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(read(t, name))); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	write(t, name+".gz", b.String()[:b.Len()-without])
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
}

// content is everything that the file says of its coupons.
func content(t *testing.T, db string) (coupons []coupon.Coupon, redemptions []coupon.Redemption, events []coupon.Event) {
	t.Helper()
	return contentOf(t, db, "")
}

func contentOf(t *testing.T, db, dsn string) (coupons []coupon.Coupon, redemptions []coupon.Redemption, events []coupon.Event) {
	t.Helper()
	st, closeStore, err := openStore(t.Context(), db, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer closeStore()
	svc, err := coupon.New(coupon.Config{Store: st})
	if err != nil {
		t.Fatal(err)
	}
	for c, err := range svc.Coupons(t.Context(), coupon.CouponFilter{Sort: coupon.ByCode}) {
		if err != nil {
			t.Fatal(err)
		}
		coupons = append(coupons, c.Coupon)
	}
	for r, err := range svc.Redemptions(t.Context(), coupon.RedemptionFilter{}) {
		if err != nil {
			t.Fatal(err)
		}
		redemptions = append(redemptions, r)
		of, err := st.Events(t.Context(), r.Coupon, r.Booking)
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, of...)
	}
	return coupons, redemptions, events
}

func TestTotalsOfTheShop(t *testing.T) {
	t.Parallel()
	status, stdout, stderr := command(t, "-data", shopDir)
	if diff := cmp.Diff(read(t, shopDir+"/totals.csv"), stdout); diff != "" {
		t.Errorf("totals (-want +got):\n%s", diff)
	}
	if want := "coupons: 3, 3 of them new; redemptions: 5 read, 5 recorded, 0 known, 0 bad\n"; status != done || stderr != want {
		t.Errorf("status %d, standard error %q; want %d and %q", status, stderr, done, want)
	}
}

func TestGzippedFilesSayTheSame(t *testing.T) {
	t.Parallel()
	dir := shopWith(t, "", nil)
	for _, name := range []string{"coupons.csv", "orders.csv", "redemptions.csv"} {
		gzipped(t, filepath.Join(dir, name), 0)
	}
	status, stdout, stderr := command(t, "-data", dir)
	if want := read(t, shopDir+"/totals.csv"); status != done || stdout != want {
		t.Errorf("status %d, standard error %q, totals (-want +got):\n%s", status, stderr, cmp.Diff(want, stdout))
	}
}

func TestCodeOfSeveralMonthsIsOneCoupon(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "shop.db")
	command(t, "-data", shopDir, "-db", db)
	coupons, redemptions, _ := content(t, db)
	type what struct{ Code, From, Before, Percent, Categories string }
	var got []what
	for _, c := range coupons {
		got = append(got, what{string(c.Code), c.Start.Format("2006-01-02 15:04 MST"), c.End.Format("2006-01-02 15:04 MST"),
			c.Discount.Percent.String(), strings.Join(c.Restrictions.Matches[0].AnyOf, " ")})
	}
	want := []what{
		{"GIFT15", "2019-12-01 00:00 UTC", "2020-01-01 00:00 UTC", "15", "Gifts"},
		{"MUGS25", "2019-01-01 00:00 UTC", "2019-09-01 00:00 UTC", "25", "Mugs Cups"},
		{"TEA10", "2019-01-01 00:00 UTC", "2019-05-01 00:00 UTC", "10", "Tea"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("coupons (-want +got):\n%s", diff)
	}
	for _, r := range redemptions {
		if r.Booking != "2-bela" {
			continue
		}
		if other := map[coupon.Code]string{"TEA10": "5.01 USD", "MUGS25": "1.50 USD"}[r.Code]; r.OtherDiscounts.String() != other {
			t.Errorf("%s: other discounts are %s, want %s: what the order's other coupon took off", r.Code, r.OtherDiscounts, other)
		}
		if r.Subtotal.String() != "50.00 USD" || r.Customer != "bela" {
			t.Errorf("%s: subtotal %s of customer %q, want the order's 50.00 USD and bela", r.Code, r.Subtotal, r.Customer)
		}
	}
}

func TestSecondRunChangesNothing(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		secondRun(t, filepath.Join(t.TempDir(), "shop.db"), "")
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		// Whatever the DSN says of the driver's protocol.
		secondRun(t, "", postgresServer.Need(t).DSN()+"&default_query_exec_mode=cache_statement")
	})
}

func secondRun(t *testing.T, db, dsn string) {
	args := []string{"-data", shopDir, "-db", db}
	if dsn != "" {
		args = []string{"-data", shopDir, "-dsn", dsn}
	}
	status, first, stderr := command(t, args...)
	if diff := cmp.Diff(read(t, shopDir+"/totals.csv"), first); status != done || diff != "" {
		t.Fatalf("status %d, standard error %q, totals (-want +got):\n%s", status, stderr, diff)
	}
	if want := "coupons: 3, 3 of them new; redemptions: 5 read, 5 recorded, 0 known, 0 bad\n"; stderr != want {
		t.Errorf("standard error %q, want %q", stderr, want)
	}
	coupons, redemptions, events := contentOf(t, db, dsn)

	status, second, stderr := command(t, args...)
	if diff := cmp.Diff(first, second); status != done || diff != "" {
		t.Errorf("status %d, totals (-first +second):\n%s", status, diff)
	}
	if want := "coupons: 3, 0 of them new; redemptions: 5 read, 0 recorded, 5 known, 0 bad\n"; stderr != want {
		t.Errorf("standard error %q, want %q", stderr, want)
	}
	afterCoupons, afterRedemptions, afterEvents := contentOf(t, db, dsn)
	if len(redemptions) != 5 || len(events) != 5 {
		t.Fatalf("%d redemptions and %d events, want 5 of each", len(redemptions), len(events))
	}
	if diff := cmp.Diff(coupons, afterCoupons); diff != "" {
		t.Errorf("coupons (-first +second):\n%s", diff)
	}
	if diff := cmp.Diff(redemptions, afterRedemptions); diff != "" {
		t.Errorf("redemptions (-first +second):\n%s", diff)
	}
	if diff := cmp.Diff(events, afterEvents); diff != "" {
		t.Errorf("events (-first +second):\n%s", diff)
	}
}

func TestRangesOfAFile(t *testing.T) {
	t.Parallel()
	ranges := filepath.Join(t.TempDir(), "ranges.csv")
	write(t, ranges, "range,from,before\nlast of january,2019-01-31,2019-02-01\nnew year,2020-01-01,2020-01-02\n")
	status, stdout, stderr := command(t, "-data", shopDir, "-ranges", ranges)
	want := `range,from,before,coupon_code,redemptions,gross_cents,discount_cents,net_cents
last of january,2019-01-31,2019-02-01,*,2,3502,651,2851
last of january,2019-01-31,2019-02-01,-,0,0,0,0
last of january,2019-01-31,2019-02-01,GIFT15,0,0,0,0
last of january,2019-01-31,2019-02-01,MUGS25,1,2002,501,1501
last of january,2019-01-31,2019-02-01,TEA10,1,1500,150,1350
new year,2020-01-01,2020-01-02,*,0,0,0,0
new year,2020-01-01,2020-01-02,-,1,700,0,700
new year,2020-01-01,2020-01-02,GIFT15,0,0,0,0
new year,2020-01-01,2020-01-02,MUGS25,0,0,0,0
new year,2020-01-01,2020-01-02,TEA10,0,0,0,0
`
	if diff := cmp.Diff(want, stdout); status != done || diff != "" {
		t.Errorf("status %d, standard error %q, totals (-want +got):\n%s", status, stderr, diff)
	}
}

func TestNothingIsLeftOfATemporaryDatabase(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	t.Setenv("TMP", dir) // where Windows looks
	if status, _, stderr := command(t, "-data", shopDir); status != done {
		t.Fatalf("status %d, standard error %q", status, stderr)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

func TestProgressIsOneLineOnATerminal(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	c := &console{w: &b, terminal: true}
	c.show("%d rows", 500)
	c.show("%d rows", 1000)
	c.say("done")
	if want := "\r\x1b[K500 rows\r\x1b[K1000 rows\r\x1b[Kdone\n"; b.String() != want {
		t.Errorf("terminal: %q, want %q", b.String(), want)
	}
	b.Reset()
	c = newConsole(&b)
	c.show("%d rows", 500)
	c.say("done")
	if want := "done\n"; b.String() != want {
		t.Errorf("not a terminal: %q, want %q", b.String(), want)
	}
}

func TestInterruptedImportWritesNoTotals(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "shop.db")
	command(t, "-data", shopDir, "-db", db)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stdout, stderr bytes.Buffer
	if status := run(ctx, []string{"-data", shopDir, "-db", db}, &stdout, &stderr); status == done || stdout.Len() > 0 {
		t.Errorf("status %d, totals %q", status, stdout.String())
	}
	if !strings.Contains(stderr.String(), context.Canceled.Error()) {
		t.Errorf("standard error %q does not say that it was cancelled", stderr.String())
	}
}
