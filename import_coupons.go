package coupon

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"
)

// PastCoupon is a coupon of another system, with its codes and what was used of
// it there.
type PastCoupon struct {
	// Line is where the row came from, for reports: a line number of a file.
	Line int
	// Coupon is as it was there. ID is the host's, so that the same row is known
	// again: 1 to 64 letters A–Z and a–z, digits, "-" and "_"; without one it gets
	// one, and is known by its Code. CreatedAt and CreatedBy are taken where they
	// are given, and so are Inactive and ArchivedAt. An archived coupon needs an
	// id, and takes no code. Version and the last edit are not taken.
	Coupon Coupon
	// Codes are further ones: Code, SingleUse, Customer and Batch are taken. An
	// archived coupon has none.
	Codes []CouponCode
	// Opening is what was used of it, where only a count is known; what is known
	// booking by booking is for [Service.Import].
	Opening []OpeningUses
}

// ImportCouponOptions are optional; the zero value reports nothing on the way.
type ImportCouponOptions struct {
	// Progress is called after every row.
	Progress func(ImportReport)
	// BadRow is called for every row that can't be taken over: the rest goes on.
	BadRow func(BadCoupon)
}

// BadCoupon is a row that was not taken over, and why.
type BadCoupon struct {
	Row PastCoupon // as it was given
	// Err is an [*InvalidError], [ErrDuplicateCode], [*CouponConflictError], or of
	// opening uses a [*ConflictError] or [ErrOverflow]: a counter out of all range,
	// of which the coupon itself is there.
	Err error
}

// Error is the line and the reason.
func (b BadCoupon) Error() string { return fmt.Sprintf("line %d: %v", b.Row.Line, b.Err) }

// ImportCoupons takes over coupons of another system in bulk, with their further
// codes and opening uses. Rows are streamed. A bad row changes nothing, is
// reported, and the rest goes on. Opening uses are charged to limits
// unconditionally, so that more may be used than is allowed, which then refuses
// new uses.
//
// It can be run again. A row that is there already with the same content is
// Known, whatever was edited since; with other content it is a bad row. A row may
// come again with more codes or more opening uses than before: they are added.
//
// A row takes up to three steps: the coupon, its codes, its opening uses. Where an
// import ends between them, by a failure of the store, running it again completes
// the row; until then the coupon is there without what it lacks, so import before
// codes are given out. In a transaction of the host's (see [Service.With]) all of
// it stands or falls together.
//
// The error is the first one of rows, of the store or of ctx; what was recorded
// before it stays.
func (s *Service) ImportCoupons(ctx context.Context, rows iter.Seq2[PastCoupon, error], opt ImportCouponOptions) (ImportReport, error) {
	var report ImportReport
	for row, err := range rows {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return report, err
		}
		report.Read++
		wrote, err := s.importCoupon(ctx, row)
		switch {
		case err == nil && wrote:
			report.Recorded++
		case err == nil:
			report.Known++
		case errors.Is(err, ErrInvalid) || errors.Is(err, ErrDuplicateCode) || errors.Is(err, ErrConflict) || errors.Is(err, ErrOverflow):
			report.Bad++
			if opt.BadRow != nil {
				opt.BadRow(BadCoupon{Row: row, Err: err})
			}
		default:
			return report, err
		}
		if opt.Progress != nil {
			opt.Progress(report)
		}
	}
	return report, nil
}

// couponRow is a checked row.
type couponRow struct {
	coupon  Coupon
	codes   []CouponCode
	opening []OpeningUses
	with    []CouponCode // the code of each of opening
}

