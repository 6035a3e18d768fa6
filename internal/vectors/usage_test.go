package vectors

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/shopspring/decimal"

	"github.com/couponkit/coupon"
)

// usageVector is how uses are counted through the life of orders.
type usageVector struct {
	header
	units
	Coupon  couponSpec `json:"coupon"`
	Initial struct {
		Used       *int64           `json:"used"`
		UsedBy     map[string]int64 `json:"used_by"`
		UsedAmount decimal.Decimal  `json:"used_amount"`
	} `json:"initial"`
	Events []event `json:"events"`
}

// event is one step; what it expects is as it is after the step.
type event struct {
	Op       string      `json:"op"`
	Order    string      `json:"order"`
	Customer string      `json:"customer"`
	Code     string      `json:"code"`
	Note     string      `json:"note"`
	Attempts int64       `json:"attempts"`
	Expect   eventExpect `json:"expect"`

	OrderTotal       *decimal.Decimal `json:"order_total"`
	OrdersInCheckout *int64           `json:"orders_in_checkout"` // one booking of ours, however it is split
	DiscountRows     json.RawMessage  `json:"discount_rows"`      // the amounts recorded, or how many there are
	DiscountWanted   *decimal.Decimal `json:"discount_wanted"`
	DiscountTotal    *decimal.Decimal `json:"discount_total"`

	UsedAmount   *decimal.Decimal `json:"used_amount"`
	AppliedCodes *int             `json:"applied_codes"`
	CodeState    string           `json:"code_state"`
}

type eventExpect struct {
	Allowed        *bool            `json:"allowed"`
	Reason         string           `json:"reason"`
	Used           *int64           `json:"used"`
	UsedByCustomer *int64           `json:"used_by_customer"`
	Held           *int64           `json:"held"`
	UsedAmount     *decimal.Decimal `json:"used_amount"`
}

// ops are the steps there are, and whether each takes a use.
var ops = map[string]bool{
	"check": false, "apply": false, "identify": false,
	"hold": true, "place_without_hold": true, "redeem": true, "redeem_concurrently": true,
	"pay": false, "complete": false, "remove": false, "cancel": false, "fail": false, "trash": false, "rollback": false,
	"reopen": false, "untrash": false, "refund_full": false, "becomes_ineligible": false, "reindex": false,
}

// notBuilt are the steps that need a part of the life cycle that isn't there.
var notBuilt = map[string]pending{
	"hold":               "needs reservations",
	"place_without_hold": "needs reservations",
	"becomes_ineligible": "needs reservations",
	"reopen":             "needs reopening a cancelled redemption",
	"untrash":            "needs reopening a cancelled redemption",
}

// takesBack are the steps after which the order's use is given back.
var takesBack = []string{"remove", "cancel", "fail", "trash", "rollback"}

func (v *usageVector) shape() error {
	if err := v.Coupon.shape(); err != nil {
		return err
	}
	for _, e := range v.Events {
		if _, ok := ops[e.Op]; !ok {
			return fmt.Errorf("unknown op %q", e.Op)
		}
	}
	if err := v.ourRules(); err != nil {
		return err
	}
	return v.notYet()
}

// ourRules is a skip for what we don't count as others do.
func (v *usageVector) ourRules() error {
	_, decided := v.Policy["anonymous_with_customer_limit"]
	customer, codes := map[string]string{}, map[string]string{}
	for _, e := range v.Events {
		if e.Customer != "" {
			customer[e.Order] = e.Customer
		}
		allowed := e.Expect.Allowed != nil && *e.Expect.Allowed
		refused := e.Expect.Allowed != nil && !*e.Expect.Allowed
		if v.Coupon.UsageLimitPerCustomer != nil && !decided && customer[e.Order] == "" && (allowed || ops[e.Op] && !refused) {
			return noCustomer
		}
		if codes[e.Order] == "" {
			codes[e.Order] = e.Code
		}
		if e.Code != "" && codes[e.Order] != e.Code {
			return skip("our rule: one order can't have two codes of one coupon")
		}
		if allowed && isZero(e.DiscountTotal) {
			return zeroResult
		}
	}
	return nil
}

