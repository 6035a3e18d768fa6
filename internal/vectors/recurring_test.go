package vectors

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/couponkit/coupon"
)

// recurringVector is a coupon over the bookings of one agreement.
type recurringVector struct {
	header
	units
	Coupon  couponSpec `json:"coupon"`
	Initial struct {
		OccurrencesLeft *int64           `json:"occurrences_left"`
		AmountUsed      *decimal.Decimal `json:"amount_used"`
		Exhausted       *bool            `json:"exhausted"`
	} `json:"initial"`
	Bookings []recurringBooking `json:"bookings"`
}

type recurringBooking struct {
	Op     string     `json:"op"`
	Note   string     `json:"note"`
	Lines  []lineSpec `json:"lines"`
	Expect struct {
		TotalDiscount   *decimal.Decimal           `json:"total_discount"`
		LineDiscounts   map[string]decimal.Decimal `json:"line_discounts"`
		OccurrencesLeft *int64                     `json:"occurrences_left"`
		AmountLeft      *decimal.Decimal           `json:"amount_left"`
		Exhausted       *bool                      `json:"exhausted"`
	} `json:"expect"`
}

// void is the previous booking falling through.
const void = "void_previous_booking"

func (v *recurringVector) shape() error {
	if err := v.Coupon.shape(); err != nil {
		return err
	}
	if v.Coupon.Duration == "" {
		return fmt.Errorf("no duration")
	}
	if _, err := v.Coupon.occurrences(); err != nil {
		return err
	}
	for _, b := range v.Bookings {
		if b.Op != "" && b.Op != void {
			return fmt.Errorf("unknown op %q", b.Op)
		}
		if err := lineShape(b.Lines); err != nil {
			return err
		}
		if b.Lines != nil && worthless(b.Lines) {
			return zeroResult
		}
	}
	return nil
}

// unheard is how many bookings of before the vector voids.
func (v *recurringVector) unheard() (n int64) {
	var standing int64
	for _, b := range v.Bookings {
		switch {
		case b.Op != void:
			standing++
		case standing > 0:
			standing--
		default:
			n++
		}
	}
	return n
}

// past are the bookings of before: as many as the coupon's coverage lacks. The
// whole amount used is on the first.
func (v *recurringVector) past(covered int64) []past {
	x := v.Initial
	var n int64
	switch {
	case x.OccurrencesLeft != nil:
		n = covered - *x.OccurrencesLeft
	case x.Exhausted != nil && *x.Exhausted:
		n = covered
	case x.AmountUsed != nil && !x.AmountUsed.IsZero():
		n = 1
	case x.Exhausted == nil:
		n = v.unheard()
		if covered > 0 {
			n = min(n, covered)
		}
	}
	var out []past
	for i := range n {
		out = append(out, past{customer: party, series: series, occurrence: i + 1})
	}
	if n > 0 && x.AmountUsed != nil {
		out[0].discount = *x.AmountUsed
	}
	return out
}

// The agreement of a vector, and whose it is.
const (
	series = "agreement"
	party  = "party"
)

func (v *recurringVector) run(ctx context.Context) error {
	spec, x := v.Coupon, v.Initial
	if spec.Duration == "repeating" && spec.Occurrences == nil { // what is left, and what was before it, say how many
		covered := v.unheard()
		switch {
		case x.OccurrencesLeft != nil:
			covered += *x.OccurrencesLeft
			spec.Occurrences = &covered
		case x.Exhausted != nil && *x.Exhausted:
			covered = max(1, covered)
			spec.Occurrences = &covered
		}
	}
	covered, err := spec.occurrences()
	if err != nil {
		return err
	}
	if covered == 0 && x.Exhausted != nil && *x.Exhausted {
		spec.Disabled = true // all bookings are covered: it is the coupon that has ended
	}
	s, err := newShop(v.units, testDay)
	if err != nil {
		return err
	}
	a := &agreement{shop: s, spec: spec, covered: covered, code: spec.Code}
	if a.code == "" {
		a.code = "COUPON"
	}
	if a.coupon, err = s.offer(ctx, spec, a.code); err != nil {
		return err
	}
	before := v.past(covered)
	if err := s.remember(ctx, a.coupon, before); err != nil {
		return err
	}
	for i := range before {
		a.made = append(a.made, fmt.Sprintf("past-%d", i+1))
	}
	for i, b := range v.Bookings {
		if err := a.step(ctx, b); err != nil {
			return fmt.Errorf("booking %d: %w", i+1, err)
		}
	}
	return nil
}

// agreement is a vector of recurring bookings under way.
type agreement struct {
	shop
	spec    couponSpec
	coupon  coupon.Coupon
	code    string
	covered int64    // bookings; 0 is all
	made    []string // that stand; one that was refused is empty, for it has no use
	n       int
}

