package coupon

import (
	"slices"
	"time"
)

// Series is the use that a coupon counts for the bookings of one recurring
// agreement: one, however many bookings, from the first that holds it until the
// last that does gives it back. The zero value is no series.
type Series struct {
	Coupon ID     `json:"coupon"` // with Key, the key
	Key    string `json:"key"`    // the host's: Booking.Series
	// Live is how many redemptions hold it.
	Live int64 `json:"live"`

	// Customer, Code, SingleUse and MadeAt are of the redemption that took the
	// use, Charges what it counts on limits of uses. Without Live there are none.
	Customer  string    `json:"customer,omitempty"`
	Code      Code      `json:"code,omitempty"`
	SingleUse bool      `json:"single_use,omitempty"`
	MadeAt    time.Time `json:"made_at,omitzero"`
	Charges   []Charge  `json:"charges,omitempty"`
}

// SeriesKey names a series of a coupon.
type SeriesKey struct {
	Coupon ID     // the coupon's id
	Key    string // the host's: Booking.Series
}

func (s Series) key() SeriesKey { return SeriesKey{s.Coupon, s.Key} }

func (r Redemption) seriesKey() SeriesKey { return SeriesKey{r.Coupon, r.Series} }

// LiveOfSeries is what the slot [Series.Slot] counts: redemptions of the series
// that hold.
const LiveOfSeries LimitOf = "series"

// Slot is the name under which Verify tells that Live is not the number of
// redemptions that hold. No counter has it.
func (s Series) Slot() Slot { return Slot{Coupon: s.Coupon, Of: LiveOfSeries, Subject: s.Key} }

// Use is what the series counts as.
func (s Series) Use() Use {
	return Use{Customer: s.Customer, Code: s.Code, SingleUse: s.SingleUse, MadeAt: s.MadeAt, Uses: 1}
}

// BeginSeries is the redemption's series as it takes its use, charged by the limits
// of the coupon; nothing is Live yet. Stores restore with it what was lost: see
// Store.Rebuild.
func (r Redemption) BeginSeries(c Coupon) Series {
	s := Series{Coupon: r.Coupon, Key: r.Series, Customer: r.Customer, Code: r.Code, SingleUse: r.SingleUse, MadeAt: r.MadeAt}
	s.Charges = c.charges(s.Use())
	return s
}

// Clone is the same series sharing no memory with s.
func (s Series) Clone() Series {
	s.Charges = slices.Clone(s.Charges)
	return s
}
