package browsertest

import (
	"slices"
	"strings"
	"testing"
)

const rowCodes = ".cp-coupons tbody th .cp-code"

// The list follows what is typed, without a click, and the address follows the list.
func TestSearchAsYouTypeFiltersTheList(t *testing.T) {
	t.Parallel()
	b := Start(t)
	p := open(t, b, list, Options{})
	if got := len(p.Texts(rowCodes)); got < 11 /* two may have been archived meanwhile */ {
		t.Fatalf("%d coupons at first, want all", got)
	}

	p.Type("#cp-q", "sparkle1")
	p.Wait(".cp-coupons tbody tr:only-child")
	if got := p.Texts(rowCodes); !slices.Equal(got, []string{"SPARKLE15"}) {
		t.Errorf("a part of a code, in small letters, finds %q", got)
	}
	if got, want := path(p), list+"?q=sparkle1"; got != want {
		t.Errorf("address %s, want %s", got, want)
	}

	p.Follow(eye("SPARKLE15"))
	p.Wait("#cp-overview")
	p.FollowBack()
	if got := p.Texts(rowCodes); !slices.Equal(got, []string{"SPARKLE15"}) {
		t.Errorf("back from the coupon, the list has %q", got)
	}
	if got := p.Attributes("#cp-q", "value"); got[0] != "sparkle1" {
		t.Errorf("back from the coupon, the search is for %q", got[0])
	}

	p.Type("#cp-q", " and nothing")
	p.Wait(".cp-empty-title")
	p.Follow(".cp-empty .cp-button")
	if got := len(p.Texts(rowCodes)); got < 11 /* two may have been archived meanwhile */ {
		t.Errorf("%d coupons after “show all”, want all", got)
	}
	clean(t, p)
}

// Each status is a step in the history: back leads to the one before.
func TestBackLeadsToTheStatusBefore(t *testing.T) {
	t.Parallel()
	b := Start(t)
	p := open(t, b, list, Options{})
	statuses := func() []string {
		texts := p.Texts(".cp-coupons .cp-badge")
		slices.Sort(texts)
		return slices.Compact(texts)
	}

	p.Click("#cp-tab-expired")
	p.Wait("#cp-tab-expired[aria-current]")
	expired := p.Texts(rowCodes)
	if got := statuses(); !slices.Equal(got, []string{"Expired"}) {
		t.Errorf("under Expired: %q", got)
	}
	p.Click("#cp-tab-used-up")
	p.Wait("#cp-tab-used-up[aria-current]")
	if got := statuses(); !slices.Equal(got, []string{"Used up"}) {
		t.Errorf("under Used up: %q", got)
	}
	p.Back()
	p.Wait("#cp-tab-expired[aria-current]")
	if got := p.Texts(rowCodes); !slices.Equal(got, expired) {
		t.Errorf("back once: %q, want %q", got, expired)
	}
	p.Back()
	p.Wait("#cp-tab-all[aria-current]")
	// Not the same rows: other tests make and archive coupons meanwhile.
	for _, want := range []string{"Active", "Expired", "Used up"} {
		if got := statuses(); !slices.Contains(got, want) {
			t.Errorf("back twice: %q, want all, also %q", got, want)
		}
	}
	clean(t, p)
}

// Without JavaScript the same fields are sent by the button.
func TestListWithoutJavaScript(t *testing.T) {
	t.Parallel()
	b := Start(t)
	p := open(t, b, list, Options{NoJS: true})
	p.Follow("#cp-tab-active")
	p.Type("#cp-q", "sparkle")
	p.Follow(".cp-search button")
	if got := p.Texts(rowCodes); !slices.Equal(got, []string{"SPARKLE15"}) {
		t.Errorf("search finds %q", got)
	}
	if got := path(p); !strings.Contains(got, "q=sparkle") || !strings.Contains(got, "status=active") {
		t.Errorf("address %s, want one with the search and the status", got)
	}
	p.Follow("#cp-sort-code")
	if got := p.Attributes("th[aria-sort]", "aria-sort"); !slices.Equal(got, []string{"ascending"}) {
		t.Errorf("sorted %q", got)
	}
	clean(t, p)
}
