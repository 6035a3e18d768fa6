package sqlite

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/couponkit/coupon"
)

// childEnv has the database file, in a process that a test has started.
const childEnv = "COUPON_SQLITE_TEST_CHILD"

func TestMain(m *testing.M) {
	if file := os.Getenv(childEnv); file != "" {
		if err := redeemAll(file); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

// childBookings is how many bookings each process tries.
const childBookings = 32

// redeemAll is the child: it says that it is ready, waits for the word, redeems
// all its bookings at once, and tells how many succeeded.
func redeemAll(file string) (err error) {
	db, err := sql.Open("sqlite", "file:"+file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	st, err := New(db, Options{})
	if err != nil {
		return err
	}
	svc, err := coupon.New(coupon.Config{Store: st})
	if err != nil {
		return err
	}
	fmt.Println("ready")
	if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil {
		return err
	}
	errs := make([]error, childBookings)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() {
			b := booking(fmt.Sprintf("%d-%d", os.Getpid(), i))
			_, errs[i] = svc.Redeem(context.Background(), b, "LAST")
		})
	}
	all.Wait()
	done := 0
	for _, err := range errs {
		switch {
		case err == nil:
			done++
		case !errors.Is(err, coupon.ErrRefused):
			return err
		}
	}
	fmt.Println(done)
	return nil
}

func TestTwoProcessesOnOneFileNeverPassALimit(t *testing.T) {
	t.Parallel()
	for _, limit := range []int64{1, 2, 10} {
		t.Run(fmt.Sprint("limit ", limit), func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "coupons.db")
			st := migrated(t, openDB(t, "file:"+file))
			create(t, st, "LAST", func(c *coupon.Coupon) { c.Restrictions.Limits[0].Max = limit })
			children := []*child{startChild(t, file), startChild(t, file)}
			for _, c := range children {
				c.expect(t, "ready\n")
			}
			for _, c := range children {
				if _, err := io.WriteString(c.stdin, "go\n"); err != nil {
					t.Fatal(err)
				}
			}
			succeeded := 0
			for _, c := range children {
				var n int
				if _, err := fmt.Fscanln(c.stdout, &n); err != nil {
					t.Errorf("what a process says of its success: %v", err)
				}
				succeeded += n
				if err := c.cmd.Wait(); err != nil {
					t.Errorf("a process failed: %v", err)
				}
			}
			if succeeded != int(limit) {
				t.Errorf("%d of %d succeeded, want %d", succeeded, len(children)*childBookings, limit)
			}
			wantStored(t, st, int(limit))
		})
	}
}

type child struct {
	cmd    *exec.Cmd
	stdin  io.Writer
	stdout *bufio.Reader
}

func startChild(t *testing.T, file string) *child {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+file)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return &child{cmd, stdin, bufio.NewReader(stdout)}
}

func (c *child) expect(t *testing.T, want string) {
	t.Helper()
	if got, err := c.stdout.ReadString('\n'); err != nil || got != want {
		t.Fatalf("a process says %q, error %v, want %q", got, err, want)
	}
}
