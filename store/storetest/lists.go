package storetest

import (
	"slices"
	"strings"
	"time"

	"github.com/couponkit/coupon"
)

var listCases = []testCase{
	{"coupons-sorted-and-paged", "every order, up and down, in pages of any size, gives each coupon once, ids breaking ties", couponsPaged},
	{"coupons-filtered", "a page has those coupons for which CouponQuery.Holds, and no others", couponsFiltered},
	{"texts-sort-as-bytes", "codes, names and keys are ordered as bytes, not by a collation", textsSortAsBytes},
	{"search-is-literal", "a search finds the text as it is, in any case and script: % _ \\ and quotes are characters", searchIsLiteral},
	{"redemptions-sorted-and-paged", "every order, up and down, in pages of any size, gives each redemption once, keys breaking ties", redemptionsPaged},
	{"redemptions-filtered", "a page has those redemptions for which RedemptionQuery.Holds, and no others", redemptionsFiltered},
	{"totals", "the totals of a filter are the fold of what it lists", totalsAgree},
	{"live", "a list of what is live leaves out a reservation from the instant at which it ends", liveListed},
	{"edits-do-not-disturb-a-walk", "what is added or changed between two pages neither repeats nor hides the rest", walkUndisturbed},
}

// coupons walks all pages of a query.
func (e *env) coupons(q coupon.CouponQuery, limit int) (out []coupon.Coupon) {
	e.Helper()
	if q.Sort == "" {
		q.Sort = coupon.ByCreated
	}
	q.Limit = limit
	for {
		page, err := e.store.Coupons(e.Context(), q)
		if err != nil {
			e.Fatalf("Coupons: %v", err)
		}
		out = append(out, page...)
		if len(page) > limit || len(out) > 10_000 {
			e.Fatalf("Coupons: a page of %d, limit %d, %d in all", len(page), limit, len(out))
		}
		if len(page) < limit {
			return out
		}
		q.After = new(q.Sort.CursorOf(page[limit-1]))
	}
}

// pages walks all pages of a query of redemptions.
func (e *env) pages(q coupon.RedemptionQuery, limit int) (out []coupon.Redemption) {
	e.Helper()
	if q.Sort == "" {
		q.Sort = coupon.ByBooking
	}
	if q.Range.Clock == "" {
		q.Range.Clock = coupon.MadeAt
	}
	q.Limit = limit
	for {
		page, err := e.store.Redemptions(e.Context(), q)
		if err != nil {
			e.Fatalf("Redemptions: %v", err)
		}
		out = append(out, page...)
		if len(page) > limit || len(out) > 10_000 {
			e.Fatalf("Redemptions: a page of %d, limit %d, %d in all", len(page), limit, len(out))
		}
		if len(page) < limit {
			return out
		}
		q.After = new(q.Sort.CursorOf(page[limit-1]))
	}
}

// model is a query by its definition: filter, then sort.
func model[V any](all []V, holds func(V) bool, position func(V) coupon.Cursor, desc bool) (out []V) {
	for _, v := range all {
		if holds(v) {
			out = append(out, v)
		}
	}
	slices.SortFunc(out, func(a, b V) int {
		if desc {
			a, b = b, a
		}
		return position(a).Compare(position(b))
	})
	return out
}

// wantList compares lists by what names their entries.
func wantList[V any](e *env, what string, got, want []V, key func(V) string) {
	e.Helper()
	names := func(list []V) string {
		var b strings.Builder
		for _, v := range list {
			b.WriteString(" " + key(v))
		}
		return b.String()
	}
	if g, w := names(got), names(want); g != w {
		e.Errorf("%s:\n\t got%s\n\twant%s", what, g, w)
	}
}

func codeOf(c coupon.Coupon) string    { return string(c.Code) }
func keyOf(r coupon.Redemption) string { return r.Booking + "/" + string(r.Code) }
func direction(desc bool) string {
	return map[bool]string{false: "ascending", true: "descending"}[desc]
}
func created(e *env, h int, code string) { // at an hour, with ties in everything but the code
	e.clock.set(start.Add(time.Duration(h) * time.Hour))
	e.coupon(code, func(c *coupon.Coupon) {
		c.Name = []string{"winter", "Winter", "", "ÄPFEL", "äpfel", "Zoo"}[h%6]
		c.Start = c.Start.Add(time.Duration(h%3) * time.Microsecond)
		if h%4 > 0 {
			c.End = start.AddDate(0, h%3, 0)
		}
		c.Audience = []coupon.Audience{coupon.Everyone, coupon.NewCustomers, coupon.ExistingCustomers}[h%3]
		if h%2 == 0 {
			c.Discount = coupon.AmountOff(usd("5"))
		}
	})
}

