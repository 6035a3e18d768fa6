package storetest

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/couponkit/coupon"
)

var importCouponCases = []testCase{
	{"every-field-survives", "an imported coupon, its codes and its opening uses are read back as they came", importedCoupon},
	{"again-changes-nothing", "an import of coupons that is run again changes nothing, whatever was edited since", importCouponsAgain},
	{"more-is-added", "a row that comes again with more codes and opening uses adds them", importCouponsMore},
	{"bad-rows-change-nothing", "a code in use and other content are bad rows that change nothing, and the rest goes on", importCouponsBad},
	{"archived", "an archived coupon is imported beside a live one with its code, and takes no code", importCouponsArchived},
	{"an-id-once", "a store takes an id once: the second is ErrVersion and changes nothing", insertTwice},
	{"at-once", "the same import four times at once records each row once", importCouponsAtOnce},
}

// pastCoupon is a row of a coupon of 10 % as coupon makes it.
func pastCoupon(id coupon.ID, code string, edits ...func(*coupon.PastCoupon)) coupon.PastCoupon {
	row := coupon.PastCoupon{Coupon: coupon.Coupon{ID: id, Code: coupon.Code(code), Discount: coupon.PercentOff(usd("10").Amount), Start: instant("2020-01-01T00:00:00Z")}}
	for _, edit := range edits {
		edit(&row)
	}
	return row
}

func under(limits ...coupon.Limit) func(*coupon.PastCoupon) {
	return func(row *coupon.PastCoupon) { row.Coupon.Restrictions.Limits = limits }
}

func opening(us ...coupon.OpeningUses) func(*coupon.PastCoupon) {
	return func(row *coupon.PastCoupon) { row.Opening = us }
}

func eachCoupon(rows []coupon.PastCoupon) iter.Seq2[coupon.PastCoupon, error] {
	return func(yield func(coupon.PastCoupon, error) bool) {
		for i, row := range rows {
			row.Line = i + 1
			if !yield(row, nil) {
				return
			}
		}
	}
}

// wantImport imports rows and wants that report; it gives the bad rows.
func (e *env) wantImport(want coupon.ImportReport, rows ...coupon.PastCoupon) (bad []coupon.BadCoupon) {
	e.Helper()
	want.Read = len(rows)
	report, err := e.svc.ImportCoupons(e.Context(), eachCoupon(rows), coupon.ImportCouponOptions{BadRow: func(b coupon.BadCoupon) {
		bad = append(bad, b)
	}})
	if err != nil || report != want {
		e.Fatalf("ImportCoupons of %d rows: %+v, error %v, bad %v, want %+v", len(rows), report, err, bad, want)
	}
	return bad
}

// openings imports one coupon that is new.
func (e *env) openings(row coupon.PastCoupon) coupon.ID {
	e.Helper()
	e.wantImport(coupon.ImportReport{Recorded: 1}, row)
	return row.Coupon.ID
}

