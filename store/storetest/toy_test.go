package storetest

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/couponkit/coupon"
)

// toy is the plainest store that passes the suite: lists and one lock. It can be
// given one defect, as stores have had them.
type toy struct {
	*toyDB
	merchant string
	defect   string
}

type toyDB struct {
	mu     sync.Mutex
	shops  map[string]*shop
	locks  sync.Mutex
	locked map[coupon.ID]bool // only coupons that are locked in no order
	served int                // rows of a walk that were given out: only paging by offset wants to know
}

// shop is what one merchant has, in the order in which it came.
type shop struct {
	coupons, versions []coupon.Coupon
	notes             []coupon.Note
	redemptions       []coupon.Redemption
	codes             []coupon.CouponCode // of all coupons, also of archived ones
	series            map[coupon.SeriesKey]coupon.Series
	counters          map[coupon.Slot]int64
	events            []coupon.Event
	refusals          []coupon.RefusalRecord
	before            *shop // as it was before the last Write
}

func (s *shop) clone() *shop {
	c := *s
	c.coupons, c.redemptions = slices.Clone(s.coupons), slices.Clone(s.redemptions)
	c.counters, c.series = maps.Clone(s.counters), maps.Clone(s.series)
	return &c
}

func newToy(defect string) func(merchant string) coupon.Store {
	db := &toyDB{shops: map[string]*shop{}, locked: map[coupon.ID]bool{}}
	return func(merchant string) coupon.Store { return &toy{db, merchant, defect} }
}

func (s *toy) has(defect string) bool { return s.defect == defect }

func (s *toy) do(ctx context.Context, f func(*shop) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil && !s.has("the context is ignored") {
		return err
	}
	m := s.merchant
	switch {
	case s.has("the merchant is ignored"):
		m = "everybody"
	case s.has("merchants are trimmed and lower-cased"):
		m = strings.ToLower(strings.TrimSpace(m))
	}
	if s.shops[m] == nil {
		s.shops[m] = &shop{counters: map[coupon.Slot]int64{}, series: map[coupon.SeriesKey]coupon.Series{}}
	}
	return f(s.shops[m])
}

func (s *toy) InsertCoupon(ctx context.Context, c coupon.Coupon) error {
	return s.do(ctx, func(sh *shop) error {
		if slices.ContainsFunc(sh.coupons, func(o coupon.Coupon) bool { return o.ID == c.ID }) && !s.has("an id may be inserted twice") {
			return coupon.ErrVersion
		}
		if s.taken(sh, c) {
			return coupon.ErrDuplicateCode
		}
		c = s.storedCoupon(c)
		sh.coupons, sh.versions, sh.codes = append(sh.coupons, c), append(sh.versions, c), append(sh.codes, coupon.MainCode(c))
		return nil
	})
}

// taken says whether another coupon has the code.
func (s *toy) taken(sh *shop, c coupon.Coupon) bool {
	if s.has("codes are not unique") || !c.ArchivedAt.IsZero() && !s.has("an archived coupon asks for its code") {
		return false
	}
	if s.has("a code once used stays taken") {
		return slices.ContainsFunc(sh.versions, func(o coupon.Coupon) bool { return o.Code == c.Code && o.ID != c.ID })
	}
	k, ok := s.code(sh, c.Code)
	if !k.Main && s.has("a main code may be another's further one") {
		return false
	}
	return ok && !(k.Coupon == c.ID && k.Main)
}

// code finds the code of a coupon that is not archived.
func (s *toy) code(sh *shop, code coupon.Code) (coupon.CouponCode, bool) {
	fold, mainOnly := s.has("codes and keys ignore case"), s.has("further codes are not found")
	for _, k := range sh.codes {
		same := k.Code == code || fold && strings.EqualFold(string(k.Code), string(code))
		if !same || mainOnly && !k.Main {
			continue
		}
		c := sh.coupons[slices.IndexFunc(sh.coupons, func(c coupon.Coupon) bool { return c.ID == k.Coupon })]
		if c.ArchivedAt.IsZero() || s.has("archived coupons keep their code") {
			return k, true
		}
	}
	return coupon.CouponCode{}, false
}

