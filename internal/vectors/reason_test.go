package vectors

import "github.com/couponkit/coupon"

// reasons are the words of the vectors that a refusal of ours may stand for.
func reasons(r coupon.Refusal) []string {
	switch r.Reason {
	case coupon.UnknownCode:
		return []string{"not_found"}
	case coupon.AlreadyApplied:
		return []string{"already_applied"}
	case coupon.IsArchived:
		return []string{"not_found", "disabled"}
	case coupon.IsInactive:
		return []string{"disabled"}
	case coupon.NotStarted:
		return []string{"not_started"}
	case coupon.HasEnded:
		return []string{"expired"}
	case coupon.NoCustomer: // engines differ in which of the two they say of nobody
		return []string{"customer_required", "not_in_audience"}
	case coupon.NotNew:
		return []string{"not_first_order"}
	case coupon.WrongDay:
		return []string{"wrong_weekday"}
	case coupon.WrongHour:
		return []string{"outside_hours"}
	case coupon.WrongCurrency:
		return []string{"wrong_currency"}
	case coupon.BelowMinimum:
		return []string{"below_minimum_total"}
	case coupon.AboveMaximum:
		return []string{"above_maximum_total"}
	case coupon.TooFewUnits:
		return []string{"below_minimum_quantity"}
	case coupon.NothingEligible:
		return []string{"no_matching_items", "excluded_item", "excluded_category", "excluded_sale_item"}
	case coupon.NoMatch:
		return noMatch(*r.Match)
	case coupon.LimitReached:
		return limitReached(*r.Limit)
	}
	return nil
}

func noMatch(m coupon.Match) []string {
	switch {
	case m.On == coupon.OnCustomer:
		return []string{"not_in_audience"}
	case m.Key == keyOrder:
		return laterIneligible
	case m.Key == keyOrderType:
		return []string{"wrong_order_type"}
	case m.Key == keyChannel, m.Key == keyLocation:
		return []string{"not_in_channel"}
	case m.Key == keyCategory && m.AnyOf != nil:
		return []string{"no_matching_items"}
	case m.Key == keyCategory:
		return []string{"excluded_category"}
	}
	return nil
}

// laterIneligible are the words for an order that became ineligible: by which
// rule, the vectors don't say, but not by a limit or an unknown code.
var laterIneligible = []string{"not_started", "expired", "wrong_weekday", "outside_hours", "below_minimum_total", "above_maximum_total",
	"below_minimum_quantity", "no_matching_items", "excluded_item", "excluded_category", "excluded_sale_item", "wrong_currency",
	"customer_required", "not_in_audience", "not_first_order", "wrong_order_type", "not_in_channel", "disabled"}

func limitReached(l coupon.Limit) []string {
	switch {
	case l.Of == coupon.DiscountGiven:
		return []string{"budget_exhausted"}
	case l.Per == coupon.PerCustomer:
		return []string{"customer_usage_limit_reached"}
	case l.Per == coupon.PerCoupon: // a budget of uses is a limit of uses
		return []string{"usage_limit_reached", "budget_exhausted"}
	}
	return []string{"usage_limit_reached"}
}
