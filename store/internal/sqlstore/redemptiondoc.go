package sqlstore

import (
	"fmt"

	"github.com/couponkit/coupon"
)

// redemptionRow has a column for whatever a statement looks for, sorts by or
// sums; the rest is in Doc. Amounts are minor units of Currency.
type redemptionRow struct {
	Coupon         string
	Booking        string
	State          string
	ExpiresAt      *int64
	Version        int64
	Code           string
	SingleUse      bool
	Customer       string
	Series         string
	Currency       string
	MadeAt         int64
	ServiceAt      *int64
	Subtotal       int64
	Eligible       int64
	Discount       int64
	OtherDiscounts int64
	Refund         int64
	Cost           *int64
	NewCustomer    *bool
	Uses           int64
	Holds          bool
	Charges        string // see encodeCharges
	Events         int64  // how many it has
	Others         int64  // how many redemptions its booking has of other coupons
	Doc            string
}

// redemptionColumns are those of redemptionRow, in the order of args.
const redemptionColumns = `coupon, booking, state, expires_at, version, code, single_use, customer, series, currency, made_at, service_at,
	subtotal, eligible, discount, other_discounts, refund, cost, new_customer, uses, holds, charges, events, others, doc`

func (r redemptionRow) args() []any {
	var newCustomer any
	if r.NewCustomer != nil {
		newCustomer = flag(*r.NewCustomer)
	}
	return []any{text(r.Coupon), text(r.Booking), text(r.State), r.ExpiresAt, r.Version, text(r.Code), flag(r.SingleUse), text(r.Customer), text(r.Series),
		text(r.Currency), r.MadeAt, r.ServiceAt,
		r.Subtotal, r.Eligible, r.Discount, r.OtherDiscounts, r.Refund, r.Cost, newCustomer, r.Uses, flag(r.Holds), text(r.Charges), r.Events, r.Others, text(r.Doc)}
}

type redemptionDoc struct {
	Terms       discountDoc `json:"terms"`
	Type        string      `json:"type"`
	Frequency   string      `json:"frequency,omitempty"`
	Occurrence  int64       `json:"occurrence,omitempty"`
	Place       int64       `json:"place,omitempty"`
	TaxIncluded bool        `json:"tax_included,omitempty"`
	Service     *int64      `json:"service,omitempty"`
	ServiceDay  string      `json:"service_day,omitempty"` // 2006-01-02
	Lines       []lineDoc   `json:"lines,omitempty"`
	Refunds     []refundDoc `json:"refunds,omitempty"`
	RedeemedAt  *int64      `json:"redeemed_at,omitempty"`
	ReservedAt  *int64      `json:"reserved_at,omitempty"`
	CancelledAt *int64      `json:"cancelled_at,omitempty"`
	Imported    bool        `json:"imported,omitempty"`
	Fingerprint string      `json:"fingerprint"`
}

type lineDoc struct {
	Line     string    `json:"line"`
	Amount   *moneyDoc `json:"amount,omitempty"`
	Quantity int64     `json:"quantity"`
	Eligible bool      `json:"eligible,omitempty"`
	Discount *moneyDoc `json:"discount,omitempty"`
}

type refundDoc struct {
	Key    string    `json:"key"`
	Amount *moneyDoc `json:"amount,omitempty"`
	At     *int64    `json:"at,omitempty"`
	By     string    `json:"by,omitempty"`
}

type chargeDoc struct {
	Coupon   string `json:"coupon"`
	Of       string `json:"of"`
	Per      string `json:"per"`
	Every    string `json:"every"`
	Subject  string `json:"subject,omitempty"`
	Currency string `json:"currency,omitempty"`
	Since    string `json:"since,omitempty"`
	N        int64  `json:"n"`
}

// encodeCharges gives "" for no charges.
func encodeCharges(charges []coupon.Charge) (string, error) {
	if len(charges) == 0 {
		return "", nil
	}
	return encode(convert(charges, func(c coupon.Charge) chargeDoc {
		return chargeDoc{string(c.Coupon), string(c.Of), string(c.Per), string(c.Every), c.Subject, c.Currency, c.Since, c.N}
	}))
}

func decodeCharges(data string) ([]coupon.Charge, error) {
	if data == "" {
		return nil, nil
	}
	docs, err := decode[[]chargeDoc](data)
	return convert(docs, func(d chargeDoc) coupon.Charge {
		return coupon.Charge{N: d.N, Slot: coupon.Slot{Coupon: coupon.ID(d.Coupon), Of: coupon.LimitOf(d.Of), Per: coupon.LimitPer(d.Per),
			Every: coupon.Period(d.Every), Subject: d.Subject, Currency: d.Currency, Since: d.Since}}
	}), err
}

// rowOf gives the row of a redemption that has that many events, and whose booking
// has that many others.
func rowOf(r coupon.Redemption, events, others int64) (redemptionRow, error) {
	row, err := rowOfAmounts(r)
	if err == nil {
		row.Charges, err = encodeCharges(r.Charges)
	}
	if err == nil {
		row.Doc, err = encodeRedemption(r)
	}
	if err != nil {
		return row, fmt.Errorf("redemption of coupon %s on booking %q: %w", r.Coupon, r.Booking, err)
	}
	row.Events, row.Others = events, others
	return row, nil
}

// copied is the same value at another place: rows are kept, and redemptions are
// their callers'.
func copied[V any](v *V) *V {
	if v == nil {
		return nil
	}
	return new(*v)
}

