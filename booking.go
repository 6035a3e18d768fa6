package coupon

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/shopspring/decimal"
)

// Bounds of one booking, so that a request can't cost more than it should.
const (
	MaxLines    = 1000      // lines of a booking
	MaxQuantity = 1_000_000 // units of a line
	MaxCoupons  = 200       // coupons of a booking, also of those that were cancelled or have ended
	maxKeyBytes = 200       // ids of bookings and lines, customer keys, refund keys
)

// Attributes are the host's own facts, a key to its values: "service" →
// "deep-clean", "group" → "vip". Matches look at them.
type Attributes map[string][]string

// Booking is what the host sells: an order or an appointment. All its amounts
// are of one currency and on one tax basis, which the host chooses.
type Booking struct {
	// ID is the host's key of the booking, 1 to 200 bytes. With the coupon it is
	// the key of the redemption: the same id again never counts twice.
	ID       string `json:"id"`
	Currency string `json:"currency"` // ISO 4217
	// TaxIncluded says on which basis the amounts are; recorded and shown.
	TaxIncluded bool     `json:"tax_included,omitempty"`
	Customer    Customer `json:"customer,omitzero"`
	// MadeAt is when the booking was made. Zero is now.
	MadeAt  time.Time   `json:"made_at,omitzero"`
	Service ServiceDate `json:"service,omitzero"`
	// Type is OneTime by default, or Recurring if there is a Series. Frequency is
	// only for recurring ones.
	Type      BookingType `json:"type,omitempty"`
	Frequency Frequency   `json:"frequency,omitempty"`
	// Series is the host's key of the agreement that a recurring booking belongs
	// to, 1 to 200 bytes, and Occurrence which of its bookings this is, from 1.
	// All bookings of a series are one use of a coupon. Empty and 0 is none.
	Series     string `json:"series,omitempty"`
	Occurrence int64  `json:"occurrence,omitempty"`
	Lines      []Line `json:"lines"` // at least one
	// Cost is what the booking costs the host, in major units of Currency; nil
	// is unknown, which is not zero.
	Cost       *decimal.Decimal `json:"cost,omitempty"`
	Attributes Attributes       `json:"attributes,omitempty"`
}

// Line is one position of a booking.
type Line struct {
	// ID is the host's, unique in the booking. Empty is the position: "1", "2".
	ID         string          `json:"id"`
	Price      decimal.Decimal `json:"price"`                // of one unit, not negative, in major units
	Quantity   int64           `json:"quantity"`             // 1 to MaxQuantity
	Attributes Attributes      `json:"attributes,omitempty"` // of this line; matches on lines look at them
}

// Customer is who books. The zero value is nobody known.
type Customer struct {
	// Key is the host's name for the customer (an id, an e-mail address), of
	// which the library keeps [CustomerKey].
	Key string `json:"key,omitempty"`
	// EarlierBookings is how many completed bookings the customer had before
	// this one; nil is unknown, and refused only where a rule needs it.
	EarlierBookings *int       `json:"earlier_bookings,omitempty"`
	Attributes      Attributes `json:"attributes,omitempty"`
}

func (c Customer) known() bool { return c.Key != "" || len(c.Attributes) > 0 }

// ServiceDate is when what was booked is delivered: an instant, or only a day.
// The zero value is unknown. Make one with [ServiceTime] or [ServiceDay].
type ServiceDate struct {
	At  time.Time `json:"at,omitzero"`  // the instant, if it is known
	Day Date      `json:"day,omitzero"` // set if only the day is known
}

// ServiceTime is a service at an instant.
func ServiceTime(t time.Time) ServiceDate { return ServiceDate{At: t} }

// ServiceDay is a service on a day, the time not known.
func ServiceDay(d Date) ServiceDate { return ServiceDate{Day: d} }

// IsZero reports whether nothing is known of the service date.
func (d ServiceDate) IsZero() bool { return d.At.IsZero() && d.Day.IsZero() }

// instant is the moment that stands for the service date: a day stands at its
// start in the coupon's zone.
func (d ServiceDate) instant(loc *time.Location) time.Time {
	if d.Day.IsZero() {
		return d.At
	}
	return instant(d.Day.start(loc))
}

// priced is a checked booking with its amounts in minor units.
type priced struct {
	Booking
	amounts  []int64 // of each line: price × quantity
	subtotal int64
	cost     *int64
}

