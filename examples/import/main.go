// Import takes the coupons and past redemptions of a shop into a database and
// writes what each coupon did in each of some ranges of days, as CSV.
//
//	go run ./examples/import -data DIR [-db FILE | -dsn URL] [-ranges FILE]
//
// DIR has coupons.csv, orders.csv and redemptions.csv, each plain or gzipped
// (.csv.gz), with a header row, amounts in cents of US dollars and days of UTC.
// FILE of -db, an SQLite database, or URL of -dsn, a PostgreSQL database as
// postgres://user@host/name, keeps the coupons and redemptions: run again, the
// import changes nothing. A password can be in PGPASSWORD instead. FILE of -ranges has rows range,from,before under a header.
//
// The exit status is 0, or 1 if something was not as it must be: standard error
// says which line of which file, and the rest is taken over all the same. It is
// 2 if the import could not begin.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/couponkit/coupon"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// The exit statuses.
const (
	done     = 0
	problems = 1 // something was reported
	unable   = 2 // nothing was begun
)

// run is the program; it gives the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	out := newConsole(stderr)
	opt, err := parseFlags(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return done
	}
	if err != nil {
		return unable // the flag package has said why
	}
	// All that can be mistyped is looked at before anything is written.
	in, err := openShop(opt.data)
	if err != nil {
		out.fail(err)
		return unable
	}
	defer in.close()
	ranges := yearOf2019
	if opt.ranges != "" {
		if ranges, err = readRanges(opt.ranges); err != nil {
			out.fail(err)
			return unable
		}
	}
	store, closeStore, err := openStore(ctx, opt.db, opt.dsn)
	if err != nil {
		out.fail(err)
		return unable
	}
	err = load(ctx, store, in, ranges, stdout, out)
	if err = errors.Join(err, closeStore()); err != nil {
		out.fail(err)
	}
	if out.problems > 0 {
		return problems
	}
	return done
}

type options struct{ data, db, dsn, ranges string }

func parseFlags(args []string, stderr io.Writer) (options, error) {
	var opt options
	fs := flag.NewFlagSet("import", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.StringVar(&opt.data, "data", "", "the `directory` with coupons, orders and redemptions (required)")
	fs.StringVar(&opt.db, "db", "", "keep the database in this SQLite `file` (default a temporary one)")
	fs.StringVar(&opt.dsn, "dsn", "", "`URL` of a PostgreSQL database to keep it in, postgres://user@host/name")
	fs.StringVar(&opt.ranges, "ranges", "", "a CSV `file` of range,from,before (default five ranges of 2019)")
	if err := fs.Parse(args); err != nil {
		return opt, err
	}
	given := map[string]bool{}
	fs.Visit(func(f *flag.Flag) { given[f.Name] = true })
	var err error
	switch {
	case given["db"] && given["dsn"]:
		err = errors.New("import: give -db or -dsn, not both")
	case given["dsn"] && opt.dsn == "": // a variable that is not set, perhaps
		err = errors.New("import: -dsn is empty")
	case fs.NArg() > 0:
		err = fmt.Errorf("import: unexpected argument %q", fs.Arg(0))
	case opt.data == "":
		err = errors.New("import: -data is required")
	}
	if err != nil {
		fmt.Fprintln(stderr, err)
		fs.Usage()
	}
	return opt, err
}

// load is the import: coupons first, then what was redeemed, then the totals.
func load(ctx context.Context, store coupon.Store, in *shop, ranges []dayRange, stdout io.Writer, out *console) error {
	svc, err := coupon.New(coupon.Config{Store: store})
	if err != nil {
		return err
	}
	coupons, created, err := loadCoupons(ctx, svc, in.coupons, out)
	if err != nil {
		return err
	}
	orders, without := readOrders(in.orders, ranges, out)
	report, err := loadRedemptions(ctx, svc, in, coupons, orders, out)
	if err != nil {
		return err
	}
	out.say("coupons: %d, %d of them new; redemptions: %d read, %d recorded, %d known, %d bad",
		len(coupons), created, report.Read, report.Recorded, report.Known, report.Bad)
	return writeTotals(ctx, svc, coupons, ranges, without, stdout)
}
