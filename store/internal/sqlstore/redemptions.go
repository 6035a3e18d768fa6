package sqlstore

import (
	"context"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"github.com/couponkit/coupon"
)

// Redemptions implements coupon.Store.
func (s *Store) Redemptions(ctx context.Context, f coupon.RedemptionQuery) (page []coupon.Redemption, err error) {
	o, err := redemptionOrder(f)
	if err != nil {
		return nil, err
	}
	err = s.one(ctx, "redemptions", func(q conn) error {
		from := func(condition bun.Safe) *bun.SelectQuery {
			sel := holding(q.db.NewSelect().ColumnExpr(redemptionColumns).TableExpr("?redemptions AS r"), f)
			if condition != "" {
				sel.Where("?", condition)
			}
			return o.apply(sel, f.Desc, f.Limit)
		}
		sel := from("")
		if s.dialect.ReservedApart && mixed(f) {
			sel = o.apply(q.db.NewSelect().ColumnExpr(redemptionColumns).TableExpr("(SELECT * FROM (?) AS s UNION ALL SELECT * FROM (?) AS r) AS r",
				from("r.state <> 'reserved'"), from("r.state = 'reserved'")), f.Desc, f.Limit)
		}
		var rows []redemptionRow
		if err := sel.Conn(q.to).Scan(ctx, &rows); err != nil {
			return err
		}
		page = make([]coupon.Redemption, len(rows))
		for i, row := range rows {
			var err error
			if page[i], err = row.redemption(); err != nil {
				return err
			}
		}
		return nil
	})
	return page, err
}

// mixed reports whether reservations are looked for among others, by what no index has
// of both.
func mixed(f coupon.RedemptionQuery) bool {
	if ofBookings(f) || f.Series != "" || f.Coupon == "" && (f.Customer != "" || f.Code != "") {
		return false
	}
	return len(f.States) == 0 || len(f.States) > 1 && slices.Contains(f.States, coupon.Reserved)
}

func ofBookings(f coupon.RedemptionQuery) bool { return f.Booking != "" || len(f.Bookings) > 0 }

// holding adds the conditions of f.
func holding(sel *bun.SelectQuery, f coupon.RedemptionQuery) *bun.SelectQuery {
	sel.Where("r.merchant = ?merchant")
	for _, c := range []struct {
		condition string
		value     string
	}{
		{"r.coupon = ?", string(f.Coupon)}, {"r.booking = ?", f.Booking}, {"r.series = ? AND r.series <> ''", f.Series}, {"r.customer = ?", f.Customer},
		{"r.code = ?", string(f.Code)}, {"r.currency = ?", f.Currency},
	} {
		if c.value != "" {
			sel.Where(c.condition, text(c.value))
		}
	}
	if len(f.States) > 0 {
		// Before PostgreSQL has counted the rows it takes an index of what is settled,
		// if it can tell that such is looked for, and not the one of bookings.
		state := bun.Safe("r.state")
		if ofBookings(f) {
			state = "r.state || ''"
		}
		sel.Where("? IN (?)", state, bun.List(texts(f.States)))
	}
	if len(f.Bookings) > 0 {
		sel.Where("r.booking IN (?)", bun.List(texts(f.Bookings)))
	}
	for _, c := range []struct {
		condition string
		holds     bool
	}{{"r.service_at IS NULL", f.Unscheduled}, {"r.new_customer = 1", f.NewCustomer}, {"r.cost IS NOT NULL", f.CostKnown}} {
		if c.holds {
			sel.Where(c.condition)
		}
	}
	if !f.Live.IsZero() {
		sel.Where("(r.state <> 'reserved' OR r.expires_at > ?)", f.Live.UnixMicro())
	}
	inRange(sel, fromPage(f))
	return sel
}

// fromPage is the range cut to where the page begins: else each page of a list
// by the clock of its range would read all pages before it.
func fromPage(f coupon.RedemptionQuery) coupon.Range {
	r := f.Range
	byClock := (f.Sort == coupon.ByMadeAt && r.Clock == coupon.MadeAt) || (f.Sort == coupon.ByServiceAt && r.Clock == coupon.ServiceAt)
	if f.After == nil || !byClock {
		return r
	}
	at := time.UnixMicro(f.After.Num)
	if after := at.Add(time.Microsecond); f.Desc && (r.To.IsZero() || after.Before(r.To)) {
		r.To = after
	}
	if !f.Desc && at.After(r.From) {
		r.From = at
	}
	return r
}

// inRange is coupon.RedemptionQuery.Holds of a range: what has no service date is
// in no range of that clock.
func inRange(sel *bun.SelectQuery, r coupon.Range) {
	column := bun.Safe("r.made_at")
	if r.Clock == coupon.ServiceAt {
		column = "r.service_at"
		sel.Where("r.service_at IS NOT NULL")
	}
	if !r.From.IsZero() {
		sel.Where("? >= ?", column, r.From.UnixMicro())
	}
	if !r.To.IsZero() {
		sel.Where("? < ?", column, r.To.UnixMicro())
	}
}

type eventRow struct {
	Kind     string
	Key      string
	At       int64
	Actor    string
	Amount   int64
	Currency string
}

// Events implements coupon.Store.
func (s *Store) Events(ctx context.Context, id coupon.ID, booking string) (events []coupon.Event, err error) {
	err = s.one(ctx, "events", func(q conn) error {
		var rows []eventRow
		err := q.scan(ctx, &rows, `SELECT kind, key, at, actor, amount, currency FROM ?events
			WHERE merchant = ?merchant AND coupon = ? AND booking = ? ORDER BY n`, text(id), text(booking))
		if err != nil {
			return err
		}
		events = make([]coupon.Event, len(rows))
		for i, r := range rows {
			events[i] = coupon.Event{Coupon: id, Booking: booking, Kind: coupon.EventKind(r.Kind), Key: r.Key, At: instant(&r.At), By: r.Actor}
			if r.Currency == "" {
				continue
			}
			if events[i].Amount, err = coupon.MoneyFromMinor(r.Amount, r.Currency); err != nil {
				return err
			}
		}
		return nil
	})
	return events, err
}
