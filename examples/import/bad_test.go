package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Each line of testdata/bad-rows has one fault; problems.txt says which.
func TestBadRowsAreReportedAndTheRestGoesOn(t *testing.T) {
	t.Parallel()
	status, stdout, stderr := command(t, "-data", badDir, "-ranges", badDir+"/ranges.csv")
	if status != problems {
		t.Errorf("status %d, want %d", status, problems)
	}
	if diff := cmp.Diff(read(t, badDir+"/problems.txt"), filepath.ToSlash(stderr)); diff != "" {
		t.Errorf("standard error (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(read(t, badDir+"/totals.csv"), stdout); diff != "" {
		t.Errorf("totals (-want +got):\n%s", diff)
	}
}

// One edit of the shop, one report, status 1; first is the first row of totals.
func TestWhatIsNotAsItMustBeIsReported(t *testing.T) {
	t.Parallel()
	const complete = "*,5,6806,1282,5524"
	tests := []struct {
		rule, file string
		edit       func(string) string
		want       string // file:line: reason
		first      string
	}{
		{"an order has all its redemptions", "redemptions.csv", replace("2,MUGS25,bela,2-bela,2019-01-31,2,2002,501,1501,5000\n", ""),
			"orders.csv:3: discount_cents is 651, but its redemptions give 150", "*,4,4804,781,4023"},
		{"a redemption stands once", "redemptions.csv", func(s string) string { return s + "6,TEA10,anna,1-anna,2019-01-01,1,1005,101,904,1005\n" },
			"orders.csv:2: discount_cents is 101, but its redemptions give 202", complete},
		{"a file that ends within a line", "redemptions.csv", replace(",1999,500,1499,2450\n", ",1999,500,149"),
			"redemptions.csv:6: the row has 9 fields, the header 10", "*,4,4807,782,4025"},
		{"a file that ends within an amount", "redemptions.csv", replace(",2450\n", ",245"),
			"redemptions.csv:6: order_gross_cents is 245, but gross_cents of the order 2450", "*,4,4807,782,4025"},
		{"a stray quote spoils its line only", "redemptions.csv", replace("3,TEA10", `"3,TEA10`),
			`redemptions.csv:4: extraneous or missing " in quoted-field`, "*,4,5306,1132,4174"},
		{"a line has an end", "redemptions.csv", replace("3,TEA10", strings.Repeat("3", 3*maxLine)+",TEA10"),
			"redemptions.csv:4: the line is longer than 65536 bytes", "*,4,5306,1132,4174"},
	}
	for _, tt := range tests {
		t.Run(tt.rule, func(t *testing.T) {
			t.Parallel()
			dir := shopWith(t, tt.file, tt.edit)
			status, stdout, stderr := command(t, "-data", dir)
			report, _, _ := strings.Cut(stderr, "\n")
			if want := filepath.Join(dir, tt.want); status != problems || report != want || strings.Count(stderr, "\n") != 2 {
				t.Errorf("status %d, standard error\n%s\nwant %d and\n%s", status, stderr, problems, want)
			}
			if first := strings.Split(stdout, "\n")[1]; first != "year,2019-01-01,2020-01-01,"+tt.first {
				t.Errorf("first total %s, want %s", first, tt.first)
			}
		})
	}
}

func TestAnotherCouponOfTheCodeIsReportedAndStays(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		edit func(string) string
		want string
	}{
		{"another percentage", replace("GIFT15,percent,15", "GIFT15,percent,20"), "another discount"},
		{"other categories", replace(",Gifts,", ",Gifts|Cards,"), "another list of categories"},
		{"another start", replace("2019-12-01", "2019-11-01"), "another validity (2019-12-01 to 2020-01-01)"},
		{"another end", replace("2020-01-01", "2020-02-01"), "another validity (2019-12-01 to 2020-01-01)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			db := filepath.Join(t.TempDir(), "shop.db")
			_, first, _ := command(t, "-data", shopDir, "-db", db)
			before, _, _ := content(t, db)
			dir := shopWith(t, "coupons.csv", tt.edit)
			status, second, stderr := command(t, "-data", dir, "-db", db)
			want := filepath.Join(dir, "coupons.csv") + ":6: the coupon GIFT15 in the database has " + tt.want + "\n"
			if status != problems || !strings.HasPrefix(stderr, want) {
				t.Errorf("status %d, standard error %q; want %d and %q", status, stderr, problems, want)
			}
			after, _, _ := content(t, db)
			if diff := cmp.Diff(before, after); diff != "" || first != second {
				t.Errorf("coupons (-before +after):\n%s", diff)
			}
		})
	}
}

