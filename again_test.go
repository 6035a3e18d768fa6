package coupon_test

import (
	"testing"

	"github.com/couponkit/coupon"
)

func TestAnIDOfTheCallersIsKept(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	id, err := d.NewID()
	if err != nil {
		t.Fatal(err)
	}
	c := d.create(func(c *coupon.Coupon) { c.ID = id })
	if c.ID != id {
		t.Errorf("it has the id %s, want %s", c.ID, id)
	}
	for _, bad := range []coupon.ID{"a b", "ü", "a/b", coupon.ID(make([]byte, 65))} {
		other, _ := plain()
		other.ID, other.Name = bad, "line\nbreak"
		_, err := d.Create(d.ctx, other)
		wantField(t, err, "id", "must have 1 to 64")
		wantField(t, err, "name", "must not have control") // all at once
	}
}

// A coupon that was read may be made anew under another code, but not under the
// id that it has.
func TestACouponReadIsNotCreatedAgainUnderItsID(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.create(nil)
	c.Code = "OTHER"
	if _, err := d.Create(d.ctx, c); err == nil {
		t.Error("a coupon was created under the id of another")
	}
	c.ID = ""
	if twin, err := d.Create(d.ctx, c); err != nil || twin.Code != "OTHER" {
		t.Errorf("%+v, error %v", twin, err)
	}
}

// An edit that is made twice, by a form that was sent twice, is told apart from
// two edits by what it says.
func TestTheSameEditAgainIsNoConflict(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		first  func(*coupon.Coupon)
		second func(*coupon.Coupon)
		same   bool
	}{
		{"one name", func(c *coupon.Coupon) { c.Name = "x" }, func(c *coupon.Coupon) { c.Name = "x" }, true},
		{"spelled otherwise", func(c *coupon.Coupon) { c.Code = " ten2 " }, func(c *coupon.Coupon) { c.Code = "TEN2" }, true},
		{"a default written out", func(c *coupon.Coupon) { c.Name, c.ValidBy = "x", "" }, func(c *coupon.Coupon) { c.Name, c.ValidBy = "x", coupon.MadeAt }, true},
		{"an amount with a nought", func(c *coupon.Coupon) { c.Restrictions.MinTotal = coupon.MustMoney("5", "USD") },
			func(c *coupon.Coupon) { c.Restrictions.MinTotal = coupon.MustMoney("5.00", "USD") }, true},
		{"another name", func(c *coupon.Coupon) { c.Name = "x" }, func(c *coupon.Coupon) { c.Name = "y" }, false},
		{"more beside it", func(c *coupon.Coupon) { c.Name = "x" }, func(c *coupon.Coupon) { c.Name, c.Inactive = "x", true }, false},
		{"nothing", func(c *coupon.Coupon) { c.Name = "x" }, func(*coupon.Coupon) {}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			c := d.create(nil)
			mine, theirs := c, c
			tc.first(&mine)
			tc.second(&theirs)
			stored, err := d.Update(d.ctx, mine)
			if err != nil {
				t.Fatal(err)
			}
			got, err := d.Update(d.ctx, theirs)
			if tc.same && (err != nil || got.Version != stored.Version) {
				t.Errorf("version %d, error %v", got.Version, err)
			}
			if !tc.same && err == nil {
				t.Errorf("it made version %d", got.Version)
			}
		})
	}
}
