package httpui

import (
	"math"
	"slices"
	"strconv"

	"github.com/couponkit/coupon"
)

// versionsPerPage is how many versions are shown at a time.
const versionsPerPage = 10

// historyView is the versions of a coupon, the newest first.
type historyView struct {
	Code, Name string
	List, Back string // the list and the coupon's page
	Title      string
	Versions   []versionView
	Older      string // the URL of those before; empty if there are none
	Newest     string // the URL of the newest ones; empty if these are they
	Part       bool   // it is on another page: the older ones are put below
}

// versionView is what was changed, when and by whom.
type versionView struct {
	Name    string
	When    string
	Who     string
	First   bool // it was made
	Changes []change
}

// change is what is said otherwise than in the version before. One of the two is
// empty where something was added or taken away.
type change struct {
	Label         string
	Before, After []statement
}

// history shows the versions of a coupon by themselves.
func (h *Handler) history(q *request) error {
	before, notices := int64(math.MaxInt64), []string(nil)
	if v := q.r.URL.Query().Get("before"); v != "" {
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil || n < 1 {
			notices = append(notices, q.words.t("coupon.history.no-such-version"))
		} else {
			before = n
		}
	}
	versions, err := versionsOf(q, q.c.ID, before)
	if err != nil {
		return err
	}
	view := q.words.history(q.links, q.c, versions)
	view.List, view.Back = q.links.home(), q.links.of(q.c.ID)
	if before <= q.c.Version {
		view.Newest = q.links.history(q.c.ID, 0)
	}
	return q.answer(answer{name: "history", title: q.words.t("coupon.history.of", "coupon", q.words.name(q.c)), view: view,
		data: historyDataOf(versions), notices: notices})
}

// versionsOf are those to show below a version, and one more to compare the last
// of them with.
func versionsOf(q *request, id coupon.ID, before int64) ([]coupon.Coupon, error) {
	var out []coupon.Coupon
	for c, err := range q.svc.Versions(q.r.Context(), id) {
		if err != nil {
			return nil, err
		}
		if c.Version >= before {
			continue
		}
		if out = append(out, c); len(out) > versionsPerPage {
			break
		}
	}
	return out, nil
}

// history says what was changed from version to version.
func (w words) history(l links, c coupon.Coupon, versions []coupon.Coupon) historyView {
	v := historyView{Code: string(c.Code), Name: c.Name, Title: w.t("coupon.history.title", "n", c.Version)}
	for i, x := range versions {
		if i == versionsPerPage {
			v.Older = l.history(c.ID, versions[i-1].Version)
			break
		}
		one := versionView{Name: w.t("coupon.history.version", "version", w.Count(x.Version)), When: w.instant(x.UpdatedAt, zoneOf(c)), Who: w.by(x.UpdatedBy),
			First: x.Version == 1}
		if i+1 < len(versions) {
			one.Changes = changes(w.terms(versions[i+1]), w.terms(x))
		}
		v.Versions = append(v.Versions, one)
	}
	return v
}

// changes compares what is said of two versions, label by label.
func changes(before, after []statement) []change {
	var out []change
	seen := map[string]bool{}
	for _, s := range slices.Concat(after, before) {
		if seen[s.Key] {
			continue
		}
		seen[s.Key] = true
		was, is := notIn(before, after, s.Key), notIn(after, before, s.Key)
		if len(is) == 0 && free(was) || len(was) == 0 && free(is) {
			continue
		}
		// What is said beside it is left out where it is the same.
		if len(was) == 1 && len(is) == 1 && was[0].More == is[0].More {
			was[0].More, is[0].More = "", ""
		}
		out = append(out, change{Label: s.Label, Before: was, After: is})
	}
	return out
}

// free reports whether nothing is restricted: that there is a new label under which
// this could be said is no change.
func free(all []statement) bool {
	return !slices.ContainsFunc(all, func(s statement) bool { return !s.Free })
}

// notIn are the statements of a label that are not among others.
func notIn(all, others []statement, key string) []statement {
	var out []statement
	for _, s := range all {
		same := func(o statement) bool { return o.Key == key && o.Text == s.Text && o.More == s.More }
		if s.Key == key && !slices.ContainsFunc(others, same) {
			out = append(out, s)
		}
	}
	return out
}
