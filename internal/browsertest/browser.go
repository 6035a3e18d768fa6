// Package browsertest opens pages in a real browser and says what they show
// and which rules of their Content-Security-Policy they break.
//
// It is a module of its own, so that users of the library do not get the
// browser's driver into their go.sum.
package browsertest

import (
	"context"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// patience bounds every single step, so that a page that never gets ready fails its test by name.
const patience = 30 * time.Second

// Browser is one running browser. Its methods may be used in parallel.
type Browser struct {
	ctx context.Context
}

var (
	starting sync.Mutex
	started  *Browser
	stop     = func() {}
)

// Start gives the browser, which all tests of a program share, because it takes
// a second to start. It ends with [Stop]. Where no browser is installed, the
// test is skipped, and fails where CI is true.
func Start(t testing.TB) *Browser {
	t.Helper()
	starting.Lock()
	defer starting.Unlock()
	if started != nil {
		return started
	}
	path := lookPath()
	if path == "" {
		const missing = "no browser: install Debian's package chromium, or Google Chrome"
		if os.Getenv("CI") == "true" {
			t.Fatal(missing) // a skip that nobody sees is a hole
		}
		t.Skip(missing)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.WSURLReadTimeout(patience),
		// Containers rarely allow the sandbox, and the pages are our own.
		chromedp.NoSandbox,
		chromedp.DisableGPU,
		// Together with the defaults: the browser calls nobody but the page's server.
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-quic", true),
		// Back loads the page again: a page taken from memory has no load event.
		chromedp.Flag("disable-back-forward-cache", true),
		// Pictures of a page are the same in width whether it scrolls or not.
		chromedp.Flag("hide-scrollbars", true),
	)
	ctx, closeAll := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, closeBrowser := chromedp.NewContext(ctx)
	// The first action starts the browser, and its context must outlive it: no time limit here.
	if err := chromedp.Do(ctx); err != nil {
		closeAll()
		t.Fatalf("start %s: %v", path, err)
	}
	started = &Browser{ctx}
	stop = func() { closeBrowser(); closeAll() }
	return started
}

// Stop ends the browser, if one was started. TestMain calls it after all tests.
func Stop() {
	starting.Lock()
	defer starting.Unlock()
	stop()
	started, stop = nil, func() {}
}

// lookPath finds a browser, under the same names as internal/tools/setup.sh.
func lookPath() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// Options say how a page is looked at.
type Options struct {
	Width int  // of the viewport, in CSS pixels; default 1280
	Dark  bool // prefers-color-scheme: dark instead of light
	NoJS  bool // the page's scripts do not run
	// ForcedColors puts the reader's few colors in the place of the page's.
	ForcedColors bool
	// Language is the one that the browser asks for; default American English.
	Language string
}

// Open loads a page in a new tab with cookies and storage of its own, and
// waits for its load event. The tab closes with the test t.
func (b *Browser) Open(t testing.TB, url string, o Options) *Page {
	t.Helper()
	p := &Page{t: t}
	var cancel context.CancelFunc
	p.ctx, cancel = chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext(), chromedp.WithListener(p.listen))
	t.Cleanup(cancel)
	if err := chromedp.Do(p.ctx); err != nil {
		t.Fatalf("open a tab: %v", err)
	}
	if o.Width == 0 {
		o.Width = 1280
	}
	scheme, forced := "light", "none"
	if o.Dark {
		scheme = "dark"
	}
	if o.ForcedColors {
		forced = "active"
	}
	run(p, "enable audits", call(audits.Enable, cdp.Empty{}))
	run(p, "set the color scheme", call(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "forced-colors", Value: forced}},
	}))
	run(p, "switch scripts", call(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: o.NoJS}))
	if o.Language != "" {
		run(p, "enable the network", call(network.Enable, network.EnableParams{}))
		run(p, "ask for a language", call(network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": o.Language}}))
	}
	run(p, "set the viewport", chromedp.EmulateViewport(int64(o.Width), 800))
	run(p, "open "+url, chromedp.Navigate(url))
	return p
}

// call makes an action of a command of the browser's protocol.
func call[P, R any](cmd cdp.Command[P, R], params P) chromedp.Action[R] {
	return func(ctx context.Context, t *chromedp.Target) (R, error) {
		return cdp.Call(ctx, t, cmd, params)
	}
}
