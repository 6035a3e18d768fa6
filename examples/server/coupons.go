package main

import (
	"context"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/couponkit/coupon"
)

// The people who run the coupons.
const (
	maria = "Maria Lopez"
	dan   = "Dan Whitfield"
	priya = "Priya Shah"
	// website is who redeems and cancels when customers do it themselves.
	website = "website"
)

// campaign is a coupon in the life of the business. Days count from today: −30
// is thirty days ago.
type campaign struct {
	coupon  coupon.Coupon // Start and End are filled in from the days below
	start   int
	end     int // the last day; 0 is no end
	created int
	by      string
	steps   []step

	// How customers come to it. Share weighs the coupon among the codes that
	// float around while it runs; a pulse is a wave of customers who come because
	// of it; fits is what they book.
	share  int
	pulses []pulse
	fits   fit
}

// step is what somebody did with the coupon later.
type step struct {
	day  int
	hour int
	by   string
	do   func(ctx context.Context, svc *coupon.Service, c coupon.Coupon) error
}

// pulse brings peak customers on its first day, and half as many after every
// halfLife days.
type pulse struct {
	day      int
	peak     float64
	halfLife float64
}

// fit is what a customer who has the code books, mostly. Zero values are
// anything.
type fit struct {
	services   []string
	least      int64 // units of windows and handyman
	frequency  coupon.Frequency
	area       string
	early      bool // Monday or Tuesday morning
	sunday     bool // made on a Sunday evening
	newcomer   bool
	regular    bool // a customer of before
	leadAtMost int  // days to the service
}

func usd(amount string) coupon.Money { return coupon.MustMoney(amount, currency) }

func percent(n int64) coupon.Discount { return coupon.PercentOff(decimal.NewFromInt(n)) }

func onLines(key string, values ...string) coupon.Match {
	return coupon.Match{On: coupon.OnLine, Key: key, AnyOf: values}
}

func uses(per coupon.LimitPer, every coupon.Period, most int64) coupon.Limit {
	return coupon.Limit{Of: coupon.Uses, Per: per, Every: every, Max: most}
}

func budget(every coupon.Period, amount string) coupon.Limit {
	return coupon.Limit{Of: coupon.DiscountGiven, Per: coupon.PerCoupon, Every: every, Budget: usd(amount)}
}

