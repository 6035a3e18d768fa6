package browsertest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// Page is a tab of a browser. A step that fails, or finds no element within
// a time limit, ends the test. Selectors are CSS selectors; where several
// elements match, the first one counts.
//
// Clicks and keys are real input, as from a mouse and a keyboard. Do not
// replace them by scripts run over the protocol: such scripts may do what the
// page's Content-Security-Policy forbids, and so hide a broken page.
type Page struct {
	t   testing.TB
	ctx context.Context

	mu         sync.Mutex
	violations []string
	errors     []string
}

// listen collects what the browser reports. It must not run a command.
func (p *Page) listen(ev any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch ev := ev.(type) {
	case *audits.EventIssueAdded:
		if csp := ev.Issue.Details.ContentSecurityPolicyIssueDetails; csp != nil {
			p.violations = append(p.violations, violation(csp))
		}
	case *runtime.EventExceptionThrown:
		text := ev.ExceptionDetails.Text
		if e := ev.ExceptionDetails.Exception; e != nil {
			text += " " + e.Description
		}
		p.errors = append(p.errors, text)
	case *log.EventEntryAdded:
		e := ev.Entry
		switch {
		case e.Level != log.EntryLevelError:
		case e.Source == log.EntrySourceSecurity: // a violation, told above
		case strings.HasSuffix(e.URL, "/favicon.ico"): // asked for by the browser, not by the page
		default:
			p.errors = append(p.errors, e.Text+" "+e.URL)
		}
	}
}

func violation(csp *audits.ContentSecurityPolicyIssueDetails) string {
	s := csp.ViolatedDirective + ": " + string(csp.ContentSecurityPolicyViolationType)
	if csp.BlockedURL != "" {
		s += " " + csp.BlockedURL
	}
	if at := csp.SourceCodeLocation; at != nil {
		s += fmt.Sprintf(" at %s:%d", at.URL, at.LineNumber+1)
	}
	if csp.IsReportOnly {
		s += " (report only)"
	}
	return s
}

// Violations are the violations of a Content-Security-Policy since the page
// was opened, one line each, report-only policies included.
func (p *Page) Violations() []string {
	p.t.Helper()
	p.sync()
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.violations)
}

// Errors are the exceptions that no script caught and the requests that
// failed since the page was opened, one line each.
func (p *Page) Errors() []string {
	p.t.Helper()
	p.sync()
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.errors)
}

// sync returns when the browser has reported what happened so far: it
// answers in order, and a picture needs the page to have been drawn.
func (p *Page) sync() {
	p.t.Helper()
	run(p, "draw the page", call(page.CaptureScreenshot, page.CaptureScreenshotParams{
		Clip: &page.Viewport{Width: 1, Height: 1, Scale: 1},
	}))
}

// Text is the visible text of an element, once it is visible.
func (p *Page) Text(sel string) string {
	p.t.Helper()
	p.Wait(sel)
	// Found and read in one step: a swap in between would take the element away.
	return p.Texts(sel)[0]
}

// Count is the number of elements, visible or not, at this moment.
func (p *Page) Count(sel string) int {
	p.t.Helper()
	return len(run(p, "count "+sel, chromedp.QueryNodeIDs(chromedp.CSSAll(sel), chromedp.AtLeast(0))))
}

// Texts are the visible texts of all elements, in their order on the page.
func (p *Page) Texts(sel string) []string {
	p.t.Helper()
	return read[[]string](p, sel, "(e.innerText ?? e.textContent).trim()")
}

// Attributes are an attribute of all elements; of those without it, the empty text.
func (p *Page) Attributes(sel, name string) []string {
	p.t.Helper()
	return read[[]string](p, sel, "e.getAttribute("+strconv.Quote(name)+") ?? ''")
}

// Sideways is by how many CSS pixels the page is wider than its viewport.
func (p *Page) Sideways() int {
	p.t.Helper()
	return read[[]int](p, "html", "e.scrollWidth - e.clientWidth")[0]
}

// read asks for something of every element, and changes nothing.
func read[T any](p *Page, sel, what string) T {
	p.t.Helper()
	script := fmt.Sprintf("Array.from(document.querySelectorAll(%s), e => %s)", strconv.Quote(sel), what)
	return ask(p, "read "+sel, chromedp.Evaluate[T](script))
}

// Wait waits until an element is visible, for what a click brings without a new page.
func (p *Page) Wait(sel string) {
	p.t.Helper()
	run(p, "wait for "+sel, chromedp.WaitVisible(chromedp.CSS(sel)))
}

// Click clicks an element, and waits for nothing.
func (p *Page) Click(sel string) {
	p.t.Helper()
	run(p, "click "+sel, chromedp.Click(chromedp.CSS(sel)))
}

