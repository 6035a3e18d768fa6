package coupon

import (
	"context"
	"time"
)

// Status is what a coupon is at a moment. It is computed, never stored.
type Status string

const (
	Archived  Status = "archived"  // put away for good
	Inactive  Status = "inactive"  // switched off
	Expired   Status = "expired"   // its end has come
	UsedUp    Status = "used-up"   // a limit over the whole coupon, for ever, is reached
	Scheduled Status = "scheduled" // its start has not come; one valid by service date serves before
	Active    Status = "active"    // none of these
)

// LimitUse is a limit and how much of it is used now: this period, for limits
// per period. Limits per customer or per code have no single figure: Used is 0
// and Counted is false.
type LimitUse struct {
	Limit   Limit `json:"limit"`          // the limit itself
	Counted bool  `json:"counted"`        // there is a single figure
	Used    int64 `json:"used"`           // uses
	Spent   Money `json:"spent,omitzero"` // of a budget
	Since   Date  `json:"since,omitzero"` // first day of the period
	Reached bool  `json:"reached"`        // nothing more is admitted
}

// CouponState is a coupon with what is true of it at a moment.
type CouponState struct {
	Coupon
	// Status is the first that holds of archived, inactive, expired, used up,
	// scheduled, active.
	Status Status `json:"status"`
	// Since is when the status began, as far as it is known: the archiving, the
	// end, or the start; zero for inactive and used up. For scheduled it is when
	// it will end: the start.
	Since time.Time `json:"since,omitzero"`
	// Limits are in the order of Restrictions.Limits; the limit that is the
	// reason of UsedUp is the first that is Reached.
	Limits []LimitUse `json:"limits,omitempty"`
	// Cursor is the position in the list that gave this state.
	Cursor string `json:"-"`
}

// State gives the coupon of that id with its status, its reason, and how much of
// its limits is used.
func (s *Service) State(ctx context.Context, id ID) (CouponState, error) {
	c, err := s.store.Coupon(ctx, id)
	if err != nil {
		return CouponState{}, err
	}
	states, err := s.states(ctx, []Coupon{c})
	if err != nil {
		return CouponState{}, err
	}
	return states[0], nil
}

// states reads the counters of all coupons at once.
func (s *Service) states(ctx context.Context, coupons []Coupon) ([]CouponState, error) {
	now := s.Now()
	var slots []Slot
	for _, c := range coupons {
		for _, l := range c.Restrictions.Limits {
			if l.Per == PerCoupon {
				slots = append(slots, l.slot(c, "", now))
			}
		}
	}
	used := map[Slot]int64{}
	if len(slots) > 0 {
		var err error
		if used, err = s.store.Counters(ctx, sortedSlots(slots), now); err != nil {
			return nil, err
		}
	}
	out := make([]CouponState, len(coupons))
	for i, c := range coupons {
		out[i] = c.state(now, used)
	}
	return out, nil
}

// state is the status by its definition.
func (c Coupon) state(now time.Time, used map[Slot]int64) CouponState {
	st := CouponState{Coupon: c, Status: Active, Since: c.Start}
	usedUp := false
	for _, l := range c.Restrictions.Limits {
		u := LimitUse{Limit: l}
		if l.Per == PerCoupon {
			slot := l.slot(c, "", now)
			n := used[slot]
			u.Counted, u.Reached = true, n >= l.most()
			if l.Of == DiscountGiven {
				u.Spent = fromMinor(n, l.Budget.Currency)
			} else {
				u.Used = n
			}
			if slot.Since != "" {
				u.Since, _ = ParseDate(slot.Since)
			}
			usedUp = usedUp || (u.Reached && l.Every == Ever)
		}
		st.Limits = append(st.Limits, u)
	}
	switch {
	case !c.ArchivedAt.IsZero():
		st.Status, st.Since = Archived, c.ArchivedAt
	case c.Inactive:
		st.Status, st.Since = Inactive, time.Time{}
	case !c.End.IsZero() && !now.Before(c.End):
		st.Status, st.Since = Expired, c.End
	case usedUp:
		st.Status, st.Since = UsedUp, time.Time{}
	case now.Before(c.Start) && c.ValidBy != ServiceAt:
		st.Status = Scheduled
	}
	return st
}

// Life is the range that a coupon's page opens on, by made-at: from its start to
// its end, or to now if that is earlier, so that an ended campaign never looks
// empty. A coupon that is valid by service date is booked before its start: its
// life begins when it was created, and ends now.
func (s *Service) Life(c Coupon) Range {
	r := Range{From: c.Start, To: s.Now(), Clock: MadeAt}
	switch {
	case c.ValidBy == ServiceAt:
		if c.CreatedAt.Before(r.From) {
			r.From = c.CreatedAt
		}
	case !c.End.IsZero() && c.End.Before(r.To):
		r.To = c.End
	}
	if r.To.Before(r.From) {
		r.To = r.From
	}
	return r
}