// notYet is a pending for a part of the life cycle that isn't built.
func (v *usageVector) notYet() error {
	if v.Coupon.SingleUseCode {
		return pending("needs further codes of a coupon")
	}
	if v.Coupon.Duration != "" {
		return pending("needs series")
	}
	code := ""
	redeemed, ended := map[string]bool{}, map[string]bool{}
	for _, e := range v.Events {
		if why, ok := notBuilt[e.Op]; ok {
			return why
		}
		if e.Expect.Held != nil {
			return notBuilt["hold"]
		}
		if e.Code != "" && code != "" && e.Code != code || e.CodeState != "" {
			return pending("needs further codes of a coupon")
		}
		if e.Code != "" {
			code = e.Code
		}
		switch {
		case ended[e.Order] && (e.Op == "redeem" || e.Op == "pay" || e.Op == "complete"):
			return notBuilt["reopen"]
		case redeemed[e.Order] && (e.Op == "identify" || e.Op == "redeem" && e.pricesOrder()):
			return pending("needs amending a redemption")
		case e.Op == "redeem":
			redeemed[e.Order] = true
		case redeemed[e.Order] && slices.Contains(takesBack, e.Op):
			ended[e.Order] = true
		}
	}
	return nil
}

func (v *usageVector) run(ctx context.Context) error {
	s, err := newShop(v.units, testDay)
	if err != nil {
		return err
	}
	c, err := s.offer(ctx, v.Coupon, v.couponCode())
	if err != nil {
		return err
	}
	var used int64
	if v.Initial.Used != nil {
		used = *v.Initial.Used
	}
	if err := s.remember(ctx, c, pastUses(used, v.Initial.UsedBy, v.Initial.UsedAmount)); err != nil {
		return err
	}
	sale := &sale{shop: s, vector: v, coupon: c, orders: map[string]event{}, applied: map[string]bool{}}
	if sale.before, err = sale.count(ctx, ""); err != nil {
		return err
	}
	sale.before.uses -= used // counts are compared by how much they move
	for i, e := range v.Events {
		if err := sale.step(ctx, e); err != nil {
			return fmt.Errorf("event %d, %s %s: %w", i+1, e.Op, e.Order, err)
		}
	}
	drifts, err := s.Verify(ctx)
	if len(drifts) > 0 {
		err = fmt.Errorf("counters are not the sum of the redemptions: %+v", drifts)
	}
	return err
}

// couponCode is the coupon's own: the one that the events use, unless they are
// about a code that nobody has.
func (v *usageVector) couponCode() string {
	if v.Coupon.Code != "" {
		return v.Coupon.Code
	}
	if _, unknown := v.Policy["unknown_code_at_record"]; !unknown {
		for _, e := range v.Events {
			if e.Code != "" {
				return e.Code
			}
		}
	}
	return "COUPON"
}

// sale is a vector of uses under way.
type sale struct {
	shop
	vector  *usageVector
	coupon  coupon.Coupon
	orders  map[string]event // what was last said of each order's customer and amounts
	applied map[string]bool  // carts with the code
	before  counts
}

// counts are the uses that are held, and the discount that they gave.
type counts struct {
	uses, byCustomer int64
	discount         decimal.Decimal
}

// count goes by the definition: a counter is the sum of what redemptions hold.
func (s *sale) count(ctx context.Context, customer string) (n counts, err error) {
	for r, err := range s.Redemptions(ctx, coupon.RedemptionFilter{Coupon: s.coupon.ID}) {
		if err != nil {
			return n, err
		}
		if !r.Holds {
			continue
		}
		n.uses++
		n.discount = n.discount.Add(r.Discount.Amount)
		if customer != "" && r.Customer == coupon.CustomerKey(customer) {
			n.byCustomer++
		}
	}
	return n, nil
}

// after takes over what was said of the order before and is not said anew.
func (e event) after(before event) event {
	if e.Customer == "" {
		e.Customer = before.Customer
	}
	if !e.pricesOrder() {
		e.OrderTotal, e.DiscountRows, e.DiscountWanted, e.DiscountTotal = before.OrderTotal, before.DiscountRows, before.DiscountWanted, before.DiscountTotal
	}
	return e
}

func (e event) pricesOrder() bool {
	return e.OrderTotal != nil || e.DiscountRows != nil || e.DiscountWanted != nil || e.DiscountTotal != nil
}

