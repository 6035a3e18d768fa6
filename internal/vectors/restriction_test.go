package vectors

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/couponkit/coupon"
)

// restrictionVector is whether a coupon serves an order, and if not, why.
type restrictionVector struct {
	header
	units
	Lines    []lineSpec       `json:"lines"`
	Subtotal *decimal.Decimal `json:"subtotal"`
	Coupon   *couponSpec      `json:"coupon"` // null: only the code is looked up
	Context  situation        `json:"context"`
	Expect   struct {
		Valid         bool             `json:"valid"`
		Reason        string           `json:"reason"`
		TotalDiscount *decimal.Decimal `json:"total_discount"`
	} `json:"expect"`
}

// situation is when, by whom and how the order is made.
type situation struct {
	Now            *time.Time      `json:"now"`
	Quantity       int64           `json:"quantity"`
	Customer       *customerSpec   `json:"customer"` // null: nobody known
	PreviousOrders []previousOrder `json:"previous_orders"`

	Used           decimal.Decimal `json:"used"` // money, if the coupon has a budget to spend
	UsedByCustomer int64           `json:"used_by_customer"`

	Channel   string `json:"channel"`
	Location  string `json:"location"`
	OrderType string `json:"order_type"`

	CodeEntered         *string         `json:"code_entered"`
	CodesKnown          []string        `json:"codes_known"`
	AlreadyAppliedCodes []string        `json:"already_applied_codes"`
	CategoryParents     json.RawMessage `json:"category_parents"`
}

type customerSpec struct {
	ID     string   `json:"id"`
	Email  string   `json:"email"`
	Groups []string `json:"groups"`
	Staff  bool     `json:"staff"`
}

type previousOrder struct {
	Status string     `json:"status"`
	At     *time.Time `json:"at"`
}

func (v *restrictionVector) shape() error {
	if err := lineShape(v.Lines); err != nil {
		return err
	}
	c := v.Coupon
	if c == nil {
		return nil
	}
	if err := c.shape(); err != nil {
		return err
	}
	if _, decided := v.Policy["category_tree"]; v.Context.CategoryParents != nil && !decided {
		return skip("left out: categories as a tree")
	}
	if !v.Expect.Valid {
		return nil
	}
	if isZero(v.Expect.TotalDiscount) || isZero(v.Subtotal) || isZero(c.Value) || v.Lines != nil && worthless(v.Lines) {
		return zeroResult
	}
	if _, decided := v.Policy["anonymous_with_customer_limit"]; !decided && c.UsageLimitPerCustomer != nil && !v.Context.Customer.named() {
		return noCustomer
	}
	return nil
}

// noCustomer is a skip: we must know whose uses to count.
const noCustomer = skip("our rule: no use without a customer under a limit per customer")

func (v *restrictionVector) run(ctx context.Context) error {
	now := testDay
	if v.Context.Now != nil {
		now = *v.Context.Now
	}
	lines, err := v.Lines, error(nil)
	if lines == nil {
		if lines, err = linesOf(v.units, v.Subtotal, v.Context.Quantity); err != nil {
			return err
		}
	}
	var specs []couponSpec
	if v.Coupon != nil {
		specs = append(specs, *v.Coupon)
	}
	b, err := book(v.units, "o1", lines, specs, now)
	if err != nil {
		return err
	}
	v.Context.fill(&b)
	offer, err := v.offer(ctx, b)
	if err != nil && !errors.Is(err, coupon.ErrInvalid) {
		return err
	}
	return v.compare(offer, err)
}

func (v *restrictionVector) compare(o coupon.Offer, invalid error) error {
	var errs []error
	valid := invalid == nil && len(o.Refusals) == 0
	if valid != v.Expect.Valid {
		why := because(o.Refusals)
		if invalid != nil {
			why = ": " + invalid.Error()
		}
		errs = append(errs, fmt.Errorf("valid: expected %t, got %t%s", v.Expect.Valid, valid, why))
	}
	if want := v.Expect.Reason; want != "" && !v.Expect.Valid && !valid {
		if !slices.ContainsFunc(o.Refusals, func(r coupon.Refusal) bool { return slices.Contains(reasons(r), want) }) &&
			!(want == "code_required" && invalid != nil && len(v.codes()) == 0) {
			errs = append(errs, fmt.Errorf("reason: expected %s, got%s%s", want, because(o.Refusals), text(invalid)))
		}
	}
	if want := v.Expect.TotalDiscount; want != nil {
		got := decimal.Zero
		if valid {
			got = o.Discount.Amount
		}
		errs = append(errs, differsBy("total_discount", *want, got))
	}
	return errors.Join(errs...)
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return " " + err.Error()
}

