package vectors

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/shopspring/decimal"

	"github.com/couponkit/coupon"
)

// sale is a vector of uses under way.
type sale struct {
	shop
	vector *usageVector
	coupon coupon.Coupon
	code   string // of an event that names none
	orders map[string]*sold
	nobody int   // orders so far that the vector doesn't name
	before int64 // uses of before that the vector doesn't count
}

// sold is an order so far.
type sold struct {
	event          // what was last said of its customer, code and amounts
	booking string // our key of it
	carries bool   // it has the code, whether or not it has taken a use
	off     bool   // the code was refused, or taken off it
	ended   bool   // it fell through
}

func (s *sale) order(id string) *sold {
	if s.orders[id] == nil {
		s.orders[id] = &sold{booking: id}
	}
	return s.orders[id]
}

// begins are the steps that can be the first of an order.
var begins = []string{"check", "apply", "hold", "place_without_hold", "redeem", "redeem_concurrently"}

// The states of a code.
const (
	used   = "used"
	unused = "unused"
)

// counts are the uses as the redemptions have them.
type counts struct {
	uses       int64 // redeemed
	held       int64 // reserved
	byCustomer int64 // of the customer, both
	earlier    int   // other orders that the customer has redeemed
	discount   decimal.Decimal
	code       string // used if somebody has the code, redeemed or reserved
}

// count goes by the definition: a counter is the sum of what redemptions hold.
// What is reserved the vectors count apart, but not for the customer: it is the
// customer's own limit that it takes.
func (s *sale) count(ctx context.Context, e event) (n counts, err error) {
	n.code = unused
	states := []coupon.State{coupon.Redeemed, coupon.Refunded, coupon.Cancelled, coupon.Reserved}
	customer := coupon.CustomerKey(e.Customer)
	for r, err := range s.Redemptions(ctx, coupon.RedemptionFilter{Coupon: s.coupon.ID, States: states}) {
		if err != nil {
			return n, err
		}
		theirs := customer != "" && r.Customer == customer
		if theirs && r.Booking != s.order(e.Order).booking && (r.State == coupon.Redeemed || r.State == coupon.Refunded) {
			n.earlier++
		}
		if !r.Holds {
			continue
		}
		if theirs {
			n.byCustomer++
		}
		if r.Code == canonical(s.codeOf(e)) {
			n.code = used
		}
		if r.State == coupon.Reserved {
			n.held++
			continue
		}
		n.uses++
		n.discount = n.discount.Add(r.Discount.Amount)
	}
	return n, nil
}

func (s *sale) codeOf(e event) string {
	if e.Code == "" {
		return s.code
	}
	return e.Code
}

// after takes over what was said of the order before and is not said anew.
func (e event) after(before event) event {
	if e.Customer == "" {
		e.Customer = before.Customer
	}
	if e.Code == "" {
		e.Code = before.Code
	}
	if e.OrderTotal == nil && e.DiscountRows == nil && e.DiscountWanted == nil && e.DiscountTotal == nil {
		e.OrderTotal, e.DiscountRows, e.DiscountWanted, e.DiscountTotal = before.OrderTotal, before.DiscountRows, before.DiscountWanted, before.DiscountTotal
	}
	return e
}

// step does one event and compares.
func (s *sale) step(ctx context.Context, e event) error {
	if e.Order == "" { // what begins an order is about another one than before
		if slices.Contains(begins, e.Op) {
			s.nobody++
		}
		e.Order = fmt.Sprintf("order-%d", s.nobody)
	}
	o := s.order(e.Order)
	e = e.after(o.event)
	o.event = e
	refusals, allowed, err := s.do(ctx, e, o)
	if err != nil {
		return err
	}
	now, err := s.count(ctx, e)
	if err != nil {
		return err
	}
	var errs []error
	if e.Expect.Allowed != nil && *e.Expect.Allowed != allowed {
		errs = append(errs, fmt.Errorf("allowed: expected %t, got %t%s", *e.Expect.Allowed, allowed, because(refusals)))
	}
	if want := e.Expect.Reason; want != "" && !slices.ContainsFunc(refusals, func(r coupon.Refusal) bool { return slices.Contains(reasons(r), want) }) {
		errs = append(errs, fmt.Errorf("reason: expected %s, got%s", want, because(refusals)))
	}
	for _, c := range []struct {
		what string
		want *int64
		got  int64
	}{{"used", e.Expect.Used, now.uses - s.before}, {"used_by_customer", e.Expect.UsedByCustomer, now.byCustomer}, {"held", e.Expect.Held, now.held}} {
		if c.want != nil {
			errs = append(errs, differs(c.what, *c.want, c.got))
		}
	}
	for _, want := range []*decimal.Decimal{e.Expect.UsedAmount, e.UsedAmount} {
		if want != nil {
			errs = append(errs, differsBy("used_amount", *want, now.discount))
		}
	}
	if e.AppliedCodes != nil {
		errs = append(errs, differs("applied_codes", *e.AppliedCodes, map[bool]int{true: 1}[o.carries]))
	}
	if e.CodeState != "" {
		errs = append(errs, differs("code_state", e.CodeState, now.code))
	}
	return errors.Join(append(errs, s.verify(ctx))...)
}

