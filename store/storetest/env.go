package storetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"github.com/couponkit/coupon"
)

// start is what the clock shows when a case begins: noon of a Monday.
var start = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// env is one merchant of a case's database.
type env struct {
	T
	open      func(merchant string) coupon.Store
	clock     *clock
	random    io.Reader
	merchants *[]*env // all of the case
	name      string
	store     coupon.Store
	svc       *coupon.Service
}

func newEnv(t T, open func(merchant string) coupon.Store) *env {
	e := &env{T: t, open: open, clock: &clock{now: start}, random: &random{src: rand.NewChaCha8([32]byte{1})}, merchants: new([]*env)}
	return e.merchant("acme")
}

// merchant is another merchant of the same database.
func (e *env) merchant(name string) *env {
	e.Helper()
	m := *e
	m.name, m.store = name, e.open(name)
	svc, err := coupon.New(coupon.Config{Store: m.store, Now: e.clock.Now, Rand: e.random})
	if err != nil {
		e.Fatalf("New: %v", err)
	}
	m.svc = svc
	*e.merchants = append(*e.merchants, &m)
	return &m
}

// clock is set by hand.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t
}

// random gives the same bytes in every run, also to goroutines.
type random struct {
	mu  sync.Mutex
	src *rand.ChaCha8
}

func (r *random) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.src.Read(p)
}

func usd(amount string) coupon.Money { return coupon.MustMoney(amount, "USD") }

func minor(n int64, currency string) coupon.Money {
	m, err := coupon.MoneyFromMinor(n, currency)
	if err != nil {
		panic(err)
	}
	return m
}

// coupon creates a coupon of 10 % without limits, valid since 2020, changed by
// edits.
func (e *env) coupon(code string, edits ...func(*coupon.Coupon)) coupon.Coupon {
	e.Helper()
	c := coupon.Coupon{Code: coupon.Code(code), Discount: coupon.PercentOff(usd("10").Amount), Start: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)}
	for _, edit := range edits {
		edit(&c)
	}
	created, err := e.svc.Create(e.Context(), c)
	if err != nil {
		e.Fatalf("Create %s: %v", code, err)
	}
	return created
}

// update stores an edit of the coupon as it is now.
func (e *env) update(id coupon.ID, edits ...func(*coupon.Coupon)) coupon.Coupon {
	e.Helper()
	c, err := e.svc.Coupon(e.Context(), id)
	if err != nil {
		e.Fatalf("Coupon: %v", err)
	}
	for _, edit := range edits {
		edit(&c)
	}
	c, err = e.svc.Update(e.Context(), c)
	if err != nil {
		e.Fatalf("Update of %s: %v", c.Code, err)
	}
	return c
}

func limited(limits ...coupon.Limit) func(*coupon.Coupon) {
	return func(c *coupon.Coupon) { c.Restrictions.Limits = limits }
}

func uses(n int64, per coupon.LimitPer, every coupon.Period) coupon.Limit {
	return coupon.Limit{Of: coupon.Uses, Per: per, Every: every, Max: n}
}

func budget(m coupon.Money, per coupon.LimitPer, every coupon.Period) coupon.Limit {
	return coupon.Limit{Of: coupon.DiscountGiven, Per: per, Every: every, Budget: m}
}

// booking has one line of one unit.
func booking(id string, price coupon.Money) coupon.Booking {
	return coupon.Booking{ID: id, Currency: price.Currency, Lines: []coupon.Line{{Price: price.Amount, Quantity: 1}}}
}

// by is a booking of 100 USD by a customer.
func by(id, customer string) coupon.Booking {
	b := booking(id, usd("100"))
	b.Customer.Key = customer
	return b
}

// at is a booking of 100 USD made at an instant.
func at(id string, t time.Time) coupon.Booking {
	b := booking(id, usd("100"))
	b.MadeAt = t
	return b
}

func (e *env) redeem(b coupon.Booking, code string) coupon.Redemption {
	e.Helper()
	r, err := e.svc.Redeem(e.Context(), b, code)
	if err != nil {
		e.Fatalf("Redeem %s on %q: %v", code, b.ID, err)
	}
	return r
}

// refused wants Redeem to refuse for that reason, by one rule or several.
func (e *env) refused(b coupon.Booking, code string, reason coupon.Reason) {
	e.Helper()
	_, err := e.svc.Redeem(e.Context(), b, code)
	refusal, ok := errors.AsType[*coupon.RefusedError](err)
	if !ok {
		e.Fatalf("Redeem %s on %q: got error %v, want it refused: %s", code, b.ID, err, reason)
	}
	for _, r := range refusal.Refusals {
		if r.Reason != reason {
			e.Errorf("Redeem %s on %q: got %v, want only %s", code, b.ID, err, reason)
			return
		}
	}
}

