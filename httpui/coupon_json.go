package httpui

import (
	"time"

	"github.com/couponkit/coupon"
)

// couponData is a coupon's page as JSON.
type couponData struct {
	Coupon couponJSON `json:"coupon"`
	Report any        `json:"report,omitempty"` // the chart and the summary of the range
}

// couponJSON is a coupon as it is now: what the overview and the restrictions say,
// in types.
type couponJSON struct {
	ID           coupon.ID           `json:"id"`
	Code         coupon.Code         `json:"code"`
	Name         string              `json:"name"`
	Description  string              `json:"description"`
	Audience     string              `json:"audience"` // "all", "new" or "existing"
	Status       coupon.Status       `json:"status"`
	StatusSince  time.Time           `json:"status_since,omitzero"` // of scheduled: when it will end
	Discount     coupon.Discount     `json:"discount"`
	Start        time.Time           `json:"start"`
	End          time.Time           `json:"end,omitzero"` // missing for none
	Zone         string              `json:"zone"`
	ValidBy      coupon.Clock        `json:"valid_by"`
	Combinable   bool                `json:"combinable"`
	Restrictions coupon.Restrictions `json:"restrictions"`
	Limits       []coupon.LimitUse   `json:"limits"` // with how much of each is used
	// What a cancelled booking, and one refunded in full, do with their use.
	KeepUseOnCancel    bool      `json:"keep_use_on_cancel"`
	ReleaseUseOnRefund bool      `json:"release_use_on_refund"`
	Version            int64     `json:"version"`
	CreatedAt          time.Time `json:"created_at"`
	CreatedBy          string    `json:"created_by"`
	UpdatedAt          time.Time `json:"updated_at"`
	UpdatedBy          string    `json:"updated_by"`
	ArchivedAt         time.Time `json:"archived_at,omitzero"`
}

func couponJSONOf(s coupon.CouponState) couponJSON {
	c := s.Coupon
	return couponJSON{ID: c.ID, Code: c.Code, Name: c.Name, Description: c.Description, Audience: audienceKey(c.Audience),
		Status: s.Status, StatusSince: s.Since, Discount: c.Discount, Start: c.Start, End: c.End, Zone: c.Zone, ValidBy: c.ValidBy,
		Combinable: c.Combinable, Restrictions: c.Restrictions, Limits: append([]coupon.LimitUse{}, s.Limits...),
		KeepUseOnCancel: c.KeepUseOnCancel, ReleaseUseOnRefund: c.ReleaseUseOnRefund, Version: c.Version,
		CreatedAt: c.CreatedAt, CreatedBy: c.CreatedBy, UpdatedAt: c.UpdatedAt, UpdatedBy: c.UpdatedBy, ArchivedAt: c.ArchivedAt}
}

// historyData is the versions of a coupon as JSON, the newest first.
type historyData struct {
	Versions []coupon.Coupon `json:"versions"`
	Older    int64           `json:"before,omitempty"` // the older ones are the same address with this as before; missing if there are none
}

func historyDataOf(versions []coupon.Coupon) historyData {
	d := historyData{Versions: append([]coupon.Coupon{}, versions...)}
	if len(versions) > versionsPerPage {
		d.Versions, d.Older = d.Versions[:versionsPerPage], versions[versionsPerPage-1].Version
	}
	return d
}
