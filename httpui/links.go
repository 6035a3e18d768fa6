package httpui

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/couponkit/coupon"
)

// links makes every URL of the pages: the base path and a fixed route, with ids
// and values escaped. Nothing of a request's own path gets into one.
type links struct{ base string }

func linksOf(r *http.Request) links {
	if m, _ := r.Context().Value(mountKey).(mount); m.ok {
		return links{m.base}
	}
	return links{}
}

// CouponURL is the path of a coupon's page, for the host's own pages to link to.
// It needs [Config.BasePath]: a base path that is found anew for every request
// can't be told beforehand, and is left out of the path.
func (h *Handler) CouponURL(id coupon.ID) string { return links{h.base}.of(id) }

// WidgetURL is where a widget of a coupon is: htmx gets it as a fragment, a browser
// as a small page. The state of a coupon's page goes behind it: "?period=28d". It
// needs [Config.BasePath], as CouponURL does.
func (h *Handler) WidgetURL(kind Widget, id coupon.ID) string {
	return links{h.base}.of(id) + "/widget/" + url.PathEscape(string(kind))
}

// StylesheetURL is the stylesheet of the pages and widgets, under a name that
// changes with what is in it. It needs [Config.BasePath], as CouponURL does.
func (h *Handler) StylesheetURL() string { return links{h.base}.asset(h, "ui.css") }

func (l links) home() string { return l.base + "/" }

func (l links) list(s listState) string { return l.base + "/" + s.query().String() }

func (l links) coupon(id coupon.ID, s reportState) string {
	return l.of(id) + s.query().String()
}

// wholeLife is the same over the coupon's whole life; empty on it.
func (l links) wholeLife(id coupon.ID, s reportState) string {
	if s.Period == wholeLife {
		return ""
	}
	s.Period, s.Interval, s.Compare = wholeLife, "", noComparison
	return l.coupon(id, s)
}

func (l links) bookings(id coupon.ID, s bookingsState) string {
	return l.of(id) + "/bookings" + s.query().String()
}

// booking is the page of one booking, which leads back to the list it was found on.
// The host's id stands in the query: in a path some would not arrive.
func (l links) booking(id coupon.ID, booking string, s bookingsState) string {
	return l.of(id) + "/booking" + bookingQuery(booking, s).String()
}

// bookingChange is where a form of that page posts.
func (l links) bookingChange(id coupon.ID, booking, action string, s bookingsState) string {
	return l.of(id) + "/booking/" + action + bookingQuery(booking, s).String()
}

func bookingQuery(booking string, s bookingsState) query {
	return append(query{}.with("id", booking), s.query()...)
}

func (l links) codes(id coupon.ID, s codesState) string {
	return l.of(id) + "/codes" + s.query().String()
}

// batches are those with keys after one; "" is the first.
func (l links) batches(id coupon.ID, after string) string {
	return l.of(id) + "/batches" + query{}.with("after", after).String()
}

// csv is the table of a page, to take away.
func (l links) csv(page string) string {
	if strings.Contains(page, "?") {
		return page + "&format=csv"
	}
	return page + "?format=csv"
}

// history is of the versions below one; 0 is all.
func (l links) history(id coupon.ID, before int64) string {
	var q query
	if before > 0 {
		q = q.with("before", strconv.FormatInt(before, 10))
	}
	return l.of(id) + "/history" + q.String()
}

// change is where a form posts; it takes the state of the page along.
func (l links) change(id coupon.ID, action string, s reportState) string {
	return l.of(id) + "/" + action + s.query().String()
}

// changeInList is where a form of the list posts.
func (l links) changeInList(id coupon.ID, action string, s listState) string {
	return l.of(id) + "/" + action + append(query{fromList + "=1"}, s.query()...).String()
}

func (l links) newCoupon() string { return l.base + "/new" }

func (l links) edit(id coupon.ID) string { return l.of(id) + "/edit" }

// duplicate is the form for a new coupon that begins with what another has.
func (l links) duplicate(id coupon.ID) string {
	return l.newCoupon() + query{}.with("from", string(id)).String()
}

// preview is where a form for a new coupon asks what it would be: one that begins
// with what another has, if from is not empty.
func (l links) preview(from coupon.ID) string {
	return l.base + "/preview" + query{}.with("from", string(from)).String()
}

func (l links) previewEdit(id coupon.ID) string { return l.of(id) + "/preview" }

func (l links) of(id coupon.ID) string { return l.base + "/c/" + url.PathEscape(string(id)) }

func (l links) asset(h *Handler, name string) string {
	return l.base + "/static/" + h.assets.names[name]
}

// query is the part of a URL that holds a page's state: always in the same order,
// so that one state has one URL. What is empty is left out.
type query []string

func (q query) with(key, value string) query {
	if value == "" {
		return q
	}
	return append(q, key+"="+url.QueryEscape(value))
}

// hiddenOf are the values of a URL's query, for a form that adds to them.
func hiddenOf(address string) []field {
	_, after, _ := strings.Cut(address, "?")
	var out []field
	for pair := range strings.SplitSeq(after, "&") {
		key, value, ok := strings.Cut(pair, "=")
		if value, err := url.QueryUnescape(value); ok && err == nil {
			out = append(out, field{key, value})
		}
	}
	return out
}

// String is the query with its "?", or empty.
func (q query) String() string {
	if len(q) == 0 {
		return ""
	}
	return "?" + strings.Join(q, "&")
}
