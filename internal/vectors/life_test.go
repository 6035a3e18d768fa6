package vectors

import (
	"strings"
	"testing"
)

// invented are vectors of our own: what the runner makes of each step. They show
// that it is general; what is right, only the facts of others say.
var invented = map[string]string{
	"a held use blocks others until it is paid, and is free again when the order falls through": `{"coupon": {"usage_limit": 1}, "events": [
		{"op": "hold", "order": "o1", "customer": "c1", "expect": {"allowed": true, "held": 1, "used": 0, "used_by_customer": 1}},
		{"op": "check", "order": "o1", "expect": {"allowed": true}},
		{"op": "hold", "order": "o2", "customer": "c2", "expect": {"allowed": false, "reason": "usage_limit_reached", "held": 1, "used_by_customer": 0}},
		{"op": "pay", "order": "o1", "expect": {"allowed": true, "held": 0, "used": 1}},
		{"op": "complete", "order": "o1", "expect": {"allowed": true, "used": 1}},
		{"op": "cancel", "order": "o1", "expect": {"allowed": true, "used": 0}},
		{"op": "hold", "order": "o2", "expect": {"allowed": true, "held": 1}},
		{"op": "pay", "order": "o1", "expect": {"allowed": false, "reason": "usage_limit_reached", "used": 0, "held": 1}},
		{"op": "rollback", "order": "o2", "expect": {"allowed": true, "held": 0, "used": 0}},
		{"op": "pay", "order": "o1", "expect": {"allowed": true, "used": 1}}]}`,
	"a payment that failed frees what was held, and the next one takes it again": `{"coupon": {"usage_limit": 1}, "events": [
		{"op": "hold", "order": "o1", "expect": {"held": 1}},
		{"op": "fail", "order": "o1", "expect": {"held": 0, "used": 0}},
		{"op": "pay", "order": "o1", "expect": {"allowed": true, "held": 0, "used": 1}}]}`,
	"an order that was cancelled can be held anew": `{"coupon": {"usage_limit": 1}, "events": [
		{"op": "hold", "order": "o1", "customer": "c1", "expect": {"held": 1}}, {"op": "redeem", "order": "o1", "expect": {"used": 1, "held": 0}},
		{"op": "cancel", "order": "o1", "expect": {"used": 0}}, {"op": "hold", "order": "o1", "expect": {"allowed": true, "held": 1, "used": 0}},
		{"op": "complete", "order": "o1", "expect": {"used": 1, "held": 0, "used_by_customer": 1}}]}`,
	"an order placed without a hold has its use only if it is left when it is paid": `{"coupon": {"usage_limit": 1}, "events": [
		{"op": "place_without_hold", "order": "o1", "applied_codes": 1, "expect": {"allowed": true, "held": 0, "used": 0}},
		{"op": "hold", "order": "o2", "expect": {"allowed": true, "held": 1}},
		{"op": "check", "order": "o1", "expect": {"allowed": false, "reason": "usage_limit_reached"}},
		{"op": "pay", "order": "o1", "applied_codes": 0, "expect": {"allowed": false, "reason": "usage_limit_reached", "used": 0, "held": 1}},
		{"op": "remove", "order": "o2", "expect": {"held": 0}},
		{"op": "place_without_hold", "order": "o3", "expect": {"allowed": true}},
		{"op": "cancel", "order": "o3", "expect": {"allowed": true, "used": 0}},
		{"op": "reopen", "order": "o3", "expect": {"allowed": true, "used": 0}},
		{"op": "complete", "order": "o3", "expect": {"allowed": true, "used": 1}}]}`,
	"what is held or redeemed stands though its order became ineligible, and others are served": `{"coupon": {},
		"policy": {"ineligible_later": ["reservation_stands"]}, "events": [
		{"op": "hold", "order": "o1", "expect": {"held": 1}}, {"op": "redeem", "order": "o2", "expect": {"used": 1}},
		{"op": "place_without_hold", "order": "o3", "expect": {"allowed": true}},
		{"op": "becomes_ineligible", "order": "o1", "expect": {"allowed": true, "held": 1}},
		{"op": "becomes_ineligible", "order": "o2", "expect": {"allowed": true, "used": 1}},
		{"op": "becomes_ineligible", "order": "o3", "expect": {"allowed": false, "reason": "not_in_audience"}},
		{"op": "check", "order": "o1", "expect": {"allowed": true}},
		{"op": "pay", "order": "o1", "expect": {"allowed": true, "held": 0, "used": 2}},
		{"op": "pay", "order": "o3", "expect": {"allowed": false, "reason": "no_matching_items", "used": 2}},
		{"op": "cancel", "order": "o1", "expect": {"used": 1}},
		{"op": "reopen", "order": "o1", "expect": {"allowed": false, "used": 1}},
		{"op": "redeem", "order": "o4", "expect": {"allowed": true, "used": 2}}]}`,
	"an order is reopened under the limits of that moment": `{"coupon": {"usage_limit": 1}, "events": [
		{"op": "redeem", "order": "o1", "expect": {"used": 1}}, {"op": "trash", "order": "o1", "expect": {"used": 0}},
		{"op": "redeem", "order": "o2", "expect": {"allowed": true, "used": 1}},
		{"op": "untrash", "order": "o1", "expect": {"allowed": false, "reason": "usage_limit_reached", "used": 1}},
		{"op": "fail", "order": "o2", "expect": {"used": 0}}, {"op": "untrash", "order": "o1", "expect": {"allowed": true, "used": 1}},
		{"op": "reopen", "order": "o1", "expect": {"allowed": true, "used": 1}}]}`,
	"a full refund keeps the use, a cancellation after it gives it back": `{"coupon": {"kind": "percent", "value": "10"}, "events": [
		{"op": "refund_full", "order": "o1", "expect": {"allowed": false, "used": 0}},
		{"op": "redeem", "order": "o1", "order_total": "200.00", "expect": {"used": 1}}, {"op": "refund_full", "order": "o1", "expect": {"allowed": true, "used": 1}},
		{"op": "refund_full", "order": "o1", "expect": {"allowed": true, "used": 1}}, {"op": "cancel", "order": "o1", "expect": {"used": 0}},
		{"op": "reopen", "order": "o1", "expect": {"used": 1}}]}`,
	"the same order with another total is amended, and budgets move by the difference": `{"coupon": {"kind": "percent", "value": "10",
		"budget": {"type": "spend", "limit": "100"}}, "events": [
		{"op": "redeem", "order": "o1", "order_total": "500.00", "expect": {"used": 1, "used_amount": "50"}},
		{"op": "redeem", "order": "o1", "order_total": "800.00", "expect": {"allowed": true, "used": 1, "used_amount": "80"}},
		{"op": "redeem", "order": "o2", "order_total": "300.00", "expect": {"allowed": false, "reason": "budget_exhausted", "used_amount": "80"}},
		{"op": "pay", "order": "o1", "order_total": "100.00", "expect": {"allowed": true, "used_amount": "10"}},
		{"op": "redeem", "order": "o2", "used_amount": "40.00", "expect": {"allowed": true, "used": 2}}]}`,
	"an amendment says which rules the order meets no more": `{"coupon": {"min_total": "50"}, "events": [
		{"op": "redeem", "order": "o1", "order_total": "60", "expect": {"allowed": true}},
		{"op": "redeem", "order": "o1", "order_total": "40", "expect": {"allowed": false, "reason": "below_minimum_total", "used": 1}}]}`,
	"a customer who becomes known has the use of the order": `{"coupon": {}, "events": [
		{"op": "redeem", "order": "o1", "expect": {"used": 1}}, {"op": "identify", "order": "o1", "customer": "C@x.test", "expect": {"allowed": true, "used": 1, "used_by_customer": 1}},
		{"op": "hold", "order": "o2", "expect": {"held": 1}}, {"op": "identify", "order": "o2", "customer": "c@x.test", "expect": {"allowed": true, "held": 1, "used_by_customer": 2}},
		{"op": "apply", "order": "o3", "expect": {"allowed": true}}, {"op": "identify", "order": "o3", "customer": "c@x.test", "applied_codes": 1, "expect": {"allowed": true, "used_by_customer": 2}},
		{"op": "complete", "order": "o2", "expect": {"used": 2, "held": 0, "used_by_customer": 2}}]}`,
	"what is held for one customer is not another's to pay for": `{"coupon": {"usage_limit_per_customer": 1}, "initial": {"used": 1, "used_by": {"c2": 1}}, "events": [
		{"op": "hold", "order": "o1", "customer": "c1", "expect": {"held": 1, "used": 1}},
		{"op": "pay", "order": "o1", "customer": "c2", "expect": {"allowed": false, "reason": "customer_usage_limit_reached", "used": 1, "held": 1}},
		{"op": "pay", "order": "o1", "customer": "c3", "expect": {"allowed": true, "used_by_customer": 1, "used": 2, "held": 0}}]}`,
	"each single-use code is for one order at a time": `{"coupon": {"single_use_code": true}, "events": [
		{"op": "apply", "order": "o1", "code": "a", "code_state": "used", "expect": {"allowed": true, "held": 1}},
		{"op": "apply", "order": "o1", "code": "A", "applied_codes": 1, "expect": {"allowed": false, "reason": "already_applied"}},
		{"op": "apply", "order": "o2", "code": "A", "expect": {"allowed": false, "reason": "usage_limit_reached", "held": 1}},
		{"op": "remove", "order": "o1", "code_state": "unused", "expect": {"held": 0}},
		{"op": "apply", "order": "o3", "code": "B", "code_state": "used", "expect": {"allowed": true}},
		{"op": "apply", "order": "o1", "code": "A", "code_state": "used", "expect": {"allowed": true, "held": 2}},
		{"op": "complete", "order": "o3", "code_state": "used", "expect": {"used": 1, "held": 1}},
		{"op": "cancel", "order": "o3", "code_state": "unused", "expect": {"used": 0}},
		{"op": "apply", "order": "o3", "code": "B", "code_state": "used", "expect": {"allowed": true, "held": 2}},
		{"op": "pay", "order": "o1", "code_state": "used", "expect": {"used": 1, "held": 1}},
		{"op": "redeem", "order": "o4", "code": "a", "expect": {"allowed": false}}]}`,
	"a single-use code of before is used": `{"coupon": {"single_use_code": true}, "initial": {"used": 1}, "events": [
		{"op": "check", "order": "o1", "code": "A", "code_state": "used", "expect": {"allowed": false, "reason": "usage_limit_reached", "used": 1}},
		{"op": "check", "order": "o1", "code": "B", "code_state": "unused", "expect": {"allowed": true}}]}`,
	"all codes of a coupon are under its limit": `{"coupon": {"usage_limit": 2, "code": "MAIN"}, "events": [
		{"op": "redeem", "order": "o1", "code": "A", "expect": {"used": 1}}, {"op": "redeem", "order": "o2", "code": "B", "code_state": "used", "expect": {"used": 2}},
		{"op": "redeem", "order": "o3", "expect": {"allowed": false, "reason": "usage_limit_reached"}}, {"op": "cancel", "order": "o1", "expect": {"used": 1}},
		{"op": "redeem", "order": "o1", "code": "MAIN", "expect": {"allowed": true, "used": 2}}]}`,
	"a code that is taken off a cart takes no use": `{"coupon": {}, "events": [
		{"op": "apply", "order": "o1", "applied_codes": 1, "expect": {"allowed": true, "used": 0}}, {"op": "remove", "order": "o1", "applied_codes": 0, "expect": {"allowed": true}},
		{"op": "complete", "order": "o1", "expect": {"allowed": false, "used": 0}}, {"op": "apply", "order": "o1", "expect": {"allowed": true}},
		{"op": "complete", "order": "o1", "expect": {"allowed": true, "used": 1}}]}`,
	"of many orders at once as many are served as there are uses": `{"coupon": {"usage_limit": 3}, "events": [
		{"op": "hold", "order": "h", "expect": {"held": 1}},
		{"op": "redeem_concurrently", "order": "o", "attempts": 8, "expect": {"allowed": true, "reason": "usage_limit_reached", "used": 2, "held": 1}},
		{"op": "reindex", "expect": {"used": 2, "held": 1}}]}`,
	"a use that is not reusable stays, a hold is none": `{"coupon": {"usage_limit": 2, "reusable_after_cancel": false}, "events": [
		{"op": "hold", "order": "o1", "expect": {"held": 1}}, {"op": "cancel", "order": "o1", "expect": {"held": 0, "used": 0}},
		{"op": "pay", "order": "o1", "expect": {"used": 1}}, {"op": "cancel", "order": "o1", "expect": {"used": 1}}, {"op": "reopen", "order": "o1", "expect": {"used": 1}}]}`,
	"an order of which only the end is told has a use of before": `{"coupon": {}, "initial": {"used": 3, "used_by": {"c1": 1}}, "events": [
		{"op": "cancel", "order": "o1", "customer": "c1", "expect": {"used": 2, "used_by_customer": 0}},
		{"op": "reopen", "order": "o1", "expect": {"used": 3, "used_by_customer": 1}}, {"op": "cancel", "order": "o9", "expect": {"used": 2}}]}`,
	"a first order is one without another that stands": `{"coupon": {"audience": {"first_order_only": true}}, "events": [
		{"op": "redeem", "order": "o1", "customer": "c1", "expect": {"allowed": true}}, {"op": "check", "order": "o2", "customer": "c1", "expect": {"allowed": false, "reason": "not_first_order"}},
		{"op": "cancel", "order": "o1", "expect": {}}, {"op": "check", "order": "o2", "expect": {"allowed": true}}]}`,
	"orders without a name are different ones": `{"coupon": {"usage_limit": 2}, "events": [
		{"op": "redeem", "customer": "c1", "expect": {"used": 1}}, {"op": "redeem", "customer": "c2", "expect": {"used": 2}}, {"op": "cancel", "expect": {"used": 1}}]}`,
	"each order is a use though the coupon is for agreements": `{"coupon": {"duration": "once", "usage_limit": 2}, "events": [
		{"op": "redeem", "order": "o1", "customer": "c1", "expect": {"allowed": true, "used": 1}}, {"op": "hold", "order": "o2", "customer": "c1", "expect": {"allowed": true, "held": 1}},
		{"op": "redeem_concurrently", "order": "o3", "attempts": 2, "expect": {"allowed": false, "reason": "usage_limit_reached"}},
		{"op": "cancel", "order": "o1", "expect": {"used": 0, "held": 1}}, {"op": "reopen", "order": "o1", "expect": {"used": 1}}]}`,
	"what is held counts on a budget, and is not yet an amount used": `{"coupon": {"kind": "percent", "value": "50", "budget": {"type": "spend", "limit": "60"}}, "events": [
		{"op": "hold", "order": "o1", "order_total": "100", "expect": {"held": 1, "used_amount": "0"}},
		{"op": "redeem", "order": "o2", "order_total": "40", "expect": {"allowed": false, "reason": "budget_exhausted"}},
		{"op": "pay", "order": "o1", "expect": {"used_amount": "50", "held": 0}}]}`,

	"the first booking of an agreement is priced like a single one": `{"coupon": {"kind": "fixed", "value": "0.12", "duration": "forever"}, "bookings": [
		{"lines": [{"id": "l1", "unit_price": "2.00"}, {"id": "l2", "unit_price": "1.00"}], "expect": {"total_discount": "0.12", "line_discounts": {"l1": "0.08", "l2": "0.04"}, "exhausted": false}}]}`,
	"so many bookings are covered, and one that is voided leaves its place": `{"coupon": {"kind": "fixed", "value": "5", "duration": "repeating", "occurrences": 2}, "bookings": [
		{"expect": {"total_discount": "5", "occurrences_left": 1, "exhausted": false}}, {"op": "void_previous_booking", "expect": {"occurrences_left": 2, "exhausted": false}},
		{"expect": {"total_discount": "5", "occurrences_left": 1}}, {"expect": {"total_discount": "5", "occurrences_left": 0, "exhausted": true}},
		{"lines": [{"id": "l1", "unit_price": "9"}], "expect": {"total_discount": "0", "line_discounts": {"l1": "0"}, "occurrences_left": 0, "exhausted": true}},
		{"op": "void_previous_booking", "expect": {"occurrences_left": 0, "exhausted": true}},
		{"op": "void_previous_booking", "expect": {"occurrences_left": 1, "exhausted": false}}, {"expect": {"total_discount": "5", "occurrences_left": 0, "exhausted": true}}]}`,
	"what one booking can't take of a fixed amount is lost": `{"coupon": {"kind": "fixed", "value": "12", "duration": "once"}, "policy": {"unused_fixed_amount": ["lost"]}, "bookings": [
		{"lines": [{"id": "l1", "unit_price": "6"}], "expect": {"total_discount": "6", "amount_left": "0", "exhausted": true, "occurrences_left": 0}},
		{"expect": {"total_discount": "0", "exhausted": true}}, {"op": "void_previous_booking", "expect": {"exhausted": true}},
		{"op": "void_previous_booking", "expect": {"exhausted": false, "amount_left": "12"}}]}`,
	"an amount used before is a booking of before": `{"coupon": {"kind": "fixed", "value": "12", "duration": "once"}, "initial": {"amount_used": "6"}, "bookings": [
		{"expect": {"total_discount": "0", "amount_left": "0", "exhausted": true}}]}`,
	"an exhausted agreement has another booking when one is voided": `{"coupon": {"kind": "percent", "value": "20", "duration": "repeating", "occurrences": 3}, "initial": {"exhausted": true}, "bookings": [
		{"expect": {"total_discount": "0", "occurrences_left": 0, "exhausted": true}}, {"op": "void_previous_booking", "expect": {"occurrences_left": 0}},
		{"op": "void_previous_booking", "expect": {"occurrences_left": 1, "exhausted": false}}, {"expect": {"total_discount": "20", "occurrences_left": 0}}]}`,
	"what was left before is what is left now": `{"coupon": {"kind": "percent", "value": "20", "duration": "repeating", "occurrences": 3}, "initial": {"occurrences_left": 2}, "bookings": [
		{"op": "void_previous_booking", "expect": {"occurrences_left": 3, "exhausted": false}}, {"expect": {"total_discount": "20", "occurrences_left": 2}}]}`,
	"how many are covered may be told by what is left": `{"coupon": {"kind": "percent", "value": "20", "duration": "repeating"}, "initial": {"occurrences_left": 2}, "bookings": [
		{"op": "void_previous_booking", "expect": {"occurrences_left": 3}}]}`,
	"an agreement without an end is exhausted only if the coupon has ended": `{"coupon": {"kind": "percent", "value": "20", "duration": "forever"}, "initial": {"exhausted": true}, "bookings": [
		{"op": "void_previous_booking", "expect": {"exhausted": true}}, {"expect": {"total_discount": "0", "exhausted": true}}]}`,
	"a coupon that is switched off begins no agreement anew": `{"coupon": {"kind": "fixed", "value": "1", "duration": "once", "disabled": true}, "initial": {"exhausted": true}, "bookings": [
		{"op": "void_previous_booking", "expect": {"exhausted": true, "amount_left": "0"}}]}`,
	"nor does one that was put away": `{"coupon": {"kind": "fixed", "value": "1", "duration": "repeating", "occurrences": 2, "deleted": true}, "initial": {"occurrences_left": 1}, "bookings": [
		{"expect": {"total_discount": "1", "exhausted": true}}, {"op": "void_previous_booking", "expect": {"exhausted": false}}, {"op": "void_previous_booking", "expect": {"exhausted": true}}]}`,
	"an agreement is one use, and all its bookings are served": `{"coupon": {"kind": "percent", "value": "10", "duration": "forever", "usage_limit": 1, "usage_limit_per_customer": 1}, "bookings": [
		{"expect": {"total_discount": "10", "exhausted": false}}, {"expect": {"total_discount": "10"}}, {"op": "void_previous_booking", "expect": {}}, {"expect": {"total_discount": "10", "exhausted": false}}]}`,
	"a booking that is refused leaves its place": `{"coupon": {"kind": "percent", "value": "10", "duration": "once", "min_total": "50"}, "bookings": [
		{"lines": [{"id": "l1", "unit_price": "49"}], "expect": {"total_discount": "0", "occurrences_left": 1, "exhausted": false}}, {"op": "void_previous_booking", "expect": {"occurrences_left": 1}},
		{"lines": [{"id": "l1", "unit_price": "50"}], "expect": {"total_discount": "5", "occurrences_left": 0, "exhausted": true}}]}`,
}

