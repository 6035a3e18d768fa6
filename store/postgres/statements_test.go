package postgres

import (
	"database/sql"
	"fmt"
	"iter"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/store/internal/sqltest"
)

// recorded is a store of merchant "acme" whose statements are recorded.
func recorded(t *testing.T, opt Options) (*Store, *sqltest.Recorder) {
	t.Helper()
	db := openDB(t, "pgx", dsn(t))
	opt.Schema = newSchema(t, db)
	migrated(t, db, opt)
	rec := &sqltest.Recorder{}
	st, err := open(bun.NewDB(db, pgdialect.New()).WithQueryHook(rec), opt)
	if err != nil {
		t.Fatal(err)
	}
	return st.Merchant("acme"), rec
}

func TestEveryStatementNamesTheMerchant(t *testing.T) {
	t.Parallel()
	st, rec := recorded(t, Options{})
	calls := sqltest.EveryCall(t, st, rec)
	for call, statements := range calls {
		if len(statements) == 0 {
			t.Errorf("%s: no statement was seen", call)
		}
		for _, s := range statements {
			s = strings.ReplaceAll(s, `"`+st.schema+`".`, "")
			if tables := sqltest.Unscoped(s); len(tables) > 0 {
				t.Errorf("%s: no merchant for %v in\n%s", call, tables, s)
			}
		}
	}
	if got := sqltest.Tables(calls); !slices.Equal(got, []string{"bookings", "codes", "counters", "coupons", "events", "heads", "notes", "redemptions", "refusals", "series", "versions"}) {
		t.Errorf("the tables that were used are %v", got)
	}
}

// Where each coupon is on one of many servers, a lock is a statement for one.
func TestEveryStatementThatLocksIsAboutOneCoupon(t *testing.T) {
	t.Parallel()
	st, rec := recorded(t, Options{})
	locks, locking := 0, regexp.MustCompile(`\bFOR (KEY SHARE|SHARE|NO KEY UPDATE|UPDATE)( SKIP LOCKED)?$|^UPDATE |^DELETE |\) UPDATE `)
	for call, statements := range sqltest.EveryCall(t, st, rec) {
		for _, s := range statements {
			if !locking.MatchString(s) {
				continue
			}
			locks++
			if !regexp.MustCompile(`\b(coupon|id) = '`).MatchString(s) {
				t.Errorf("%s: locks more than one coupon:\n%s", call, s)
			}
			if strings.HasPrefix(s, "WITH") && strings.Contains(s, " FOR ") {
				t.Errorf("%s: locks with a WITH:\n%s", call, s)
			}
		}
	}
	if locks < 20 {
		t.Errorf("only %d locks were seen", locks)
	}
}

// manyRedemptions are 1000 of coupons C0 to C30; C0 has four of ten.
func manyRedemptions() iter.Seq2[coupon.PastRedemption, error] {
	return func(yield func(coupon.PastRedemption, error) bool) {
		i := 0
		for row, err := range past("C0", 1000) {
			row.Customer = fmt.Sprintf("c%d", i%50)
			row.EarlierBookings = nil
			if i%10 >= 4 {
				row.Code = fmt.Sprintf("C%d", 1+i%30)
			}
			i++
			if !yield(row, err) {
				return
			}
		}
	}
}

