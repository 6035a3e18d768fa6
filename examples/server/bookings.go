package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/couponkit/coupon"
)

// booking is the host's own record of what a customer booked. The coupons know
// of it only what forCoupon tells them.
type booking struct {
	ID          string
	MadeAt      time.Time
	ServiceAt   time.Time // zero: not agreed yet
	DayOnly     bool      // ServiceAt is the start of a day, the hour is open
	Customer    string    // e-mail address; empty if booked by phone
	Area        string
	Frequency   coupon.Frequency // empty: one-time
	Lines       []line
	Codes       []coupon.Code // in the order in which they were applied; nil: without a coupon
	Discount    int64         // cents, of all of them
	Cost        *int64        // cents; nil: not known yet
	CancelledAt time.Time
	Refunded    int64 // cents
}

// line is one service of a booking, at the price of the day. Price and Discount
// are cents; Discount is of the whole line.
type line struct {
	Service  string `json:"service"`
	Quantity int64  `json:"quantity"`
	Price    int64  `json:"price"`
	Discount int64  `json:"discount,omitempty"`
}

func (l line) Amount() int64 { return l.Price * l.Quantity }

func (b booking) subtotal() (sum int64) {
	for _, l := range b.Lines {
		sum += l.Amount()
	}
	return sum
}

func (b booking) total() int64 { return b.subtotal() - b.Discount }

// history is what the host knows of a customer when a booking is made.
type history struct {
	Completed int  // bookings whose service is over
	OnPlan    bool // has booked something recurring
}

// forCoupon says what the coupons must know of a booking. The attributes are
// the host's own words; the coupons' matches use the same ones.
func (b booking) forCoupon(h history, loc *time.Location) coupon.Booking {
	out := coupon.Booking{
		ID:         b.ID,
		Currency:   currency,
		MadeAt:     b.MadeAt,
		Service:    coupon.ServiceTime(b.ServiceAt),
		Type:       coupon.OneTime,
		Attributes: coupon.Attributes{"area": {b.Area}},
	}
	if b.DayOnly {
		out.Service = coupon.ServiceDay(coupon.DateOf(b.ServiceAt.In(loc)))
	}
	if b.Frequency != "" {
		out.Type, out.Frequency = coupon.Recurring, b.Frequency
	}
	if b.Customer != "" { // of a caller who left no address nothing is known
		out.Customer = coupon.Customer{Key: b.Customer, EarlierBookings: &h.Completed}
		if h.OnPlan {
			out.Customer.Attributes = coupon.Attributes{"group": {"plan"}}
		}
	}
	for _, l := range b.Lines {
		s, _ := serviceByID(l.Service)
		out.Lines = append(out.Lines, coupon.Line{
			ID: l.Service, Price: decimal.New(l.Price, -2), Quantity: l.Quantity,
			Attributes: coupon.Attributes{"service": {l.Service}, "category": {s.Category}},
		})
	}
	if b.Cost != nil {
		cost := decimal.New(*b.Cost, -2)
		out.Cost = &cost
	}
	return out
}

// apply takes over what a coupon gave, on top of those before it.
func (b *booking) apply(code coupon.Code, discount coupon.Money, lines []coupon.LineDiscount) error {
	cents, err := discount.Minor()
	if err != nil {
		return err
	}
	b.Codes, b.Discount = append(b.Codes, code), b.Discount+cents
	for i := range b.Lines {
		for _, l := range lines {
			if l.Line == b.Lines[i].Service {
				cents, err := l.Discount.Minor()
				if err != nil {
					return err
				}
				b.Lines[i].Discount += cents
			}
		}
	}
	return nil
}

// applyAll takes over what the coupons of a booking gave.
func (b *booking) applyAll(rs []coupon.Redemption) error {
	for _, r := range rs {
		if err := b.apply(r.Code, r.Discount, r.Lines); err != nil {
			return err
		}
	}
	return nil
}

// joined are codes as one text, with spaces between them: a code has none.
func joined(codes []coupon.Code) string { return strings.Join(texts(codes), " ") }

func texts(codes []coupon.Code) (out []string) {
	for _, c := range codes {
		out = append(out, string(c))
	}
	return out
}

// ledger is the host's table of bookings. It shares the database with the
// coupons, and nothing else.
type ledger struct{ db queries }