// normal checks a row and gives its canonical form.
func (row PastCoupon) normal(now time.Time, actor string) (couponRow, error) {
	c := row.Coupon.normal()
	var p problems
	if c.ID != "" || !c.ArchivedAt.IsZero() {
		checkHostID(&p, "id", c.ID)
	}
	if e, ok := errors.AsType[*InvalidError](c.Validate()); ok {
		p = append(p, e.Fields...)
	}
	checkInstant(&p, "created_at", c.CreatedAt)
	checkText(&p, "created_by", c.CreatedBy, maxNameLength, false)
	checkInstant(&p, "archived_at", c.ArchivedAt)
	c.CreatedAt, c.ArchivedAt = instant(c.CreatedAt), instant(c.ArchivedAt)
	c.Version, c.UpdatedAt, c.UpdatedBy = 1, now, actor
	x := couponRow{coupon: c}
	if n := len(row.Codes); n > 0 && !c.ArchivedAt.IsZero() {
		p.add("codes", strconv.Itoa(n), "must be empty of an archived coupon, whose codes are free")
	}
	seen := map[Code]bool{c.Code: true}
	for i, k := range row.Codes {
		field := fmt.Sprintf("codes[%d].", i)
		k = k.validate(&p, field)
		if k.Code != "" && seen[k.Code] {
			p.add(field+"code", string(k.Code), "must be another one than the coupon's and each other")
		}
		seen[k.Code] = true
		x.codes = append(x.codes, CouponCode{Code: k.Code, SingleUse: k.SingleUse, Customer: k.Customer, Batch: k.Batch, CreatedAt: now, CreatedBy: actor})
	}
	keys := map[string]bool{}
	for i, u := range row.Opening {
		field := fmt.Sprintf("opening[%d].", i)
		u, k := u.normal(&p, field, c, x.codes)
		key := cmp.Or(u.Key, OpeningKey(c.ID))
		if keys[key] {
			p.add(field+"key", key, "must be unique among the coupon's")
		}
		keys[key] = true
		x.opening, x.with = append(x.opening, u), append(x.with, k)
	}
	return x, p.err()
}

