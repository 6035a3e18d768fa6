package httpui

import (
	"testing"

	"github.com/couponkit/coupon"
)

func TestTheChartInASentence(t *testing.T) {
	t.Parallel()
	w := testWords(t, "")
	for _, tt := range []struct {
		want    string
		values  []int64
		measure measure
		before  int64 // -1 is no comparison
	}{
		{"No redemptions, in July.", []int64{0, 0, 0}, measure{}, -1},
		{"1 redemption, in July.", []int64{0, 1, 0}, measure{}, -1},
		{"3 redemptions, in July.", []int64{1, 1, 1}, measure{}, -1},
		{"1,006 redemptions, in July. The most, 1,002, on b.", []int64{4, 1002, 0}, measure{}, -1},
		{"9 redemptions, in July. The most, 4, on a and 1 other day.", []int64{4, 1, 4}, measure{}, -1},
		{"6 redemptions, in July. The most, 2, on a and 2 other days.", []int64{2, 2, 2}, measure{}, -1},
		{"12 redemptions, in July.", []int64{12}, measure{}, -1},
		{"$3.01 of revenue, in July. The most, $3.00, on b.", []int64{1, 300}, measure{metric: revenue, currency: "USD"}, -1},
		{"¥5 of discounts, in July. The most, ¥5, on a.", []int64{5, 0}, measure{metric: discounts, currency: "JPY"}, -1},
		{"No revenue, in July.", []int64{0, 0}, measure{metric: revenue}, -1},
		{"3 redemptions, in July. That is 50% more than in the previous period.", []int64{1, 1, 1}, measure{}, 2},
		{"3 redemptions, in July. That is 25% less than in the previous period.", []int64{1, 1, 1}, measure{}, 4},
		{"3 redemptions, in July. That is the same as in the previous period.", []int64{1, 1, 1}, measure{}, 3},
		{"3 redemptions, in July. There was nothing in the previous period.", []int64{1, 1, 1}, measure{}, 0},
		{"No redemptions, in July. That is 100% less than in the previous period.", []int64{0}, measure{}, 7},
	} {
		s := chartSeries{Measure: tt.measure, By: coupon.Daily, Range: "in July"}
		for i, v := range tt.values {
			s.Buckets = append(s.Buckets, bucket{Value: v, Day: string(rune('a' + i))})
			s.Total += v
		}
		if tt.before >= 0 {
			s.BeforeRange, s.Then, s.BeforeTotal = "June", w.then(previousPeriod), tt.before
		}
		if got := w.sentence(s); got != tt.want {
			t.Errorf("%v: %q, want %q", tt.values, got, tt.want)
		}
	}
}
