package postgres_test

import (
	"context"
	"database/sql"

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/store/postgres"
)

// A redemption in the transaction that stores the host's own booking: both are
// there, or neither.
func ExampleStore_Tx() {
	book := func(ctx context.Context, db *sql.DB, st *postgres.Store, b coupon.Booking, code string) error {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer tx.Rollback()
		if _, err := tx.ExecContext(ctx, "INSERT INTO bookings (id) VALUES ($1)", b.ID); err != nil {
			return err
		}
		svc, err := coupon.New(coupon.Config{Store: st.Merchant("acme").Tx(tx)})
		if err != nil {
			return err
		}
		if _, err := svc.Redeem(ctx, b, code); err != nil {
			return err // also when it is refused: the host may as well book without it
		}
		return tx.Commit()
	}
	_ = book
}
