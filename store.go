package coupon

import (
	"cmp"
	"context"
	"fmt"
	"time"
)

// Store keeps coupons and redemptions of one merchant. It only locks, reads and
// writes: what may be redeemed is decided by the groups given to Write, so that
// two stores can't disagree. A store must be safe for concurrent use and pass
// storetest.Run.
//
// What the Service guarantees: values are valid and normalised, instants are UTC
// and whole microseconds, limits are more than zero. What every method must do:
// see only its own merchant; honour ctx; return ErrNotFound for what is not
// there, and back-end failures as they are, wrapped.
type Store interface {
	// InsertCoupon stores a new coupon as version 1. ErrDuplicateCode if a coupon
	// that is not archived has the code.
	InsertCoupon(ctx context.Context, c Coupon) error
	// UpdateCoupon replaces the coupon if the stored version is c.Version-1, else
	// ErrVersion, and adds c to its versions; ErrDuplicateCode as for Insert.
	// If recharge is not nil, then in the same transaction and before the new
	// version can be seen by a Write, the charges of every redemption that holds
	// its charges are replaced by what recharge returns, and the counters moved
	// by the differences.
	UpdateCoupon(ctx context.Context, c Coupon, recharge func(Redemption) []Charge) error
	Coupon(ctx context.Context, id ID) (Coupon, error)
	// CouponByCode finds the coupon that is not archived and has the code.
	CouponByCode(ctx context.Context, code Code) (Coupon, error)
	// Coupons gives one page in the order asked for, ids breaking ties.
	Coupons(ctx context.Context, q CouponQuery) ([]Coupon, error)
	// Versions gives the versions of a coupon below before, newest first.
	Versions(ctx context.Context, id ID, before int64, limit int) ([]Coupon, error)

	InsertNote(ctx context.Context, n Note) error // ErrNotFound without its coupon
	// Notes gives all notes of a coupon by At, then ID.
	Notes(ctx context.Context, coupon ID) ([]Note, error)
	DeleteNote(ctx context.Context, coupon, note ID) error

	// Write runs groups in one transaction, all or nothing as far as the back end
	// is concerned; a group that is refused writes nothing and does not disturb
	// the others. The steps are described at [Group]. It returns only failures of
	// the back end; each group knows its own outcome.
	Write(ctx context.Context, groups []*Group) error
	// Redemptions gives one page in the order asked for, (booking, coupon)
	// breaking ties.
	Redemptions(ctx context.Context, q RedemptionQuery) ([]Redemption, error)
	// Events gives what happened to one redemption, oldest first.
	Events(ctx context.Context, coupon ID, booking string) ([]Event, error)
	// Counters gives how much is used of each slot, 0 where nothing is. The map is
	// the caller's.
	Counters(ctx context.Context, slots []Slot) (map[Slot]int64, error)
	// Sum adds up redemptions per bucket and currency, in one snapshot. Buckets
	// with nothing are left out. The order is by bucket, then currency.
	Sum(ctx context.Context, q SumQuery) ([]BucketSums, error)

	// Verify compares every counter with the redemptions that hold charges, in
	// one snapshot, and gives those that differ.
	Verify(ctx context.Context) ([]Drift, error)
	// Rebuild sets every counter to what the redemptions say.
	Rebuild(ctx context.Context) error
}

// Slot is one counter: a limit of a coupon, for one subject, in one period. It
// is comparable, and [Slot.Compare] is the order in which slots are locked.
type Slot struct {
	Coupon   ID       `json:"coupon"`             // whose limit it is
	Of       LimitOf  `json:"of"`                 // what is counted
	Per      LimitPer `json:"per"`                // over what
	Every    Period   `json:"every"`              // for how long
	Subject  string   `json:"subject,omitempty"`  // the customer or code; empty per coupon
	Currency string   `json:"currency,omitempty"` // of a budget
	Since    string   `json:"since,omitempty"`    // first day of the period, 2006-01-02; empty for ever
}

// Compare orders slots: negative if s comes before o, 0 if they are the same.
func (s Slot) Compare(o Slot) int {
	return cmp.Or(
		cmp.Compare(s.Coupon, o.Coupon), cmp.Compare(s.Of, o.Of), cmp.Compare(s.Per, o.Per), cmp.Compare(s.Every, o.Every),
		cmp.Compare(s.Subject, o.Subject), cmp.Compare(s.Currency, o.Currency), cmp.Compare(s.Since, o.Since))
}

// Charge is what a redemption counts on a slot: 1 use, or minor units of
// discount.
type Charge struct {
	Slot
	N int64 `json:"n"` // uses, or minor units
}

