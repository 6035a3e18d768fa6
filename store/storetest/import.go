package storetest

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/couponkit/coupon"
)

var importCases = []testCase{
	{"every-field-survives", "an imported redemption is read back as it happened, unknown as unknown", importedFields},
	{"again-changes-nothing", "an import that is run again records nothing and counts nothing", importAgain},
	{"bad-rows-are-reported", "a bad row is reported with its line and reason, also in the middle of a batch, and the rest goes on", importBadRows},
	{"past-a-limit", "imported uses are counted also past a limit, which then refuses", importPastLimit},
	{"twice-in-one-batch", "the same booking twice in one batch is one redemption; with other content the second is a bad row", importTwice},
	{"cancelled-and-refunded", "what was cancelled or refunded in full before holds its use as if it had happened here", importHolds},
	{"lives-on", "an imported redemption is refunded, cancelled and summed as any other", importLivesOn},
	{"series", "imported bookings of a series are one use, which the first that holds takes and the last gives back", importSeries},
	{"further-codes", "an imported redemption with a further code counts as one with that code, once or more often", importFurtherCodes},
	{"of-an-archived-coupon", "by its id a coupon takes redemptions also when it is archived and its code is another's", importArchived},
}

func importedFields(e *env) {
	c := e.coupon("OLD", func(c *coupon.Coupon) { c.Zone = "America/Santiago" }, limited(uses(1, coupon.PerCustomer, coupon.PerMonth)))
	row := coupon.PastRedemption{
		Code: " old ", Booking: "full", Currency: "KWD", TaxIncluded: true, Customer: " Ann@Example.com", EarlierBookings: new(0),
		MadeAt: instant("2019-12-31T23:59:59.000001Z"), Service: coupon.ServiceDay(coupon.Date{Year: 2026, Month: time.September, Day: 6}), Type: coupon.Recurring, Frequency: coupon.EveryWeek,
		Subtotal: coupon.MustMoney("100.005", "KWD").Amount, Eligible: coupon.MustMoney("90", "KWD").Amount, Discount: coupon.MustMoney("0.001", "KWD").Amount, OtherDiscounts: coupon.MustMoney("1.5", "KWD").Amount,
		Cost: new(coupon.MustMoney("0", "KWD").Amount), CancelledAt: instant("2020-01-02T00:00:00Z"),
		Refunds: []coupon.Refund{{Key: "r1", Amount: coupon.MustMoney("1", "KWD"), At: instant("2020-01-01T00:00:00.5Z"), By: "till"}},
	}
	e.svc = e.svc.As("migration")
	e.imports(row, past("OLD", "plain", instant("2019-06-01T00:00:00Z")))
	got := e.stored(c.ID, "full")
	kwd := func(s string) coupon.Money { return coupon.MustMoney(s, "KWD") }
	want := coupon.Redemption{
		Coupon: c.ID, Booking: "full", State: coupon.Cancelled, Version: 1, Code: "OLD", Terms: c.Discount, Customer: "ann@example.com", NewCustomer: new(true),
		Type: coupon.Recurring, Frequency: coupon.EveryWeek, TaxIncluded: true, MadeAt: row.MadeAt, Service: row.Service, ServiceAt: instant("2026-09-06T04:00:00Z"),
		Subtotal: kwd("100.005"), Eligible: kwd("90"), Discount: kwd("0.001"), OtherDiscounts: kwd("1.5"), Refund: kwd("1"), Cost: new(kwd("0")),
		Refunds: row.Refunds, RedeemedAt: row.MadeAt, CancelledAt: row.CancelledAt, Imported: true, Fingerprint: got.Fingerprint,
		Charges: []coupon.Charge{{Slot: coupon.Slot{Coupon: c.ID, Of: coupon.Uses, Per: coupon.PerCustomer, Every: coupon.PerMonth, Subject: "ann@example.com", Since: "2019-12-01"}, N: 1}},
	}
	e.same("as it must be", got, want)
	plain := e.stored(c.ID, "plain")
	if plain.Cost != nil || plain.NewCustomer != nil || plain.Customer != "" || !plain.Service.IsZero() || !plain.ServiceAt.IsZero() || plain.State != coupon.Redeemed || !plain.Holds || len(plain.Lines) > 0 {
		e.Errorf("nothing known: got %s", text(plain))
	}
	events, err := e.svc.Events(e.Context(), c.ID, "full")
	if err != nil {
		e.Fatalf("Events: %v", err)
	}
	e.same("its events", events, []coupon.Event{
		{Coupon: c.ID, Booking: "full", Kind: coupon.EventImported, At: start, By: "migration", Amount: kwd("0.001")},
		{Coupon: c.ID, Booking: "full", Kind: coupon.EventRefunded, Key: "r1", At: row.Refunds[0].At, By: "till", Amount: kwd("1")},
		{Coupon: c.ID, Booking: "full", Kind: coupon.EventCancelled, At: row.CancelledAt, Amount: kwd("0.001")},
	})
}

