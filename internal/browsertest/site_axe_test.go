package browsertest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
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

// axe is the script, checked to be the one that was published.
var axe = sync.OnceValues(func() (string, error) {
	script, err := os.ReadFile(filepath.Join("testdata", "axe-core", axeFile))
	if sum := sha256.Sum256(script); err == nil && hex.EncodeToString(sum[:]) != axeSum {
		err = fmt.Errorf("%s has the sum %x, want %s", axeFile, sum, axeSum)
	}
	return string(script), err
})

// barriers are what a program can find on a page, by WCAG 2.2, level AA.
func barriers(t *testing.T, p *Page) []string {
	t.Helper()
	script, err := axe()
	if err != nil {
		t.Fatal(err)
	}
	run(p, "load axe-core", chromedp.Evaluate[bool](script+"\n;true"))
	return run(p, "run axe-core", chromedp.Evaluate[[]string](axeRun, chromedp.EvalAwaitPromise))
}

// axe-core finds what there is to find.
func TestBarriersAreFound(t *testing.T) {
	t.Parallel()
	b := Start(t)
	if got := barriers(t, b.Open(t, pages(t)+"/missing", Options{})); len(got) != 1 || !strings.HasPrefix(got[0], "html-has-lang") {
		t.Fatalf("on a page without its language axe-core finds %q", got)
	}
}
