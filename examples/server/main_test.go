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
	} {
		var out, errs bytes.Buffer
		if code := run(t.Context(), tt.args, &out, &errs); code != tt.code || !strings.Contains(errs.String(), tt.want) {
			t.Errorf("%v: exit code %d, %q; want %d and %q", tt.args, code, errs.String(), tt.code, tt.want)
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

// The whole program: it says where it is, answers, and ends cleanly.
func TestItServesUntilItIsStopped(t *testing.T) {
	t.Parallel()
	path := copyOfSeeded(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	read, write := io.Pipe()
	ended := make(chan int, 1)
	var errs bytes.Buffer
	go func() {
		ended <- run(ctx, []string{"-addr", "127.0.0.1:0", "-db", path}, write, &errs)
		write.Close()
	}()
	address := ""
	for lines := bufio.NewScanner(read); address == "" && lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "http://") {
			address = lines.Text()
		}
	}
	if address == "" {
		t.Fatalf("no address; exit code %d: %s", <-ended, errs.String())
	}
	res, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Errorf("first page: %s", res.Status)
	}
	http.DefaultClient.CloseIdleConnections()
	stop()
	if code := <-ended; code != 0 {
		t.Errorf("exit code %d: %s", code, errs.String())
	}
}

func TestAnInterruptedStartLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "server.db")
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, _, err := openDatabase(ctx, path, aWednesday); !errors.Is(err, context.Canceled) {
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
		db, fresh, err := openDatabase(t.Context(), path, aWednesday)
		if err != nil {
			t.Fatal(err)
		}
		if counts[i], _, err = db.ledger.counts(t.Context()); err != nil || fresh {
			t.Errorf("start %d made it anew: %v, %v", i+2, fresh, err)
		}
		if err := db.ledger.insert(t.Context(), booking{ID: "BH-MINE"}); err != nil {
			t.Fatal(err)
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
		if _, _, err := openDatabase(t.Context(), path, aWednesday); err == nil || !strings.Contains(err.Error(), "not made by this server") {
			t.Errorf("%s: error %v", path, err)
		}
		if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
			t.Errorf("%s was changed", path)
		}
	}
}
