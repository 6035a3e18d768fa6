package httpui

import (
	"strconv"

	"github.com/couponkit/coupon"
)

// codesHeader are the columns of codes as a table: those of [coupon.WriteCodes], and
// what only we know. Instants are in the coupon's zone.
var codesHeader = []string{"code", "single_use", "customer", "batch", "created_at", "main", "used"}

// codesCSV answers with the codes of the state, on whichever page.
func (q *request) codesCSV(s codesState) error {
	name := "codes-" + string(q.c.Code)
	if s.Batch != "" {
		name += "-" + fileText(s.Batch)
	}
	return q.csv(name+".csv", codesHeader, inPieces(q.codesOf(s, ""), func(some []coupon.CouponCode) (out [][]string, err error) {
		used, err := q.usedCodes(some)
		for _, k := range some {
			out = append(out, []string{csvText(string(k.Code)), strconv.FormatBool(k.SingleUse), csvText(k.Customer), csvText(k.Batch),
				instantIn(k.CreatedAt, q.c), strconv.FormatBool(k.Main), strconv.FormatBool(used[k.Code])})
		}
		return out, err
	}))
}

// usedCodes tells which codes were used, as codeUses does. How is not asked for:
// the counters of a batch for a single use are read together, and nothing else.
func (q *request) usedCodes(codes []coupon.CouponCode) (map[coupon.Code]bool, error) {
	counted, err := q.svc.CodeUses(q.r.Context(), q.c.ID, codes)
	if err != nil {
		return nil, err
	}
	out := map[coupon.Code]bool{}
	for _, k := range codes {
		if l, ok := counted[k.Code]; ok {
			out[k.Code] = l.Used > 0
			continue
		}
		state, err := q.latestUse(k)
		if err != nil {
			return nil, err
		}
		out[k.Code] = state != ""
	}
	return out, nil
}