func rowOfAmounts(r coupon.Redemption) (row redemptionRow, err error) {
	row = redemptionRow{
		Coupon: string(r.Coupon), Booking: r.Booking, State: string(r.State), Version: r.Version, Code: string(r.Code), Customer: r.Customer,
		ExpiresAt: micros(r.ExpiresAt), SingleUse: r.SingleUse, Series: r.Series, Uses: r.Uses,
		Currency: r.Subtotal.Currency, MadeAt: r.MadeAt.UnixMicro(), ServiceAt: micros(r.ServiceAt),
		NewCustomer: copied(r.NewCustomer), Holds: r.Holds,
	}
	amount := func(to *int64, m coupon.Money) {
		n, e := m.Minor()
		if e == nil && m.Currency != row.Currency {
			e = &coupon.CurrencyError{A: r.Subtotal, B: m}
		}
		if *to = n; err == nil {
			err = e
		}
	}
	amount(&row.Subtotal, r.Subtotal)
	amount(&row.Eligible, r.Eligible)
	amount(&row.Discount, r.Discount)
	amount(&row.OtherDiscounts, r.OtherDiscounts)
	amount(&row.Refund, r.Refund)
	if r.Cost != nil {
		row.Cost = new(int64)
		amount(row.Cost, *r.Cost)
	}
	return row, err
}

func encodeRedemption(r coupon.Redemption) (_ string, err error) {
	doc := redemptionDoc{
		Type: string(r.Type), Frequency: string(r.Frequency), Occurrence: r.Occurrence, Place: r.Place, TaxIncluded: r.TaxIncluded, Service: micros(r.Service.At),
		RedeemedAt: micros(r.RedeemedAt), ReservedAt: micros(r.ReservedAt), CancelledAt: micros(r.CancelledAt), Imported: r.Imported, Fingerprint: r.Fingerprint,
	}
	if !r.Service.Day.IsZero() {
		doc.ServiceDay = r.Service.Day.String()
	}
	if doc.Terms, err = discountOf(r.Terms); err != nil {
		return "", err
	}
	for _, l := range r.Lines {
		d := lineDoc{Line: l.Line, Quantity: l.Quantity, Eligible: l.Eligible}
		if d.Amount, err = moneyOf(l.Amount); err != nil {
			return "", err
		}
		if d.Discount, err = moneyOf(l.Discount); err != nil {
			return "", err
		}
		doc.Lines = append(doc.Lines, d)
	}
	for _, x := range r.Refunds {
		d := refundDoc{Key: x.Key, At: micros(x.At), By: x.By}
		if d.Amount, err = moneyOf(x.Amount); err != nil {
			return "", err
		}
		doc.Refunds = append(doc.Refunds, d)
	}
	return encode(doc)
}

func (row redemptionRow) redemption() (coupon.Redemption, error) {
	r, err := row.decode()
	if err != nil {
		return coupon.Redemption{}, fmt.Errorf("redemption of coupon %s on booking %q can't be read: %w", row.Coupon, row.Booking, err)
	}
	return r, nil
}

func (row redemptionRow) decode() (coupon.Redemption, error) {
	r, err := row.withoutDoc()
	if err != nil {
		return r, err
	}
	doc, err := decode[redemptionDoc](row.Doc)
	if err != nil {
		return r, err
	}
	return r, doc.fill(&r)
}

// withoutDoc has only what is in columns.
func (row redemptionRow) withoutDoc() (coupon.Redemption, error) {
	r := coupon.Redemption{
		Coupon: coupon.ID(row.Coupon), Booking: row.Booking, State: coupon.State(row.State), Version: row.Version, Code: coupon.Code(row.Code),
		SingleUse: row.SingleUse, Customer: row.Customer, Series: row.Series, NewCustomer: copied(row.NewCustomer), Uses: row.Uses, Holds: row.Holds,
		ExpiresAt: instant(row.ExpiresAt),
		MadeAt:    instant(&row.MadeAt), ServiceAt: instant(row.ServiceAt),
	}
	var err error
	amount := func(n int64) coupon.Money {
		m, e := coupon.MoneyFromMinor(n, row.Currency)
		if err == nil {
			err = e
		}
		return m
	}
	r.Subtotal, r.Eligible, r.Discount = amount(row.Subtotal), amount(row.Eligible), amount(row.Discount)
	r.OtherDiscounts, r.Refund = amount(row.OtherDiscounts), amount(row.Refund)
	if row.Cost != nil {
		r.Cost = new(amount(*row.Cost))
	}
	if err == nil {
		r.Charges, err = decodeCharges(row.Charges)
	}
	return r, err
}

func (doc redemptionDoc) fill(r *coupon.Redemption) (err error) {
	r.Type, r.Frequency, r.TaxIncluded = coupon.BookingType(doc.Type), coupon.Frequency(doc.Frequency), doc.TaxIncluded
	r.Service.At, r.ReservedAt = instant(doc.Service), instant(doc.ReservedAt)
	r.Occurrence, r.Place = doc.Occurrence, doc.Place
	r.RedeemedAt, r.CancelledAt, r.Imported, r.Fingerprint = instant(doc.RedeemedAt), instant(doc.CancelledAt), doc.Imported, doc.Fingerprint
	if err := r.Service.Day.UnmarshalText([]byte(doc.ServiceDay)); err != nil {
		return err
	}
	if r.Terms, err = doc.Terms.discount(); err != nil {
		return err
	}
	for _, d := range doc.Lines {
		l := coupon.LineDiscount{Line: d.Line, Quantity: d.Quantity, Eligible: d.Eligible}
		if l.Amount, err = d.Amount.money(); err != nil {
			return err
		}
		if l.Discount, err = d.Discount.money(); err != nil {
			return err
		}
		r.Lines = append(r.Lines, l)
	}
	for _, d := range doc.Refunds {
		x := coupon.Refund{Key: d.Key, At: instant(d.At), By: d.By}
		if x.Amount, err = d.Amount.money(); err != nil {
			return err
		}
		r.Refunds = append(r.Refunds, x)
	}
	return nil
}
