package postgres

import (
	"database/sql"
	"slices"
	"strings"
	"testing"

	"github.com/couponkit/coupon/store/sqlite"
)

// Both SQL stores have the same tables and columns, but for what side by side
// writing needs.
func TestTheSchemasOfBothStoresAreTheSame(t *testing.T) {
	t.Parallel()
	st, db := newStore(t, "pgx")
	columns := func(db *sql.DB, query string, args ...any) (out []string) {
		t.Helper()
		rows, err := db.QueryContext(t.Context(), query, args...)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var table, column string
			var nullable bool
			if err := rows.Scan(&table, &column, &nullable); err != nil {
				t.Fatal(err)
			}
			if nullable {
				column += " (may be NULL)"
			}
			out = append(out, table+"."+column)
		}
		if rows.Err() != nil {
			t.Fatal(rows.Err())
		}
		slices.Sort(out)
		return out
	}
	got := columns(db, "SELECT table_name, column_name, is_nullable = 'YES' FROM information_schema.columns WHERE table_schema = $1", st.schema)
	lite, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = lite.Close() }()
	lite.SetMaxOpenConns(1)
	other, err := sqlite.New(lite, sqlite.Options{})
	if err == nil {
		err = other.Migrate(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	want := columns(lite, `SELECT t.name, c.name, c."notnull" = 0 FROM sqlite_schema AS t, pragma_table_info(t.name) AS c WHERE t.type = 'table'`)
	got = slices.DeleteFunc(got, func(c string) bool {
		return strings.HasPrefix(c, "coupon_bookings.") || c == "coupon_heads.closed_until"
	})
	for _, c := range got {
		if !slices.Contains(want, c) {
			t.Errorf("only PostgreSQL has %s", c)
		}
	}
	for _, c := range want {
		if !slices.Contains(got, c) {
			t.Errorf("only SQLite has %s", c)
		}
	}
	if len(want) < 80 {
		t.Errorf("only %d columns were seen", len(want))
	}
}