// step does one event and compares.
func (s *sale) step(ctx context.Context, e event) error {
	e = e.after(s.orders[e.Order])
	s.orders[e.Order] = e
	b, err := s.booking(e)
	if err != nil {
		return err
	}
	refusals, allowed, err := s.do(ctx, e, b)
	if err != nil {
		return err
	}
	now, err := s.count(ctx, e.Customer)
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
	if e.Expect.Used != nil {
		errs = append(errs, differs("used", *e.Expect.Used, now.uses-s.before.uses))
	}
	if e.Expect.UsedByCustomer != nil {
		errs = append(errs, differs("used_by_customer", *e.Expect.UsedByCustomer, now.byCustomer))
	}
	for _, want := range []*decimal.Decimal{e.Expect.UsedAmount, e.UsedAmount} {
		if want != nil {
			errs = append(errs, differsBy("used_amount", *want, now.discount))
		}
	}
	if e.AppliedCodes != nil {
		errs = append(errs, differs("applied_codes", *e.AppliedCodes, map[bool]int{true: 1}[s.applied[e.Order]]))
	}
	return errors.Join(errs...)
}

// do gives what the event met: refusals are no error.
func (s *sale) do(ctx context.Context, e event, b coupon.Booking) (refusals []coupon.Refusal, allowed bool, err error) {
	code := string(s.coupon.Code)
	if e.Code != "" {
		code = e.Code
	}
	switch e.Op {
	case "check", "identify":
		return s.quote(ctx, b, code)
	case "apply":
		if s.applied[e.Order] {
			return s.quote(ctx, b, code, code)
		}
		refusals, allowed, err = s.quote(ctx, b, code)
		s.applied[e.Order] = allowed
		return refusals, allowed, err
	case "redeem":
		_, err = s.Redeem(ctx, b, code)
		return outcome(err)
	case "redeem_concurrently":
		return s.concurrently(ctx, e, b, code)
	case "pay", "complete":
		if s.applied[e.Order] { // a cart with the code that becomes an order is a use
			_, err = s.Redeem(ctx, b, code)
			return outcome(err)
		}
		_, err = s.Redemption(ctx, s.coupon.ID, e.Order)
		return outcome(err)
	case "refund_full":
		return outcome(s.refund(ctx, e.Order))
	case "reindex":
		return nil, true, s.Rebuild(ctx)
	default: // the others take the use back
		s.applied[e.Order] = false
		_, err = s.Cancel(ctx, e.Order)
		return outcome(err)
	}
}

// outcome tells refusals, and orders that have no live redemption, from
// failures.
func outcome(err error) ([]coupon.Refusal, bool, error) {
	if refused, ok := errors.AsType[*coupon.RefusedError](err); ok {
		return refused.Refusals, false, nil
	}
	if errors.Is(err, coupon.ErrNotFound) || errors.Is(err, coupon.ErrCancelled) {
		return nil, false, nil
	}
	return nil, err == nil, err
}

func (s *sale) quote(ctx context.Context, b coupon.Booking, codes ...string) ([]coupon.Refusal, bool, error) {
	q, err := s.Quote(ctx, b, codes...)
	return q.Refusals(), err == nil && q.OK(), err
}

// refund gives all that was paid back.
func (s *sale) refund(ctx context.Context, order string) error {
	r, err := s.Redemption(ctx, s.coupon.ID, order)
	if err != nil || r.Revenue().Amount.IsZero() {
		return err
	}
	_, err = s.Refund(ctx, order, coupon.Refund{Key: "all", Amount: r.Revenue()})
	return err
}

// concurrently redeems for several orders at once: allowed is whether one was.
func (s *sale) concurrently(ctx context.Context, e event, b coupon.Booking, code string) (refusals []coupon.Refusal, allowed bool, err error) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	for i := range e.Attempts {
		b := b
		b.ID = fmt.Sprintf("%s-%d", e.Order, i+1)
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
func (s *sale) booking(e event) (coupon.Booking, error) {
	lines, err := s.lines(e)
	if err != nil {
		return coupon.Booking{}, err
	}
	id := e.Order
	if id == "" {
		id = "order"
	}
	b, err := book(s.units, id, lines, nil, testDay)
	b.Customer.Key = e.Customer
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