func importAgain(e *env) {
	c := e.coupon("C", limited(uses(100, coupon.PerCoupon, coupon.Ever)))
	var rows []coupon.PastRedemption
	for i := range 25 {
		row := past("C", name("b", i), start.Add(time.Duration(i)*time.Hour))
		if i%5 == 0 {
			row.CancelledAt = start.AddDate(0, 1, 0)
		}
		rows = append(rows, row)
	}
	e.imports(rows[:15]...)
	before := ""
	for i, want := range []coupon.ImportReport{{Read: 25, Recorded: 10, Known: 15}, {Read: 25, Known: 25}, {Read: 25, Known: 25}} {
		e.clock.set(start.AddDate(0, i, 0))
		report, err := e.svc.Import(e.Context(), each(rows), coupon.ImportOptions{Batch: 4 + i})
		if err != nil || report != want {
			e.Errorf("run %d: got %+v, error %v, want %+v", i+1, report, err, want)
		}
		if i > 0 {
			e.same("what is stored", e.everything(), before)
		}
		before = e.everything()
		e.wantUsed(c.ID, 20)
	}
}

func importBadRows(e *env) {
	e.coupon("C")
	good := func(i int) coupon.PastRedemption { return past("C", name("b", i), start) }
	e.imports(good(0))
	other, unknown, empty, dear, currency := good(0), good(2), good(3), good(4), good(5)
	other.Discount = usd("9").Amount
	unknown.Code = "UNKNOWN"
	empty.Booking = ""
	dear.Discount = usd("100.01").Amount
	currency.Currency = "XXZ"
	rows := []coupon.PastRedemption{good(10), other, good(11), unknown, empty, good(12), dear, currency, good(13)}
	var got []string
	report, err := e.svc.Import(e.Context(), each(rows), coupon.ImportOptions{BadRow: func(b coupon.BadRow) {
		for _, target := range []error{coupon.ErrConflict, coupon.ErrNotFound, coupon.ErrInvalid} {
			if errors.Is(b.Err, target) {
				got = append(got, fmt.Sprintf("%d: %v", b.Row.Line, target))
			}
		}
	}})
	if want := (coupon.ImportReport{Read: 9, Recorded: 4, Bad: 5}); err != nil || report != want {
		e.Errorf("Import: got %+v, error %v, want %+v", report, err, want)
	}
	all := strings.Join(got, "; ")
	for _, want := range []string{"2: " + coupon.ErrConflict.Error(), "4: " + coupon.ErrNotFound.Error(), "5: " + coupon.ErrInvalid.Error(), "7: " + coupon.ErrInvalid.Error(), "8: " + coupon.ErrInvalid.Error()} {
		if !strings.Contains(all, want) {
			e.Errorf("bad rows: got %s, want also %s", all, want)
		}
	}
	e.wantStored("b0", "b10", "b11", "b12", "b13")
}

func importPastLimit(e *env) {
	c := e.coupon("C", limited(uses(2, coupon.PerCoupon, coupon.Ever), budget(usd("25"), coupon.PerCoupon, coupon.Ever)))
	var rows []coupon.PastRedemption
	for i := range 5 {
		rows = append(rows, past("C", name("b", i), start))
	}
	e.imports(rows...)
	e.wantUsed(c.ID, 5)
	if _, err := e.svc.Redeem(e.Context(), by("x", ""), "C"); !errors.Is(err, coupon.ErrRefused) {
		e.Errorf("after 5 uses of 2: got error %v, want it refused", err)
	}
	for i := range 4 {
		e.cancel(name("b", i))
	}
	e.wantUsed(c.ID, 1)
	e.redeem(by("x", ""), "C")
}

