package coupon

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Summary adds up the coupon's bookings in a range. Every figure is the sum of
// the redemptions that [Service.Redemptions] lists for the same range. What is
// only reserved, and uses from before, are in none.
func (s *Service) Summary(ctx context.Context, id ID, r Range, opts ...SummaryOption) (Summary, error) {
	all, err := s.Summaries(ctx, []ID{id}, r, opts...)
	return all[id], err
}

// Summaries gives the summary of each of many coupons, as [Service.Summary] gives
// that of one: of the same range and by the same clock, whatever a coupon is valid
// by, so that they can be compared. An open end is open for all. They are summed
// together, in one snapshot. If one of the ids is not there, the error is
// [ErrNotFound] and there is no summary at all.
//
// They must not be added up: a booking with two of the coupons is in both.
func (s *Service) Summaries(ctx context.Context, ids []ID, r Range, opts ...SummaryOption) (map[ID]Summary, error) {
	r, err := r.normal()
	if err != nil {
		return nil, err
	}
	q, sums, err := s.sum(ctx, ids, SumQuery{Clock: r.Clock, Bounds: []time.Time{r.From, r.To}}, opts)
	if err != nil {
		return nil, err
	}
	out := make(map[ID]Summary, len(q.Coupons))
	for _, id := range q.Coupons {
		out[id] = Summary{Coupon: id, Range: r, Currencies: []Figures{}}
	}
	for _, b := range sums {
		x := out[b.Coupon]
		x.Currencies = append(x.Currencies, b.figures())
		out[b.Coupon] = x
	}
	if r.Clock != ServiceAt || len(ids) == 0 {
		return out, nil
	}
	// What was made in the range and has no service date.
	q.Clock, q.Unscheduled = MadeAt, true
	if sums, err = s.store.Sum(ctx, q); err != nil {
		return nil, err
	}
	for _, b := range sums {
		x := out[b.Coupon]
		x.Unscheduled += b.Bookings
		out[b.Coupon] = x
	}
	return out, nil
}

// Totals adds up what [Service.Redemptions] lists for the same filter, Sort and
// After apart: it is [Fold] of all pages, per currency in the order of the
// currencies, without reading them where the filter asks for no single customer,
// booking or series. Coupon is required. What is only reserved is in none.
func (s *Service) Totals(ctx context.Context, f RedemptionFilter) ([]Figures, error) {
	f.Sort, f.After = "", ""
	q, err := f.query(s.Now())
	if err == nil && f.Coupon == "" {
		err = invalid("coupon", "", "must be there: bookings with two coupons would be counted twice")
	}
	if err != nil {
		return nil, err
	}
	if q.Customer != "" || q.Booking != "" || len(q.Bookings) > 0 || q.Series != "" { // they are few
		return Fold(s.walk(ctx, q))
	}
	sums, err := s.store.Sum(ctx, SumQuery{Coupons: []ID{q.Coupon}, Clock: q.Range.Clock, Bounds: []time.Time{q.Range.From, q.Range.To},
		Unscheduled: q.Unscheduled, Code: q.Code, States: q.States, NewCustomer: q.NewCustomer, CostKnown: q.CostKnown})
	if err != nil {
		return nil, err
	}
	out := []Figures{}
	for _, b := range sums {
		if q.Currency == "" || q.Currency == b.Currency {
			out = append(out, b.figures())
		}
	}
	return out, nil
}

// Timeline is the summary of a range cut into buckets of an interval, by the
// calendar of an IANA zone, with a point also where nothing happened. The first
// and last bucket are cut to the range, so that the points add up to the
// summary. The range must have both ends and give at most [MaxPoints] points.
func (s *Service) Timeline(ctx context.Context, id ID, r Range, interval Interval, zone string, opts ...SummaryOption) ([]Point, error) {
	all, err := s.Timelines(ctx, []ID{id}, r, interval, zone, opts...)
	return all[id], err
}

// Timelines gives the timeline of each of many coupons, as [Service.Timeline]
// gives that of one: all have the same points, those of one range, interval and
// zone. They are summed together, in one snapshot. If one of the ids is not there,
// the error is [ErrNotFound] and there is no timeline at all.
func (s *Service) Timelines(ctx context.Context, ids []ID, r Range, interval Interval, zone string, opts ...SummaryOption) (map[ID][]Point, error) {
	r, err := r.normal()
	if err != nil {
		return nil, err
	}
	bounds, err := interval.bounds(r, zone)
	if err != nil {
		return nil, err
	}
	q, sums, err := s.sum(ctx, ids, SumQuery{Clock: r.Clock, Bounds: bounds}, opts)
	if err != nil {
		return nil, err
	}
	out := make(map[ID][]Point, len(q.Coupons))
	for _, id := range q.Coupons {
		points := make([]Point, max(0, len(bounds)-1))
		for i := range points {
			points[i].Start, points[i].End = bounds[i], bounds[i+1]
		}
		out[id] = points
	}
	for _, b := range sums {
		p := &out[b.Coupon][b.Bucket]
		p.Currencies = append(p.Currencies, b.figures())
	}
	return out, nil
}

// sum adds up coupons that must all be there, each once, and gives the whole
// query too.
func (s *Service) sum(ctx context.Context, ids []ID, q SumQuery, opts []SummaryOption) (SumQuery, []BucketSums, error) {
	for _, opt := range opts {
		if err := opt(&q); err != nil {
			return q, nil, err
		}
	}
	q.Coupons = slices.Clone(ids)
	slices.Sort(q.Coupons)
	q.Coupons = slices.Compact(q.Coupons)
	if _, err := s.byID(ctx, q.Coupons); err != nil {
		return q, nil, err
	}
	if len(q.Coupons) == 0 || len(q.Bounds) < 2 {
		return q, nil, nil
	}
	sums, err := s.store.Sum(ctx, q)
	return q, sums, err
}

// byID gives coupons of which every one must be there; each id comes once.
func (s *Service) byID(ctx context.Context, ids []ID) (map[ID]Coupon, error) {
	out := make(map[ID]Coupon, len(ids))
	for part := range slices.Chunk(ids, pageSize) {
		page, err := s.store.Coupons(ctx, CouponQuery{IDs: part, Sort: ByCreated, Limit: len(part)})
		if err != nil {
			return nil, err
		}
		for _, c := range page {
			out[c.ID] = c
		}
		for _, id := range part {
			if _, there := out[id]; !there {
				return nil, fmt.Errorf("%w: coupon %s", ErrNotFound, id)
			}
		}
	}
	return out, nil
}
