package httpui

import (
	"strings"

	"github.com/couponkit/coupon"
)

// overview says what a coupon is, and what has become of it.
func (w words) overview(s coupon.CouponState) []statement {
	c, loc := s.Coupon, zoneOf(s.Coupon)
	all := statements{words: w}
	for _, x := range w.about(c) {
		all.all = append(all.all, x)
		if x.Key == audienceLabel {
			all.name("coupon.labels.status", w.status(s.Status)).More = w.reason(s)
		}
	}
	all.name("coupon.labels.made", w.instant(c.CreatedAt, loc)).More = w.by(c.CreatedBy)
	if c.Version > 1 {
		all.name("coupon.labels.changed", w.instant(c.UpdatedAt, loc)).More = w.by(c.UpdatedBy)
	}
	return all.all
}

const audienceLabel = "coupon.labels.audience"

// about is what an owner has said of a coupon, its restrictions apart.
func (w words) about(c coupon.Coupon) []statement {
	s := &statements{words: w}
	if c.Name == "" {
		s.free("coupon.labels.name", "coupon.no-name")
	} else {
		s.name("coupon.labels.name", c.Name)
	}
	s.name(codeLabel, string(c.Code))
	s.name(audienceLabel, w.audience(c.Audience))
	s.name("coupon.labels.discount", w.discount(c.Discount))
	s.name("coupon.labels.starts", w.start(c, w.shortDate)).More = c.Zone
	if c.End.IsZero() {
		s.say("coupon.labels.ends", "coupon.no-end")
	} else {
		s.say("coupon.labels.ends", "coupon.until", "end", w.end(c, w.shortDate))
	}
	valid := &s.all[len(s.all)-1]
	valid.More = w.t("coupon.valid-by-made-at")
	if c.ValidBy == coupon.ServiceAt {
		valid.More = w.t("coupon.valid-by-service-date")
	}
	return s.all
}

const codeLabel = "coupon.labels.code"

// Code reports whether it says the code, which can be copied.
func (s statement) Code() bool { return s.Key == codeLabel }

// terms are all that one can change of a coupon.
func (w words) terms(c coupon.Coupon) []statement {
	s := &statements{words: w, all: w.about(c)}
	switch {
	case !c.ArchivedAt.IsZero():
		s.say("coupon.labels.status", "coupon.is-archived")
	case c.Inactive:
		s.say("coupon.labels.status", "coupon.is-off")
	default:
		s.say("coupon.labels.status", "coupon.is-on")
	}
	if c.Description == "" {
		s.free("coupon.labels.description", "coupon.no-description")
	} else {
		s.name("coupon.labels.description", shorten(c.Description))
	}
	s.all = append(s.all, w.restrictions(c, nil)...)
	return s.all
}

// mostOfText is how many characters of a long text are shown where it is only one
// of many.
const mostOfText = 160

// shorten leaves the beginning of a long text, in one line.
func shorten(s string) string {
	r := []rune(strings.Join(strings.Fields(s), " "))
	if len(r) <= mostOfText {
		return string(r)
	}
	return strings.TrimSpace(string(r[:mostOfText])) + "…"
}

// by is who did it; nothing if that is not known.
func (w words) by(actor string) string {
	if actor == "" {
		return ""
	}
	return w.t("coupon.by", "who", actor)
}
