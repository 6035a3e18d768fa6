package httpui

import (
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/couponkit/coupon"
)

// bookingPage is one booking with all that was done on it.
type bookingPage struct {
	usedOn
	all    []coupon.Redemption // of every coupon, this one first
	events []coupon.Event
}

// readBooking reads the booking of the address. One that the coupon was not used
// on is not found, nor uses from before.
func (q *request) readBooking() (p bookingPage, err error) {
	ctx, id := q.r.Context(), q.r.FormValue("id")
	r, err := q.svc.Redemption(ctx, q.c.ID, id)
	if err != nil {
		return p, err
	}
	if r.State == coupon.Opening {
		return p, errNotFound
	}
	rows, err := q.withOthers([]coupon.Redemption{r}, anyState)
	if err != nil {
		return p, err
	}
	p.usedOn, p.all = rows[0], []coupon.Redemption{r}
	for _, o := range p.others {
		p.all = append(p.all, o.Redemption)
	}
	p.events, err = q.svc.Events(ctx, q.c.ID, r.Booking)
	return p, err
}

// open are the redemptions of the booking in one of some states.
func (p bookingPage) open(states ...coupon.State) (out []coupon.Redemption) {
	for _, r := range p.all {
		for _, s := range states {
			if r.State == s {
				out = append(out, r)
			}
		}
	}
	return out
}

// left is what of the paid amount was not given back yet; not more than zero if
// nothing can be.
func (p bookingPage) left() coupon.Money {
	var left coupon.Money
	for i, r := range p.open(countedStates...) {
		m := r.Revenue()
		m.Amount = m.Amount.Sub(r.Refund.Amount)
		if i == 0 || m.Amount.LessThan(left.Amount) {
			left = m
		}
	}
	return left
}

// bookingView is what the page shows.
type bookingView struct {
	Coupon, Code   string
	List           string
	Back, Bookings string // the coupon's page and the list, as one came from them
	ID             string
	State          coupon.State
	StateName      string
	Until          string // of a reservation
	Host, HostName string
	Sums           []sumLine
	Beside         []sumLine // other coupons that are not in that sum
	SumsNote       string    // why they stand in no figure; empty if they do
	Facts          []fact
	Lines          []lineView
	LinesOf        string // the sum of their discounts
	Life           []lifeView
	Zone           string
	Refund         *refundView // nil if it can't be refunded, or not by whoever asks
	Cancel         *cancelView
}

type lineView struct {
	ID, Quantity, Amount, Discount string
	Eligible                       bool
}

// lifeView is one step in the life of a redemption.
type lifeView struct {
	Kind   coupon.EventKind
	Title  string
	Amount string
	When   string
	Stamp  string // machine-readable
	By     string
	Ahead  bool // it is still to come
}

func (h *Handler) booking(q *request) error {
	p, err := q.readBooking()
	if err != nil {
		return err
	}
	return h.showBooking(q, p, 0, nil, "")
}

// showBooking answers with the page. failed is a refund that was not taken, to be
// corrected.
func (h *Handler) showBooking(q *request, p bookingPage, status int, failed *refundView, problem string) error {
	_, state, notices, err := h.parseBookings(q)
	if err != nil {
		return err
	}
	view, err := h.bookingView(q, p, state, failed)
	if err != nil {
		return err
	}
	if problem != "" {
		notices = append(notices, problem)
	}
	a := answer{status: status, name: "booking", title: q.words.t("bookings.one.title", "booking", p.Booking), view: view, data: bookingDetail(q, p), notices: notices}
	if q.r.Method == "GET" {
		a.toast = q.words.bookingDone(q.r.URL.Query().Get("done"), q.r.URL.Query().Get("key"), p)
	}
	return q.answer(a)
}

// bookingDone says what was just done, if the booking is so.
func (w words) bookingDone(done, key string, p bookingPage) string {
	switch {
	case done == "cancelled" && p.State == coupon.Cancelled:
		return w.t("bookings.one.cancelled", "booking", p.Booking)
	case (done == "cancelled" || done == "released") && p.State == coupon.Released:
		return w.t("bookings.one.released", "booking", p.Booking)
	case done == "refunded":
		for _, x := range p.Refunds {
			if x.Key == key {
				return w.t("bookings.one.refunded", "amount", w.Money(x.Amount), "booking", p.Booking)
			}
		}
	}
	return ""
}

func (h *Handler) bookingView(q *request, p bookingPage, state bookingsState, failed *refundView) (bookingView, error) {
	w, c, loc := q.words, q.c, zoneOf(q.c)
	v := bookingView{Coupon: w.name(c), Code: string(c.Code), List: q.links.home(), Back: q.links.coupon(c.ID, state.reportState),
		Bookings: q.links.bookings(c.ID, state), ID: p.Booking, State: q.stateNow(p.Redemption), Host: q.hostURL(p.Booking), Zone: c.Zone}
	v.StateName = w.state(v.State)
	if v.Host != "" {
		v.HostName = w.t("bookings.open-host", "booking", p.Booking)
	}
	if v.State == coupon.Reserved {
		v.Until = w.t("bookings.until", "time", w.instant(p.ExpiresAt, loc))
	}
	v.Sums, v.Beside = q.sumLines(p)
	switch v.State {
	case coupon.Cancelled, coupon.Reserved:
		v.SumsNote = w.t("bookings.one.off." + string(v.State))
	case coupon.Released, coupon.ReservationExpired:
		v.SumsNote = w.t("bookings.one.off.ended")
	}
	v.Facts = q.bookingFacts(p, loc)
	for _, l := range p.Lines {
		v.Lines = append(v.Lines, lineView{ID: l.Line, Quantity: w.Count(l.Quantity), Amount: w.Money(l.Amount), Discount: w.Money(l.Discount), Eligible: l.Eligible})
	}
	v.LinesOf = w.Money(p.Discount)
	v.Life = q.life(p, loc)
	var err error
	if v.Refund, err = q.refundForm(p, state, failed); err != nil {
		return v, err
	}
	v.Cancel, err = q.cancelForm(p, state)
	return v, err
}

