package httpui

import (
	"strings"
	"testing"

	"github.com/couponkit/coupon"
)

// A range of days within a sentence runs as the language does: its own parts are
// isolated, so that no letter of theirs tells its direction.
func TestARangeInASentenceRunsAsTheLanguageDoes(t *testing.T) {
	t.Parallel()
	w := testWords(t, "ar")
	days := w.dateRange(coupon.Date{Year: 2026, Month: 6, Day: 27}, coupon.Date{Year: 2026, Month: 11, Day: 24})
	got := w.t("chart.heading.redemptions", "range", days)
	if !strings.Contains(got, "\u2067"+days+"\u2069") {
		t.Errorf("%q: the range is not isolated from right to left", got)
	}
	// What has no values of its own is laid out by its first letter.
	if got := w.t("list.view", "code", "SPRING15"); !strings.Contains(got, "\u2068SPRING15\u2069") {
		t.Errorf("%q: the code is not isolated", got)
	}
	english := testWords(t, "en")
	arabic := english.t("list.view", "code", "قسيمة")
	if got := english.t("list.view", "code", arabic); !strings.Contains(got, "\u2066"+arabic+"\u2069") {
		t.Errorf("%q: a text of English is not isolated from left to right", got)
	}
}
