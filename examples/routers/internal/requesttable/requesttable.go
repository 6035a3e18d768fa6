// Package requesttable holds what the coupon pages answer wherever they are
// mounted: a table of requests, and rules for every link, form and redirect. The
// hosts of all five routers are held to it.
package requesttable

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/couponkit/coupon/examples/routers/internal/site"
	"github.com/couponkit/coupon/httpui"
)

// Mount is a host that has the pages somewhere.
type Mount struct {
	// Name is the router, and how the pages are mounted. By it the table knows
	// which differences it allows.
	Name string

	// At is where the pages are; empty is [site.Base].
	At string

	// Derived says that the pages aren't told where they are.
	Derived bool

	// Host makes the host.
	Host func(*site.Site) http.Handler
}

// Run holds mounts to the table and the rules.
func Run(t *testing.T, mounts ...Mount) {
	for _, m := range mounts {
		if m.At == "" {
			m.At = site.Base
		}
		t.Run(m.Name, func(t *testing.T) {
			t.Parallel()
			v := m.visit(t)
			for _, r := range table {
				t.Run(r.name, func(t *testing.T) { v.check(t, m, r) })
			}
			t.Run("links", func(t *testing.T) { everyLinkLeadsIntoTheMount(t, m) })
			t.Run("redirects", func(t *testing.T) { noRedirectLeavesTheHost(t, m) })
		})
	}
}

// visitor is a browser in front of a running host, signed in.
type visitor struct {
	at     string // where the pages are
	addr   string
	cookie string
	names  *strings.Replacer // what the table calls things
}

// visit starts a host with a shop of its own.
func (m Mount) visit(t *testing.T) *visitor {
	t.Helper()
	s, err := site.New(t.Context(), func(c *httpui.Config) {
		c.Logger = slog.New(slog.DiscardHandler) // it tells of everybody who is kept out
		if m.Derived {
			c.BasePath = ""
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(m.Host(s))
	t.Cleanup(server.Close)
	v := &visitor{at: m.At, addr: server.Listener.Addr().String(), names: strings.NewReplacer()}
	in := v.send(t, "POST", "/sign-in")
	if in.StatusCode != http.StatusSeeOther || len(in.Cookies()) != 1 {
		t.Fatalf("signing in: %s", in.Status)
	}
	v.cookie = in.Cookies()[0].Name + "=" + in.Cookies()[0].Value

	list := v.send(t, "GET", m.At+"/")
	find := func(pattern string) string {
		found := regexp.MustCompile(pattern).FindStringSubmatch(list.text)
		if found == nil {
			t.Fatalf("GET %s/: %s, and nothing like %s\n%s", m.At, list.Status, pattern, list.text)
		}
		return found[1]
	}
	v.names = strings.NewReplacer(
		"{at}", m.At,
		"{SPRING20}", find(`href="[^"]*/c/([^"]+)" aria-label="View coupon SPRING20"`),
		"{LOYAL10}", find(`href="[^"]*/c/([^"]+)" aria-label="View coupon LOYAL10"`),
		"{style}", find(`<link rel="stylesheet" href="([^"]+)"`),
		"{script}", find(`<script src="([^"]+)"`),
	)
	return v
}

// answer is a response whose body is read.
type answer struct {
	*http.Response
	text string
}

// byPages says whether the pages answered, and not the host or its router.
func (a answer) byPages() bool { return a.Header.Get("X-Coupon-UI") != "" }

// send sends a request as it is written: nothing of the target is cleaned,
// encoded or resolved, and no redirect followed. Headers are whole lines.
func (v *visitor) send(t *testing.T, method, target string, headers ...string) answer {
	t.Helper()
	conn, err := net.Dial("tcp", v.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	lines := append([]string{method + " " + target + " HTTP/1.1", "Host: " + v.addr, "Connection: close"}, headers...)
	if v.cookie != "" {
		lines = append(lines, "Cookie: "+v.cookie)
	}
	if method == "POST" {
		const form = "reason=none"
		lines = append(lines, "Content-Type: application/x-www-form-urlencoded", fmt.Sprint("Content-Length: ", len(form)), "", form)
	} else {
		lines = append(lines, "", "")
	}
	if _, err := io.WriteString(conn, strings.Join(lines, "\r\n")); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		t.Fatalf("%s %s: %v", method, target, err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, target, err)
	}
	return answer{res, string(text)}
}

// signedOut is the same browser without its cookie.
func (v *visitor) signedOut() *visitor {
	out := *v
	out.cookie = ""
	return &out
}
