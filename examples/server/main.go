// Server runs the coupon pages inside a small business's website: Brightside
// Home Services, with 14 months of bookings, a page to book something with a
// code, and the owner's pages about the coupons.
//
//	go run ./examples/server
//
// It needs no set-up: the data is in an SQLite file in the user's cache
// directory, made at the first start. Delete the file to begin anew.
//
//	go run ./examples/server -dsn 'postgres://user@host/name'
//
// has it in a PostgreSQL database instead, which should be empty: the first start
// makes the tables in the first schema of the search_path, with one called
// brightside, by which the next start knows that they are this server's. Where
// there are others of the same names it writes nothing. A password can be in
// PGPASSWORD instead. To begin anew, drop the schema or the database.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	os.Exit(code)
}

// run gives the exit code: 0 after a clean shutdown, 1 if something failed, 2 if
// the arguments are wrong.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("server", flag.ContinueOnError)
	flags.SetOutput(stderr)
	addr := flags.String("addr", "127.0.0.1:8080", "`address` to listen on")
	var to target
	flags.StringVar(&to.path, "db", "", "`path` of the SQLite file, or "+inMemory+"; made and seeded if it is not there\n(default couponkit/server.db in the user's cache directory)")
	flags.StringVar(&to.dsn, "dsn", "", "`URL` of a PostgreSQL database instead, postgres://user@host/name; seeded if it has no tables")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	case flags.NArg() > 0:
		fmt.Fprintf(stderr, "server: unexpected argument %q\n", flags.Arg(0))
		flags.Usage()
		return 2
	}
	given := map[string]bool{}
	flags.Visit(func(f *flag.Flag) { given[f.Name] = true })
	switch {
	case given["db"] && given["dsn"]:
		fmt.Fprintln(stderr, "server: give -db or -dsn, not both: the data is in one database")
		return 2
	case given["dsn"] && to.dsn == "":
		fmt.Fprintln(stderr, "server: -dsn is empty") // a variable that is not set, perhaps
		return 2
	}
	if err := serve(ctx, *addr, to, stdout, stderr); err != nil {
		fmt.Fprintf(stderr, "server: %v\n", err)
		return 1
	}
	return 0
}

// target is which database: a file, or a server's. The zero value is the file in
// the cache directory.
type target struct{ path, dsn string }

// open opens it, and says what is there.
func (to target) open(ctx context.Context) (db *database, what string, err error) {
	if to.dsn != "" {
		db, seeded, err := openPostgres(ctx, to.dsn, time.Now())
		if seeded {
			return db, "made 14 months of bookings in PostgreSQL", err
		}
		return db, "using the tables in PostgreSQL", err
	}
	if to.path == "" {
		if to.path, err = defaultPath(); err != nil {
			return nil, "", fmt.Errorf("no cache directory for the database, give a file with -db: %w", err)
		}
	}
	db, seeded, err := openFile(ctx, to.path, time.Now())
	if seeded {
		return db, "made 14 months of bookings in " + to.path, err
	}
	return db, "using " + to.path + " (delete it to begin anew)", err
}

// serve answers requests until ctx is done.
func serve(ctx context.Context, addr string, to target, stdout, stderr io.Writer) (err error) {
	// The address first: it is the likeliest to fail, and holds back a second
	// server before it opens the same database.
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("%w\nchoose another address with -addr, such as -addr 127.0.0.1:8081", err)
	}
	defer listener.Close()
	db, what, err := to.open(ctx)
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("interrupted; the next start begins anew: %w", err)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.db.Close()) }()

	log := slog.New(slog.NewTextHandler(stderr, nil))
	handler, err := newHandler(db, time.Now, log)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	fmt.Fprintf(stdout, "%s\nhttp://%s/\n", what, listener.Addr())

	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	// Requests under way may finish.
	patience, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return server.Shutdown(patience)
}
