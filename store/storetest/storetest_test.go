package storetest

import (
	"context"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/couponkit/coupon"
)

func TestASoundStorePasses(t *testing.T) {
	Run(t, func(*testing.T) func(string) coupon.Store { return newToy("") })
}

// defects are what was wrong with stores, and the cases that must find it.
var defects = map[string][]string{
	"limits are not guarded": {"limits/uses", "limits/per-customer", "limits/per-code", "codes/all-are-under-the-coupons-limits", "codes/race-on-a-single-use", "limits/budget", "limits/budget-per-customer", "limits/every-limit-counts", "limits/periods",
		"races/last-uses", "races/first-use-of-customers", "races/last-money", "money/overflow-of-a-budget"},
	"earlier redemptions are not looked at": {"redemptions/replay", "redemptions/replay-whatever-happened", "redemptions/conflict", "redemptions/cancelled-stays-cancelled",
		"codes/replay-of-an-archived-coupon", "import/again-changes-nothing", "races/same-booking", "races/same-booking-other-content", "races/imports"},
	"the state read is the first one":          {"cancel/cancel-twice", "cancel/refund-keys", "cancel/refund-bounds", "races/cancel", "races/refund"},
	"uses are never given back":                {"cancel/cancel-gives-the-use-back", "cancel/refund-may-give-the-use-back", "import/lives-on", "races/cancel-and-redeem", "races/two-coupons-crosswise"},
	"the store gives uses back by itself":      {"cancel/cancel-may-keep-the-use", "cancel/refund-keeps-the-use"},
	"a move is lost":                           {"import/past-a-limit", "limits/uses", "limits/every-kind-at-once"},
	"a refusal is counted":                     {"redemptions/refusal-writes-nothing"},
	"a refusal rolls the others back":          {"groups/a-refusal-disturbs-nobody", "import/bad-rows-are-reported"},
	"groups of a write see what was before it": {"groups/groups-see-each-other", "groups/a-key-twice-in-one-write", "groups/write-after-write", "import/twice-in-one-batch"},
	"an empty write is an error":               {"groups/no-groups"},
	"a booking has one redemption":             {"cancel/all-coupons-of-a-booking"},
	"the key is the booking alone":             {"redemptions/one-booking-one-coupon-each", "cancel/all-coupons-of-a-booking"},
	"codes and keys ignore case":               {"coupons/code-is-matched-whole", "codes/listed-in-pages", "codes/a-number-is-there-once", "redemptions/keys-are-bytes", "cancel/booking-without-redemption"},
	"counters forget their period":             {"limits/slots-do-not-mix", "limits/nothing-is-used-of-the-rest", "limits/periods"},
	"cancelled redemptions are counted again":  {"cancel/cancel-gives-the-use-back"},
	"every redemption holds its charges":       {"import/cancelled-and-refunded"},

	"an edit recounts nothing":                          {"edits/a-new-limit-counts-earlier-uses", "edits/a-new-limit-per-customer", "edits/a-limit-taken-away-and-back", "edits/a-new-zone-moves-the-periods", "edits/a-budget-in-another-currency", "codes/single-use-is-recounted", "races/a-limit-is-added"},
	"an edit starts the counters anew":                  {"edits/raising-opens-exactly-that-many", "edits/lowering-refuses", "races/a-limit-is-raised"},
	"an edit recounts before it is checked":             {"edits/a-refused-edit-changes-no-counter"},
	"an edit rewrites the past":                         {"redemptions/the-past-stays"},
	"the version is not compared":                       {"coupons/stale-version", "races/same-version"},
	"versions begin with the oldest":                    {"coupons/versions"},
	"codes are not unique":                              {"coupons/code-is-unique", "races/same-code", "codes/unique", "codes/added-twice"},
	"a code once used stays taken":                      {"coupons/update-frees-the-old-code"},
	"archived coupons keep their code":                  {"coupons/archive-frees-the-code", "codes/archiving-frees-all"},
	"what is not there is empty":                        {"coupons/not-found"},
	"absent lists become empty":                         {"coupons/absent-stays-absent"},
	"readers share what is stored":                      {"coupons/reader-owns-what-is-read"},
	"pages skip ties":                                   {"lists/coupons-sorted-and-paged", "lists/redemptions-sorted-and-paged"},
	"pages are counted off":                             {"lists/edits-do-not-disturb-a-walk"},
	"archived coupons are always listed":                {"lists/coupons-filtered"},
	"texts are sorted by a collation":                   {"lists/texts-sort-as-bytes"},
	"a search has wildcards":                            {"lists/search-is-literal"},
	"the end of a range is in it":                       {"lists/redemptions-filtered", "times/ranges-are-half-open"},
	"events begin with the newest":                      {"redemptions/events"},
	"notes are listed as they came":                     {"notes/by-instant-then-id"},
	"notes need no coupon":                              {"notes/of-their-coupon"},
	"a note takes its neighbours along":                 {"notes/delete"},
	"instants have milliseconds only":                   {"coupons/every-field-survives", "codes/every-field-survives", "redemptions/every-field-survives", "import/every-field-survives", "times/utc-and-microseconds", "times/validity-is-half-open", "times/ranges-are-half-open"},
	"instants are nanoseconds in an int64":              {"times/far-instants"},
	"an unknown cost is zero":                           {"redemptions/unknown-is-not-zero", "summary/figures"},
	"a service day becomes an instant":                  {"times/a-service-day"},
	"money is summed in floats":                         {"money/tenths", "money/large-amounts"},
	"every currency has two decimals":                   {"money/every-scale"},
	"currencies are summed together":                    {"money/currencies-never-mix"},
	"currencies are summed at two moments":              {"races/sums-are-snapshots"},
	"sums overflow silently":                            {"money/overflow-of-a-sum"},
	"buckets have their end and not their start":        {"summary/sums-agree", "times/hours-of-a-long-day", "times/days-of-23-and-25-hours", "times/ranges-are-half-open"},
	"days have 24 hours":                                {"times/days-of-23-and-25-hours", "summary/sums-agree"},
	"without a service date it was served when made":    {"times/no-service-date", "summary/sums-agree"},
	"a cancellation stands on its own day":              {"summary/own-day"},
	"empty buckets are given too":                       {"summary/nothing-is-nothing", "summary/buckets"},
	"a sum is of all coupons":                           {"summary/one-coupon-only"},
	"the merchant is ignored":                           {"merchants/same-keys", "merchants/foreign-ids-are-not-found", "merchants/nothing-leaks"},
	"merchants are trimmed and lower-cased":             {"merchants/told-apart-as-bytes"},
	"a statement has 32766 arguments at most":           {"summary/many-buckets"},
	"a statement has 1000 counters at most":             {"limits/many-counters"},
	"lines are cut off":                                 {"redemptions/a-thousand-lines"},
	"further codes are not found":                       {"codes/a-further-code-is-used", "codes/all-are-under-the-coupons-limits", "codes/two-of-one-coupon", "codes/replay-of-an-archived-coupon"},
	"a further code is given as the main one":           {"codes/a-further-code-is-used", "codes/each-is-counted-by-itself", "codes/single-use", "codes/figures-by-code"},
	"a main code may be another's further one":          {"codes/unique"},
	"an edit forgets the further codes":                 {"codes/an-edit-keeps-them"},
	"counters forget their code":                        {"codes/each-is-counted-by-itself", "codes/single-use", "codes/single-use-beside-a-limit"},
	"whether a code is single-use is not stored":        {"codes/every-field-survives", "codes/single-use", "codes/single-use-beside-a-limit", "codes/race-on-a-single-use", "codes/generated"},
	"a redemption forgets that its code was single-use": {"codes/single-use-is-recounted"},
	"whose a code is is not stored":                     {"codes/every-field-survives", "codes/for-one-customer", "codes/generated"},
	"codes are listed as they came":                     {"codes/listed-in-pages"},
	"pages of codes begin with the last one again":      {"codes/listed-in-pages"},
	"a sum is of all codes":                             {"codes/figures-by-code"},
	"what is taken is not told":                         {"codes/unique", "codes/added-twice", "codes/a-code-is-drawn-again", "codes/race-of-generations"},
	"the numbers of a batch are not stored":             {"codes/every-field-survives", "codes/generated-again", "codes/generation-resumed", "codes/generated-another-way"},
	"a batch may have a number twice":                   {"codes/a-number-is-there-once", "codes/race-of-generations"},
	"the context is ignored":                            {"context/cancelled-before"},
	"a write that was made is reported as cancelled":    {"context/cancelled-meanwhile"},
}