// campaigns is the history of coupons at Brightside: every status, discount and
// restriction that there is. In the order in which they were made.
func campaigns() []campaign {
	return []campaign{
		{
			coupon: coupon.Coupon{
				Code: "WELCOME20", Name: "Welcome offer",
				Description:  "On the front page and on the van. For people who have never booked with us.",
				Audience:     coupon.NewCustomers,
				Discount:     percent(20).UpTo(usd("40.00")),
				Restrictions: coupon.Restrictions{Limits: []coupon.Limit{uses(coupon.PerCustomer, coupon.Ever, 1)}},
			},
			start: -420, created: -424, by: maria, share: 34,
			pulses: []pulse{{-420, 1.1, 18}, {-130, 1, 14}},
			fits:   fit{newcomer: true},
			steps: []step{{-210, 10, priya, edit(func(c *coupon.Coupon) {
				c.Discount = percent(20).UpTo(usd("60.00"))
				c.Description += " Cap raised from $40 so that it is worth it for a deep clean."
			})}},
		},
		{
			coupon: coupon.Coupon{
				Code: "HANDY15", Name: "Handyman launch",
				Description:  "For the first months of the handyman service. One-time jobs only.",
				Discount:     coupon.AmountOff(usd("15.00")),
				Restrictions: coupon.Restrictions{BookingType: coupon.OneTime, MinTotal: usd("75.00"), Matches: []coupon.Match{onLines("service", "handyman")}},
			},
			start: -410, end: -320, created: -415, by: dan, share: 8,
			pulses: []pulse{{-410, 1.2, 10}, {-360, .8, 8}},
			fits:   fit{services: []string{"handyman"}, least: 2},
			steps:  []step{{-150, 16, dan, archive}},
		},
		{
			coupon: coupon.Coupon{
				Code: "STEADY10", Name: "Ten off your first three visits",
				Description: "For customers who take a plan with a visit every week or every two weeks. Goes together with EARLYWEEK12 and LOYAL10.",
				Discount:    coupon.AmountOff(usd("10.00")),
				Restrictions: coupon.Restrictions{
					BookingType: coupon.Recurring, Frequencies: []coupon.Frequency{coupon.EveryWeek, coupon.EveryTwoWeeks},
					Limits: []coupon.Limit{uses(coupon.PerCustomer, coupon.Ever, 3)},
				},
				KeepUseOnCancel: true,
				Combinable:      true,
			},
			start: -400, created: -402, by: maria, share: 10,
			pulses: []pulse{{-400, .6, 20}, {-190, .8, 14}},
			fits:   fit{services: []string{"standard-clean"}, frequency: coupon.EveryTwoWeeks},
		},
		{
			coupon: coupon.Coupon{
				Code: "LOYAL10", Name: "Thank you to plan customers",
				Description: "Ten percent on anything but yard work. Switched off: they book anyway.",
				Audience:    coupon.ExistingCustomers,
				Discount:    percent(10),
				Restrictions: coupon.Restrictions{Matches: []coupon.Match{
					{On: coupon.OnCustomer, Key: "group", AnyOf: []string{"plan"}},
					{On: coupon.OnLine, Key: "category", NoneOf: []string{"yard"}},
				}},
				Combinable: true,
			},
			start: -390, created: -392, by: maria, share: 9,
			pulses: []pulse{{-390, .4, 30}, {-240, 1.2, 12}, {-120, .8, 12}},
			fits:   fit{services: []string{"deep-clean", "windows"}, regular: true},
			steps:  []step{{-45, 9, maria, deactivate}},
		},
		{
			coupon: coupon.Coupon{
				Code: "FIRST60", Name: "First sixty",
				Description:     "Forty dollars off for the first sixty bookings, announced on local radio.",
				Discount:        coupon.AmountOff(usd("40.00")),
				Restrictions:    coupon.Restrictions{MinTotal: usd("120.00"), Limits: []coupon.Limit{uses(coupon.PerCoupon, coupon.Ever, 60), uses(coupon.PerCustomer, coupon.Ever, 1)}},
				KeepUseOnCancel: true, // sixty are sixty
			},
			start: -365, created: -370, by: priya, share: 12,
			pulses: []pulse{{-365, 8, 6}, {-352, 4, 7}},
		},
		{
			coupon: coupon.Coupon{
				Code: "PANES2", Name: "Two dollars off every window",
				Description:  "Flyer in the North Side. From ten windows.",
				Discount:     coupon.AmountOffPerUnit(usd("2.00")),
				Restrictions: coupon.Restrictions{Matches: []coupon.Match{onLines("service", "windows")}, MinUnits: 10},
			},
			start: -330, end: -275, created: -338, by: maria, share: 10,
			pulses: []pulse{{-330, 1.6, 12}, {-300, 1, 9}},
			fits:   fit{services: []string{"windows"}, least: 11},
		},
		{
			coupon: coupon.Coupon{
				Code: "YARD20", Name: "Yard care, with a monthly budget",
				Description:  "Twenty percent until the month's 300 dollars are spent.",
				Discount:     percent(20),
				Restrictions: coupon.Restrictions{Matches: []coupon.Match{onLines("category", "yard")}, Limits: []coupon.Limit{budget(coupon.PerMonth, "300.00")}},
			},
			start: -300, created: -301, by: dan, share: 12,
			pulses: []pulse{{-300, .7, 20}, {-215, .7, 20}, {-90, .8, 25}, {-20, .6, 20}},
			fits:   fit{services: []string{"yard"}},
		},
		{
			coupon: coupon.Coupon{
				Code: "MOVE50", Name: "Moving season",
				Description: "Fifty dollars off a move-out clean; through two realtors.",
				Discount:    coupon.AmountOff(usd("50.00")),
				Restrictions: coupon.Restrictions{
					BookingType: coupon.OneTime, MinTotal: usd("300.00"), MaxTotal: usd("900.00"),
					Matches: []coupon.Match{onLines("service", "move-clean")},
				},
			},
			start: -260, end: -196, created: -266, by: priya, share: 4,
			pulses: []pulse{{-260, .6, 25}, {-228, .8, 12}},
			fits:   fit{services: []string{"move-clean"}},
		},
		{
			coupon: coupon.Coupon{
				Code: "GLOW10", Name: "Quiet weeks",
				Description: "Valid by the day of the visit: to fill four weeks in which the teams had little to do.",
				Discount:    percent(10),
				ValidBy:     coupon.ServiceAt,
			},
			start: -238, end: -210, created: -250, by: dan, share: 8,
			pulses: []pulse{{-244, 2.4, 10}},
			fits:   fit{leadAtMost: 10},
		},
		{
			coupon: coupon.Coupon{
				Code: "EARLYWEEK12", Name: "Monday and Tuesday mornings",
				Description: "Fills the slow mornings. Not more than twelve a week, that is what two teams can do.",
				Discount:    percent(12),
				Restrictions: coupon.Restrictions{
					Days:   []time.Weekday{time.Monday, time.Tuesday},
					Hours:  []coupon.Hours{{From: 8 * 3600, To: 13 * 3600}},
					Limits: []coupon.Limit{uses(coupon.PerCoupon, coupon.PerWeek, 12)},
				},
				Combinable: true,
			},
			start: -200, created: -203, by: maria, share: 16,
			pulses: []pulse{{-200, .7, 15}, {-60, .5, 40}},
			fits:   fit{early: true},
		},
		{
			coupon: coupon.Coupon{
				Code: "NEIGHBOR25", Name: "Good neighbors",
				Description:        "Cards through the doors of the North Side and the West Side. Once a month per household.",
				Discount:           coupon.AmountOff(usd("25.00")),
				ReleaseUseOnRefund: true,
				Restrictions: coupon.Restrictions{
					Matches: []coupon.Match{{On: coupon.OnBooking, Key: "area", AnyOf: []string{"north-side", "west-side"}}},
					Limits:  []coupon.Limit{uses(coupon.PerCustomer, coupon.PerMonth, 1)},
				},
			},
			start: -180, end: 60, created: -184, by: dan, share: 10,
			pulses: []pulse{{-180, 1.3, 9}, {-100, 1.1, 9}, {-18, 1, 9}},
			fits:   fit{area: "north-side"},
		},
		sparkle(),
		{
			coupon: coupon.Coupon{
				Code: "SUNDAY8", Name: "Sunday evening planners",
				Description: "For bookings made on a Sunday evening, when the phone is quiet.",
				Discount:    percent(8),
				Restrictions: coupon.Restrictions{
					Days: []time.Weekday{time.Sunday}, Hours: []coupon.Hours{{From: 17 * 3600, To: coupon.EndOfDay}}, DaysBy: coupon.MadeAt,
					Limits: []coupon.Limit{budget(coupon.Ever, "2500.00")},
				},
			},
			start: -120, created: -122, by: priya, share: 3,
			pulses: []pulse{{-120, .5, 90}},
			fits:   fit{sunday: true},
		},
		{
			coupon: coupon.Coupon{
				Code: "BRIGHT30", Name: "Two bright weeks",
				Description:  "The big one. Goes out by e-mail on the first morning.",
				Discount:     percent(30).UpTo(usd("75.00")),
				Restrictions: coupon.Restrictions{MinTotal: usd("100.00"), Limits: []coupon.Limit{uses(coupon.PerCoupon, coupon.Ever, 200), uses(coupon.PerCoupon, coupon.PerDay, 25), uses(coupon.PerCustomer, coupon.Ever, 1)}},
			},
			start: 10, end: 24, created: -6, by: maria,
		},
	}
}

