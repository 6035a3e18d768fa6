package coupon_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/couponkit/coupon"
)

// reached is a store that writes nothing and says that it was asked to.
type reached struct{ coupon.Store }

var errReached = errors.New("it has come to the store")

func (reached) InsertCoupon(context.Context, coupon.Coupon) error { return errReached }
func (reached) UpdateCoupon(context.Context, coupon.Coupon, func(coupon.Use) []coupon.Charge) error {
	return errReached
}
func (reached) InsertCodes(context.Context, coupon.ID, []coupon.CouponCode) ([]coupon.Code, error) {
	return nil, errReached
}
func (reached) InsertNote(_ context.Context, n coupon.Note) (coupon.Note, error) {
	return n, errReached
}
func (reached) UpdateNote(_ context.Context, n coupon.Note) (coupon.Note, error) {
	return n, errReached
}
func (reached) Write(context.Context, []*coupon.Group) error { return errReached }
func (reached) RecordRefusals(context.Context, []coupon.RefusalRecord, coupon.RefusalBounds) error {
	return errReached
}

// failed is the error of a call.
func failed[T any](_ T, err error) error { return err }

// PostgreSQL stores no NUL and only what is UTF-8. There such a text would be an
// error of the database, which in the host's transaction is the end of that.
func TestATextThatCannotBeStoredNeverComesToTheStore(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.create(nil)
	svc := d.With(reached{d.store})
	one := coupon.MustMoney("1", "USD").Amount

	type row struct {
		what, good string // which text, and one that comes to the store
		call       func(s string) error
	}
	ofCoupon := func(what, good string, change func(c *coupon.Coupon, s string)) row {
		return row{what, good, func(s string) error {
			next, _ := plain()
			next.ID, next.Code = "next", "NEXT"
			change(&next, s)
			return failed(svc.Create(d.ctx, next))
		}}
	}
	ofRules := func(what, good string, change func(r *coupon.Restrictions, s string)) row {
		return ofCoupon(what, good, func(c *coupon.Coupon, s string) { change(&c.Restrictions, s) })
	}
	ofBooking := func(what, good string, change func(b *coupon.Booking, s string)) row {
		return row{what, good, func(s string) error {
			b := booking("b")
			change(&b, s)
			return failed(svc.Redeem(d.ctx, b, "TEN"))
		}}
	}
	ofPast := func(what, good string, change func(r *coupon.PastRedemption, s string)) row {
		return row{"imported: " + what, good, func(s string) (bad error) {
			r := coupon.PastRedemption{Code: "TEN", Booking: "b", Currency: "USD", MadeAt: noon, Subtotal: one, Eligible: one}
			change(&r, s)
			_, err := svc.Import(d.ctx, func(yield func(coupon.PastRedemption, error) bool) { yield(r, nil) },
				coupon.ImportOptions{BadRow: func(b coupon.BadRow) { bad = b.Err }})
			return errors.Join(bad, err)
		}}
	}
	ofPastCoupon := func(what, good string, change func(p *coupon.PastCoupon, s string)) row {
		return row{"imported coupon: " + what, good, func(s string) error {
			_, bad, err := importCoupons(d.ctx, svc, pastCoupon("past", func(p *coupon.PastCoupon) { p.Coupon.Code = "PAST"; change(p, s) }))
			return errors.Join(append(bad, err)...)
		}}
	}
	ofCode := func(what, good string, change func(k *coupon.CouponCode, s string)) row {
		return row{"further code: " + what, good, func(s string) error {
			k := coupon.CouponCode{Code: "MORE"}
			change(&k, s)
			return failed(svc.AddCode(d.ctx, c.ID, k))
		}}
	}
	ofBatch := func(what, good string, change func(b *coupon.CodeBatch, s string)) row {
		return row{"batch: " + what, good, func(s string) error {
			b := coupon.CodeBatch{Key: "k", Count: 1}
			change(&b, s)
			for _, err := range svc.GenerateCodes(d.ctx, c.ID, b) {
				return err
			}
			return nil
		}}
	}
	ofRefused := func(what, good string, change func(e *coupon.RefusedError, s string)) row {
		return row{"refused: " + what, good, func(s string) error {
			e := &coupon.RefusedError{Booking: "b", Subtotal: coupon.MustMoney("1", "USD"), Refusals: []coupon.Refusal{{Reason: coupon.HasEnded, Coupon: c.ID, Code: c.Code}}, At: noon}
			change(e, s)
			return svc.RecordRefusals(d.ctx, e)
		}}
	}
	match := func(on, key, value string) []coupon.Match {
		return []coupon.Match{{On: coupon.MatchOn(on), Key: key, AnyOf: []string{value}}}
	}
	limit := func(of coupon.LimitOf, per, every, currency string) []coupon.Limit {
		l := coupon.Limit{Of: of, Per: coupon.LimitPer(per), Every: coupon.Period(every), Max: 1}
		if currency != "" {
			l.Max, l.Budget = 0, coupon.Money{Amount: one, Currency: currency}
		}
		return []coupon.Limit{l}
	}
	for _, r := range []row{
		ofCoupon("id", "x", func(c *coupon.Coupon, s string) { c.ID = coupon.ID(s) }),
		ofCoupon("code", "X", func(c *coupon.Coupon, s string) { c.Code = coupon.Code(s) }),
		ofCoupon("name", "x", func(c *coupon.Coupon, s string) { c.Name = s }),
		ofCoupon("description", "x\ny", func(c *coupon.Coupon, s string) { c.Description = s }),
		ofCoupon("zone", "UTC", func(c *coupon.Coupon, s string) { c.Zone = s }),
		ofCoupon("audience", "new", func(c *coupon.Coupon, s string) { c.Audience = coupon.Audience(s) }),
		ofCoupon("clock", "made-at", func(c *coupon.Coupon, s string) { c.ValidBy = coupon.Clock(s) }),
		ofCoupon("kind", "percent", func(c *coupon.Coupon, s string) { c.Discount.Kind = coupon.DiscountKind(s) }),
		ofCoupon("currency", "USD", func(c *coupon.Coupon, s string) { c.Discount.Cap = coupon.Money{Amount: one, Currency: s} }),
		ofRules("total", "USD", func(r *coupon.Restrictions, s string) { r.MinTotal = coupon.Money{Amount: one, Currency: s} }),
		ofRules("type", "one-time", func(r *coupon.Restrictions, s string) { r.BookingType = coupon.BookingType(s) }),
		ofRules("frequency", "x", func(r *coupon.Restrictions, s string) { r.Frequencies = []coupon.Frequency{coupon.Frequency(s)} }),
		ofRules("clock of days", "made-at", func(r *coupon.Restrictions, s string) { r.Days, r.DaysBy = []time.Weekday{1}, coupon.Clock(s) }),
		ofRules("what is matched", "line", func(r *coupon.Restrictions, s string) { r.Matches = match(s, "k", "v") }),
		ofRules("key of a match", "x", func(r *coupon.Restrictions, s string) { r.Matches = match("line", s, "v") }),
		ofRules("value of a match", "x", func(r *coupon.Restrictions, s string) { r.Matches = match("line", "k", s) }),
		ofRules("limit of", "uses", func(r *coupon.Restrictions, s string) { r.Limits = limit(coupon.LimitOf(s), "coupon", "", "") }),
		ofRules("limit per", "coupon", func(r *coupon.Restrictions, s string) { r.Limits = limit(coupon.Uses, s, "", "") }),
		ofRules("limit every", "day", func(r *coupon.Restrictions, s string) { r.Limits = limit(coupon.Uses, "coupon", s, "") }),
		ofRules("budget", "USD", func(r *coupon.Restrictions, s string) { r.Limits = limit(coupon.DiscountGiven, "coupon", "", s) }),
		{"edited name", "x", func(s string) error { edited := c; edited.Name = s; return failed(svc.Update(d.ctx, edited)) }},
		{"code of a copy", "X", func(s string) error { return failed(svc.Duplicate(d.ctx, c.ID, s)) }},

		ofBooking("booking", "x", func(b *coupon.Booking, s string) { b.ID = s }),
		ofBooking("currency of a booking", "EUR", func(b *coupon.Booking, s string) { b.Currency = s }),
		ofBooking("customer", "x", func(b *coupon.Booking, s string) { b.Customer.Key = s }),
		ofBooking("key of the customer's", "x", func(b *coupon.Booking, s string) { b.Customer.Attributes = coupon.Attributes{s: {"v"}} }),
		ofBooking("value of the customer's", "x", func(b *coupon.Booking, s string) { b.Customer.Attributes = coupon.Attributes{"k": {s}} }),
		ofBooking("key of an attribute", "x", func(b *coupon.Booking, s string) { b.Attributes = coupon.Attributes{s: nil} }),
		ofBooking("value of an attribute", "x", func(b *coupon.Booking, s string) { b.Attributes = coupon.Attributes{"k": {"v", s}} }),
		ofBooking("type of a booking", "one-time", func(b *coupon.Booking, s string) { b.Type = coupon.BookingType(s) }),
		ofBooking("frequency of a booking", "x", func(b *coupon.Booking, s string) { b.Type, b.Frequency = coupon.Recurring, coupon.Frequency(s) }),
		ofBooking("series", "x", func(b *coupon.Booking, s string) { b.Series, b.Occurrence = s, 1 }),
		ofBooking("line", "x", func(b *coupon.Booking, s string) { b.Lines[0].ID = s }),
		ofBooking("key of a line's", "x", func(b *coupon.Booking, s string) { b.Lines[0].Attributes = coupon.Attributes{s: nil} }),
		ofBooking("value of a line's", "x", func(b *coupon.Booking, s string) { b.Lines[0].Attributes = coupon.Attributes{"k": {s}} }),
		{"refund", "x", func(s string) error {
			return failed(svc.Refund(d.ctx, "b", coupon.Refund{Key: s, Amount: coupon.MustMoney("1", "USD")}))
		}},
		{"currency of a refund", "USD", func(s string) error {
			return failed(svc.Refund(d.ctx, "b", coupon.Refund{Key: "k", Amount: coupon.Money{Amount: one, Currency: s}}))
		}},
		{"cost", "USD", func(s string) error { return failed(svc.SetCost(d.ctx, "b", &coupon.Money{Amount: one, Currency: s})) }},
		{"note", "x", func(s string) error { return failed(svc.AddNote(d.ctx, c.ID, noon, s)) }},
		{"id of a note", "x", func(s string) error {
			return failed(svc.PutNote(d.ctx, coupon.Note{ID: coupon.ID(s), Coupon: c.ID, At: noon, Text: "x"}))
		}},
		{"edited note", "x", func(s string) error {
			return failed(svc.EditNote(d.ctx, coupon.Note{ID: "n", Coupon: c.ID, At: noon, Text: s, Version: 1}))
		}},

		ofPast("code", "TEN", func(r *coupon.PastRedemption, s string) { r.Code = s }),
		ofPast("booking", "x", func(r *coupon.PastRedemption, s string) { r.Booking = s }),
		ofPast("customer", "x", func(r *coupon.PastRedemption, s string) { r.Customer = s }),
		ofPast("currency", "EUR", func(r *coupon.PastRedemption, s string) { r.Currency = s }),
		ofPast("type", "recurring", func(r *coupon.PastRedemption, s string) { r.Type = coupon.BookingType(s) }),
		ofPast("frequency", "x", func(r *coupon.PastRedemption, s string) { r.Type, r.Frequency = coupon.Recurring, coupon.Frequency(s) }),
		ofPast("series", "x", func(r *coupon.PastRedemption, s string) { r.Series, r.Occurrence = s, 1 }),
		ofPast("refund", "x", func(r *coupon.PastRedemption, s string) {
			r.Refunds = []coupon.Refund{{Key: s, Amount: coupon.MustMoney("1", "USD")}}
		}),
		ofPast("refunded by", "x", func(r *coupon.PastRedemption, s string) {
			r.Refunds = []coupon.Refund{{Key: "k", By: s, Amount: coupon.MustMoney("1", "USD")}}
		}),
		ofPast("currency of a refund", "USD", func(r *coupon.PastRedemption, s string) {
			r.Refunds = []coupon.Refund{{Key: "k", Amount: coupon.Money{Amount: one, Currency: s}}}
		}),

		ofPastCoupon("id", "x", func(p *coupon.PastCoupon, s string) { p.Coupon.ID = coupon.ID(s) }),
		ofPastCoupon("name", "x", func(p *coupon.PastCoupon, s string) { p.Coupon.Name = s }),
		ofPastCoupon("created by", "x", func(p *coupon.PastCoupon, s string) { p.Coupon.CreatedBy = s }),
		ofPastCoupon("code", "X", func(p *coupon.PastCoupon, s string) { p.Codes = []coupon.CouponCode{{Code: coupon.Code(s)}} }),
		ofPastCoupon("customer of a code", "x", func(p *coupon.PastCoupon, s string) { p.Codes = []coupon.CouponCode{{Code: "X", Customer: s}} }),
		ofPastCoupon("batch of a code", "x", func(p *coupon.PastCoupon, s string) { p.Codes = []coupon.CouponCode{{Code: "X", Batch: s}} }),
		ofPastCoupon("key of uses", "x", func(p *coupon.PastCoupon, s string) { p.Opening = []coupon.OpeningUses{{Key: s}} }),
		ofPastCoupon("customer of uses", "x", func(p *coupon.PastCoupon, s string) { p.Opening = []coupon.OpeningUses{{Customer: s}} }),
		ofPastCoupon("code of uses", "PAST", func(p *coupon.PastCoupon, s string) { p.Opening = []coupon.OpeningUses{{Code: s}} }),
		ofPastCoupon("currency of uses", "USD", func(p *coupon.PastCoupon, s string) {
			p.Opening = []coupon.OpeningUses{{Discount: coupon.Money{Currency: s}}}
		}),

		ofCode("code", "X", func(k *coupon.CouponCode, s string) { k.Code = coupon.Code(s) }),
		ofCode("customer", "x", func(k *coupon.CouponCode, s string) { k.Customer = s }),
		ofCode("batch", "x", func(k *coupon.CouponCode, s string) { k.Batch = s }),
		ofBatch("key", "x", func(b *coupon.CodeBatch, s string) { b.Key = s }),
		ofBatch("prefix", "x", func(b *coupon.CodeBatch, s string) { b.Prefix = s }),
		ofBatch("customer", "x", func(b *coupon.CodeBatch, s string) { b.Customer = s }),

		ofRefused("booking", "x", func(e *coupon.RefusedError, s string) { e.Booking = s }),
		ofRefused("customer", "x", func(e *coupon.RefusedError, s string) { e.Customer = s }),
		ofRefused("currency", "USD", func(e *coupon.RefusedError, s string) { e.Subtotal = coupon.Money{Currency: s} }),
		ofRefused("coupon", "x", func(e *coupon.RefusedError, s string) { e.Refusals[0].Coupon = coupon.ID(s) }),
		ofRefused("reason", string(coupon.NotStarted), func(e *coupon.RefusedError, s string) { e.Refusals[0].Reason = coupon.Reason(s) }),
		ofRefused("code", "X", func(e *coupon.RefusedError, s string) { e.Refusals[0].Code = coupon.Code(s) }),
	} {
		if err := r.call(r.good); !errors.Is(err, errReached) {
			t.Errorf("%s: %q: error %v, want it to come to the store", r.what, r.good, err)
		}
		for _, bad := range []string{r.good + "\x00", "\x00" + r.good, r.good + "\xff", r.good + "\ufffd"} {
			if err := r.call(bad); !errors.Is(err, coupon.ErrInvalid) || errors.Is(err, errReached) {
				t.Errorf("%s: %q: error %v, want it invalid", r.what, bad, err)
			}
		}
	}
}

// Who acts is never an error: what no text may have is left out.
func TestAnActorHasOnlyWhatATextMayHave(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c, _ := plain()
	c, err := d.As("\x00a\xffn\u202en\n").Create(d.ctx, c)
	if err != nil || c.CreatedBy != "ann" {
		t.Errorf("made by %q, %v", c.CreatedBy, err)
	}
	if c, err = d.As(strings.Repeat("\x00ä", 300)).Deactivate(d.ctx, c.ID); err != nil || c.UpdatedBy != strings.Repeat("ä", 200) {
		t.Errorf("edited by %q, %v", c.UpdatedBy, err)
	}
}
