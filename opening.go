package coupon

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// OpeningKey is the key of a coupon's opening uses that have none of their own. It
// is another one for each coupon: what is stored under one key, of all coupons, is
// read and locked together.
func OpeningKey(id ID) string { return "opening-" + string(id) }

// MaxOpeningUses is how many uses one entry may stand for.
const MaxOpeningUses = 999_999_999_999

// OpeningUses is what was used of a coupon in a system that kept only a count.
// Limits and [Service.Verify] count it; no list shows it that does not ask for the
// state [Opening], and no summary adds it up, because the bookings behind it are
// not known. The zero value is "nothing was used".
type OpeningUses struct {
	// Key is the host's, 1 to 200 bytes, unique among the coupon's; default
	// [OpeningKey]. It takes the place of a booking's id: no booking with this id
	// can use the coupon. Many coupons under one key make an import slow.
	Key  string
	Uses int64 // how many; 0 to MaxOpeningUses
	// Discount is what was given altogether, for budgets of its currency. Zero is
	// none, or unknown.
	Discount Money
	Customer string // any spelling of the key; empty is unknown, and counts on no limit per customer
	// Code is the coupon's, main or one of the row's further ones; empty is
	// unknown, and counts on no limit per code.
	Code string
	// MadeAt says in which period they count. Default: when the coupon was
	// created.
	MadeAt time.Time
}

// normal checks the entry and gives its canonical form, with the row's code that
// it names. Any code will do of an archived coupon, which has lost its own.
func (u OpeningUses) normal(p *problems, field string, c Coupon, codes []CouponCode) (OpeningUses, CouponCode) {
	checkKey(p, field+"key", u.Key, false)
	if u.Uses < 0 || u.Uses > MaxOpeningUses {
		p.add(field+"uses", fmt.Sprint(u.Uses), fmt.Sprintf("must be 0 to %d", MaxOpeningUses))
	}
	n, err := u.Discount.Minor()
	p.merge(field+"discount", err)
	if n < 0 {
		p.add(field+"discount", u.Discount.String(), "must not be negative")
	}
	u.Customer = CustomerKey(u.Customer)
	checkKey(p, field+"customer", u.Customer, false)
	checkInstant(p, field+"made_at", u.MadeAt)
	u.MadeAt = instant(u.MadeAt)
	if u.Code == "" {
		return u, CouponCode{}
	}
	code, err := ParseCode(u.Code)
	p.merge(field+"code", err)
	i := slices.IndexFunc(codes, func(k CouponCode) bool { return k.Code == code })
	switch {
	case err != nil:
	case i >= 0:
		return u, codes[i]
	case code != c.Code && c.ArchivedAt.IsZero():
		p.add(field+"code", u.Code, "must be the coupon's code or one of codes")
	}
	return u, CouponCode{Code: code}
}

// recording is the redemption that stands for the entry. c is the coupon as it
// was imported.
func (u OpeningUses) recording(c Coupon, k CouponCode, now time.Time, actor string) *recording {
	minor, _ := u.Discount.Minor() // it was checked
	currency := ""
	if minor != 0 {
		currency = u.Discount.Currency
	}
	// What came with the row, not what was made of it: run again, it is the same.
	fingerprint := digest("opening", u.Uses, minor, currency, u.Customer, k.Code, u.MadeAt.UnixMicro())
	if u.MadeAt.IsZero() {
		u.MadeAt = c.CreatedAt
	}
	// Every amount has a currency. That of nothing says nothing, and where the
	// coupon is of no currency, one is as good as another.
	currency = cmp.Or(currency, c.currency(), u.Discount.Currency, "USD")
	given, zero := fromMinor(minor, currency), fromMinor(0, currency)
	r := Redemption{
		Coupon: c.ID, Booking: cmp.Or(u.Key, OpeningKey(c.ID)), State: Opening, Code: k.Code, SingleUse: k.SingleUse, Terms: c.Discount, Customer: u.Customer, Type: OneTime,
		// Of what it was taken off is not known. It was no less than the discount.
		MadeAt: u.MadeAt, Subtotal: given, Eligible: given, Discount: given, OtherDiscounts: zero, Refund: zero,
		RedeemedAt: u.MadeAt, Imported: true, Uses: u.Uses, Fingerprint: fingerprint,
	}
	return &recording{fact: r, events: []Event{r.event(EventOpening, "", now, actor, given)}}
}

// currency is the one that the coupon's amounts are of; empty if it has none.
func (c Coupon) currency() string {
	r := c.Restrictions
	of := cmp.Or(c.Discount.Amount.Currency, c.Discount.Cap.Currency, r.MinTotal.Currency, r.MaxTotal.Currency)
	for _, l := range r.Limits {
		of = cmp.Or(of, l.Budget.Currency)
	}
	return of
}

// isOpening is the answer to a booking whose id is the key of opening uses.
func isOpening(r Redemption) error {
	return &ConflictError{Redemption: r, Differs: "the key is that of opening uses, not of a booking"}
}
