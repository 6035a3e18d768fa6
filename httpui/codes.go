package httpui

import (
	"errors"
	"iter"
	"net/http"
	"time"

	"github.com/couponkit/coupon"
)

// codesPerPage is how many codes one page shows.
const codesPerPage = 50

// codesState is the state of the page of further codes, as its URL has it.
type codesState struct {
	Batch string
	Find  string // one code
	After string // the code before the page
}

func (s codesState) query() query {
	return query{}.with("batch", s.Batch).with("find", s.Find).with("after", s.After)
}

// codesView is what the page shows.
type codesView struct {
	Coupon, Code string
	Zone         string // of the times
	Back, List   string
	Action       string // of the search
	Find, Batch  string
	All          string // all codes, without a condition
	Rows         []codeRow
	Next, First  string
	CSV          string // empty if they may not be taken away
	Batches      string // all batches
	Uses         bool   // the coupon limits the uses of each code
	Generate     *generateView
	Add          *addCodeView
	Archived     bool
}

type codeRow struct {
	Code, Customer  string
	Batch, BatchURL string
	Made, By        string
	Main, Single    bool
	Used, URL       string // how it was used, and the bookings that did; empty if it was not
}

// codesPage is one page of codes.
type codesPage struct {
	codes []coupon.CouponCode
	uses  map[coupon.Code]codeUse
	next  string
}

// codeUse is how much a code was used.
type codeUse struct {
	used     bool
	reserved bool             // it is only reserved
	limit    *coupon.LimitUse // of the code alone; nil if it has none that is counted
}

func (h *Handler) codes(q *request) error {
	s := parseCodes(q)
	if q.as == asCSV {
		return q.codesCSV(s)
	}
	return h.showCodes(q, s, 0, nil, nil)
}

func parseCodes(q *request) codesState {
	v := q.r.URL.Query()
	return codesState{Batch: keyText(v.Get("batch")), Find: searchText(v.Get("find")), After: searchText(v.Get("after"))}
}

// showCodes answers with the page; forms that were not taken come back in it.
func (h *Handler) showCodes(q *request, s codesState, status int, generate *generateView, add *addCodeView) error {
	p, err := q.codesPage(s)
	var notices []string
	if s.After != "" && err == nil && len(p.codes) == 0 { // codes stay where they are: there never was such a page
		notices = append(notices, q.words.t("bookings.no-such-page"))
		s.After = ""
		p, err = q.codesPage(s)
	}
	if err != nil {
		return err
	}
	w, c := q.words, q.c
	v := codesView{Coupon: w.name(c), Code: string(c.Code), Zone: c.Zone, Back: q.links.of(c.ID), List: q.links.home(), Action: q.links.codes(c.ID, codesState{}), Batches: q.links.batches(c.ID, ""),
		Find: s.Find, Batch: s.Batch, All: q.links.codes(c.ID, codesState{}), Uses: limitsCodes(c), Archived: !c.ArchivedAt.IsZero()}
	if s.After != "" {
		v.First = q.links.codes(c.ID, codesState{Batch: s.Batch})
	}
	if p.next != "" {
		v.Next = q.links.codes(c.ID, codesState{Batch: s.Batch, After: p.next})
	}
	if q.may(Export) {
		v.CSV = q.links.csv(q.links.codes(c.ID, codesState{Batch: s.Batch, Find: s.Find}))
	}
	for _, k := range p.codes {
		v.Rows = append(v.Rows, q.codeRow(k, p.uses[k.Code]))
	}
	if q.may(Generate) {
		// Of an archived coupon there is only the form that was open before it was.
		if !v.Archived || generate != nil {
			if v.Generate, err = q.generateForm(generate); err != nil {
				return err
			}
		}
		if !v.Archived || add != nil {
			v.Add = q.addCodeForm(add)
		}
	}
	a := answer{status: status, name: "codes", title: w.t("codes.title-of", "coupon", w.name(c)), view: v, data: codesJSON(q, p), notices: notices}
	if q.r.Method == http.MethodGet {
		a.toast = q.codesDone(s, p)
	}
	return q.answer(a)
}

// codesDone says what was just made, if it is there.
func (q *request) codesDone(s codesState, p codesPage) string {
	if len(p.codes) == 0 {
		return ""
	}
	switch q.r.URL.Query().Get("done") {
	case "generated":
		if s.Batch != "" {
			return q.words.t("codes.generated", "batch", s.Batch)
		}
	case "added":
		if s.Find != "" {
			return q.words.t("codes.added", "code", string(p.codes[0].Code))
		}
	}
	return ""
}