// step makes or voids a booking, and compares.
func (a *agreement) step(ctx context.Context, b recurringBooking) error {
	lines := map[string]decimal.Decimal{}
	var total decimal.Decimal
	var refusals []coupon.Refusal
	if b.Op == void {
		if err := a.void(ctx); err != nil {
			return err
		}
	} else {
		r, err := a.book(ctx, b.Lines)
		if refused, ok := errors.AsType[*coupon.RefusedError](err); ok {
			refusals = refused.Refusals
		} else if err != nil {
			return err
		}
		total = r.Discount.Amount
		for _, l := range r.Lines {
			lines[l.Line] = l.Discount.Amount
		}
	}
	taken, err := a.taken(ctx)
	if err != nil {
		return err
	}
	exhausted, err := a.exhausted(ctx)
	if err != nil {
		return err
	}
	want := b.Expect
	var errs []error
	if want.TotalDiscount != nil {
		if err := differsBy("total_discount", *want.TotalDiscount, total); err != nil {
			errs = append(errs, fmt.Errorf("%w%s", err, because(refusals)))
		}
	}
	for id, d := range want.LineDiscounts {
		errs = append(errs, differsBy("line_discounts of "+id, d, lines[id]))
	}
	if want.OccurrencesLeft != nil {
		if a.covered == 0 {
			errs = append(errs, fmt.Errorf("occurrences_left: expected %d, got no end of them", *want.OccurrencesLeft))
		} else {
			errs = append(errs, differs("occurrences_left", *want.OccurrencesLeft, max(0, a.covered-taken)))
		}
	}
	if want.Exhausted != nil {
		errs = append(errs, differs("exhausted", *want.Exhausted, exhausted))
	}
	if want.AmountLeft != nil {
		// Of a fixed amount a booking takes all or what it is worth; the rest is
		// lost. So what is left is the amount, or nothing.
		var left decimal.Decimal
		if a.spec.Value != nil && a.spec.Kind == "fixed" && !exhausted {
			left = *a.spec.Value
		}
		errs = append(errs, differsBy("amount_left", *want.AmountLeft, left))
	}
	return errors.Join(append(errs, a.verify(ctx))...)
}

// booking is the next one of the agreement. It has the first occurrence that is
// not taken: other engines count what got the discount, so that a booking that
// was refused, or voided, leaves its own to the next.
func (a *agreement) booking(ctx context.Context, id string, lines []lineSpec) (coupon.Booking, error) {
	if lines == nil {
		var err error
		if lines, err = linesOf(a.units, nil, 1); err != nil {
			return coupon.Booking{}, err
		}
	}
	b, err := book(a.units, id, lines, []couponSpec{a.spec}, testDay)
	if err != nil {
		return b, err
	}
	taken, err := a.taken(ctx)
	earlier := int(taken)
	b.Customer = coupon.Customer{Key: party, EarlierBookings: &earlier}
	b.Series, b.Occurrence = series, taken+1
	return b, err
}

func (a *agreement) book(ctx context.Context, lines []lineSpec) (coupon.Redemption, error) {
	a.n++
	b, err := a.booking(ctx, fmt.Sprintf("booking-%d", a.n), lines)
	if err != nil {
		return coupon.Redemption{}, err
	}
	r, err := a.Redeem(ctx, b, a.code)
	a.made = append(a.made, r.Booking)
	return r, err
}

// void cancels the last booking that stands.
func (a *agreement) void(ctx context.Context) error {
	if len(a.made) == 0 {
		return nil
	}
	last := a.made[len(a.made)-1]
	a.made = a.made[:len(a.made)-1]
	if last == "" {
		return nil
	}
	_, err := a.Cancel(ctx, last)
	return err
}

// taken is how many occurrences have been: redeemed, and not given back.
func (a *agreement) taken(ctx context.Context) (n int64, err error) {
	for r, err := range a.Redemptions(ctx, coupon.RedemptionFilter{Coupon: a.coupon.ID, Series: series}) {
		if err != nil {
			return n, err
		}
		if r.Holds {
			n++
		}
	}
	return n, nil
}

// isOver are the reasons for which an agreement gets no discount any more,
// whatever is booked.
var isOver = []coupon.Reason{coupon.NotCovered, coupon.IsInactive, coupon.IsArchived, coupon.HasEnded, coupon.UnknownCode}

// exhausted is whether the next booking would not be covered.
func (a *agreement) exhausted(ctx context.Context) (bool, error) {
	b, err := a.booking(ctx, "next", nil)
	if err != nil {
		return false, err
	}
	q, err := a.Quote(ctx, b, a.code)
	return slices.ContainsFunc(q.Refusals(), func(r coupon.Refusal) bool { return slices.Contains(isOver, r.Reason) }), err
}
