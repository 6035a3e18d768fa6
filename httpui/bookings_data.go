package httpui

import (
	"strconv"
	"strings"
	"time"

	"github.com/couponkit/coupon"
)

// bookingsData is a page of bookings as JSON.
type bookingsData struct {
	Coupon coupon.ID    `json:"coupon"`
	From   time.Time    `json:"from,omitzero"` // of the range, inclusive
	To     time.Time    `json:"to,omitzero"`   // exclusive
	Clock  coupon.Clock `json:"clock"`         // by which a booking is in it
	Zone   string       `json:"zone"`          // in which the range has whole days
	// FoundBy is as what the search was found: booking, customer or code.
	FoundBy  foundBy       `json:"found_by,omitempty"`
	Bookings []bookingData `json:"bookings"`
	Totals   []totalData   `json:"totals"`          // of all pages, one per currency
	Next     string        `json:"after,omitempty"` // the next page is the same address with this as after
}

type bookingData struct {
	Booking        string             `json:"booking"`
	State          coupon.State       `json:"state"`
	Code           coupon.Code        `json:"code"`
	Version        int64              `json:"coupon_version"`
	Customer       string             `json:"customer,omitempty"`
	NewCustomer    *bool              `json:"new_customer"` // null is unknown
	Type           coupon.BookingType `json:"type"`
	Frequency      coupon.Frequency   `json:"frequency,omitempty"`
	Series         string             `json:"series,omitempty"`
	Occurrence     int64              `json:"occurrence,omitempty"`
	MadeAt         time.Time          `json:"made_at"`
	ServiceAt      time.Time          `json:"service_at,omitzero"`
	ServiceDate    string             `json:"service_date,omitempty"` // where only the day is known
	Subtotal       coupon.Money       `json:"subtotal"`
	Eligible       coupon.Money       `json:"eligible"`
	Discount       coupon.Money       `json:"discount"`
	OtherDiscounts coupon.Money       `json:"other_discounts"`
	Revenue        coupon.Money       `json:"revenue"`
	Refunded       coupon.Money       `json:"refunded"`
	Cost           *coupon.Money      `json:"cost"`   // null is unknown
	Margin         *coupon.Money      `json:"margin"` // before refunds
	TaxIncluded    bool               `json:"tax_included"`
	ExpiresAt      time.Time          `json:"expires_at,omitzero"` // of a reservation
	Others         []otherData        `json:"other_coupons,omitempty"`
}

// otherData is another coupon on the same booking. What may not be seen of it is
// left out.
type otherData struct {
	Coupon    coupon.ID    `json:"coupon,omitempty"`
	Code      coupon.Code  `json:"code,omitempty"`
	Name      string       `json:"name,omitempty"`
	State     coupon.State `json:"state"`
	ExpiresAt time.Time    `json:"expires_at,omitzero"` // of a reservation
	Discount  coupon.Money `json:"discount"`
	Included  bool         `json:"included"` // the discount is part of other_discounts
}

type totalData struct {
	Currency           string       `json:"currency"`
	Bookings           int64        `json:"bookings"`
	Subtotal           coupon.Money `json:"subtotal"`
	Eligible           coupon.Money `json:"eligible"`
	Discounts          coupon.Money `json:"discounts"`
	OtherDiscounts     coupon.Money `json:"other_discounts"`
	Revenue            coupon.Money `json:"revenue"`
	Refunds            coupon.Money `json:"refunds"`
	NewCustomers       int64        `json:"new_customers"`
	CostKnown          int64        `json:"cost_known"`
	Cost               coupon.Money `json:"cost"`
	Margin             coupon.Money `json:"margin"`
	Cancelled          int64        `json:"cancelled"`
	CancelledSubtotal  coupon.Money `json:"cancelled_subtotal"`
	CancelledDiscounts coupon.Money `json:"cancelled_discounts"`
}

func bookingsJSON(q *request, rep report, p bookingsPage) bookingsData {
	d := bookingsData{Coupon: q.c.ID, From: p.filter.Range.From.UTC(), To: p.filter.Range.To.UTC(), Clock: p.filter.Range.Clock, Zone: q.c.Zone,
		FoundBy: p.found, Bookings: []bookingData{}, Totals: []totalData{}, Next: p.next}
	for _, r := range p.rows {
		d.Bookings = append(d.Bookings, bookingJSON(r))
	}
	for _, f := range p.totals {
		d.Totals = append(d.Totals, totalData{Currency: f.Currency, Bookings: f.Bookings, Subtotal: f.Subtotal, Eligible: f.Eligible,
			Discounts: f.Discounts, OtherDiscounts: f.OtherDiscounts, Revenue: f.Revenue, Refunds: f.Refunds,
			NewCustomers: f.NewCustomers, CostKnown: f.CostKnown, Cost: f.Cost, Margin: f.Margin,
			Cancelled: f.Cancelled, CancelledSubtotal: f.CancelledSubtotal, CancelledDiscounts: f.CancelledDiscounts})
	}
	return d
}

