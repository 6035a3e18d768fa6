package coupon_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/store/memory"
)

// desk is a service with a clock that a test sets.
type desk struct {
	*coupon.Service
	store coupon.Store
	t     *testing.T
	ctx   context.Context
	now   *time.Time
}

func newDesk(t *testing.T) desk {
	t.Helper()
	return newDeskWith(t, func(*coupon.Config) {})
}

// newDeskWith is a desk whose service is made in another way.
func newDeskWith(t *testing.T, edit func(*coupon.Config)) desk {
	t.Helper()
	now := noon
	st := memory.New()
	cfg := coupon.Config{
		Store: st,
		Now:   func() time.Time { return now },
		Rand:  rand.NewChaCha8([32]byte{1}),
	}
	edit(&cfg)
	svc, err := coupon.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return desk{svc, st, t, t.Context(), &now}
}

// create makes the plain coupon, changed.
func (d desk) create(change func(*coupon.Coupon)) coupon.Coupon {
	d.t.Helper()
	c, _ := plain()
	if change != nil {
		change(&c)
	}
	c, err := d.Create(d.ctx, c)
	if err != nil {
		d.t.Fatal(err)
	}
	return c
}

// booking is the plain booking under another id.
func booking(id string) coupon.Booking {
	_, b := plain()
	b.ID = id
	return b
}

func TestNewNeedsAStore(t *testing.T) {
	t.Parallel()
	if _, err := coupon.New(coupon.Config{}); err == nil {
		t.Error("a Service without a Store was made")
	}
}