// times100 repeats what was imported, at other times and by other customers. One
// in ten is a reservation, half of them expired, and one in five is in a series.
var times100 = []string{
	`INSERT INTO coupon_bookings SELECT merchant, booking || '-' || g FROM coupon_bookings, generate_series(1, 99) AS g`,
	`INSERT INTO coupon_redemptions (merchant, coupon, booking, state, expires_at, version, code, single_use, customer, series, currency, made_at, service_at,
		subtotal, eligible, discount, other_discounts, refund, cost, new_customer, uses, holds, charges, events, doc)
		SELECT merchant, coupon, booking || '-' || g, CASE WHEN g % 10 = 0 THEN 'reserved' ELSE state END,
		CASE WHEN g % 20 = 0 THEN 1700000000000000 WHEN g % 20 = 10 THEN 3000000000000000 END,
		version, code, single_use, customer || '-' || g, CASE WHEN g % 5 = 0 THEN booking || '-' || g ELSE '' END, currency,
		made_at + g * 900000000::bigint * 100, service_at + g * 900000000::bigint * 100, subtotal, eligible, discount, other_discounts, refund, cost,
		new_customer, uses, holds, charges, events, doc FROM coupon_redemptions, generate_series(1, 99) AS g`,
	`INSERT INTO coupon_events SELECT merchant, coupon, booking || '-' || g, n, kind, key, at, actor, amount, currency FROM coupon_events, generate_series(1, 99) AS g`,
	`INSERT INTO coupon_counters SELECT merchant, coupon, limit_of, limit_per, every, subject || '-' || g, currency, since, used FROM coupon_counters, generate_series(1, 99) AS g`,
	`INSERT INTO coupon_series SELECT DISTINCT merchant, coupon, series, 1, customer, code, single_use, made_at, '' FROM coupon_redemptions WHERE series <> '' ON CONFLICT DO NOTHING`,
	`INSERT INTO coupon_codes SELECT merchant, code || '-' || g, coupon, live, 0, 1, '', CASE WHEN g % 2 = 0 THEN 'letters' ELSE 'print' END, g, created_at, created_by
		FROM coupon_codes, generate_series(1, 2000) AS g`,
	`INSERT INTO coupon_refusals SELECT merchant, id, 'b' || g, 'limit-reached', code, '', 'USD', 100, 1800000000000000 + g FROM coupon_coupons, generate_series(1, 2000) AS g`,
	`VACUUM ANALYZE`,
}

// readsAll are the calls that are meant to go through all of a merchant: what
// Verify and Rebuild are for, a list over all coupons whose only condition is one
// that most redemptions meet, and one of a rare state of a coupon that has a large
// part of them all.
var readsAll = regexp.MustCompile(`^(verify|rebuild|unscheduled|what was released)`)

var seqScan = regexp.MustCompile(`Seq Scan on (coupon_(?:redemptions|events|counters|codes|refusals|bookings))\b`)

