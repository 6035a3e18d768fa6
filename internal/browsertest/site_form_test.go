package browsertest

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/httpui"
)

const newCoupon = "/admin/coupons/new"

// retype puts a text in place of what is in a field, by the keyboard.
func retype(p *Page, sel, text string) {
	p.t.Helper()
	old := len([]rune(read[[]string](p, sel, "e.value")[0]))
	p.Type(sel, kb.End+strings.Repeat(kb.Backspace, old)+text)
}

// value is what stands in a field.
func value(p *Page, sel string) string {
	p.t.Helper()
	return read[[]string](p, sel, "e.value")[0]
}

// focused is the id of the element that has the focus.
func focused(p *Page) string {
	p.t.Helper()
	return read[[]string](p, ":focus", "e.id")[0]
}

// cleanForm is clean, but for what the browser notes of a form that was refused:
// without JavaScript it comes with a status that says so.
func cleanForm(t *testing.T, p *Page) {
	t.Helper()
	if got := p.Violations(); len(got) > 0 {
		t.Errorf("violations of the Content-Security-Policy: %q", got)
	}
	for _, e := range p.Errors() {
		if !strings.Contains(e, "status of 422") && !strings.Contains(e, "status of 409") {
			t.Errorf("error: %s", e)
		}
	}
}

// front brings a tab to the front: keys are for that one.
func front(p *Page) {
	p.t.Helper()
	run(p, "bring to the front", call(page.BringToFront, cdp.Empty{}))
}

// With and without JavaScript: what is wrong is said beside its field and in a
// list that has the focus; what was typed stays; put right, it makes a coupon.
func TestCreateACoupon(t *testing.T) {
	t.Parallel()
	b := Start(t)
	for name, o := range map[string]Options{"with JavaScript": {}, "without": {NoJS: true}} {
		t.Run(name, func(t *testing.T) {
			code := "MADE-" + strings.ToUpper(strconv.FormatInt(time.Now().UnixNano(), 36))
			p := open(t, b, list, o)
			p.Visit(strings.Replace(p.URL(), list, newCoupon, 1))
			send := func(sel, wait string) {
				t.Helper()
				if o.NoJS {
					p.Follow(sel)
				} else {
					p.Click(sel)
				}
				p.Wait(wait)
			}
			p.Type("#cp-f-value", "150")
			p.Type("#cp-f-name", "Made in a browser")
			p.Type("#cp-f-end_day", "07072031")
			send("#cp-f-add-hours", "#cp-f-hours-0--from:focus")
			p.Type("#cp-f-hours-0--from", "0900AM")
			send("#cp-save", "#cp-errors")
			until(t, p, "the focus on the list of what is wrong", func() bool { return focused(p) == "cp-errors" })
			if got := p.Texts("#cp-errors li"); len(got) != 3 {
				t.Errorf("wrong: %q", got)
			}
			for sel, want := range map[string]string{"#cp-f-value": "150", "#cp-f-name": "Made in a browser", "#cp-f-end_day": "2031-07-07", "#cp-f-hours-0--from": "09:00"} {
				if got := value(p, sel); got != want {
					t.Errorf("%s has %q, want %q", sel, got, want)
				}
			}
			p.Click(`#cp-errors a[href="#cp-f-value"]`)
			if got := focused(p); got != "cp-f-value" {
				t.Errorf("the link leads to %q", got)
			}
			retype(p, "#cp-f-value", "15")
			p.Type("#cp-f-code", strings.ToLower(code))
			p.Type("#cp-f-hours-0--to", "0530PM")
			p.Follow("#cp-save")
			p.Wait("#cp-overview")
			if got := p.Text("h1"); got != "Made in a browser" {
				t.Errorf("it leads to the page %q", got)
			}
			for _, want := range []string{code, "15% off", "Jul 7, 2031"} {
				if got := p.Text("#cp-overview"); !strings.Contains(got, want) {
					t.Errorf("the overview has no %q: %s", want, got)
				}
			}
			if got := p.Text(".cp-notice"); !strings.Contains(got, code+" is created.") {
				t.Errorf("said %q", got)
			}

			// From there it is edited, and says what it was.
			p.Follow("#cp-edit")
			if got := value(p, "#cp-f-hours-0--to"); got != "17:30" {
				t.Errorf("until %q", got)
			}
			retype(p, "#cp-f-value", "12,5")
			p.Follow("#cp-save")
			p.Wait("#cp-overview")
			if got := p.Text("#cp-overview"); !strings.Contains(got, "12.5% off") || !strings.Contains(got, "Jul 7, 2031") {
				t.Errorf("after the edit: %s", got)
			}
			p.Reload()
			cleanForm(t, p)
		})
	}
}

