package vectors

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/shopspring/decimal"
)

// header is what every vector has.
type header struct {
	ID     string              `json:"id"`
	Type   string              `json:"type"`
	Source json.RawMessage     `json:"source"` // where the fact was found: for people
	Basis  string              `json:"basis"`
	Note   string              `json:"note"`
	Policy map[string][]string `json:"policy"`
}

// lineSpec is a line of an order.
type lineSpec struct {
	ID             string           `json:"id"`
	UnitPrice      decimal.Decimal  `json:"unit_price"`
	Quantity       *int64           `json:"quantity"` // absent is 1
	Product        string           `json:"product"`  // absent is the id
	Categories     []string         `json:"categories"`
	OnSale         bool             `json:"on_sale"`
	FloorUnitPrice *decimal.Decimal `json:"floor_unit_price"`
	Kind           string           `json:"kind"`
}

func (l lineSpec) quantity() int64 {
	if l.Quantity == nil {
		return 1
	}
	return *l.Quantity
}

func (l lineSpec) product() string {
	if l.Product == "" {
		return l.ID
	}
	return l.Product
}

// couponSpec is a coupon with every rule that some engine has.
type couponSpec struct {
	Code  string           `json:"code"`
	Kind  string           `json:"kind"`
	Value *decimal.Decimal `json:"value"`

	MaxDiscount     *decimal.Decimal `json:"max_discount"`
	MaxUnits        *int64           `json:"max_units"`
	MaxUnitsPerLine *int64           `json:"max_units_per_line"`
	Scope           string           `json:"scope"`
	Currency        string           `json:"currency"`

	AppliesTo             appliesTo        `json:"applies_to"`
	RequiresAnyCategory   []string         `json:"requires_any_category"`
	RequiresAllCategories []string         `json:"requires_all_categories"`
	ExcludesAnyCategory   []string         `json:"excludes_any_category"`
	MinTotalOfMatching    *decimal.Decimal `json:"min_total_of_matching"`
	MinQuantityOfMatching *int64           `json:"min_quantity_of_matching"`

	MinTotal          *decimal.Decimal `json:"min_total"`
	MinTotalInclusive *bool            `json:"min_total_inclusive"` // ours is; see the policy "bounds"
	MaxTotal          *decimal.Decimal `json:"max_total"`
	MaxTotalInclusive *bool            `json:"max_total_inclusive"`
	MinQuantity       int64            `json:"min_quantity"`

	Channels       []string `json:"channels"`
	Locations      []string `json:"locations"`
	OrderTypes     []string `json:"order_types"`
	CustomerEmails []string `json:"customer_emails"`
	Audience       audience `json:"audience"`

	StartsAt      *time.Time `json:"starts_at"`
	EndsAt        *time.Time `json:"ends_at"`
	StartsAtLocal string     `json:"starts_at_local"`
	EndsAtLocal   string     `json:"ends_at_local"`
	StartsOn      string     `json:"starts_on"`
	EndsOn        string     `json:"ends_on"`
	Timezone      string     `json:"timezone"`
	Weekdays      []string   `json:"weekdays"`
	WeekdaysNot   []string   `json:"weekdays_not"`
	Hours         *hours     `json:"hours"`

	UsageLimit            *int64  `json:"usage_limit"`
	UsageLimitPerCustomer *int64  `json:"usage_limit_per_customer"`
	ReusableAfterCancel   *bool   `json:"reusable_after_cancel"` // absent is true
	SingleUseCode         bool    `json:"single_use_code"`
	Budget                *budget `json:"budget"`
	Duration              string  `json:"duration"`
	Occurrences           *int64  `json:"occurrences"`

	Deleted  bool `json:"deleted"`
	Disabled bool `json:"disabled"`
}

// appliesTo chooses lines: included if in either include list, then the excludes.
type appliesTo struct {
	IncludeProducts   []string         `json:"include_products"`
	IncludeCategories []string         `json:"include_categories"`
	ExcludeProducts   []string         `json:"exclude_products"`
	ExcludeCategories []string         `json:"exclude_categories"`
	ExcludeSaleItems  bool             `json:"exclude_sale_items"`
	MinUnitPrice      *decimal.Decimal `json:"min_unit_price"`
	MaxUnitPrice      *decimal.Decimal `json:"max_unit_price"`
}

type audience struct {
	GroupsAny          []string `json:"groups_any"`
	GroupsAll          []string `json:"groups_all"`
	Customers          []string `json:"customers"`
	StaffOnly          bool     `json:"staff_only"`
	FirstOrderOnly     bool     `json:"first_order_only"`
	NthOrder           *int64   `json:"nth_order"`
	ReturningAfterDays *int64   `json:"returning_after_days"`
}

// hours is a window of the day; to before from goes past midnight.
type hours struct {
	From string `json:"from"`
	To   string `json:"to"`
}

type budget struct {
	Type  string          `json:"type"`
	Limit decimal.Decimal `json:"limit"`
}

// differs is nil if both are the same, else it says what was expected.
func differs[T any](what string, want, got T) error {
	if fmt.Sprint(want) == fmt.Sprint(got) {
		return nil
	}
	return fmt.Errorf("%s: expected %v, got %v", what, want, got)
}

// differsBy is differs for amounts, of which 1.5 and 1.50 are the same.
func differsBy(what string, want, got decimal.Decimal) error {
	if want.Equal(got) {
		return nil
	}
	return fmt.Errorf("%s: expected %s, got %s", what, want, got)
}
