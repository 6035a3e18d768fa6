package sqlite_test

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/shopspring/decimal"
	_ "modernc.org/sqlite"

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/store/sqlite"
)

// The host opens the database, with the driver of its choice, and says when the
// tables are made.
func ExampleNew() {
	ctx := context.Background()
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer db.Close()
	db.SetMaxOpenConns(1) // a database in memory is one connection

	st, err := sqlite.New(db, sqlite.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := st.Migrate(ctx); err != nil {
		fmt.Println(err)
		return
	}
	for _, merchant := range []string{"acme", "globex"} { // each sees only its own
		svc, err := coupon.New(coupon.Config{Store: st.Merchant(merchant)})
		if err != nil {
			fmt.Println(err)
			return
		}
		c, err := svc.As("maria").Create(ctx, coupon.Coupon{
			Code: "SPRING20", Discount: coupon.PercentOff(decimal.NewFromInt(20)), Start: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC),
		})
		fmt.Println(merchant, c.Code, c.Version, err)
	}
	// Output:
	// acme SPRING20 1 <nil>
	// globex SPRING20 1 <nil>
}