func (e *env) cancel(booking string) []coupon.Redemption {
	e.Helper()
	rs, err := e.svc.Cancel(e.Context(), booking)
	if err != nil {
		e.Fatalf("Cancel %q: %v", booking, err)
	}
	return rs
}

func (e *env) refund(booking, key string, amount coupon.Money) []coupon.Redemption {
	e.Helper()
	rs, err := e.svc.Refund(e.Context(), booking, coupon.Refund{Key: key, Amount: amount})
	if err != nil {
		e.Fatalf("Refund %s of %q: %v", amount, booking, err)
	}
	return rs
}

// past is an imported row: 100 USD less 10.
func past(code, booking string, madeAt time.Time) coupon.PastRedemption {
	return coupon.PastRedemption{Code: code, Booking: booking, Currency: "USD", MadeAt: madeAt,
		Subtotal: usd("100").Amount, Eligible: usd("100").Amount, Discount: usd("10").Amount}
}

// imports wants every row to be new.
func (e *env) imports(rows ...coupon.PastRedemption) {
	e.Helper()
	report, err := e.svc.Import(e.Context(), each(rows), coupon.ImportOptions{BadRow: func(b coupon.BadRow) { e.Errorf("Import: %v", b) }})
	if err != nil || report.Recorded != len(rows) {
		e.Fatalf("Import of %d rows: %+v, error %v", len(rows), report, err)
	}
}

func each(rows []coupon.PastRedemption) iter.Seq2[coupon.PastRedemption, error] {
	return func(yield func(coupon.PastRedemption, error) bool) {
		for i, row := range rows {
			row.Line = i + 1
			if !yield(row, nil) {
				return
			}
		}
	}
}

// stored is the redemption as it is read back.
func (e *env) stored(id coupon.ID, booking string) coupon.Redemption {
	e.Helper()
	r, err := e.svc.Redemption(e.Context(), id, booking)
	if err != nil {
		e.Fatalf("Redemption of %q: %v", booking, err)
	}
	return r
}

// redemptions are all that a filter chooses.
func (e *env) redemptions(f coupon.RedemptionFilter) []coupon.Redemption {
	e.Helper()
	return collect(e, "Redemptions", e.svc.Redemptions(e.Context(), f))
}

func collect[V any](e *env, what string, list iter.Seq2[V, error]) (out []V) {
	e.Helper()
	for v, err := range list {
		if err != nil {
			e.Fatalf("%s: %v", what, err)
		}
		if out = append(out, v); len(out) > 100_000 {
			e.Fatalf("%s: the list does not end", what)
		}
	}
	return out
}

func (e *env) summary(id coupon.ID, r coupon.Range) coupon.Summary {
	e.Helper()
	s, err := e.svc.Summary(e.Context(), id, r)
	if err != nil {
		e.Fatalf("Summary: %v", err)
	}
	return s
}

// used is how much of the coupon's first limit is used.
func (e *env) used(id coupon.ID) int64 {
	e.Helper()
	st, err := e.svc.State(e.Context(), id)
	if err != nil {
		e.Fatalf("State: %v", err)
	}
	return st.Limits[0].Used
}

func (e *env) wantUsed(id coupon.ID, want int64) {
	e.Helper()
	if got := e.used(id); got != want {
		e.Errorf("the counter says %d uses, want %d", got, want)
	}
}

// same compares values by what they say: 1.5 is 1.50, and an absent list is an
// empty one.
func (e *env) same(what string, got, want any) {
	e.Helper()
	if g, w := text(got), text(want); g != w {
		e.Errorf("%s:\n\t got %s\n\twant %s", what, g, w)
	}
}

func text(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprintf("%+v (%v)", v, err)
	}
	return string(data)
}

// is wants an error that matches target.
func (e *env) is(what string, err, target error) {
	e.Helper()
	if !errors.Is(err, target) {
		e.Errorf("%s: got error %v, want %v", what, err, target)
	}
}

// together calls f with 0 to n-1 from goroutines that start at once, and gives
// what each returned.
func together(n int, f func(i int) error) []error {
	errs := make([]error, n)
	barrier := make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			<-barrier
			errs[i] = f(i)
		})
	}
	close(barrier)
	all.Wait()
	return errs
}

func name(prefix string, i int) string { return prefix + strconv.Itoa(i) }
