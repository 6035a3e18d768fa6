package sqlite

import (
	"fmt"
	"testing"

	"github.com/couponkit/coupon/store/internal/sqltest"
)

func TestRebuildBringsSeriesBack(t *testing.T) {
	t.Parallel()
	st, db := newStore(t)
	sqltest.Rebuilds(t, st.Merchant("acme"), func(statement string) {
		if _, err := db.ExecContext(t.Context(), fmt.Sprintf(statement, "coupon_series")); err != nil {
			t.Fatal(err)
		}
	})
}
