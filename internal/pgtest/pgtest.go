// Package pgtest starts a PostgreSQL server for tests, in a directory of its own
// that is gone afterwards. It needs the server's programs and no driver.
package pgtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// ErrMissing: the server's programs are not on this machine.
var ErrMissing = errors.New("no programs of a PostgreSQL server: install them (Debian's package postgresql)")

// Server is a running server. It listens on 127.0.0.1 and believes everybody.
type Server struct {
	Addr string // host:port
	dir  string
	user *syscall.Credential // nil is the one of this process
	cmd  *exec.Cmd
	over chan struct{} // closed when the server has ended
}

// DSN is a URL of the server's database, for user postgres.
func (s *Server) DSN() string { return "postgres://postgres@" + s.Addr + "/postgres?sslmode=disable" }

// Start makes a cluster and starts its server, with settings like "fsync=on" in
// addition. Without programs it is [ErrMissing]. The server ends with
// [Server.Stop], or when this process does.
func Start(settings ...string) (_ *Server, err error) {
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	s := &Server{}
	if os.Geteuid() == 0 { // which PostgreSQL refuses to be
		if s.user, err = unprivileged(); err != nil {
			return nil, err
		}
	}
	if s.dir, err = os.MkdirTemp("", "pgtest"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = os.RemoveAll(s.dir)
		}
	}()
	if s.user != nil {
		if err := os.Chown(s.dir, int(s.user.Uid), int(s.user.Gid)); err != nil {
			return nil, err
		}
	}
	initdb := s.command(filepath.Join(bin, "initdb"), "--pgdata="+s.data(), "--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	for range 3 { // another process may take the port first
		if err = s.run(bin, settings); err == nil {
			return s, nil
		}
	}
	return nil, err
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

func (s *Server) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = s.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.user}
	return cmd
}

func (s *Server) run(bin string, settings []string) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s.Addr = l.Addr().String()
	_, port, _ := net.SplitHostPort(s.Addr)
	if err := l.Close(); err != nil {
		return err
	}
	args := []string{"-D", s.data(), "-k", s.dir, "-h", "127.0.0.1", "-p", port}
	for _, setting := range append([]string{"fsync=off", "max_connections=300", "shared_buffers=128MB", "deadlock_timeout=200ms"}, settings...) {
		args = append(args, "-c", setting)
	}
	s.cmd = s.command(filepath.Join(bin, "postgres"), args...)
	endWithThisProcess(s.cmd.SysProcAttr)
	var log bytes.Buffer
	s.cmd.Stdout, s.cmd.Stderr = &log, &log
	s.over = make(chan struct{})
	started := make(chan error)
	go func() {
		// The signal at the end of the parent is one of its thread.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(s.over)
		err := s.cmd.Start()
		started <- err
		if err == nil {
			_ = s.cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		return err
	}
	deadline := time.NewTimer(time.Minute)
	defer deadline.Stop()
	poll := time.NewTicker(10 * time.Millisecond)
	defer poll.Stop()
	for !s.ready() {
		select {
		case <-s.over:
			return fmt.Errorf("postgres has ended:\n%s", &log)
		case <-deadline.C:
			s.signal(syscall.SIGQUIT)
			return fmt.Errorf("postgres does not get ready:\n%s", &log)
		case <-poll.C:
		}
	}
	return nil
}

// ready: the last line of the server's own file says so.
func (s *Server) ready() bool {
	data, err := os.ReadFile(filepath.Join(s.data(), "postmaster.pid"))
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	return err == nil && len(lines) == 8 && strings.TrimSpace(lines[7]) == "ready" && lines[0] == strconv.Itoa(s.cmd.Process.Pid)
}

func (s *Server) signal(sig os.Signal) {
	_ = s.cmd.Process.Signal(sig)
	<-s.over
}

// Stop ends the server and removes everything of it. Connections are cut.
func (s *Server) Stop() error {
	s.signal(syscall.SIGQUIT)
	return os.RemoveAll(s.dir)
}

// programs finds the directory of the server's programs: those of a package
// first, what is on the PATH may be somebody's wrapper.
func programs() (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	slices.SortFunc(found, func(a, b string) int { return version(b) - version(a) })
	if onPath, err := exec.LookPath("initdb"); err == nil {
		if onPath, err = filepath.EvalSymlinks(onPath); err == nil {
			found = append(found, filepath.Dir(onPath))
		}
	}
	for _, dir := range found {
		if executable(dir, "initdb") && executable(dir, "postgres") {
			return dir, nil
		}
	}
	return "", ErrMissing
}

func version(bin string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(bin)))
	return n
}

func executable(dir, name string) bool {
	info, err := os.Stat(filepath.Join(dir, name))
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

// unprivileged is whom root runs the server as.
func unprivileged() (*syscall.Credential, error) {
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			return nil, err
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		if err != nil {
			return nil, err
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("root may not run PostgreSQL, and there is no user postgres or nobody")
}

// Wait calls f until it is true, and reports whether it became so in time.
func Wait(ctx context.Context, f func() bool) bool {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	poll := time.NewTicker(5 * time.Millisecond)
	defer poll.Stop()
	for !f() {
		select {
		case <-ctx.Done():
			return false
		case <-poll.C:
		}
	}
	return true
}
