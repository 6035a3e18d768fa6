package sqlstore

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/couponkit/coupon"
)

// couponDoc is a version of a coupon. Its id and version are columns.
type couponDoc struct {
	Code               string          `json:"code"`
	Name               string          `json:"name,omitempty"`
	Description        string          `json:"description,omitempty"`
	Audience           string          `json:"audience,omitempty"`
	Discount           discountDoc     `json:"discount"`
	Restrictions       restrictionsDoc `json:"restrictions"`
	Combinable         bool            `json:"combinable,omitempty"`
	Start              *int64          `json:"start,omitempty"`
	End                *int64          `json:"end,omitempty"`
	ValidBy            string          `json:"valid_by,omitempty"`
	Zone               string          `json:"zone"`
	KeepUseOnCancel    bool            `json:"keep_use_on_cancel,omitempty"`
	ReleaseUseOnRefund bool            `json:"release_use_on_refund,omitempty"`
	Inactive           bool            `json:"inactive,omitempty"`
	ArchivedAt         *int64          `json:"archived_at,omitempty"`
	CreatedAt          *int64          `json:"created_at,omitempty"`
	CreatedBy          string          `json:"created_by,omitempty"`
	UpdatedAt          *int64          `json:"updated_at,omitempty"`
	UpdatedBy          string          `json:"updated_by,omitempty"`
}

type restrictionsDoc struct {
	MinTotal    *moneyDoc  `json:"min_total,omitempty"`
	MaxTotal    *moneyDoc  `json:"max_total,omitempty"`
	BookingType string     `json:"booking_type,omitempty"`
	Frequencies []string   `json:"frequencies,omitempty"`
	Occurrences int64      `json:"occurrences,omitempty"`
	Days        []int      `json:"days,omitempty"` // 0 is Sunday
	Hours       []hoursDoc `json:"hours,omitempty"`
	DaysBy      string     `json:"days_by,omitempty"`
	Matches     []matchDoc `json:"matches,omitempty"`
	MinUnits    int64      `json:"min_units,omitempty"`
	Limits      []limitDoc `json:"limits,omitempty"`
}

type hoursDoc struct { // seconds after midnight
	From int32 `json:"from"`
	To   int32 `json:"to"`
}

type matchDoc struct {
	On     string   `json:"on"`
	Key    string   `json:"key"`
	AnyOf  []string `json:"any_of,omitempty"`
	NoneOf []string `json:"none_of,omitempty"`
}

type limitDoc struct {
	Of     string    `json:"of"`
	Per    string    `json:"per"`
	Every  string    `json:"every,omitempty"`
	Max    int64     `json:"max,omitempty"`
	Budget *moneyDoc `json:"budget,omitempty"`
}

// encodeCoupon gives the document of a version.
func encodeCoupon(c coupon.Coupon) (string, error) {
	doc := couponDoc{
		Code: string(c.Code), Name: c.Name, Description: c.Description, Audience: string(c.Audience), Combinable: c.Combinable,
		Start: micros(c.Start), End: micros(c.End), ValidBy: string(c.ValidBy), Zone: c.Zone,
		KeepUseOnCancel: c.KeepUseOnCancel, ReleaseUseOnRefund: c.ReleaseUseOnRefund, Inactive: c.Inactive,
		ArchivedAt: micros(c.ArchivedAt), CreatedAt: micros(c.CreatedAt), CreatedBy: c.CreatedBy,
		UpdatedAt: micros(c.UpdatedAt), UpdatedBy: c.UpdatedBy,
	}
	var err error
	if doc.Discount, err = discountOf(c.Discount); err == nil {
		doc.Restrictions, err = restrictionsOf(c.Restrictions)
	}
	if err != nil {
		return "", fmt.Errorf("coupon %s: %w", c.ID, err)
	}
	return encode(doc)
}

