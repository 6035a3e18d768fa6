package site

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/couponkit/coupon/httpui"
)

// onlyPages is a host without a sign-in.
func onlyPages(s *Site) http.Handler { return s.Coupons }

func TestItServesUntilItIsStopped(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	read, write := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- serve(ctx, "127.0.0.1:0", onlyPages, write)
		write.Close()
	}()
	line := make([]byte, 100)
	n, err := read.Read(line)
	if err != nil {
		t.Fatal(err, <-ended)
	}
	res, err := http.Get(strings.TrimSpace(string(line[:n])) + Base + "/")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusForbidden {
		t.Errorf("the pages without anybody's name: %s, want 403", res.Status)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestAnAddressInUseSaysWhatToDo(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	err = serve(t.Context(), taken.Addr().String(), onlyPages, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "-addr") || !strings.Contains(err.Error(), taken.Addr().String()) {
		t.Errorf("error %v", err)
	}
}

func TestABadConfigIsAnError(t *testing.T) {
	t.Parallel()
	if _, err := New(t.Context(), func(c *httpui.Config) { c.BasePath = "admin" }); err == nil {
		t.Error("no error")
	}
}
