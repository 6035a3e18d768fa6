package sqlite

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"

	"github.com/couponkit/coupon"
)

// recorder keeps every statement that goes through bun, which is every one that
// names a table.
type recorder struct{ statements []string }

func (r *recorder) BeforeQuery(ctx context.Context, e *bun.QueryEvent) context.Context {
	r.statements = append(r.statements, e.Query)
	return ctx
}

func (r *recorder) AfterQuery(context.Context, *bun.QueryEvent) {}

// everyCall uses the store of merchant "acme" in every way there is, and gives
// the statements of each.
func everyCall(t *testing.T) (*Store, map[string][]string) {
	t.Helper()
	db := openDB(t, "file:"+filepath.Join(t.TempDir(), "coupons.db"))
	migrated(t, db)
	rec := &recorder{}
	root, err := open(bun.NewDB(db, sqlitedialect.New()).WithQueryHook(rec), Options{})
	if err != nil {
		t.Fatal(err)
	}
	st := root.Merchant("acme")
	svc := service(t, st)
	ctx := t.Context()
	calls := map[string][]string{}
	do := func(name string, f func() error) {
		t.Helper()
		rec.statements = nil
		if err := f(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		calls[name] = rec.statements
	}
	perCustomer := coupon.Limit{Of: coupon.Uses, Per: coupon.PerCustomer, Every: coupon.PerDay, Max: 50}
	var c coupon.Coupon
	var note coupon.Note
	do("create", func() error { c = create(t, st, "C"); return nil })
	do("redeem", func() error { _, err := svc.Redeem(ctx, booking("b1"), "C"); return err })
	do("redeem again", func() error { _, err := svc.Redeem(ctx, booking("b1"), "C"); return err })
	do("import", func() error {
		report, err := svc.Import(ctx, past("C", 300), coupon.ImportOptions{})
		if report.Recorded != 300 {
			t.Errorf("imported %+v", report)
		}
		return err
	})
	do("refund", func() error {
		_, err := svc.Refund(ctx, "b1", coupon.Refund{Key: "k", Amount: coupon.MustMoney("1", "USD")})
		return err
	})
	do("cancel", func() error { _, err := svc.Cancel(ctx, "b1"); return err })
	do("recharge", func() error {
		edited := c
		edited.Restrictions.Limits = append(slices.Clone(c.Restrictions.Limits), perCustomer)
		_, err := svc.Update(ctx, edited)
		return err
	})
	do("deactivate", func() error { _, err := svc.Deactivate(ctx, c.ID); return err })
	do("state", func() error { _, err := svc.State(ctx, c.ID); return err })
	do("versions", func() error { return drain(svc.Versions(ctx, c.ID)) })
	do("events", func() error { _, err := svc.Events(ctx, c.ID, "b1"); return err })
	do("redemption", func() error { _, err := svc.Redemption(ctx, c.ID, "b1"); return err })
	do("add note", func() (err error) { note, err = svc.AddNote(ctx, c.ID, time.Now(), "e-mail"); return err })
	do("notes", func() error { _, err := svc.Notes(ctx, c.ID); return err })
	do("remove note", func() error { return svc.RemoveNote(ctx, c.ID, note.ID) })
	from, to := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, clock := range []coupon.Clock{coupon.MadeAt, coupon.ServiceAt} {
		do("summary by "+string(clock), func() error {
			_, err := svc.Summary(ctx, c.ID, coupon.Range{Clock: clock})
			return err
		})
		do("timeline by "+string(clock), func() error {
			_, err := svc.Timeline(ctx, c.ID, coupon.Range{From: from, To: to, Clock: clock}, coupon.Daily, "Europe/Berlin")
			return err
		})
		for _, sort := range []coupon.RedemptionSort{coupon.ByMadeAt, coupon.ByServiceAt, coupon.ByBooking, coupon.BySubtotal, coupon.ByDiscount} {
			for _, desc := range []bool{false, true} {
				f := coupon.RedemptionFilter{Coupon: c.ID, Sort: sort, Desc: desc, Range: coupon.Range{From: from, To: to, Clock: clock}}
				do(fmt.Sprint("redemptions by ", sort, desc, clock), func() error { return drain(svc.Redemptions(ctx, f)) })
				f = coupon.RedemptionFilter{Sort: sort, Desc: desc, States: []coupon.State{coupon.Redeemed}, Customer: "ann", Currency: "USD", Code: "C"}
				do(fmt.Sprint("all redemptions by ", sort, desc, clock), func() error { return drain(svc.Redemptions(ctx, f)) })
			}
		}
	}
	do("unscheduled", func() error { return drain(svc.Redemptions(ctx, coupon.RedemptionFilter{Unscheduled: true})) })
	for _, sort := range []coupon.CouponSort{coupon.ByCreated, coupon.ByCode, coupon.ByName, coupon.ByStart, coupon.ByEnd} {
		f := coupon.CouponFilter{Sort: sort, Search: "c", Kind: coupon.Percent, Audience: new(coupon.Everyone)}
		do(fmt.Sprint("coupons by ", sort), func() error {
			for st, err := range svc.Coupons(ctx, f) {
				if err != nil {
					return err
				}
				f.After = st.Cursor
			}
			return drain(svc.Coupons(ctx, f))
		})
	}
	do("verify", func() error { _, err := svc.Verify(ctx); return err })
	do("rebuild", func() error { return svc.Rebuild(ctx) })
	do("archive", func() error { _, err := svc.Archive(ctx, c.ID); return err })
	return st, calls
}

func drain[V any](list iter.Seq2[V, error]) error {
	var errs error
	for _, err := range list {
		errs = errors.Join(errs, err)
	}
	return errs
}

// past are n redemptions of another system, four an hour from 2025 on, by 50 customers.
func past(code string, n int) iter.Seq2[coupon.PastRedemption, error] {
	subtotal, discount, cost := coupon.MustMoney("123.45", "USD").Amount, coupon.MustMoney("12.35", "USD").Amount, coupon.MustMoney("60", "USD").Amount
	return func(yield func(coupon.PastRedemption, error) bool) {
		for i := range n {
			at := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(i) * 15 * time.Minute)
			row := coupon.PastRedemption{Line: i, Code: code, Booking: fmt.Sprintf("past-%07d", i), Currency: "USD", Customer: fmt.Sprintf("c%d", i%50),
				EarlierBookings: new(i / 50), MadeAt: at, Service: coupon.ServiceTime(at.AddDate(0, 0, 3)),
				Subtotal: subtotal, Eligible: subtotal, Discount: discount, Cost: &cost}
			if !yield(row, nil) {
				return
			}
		}
	}
}

