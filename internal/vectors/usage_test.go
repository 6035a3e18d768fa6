package vectors

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

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
	"pay": true, "complete": true, "reopen": true, "untrash": true,
	"remove": false, "cancel": false, "fail": false, "trash": false, "rollback": false,
	"refund_full": false, "becomes_ineligible": false, "reindex": false,
}

// takesBack are the steps after which the order has its use no more.
var takesBack = []string{"remove", "cancel", "fail", "trash", "rollback"}

// needsUse are the steps that can only come after a use.
var needsUse = append([]string{"refund_full"}, takesBack...)

func (v *usageVector) shape() error {
	if err := v.Coupon.shape(); err != nil {
		return err
	}
	for _, e := range v.Events {
		if _, ok := ops[e.Op]; !ok {
			return fmt.Errorf("unknown op %q", e.Op)
		}
		if !slices.Contains([]string{"", used, unused}, e.CodeState) {
			return fmt.Errorf("unknown state %q of a code", e.CodeState)
		}
	}
	return v.ourRules()
}

// ourRules is a skip for what we don't count as others do.
func (v *usageVector) ourRules() error {
	_, decided := v.Policy["anonymous_with_customer_limit"]
	customer, codes := map[string]string{}, map[string]string{}
	for _, e := range v.Events {
		if e.Customer != "" || e.Order == "" { // an order without a name is another each time
			customer[e.Order] = e.Customer
		}
		allowed := e.Expect.Allowed != nil && *e.Expect.Allowed
		refused := e.Expect.Allowed != nil && !*e.Expect.Allowed
		if v.Coupon.UsageLimitPerCustomer != nil && !decided && customer[e.Order] == "" && (allowed || ops[e.Op] && !refused) {
			return noCustomer
		}
		if e.Code != "" && e.Order != "" && e.Op != "check" {
			if codes[e.Order] == "" {
				codes[e.Order] = e.Code
			}
			if canonical(codes[e.Order]) != canonical(e.Code) {
				return skip("our rule: one order can't have two codes of one coupon")
			}
		}
		if slices.Contains(takesBack, e.Op) { // it may come back with another one
			delete(codes, e.Order)
		}
		if allowed && isZero(e.DiscountTotal) {
			return zeroResult
		}
	}
	return nil
}

func (v *usageVector) run(ctx context.Context) error {
	s, err := newShop(v.units, testDay)
	if err != nil {
		return err
	}
	main, further := v.codes()
	spec := v.Coupon
	spec.SingleUseCode = false // of the further codes, each by itself
	c, err := s.offer(ctx, spec, main)
	if err != nil {
		return err
	}
	for _, code := range further {
		if _, err := s.AddCode(ctx, c.ID, coupon.CouponCode{Code: coupon.Code(code), SingleUse: v.Coupon.SingleUseCode}); err != nil {
			return err
		}
	}
	var before int64
	if v.Initial.Used != nil {
		before = *v.Initial.Used
	}
	if err := s.remember(ctx, c, v.past(before, further)); err != nil {
		return err
	}
	sale := &sale{shop: s, vector: v, coupon: c, code: main, orders: map[string]*sold{}}
	if v.Coupon.SingleUseCode {
		sale.code = further[0]
	}
	now, err := sale.count(ctx, event{})
	if err != nil {
		return err
	}
	sale.before = now.uses - before // counts are compared by how much they move
	for i, e := range v.Events {
		if err := sale.step(ctx, e); err != nil {
			return fmt.Errorf("event %d, %s %s: %w", i+1, e.Op, e.Order, err)
		}
	}
	return nil
}

// codes are the coupon's main code and its further ones: those that the events
// use, unless they are about a code that nobody has. Codes that can be used once
// are all further ones.
func (v *usageVector) codes() (main string, further []string) {
	var named []string
	add := func(code string) {
		same := func(c string) bool { return canonical(c) == canonical(code) }
		if code != "" && !slices.ContainsFunc(named, same) {
			named = append(named, code)
		}
	}
	add(v.Coupon.Code)
	if _, unknown := v.Policy["unknown_code_at_record"]; !unknown {
		for _, e := range v.Events {
			add(e.Code)
		}
	}
	if named == nil {
		named = []string{"COUPON"}
	}
	if v.Coupon.SingleUseCode {
		return "MAIN-CODE-OF-THE-COUPON", named
	}
	return named[0], named[1:]
}

func canonical(code string) coupon.Code {
	c, err := coupon.ParseCode(code)
	if err != nil {
		return coupon.Code(code)
	}
	return c
}

// past are the uses of before. An order of which the first that is heard is that
// it ended, or was refunded, has one of them; so has each code that can be used
// once, as far as they go.
func (v *usageVector) past(n int64, further []string) []past {
	uses := pastUses(n, v.Initial.UsedBy, v.Initial.UsedAmount)
	if v.Coupon.SingleUseCode {
		for i := range min(len(uses), len(further)) {
			uses[i].code = further[i]
		}
	}
	heard := map[string]bool{}
	for _, e := range v.Events {
		if !heard[e.Order] && e.Order != "" && slices.Contains(needsUse, e.Op) {
			whose := func(customer string) int {
				return slices.IndexFunc(uses, func(p past) bool { return p.booking == "" && p.customer == customer })
			}
			i := whose(e.Customer)
			if i < 0 {
				i = whose("")
			}
			if i >= 0 {
				uses[i].booking, uses[i].customer = e.Order, e.Customer
			}
		}
		heard[e.Order] = true
	}
	return uses
}
