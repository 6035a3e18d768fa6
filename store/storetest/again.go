package storetest

import (
	"errors"
	"time"

	"github.com/couponkit/coupon"
)

var againCases = []testCase{
	{"created-again", "a coupon created again under its id is the stored one, whatever was edited since; with other content it is a conflict", createdAgain},
	{"created-at-once", "however many create a coupon under one id at once, there is one, and all are told of it", createdAtOnce},
	{"updated-again", "the same edit again changes nothing and gives what is stored; another one of the same version is ErrVersion", updatedAgain},
	{"updated-at-once", "however often one edit is made at once, it makes one version, and all are told of it", updatedAtOnce},
}

func createdAgain(e *env) {
	ctx := e.Context()
	form := coupon.Coupon{ID: "form-1", Code: "ONCE"}
	full(&form)
	first, err := e.svc.As("ann").Create(ctx, form)
	if err != nil || first.ID != "form-1" || first.CreatedBy != "ann" {
		e.Fatalf("Create: got %s, error %v", text(first), err)
	}
	before := e.everything()
	e.clock.set(start.Add(time.Hour))
	again, err := e.svc.As("bob").Create(ctx, form)
	if err != nil {
		e.Fatalf("Create again: %v", err)
	}
	e.same("the same coupon again", again, first)
	for field, change := range map[string]func(*coupon.Coupon){
		"name":                   func(c *coupon.Coupon) { c.Name = "another" },
		"code":                   func(c *coupon.Coupon) { c.Code = "ANOTHER" },
		"end":                    func(c *coupon.Coupon) { c.End = c.End.Add(time.Microsecond) },
		"restrictions.min_units": func(c *coupon.Coupon) { c.Restrictions.MinUnits = 4 },
	} {
		other := form
		change(&other)
		_, err := e.svc.Create(ctx, other)
		e.is("Create with another "+field, err, coupon.ErrConflict)
		if conflict, ok := errors.AsType[*coupon.CouponConflictError](err); ok {
			e.same("what differs", conflict.Differs, []string{field})
		}
	}
	e.same("what is stored", e.everything(), before)
	edited := e.update(first.ID, func(c *coupon.Coupon) { c.Name, c.Code = "edited", "SINCE" })
	if again, err = e.svc.Create(ctx, form); err != nil {
		e.Fatalf("Create again after an edit: %v", err)
	}
	e.same("the coupon as it is now", again, edited)
	form.ID = "form-2"
	if _, err = e.svc.Create(ctx, form); err != nil {
		e.Errorf("Create under another id: %v", err)
	}
	form.ID = "form-3"
	_, err = e.svc.Create(ctx, form)
	e.is("Create of a code in use under another id", err, coupon.ErrDuplicateCode)
}

func createdAtOnce(e *env) {
	form := coupon.Coupon{ID: "form-1", Code: "ONCE"}
	full(&form)
	svc := e.svc.With(meet(e.store, 8))
	for i, err := range together(8, func(int) error {
		c, err := svc.Create(e.Context(), form)
		if err == nil && c.ID != form.ID {
			err = errors.New("it is another coupon, " + string(c.ID))
		}
		return err
	}) {
		if err != nil {
			e.Errorf("Create %d: %v", i, err)
		}
	}
	if all := e.coupons(coupon.CouponQuery{}, 10); len(all) != 1 {
		e.Errorf("the coupons: %s", text(all))
	}
}

func updatedAgain(e *env) {
	ctx := e.Context()
	c := e.coupon("EDITED", full)
	form := c
	form.Name = "mine"
	mine, err := e.svc.Update(ctx, form)
	if err != nil {
		e.Fatalf("Update: %v", err)
	}
	before := e.everything()
	again := func(what string, want coupon.Coupon) {
		e.Helper()
		e.clock.set(e.clock.Now().Add(time.Minute))
		got, err := e.svc.As("bob").Update(ctx, form)
		if err != nil {
			e.Fatalf("%s: %v", what, err)
		}
		e.same(what, got, want)
	}
	again("the same edit again", mine)
	e.same("what is stored", e.everything(), before)
	theirs := e.update(c.ID, func(c *coupon.Coupon) { c.Description = "theirs" })
	again("the same edit again, after another one", theirs)
	if theirs, err = e.svc.Deactivate(ctx, c.ID); err == nil {
		theirs, err = e.svc.Archive(ctx, c.ID)
	}
	if err != nil {
		e.Fatalf("Archive: %v", err)
	}
	again("the same edit again, after all was over", theirs)
	before = e.everything()
	for _, version := range []int64{0, 1, 2, 3} {
		other := form
		if other.Version = version; version < 2 {
			other.Description = "of another"
		}
		_, err := e.svc.Update(ctx, other)
		e.is(name("another edit of version ", int(version)), err, coupon.ErrVersion)
		if v, ok := errors.AsType[*coupon.VersionError](err); ok {
			e.same("the version it carries", v.Current, theirs)
		}
	}
	e.same("what is stored", e.everything(), before)
}

func updatedAtOnce(e *env) {
	c := e.coupon("EDITED")
	form := c
	form.Name, form.Restrictions.Limits = "mine", []coupon.Limit{uses(3, coupon.PerCoupon, coupon.Ever)}
	svc := e.svc.With(meet(e.store, 8))
	for i, err := range together(8, func(int) error {
		got, err := svc.Update(e.Context(), form)
		if err == nil && (got.Version != 2 || got.Name != "mine") {
			err = errors.New("it is " + text(got))
		}
		return err
	}) {
		if err != nil {
			e.Errorf("Update %d: %v", i, err)
		}
	}
	if all := collect(e, "Versions", e.svc.Versions(e.Context(), c.ID)); len(all) != 2 {
		e.Errorf("the versions: %s", text(all))
	}
}
