package browsertest

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// axe-core, see testdata/axe-core/README.md.
const (
	axeFile = "axe-4.14.1.min.js"
	axeSum  = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"
)

// axeRun gives the rules that a page breaks, each with the elements that do.
const axeRun = `axe.run({runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}).then(
	result => result.violations.map(v => v.id + ": " + v.help + ": " + v.nodes.map(n => n.target + " " + n.failureSummary).join("; ")))`

// barriers are those of a page that a program can find, by WCAG 2.2, level AA.
func barriers(t *testing.T, p *Page) []string {
	t.Helper()
	script, err := os.ReadFile(filepath.Join("testdata", "axe-core", axeFile))
	if err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(script); hex.EncodeToString(sum[:]) != axeSum {
		t.Fatalf("%s has the sum %x, want %s", axeFile, sum, axeSum)
	}
	run(p, "load axe-core", chromedp.Evaluate[bool](string(script)+"\n;true"))
	return run(p, "run axe-core", chromedp.Evaluate[[]string](axeRun, chromedp.EvalAwaitPromise))
}

// No page has a barrier.
func TestPagesHaveNoBarriers(t *testing.T) {
	t.Parallel()
	b := Start(t)
	if got := barriers(t, b.Open(t, pages(t)+"/missing", Options{})); len(got) != 1 || !strings.HasPrefix(got[0], "html-has-lang") {
		t.Fatalf("on a page without its language axe-core finds %q", got)
	}

	p := openCoupon(t, b, "SPARKLE15", Options{})
	coupon := path(p)
	paths := []string{
		home, book + "?code=SPARKLE15",
		list, list + "?q=nothing+is+called+so", coupon, coupon + "?chart=line&from=tomorrow", coupon + "/bookings?state=all&period=28d",
	}
	for _, look := range []struct {
		name    string
		options Options
	}{
		{"light", Options{}},
		{"dark", Options{Dark: true}},
		{"narrow", Options{Width: 320}},
		{"right to left", Options{Language: "ar"}},
	} {
		t.Run(look.name, func(t *testing.T) {
			p := open(t, b, home, look.options)
			for _, path := range paths {
				t.Run(path, func(t *testing.T) {
					visit(t, p, path)
					for _, barrier := range barriers(t, p) {
						t.Error(barrier)
					}
				})
			}
		})
	}
}
