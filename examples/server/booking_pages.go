package main

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/gorilla/mux"

	"github.com/couponkit/coupon"
)

// bookPage is the booking form with its price.
type bookPage struct {
	Form        form
	Services    []pricedService
	Areas       []area
	Frequencies []struct{ ID, Name string }
	Hours       []string
	Booking     booking  // with the discounts, if there are any
	Taken       []taken  // what each code takes off; nil if they are not applied
	Refused     []string // why the codes were not accepted
	Problem     string   // why nothing was booked
	Subtotal    int64
	Total       int64
}

// taken is what a coupon takes off a booking, in cents.
type taken struct {
	Code      coupon.Code
	Discount  int64
	CouponURL string // its page, for the owner
}

type pricedService struct {
	service
	Amount   int64
	Discount int64
}

func (s *site) bookForm(w http.ResponseWriter, r *http.Request) {
	f := s.blank(strings.TrimSpace(r.URL.Query().Get("code")))
	sv, _ := serviceByID("standard-clean")
	b := booking{Lines: []line{{Service: sv.ID, Quantity: 1, Price: sv.Price}}}
	s.showForm(w, r, http.StatusOK, bookPage{Form: f, Booking: b})
}

// price answers "Apply": what the booking would cost, and why not less. It
// writes nothing.
func (s *site) price(w http.ResponseWriter, r *http.Request) {
	f, b, err := s.read(r)
	if err != nil {
		s.message(w, r, http.StatusBadRequest, "Not readable", "The form could not be read. Go back and try again.")
		return
	}
	// To see a price, nobody has to say who they are; only some codes need it.
	delete(f.Errors, "email")
	p := bookPage{Form: f, Booking: b}
	if len(f.codes()) == 0 || len(b.Lines) == 0 {
		s.showForm(w, r, http.StatusOK, p)
		return
	}
	h, err := s.ledger.history(r.Context(), b.Customer, b.MadeAt)
	if err != nil {
		s.broken(w, r, err)
		return
	}
	q, err := s.svc.Quote(r.Context(), b.forCoupon(h, s.loc), f.codes()...)
	if err != nil {
		s.broken(w, r, err)
		return
	}
	if !q.OK() {
		p.Refused = naming(f.codes(), q.Offers, public(q.Refusals(), b.Customer == ""))
		s.showForm(w, r, http.StatusOK, p)
		return
	}
	for _, o := range q.Offers {
		before := p.Booking.Discount
		if err := p.Booking.apply(o.Code, o.Discount, o.Lines); err != nil {
			s.broken(w, r, err)
			return
		}
		p.Taken = append(p.Taken, taken{Code: o.Code, Discount: p.Booking.Discount - before})
	}
	s.showForm(w, r, http.StatusOK, p)
}

// book answers "Book". The booking's number came with the form, so that the same
// form sent twice, or again after an error, is one booking with one use of the
// coupon.
func (s *site) book(w http.ResponseWriter, r *http.Request) {
	f, b, err := s.read(r)
	if err != nil {
		s.message(w, r, http.StatusBadRequest, "Not readable", "The form could not be read. Go back and try again.")
		return
	}
	p := bookPage{Form: f, Booking: b}
	if len(f.Errors) > 0 {
		p.Problem = "Nothing is booked yet: please look at the marked fields."
		s.showForm(w, r, http.StatusUnprocessableEntity, p)
		return
	}
	done, err := s.ledger.booking(r.Context(), b.ID)
	if errors.Is(err, errNoBooking) {
		if err = s.record(r.Context(), b, f.codes()); err == nil || errors.Is(err, errBooked) {
			done, err = s.ledger.booking(r.Context(), b.ID) // what is stored, if the same form came twice at once
		}
	}
	switch refused := (*coupon.RefusedError)(nil); {
	case errors.As(err, &refused):
		// It may have been accepted a moment ago: the last use went to somebody else.
		p.Refused = public(refused.Refusals, false)
		p.Problem = "Nothing is booked yet: the code was not accepted. Change the booking, or book without it."
		s.showForm(w, r, http.StatusUnprocessableEntity, p)
	case errors.Is(err, coupon.ErrContention):
		s.message(w, r, http.StatusServiceUnavailable, "Very busy", "Too many are booking at this moment. Go back and send the form again.")
	case errors.Is(err, coupon.ErrConflict), errors.Is(err, coupon.ErrCancelled), err == nil && !done.same(b, f.codes()):
		p.Form.ID = s.newID()
		p.Problem = "This form was sent before with other content, as booking " + b.ID + ". To make a second booking, press Book again."
		s.showForm(w, r, http.StatusConflict, p)
	case err != nil:
		s.broken(w, r, err)
	default:
		http.Redirect(w, r, bookingURL(b.ID)+"?booked", http.StatusSeeOther)
	}
}