func (s *toy) UpdateCoupon(ctx context.Context, c coupon.Coupon, recharge func(coupon.Use) []coupon.Charge) error {
	return s.do(ctx, func(sh *shop) error {
		if s.has("an edit recounts before it is checked") {
			s.recharge(sh, c.ID, recharge)
		}
		i := slices.IndexFunc(sh.coupons, func(o coupon.Coupon) bool { return o.ID == c.ID })
		switch {
		case i < 0:
			return coupon.ErrNotFound
		case sh.coupons[i].Version != c.Version-1 && !s.has("the version is not compared"):
			return coupon.ErrVersion
		case s.taken(sh, c):
			return coupon.ErrDuplicateCode
		}
		c = s.storedCoupon(c)
		for j := range sh.redemptions {
			if r := &sh.redemptions[j]; r.Coupon == c.ID && r.State == coupon.Reserved && s.has("an edit releases what is reserved") {
				r.State = coupon.Released
			}
		}
		sh.coupons[i], sh.versions = c, append(sh.versions, c)
		sh.codes = slices.DeleteFunc(slices.Clone(sh.codes), func(k coupon.CouponCode) bool {
			return k.Coupon == c.ID && (k.Main || s.has("an edit forgets the further codes"))
		})
		sh.codes = append(sh.codes, coupon.MainCode(c))
		if !s.has("an edit recounts nothing") {
			s.recharge(sh, c.ID, recharge)
		}
		for slot := range sh.counters {
			if slot.Coupon == c.ID && s.has("an edit starts the counters anew") {
				sh.counters[slot] = 0
			}
		}
		for j := range sh.redemptions {
			if r := &sh.redemptions[j]; r.Coupon == c.ID && s.has("an edit rewrites the past") {
				r.Code, r.Terms = c.Code, c.Discount
			}
		}
		return nil
	})
}

func (s *toy) recharge(sh *shop, id coupon.ID, recharge func(coupon.Use) []coupon.Charge) {
	if recharge == nil {
		return
	}
	again := func(charges *[]coupon.Charge, u coupon.Use) {
		if s.has("an edit counts one use each") {
			u.Uses = min(u.Uses, 1)
		}
		for _, ch := range *charges {
			sh.counters[s.slot(ch.Slot)] -= ch.N
		}
		*charges = recharge(u)
		for _, ch := range *charges {
			sh.counters[s.slot(ch.Slot)] += ch.N
		}
	}
	for i := range sh.redemptions {
		if r := &sh.redemptions[i]; r.Coupon == id && r.Holds {
			again(&r.Charges, r.Use())
		}
	}
	for k, x := range sh.series {
		if k.Coupon == id && x.Live > 0 && !s.has("an edit forgets the series") {
			again(&x.Charges, x.Use())
			sh.series[k] = x
		}
	}
}

func (s *toy) slot(slot coupon.Slot) coupon.Slot {
	if s.has("counters forget their period") {
		slot.Every, slot.Since = "", ""
	}
	if slot.Per == coupon.PerCode && s.has("counters forget their code") {
		slot.Subject = ""
	}
	return slot
}

func (s *toy) find(ctx context.Context, is func(coupon.Coupon) bool) (c coupon.Coupon, err error) {
	err = s.do(ctx, func(sh *shop) error {
		i := slices.IndexFunc(sh.coupons, is)
		if i < 0 {
			if s.has("what is not there is empty") {
				return nil
			}
			return coupon.ErrNotFound
		}
		c = s.readCoupon(sh.coupons[i])
		return nil
	})
	return c, err
}

func (s *toy) Coupon(ctx context.Context, id coupon.ID) (coupon.Coupon, error) {
	return s.find(ctx, func(c coupon.Coupon) bool { return c.ID == id })
}