func importedCoupon(e *env) {
	ctx := e.Context()
	e.svc = e.svc.As("migration")
	row := pastCoupon("Old_coupon-7", " old7 ")
	row.Coupon.Name, row.Coupon.Zone, row.Coupon.Inactive, row.Coupon.Version = "of the old shop", "America/Santiago", true, 12
	row.Coupon.Start = instant("2019-01-01T00:00:00.000001Z")
	row.Coupon.CreatedAt, row.Coupon.CreatedBy = instant("2018-12-31T23:59:59.000001Z"), "maria"
	row.Coupon.Restrictions.Limits = []coupon.Limit{uses(5, coupon.PerCode, coupon.Ever), budget(usd("50"), coupon.PerCustomer, coupon.PerMonth)}
	row.Codes = []coupon.CouponCode{
		{Code: "z-1", SingleUse: true, Customer: " Ann@Example.com", Batch: "letters", Coupon: "another", Main: true},
		{Code: "A-2"},
	}
	row.Opening = []coupon.OpeningUses{
		{Uses: 40},
		{Key: "ann", Uses: 1, Discount: usd("7.5"), Customer: " Ann@Example.com", Code: " z-1", MadeAt: instant("2020-01-01T02:00:00.000001Z")},
	}
	id := e.openings(row)
	want := row.Coupon
	want.Code, want.Version, want.UpdatedAt, want.UpdatedBy, want.ValidBy = "OLD7", 1, start, "migration", coupon.MadeAt
	got, err := e.svc.Coupon(ctx, id)
	if err != nil {
		e.Fatalf("Coupon: %v", err)
	}
	e.same("the coupon", got, want)
	e.same("its versions", collect(e, "Versions", e.svc.Versions(ctx, id)), []coupon.Coupon{want})
	e.same("its codes", collect(e, "Codes", e.svc.Codes(ctx, id, coupon.CodeFilter{})), []coupon.CouponCode{
		{Code: "A-2", Coupon: id, CreatedAt: start, CreatedBy: "migration"},
		{Code: "OLD7", Coupon: id, Main: true, CreatedAt: want.CreatedAt, CreatedBy: "maria"},
		{Code: "Z-1", Coupon: id, SingleUse: true, Customer: "ann@example.com", Batch: "letters", CreatedAt: start, CreatedBy: "migration"},
	})
	count, ann := e.stored(id, coupon.OpeningKey(id)), e.stored(id, "ann")
	zero := usd("0")
	e.same("the count", count, coupon.Redemption{Coupon: id, Booking: "opening-Old_coupon-7", State: coupon.Opening, Version: 1, Terms: want.Discount, Type: coupon.OneTime, MadeAt: want.CreatedAt,
		Subtotal: zero, Eligible: zero, Discount: zero, OtherDiscounts: zero, Refund: zero, RedeemedAt: want.CreatedAt, Imported: true, Uses: 40, Fingerprint: count.Fingerprint, Holds: true})
	given := usd("7.5")
	e.same("the customer's", ann, coupon.Redemption{Coupon: id, Booking: "ann", State: coupon.Opening, Version: 1, Code: "Z-1", SingleUse: true, Terms: want.Discount, Customer: "ann@example.com",
		Type: coupon.OneTime, MadeAt: row.Opening[1].MadeAt, Subtotal: given, Eligible: given, Discount: given, OtherDiscounts: zero, Refund: zero, RedeemedAt: row.Opening[1].MadeAt,
		Imported: true, Uses: 1, Fingerprint: ann.Fingerprint, Holds: true, Charges: []coupon.Charge{
			{Slot: coupon.Slot{Coupon: id, Of: coupon.Uses, Per: coupon.PerCode, Every: coupon.Ever, Subject: "Z-1"}, N: 1},
			{Slot: coupon.Slot{Coupon: id, Of: coupon.DiscountGiven, Per: coupon.PerCustomer, Every: coupon.PerMonth, Subject: "ann@example.com", Currency: "USD", Since: "2019-12-01"}, N: 750},
		}})
	events, err := e.svc.Events(ctx, id, "ann")
	if err != nil {
		e.Fatalf("Events: %v", err)
	}
	e.same("its events", events, []coupon.Event{{Coupon: id, Booking: "ann", Kind: coupon.EventOpening, At: start, By: "migration", Amount: given}})
}

func importCouponsAgain(e *env) {
	ctx := e.Context()
	rows := []coupon.PastCoupon{
		pastCoupon("one", "ONE", under(uses(9, coupon.PerCoupon, coupon.Ever)), opening(coupon.OpeningUses{Uses: 3}, coupon.OpeningUses{Key: "more", Uses: 2, Discount: usd("1.50")})),
		pastCoupon("", "TWO", opening(coupon.OpeningUses{Uses: 1})), // known by its code
	}
	rows[0].Codes = []coupon.CouponCode{{Code: "ONE-A", SingleUse: true}, {Code: "ONE-B", Batch: "b"}}
	e.wantImport(coupon.ImportReport{Recorded: 2}, rows...)
	again := func(when string) {
		e.Helper()
		before := e.everything()
		e.clock.set(e.clock.Now().AddDate(0, 1, 0))
		e.wantImport(coupon.ImportReport{Known: 2}, rows...)
		e.same(when, e.everything(), before)
		e.wantUsed("one", 5)
	}
	again("at once")
	rows[0].Coupon.Discount = coupon.PercentOff(usd("10.00").Amount) // the same amounts, written otherwise
	rows[0].Opening[1].Discount = usd("1.5")
	again("other spellings")
	e.update("one", func(c *coupon.Coupon) { c.Name, c.Discount = "edited", coupon.PercentOff(usd("20").Amount) })
	if _, err := e.svc.Deactivate(ctx, "one"); err != nil {
		e.Fatalf("Deactivate: %v", err)
	}
	again("after edits")
	if _, err := e.svc.Archive(ctx, "one"); err != nil {
		e.Fatalf("Archive: %v", err)
	}
	again("after it was archived")
}

