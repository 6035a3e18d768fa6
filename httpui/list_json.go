package httpui

import (
	"time"

	"github.com/couponkit/coupon"
)

// listData is the list as JSON.
type listData struct {
	Coupons []listItem `json:"coupons"`
	// From and To are the half-open range of the figures; both are missing for all
	// time.
	From time.Time `json:"from,omitzero"`
	To   time.Time `json:"to,omitzero"`
	Zone string    `json:"zone"`            // in which the days of the range begin
	Next string    `json:"after,omitempty"` // the next page is the same address with this as after
}

type listItem struct {
	ID       coupon.ID         `json:"id"`
	Code     coupon.Code       `json:"code"`
	Name     string            `json:"name"`
	Status   coupon.Status     `json:"status"`
	Discount coupon.Discount   `json:"discount"`
	Audience string            `json:"audience"` // "all", "new" or "existing"
	Start    time.Time         `json:"start"`
	End      time.Time         `json:"end,omitzero"`
	Zone     string            `json:"zone"`
	Limits   []coupon.LimitUse `json:"limits"`
	Figures  []coupon.Figures  `json:"figures"` // one per currency
}

func (f found) json() listData {
	d := listData{Coupons: []listItem{}, Zone: f.zone, Next: f.next}
	if r, err := f.rng.in(f.zone, f.now); err == nil {
		d.From, d.To = r.From, r.To
	}
	for _, c := range f.coupons {
		d.Coupons = append(d.Coupons, listItem{ID: c.ID, Code: c.Code, Name: c.Name, Status: c.Status, Discount: c.Discount, Audience: audienceKey(c.Audience),
			Start: c.Start, End: c.End, Zone: c.Zone, Limits: c.Limits, Figures: f.summaries[c.ID].Currencies})
	}
	return d
}
