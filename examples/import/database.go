package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite" // the driver: the host brings it

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/store/sqlite"
)

// openStore opens the database in a file and makes its tables. Without a file
// it is a temporary one, which the returned function removes.
func openStore(ctx context.Context, file string) (_ coupon.Store, done func() error, err error) {
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
