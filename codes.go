package coupon

import (
	"context"
	"errors"
	"time"
)

// CouponCode is a code by which a coupon is used. Every coupon has a main one,
// [Coupon.Code]; it may have many further ones. All are under the coupon's limits.
type CouponCode struct {
	Code   Code `json:"code"`           // unique among coupons that are not archived
	Coupon ID   `json:"coupon"`         // whose it is
	Main   bool `json:"main,omitempty"` // it is the coupon's own
	// SingleUse codes are redeemed once; a cancelled booking gives the use back.
	SingleUse bool `json:"single_use,omitempty"`
	// Customer is the canonical key of the only customer who may use it; empty is
	// everybody.
	Customer string `json:"customer,omitempty"`
	// Batch is the host's key of the codes that were made together; empty of single
	// ones.
	Batch string `json:"batch,omitempty"`
	// Number is which of its batch a generated code is, from 1; 0 of others. A batch
	// has each once, so that however often it is generated, and by how many at once,
	// it gets no more codes than it shall have.
	Number int64 `json:"number,omitempty"`
	// BatchCount is how many codes the batch of a generated one shall have; 0 of
	// others, and of those made by an older release. All codes of a batch say the same.
	BatchCount int64     `json:"batch_count,omitempty"`
	CreatedAt  time.Time `json:"created_at"`           // when it was made; of a main code, the coupon
	CreatedBy  string    `json:"created_by,omitempty"` // who made it: see Service.As
}

// MainCode is the row of a coupon's own code, as a store keeps it.
func MainCode(c Coupon) CouponCode {
	return CouponCode{Code: c.Code, Coupon: c.ID, Main: true, CreatedAt: c.CreatedAt, CreatedBy: c.CreatedBy}
}

// checkCustomer refuses everybody but the customer whose code it is.
func (k CouponCode) checkCustomer(b priced, refuse func(Refusal)) {
	switch {
	case k.Customer == "" || k.Customer == b.Customer.Key:
	case b.Customer.Key == "":
		refuse(Refusal{Reason: NoCustomer})
	default:
		refuse(Refusal{Reason: NotYours})
	}
}

// validate checks a code and gives its canonical form.
func (k CouponCode) validate(p *problems, field string) CouponCode {
	code, err := ParseCode(string(k.Code))
	p.merge(field+"code", err)
	k.Code, k.Customer = code, onlyCustomer(p, field+"customer", k.Customer)
	checkKey(p, field+"batch", k.Batch, false)
	return k
}

// onlyCustomer is the canonical key of whom a code is for. Blanks are nobody's
// key, and must not become everybody's code.
func onlyCustomer(p *problems, field, typed string) string {
	key := CustomerKey(typed)
	if typed != "" && key == "" {
		p.add(field, typed, "must be a key; leave it out for everybody")
	}
	checkKey(p, field, key, false)
	return key
}

// AddCode gives a coupon a further code of the host's own: Code, SingleUse,
// Customer and Batch of k are taken, the rest is set. A code that the coupon has
// already in the same way changes nothing, and is given as it is stored; one that
// is in use otherwise is [ErrDuplicateCode]. Of an archived coupon, and of one that
// is not there, it is [ErrNotFound]. All that is wrong with k is one
// [*InvalidError].
func (s *Service) AddCode(ctx context.Context, id ID, k CouponCode) (CouponCode, error) {
	var p problems
	k = k.validate(&p, "")
	if err := p.err(); err != nil {
		return CouponCode{}, err
	}
	k.Coupon, k.Main, k.Number, k.BatchCount, k.CreatedAt, k.CreatedBy = id, false, 0, 0, s.Now(), s.actor
	taken, err := s.store.InsertCodes(ctx, id, []CouponCode{k})
	if err != nil {
		return CouponCode{}, err
	}
	if len(taken) == 0 {
		return k, nil
	}
	_, there, err := s.store.CouponByCode(ctx, k.Code)
	switch {
	case errors.Is(err, ErrNotFound):
		return CouponCode{}, ErrContention // it was taken and freed meanwhile
	case err != nil:
		return CouponCode{}, err
	case !there.same(k):
		return CouponCode{}, ErrDuplicateCode
	}
	return there, nil
}

// Code finds one code of a coupon, in any spelling. One that is no code is an
// [*InvalidError]; one that the coupon has not, and whatever an archived coupon
// had, is [ErrNotFound].
func (s *Service) Code(ctx context.Context, id ID, code string) (CouponCode, error) {
	canonical, err := ParseCode(code)
	if err != nil {
		return CouponCode{}, err
	}
	c, k, err := s.store.CouponByCode(ctx, canonical)
	if err == nil && c.ID != id {
		err = ErrNotFound
	}
	if err != nil {
		return CouponCode{}, err
	}
	return k, nil
}

// same reports whether two are the same code, whoever made it, when and how.
func (k CouponCode) same(o CouponCode) bool {
	o.Number, o.BatchCount, o.CreatedAt, o.CreatedBy = k.Number, k.BatchCount, k.CreatedAt, k.CreatedBy
	return k == o
}

// Attempt is one typed code that was looked up, a hit or a miss.
type Attempt struct {
	Typed    string // as it came, of any length and content
	Found    bool   // a coupon that is not archived has it, or the booking or its series has it already
	Customer string // canonical key; empty if unknown
	Booking  string // the host's id
}
