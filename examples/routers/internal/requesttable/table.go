package requesttable

import (
	"net/http"
	"strings"
	"testing"
)

// row is a request and what is answered to it. {at} is where the pages are
// mounted; {SPRING20} and {LOYAL10} are the ids of coupons; {style} and {script}
// are the paths of those files as the page links to them.
type row struct {
	name      string
	method    string // GET if empty
	target    string
	headers   []string
	signedOut bool
	want
	except []exception // the last that fits
}

// want is an answer. What is empty is not looked at.
type want struct {
	status   int
	host     bool // the host or its router answers, not the pages
	location string
	headers  []string // as "Allow: POST"
	has      []string // in the body
	lacks    []string
}

// exception is the answer in mounts whose names begin so, and the reason why it is
// another there. What a router answers by itself the pages can't change.
type exception struct {
	mount string
	why   string
	want
}

// sameOrigin is what a browser sends with a form of our own page; crossSite with
// one of another site.
var (
	sameOrigin = []string{"Sec-Fetch-Site: same-origin"}
	crossSite  = []string{"Sec-Fetch-Site: cross-site", "Origin: https://evil.example"}
)

const (
	page    = "Content-Type: text/html; charset=utf-8"
	private = "Cache-Control: no-store"
	forever = "Cache-Control: public, max-age=31536000, immutable"
)