func TestWhatWeMakeOfEachStepHoldsAndNoChangeOfItDoes(t *testing.T) {
	t.Parallel()
	for name, v := range invented {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			kind := "usage"
			if strings.Contains(v, `"bookings"`) {
				kind = "recurring"
			}
			raw := []byte(strings.Replace(v, "{", `{"id": "invented", "type": "`+kind+`", `, 1))
			if _, err := runVector(t.Context(), raw, nil); err != nil {
				t.Fatal(err)
			}
			everyChangeFails(t, name, raw, nil)
		})
	}
}

func TestStepsThatAreNoneOfOursAreSkipped(t *testing.T) {
	t.Parallel()
	for reason, v := range map[string]string{
		string(noCustomer): `{"id": "x", "type": "usage", "coupon": {"usage_limit_per_customer": 1}, "events": [
			{"op": "apply", "order": "o1", "expect": {}}, {"op": "pay", "order": "o1", "expect": {"used": 1}}]}`,
		"our rule: one order can't have two codes of one coupon": `{"id": "x", "type": "usage", "coupon": {}, "events": [
			{"op": "redeem", "order": "o1", "code": "A", "expect": {}}, {"op": "redeem", "order": "o1", "code": "B", "expect": {"used": 2}}]}`,
		string(zeroResult): `{"id": "x", "type": "recurring", "coupon": {"kind": "percent", "value": "10", "duration": "once"}, "bookings": [
			{"lines": [{"id": "l1", "unit_price": "0"}], "expect": {"total_discount": "0", "exhausted": true}}]}`,
		"policy unused_fixed_amount: ours is lost, not carries_over": `{"id": "x", "type": "recurring", "policy": {"unused_fixed_amount": ["carries_over"]},
			"coupon": {"kind": "fixed", "value": "10", "duration": "once"}, "bookings": []}`,
	} {
		if printed, failures := runText(t, v); failures != nil || !strings.Contains(printed, "vectors: skip x: "+reason+"\n") {
			t.Errorf("failures %v, printed %q: want %q", failures, printed, reason)
		}
	}
}
