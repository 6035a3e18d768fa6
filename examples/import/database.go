package main

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite" // the drivers: the host brings them

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/store/postgres"
	"github.com/couponkit/coupon/store/sqlite"
)

// openStore opens the database in PostgreSQL, or in a file, and makes its tables.
// Without either it is a temporary file, which the returned function removes.
func openStore(ctx context.Context, file, dsn string) (_ coupon.Store, done func() error, err error) {
	if dsn != "" {
		return openPostgres(ctx, dsn)
	}
	cleanup := func() error { return nil }
	if file == "" {
		dir, err := os.MkdirTemp("", "coupon-import-")
		if err != nil {
			return nil, nil, err
		}
		file, cleanup = filepath.Join(dir, "coupons.db"), func() error { return os.RemoveAll(dir) }
	}
	// As a URI the name may have any character, also a question mark.
	name := &url.URL{Path: filepath.ToSlash(filepath.Clean(file))}
	db, err := sql.Open("sqlite", "file:"+name.EscapedPath())
	if err != nil {
		return nil, nil, errors.Join(err, cleanup())
	}
	done = func() error { return errors.Join(db.Close(), cleanup()) }
	st, err := sqlite.New(db, sqlite.Options{})
	if err == nil {
		err = st.Migrate(ctx)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", file, errors.Join(err, done()))
	}
	return st, done, nil
}

func openPostgres(ctx context.Context, dsn string) (_ coupon.Store, done func() error, err error) {
	cfg, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, nil, fmt.Errorf("-dsn: %w", err)
	}
	// What the store wants of this driver, whatever the DSN says.
	cfg.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	cfg.ConnectTimeout = cmp.Or(cfg.ConnectTimeout, 10*time.Second)
	where := net.JoinHostPort(cfg.Host, strconv.Itoa(int(cfg.Port))) + "/" + cfg.Database
	db := stdlib.OpenDB(*cfg)
	if err := db.PingContext(ctx); err != nil {
		err = fmt.Errorf("PostgreSQL at %s: %s: see whether it runs, and whether -dsn is right", where, oneLine(err))
		return nil, nil, errors.Join(err, db.Close())
	}
	st, err := postgres.New(db, postgres.Options{})
	if err == nil {
		err = st.Migrate(ctx)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("PostgreSQL at %s: %w", where, errors.Join(err, db.Close()))
	}
	return st, db.Close, nil
}

// oneLine: the driver says one for each way that it has tried.
func oneLine(err error) string {
	return strings.NewReplacer(":\n\t", ": ", "\n\t", "; ").Replace(err.Error())
}