// Drift is a counter that is not the sum of the charges that are held.
type Drift struct {
	Slot
	Counter int64 `json:"counter"` // what the counter says
	Held    int64 `json:"held"`    // what the redemptions say
}

// View is what a group sees under its locks.
type View struct {
	// Coupons are the group's, as they are now.
	Coupons map[ID]Coupon
	// Redemptions are all that the group's booking has, of any coupon, in the
	// order of their coupons.
	Redemptions []Redemption
	// Used is how much of each slot is used. It has what Slots asked for.
	Used map[Slot]int64
}

// Changes are what a group writes, all of it or nothing.
type Changes struct {
	// Insert are new redemptions. If one is there already (a key that raced), the
	// group is read and decided again.
	Insert []Redemption
	// Update are redemptions of the View in a new state.
	Update []Redemption
	// Moves are added to the counters, never set.
	Moves []Charge
	// Events are appended.
	Events []Event
}

// Group is the writes that stand or fall together: one coupon or several on one
// booking. Many groups may share a transaction. Only the Service makes groups; a
// store runs each through the same steps, in the order given:
//
//  1. Lock the heads of Coupons in sorted order against edits, and read the
//     coupons; one that is not there is left out of the View.
//  2. Read the redemptions of Booking, locking them against other writes.
//  3. Call Slots; insert missing counters as zero and lock them in sorted order.
//  4. Call Decide with what was read. Nil is "write nothing".
//  5. Write the changes. Groups that follow see them.
//
// Slots and Decide are pure; they may be called again when a transaction is
// re-run, and the last call counts.
type Group struct {
	Coupons []ID   // whose heads are locked
	Booking string // whose redemptions are read

	slots  func(*View) []Slot
	decide func(*View) (*Changes, error)
	err    error
}

// Slots gives the counters that Decide will look at or move, sorted, each once.
func (g *Group) Slots(v *View) []Slot { return sortedSlots(g.slots(v)) }

// Decide gives what to write, or nil. It remembers the group's outcome.
func (g *Group) Decide(v *View) *Changes {
	changes, err := g.decide(v)
	if err == nil && changes != nil {
		err = changes.fit(v)
	}
	if g.err = err; err != nil {
		return nil
	}
	return changes
}

// fit refuses moves that would take a counter past an int64: a store's integers
// would wrap, or fail the whole transaction.
func (c *Changes) fit(v *View) error {
	for _, m := range c.Moves {
		if _, fits := addMinor(v.Used[m.Slot], m.N); !fits {
			return fmt.Errorf("%w: the budget in %s", ErrOverflow, m.Currency)
		}
	}
	return nil
}

// CouponQuery is what a store must find among coupons. Each field is a
// condition; its zero value is none.
type CouponQuery struct {
	Search   string       // lower-case; somewhere in the lower-cased code or name
	Audience *Audience    // exactly this one
	Kind     DiscountKind // of discount
	Archived *bool        // archived, or not
	Sort     CouponSort   // never empty
	Desc     bool         // the whole order reversed, ties too
	After    *Cursor      // strictly after this position in the order
	Limit    int          // > 0
}

// RedemptionQuery is what a store must find among redemptions. Each field is a
// condition; its zero value is none.
type RedemptionQuery struct {
	Coupon      ID             // its id
	Booking     string         // the host's id
	Customer    string         // canonical key
	Code        Code           // canonical
	Currency    string         // of the amounts
	States      []State        // one of these
	Range       Range          // Clock is never empty
	Unscheduled bool           // only those without a service date
	Sort        RedemptionSort // never empty
	Desc        bool           // the whole order reversed, ties too
	After       *Cursor        // strictly after this position in the order
	Limit       int            // > 0
}

// SumQuery asks for sums over consecutive half-open buckets: bucket i is
// [Bounds[i], Bounds[i+1]). A zero first or last bound is open.
type SumQuery struct {
	Coupon ID          // whose redemptions
	Clock  Clock       // never empty
	Bounds []time.Time // at least two, ascending
	// Unscheduled sums only what has no service date.
	Unscheduled bool
}

// BucketSums are the sums of one bucket and currency.
type BucketSums struct {
	Bucket int // its number, from 0
	Sums
}

// Note is a named instant on the coupon's chart: "e-mail sent".
type Note struct {
	ID        ID        `json:"id"`                   // set by AddNote
	Coupon    ID        `json:"coupon"`               // on whose chart it is
	At        time.Time `json:"at"`                   // the instant it names
	Text      string    `json:"text"`                 // 1 to 200 characters
	CreatedAt time.Time `json:"created_at"`           // when it was written
	CreatedBy string    `json:"created_by,omitempty"` // who wrote it: see Service.As
}
