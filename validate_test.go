package coupon_test

import (
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/couponkit/coupon"
)

func TestValidateNamesEveryBrokenFieldAndItsBound(t *testing.T) {
	t.Parallel()
	usd := func(s string) coupon.Money { return coupon.MustMoney(s, "USD") }
	for _, tc := range []struct {
		change      func(*coupon.Coupon)
		field, must string
	}{
		{func(c *coupon.Coupon) { c.Code = "A B" }, "code", "letters A–Z"},
		{func(c *coupon.Coupon) { c.Code = "lower" }, "code", "canonical form: LOWER"},
		{func(c *coupon.Coupon) { c.Name = strings.Repeat("n", 201) }, "name", "at most 200"},
		{func(c *coupon.Coupon) { c.Name = "a\x07b" }, "name", "control"},
		{func(c *coupon.Coupon) { c.Name = "a\u202eb" }, "name", "control or direction"},
		{func(c *coupon.Coupon) { c.Name = "a\xffb" }, "name", "control"},
		{func(c *coupon.Coupon) { c.Audience = "vip" }, "audience", "one of"},
		{func(c *coupon.Coupon) { c.Zone = "Mars/Olympus" }, "zone", "IANA zone"},
		{func(c *coupon.Coupon) { c.ValidBy = "clock" }, "valid_by", "one of"},
		{func(c *coupon.Coupon) { c.Start = time.Time{} }, "start", "must be set"},
		{func(c *coupon.Coupon) { c.End = c.Start }, "end", "after start"},
		{func(c *coupon.Coupon) { c.End = c.Start.Add(-1) }, "end", "after start"},
		{func(c *coupon.Coupon) { c.End = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) }, "end", "years 1 to 9999"},

		{func(c *coupon.Coupon) { c.Discount.Kind = "" }, "discount.kind", "one of"},
		{func(c *coupon.Coupon) { c.Discount = percent("0") }, "discount.percent", "more than 0 and at most 100"},
		{func(c *coupon.Coupon) { c.Discount = percent("-5") }, "discount.percent", "more than 0"},
		{func(c *coupon.Coupon) { c.Discount = percent("100.01") }, "discount.percent", "at most 100"},
		{func(c *coupon.Coupon) { c.Discount = percent("0.00001") }, "discount.percent", "at most 4 decimals"},
		{func(c *coupon.Coupon) { c.Discount = coupon.PercentOff(decimal.New(1, 9999)) }, "discount.percent", "at most 100"},
		{func(c *coupon.Coupon) {
			c.Discount = coupon.PercentOff(decimal.RequireFromString(strings.Repeat("7", 40)))
		}, "discount.percent", "at most 100"},
		{func(c *coupon.Coupon) { c.Discount.Cap = usd("0") }, "discount.cap", "more than 0; leave it out for none"},
		{func(c *coupon.Coupon) { c.Discount.Amount = usd("5") }, "discount.amount", "must be empty"},
		{func(c *coupon.Coupon) { c.Discount = coupon.AmountOff(usd("5")).UpTo(usd("3")) }, "discount.cap", "only a percentage"},
		{func(c *coupon.Coupon) { c.Discount = coupon.AmountOff(usd("0")) }, "discount.amount", "more than 0"},
		{func(c *coupon.Coupon) { c.Discount = coupon.AmountOff(usd("-5")) }, "discount.amount", "more than 0"},
		{func(c *coupon.Coupon) { c.Discount = coupon.AmountOff(coupon.Money{}) }, "discount.amount", "must be set"},
		{func(c *coupon.Coupon) {
			c.Discount = coupon.AmountOff(coupon.Money{Amount: decimal.New(1, 9999), Currency: "USD"})
		}, "discount.amount", "12 digits"},
		{func(c *coupon.Coupon) {
			c.Discount = coupon.AmountOff(coupon.Money{Amount: decimal.New(5, 0), Currency: "usd"})
		}, "discount.amount", "ISO 4217"},

		{func(c *coupon.Coupon) { c.Restrictions.MinTotal = usd("0") }, "restrictions.min_total", "leave it out"},
		{func(c *coupon.Coupon) {
			c.Restrictions.MinTotal, c.Restrictions.MaxTotal = usd("50"), usd("49.99")
		}, "restrictions.max_total", "not be below min_total, 50.00 USD"},
		{func(c *coupon.Coupon) {
			c.Restrictions.MinTotal, c.Restrictions.MaxTotal = usd("50"), coupon.MustMoney("60", "EUR")
		}, "restrictions.max_total", "in USD, as restrictions.min_total"},
		{func(c *coupon.Coupon) {
			c.Code, c.Restrictions.MinTotal, c.Restrictions.MaxTotal = "A B", usd("50"), usd("49.99") // also beside another error
		}, "restrictions.max_total", "not be below min_total"},
		{func(c *coupon.Coupon) {
			c.Discount, c.Restrictions.MinTotal = coupon.AmountOff(usd("5")), coupon.MustMoney("50", "EUR")
		}, "restrictions.min_total", "in USD, as discount.amount"},
		{func(c *coupon.Coupon) {
			c.Discount = coupon.AmountOff(usd("5"))
			c.Restrictions.Limits = []coupon.Limit{{Of: coupon.DiscountGiven, Per: coupon.PerCoupon, Budget: coupon.MustMoney("50", "GBP")}}
		}, "restrictions.limits[0].budget", "in USD"},
		{func(c *coupon.Coupon) { c.Restrictions.BookingType = "both" }, "restrictions.booking_type", "one of"},
		{func(c *coupon.Coupon) { c.Restrictions.Frequencies = []coupon.Frequency{} }, "restrictions.frequencies", "leave it out"},
		{func(c *coupon.Coupon) {
			c.Restrictions.BookingType, c.Restrictions.Frequencies = coupon.OneTime, []coupon.Frequency{coupon.EveryWeek}
		}, "restrictions.frequencies", "no frequency"},
		{func(c *coupon.Coupon) { c.Restrictions.Days = []time.Weekday{} }, "restrictions.days", "leave it out"},
		{func(c *coupon.Coupon) { c.Restrictions.Days = []time.Weekday{7} }, "restrictions.days[0]", "0 (Sunday) to 6"},
		{func(c *coupon.Coupon) { c.Restrictions.Hours = []coupon.Hours{{From: 60, To: 60}} }, "restrictions.hours[0]", "two different times"},
		{func(c *coupon.Coupon) {
			c.Restrictions.Hours = []coupon.Hours{{From: 60, To: coupon.EndOfDay + 1}}
		}, "restrictions.hours[0]", "24:00"},
		{func(c *coupon.Coupon) { c.Restrictions.Matches = match("order", "k", "v") }, "restrictions.matches[0].on", "one of"},
		{func(c *coupon.Coupon) { c.Restrictions.Matches = match(coupon.OnLine, "", "v") }, "restrictions.matches[0].key", "must be set"},
		{func(c *coupon.Coupon) {
			c.Restrictions.Matches = []coupon.Match{{On: coupon.OnLine, Key: "k"}}
		}, "restrictions.matches[0].any_of", "must be set, or none_of"},
		{func(c *coupon.Coupon) {
			c.Restrictions.Matches = []coupon.Match{{On: coupon.OnLine, Key: "k", AnyOf: []string{}}}
		}, "restrictions.matches[0].any_of", "leave it out"},
		{func(c *coupon.Coupon) { c.Restrictions.MinUnits = -1 }, "restrictions.min_units", "0 (none)"},
		{func(c *coupon.Coupon) {
			c.Restrictions.Limits = []coupon.Limit{{Of: coupon.Uses, Per: coupon.PerCoupon}}
		}, "restrictions.limits[0].max", "at least 1"},
		{func(c *coupon.Coupon) {
			c.Restrictions.Limits = []coupon.Limit{{Of: coupon.DiscountGiven, Per: coupon.PerCoupon, Budget: usd("0")}}
		}, "restrictions.limits[0].budget", "more than 0"},
		{func(c *coupon.Coupon) {
			c.Restrictions.Limits = []coupon.Limit{{Of: "visits", Per: coupon.PerCoupon, Max: 1}}
		}, "restrictions.limits[0].of", "one of"},
		{func(c *coupon.Coupon) {
			c.Restrictions.Limits = []coupon.Limit{{Of: coupon.Uses, Per: coupon.PerCoupon, Max: 1}, {Of: coupon.Uses, Per: coupon.PerCoupon, Every: coupon.Ever, Max: 2}}
		}, "restrictions.limits[1]", "only limit of uses per coupon and ever"},
	} {
		c, _ := plain()
		tc.change(&c)
		wantField(t, c.Validate(), tc.field, tc.must)
	}
}

