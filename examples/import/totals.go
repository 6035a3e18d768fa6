package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/shopspring/decimal"

	"github.com/couponkit/coupon"
)

// dayRange is [from, before), from the start of one day to the start of another.
type dayRange struct {
	name         string
	from, before time.Time
}

func (r dayRange) holds(t time.Time) bool { return !t.Before(r.from) && t.Before(r.before) }

// yearOf2019 are the ranges without -ranges.
var yearOf2019 = []dayRange{
	{"year", day(2019, 1, 1), day(2020, 1, 1)},
	{"q1", day(2019, 1, 1), day(2019, 4, 1)},
	{"may", day(2019, 5, 1), day(2019, 6, 1)},
	{"week-aug12", day(2019, 8, 12), day(2019, 8, 19)},
	{"day-aug16", day(2019, 8, 16), day(2019, 8, 17)},
}

func day(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }

// readRanges reads a file of ranges. It is written for this program, unlike the
// data: its first bad row is an error.
func readRanges(name string) ([]dayRange, error) {
	t, err := openTable(name, []string{"range", "from", "before"})
	if err != nil {
		return nil, err
	}
	defer t.file.Close()
	var ranges []dayRange
	for {
		fields, err := t.next()
		if err == io.EOF {
			break
		}
		r := &row{table: t, fields: fields, err: err}
		if err == nil {
			ranges = append(ranges, readRange(r))
		}
		if r.err != nil {
			return nil, fmt.Errorf("%s:%d: %w", t.name, t.line, r.err)
		}
	}
	if len(ranges) == 0 {
		return nil, fmt.Errorf("%s: no ranges under the header", t.name)
	}
	return ranges, nil
}

func readRange(r *row) dayRange {
	rng := dayRange{r.text("range"), r.day("from"), r.day("before")}
	if !rng.from.Before(rng.before) {
		r.fail("before %s must be a day after from, %s", r.text("before"), r.text("from"))
	}
	return rng
}

// totals are what redemptions come to, in dollars. Decimals don't overflow.
type totals struct {
	redemptions     int64
	gross, discount decimal.Decimal
}

func (t *totals) add(redemptions int64, gross, discount decimal.Decimal) {
	t.redemptions += redemptions
	t.gross, t.discount = t.gross.Add(gross), t.discount.Add(discount)
}

// writeTotals writes for each range all redemptions (*), the orders without a
// coupon (-), and each coupon, in the order of their codes.
func writeTotals(ctx context.Context, svc *coupon.Service, coupons map[coupon.Code]coupon.ID, ranges []dayRange, without []totals, w io.Writer) error {
	out := csv.NewWriter(w)
	out.Write([]string{"range", "from", "before", "coupon_code", "redemptions", "gross_cents", "discount_cents", "net_cents"})
	codes := slices.Sorted(maps.Keys(coupons))
	for i, rng := range ranges {
		line := func(code string, t totals) {
			inCents := func(d decimal.Decimal) string { return d.Shift(2).String() }
			out.Write([]string{rng.name, rng.from.Format(time.DateOnly), rng.before.Format(time.DateOnly), code,
				strconv.FormatInt(t.redemptions, 10), inCents(t.gross), inCents(t.discount), inCents(t.gross.Sub(t.discount))})
		}
		var all totals
		each := make([]totals, len(codes))
		for j, code := range codes {
			s, err := svc.Summary(ctx, coupons[code], coupon.Range{From: rng.from, To: rng.before})
			if err != nil {
				return fmt.Errorf("the totals of %s in %s: %w", code, rng.name, err)
			}
			f := s.In("USD")
			each[j].add(f.Bookings, f.Eligible.Amount, f.Discounts.Amount)
			all.add(f.Bookings, f.Eligible.Amount, f.Discounts.Amount)
		}
		line("*", all)
		line("-", without[i])
		for j, code := range codes {
			line(string(code), each[j])
		}
	}
	out.Flush()
	return out.Error()
}