// unscoped gives the tables that a statement names without naming the merchant.
func unscoped(statement string) (tables []string) {
	const scope = `merchant = 'acme'`
	for _, m := range regexp.MustCompile(`(INTO |UPDATE |FROM |JOIN )"coupon_(\w+)"(?: AS (\w+))?`).FindAllStringSubmatch(statement, -1) {
		verb, table, alias := m[1], m[2], m[3]
		named := strings.Contains(statement, scope)
		switch {
		case verb == "INTO ":
			named = strings.Contains(statement, "(merchant, ") && strings.Count(statement, "'acme'") > 0
		case alias != "":
			named = strings.Contains(statement, alias+"."+scope) || named && strings.Contains(statement, alias+".merchant = ")
		}
		if !named {
			tables = append(tables, table)
		}
	}
	return tables
}

func TestEveryStatementNamesTheMerchant(t *testing.T) {
	t.Parallel()
	_, calls := everyCall(t)
	seen := map[string]bool{}
	for call, statements := range calls {
		if len(statements) == 0 {
			t.Errorf("%s: no statement was seen", call)
		}
		for _, s := range statements {
			if tables := unscoped(s); len(tables) > 0 {
				t.Errorf("%s: no merchant for %v in\n%s", call, tables, s)
			}
			for _, m := range regexp.MustCompile(`"coupon_(\w+)"`).FindAllStringSubmatch(s, -1) {
				seen[m[1]] = true
			}
		}
	}
	if len(seen) != 8 {
		t.Errorf("only %v were used", seen)
	}
}

func TestStatementWithoutMerchantIsSeen(t *testing.T) {
	t.Parallel()
	for statement, want := range map[string]int{
		`SELECT x FROM "coupon_notes" WHERE merchant = 'acme' AND id = 'x'`:                                              0,
		`SELECT x FROM "coupon_notes" WHERE id = 'x'`:                                                                    1,
		`DELETE FROM "coupon_counters"`:                                                                                  1,
		`UPDATE "coupon_heads" SET version = 1 WHERE coupon = 'x'`:                                                       1,
		`INSERT INTO "coupon_notes" (coupon, id) VALUES ('acme', 'x')`:                                                   1,
		`SELECT v.doc FROM "coupon_coupons" AS c JOIN "coupon_versions" AS v ON v.id = c.id WHERE c.merchant = 'acme'`:   1,
		`SELECT v.doc FROM "coupon_coupons" AS c JOIN "coupon_versions" AS v ON v.merchant = c.merchant`:                 2,
		`SELECT r.doc FROM slot CROSS JOIN "coupon_counters" AS c WHERE c.coupon = slot.coupon AND c.merchant = 'other'`: 1,
	} {
		if got := unscoped(statement); len(got) != want {
			t.Errorf("%s: found %v, want %d", statement, got, want)
		}
	}
}

// plan is how SQLite runs a statement.
func plan(t *testing.T, st *Store, statement string) (steps []string) {
	t.Helper()
	rows, err := st.tx.db.DB.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+statement)
	if err != nil {
		t.Fatalf("%v:\n%s", err, statement)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, detail)
	}
	if rows.Err() != nil {
		t.Fatal(rows.Err())
	}
	return steps
}