func (q *request) bookingFacts(p bookingPage, loc *time.Location) []fact {
	w := q.words
	isNew := w.t("bookings.one.new-unknown")
	if p.NewCustomer != nil {
		isNew = w.t("bookings.one.new." + strconv.FormatBool(*p.NewCustomer))
	}
	customer := fact{Label: w.t("bookings.one.customer"), Text: w.customer(p.Customer), More: isNew}
	if p.Customer != "" {
		customer.URL = q.links.bookings(q.c.ID, bookingsState{Filter: filterAll, Search: p.Customer})
	}
	service := fact{Label: w.t("bookings.one.service"), Text: w.t("words.not-known")}
	if at := w.serviceTime(p.Service, loc); at.Time != "" {
		service.Text = w.instant(p.Service.At, loc)
	} else if at.Date != "" {
		service.Text, service.More = at.Date, w.t("bookings.one.day-only")
	}
	kind := fact{Label: w.t("bookings.one.type"), Text: w.bookingType(p.Redemption)}
	if p.Series != "" {
		kind.More = w.t("bookings.one.series", "n", w.Count(p.Occurrence), "series", p.Series)
	}
	code := fact{Label: w.t("bookings.one.code"), Text: string(p.Code)}
	switch {
	case p.SingleUse:
		code.More = w.t("bookings.one.single-use")
	case p.Code != q.c.Code:
		code.More = w.t("bookings.one.not-main")
	}
	version := fact{Label: w.t("bookings.one.version"), Text: w.t("bookings.one.version-n", "n", w.Count(p.Version))}
	if p.Version != q.c.Version {
		version.More = w.t("bookings.one.version-old", "n", w.Count(q.c.Version))
	}
	facts := []fact{code, {Label: w.t("bookings.one.terms"), Text: w.discount(p.Terms)}, version, customer,
		{Label: w.t("bookings.one.made"), Text: w.instant(p.MadeAt, loc), More: q.c.Zone}, service, kind}
	if p.Imported {
		facts = append(facts, fact{Label: w.t("bookings.one.from"), Text: w.t("bookings.one.imported")})
	}
	return facts
}

// life are the events of the redemption, the oldest first, and the end of a
// reservation that is still to come.
func (q *request) life(p bookingPage, loc *time.Location) (out []lifeView) {
	w := q.words
	for _, e := range p.events {
		x := lifeView{Kind: e.Kind, Title: w.t("bookings.life." + string(e.Kind)), When: w.instant(e.At, loc), Stamp: e.At.In(loc).Format(time.RFC3339), By: e.By}
		if !e.Amount.IsZero() {
			x.Amount = w.t("bookings.life-amount."+string(e.Kind), "amount", w.Money(e.Amount))
		}
		out = append(out, x)
	}
	if p.State == coupon.Reserved {
		x := lifeView{Kind: "expires", Title: w.t("bookings.life.expires"), When: w.instant(p.ExpiresAt, loc), Stamp: p.ExpiresAt.In(loc).Format(time.RFC3339), Ahead: true}
		if !q.svc.Now().Before(p.ExpiresAt) {
			x.Title, x.Ahead = w.t("bookings.life.ended"), false
		}
		out = append(out, x)
	}
	return out
}

// couponNames are how the coupons of redemptions are called, this one first; one
// that may not be seen is "another coupon".
func (q *request) couponNames(p bookingPage, of []coupon.Redemption) (names []string) {
	for _, r := range of {
		name := q.words.t("bookings.another-coupon")
		if r.Coupon == q.c.ID {
			name = q.words.name(q.c)
		}
		for _, o := range p.others {
			if o.seen && o.Coupon == r.Coupon {
				name = q.words.name(o.c)
			}
		}
		names = append(names, name)
	}
	return names
}

// mayOnAll asks whether somebody may do something with every coupon that stands on
// the booking: what is done to a booking is done to all of them.
func (q *request) mayOnAll(a Action, p bookingPage) (bool, error) {
	if !q.may(a) {
		return false, nil
	}
	for _, o := range p.others {
		if !slices.Contains(standing, o.State) {
			continue
		}
		c, err := q.svc.Coupon(q.r.Context(), o.Coupon)
		if err != nil && !errors.Is(err, coupon.ErrNotFound) {
			return false, err
		}
		if err == nil && !q.h.may(q.r, a, c) {
			return false, nil
		}
	}
	return true, nil
}
