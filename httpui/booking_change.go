package httpui

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/bojanz/currency"
	"github.com/shopspring/decimal"

	"github.com/couponkit/coupon"
)

// refundView is the form that records a refund.
type refundView struct {
	post
	Key      string // of the refund: the same form sent twice is the same refund
	Amount   string // as it was typed
	Left     string // what can be given back at most
	Currency string
	On       string // the coupons on which it is recorded, if there are several
	Error    string // beside the amount
	Open     bool
}

// cancelView is the form that says that the booking fell through.
type cancelView struct {
	post
	On       string // the coupons, if there are several
	Use      string // what becomes of the use, or of those of several coupons
	Reserved bool   // it is only released
}

// refundForm is offered where the coupon was redeemed, as long as something is left
// to give back.
func (q *request) refundForm(p bookingPage, state bookingsState, failed *refundView) (*refundView, error) {
	if !redeemed(p.State) {
		return nil, nil
	}
	left := p.left()
	if ok, err := q.mayOnAll(Refund, p); !ok || err != nil || !left.Amount.IsPositive() {
		return nil, err
	}
	v := refundView{}
	if failed != nil {
		v = *failed
		v.Open = true
	}
	if v.Key == "" {
		id, err := q.svc.NewID()
		if err != nil {
			return nil, err
		}
		v.Key = "page-" + string(id)
	}
	v.post = q.post(q.links.bookingChange(q.c.ID, p.Booking, "refund", state))
	v.Left, v.Currency = q.words.Money(left), left.Currency
	v.On = q.severally(p, countedStates...)
	return &v, nil
}

// severally names the coupons on which something is done, if there are several.
func (q *request) severally(p bookingPage, states ...coupon.State) string {
	if of := p.open(states...); len(of) > 1 {
		return q.words.and(q.couponNames(p, of))
	}
	return ""
}

// cancelForm is offered where the coupon stands on the booking. A reservation is
// released, which changes nothing of what is redeemed beside it.
func (q *request) cancelForm(p bookingPage, state bookingsState) (*cancelView, error) {
	now := q.stateNow(p.Redemption)
	if !slices.Contains(standing, now) {
		return nil, nil
	}
	if ok, err := q.mayOnAll(Cancel, p); !ok || err != nil {
		return nil, err
	}
	v := &cancelView{Reserved: now == coupon.Reserved}
	if v.Reserved {
		v.post, v.On = q.post(q.links.bookingChange(q.c.ID, p.Booking, "release", state)), q.severally(p, coupon.Reserved)
		return v, nil
	}
	v.post, v.On = q.post(q.links.bookingChange(q.c.ID, p.Booking, "cancel", state)), q.severally(p, standing...)
	switch {
	case v.On != "":
		v.Use = q.words.t("bookings.one.use-each")
	case q.c.KeepUseOnCancel:
		v.Use = q.words.t("bookings.one.use-kept")
	case p.Series != "":
		v.Use = q.words.t("bookings.one.use-series")
	default:
		v.Use = q.words.t("bookings.one.use-back")
	}
	return v, nil
}

// forChange reads the booking of a form, and asks whether whoever sends it may do
// this to all of the booking's coupons.
func (q *request) forChange(a Action) (bookingPage, error) {
	p, err := q.readBooking()
	if err != nil {
		return p, err
	}
	ok, err := q.mayOnAll(a, p)
	if err == nil && !ok {
		err = errMayNot
	}
	return p, err
}

// changed answers a change that was made, with the page as it is now.
func (h *Handler) changedBooking(q *request, done, key string) error {
	p, err := q.readBooking()
	if err != nil {
		return errors.Join(errChanged, err)
	}
	_, state, _, err := h.parseBookings(q)
	if err != nil {
		return errors.Join(errChanged, err)
	}
	to := q.links.booking(q.c.ID, p.Booking, state)
	return q.leadTo(to+strings.Replace(query{}.with("done", done).with("key", key).String(), "?", "&", 1), bookingDetail(q, p))
}

// cancelBooking says that a booking fell through, on all its coupons. Again it
// changes nothing.
func (h *Handler) cancelBooking(q *request) error {
	p, err := q.forChange(Cancel)
	if err != nil {
		return err
	}
	if _, err := q.svc.Cancel(q.r.Context(), p.Booking); err != nil {
		return err
	}
	return h.changedBooking(q, "cancelled", "")
}

// releaseBooking gives back what is reserved on a booking. If that was redeemed
// meanwhile, nothing is.
func (h *Handler) releaseBooking(q *request) error {
	p, err := q.forChange(Cancel)
	if err != nil {
		return err
	}
	_, err = q.svc.Release(q.r.Context(), p.Booking)
	if errors.Is(err, coupon.ErrConflict) {
		if p, err := q.readBooking(); err == nil { // as it is now
			return h.refuseChange(q, p, nil, http.StatusConflict, q.words.t("bookings.one.release-late"))
		}
	}
	if err != nil {
		return err
	}
	return h.changedBooking(q, "released", "")
}