// queries are what a *sql.DB and a *sql.Tx have in common. Arguments are written
// $1, which both databases understand.
type queries interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Instants are microseconds since 1970, so that they sort and compare as they
// are; 0 is none.
const ledgerSchema = `
CREATE TABLE IF NOT EXISTS bookings (
	id           TEXT    PRIMARY KEY,
	made_at      BIGINT  NOT NULL,
	service_at   BIGINT  NOT NULL,
	day_only     BOOLEAN NOT NULL,
	customer     TEXT    NOT NULL,
	area         TEXT    NOT NULL,
	frequency    TEXT    NOT NULL,
	lines        TEXT    NOT NULL,
	code         TEXT    NOT NULL,
	discount     BIGINT  NOT NULL,
	cost         BIGINT,
	cancelled_at BIGINT  NOT NULL,
	refunded     BIGINT  NOT NULL
);
CREATE INDEX IF NOT EXISTS bookings_customer ON bookings (customer, service_at);
`

func (l ledger) create(ctx context.Context) error {
	_, err := l.db.ExecContext(ctx, ledgerSchema)
	return err
}

// errBooked: there is a booking of that id.
var errBooked = errors.New("the booking is there already")

// insert records a booking, or says errBooked.
func (l ledger) insert(ctx context.Context, b booking) error {
	lines, err := json.Marshal(b.Lines)
	if err != nil {
		return err
	}
	done, err := l.db.ExecContext(ctx, `INSERT INTO bookings
		(id, made_at, service_at, day_only, customer, area, frequency, lines, code, discount, cost, cancelled_at, refunded)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING`,
		b.ID, micros(b.MadeAt), micros(b.ServiceAt), b.DayOnly, b.Customer, b.Area,
		string(b.Frequency), string(lines), joined(b.Codes), b.Discount, b.Cost, micros(b.CancelledAt), b.Refunded)
	if err != nil {
		return fmt.Errorf("booking %s: %w", b.ID, err)
	}
	n, err := done.RowsAffected()
	if err == nil && n == 0 {
		err = errBooked
	}
	return err
}

// errNoBooking: there is no booking of that id.
var errNoBooking = errors.New("no such booking")

func (l ledger) booking(ctx context.Context, id string) (booking, error) {
	b := booking{ID: id}
	var made, service, cancelled int64
	var frequency, lines, codes string
	err := l.db.QueryRowContext(ctx, `SELECT made_at, service_at, day_only, customer, area, frequency, lines, code, discount, cost, cancelled_at, refunded
		FROM bookings WHERE id = $1`, id).
		Scan(&made, &service, &b.DayOnly, &b.Customer, &b.Area, &frequency, &lines, &codes, &b.Discount, &b.Cost, &cancelled, &b.Refunded)
	if errors.Is(err, sql.ErrNoRows) {
		return b, errNoBooking
	}
	if err != nil {
		return b, err
	}
	b.MadeAt, b.ServiceAt, b.CancelledAt = fromMicros(made), fromMicros(service), fromMicros(cancelled)
	b.Frequency = coupon.Frequency(frequency)
	for _, code := range strings.Fields(codes) {
		b.Codes = append(b.Codes, coupon.Code(code))
	}
	return b, json.Unmarshal([]byte(lines), &b.Lines)
}

// history is what was known of the customer at that moment. A booking is
// completed once its service is over.
func (l ledger) history(ctx context.Context, customer string, at time.Time) (h history, err error) {
	if customer == "" {
		return h, nil
	}
	err = l.db.QueryRowContext(ctx, `SELECT
		COUNT(CASE WHEN service_at > 0 AND service_at < $1 THEN 1 END), COUNT(CASE WHEN frequency <> '' THEN 1 END) > 0
		FROM bookings WHERE customer = $2 AND made_at < $1 AND (cancelled_at = 0 OR cancelled_at >= $1)`,
		micros(at), customer).Scan(&h.Completed, &h.OnPlan)
	return h, err
}

// cancel says that a booking fell through. Doing it twice changes nothing.
func (l ledger) cancel(ctx context.Context, id string, at time.Time) error {
	_, err := l.db.ExecContext(ctx, `UPDATE bookings SET cancelled_at = $1 WHERE id = $2 AND cancelled_at = 0`, micros(at), id)
	return err
}

// counts are for the home page.
func (l ledger) counts(ctx context.Context) (all, withCoupon int, err error) {
	err = l.db.QueryRowContext(ctx, `SELECT COUNT(*), COUNT(CASE WHEN code <> '' THEN 1 END) FROM bookings`).Scan(&all, &withCoupon)
	return all, withCoupon, err
}

func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func fromMicros(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMicro(n).UTC()
}
