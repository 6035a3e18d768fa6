package httpui

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// mount is where a request found the handler.
type mount struct {
	base string // escaped, without a slash at the end; every link begins with it
	path string // of the request below it: "" or "/…"
	raw  string // the same, still escaped: "%2F" is no slash between the parts of a route
	ok   bool   // the base may be trusted in links
}

// mountOf finds the base path. A configured one is the truth, whether the host
// left it in the request's path or stripped it. Else the host has stripped what
// the request's own URL has more than the path that is left.
func (h *Handler) mountOf(r *http.Request) mount {
	seen := r.URL.EscapedPath()
	whole := seen
	if u, err := url.ParseRequestURI(r.RequestURI); err == nil {
		whole = u.EscapedPath()
	}
	if h.cfg.BasePath != "" {
		m := mount{base: h.base, path: r.URL.Path, raw: seen, ok: true}
		rest, found := strings.CutPrefix(seen, h.base)
		stripped := h.base != "" && whole == h.base+seen
		if found && !stripped && (rest == "" || rest[0] == '/') {
			path, err := url.PathUnescape(rest)
			m.path, m.raw, m.ok = path, rest, err == nil
		}
		if h.base == "" && m.path == "" {
			m.path, m.raw = "/", "/"
		}
		return m
	}
	base, found := strings.CutSuffix(whole, seen)
	if !found {
		return mount{}
	}
	// "/p" stripped of "/p" is "", and of "/p/" it is "/": the base has no slash
	// at its end in either case.
	_, err := cleanBase(base)
	return mount{base: base, path: r.URL.Path, raw: seen, ok: err == nil && !strings.HasSuffix(base, "/")}
}

// cleanBase checks a base path and gives its escaped form, "" for the root. It
// must not be able to name another host.
func cleanBase(base string) (string, error) {
	clean := strings.TrimSuffix(base, "/")
	bad := clean != "" && clean[0] != '/'
	for _, s := range []string{"//", `\`, "?", "#"} {
		bad = bad || strings.Contains(base, s)
	}
	for _, segment := range strings.Split(clean, "/") {
		bad = bad || segment == "." || segment == ".."
	}
	for _, r := range base {
		bad = bad || r < ' ' || r == 0x7f
	}
	if bad {
		return "", fmt.Errorf(`httpui: Config.BasePath %q must be a path such as "/admin/coupons", without "//", "\", "?", "#" and ".."`, base)
	}
	return (&url.URL{Path: clean}).EscapedPath(), nil
}

type contextKey int

const (
	mountKey contextKey = iota
	actorKey
	policyKey
)

func withMount(ctx context.Context, m mount) context.Context {
	return context.WithValue(ctx, mountKey, m)
}

func withActor(ctx context.Context, actor string) context.Context {
	return context.WithValue(ctx, actorKey, actor)
}
