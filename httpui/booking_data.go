package httpui

import (
	"time"

	"github.com/couponkit/coupon"
)

// detailData is one booking as JSON.
type detailData struct {
	Coupon coupon.ID   `json:"coupon"`
	Main   coupon.Code `json:"coupon_code"`
	Name   string      `json:"coupon_name,omitempty"`
	bookingData
	Terms       coupon.Discount `json:"terms"` // the discount as it was promised
	SingleUse   bool            `json:"single_use"`
	Lines       []lineData      `json:"lines"`
	Left        coupon.Money    `json:"refundable"` // of what was paid
	Refunds     []refundData    `json:"refunds"`
	Events      []eventData     `json:"events"`
	RedeemedAt  time.Time       `json:"redeemed_at,omitzero"`
	ReservedAt  time.Time       `json:"reserved_at,omitzero"`
	CancelledAt time.Time       `json:"cancelled_at,omitzero"`
	Imported    bool            `json:"imported"`
	URL         string          `json:"url,omitempty"` // the host's page
}

type lineData struct {
	Line     string       `json:"line"`
	Quantity int64        `json:"quantity"`
	Amount   coupon.Money `json:"amount"`
	Eligible bool         `json:"eligible"`
	Discount coupon.Money `json:"discount"`
}

type refundData struct {
	Key    string       `json:"key"`
	Amount coupon.Money `json:"amount"`
	At     time.Time    `json:"at"`
	By     string       `json:"by,omitempty"`
}

type eventData struct {
	Kind   coupon.EventKind `json:"kind"`
	At     time.Time        `json:"at"`
	By     string           `json:"by,omitempty"`
	Key    string           `json:"key,omitempty"`
	Amount *coupon.Money    `json:"amount,omitempty"`
}

func bookingDetail(q *request, p bookingPage) detailData {
	left := p.left()
	left.Currency = p.Subtotal.Currency
	d := detailData{Coupon: q.c.ID, Main: q.c.Code, Name: q.c.Name, bookingData: bookingJSON(p.usedOn), Terms: p.Terms, SingleUse: p.SingleUse,
		Lines: []lineData{}, Left: left, Refunds: []refundData{}, Events: []eventData{},
		RedeemedAt: p.RedeemedAt, ReservedAt: p.ReservedAt, CancelledAt: p.CancelledAt, Imported: p.Imported, URL: q.hostURL(p.Booking)}
	d.State = q.stateNow(p.Redemption)
	for _, l := range p.Lines {
		d.Lines = append(d.Lines, lineData{l.Line, l.Quantity, l.Amount, l.Eligible, l.Discount})
	}
	for _, x := range p.Refunds {
		d.Refunds = append(d.Refunds, refundData{x.Key, x.Amount, x.At, x.By})
	}
	for _, e := range p.events {
		x := eventData{Kind: e.Kind, At: e.At, By: e.By, Key: e.Key}
		if !e.Amount.IsZero() {
			x.Amount = new(e.Amount)
		}
		d.Events = append(d.Events, x)
	}
	return d
}