// record books: it redeems the codes, if there are any, and records the booking at
// the price that is left, in one transaction. Whatever goes wrong, there is never
// a use without its booking, nor a booking at a price that nobody gave.
func (s *site) record(ctx context.Context, b booking, codes []string) error {
	err := s.db.inTx(ctx, func(l ledger, coupons coupon.Store) error {
		b := b
		b.Lines = slices.Clone(b.Lines) // the transaction may be run again
		if len(codes) > 0 {
			h, err := l.history(ctx, b.Customer, b.MadeAt)
			if err != nil {
				return err
			}
			rs, err := s.svc.As(website).With(coupons).RedeemAll(ctx, b.forCoupon(h, s.loc), codes)
			if err != nil {
				return err
			}
			if err := b.applyAll(rs); err != nil {
				return err
			}
		}
		return l.insert(ctx, b)
	})
	// In the transaction it would have been rolled back with it.
	if refused, ok := errors.AsType[*coupon.RefusedError](err); ok {
		if err := s.svc.RecordRefusals(ctx, refused); err != nil {
			s.log.ErrorContext(ctx, "refusals were not recorded", "booking", b.ID, "error", err)
		}
	}
	return err
}

// same says whether a form asks for the booking that there is.
func (b booking) same(o booking, typed []string) bool {
	var codes []coupon.Code
	for _, t := range typed {
		code, _ := coupon.ParseCode(t)
		codes = append(codes, code)
	}
	return b.Customer == o.Customer && b.Area == o.Area && b.Frequency == o.Frequency && slices.Equal(b.Codes, codes) &&
		b.ServiceAt.Equal(o.ServiceAt) && b.DayOnly == o.DayOnly &&
		slices.EqualFunc(b.Lines, o.Lines, func(x, y line) bool { return x.Service == y.Service && x.Quantity == y.Quantity })
}

// public is what a visitor is told.
func public(refusals []coupon.Refusal, noEmail bool) []string {
	out := coupon.Public(refusals)
	if noEmail {
		out = append(out, "Some codes need your e-mail address: enter it and press Apply again.")
	}
	return out
}

// naming says of several codes which can't be used, as they were typed and no
// more: each alone would have been told the same.
func naming(codes []string, offers []coupon.Offer, told []string) []string {
	if len(codes) < 2 || told[0] != coupon.NotValid {
		return told
	}
	var out []string
	for i, o := range offers {
		if slices.Contains(coupon.Public(o.Refusals), coupon.NotValid) {
			out = append(out, "The code "+codes[i]+" can't be used for this booking.")
		}
	}
	return append(out, told[1:]...)
}

func (s *site) showForm(w http.ResponseWriter, r *http.Request, status int, p bookPage) {
	p.Areas, p.Frequencies, p.Hours = areas, frequencies, hours()
	for _, sv := range catalog {
		priced := pricedService{service: sv}
		for _, l := range p.Booking.Lines {
			if l.Service == sv.ID {
				priced.Amount, priced.Discount = l.Amount(), l.Discount
			}
		}
		p.Services = append(p.Services, priced)
	}
	p.Subtotal, p.Total = p.Booking.subtotal(), p.Booking.total()
	s.render(w, r, status, "book.html", page{Title: "Book a service", Here: "book", Data: p})
}

// booking is the page of one booking. A real host shows it to its staff and to
// the customer who made it.
func (s *site) booking(w http.ResponseWriter, r *http.Request) {
	b, err := s.ledger.booking(r.Context(), mux.Vars(r)["id"])
	if errors.Is(err, errNoBooking) {
		s.message(w, r, http.StatusNotFound, "Not found", "There is no booking of that number.")
		return
	}
	if err != nil {
		s.broken(w, r, err)
		return
	}
	data := struct {
		booking
		Subtotal, Total int64
		JustBooked      bool
		Over            bool
		Taken           []taken
	}{booking: b, Subtotal: b.subtotal(), Total: b.total(), JustBooked: r.URL.Query().Has("booked"), Over: s.over(b)}
	for red, err := range s.svc.Redemptions(r.Context(), coupon.RedemptionFilter{Booking: b.ID}) {
		if err != nil {
			s.broken(w, r, err)
			return
		}
		off, err := red.Discount.Minor()
		if err != nil {
			s.broken(w, r, err)
			return
		}
		data.Taken = append(data.Taken, taken{red.Code, off, s.couponURL(red.Coupon)})
	}
	slices.SortFunc(data.Taken, func(x, y taken) int { return slices.Index(b.Codes, x.Code) - slices.Index(b.Codes, y.Code) })
	s.render(w, r, http.StatusOK, "booking.html", page{Title: "Booking " + b.ID, Data: data})
}

// over says whether it is too late to cancel.
func (s *site) over(b booking) bool { return !b.ServiceAt.IsZero() && b.ServiceAt.Before(s.now()) }

// cancel cancels a booking, and gives the use of its coupon back, in one
// transaction. Doing it twice changes nothing.
func (s *site) cancel(w http.ResponseWriter, r *http.Request) {
	b, err := s.ledger.booking(r.Context(), mux.Vars(r)["id"])
	switch {
	case errors.Is(err, errNoBooking):
		s.message(w, r, http.StatusNotFound, "Not found", "There is no booking of that number.")
		return
	case err == nil && s.over(b) && b.CancelledAt.IsZero():
		s.message(w, r, http.StatusConflict, "Too late", "The service of this booking is over.")
		return
	}
	if err == nil {
		err = s.db.inTx(r.Context(), func(l ledger, coupons coupon.Store) error {
			if len(b.Codes) > 0 {
				if _, err := s.svc.As(website).With(coupons).Cancel(r.Context(), b.ID); err != nil {
					return err
				}
			}
			return l.cancel(r.Context(), b.ID, s.now())
		})
	}
	if err != nil {
		s.broken(w, r, err)
		return
	}
	http.Redirect(w, r, bookingURL(b.ID), http.StatusSeeOther)
}