// While one types, the preview says what the coupon would give; nothing typed
// last is lost, and nobody is torn out of the field.
func TestThePreviewFollowsTheKeys(t *testing.T) {
	t.Parallel()
	b := Start(t)
	p := open(t, b, newCoupon, Options{})
	if got := p.Text("#cp-preview"); !strings.Contains(got, "Still to do") {
		t.Errorf("of an empty form: %q", got)
	}
	p.Type("#cp-f-value", "2")
	p.Wait(".cp-samples")
	p.Type("#cp-f-value", "0")
	p.Type("#cp-f-min_total", "40")
	until(t, p, "the preview of 20% from $40", func() bool {
		all := strings.Join(p.Texts(".cp-samples tbody tr"), "|")
		return strings.Contains(all, "$39.99") && strings.Contains(all, "Refused: below the minimum of $40") && strings.Contains(all, "$50\t$10\t$40")
	})
	if got := focused(p); got != "cp-f-min_total" {
		t.Errorf("the focus went to %q", got)
	}
	p.Click(`label[for="cp-f-kind-fixed"]`)
	until(t, p, "the preview of $20 off", func() bool { return strings.Contains(previewed(p), "$20 off") })
	if n := p.Count("#cp-errors"); n > 0 {
		t.Error("a preview complains")
	}
	clean(t, p)

	q := open(t, b, newCoupon, Options{NoJS: true})
	q.Type("#cp-f-value", "20")
	q.Follow("#cp-preview-now")
	if got := q.Text("#cp-preview"); !strings.Contains(got, "20% off") {
		t.Errorf("without JavaScript: %q", got)
	}
	if got := value(q, "#cp-f-value"); got != "20" {
		t.Errorf("the value is %q", got)
	}
	clean(t, q)
}

// previewed is the preview at this moment.
func previewed(p *Page) string {
	p.t.Helper()
	return strings.Join(p.Texts("#cp-preview"), "")
}

// until waits for what no single element tells.
func until(t *testing.T, p *Page, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !holds(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s\n%s", what, previewed(p))
		}
	}
}

// Two tabs edit one coupon: the second sees both and keeps all it has typed.
func TestTwoTabsEditOneCoupon(t *testing.T) {
	t.Parallel()
	b := Start(t)
	for name, o := range map[string]Options{"with JavaScript": {}, "without": {NoJS: true}} {
		t.Run(name, func(t *testing.T) {
			code := "TABS-" + strings.ToUpper(strconv.FormatInt(time.Now().UnixNano(), 36))
			one := open(t, b, newCoupon, o)
			one.Type("#cp-f-value", "10")
			one.Type("#cp-f-code", code)
			one.Follow("#cp-save")
			one.Follow("#cp-edit")
			two := open(t, b, path(one), o)
			front(one)
			one.Type("#cp-f-name", "One")
			one.Type("#cp-f-min_total", "30")
			one.Follow("#cp-save")

			front(two)
			two.Type("#cp-f-name", "Two")
			retype(two, "#cp-f-value", "11")
			if o.NoJS {
				two.Follow("#cp-save")
			} else {
				two.Click("#cp-save")
			}
			two.Wait("#cp-conflict")
			if got := focused(two); got != "cp-conflict" {
				t.Errorf("the focus is on %q", got)
			}
			if got := two.Texts("#cp-conflict tbody th"); len(got) != 3 || !strings.HasPrefix(got[0], "Name") {
				t.Errorf("rows %q", got)
			}
			for sel, want := range map[string]string{"#cp-f-name": "Two", "#cp-f-value": "11", "#cp-f-min_total": "30"} {
				if got := value(two, sel); got != want {
					t.Errorf("%s has %q, want %q", sel, got, want)
				}
			}
			two.Follow("#cp-save-over")
			two.Wait("#cp-overview")
			if got := two.Text("#cp-overview"); !strings.Contains(got, "Two") || !strings.Contains(got, "11% off") {
				t.Errorf("saved: %s", got)
			}
			if got := two.Text("#cp-restrictions"); !strings.Contains(got, "$30") {
				t.Errorf("what the other tab changed is lost: %s", got)
			}
			cleanForm(t, one)
			cleanForm(t, two)
		})
	}
}

