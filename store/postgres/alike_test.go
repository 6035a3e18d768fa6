package postgres

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	_ "modernc.org/sqlite"
	"pgregory.net/rapid"

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/store/internal/sqltest"
	"github.com/couponkit/coupon/store/memory"
	"github.com/couponkit/coupon/store/sqlite"
)

// Whatever is asked of the three stores, in whatever order, they answer alike: to
// the letter, with the same ids, errors and sums. The store in memory is the
// model.
//
// -rapid.checks=1000 runs as many programs; a failure says how to run its program
// again.
func TestTheThreeStoresAnswerTheSameProgramAlike(t *testing.T) {
	needServer(t)
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue {
		if err := f.Value.Set("20"); err != nil {
			t.Fatal(err)
		}
	}
	st, pgdb := newStore(t, "pgx")
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	db.SetMaxOpenConns(1)
	lite, err := sqlite.New(db, sqlite.Options{})
	if err == nil {
		err = lite.Migrate(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	model := memory.New()
	second, err := New(pgdb, Options{Schema: st.schema})
	if err != nil {
		t.Fatal(err)
	}
	var programs atomic.Int64
	rapid.Check(t, func(t *rapid.T) {
		merchant := fmt.Sprint("program ", programs.Add(1)) // a database of its own, without making one
		// Long after today: a reservation that has not expired by the clock of this machine
		// is one that the store takes for granted.
		p := &program{T: t, now: time.Date(2126, 3, 2, 12, 0, 0, 0, time.UTC)}
		for name, store := range map[string]coupon.Store{"memory": model.Merchant(merchant), "sqlite": lite.Merchant(merchant), "postgres": st.Merchant(merchant)} {
			svc, err := coupon.New(coupon.Config{Store: store, Now: func() time.Time { return p.now }, Rand: randomness()})
			if err != nil {
				t.Fatal(err)
			}
			p.services = append(p.services, named{name, svc})
		}
		p.db, p.one, p.two = pgdb, st.Merchant(merchant), second.Merchant(merchant)
		p.rand = randomness()
		for i, s := range p.services {
			if s.name == "postgres" {
				p.services[i].Service = p.on(p.one, p.rand)
			}
		}
		p.create()
		p.create()
		t.Repeat(p.actions())
		p.T = t
		p.compare()
		for db, table := range map[*sql.DB]string{pgdb: st.schema + ".coupon_redemptions", db: "coupon_redemptions"} {
			if n, err := sqltest.MiscountedOthers(db, table); err != nil || n > 0 {
				t.Fatalf("%s: %d redemptions don't know how many others their bookings have, error %v", table, n, err)
			}
		}
	})
}

// randomness is the same for every store, so that ids are.
func randomness() io.Reader { return rand.NewChaCha8([32]byte{7}) }

type named struct {
	name string
	*coupon.Service
}

// program is one random program under way.
type program struct {
	*rapid.T
	services []named
	db       *sql.DB
	one, two *Store // as two processes have it
	rand     io.Reader
	now      time.Time
	coupons  []coupon.Coupon // as they were last seen
	codes    []string
	refunds  int
	sweeps   bool // the call takes back what has expired, but not in a host's transaction
	steps    int
	last     func(s *coupon.Service) (any, error)
}

// all wants every service to answer the call alike, and gives the answer.
func (p *program) all(what string, call func(s *coupon.Service) (any, error)) (any, error) {
	p.Helper()
	var first any
	var firstErr error
	said := ""
	for i, s := range p.services {
		v, err := any(nil), error(nil)
		if s.name == "postgres" {
			v, err = p.vary(call)
		} else {
			v, err = call(s.Service)
		}
		if err != nil && !isAnswer(err) {
			p.Fatalf("%s on %s: %v", what, s.name, err)
		}
		text := fmt.Sprintf("%s, error %v", encode(v), err)
		if i == 0 {
			first, firstErr, said = v, err, text
		} else if text != said {
			p.Fatalf("%s\n%s answers %s\n%s answers %s", what, p.services[0].name, said, s.name, text)
		}
	}
	return first, firstErr
}

func isAnswer(err error) bool {
	for _, answer := range []error{coupon.ErrNotFound, coupon.ErrInvalid, coupon.ErrDuplicateCode, coupon.ErrVersion, coupon.ErrRefused,
		coupon.ErrConflict, coupon.ErrCancelled, coupon.ErrReservationEnded, coupon.ErrQuoteChanged} {
		if errors.Is(err, answer) {
			return true
		}
	}
	return false
}

func encode(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(data)
}

var ctx = context.Background()

func (p *program) pick(n int, label string) int { return rapid.IntRange(0, n-1).Draw(p.T, label) }

func (p *program) code() string { return p.codes[p.pick(len(p.codes), "code")] }

func (p *program) coupon() *coupon.Coupon { return &p.coupons[p.pick(len(p.coupons), "coupon")] }

func (p *program) usd(most int, label string) coupon.Money {
	m, err := coupon.MoneyFromMinor(int64(1+p.pick(most*100, label)), "USD")
	if err != nil {
		p.Fatal(err)
	}
	return m
}

func (p *program) booking() coupon.Booking {
	b := coupon.Booking{ID: fmt.Sprint("b", p.pick(5, "booking")), Currency: "USD"}
	b.Customer.Key = []string{"", "ann", "bob", "cy"}[p.pick(4, "customer")]
	for range 1 + p.pick(2, "lines") {
		b.Lines = append(b.Lines, coupon.Line{Price: p.usd(100, "price").Amount, Quantity: int64(1 + p.pick(3, "quantity"))})
	}
	if p.pick(6, "in a series") == 0 {
		b.Series, b.Occurrence = fmt.Sprint("s", p.pick(2, "series")), int64(1+p.pick(3, "occurrence"))
	}
	if p.pick(2, "service") == 0 {
		b.Service = coupon.ServiceTime(p.now.AddDate(0, 0, p.pick(5, "days ahead")))
	}
	return b
}

func (p *program) terms(c *coupon.Coupon) {
	c.Discount = coupon.PercentOff(p.usd(50, "percent").Amount)
	if p.pick(3, "kind") == 0 {
		c.Discount = coupon.AmountOff(p.usd(30, "amount"))
	}
	c.Combinable = p.pick(3, "stands alone") > 0
	c.KeepUseOnCancel, c.ReleaseUseOnRefund = p.pick(4, "keeps") == 0, p.pick(3, "releases") == 0
	r := coupon.Restrictions{Occurrences: int64(p.pick(3, "covers"))}
	if p.pick(4, "minimum") == 0 {
		r.MinTotal = p.usd(50, "min total")
	}
	for _, per := range []coupon.LimitPer{coupon.PerCoupon, coupon.PerCustomer, coupon.PerCode} {
		every := []coupon.Period{coupon.Ever, coupon.PerDay, coupon.PerWeek, coupon.PerMonth}[p.pick(4, "every")]
		switch p.pick(5, "limit") {
		case 0, 1:
			r.Limits = append(r.Limits, coupon.Limit{Of: coupon.Uses, Per: per, Every: every, Max: int64(1 + p.pick(3, "max"))})
		case 2:
			r.Limits = append(r.Limits, coupon.Limit{Of: coupon.DiscountGiven, Per: per, Every: every, Budget: p.usd(60, "budget")})
		}
	}
	c.Restrictions = r
}

func (p *program) create() {
	c := coupon.Coupon{Code: coupon.Code(fmt.Sprint("CODE-", p.pick(4, "name"))), Start: p.now.AddDate(0, -1, 0), Zone: "America/Chicago"}
	p.terms(&c)
	v, err := p.all("Create", func(s *coupon.Service) (any, error) { return s.Create(ctx, c) })
	if err == nil {
		p.coupons = append(p.coupons, v.(coupon.Coupon))
		p.codes = append(p.codes, string(c.Code))
	}
}

func (p *program) actions() map[string]func(*rapid.T) {
	step := func(f func()) func(*rapid.T) {
		return func(t *rapid.T) {
			p.T = t
			f()
		}
	}
	onBooking := func(what string, call func(s *coupon.Service, id string) (any, error)) func(*rapid.T) {
		return step(func() {
			id := fmt.Sprint("b", p.pick(5, "booking"))
			_, _ = p.all(what+" "+id, func(s *coupon.Service) (any, error) { return call(s, id) })
		})
	}
	switched := func(what string, call func(s *coupon.Service, id coupon.ID) (coupon.Coupon, error)) func(*rapid.T) {
		return step(func() {
			c := p.coupon()
			if v, err := p.all(what, func(s *coupon.Service) (any, error) { return call(s, c.ID) }); err == nil {
				*c = v.(coupon.Coupon)
			}
		})
	}
	redeem := step(func() {
		b, code := p.booking(), p.code()
		_, _ = p.all("Redeem "+b.ID, func(s *coupon.Service) (any, error) { return s.Redeem(ctx, b, code) })
	})
	reserve := step(func() {
		b, code := p.booking(), p.code()
		p.sweeps = true
		_, _ = p.all("Reserve "+b.ID, func(s *coupon.Service) (any, error) { return s.Reserve(ctx, b, time.Hour, code) })
		p.sweeps = false
	})
	return map[string]func(*rapid.T){
		"redeem": redeem, "redeem once more": redeem, "reserve": reserve, "reserve once more": reserve,
		"redeem two": step(func() {
			b, codes := p.booking(), []string{p.code(), p.code()}
			_, _ = p.all("RedeemAll "+b.ID, func(s *coupon.Service) (any, error) { return s.RedeemAll(ctx, b, codes) })
		}),
		"quote and redeem": step(func() {
			b, code := p.booking(), p.code()
			v, err := p.all("Quote "+b.ID, func(s *coupon.Service) (any, error) { return s.Quote(ctx, b, code) })
			if q, ok := v.(coupon.Quote); ok && err == nil && q.OK() {
				_, _ = p.all("Redeem as quoted "+b.ID, func(s *coupon.Service) (any, error) { return s.Redeem(ctx, b, code, coupon.Expect(q)) })
			}
		}),
		"reopen": step(func() {
			b, code := p.booking(), p.code()
			_, _ = p.all("Reopen "+b.ID, func(s *coupon.Service) (any, error) { return s.Reopen(ctx, b, code) })
		}),
		"amend": step(func() {
			b := p.booking()
			_, _ = p.all("Amend "+b.ID, func(s *coupon.Service) (any, error) { return s.Amend(ctx, b) })
		}),
		"confirm": onBooking("Confirm", func(s *coupon.Service, id string) (any, error) { return s.Confirm(ctx, id) }),
		"release": onBooking("Release", func(s *coupon.Service, id string) (any, error) { return s.Release(ctx, id) }),
		"cancel":  onBooking("Cancel", func(s *coupon.Service, id string) (any, error) { return s.Cancel(ctx, id) }),
		"refund": step(func() {
			id, amount := fmt.Sprint("b", p.pick(5, "booking")), p.usd(100, "refund")
			key := fmt.Sprint("r", p.refunds)
			if p.pick(4, "again") > 0 {
				p.refunds++
			}
			_, _ = p.all("Refund "+id, func(s *coupon.Service) (any, error) {
				return s.Refund(ctx, id, coupon.Refund{Key: key, Amount: amount})
			})
		}),
		"cost": step(func() {
			id, cost := fmt.Sprint("b", p.pick(5, "booking")), p.usd(40, "cost")
			_, _ = p.all("SetCost "+id, func(s *coupon.Service) (any, error) { return s.SetCost(ctx, id, &cost) })
		}),
		"create": step(p.create),
		"edit": step(func() {
			c := p.coupon()
			edited := *c
			if p.pick(2, "same terms") == 0 {
				p.terms(&edited)
			}
			if p.pick(2, "other code") == 0 {
				edited.Code = coupon.Code(fmt.Sprint("CODE-", p.pick(4, "name")))
			}
			if v, err := p.all("Update", func(s *coupon.Service) (any, error) { return s.Update(ctx, edited) }); err == nil {
				p.codes = append(p.codes, string(edited.Code))
				*c = v.(coupon.Coupon)
			}
		}),
		"add a code": step(func() {
			c, code := p.coupon(), fmt.Sprint("MORE-", p.pick(4, "more"))
			k := coupon.CouponCode{Code: coupon.Code(code), SingleUse: p.pick(2, "once") == 0, Customer: []string{"", "ann"}[p.pick(2, "whose")]}
			if _, err := p.all("AddCode", func(s *coupon.Service) (any, error) { return s.AddCode(ctx, c.ID, k) }); err == nil {
				p.codes = append(p.codes, code)
			}
		}),
		"deactivate": switched("Deactivate", func(s *coupon.Service, id coupon.ID) (coupon.Coupon, error) { return s.Deactivate(ctx, id) }),
		"activate":   switched("Activate", func(s *coupon.Service, id coupon.ID) (coupon.Coupon, error) { return s.Activate(ctx, id) }),
		"archive": step(func() {
			if p.pick(4, "really") > 0 {
				return
			}
			c := p.coupon()
			if v, err := p.all("Archive", func(s *coupon.Service) (any, error) { return s.Archive(ctx, c.ID) }); err == nil {
				*c = v.(coupon.Coupon)
			}
		}),
		"time passes": step(func() {
			p.now = p.now.Add([]time.Duration{time.Minute, 30 * time.Minute, time.Hour, 31 * time.Hour}[p.pick(4, "how long")])
		}),
		"import": step(func() {
			row := coupon.PastRedemption{Code: p.code(), Booking: fmt.Sprint("b", p.pick(5, "booking")), Currency: "USD", MadeAt: p.now,
				Subtotal: p.usd(100, "subtotal").Amount}
			row.Eligible, row.Discount = row.Subtotal, row.Subtotal.Div(row.Subtotal)
			if row.Discount.GreaterThan(row.Subtotal) {
				row.Discount = row.Subtotal
			}
			_, _ = p.all("Import", func(s *coupon.Service) (any, error) {
				return s.Import(ctx, func(yield func(coupon.PastRedemption, error) bool) { yield(row, nil) }, coupon.ImportOptions{})
			})
		}),
		"rebuild": step(func() {
			_, _ = p.all("Rebuild", func(s *coupon.Service) (any, error) { return nil, s.Rebuild(ctx) })
		}),
		"": step(func() {
			if p.steps++; p.steps%8 == 0 {
				p.compare()
			}
		}),
	}
}

// compare wants everything that can be read to be the same, every counter to be
// the sum of what is held, and every summary the fold of what it lists.
func (p *program) compare() {
	drifts, _ := p.all("Verify", func(s *coupon.Service) (any, error) { return s.Verify(ctx) })
	if d := drifts.([]coupon.Drift); len(d) > 0 {
		p.Fatalf("counters differ from the redemptions: %s", encode(d))
	}
	_, _ = p.all("what is stored", func(s *coupon.Service) (any, error) {
		var out []any
		states := []coupon.State{coupon.Redeemed, coupon.Refunded, coupon.Cancelled, coupon.Reserved, coupon.Released, coupon.ReservationExpired}
		for r, err := range s.Redemptions(ctx, coupon.RedemptionFilter{States: states}) {
			if err != nil {
				return nil, err
			}
			events, err := s.Events(ctx, r.Coupon, r.Booking)
			if err != nil {
				return nil, err
			}
			out = append(out, r, events)
		}
		for _, c := range p.coupons {
			st, err := s.State(ctx, c.ID)
			if err != nil {
				return nil, err
			}
			sum, err := s.Summary(ctx, c.ID, coupon.Range{})
			if err != nil {
				return nil, err
			}
			folded, err := coupon.Fold(s.Redemptions(ctx, coupon.RedemptionFilter{Coupon: c.ID}))
			if err != nil {
				return nil, err
			}
			if encode(folded) != encode(sum.Currencies) {
				return nil, fmt.Errorf("the summary of %s is %s, the fold of its redemptions %s", c.Code, encode(sum.Currencies), encode(folded))
			}
			out = append(out, st, sum)
			for r, err := range s.Refusals(ctx, c.ID, "") {
				if err != nil {
					return nil, err
				}
				out = append(out, r)
			}
		}
		return out, nil
	})
}