// offer is what the coupon gives: by the pure check, or where codes are looked
// up by a quote of what is entered.
func (v *restrictionVector) offer(ctx context.Context, b coupon.Booking) (coupon.Offer, error) {
	if v.Coupon != nil && !v.looksUp() {
		c, err := v.Coupon.build(v.units, v.code())
		if err != nil {
			return coupon.Offer{}, err
		}
		if v.Coupon.Deleted {
			c.ArchivedAt = epoch
		}
		if err := c.Validate(); err != nil {
			return coupon.Offer{}, err
		}
		return c.Check(b, v.used)
	}
	s, err := newShop(v.units, b.MadeAt)
	if err != nil {
		return coupon.Offer{}, err
	}
	known := slices.Concat(v.Context.CodesKnown, v.Context.AlreadyAppliedCodes)
	if v.Coupon != nil {
		c, err := s.offer(ctx, *v.Coupon, v.code())
		if err != nil {
			return coupon.Offer{}, err
		}
		var by map[string]int64
		if n := v.Context.UsedByCustomer; n > 0 {
			by = map[string]int64{b.Customer.Key: n}
		}
		if err := s.remember(ctx, c, pastUses(v.Context.Used.IntPart(), by, decimal.Zero)); err != nil {
			return coupon.Offer{}, err
		}
	}
	for _, code := range known { // the other codes that the merchant has
		if v.Coupon != nil && strings.EqualFold(code, v.code()) {
			continue
		}
		ten := decimal.NewFromInt(10)
		if _, err := s.offer(ctx, couponSpec{Kind: "percent", Value: &ten}, code); err != nil && !errors.Is(err, coupon.ErrDuplicateCode) {
			return coupon.Offer{}, err
		}
	}
	q, err := s.Quote(ctx, b, v.codes()...)
	if err != nil {
		return coupon.Offer{}, err
	}
	return q.Offers[len(q.Offers)-1], nil
}

// looksUp says whether the vector is about codes.
func (v *restrictionVector) looksUp() bool {
	x := v.Context
	return x.CodeEntered != nil || x.CodesKnown != nil || x.AlreadyAppliedCodes != nil || v.Expect.Reason == "code_required"
}

// code is the coupon's.
func (v *restrictionVector) code() string {
	switch {
	case v.Coupon.Code != "":
		return v.Coupon.Code
	case len(v.Context.CodesKnown) > 0:
		return v.Context.CodesKnown[0]
	}
	return "COUPON"
}

// codes are those on the order: the ones it had, then the one entered. A coupon
// whose code nobody is said to have entered is applied with it.
func (v *restrictionVector) codes() []string {
	codes := slices.Clone(v.Context.AlreadyAppliedCodes)
	switch {
	case v.Context.CodeEntered != nil && *v.Context.CodeEntered != "":
		codes = append(codes, *v.Context.CodeEntered)
	case v.Context.CodeEntered == nil && v.Coupon != nil && v.Expect.Reason != "code_required":
		codes = append(codes, v.code())
	}
	return codes
}

// used is how much of a counter the vector says is used.
func (v *restrictionVector) used(s coupon.Slot) int64 {
	switch {
	case s.Of == coupon.DiscountGiven:
		n, err := coupon.Money{Amount: v.Context.Used, Currency: s.Currency}.Minor()
		if err != nil {
			panic(err)
		}
		return n
	case s.Per == coupon.PerCustomer:
		return v.Context.UsedByCustomer
	}
	return v.Context.Used.IntPart()
}

// fill gives the booking what the host knows of the situation.
func (x situation) fill(b *coupon.Booking) {
	for key, value := range map[string]string{keyChannel: x.Channel, keyLocation: x.Location, keyOrderType: x.OrderType} {
		if value != "" {
			b.Attributes[key] = []string{value}
		}
	}
	if !x.Customer.known() {
		return
	}
	b.Customer = x.Customer.customer()
	earlier := 0
	for _, o := range x.PreviousOrders {
		if completed(o.Status) && (o.At == nil || o.At.Before(b.MadeAt)) {
			earlier++
		}
	}
	b.Customer.EarlierBookings = &earlier
}

// completed says whether an earlier order makes its customer an existing one.
func completed(status string) bool {
	return !fellThrough(status) && !slices.Contains([]string{"cart", "draft", "pending", "incomplete", "in_progress", "checkout", "abandoned"}, status)
}

// fellThrough says whether nothing came of an order.
func fellThrough(status string) bool {
	return slices.Contains([]string{"cancelled", "canceled", "failed", "trash", "trashed", "void", "voided", "expired", "deleted"}, status)
}

func (c *customerSpec) known() bool {
	return c != nil && (c.ID != "" || c.Email != "" || c.Groups != nil || c.Staff)
}

// named says whether uses can be counted for the customer.
func (c *customerSpec) named() bool { return c != nil && (c.ID != "" || c.Email != "") }

func (c *customerSpec) customer() coupon.Customer {
	out := coupon.Customer{Key: c.ID, Attributes: coupon.Attributes{keyGroup: c.Groups}}
	if c.ID == "" {
		out.Key = c.Email
	}
	for _, name := range []string{c.ID, c.Email} {
		if name != "" {
			out.Attributes[keyCustomer] = append(out.Attributes[keyCustomer], coupon.CustomerKey(name))
		}
	}
	if c.Email != "" {
		out.Attributes[keyEmail] = []string{coupon.CustomerKey(c.Email)}
	}
	if c.Staff {
		out.Attributes[keyStaff] = []string{yes}
	}
	return out
}
