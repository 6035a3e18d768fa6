package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/couponkit/coupon"
)

// row is one row of a table. Its first field that is not as it must be is its
// err.
type row struct {
	table  *table
	line   int
	fields []string
	err    error
}

func (r *row) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(format, args...)
	}
}

func (r *row) text(column string) string { return r.fields[r.table.columns[column]] }

// list is a text of several, joined by "|". The empty text is none.
func (r *row) list(column string) []string {
	s := r.text(column)
	if s == "" {
		return nil
	}
	return strings.Split(s, "|")
}

// cents is an amount, not negative.
func (r *row) cents(column string) int64 {
	n, err := strconv.ParseInt(r.text(column), 10, 64)
	if err != nil || n < 0 {
		r.fail("%s %q must be a whole number of cents, not negative", column, r.text(column))
	}
	return n
}

// day is the start of a day.
func (r *row) day(column string) time.Time {
	day, err := coupon.ParseDate(r.text(column))
	var start time.Time
	if err == nil {
		start, err = coupon.StartOfDay(day, "UTC")
	}
	if err != nil {
		r.fail("%s %q must be a day such as 2019-07-31", column, r.text(column))
	}
	return start
}

// net checks that what is left is what the discount leaves.
func (r *row) net(gross, discount int64) {
	if net := r.cents("net_cents"); net != gross-discount {
		r.fail("net_cents is %d, but gross_cents %d less discount_cents %d is %d", net, gross, discount, gross-discount)
	}
}
