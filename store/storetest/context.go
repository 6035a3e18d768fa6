package storetest

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/couponkit/coupon"
)

var contextCases = []testCase{
	{"cancelled-before", "a call whose context is done gives its error and writes nothing", cancelledBefore},
	{"cancelled-meanwhile", "a call whose context ends meanwhile is done, or not done, or says that the outcome is unknown, and the same call again settles it", cancelledMeanwhile},
}

func cancelledBefore(e *env) {
	c := e.coupon("C", limited(uses(5, coupon.PerCoupon, coupon.Ever)))
	n := e.note(c.ID, start, "kept")
	e.redeem(by("b1", ""), "C")
	before := e.everything()
	ctx, cancel := context.WithCancel(e.Context())
	cancel()
	edited, fresh := c, c
	edited.Version, edited.Name = 2, "edited"
	fresh.ID, fresh.Code = "fresh", "FRESH"
	for what, call := range map[string]func() error{
		"InsertCoupon": func() error { return e.store.InsertCoupon(ctx, fresh) },
		"UpdateCoupon": func() error { return e.store.UpdateCoupon(ctx, edited, nil) },
		"Coupon":       func() error { _, err := e.store.Coupon(ctx, c.ID); return err },
		"CouponByCode": func() error { _, _, err := e.store.CouponByCode(ctx, "C"); return err },
		"Coupons": func() error {
			_, err := e.store.Coupons(ctx, coupon.CouponQuery{Sort: coupon.ByCode, Limit: 1})
			return err
		},
		"Versions": func() error { _, err := e.store.Versions(ctx, c.ID, math.MaxInt64, 1); return err },
		"InsertNote": func() error {
			_, err := e.store.InsertNote(ctx, coupon.Note{ID: "n", Coupon: c.ID, At: start, Text: "x", CreatedAt: start})
			return err
		},
		"UpdateNote": func() error {
			_, err := e.store.UpdateNote(ctx, coupon.Note{ID: n.ID, Coupon: c.ID, At: start, Text: "x"})
			return err
		},
		"Notes":      func() error { _, err := e.store.Notes(ctx, c.ID); return err },
		"DeleteNote": func() error { return e.store.DeleteNote(ctx, c.ID, n.ID) },
		"Redemptions": func() error {
			_, err := e.store.Redemptions(ctx, coupon.RedemptionQuery{Range: coupon.Range{Clock: coupon.MadeAt}, Sort: coupon.ByBooking, Limit: 1})
			return err
		},
		"Events":   func() error { _, err := e.store.Events(ctx, c.ID, "b1"); return err },
		"Counters": func() error { _, err := e.store.Counters(ctx, []coupon.Slot{{Coupon: c.ID}}, start); return err },
		"Sum": func() error {
			_, err := e.store.Sum(ctx, coupon.SumQuery{Coupons: []coupon.ID{c.ID}, Clock: coupon.MadeAt, Bounds: []time.Time{{}, {}}})
			return err
		},
		"Series": func() error { _, err := e.store.Series(ctx, coupon.SeriesKey{Coupon: c.ID, Key: "s"}); return err },
		"InsertCodes": func() error {
			_, err := e.store.InsertCodes(ctx, c.ID, []coupon.CouponCode{{Code: "MORE", Coupon: c.ID, CreatedAt: start}})
			return err
		},
		"GenerateCodes": func() error {
			_, err := e.generate(e.svc.With(insertWith{e.store, ctx}), c.ID, coupon.CodeBatch{Key: "x", Count: 1})
			return err
		},
		"Batches": func() error { _, err := e.store.Batches(ctx, c.ID, "", 1); return err },
		"Codes":   func() error { _, err := e.store.Codes(ctx, coupon.CodeQuery{Coupon: c.ID, Limit: 1}); return err },
		"RecordRefusals": func() error {
			r := coupon.RefusalRecord{Coupon: c.ID, Booking: "b", Reason: coupon.BelowMinimum, Code: "C", Subtotal: usd("1"), At: start}
			return e.store.RecordRefusals(ctx, []coupon.RefusalRecord{r}, coupon.RefusalBounds{Most: 1})
		},
		"Refusals": func() error { _, err := e.store.Refusals(ctx, coupon.RefusalQuery{Coupon: c.ID, Limit: 1}); return err },
		"Verify":   func() error { _, err := e.store.Verify(ctx); return err },
		"Rebuild":  func() error { return e.store.Rebuild(ctx) },
		"Write": func() error { // only the write itself has the context that is done
			svc := e.svc.With(writeWith{e.store, ctx})
			_, err := svc.Redeem(e.Context(), by("b2", ""), "C")
			return err
		},
	} {
		if err := call(); !errors.Is(err, context.Canceled) {
			e.Errorf("%s with a context that is done: got error %v, want %v", what, err, context.Canceled)
		}
	}
	e.same("what is stored", e.everything(), before)
}

// writeWith is a store that writes with another context.
type writeWith struct {
	coupon.Store
	ctx context.Context
}

func (w writeWith) Write(_ context.Context, groups []*coupon.Group) error {
	return w.Store.Write(w.ctx, groups)
}

// insertWith is a store that stores codes with another context.
type insertWith struct {
	coupon.Store
	ctx context.Context
}

func (w insertWith) InsertCodes(_ context.Context, id coupon.ID, codes []coupon.CouponCode) ([]coupon.Code, error) {
	return w.Store.InsertCodes(w.ctx, id, codes)
}

func cancelledMeanwhile(e *env) {
	c := e.coupon("C", limited(uses(100, coupon.PerCoupon, coupon.Ever)))
	const n = 32
	errs := together(2*n, func(i int) error {
		ctx, cancel := context.WithCancel(e.Context())
		if i%2 == 1 {
			defer cancel()
		} else {
			go cancel()
		}
		_, err := e.svc.Redeem(ctx, by(name("b", i), ""), "C")
		return err
	})
	for i, err := range errs {
		_, missing := e.svc.Redemption(e.Context(), c.ID, name("b", i))
		stored := missing == nil
		switch {
		case err == nil && stored, errors.Is(err, coupon.ErrOutcomeUnknown), i%2 == 0 && errors.Is(err, context.Canceled) && !stored:
		default:
			e.Errorf("booking %d: error %v, stored: %v", i, err, stored)
		}
		e.redeem(by(name("b", i), ""), "C")
	}
	e.wantUsed(c.ID, 2*n)
}
