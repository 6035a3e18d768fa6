package memory

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/couponkit/coupon"
)

// InsertCoupon implements coupon.Store.
func (s *Store) InsertCoupon(ctx context.Context, c coupon.Coupon) error {
	return s.write(ctx, func(t *tenant) error {
		if _, there := t.coupons[c.ID]; there {
			return coupon.ErrVersion
		}
		if _, taken := t.live[c.Code]; taken && c.ArchivedAt.IsZero() {
			return coupon.ErrDuplicateCode
		}
		t.save(c)
		return nil
	})
}

// UpdateCoupon implements coupon.Store.
func (s *Store) UpdateCoupon(ctx context.Context, c coupon.Coupon, recharge func(coupon.Use) []coupon.Charge) error {
	return s.write(ctx, func(t *tenant) error {
		old, ok := t.coupons[c.ID]
		if !ok {
			return coupon.ErrNotFound
		}
		if old.Version != c.Version-1 {
			return coupon.ErrVersion
		}
		if k, taken := t.live[c.Code]; taken && (k.Coupon != c.ID || !k.Main) && c.ArchivedAt.IsZero() {
			return coupon.ErrDuplicateCode
		}
		if recharge != nil {
			t.recharge(c.ID, recharge)
		}
		t.save(c)
		return nil
	})
}

// recharge replaces what the coupon's redemptions and series hold.
func (t *tenant) recharge(id coupon.ID, recharge func(coupon.Use) []coupon.Charge) {
	again := func(old []coupon.Charge, u coupon.Use) []coupon.Charge {
		for _, ch := range old {
			t.move(coupon.Charge{Slot: ch.Slot, N: -ch.N})
		}
		charges := recharge(u)
		for _, ch := range charges {
			t.move(ch)
		}
		return charges
	}
	for r := range t.all(coupon.RedemptionQuery{Coupon: id}) {
		if r.Holds {
			r.Charges = again(r.Charges, r.Use())
			t.put(r)
		}
	}
	for k, x := range t.series {
		if k.Coupon == id && x.Live > 0 {
			x.Charges = again(x.Charges, x.Use())
			t.series[k] = x
		}
	}
}

// save stores a version, whose main code takes the place of the one before.
func (t *tenant) save(c coupon.Coupon) {
	c = c.Clone()
	t.coupons[c.ID] = c
	t.versions[c.ID] = append(t.versions[c.ID], c)
	main := coupon.MainCode(c)
	codes := slices.DeleteFunc(t.codes[c.ID], func(k *coupon.CouponCode) bool {
		if t.live[k.Code] == k && (k.Main || !c.ArchivedAt.IsZero()) {
			delete(t.live, k.Code)
		}
		return k.Main
	})
	if t.codes[c.ID] = merged(codes, []*coupon.CouponCode{&main}); c.ArchivedAt.IsZero() {
		t.live[c.Code] = &main
	}
}

func byCode(k *coupon.CouponCode, c coupon.Code) int { return compare(k.Code, c) }

// merged adds codes, both in their order, without looking at each: there may be a
// million of them.
func merged(all, more []*coupon.CouponCode) []*coupon.CouponCode {
	end := len(all)
	all = append(all, more...)
	for i, k := range slices.Backward(more) {
		at, _ := slices.BinarySearchFunc(all[:end], k.Code, byCode)
		copy(all[at+i+1:], all[at:end])
		all[at+i] = k
		end = at
	}
	return all
}

// Coupon implements coupon.Store.
func (s *Store) Coupon(ctx context.Context, id coupon.ID) (c coupon.Coupon, err error) {
	err = s.read(ctx, func(t *tenant) error {
		var ok bool
		if c, ok = t.coupons[id]; !ok {
			return coupon.ErrNotFound
		}
		return nil
	})
	return c.Clone(), err
}