func importTwice(e *env) {
	c := e.coupon("C", limited(uses(100, coupon.PerCoupon, coupon.Ever)))
	e.coupon("D")
	other := past("C", "b1", start)
	other.Customer = "somebody"
	rows := []coupon.PastRedemption{past("C", "b1", start), past("C", "b2", start), past("C", "b1", start), other, past("D", "b1", start), past("C", "b2", start)}
	report, err := e.svc.Import(e.Context(), each(rows), coupon.ImportOptions{})
	if want := (coupon.ImportReport{Read: 6, Recorded: 3, Known: 2, Bad: 1}); err != nil || report != want {
		e.Errorf("Import: got %+v, error %v, want %+v", report, err, want)
	}
	e.wantUsed(c.ID, 2)
}

func importHolds(e *env) {
	limit := limited(uses(100, coupon.PerCoupon, coupon.Ever))
	plain := e.coupon("PLAIN", limit)
	switched := e.coupon("SWITCHED", limit, func(c *coupon.Coupon) { c.KeepUseOnCancel, c.ReleaseUseOnRefund = true, true })
	for _, c := range []coupon.Coupon{plain, switched} {
		row := func(id string) coupon.PastRedemption { return past(string(c.Code), string(c.Code)+id, start) }
		cancelled, full, part := row("cancelled"), row("full"), row("part")
		cancelled.CancelledAt = start
		full.Refunds = []coupon.Refund{{Key: "r1", Amount: usd("80")}, {Key: "r2", Amount: usd("10")}}
		part.Refunds = []coupon.Refund{{Key: "r1", Amount: usd("80")}}
		both := row("both")
		both.Refunds, both.CancelledAt = full.Refunds, start
		e.imports(row("stands"), cancelled, full, part, both)
		for what, want := range map[string]bool{"stands": true, "part": true, "cancelled": c.KeepUseOnCancel, "full": !c.ReleaseUseOnRefund, "both": false} {
			if r := e.stored(c.ID, string(c.Code)+what); r.Holds != want {
				e.Errorf("%s %s: it holds its use: %v, want %v", c.Code, what, r.Holds, want)
			}
		}
		e.wantUsed(c.ID, 3)
	}
}

func importLivesOn(e *env) {
	c := e.coupon("C", limited(uses(1, coupon.PerCoupon, coupon.Ever)))
	e.imports(past("C", "b1", start))
	e.refund("b1", "r", usd("90"))
	if f := e.summary(c.ID, coupon.Range{}).In("USD"); f.Bookings != 1 || !f.Revenue.Equal(usd("90")) || !f.RevenueAfterRefunds.Equal(usd("0")) {
		e.Errorf("after the refund: got %s", text(f))
	}
	e.refused(by("b2", ""), "C", coupon.LimitReached)
	e.cancel("b1")
	e.redeem(by("b2", ""), "C")
	_, err := e.svc.Redeem(e.Context(), by("b1", ""), "C")
	e.is("redeeming the imported booking", err, coupon.ErrCancelled)
}

