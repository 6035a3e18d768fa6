package coupon

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"
)

// A form may be sent twice, and an answer may be lost: the same call again must do
// no more than the first, and answer as it did.

// content is the coupon without what the Service sets, to tell whether two are the
// same.
func (c Coupon) content() Coupon {
	c.Version, c.CreatedAt, c.CreatedBy, c.UpdatedAt, c.UpdatedBy = 0, time.Time{}, "", time.Time{}, ""
	return c
}

// differs are the fields of content in which the two are not the same.
func (c Coupon) differs(o Coupon) []string { return differences("", c.content(), o.content()) }

// created answers who creates a coupon under an id that is there: with what is
// stored, if it was made with the same content. What was edited since does not
// make it another.
func (s *Service) created(ctx context.Context, c Coupon) (Coupon, error) {
	versions, err := s.store.Versions(ctx, c.ID, 2, 1)
	if err != nil {
		return Coupon{}, err
	}
	if len(versions) == 0 {
		return Coupon{}, ErrNotFound
	}
	if differs := c.differs(versions[0]); len(differs) > 0 {
		return Coupon{}, &CouponConflictError{Coupon: c.ID, Differs: differs}
	}
	return s.store.Coupon(ctx, c.ID)
}

// updated answers who edits a version that is not the stored one any more: with
// what is stored, if the edit is in it, because it is what is stored now, or was
// the next version.
func (s *Service) updated(ctx context.Context, c, stored Coupon) (Coupon, error) {
	is := func(o Coupon) bool {
		c.ArchivedAt = o.ArchivedAt // not what an edit is about
		return len(c.differs(o)) == 0
	}
	if is(stored) {
		return stored, nil
	}
	if c.Version >= 1 && c.Version < stored.Version-1 {
		next, err := s.store.Versions(ctx, c.ID, c.Version+2, 1)
		if err != nil {
			return Coupon{}, err
		}
		if len(next) == 1 && is(next[0]) {
			return stored, nil
		}
	}
	return Coupon{}, &VersionError{Current: stored}
}

// differences are the fields, as in JSON, in which two values are not the same:
// 1.5 is 1.50. It looks one level deep into an object.
func differences(path string, a, b any) []string {
	x, y := fieldsOf(a), fieldsOf(b)
	all := maps.Clone(x)
	maps.Copy(all, y)
	var out []string
	for _, k := range slices.Sorted(maps.Keys(all)) {
		switch {
		case bytes.Equal(x[k], y[k]):
		case path == "" && (bytes.HasPrefix(x[k], []byte("{")) || bytes.HasPrefix(y[k], []byte("{"))):
			out = append(out, differences(k+".", x[k], y[k])...)
		default:
			out = append(out, path+k)
		}
	}
	return out
}

func fieldsOf(v any) map[string]json.RawMessage {
	data, err := json.Marshal(v)
	out := map[string]json.RawMessage{}
	if err == nil {
		err = json.Unmarshal(data, &out)
	}
	if err != nil {
		panic(err) // a coupon is an object of plain values
	}
	return out
}
