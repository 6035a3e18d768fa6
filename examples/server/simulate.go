package main

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/couponkit/coupon"
)

// firstDay is when the history of the business begins, in days from today: 14
// months ago.
const firstDay = -425

// simulation lives through 14 months of the business, event after event, and
// calls the coupons as the business would have: with the clock of that moment.
type simulation struct {
	ctx       context.Context
	svc       *coupon.Service
	now       time.Time // of the simulation; svc reads it too
	crowd     *crowd
	due       agenda
	campaigns []campaign
	ids       []coupon.ID // of the campaigns; empty before they are created
	bookings  []*booking
	refused   []*coupon.RefusedError
	second    *rand.Rand // of who enters a second code
}

// simulate fills an empty store with the coupons of the business and what became
// of them until now, and gives all bookings, with and without a coupon, and what
// was refused. The same now gives the same, to the last id; another now on the
// same local day gives more or less of that day.
func simulate(ctx context.Context, st coupon.Store, now time.Time) ([]booking, []*coupon.RefusedError, error) {
	loc, err := businessZone()
	if err != nil {
		return nil, nil, err
	}
	s := &simulation{
		ctx:       ctx,
		campaigns: campaigns(),
		crowd:     newCrowd(rand.New(rand.NewPCG(11, 2)), loc, coupon.DateOf(now.In(loc))),
		second:    rand.New(rand.NewPCG(2, 11)),
	}
	s.ids = make([]coupon.ID, len(s.campaigns))
	s.svc, err = coupon.New(coupon.Config{
		Store: st,
		Now:   func() time.Time { return s.now },
		Rand:  rand.NewChaCha8([32]byte{1}), // the same ids every time
	})
	if err != nil {
		return nil, nil, err
	}
	s.planCampaigns()
	for day := firstDay; day <= 0; day++ {
		s.at(s.crowd.midnight(day), func() error { s.openDay(day); return nil })
	}
	for s.due.Len() > 0 {
		e := heap.Pop(&s.due).(event)
		if e.at.After(now) {
			break
		}
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		s.now = e.at
		if err := e.do(); err != nil {
			return nil, nil, fmt.Errorf("simulating %s: %w", e.at.Format(time.DateTime), err)
		}
	}
	out := make([]booking, len(s.bookings))
	for i, b := range s.bookings {
		out[i] = *b
	}
	return out, s.refused, nil
}

// planCampaigns puts on the agenda when each coupon is made and what is done
// with it.
func (s *simulation) planCampaigns() {
	for i, c := range s.campaigns {
		s.at(s.crowd.hour(c.created, 9), func() (err error) {
			if c.coupon.Start, err = coupon.StartOfDay(s.crowd.today.AddDays(c.start), zone); err != nil {
				return err
			}
			if c.end != 0 {
				if c.coupon.End, err = coupon.StartOfDay(s.crowd.today.AddDays(c.end+1), zone); err != nil {
					return err
				}
			}
			c.coupon.Zone = zone
			made, err := s.svc.As(c.by).Create(s.ctx, c.coupon)
			s.ids[i] = made.ID
			return err
		})
		for _, st := range c.steps {
			s.at(s.crowd.hour(st.day, st.hour), func() error {
				current, err := s.svc.Coupon(s.ctx, s.ids[i])
				if err != nil {
					return err
				}
				return st.do(s.ctx, s.svc.As(st.by), current)
			})
		}
	}
}

// openDay puts the customers of a day on the agenda: those who come by
// themselves, some of whom hold a code, and those who come because of one.
func (s *simulation) openDay(day int) {
	for range s.crowd.many(s.crowd.baseline(day)) {
		s.at(s.crowd.moment(day, fit{}), func() error {
			if !s.crowd.chance(holdsCode) {
				return s.visit(fit{}, "")
			}
			c := s.campaigns[s.crowd.pick(s.shares(day))]
			if !s.crowd.chance(.6) {
				return s.visit(fit{}, c.coupon.Code)
			}
			return s.visit(c.fits, c.coupon.Code)
		})
	}
	for _, c := range s.campaigns {
		for range s.crowd.many(s.crowd.because(c, day)) {
			s.at(s.crowd.moment(day, c.fits), func() error { return s.visit(c.fits, c.coupon.Code) })
		}
	}
}

// shares are the weights of the codes that are around on a day: some people
// still try one a few days after its end.
func (s *simulation) shares(day int) []float64 {
	out := make([]float64, len(s.campaigns))
	for i, c := range s.campaigns {
		if day >= c.start && (c.end == 0 || day <= c.end+5) {
			out[i] = float64(c.share)
		}
	}
	return out
}

// visit is somebody who books something now, perhaps with a code.
func (s *simulation) visit(f fit, code coupon.Code) error {
	p := s.crowd.somebody(f)
	b := s.crowd.wish(p, s.now, f)
	if code == "" {
		return s.book(p, b)
	}
	return s.book(p, b, code)
}