var couponSorts = []coupon.CouponSort{coupon.ByCreated, coupon.ByCode, coupon.ByName, coupon.ByStart, coupon.ByEnd, coupon.ByAudience}

// dozen are coupons with many ties, two of them archived.
func dozen(e *env) []coupon.Coupon {
	e.Helper()
	for i, code := range []string{"B", "A-1", "A_1", "A1", "AA", "9", "Z", "Z-", "C-3", "C10", "C2", "_"} {
		created(e, i/2, code)
	}
	for _, code := range []string{"Z", "9"} {
		c, err := e.svc.CouponByCode(e.Context(), code)
		if err != nil {
			e.Fatalf("CouponByCode: %v", err)
		}
		if _, err = e.svc.Archive(e.Context(), c.ID); err != nil {
			e.Fatalf("Archive: %v", err)
		}
	}
	all := e.coupons(coupon.CouponQuery{}, 100)
	if len(all) != 12 {
		e.Fatalf("the list has %d coupons, want 12", len(all))
	}
	return all
}

func everyCoupon(coupon.Coupon) bool { return true }

func couponsPaged(e *env) {
	all := dozen(e)
	for _, by := range couponSorts {
		for _, desc := range []bool{false, true} {
			want := model(all, everyCoupon, by.CursorOf, desc)
			for _, limit := range []int{1, 2, 3, 5, 12, 100} {
				got := e.coupons(coupon.CouponQuery{Sort: by, Desc: desc}, limit)
				wantList(e, "by "+string(by)+" "+direction(desc)+" in pages of "+name("", limit), got, want, codeOf)
			}
		}
	}
}

func couponsFiltered(e *env) {
	all := dozen(e)
	for what, q := range map[string]coupon.CouponQuery{
		"for everyone":              {Audience: new(coupon.Everyone)},
		"for new customers":         {Audience: new(coupon.NewCustomers)},
		"for existing customers":    {Audience: new(coupon.ExistingCustomers)},
		"percent":                   {Kind: coupon.Percent},
		"fixed":                     {Kind: coupon.FixedAmount},
		"per unit":                  {Kind: coupon.AmountPerUnit},
		"archived":                  {Archived: new(true)},
		"not archived":              {Archived: new(false)},
		"some of them":              {IDs: []coupon.ID{all[7].ID, "nowhere", all[2].ID}},
		"some, not archived":        {IDs: []coupon.ID{all[5].ID, all[2].ID}, Archived: new(false)},
		"search in names":           {Search: "wint"},
		"search in codes":           {Search: "c1"},
		"everything at once":        {Search: "a", Audience: new(coupon.Everyone), Kind: coupon.FixedAmount, Archived: new(false)},
		"search with nothing found": {Search: "nothing"},
	} {
		for _, desc := range []bool{false, true} {
			q.Sort, q.Desc = coupon.ByName, desc
			wantList(e, what+", "+direction(desc), e.coupons(q, 2), model(all, q.Holds, q.Sort.CursorOf, desc), codeOf)
		}
	}
}

func textsSortAsBytes(e *env) {
	for code, title := range map[string]string{"A-C": "éclair", "AB": "Zebra", "A_A": "apple", "AA": "-", "A0": "10", "A": "9", "AZ": "a b"} {
		e.coupon(code, func(c *coupon.Coupon) { c.Name = title })
	}
	list := func(by coupon.CouponSort) string {
		var out []string
		for _, c := range e.coupons(coupon.CouponQuery{Sort: by}, 2) {
			out = append(out, string(c.Code))
		}
		return strings.Join(out, " ")
	}
	e.same("by code", list(coupon.ByCode), "A A-C A0 AA AB AZ A_A")
	e.same("by lower-cased name", list(coupon.ByName), "AA A0 A AZ A_A AB A-C")
	keys := []string{" b", "B", "B-1", "B1", "B_1", "b", "b ", "b-1", "b1", "ba", "e\u0301", "z", "ß", "é", "中", "🌸"}
	for _, id := range keys {
		e.redeem(booking(id, usd("1")), "A")
	}
	var got []string
	for _, r := range e.pages(coupon.RedemptionQuery{}, 3) {
		got = append(got, r.Booking)
	}
	slices.Sort(keys)
	e.same("bookings", got, keys)
}