// verify holds the counters against the redemptions.
func (s shop) verify(ctx context.Context) error {
	drifts, err := s.Verify(ctx)
	if len(drifts) > 0 {
		err = fmt.Errorf("counters are not the sum of the redemptions: %+v", drifts)
	}
	return err
}

// concurrently redeems for several orders at once: allowed is whether one was.
func (s *sale) concurrently(ctx context.Context, e event, b coupon.Booking, code string) (refusals []coupon.Refusal, allowed bool, err error) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	for i := range e.Attempts {
		b := b
		b.ID = fmt.Sprintf("%s-%d", e.Order, i+1)
		b.Attributes = coupon.Attributes{keyOrder: {b.ID}}
		if b.Series != "" {
			b.Series = b.ID
		}
		wg.Go(func() {
			_, failure := s.Redeem(ctx, b, code)
			mu.Lock()
			defer mu.Unlock()
			why, ok, failure := outcome(failure)
			refusals, allowed, err = append(refusals, why...), allowed || ok, errors.Join(err, failure)
		})
	}
	wg.Wait()
	return refusals, allowed, err
}

// booking is the order of an event. Where the vector says which discounts it
// gave, the prices are such that the coupon gives them.
func (s *sale) booking(ctx context.Context, e event, o *sold) (coupon.Booking, error) {
	lines, err := s.lines(e)
	if err != nil {
		return coupon.Booking{}, err
	}
	b, err := book(s.units, o.booking, lines, []couponSpec{s.vector.Coupon}, testDay)
	if err != nil {
		return b, err
	}
	b.Attributes[keyOrder] = []string{o.booking}
	if s.vector.Coupon.Duration != "" { // which orders belong together isn't said: each is the first of its own agreement
		b.Series, b.Occurrence = o.booking, 1
	}
	if e.Customer == "" {
		return b, nil
	}
	who := customerSpec{ID: e.Customer}
	if strings.Contains(e.Customer, "@") {
		who.Email = e.Customer
	}
	now, err := s.count(ctx, e)
	b.Customer = who.customer()
	b.Customer.EarlierBookings = &now.earlier
	return b, err
}

func (s *sale) lines(e event) ([]lineSpec, error) {
	var amounts []decimal.Decimal
	var rows int
	switch {
	case e.DiscountRows == nil:
	case json.Unmarshal(e.DiscountRows, &rows) == nil:
		for range rows {
			amounts = append(amounts, decimal.NewFromInt(100))
		}
	default:
		if err := json.Unmarshal(e.DiscountRows, &amounts); err != nil {
			return nil, fmt.Errorf("discount_rows: %w", err)
		}
	}
	for _, d := range []*decimal.Decimal{e.DiscountWanted, e.DiscountTotal} {
		if d != nil {
			amounts = []decimal.Decimal{*d}
		}
	}
	if e.OrderTotal != nil || amounts == nil {
		return linesOf(s.units, e.OrderTotal, 1)
	}
	var lines []lineSpec
	for i, d := range amounts {
		if s.vector.Coupon.Value == nil {
			d = d.Mul(decimal.NewFromInt(100)).DivRound(half, 8) // what the coupon gives if the vector doesn't say
		}
		lines = append(lines, lineSpec{ID: fmt.Sprintf("l%d", i+1), UnitPrice: d})
	}
	return lines, nil
}

// checkoutTime is how long an order is held: the clock of a vector stands still.
const checkoutTime = time.Hour