func TestNoCallReadsAWholeTable(t *testing.T) {
	t.Parallel()
	needServer(t)
	st, rec := recorded(t, Options{})
	svc := service(t, st)
	perCustomer := func(c *coupon.Coupon) {
		c.Combinable = true
		c.Restrictions.Limits = []coupon.Limit{{Of: coupon.Uses, Per: coupon.PerCustomer, Every: coupon.Ever, Max: 1 << 40}}
	}
	for i := range 31 {
		create(t, st, fmt.Sprintf("C%d", i), perCustomer)
	}
	report, err := svc.Import(t.Context(), manyRedemptions(), coupon.ImportOptions{})
	if err != nil || report.Recorded != 1000 {
		t.Fatalf("import: %+v, error %v", report, err)
	}
	conn, err := st.tx.db.DB.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	for _, statement := range append([]string{"SET search_path TO " + st.schema}, append(times100, "RESET search_path")...) {
		if _, err := conn.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	rec.Take()
	calls := map[string][]string{}
	for call, statements := range sqltest.EveryCall(t, st, rec) {
		calls["a new coupon: "+call] = statements
	}
	for _, code := range []string{"C0", "C7"} {
		callsOf(t, st, rec, code, calls)
		c, _, err := st.CouponByCode(t.Context(), coupon.Code(code))
		if err != nil {
			t.Fatal(err)
		}
		sqltest.Life(t, st, c, func(name string, f func() error) {
			t.Helper()
			rec.Take()
			if err := f(); err != nil {
				t.Fatalf("%s: %s: %v", code, name, err)
			}
			calls[code+": "+name] = rec.Take()
		})
	}
	// The edits have written every row anew, which vacuuming gets over.
	if _, err := conn.ExecContext(t.Context(), "VACUUM ANALYZE "+st.schema+".coupon_redemptions"); err != nil {
		t.Fatal(err)
	}
	planned := 0
	for call, statements := range calls {
		name := call[strings.Index(call, ": ")+2:]
		for _, s := range statements {
			if strings.HasPrefix(s, "SET ") || strings.HasPrefix(s, "BEGIN ") {
				continue
			}
			planned++
			plan := explain(t, st, s)
			if m := seqScan.FindStringSubmatch(plan); m != nil && !readsAll.MatchString(name) {
				t.Errorf("%s reads all of %s:\n%s\n%s", call, m[1], s, plan)
			}
		}
	}
	if planned < 100 {
		t.Errorf("only %d statements were planned", planned)
	}
	if plan := explain(t, st, `SELECT doc FROM "`+st.schema+`".coupon_redemptions WHERE currency = 'USD'`); !seqScan.MatchString(plan) {
		t.Errorf("a whole table is read and not seen:\n%s", plan)
	}
}

// callsOf are the calls about one coupon and what it has.
func callsOf(t *testing.T, st *Store, rec *sqltest.Recorder, code string, calls map[string][]string) {
	t.Helper()
	svc, ctx := service(t, st), t.Context()
	c, _, err := st.CouponByCode(ctx, coupon.Code(code))
	if err != nil {
		t.Fatal(err)
	}
	do := func(name string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %s: %v", code, name, err)
		}
		calls[code+": "+name] = rec.Take()
	}
	var all []coupon.ID // that have redemptions
	for i := range 31 {
		c, _, err := st.CouponByCode(ctx, coupon.Code(fmt.Sprintf("C%d", i)))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, c.ID)
	}
	b := booking("new " + code)
	b.Customer.Key = "c7"
	rec.Take()
	_, err = svc.Redeem(ctx, b, code)
	do("redeem", err)
	_, err = svc.Redeem(ctx, b, code)
	do("replay", err)
	_, err = svc.Cancel(ctx, b.ID)
	do("cancel", err)
	_, err = svc.State(ctx, c.ID)
	do("state", err)
	_, err = svc.Events(ctx, c.ID, b.ID)
	do("events", err)
	_, err = st.Redemptions(ctx, coupon.RedemptionQuery{Booking: b.ID, Sort: coupon.ByMadeAt, Range: coupon.Range{Clock: coupon.MadeAt}, Limit: 10})
	do("of a booking", err)
	from, to := time.Date(2025, 6, 1, 0, 0, 0, 0, time.UTC), time.Date(2025, 9, 1, 0, 0, 0, 0, time.UTC)
	for _, clock := range []coupon.Clock{coupon.MadeAt, coupon.ServiceAt} {
		_, err = svc.Summary(ctx, c.ID, coupon.Range{Clock: clock})
		do("summary "+string(clock), err)
		_, err = svc.Timeline(ctx, c.ID, coupon.Range{From: from, To: to, Clock: clock}, coupon.Daily, "Europe/Berlin")
		do("timeline "+string(clock), err)
		_, err = svc.Summaries(ctx, all, coupon.Range{Clock: clock})
		do("summaries "+string(clock), err)
		_, err = svc.Summaries(ctx, all[:25], coupon.Range{From: from, To: to, Clock: clock})
		do("summaries of a time "+string(clock), err)
		_, err = svc.Timelines(ctx, all[:25], coupon.Range{From: from, To: to, Clock: clock}, coupon.Daily, "Europe/Berlin")
		do("timelines "+string(clock), err)
		for _, sort := range []coupon.RedemptionSort{coupon.ByMadeAt, coupon.ByServiceAt, coupon.ByBooking, coupon.BySubtotal, coupon.ByDiscount} {
			for _, q := range []coupon.RedemptionQuery{
				{Coupon: c.ID, Range: coupon.Range{Clock: clock}},
				{Coupon: c.ID, Range: coupon.Range{Clock: clock, From: from, To: to}, Desc: true},
				{Customer: "c7", Range: coupon.Range{Clock: clock}},
				{Coupon: c.ID, Customer: "c7", States: []coupon.State{coupon.Redeemed}, Range: coupon.Range{Clock: clock}},
				{Coupon: c.ID, Code: c.Code, Range: coupon.Range{Clock: clock}},
				{Code: "C7", Range: coupon.Range{Clock: clock}},
			} {
				q.Sort, q.Limit = sort, 50
				_, err := st.Redemptions(ctx, q)
				do(fmt.Sprintf("redemptions %+v", q), err)
			}
		}
	}
	c.Version, c.Restrictions.Limits = c.Version+1, append(slices.Clone(c.Restrictions.Limits), coupon.Limit{Of: coupon.Uses, Per: coupon.PerCoupon, Every: coupon.PerDay, Max: 1 << 40})
	do("recharge", st.UpdateCoupon(ctx, c, func(coupon.Use) []coupon.Charge { return nil }))
}

func explain(t *testing.T, st *Store, statement string) string {
	t.Helper()
	rows, err := st.tx.db.DB.QueryContext(t.Context(), "EXPLAIN "+statement)
	if err != nil {
		t.Fatalf("%v:\n%s", err, statement)
	}
	defer func() { _ = rows.Close() }()
	var plan strings.Builder
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		plan.WriteString(line + "\n")
	}
	if rows.Err() != nil {
		t.Fatal(rows.Err())
	}
	return plan.String()
}