func TestCreateGivesIDVersionAndMaker(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c, _ := plain()
	c.Code, c.Version, c.ArchivedAt = " ten ", 7, noon
	got, err := d.As("maria").Create(d.ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	if got.ID == "" || got.Version != 1 || got.Code != "TEN" || !got.ArchivedAt.IsZero() {
		t.Errorf("created %+v", got)
	}
	if got.CreatedBy != "maria" || got.UpdatedBy != "maria" || !got.CreatedAt.Equal(noon) || !got.UpdatedAt.Equal(noon) {
		t.Errorf("made by %q at %s", got.CreatedBy, got.CreatedAt)
	}
	stored, err := d.Coupon(d.ctx, got.ID)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(got, stored); diff != "" {
		t.Error(diff)
	}
}

func TestACodeIsUniqueUntilItsCouponIsArchived(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	first := d.create(nil)
	c, _ := plain()
	c.Code = "ten"
	if _, err := d.Create(d.ctx, c); !errors.Is(err, coupon.ErrDuplicateCode) {
		t.Errorf("a second TEN: %v", err)
	}
	if _, err := d.Deactivate(d.ctx, first.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Create(d.ctx, c); !errors.Is(err, coupon.ErrDuplicateCode) {
		t.Errorf("a second TEN while the first is inactive: %v", err)
	}
	if _, err := d.Archive(d.ctx, first.ID); err != nil {
		t.Fatal(err)
	}
	second := d.create(nil)
	if got, err := d.CouponByCode(d.ctx, "ten"); err != nil || got.ID != second.ID {
		t.Errorf("TEN is %v, %v", got.ID, err)
	}
}

func TestUpdateIsRefusedWhenSomebodyElseWasFaster(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.create(nil)
	mine, theirs := c, c
	mine.Name, theirs.Name = "mine", "theirs"
	theirs, err := d.As("tom").Update(d.ctx, theirs)
	if err != nil || theirs.Version != 2 {
		t.Fatal(theirs.Version, err)
	}
	_, err = d.Update(d.ctx, mine)
	var stale *coupon.VersionError
	if !errors.As(err, &stale) || !errors.Is(err, coupon.ErrVersion) || stale.Current.Name != "theirs" {
		t.Errorf("the slower one got %v", err)
	}
}

func TestUpdateMovesNoDateAndKeepsTheMaker(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.create(func(c *coupon.Coupon) { c.CreatedBy, c.Zone = "x", "America/Santiago" })
	for i := range 10 {
		edited := c
		edited.Name, edited.CreatedBy = fmt.Sprint(i), "somebody else"
		got, err := d.As("eve").Update(d.ctx, edited)
		if err != nil {
			t.Fatal(err)
		}
		if !got.Start.Equal(c.Start) || !got.End.Equal(c.End) || got.CreatedBy != c.CreatedBy || got.UpdatedBy != "eve" {
			t.Fatalf("edit %d made %+v", i, got)
		}
		c = got
	}
}

func TestAnArchivedCouponCantBeEdited(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c, err := d.Archive(d.ctx, d.create(nil).ID)
	if err != nil {
		t.Fatal(err)
	}
	_, err = d.Update(d.ctx, c)
	wantField(t, err, "archived_at", "duplicate it")
	_, err = d.Deactivate(d.ctx, c.ID)
	wantField(t, err, "archived_at", "duplicate it")
}

func TestSwitchesAreIdempotentAndMakeVersions(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	id := d.create(nil).ID
	for _, step := range []struct {
		name    string
		do      func(context.Context, coupon.ID) (coupon.Coupon, error)
		version int64
		status  coupon.Status
	}{
		{"activate an active one", d.Activate, 1, coupon.Active},
		{"deactivate", d.As("ann").Deactivate, 2, coupon.Inactive},
		{"deactivate again", d.Deactivate, 2, coupon.Inactive},
		{"activate", d.As("bob").Activate, 3, coupon.Active},
		{"archive", d.Archive, 4, coupon.Archived},
		{"archive again", d.Archive, 4, coupon.Archived},
	} {
		c, err := step.do(d.ctx, id)
		if err != nil || c.Version != step.version {
			t.Fatalf("%s: version %d, %v; want %d", step.name, c.Version, err, step.version)
		}
		if st, err := d.State(d.ctx, id); err != nil || st.Status != step.status {
			t.Fatalf("%s: status %s, %v; want %s", step.name, st.Status, err, step.status)
		}
	}
	var who []string
	for c, err := range d.Versions(d.ctx, id) {
		if err != nil {
			t.Fatal(err)
		}
		who = append(who, fmt.Sprint(c.Version, c.UpdatedBy))
	}
	if diff := cmp.Diff([]string{"4", "3bob", "2ann", "1"}, who); diff != "" {
		t.Error(diff)
	}
}

func TestDuplicateIsANewInactiveCouponWithTheSameRules(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.create(func(c *coupon.Coupon) { c.Restrictions.MinUnits = 2 })
	twin, err := d.Duplicate(d.ctx, c.ID, "ten-again")
	if err != nil {
		t.Fatal(err)
	}
	if twin.ID == c.ID || twin.Code != "TEN-AGAIN" || !twin.Inactive || twin.Version != 1 || twin.Restrictions.MinUnits != 2 {
		t.Errorf("the duplicate is %+v", twin)
	}
	if _, err := d.Duplicate(d.ctx, c.ID, "ten"); !errors.Is(err, coupon.ErrDuplicateCode) {
		t.Errorf("under the same code: %v", err)
	}
}

func TestStatusIsTheFirstThatHolds(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	one := []coupon.Limit{{Of: coupon.Uses, Per: coupon.PerCoupon, Max: 1}}
	c := d.create(func(c *coupon.Coupon) { c.Start, c.End, c.Restrictions.Limits = noon, noon.Add(time.Hour), one })
	want := func(now time.Time, status coupon.Status) {
		t.Helper()
		*d.now = now
		if st, err := d.State(d.ctx, c.ID); err != nil || st.Status != status {
			t.Errorf("at %s: %s, %v; want %s", now, st.Status, err, status)
		}
	}
	want(noon.Add(-time.Microsecond), coupon.Scheduled)
	want(noon, coupon.Active)
	if _, err := d.Redeem(d.ctx, booking("b1"), "TEN"); err != nil {
		t.Fatal(err)
	}
	want(noon, coupon.UsedUp)
	want(noon.Add(-time.Microsecond), coupon.UsedUp)
	want(noon.Add(time.Hour-time.Microsecond), coupon.UsedUp)
	want(noon.Add(time.Hour), coupon.Expired)
	if _, err := d.Deactivate(d.ctx, c.ID); err != nil {
		t.Fatal(err)
	}
	want(noon.Add(time.Hour), coupon.Inactive)
}

func TestACouponByServiceDateServesBeforeItsStart(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.create(func(c *coupon.Coupon) {
		c.ValidBy, c.Start, c.End = coupon.ServiceAt, noon.AddDate(0, 1, 0), noon.AddDate(0, 2, 0)
	})
	b := booking("b1")
	b.Service = coupon.ServiceTime(noon.AddDate(0, 1, 3))
	if _, err := d.Redeem(d.ctx, b, "TEN"); err != nil {
		t.Fatal(err)
	}
	*d.now = noon.Add(time.Hour)
	if st, err := d.State(d.ctx, c.ID); err != nil || st.Status != coupon.Active {
		t.Errorf("it is %s, %v", st.Status, err)
	}
	if s, err := d.Summary(d.ctx, c.ID, d.Life(c)); err != nil || s.In("USD").Bookings != 1 {
		t.Errorf("its life has %+v, %v", s, err)
	}
}

func TestALimitPerCustomerIsNeverTheStatus(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.create(func(c *coupon.Coupon) {
		c.Restrictions.Limits = []coupon.Limit{{Of: coupon.Uses, Per: coupon.PerCustomer, Max: 1}, {Of: coupon.Uses, Per: coupon.PerCoupon, Every: coupon.PerDay, Max: 1}}
	})
	if _, err := d.Redeem(d.ctx, booking("b1"), "TEN"); err != nil {
		t.Fatal(err)
	}
	st, err := d.State(d.ctx, c.ID)
	if err != nil || st.Status != coupon.Active {
		t.Fatalf("%s, %v", st.Status, err)
	}
	if st.Limits[0].Counted || !st.Limits[1].Reached || st.Limits[1].Used != 1 || st.Limits[1].Since != (coupon.Date{Year: 2026, Month: 6, Day: 15}) {
		t.Errorf("limits %+v", st.Limits)
	}
}

func TestUnknownIDsAreNotFound(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c, _ := plain()
	c.ID, c.Version = "nope", 1
	calls := map[string]func() error{
		"Coupon":       func() error { _, err := d.Coupon(d.ctx, "nope"); return err },
		"State":        func() error { _, err := d.State(d.ctx, "nope"); return err },
		"CouponByCode": func() error { _, err := d.CouponByCode(d.ctx, "nope"); return err },
		"Update":       func() error { _, err := d.Update(d.ctx, c); return err },
		"Deactivate":   func() error { _, err := d.Deactivate(d.ctx, "nope"); return err },
		"Duplicate":    func() error { _, err := d.Duplicate(d.ctx, "nope", "x"); return err },
		"Summary":      func() error { _, err := d.Summary(d.ctx, "nope", coupon.Range{}); return err },
		"Timeline": func() error {
			_, err := d.Timeline(d.ctx, "nope", coupon.Range{From: noon, To: noon.Add(1e9)}, coupon.Daily, "UTC")
			return err
		},
		"AddNote": func() error { _, err := d.AddNote(d.ctx, "nope", noon, "x"); return err },
		"Notes":   func() error { _, err := d.Notes(d.ctx, "nope"); return err },
		"EditNote": func() error {
			_, err := d.EditNote(d.ctx, coupon.Note{ID: "x", Coupon: "nope", At: noon, Text: "x"})
			return err
		},
		"RemoveNote": func() error { return d.RemoveNote(d.ctx, "nope", "x") },
		"Cancel":     func() error { _, err := d.Cancel(d.ctx, "nope"); return err },
		"Refund": func() error {
			_, err := d.Refund(d.ctx, "nope", coupon.Refund{Key: "k", Amount: coupon.MustMoney("1", "USD")})
			return err
		},
		"Redemption": func() error { _, err := d.Redemption(d.ctx, "nope", "b"); return err },
		"Versions": func() error {
			for _, err := range d.Versions(d.ctx, "nope") {
				return err
			}
			return nil
		},
	}
	for name, call := range calls {
		if err := call(); !errors.Is(err, coupon.ErrNotFound) {
			t.Errorf("%s: %v, want ErrNotFound", name, err)
		}
	}
}
