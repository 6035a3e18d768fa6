package browsertest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// The tests open the pages of examples/server, as its users have them.
const (
	home     = "/"
	book     = "/book"
	list     = "/admin/coupons/"
	archived = list + "?status=archived"
)

// server is the running example server, which all tests share. Each test that
// changes a coupon has a coupon of its own.
type server struct {
	url  string
	dir  string
	stop context.CancelFunc
	cmd  *exec.Cmd
	log  bytes.Buffer
}

// site starts the server at the first call.
var site = sync.OnceValues(startServer)

func TestMain(m *testing.M) {
	code := m.Run()
	Stop()
	if err := stopServer(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

var running *server

func startServer() (*server, error) {
	dir, err := os.MkdirTemp("", "browsertest")
	if err != nil {
		return nil, err
	}
	s := &server{dir: dir}
	running = s
	program := filepath.Join(dir, "server")
	build := exec.Command("go", "build", "-o", program)
	if raceDetector() {
		build.Args = append(build.Args, "-race")
	}
	build.Args = append(build.Args, "./examples/server")
	build.Dir = filepath.Join("..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build the server: %w\n%s", err, out)
	}
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	s.cmd = exec.CommandContext(ctx, program, "-addr", "127.0.0.1:0", "-db", filepath.Join(dir, "server.db"))
	s.cmd.Cancel = func() error { return s.cmd.Process.Signal(syscall.SIGTERM) }
	s.cmd.WaitDelay = 15 * time.Second
	s.cmd.Stderr = &s.log
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if url, ok := strings.CutSuffix(lines.Text(), "/"); ok && strings.HasPrefix(url, "http://") {
			s.url, err = throughHtmx(url)
			return s, err
		}
	}
	return nil, errors.Join(errors.New("the server ended before it gave its address"), s.cmd.Wait(), errors.New(s.log.String()))
}

// stopServer ends the server as a process manager does. It must end cleanly,
// and without the race detector having found anything.
func stopServer() error {
	if running == nil {
		return nil
	}
	defer os.RemoveAll(running.dir)
	if running.url == "" {
		return nil // it never ran, and a test has said so
	}
	running.stop()
	// The context's error is only that we asked it to end.
	if err := running.cmd.Wait(); err != nil && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("the server ended with %w\n%s", err, &running.log)
	}
	return nil
}

// raceDetector says whether this test runs under the race detector. Then the
// server does too: races are looked for, and its packages are already built so.
func raceDetector() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.ContainsFunc(info.Settings, func(s debug.BuildSetting) bool { return s.Key == "-race" && s.Value == "true" })
}

// open opens a page of the site.
func open(t *testing.T, b *Browser, path string, o Options) *Page {
	t.Helper()
	s, err := site()
	if err != nil {
		t.Fatal(err)
	}
	return b.Open(t, s.url+path, o)
}

// visit opens another page of the site in the same tab.
func visit(t *testing.T, p *Page, path string) {
	t.Helper()
	s, err := site()
	if err != nil {
		t.Fatal(err)
	}
	p.Visit(s.url + path)
}

// openCoupon opens a coupon's page, by the link that the list has for it.
func openCoupon(t *testing.T, b *Browser, code string, o Options) *Page {
	t.Helper()
	p := open(t, b, list, o)
	p.Follow(eye(code))
	return p
}

func eye(code string) string { return `a[aria-label="View coupon ` + code + `"]` }

// path is the address of a page without the server's.
func path(p *Page) string {
	return regexp.MustCompile(`^http://[^/]+`).ReplaceAllString(p.URL(), "")
}

// clean checks what holds for every page at any time: it broke no rule of its
// Content-Security-Policy, no script failed, no request failed.
func clean(t *testing.T, p *Page) {
	t.Helper()
	if got := p.Violations(); len(got) > 0 {
		t.Errorf("violations of the Content-Security-Policy: %q", got)
	}
	if got := p.Errors(); len(got) > 0 {
		t.Errorf("errors: %q", got)
	}
}

// figures are the three that head a coupon's performance summary.
type figures struct {
	bookings           int64
	revenue, discounts int64 // in cents
}

func headlines(t *testing.T, p *Page) figures {
	t.Helper()
	names, values := p.Texts(".cp-headlines dt"), p.Texts(".cp-headline")
	if want := []string{"Total Bookings", "Total Revenue (after discount)", "Total Discounts Given"}; !slices.Equal(names, want) {
		t.Fatalf("headlines %q, want %q", names, want)
	}
	return figures{count(t, values[0]), cents(t, values[1]), cents(t, values[2])}
}

// count reads a number such as 1,234.
func count(t *testing.T, text string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(strings.ReplaceAll(text, ",", ""), 10, 64)
	if err != nil {
		t.Fatalf("%q is no count", text)
	}
	return n
}

var dollars = regexp.MustCompile(`^\$([0-9,]+)\.([0-9]{2})$`)

// cents reads an amount such as $1,234.50.
func cents(t *testing.T, text string) int64 {
	t.Helper()
	parts := dollars.FindStringSubmatch(text)
	if parts == nil {
		t.Fatalf("%q is no amount of dollars", text)
	}
	return count(t, parts[1]+parts[2])
}