func TestOfATruncatedFileWhatWasReadIsKept(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		cut  func(t *testing.T, file string)
		want string
	}{
		{"gzip", func(t *testing.T, file string) { gzipped(t, file, 20) }, "the file can't be read any further: unexpected EOF"},
		{"gzip without its checksum", func(t *testing.T, file string) { gzipped(t, file, 8) }, "the file can't be read any further: unexpected EOF"},
		{"between two codes of one order", func(t *testing.T, file string) {
			whole := read(t, file)
			write(t, file, whole[:strings.Index(whole, "3,TEA10")])
		}, "orders.csv:3: discount_cents is 651, but its redemptions give 501"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := shopWith(t, "", nil)
			file, db := filepath.Join(dir, "redemptions.csv"), filepath.Join(dir, "shop.db")
			tt.cut(t, file)
			status, stdout, stderr := command(t, "-data", dir, "-db", db)
			if status != problems || !strings.Contains(stderr, tt.want) {
				t.Errorf("status %d, standard error %q; want %d and %q", status, stderr, problems, tt.want)
			}
			if _, kept, _ := content(t, db); len(kept) == 0 || stdout == "" {
				t.Errorf("%d redemptions kept, totals %q", len(kept), stdout)
			}

			// The whole file completes it: what was kept is not in its way.
			write(t, file, read(t, shopDir+"/redemptions.csv"))
			status, stdout, stderr = command(t, "-data", dir, "-db", db)
			if want := read(t, shopDir+"/totals.csv"); status != done || stdout != want {
				t.Errorf("status %d, standard error %q, totals (-want +got):\n%s", status, stderr, cmp.Diff(want, stdout))
			}
		})
	}
}

func TestWhatCannotBeginSaysWhyAndWritesNothing(t *testing.T) {
	t.Parallel()
	ranges := func(content string) func(*testing.T) []string {
		return func(t *testing.T) []string {
			name := filepath.Join(t.TempDir(), "ranges.csv")
			write(t, name, content)
			return []string{"-data", shopDir, "-ranges", name}
		}
	}
	shop := func(file string, edit func(string) string) func(*testing.T) []string {
		return func(t *testing.T) []string { return []string{"-data", shopWith(t, file, edit)} }
	}
	args := func(args ...string) func(*testing.T) []string {
		return func(*testing.T) []string { return args }
	}
	tests := []struct {
		name string
		args func(*testing.T) []string
		want string
	}{
		{"no -data", args(), "-data is required"},
		{"unknown flag", args("-data", shopDir, "-dir", "x"), "flag provided but not defined: -dir"},
		{"an argument too many", args("-data", shopDir, "more"), `unexpected argument "more"`},
		{"no such directory", args("-data", "testdata/none"), filepath.FromSlash("testdata/none/coupons.csv")},
		{"a file is missing", func(t *testing.T) []string {
			dir := shopWith(t, "", nil)
			if err := os.Remove(filepath.Join(dir, "redemptions.csv")); err != nil {
				t.Fatal(err)
			}
			return []string{"-data", dir}
		}, "redemptions.csv: "},
		{"an empty file", shop("orders.csv", func(string) string { return "" }), "orders.csv: the file is empty"},
		{"a column is missing", shop("orders.csv", replace("coupon_codes", "codes")), "orders.csv: the header has no column coupon_codes"},
		{"no gzip", func(t *testing.T) []string {
			dir := shopWith(t, "", nil)
			file := filepath.Join(dir, "orders.csv")
			if err := os.Rename(file, file+".gz"); err != nil {
				t.Fatal(err)
			}
			return []string{"-data", dir}
		}, "orders.csv.gz: gzip: invalid header"},
		{"no such ranges", args("-data", shopDir, "-ranges", "testdata/none.csv"), "none.csv"},
		{"no range", ranges("range,from,before\n"), "no ranges under the header"},
		{"a range that ends before it starts", ranges("range,from,before\nx,2019-02-01,2019-02-01\n"), "ranges.csv:2: before 2019-02-01 must be a day after from, 2019-02-01"},
		{"a day that is none", ranges("range,from,before\nx,2019-02-01,2019-02-30\n"), `ranges.csv:2: before "2019-02-30" must be a day`},
		{"a range without an end", ranges("range,from,before\nx,2019-02-01\n"), "ranges.csv:2: the row has 2 fields, the header 3"},
		{"no database", args("-data", shopDir, "-db", shopDir), "import: "},
		{"two databases", args("-data", shopDir, "-dsn", "postgres://localhost/shop"), "give -db or -dsn, not both"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			args := tt.args(t)
			db := filepath.Join(t.TempDir(), "shop.db")
			if tt.name != "no database" {
				args = append([]string{"-db", db}, args...)
			}
			status, stdout, stderr := command(t, args...)
			if status != unable || stdout != "" || !strings.Contains(stderr, tt.want) {
				t.Errorf("status %d, standard output %q, standard error %q; want %d, nothing, and %q", status, stdout, stderr, unable, tt.want)
			}
			if _, err := os.Stat(db); err == nil {
				t.Error("a database was made")
			}
		})
	}
}

func TestAServerThatIsNotThereIsOneLine(t *testing.T) {
	t.Parallel()
	for dsn, want := range map[string]string{
		"postgres://me:secret@127.0.0.1:1/shop": "import: PostgreSQL at 127.0.0.1:1/shop: ",
		"postgres://me:secret@%zz/shop":         "import: -dsn: ",
		"":                                      "import: -dsn is empty",
	} {
		status, stdout, stderr := command(t, "-data", shopDir, "-dsn", dsn)
		if status != unable || stdout != "" || !strings.HasPrefix(stderr, want) || dsn != "" && strings.Count(stderr, "\n") != 1 || strings.Contains(stderr, "secret") {
			t.Errorf("status %d, standard output %q, standard error %q; want %d, nothing, and one line with %q", status, stdout, stderr, unable, want)
		}
	}
}

func TestHelpIsNoError(t *testing.T) {
	t.Parallel()
	if status, _, stderr := command(t, "-h"); status != done || !strings.Contains(stderr, "-ranges") {
		t.Errorf("status %d, standard error %q", status, stderr)
	}
}
