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

	// A reservation holds a use for a time. It is in no list that does not ask for
	// it, and in no sum.
	Reserved           State = "reserved" // until ExpiresAt, whether or not the state still says so
	Released           State = "released" // given back before it was redeemed
	ReservationExpired State = "expired"  // its time has passed and its use was given back

	// Opening is what was used before in a system that kept only a count: Uses and
	// Discount count on limits, and stand in no list that does not ask for it, and
	// in no sum. See [OpeningUses], whose Key is its Booking.
	Opening State = "opening"
)

// recorded are the states of what was redeemed: those that lists give and sums
// add up.
var recorded = []State{Redeemed, Refunded, Cancelled}

// Counts reports whether a redemption in this state was redeemed, so that it
// stands in lists and sums: it is not only reserved, nor from before.
func (s State) Counts() bool { return slices.Contains(recorded, s) }

// Redemption is a coupon used on a booking, as it was then: later edits of the
// coupon change nothing of it. Its key is (Coupon, Booking).
type Redemption struct {
	Coupon  ID     `json:"coupon"`  // with Booking, the key
	Booking string `json:"booking"` // the host's id
	State   State  `json:"state"`   // where it is in its life

	Version int64    `json:"version"` // the coupon's version that was redeemed
	Code    Code     `json:"code"`    // that was used; empty if it is not known, of an Opening
	Terms   Discount `json:"terms"`   // the discount as it was promised
	// SingleUse is whether the code can be used once.
	SingleUse bool `json:"single_use,omitempty"`
	// Place is where the coupon stands in the order in which those of the booking
	// were applied, from 1; 0 if that is not known.
	Place int64 `json:"place,omitempty"`

	Customer string `json:"customer,omitempty"` // canonical key; empty if unknown
	// NewCustomer is whether the customer had no earlier booking; nil is unknown.
	NewCustomer *bool       `json:"new_customer,omitempty"`
	Type        BookingType `json:"type"`
	Frequency   Frequency   `json:"frequency,omitempty"`
	// Series and Occurrence are the booking's.
	Series      string      `json:"series,omitempty"`
	Occurrence  int64       `json:"occurrence,omitempty"`
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

	RedeemedAt  time.Time `json:"redeemed_at,omitzero"`  // when it was recorded; of imported ones, MadeAt; zero of a reservation
	ReservedAt  time.Time `json:"reserved_at,omitzero"`  // when it was reserved; zero if it was redeemed at once
	ExpiresAt   time.Time `json:"expires_at,omitzero"`   // when the reservation ends, exclusive; zero if it was redeemed at once
	CancelledAt time.Time `json:"cancelled_at,omitzero"` // zero if it was not
	Imported    bool      `json:"imported,omitempty"`    // it came from another system
	Uses        int64     `json:"uses,omitempty"`        // how many uses it stands for, of an Opening

	// Fingerprint is of the content under the key. Charges are what it counts on
	// which limits, as long as it Holds them; what a series counts is charged
	// there.
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

// expired reports whether it is a reservation whose time has passed.
func (r Redemption) expired(now time.Time) bool {
	return r.State == Reserved && !now.Before(r.ExpiresAt)
}

// live reports whether it stands on its booking: redeemed and not cancelled, or
// reserved and not expired.
func (r Redemption) live(now time.Time) bool {
	return r.State == Redeemed || r.State == Refunded || r.State == Reserved && !r.expired(now)
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
	EventReserved  EventKind = "reserved"  // by Reserve; again when it was priced anew
	EventReleased  EventKind = "released"  // by Release, or by Cancel before it was redeemed
	EventExpired   EventKind = "expired"   // when its use was given back, not when its time had passed
	EventReopened  EventKind = "reopened"  // redeemed again after a cancellation
	EventAmended   EventKind = "amended"   // the booking was changed; the amount is the new discount
	EventCosted    EventKind = "costed"    // the cost became known; the amount is the cost
	EventOpening   EventKind = "opening"   // by ImportCoupons: what was used before
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
