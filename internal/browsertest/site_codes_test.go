package browsertest

import (
	"strings"
	"testing"
)

// An owner makes a batch of codes: a mistake comes back with its reason, and what
// is made is listed and can be found.
func TestCodesAreMadeAndFound(t *testing.T) {
	t.Parallel()
	b := Start(t)
	for _, tt := range []struct {
		name, prefix string
		options      Options
	}{
		{"with JavaScript", "JS-", Options{}},
		{"without JavaScript, narrow", "PLAIN-", Options{NoJS: true, Width: 320}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := open(t, b, list+"?code=EARLYWEEK12", tt.options)
			p.Follow("#cp-codes-link")
			p.Click("#cp-make summary")
			p.Type("#cp-count", "x") // before the 100 that stand there, or after
			if tt.options.NoJS {
				p.Follow("#cp-make-submit")
			} else {
				p.Click("#cp-make-submit")
			}
			p.Wait("#cp-count-error")
			if got := p.Text("#cp-count-error"); got != "Type a whole number." {
				t.Errorf("told %q", got)
			}
			p.Clear("#cp-count")
			p.Type("#cp-count", "3")
			p.Type("#cp-prefix", strings.ToLower(tt.prefix))
			p.Follow("#cp-make-submit")
			codes := p.Texts(".cp-codes tbody th")
			if len(codes) != 3 || !strings.HasPrefix(codes[0], tt.prefix) {
				t.Fatalf("the batch is %q", codes)
			}
			if got := p.Text(".cp-notice-done"); !strings.HasSuffix(got, "are made.") {
				t.Errorf("told %q", got)
			}
			p.Type("#cp-find", codes[1])
			if tt.options.NoJS {
				p.Follow("#cp-search button")
			} else {
				p.Click("#cp-search button")
				p.Wait(".cp-codes tbody tr:only-child")
			}
			if got := p.Texts(".cp-codes tbody th"); len(got) != 1 || got[0] != codes[1] {
				t.Errorf("found %q, want %q", got, codes[1])
			}
			if n := p.Sideways(); n != 0 {
				t.Errorf("the page is %d pixels too wide", n)
			}
			if !tt.options.NoJS {
				clean(t, p)
			} else if got := p.Violations(); len(got) > 0 { // the browser calls the answer to a slip an error
				t.Errorf("violations of the Content-Security-Policy: %q", got)
			}
		})
	}
}