func importCouponsMore(e *env) {
	row := pastCoupon("c", "C", under(uses(100, coupon.PerCoupon, coupon.Ever)))
	e.wantImport(coupon.ImportReport{Recorded: 1}, row)
	row.Codes = []coupon.CouponCode{{Code: "C-1"}}
	e.wantImport(coupon.ImportReport{Recorded: 1}, row)
	row.Opening = []coupon.OpeningUses{{Uses: 7}}
	e.wantImport(coupon.ImportReport{Recorded: 1}, row)
	row.Codes[0].Code, row.Opening[0] = "C-2", coupon.OpeningUses{Key: "2025", Uses: 4}
	e.wantImport(coupon.ImportReport{Recorded: 1, Known: 1}, row, row)
	e.wantUsed("c", 11)
	codes := collect(e, "Codes", e.svc.Codes(e.Context(), "c", coupon.CodeFilter{}))
	if len(codes) != 3 {
		e.Errorf("codes: got %s, want three", text(codes))
	}
	row.Codes, row.Opening = nil, nil
	for i := range 1200 { // more than one write takes
		row.Codes = append(row.Codes, coupon.CouponCode{Code: coupon.Code(name("MANY-", i))})
		row.Opening = append(row.Opening, coupon.OpeningUses{Key: name("many", i), Uses: 1})
	}
	e.wantImport(coupon.ImportReport{Recorded: 1, Known: 1}, row, row)
	e.wantUsed("c", 1211)
}

func importCouponsBad(e *env) {
	e.coupon("TAKEN")
	good := pastCoupon("good", "GOOD", under(uses(9, coupon.PerCoupon, coupon.Ever)), opening(coupon.OpeningUses{Uses: 3}))
	good.Codes = []coupon.CouponCode{{Code: "GOOD-1"}}
	e.wantImport(coupon.ImportReport{Recorded: 1}, good)
	e.redeem(by("b1", ""), "GOOD")
	before := e.everything()
	rows := map[string]func(*coupon.PastCoupon){
		"duplicate main":          func(r *coupon.PastCoupon) { r.Coupon.ID, r.Coupon.Code = "x", "TAKEN" },
		"duplicate of a further":  func(r *coupon.PastCoupon) { r.Coupon.ID, r.Coupon.Code, r.Codes = "", "GOOD-1", nil },
		"duplicate further":       func(r *coupon.PastCoupon) { r.Codes = []coupon.CouponCode{{Code: "NEW"}, {Code: "TAKEN"}} },
		"duplicate further, new":  func(r *coupon.PastCoupon) { r.Coupon.ID, r.Coupon.Code = "new", "NEW" },
		"conflict: name":          func(r *coupon.PastCoupon) { r.Coupon.Name = "other" },
		"conflict: percent":       func(r *coupon.PastCoupon) { r.Coupon.Discount = coupon.PercentOff(usd("11").Amount) },
		"conflict: without an id": func(r *coupon.PastCoupon) { r.Coupon.ID, r.Coupon.Inactive = "", true },
		"conflict: code":          func(r *coupon.PastCoupon) { r.Coupon.Code, r.Codes = "OTHER", nil },
		"conflict: further": func(r *coupon.PastCoupon) {
			r.Codes = []coupon.CouponCode{{Code: "NEW"}, {Code: "GOOD-1", SingleUse: true}}
		},
		"conflict: uses":      func(r *coupon.PastCoupon) { r.Opening = []coupon.OpeningUses{{Key: "new", Uses: 1}, {Uses: 4}} },
		"conflict: a booking": func(r *coupon.PastCoupon) { r.Opening = []coupon.OpeningUses{{Key: "b1", Uses: 1}} },
		"invalid":             func(r *coupon.PastCoupon) { r.Opening = []coupon.OpeningUses{{Key: "new", Uses: -1}} },
	}
	for what, change := range rows {
		row := good
		change(&row)
		bad := e.wantImport(coupon.ImportReport{Bad: 1, Known: 1}, row, good)
		target := coupon.ErrConflict
		if strings.HasPrefix(what, "duplicate") {
			target = coupon.ErrDuplicateCode
		} else if what == "invalid" {
			target = coupon.ErrInvalid
		}
		if len(bad) != 1 || bad[0].Row.Line != 1 || !errors.Is(bad[0].Err, target) {
			e.Errorf("%s: got %v, want line 1: %v", what, bad, target)
		}
	}
	e.same("what is stored", e.everything(), before)
}