// price checks a booking and computes its amounts. The error is an
// [*InvalidError] of every broken field.
func (b Booking) price(now time.Time) (priced, error) {
	var p problems
	checkKey(&p, "booking.id", b.ID, true)
	b.Customer.Key = CustomerKey(b.Customer.Key)
	checkKey(&p, "booking.customer.key", b.Customer.Key, false)
	if n := b.Customer.EarlierBookings; n != nil && *n < 0 {
		p.add("booking.customer.earlier_bookings", strconv.Itoa(*n), "must not be negative")
	}
	if b.MadeAt.IsZero() {
		b.MadeAt = now
	}
	checkInstant(&p, "booking.made_at", b.MadeAt)
	b.MadeAt, b.Service.At = instant(b.MadeAt), instant(b.Service.At)
	checkService(&p, b.Service)
	b.Type = checkType(&p, b.Type, b.Frequency, b.Series, b.Occurrence)
	checkAttributes(&p, "booking.attributes", b.Attributes)
	checkAttributes(&p, "booking.customer.attributes", b.Customer.Attributes)

	q := priced{}
	digits, err := currencyDigits(b.Currency)
	if err != nil { // how many digits an amount may have is not known then
		p.merge("booking.currency", err)
		return q, p.err()
	}
	if b.Cost != nil {
		n, err := toMinor("booking.cost", *b.Cost, digits)
		p.merge("booking.cost", err)
		if n < 0 {
			p.add("booking.cost", brief(*b.Cost), "must not be negative")
		}
		q.cost = &n
	}
	if n := len(b.Lines); n == 0 || n > MaxLines {
		p.add("booking.lines", strconv.Itoa(n), fmt.Sprintf("must be 1 to %d lines", MaxLines))
		return q, p.err()
	}
	b.Lines = slices.Clone(b.Lines)
	q.amounts = make([]int64, len(b.Lines))
	seen := make(map[string]bool, len(b.Lines))
	most := pow10[MaxIntegerDigits+digits]
	for i := range b.Lines {
		l, field := &b.Lines[i], "booking.lines["+strconv.Itoa(i)+"]"
		if l.ID == "" {
			l.ID = strconv.Itoa(i + 1)
		}
		checkKey(&p, field+".id", l.ID, true)
		if seen[l.ID] {
			p.add(field+".id", l.ID, "must be unique in the booking")
		}
		seen[l.ID] = true
		checkAttributes(&p, field+".attributes", l.Attributes)
		n, err := toMinor("price", l.Price, digits)
		p.merge(field+".price", err)
		if n < 0 {
			p.add(field+".price", brief(l.Price), "must not be negative")
			continue
		}
		if l.Quantity < 1 || l.Quantity > MaxQuantity {
			p.add(field+".quantity", strconv.FormatInt(l.Quantity, 10), fmt.Sprintf("must be 1 to %d", MaxQuantity))
			continue
		}
		if n >= (most-q.subtotal)/l.Quantity+1 || q.subtotal+n*l.Quantity >= most {
			p.add(field, brief(l.Price), fmt.Sprintf("takes the subtotal past %d digits before the point", MaxIntegerDigits))
			break
		}
		q.amounts[i] = n * l.Quantity
		q.subtotal += q.amounts[i]
	}
	q.Booking = b
	return q, p.err()
}

func checkService(p *problems, d ServiceDate) {
	switch {
	case !d.Day.IsZero() && !d.At.IsZero():
		p.add("booking.service", d.Day.String(), "must be an instant or a day, not both")
	case !d.Day.IsZero() && !d.Day.valid():
		p.add("booking.service.day", d.Day.String(), "must be a day of the calendar in the years 1 to 9999")
	case !d.At.IsZero():
		checkInstant(p, "booking.service.at", d.At)
	}
}

// checkType gives the type with its default.
func checkType(p *problems, t BookingType, f Frequency, series string, occurrence int64) BookingType {
	if t == "" && series != "" {
		t = Recurring
	}
	checkKey(p, "booking.series", series, false)
	switch {
	case series == "" && occurrence != 0:
		p.add("booking.occurrence", strconv.FormatInt(occurrence, 10), "must be 0 without a series")
	case series != "" && occurrence < 1:
		p.add("booking.occurrence", strconv.FormatInt(occurrence, 10), "must be at least 1, the first booking of the series")
	case series != "" && t == OneTime:
		p.add("booking.series", series, `must be empty unless the booking is "recurring"`)
	}
	switch t {
	case "", OneTime:
		t = OneTime
		if f != "" {
			p.add("booking.frequency", string(f), `must be empty unless the booking is "recurring"`)
		}
	case Recurring:
		checkText(p, "booking.frequency", string(f), maxFrequencyLength, false)
	default:
		p.add("booking.type", string(t), `must be "one-time" or "recurring"`)
	}
	return t
}

func checkKey(p *problems, field, s string, required bool) {
	if (required && s == "") || len(s) > maxKeyBytes {
		p.add(field, s, fmt.Sprintf("must have 1 to %d bytes", maxKeyBytes))
	}
	// An invisible character would make a second customer of the first.
	if strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Cf, r) }) {
		p.add(field, s, "must not have invisible characters")
	}
	checkText(p, field, s, maxKeyBytes, false)
}

func checkInstant(p *problems, field string, t time.Time) {
	if y := t.UTC().Year(); !t.IsZero() && (y < 1 || y > 9999) {
		p.add(field, t.String(), "must be in the years 1 to 9999")
	}
}

func checkAttributes(p *problems, field string, a Attributes) {
	if len(a) > 100 {
		p.add(field, strconv.Itoa(len(a)), "must have at most 100 keys")
		return
	}
	for _, k := range slices.Sorted(maps.Keys(a)) {
		vs := a[k]
		checkText(p, field, k, maxKeyBytes, false)
		if len(vs) > 100 {
			p.add(field+"."+k, strconv.Itoa(len(vs)), "must have at most 100 values")
			continue
		}
		for _, v := range vs {
			checkText(p, field+"."+k, v, maxKeyBytes, false)
		}
	}
}

// fingerprint tells whether the same booking comes again: customer, currency,
// type, series, occurrence and lines. Not when it was made or is served, not its cost, attributes or
// earlier bookings, and not the coupon's version: none of them makes it another
// booking.
func (b priced) fingerprint() string {
	type line struct {
		ID       string
		Amount   int64
		Quantity int64
	}
	lines := make([]line, len(b.Lines))
	for i, l := range b.Lines {
		lines[i] = line{l.ID, b.amounts[i], l.Quantity}
	}
	slices.SortFunc(lines, func(x, y line) int { return strings.Compare(x.ID, y.ID) })
	parts := []any{"booking", b.Customer.Key, b.Currency, b.Type}
	if b.Series != "" || b.Occurrence != 0 { // without, as it was before there were series
		parts = append(parts, b.Series, b.Occurrence)
	}
	return digest(append(parts, lines)...)
}

func digest(parts ...any) string {
	data, err := json.Marshal(parts)
	if err != nil {
		panic(err) // only strings and integers come here
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:16])
}