func importSeries(e *env) {
	c := e.coupon("C", limited(uses(5, coupon.PerCoupon, coupon.Ever), budget(usd("1000"), coupon.PerCoupon, coupon.Ever)))
	var rows []coupon.PastRedemption
	for i := range 4 {
		row := past("C", name("b", i+1), start.AddDate(0, 0, i))
		row.Series, row.Occurrence = "s", int64(i+1)
		rows = append(rows, row)
	}
	rows[0].CancelledAt = start // the second is the first that holds
	rows[1].Customer = "ann"
	e.imports(rows...)
	e.wantUsed(c.ID, 1)
	x, err := e.store.Series(e.Context(), coupon.SeriesKey{Coupon: c.ID, Key: "s"})
	if err != nil || x.Live != 3 || x.Customer != "ann" || len(x.Charges) != 1 {
		e.Errorf("the series is %s, error %v, want 3 live, taken by ann", text(x), err)
	}
	if r := e.stored(c.ID, "b3"); r.Type != coupon.Recurring || r.Series != "s" || r.Occurrence != 3 || len(r.Charges) != 1 {
		e.Errorf("the third is %s, want it to hold its discount only", text(r))
	}
	report, err := e.svc.Import(e.Context(), each(rows), coupon.ImportOptions{Batch: 1})
	if want := (coupon.ImportReport{Read: 4, Known: 4}); err != nil || report != want {
		e.Errorf("again: %+v, error %v", report, err)
	}
	moved := rows[3]
	moved.Occurrence = 5
	report, err = e.svc.Import(e.Context(), each([]coupon.PastRedemption{moved}), coupon.ImportOptions{})
	if want := (coupon.ImportReport{Read: 1, Bad: 1}); err != nil || report != want {
		e.Errorf("another occurrence: %+v, error %v", report, err)
	}
	b := by("b5", "ann")
	b.Series, b.Occurrence = "s", 5
	e.redeem(b, "C") // it lives on
	e.wantUsed(c.ID, 1)
	for _, id := range []string{"b2", "b3", "b4"} {
		e.cancel(id)
		e.wantUsed(c.ID, 1)
	}
	e.cancel("b5")
	e.wantUsed(c.ID, 0)
}

func importFurtherCodes(e *env) {
	c := e.coupon("MAIN", limited(uses(2, coupon.PerCode, coupon.Ever)))
	for _, k := range []coupon.CouponCode{{Code: "ONCE", SingleUse: true}, {Code: "OFTEN"}} {
		if _, err := e.svc.AddCode(e.Context(), c.ID, k); err != nil {
			e.Fatalf("AddCode: %v", err)
		}
	}
	e.imports(past(" once", "b1", start), past("often", "b2", start), past("MAIN", "b3", start), past("MAIN", "b4", start))
	for booking, want := range map[string]coupon.Code{"b1": "ONCE", "b2": "OFTEN", "b3": "MAIN"} {
		r := e.stored(c.ID, booking)
		if r.Code != want || r.SingleUse != (want == "ONCE") || len(r.Charges) != 1 || r.Charges[0].Subject != string(want) {
			e.Errorf("booking %s: got %s, want it with %s", booking, text(r), want)
		}
	}
	e.refused(by("x", ""), "ONCE", coupon.LimitReached)
	e.refused(by("x", ""), "MAIN", coupon.LimitReached)
	e.redeem(by("b5", ""), "OFTEN")
	e.cancel("b1")
	e.redeem(by("b6", ""), "ONCE")
}

func importArchived(e *env) {
	old := e.coupon("SAME", limited(uses(1, coupon.PerCoupon, coupon.Ever)))
	if _, err := e.svc.Archive(e.Context(), old.ID); err != nil {
		e.Fatalf("Archive: %v", err)
	}
	row := past("SAME", "b1", start)
	row.Coupon = old.ID
	e.imports(row)
	live := e.coupon("SAME", limited(uses(9, coupon.PerCoupon, coupon.Ever)))
	row.Booking = "b2"
	e.imports(row, past("SAME", "b2", start), past("SAME", "b3", start))
	e.wantUsed(old.ID, 2)
	e.wantUsed(live.ID, 2)
	for id, want := range map[coupon.ID]string{old.ID: "b1 b2", live.ID: "b2 b3"} {
		if got := bookings(e.redemptions(coupon.RedemptionFilter{Coupon: id, Code: "SAME", Sort: coupon.ByBooking})); got != want {
			e.Errorf("bookings of %s: got %q, want %q", id, got, want)
		}
	}
	row.Coupon = "nobody"
	report, err := e.svc.Import(e.Context(), each([]coupon.PastRedemption{row}), coupon.ImportOptions{})
	if want := (coupon.ImportReport{Read: 1, Bad: 1}); err != nil || report != want {
		e.Errorf("of a coupon that is not there: %+v, error %v", report, err)
	}
}