func importCouponsArchived(e *env) {
	live := e.coupon("SAME")
	past := func(id coupon.ID) coupon.PastCoupon {
		row := pastCoupon(id, "SAME", under(uses(5, coupon.PerCoupon, coupon.Ever)), opening(coupon.OpeningUses{Uses: 5, Code: "SAME"}))
		row.Coupon.ArchivedAt = instant("2024-01-01T00:00:00Z")
		return row
	}
	e.wantImport(coupon.ImportReport{Recorded: 2, Known: 1}, past("old-1"), past("old-2"), past("old-1"))
	if c, err := e.svc.CouponByCode(e.Context(), "SAME"); err != nil || c.ID != live.ID {
		e.Errorf("the code is of %s, error %v, want %s", c.ID, err, live.ID)
	}
	if r := e.redeem(by("b1", ""), "SAME"); r.Coupon != live.ID {
		e.Errorf("%s was redeemed, want %s", r.Coupon, live.ID)
	}
	free := past("old-3")
	free.Coupon.Code, free.Opening = "FREE", nil
	e.wantImport(coupon.ImportReport{Recorded: 1}, free)
	_, err := e.svc.CouponByCode(e.Context(), "FREE")
	e.is("the code of an archived coupon", err, coupon.ErrNotFound)
	e.coupon("FREE")
	for _, id := range []coupon.ID{"old-1", "old-2"} {
		st, err := e.svc.State(e.Context(), id)
		if err != nil || st.Status != coupon.Archived || !st.Since.Equal(instant("2024-01-01T00:00:00Z")) {
			e.Errorf("State of %s: %s, error %v", id, text(st), err)
		}
		e.wantUsed(id, 5)
	}
}

func insertTwice(e *env) {
	c := e.coupon("C")
	before := e.everything()
	other := c
	other.Code, other.Name = "OTHER", "other"
	e.is("InsertCoupon of an id that is there", e.store.InsertCoupon(e.Context(), other), coupon.ErrVersion)
	e.is("InsertCoupon of an id and a code that are there", e.store.InsertCoupon(e.Context(), c), coupon.ErrVersion)
	e.same("what is stored", e.everything(), before)
	_, err := e.svc.CouponByCode(e.Context(), "OTHER")
	e.is("its code", err, coupon.ErrNotFound)
}

func importCouponsAtOnce(e *env) {
	row := pastCoupon("c", "C", under(uses(99, coupon.PerCoupon, coupon.Ever)), opening(coupon.OpeningUses{Uses: 3}, coupon.OpeningUses{Key: "more", Uses: 4}))
	row.Codes = []coupon.CouponCode{{Code: "C-1"}, {Code: "C-2", SingleUse: true}}
	const n = 4
	m := meet(e.store, n)
	svc := e.svc.With(m)
	reports := make([]coupon.ImportReport, n)
	errs := together(n, func(i int) (err error) {
		defer m.come() // who failed before is not waited for
		reports[i], err = svc.ImportCoupons(e.Context(), eachCoupon([]coupon.PastCoupon{row}), coupon.ImportCouponOptions{BadRow: func(b coupon.BadCoupon) { err = b }})
		return err
	})
	e.tally(errs)
	if !slices.ContainsFunc(reports, func(r coupon.ImportReport) bool { return r.Recorded == 1 }) {
		e.Errorf("nobody recorded it: %v", fmt.Sprint(reports))
	}
	e.wantUsed("c", 7)
	if v := collect(e, "Versions", e.svc.Versions(e.Context(), "c")); len(v) != 1 {
		e.Errorf("the coupon has %d versions, want 1", len(v))
	}
	if codes := collect(e, "Codes", e.svc.Codes(e.Context(), "c", coupon.CodeFilter{})); len(codes) != 3 {
		e.Errorf("codes: got %s, want three", text(codes))
	}
}
