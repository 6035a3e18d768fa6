package browsertest

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// point moves the pointer to the middle of the i-th of the elements.
func point(p *Page, sel string, i int) {
	p.t.Helper()
	run(p, "scroll to "+sel, chromedp.ScrollIntoView(chromedp.CSS(sel)))
	script := fmt.Sprintf("(r => [r.left + r.width / 2, r.top + r.height / 2])(document.querySelectorAll(%s)[%d].getBoundingClientRect())", strconv.Quote(sel), i)
	at := run(p, "find "+sel, chromedp.Evaluate[[]float64](script))
	run(p, "point at "+sel, call(input.DispatchMouseEvent, input.DispatchMouseEventParams{Type: input.DispatchMouseEventTypeMouseMoved, X: at[0], Y: at[1]}))
}

// press presses a key.
func press(p *Page, key string) {
	p.t.Helper()
	run(p, "press a key", chromedp.KeyEvent(key))
}

// soon waits until a text is what it shall be.
func soon(p *Page, sel, want string) {
	p.t.Helper()
	got := ""
	for range 60 {
		if texts := read[[]string](p, sel, "e.textContent"); len(texts) > 0 {
			if got = texts[0]; got == want {
				return
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	p.t.Errorf("%s says %q, want %q", sel, got, want)
}

// What the pointer and the arrow keys show of a bucket is what stands in the table;
// it is there after a part of the page was replaced, too.
func TestCursorOnTheChart(t *testing.T) {
	t.Parallel()
	b := Start(t)
	p := openCoupon(t, b, "SPARKLE15", Options{})
	visit(t, p, path(p)+"?period=90d&compare=previous_period")
	for _, chart := range []string{"bars", "line"} {
		t.Run(chart, func(t *testing.T) {
			if chart == "line" {
				p.Click("#cp-line")
				p.Wait(".cp-dot")
			}
			data := dataTable(t, p)
			before := p.Texts(".cp-numbers tbody td:nth-child(5)")
			then := p.Texts(".cp-numbers tbody td:nth-child(6)")
			says := func(i int) string {
				n := func(text string) string {
					if text == "1" {
						return "1 redemption"
					}
					return text + " redemptions"
				}
				return data.names[i] + ": " + n(strconv.FormatInt(data.values[i], 10)) + "\n" + before[i] + ": " + n(then[i])
			}
			last := len(data.names) - 1
			for _, i := range []int{1, last, 0} {
				point(p, ".cp-slot-hit", i)
				soon(p, ".cp-tip:not([hidden])", says(i))
			}
			if n := p.Count(".cp-slot-on"); n != 1 {
				t.Errorf("%d columns are marked", n)
			}
			point(p, "#cp-h-summary", 0)
			if p.Count(".cp-tip[hidden]") != 1 || p.Count(".cp-slot-on") != 0 {
				t.Error("the tip stays when the pointer has gone")
			}

			run(p, "focus", chromedp.Focus(chromedp.CSS(".cp-chart")))
			for _, step := range []struct {
				key string
				at  int
			}{{kb.End, last}, {kb.ArrowLeft, last - 1}, {kb.Home, 0}, {kb.ArrowLeft, 0}, {kb.ArrowRight, 1}, {kb.End, last}, {kb.ArrowRight, last}} {
				press(p, step.key)
				soon(p, ".cp-tip:not([hidden])", says(step.at))
			}
			soon(p, ".cp-tip-said", says(last))
			press(p, kb.Escape)
			if p.Count(".cp-tip[hidden]") != 1 {
				t.Error("Escape does not leave")
			}
			clean(t, p)
		})
	}
}

// The real bars have the height of their values, and what they are compared with is
// drawn; forced colors and 320 pixels take nothing away.
func TestBarsAreAsHighAsTheyShallBe(t *testing.T) {
	t.Parallel()
	b := Start(t)
	for _, o := range []Options{{}, {Dark: true}, {Width: 320}} {
		p := openCoupon(t, b, "SPARKLE15", o)
		visit(t, p, path(p)+"?period=90d&compare=previous_period&metric=revenue")
		for _, forced := range []string{"none", "active"} {
			if forced == "active" {
				run(p, "force colors", call(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
					Features: []*emulation.MediaFeature{{Name: "forced-colors", Value: forced}}}))
			}
			values := drawn(t, p, ".cp-bar[data-v]")
			heights := read[[]float64](p, ".cp-bar[data-v]", "e.getBBox().height")
			most := slices.Index(values, slices.Max(values))
			for i, v := range values {
				if off := heights[i] - heights[most]*float64(v)/float64(values[most]); off > 0.02 || off < -0.02 {
					t.Errorf("%+v: bar %d of %d is %.2f high", o, i, v, heights[i])
				}
			}
			grounds := read[[]string](p, ".cp-card", "getComputedStyle(e).backgroundColor")
			for _, color := range read[[]string](p, ".cp-chart .cp-before", "getComputedStyle(e).stroke") {
				if color == grounds[0] || color == "none" {
					t.Errorf("%+v, forced colors %s: what is compared with is drawn in %s on %s", o, forced, color, grounds[0])
				}
			}
			if by := p.Sideways(); by > 0 {
				t.Errorf("%+v: the page is %d px too wide", o, by)
			}
		}
		clean(t, p)
	}
}

// Every choice is in the address: loaded again it is the same, and Back leads to
// what was before.
func TestChoicesAreInTheAddress(t *testing.T) {
	t.Parallel()
	b := Start(t)
	for _, noJS := range []bool{false, true} {
		p := openCoupon(t, b, "SPARKLE15", Options{NoJS: noJS})
		start := path(p)
		// A range that goes on until now is compared until the same minute, which
		// goes on as well.
		minute := regexp.MustCompile(` until \d+:\d\d [AP]M`)
		read := func() string {
			text := strings.Join(append(p.Texts(".cp-choice[aria-current]"), p.Text("#cp-chart-title"), p.Text("#cp-chart-text"), strings.Join(p.Texts(".cp-headlines dd"), " ")), "\n")
			return minute.ReplaceAllString(text, "")
		}
		seen := []string{read()}
		var addresses []string
		for _, step := range []struct{ sel, query string }{
			{"#cp-period-28d", "?period=28d"},
			{"#cp-compare-previous_year", "?period=28d&compare=previous_year"},
			{"#cp-metric-revenue", "?period=28d&compare=previous_year&metric=revenue"},
			{"#cp-by-week", "?period=28d&compare=previous_year&interval=week&metric=revenue"},
			{"#cp-line", "?period=28d&compare=previous_year&interval=week&chart=line&metric=revenue"},
			{"#cp-clock-service-date", "?period=28d&clock=service-date&compare=previous_year&interval=week&chart=line&metric=revenue"},
			{"#cp-period-all", "?clock=service-date&chart=line&metric=revenue"},
		} {
			if noJS {
				p.Follow(step.sel)
			} else {
				p.Click(step.sel)
			}
			p.Wait(step.sel + "[aria-current]")
			if got := path(p); got != start+step.query {
				t.Errorf("%s leads to %s, want %s", step.sel, got, start+step.query)
			}
			seen, addresses = append(seen, read()), append(addresses, path(p))
		}
		p.Reload()
		if got := read(); got != seen[len(seen)-1] {
			t.Errorf("loaded again: %s\nwant %s", got, seen[len(seen)-1])
		}
		for i := len(addresses) - 2; i >= 3; i-- {
			if noJS {
				p.FollowBack()
			} else {
				p.Back()
			}
			p.Wait(`#cp-report:has([aria-current])`)
			for range 60 {
				if path(p) == addresses[i] && read() == seen[i+1] {
					break
				}
				time.Sleep(50 * time.Millisecond)
			}
			if got := read(); path(p) != addresses[i] || got != seen[i+1] {
				t.Errorf("back at %s: %s\nwant %s", path(p), got, seen[i+1])
			}
		}
		clean(t, p)
	}
}

// The other ranges open without JavaScript; with it a click elsewhere and Escape
// close them.
func TestOtherRanges(t *testing.T) {
	t.Parallel()
	b := Start(t)
	p := openCoupon(t, b, "SPARKLE15", Options{})
	p.Click("#cp-other")
	p.Wait("#cp-period-last_month")
	press(p, kb.Escape)
	if n := p.Count(".cp-more-ranges[open]"); n != 0 {
		t.Error("Escape leaves it open")
	}
	p.Click("#cp-other")
	p.Wait("#cp-period-last_month")
	p.Click("#cp-h-chart")
	if n := p.Count(".cp-more-ranges[open]"); n != 0 {
		t.Error("a click elsewhere leaves it open")
	}
	p.Click("#cp-other")
	p.Wait("#cp-period-last_month")
	p.Click("#cp-period-last_month")
	p.Wait("#cp-other[aria-current]")
	if got := p.Text("#cp-other"); got != "Last month" {
		t.Errorf("the choice is called %q", got)
	}
	clean(t, p)
}

// A note is written, changed and removed, with JavaScript and without; what can't be
// taken stays in the form.
func TestNotesOnTheChart(t *testing.T) {
	t.Parallel()
	b := Start(t)
	today := time.Now()
	for _, noJS := range []bool{false, true} {
		p := openCoupon(t, b, "LOYAL10", Options{NoJS: noJS})
		visit(t, p, path(p)+"?period=28d")
		marks, notes := p.Count(".cp-mark"), p.Count(".cp-note")
		text := fmt.Sprintf("Flyers at the station %v", noJS)
		send := func(sel, ready string) {
			t.Helper()
			if noJS {
				p.Follow(sel)
			} else {
				p.Click(sel)
			}
			p.Wait(ready)
		}
		p.Click("#cp-note-add")
		p.Wait("#cp-text-new")
		p.Type("#cp-text-new", "   ")
		p.Type("#cp-date-new", today.AddDate(0, 0, -3).Format("01022006"))
		p.Type("#cp-time-new", "0930AM")
		send("#cp-save-new", "#cp-text-error-new")
		if got := p.Attributes("#cp-time-new", "value")[0]; got != "09:30" {
			t.Errorf("the time became %q", got)
		}
		p.Type("#cp-text-new", text)
		send("#cp-save-new", fmt.Sprintf(".cp-notes li:nth-child(%d)", notes+1))
		if got := p.Texts(".cp-note p bdi"); !slices.Contains(got, text) || p.Count(".cp-mark") < marks+1 {
			t.Errorf("the notes are %q, with %d marks", got, p.Count(".cp-mark"))
		}
		i := slices.Index(p.Texts(".cp-note > p:first-child > bdi"), text) + 1
		note := fmt.Sprintf(".cp-notes li:nth-child(%d) ", i)
		p.Click(note + "summary")
		p.Wait(note + "input[name=text]")
		p.Type(note+"input[name=text]", kb.End+", again")
		send(note+".cp-button-go", note+".cp-note-edit:not([open])")
		soon(p, note+".cp-note > p > bdi", text+", again")
		p.Click(note + "summary")
		p.Wait(note + ".cp-button-stop")
		if noJS {
			p.Follow(note + ".cp-button-stop")
		} else if asked := p.Answer(note+".cp-button-stop", true); !strings.Contains(asked, text) {
			t.Errorf("it asks %q", asked)
		}
		p.Wait("#cp-note-add")
		for range 60 {
			if p.Count(".cp-note") == notes {
				break
			}
			time.Sleep(50 * time.Millisecond)
		}
		if got := p.Count(".cp-note"); got != notes {
			t.Errorf("%d notes are left, want %d", got, notes)
		}
		if got := p.Violations(); len(got) > 0 {
			t.Errorf("violations %q", got)
		}
	}
}