func TestTheSuiteBites(t *testing.T) {
	cases := byName()
	for defect, finders := range defects {
		t.Run(defect, func(t *testing.T) {
			t.Parallel()
			for _, name := range finders {
				c, ok := cases[name]
				if !ok {
					t.Errorf("there is no case %s", name)
					continue
				}
				if failures := watch(t.Context(), c, newToy(defect)); len(failures) == 0 {
					t.Errorf("%s passes on a store in which %s", name, defect)
				} else if !strings.Contains(failures[0], c.rule) && !strings.Contains(failures[0], "panic") {
					t.Errorf("%s fails without its rule: %s", name, failures[0])
				}
			}
		})
	}
}

// A case that no defect makes fail would prove nothing.
func TestEveryCaseBites(t *testing.T) {
	found := map[string]bool{}
	for _, finders := range defects {
		for _, name := range finders {
			found[name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(byName())) {
		if !found[name] {
			t.Errorf("no defect is planted for %s", name)
		}
	}
}

func byName() map[string]testCase {
	out := map[string]testCase{}
	for _, s := range subjects() {
		for _, c := range s.cases {
			out[s.name+"/"+c.name] = c
		}
	}
	return out
}

// watch runs a case that may fail and gives what it says.
func watch(ctx context.Context, c testCase, open func(string) coupon.Store) []string {
	r := &recorder{ctx: ctx}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if p := recover(); p != nil {
				r.failures = append(r.failures, fmt.Sprint("panic: ", p))
			}
		}()
		c.check(r, open)
	}()
	<-done
	return r.failures
}

// recorder is a T that remembers failures instead of failing.
type recorder struct {
	ctx      context.Context
	failures []string
}

func (r *recorder) Helper()                  {}
func (r *recorder) Context() context.Context { return r.ctx }
func (r *recorder) Errorf(format string, args ...any) {
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}
func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}
