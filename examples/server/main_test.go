package main

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

func TestWrongArguments(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"-h"}, 0, "-addr"},
		{[]string{"-nonsense"}, 2, "not defined"},
		{[]string{"serve"}, 2, "unexpected argument"},
		{[]string{"-addr", "127.0.0.1:0", "-db", "/dev/null/server.db"}, 1, "/dev/null"},
		{[]string{"-db", "server.db", "-dsn", "postgres://localhost/x"}, 2, "-db or -dsn, not both"},
		{[]string{"-dsn", ""}, 2, "-dsn is empty"},
		{[]string{"-addr", "127.0.0.1:0", "-dsn", "postgres://me:secret@127.0.0.1:1/shop"}, 1, "PostgreSQL at 127.0.0.1:1/shop: "},
		{[]string{"-addr", "127.0.0.1:0", "-dsn", "postgres://me:secret@%zz/shop"}, 1, "-dsn: "},
	} {
		var out, errs bytes.Buffer
		if code := run(t.Context(), tt.args, &out, &errs); code != tt.code || !strings.Contains(errs.String(), tt.want) {
			t.Errorf("%v: exit code %d, %q; want %d and %q", tt.args, code, errs.String(), tt.code, tt.want)
		}
		if tt.code == 1 && strings.Count(errs.String(), "\n") != 1 || strings.Contains(errs.String(), "secret") {
			t.Errorf("%v: %q is more than a line, or tells the password", tt.args, errs.String())
		}
	}
}

func TestAnAddressInUseSaysWhatToDo(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	path := filepath.Join(t.TempDir(), "server.db")
	var out, errs bytes.Buffer
	code := run(t.Context(), []string{"-addr", taken.Addr().String(), "-db", path}, &out, &errs)
	if code != 1 || !strings.Contains(errs.String(), "-addr") || !strings.Contains(errs.String(), taken.Addr().String()) {
		t.Errorf("exit code %d: %s", code, errs.String())
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("the database was made all the same")
	}
}

// started is the whole program, listening.
type started struct {
	url   string
	lines []string // printed before the address
	stop  func() (code int)
	errs  *bytes.Buffer
}

func start(t *testing.T, args ...string) started {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	read, write := io.Pipe()
	ended := make(chan int, 1)
	p := started{errs: &bytes.Buffer{}}
	go func() {
		ended <- run(ctx, append([]string{"-addr", "127.0.0.1:0"}, args...), write, p.errs)
		write.Close()
	}()
	p.stop = sync.OnceValue(func() int { stop(); return <-ended })
	t.Cleanup(func() { p.stop() })
	for lines := bufio.NewScanner(read); p.url == "" && lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "http://") {
			p.url = strings.TrimSuffix(lines.Text(), "/")
		} else {
			p.lines = append(p.lines, lines.Text())
		}
	}
	if p.url == "" {
		t.Fatalf("no address; exit code %d: %s", p.stop(), p.errs)
	}
	return p
}

// The whole program: it says where it is, answers, and ends cleanly.
func TestItServesUntilItIsStopped(t *testing.T) {
	t.Parallel()
	p := start(t, "-db", copyOfSeeded(t))
	if a := (visitor{t: t, url: p.url}).get("/"); a.status != http.StatusOK {
		t.Errorf("first page: %d", a.status)
	}
	http.DefaultClient.CloseIdleConnections()
	if code := p.stop(); code != 0 {
		t.Errorf("exit code %d: %s", code, p.errs)
	}
}

func TestAnInterruptedStartLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "server.db")
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, _, err := openFile(ctx, path, aWednesday); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that it was interrupted", err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestTheDatabaseIsMadeOnce(t *testing.T) {
	t.Parallel()
	first, err := seeded()
	if err != nil {
		t.Fatal(err)
	}
	if !first.fresh || !slices.Equal(first.files, []string{"100% mine? #1.db"}) {
		t.Errorf("the first start made it: %v; files: %v", first.fresh, first.files)
	}
	path := copyOfSeeded(t)
	var counts [2]int
	for i := range counts {
		db, fresh, err := openFile(t.Context(), path, aWednesday)
		if err != nil {
			t.Fatal(err)
		}
		if counts[i], _, err = db.ledger.counts(t.Context()); err != nil || fresh {
			t.Errorf("start %d made it anew: %v, %v", i+2, fresh, err)
		}
		if err := db.ledger.insert(t.Context(), booking{ID: "BH-MINE"}); i == 0 && err != nil || i > 0 && !errors.Is(err, errBooked) {
			t.Fatalf("start %d: %v", i+2, err)
		}
		if err := db.db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if counts[0] < 1500 || counts[1] != counts[0]+1 {
		t.Errorf("%v bookings, want many, and then the one that was added", counts)
	}
}

func TestSomebodyElsesDatabaseIsLeftAlone(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "theirs.db")
	theirs, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := theirs.Exec(`CREATE TABLE recipes (name TEXT)`); err != nil {
		t.Fatal(err)
	}
	if err := theirs.Close(); err != nil {
		t.Fatal(err)
	}
	diary := filepath.Join(t.TempDir(), "diary.txt")
	if err := os.WriteFile(diary, []byte("Dear diary, this is not a database at all."), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{path, diary, t.TempDir()} {
		before, _ := os.ReadFile(path)
		if _, _, err := openFile(t.Context(), path, aWednesday); err == nil || !strings.Contains(err.Error(), "not made by this server") {
			t.Errorf("%s: error %v", path, err)
		}
		if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
			t.Errorf("%s was changed", path)
		}
	}
}