// checkHostID: it stands in addresses of pages.
func checkHostID(p *problems, field string, id ID) {
	bad := strings.IndexFunc(string(id), func(r rune) bool {
		return (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_'
	})
	switch {
	case id == "":
		p.add(field, "", "must be set of an archived coupon: nothing else tells that it is there already")
	case bad >= 0 || len(id) > 64:
		p.add(field, string(id), "must have 1 to 64 of the letters A–Z and a–z, digits, - and _")
	}
}

// importCoupon takes over one row, or completes it, and reports whether anything
// was new. What is wrong with a row is found before anything is written, but for
// what somebody else writes meanwhile.
func (s *Service) importCoupon(ctx context.Context, row PastCoupon) (wrote bool, err error) {
	now := s.Now()
	x, err := row.normal(now, s.actor)
	if err != nil {
		return false, err
	}
	for range attempts {
		c, there, err := s.imported(ctx, x.coupon)
		if err != nil {
			return false, err
		}
		codes, err := s.newCodes(ctx, x.codes, c.ID, there)
		if err != nil {
			return false, err
		}
		if !there {
			c, err = s.insertImported(ctx, x.coupon)
			if errors.Is(err, ErrVersion) || errors.Is(err, ErrDuplicateCode) && x.coupon.ID == "" {
				continue // somebody else was faster, perhaps with the same row
			}
			if err != nil {
				return false, err
			}
		}
		works, err := s.newOpenings(ctx, x, c, there, now)
		if err != nil {
			return false, err
		}
		addedCodes, err := s.addCodes(ctx, c.ID, codes)
		if err != nil {
			return false, err
		}
		opened, err := s.open(ctx, works)
		return !there || addedCodes || opened, err
	}
	return false, ErrContention
}

// imported finds what was imported or created as this coupon, and compares it:
// its first version, because what was edited since does not make it another.
func (s *Service) imported(ctx context.Context, c Coupon) (Coupon, bool, error) {
	id := c.ID
	if id == "" {
		found, k, err := s.store.CouponByCode(ctx, c.Code)
		switch {
		case errors.Is(err, ErrNotFound):
			return Coupon{}, false, nil
		case err != nil:
			return Coupon{}, false, err
		case !k.Main:
			return Coupon{}, false, duplicate(c.Code)
		}
		id = found.ID
	}
	versions, err := s.store.Versions(ctx, id, 2, 1)
	if errors.Is(err, ErrNotFound) {
		if !c.ArchivedAt.IsZero() {
			return Coupon{}, false, nil
		}
		_, _, err = s.store.CouponByCode(ctx, c.Code)
		if err == nil {
			return Coupon{}, false, duplicate(c.Code)
		}
		if errors.Is(err, ErrNotFound) {
			err = nil
		}
		return Coupon{}, false, err
	}
	if err != nil {
		return Coupon{}, false, err
	}
	if len(versions) == 0 {
		return Coupon{}, false, ErrNotFound
	}
	first := versions[0]
	c.ID, c.UpdatedAt, c.UpdatedBy = first.ID, first.UpdatedAt, first.UpdatedBy
	if c.CreatedAt.IsZero() {
		c.CreatedAt = first.CreatedAt
	}
	if c.CreatedBy == "" {
		c.CreatedBy = first.CreatedBy
	}
	if differs := differences("", c, first); len(differs) > 0 {
		return Coupon{}, false, &CouponConflictError{Coupon: first.ID, Differs: differs}
	}
	return first, true, nil
}

func duplicate(code Code) error { return fmt.Errorf("%w: %s", ErrDuplicateCode, code) }

// insertImported stores a coupon that is not there.
func (s *Service) insertImported(ctx context.Context, c Coupon) (Coupon, error) {
	if c.ID == "" {
		var err error
		if c.ID, err = newID(c.UpdatedAt, s.rand); err != nil {
			return Coupon{}, err
		}
	}
	if c.CreatedAt.IsZero() {
		c.CreatedAt = c.UpdatedAt
	}
	if c.CreatedBy == "" {
		c.CreatedBy = c.UpdatedBy
	}
	return c, s.store.InsertCoupon(ctx, c)
}

// newCodes are those that the coupon does not have. One that was archived since
// takes no more.
func (s *Service) newCodes(ctx context.Context, codes []CouponCode, id ID, there bool) ([]CouponCode, error) {
	if there && len(codes) > 0 {
		if c, err := s.store.Coupon(ctx, id); err != nil || !c.ArchivedAt.IsZero() {
			return nil, err
		}
	}
	var out []CouponCode
	for i, k := range codes {
		_, is, err := s.store.CouponByCode(ctx, k.Code)
		k.Coupon = id
		switch {
		case errors.Is(err, ErrNotFound):
			out = append(out, k)
		case err != nil:
			return nil, err
		case !there || is.Coupon != id:
			return nil, duplicate(k.Code)
		case !is.same(k):
			return nil, &CouponConflictError{Coupon: id, Differs: []string{fmt.Sprintf("codes[%d]", i)}}
		}
	}
	return out, nil
}

// newOpenings are the entries that are not recorded.
func (s *Service) newOpenings(ctx context.Context, x couponRow, c Coupon, there bool, now time.Time) ([]*recording, error) {
	var out []*recording
	for i, u := range x.opening {
		w := u.recording(c, x.with[i], now, s.actor)
		if there {
			r, err := s.Redemption(ctx, c.ID, w.fact.Booking)
			switch {
			case err == nil && r.Fingerprint != w.fact.Fingerprint:
				return nil, &ConflictError{Redemption: r, Differs: "what is recorded has another content"}
			case err == nil:
				continue
			case !errors.Is(err, ErrNotFound):
				return nil, err
			}
		}
		out = append(out, w)
	}
	return out, nil
}

// importBatch is how many codes, or opening uses, are written together.
const importBatch = 500

func (s *Service) addCodes(ctx context.Context, id ID, codes []CouponCode) (added bool, err error) {
	for page := range slices.Chunk(codes, importBatch) {
		for i := range page {
			page[i].Coupon = id
		}
		taken, err := s.store.InsertCodes(ctx, id, page)
		if errors.Is(err, ErrNotFound) {
			return added, nil // it was archived meanwhile
		}
		if err != nil {
			return added, err
		}
		added = added || len(taken) < len(page)
		for _, k := range page {
			if !slices.Contains(taken, k.Code) {
				continue
			}
			if _, is, err := s.store.CouponByCode(ctx, k.Code); err != nil && !errors.Is(err, ErrNotFound) {
				return added, err
			} else if err != nil || !is.same(k) {
				return added, duplicate(k.Code)
			}
		}
	}
	return added, nil
}

func (s *Service) open(ctx context.Context, works []*recording) (opened bool, err error) {
	for page := range slices.Chunk(works, importBatch) {
		groups := make([]*Group, len(page))
		for i, w := range page {
			groups[i] = &Group{Coupons: []ID{w.fact.Coupon}, Booking: w.fact.Booking, slots: w.slots, decide: w.decide}
		}
		if err := s.store.Write(ctx, groups); err != nil {
			return opened, err
		}
		for i, g := range groups {
			if g.err != nil {
				return opened, g.err
			}
			opened = opened || !page[i].known
		}
	}
	return opened, nil
}
