package coupon_test

import (
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"github.com/couponkit/coupon"
)

func TestFiguresStandBesideEachOtherAndHideNothing(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.create(nil)
	three, cost := 3, decimal.NewFromInt(60)
	for i := range 5 {
		b := booking(fmt.Sprint("b", i))
		switch i {
		case 1:
			b.Cost = &cost
		case 2:
			b.Customer.EarlierBookings = &three
		case 3:
			b.Customer.EarlierBookings = nil
		}
		d.redeem(b, "TEN")
	}
	must(d.Cancel(d.ctx, "b4"))(t)
	must(d.Refund(d.ctx, "b0", coupon.Refund{Key: "r", Amount: coupon.MustMoney("15", "USD")}))(t)
	s, err := d.Summary(d.ctx, c.ID, coupon.Range{})
	if err != nil {
		t.Fatal(err)
	}
	usd := func(n int64) coupon.Money { return cents(100 * n) }
	want := coupon.Figures{
		Currency: "USD", Bookings: 4,
		Subtotal: usd(400), Eligible: usd(400), Discounts: usd(40), OtherDiscounts: usd(0), Revenue: usd(360),
		Refunds: usd(15), RevenueAfterRefunds: usd(345),
		Cancelled: 1, CancelledSubtotal: usd(100), CancelledDiscounts: usd(10),
		NewCustomers: 2, CustomersKnown: 3,
		CostKnown: 1, Cost: usd(60), Margin: usd(30), // 90 of revenue, 60 of cost: the unknown is not zero
	}
	if diff := cmp.Diff([]coupon.Figures{want}, s.Currencies); diff != "" {
		t.Error(diff)
	}
}

func TestFiguresStandOnTheBookingsOwnDay(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.create(nil)
	june := coupon.Range{From: noon.AddDate(0, 0, -1), To: noon.AddDate(0, 0, 1)}
	d.redeem(booking("b1"), "TEN")
	*d.now = noon.AddDate(0, 2, 0)
	must(d.Cancel(d.ctx, "b1"))(t)
	s, err := d.Summary(d.ctx, c.ID, june)
	if f := s.In("USD"); err != nil || f.Bookings != 0 || f.Cancelled != 1 {
		t.Errorf("June is %+v, %v", f, err)
	}
	s, err = d.Summary(d.ctx, c.ID, coupon.Range{From: june.To})
	if err != nil || len(s.Currencies) != 0 {
		t.Errorf("August is %+v, %v", s, err)
	}
}

func TestTheServiceClockLeavesOutWhatHasNoServiceDateAndSaysSo(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.create(nil)
	for i, service := range []coupon.ServiceDate{coupon.ServiceTime(noon.AddDate(0, 0, 7)), {}, {}} {
		b := booking(fmt.Sprint("b", i))
		b.Service = service
		d.redeem(b, "TEN")
	}
	week := coupon.Range{From: noon, To: noon.AddDate(0, 0, 7), Clock: coupon.ServiceAt}
	s, err := d.Summary(d.ctx, c.ID, week)
	if err != nil || len(s.Currencies) != 0 || s.Unscheduled != 2 {
		t.Errorf("the end is outside: %+v, %v", s, err)
	}
	week.To = week.To.Add(time.Microsecond)
	if s, err = d.Summary(d.ctx, c.ID, week); err != nil || s.In("USD").Bookings != 1 {
		t.Errorf("the service is inside: %+v, %v", s, err)
	}
}