// refundBooking records a refund. What it can't take comes back in the form, with
// what is wrong beside it; nothing was recorded then.
func (h *Handler) refundBooking(q *request) error {
	p, err := q.forChange(Refund)
	if err != nil {
		return err
	}
	form := &refundView{Key: q.r.FormValue("key"), Amount: strings.TrimSpace(q.r.FormValue("amount"))}
	amount, problem := q.refundAmount(form.Amount, p)
	if form.Key == "" {
		problem = cmp.Or(problem, q.words.t("bookings.refund.no-key"))
	}
	if problem != "" {
		form.Error = problem
		return h.refuseChange(q, p, form, http.StatusUnprocessableEntity, "")
	}
	_, err = q.svc.Refund(q.r.Context(), p.Booking, coupon.Refund{Key: form.Key, Amount: amount})
	switch {
	case err == nil:
		return h.changedBooking(q, "refunded", form.Key)
	case errors.Is(err, coupon.ErrInvalid), errors.Is(err, coupon.ErrConflict), errors.Is(err, coupon.ErrCancelled):
	default:
		return err
	}
	// It is not as it was when the form was made: what is shown is how it is now.
	if p, err2 := q.readBooking(); err2 == nil {
		return h.explainRefund(q, p, form, err)
	}
	return err
}

// explainRefund says why the booking does not take a refund.
func (h *Handler) explainRefund(q *request, p bookingPage, form *refundView, err error) error {
	w := q.words
	conflict, _ := errors.AsType[*coupon.ConflictError](err)
	switch left := p.left(); {
	case errors.Is(err, coupon.ErrCancelled):
		return h.refuseChange(q, p, form, http.StatusConflict, w.t("bookings.refund.was-cancelled"))
	case conflict != nil && conflict.Redemption.State != coupon.Redeemed && conflict.Redemption.State != coupon.Refunded:
		return h.refuseChange(q, p, form, http.StatusConflict, w.t("bookings.refund.not-redeemed"))
	case conflict != nil:
		// The form was sent before, with another amount: that refund stands, and
		// this one needs a key of its own.
		for _, x := range conflict.Redemption.Refunds {
			if x.Key == form.Key {
				form.Error = w.t("bookings.refund.key-used", "amount", w.Money(x.Amount))
			}
		}
		form.Key = ""
		return h.refuseChange(q, p, form, http.StatusConflict, "")
	case left.Amount.IsPositive():
		form.Error = w.t("bookings.refund.too-much", "amount", w.Money(left))
		return h.refuseChange(q, p, form, http.StatusUnprocessableEntity, "")
	default:
		return h.refuseChange(q, p, form, http.StatusConflict, w.t("bookings.refund.nothing-left"))
	}
}

// refuseChange answers with the page as it is, and the form of a refund as it came.
// htmx would lose an answer that is no success.
func (h *Handler) refuseChange(q *request, p bookingPage, form *refundView, status int, problem string) error {
	if q.as == asJSON {
		f := failure{Status: status, Kind: "invalid", Text: problem}
		if status == http.StatusConflict {
			f.Kind = "conflict"
		}
		if form != nil && form.Error != "" {
			f.Text = cmp.Or(problem, form.Error)
			f.Fields = map[string]string{"amount": form.Error}
		}
		return q.json(status, envelope{Error: &f})
	}
	if wantsFragment(q.r) {
		status = http.StatusOK
	}
	return h.showBooking(q, p, status, form, problem)
}

// refundAmount reads an amount as it was typed, in the booking's currency.
func (q *request) refundAmount(typed string, p bookingPage) (coupon.Money, string) {
	w, code := q.words, p.Subtotal.Currency
	digits, _ := currency.GetDigits(code)
	if typed == "" {
		return coupon.Money{}, w.t("bookings.refund.missing", "amount", w.Money(p.left()))
	}
	plain, problem := w.readNumber(typed, int(digits))
	switch problem {
	case notNumber:
		return coupon.Money{}, w.t("bookings.refund.not-number", "example", w.plain(decimal.New(125, -1)))
	case ambiguous:
		return coupon.Money{}, w.t("bookings.refund.ambiguous", "typed", typed)
	}
	m, err := coupon.ParseMoney(plain, code)
	switch {
	case err != nil:
		return m, w.t("bookings.refund.digits", "n", w.Count(int64(digits)), "currency", code)
	case !m.Amount.IsPositive():
		return m, w.t("bookings.refund.positive")
	}
	return m, ""
}
