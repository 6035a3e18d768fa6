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

// maxBuckets is how many are summed by one statement.
const maxBuckets = 400

// sumRow are the sums of one bucket, currency and state.
type sumRow struct {
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
		err := chunked(bucketsOf(f), maxBuckets, func(buckets []bucket) error {
			var rows []sumRow
			err := s.sumOfBuckets(ctx, q, &rows, buckets, sumColumns, text(f.Coupon), at, narrowing(f))
			if err != nil {
				return s.overflow(ctx, q, f.Coupon, err)
			}
			for _, row := range rows {
				if err := row.addTo(cells); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		sums = make([]coupon.BucketSums, 0, len(cells))
		for c, x := range cells {
			sums = append(sums, coupon.BucketSums{Bucket: c.bucket, Sums: *x})
		}
		slices.SortFunc(sums, func(a, b coupon.BucketSums) int {
			return cmp.Or(a.Bucket-b.Bucket, cmp.Compare(a.Currency, b.Currency))
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
// instant by itself, all of them are one stretch of the index; then a plan made
// before the rows were counted, with another index, still reads each row once.
// Else it goes bucket by bucket.
func (s *Store) sumOfBuckets(ctx context.Context, q conn, rows *[]sumRow, buckets []bucket, args ...any) error {
	if s.dialect.WidthBucket {
		first, last := buckets[0], buckets[len(buckets)-1]
		args = append(args, first.i-1, list(convert(buckets, func(b bucket) any { return b.lo })), first.lo, last.hi)
		return q.scan(ctx, rows, `SELECT ?4 + width_bucket(?2, CAST(ARRAY[?5] AS BIGINT[])) AS i, r.currency, r.state, ?0 FROM ?redemptions AS r
			WHERE r.merchant = ?merchant AND r.coupon = ?1 AND ?2 >= ?6 AND ?2 < ?7 ?3
				AND r.state IN ('redeemed', 'refunded', 'cancelled')
			GROUP BY 1, r.currency, r.state`, args...)
	}
	args = append(args, values(convert(buckets, func(b bucket) list { return list{b.i, b.lo, b.hi} })))
	return q.scan(ctx, rows, `WITH bucket (i, lo, hi) AS (VALUES ?4) SELECT bucket.i, r.currency, r.state, ?0 FROM bucket CROSS JOIN ?redemptions AS r
		WHERE r.merchant = ?merchant AND r.coupon = ?1 AND ?2 >= bucket.lo AND ?2 < bucket.hi ?3
			AND r.state IN ('redeemed', 'refunded', 'cancelled')
		GROUP BY bucket.i, r.currency, r.state`, args...)
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
	bucket   int
	currency string
}

// addTo is coupon.Sums.Add for all redemptions of the row.
func (r sumRow) addTo(cells map[cell]*coupon.Sums) error {
	k := cell{r.I, r.Currency}
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
func (s *Store) overflow(ctx context.Context, q conn, id coupon.ID, cause error) error {
	answer := s.dialect.Overflow(cause)
	if answer == Yes {
		return fmt.Errorf("%w: %w", coupon.ErrOverflow, cause)
	}
	if answer == No {
		return cause
	}
	var rows []struct{ N, Subtotal, Cost int64 }
	err := q.scan(ctx, &rows, `SELECT COUNT(*) AS n, COALESCE(SUM(subtotal >> 32), 0) AS subtotal, COALESCE(SUM(cost >> 32), 0) AS cost
		FROM ?redemptions WHERE merchant = ?merchant AND coupon = ?`, text(id))
	if err != nil || len(rows) == 0 || max(rows[0].Subtotal, rows[0].Cost)+rows[0].N < 1<<31 {
		return cause
	}
	return fmt.Errorf("%w: %w", coupon.ErrOverflow, cause)
}
