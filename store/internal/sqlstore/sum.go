package sqlstore

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/schema"

	"github.com/couponkit/coupon"
)

// Most that are summed by one statement: buckets, and coupons.
const (
	maxBuckets = 400
	maxSummed  = 200
)

// sumRow are the sums of one coupon, bucket, currency and state.
type sumRow struct {
	Coupon         string
	I              int
	Currency       string
	State          string
	N              int64
	Subtotal       int64
	Eligible       int64
	Discount       int64
	OtherDiscounts int64
	Refund         int64
	CostKnown      int64
	Cost           int64
	CostedRevenue  int64
	CustomersKnown int64
	NewCustomers   int64
}

// Sum implements coupon.Store. What it reads are stretches of the covering index of
// the clock.
func (s *Store) Sum(ctx context.Context, f coupon.SumQuery) (sums []coupon.BucketSums, err error) {
	at, err := clockColumn(f.Clock)
	if err != nil {
		return nil, err
	}
	err = s.read(ctx, "sum", func(q conn) error {
		cells := map[cell]*coupon.Sums{}
		err := chunked(f.Coupons, maxSummed, func(ids []coupon.ID) error {
			return chunked(bucketsOf(f), maxBuckets, func(buckets []bucket) error {
				var rows []sumRow
				if err := s.sumOfBuckets(ctx, q, &rows, buckets, ids, sumColumns, at, narrowing(f)); err != nil {
					return s.overflow(ctx, q, ids, err)
				}
				for _, row := range rows {
					if err := row.addTo(cells); err != nil {
						return err
					}
				}
				return nil
			})
		})
		if err != nil {
			return err
		}
		sums = make([]coupon.BucketSums, 0, len(cells))
		for c, x := range cells {
			sums = append(sums, coupon.BucketSums{Coupon: coupon.ID(c.coupon), Bucket: c.bucket, Sums: *x})
		}
		slices.SortFunc(sums, func(a, b coupon.BucketSums) int {
			return cmp.Or(cmp.Compare(a.Coupon, b.Coupon), a.Bucket-b.Bucket, cmp.Compare(a.Currency, b.Currency))
		})
		return nil
	})
	return sums, err
}

// narrowing are the conditions of a sum beside its coupon and buckets. All are on
// columns of the covering indexes.
func narrowing(f coupon.SumQuery) schema.QueryAppender {
	var where strings.Builder
	var args []any
	for _, c := range []struct {
		asked     bool
		condition string
		args      []any
	}{
		{f.Unscheduled, " AND r.service_at IS NULL", nil},
		{f.Code != "", " AND r.code = ?", []any{text(f.Code)}},
		{len(f.States) > 0, " AND r.state IN (?)", []any{bun.List(texts(f.States))}},
		{f.NewCustomer, " AND r.new_customer = 1", nil},
		{f.CostKnown, " AND r.cost IS NOT NULL", nil},
	} {
		if c.asked {
			where.WriteString(c.condition)
			args = append(args, c.args...)
		}
	}
	return bun.SafeQuery(where.String(), args...)
}

// sumColumns are those of sumRow that are added up.
const sumColumns bun.Safe = `COUNT(*) AS n,
	CAST(SUM(r.subtotal) AS BIGINT) AS subtotal, CAST(SUM(r.eligible) AS BIGINT) AS eligible, CAST(SUM(r.discount) AS BIGINT) AS discount,
	CAST(SUM(r.other_discounts) AS BIGINT) AS other_discounts, CAST(SUM(r.refund) AS BIGINT) AS refund,
	COUNT(r.cost) AS cost_known, CAST(COALESCE(SUM(r.cost), 0) AS BIGINT) AS cost,
	CAST(SUM(CASE WHEN r.cost IS NULL THEN 0 ELSE r.subtotal - r.discount - r.other_discounts END) AS BIGINT) AS costed_revenue,
	COUNT(r.new_customer) AS customers_known, CAST(COALESCE(SUM(r.new_customer), 0) AS BIGINT) AS new_customers`