// scan is a step that reads a whole table, of those that grow without bound, or
// all that a merchant has in it.
var (
	scan    = regexp.MustCompile(`^SCAN (r|c|coupon_redemptions|coupon_events|coupon_counters)\b`)
	scanOne = regexp.MustCompile(`^SEARCH (r|coupon_redemptions|coupon_events)\b.*\(merchant=\?\)$`)
)

// readsAll are the calls that are meant to go through all of a merchant.
var readsAll = regexp.MustCompile(`^(all redemptions|unscheduled|verify|rebuild)`)

func TestNoCallReadsMoreThanItIsAskedFor(t *testing.T) {
	t.Parallel()
	st, calls := everyCall(t)
	searched := 0
	for call, statements := range calls {
		for _, s := range statements {
			if strings.HasPrefix(s, "PRAGMA") {
				continue
			}
			for _, step := range plan(t, st, s) {
				if scan.MatchString(step) || scanOne.MatchString(step) && !readsAll.MatchString(call) {
					t.Errorf("%s: %s in\n%s", call, step, s)
				}
				if strings.Contains(step, "SEARCH") {
					searched++
				}
			}
		}
	}
	if searched < 100 {
		t.Errorf("only %d searches were seen", searched)
	}
	for statement, step := range map[string]*regexp.Regexp{
		`SELECT doc FROM coupon_redemptions AS r WHERE customer = 'x'`:                       scan,
		`SELECT doc FROM coupon_redemptions AS r WHERE merchant = 'acme' AND customer = 'x'`: scanOne,
	} {
		if steps := plan(t, st, statement); !step.MatchString(steps[0]) {
			t.Errorf("%s is %v and would not be seen", statement, steps)
		}
	}
}

func TestSumsReadOnlyTheIndexOfTheirClock(t *testing.T) {
	t.Parallel()
	st, calls := everyCall(t)
	const (
		made    = "SEARCH r USING COVERING INDEX coupon_redemptions_made (merchant=? AND coupon=? AND made_at>? AND made_at<?)"
		service = "SEARCH r USING COVERING INDEX coupon_redemptions_service (merchant=? AND coupon=? AND service_at>? AND service_at<?)"
	)
	for call, want := range map[string][]string{
		"summary by made-at":       {made},
		"timeline by made-at":      {made},
		"summary by service-date":  {service, made}, // and what was made and has no service date
		"timeline by service-date": {service},
	} {
		found := 0
		for _, s := range calls[call] {
			if !strings.HasPrefix(s, "WITH bucket") {
				continue
			}
			if steps := plan(t, st, s); found < len(want) && !slices.Contains(steps, want[found]) {
				t.Errorf("%s: %v, want %s", call, steps, want[found])
			}
			found++
		}
		if found != len(want) {
			t.Errorf("%s: %d statements sum", call, found)
		}
	}
}

// Whatever a caller asks for, it is an argument: it finds nothing, and is no
// error of the database.
func TestHostileTextIsOnlyText(t *testing.T) {
	t.Parallel()
	root, db := newStore(t)
	before := schema(t, db)
	for _, s := range []string{`'; DROP TABLE coupon_notes; --`, "b1\x00", "\x00", `\`, `\'`, "?", "?0", "?merchant", "?coupons", "%", "b_", "--", "/*", "\xff"} {
		st := root.Merchant(s)
		c := create(t, st, "C")
		svc := service(t, st)
		ctx := t.Context()
		if _, err := svc.Redeem(ctx, booking("b1"), "C"); err != nil {
			t.Fatalf("merchant %q: %v", s, err)
		}
		for what, err := range map[string]error{
			"Coupon":         second(st.Coupon(ctx, coupon.ID(s))),
			"CouponByCode":   second(st.CouponByCode(ctx, coupon.Code(s))),
			"Redemption":     second(svc.Redemption(ctx, c.ID, s)),
			"Redemption id":  second(svc.Redemption(ctx, coupon.ID(s), "b1")),
			"Versions":       second(st.Versions(ctx, coupon.ID(s), 9, 9)),
			"Notes":          second(st.Notes(ctx, coupon.ID(s))),
			"DeleteNote":     st.DeleteNote(ctx, c.ID, coupon.ID(s)),
			"Cancel":         second(svc.Cancel(ctx, s)),
			"Redemptions of": drain(svc.Redemptions(ctx, coupon.RedemptionFilter{Customer: "x" + s, Currency: s})),
			"Coupons":        drain(svc.Coupons(ctx, coupon.CouponFilter{Search: "x" + s, Kind: coupon.DiscountKind(s)})),
		} {
			if err != nil && !errors.Is(err, coupon.ErrNotFound) {
				t.Errorf("%s with %q: %v", what, s, err)
			}
		}
		wantStored(t, st, 1)
	}
	if after := schema(t, db); !slices.Equal(before, after) {
		t.Errorf("the schema was %v, is %v", before, after)
	}
}

func second[V any](_ V, err error) error { return err }