func (s *toy) CouponByCode(ctx context.Context, code coupon.Code) (coupon.Coupon, coupon.CouponCode, error) {
	var k coupon.CouponCode
	err := s.do(ctx, func(sh *shop) error {
		var ok bool
		if k, ok = s.code(sh, code); !ok && !s.has("what is not there is empty") {
			return coupon.ErrNotFound
		}
		if s.has("a further code is given as the main one") {
			k.Code = sh.coupons[slices.IndexFunc(sh.coupons, func(c coupon.Coupon) bool { return c.ID == k.Coupon })].Code
		}
		return nil
	})
	if err != nil || k.Coupon == "" {
		return coupon.Coupon{}, k, err
	}
	c, err := s.Coupon(ctx, k.Coupon)
	return c, k, err
}

func (s *toy) Coupons(ctx context.Context, q coupon.CouponQuery) (page []coupon.Coupon, err error) {
	err = s.do(ctx, func(sh *shop) error {
		holds := q.Holds
		switch {
		case len(q.IDs) > 0 && s.has("what is not there is empty"):
			for _, id := range q.IDs {
				if !slices.ContainsFunc(sh.coupons, func(c coupon.Coupon) bool { return c.ID == id }) {
					page = append(page, coupon.Coupon{ID: id})
				}
			}
			page = append(page, sh.coupons...)
			return nil
		case s.has("a page of coupons is of all"):
			q.IDs, q.Search = nil, ""
			holds = q.Holds
		case s.has("archived coupons are always listed"):
			q.Archived = nil
			holds = q.Holds
		case s.has("a search has wildcards"):
			holds = func(c coupon.Coupon) bool {
				like := q.Search
				q := q
				q.Search = ""
				return q.Holds(c) && containsLike(coupon.SearchText(c), like)
			}
		}
		page = cut(s, sh.coupons, holds, q.Sort.CursorOf, q.Desc, q.After, q.Limit)
		for i := range page {
			page[i] = s.readCoupon(page[i])
		}
		return nil
	})
	return page, err
}

// containsLike is LIKE '%…%' without escapes.
func containsLike(text, pattern string) bool {
	if pattern == "" {
		return true
	}
	for i := range text {
		if like(text[i:], pattern+"%") {
			return true
		}
	}
	return false
}

func like(text, pattern string) bool {
	switch {
	case pattern == "":
		return text == ""
	case pattern[0] == '%':
		return like(text, pattern[1:]) || text != "" && like(text[1:], pattern)
	case text == "":
		return false
	}
	return (pattern[0] == '_' || pattern[0] == text[0]) && like(text[1:], pattern[1:])
}

// cut is one page.
func cut[V any](s *toy, all []V, holds func(V) bool, cursor func(V) coupon.Cursor, desc bool, after *coupon.Cursor, limit int) (page []V) {
	for _, v := range all {
		if holds(v) {
			page = append(page, v)
		}
	}
	order := func(a, b coupon.Cursor) int {
		if s.has("texts are sorted by a collation") {
			fold := func(text string) string { return strings.ToLower(strings.NewReplacer("-", "", "_", "").Replace(text)) }
			a.Text, b.Text = fold(a.Text), fold(b.Text)
		}
		if desc {
			a, b = b, a
		}
		return a.Compare(b)
	}
	slices.SortFunc(page, func(a, b V) int { return order(cursor(a), cursor(b)) })
	if s.has("pages are counted off") {
		if after == nil {
			s.served = 0
		}
		page = page[min(len(page), s.served):]
		page = page[:min(limit, len(page))]
		s.served += len(page)
		return page
	}
	if after != nil {
		page = slices.DeleteFunc(page, func(v V) bool {
			c := cursor(v)
			if s.has("pages skip ties") {
				c.Keys = after.Keys
			}
			return order(c, *after) <= 0
		})
	}
	return page[:min(limit, len(page))]
}

func (s *toy) Versions(ctx context.Context, id coupon.ID, before int64, limit int) (page []coupon.Coupon, err error) {
	err = s.do(ctx, func(sh *shop) error {
		found := false
		for _, c := range slices.Backward(sh.versions) {
			found = found || c.ID == id
			old := slices.ContainsFunc(sh.coupons, func(o coupon.Coupon) bool { return o.ID == id && o.Version > c.Version })
			if c.ID == id && c.Version < before && len(page) < limit && !(old && s.has("only the last version is kept")) {
				page = append(page, s.readCoupon(c))
			}
		}
		if s.has("versions begin with the oldest") {
			slices.Reverse(page)
		}
		if !found {
			return coupon.ErrNotFound
		}
		return nil
	})
	return page, err
}

