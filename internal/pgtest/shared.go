package pgtest

import (
	"errors"
	"os"
	"sync"
	"testing"
)

// Shared is the one server of a package's tests, started when the first of them
// needs it. The zero value is ready; TestMain stops it.
type Shared struct {
	once   sync.Once
	server *Server
	err    error
}

// Need gives the server. Where its programs are missing the test is skipped, or
// fails if CI is true: there nothing may go unproven.
func (s *Shared) Need(t testing.TB) *Server {
	t.Helper()
	s.once.Do(func() { s.server, s.err = Start() })
	switch {
	case errors.Is(s.err, ErrMissing) && os.Getenv("CI") != "true":
		t.Skip(s.err)
	case s.err != nil:
		t.Fatal(s.err)
	}
	return s.server
}

// Stop ends the server, if it was needed.
func (s *Shared) Stop() error {
	if s.server == nil {
		return nil
	}
	return s.server.Stop()
}