// Follow clicks a link or a button and waits until the page it leads to is loaded.
func (p *Page) Follow(sel string) {
	p.t.Helper()
	run(p, "follow "+sel, chromedp.WaitEvent(page.LoadEventFired, nil, chromedp.Click(chromedp.CSS(sel))))
}

// Answer clicks an element, and answers the question that the page then asks
// in a dialog. It gives the question's words.
func (p *Page) Answer(sel string, yes bool) string {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	questions := chromedp.Events(ctx, page.JavascriptDialogOpening)
	// The click is over when the dialog is.
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.Click(sel)
	}()
	for question, err := range questions {
		if err != nil {
			p.t.Fatalf("question after a click on %s: %v", sel, err)
		}
		run(p, "answer", call(page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: yes}))
		<-done
		return question.Message
	}
	p.t.Fatalf("no question after a click on %s", sel)
	return ""
}

// FollowBack goes back to the page before, and waits until it is loaded.
func (p *Page) FollowBack() {
	p.t.Helper()
	run(p, "back to the page before", chromedp.NavigateBack())
}

// Back goes one step back in the tab's history, to what a script of the same
// page put there, and waits for nothing.
func (p *Page) Back() {
	p.t.Helper()
	history := run(p, "history", call(page.GetNavigationHistory, cdp.Empty{}))
	if history.CurrentIndex == 0 {
		p.t.Fatal("back: this is the tab's first page")
	}
	entry := history.Entries[history.CurrentIndex-1].ID
	run(p, "back", call(page.NavigateToHistoryEntry, page.NavigateToHistoryEntryParams{EntryID: entry}))
}

// Visit loads another page in the same tab, which is quicker than a new one,
// and waits until it is loaded. What the pages before did wrong is forgotten.
func (p *Page) Visit(url string) {
	p.t.Helper()
	p.sync()
	p.mu.Lock()
	p.violations, p.errors = nil, nil
	p.mu.Unlock()
	run(p, "open "+url, chromedp.Navigate(url))
}

// Reload loads the page again, and waits until it is loaded.
func (p *Page) Reload() {
	p.t.Helper()
	run(p, "reload", chromedp.Reload())
}

// Type types into a field, after what is there; into a date field the month,
// the day and the year, such as 03152026, in place of what is there.
func (p *Page) Type(sel, text string) {
	p.t.Helper()
	run(p, "type into "+sel, chromedp.SendKeys(chromedp.CSS(sel), text))
}

// Clear empties a field, by its keys.
func (p *Page) Clear(sel string) {
	p.t.Helper()
	p.Type(sel, kb.End+strings.Repeat(kb.Backspace, 20))
}

// Paste puts what is on the clipboard where the cursor is.
func (p *Page) Paste() {
	p.t.Helper()
	run(p, "paste", call(input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyDown, Key: "v", Code: "KeyV", Modifiers: 2, Commands: []string{"paste"}}))
}

// URL is the page's address now.
func (p *Page) URL() string {
	p.t.Helper()
	return ask(p, "address", chromedp.Location())
}

// Screenshot writes a PNG picture of the whole page, also of what is below the viewport.
func (p *Page) Screenshot(path string) {
	p.t.Helper()
	take := chromedp.FullScreenshot(100) // less than 100 would be a JPEG
	if read[[]bool](p, "html", "e.scrollHeight <= innerHeight")[0] {
		take = chromedp.CaptureScreenshot() // of a page that fits and runs from right to left the other one is moved aside
	}
	png := run(p, "screenshot", take)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(path, png, 0o644); err != nil {
		p.t.Fatal(err)
	}
}

// Context is for chromedp's own actions, where the methods here do not suffice.
func (p *Page) Context() context.Context { return p.ctx }

// run does one step on the page, within the time limit.
func run[T any](p *Page, what string, a chromedp.Action[T]) T {
	p.t.Helper()
	return do(p, what, a, func(error) bool { return false })
}

// ask is run for what changes nothing. The answer is that of the next page if this
// one is just being left.
func ask[T any](p *Page, what string, a chromedp.Action[T]) T {
	p.t.Helper()
	return do(p, what, a, func(err error) bool { return strings.Contains(err.Error(), "navigated or closed") })
}

func do[T any](p *Page, what string, a chromedp.Action[T], again func(error) bool) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, a)
	for err != nil && ctx.Err() == nil && again(err) {
		time.Sleep(10 * time.Millisecond)
		v, err = chromedp.Run(ctx, a)
	}
	if err != nil {
		p.t.Fatalf("%s: %v", what, err)
	}
	return v
}
