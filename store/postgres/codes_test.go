package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/store/internal/sqltest"
)

// Codes that are being added when their coupon is archived are free afterwards,
// as all of its codes are.
func TestCodesAddedWhileTheCouponIsArchivedAreFree(t *testing.T) {
	t.Parallel()
	st, db := newStore(t, "pgx")
	c := create(t, st, "C")
	tx := begin(t, db, 0)
	if _, err := service(t, st.Tx(tx)).AddCode(t.Context(), c.ID, coupon.CouponCode{Code: "MORE"}); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		_, err := service(t, st).Archive(context.Background(), c.ID)
		done <- err
	}()
	waiting(t, db, st.schema, 1)
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if _, _, err := st.CouponByCode(t.Context(), "MORE"); !errors.Is(err, coupon.ErrNotFound) {
		t.Errorf("the code of an archived coupon: error %v, want ErrNotFound", err)
	}
	other := create(t, st, "OTHER")
	if _, err := service(t, st).AddCode(t.Context(), other.ID, coupon.CouponCode{Code: "MORE"}); err != nil {
		t.Errorf("the code is not free: %v", err)
	}
}

// A code that is added, and becomes the main one at the same moment: one wins, and
// nobody waits for the other crosswise.
func TestACodeThatIsAddedAndBecomesTheMainOneAtOnce(t *testing.T) {
	t.Parallel()
	st, seen := counted(t)
	c := create(t, st, "C")
	for i := range 40 {
		code := coupon.Code(fmt.Sprint("NEW-", i))
		errs := make([]error, 2)
		var both sync.WaitGroup
		both.Go(func() {
			time.Sleep(time.Duration(i%4) * 200 * time.Microsecond)
			_, errs[0] = service(t, st).AddCode(context.Background(), c.ID, coupon.CouponCode{Code: code})
		})
		both.Go(func() {
			edited := c
			edited.Code = code
			_, errs[1] = service(t, st).Update(context.Background(), edited)
		})
		both.Wait()
		for _, err := range errs {
			if err != nil && !errors.Is(err, coupon.ErrDuplicateCode) {
				t.Errorf("%s: got error %v", code, err)
			}
		}
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Errorf("%s: got errors %v, want one to win", code, errs)
		}
		var err error
		if c, err = st.Coupon(t.Context(), c.ID); err != nil {
			t.Fatal(err)
		}
	}
	if n := seen.n.Load(); n > 0 {
		t.Errorf("%d deadlocks", n)
	}
}

func TestACodeIsWhatItIsNow(t *testing.T) {
	t.Parallel()
	eachDriver(t, func(t *testing.T, driver string) {
		here, db := newStore(t, driver)
		there := inAnotherProcess(t, here, db)
		sqltest.CodesOfOthers(t, here, there)
		tx := begin(t, db, 0)
		sqltest.CodeRolledBack(t, here, here.Tx(tx), tx.Rollback)
	})
}
