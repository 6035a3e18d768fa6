package browsertest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The two major versions of htmx that hosts have. The pages come with the first;
// the second is in testdata, see the README there.
const (
	htmx2 = "2.0.11"
	htmx4 = "4.0.1"

	htmx4Sum = "a0abb04f2f45a1f89d1d4844023245537e5e6014c87b144553e0607b4cc32130"
)

// htmxFile reads a version as it was published.
func htmxFile(version string) ([]byte, error) {
	if version == htmx2 {
		return os.ReadFile(filepath.Join("..", "..", "httpui", "static", "htmx-2.0.11.min.js"))
	}
	data, err := os.ReadFile(filepath.Join("testdata", "htmx", "htmx-4.0.1.min.js"))
	if sum := sha256.Sum256(data); err == nil && hex.EncodeToString(sum[:]) != htmx4Sum {
		err = fmt.Errorf("htmx 4.0.1 has the sum %x, want %s", sum, htmx4Sum)
	}
	return data, err
}

// withHtmx serves a site with another htmx in the place of the embedded one.
func withHtmx(version string, site http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.URL.Path, "/static/htmx-") {
			site.ServeHTTP(w, r)
			return
		}
		data, err := htmxFile(version)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
		w.Write(data)
	})
}

// htmxVariable names the version with which all tests of the example server run.
const htmxVariable = "COUPON_HTMX"

// throughHtmx puts another htmx before the example server, if one is asked for.
func throughHtmx(address string) (string, error) {
	version := os.Getenv(htmxVariable)
	if version == "" {
		return address, nil
	}
	if _, err := htmxFile(version); err != nil {
		return "", err
	}
	to, err := url.Parse(address)
	if err != nil {
		return "", err
	}
	proxy := &httputil.ReverseProxy{ErrorLog: log.New(io.Discard, "", 0), Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		r.Out.Host = r.In.Host // by which the server knows its own origin
	}}
	return httptest.NewServer(withHtmx(version, proxy)).URL, nil
}

// mainFlows are the tests in which htmx does most.
var mainFlows = []string{
	"TestTheSiteHasTheHtmxThatIsAskedFor", "TestSearchAsYouTypeFiltersTheList", "TestBackLeadsToTheStatusBefore", "TestDeactivateAndActivate",
	"TestCreateACoupon", "TestThePreviewFollowsTheKeys", "TestTwoTabsEditOneCoupon", "TestChoicesAreInTheAddress", "TestNotesOnTheChart",
	"TestABookingIsRefundedAndCancelled", "TestCodesAreMadeAndFound",
}

// The main flows on the example server are the same with the other major version
// of htmx: their tests run again in a process of their own.
func TestTheSiteOnHtmx4(t *testing.T) {
	t.Parallel()
	if os.Getenv(htmxVariable) != "" {
		return // this is that process
	}
	Start(t)
	run := exec.CommandContext(t.Context(), os.Args[0], "-test.v", "-test.timeout=15m", "-test.run=^("+strings.Join(mainFlows, "|")+")$")
	run.Env = append(os.Environ(), htmxVariable+"="+htmx4)
	out, err := run.CombinedOutput()
	if err != nil {
		failures := regexp.MustCompile(`(?m)^( *--- FAIL:.*| +\w+_test\.go:.*|panic:.*)$`).FindAllString(string(out), -1)
		t.Fatalf("%v\n%s", err, strings.Join(failures, "\n"))
	}
	if n := strings.Count(string(out), "\n--- PASS: Test"); n != len(mainFlows) {
		t.Errorf("only %d tests ran\n%s", n, out)
	}
}

// What stands for htmx 4 in that process is htmx 4.
func TestTheSiteHasTheHtmxThatIsAskedFor(t *testing.T) {
	t.Parallel()
	want := os.Getenv(htmxVariable)
	if want == "" {
		want = htmx2
	}
	p := open(t, Start(t), list, Options{})
	if got := version(p); got != want {
		t.Errorf("the page has htmx %s, want %s", got, want)
	}
}

// version is that of the page's htmx.
func version(p *Page) string {
	p.t.Helper()
	return read[[]string](p, "html", `window.htmx ? window.htmx.version : "none"`)[0]
}
