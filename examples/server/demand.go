package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/couponkit/coupon"
)

// How many customers come, who they are and what they want: the part of the
// simulation that knows nothing of coupons but how well they are advertised.

var (
	// By the weekday on which a booking is made, from Sunday.
	madeOn = [7]float64{0.95, 1.25, 1.1, 1.0, 1.0, 0.9, 0.7}
	// By the month, from January.
	season = [12]float64{0.8, 0.85, 1.05, 1.2, 1.25, 1.1, 1.0, 0.95, 1.0, 1.05, 0.95, 0.9}
	// By the weekday of the service, from Sunday: the early week is slow, which
	// is what EARLYWEEK12 is for.
	servedOn = [7]float64{0, 0.6, 0.65, 1, 1.1, 1.3, 1.4}
	// By the local hour at which a booking is made.
	madeAtHour = [24]float64{.1, 0, 0, 0, 0, .1, .4, 1, 1.6, 2.2, 2.3, 2, 1.9, 1.5, 1.3, 1.3, 1.4, 1.6, 1.9, 2.3, 2.4, 1.8, 1, .4}
	areaShare  = []float64{.3, .3, .18, .22}
	// By the place in the catalog.
	wanted = []float64{.36, .17, .05, .12, .16, .06, .13}
	// How much more some services are asked for by the month.
	wantedIn = map[string][12]float64{
		"yard":    {.3, .3, .8, 1.4, 1.6, 1.4, 1.2, 1.1, 1.2, 1.3, 1, .4},
		"gutters": {.3, .3, .9, 1.2, .8, .6, .5, .6, 1, 2, 2.2, .8},
		"windows": {.4, .5, 1.4, 1.8, 1.6, 1.1, .9, .9, 1.1, 1.1, .8, .6},
	}
)

const (
	customersPerDay = 1.85 // besides those who come because of a campaign
	growth          = 0.3  // over the whole time
	holdsCode       = 0.3  // share of customers who have some code at hand
	takesPlan       = 0.16 // share of customers of cleaning or yard care who want it for good
)

// customer of the simulation.
type customer struct {
	email    string
	area     string
	onPlan   bool
	bookings []*booking
}

// historyAt is what the ledger would say of the customer.
func (c *customer) historyAt(at time.Time) (h history) {
	for _, b := range c.bookings {
		if !b.CancelledAt.IsZero() && b.CancelledAt.Before(at) {
			continue
		}
		h.OnPlan = h.OnPlan || b.Frequency != ""
		if !b.ServiceAt.IsZero() && b.ServiceAt.Before(at) {
			h.Completed++
		}
	}
	return h
}

// crowd draws customers and their wishes. All of its randomness comes from one
// seed, in the order of the days.
type crowd struct {
	rnd    *rand.Rand
	loc    *time.Location
	today  coupon.Date
	people []*customer
	taken  map[string]int // e-mail addresses, by name
}

func newCrowd(rnd *rand.Rand, loc *time.Location, today coupon.Date) *crowd {
	return &crowd{rnd: rnd, loc: loc, today: today, taken: map[string]int{}}
}

// hour is an hour of a day by the clock on the wall; days count from today.
func (c *crowd) hour(day, hour int) time.Time {
	d := c.today.AddDays(day)
	return time.Date(d.Year, d.Month, d.Day, hour, 0, 0, 0, c.loc)
}

func (c *crowd) midnight(day int) time.Time { return c.hour(day, 0) }

// many is a Poisson number: how many come if mean come on average.
func (c *crowd) many(mean float64) int {
	n, p, floor := 0, c.rnd.Float64(), math.Exp(-mean)
	for ; p > floor; n++ {
		p *= c.rnd.Float64()
	}
	return n
}

// pick is a place in a list of weights.
func (c *crowd) pick(weights []float64) int {
	var sum float64
	for _, w := range weights {
		sum += w
	}
	at := c.rnd.Float64() * sum
	for i, w := range weights {
		if at -= w; at < 0 {
			return i
		}
	}
	return len(weights) - 1
}