var table = []row{
	{name: "the list", target: "{at}/",
		want: want{status: 200, headers: []string{page, private}, has: []string{"SPRING20", "WELCOME5", "LOYAL10", "<html"}}},
	{name: "the list with a query", target: "{at}/?q=spring",
		want: want{status: 200, has: []string{"SPRING20"}, lacks: []string{"WELCOME5"}}},
	{name: "a query with what URLs encode", target: "{at}/?q=a%2Fb+%26%3F%25",
		want: want{status: 200, has: []string{`value="a/b &amp;?%"`}}},
	{name: "the list for htmx", target: "{at}/", headers: []string{"HX-Request: true"},
		want: want{status: 200, has: []string{"SPRING20"}, lacks: []string{"<html"}}},
	{name: "HEAD of the list", method: "HEAD", target: "{at}/",
		want: want{status: 200, headers: []string{page, private}}},

	{name: "without the slash", target: "{at}",
		want: want{status: 307, location: "{at}/"}, except: slash("{at}/")},
	{name: "without the slash, with a query", target: "{at}?q=spring&status=active",
		want: want{status: 307, location: "{at}/?q=spring&status=active"}, except: slash("{at}/?q=spring&status=active")},
	{name: "without the slash, for another name of the host", target: "{at}",
		headers: []string{"X-Forwarded-Host: evil.example", "X-Forwarded-Prefix: //evil.example", "Forwarded: host=evil.example"},
		want:    want{status: 307, location: "{at}/"}, except: slash("{at}/")},
	{name: "without the slash, signed out", target: "{at}", signedOut: true,
		want: want{status: 403, lacks: []string{"SPRING20"}}, except: slash("{at}/")},

	{name: "a coupon", target: "{at}/c/{SPRING20}",
		want: want{status: 200, headers: []string{page, private}, has: []string{"Total Revenue (after discount)", `action="{at}/c/{SPRING20}/deactivate`}}},
	{name: "HEAD of a coupon", method: "HEAD", target: "{at}/c/{SPRING20}",
		want: want{status: 200, headers: []string{page, private}}},
	{name: "a coupon with a query", target: "{at}/c/{SPRING20}?interval=week&chart=line",
		want: want{status: 200, has: []string{`?interval=week&amp;chart=line`}}},
	{name: "the bookings of a coupon", target: "{at}/c/{SPRING20}/bookings",
		want: want{status: 200, has: []string{"B-1060"}}},
	{name: "the batches of a coupon", target: "{at}/c/{SPRING20}/batches",
		want: want{status: 200, has: []string{"No batches yet.", `href="{at}/c/{SPRING20}/codes"`}}},
	{name: "the list as a table", target: "{at}/?format=csv",
		want: want{status: 200, headers: []string{"Content-Type: text/csv; charset=utf-8; header=present", private}, has: []string{",SPRING20,"}}},
	{name: "a format that is not there", target: "{at}/?format=xml",
		want: want{status: 406, headers: []string{page, private}, has: []string{"json, csv"}}},
	{name: "a coupon with a slash at the end", target: "{at}/c/{SPRING20}/", want: want{status: 404}},
	{name: "no such coupon", target: "{at}/c/unknown", want: want{status: 404, headers: []string{page, private}, has: []string{`href="{at}/"`}}},
	{name: "no such page", target: "{at}/nothing", want: want{status: 404, has: []string{`href="{at}/"`}}},

	{name: "a form", method: "POST", target: "{at}/c/{LOYAL10}/deactivate?chart=line", headers: sameOrigin,
		want: want{status: 303, location: "{at}/c/{LOYAL10}?chart=line&done=deactivated"}},
	{name: "a form, signed out", method: "POST", target: "{at}/c/{SPRING20}/deactivate", headers: sameOrigin, signedOut: true, want: want{status: 403}},
	{name: "a form of another site", method: "POST", target: "{at}/c/{SPRING20}/deactivate", headers: crossSite, want: want{status: 403}},
	{name: "forms that were refused changed nothing", target: "{at}/c/{SPRING20}", want: want{status: 200, has: []string{"/deactivate"}, lacks: []string{"/activate"}}},
	{name: "a form for no such coupon", method: "POST", target: "{at}/c/unknown/deactivate", headers: sameOrigin, want: want{status: 404}},
	{name: "a page is not posted to", method: "POST", target: "{at}/c/{SPRING20}", headers: sameOrigin, want: want{status: 405, headers: []string{"Allow: GET, HEAD"}}},
	{name: "the list is not posted to", method: "POST", target: "{at}/", headers: sameOrigin, want: want{status: 405, headers: []string{"Allow: GET, HEAD"}}},
	{name: "a form is not read", target: "{at}/c/{SPRING20}/deactivate", want: want{status: 405, headers: []string{"Allow: POST"}}},
	{name: "DELETE", method: "DELETE", target: "{at}/c/{SPRING20}", headers: sameOrigin, want: want{status: 405, headers: []string{"Allow: GET, HEAD"}}},
	{name: "OPTIONS", method: "OPTIONS", target: "{at}/c/{SPRING20}", want: want{status: 405, headers: []string{"Allow: GET, HEAD"}}},

	{name: "the style sheet", target: "{style}",
		want: want{status: 200, headers: []string{"Content-Type: text/css; charset=utf-8", forever, "X-Content-Type-Options: nosniff"}, has: []string{"{"}}},
	{name: "a script", target: "{script}",
		want: want{status: 200, headers: []string{"Content-Type: text/javascript; charset=utf-8", forever, "X-Content-Type-Options: nosniff"}}},
	{name: "HEAD of the style sheet", method: "HEAD", target: "{style}", want: want{status: 200, headers: []string{forever}}},
	{name: "part of the style sheet", target: "{style}", headers: []string{"Range: bytes=0-9"}, want: want{status: 206}},
	{name: "a file without its hash", target: "{at}/static/ui.css", want: want{status: 404, headers: []string{private}}},
	{name: "a file, signed out", target: "{style}", signedOut: true, want: want{status: 403, headers: []string{private}}},

	{name: "the list, signed out", target: "{at}/", signedOut: true, want: want{status: 403, headers: []string{page, private}, lacks: []string{"SPRING20"}}},
	{name: "a coupon, signed out", target: "{at}/c/{SPRING20}", signedOut: true, want: want{status: 403, lacks: []string{"SPRING20"}}},
	{name: "no such coupon, signed out", target: "{at}/c/unknown", signedOut: true, want: want{status: 403}},
	{name: "somebody else's cookie", target: "{at}/", signedOut: true, headers: []string{"Cookie: session=guessed"}, want: want{status: 403}},

	{name: "an id with a slash in it", target: "{at}/c/a%2Fb", want: want{status: 404}},
	{name: "an id with a percent sign in it", target: "{at}/c/%2525", want: want{status: 404}},
	{name: "an id of dots", target: "{at}/c/..", want: want{status: 404}, except: append(cleaned("{at}"),
		exception{mount: "net/http, one pattern", why: "ServeMux cleans the path and adds the slash", want: want{status: 307, host: true, location: "{at}/"}})},
	{name: "an id of encoded dots", target: "{at}/c/%2e%2E", want: want{status: 404}},
	{name: "an id of dots and an encoded slash", target: "{at}/c/x%2F..%2F{SPRING20}", want: want{status: 404}},
	{name: "an empty id", target: "{at}/c/", want: want{status: 404}},
	{name: "two slashes", target: "{at}//c/{SPRING20}", want: want{status: 404}, except: cleaned("{at}/c/{SPRING20}")},
	{name: "two slashes behind the id", target: "{at}/c/{SPRING20}//bookings", want: want{status: 404}, except: cleaned("{at}/c/{SPRING20}/bookings")},
	{name: "an encoded slash between", target: "{at}/c%2F{SPRING20}", want: want{status: 404}},
	{name: "a backslash", target: `{at}/c\{SPRING20}`, want: want{status: 404}},
	{name: "a letter that needs no encoding", target: "{at}/%63/{SPRING20}", want: want{status: 200}},

	{name: "the host's page", target: "/", want: want{status: 200, host: true, has: []string{"You are demo"}}},
	{name: "the host's page, signed out", target: "/", signedOut: true, want: want{status: 200, host: true, has: []string{"Sign in"}}},
	{name: "the host's page of a like name", target: "/admin/coupons-help", want: want{status: 200, host: true, has: []string{"How our coupons work"}}},
	{name: "nobody's page", target: "/nothing", want: want{status: 404, host: true}},
	{name: "nobody's page of a like name", target: "{at}x/", want: want{status: 404, host: true}},
}