// codesPage reads the codes of the state, and whether each was used. After what is
// no code there are none.
func (q *request) codesPage(s codesState) (p codesPage, err error) {
	after, err := coupon.ParseCode(s.After)
	if s.After != "" && err != nil {
		return p, nil
	}
	for k, err := range q.codesOf(s, after) {
		if err != nil {
			return p, err
		}
		if len(p.codes) == codesPerPage {
			p.next = string(p.codes[codesPerPage-1].Code)
			break
		}
		p.codes = append(p.codes, k)
	}
	p.uses, err = q.codeUses(p.codes)
	return p, err
}

// codesOf are the codes of the state after one; the one that is looked for, if the
// coupon has it.
func (q *request) codesOf(s codesState, after coupon.Code) iter.Seq2[coupon.CouponCode, error] {
	if s.Find == "" {
		return q.svc.Codes(q.r.Context(), q.c.ID, coupon.CodeFilter{Batch: s.Batch, After: after})
	}
	return func(yield func(coupon.CouponCode, error) bool) {
		k, err := q.svc.Code(q.r.Context(), q.c.ID, s.Find)
		if !errors.Is(err, coupon.ErrNotFound) && !errors.Is(err, coupon.ErrInvalid) {
			yield(k, err)
		}
	}
}

// codeUses tells of each code how it was used: by its counter, where its uses are
// limited, which every single-use code's are; of the others by its latest booking.
func (q *request) codeUses(codes []coupon.CouponCode) (map[coupon.Code]codeUse, error) {
	counted, err := q.svc.CodeUses(q.r.Context(), q.c.ID, codes)
	if err != nil {
		return nil, err
	}
	out := map[coupon.Code]codeUse{}
	for _, k := range codes {
		if l, ok := counted[k.Code]; ok {
			out[k.Code] = codeUse{used: l.Used > 0, limit: &l}
			if l.Used == 0 || l.Limit.Max > 1 {
				continue
			}
		}
		state, err := q.latestUse(k)
		if err != nil {
			return nil, err
		}
		if state != "" {
			out[k.Code] = codeUse{used: true, reserved: state == coupon.Reserved, limit: out[k.Code].limit}
		}
	}
	return out, nil
}

// latestUse is the state of the latest booking that uses a code; empty if none does.
func (q *request) latestUse(k coupon.CouponCode) (coupon.State, error) {
	f := coupon.RedemptionFilter{Coupon: q.c.ID, Code: k.Code, States: []coupon.State{coupon.Redeemed, coupon.Refunded, coupon.Reserved}, Live: true, Desc: true}
	for r, err := range q.svc.Redemptions(q.r.Context(), f) {
		return r.State, err
	}
	return "", nil
}

func (q *request) codeRow(k coupon.CouponCode, use codeUse) codeRow {
	w := q.words
	row := codeRow{Code: string(k.Code), Customer: k.Customer, Batch: k.Batch, Main: k.Main, Single: k.SingleUse,
		Made: w.instant(k.CreatedAt, zoneOf(q.c)), By: k.CreatedBy}
	if k.Batch != "" {
		row.BatchURL = q.links.codes(q.c.ID, codesState{Batch: k.Batch})
	}
	if use.used {
		state := bookingsState{Filter: filterAll, Search: string(k.Code)}
		switch {
		case use.reserved:
			row.Used, state.Filter = w.t("codes.reserved"), filterReserved
		case use.limit != nil && use.limit.Limit.Max > 1:
			row.Used = w.uses(*use.limit)
		default:
			row.Used = w.t("codes.used")
		}
		row.URL = q.links.bookings(q.c.ID, state)
	}
	return row
}

// limitsCodes reports whether a coupon limits how often each code is used.
func limitsCodes(c coupon.Coupon) bool {
	for _, l := range c.Restrictions.Limits {
		if l.Of == coupon.Uses && l.Per == coupon.PerCode {
			return true
		}
	}
	return false
}

// codesData is a page of codes as JSON.
type codesData struct {
	Coupon coupon.ID  `json:"coupon"`
	Codes  []codeData `json:"codes"`
	Next   string     `json:"after,omitempty"` // the next page is the same address with this as after
}

type codeData struct {
	Code      coupon.Code `json:"code"`
	Main      bool        `json:"main"`
	SingleUse bool        `json:"single_use"`
	Customer  string      `json:"customer,omitempty"`
	Batch     string      `json:"batch,omitempty"`
	Used      bool        `json:"used"` // by a booking that was not cancelled, or reserved
	CreatedAt time.Time   `json:"created_at,omitzero"`
	CreatedBy string      `json:"created_by,omitempty"`
}

func codeJSON(k coupon.CouponCode, used bool) codeData {
	return codeData{k.Code, k.Main, k.SingleUse, k.Customer, k.Batch, used, k.CreatedAt, k.CreatedBy}
}

func codesJSON(q *request, p codesPage) codesData {
	d := codesData{Coupon: q.c.ID, Codes: []codeData{}, Next: p.next}
	for _, k := range p.codes {
		d.Codes = append(d.Codes, codeJSON(k, p.uses[k.Code].used))
	}
	return d
}
