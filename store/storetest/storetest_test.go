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
	"limits are not guarded":                            {"life-races/own-and-others", "life-races/reserve", "limits/uses", "limits/per-customer", "limits/per-code", "limits/budget", "limits/budget-per-customer", "limits/every-limit-counts", "limits/periods", "races/last-uses", "races/first-use-of-customers", "races/last-money", "money/overflow-of-a-budget", "opening/counted-by-limits", "codes/all-are-under-the-coupons-limits", "codes/race-on-a-single-use"},
	"earlier redemptions are not looked at":             {"keys/redeem", "keys/reserve", "keys/reopen", "series/key", "several/replay", "life-races/reserve-and-redeem-one-booking", "redemptions/replay", "redemptions/replay-whatever-happened", "redemptions/conflict", "redemptions/cancelled-stays-cancelled", "import/again-changes-nothing", "races/same-booking", "races/same-booking-other-content", "races/imports", "codes/replay-of-an-archived-coupon"},
	"the state read is the first one":                   {"keys/redeem", "life-races/reopen", "cancel/cancel-twice", "cancel/refund-keys", "cancel/refund-bounds", "races/cancel", "races/refund"},
	"uses are never given back":                         {"reservations/released", "reservations/priced-anew", "reservations/cancel-and-refund", "series/last-gives-back", "series/kept-or-released", "amend/another-customer", "life-races/last-of-a-series", "amend/use-after-full-refund", "keys/reopen-after-full-refund", "cancel/cancel-gives-the-use-back", "cancel/refund-may-give-the-use-back", "import/lives-on", "races/cancel-and-redeem", "races/two-coupons-crosswise"},
	"the store gives uses back by itself":               {"cancel/cancel-may-keep-the-use", "cancel/refund-keeps-the-use"},
	"a move is lost":                                    {"reservations/a-life", "amend/budgets-move", "life-races/cancel-and-amend", "life-races/two-coupons-opposite-order", "import/past-a-limit", "limits/uses", "limits/every-kind-at-once"},
	"a refusal is counted":                              {"several/all-or-none", "redemptions/refusal-writes-nothing"},
	"a refusal rolls the others back":                   {"groups/a-refusal-disturbs-nobody", "import/bad-rows-are-reported"},
	"groups of a write see what was before it":          {"groups/groups-see-each-other", "groups/a-key-twice-in-one-write", "groups/write-after-write", "groups/a-series-in-one-write", "groups/taken-back-in-one-write", "groups/refused-then-redeemed-in-one-write", "import/twice-in-one-batch"},
	"an empty write is an error":                        {"groups/no-groups"},
	"a booking has one redemption":                      {"several/bounded", "several/cancelled-together", "amend/all-coupons", "cancel/all-coupons-of-a-booking"},
	"the key is the booking alone":                      {"redemptions/one-booking-one-coupon-each", "cancel/all-coupons-of-a-booking", "import/of-an-archived-coupon"},
	"codes and keys ignore case":                        {"coupons/code-is-matched-whole", "redemptions/keys-are-bytes", "cancel/booking-without-redemption", "codes/listed-in-pages", "codes/a-number-is-there-once"},
	"counters forget their period":                      {"limits/slots-do-not-mix", "limits/nothing-is-used-of-the-rest", "limits/periods"},
	"cancelled redemptions are counted again":           {"cancel/cancel-gives-the-use-back"},
	"every redemption holds its charges":                {"import/cancelled-and-refunded"},
	"an edit recounts nothing":                          {"life-races/a-limit-is-added-under-load", "edits/a-new-limit-counts-earlier-uses", "edits/a-new-limit-per-customer", "edits/a-limit-taken-away-and-back", "edits/a-new-zone-moves-the-periods", "edits/a-budget-in-another-currency", "races/a-limit-is-added", "codes/single-use-is-recounted"},
	"an edit starts the counters anew":                  {"edits/raising-opens-exactly-that-many", "edits/lowering-refuses", "races/a-limit-is-raised"},
	"an edit recounts before it is checked":             {"edits/a-refused-edit-changes-no-counter"},
	"an edit rewrites the past":                         {"redemptions/the-past-stays"},
	"the version is not compared":                       {"coupons/stale-version", "coupons/updated-at-once", "races/same-version"},
	"only the last version is kept":                     {"coupons/versions", "coupons/created-again", "coupons/updated-again"},
	"versions begin with the oldest":                    {"coupons/versions"},
	"codes are not unique":                              {"coupons/code-is-unique", "races/same-code", "codes/unique", "codes/added-twice"},
	"a code once used stays taken":                      {"coupons/update-frees-the-old-code"},
	"archived coupons keep their code":                  {"coupons/archive-frees-the-code", "codes/archiving-frees-all"},
	"what is not there is empty":                        {"coupons/not-found", "summary/many-of-unknown"},
	"reservations never expire":                         {"reservations/ends-at-its-instant", "reservations/expired-costs-no-use", "reservations/many-expired", "reservations/nothing-piles-up", "series/reserved", "series/expired-before", "series/expired-elsewhere", "life-races/waiters-on-one-expired"},
	"one batch of reservations is reclaimed":            {"reservations/many-expired"},
	"a reclaimed reservation keeps its use":             {"reservations/ends-at-its-instant", "reservations/expired-costs-no-use"},
	"a reservation that was confirmed expires":          {"reservations/others-keep-theirs", "life-races/confirm-release-expire"},
	"reservations forget when they end":                 {"several/another-instead", "reservations/a-life", "reservations/no-counter-at-confirm"},
	"a page of coupons is of all":                       {"lists/coupons-by-what-they-are", "lists/coupons-filtered"},
	"expired reservations are shown as used":            {"reservations/shown-uses", "reservations/own-use-in-a-quote"},
	"reservations are summed":                           {"reservations/in-no-sum"},
	"an edit releases what is reserved":                 {"reservations/survives"},
	"series are not remembered":                         {"series/one-use", "series/last-gives-back", "series/later-occurrences", "amend/a-series-of-one", "amend/series-after-full-refund", "life-races/first-of-a-series", "import/series"},
	"series are of all coupons":                         {"series/each-its-own"},
	"an edit forgets the series":                        {"series/new-limit"},
	"Rebuild forgets the series":                        {"series/rebuild"},
	"how much of a series is covered is not kept":       {"series/coverage"},
	"what other coupons took off is not kept":           {"several/on-what-is-left", "several/judged-on-the-whole", "several/on-both-pages", "several/reserved-together", "several/partly-expired", "several/reserved-beside", "several/refunds"},
	"another coupon's redemption is not seen":           {"life-races/two-coupons-on-one-booking", "life-races/combinable-on-one-booking"},
	"coupons are locked in no order":                    {"life-races/two-coupons-opposite-order"},
	"whether a coupon stands alone is not kept":         {"several/only-if-each-allows"},
	"a write sees the first version":                    {"keys/expect", "keys/reopen-under-todays-rules"},
	"an update keeps the first amounts":                 {"several/added-later", "amend/priced-again", "amend/asks-no-limit", "amend/unmet", "amend/again-changes-nothing", "amend/what-can-not-change", "amend/states", "amend/replay-after-amend", "keys/another-currency"},
	"absent lists become empty":                         {"coupons/absent-stays-absent"},
	"readers share what is stored":                      {"coupons/reader-owns-what-is-read"},
	"pages skip ties":                                   {"lists/coupons-sorted-and-paged", "lists/redemptions-sorted-and-paged", "refusals/listed"},
	"pages are counted off":                             {"lists/edits-do-not-disturb-a-walk"},
	"archived coupons are always listed":                {"lists/coupons-filtered"},
	"texts are sorted by a collation":                   {"lists/texts-sort-as-bytes"},
	"a search has wildcards":                            {"lists/search-is-literal"},
	"the end of a range is in it":                       {"lists/redemptions-filtered", "times/ranges-are-half-open"},
	"events begin with the newest":                      {"redemptions/events"},
	"notes are listed as they came":                     {"notes/by-instant-then-id"},
	"a note is added twice":                             {"notes/put-again", "notes/put-at-once"},
	"a note replaces what was there":                    {"notes/put-again"},
	"an edited note is written anew":                    {"notes/edit"},
	"a note's version is not looked at":                 {"notes/edit-again", "notes/edits-at-once"},
	"notes need no coupon":                              {"notes/of-their-coupon"},
	"a note takes its neighbours along":                 {"notes/delete"},
	"instants have milliseconds only":                   {"coupons/every-field-survives", "redemptions/every-field-survives", "import/every-field-survives", "times/utc-and-microseconds", "times/validity-is-half-open", "times/ranges-are-half-open", "codes/every-field-survives"},
	"instants are nanoseconds in an int64":              {"times/far-instants"},
	"an unknown cost is zero":                           {"amend/cost", "redemptions/unknown-is-not-zero", "summary/figures"},
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
	"a sum is of all coupons":                           {"summary/one-coupon-only", "summary/many-in-order"},
	"one coupon is summed at a time":                    {"summary/many-at-once", "summary/many-in-order", "lists/coupons-by-figures"},
	"sums are in the order of their buckets":            {"summary/many-in-order"},
	"the merchant is ignored":                           {"merchants/same-keys", "merchants/foreign-ids-are-not-found", "merchants/nothing-leaks", "refusals/merchants"},
	"merchants are trimmed and lower-cased":             {"merchants/told-apart-as-bytes"},
	"a statement has 32766 arguments at most":           {"summary/many-buckets"},
	"a statement has 1000 counters at most":             {"limits/many-counters"},
	"lines are cut off":                                 {"redemptions/a-thousand-lines"},
	"the context is ignored":                            {"context/cancelled-before"},
	"a write that was made is reported as cancelled":    {"context/cancelled-meanwhile"},
	"an archived coupon asks for its code":              {"import-coupons/archived"},
	"opening uses are redemptions as any other":         {"opening/in-no-list-and-no-sum", "opening/no-booking", "opening/beside-a-booking"},
	"opening uses are summed":                           {"opening/in-no-list-and-no-sum"},
	"the number of opening uses is lost":                {"import-coupons/every-field-survives", "opening/counted-by-a-new-limit"},
	"an edit counts one use each":                       {"opening/counted-by-a-new-limit", "opening/in-their-period"},
	"further codes are not found":                       {"import/further-codes", "import-coupons/bad-rows-change-nothing", "import-coupons/again-changes-nothing", "import-coupons/more-is-added", "codes/a-further-code-is-used", "codes/all-are-under-the-coupons-limits", "codes/two-of-one-coupon", "codes/replay-of-an-archived-coupon"},
	"refusals are not kept":                             {"refusals/kept-beside-the-answer", "refusals/of-a-quote", "refusals/failing-to-keep", "refusals/switched-off", "refusals/host-transaction"},
	"a booking is refused for one reason":               {"refusals/kept-beside-the-answer", "refusals/listed"},
	"the last refusal stays":                            {"refusals/the-first-stays"},
	"every refusal is kept":                             {"refusals/the-first-stays", "refusals/at-once"},
	"refusals need no coupon":                           {"refusals/of-their-coupon"},
	"refusals are kept for ever":                        {"refusals/forgotten-in-time"},
	"a forgotten refusal stands in the way":             {"refusals/forgotten-in-time"},
	"refusals are not bounded":                          {"refusals/bounded"},
	"refusals are bounded over all coupons":             {"refusals/bounded"},
	"the oldest refusals stay":                          {"refusals/bounded"},
	"refusals begin with the oldest":                    {"refusals/listed"},
	"refusals are listed of all coupons":                {"refusals/listed", "refusals/several-coupons"},
	"a refusal is written on its coupon":                {"refusals/nothing-else-changes"},
	"a further code is given as the main one":           {"codes/a-further-code-is-used", "codes/each-is-counted-by-itself", "codes/single-use", "codes/figures-by-code"},
	"a main code may be another's further one":          {"codes/unique"},
	"an edit forgets the further codes":                 {"codes/an-edit-keeps-them"},
	"counters forget their code":                        {"codes/each-is-counted-by-itself", "codes/uses-of-each", "codes/single-use", "codes/single-use-beside-a-limit"},
	"whether a code is single-use is not stored":        {"codes/every-field-survives", "codes/single-use", "codes/single-use-beside-a-limit", "codes/race-on-a-single-use", "codes/generated"},
	"a redemption forgets that its code was single-use": {"codes/single-use-is-recounted"},
	"whose a code is is not stored":                     {"codes/every-field-survives", "codes/for-one-customer", "codes/generated"},
	"codes are listed as they came":                     {"codes/listed-in-pages"},
	"a sum is of all codes":                             {"codes/figures-by-code", "lists/totals"},
	"reservations that have expired are live":           {"lists/live"},
	"a sum is of all states":                            {"lists/totals"},
	"a sum is of all customers":                         {"lists/totals"},
	"a sum is of all costs":                             {"lists/totals"},
	"pages of codes begin with the last one again":      {"codes/listed-in-pages", "codes/listed-after"},
	"batches are of all coupons":                        {"codes/batches"},
	"a batch is as old as its last code":                {"codes/batches"},
	"what is taken is not told":                         {"codes/unique", "codes/added-twice", "codes/a-code-is-drawn-again", "codes/race-of-generations"},
	"the numbers of a batch are not stored":             {"codes/every-field-survives", "codes/generated-again", "codes/generation-resumed", "codes/generated-another-way"},
	"a batch may have a number twice":                   {"codes/a-number-is-there-once", "codes/race-of-generations", "codes/race-of-counts"},
	"the count of a batch is not stored":                {"codes/every-field-survives", "codes/generated", "codes/generated-again", "codes/generated-another-way"},
	"an id may be inserted twice":                       {"import-coupons/an-id-once", "import-coupons/at-once", "coupons/created-again", "coupons/created-at-once"},
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
