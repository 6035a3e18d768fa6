package coupon_test

import (
	"errors"
	"iter"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"github.com/couponkit/coupon"
)

func past(booking string, change func(*coupon.PastRedemption)) coupon.PastRedemption {
	row := coupon.PastRedemption{
		Code: "ten", Booking: booking, Currency: "USD", Customer: "ann@example.com", MadeAt: noon.AddDate(-3, 0, 0),
		Subtotal: decimal.NewFromInt(100), Eligible: decimal.NewFromInt(80), Discount: decimal.NewFromInt(30), OtherDiscounts: decimal.NewFromInt(5),
	}
	if change != nil {
		change(&row)
	}
	return row
}

func each(rows ...coupon.PastRedemption) iter.Seq2[coupon.PastRedemption, error] {
	return func(yield func(coupon.PastRedemption, error) bool) {
		for i, r := range rows {
			r.Line = i + 1
			if !yield(r, nil) {
				return
			}
		}
	}
}

func TestImportLooksAtNoRuleAndPassesLimits(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.create(limited(1)) // valid from a month ago, 10 %
	report, err := d.Import(d.ctx, each(past("b1", nil), past("b2", nil), past("b3", nil)), coupon.ImportOptions{})
	if err != nil || report != (coupon.ImportReport{Read: 3, Recorded: 3}) {
		t.Fatalf("%+v, %v", report, err)
	}
	if n := d.used(c.ID); n != 3 {
		t.Errorf("%d uses are counted", n)
	}
	_, err = d.Redeem(d.ctx, booking("b4"), "TEN")
	wantReasons(t, err, coupon.LimitReached)
	s, err := d.Summary(d.ctx, c.ID, coupon.Range{})
	if err != nil {
		t.Fatal(err)
	}
	f := s.In("USD")
	usd := func(n int64) coupon.Money { return cents(100 * n) }
	if f.Bookings != 3 || !f.Subtotal.Equal(usd(300)) || !f.Eligible.Equal(usd(240)) || !f.Discounts.Equal(usd(90)) ||
		!f.OtherDiscounts.Equal(usd(15)) || !f.Revenue.Equal(usd(195)) || f.CustomersKnown != 0 || f.CostKnown != 0 {
		t.Errorf("%+v", f)
	}
}

func TestImportTwiceChangesNothing(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.create(limited(9))
	refund := coupon.Refund{Key: "r", Amount: coupon.MustMoney("10", "USD"), At: noon}
	rows := func() iter.Seq2[coupon.PastRedemption, error] {
		return each(
			past("b1", func(r *coupon.PastRedemption) { r.Refunds = []coupon.Refund{refund} }),
			past("b2", func(r *coupon.PastRedemption) { r.CancelledAt = noon }),
			past("b3", nil),
		)
	}
	var before coupon.Summary
	for run := range 3 {
		report, err := d.Import(d.ctx, rows(), coupon.ImportOptions{Batch: 2})
		want := coupon.ImportReport{Read: 3, Recorded: 3}
		if run > 0 {
			want = coupon.ImportReport{Read: 3, Known: 3}
		}
		if err != nil || report != want {
			t.Fatalf("run %d: %+v, %v", run, report, err)
		}
		s, err := d.Summary(d.ctx, c.ID, coupon.Range{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before, s); run > 0 && diff != "" {
			t.Errorf("run %d: %s", run, diff)
		}
		before = s
	}
	if f := before.In("USD"); f.Bookings != 2 || f.Cancelled != 1 || !f.Refunds.Equal(refund.Amount) {
		t.Errorf("%+v", f)
	}
	if n := d.used(c.ID); n != 2 {
		t.Errorf("%d uses are counted: a cancelled booking has none", n)
	}
}

func TestImportReportsBadRowsAndGoesOn(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.create(nil)
	bad := func(field string, change func(*coupon.PastRedemption)) (string, coupon.PastRedemption) {
		return field, past("bad", change)
	}
	type row = coupon.PastRedemption
	var rows []row
	var fields []string
	add := func(field string, r row) {
		fields, rows = append(fields, field), append(rows, r, past("good-"+field, nil))
	}
	add(bad("booking", func(r *row) { r.Booking = "" }))
	add(bad("made_at", func(r *row) { r.MadeAt = time.Time{} }))
	add(bad("currency", func(r *row) { r.Currency = "XQQ" }))
	add(bad("subtotal", func(r *row) { r.Subtotal = decimal.New(1, 9999) }))
	add(bad("eligible", func(r *row) { r.Eligible = decimal.NewFromInt(101) }))
	add(bad("discount", func(r *row) { r.Discount = decimal.NewFromInt(81) }))
	add(bad("other_discounts", func(r *row) { r.OtherDiscounts = decimal.NewFromInt(71) }))
	add(bad("discount", func(r *row) { r.Discount = decimal.NewFromInt(-1) }))
	add(bad("refunds.amount", func(r *row) { r.Refunds = []coupon.Refund{{Key: "r", Amount: coupon.MustMoney("66", "USD")}} }))
	add(bad("code", func(r *row) { r.Code = "A B" }))
	var got []coupon.BadRow
	report, err := d.Import(d.ctx, each(rows...), coupon.ImportOptions{BadRow: func(b coupon.BadRow) { got = append(got, b) }})
	if err != nil || report.Bad != len(fields) || report.Read != len(rows) {
		t.Fatalf("%+v, %v", report, err)
	}
	for i, b := range got {
		wantField(t, b.Err, fields[i], "")
		if b.Row.Line != 2*i+1 {
			t.Errorf("%s is reported of line %d", fields[i], b.Row.Line)
		}
	}
	got = nil
	conflict := past("good-booking", func(r *row) { r.Discount = decimal.NewFromInt(29) })
	unknown := past("x", func(r *row) { r.Code = "NOPE" })
	if _, err := d.Import(d.ctx, each(conflict, unknown), coupon.ImportOptions{BadRow: func(b coupon.BadRow) { got = append(got, b) }}); err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || !(errors.Is(got[0].Err, coupon.ErrNotFound) || errors.Is(got[1].Err, coupon.ErrNotFound)) ||
		!(errors.Is(got[0].Err, coupon.ErrConflict) || errors.Is(got[1].Err, coupon.ErrConflict)) {
		t.Errorf("got %v", got)
	}
}

func TestImportKeepsWhatCameBeforeABrokenFile(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.create(nil)
	torn := errors.New("unexpected end of file")
	rows := func(yield func(coupon.PastRedemption, error) bool) {
		_ = yield(past("b1", nil), nil) && yield(coupon.PastRedemption{}, torn)
	}
	report, err := d.Import(d.ctx, rows, coupon.ImportOptions{})
	if !errors.Is(err, torn) || report.Recorded != 1 {
		t.Errorf("%+v, %v", report, err)
	}
}
