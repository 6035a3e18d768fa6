package vectors

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/couponkit/coupon"
)

// calendarVector is where the buckets of a report begin and end.
type calendarVector struct {
	header
	Op           string `json:"op"`
	WeekStartsOn string `json:"week_starts_on"` // absent is mon
	Cases        []struct {
		At     string          `json:"at"`
		From   string          `json:"from"`
		To     string          `json:"to"` // inclusive
		Expect json.RawMessage `json:"expect"`
	} `json:"cases"`
}

// intervals are those of the vectors, weeks from Monday.
var intervals = map[string]coupon.Interval{
	"hour": coupon.Hourly, "day": coupon.Daily, "week": coupon.Weekly,
	"month": coupon.Monthly, "quarter": coupon.Quarterly, "year": coupon.Yearly,
}

func (v *calendarVector) interval(name string) (coupon.Interval, error) {
	i, ok := intervals[name]
	switch {
	case !ok:
		return "", fmt.Errorf("unknown interval %q", name)
	case i != coupon.Weekly || v.WeekStartsOn == "" || v.WeekStartsOn == "mon":
		return i, nil
	case v.WeekStartsOn == "sun":
		return coupon.WeeklyFromSunday, nil
	}
	return "", fmt.Errorf("weeks begin on Monday or Sunday, not on %q", v.WeekStartsOn)
}

func (v *calendarVector) shape() error { return nil }

func (v *calendarVector) run(context.Context) error {
	var errs []error
	for _, c := range v.Cases {
		var err error
		edges, isEdges := strings.CutSuffix(v.Op, "_edges")
		switch {
		case v.Op == "quarter_of":
			err = v.number(c.At, c.Expect, quarterOf)
		case v.Op == "iso_week_of":
			err = v.number(c.At, c.Expect, weekOf)
		case v.Op == "bucket_count":
			err = v.count(c.From, c.To, c.Expect)
		case isEdges:
			err = v.edges(edges, c.At, c.Expect)
		default:
			return fmt.Errorf("unknown op %q", v.Op)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s%s: %w", c.At, c.From, err))
		}
	}
	return errors.Join(errs...)
}

func (v *calendarVector) number(at string, expect json.RawMessage, of func(time.Time) int) error {
	var want int
	t, err := parseTime(at, time.UTC)
	if err := errors.Join(err, strict(expect, &want)); err != nil {
		return err
	}
	return differs(v.Op, want, of(t))
}

// quarterOf counts the quarters since the year began.
func quarterOf(t time.Time) int {
	return steps(coupon.Quarterly, coupon.Yearly.Start(t, time.UTC), t)
}

// weekOf counts the weeks since the year began: its first week is the one that
// has 4 January, and a week is of the year that has its Thursday.
func weekOf(t time.Time) int {
	monday := coupon.Weekly.Start(t, time.UTC)
	year := monday.AddDate(0, 0, 3).Year()
	return steps(coupon.Weekly, coupon.Weekly.Start(time.Date(year, 1, 4, 0, 0, 0, 0, time.UTC), time.UTC), t)
}

// steps counts the buckets from one instant to another, both included.
func steps(i coupon.Interval, from, to time.Time) (n int) {
	for t := from; !t.After(to); t = i.Next(t, time.UTC) {
		n++
	}
	return n
}

func (v *calendarVector) count(from, to string, expect json.RawMessage) error {
	want := map[string]int{}
	a, err1 := parseTime(from, time.UTC)
	b, err2 := parseTime(to, time.UTC)
	if err := errors.Join(err1, err2, strict(expect, &want)); err != nil {
		return err
	}
	var errs []error
	for name, n := range want {
		i, err := v.interval(name)
		if err == nil {
			err = differs(name, n, steps(i, a, b))
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (v *calendarVector) edges(unit, at string, expect json.RawMessage) error {
	var want struct {
		NextStart   string `json:"next_start"`
		PreviousEnd string `json:"previous_end"` // the last second of the bucket before
	}
	i, err1 := v.interval(unit)
	t, err2 := parseTime(at, time.UTC)
	if err := errors.Join(err1, err2, strict(expect, &want)); err != nil {
		return err
	}
	compare := func(what, text string, got time.Time) error {
		if text == "" {
			return nil
		}
		wanted, err := parseTime(text, time.UTC)
		return errors.Join(err, differs(what, wanted.UTC(), got.UTC()))
	}
	return errors.Join(compare("next_start", want.NextStart, i.Next(t, time.UTC)),
		compare("previous_end", want.PreviousEnd, i.Start(t, time.UTC).Add(-time.Second)))
}
