package sqlite

import (
	_ "embed"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/store/internal/sqltest"
)

//go:embed testdata/0001.sql
var written string

// What was written before the second step of the schema is there after the last, with
// the same figures, and goes on.
func TestDatabaseOfTheFirstStepGoesOn(t *testing.T) {
	t.Parallel()
	db := openDB(t, "file:"+filepath.Join(t.TempDir(), "coupons.db"))
	root, err := New(db, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, statements := range []string{
		"CREATE TABLE coupon_migrations (version INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, applied_at BIGINT NOT NULL)",
		"INSERT INTO coupon_migrations VALUES (1, 'init', 0)",
		root.Migrations()[0].SQL, written,
	} {
		if _, err := db.ExecContext(t.Context(), statements); err != nil {
			t.Fatal(err)
		}
	}
	if err := root.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	st := root.Merchant("acme")
	svc, ctx := service(t, st).As("new"), t.Context()
	wantStored(t, st, 10)
	usd := func(s string) coupon.Money { return coupon.MustMoney(s, "USD") }
	spring, k, err := st.CouponByCode(ctx, "SPRING")
	if err != nil || !k.Main || k.CreatedBy != "maria" || !k.CreatedAt.Equal(spring.CreatedAt) || k.CreatedAt.IsZero() {
		t.Errorf("the code: %+v, error %v", k, err)
	}
	if _, _, err := st.CouponByCode(ctx, "GONE"); !errors.Is(err, coupon.ErrNotFound) {
		t.Errorf("the code of the archived coupon: error %v", err)
	}
	sum, err := svc.Summary(ctx, spring.ID, coupon.Range{})
	if f := sum.In("USD"); err != nil || f.Bookings != 6 || f.Cancelled != 1 || !f.Subtotal.Equal(usd("281")) || !f.Discounts.Equal(usd("28.1")) ||
		!f.Refunds.Equal(usd("7")) || !f.Revenue.Equal(usd("252.9")) {
		t.Errorf("the summary: %+v, error %v", f, err)
	}
	state, err := svc.State(ctx, spring.ID)
	if err != nil || state.Limits[0].Used != 6 || !state.Limits[2].Spent.Equal(usd("28.1")) {
		t.Errorf("the limits: %+v, error %v", state.Limits, err)
	}
	for clock, f := range map[coupon.Clock]coupon.RedemptionFilter{coupon.MadeAt: {}, coupon.ServiceAt: {Unscheduled: true}} {
		f.Coupon, f.Code = spring.ID, "spring"
		if err := sqltest.Drain(svc.Redemptions(ctx, f)); err != nil {
			t.Errorf("by %s: %v", clock, err)
		}
	}

	// The same bookings again are replayed, and have the same life as new ones.
	old := coupon.Booking{ID: "n0", Currency: "USD", Lines: []coupon.Line{{ID: "l", Price: usd("30").Amount, Quantity: 2}}}
	if r, err := svc.Redeem(ctx, old, "NEWNAME"); err != nil || !r.Replayed {
		t.Errorf("again: replayed %t, error %v", r.Replayed, err)
	}
	old.Lines[0].Quantity = 1
	if a, err := svc.Amend(ctx, old); err != nil || !a.Redemptions[0].Subtotal.Equal(usd("30")) {
		t.Errorf("amended: %+v, error %v", a.Redemptions, err)
	}
	for what, err := range map[string]error{
		"SetCost":                    sqltest.Second(svc.SetCost(ctx, "n0", new(usd("2")))),
		"Cancel":                     sqltest.Second(svc.Cancel(ctx, "s5")),
		"Refund":                     sqltest.Second(svc.Refund(ctx, "s1", coupon.Refund{Key: "r2", Amount: usd("1")})),
		"Cancel of what is archived": sqltest.Second(svc.Cancel(ctx, "g0")),
	} {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	if r, err := svc.Redemption(ctx, spring.ID, "s1"); err != nil || len(r.Refunds) != 2 || !r.Refund.Equal(usd("8")) {
		t.Errorf("the refunds: %+v, error %v", r.Refunds, err)
	}
	// A note has the first version, and is edited like any other.
	notes, err := svc.Notes(ctx, spring.ID)
	if err != nil || len(notes) != 1 || notes[0].Version != 1 || notes[0].Text != "e-mail" || notes[0].CreatedBy != "maria" {
		t.Fatalf("the notes: %+v, error %v", notes, err)
	}
	notes[0].Text = "letter"
	if n, err := svc.EditNote(ctx, notes[0]); err != nil || n.Version != 2 {
		t.Errorf("the edited note: %+v, error %v", n, err)
	}
	if _, err := svc.AddCode(ctx, spring.ID, coupon.CouponCode{Code: "MORE", SingleUse: true}); err != nil {
		t.Error(err)
	}
	in := booking("v1")
	in.Customer.Key, in.Series, in.Occurrence = "new", "s", 1
	if _, err := svc.Reserve(ctx, in, time.Hour, "more"); err != nil {
		t.Error(err)
	}
	if _, err := svc.Confirm(ctx, "v1"); err != nil {
		t.Error(err)
	}
	spring.Restrictions.Limits = append(spring.Restrictions.Limits, coupon.Limit{Of: coupon.Uses, Per: coupon.PerCode, Every: coupon.Ever, Max: 50})
	spring.Code = "SUMMER"
	if spring, err = svc.Update(ctx, spring); err != nil {
		t.Fatal(err)
	}
	if codes, err := st.Codes(ctx, coupon.CodeQuery{Coupon: spring.ID, Limit: 9}); err != nil || len(codes) != 2 {
		t.Errorf("codes: %+v, error %v, want the main one and one more", codes, err)
	}
	create(t, st, "SPRING")
	wantStored(t, st, 11)
}

// Batches made before the step that gave them a count can be completed.
func TestBatchesOfEarlierStepsCanBeCompleted(t *testing.T) {
	t.Parallel()
	st, db := newStore(t)
	sqltest.OlderBatches(t, st.Merchant("acme"), func() {
		for _, statement := range []string{"ALTER TABLE coupon_codes DROP COLUMN batch_count", "DELETE FROM coupon_migrations WHERE version = 4"} {
			if _, err := db.ExecContext(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
		if err := st.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

func TestBookingsOfEarlierStepsAreCounted(t *testing.T) {
	t.Parallel()
	st, db := newStore(t)
	sqltest.OlderBookings(t, st.Merchant("acme"), db, "coupon_redemptions", func() {
		for _, statement := range []string{"ALTER TABLE coupon_redemptions DROP COLUMN others", "DELETE FROM coupon_migrations WHERE version = 5"} {
			if _, err := db.ExecContext(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
		if err := st.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}