func (c *crowd) chance(p float64) bool { return c.rnd.Float64() < p }

// baseline is how many come on a day by themselves.
func (c *crowd) baseline(day int) float64 {
	d := c.today.AddDays(day)
	grown := 1 + growth*(.5-float64(day)/firstDay)
	return customersPerDay * madeOn[d.Weekday()] * season[d.Month-1] * grown
}

// wave is the height of a pulse on a day.
func (p pulse) wave(day int) float64 {
	if day < p.day || day > p.day+int(6*p.halfLife) {
		return 0
	}
	return p.peak * math.Pow(.5, float64(day-p.day)/p.halfLife)
}

// because is how many come on a day because of a campaign.
func (c *crowd) because(of campaign, day int) (mean float64) {
	for _, p := range of.pulses {
		mean += p.wave(day)
	}
	weekday := c.today.AddDays(day).Weekday()
	if of.fits.sunday && weekday != time.Sunday {
		return 0
	} else if of.fits.sunday {
		return 7 * mean
	}
	return mean * madeOn[weekday]
}

// moment is when on a day somebody books.
func (c *crowd) moment(day int, f fit) time.Time {
	d := c.today.AddDays(day)
	hours := madeAtHour
	if f.sunday && d.Weekday() == time.Sunday {
		for h := range 17 {
			hours[h] = 0
		}
	}
	h, m, s := c.pick(hours[:]), c.rnd.IntN(60), c.rnd.IntN(60)
	return time.Date(d.Year, d.Month, d.Day, h, m, s, 0, c.loc)
}

// somebody is a customer: a new one, or one of before.
func (c *crowd) somebody(f fit) *customer {
	fresh := c.chance(.42) || f.newcomer && c.chance(.9)
	if f.regular {
		fresh = c.chance(.05)
	}
	if !fresh && len(c.people) > 0 {
		// Those of late come back sooner.
		n := len(c.people)
		p := c.people[n-1-int(float64(n)*math.Pow(c.rnd.Float64(), 1.4))]
		if f.regular && !p.onPlan { // look a little further for somebody with a plan
			for range 12 {
				if q := c.people[c.rnd.IntN(n)]; q.onPlan {
					return q
				}
			}
		}
		return p
	}
	first, last := firstNames[c.rnd.IntN(len(firstNames))], lastNames[c.rnd.IntN(len(lastNames))]
	name := strings.ToLower(first + "." + last)
	c.taken[name]++
	if n := c.taken[name]; n > 1 {
		name = fmt.Sprint(name, n)
	}
	p := &customer{email: name + "@example.com", area: areas[c.pick(areaShare)].ID}
	if f.area != "" && c.chance(.8) {
		p.area = f.area
	}
	c.people = append(c.people, p)
	return p
}

// wish is a booking as somebody wants it, made at that moment.
func (c *crowd) wish(p *customer, at time.Time, f fit) booking {
	b := booking{MadeAt: at, Customer: p.email, Area: p.area}
	month := at.In(c.loc).Month()
	var chosen []string
	if len(f.services) > 0 && c.chance(.93) {
		chosen = append(chosen, f.services[c.rnd.IntN(len(f.services))])
	} else {
		chosen = append(chosen, c.service(month))
	}
	if more := c.service(month); c.chance(.2) && more != chosen[0] {
		chosen = append(chosen, more)
	}
	for _, id := range chosen {
		s, _ := serviceByID(id)
		b.Lines = append(b.Lines, line{Service: id, Quantity: c.quantity(id, f), Price: s.Price})
	}
	plan := !p.onPlan && slices.ContainsFunc(chosen, func(id string) bool { return id == "standard-clean" || id == "yard" })
	switch {
	case f.frequency != "" && plan && c.chance(.85):
		b.Frequency = []coupon.Frequency{f.frequency, coupon.EveryWeek}[c.pick([]float64{.75, .25})]
	case plan && len(f.services) == 0 && c.chance(takesPlan):
		b.Frequency = []coupon.Frequency{coupon.EveryWeek, coupon.EveryTwoWeeks, coupon.EveryMonth}[c.pick([]float64{.15, .5, .35})]
	}
	c.schedule(&b, f)
	if c.chance(.03) && b.Frequency == "" {
		b.Customer = "" // by phone, and left no address
	}
	c.cost(&b)
	return b
}

