package coupon_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"github.com/couponkit/coupon"
)

func (d desk) redeem(b coupon.Booking, code string) coupon.Redemption {
	d.t.Helper()
	r, err := d.Redeem(d.ctx, b, code)
	if err != nil {
		d.t.Fatal(err)
	}
	return r
}

// used is how much the first limit of a coupon has counted.
func (d desk) used(id coupon.ID) int64 {
	d.t.Helper()
	st, err := d.State(d.ctx, id)
	if err != nil {
		d.t.Fatal(err)
	}
	return st.Limits[0].Used
}

func limited(maximum int64) func(*coupon.Coupon) {
	return func(c *coupon.Coupon) {
		c.Restrictions.Limits = []coupon.Limit{{Of: coupon.Uses, Per: coupon.PerCoupon, Max: maximum}}
	}
}

func wantReasons(t *testing.T, err error, want ...coupon.Reason) {
	t.Helper()
	var refused *coupon.RefusedError
	if !errors.As(err, &refused) || !errors.Is(err, coupon.ErrRefused) {
		t.Errorf("got %v, want a refusal of %v", err, want)
		return
	}
	var got []coupon.Reason
	for _, r := range refused.Refusals {
		got = append(got, r.Reason)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestARedemptionRemembersWhatWasPromised(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.create(func(c *coupon.Coupon) {
		c.Zone, c.Restrictions.Matches = "Europe/Berlin", match(coupon.OnLine, "service", "cleaning")
	})
	b := booking("b1")
	cost := decimal.RequireFromString("41.5")
	b.Cost, b.Service, b.TaxIncluded = &cost, coupon.ServiceDay(coupon.Date{Year: 2026, Month: 6, Day: 20}), true
	r := d.redeem(b, " ten ")
	usd := func(s string) coupon.Money { return coupon.MustMoney(s, "USD") }
	if !r.Subtotal.Equal(usd("100")) || !r.Eligible.Equal(usd("60")) || !r.Discount.Equal(usd("6")) || !r.Revenue().Equal(usd("94")) {
		t.Errorf("subtotal %v, eligible %v, discount %v, revenue %v", r.Subtotal, r.Eligible, r.Discount, r.Revenue())
	}
	if r.Cost == nil || !r.Cost.Equal(usd("41.50")) || r.NewCustomer == nil || !*r.NewCustomer || !r.TaxIncluded {
		t.Errorf("cost %v, new %v, tax %v", r.Cost, r.NewCustomer, r.TaxIncluded)
	}
	if want := "2026-06-19T22:00:00Z"; r.ServiceAt.Format(time.RFC3339) != want {
		t.Errorf("a service day stands at %s, want the start of the day in Berlin, %s", r.ServiceAt, want)
	}
	if len(r.Lines) != 2 || !r.Lines[0].Discount.Equal(usd("6")) || r.Lines[1].Eligible {
		t.Errorf("lines %+v", r.Lines)
	}

	edited := c
	edited.Code, edited.Discount = "TWENTY", percent("20")
	if _, err := d.Update(d.ctx, edited); err != nil {
		t.Fatal(err)
	}
	stored, err := d.Redemption(d.ctx, c.ID, "b1")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r, stored); diff != "" {
		t.Error("an edit changed the past:", diff)
	}
}

func TestTheSameRedeemAgainIsAReplay(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.create(limited(1))
	first := d.redeem(booking("b1"), "TEN")

	for _, later := range []struct {
		name   string
		happen func()
	}{
		{"at once", func() {}},
		{"after other facts of the booking changed", func() {}},
		{"after the limit was reached by itself", func() {}},
		{"after the end", func() { *d.now = noon.AddDate(1, 0, 0) }},
		{"after it was deactivated", func() { must(d.Deactivate(d.ctx, c.ID))(t) }},
		{"after a refund", func() {
			must(d.Refund(d.ctx, "b1", coupon.Refund{Key: "r", Amount: coupon.MustMoney("1", "USD")}))(t)
		}},
		{"after it was archived", func() { must(d.Archive(d.ctx, c.ID))(t) }},
		{"after the code went to another coupon", func() { d.create(nil) }},
	} {
		later.happen()
		b := booking("b1")
		b.MadeAt, b.Service, b.Attributes = *d.now, coupon.ServiceDate{}, nil
		b.Customer.Key, b.Customer.EarlierBookings = " ANN@example.com", nil
		r, err := d.Redeem(d.ctx, b, "ten")
		if err != nil || !r.Replayed || r.Coupon != first.Coupon || !r.Discount.Equal(first.Discount) {
			t.Errorf("%s: %+v, %v", later.name, r, err)
		}
	}
	if n := d.used(c.ID); n != 1 {
		t.Errorf("%d uses are counted", n)
	}
}

func must[T any](_ T, err error) func(*testing.T) {
	return func(t *testing.T) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestTheSameKeyWithOtherContentIsAConflict(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*coupon.Booking){
		"another customer": func(b *coupon.Booking) { b.Customer.Key = "bob@example.com" },
		"another currency": func(b *coupon.Booking) { b.Currency = "EUR" },
		"another type":     func(b *coupon.Booking) { b.Type = coupon.Recurring },
		"another price":    func(b *coupon.Booking) { b.Lines[0].Price = decimal.NewFromInt(31) },
		"another quantity": func(b *coupon.Booking) { b.Lines[0].Quantity++ },
		"another line":     func(b *coupon.Booking) { b.Lines = b.Lines[:1] },
	} {
		d := newDesk(t)
		d.create(nil)
		first := d.redeem(booking("b1"), "TEN")
		b := booking("b1")
		change(&b)
		_, err := d.Redeem(d.ctx, b, "TEN")
		var conflict *coupon.ConflictError
		if !errors.As(err, &conflict) || !errors.Is(err, coupon.ErrConflict) || !conflict.Redemption.Discount.Equal(first.Discount) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRedeemAfterCancelSaysSo(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.create(nil)
	d.redeem(booking("b1"), "TEN")
	must(d.Cancel(d.ctx, "b1"))(t)
	_, err := d.Redeem(d.ctx, booking("b1"), "TEN")
	var cancelled *coupon.CancelledError
	if !errors.As(err, &cancelled) || !errors.Is(err, coupon.ErrCancelled) || cancelled.Redemption.State != coupon.Cancelled {
		t.Errorf("got %v", err)
	}
}

func TestARefusalWritesNothing(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.create(limited(1))
	b := booking("b1")
	b.MadeAt = noon.AddDate(1, 0, 0)
	_, err := d.Redeem(d.ctx, b, "TEN")
	wantReasons(t, err, coupon.HasEnded)
	if _, err := d.Redemption(d.ctx, c.ID, "b1"); !errors.Is(err, coupon.ErrNotFound) {
		t.Errorf("a refused redemption is there: %v", err)
	}
	if n := d.used(c.ID); n != 0 {
		t.Errorf("%d uses are counted", n)
	}
	d.redeem(booking("b1"), "TEN")
}

func TestUnknownCodesAreRefusedInEverySpelling(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.create(nil)
	for _, typed := range []string{"NOPE", "", "TE N", "ТEN", "TEN\x00", "' OR 1=1 --"} {
		_, err := d.Redeem(d.ctx, booking("b1"), typed)
		wantReasons(t, err, coupon.UnknownCode)
		q, err := d.Quote(d.ctx, booking("b1"), typed)
		if err != nil || q.OK() || q.Refusals()[0].Reason != coupon.UnknownCode || q.Refusals()[0].Public() != coupon.NotValid {
			t.Errorf("%q is quoted as %+v, %v", typed, q, err)
		}
	}
}

func TestQuoteWritesNothingAndEqualsRedeem(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.create(limited(1))
	for range 3 {
		q, err := d.Quote(d.ctx, booking("b1"), "ten")
		if err != nil || !q.OK() || !q.Discount.Equal(coupon.MustMoney("10", "USD")) || !q.Total.Equal(coupon.MustMoney("90", "USD")) {
			t.Fatalf("%+v, %v", q, err)
		}
	}
	if n := d.used(c.ID); n != 0 {
		t.Fatalf("quotes counted %d uses", n)
	}
	r := d.redeem(booking("b1"), "TEN")
	if !r.Discount.Equal(coupon.MustMoney("10", "USD")) {
		t.Errorf("redeemed %v", r.Discount)
	}
	if q, err := d.Quote(d.ctx, booking("b1"), "TEN"); err != nil || !q.OK() {
		t.Errorf("the booking's own use stands in its way: %v, %v", q.Refusals(), err)
	}
	q, err := d.Quote(d.ctx, booking("b2"), "TEN")
	if err != nil || q.OK() || q.Refusals()[0].Reason != coupon.LimitReached {
		t.Errorf("the limit is reached: %v, %v", q.Refusals(), err)
	}
}

func TestSeveralCodesAreQuotedInOrderOnWhatIsLeft(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	combinable := func(code coupon.Code, discount coupon.Discount) {
		d.create(func(c *coupon.Coupon) { c.Code, c.Discount, c.Combinable = code, discount, true })
	}
	combinable("TENPCT", percent("10"))
	combinable("TWENTY", coupon.AmountOff(coupon.MustMoney("20", "USD")))
	combinable("UNIT", coupon.AmountOffPerUnit(coupon.MustMoney("35", "USD")))
	d.create(func(c *coupon.Coupon) { c.Code = "ALONE" })
	for _, tc := range []struct {
		codes []string
		off   []string
		total string
	}{
		{[]string{"TENPCT", "TWENTY"}, []string{"10", "20"}, "70"},
		{[]string{"TWENTY", "TENPCT"}, []string{"20", "8"}, "72"},
		{[]string{"UNIT", "TENPCT"}, []string{"95", "0.5"}, "4.5"}, // 60 of 60, 35 of 40
		{[]string{"TENPCT", "UNIT"}, []string{"10", "89"}, "1"},    // 54 of 54, 35 of 36
		{[]string{"TWENTY", "NOPE", "TENPCT"}, []string{"20", "0", "8"}, "72"},
	} {
		q, err := d.Quote(d.ctx, booking("b1"), tc.codes...)
		if err != nil {
			t.Fatal(err)
		}
		for i, off := range tc.off {
			if !q.Offers[i].Discount.Equal(coupon.MustMoney(off, "USD")) {
				t.Errorf("%v: %s takes %v, want %s", tc.codes, tc.codes[i], q.Offers[i].Discount, off)
			}
		}
		if !q.Total.Equal(coupon.MustMoney(tc.total, "USD")) {
			t.Errorf("%v: total %v, want %s", tc.codes, q.Total, tc.total)
		}
	}
	for _, tc := range []struct {
		codes []string
		want  coupon.Reason
	}{
		{[]string{"TENPCT", "tenpct"}, coupon.AlreadyApplied},
		{[]string{"TENPCT", "ALONE"}, coupon.NotCombinable},
		{[]string{"ALONE", "TENPCT"}, coupon.NotCombinable},
	} {
		q, err := d.Quote(d.ctx, booking("b1"), tc.codes...)
		if err != nil || len(q.Refusals()) != 1 || q.Offers[1].Refusals[0].Reason != tc.want {
			t.Errorf("%v: %v, %v; want %s", tc.codes, q.Refusals(), err, tc.want)
		}
	}
}

func TestABookingWithACouponTakesNoOther(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.create(nil)
	d.create(func(c *coupon.Coupon) { c.Code = "OTHER" })
	d.redeem(booking("b1"), "TEN")
	_, err := d.Redeem(d.ctx, booking("b1"), "OTHER")
	wantReasons(t, err, coupon.NotCombinable)
	must(d.Cancel(d.ctx, "b1"))(t)
	d.redeem(booking("b1"), "OTHER")
}

func TestCancelGivesTheUseBackOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.create(limited(2))
	d.redeem(booking("b1"), "TEN")
	d.redeem(booking("b2"), "TEN")
	for i := range 3 {
		rs, err := d.Cancel(d.ctx, "b1")
		if err != nil || len(rs) != 1 || rs[0].State != coupon.Cancelled || rs[0].Replayed != (i > 0) {
			t.Fatalf("cancel %d: %+v, %v", i, rs, err)
		}
		if n := d.used(c.ID); n != 1 {
			t.Fatalf("after cancel %d: %d uses", i, n)
		}
	}
	d.redeem(booking("b3"), "TEN")
}

func TestTheTwoSwitchesOfUses(t *testing.T) {
	t.Parallel()
	all := coupon.Refund{Key: "all", Amount: coupon.MustMoney("90", "USD")}
	for _, tc := range []struct {
		name         string
		keep, freeUp bool
		do           func(desk) error
		used         int64
	}{
		{"a cancel gives the use back", false, false, func(d desk) error { _, err := d.Cancel(d.ctx, "b1"); return err }, 0},
		{"unless the coupon keeps it", true, false, func(d desk) error { _, err := d.Cancel(d.ctx, "b1"); return err }, 1},
		{"a full refund does not", false, false, func(d desk) error { _, err := d.Refund(d.ctx, "b1", all); return err }, 1},
		{"unless the coupon says so", false, true, func(d desk) error { _, err := d.Refund(d.ctx, "b1", all); return err }, 0},
		{"and then a cancel gives nothing back twice", false, true, func(d desk) error {
			_, err := d.Refund(d.ctx, "b1", all)
			if err == nil {
				_, err = d.Cancel(d.ctx, "b1")
			}
			return err
		}, 0},
		{"a part is not the whole", false, true, func(d desk) error {
			_, err := d.Refund(d.ctx, "b1", coupon.Refund{Key: "part", Amount: coupon.MustMoney("89.99", "USD")})
			return err
		}, 1},
	} {
		d := newDesk(t)
		c := d.create(func(c *coupon.Coupon) {
			limited(5)(c)
			c.KeepUseOnCancel, c.ReleaseUseOnRefund = tc.keep, tc.freeUp
		})
		d.redeem(booking("b1"), "TEN")
		if err := tc.do(d); err != nil {
			t.Errorf("%s: %v", tc.name, err)
		}
		if n := d.used(c.ID); n != tc.used {
			t.Errorf("%s: %d uses, want %d", tc.name, n, tc.used)
		}
		if drift, err := d.Verify(d.ctx); err != nil || len(drift) > 0 {
			t.Errorf("%s: %v, %v", tc.name, drift, err)
		}
	}
}

func TestRefundsAddUpToWhatWasPaidAtMost(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.create(nil)
	d.redeem(booking("b1"), "TEN")
	usd := func(s string) coupon.Money { return coupon.MustMoney(s, "USD") }
	refund := func(key, amount string) ([]coupon.Redemption, error) {
		return d.Refund(d.ctx, "b1", coupon.Refund{Key: key, Amount: usd(amount)})
	}
	must(refund("r1", "40"))(t)
	rs, err := refund("r1", "40.00")
	if err != nil || !rs[0].Replayed || !rs[0].Refund.Equal(usd("40")) {
		t.Errorf("the same refund again: %+v, %v", rs, err)
	}
	if _, err := refund("r1", "41"); !errors.Is(err, coupon.ErrConflict) {
		t.Errorf("the same key with another amount: %v", err)
	}
	_, err = refund("r2", "50.01")
	wantField(t, err, "refund.amount", "at most what is left of the paid amount, 50.00 USD")
	_, err = d.Refund(d.ctx, "b1", coupon.Refund{Key: "r2", Amount: coupon.MustMoney("1", "EUR")})
	wantField(t, err, "refund.amount", "the booking's currency, USD")
	_, err = refund("", "1")
	wantField(t, err, "refund.key", "1 to 200 bytes")
	_, err = refund("r2", "0")
	wantField(t, err, "refund.amount", "more than 0")
	rs, err = refund("r2", "50")
	if err != nil || rs[0].State != coupon.Refunded || !rs[0].Refund.Equal(usd("90")) || len(rs[0].Refunds) != 2 {
		t.Errorf("the rest: %+v, %v", rs, err)
	}
	must(d.Cancel(d.ctx, "b1"))(t)
	if _, err := refund("r3", "1"); !errors.Is(err, coupon.ErrCancelled) {
		t.Errorf("a refund after the cancel: %v", err)
	}
}

func TestEventsTellTheLifeOfARedemption(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.create(nil)
	must(d.As("shop").Redeem(d.ctx, booking("b1"), "TEN"))(t)
	must(d.As("shop").Redeem(d.ctx, booking("b1"), "TEN"))(t)
	must(d.As("ann").Refund(d.ctx, "b1", coupon.Refund{Key: "r", Amount: coupon.MustMoney("5", "USD")}))(t)
	must(d.As("bob").Cancel(d.ctx, "b1"))(t)
	events, err := d.Events(d.ctx, c.ID, "b1")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range events {
		got = append(got, string(e.Kind)+" by "+e.By+" "+e.Amount.String())
	}
	want := []string{"redeemed by shop 10.00 USD", "refunded by ann 5.00 USD", "cancelled by bob 10.00 USD"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// To a store an empty key is "any": it must never get there.
func TestAnEmptyKeyIsNobodysBooking(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.create(nil)
	d.redeem(booking("b1"), "TEN")
	if _, err := d.Cancel(d.ctx, ""); !errors.Is(err, coupon.ErrNotFound) {
		t.Errorf("Cancel: %v", err)
	}
	if _, err := d.Refund(d.ctx, "", coupon.Refund{Key: "k", Amount: coupon.MustMoney("1", "USD")}); !errors.Is(err, coupon.ErrNotFound) {
		t.Errorf("Refund: %v", err)
	}
	for _, id := range []coupon.ID{c.ID, ""} {
		if r, err := d.Redemption(d.ctx, id, ""); !errors.Is(err, coupon.ErrNotFound) {
			t.Errorf("Redemption: %v, %v", r.Booking, err)
		}
	}
	for _, err := range d.Redemptions(d.ctx, coupon.RedemptionFilter{Customer: "  "}) {
		wantField(t, err, "customer", "leave it out")
	}
}

func TestACancelledRedemptionDoesNotStandInTheWayOfTheOneThatCameAfter(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.create(nil)
	d.create(func(c *coupon.Coupon) { c.Code = "OTHER" })
	d.redeem(booking("b1"), "TEN")
	must(d.Cancel(d.ctx, "b1"))(t)
	d.redeem(booking("b1"), "OTHER")
	rs, err := d.Refund(d.ctx, "b1", coupon.Refund{Key: "k", Amount: coupon.MustMoney("5", "USD")})
	if err != nil || len(rs) != 1 || rs[0].Code != "OTHER" || !rs[0].Refund.Equal(coupon.MustMoney("5", "USD")) {
		t.Errorf("%+v, %v", rs, err)
	}
}

func TestARefundIsAnsweredAgainAfterTheCancel(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.create(nil)
	d.redeem(booking("b1"), "TEN")
	refund := coupon.Refund{Key: "k", Amount: coupon.MustMoney("5", "USD")}
	must(d.Refund(d.ctx, "b1", refund))(t)
	must(d.Cancel(d.ctx, "b1"))(t)
	rs, err := d.Refund(d.ctx, "b1", refund)
	if err != nil || len(rs) != 1 || !rs[0].Replayed || !rs[0].Refund.Equal(refund.Amount) {
		t.Errorf("%+v, %v", rs, err)
	}
}