// The e-mails of the flagship campaign, in days from today.
const (
	mailThatWorked  = -76
	mailThatDidNot  = -33
	sparkleLimit    = 120
	sparkleNewLimit = 400
)

// sparkle is the campaign with the story: one e-mail that worked, and one that
// did not.
func sparkle() campaign {
	return campaign{
		coupon: coupon.Coupon{
			Code: "SPARKLE15", Name: "Sparkle: 15% off cleaning",
			Description: "Our campaign of the season for every kind of cleaning.",
			Discount:    percent(15),
			Restrictions: coupon.Restrictions{
				MinTotal: usd("80.00"),
				Matches:  []coupon.Match{onLines("category", "cleaning")},
				Limits:   []coupon.Limit{uses(coupon.PerCoupon, coupon.Ever, sparkleLimit), uses(coupon.PerCustomer, coupon.Ever, 2)},
			},
		},
		start: -150, end: 30, created: -153, by: maria, share: 14,
		pulses: []pulse{{-150, 2.4, 7}, {-150, .6, 200}, {mailThatWorked, 9, 4.5}, {mailThatDidNot, .2, 1}},
		fits:   fit{services: []string{"standard-clean", "deep-clean"}},
		steps: []step{
			{mailThatWorked - 1, 15, dan, edit(func(c *coupon.Coupon) { c.Restrictions.Limits[0].Max = sparkleNewLimit })},
			{mailThatWorked, 7, maria, note("E-mail “Come home to clean” to 2,400 customers")},
			{mailThatDidNot, 7, maria, note("E-mail “We miss you” to 900 customers of last year")},
		},
	}
}

func edit(change func(*coupon.Coupon)) func(context.Context, *coupon.Service, coupon.Coupon) error {
	return func(ctx context.Context, svc *coupon.Service, c coupon.Coupon) error {
		c.Restrictions.Limits = slices.Clone(c.Restrictions.Limits)
		change(&c)
		_, err := svc.Update(ctx, c)
		return err
	}
}

func note(text string) func(context.Context, *coupon.Service, coupon.Coupon) error {
	return func(ctx context.Context, svc *coupon.Service, c coupon.Coupon) error {
		_, err := svc.AddNote(ctx, c.ID, svc.Now(), text)
		return err
	}
}

func deactivate(ctx context.Context, svc *coupon.Service, c coupon.Coupon) error {
	_, err := svc.Deactivate(ctx, c.ID)
	return err
}

func archive(ctx context.Context, svc *coupon.Service, c coupon.Coupon) error {
	_, err := svc.Archive(ctx, c.ID)
	return err
}