func bookingJSON(r usedOn) bookingData {
	d := bookingData{Booking: r.Booking, State: r.State, Code: r.Code, Version: r.Version, Customer: r.Customer, NewCustomer: r.NewCustomer,
		Type: r.Type, Frequency: r.Frequency, Series: r.Series, Occurrence: r.Occurrence, MadeAt: r.MadeAt, ServiceAt: r.Service.At,
		Subtotal: r.Subtotal, Eligible: r.Eligible, Discount: r.Discount, OtherDiscounts: r.OtherDiscounts,
		Revenue: r.Revenue(), Refunded: r.Refund, TaxIncluded: r.TaxIncluded}
	if r.State == coupon.Reserved {
		d.ExpiresAt = r.ExpiresAt
	}
	if !r.Service.Day.IsZero() {
		d.ServiceDate = r.Service.Day.String()
	}
	if margin, ok := marginOf(r.Redemption); ok {
		d.Cost, d.Margin = r.Cost, &margin
	}
	for _, o := range r.others {
		x := otherData{State: o.State, Discount: o.Discount, Included: o.included}
		if o.State == coupon.Reserved {
			x.ExpiresAt = o.ExpiresAt
		}
		if o.seen {
			x.Coupon, x.Code, x.Name = o.Coupon, o.Code, o.c.Name
		}
		d.Others = append(d.Others, x)
	}
	return d
}

// bookingsHeader are the columns of the table; amounts are in the currency of
// their row, instants in the coupon's zone, and what is not known is empty.
var bookingsHeader = []string{"booking", "state", "made_at", "service", "customer", "new_customer", "type", "frequency", "series", "occurrence", "code", "coupon_version",
	"currency", "subtotal", "eligible", "discount", "other_discounts", "revenue", "refunded", "cost", "margin", "tax_included", "other_codes"}

// bookingsCSV answers with all bookings of the list, in its order.
func (q *request) bookingsCSV(rep report, state bookingsState) error {
	f, _, err := q.filter(rep, state.first())
	if err != nil {
		return err
	}
	name := "bookings-" + string(q.c.Code) + "-" + rep.First.String() + "-" + rep.Last.String() + ".csv"
	return q.csv(name, bookingsHeader, inPieces(q.svc.Redemptions(q.r.Context(), f), func(some []coupon.Redemption) (out [][]string, err error) {
		rows, err := q.withUsed(some)
		for _, r := range rows {
			out = append(out, q.bookingRecord(r))
		}
		return out, err
	}))
}

func (q *request) bookingRecord(r usedOn) []string {
	loc := zoneOf(q.c)
	service, isNew, occurrence, cost, margin := "", "", "", "", ""
	switch {
	case !r.Service.Day.IsZero():
		service = r.Service.Day.String()
	case !r.Service.At.IsZero():
		service = r.Service.At.In(loc).Format(time.RFC3339)
	}
	if r.NewCustomer != nil {
		isNew = strconv.FormatBool(*r.NewCustomer)
	}
	if r.Occurrence != 0 {
		occurrence = strconv.FormatInt(r.Occurrence, 10)
	}
	if m, ok := marginOf(r.Redemption); ok {
		cost, margin = r.Cost.Plain(), m.Plain()
	}
	var others []string
	for _, o := range r.others {
		if o.seen {
			others = append(others, string(o.Code))
		}
	}
	return []string{csvText(r.Booking), string(r.State), r.MadeAt.In(loc).Format(time.RFC3339), service, csvText(r.Customer), isNew,
		string(r.Type), csvText(string(r.Frequency)), csvText(r.Series), occurrence, csvText(string(r.Code)), strconv.FormatInt(r.Version, 10),
		r.Subtotal.Currency, r.Subtotal.Plain(), r.Eligible.Plain(), r.Discount.Plain(), r.OtherDiscounts.Plain(), r.Revenue().Plain(),
		r.Refund.Plain(), cost, margin, strconv.FormatBool(r.TaxIncluded), csvText(strings.Join(others, " "))}
}