// book is what the booking page does: a code that is refused just means no
// coupon.
func (s *simulation) book(p *customer, b booking, codes ...coupon.Code) error {
	b.ID = fmt.Sprintf("BH-%d", 10001+len(s.bookings))
	if len(codes) > 0 {
		told := b.forCoupon(p.historyAt(b.MadeAt), s.crowd.loc)
		codes, err := s.together(told, codes)
		if err != nil {
			return err
		}
		rs, err := s.svc.As(website).RedeemAll(s.ctx, told, texts(codes))
		if err == nil {
			err = b.applyAll(rs)
		}
		if refused, ok := errors.AsType[*coupon.RefusedError](err); ok {
			s.refused = append(s.refused, refused)
		} else if err != nil {
			return err
		}
	}
	s.bookings = append(s.bookings, &b)
	if b.Customer != "" {
		p.bookings = append(p.bookings, &b)
	}
	s.planEnd(&b)
	if b.Frequency != "" {
		p.onPlan = true
		s.at(b.ServiceAt.Add(3*time.Hour), func() error { return s.nextVisit(p, b) })
	}
	return nil
}

// together are the codes that somebody with some codes enters: of those who know
// one that goes together with others, one in three tries another. What does not go
// together is not entered, only the first.
func (s *simulation) together(b coupon.Booking, codes []coupon.Code) ([]coupon.Code, error) {
	tries := [][]coupon.Code{codes}
	if len(codes) == 1 {
		tries = nil
		if s.combinable(codes[0]) && s.second.IntN(3) == 0 {
			for _, c := range s.campaigns {
				if other := c.coupon.Code; other != codes[0] && s.combinable(other) {
					tries = append(tries, []coupon.Code{codes[0], other})
				}
			}
		}
	}
	for _, try := range tries {
		if q, err := s.svc.Quote(s.ctx, b, texts(try)...); err != nil || q.OK() {
			return try, err
		}
	}
	return codes[:1], nil
}

func (s *simulation) combinable(code coupon.Code) bool {
	return slices.ContainsFunc(s.campaigns, func(c campaign) bool { return c.coupon.Code == code && c.coupon.Combinable })
}

// planEnd puts on the agenda that a booking is cancelled or refunded, if it is.
func (s *simulation) planEnd(b *booking) {
	c := s.crowd
	service := b.ServiceAt
	if service.IsZero() {
		service = b.MadeAt.AddDate(0, 0, 7)
	}
	switch {
	case c.chance(.055):
		left := service.Sub(b.MadeAt)
		s.at(b.MadeAt.Add(time.Duration(float64(left)*(.05+.9*c.rnd.Float64())).Truncate(time.Second)), func() error { return s.cancel(b) })
	case c.chance(.035):
		part := []int64{100, 20, 25, 30, 50}[c.pick([]float64{.3, .2, .2, .15, .15})]
		s.at(service.Add(time.Duration(3+c.rnd.IntN(60))*time.Hour), func() error { return s.refund(b, part) })
	}
}

func (s *simulation) cancel(b *booking) error {
	b.CancelledAt = s.now
	if len(b.Codes) == 0 {
		return nil
	}
	_, err := s.svc.As(website).Cancel(s.ctx, b.ID)
	return err
}

// refund gives a part of a hundred back, in whole dollars unless it is all.
func (s *simulation) refund(b *booking, part int64) error {
	b.Refunded = b.total()
	if part < 100 {
		b.Refunded = max(100, b.Refunded*part/100/100*100)
	}
	if len(b.Codes) == 0 {
		return nil
	}
	amount, err := coupon.MoneyFromMinor(b.Refunded, currency)
	if err != nil {
		return err
	}
	_, err = s.svc.As(dan).Refund(s.ctx, b.ID, coupon.Refund{Key: "refund-" + b.ID, Amount: amount})
	return err
}

// nextVisit books the next visit of a plan after the last one, until the
// customer has had enough. Codes go on as long as they are accepted.
func (s *simulation) nextVisit(p *customer, last booking) error {
	if s.crowd.chance(.11) {
		p.onPlan = false
		return nil
	}
	next := booking{MadeAt: s.now, Customer: last.Customer, Area: last.Area, Frequency: last.Frequency, DayOnly: last.DayOnly, Lines: slices.Clone(last.Lines)}
	for i := range next.Lines {
		next.Lines[i].Discount = 0
	}
	local := last.ServiceAt.In(s.crowd.loc)
	switch last.Frequency {
	case coupon.EveryWeek:
		local = local.AddDate(0, 0, 7)
	case coupon.EveryTwoWeeks:
		local = local.AddDate(0, 0, 14)
	default:
		local = local.AddDate(0, 1, 0)
	}
	if local.Weekday() == time.Sunday {
		local = local.AddDate(0, 0, 1)
	}
	next.ServiceAt = local
	s.crowd.cost(&next)
	return s.book(p, next, last.Codes...)
}

// event is something that happens at an instant of the simulation.
type event struct {
	at    time.Time
	order int // of events at the same instant: as they were planned
	do    func() error
}

func (s *simulation) at(t time.Time, do func() error) {
	heap.Push(&s.due, event{at: t, order: s.due.planned, do: do})
	s.due.planned++
}

// agenda is the heap of what is still to happen.
type agenda struct {
	events  []event
	planned int
}

func (a *agenda) Len() int { return len(a.events) }
func (a *agenda) Less(i, j int) bool {
	x, y := a.events[i], a.events[j]
	return x.at.Before(y.at) || x.at.Equal(y.at) && x.order < y.order
}
func (a *agenda) Swap(i, j int) { a.events[i], a.events[j] = a.events[j], a.events[i] }
func (a *agenda) Push(x any)    { a.events = append(a.events, x.(event)) }
func (a *agenda) Pop() any {
	last := a.events[len(a.events)-1]
	a.events = a.events[:len(a.events)-1]
	return last
}
