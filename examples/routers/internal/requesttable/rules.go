package requesttable

import (
	"html"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	links = regexp.MustCompile(`\s(?:href|src|action|hx-get|hx-post|hx-put|hx-patch|hx-delete)="([^"]*)"`)
	posts = regexp.MustCompile(`<form[^>]* method="post"[^>]*>`)
)

// everyLinkLeadsIntoTheMount follows the links of every page, however deep, each
// path with a few of its queries: every link leads below the mount, to a page that
// whoever is signed out doesn't see. Then it sends every form that was found.
func everyLinkLeadsIntoTheMount(t *testing.T, m Mount) {
	v := m.visit(t)
	const queries = 4
	var forms []string
	paths := map[string]int{m.At + "/": 1}
	todo := []string{m.At + "/"}
	for n := 0; n < len(todo); n++ {
		target := todo[n]
		a := v.send(t, "GET", target)
		if a.StatusCode != http.StatusOK || !a.byPages() {
			t.Fatalf("GET %s: %s", target, a.Status)
		}
		if out := v.signedOut().send(t, "GET", target); out.StatusCode != http.StatusForbidden {
			t.Errorf("GET %s, signed out: %s", target, out.Status)
		}
		if !strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") {
			continue
		}
		posted := strings.Join(posts.FindAllString(a.text, -1), "")
		for _, found := range links.FindAllStringSubmatch(a.text, -1) {
			link, _, _ := strings.Cut(html.UnescapeString(found[1]), "#")
			switch {
			case link == "/" || link == "": // back to the host; within the page
			case !strings.HasPrefix(link, m.At+"/"):
				t.Errorf("%s leads out of the mount: %s", target, link)
			case strings.Contains(posted, found[0]), strings.Contains(found[0], "hx-post="):
				if !slices.Contains(forms, link) {
					forms = append(forms, link)
				}
			case !slices.Contains(todo, link):
				path, _, _ := strings.Cut(link, "?")
				if paths[path]++; paths[path] <= queries {
					todo = append(todo, link)
				}
			}
		}
	}
	// The list; three coupons, each with its bookings and its form; three files.
	if len(paths) < 10 || len(forms) < 3 {
		t.Errorf("only %d forms were found, and of paths only %v", len(forms), paths)
	}
	for _, form := range forms {
		a := v.send(t, "POST", form, sameOrigin...)
		switch to := a.Header.Get("Location"); {
		case !a.byPages() || a.StatusCode >= 500 || slices.Contains([]int{403, 404, 405}, a.StatusCode):
			t.Errorf("POST %s: %s", form, a.Status) // it got nowhere; what it lacks is another matter
		case to == "":
		case !strings.HasPrefix(to, m.At+"/"):
			t.Errorf("POST %s leads out of the mount: %s", form, to)
		default:
			if a := v.send(t, "GET", to); a.StatusCode != http.StatusOK {
				t.Errorf("GET %s, where POST %s leads: %s", to, form, a.Status)
			}
		}
	}
}

// noRedirectLeavesTheHost asks for paths that a careless redirect turns into the
// name of another host. Whoever answers, no redirect leaves this one, and none
// that begins in the mount leaves that; nor is there a page at the end of it, but
// where the router cleaned the path into that of one.
func noRedirectLeavesTheHost(t *testing.T, m Mount) {
	v := m.visit(t)
	for _, path := range []string{
		"//evil.example", "//evil.example/", "///evil.example/", `/\evil.example`, `\\evil.example`, `/\/evil.example/`,
		"/%5Cevil.example/", "/%5c%5cevil.example", "/%2Fevil.example/", "/%2F%2Fevil.example", "/%09/evil.example/", "/%0d%0a/evil.example",
		"/c//evil.example", "/c/%2F/evil.example/deactivate", "//evil.example/%2e%2e", "/.//evil.example/", "/./%2F/evil.example",
		"/?to=//evil.example", "//evil.example/?to=//evil.example",
	} {
		for _, at := range []string{"", m.At} {
			for _, method := range []string{"GET", "HEAD", "POST"} {
				if at == "" && path[0] != '/' {
					continue // no request: a path begins with a slash
				}
				target := at + path
				for n := 0; ; n++ {
					a := v.send(t, method, target, sameOrigin...)
					for _, h := range []string{"HX-Location", "HX-Redirect", "HX-Push-Url", "HX-Replace-Url", "Refresh"} {
						if a.Header.Get(h) != "" {
							t.Errorf("%s %s: %s: %s", method, target, h, a.Header.Get(h))
						}
					}
					to := a.Header.Get("Location")
					if to == "" {
						break
					}
					if !onThisHost(to) || at != "" && !strings.HasPrefix(to, at+"/") {
						t.Errorf("%s %s: %s to %q", method, at+path, a.Status, to)
						break
					}
					if n == 3 {
						t.Errorf("%s %s: redirected again and again, at last to %q", method, at+path, to)
						break
					}
					target = to
				}
			}
		}
	}
}

// onThisHost says whether a browser stays here. It reads a backslash as a slash,
// and does not see control characters.
func onThisHost(location string) bool {
	if strings.ContainsFunc(location, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return false
	}
	return location[0] == '/' && (len(location) == 1 || !strings.ContainsAny(location[1:2], `/\`))
}
