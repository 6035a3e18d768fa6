package main

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"

	_ "modernc.org/sqlite" // the driver is the host's choice, not the library's

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/store/sqlite"
)

const inMemory = ":memory:"

// applicationID marks the file as one of this server, so that it never writes
// into somebody else's database.
const applicationID = 0x42524753

// defaultPath is a file in the user's cache directory. No other directory is made:
// a mistyped path is an error.
func defaultPath() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	dir = filepath.Join(dir, "couponkit")
	return filepath.Join(dir, "server.db"), os.MkdirAll(dir, 0o700)
}

// openFile opens the database at path. One that is not there yet (or is an
// empty file) is made first, with the history of the business up to now; seeded
// says so.
func openFile(ctx context.Context, path string, now time.Time) (d *database, seeded bool, err error) {
	if path == inMemory {
		d, err = seededInMemory(ctx, now)
		return d, true, err
	}
	path, err = filepath.Abs(path)
	if err != nil {
		return nil, false, err
	}
	if seeded, err = missing(path); err != nil {
		return nil, false, err
	}
	if seeded {
		if err := makeFile(ctx, path, now); err != nil {
			return nil, false, fmt.Errorf("making %s: %w", path, err)
		}
	}
	if err := checkFile(path); err != nil {
		return nil, false, err
	}
	d, err = connect(fileURL(path))
	if err != nil {
		return nil, false, err
	}
	d.db.SetMaxOpenConns(8) // opening one costs as much as a write: they are kept
	d.db.SetMaxIdleConns(8)
	if err := d.migrate(ctx); err != nil {
		return nil, false, errors.Join(fmt.Errorf("%s: %w", path, err), d.db.Close())
	}
	return d, seeded, nil
}

// missing says whether the file is to be made, and clears its place: an empty
// file, or what a deleted database has left behind, is not a part of it.
func missing(path string) (bool, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return false, err
	case !info.Mode().IsRegular() || info.Size() > 0:
		return false, nil
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return false, err
		}
	}
	return true, nil
}

// checkFile refuses a file that is not a database of this server. It reads the
// first bytes and opens nothing, because opening a database may change it.
func checkFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	header := make([]byte, 100)
	const magic, idAt = "SQLite format 3\x00", 68
	if _, err := io.ReadFull(f, header); err != nil || string(header[:len(magic)]) != magic || binary.BigEndian.Uint32(header[idAt:]) != applicationID {
		return fmt.Errorf("%s was not made by this server: give another file with -db", path)
	}
	return nil
}

// makeFile makes the whole history in memory and puts it in its place in one
// step: there is never a file with half of it, however the program ends.
func makeFile(ctx context.Context, path string, now time.Time) error {
	dir := filepath.Dir(path)
	d, err := seededInMemory(ctx, now)
	if err != nil {
		return err
	}
	defer d.db.Close()
	temp, err := os.MkdirTemp(dir, ".new-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	whole := filepath.Join(temp, "server.db")
	if _, err := d.db.ExecContext(ctx, `VACUUM INTO ?`, whole); err != nil {
		return err
	}
	if err := syncFile(whole); err != nil {
		return err
	}
	// Should another server have been faster, its file stays and is used.
	if err := os.Link(whole, path); err == nil || errors.Is(err, fs.ErrExist) {
		return nil
	}
	return os.Rename(whole, path) // a file system without links
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// seededInMemory lives through the history of the business in a database in
// memory, where no write waits for a disk.
func seededInMemory(ctx context.Context, now time.Time) (*database, error) {
	d, err := connect(inMemory)
	if err != nil {
		return nil, err
	}
	// Every connection to :memory: is a database of its own.
	d.db.SetMaxOpenConns(1)
	if err := d.seedFile(ctx, now); err != nil {
		return nil, errors.Join(err, d.db.Close())
	}
	return d, nil
}

func (d *database) seedFile(ctx context.Context, now time.Time) error {
	if _, err := d.db.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d", applicationID)); err != nil {
		return err
	}
	if err := d.migrate(ctx); err != nil {
		return err
	}
	bookings, _, err := simulate(ctx, d.coupons, now) // what was refused is kept already
	if err != nil {
		return err
	}
	return once(ctx, d.db, func(tx *sql.Tx) error { return insertAll(ctx, ledger{tx}, bookings) })
}

// connect opens the database; the file is touched by the first query.
func connect(dsn string) (*database, error) {
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	st, err := sqlite.New(db, sqlite.Options{})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &database{db: db, ledger: ledger{db}, coupons: st, within: func(tx *sql.Tx) coupon.Store { return st.Tx(tx) }}, nil
}

// fileURL is the path as the driver wants it. The settings are for the host's
// own transactions; the store sees to its own. SQLite has one writer at a time:
// a transaction that begins by reading can't become the writer if another was
// faster, so they begin as writers (_txlock), and wait for their turn.
func fileURL(path string) string {
	slashed := filepath.ToSlash(path)
	if slashed[0] != '/' {
		slashed = "/" + slashed // C:/…
	}
	u := url.URL{Scheme: "file", Path: slashed, RawQuery: url.Values{
		"_pragma": {"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)"},
		"_txlock": {"immediate"},
	}.Encode()}
	return u.String()
}