// Everything is done by the keyboard alone: Enter in a field saves, and what the
// keys reach is seen.
func TestTheFormByKeyboard(t *testing.T) {
	t.Parallel()
	b := Start(t)
	p := open(t, b, newCoupon, Options{})
	keys := func(s string) { run(p, "keys "+s, chromedp.KeyEvent(s)) }
	code := "KEYS-" + strings.ToUpper(strconv.FormatInt(time.Now().UnixNano(), 36))
	var seen []string
	for typed := map[string]string{"cp-f-value": "25", "cp-f-name": "By keyboard", "cp-f-code": code}; len(typed) > 0; {
		if len(seen) > 60 {
			t.Fatalf("not reached: %v; reached %q", typed, seen)
		}
		keys(kb.Tab)
		id := focused(p)
		seen = append(seen, id)
		if text, ok := typed[id]; ok {
			keys(text)
			delete(typed, id)
		}
	}
	run(p, "save by Enter", chromedp.WaitEvent(page.LoadEventFired, nil, chromedp.KeyEvent(kb.Enter)))
	p.Wait("#cp-overview")
	if got := p.Text("#cp-overview"); !strings.Contains(got, code) || !strings.Contains(got, "25% off") {
		t.Errorf("made %s", got)
	}
	clean(t, p)
}

// A campaign runs again from its page.
func TestRunACampaignAgain(t *testing.T) {
	t.Parallel()
	b := Start(t)
	p := openCoupon(t, b, "WELCOME20", Options{})
	name := p.Text("h1")
	p.Follow(`a[href*="/new?from="]`)
	if got := value(p, "#cp-f-name"); got != name || value(p, "#cp-f-code") != "" {
		t.Errorf("it begins with the name %q", got)
	}
	p.Click("#cp-f-suggest")
	until(t, p, "a suggested code", func() bool { return value(p, "#cp-f-code") != "" })
	until(t, p, "the focus on the suggested code", func() bool { return focused(p) == "cp-f-code" })
	p.Follow("#cp-save")
	p.Wait("#cp-overview")
	if got := p.Text("h1"); got != name {
		t.Errorf("it is called %q", got)
	}
	clean(t, p)
}

// The form fits a narrow window, and what is wrong with it too.
func TestTheFormIsNotWiderThanThePage(t *testing.T) {
	t.Parallel()
	b := Start(t)
	p := open(t, b, newCoupon, Options{Width: 320})
	p.Click("#cp-f-add-matches")
	p.Wait("#cp-f-matches-0--on:focus")
	p.Click("#cp-f-add-hours")
	p.Wait("#cp-f-hours-0--from:focus")
	p.Type("#cp-f-value", strings.Repeat("9", 80))
	p.Click("#cp-save")
	p.Wait("#cp-errors")
	if got := p.Sideways(); got > 0 {
		t.Errorf("%d pixels wider than the window", got)
	}
	clean(t, p)
}

// Amounts that no narrow table can hold side by side scroll by themselves.
func TestAWidePreviewIsNotWiderThanThePage(t *testing.T) {
	t.Parallel()
	b := Start(t)
	h := newHost(t, func(*host, *httpui.Config) {})
	c, err := h.svc.Create(t.Context(), coupon.Coupon{Code: "WIDE", Start: time.Now(), Discount: coupon.AmountOff(coupon.MustMoney("123456789.50", "IDR"))})
	if err != nil {
		t.Fatal(err)
	}
	for _, language := range []string{"en", "de", "ar"} {
		p := b.Open(t, h.URL+h.ui.CouponURL(c.ID)+"/edit", Options{Width: 320, Language: language})
		if n := p.Count(".cp-samples tbody tr"); n < 2 {
			t.Fatalf("%s: %d samples", language, n)
		}
		if got := p.Sideways(); got > 0 {
			t.Errorf("%s: %d pixels wider than the window", language, got)
		}
		for _, barrier := range barriers(t, p) {
			t.Errorf("%s: %s", language, barrier)
		}
	}
}

// Neither the form nor what it says of mistakes has a barrier.
func TestTheFormHasNoBarriers(t *testing.T) {
	t.Parallel()
	b := Start(t)
	for name, o := range map[string]Options{"light": {}, "dark": {Dark: true}, "narrow": {Width: 320}} {
		t.Run(name, func(t *testing.T) {
			check := func(p *Page, what string) {
				t.Helper()
				for _, barrier := range barriers(t, p) {
					t.Errorf("%s: %s", what, barrier)
				}
			}
			p := open(t, b, newCoupon, o)
			check(p, "empty")
			for _, list := range []string{"hours", "matches", "limits"} {
				p.Click("#cp-f-add-" + list)
				// The new row has the focus when the form is all there.
				p.Wait(map[string]string{"hours": "#cp-f-hours-0--from", "matches": "#cp-f-matches-0--on", "limits": "#cp-f-limits-3--max"}[list] + ":focus")
			}
			p.Type("#cp-f-matches-0--key", "service")
			p.Type("#cp-f-limits-3--max", "no")
			p.Type("#cp-f-hours-0--to", "0530PM")
			p.Click("#cp-save")
			p.Wait("#cp-errors")
			check(p, "with mistakes")
			p = openCoupon(t, b, "SPARKLE15", o)
			p.Follow("#cp-edit")
			check(p, "filled")
		})
	}
}