func searchIsLiteral(e *env) {
	for code, title := range map[string]string{"A_1": `100% off`, "AB1": `back\slash`, "C-1": `it's "quoted"`, "D1": "Übergrößen ÉCLAIR", "E1": "question? $1 :name", "F1": "straße"} {
		e.coupon(code, func(c *coupon.Coupon) { c.Name = title })
	}
	for search, want := range map[string]string{
		"a_1": "A_1", "_": "A_1", "%": "A_1", "0%": "A_1", "%off": "", `\`: "AB1", `k\s`: "AB1", `\\`: "",
		"'": "C-1", `"quo`: "C-1", "it's": "C-1", "übergrößen": "D1", "ÜBERGRÖßEN": "D1", "éclair": "D1", "n?": "E1", "$1": "E1", ":name": "E1",
		"b1": "AB1", "1": "AB1 A_1 C-1 D1 E1 F1", "strasse": "", "straße": "F1",
		"": "AB1 A_1 C-1 D1 E1 F1", "  D1  ": "D1",
	} {
		var got []string
		for c, err := range e.svc.Coupons(e.Context(), coupon.CouponFilter{Search: search, Sort: coupon.ByCode}) {
			if err != nil {
				e.Fatalf("search for %q: %v", search, err)
			}
			got = append(got, string(c.Code))
		}
		slices.Sort(got)
		if strings.Join(got, " ") != want {
			e.Errorf("search for %q: got %q, want %q", search, strings.Join(got, " "), want)
		}
	}
}

// crowd are redemptions with many ties: two coupons, few instants, three
// currencies, some without a service date, some cancelled, refunded or reserved.
func crowd(e *env) []coupon.Redemption {
	e.Helper()
	e.coupon("ONE")
	e.coupon("TWO")
	var rows []coupon.PastRedemption
	for i := range 30 {
		row := past([]string{"ONE", "TWO"}[i%2], name("b", i/2%11), start.Add(time.Duration(i%4)*time.Microsecond))
		if i >= 22 {
			row.Booking = name("c", i)
		}
		row.Currency = []string{"USD", "EUR", "JPY"}[i%3]
		row.Discount = minor(int64(i%4), "JPY").Amount
		row.Customer = []string{"", "ann", "Ann", "ann@example.com"}[i%4]
		if i%4 > 1 {
			row.EarlierBookings = new(i % 4 / 3)
		}
		if i%5 > 1 {
			row.Cost = new(minor(int64(i%3), "JPY").Amount)
		}
		if i%3 > 0 {
			row.Service = coupon.ServiceTime(start.AddDate(0, 0, i%5))
		}
		if i%7 == 3 {
			row.CancelledAt = start.AddDate(0, 1, 0)
		} else if i%5 == 2 {
			row.Refunds = []coupon.Refund{{Key: "r", Amount: coupon.MustMoney("1", row.Currency), At: start}}
		}
		rows = append(rows, row)
	}
	e.imports(rows...)
	const reserved = 6
	for i := range reserved {
		e.clock.set(start.Add(time.Duration(i%3) * time.Microsecond))
		e.reserve(by(name("r", i), []string{"", "ann"}[i%2]), []string{"ONE", "TWO"}[i/3])
	}
	all := e.pages(coupon.RedemptionQuery{}, 100)
	if want := len(rows) + reserved; len(all) != want {
		e.Fatalf("the list has %d redemptions, want %d", len(all), want)
	}
	return all
}

var redemptionSorts = []coupon.RedemptionSort{coupon.ByMadeAt, coupon.ByServiceAt, coupon.ByBooking, coupon.BySubtotal, coupon.ByDiscount}

