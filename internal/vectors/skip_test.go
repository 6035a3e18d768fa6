package vectors

import (
	"fmt"
	"slices"
	"strings"

	"github.com/shopspring/decimal"
)

// ours are our choices where engines differ, in the words of the vectors; the
// first word is the usual one. A vector that depends on another choice is
// skipped.
var ours = map[string][]string{
	"rounding":                      {"half_up"},
	"rounding_scope":                {"on_total"},
	"remainder":                     {"largest"},
	"any_of":                        {"half_up/on_total/largest"},
	"end_bound":                     {"exclusive"},
	"bounds":                        {"inclusive"},
	"code_case":                     {"insensitive"},
	"zero_usage_limit":              {"error", "invalid"},
	"zero_cap":                      {"error", "invalid"},
	"zero_discount_counts":          {"no"},
	"anonymous_with_customer_limit": {"reject"},
	"anonymous_is_new":              {"no"},
	"excluded_item_in_order":        {"skip_line", "skip"},
	"category_tree":                 {"flat"},
	"empty_audience_list":           {"error", "invalid"},
	"hours_end":                     {"exclusive"},
	"duplicate_code":                {"reject", "refuse", "refused"},
	"refund_releases_use":           {"no"},
	"spend_overflow":                {"reject_at_check"},
	"unused_fixed_amount":           {"lost"},
	"zero_weights":                  {"nothing", "zero"},
	"cap_on_fixed":                  {"error", "invalid"},
	"minimum_basis":                 {"before_discounts", "before"},
	"ineligible_later":              {"reservation_stands", "stands", "keeps"},
	"unknown_code_at_record":        {"reject", "refuse", "refused"},
}

// policies is a skip if the vector holds only under choices that are not ours. A
// key that is not known is an error: somebody must decide first.
func (h header) policies() error {
	keys := make([]string, 0, len(h.Policy))
	for key := range h.Policy {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		chosen, ok := ours[key]
		if !ok {
			return fmt.Errorf("unknown policy %q", key)
		}
		if !slices.ContainsFunc(h.Policy[key], func(p string) bool { return slices.Contains(chosen, p) }) {
			return skip(fmt.Sprintf("policy %s: ours is %s, not %s", key, chosen[0], strings.Join(h.Policy[key], " or ")))
		}
	}
	return nil
}

// shape says whether a coupon needs what we left out, or meets a rule of ours.
func (s couponSpec) shape() error {
	switch s.Scope {
	case "", "items":
	case "items_and_shipping", "shipping":
		return skip("left out: shipping as a scope")
	default:
		return fmt.Errorf("unknown scope %q", s.Scope)
	}
	switch {
	case s.Kind == "fixed_per_line":
		return skip("left out: a fixed amount once per line")
	case s.MaxUnits != nil || s.MaxUnitsPerLine != nil:
		return skip("left out: at most N discounted units")
	case s.Audience.NthOrder != nil:
		return skip("left out: n-th booking")
	case s.Audience.ReturningAfterDays != nil:
		return skip("left out: returning after N days")
	case s.Kind == "percent" && s.Value != nil && s.Value.GreaterThan(decimal.NewFromInt(100)):
		return skip("our rule: a percentage is at most 100")
	case s.Kind == "percent" && s.Value != nil && !s.Value.Shift(4).IsInteger():
		return skip("left out: percentages of more than 4 decimals")
	case s.MinTotalOfMatching != nil || s.MinQuantityOfMatching != nil:
		return skip("our rule: totals are of the booking, units are of the eligible lines, not of matching ones")
	case slices.ContainsFunc(slices.Concat(s.CustomerEmails, s.Audience.Customers), func(c string) bool { return strings.Contains(c, "*") }):
		return skip("our rule: no wildcards in customer lists")
	}
	return nil
}

// lineShape is shape for the lines of an order.
func lineShape(lines []lineSpec) error {
	for _, l := range lines {
		switch l.Kind {
		case "", "items", "item":
		case "shipping":
			return skip("left out: shipping as a scope")
		default:
			return fmt.Errorf("unknown kind %q of line %s", l.Kind, l.ID)
		}
		if l.FloorUnitPrice != nil && !l.FloorUnitPrice.IsZero() {
			return skip("left out: floor prices")
		}
	}
	return nil
}

// worthless says whether there is nothing to take a discount off.
func worthless(lines []lineSpec) bool {
	return !slices.ContainsFunc(lines, func(l lineSpec) bool { return l.quantity() > 0 && !l.UnitPrice.IsZero() })
}

// zeroResult is a skip: a discount that comes to nothing is refused by us.
const zeroResult = skip("our rule: a discount of zero is a refusal")

func isZero(d *decimal.Decimal) bool { return d != nil && d.IsZero() }