func restrictionsOf(r coupon.Restrictions) (doc restrictionsDoc, err error) {
	doc = restrictionsDoc{
		BookingType: string(r.BookingType), DaysBy: string(r.DaysBy), MinUnits: r.MinUnits, Occurrences: r.Occurrences,
		Frequencies: convert(r.Frequencies, func(f coupon.Frequency) string { return string(f) }),
		Days:        convert(r.Days, func(d time.Weekday) int { return int(d) }),
		Hours:       convert(r.Hours, func(h coupon.Hours) hoursDoc { return hoursDoc{int32(h.From), int32(h.To)} }),
		Matches:     convert(r.Matches, func(m coupon.Match) matchDoc { return matchDoc{string(m.On), m.Key, m.AnyOf, m.NoneOf} }),
	}
	for _, l := range r.Limits {
		budget, err := moneyOf(l.Budget)
		if err != nil {
			return doc, err
		}
		doc.Limits = append(doc.Limits, limitDoc{string(l.Of), string(l.Per), string(l.Every), l.Max, budget})
	}
	if doc.MinTotal, err = moneyOf(r.MinTotal); err == nil {
		doc.MaxTotal, err = moneyOf(r.MaxTotal)
	}
	return doc, err
}

// couponRow is a version as it is read.
type couponRow struct {
	Coupon  string
	Version int64
	Stamp   int64 // of Doc, where it is read from the head
	Doc     string
}

// stampOf tells a document from every other that the version might have: one that
// is rolled back is another than the one that comes in its place.
func stampOf(doc string) int64 {
	sum := sha256.Sum256([]byte(doc))
	return int64(binary.BigEndian.Uint64(sum[:]))
}

func (row couponRow) coupon() (coupon.Coupon, error) {
	c, err := row.decode()
	if err != nil {
		return coupon.Coupon{}, fmt.Errorf("version %d of coupon %s can't be read: %w", row.Version, row.Coupon, err)
	}
	return c, nil
}

func (row couponRow) decode() (coupon.Coupon, error) {
	doc, err := decode[couponDoc](row.Doc)
	if err != nil {
		return coupon.Coupon{}, err
	}
	c := coupon.Coupon{
		ID: coupon.ID(row.Coupon), Version: row.Version,
		Code: coupon.Code(doc.Code), Name: doc.Name, Description: doc.Description,
		Audience: coupon.Audience(doc.Audience), Combinable: doc.Combinable,
		Start: instant(doc.Start), End: instant(doc.End), ValidBy: coupon.Clock(doc.ValidBy), Zone: doc.Zone,
		KeepUseOnCancel: doc.KeepUseOnCancel, ReleaseUseOnRefund: doc.ReleaseUseOnRefund, Inactive: doc.Inactive,
		ArchivedAt: instant(doc.ArchivedAt), CreatedAt: instant(doc.CreatedAt), CreatedBy: doc.CreatedBy,
		UpdatedAt: instant(doc.UpdatedAt), UpdatedBy: doc.UpdatedBy,
	}
	if c.Discount, err = doc.Discount.discount(); err == nil {
		c.Restrictions, err = doc.Restrictions.restrictions()
	}
	return c, err
}

func (doc restrictionsDoc) restrictions() (r coupon.Restrictions, err error) {
	r = coupon.Restrictions{
		BookingType: coupon.BookingType(doc.BookingType), DaysBy: coupon.Clock(doc.DaysBy), MinUnits: doc.MinUnits, Occurrences: doc.Occurrences,
		Frequencies: convert(doc.Frequencies, func(f string) coupon.Frequency { return coupon.Frequency(f) }),
		Days:        convert(doc.Days, func(d int) time.Weekday { return time.Weekday(d) }),
		Hours: convert(doc.Hours, func(h hoursDoc) coupon.Hours {
			return coupon.Hours{From: coupon.TimeOfDay(h.From), To: coupon.TimeOfDay(h.To)}
		}),
		Matches: convert(doc.Matches, func(m matchDoc) coupon.Match {
			return coupon.Match{On: coupon.MatchOn(m.On), Key: m.Key, AnyOf: m.AnyOf, NoneOf: m.NoneOf}
		}),
	}
	for _, l := range doc.Limits {
		budget, err := l.Budget.money()
		if err != nil {
			return r, err
		}
		r.Limits = append(r.Limits, coupon.Limit{Of: coupon.LimitOf(l.Of), Per: coupon.LimitPer(l.Per), Every: coupon.Period(l.Every), Max: l.Max, Budget: budget})
	}
	if r.MinTotal, err = doc.MinTotal.money(); err == nil {
		r.MaxTotal, err = doc.MaxTotal.money()
	}
	return r, err
}

// convert keeps an absent list absent.
func convert[A, B any](list []A, f func(A) B) []B {
	if list == nil {
		return nil
	}
	out := make([]B, len(list))
	for i, a := range list {
		out[i] = f(a)
	}
	return out
}
