// Package sqltest is what the tests of the SQL stores have in common.
package sqltest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"github.com/couponkit/coupon"
)

// Recorder keeps every statement that goes through bun, which is every one that
// names a table.
type Recorder struct {
	mu         sync.Mutex
	statements []string
}

// Take gives what was recorded since the last time.
func (r *Recorder) Take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := r.statements
	r.statements = nil
	return out
}

// BeforeQuery implements bun.QueryHook.
func (r *Recorder) BeforeQuery(ctx context.Context, e *bun.QueryEvent) context.Context {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.statements = append(r.statements, strings.Split(e.Query, ";\n")...) // several may go in one message
	return ctx
}

// AfterQuery implements bun.QueryHook.
func (r *Recorder) AfterQuery(context.Context, *bun.QueryEvent) {}

// EveryCall uses a store of merchant "acme", whose statements go to rec, in every
// way there is, and gives the statements of each.
func EveryCall(t *testing.T, st coupon.Store, rec *Recorder) map[string][]string {
	t.Helper()
	svc := Service(t, st)
	ctx := t.Context()
	calls := map[string][]string{}
	do := func(name string, f func() error) {
		t.Helper()
		rec.Take()
		if err := f(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		calls[name] = rec.Take()
	}
	perCustomer := coupon.Limit{Of: coupon.Uses, Per: coupon.PerCustomer, Every: coupon.PerDay, Max: 50}
	var c coupon.Coupon
	var note coupon.Note
	do("create", func() error { c = Create(t, st, "C"); return nil })
	beside := Create(t, st, "BESIDE")
	do("redeem", func() error { _, err := svc.Redeem(ctx, Booking("b1"), "C"); return err })
	do("redeem again", func() error { _, err := svc.Redeem(ctx, Booking("b1"), "C"); return err })
	do("import", func() error {
		report, err := svc.Import(ctx, Past("C", 300), coupon.ImportOptions{})
		if report.Recorded != 300 {
			t.Errorf("imported %+v", report)
		}
		return err
	})
	do("refund", func() error {
		_, err := svc.Refund(ctx, "b1", coupon.Refund{Key: "k", Amount: coupon.MustMoney("1", "USD")})
		return err
	})
	do("cancel", func() error { _, err := svc.Cancel(ctx, "b1"); return err })
	do("recharge", func() error {
		edited := c
		edited.Restrictions.Limits = append(slices.Clone(c.Restrictions.Limits), perCustomer)
		_, err := svc.Update(ctx, edited)
		return err
	})
	do("deactivate", func() error { _, err := svc.Deactivate(ctx, c.ID); return err })
	do("state", func() error { _, err := svc.State(ctx, c.ID); return err })
	do("versions", func() error { return Drain(svc.Versions(ctx, c.ID)) })
	do("events", func() error { _, err := svc.Events(ctx, c.ID, "b1"); return err })
	do("redemption", func() error { _, err := svc.Redemption(ctx, c.ID, "b1"); return err })
	do("add note", func() (err error) { note, err = svc.AddNote(ctx, c.ID, time.Now(), "e-mail"); return err })
	do("notes", func() error { _, err := svc.Notes(ctx, c.ID); return err })
	do("put note again", func() error { _, err := svc.PutNote(ctx, note); return err })
	do("edit note", func() error {
		edited := note
		edited.Text = "letter"
		_, err := svc.EditNote(ctx, edited)
		return err
	})
	do("remove note", func() error { return svc.RemoveNote(ctx, c.ID, note.ID) })
	from, to := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, clock := range []coupon.Clock{coupon.MadeAt, coupon.ServiceAt} {
		do("summary by "+string(clock), func() error {
			_, err := svc.Summary(ctx, c.ID, coupon.Range{Clock: clock})
			return err
		})
		do("timeline by "+string(clock), func() error {
			_, err := svc.Timeline(ctx, c.ID, coupon.Range{From: from, To: to, Clock: clock}, coupon.Daily, "Europe/Berlin")
			return err
		})
		two := []coupon.ID{c.ID, beside.ID}
		do("summaries by "+string(clock), func() error {
			_, err := svc.Summaries(ctx, two, coupon.Range{Clock: clock})
			return err
		})
		do("timelines by "+string(clock), func() error {
			_, err := svc.Timelines(ctx, two, coupon.Range{From: from, To: to, Clock: clock}, coupon.Daily, "Europe/Berlin")
			return err
		})
		for _, sort := range []coupon.RedemptionSort{coupon.ByMadeAt, coupon.ByServiceAt, coupon.ByBooking, coupon.BySubtotal, coupon.ByDiscount} {
			for _, desc := range []bool{false, true} {
				f := coupon.RedemptionFilter{Coupon: c.ID, Sort: sort, Desc: desc, Range: coupon.Range{From: from, To: to, Clock: clock}}
				do(fmt.Sprint("redemptions by ", sort, desc, clock), func() error { return Drain(svc.Redemptions(ctx, f)) })
				f = coupon.RedemptionFilter{Sort: sort, Desc: desc, States: []coupon.State{coupon.Redeemed}, Customer: "ann", Currency: "USD", Code: "C"}
				do(fmt.Sprint("all redemptions by ", sort, desc, clock), func() error { return Drain(svc.Redemptions(ctx, f)) })
			}
		}
	}
	narrow := coupon.RedemptionFilter{Coupon: c.ID, States: []coupon.State{coupon.Redeemed}, Code: "C", NewCustomer: true, CostKnown: true, Unscheduled: true, Live: true}
	do("narrowed redemptions", func() error { return Drain(svc.Redemptions(ctx, narrow)) })
	do("narrowed totals", func() error { _, err := svc.Totals(ctx, narrow); return err })
	do("redemptions of bookings", func() error {
		return Drain(svc.Redemptions(ctx, coupon.RedemptionFilter{Bookings: []string{"b1", "b2"}, Sort: coupon.ByBooking}))
	})
	do("unscheduled", func() error { return Drain(svc.Redemptions(ctx, coupon.RedemptionFilter{Unscheduled: true})) })
	for _, sort := range []coupon.CouponSort{coupon.ByCreated, coupon.ByCode, coupon.ByName, coupon.ByStart, coupon.ByEnd, coupon.ByAudience,
		coupon.ByStatus, coupon.ByOffer, coupon.ByUses, coupon.ByBookings, coupon.ByRevenue, coupon.ByDiscounts} {
		f := coupon.CouponFilter{Sort: sort, Currency: "USD", Search: "c", Kind: coupon.Percent, Audience: new(coupon.Everyone)}
		do(fmt.Sprint("coupons by ", sort), func() error {
			for st, err := range svc.Coupons(ctx, f) {
				if err != nil {
					return err
				}
				f.After = st.Cursor
			}
			return Drain(svc.Coupons(ctx, f))
		})
	}
	Life(t, st, Create(t, st, "LIFE", func(c *coupon.Coupon) {
		c.Combinable = true
		c.Restrictions.Limits = append(c.Restrictions.Limits, perCustomer, coupon.Limit{Of: coupon.Uses, Per: coupon.PerCode, Every: coupon.Ever, Max: 50})
	}), do)
	do("verify", func() error { _, err := svc.Verify(ctx); return err })
	do("rebuild", func() error { return svc.Rebuild(ctx) })
	do("archive", func() error { _, err := svc.Archive(ctx, c.ID); return err })
	return calls
}

// Service is one over the store.
func Service(t testing.TB, st coupon.Store) *coupon.Service {
	t.Helper()
	svc, err := coupon.New(coupon.Config{Store: st})
	if err != nil {
		t.Fatal(err)
	}
	return svc
}

// Create makes a coupon of 10 % with a limit of 100 uses, changed by edits.
func Create(t testing.TB, st coupon.Store, code string, edits ...func(*coupon.Coupon)) coupon.Coupon {
	t.Helper()
	c := coupon.Coupon{Code: coupon.Code(code), Discount: coupon.PercentOff(coupon.MustMoney("10", "USD").Amount), Start: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC),
		Restrictions: coupon.Restrictions{Limits: []coupon.Limit{{Of: coupon.Uses, Per: coupon.PerCoupon, Every: coupon.Ever, Max: 100}}}}
	for _, edit := range edits {
		edit(&c)
	}
	c, err := Service(t, st).Create(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Booking is one of 100 USD.
func Booking(id string) coupon.Booking {
	return coupon.Booking{ID: id, Currency: "USD", Lines: []coupon.Line{{Price: coupon.MustMoney("100", "USD").Amount, Quantity: 1}}}
}

// WantStored wants that many redemptions, and counters that agree.
func WantStored(t testing.TB, st coupon.Store, want int) {
	t.Helper()
	got := 0
	for _, err := range Service(t, st).Redemptions(t.Context(), coupon.RedemptionFilter{}) {
		if err != nil {
			t.Fatal(err)
		}
		got++
	}
	if got != want {
		t.Errorf("%d redemptions are stored, want %d", got, want)
	}
	if drifts, err := st.Verify(t.Context()); err != nil || len(drifts) > 0 {
		t.Errorf("Verify: %v, error %v", drifts, err)
	}
}

// Drain goes through a list.
func Drain[V any](list iter.Seq2[V, error]) error {
	var errs error
	for _, err := range list {
		errs = errors.Join(errs, err)
	}
	return errs
}

// Past are n redemptions of another system, four an hour from 2025 on, by 50 customers.
func Past(code string, n int) iter.Seq2[coupon.PastRedemption, error] {
	subtotal, discount, cost := coupon.MustMoney("123.45", "USD").Amount, coupon.MustMoney("12.35", "USD").Amount, coupon.MustMoney("60", "USD").Amount
	return func(yield func(coupon.PastRedemption, error) bool) {
		for i := range n {
			at := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(i) * 15 * time.Minute)
			row := coupon.PastRedemption{Line: i, Code: code, Booking: fmt.Sprintf("past-%07d", i), Currency: "USD", Customer: fmt.Sprintf("c%d", i%50),
				EarlierBookings: new(i / 50), MadeAt: at, Service: coupon.ServiceTime(at.AddDate(0, 0, 3)),
				Subtotal: subtotal, Eligible: subtotal, Discount: discount, Cost: &cost}
			if !yield(row, nil) {
				return
			}
		}
	}
}

var tableName = regexp.MustCompile(`"coupon_(\w+)"`)

// Unscoped gives the tables that a statement names without naming the merchant.
func Unscoped(statement string) (tables []string) {
	const scope = `merchant = 'acme'`
	for _, m := range regexp.MustCompile(`(INTO |UPDATE |FROM |JOIN )"coupon_(\w+)"(?: AS (\w+))?`).FindAllStringSubmatch(statement, -1) {
		verb, table, alias := m[1], m[2], m[3]
		named := strings.Contains(statement, scope)
		switch {
		case verb == "INTO ":
			named = strings.Contains(statement, "(merchant, ") && strings.Count(statement, "'acme'") > 0
		case alias != "":
			named = strings.Contains(statement, alias+"."+scope) || named && strings.Contains(statement, alias+".merchant = ")
		}
		if !named {
			tables = append(tables, table)
		}
	}
	return tables
}

// Hostile are texts that a caller may ask for, and that must only be text.
var Hostile = []string{`'; DROP TABLE coupon_notes; --`, "b1\x00", "\x00", `\`, `\'`, "?", "?0", "?merchant", "?coupons", "%", "b_", "--", "/*", "\xff"}

// AskFor asks the store for the text in every way that takes one, and wants it not
// to be found or to be nothing, and never an error of the database. c is a coupon
// that has a redemption on booking "b1".
func AskFor(t *testing.T, st coupon.Store, c coupon.Coupon, s string) {
	t.Helper()
	svc := Service(t, st)
	ctx := t.Context()
	for what, err := range map[string]error{
		"Coupon":         Second(st.Coupon(ctx, coupon.ID(s))),
		"CouponByCode":   third(st.CouponByCode(ctx, coupon.Code(s))),
		"Redemption":     Second(svc.Redemption(ctx, c.ID, s)),
		"Redemption id":  Second(svc.Redemption(ctx, coupon.ID(s), "b1")),
		"Versions":       Second(st.Versions(ctx, coupon.ID(s), 9, 9)),
		"Notes":          Second(st.Notes(ctx, coupon.ID(s))),
		"DeleteNote":     st.DeleteNote(ctx, c.ID, coupon.ID(s)),
		"UpdateNote":     Second(st.UpdateNote(ctx, coupon.Note{Coupon: c.ID, ID: coupon.ID(s), At: time.Now(), Text: "x"})),
		"Summaries":      Second(svc.Summaries(ctx, []coupon.ID{c.ID, coupon.ID(s)}, coupon.Range{})),
		"Codes":          Drain(svc.Codes(ctx, c.ID, coupon.CodeFilter{Batch: s, After: coupon.Code(s)})),
		"Batches":        Drain(svc.Batches(ctx, c.ID, s)),
		"AddCode":        Second(svc.AddCode(ctx, coupon.ID(s), coupon.CouponCode{Code: "MORE"})),
		"PutNote":        Second(svc.AddNote(ctx, coupon.ID(s), time.Now(), "x")),
		"Deactivate":     Second(svc.Deactivate(ctx, coupon.ID(s))),
		"State":          Second(svc.State(ctx, coupon.ID(s))),
		"CodeUses":       Second(svc.CodeUses(ctx, coupon.ID(s), []coupon.CouponCode{{Code: coupon.Code(s)}})),
		"Code":           notInvalid(Second(svc.Code(ctx, c.ID, s))),
		"Series":         Second(st.Series(ctx, coupon.SeriesKey{Coupon: c.ID, Key: "x" + s})),
		"Refusals":       Drain(svc.Refusals(ctx, c.ID, coupon.Reason(s))),
		"Events":         Second(svc.Events(ctx, c.ID, s)),
		"Cancel":         Second(svc.Cancel(ctx, s)),
		"Confirm":        Second(svc.Confirm(ctx, s)),
		"Release":        Second(svc.Release(ctx, s)),
		"SetCost":        Second(svc.SetCost(ctx, s, nil)),
		"Refund":         Second(svc.Refund(ctx, s, coupon.Refund{Key: "k", Amount: coupon.MustMoney("1", "USD")})),
		"Redemptions in": Drain(svc.Redemptions(ctx, coupon.RedemptionFilter{Booking: "x" + s, Bookings: []string{s}, Series: s, Code: coupon.Code(s), States: []coupon.State{coupon.State(s)}})),
		"Totals":         Second(svc.Totals(ctx, coupon.RedemptionFilter{Coupon: coupon.ID("x" + s), Code: coupon.Code("x" + s)})),
		"Redemptions of": Drain(svc.Redemptions(ctx, coupon.RedemptionFilter{Customer: "x" + s, Currency: s})),
		"Coupons":        Drain(svc.Coupons(ctx, coupon.CouponFilter{Search: "x" + s, Kind: coupon.DiscountKind(s)})),
	} {
		if err != nil && !errors.Is(err, coupon.ErrNotFound) {
			t.Errorf("%s with %q: %v", what, s, err)
		}
	}
}

// notInvalid is nil for what the service refuses by itself.
func notInvalid(err error) error {
	if errors.Is(err, coupon.ErrInvalid) {
		return nil
	}
	return err
}

func third[V, W any](_ V, _ W, err error) error { return err }