// CouponByCode implements coupon.Store.
func (s *Store) CouponByCode(ctx context.Context, code coupon.Code) (c coupon.Coupon, k coupon.CouponCode, err error) {
	err = s.read(ctx, func(t *tenant) error {
		live, ok := t.live[code]
		if !ok {
			return coupon.ErrNotFound
		}
		k = *live
		c = t.coupons[k.Coupon]
		return nil
	})
	return c.Clone(), k, err
}

// InsertCodes implements coupon.Store.
func (s *Store) InsertCodes(ctx context.Context, id coupon.ID, codes []coupon.CouponCode) (taken []coupon.Code, err error) {
	err = s.write(ctx, func(t *tenant) error {
		c, ok := t.coupons[id]
		if !ok || !c.ArchivedAt.IsZero() {
			return coupon.ErrNotFound
		}
		var added []*coupon.CouponCode
		for _, k := range codes {
			place := number{id, k.Batch, k.Number}
			if _, there := t.live[k.Code]; there || k.Number > 0 && t.numbers[place] {
				taken = append(taken, k.Code)
				continue
			}
			if k.Number > 0 {
				t.numbers[place] = true
			}
			t.live[k.Code] = &k
			added = append(added, &k)
		}
		slices.SortFunc(added, func(a, b *coupon.CouponCode) int { return compare(a.Code, b.Code) })
		t.codes[id] = merged(t.codes[id], added)
		return nil
	})
	return taken, err
}

// Codes implements coupon.Store.
func (s *Store) Codes(ctx context.Context, q coupon.CodeQuery) (page []coupon.CouponCode, err error) {
	err = s.read(ctx, func(t *tenant) error {
		codes := t.codes[q.Coupon]
		i, _ := slices.BinarySearchFunc(codes, q.After+"\x00", byCode)
		for ; i < len(codes) && len(page) < q.Limit; i++ {
			if q.Batch == "" || q.Batch == codes[i].Batch {
				page = append(page, *codes[i])
			}
		}
		return nil
	})
	return page, err
}

// earlier reports whether a code says more of when its batch was made than another:
// generated ones by their number, others by their instant.
func earlier(k, o *coupon.CouponCode) bool {
	if k.Number > 0 || o.Number > 0 {
		return k.Number > 0 && (o.Number == 0 || k.Number < o.Number)
	}
	return k.CreatedAt.Before(o.CreatedAt)
}

// Batches implements coupon.Store.
func (s *Store) Batches(ctx context.Context, id coupon.ID, after string, limit int) (page []coupon.BatchState, err error) {
	err = s.read(ctx, func(t *tenant) error {
		batches, first := map[string]coupon.BatchState{}, map[string]*coupon.CouponCode{}
		for _, k := range t.codes[id] {
			if k.Batch <= after {
				continue
			}
			b := batches[k.Batch]
			b.Key, b.Codes = k.Batch, b.Codes+1
			if f, there := first[k.Batch]; !there || earlier(k, f) {
				first[k.Batch], b.CreatedAt = k, k.CreatedAt
			}
			batches[k.Batch] = b
		}
		page = slices.SortedFunc(maps.Values(batches), func(a, b coupon.BatchState) int { return compare(a.Key, b.Key) })
		page = page[:min(limit, len(page))]
		return nil
	})
	return page, err
}

// Coupons implements coupon.Store.
func (s *Store) Coupons(ctx context.Context, q coupon.CouponQuery) (page []coupon.Coupon, err error) {
	err = s.read(ctx, func(t *tenant) error {
		var found []coupon.Coupon
		for _, c := range t.coupons {
			if q.Holds(c) {
				found = append(found, c)
			}
		}
		page = paged(found, q.Sort.CursorOf, q.Desc, q.After, q.Limit)
		return nil
	})
	return page, err
}