// sumOfBuckets is the statement of Sum. Where the database finds the bucket of an
// instant by itself, all of them are one stretch of the index for each coupon; then
// a plan made before the rows were counted, with another index, still reads each
// row once, and one that counts on many coupons does not read all that there are.
// Else it goes bucket by bucket.
func (s *Store) sumOfBuckets(ctx context.Context, q conn, rows *[]sumRow, buckets []bucket, ids []coupon.ID, args ...any) error {
	if s.dialect.WidthBucket {
		first, last := buckets[0], buckets[len(buckets)-1]
		of := values(convert(ids, func(id coupon.ID) list { return list{text(id)} }))
		args = append(args, of, first.i-1, list(convert(buckets, func(b bucket) any { return b.lo })), first.lo, last.hi)
		return q.scan(ctx, rows, `SELECT asked.coupon, sums.* FROM (VALUES ?3) AS asked (coupon) CROSS JOIN LATERAL (
			SELECT ?4 + width_bucket(?1, CAST(ARRAY[?5] AS BIGINT[])) AS i, r.currency, r.state, ?0 FROM ?redemptions AS r
			WHERE r.merchant = ?merchant AND r.coupon = asked.coupon AND ?1 >= ?6 AND ?1 < ?7 ?2
				AND r.state IN ('redeemed', 'refunded', 'cancelled')
			GROUP BY 1, r.currency, r.state) AS sums`, args...)
	}
	args = append(args, bun.List(texts(ids)), values(convert(buckets, func(b bucket) list { return list{b.i, b.lo, b.hi} })))
	return q.scan(ctx, rows, `WITH bucket (i, lo, hi) AS (VALUES ?4) SELECT bucket.i, r.coupon, r.currency, r.state, ?0 FROM bucket CROSS JOIN ?redemptions AS r
		WHERE r.merchant = ?merchant AND r.coupon IN (?3) AND ?1 >= bucket.lo AND ?1 < bucket.hi ?2
			AND r.state IN ('redeemed', 'refunded', 'cancelled')
		GROUP BY bucket.i, r.coupon, r.currency, r.state`, args...)
}

func clockColumn(c coupon.Clock) (bun.Safe, error) {
	switch c {
	case coupon.MadeAt:
		return "r.made_at", nil
	case coupon.ServiceAt:
		return "r.service_at", nil
	}
	return "", fmt.Errorf("redemptions have no clock %q", c)
}

// bucket is [lo, hi).
type bucket struct {
	i      int
	lo, hi int64
}

// bucketsOf are the buckets; one that is open ends where no instant is.
func bucketsOf(f coupon.SumQuery) []bucket {
	var out []bucket
	last := len(f.Bounds) - 1
	for i := range last {
		b := bucket{i, f.Bounds[i].UnixMicro(), f.Bounds[i+1].UnixMicro()}
		if i == 0 && f.Bounds[i].IsZero() {
			b.lo = math.MinInt64 + 1
		}
		if i+1 == last && f.Bounds[last].IsZero() {
			b.hi = math.MaxInt64
		}
		out = append(out, b)
	}
	return out
}

type cell struct {
	coupon   string
	bucket   int
	currency string
}

// addTo is coupon.Sums.Add for all redemptions of the row.
func (r sumRow) addTo(cells map[cell]*coupon.Sums) error {
	k := cell{r.Coupon, r.I, r.Currency}
	if cells[k] == nil {
		cells[k] = &coupon.Sums{Currency: r.Currency}
	}
	s, fits := cells[k], true
	plus := func(to *int64, n int64) {
		sum, ok := add(*to, n)
		*to, fits = sum, fits && ok
	}
	if r.State == string(coupon.Cancelled) {
		plus(&s.Cancelled, r.N)
		plus(&s.CancelledSubtotal, r.Subtotal)
		plus(&s.CancelledDiscount, r.Discount)
	} else {
		plus(&s.Bookings, r.N)
		plus(&s.Subtotal, r.Subtotal)
		plus(&s.Eligible, r.Eligible)
		plus(&s.Discounts, r.Discount)
		plus(&s.OtherDiscounts, r.OtherDiscounts)
		plus(&s.Refunds, r.Refund)
		plus(&s.CustomersKnown, r.CustomersKnown)
		plus(&s.NewCustomers, r.NewCustomers)
		plus(&s.CostKnown, r.CostKnown)
		plus(&s.Cost, r.Cost)
		plus(&s.CostedRevenue, r.CostedRevenue)
	}
	if !fits {
		return fmt.Errorf("%w: bookings in %s", coupon.ErrOverflow, r.Currency)
	}
	return nil
}

// overflow tells whether a statement of Sum failed because a sum passed a
// bigint: then amounts cut to their upper half, which can't, add up to as much.
func (s *Store) overflow(ctx context.Context, q conn, ids []coupon.ID, cause error) error {
	answer := s.dialect.Overflow(cause)
	if answer == Yes {
		return fmt.Errorf("%w: %w", coupon.ErrOverflow, cause)
	}
	if answer == No {
		return cause
	}
	type row struct{ N, Subtotal, Cost int64 }
	var rows []row
	err := q.scan(ctx, &rows, `SELECT COUNT(*) AS n, COALESCE(SUM(subtotal >> 32), 0) AS subtotal, COALESCE(SUM(cost >> 32), 0) AS cost
		FROM ?redemptions WHERE merchant = ?merchant AND coupon IN (?) GROUP BY coupon`, bun.List(texts(ids)))
	if err != nil || !slices.ContainsFunc(rows, func(r row) bool { return max(r.Subtotal, r.Cost)+r.N >= 1<<31 }) {
		return cause
	}
	return fmt.Errorf("%w: %w", coupon.ErrOverflow, cause)
}