func redemptionsPaged(e *env) {
	all := crowd(e)
	for _, by := range redemptionSorts {
		for _, desc := range []bool{false, true} {
			want := model(all, func(coupon.Redemption) bool { return true }, by.CursorOf, desc)
			for _, limit := range []int{1, 2, 7, 30, 100} {
				got := e.pages(coupon.RedemptionQuery{Sort: by, Desc: desc}, limit)
				wantList(e, "by "+string(by)+" "+direction(desc)+" in pages of "+name("", limit), got, want, keyOf)
			}
		}
	}
}

func redemptionsFiltered(e *env) {
	all := crowd(e)
	one := all[0].Coupon
	made := coupon.Range{From: start.Add(time.Microsecond), To: start.Add(3 * time.Microsecond), Clock: coupon.MadeAt}
	served := coupon.Range{From: start.AddDate(0, 0, 1), To: start.AddDate(0, 0, 4), Clock: coupon.ServiceAt}
	for what, q := range map[string]coupon.RedemptionQuery{
		"of a coupon":           {Coupon: one},
		"of a booking":          {Booking: "b3"},
		"of several bookings":   {Bookings: []string{"c25", "b3", "nothing", "b3", "b0"}},
		"of one of several":     {Booking: "b3", Bookings: []string{"b0", "b3"}},
		"of a customer":         {Customer: "ann"},
		"of a code":             {Code: "TWO"},
		"of a currency":         {Currency: "JPY"},
		"redeemed":              {States: []coupon.State{coupon.Redeemed}},
		"reserved":              {States: []coupon.State{coupon.Reserved}},
		"reserved or redeemed":  {States: []coupon.State{coupon.Redeemed, coupon.Reserved}},
		"reserved of a coupon":  {Coupon: one, States: []coupon.State{coupon.Cancelled, coupon.Reserved}, Range: made},
		"cancelled or refunded": {States: []coupon.State{coupon.Cancelled, coupon.Refunded}},
		"made in a range":       {Range: made},
		"made from":             {Range: coupon.Range{From: made.From, Clock: coupon.MadeAt}},
		"made until":            {Range: coupon.Range{To: made.To, Clock: coupon.MadeAt}},
		"served in a range":     {Range: served},
		"served from":           {Range: coupon.Range{From: served.From, Clock: coupon.ServiceAt}},
		"served until":          {Range: coupon.Range{To: served.To, Clock: coupon.ServiceAt}},
		"any service date":      {Range: coupon.Range{Clock: coupon.ServiceAt}},
		"without service date":  {Unscheduled: true},
		"of new customers":      {NewCustomer: true},
		"with a known cost":     {CostKnown: true},
		"new and known":         {Coupon: one, NewCustomer: true, CostKnown: true, States: []coupon.State{coupon.Redeemed, coupon.Refunded}, Range: made},
		"all of it":             {Coupon: one, Customer: "ann", Currency: "USD", States: []coupon.State{coupon.Redeemed}, Range: made},
		"nothing":               {Booking: "b3", Customer: "nobody"},
	} {
		for _, by := range redemptionSorts {
			q.Sort = by
			if q.Range.Clock == "" {
				q.Range.Clock = coupon.MadeAt
			}
			wantList(e, what+" by "+string(by), e.pages(q, 2), model(all, q.Holds, by.CursorOf, false), keyOf)
		}
	}
}

func walkUndisturbed(e *env) {
	for _, code := range []string{"B", "D", "F", "H", "J"} {
		e.coupon(code)
	}
	q := coupon.CouponQuery{Sort: coupon.ByCode, Limit: 2}
	page, err := e.store.Coupons(e.Context(), q)
	if err != nil || len(page) != 2 {
		e.Fatalf("Coupons: %d, error %v", len(page), err)
	}
	got := page
	e.coupon("A")
	e.coupon("C")
	e.coupon("G")
	e.update(page[1].ID, func(c *coupon.Coupon) { c.Name = "edited" })
	q.After, q.Limit = new(q.Sort.CursorOf(page[1])), 10
	if page, err = e.store.Coupons(e.Context(), q); err != nil {
		e.Fatalf("Coupons: %v", err)
	}
	wantList(e, "a walk with additions", append(got, page...), []coupon.Coupon{{Code: "B"}, {Code: "D"}, {Code: "F"}, {Code: "G"}, {Code: "H"}, {Code: "J"}}, codeOf)
}
