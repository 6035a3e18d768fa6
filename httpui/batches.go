package httpui

import (
	"github.com/couponkit/coupon"
)

// batchesPerPage is how many batches one page shows.
const batchesPerPage = 50

// batchesView is the batches of a coupon's codes, in the order of their keys.
type batchesView struct {
	Coupon, Code      string
	Zone              string // of the times
	List, Back, Codes string // the list, the coupon's page, its codes
	Rows              []batchRow
	Next, First       string
}

type batchRow struct {
	Key   string
	URL   string // of its codes
	Count string
	Made  string
	CSV   string // empty if they may not be taken away
}

// batchesData is the same as JSON.
type batchesData struct {
	Coupon  coupon.ID           `json:"coupon"`
	Batches []coupon.BatchState `json:"batches"`
	Next    string              `json:"after,omitempty"` // the next page is the same address with this as after
}

// batches shows how many codes each batch has. How many of them were used it does
// not say: that is a counter for each code.
func (h *Handler) batches(q *request) error {
	after := keyText(q.r.URL.Query().Get("after"))
	some, more, err := q.batchesAfter(after)
	var notices []string
	if after != "" && err == nil && len(some) == 0 { // batches stay: there never was such a page
		notices = append(notices, q.words.t("bookings.no-such-page"))
		after = ""
		some, more, err = q.batchesAfter(after)
	}
	if err != nil {
		return err
	}
	w, c := q.words, q.c
	v := batchesView{Coupon: w.name(c), Code: string(c.Code), Zone: c.Zone, List: q.links.home(), Back: q.links.of(c.ID), Codes: q.links.codes(c.ID, codesState{})}
	data := batchesData{Coupon: c.ID, Batches: append([]coupon.BatchState{}, some...)}
	if after != "" {
		v.First = q.links.batches(c.ID, "")
	}
	if more {
		data.Next = some[len(some)-1].Key
		v.Next = q.links.batches(c.ID, data.Next)
	}
	for _, b := range some {
		row := batchRow{Key: b.Key, URL: q.links.codes(c.ID, codesState{Batch: b.Key}), Count: w.Count(b.Codes), Made: w.instant(b.CreatedAt, zoneOf(c))}
		if q.may(Export) {
			row.CSV = q.links.csv(row.URL)
		}
		v.Rows = append(v.Rows, row)
	}
	return q.answer(answer{name: "batches", title: w.t("codes.batches.title-of", "coupon", w.name(c)), view: v, data: data, notices: notices})
}

// batchesAfter reads one page, and whether there are more.
func (q *request) batchesAfter(key string) (some []coupon.BatchState, more bool, err error) {
	for b, err := range q.svc.Batches(q.r.Context(), q.c.ID, key) {
		if err != nil {
			return nil, false, err
		}
		if len(some) == batchesPerPage {
			return some, true, nil
		}
		some = append(some, b)
	}
	return some, false, nil
}
