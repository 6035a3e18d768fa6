package httpui

import (
	"errors"
	"net/http"
	"strings"

	"github.com/couponkit/coupon"
)

// couponsPerPage is how many coupons one page of the list shows.
const couponsPerPage = 25

// listState is the state of the list, as its URL has it. The zero value is all
// that are not archived, the newest first.
type listState struct {
	Search string
	Status coupon.Status     // "" is all but archived
	Sort   coupon.CouponSort // "" is the newest first
	Desc   bool              // with Sort
	After  string
}

func (s listState) query() query {
	q := query{}.with("q", s.Search).with("status", string(s.Status)).with("sort", string(s.Sort))
	if s.Desc {
		q = q.with("order", "desc")
	}
	return q.with("after", s.After)
}

// listView is what the list shows.
type listView struct {
	State     listState
	Action    string // of the search form
	Tabs      []choice
	Columns   []column
	Rows      []listRow
	Next      string // the next page; empty on the last one
	First     string // the first page; empty on it
	Filtered  bool   // something is searched for or left out
	ClearedTo string // the list without search and filter
}

// choice is one of several links of which one is chosen.
type choice struct {
	ID   string // of the element, so that it keeps the focus when it is replaced
	Name string
	URL  string
	On   bool
}

// column is the head of a column.
type column struct {
	ID       string
	Name     string
	URL      string // sorts by it; empty if it can't
	AriaSort string
}

type listRow struct {
	URL        string
	Code, Name string
	Discount   string
	Audience   string
	Status     coupon.Status
	StatusName string
	Reason     string
	Start, End string
	Uses       []use
	NoTotal    string // in place of Uses
}

func (h *Handler) list(q *request) error {
	v := q.r.URL.Query()
	p := stateParser{values: v}
	if code := v.Get("code"); code != "" {
		c, err := q.svc.CouponByCode(q.r.Context(), code)
		switch {
		case err == nil:
			http.Redirect(q.w, q.r, q.links.coupon(c.ID, reportState{}), http.StatusSeeOther)
			return nil
		case errors.Is(err, coupon.ErrNotFound), errors.Is(err, coupon.ErrInvalid):
			p.notice("No coupon has the code “%s”.", code)
		default:
			return err
		}
	}
	state := parseList(&p)
	view, err := h.listView(q, state)
	if errors.Is(err, coupon.ErrInvalid) { // the position is of another list
		p.notice("That page of the list is not there any more; this is the first one.")
		state.After = ""
		view, err = h.listView(q, state)
	}
	if err != nil {
		return err
	}
	// Forms send empty fields too; the URL that stays is the short one.
	if url := q.links.list(state); wantsFragment(q.r) && "?"+q.r.URL.RawQuery != state.query().String() {
		q.w.Header().Set("HX-Replace-Url", url)
	}
	return q.answer(answer{name: "list", title: q.words.t("list.title"), view: view, notices: p.notices})
}

func parseList(p *stateParser) listState {
	s := listState{Search: strings.TrimSpace(p.values.Get("q")), After: p.values.Get("after")}
	if r := []rune(s.Search); len(r) > mostSearch {
		s.Search = string(r[:mostSearch])
	}
	var names []string
	for _, st := range statuses {
		names = append(names, string(st))
	}
	s.Status = coupon.Status(p.oneOf("status", names...))
	s.Sort = coupon.CouponSort(p.oneOf("sort", string(coupon.ByCode), string(coupon.ByName), string(coupon.ByStart), string(coupon.ByEnd)))
	s.Desc = p.oneOf("order", "asc", "desc") == "desc" && s.Sort != ""
	return s
}

// mostSearch is how many characters are searched for; no code or name is longer.
const mostSearch = 200

func (h *Handler) listView(q *request, state listState) (listView, error) {
	w := q.words
	bare := listState{Sort: state.Sort, Desc: state.Desc}
	view := listView{State: state, Action: q.links.home(), Columns: columns(q.links, state), Tabs: w.tabs(q.links, state),
		Filtered: state.Search != "" || state.Status != "", ClearedTo: q.links.list(bare)}
	if state.After != "" {
		first := state
		first.After = ""
		view.First = q.links.list(first)
	}
	f := coupon.CouponFilter{Search: state.Search, Sort: state.Sort, Desc: state.Desc || state.Sort == "", After: state.After}
	if state.Status != "" {
		f.Statuses = []coupon.Status{state.Status}
	}
	last := ""
	for c, err := range q.svc.Coupons(q.r.Context(), f) {
		if err != nil {
			return listView{}, err
		}
		if len(view.Rows) == couponsPerPage {
			next := state
			next.After = last
			view.Next = q.links.list(next)
			break
		}
		row := listRow{URL: q.links.coupon(c.ID, reportState{}), Code: string(c.Code), Name: c.Name,
			Discount: w.discount(c.Discount), Audience: w.audienceName(c.Audience),
			Status: c.Status, StatusName: w.status(c.Status), Reason: w.reason(c),
			Start: w.start(c.Coupon, w.shortDate), End: w.end(c.Coupon, w.shortDate)}
		row.NoTotal = "No limit"
		for _, l := range c.Limits {
			row.NoTotal = "Limited per customer"
			if l.Limit.Per == coupon.PerCode {
				row.NoTotal = "Limited per code"
			}
			if l.Counted {
				u := w.use(l)
				u.Text = w.uses(l)
				row.Uses = append(row.Uses, *u)
			}
		}
		view.Rows = append(view.Rows, row)
		last = c.Cursor
	}
	return view, nil
}

// tabs filter by status, and keep the search and order.
func (w words) tabs(l links, state listState) []choice {
	state.After = ""
	to := func(st coupon.Status, id, name string) choice {
		next := state
		next.Status = st
		return choice{ID: id, Name: name, URL: l.list(next), On: st == state.Status}
	}
	out := []choice{to("", "cp-tab-all", "Current")}
	for _, st := range statuses {
		out = append(out, to(st, "cp-tab-"+string(st), w.status(st)))
	}
	return out
}

// columns of which some sort the list: once more and the order turns round.
func columns(l links, state listState) []column {
	sorted := func(by coupon.CouponSort, name string) column {
		next := listState{Search: state.Search, Status: state.Status, Sort: by}
		c := column{ID: "cp-sort-" + string(by), Name: name}
		if state.Sort == by {
			c.AriaSort = "ascending"
			if state.Desc {
				c.AriaSort = "descending"
			}
			next.Desc = !state.Desc
		}
		c.URL = l.list(next)
		return c
	}
	return []column{sorted(coupon.ByCode, "Code"), sorted(coupon.ByName, "Name"), {Name: "Discount"}, {Name: "Audience"},
		{Name: "Status"}, {Name: "Uses"}, sorted(coupon.ByStart, "First day"), sorted(coupon.ByEnd, "Last day")}
}