func (s *toy) hasCoupon(sh *shop, id coupon.ID) error {
	if slices.ContainsFunc(sh.coupons, func(c coupon.Coupon) bool { return c.ID == id }) || s.has("notes need no coupon") {
		return nil
	}
	return coupon.ErrNotFound
}

func (s *toy) InsertNote(ctx context.Context, n coupon.Note) (stored coupon.Note, err error) {
	err = s.do(ctx, func(sh *shop) error {
		if stored = n; s.has("a note is added twice") {
			n.ID += "'"
		} else if i := slices.IndexFunc(sh.notes, func(x coupon.Note) bool { return x.Coupon == n.Coupon && x.ID == n.ID }); i >= 0 {
			if stored = sh.notes[i]; s.has("a note replaces what was there") {
				sh.notes[i] = n
			}
			return nil
		}
		sh.notes = append(sh.notes, n)
		return s.hasCoupon(sh, n.Coupon)
	})
	return stored, err
}

func (s *toy) UpdateNote(ctx context.Context, n coupon.Note) (stored coupon.Note, err error) {
	err = s.do(ctx, func(sh *shop) error {
		i := slices.IndexFunc(sh.notes, func(x coupon.Note) bool { return x.Coupon == n.Coupon && x.ID == n.ID })
		if i < 0 {
			return coupon.ErrNotFound
		}
		if stored = sh.notes[i]; stored.Version != n.Version-1 && !s.has("a note's version is not looked at") {
			return nil
		}
		if stored.At, stored.Text, stored.Version = n.At, n.Text, n.Version; s.has("an edited note is written anew") {
			stored = n
		}
		sh.notes = slices.Clone(sh.notes)
		sh.notes[i] = stored
		return nil
	})
	return stored, err
}

func (s *toy) Notes(ctx context.Context, id coupon.ID) (notes []coupon.Note, err error) {
	err = s.do(ctx, func(sh *shop) error {
		for _, n := range sh.notes {
			if n.Coupon == id {
				notes = append(notes, n)
			}
		}
		if !s.has("notes are listed as they came") {
			slices.SortFunc(notes, func(a, b coupon.Note) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) })
		}
		return s.hasCoupon(sh, id)
	})
	return notes, err
}

func (s *toy) DeleteNote(ctx context.Context, id, note coupon.ID) error {
	return s.do(ctx, func(sh *shop) error {
		n := len(sh.notes)
		sh.notes = slices.DeleteFunc(sh.notes, func(n coupon.Note) bool {
			return n.Coupon == id && (n.ID == note || s.has("a note takes its neighbours along"))
		})
		if len(sh.notes) == n {
			return coupon.ErrNotFound
		}
		return nil
	})
}

func (s *toy) readCoupon(c coupon.Coupon) coupon.Coupon {
	if s.has("readers share what is stored") {
		return c
	}
	c = c.Clone()
	if s.has("absent lists become empty") && c.Restrictions.Days == nil {
		c.Restrictions.Days = []time.Weekday{}
	}
	return c
}

func (s *toy) storedCoupon(c coupon.Coupon) coupon.Coupon {
	if s.has("readers share what is stored") {
		return c
	}
	c = c.Clone()
	if s.has("how much of a series is covered is not kept") {
		c.Restrictions.Occurrences = 0
	}
	c.Combinable = c.Combinable || s.has("whether a coupon stands alone is not kept")
	s.instants(&c.Start, &c.End)
	return c
}

// instants are as this store can keep them.
func (s *toy) instants(ts ...*time.Time) {
	for _, t := range ts {
		switch {
		case s.has("instants have milliseconds only"):
			*t = t.Truncate(time.Millisecond)
		case s.has("instants are nanoseconds in an int64") && !t.IsZero():
			*t = time.Unix(0, t.UnixNano()).UTC()
		}
	}
}