// Versions implements coupon.Store.
func (s *Store) Versions(ctx context.Context, id coupon.ID, before int64, limit int) (page []coupon.Coupon, err error) {
	err = s.read(ctx, func(t *tenant) error {
		if _, ok := t.coupons[id]; !ok {
			return coupon.ErrNotFound
		}
		for _, c := range slices.Backward(t.versions[id]) {
			if c.Version < before && len(page) < limit {
				page = append(page, c.Clone())
			}
		}
		return nil
	})
	return page, err
}

// InsertNote implements coupon.Store.
func (s *Store) InsertNote(ctx context.Context, n coupon.Note) (stored coupon.Note, err error) {
	err = s.write(ctx, func(t *tenant) error {
		if _, ok := t.coupons[n.Coupon]; !ok {
			return coupon.ErrNotFound
		}
		if i := t.note(n); i >= 0 {
			stored = t.notes[n.Coupon][i]
			return nil
		}
		stored = n
		t.putNotes(n.Coupon, append(slices.Clone(t.notes[n.Coupon]), n))
		return nil
	})
	return stored, err
}

// UpdateNote implements coupon.Store.
func (s *Store) UpdateNote(ctx context.Context, n coupon.Note) (stored coupon.Note, err error) {
	err = s.write(ctx, func(t *tenant) error {
		i := t.note(n)
		if i < 0 {
			return coupon.ErrNotFound
		}
		if stored = t.notes[n.Coupon][i]; stored.Version != n.Version-1 {
			return nil
		}
		stored.At, stored.Text, stored.Version = n.At, n.Text, n.Version
		notes := slices.Clone(t.notes[n.Coupon])
		notes[i] = stored
		t.putNotes(n.Coupon, notes)
		return nil
	})
	return stored, err
}

// note is where the note of that coupon and id is, or -1.
func (t *tenant) note(n coupon.Note) int {
	return slices.IndexFunc(t.notes[n.Coupon], func(x coupon.Note) bool { return x.ID == n.ID })
}

// putNotes replaces the notes of a coupon, of which readers may hold the old ones.
func (t *tenant) putNotes(id coupon.ID, notes []coupon.Note) {
	slices.SortFunc(notes, func(a, b coupon.Note) int {
		return cmp.Or(a.At.Compare(b.At), compare(a.ID, b.ID))
	})
	t.notes[id] = notes
}

// Notes implements coupon.Store.
func (s *Store) Notes(ctx context.Context, id coupon.ID) (out []coupon.Note, err error) {
	err = s.read(ctx, func(t *tenant) error {
		if _, ok := t.coupons[id]; !ok {
			return coupon.ErrNotFound
		}
		out = slices.Clone(t.notes[id])
		return nil
	})
	return out, err
}

// DeleteNote implements coupon.Store.
func (s *Store) DeleteNote(ctx context.Context, id, note coupon.ID) error {
	return s.write(ctx, func(t *tenant) error {
		i := t.note(coupon.Note{Coupon: id, ID: note})
		if i < 0 {
			return coupon.ErrNotFound
		}
		t.notes[id] = slices.Delete(slices.Clone(t.notes[id]), i, i+1)
		return nil
	})
}

// paged sorts by cursor what comes after a position, and cuts out the page.
func paged[T interface{ Clone() T }](found []T, cursor func(T) coupon.Cursor, desc bool, after *coupon.Cursor, limit int) []T {
	type place struct {
		at coupon.Cursor
		i  int
	}
	order := func(a, b coupon.Cursor) int {
		if desc {
			return b.Compare(a)
		}
		return a.Compare(b)
	}
	var places []place
	for i, x := range found {
		if at := cursor(x); after == nil || order(at, *after) > 0 {
			places = append(places, place{at, i})
		}
	}
	slices.SortFunc(places, func(a, b place) int { return order(a.at, b.at) })
	var page []T
	for _, p := range places[:min(limit, len(places))] {
		page = append(page, found[p.i].Clone()) // the caller may change what it gets
	}
	return page
}

func compare[S ~string](a, b S) int { return cmp.Compare(a, b) }

func compareTimes(a, b time.Time) int { return a.Compare(b) }