// Whatever a caller asks for, it is an argument: it finds nothing, and is no
// error of the database.
func TestHostileTextIsOnlyText(t *testing.T) {
	t.Parallel()
	eachDriver(t, func(t *testing.T, driver string) {
		root, db := newStore(t, driver)
		before := relations(t, db, root.schema)
		for _, s := range sqltest.Hostile {
			st := root.Merchant(s)
			if strings.ContainsAny(s, "\x00\xff") {
				err := st.InsertCoupon(t.Context(), coupon.Coupon{ID: "x", Version: 1, Code: "C", Discount: coupon.AmountOff(coupon.MustMoney("1", "USD"))})
				if err == nil || !strings.Contains(err.Error(), "can't be stored") {
					t.Errorf("merchant %q: error %v, want it not to be stored", s, err)
				}
				st = root.Merchant("for " + strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", "0"), "x"))
			}
			c := create(t, st, "C")
			if _, err := service(t, st).Redeem(t.Context(), booking("b1"), "C"); err != nil {
				t.Fatalf("merchant %q: %v", s, err)
			}
			sqltest.AskFor(t, st, c, s)
			tx := begin(t, db, sql.LevelDefault)
			sqltest.AskFor(t, st.Tx(tx), c, s)
			if err := tx.Commit(); err != nil {
				t.Errorf("a transaction in which %q was asked for: %v", s, err)
			}
			wantStored(t, st, 1)
		}
		if after := relations(t, db, root.schema); !slices.Equal(before, after) {
			t.Errorf("the schema was %v, is %v", before, after)
		}
	})
}

// A text that can't be stored is said before anything is.
func TestTextThatCannotBeStoredIsAnError(t *testing.T) {
	t.Parallel()
	st, _ := newStore(t, "pgx")
	c := create(t, st, "C")
	for _, s := range []string{"a\x00b", "\xff"} {
		_, err := st.InsertNote(t.Context(), coupon.Note{ID: "n", Coupon: c.ID, At: time.Now(), Text: s})
		if err == nil || !strings.Contains(err.Error(), "can't be stored") {
			t.Errorf("%q: error %v", s, err)
		}
	}
	if notes, err := st.Notes(t.Context(), c.ID); err != nil || len(notes) > 0 {
		t.Errorf("%d notes, error %v", len(notes), err)
	}
}

// Right after an import nothing is known of the rows: then too a timeline goes
// through them once, and not once for each day, and those of many coupons once for
// each coupon.
func TestATimelineReadsEachRowOnce(t *testing.T) {
	t.Parallel()
	st, rec := recorded(t, Options{})
	svc := service(t, st)
	c, beside := create(t, st, "C", unlimited), create(t, st, "D", unlimited)
	for _, code := range []string{"C", "D"} {
		if _, err := svc.Import(t.Context(), past(code, 2000), coupon.ImportOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	from := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, clock := range []coupon.Clock{coupon.MadeAt, coupon.ServiceAt} {
		rec.Take()
		points, err := svc.Timeline(t.Context(), c.ID, coupon.Range{From: from, To: from.AddDate(1, 0, 0), Clock: clock}, coupon.Daily, "Europe/Berlin")
		if err != nil || len(points) < 365 {
			t.Fatalf("%d points, error %v", len(points), err)
		}
		both, err := svc.Timelines(t.Context(), []coupon.ID{c.ID, beside.ID}, coupon.Range{From: from, To: from.AddDate(1, 0, 0), Clock: clock}, coupon.Daily, "Europe/Berlin")
		if err != nil || len(both[beside.ID]) != len(points) {
			t.Fatalf("%d points, error %v", len(both[beside.ID]), err)
		}
		sums := 0
		for _, s := range rec.Take() {
			if !strings.Contains(s, "width_bucket") {
				continue
			}
			// Of two coupons there is one loop, over them.
			if plan := explain(t, st, s); strings.Count(plan, "Loop") != sums || strings.Contains(plan, "Seq Scan") {
				t.Errorf("by %s:\n%s", clock, plan)
			}
			sums++
		}
		if sums != 2 {
			t.Errorf("by %s: %d statements sum", clock, sums)
		}
	}
}
