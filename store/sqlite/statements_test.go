package sqlite

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"

	"github.com/couponkit/coupon/store/internal/sqltest"
)

// everyCall gives the statements of every call of a new store.
func everyCall(t *testing.T) (*Store, map[string][]string) {
	t.Helper()
	db := openDB(t, "file:"+filepath.Join(t.TempDir(), "coupons.db"))
	migrated(t, db)
	rec := &sqltest.Recorder{}
	root, err := open(bun.NewDB(db, sqlitedialect.New()).WithQueryHook(rec), Options{})
	if err != nil {
		t.Fatal(err)
	}
	st := root.Merchant("acme")
	return st, sqltest.EveryCall(t, st, rec)
}

func TestEveryStatementNamesTheMerchant(t *testing.T) {
	t.Parallel()
	_, calls := everyCall(t)
	for call, statements := range calls {
		if len(statements) == 0 {
			t.Errorf("%s: no statement was seen", call)
		}
		for _, s := range statements {
			if tables := sqltest.Unscoped(s); len(tables) > 0 {
				t.Errorf("%s: no merchant for %v in\n%s", call, tables, s)
			}
		}
	}
	if got := sqltest.Tables(calls); !slices.Equal(got, []string{"codes", "counters", "coupons", "events", "heads", "notes", "redemptions", "refusals", "series", "versions"}) {
		t.Errorf("the tables that were used are %v", got)
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
		if got := sqltest.Unscoped(statement); len(got) != want {
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
	scan    = regexp.MustCompile(`^SCAN (r|c|k|s|coupon_(redemptions|events|counters|series|codes|refusals))\b`)
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
		`SELECT doc FROM coupon_redemptions AS r WHERE currency = 'x'`:                       scan,
		`SELECT doc FROM coupon_redemptions AS r WHERE merchant = 'acme' AND currency = 'x'`: scanOne,
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
		"narrowed totals":          {made},
		// Of many coupons the same stretches, one after the other.
		"summaries by made-at":      {made},
		"timelines by made-at":      {made},
		"summaries by service-date": {service, made},
		"timelines by service-date": {service},
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
	for _, s := range sqltest.Hostile {
		st := root.Merchant(s)
		c := create(t, st, "C")
		svc := service(t, st)
		ctx := t.Context()
		if _, err := svc.Redeem(ctx, booking("b1"), "C"); err != nil {
			t.Fatalf("merchant %q: %v", s, err)
		}
		sqltest.AskFor(t, st, c, s)
		wantStored(t, st, 1)
	}
	if after := schema(t, db); !slices.Equal(before, after) {
		t.Errorf("the schema was %v, is %v", before, after)
	}
}