func TestCurrenciesAreNeverMixed(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.create(nil)
	for i, currency := range []string{"USD", "JPY", "KWD", "JPY"} {
		b := booking(fmt.Sprint("b", i))
		b.Currency = currency
		d.redeem(b, "TEN")
	}
	s, err := d.Summary(d.ctx, c.ID, coupon.Range{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range s.Currencies {
		got = append(got, fmt.Sprint(f.Bookings, " ", f.Revenue))
	}
	if diff := cmp.Diff([]string{"2 180 JPY", "1 90.000 KWD", "1 90.00 USD"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestATimelineHasAPointForEveryBucketAndIsCutToItsRange(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.create(nil)
	d.redeem(booking("b1"), "TEN")
	from := time.Date(2026, 6, 13, 18, 0, 0, 0, time.UTC)
	points, err := d.Timeline(d.ctx, c.ID, coupon.Range{From: from, To: noon.Add(time.Second)}, coupon.Daily, "Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range points {
		got = append(got, fmt.Sprint(p.Start.Format("2 15:04:05"), " to ", p.End.Format("2 15:04:05"), ": ", p.In("USD").Bookings))
	}
	want := []string{"13 18:00:00 to 13 22:00:00: 0", "13 22:00:00 to 14 22:00:00: 0", "14 22:00:00 to 15 12:00:01: 1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestATimelineSaysWhatIsWrongWithItsRange(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	id := d.create(nil).ID
	year := coupon.Range{From: noon, To: noon.AddDate(1, 0, 0)}
	for _, tc := range []struct {
		name     string
		r        coupon.Range
		interval coupon.Interval
		zone     string
		field    string
		must     string
	}{
		{"open", coupon.Range{From: noon}, coupon.Daily, "UTC", "range", "both From and To"},
		{"reversed", coupon.Range{From: noon, To: noon.Add(-1000)}, coupon.Daily, "UTC", "range.to", "not be before"},
		{"another clock", coupon.Range{From: noon, To: noon.Add(1e9), Clock: "paid"}, coupon.Daily, "UTC", "range.clock", "made-at"},
		{"unknown interval", year, "fortnight", "UTC", "interval", "hour, day"},
		{"unknown zone", year, coupon.Daily, "Mars/Olympus", "zone", "IANA"},
		{"too many points", coupon.Range{From: noon, To: noon.AddDate(10, 0, 0)}, coupon.Hourly, "UTC", "interval", "more than 50000 points"},
	} {
		_, err := d.Timeline(d.ctx, id, tc.r, tc.interval, tc.zone)
		if err == nil {
			t.Errorf("%s: no error", tc.name)
			continue
		}
		wantField(t, err, tc.field, tc.must)
	}
	if points, err := d.Timeline(d.ctx, id, coupon.Range{From: noon, To: noon}, coupon.Daily, "UTC"); err != nil || len(points) != 0 {
		t.Errorf("an empty range: %v, %v", points, err)
	}
}

func TestASumOutOfRangeIsAnErrorAndNotAnotherFigure(t *testing.T) {
	t.Parallel()
	most := coupon.MustMoney("999999999999.999", "KWD")
	s := coupon.Sums{Currency: "KWD", Subtotal: math.MaxInt64 - 1}
	err := s.Add(coupon.Redemption{State: coupon.Redeemed, Subtotal: most, Eligible: most, Discount: most, OtherDiscounts: coupon.MustMoney("0", "KWD")})
	if !errors.Is(err, coupon.ErrOverflow) {
		t.Errorf("got %v", err)
	}
}

func TestLifeIsFromTheStartToTheEndOrNow(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for _, tc := range []struct{ start, end, to time.Time }{
		{noon.AddDate(0, -2, 0), noon.AddDate(0, -1, 0), noon.AddDate(0, -1, 0)}, // ended
		{noon.AddDate(0, -2, 0), noon.AddDate(0, 1, 0), noon},
		{noon.AddDate(0, -2, 0), time.Time{}, noon},
		{noon.AddDate(0, 1, 0), time.Time{}, noon.AddDate(0, 1, 0)}, // not begun: empty
	} {
		if r := d.Life(coupon.Coupon{Start: tc.start, End: tc.end}); !r.From.Equal(tc.start) || !r.To.Equal(tc.to) {
			t.Errorf("[%s, %s) lives in [%s, %s)", tc.start, tc.end, r.From, r.To)
		}
	}
}