// slash: in these mounts the router answers the path without the slash by itself,
// before anybody is asked who they are. It tells nobody anything.
func slash(location string) []exception {
	return []exception{
		{mount: "net/http, one pattern", why: `for the pattern "/p/" ServeMux redirects "/p"`,
			want: want{status: 307, host: true, location: location}},
		{mount: "gin, one route", why: `for the route "/p/*path" gin redirects "/p", for good, but not where a route "/p-help" came before it`,
			want: want{status: 404, host: true}},
	}
}

// cleaned: these routers clean a path before they look for a route, and redirect
// to what is left of it.
func cleaned(location string) []exception {
	return []exception{
		{mount: "net/http", why: "ServeMux cleans the path", want: want{status: 307, host: true, location: location}},
		{mount: "gorilla", why: "gorilla/mux cleans the path", want: want{status: 301, host: true, location: location}},
	}
}

// check sends a row's request.
func (v *visitor) check(t *testing.T, m Mount, r row) {
	w := r.want
	for _, e := range r.except {
		if strings.HasPrefix(m.Name, e.mount) {
			w = e.want
			t.Logf("the answer differs: %s", e.why)
		}
	}
	if r.signedOut {
		v = v.signedOut()
	}
	if r.method == "" {
		r.method = "GET"
	}
	a := v.send(t, r.method, v.names.Replace(r.target), r.headers...)
	if a.StatusCode != w.status || a.byPages() == w.host {
		t.Errorf("%s %s: %s, by the pages: %v; want %d, %v\n%.600s", r.method, v.names.Replace(r.target), a.Status, a.byPages(), w.status, !w.host, a.text)
	}
	if want := v.names.Replace(w.location); a.Header.Get("Location") != want {
		t.Errorf("Location %q, want %q", a.Header.Get("Location"), want)
	}
	for _, h := range w.headers {
		name, value, _ := strings.Cut(h, ": ")
		if got := a.Header.Get(name); got != value {
			t.Errorf("%s: %q, want %q", name, got, value)
		}
	}
	if r.method == http.MethodHead && a.text != "" || w.status == http.StatusOK && r.method != http.MethodHead && a.text == "" {
		t.Errorf("%d bytes in the body of an answer to %s", len(a.text), r.method)
	}
	for _, x := range w.has {
		if x = v.names.Replace(x); !strings.Contains(a.text, x) {
			t.Errorf("%q is missing", x)
		}
	}
	for _, x := range w.lacks {
		if strings.Contains(a.text, x) {
			t.Errorf("%q should not be there", x)
		}
	}
}