func (c *crowd) service(month time.Month) string {
	weights := slices.Clone(wanted)
	for i, s := range catalog {
		if by, ok := wantedIn[s.ID]; ok {
			weights[i] *= by[month-1]
		}
	}
	return catalog[c.pick(weights)].ID
}

func (c *crowd) quantity(id string, f fit) int64 {
	switch id {
	case "windows":
		return max(6+int64(c.rnd.IntN(16)), f.least)
	case "handyman":
		return max(1+int64(c.rnd.IntN(4)), f.least)
	}
	return 1
}

// schedule sets when the service is: mostly within two weeks.
func (c *crowd) schedule(b *booking, f fit) {
	made := coupon.DateOf(b.MadeAt.In(c.loc))
	if c.chance(.02) && b.Frequency == "" {
		return // to be agreed
	}
	most := 16
	if f.leadAtMost > 0 {
		most = f.leadAtMost
	}
	var days []coupon.Date
	var weights []float64
	for n := 1; n <= most; n++ {
		d := made.AddDays(n)
		w := servedOn[d.Weekday()] * math.Pow(.9, float64(n))
		if f.early && (d.Weekday() == time.Monday || d.Weekday() == time.Tuesday) {
			w *= 40
		}
		days, weights = append(days, d), append(weights, w)
	}
	d := days[c.pick(weights)]
	hour, minute := opensAt+c.rnd.IntN(closesAt-opensAt-1), 30*c.rnd.IntN(2)
	if f.early && c.chance(.85) {
		hour = opensAt + c.rnd.IntN(5)
	}
	b.ServiceAt = time.Date(d.Year, d.Month, d.Day, hour, minute, 0, 0, c.loc)
	if b.Lines[0].Service == "yard" && !f.early && c.chance(.5) {
		b.ServiceAt, b.DayOnly = time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, c.loc), true
	}
}

// cost is what the work costs, known for most bookings.
func (c *crowd) cost(b *booking) {
	var sum int64
	for _, l := range b.Lines {
		s, _ := serviceByID(l.Service)
		sum += l.Amount() * (s.CostPercent - 6 + c.rnd.Int64N(13)) / 100
	}
	if !c.chance(.1) {
		b.Cost = &sum
	}
}

var (
	firstNames = strings.Fields(`Alice Amir Ana Andre Beatriz Ben Carla Chen Chloe Daniel Diego Dylan Elena Elijah Emma Erin Ethan Fatima Felix Grace
		Hana Harper Henry Imani Isaac Ivy Jack Jada James Jin Jonah Julia Kai Karim Kate Kevin Lara Leah Leo Liam Lila Lucas Luis Mae Marcus Mateo Maya
		Mei Mia Miles Mira Nadia Nate Nina Noah Nora Olga Omar Owen Paula Peter Quinn Rachel Raj Rosa Ruth Sam Sara Silas Sofia Stella Tara Theo Tom Uma Vera Victor Wes Yara Zoe`)
	lastNames = strings.Fields(`Adams Ahmed Alvarez Baker Bauer Bell Brooks Campbell Castillo Chang Clark Cohen Cole Cruz Davis Diaz Duffy Evans Fischer Flores
		Ford Garcia Gibson Gomez Gray Green Hall Harris Hayes Hill Hughes Ito Jackson James Jensen Jones Kelly Khan Kim King Kowalski Lee Lewis Long Lopez
		Martin Mason Meyer Mills Moore Morgan Murphy Nguyen Novak Okafor Olson Ortiz Owens Park Patel Perez Price Quinn Reed Reyes Rivera Ross Russo Ryan Sato
		Shaw Silva Singh Smith Stone Tanaka Taylor Turner Walsh Ward Weber West White Wong Young Zimmer`)
)
