package httpui_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// webRules are what the pages hold to as a part of somebody else's admin, each
// with the tests that show it: of this package, or of the directory named before
// the colon. Those that go through all routes take in new ones by themselves.
var webRules = []struct {
	rule  string
	says  string
	tests string // or, in brackets, why there is none
}{
	{"W1", "a form of another origin changes nothing", "TestFormsOfOtherSitesChangeNothing"},
	{"W2", "GET, HEAD and OPTIONS write nothing; a method is answered or told of", "TestReadingWritesNothing TestEveryStoreMethodReadsOrWrites TestARouteAnswersItsMethodAlone"},
	{"W3", "without Authorize nobody gets in, before anything is read; viewing, changing and exporting are allowed apart", "TestNobodyGetsInWithoutAuthorize TestNothingIsReadOfWhoIsNotLetIn TestWhatCanRefusesIsNotDone"},
	{"W4", "no value stands where htmx or the browser would run it, and none makes up a URL", "TestNoValueStandsWhereHtmxWouldRunIt TestPayloadsStayText TestIDsAreOneSegmentOfAPath"},
	{"W5", "nothing is declared safe", "TestNothingIsDeclaredSafe"},
	{"W6", "htmx evaluates nothing and keeps nothing", "TestHtmxIsConfiguredStrictly TestHtmxIsTheOnePublished internal/browsertest:TestEveryPageInEveryLook"},
	{"W7", "a strict policy on every answer, and pages that keep to it", "TestEveryRouteAnswersWithTheHeaders TestPagesHaveNothingInline TestWhosePolicyAPageHas TestNothingIsLoadedFromElsewhere internal/browsertest:TestEveryPageInEveryLook"},
	{"W8", "a merchant's coupon is to another as one that is not there", "TestMerchantsAreKeptApart TestAnotherMerchantsCouponIsNotFound"},
	{"W9", "whatever stands in the data is only text", "TestPayloadsStayText"},
	{"W10", "no text of a table is a formula", "TestNoTextOfATableIsAFormula TestATableIsReadBackAsItWas TestHalfATableIsCutOff"},
	{"W11", "nobody is sent to another host", "TestNoRequestIsRedirectedToAnotherHost TestNobodyIsSentWhereARequestSays TestBadBasePathsAreRefused"},
	{"W12", "it works under every mount", "TestEveryLinkLeadsSomewhereUnderEveryMount TestMountedAtTheRoot TestTheBareBaseRedirectsIntoIt"},
	{"W13", "pages are not stored, parts and pages told apart, static files kept for ever", "TestEveryRouteAnswersWithTheHeaders TestOnlyHtmxAsksForParts TestEveryPageCanBeAskedForWhole TestAssetsAreCachedForEverUnderTheirHash"},
	{"W14", "nothing stays in the browser's storage", "internal/browsertest:TestNothingStaysInTheBrowsersStorage"},
	{"W15", "no form is too large, has too many fields, or is read before it is bounded", "TestTooLargeAFormIsNotRead TestTooManyFieldsAreNotTaken"},
	{"W16", "who goes away is not worked for; the server's timeouts are the host's", "TestARequestThatIsGivenUpStopsItsQuery"},
	{"W17", "who tries many codes is told of to the host and told nothing", "..:TestAThousandTriesAreAThousandAttempts ..:TestWhatAStrangerIsToldIsTheSameOfEveryCode"},
	{"W18", "a form sent twice does what it does once", "TestAFormSentTwiceDoesNothingMore"},
	{"W19", "errors are for the log, without codes; the browser is told what to do", "TestErrorsAreForTheLog TestLogsHaveNoCodes"},
	{"W20", "every change says who made it", "TestEveryChangeSaysWhoMadeIt"},
	{"W21", "what takes something away is a form that asks first", "TestWhatTakesSomethingAwayAsksFirst"},
	{"W22", "imports are bounded and reported by row", "(the pages import nothing; Service.Import has its own tests)"},
}

func TestEveryRuleHasItsTests(t *testing.T) {
	t.Parallel()
	there := map[string]map[string]bool{}
	in := func(dir string) map[string]bool {
		if there[dir] != nil {
			return there[dir]
		}
		names := map[string]bool{}
		files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
		if err != nil || len(files) == 0 {
			t.Fatal(dir, err)
		}
		for _, file := range files {
			f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range f.Decls {
				if fn, ok := d.(*ast.FuncDecl); ok {
					names[fn.Name.Name] = true
				}
			}
		}
		there[dir] = names
		return names
	}
	for _, r := range webRules {
		if strings.HasPrefix(r.tests, "(") {
			continue
		}
		if r.tests == "" {
			t.Errorf("%s, %s: no test", r.rule, r.says)
		}
		for name := range strings.FieldsSeq(r.tests) {
			dir := "."
			if where, test, ok := strings.Cut(name, ":"); ok {
				dir, name = where, test
				if dir != ".." {
					dir = filepath.Join("..", dir)
				}
			}
			if !in(dir)[name] {
				t.Errorf("%s, %s: there is no %s in %s", r.rule, r.says, name, dir)
			}
		}
	}
}