func TestValidateGivesAllErrorsAtOnce(t *testing.T) {
	t.Parallel()
	err := coupon.Coupon{Code: "A B", Zone: "Nowhere", Discount: percent("0")}.Validate()
	for _, field := range []string{"code", "zone", "start", "discount.percent"} {
		wantField(t, err, field, "")
	}
}

func TestValidateTakesEveryRuleAtItsBound(t *testing.T) {
	t.Parallel()
	for _, p := range []string{"0.0001", "100", "100.0000", "33.3333"} {
		c, _ := plain()
		c.Discount = percent(p).UpTo(coupon.MustMoney("0.01", "USD"))
		c.Restrictions = coupon.Restrictions{
			MinTotal: coupon.MustMoney("50", "USD"), MaxTotal: coupon.MustMoney("50", "USD"),
			BookingType: coupon.Recurring, Frequencies: []coupon.Frequency{"on full moons"},
			Days: []time.Weekday{0, 6}, Hours: append(hours("00:00", "24:00"), hours("23:00", "22:59:59")...),
			Limits: []coupon.Limit{
				{Of: coupon.Uses, Per: coupon.PerCoupon, Max: 1},
				{Of: coupon.Uses, Per: coupon.PerCoupon, Every: coupon.PerDay, Max: 1},
				{Of: coupon.Uses, Per: coupon.PerCustomer, Max: 1},
				{Of: coupon.DiscountGiven, Per: coupon.PerCoupon, Budget: coupon.MustMoney("0.01", "USD")},
			},
		}
		if err := c.Validate(); err != nil {
			t.Errorf("%s %%: %v", p, err)
		}
	}
}
