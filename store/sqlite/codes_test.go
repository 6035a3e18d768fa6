package sqlite

import (
	"testing"

	"github.com/couponkit/coupon/store/internal/sqltest"
)

func TestACodeIsWhatItIsNow(t *testing.T) {
	t.Parallel()
	root, db := newStore(t)
	there, err := New(db, Options{}) // as in another process
	if err != nil {
		t.Fatal(err)
	}
	here := root.Merchant("acme")
	sqltest.CodesOfOthers(t, here, there.Merchant("acme"))
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	sqltest.CodeRolledBack(t, here, here.Tx(tx), tx.Rollback)
}
