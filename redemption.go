package coupon

import (
	"slices"
	"time"
)

// State is where a redemption is in its life.
type State string

const (
	Redeemed  State = "redeemed"  // the coupon was used on the booking
	Refunded  State = "refunded"  // money was given back, wholly or partly; the booking stands
	Cancelled State = "cancelled" // the booking fell through
)

// Redemption is a coupon used on a booking, as it was then: later edits of the
// coupon change nothing of it. Its key is (Coupon, Booking).
type Redemption struct {
	Coupon  ID     `json:"coupon"`  // with Booking, the key
	Booking string `json:"booking"` // the host's id
	State   State  `json:"state"`   // where it is in its life

	Version int64    `json:"version"` // the coupon's version that was redeemed
	Code    Code     `json:"code"`    // that was used
	Terms   Discount `json:"terms"`   // the discount as it was promised

	Customer string `json:"customer,omitempty"` // canonical key; empty if unknown
	// NewCustomer is whether the customer had no earlier booking; nil is unknown.
	NewCustomer *bool       `json:"new_customer,omitempty"`
	Type        BookingType `json:"type"`
	Frequency   Frequency   `json:"frequency,omitempty"`
	TaxIncluded bool        `json:"tax_included,omitempty"`
	MadeAt      time.Time   `json:"made_at"`
	Service     ServiceDate `json:"service,omitzero"`
	// ServiceAt is Service as an instant; a mere day stands at its start in the
	// coupon's zone. Zero if unknown.
	ServiceAt time.Time `json:"service_at,omitzero"`

	Subtotal       Money  `json:"subtotal"`        // the whole booking before any discount
	Eligible       Money  `json:"eligible"`        // the part that the coupon applies to
	Discount       Money  `json:"discount"`        // what this coupon took off
	OtherDiscounts Money  `json:"other_discounts"` // what other coupons took off
	Refund         Money  `json:"refund"`          // given back so far, ≤ Revenue
	Cost           *Money `json:"cost,omitempty"`  // nil is unknown

	// Lines are the booking's, with what this coupon took off each. Empty for
	// imported redemptions.
	Lines   []LineDiscount `json:"lines,omitempty"`
	Refunds []Refund       `json:"refunds,omitempty"`

	RedeemedAt  time.Time `json:"redeemed_at"`           // when it was recorded; of imported ones, MadeAt
	CancelledAt time.Time `json:"cancelled_at,omitzero"` // zero if it was not
	Imported    bool      `json:"imported,omitempty"`    // it came from another system

	// Fingerprint is of the content under the key. Charges are what it counts on
	// which limits, as long as it Holds them.
	Fingerprint string   `json:"fingerprint"`
	Charges     []Charge `json:"charges,omitempty"`
	Holds       bool     `json:"holds"`

	// Replayed is set on what Redeem, Cancel and Refund return when the same
	// call was made before; it is not stored.
	Replayed bool `json:"-"`
}

// Revenue is the subtotal minus the discounts of all coupons on the booking,
// before refunds.
func (r Redemption) Revenue() Money {
	m := r.Subtotal
	m.Amount = m.Amount.Sub(r.Discount.Amount).Sub(r.OtherDiscounts.Amount)
	return m
}

// Clone is the same redemption sharing no memory with r.
func (r Redemption) Clone() Redemption {
	r.Lines, r.Refunds, r.Charges = slices.Clone(r.Lines), slices.Clone(r.Refunds), slices.Clone(r.Charges)
	if r.Cost != nil {
		cost := *r.Cost
		r.Cost = &cost
	}
	if r.NewCustomer != nil {
		isNew := *r.NewCustomer
		r.NewCustomer = &isNew
	}
	return r
}

// LineDiscount is a line of the booking and what the coupon took off it.
type LineDiscount struct {
	Line     string `json:"line"`     // its id
	Amount   Money  `json:"amount"`   // price × quantity
	Quantity int64  `json:"quantity"` // units
	Eligible bool   `json:"eligible"` // the coupon applies to it
	Discount Money  `json:"discount"` // what the coupon takes off it
}

// Refund is money given back on a booking that stands.
type Refund struct {
	// Key is the host's, 1 to 200 bytes: the same key again is the same refund.
	Key    string    `json:"key"`
	Amount Money     `json:"amount"`       // more than zero
	At     time.Time `json:"at"`           // zero is now
	By     string    `json:"by,omitempty"` // who gave it back; set by Service.Refund
}

// EventKind is what happened to a redemption.
type EventKind string

const (
	EventRedeemed  EventKind = "redeemed"  // by Redeem
	EventImported  EventKind = "imported"  // by Import
	EventRefunded  EventKind = "refunded"  // one for each refund
	EventCancelled EventKind = "cancelled" // the booking fell through
)

// Event is one step in the life of a redemption: what, when, by whom. Events are
// only ever added.
type Event struct {
	Coupon  ID        `json:"coupon"`          // with Booking, the redemption
	Booking string    `json:"booking"`         // the host's id
	Kind    EventKind `json:"kind"`            // what happened
	Key     string    `json:"key,omitempty"`   // of a refund
	At      time.Time `json:"at"`              // when
	By      string    `json:"by,omitempty"`    // who: see Service.As
	Amount  Money     `json:"amount,omitzero"` // the discount, or what was refunded
}
