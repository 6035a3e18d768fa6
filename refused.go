package coupon

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"maps"
	"slices"
	"strconv"
	"time"
)

// RefusalRecord is a refusal that was kept: one per coupon, booking and reason,
// the first that there was.
type RefusalRecord struct {
	Coupon   ID        `json:"coupon"`             // that refused
	Booking  string    `json:"booking"`            // the host's id
	Reason   Reason    `json:"reason"`             // which rule was not met
	Code     Code      `json:"code"`               // the coupon's main code at that time
	Customer string    `json:"customer,omitempty"` // canonical key; empty if unknown
	Subtotal Money     `json:"subtotal"`           // the whole booking before any discount
	At       time.Time `json:"at"`                 // when it was refused
}

// RefusalBounds is how much a store keeps of each coupon.
type RefusalBounds struct {
	Since time.Time // what is older is forgotten
	Most  int       // > 0; the newest
}

// RefusalQuery is which refusals a store must find.
type RefusalQuery struct {
	Coupon ID             // whose
	Reason Reason         // of this reason; empty: of all
	Since  time.Time      // not older than this
	After  *RefusalRecord // strictly after this one in the order
	Limit  int            // > 0
}

// refused keeps the refusals of a call that was refused, beside it: whether that
// can be done changes nothing of the answer. In a transaction of the host's they
// are the host's to keep, since it may be rolled back: see RecordRefusals.
func (s *Service) refused(ctx context.Context, err error) error {
	r, ok := errors.AsType[*RefusedError](err)
	if !ok {
		return err
	}
	if tx, ok := s.store.(TxBound); ok && tx.InHostTx() {
		return err
	}
	// The answer is known: that the caller goes away now is no reason not to.
	if failed := s.RecordRefusals(context.WithoutCancel(ctx), r); failed != nil {
		s.log.ErrorContext(ctx, "coupon: refusals were not recorded", "booking", r.Booking, "error", failed)
	}
	return err
}

// RecordRefusals keeps the refusals of an error that Redeem, Reserve or Reopen
// gave in a transaction of the host's, once that has ended, or those of a quote:
// q.Refused(). Elsewhere they are kept without it. Each coupon, booking and reason
// is kept once, with the booking's total; what no coupon refused (an unknown code)
// is not. Of each coupon the newest [Config].MaxRefusals are kept, for
// Config.KeepRefusals. Nil records nothing. One of the host's own making that could
// not be of a booking is an [*InvalidError]. A service whose store is in the host's
// transaction must not be asked: it is an error.
func (s *Service) RecordRefusals(ctx context.Context, e *RefusedError) error {
	if e == nil || s.keep < 0 {
		return nil
	}
	if tx, ok := s.store.(TxBound); ok && tx.InHostTx() {
		return errors.New("coupon: refusals are recorded outside the host's transaction, with the service that is not in it")
	}
	if err := e.check(); err != nil {
		return err
	}
	var records []RefusalRecord
	for _, r := range e.Refusals {
		known := slices.ContainsFunc(records, func(x RefusalRecord) bool { return x.Coupon == r.Coupon && x.Reason == r.Reason })
		if r.Coupon == "" || known {
			continue
		}
		records = append(records, RefusalRecord{Coupon: r.Coupon, Booking: e.Booking, Reason: r.Reason, Code: r.Code,
			Customer: e.Customer, Subtotal: e.Subtotal, At: instant(e.At)})
	}
	if len(records) == 0 {
		return nil
	}
	slices.SortFunc(records, func(a, b RefusalRecord) int {
		return cmp.Or(cmp.Compare(a.Coupon, b.Coupon), cmp.Compare(a.Reason, b.Reason))
	})
	return s.store.RecordRefusals(ctx, records, RefusalBounds{Since: s.Now().Add(-s.keep), Most: s.most})
}

// check is what Redeem has checked before it refuses.
func (e *RefusedError) check() error {
	var p problems
	checkKey(&p, "booking", e.Booking, true)
	checkKey(&p, "customer", e.Customer, false)
	_, err := currencyDigits(e.Subtotal.Currency)
	if err == nil {
		_, err = e.Subtotal.Minor()
	}
	p.merge("subtotal", err)
	for i, r := range e.Refusals {
		field := "refusals[" + strconv.Itoa(i) + "]."
		if r.Coupon != "" {
			checkHostID(&p, field+"coupon", r.Coupon)
		}
		checkText(&p, field+"reason", string(r.Reason), maxNameLength, false)
		checkText(&p, field+"code", string(r.Code), MaxCodeLength, false)
	}
	return p.err()
}

// Refusals lists what a coupon refused, of one reason or (empty) of all, the
// newest first, in pages behind the scenes; what is older than Config.KeepRefusals
// is not shown. A coupon that is not there is [ErrNotFound].
func (s *Service) Refusals(ctx context.Context, id ID, reason Reason) iter.Seq2[RefusalRecord, error] {
	return func(yield func(RefusalRecord, error) bool) {
		if _, err := s.store.Coupon(ctx, id); err != nil {
			yield(RefusalRecord{}, err)
			return
		}
		q := RefusalQuery{Coupon: id, Reason: reason, Since: s.Now().Add(-max(s.keep, 0)), Limit: pageSize}
		for {
			page, err := s.store.Refusals(ctx, q)
			if err != nil {
				yield(RefusalRecord{}, err)
				return
			}
			for _, r := range page {
				if q.After = &r; !yield(r, nil) {
					return
				}
			}
			if len(page) < q.Limit {
				return
			}
		}
	}
}

// RefusalCount is how often a coupon refused for a reason, of what is kept.
type RefusalCount struct {
	Reason   Reason `json:"reason"`   // which rule was not met
	Bookings int64  `json:"bookings"` // that it refused, each once
	Subtotal Money  `json:"subtotal"` // of those bookings, before any discount
}

// RefusalCounts adds up what [Service.Refusals] lists, per reason in the order of
// the [Reason] constants and per currency. A booking that missed two rules is in
// both.
func (s *Service) RefusalCounts(ctx context.Context, id ID) ([]RefusalCount, error) {
	type key struct {
		reason   Reason
		currency string
	}
	per := map[key]RefusalCount{}
	for r, err := range s.Refusals(ctx, id, "") {
		if err != nil {
			return nil, err
		}
		k := key{r.Reason, r.Subtotal.Currency}
		sum, err := per[k].Subtotal.Add(r.Subtotal)
		if err != nil {
			return nil, err
		}
		per[k] = RefusalCount{Reason: r.Reason, Bookings: per[k].Bookings + 1, Subtotal: sum}
	}
	out := slices.Collect(maps.Values(per))
	slices.SortFunc(out, func(a, b RefusalCount) int {
		return cmp.Or(a.Reason.rank()-b.Reason.rank(), cmp.Compare(a.Subtotal.Currency, b.Subtotal.Currency))
	})
	return out, nil
}

// Compare orders refusals as they are listed: negative if r comes before o.
func (r RefusalRecord) Compare(o RefusalRecord) int {
	return cmp.Or(o.At.Compare(r.At), cmp.Compare(o.Booking, r.Booking), cmp.Compare(o.Reason, r.Reason))
}

// Holds reports whether a refusal is one of those that the query asks for, After
// apart.
func (q RefusalQuery) Holds(r RefusalRecord) bool {
	return q.Coupon == r.Coupon && (q.Reason == "" || q.Reason == r.Reason) && !r.At.Before(q.Since)
}
