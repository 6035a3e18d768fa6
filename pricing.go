package coupon

import (
	"cmp"
	"slices"
	"time"
)

// pricing prices coupons on a booking, each on what the earlier ones left. It is
// what Quote shows and Redeem does.
type pricing struct {
	booking  priced
	now      time.Time
	coupons  map[ID]Coupon
	series   map[SeriesKey]Series
	existing []Redemption // that the booking has
	used     map[Slot]int64
	// counted says whether used has what an expired reservation still holds.
	counted bool
}

// offers are those of the codes in the order given, on what the standing
// redemptions left. One that is refused takes nothing.
func (x pricing) offers(codes []CouponCode, standing []Redemption) []offered {
	left := x.booking.leftBy(standing)
	out := make([]offered, len(codes))
	var with []Coupon
	for _, r := range standing {
		with = append(with, x.coupons[r.Coupon])
	}
	for i, k := range codes {
		c, ok := x.coupons[k.Coupon]
		if !ok || k.Main && c.Code != k.Code {
			out[i] = x.booking.unknown()
			continue
		}
		o := c.offer(x.booking, left, x.terms(c, k))
		o.refusals = append(together(c, with, standing), o.refusals...)
		with = append(with, c)
		if len(o.refusals) == 0 {
			for i, n := range o.lines {
				left[i] -= n
			}
		}
		out[i] = o
	}
	return out
}

// standing are the redemptions that stay as they are while the codes are
// acquired, in the order in which they were applied.
func (x pricing) standing(acquired []CouponCode) []Redemption {
	var out []Redemption
	for _, r := range x.existing {
		if r.live(x.now) && indexOf(acquired, r.Coupon) < 0 {
			out = append(out, r)
		}
	}
	slices.SortStableFunc(out, byPlace)
	return out
}

// terms leave out what the booking's own redemption of the coupon counts.
func (x pricing) terms(c Coupon, k CouponCode) terms {
	t := terms{code: k}
	own := map[Slot]int64{}
	live := x.series[SeriesKey{c.ID, x.booking.Series}].Live
	for _, r := range x.existing {
		if r.Coupon != c.ID || !r.Holds || r.expired(x.now) && !x.counted {
			continue
		}
		charges := r.Charges
		if r.Series != "" && r.Series == x.booking.Series {
			if live--; live == 0 { // it is the last that holds the series
				charges = slices.Concat(charges, x.series[r.seriesKey()].Charges)
			}
		}
		for _, ch := range charges {
			own[ch.Slot] += ch.N
		}
	}
	t.later = live > 0 && x.booking.Series != ""
	t.used = func(slot Slot) int64 { return x.used[slot] - own[slot] }
	return t
}

// leftBy is what redemptions left of each line.
func (b priced) leftBy(standing []Redemption) []int64 {
	left := slices.Clone(b.amounts)
	at := make(map[string]int, len(b.Lines))
	for i, l := range b.Lines {
		at[l.ID] = i
	}
	for _, r := range standing {
		for _, l := range r.Lines {
			if i, ok := at[l.Line]; ok {
				n, _ := l.Discount.Minor() // a stored amount is in range
				left[i] -= min(n, left[i])
			}
		}
	}
	return left
}

// unknown is the offer of a code that no coupon has.
func (b priced) unknown() offered {
	return offered{on: make([]bool, len(b.amounts)), lines: make([]int64, len(b.amounts)), refusals: []Refusal{{Reason: UnknownCode}}}
}

// together refuses what must not stand beside the other coupons of the booking:
// those that stand there, of which some are recorded, and those given earlier in
// the same call.
func together(c Coupon, with []Coupon, standing []Redemption) []Refusal {
	for _, o := range with {
		if o.ID == c.ID {
			return []Refusal{{Reason: AlreadyApplied, Coupon: c.ID, Code: c.Code}}
		}
	}
	combinable := !slices.ContainsFunc(standing, func(r Redemption) bool { return r.Imported }) // what it left of the lines is not known
	for _, o := range with {
		combinable = combinable && o.Combinable && c.Combinable
	}
	if !combinable {
		return []Refusal{{Reason: NotCombinable, Coupon: c.ID, Code: c.Code}}
	}
	return nil
}

// byPlace is the order in which redemptions were applied.
func byPlace(a, b Redemption) int { return cmp.Compare(a.Place, b.Place) }
