package httpui

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/bojanz/currency"

	"github.com/couponkit/coupon"
)

// couponsPerPage is how many coupons one page of the list shows.
const couponsPerPage = 25

// listState is the state of the list, as its URL has it. The zero value is all
// that are not archived, the newest first, with the figures of all time.
type listState struct {
	Search   string
	Status   coupon.Status // "" is all but archived
	Audience string        // "" is every audience; "all" is coupon.Everyone
	Kind     coupon.DiscountKind
	Range    listRange
	Sort     coupon.CouponSort // "" is the newest first
	Desc     bool              // with Sort
	Currency string            // of the amounts sorted by; "" where there is one
	After    string
}

func (s listState) query() query {
	q := query{}.with("q", s.Search).with("status", string(s.Status)).with("audience", s.Audience).with("kind", string(s.Kind))
	q = append(q, s.Range.query()...)
	q = q.with("sort", string(s.Sort))
	if s.Desc {
		q = q.with("order", "desc")
	}
	return q.with("currency", s.Currency).with("after", s.After)
}

// filtered reports whether something is searched for or left out.
func (s listState) filtered() bool {
	return s.Search != "" || s.Status != "" || s.Audience != "" || s.Kind != ""
}

// filter is what the library is asked for.
func (s listState) filter(r coupon.Range) coupon.CouponFilter {
	f := coupon.CouponFilter{Search: s.Search, Kind: s.Kind, Sort: s.Sort, Desc: s.Desc || s.Sort == "",
		Range: r, Currency: s.Currency, After: s.After}
	if s.Status != "" {
		f.Statuses = []coupon.Status{s.Status}
	}
	if i := slices.IndexFunc(audienceChoices, func(c audienceChoice) bool { return c.key == s.Audience }); i >= 0 {
		f.Audience = &audienceChoices[i].audience
	}
	return f
}

// audienceChoice is an audience under the name that it has in a URL: there the
// empty one is no choice.
type audienceChoice struct {
	key      string
	audience coupon.Audience
}

var audienceChoices = []audienceChoice{
	{"all", coupon.Everyone},
	{"new", coupon.NewCustomers},
	{"existing", coupon.ExistingCustomers},
}

var kindChoices = []coupon.DiscountKind{coupon.Percent, coupon.FixedAmount, coupon.AmountPerUnit}

var listSorts = []coupon.CouponSort{coupon.ByCode, coupon.ByName, coupon.ByOffer, coupon.ByAudience, coupon.ByStatus, coupon.ByUses,
	coupon.ByBookings, coupon.ByRevenue, coupon.ByDiscounts, coupon.ByStart, coupon.ByEnd}

// needsCurrency reports whether amounts are sorted by: those of two currencies
// can't be compared.
func needsCurrency(by coupon.CouponSort) bool {
	return by == coupon.ByRevenue || by == coupon.ByDiscounts
}

// sortsFalling are the columns whose first click shows the largest first.
var sortsFalling = []coupon.CouponSort{coupon.ByUses, coupon.ByBookings, coupon.ByRevenue, coupon.ByDiscounts}

func (h *Handler) list(q *request) error { return h.showList(q, q.r.URL.Query()) }

// showList shows the list in the state of an address.
func (h *Handler) showList(q *request, v url.Values) error {
	p := stateParser{words: q.words, values: v}
	if code := v.Get("code"); code != "" {
		c, err := q.svc.CouponByCode(q.r.Context(), code)
		switch {
		case err == nil && h.may(q.r, View, c):
			return h.leadToCoupon(q, v, c)
		case err == nil, errors.Is(err, coupon.ErrNotFound), errors.Is(err, coupon.ErrInvalid):
			p.tell("list.no-such-code", "code", code)
		default:
			return err
		}
	}
	zone, err := h.listZone(q)
	if err != nil {
		return err
	}
	state := parseList(&p, q.words)
	if needsCurrency(state.Sort) && state.Currency == "" {
		newest := state
		newest.Sort, newest.After = "", ""
		found, err := h.findCoupons(q, newest, zone)
		if err != nil {
			return err
		}
		if state.Currency = found.currency(); state.Currency == "" {
			state = newest // there is nothing to sort by
		}
	}
	if q.as == asCSV {
		return q.listCSV(state, zone)
	}
	found, err := h.findCoupons(q, state, zone)
	if errors.Is(err, coupon.ErrInvalid) && state.After != "" { // the position is of another list
		p.tell("list.page-gone")
		state.After = ""
		found, err = h.findCoupons(q, state, zone)
	}
	if err != nil {
		return err
	}
	toast, err := h.listToast(q, v)
	if err != nil {
		return err
	}
	// Forms send empty fields too; the URL that stays is the short one.
	if url := q.links.list(state); wantsFragment(q.r) && "?"+q.r.URL.RawQuery != state.query().String() {
		q.w.Header().Set("HX-Replace-Url", url)
	}
	return q.answer(answer{name: "list", title: q.words.t("list.title"), view: h.listView(q, state, found),
		data: found.json(), notices: p.notices, toast: toast})
}

// leadToCoupon leads from a code that was looked up to the coupon that has it, with
// what of the address is the state of its page.
func (h *Handler) leadToCoupon(q *request, v url.Values, c coupon.Coupon) error {
	rep, _, err := h.report(q, v, c)
	if err != nil {
		return err
	}
	to := q.links.of(c.ID) + rep.query().with("format", string(q.as)).String()
	http.Redirect(q.w, q.r, to, http.StatusSeeOther)
	return nil
}

// parseList reads the state of the list from a URL; what it can't use it leaves
// out, and says so.
func parseList(p *stateParser, w words) listState {
	s := listState{Search: strings.TrimSpace(p.values.Get("q")), After: p.values.Get("after")}
	if r := []rune(s.Search); len(r) > mostSearch {
		s.Search = string(r[:mostSearch])
	}
	s.Status = coupon.Status(p.oneOf("status", texts(statuses)...))
	var audiences []string
	for _, a := range audienceChoices {
		audiences = append(audiences, a.key)
	}
	s.Audience = p.oneOf("audience", audiences...)
	s.Kind = coupon.DiscountKind(p.oneOf("kind", texts(kindChoices)...))
	s.Range = p.listRange(w)
	s.Sort = coupon.CouponSort(p.oneOf("sort", texts(listSorts)...))
	s.Desc = p.oneOf("order", "asc", "desc") == "desc" && s.Sort != ""
	if code := p.values.Get("currency"); currency.IsValid(code) && needsCurrency(s.Sort) {
		s.Currency = code
	}
	return s
}

// mostSearch is how many characters are searched for; no code or name is longer.
const mostSearch = 200

func texts[S ~string](values []S) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = string(v)
	}
	return out
}
