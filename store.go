package coupon

import (
	"cmp"
	"context"
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
	// InsertCoupon stores a new coupon as version 1: ErrVersion if one with this id
	// is there, and ErrDuplicateCode if a coupon that is not archived has the code.
	// One that comes archived takes no code, and none stands in its way.
	InsertCoupon(ctx context.Context, c Coupon) error
	// UpdateCoupon replaces the coupon if the stored version is c.Version-1, else
	// ErrVersion, and adds c to its versions; ErrDuplicateCode as for Insert. The
	// main code of c takes the place of the old one; an archived coupon frees all
	// its codes.
	// If recharge is not nil, then in the same transaction and before the new
	// version can be seen by a Write, the charges of every redemption that holds
	// its charges, and of every series, are replaced by what recharge returns for
	// its Use, and the counters moved by the differences. Redemptions in
	// transactions that are still open are waited for, a bounded time:
	// ErrContention after that.
	UpdateCoupon(ctx context.Context, c Coupon, recharge func(Use) []Charge) error
	Coupon(ctx context.Context, id ID) (Coupon, error)
	// CouponByCode finds the coupon that is not archived and has the code, main or
	// further, and the code's own row.
	CouponByCode(ctx context.Context, code Code) (Coupon, CouponCode, error)
	// Coupons gives one page in the order asked for, ids breaking ties.
	Coupons(ctx context.Context, q CouponQuery) ([]Coupon, error)
	// Versions gives the versions of a coupon below before, newest first.
	Versions(ctx context.Context, id ID, before int64, limit int) ([]Coupon, error)

	// InsertCodes adds further codes, all of one coupon (else ErrNotFound), and
	// gives those that it did not add: because a coupon that is not archived has
	// them already, or because the coupon's batch has a code of that Number (other
	// than 0) already. An archived coupon is ErrNotFound. The Service gives at most
	// 500 at a time, each code and number once and in the order of the numbers, so
	// that two calls at once don't wait for each other crosswise.
	InsertCodes(ctx context.Context, coupon ID, codes []CouponCode) (taken []Code, err error)
	// Codes gives one page of a coupon's codes, in the order of their bytes. A
	// coupon that is not there has none.
	Codes(ctx context.Context, q CodeQuery) ([]CouponCode, error)

	// Batches gives one page of the batches that a coupon has codes of, in the order
	// of the bytes of their keys, strictly after one. Codes without a batch are in
	// none. A coupon that is not there has none.
	Batches(ctx context.Context, coupon ID, after string, limit int) ([]BatchState, error)

	// InsertNote adds a note, if its coupon (else ErrNotFound) has none of that id,
	// and gives what is stored then: n, or the one that was there.
	InsertNote(ctx context.Context, n Note) (Note, error)
	// UpdateNote gives the note of that coupon and id (else ErrNotFound) the At,
	// Text and Version of n, if its stored version is n.Version-1, and gives what is
	// stored then: the edited note, or the one of another version, as it was.
	UpdateNote(ctx context.Context, n Note) (Note, error)
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
	// Series gives what a coupon counts for a series; ErrNotFound if it never did.
	Series(ctx context.Context, key SeriesKey) (Series, error)
	// Events gives what happened to one redemption, oldest first.
	Events(ctx context.Context, coupon ID, booking string) ([]Event, error)
	// Counters gives how much is used of each slot, 0 where nothing is, without
	// what reservations hold that have expired at an instant; the zero instant
	// leaves nothing out. The map is the caller's.
	Counters(ctx context.Context, slots []Slot, expired time.Time) (map[Slot]int64, error)
	// Sum adds up redemptions per coupon, bucket and currency, in one snapshot.
	// Buckets with nothing are left out, and so is a coupon that is not there. The
	// order is by coupon as bytes, then bucket, then currency.
	Sum(ctx context.Context, q SumQuery) ([]BucketSums, error)

	// RecordRefusals keeps refusals. Of each of their coupons it first forgets what
	// is older than bounds.Since; then it adds what is not older, one per coupon,
	// booking and reason: what is there already stays as it is; then it forgets the
	// last in their order of what is more than bounds.Most. A coupon that is not
	// there is left out.
	RecordRefusals(ctx context.Context, refusals []RefusalRecord, bounds RefusalBounds) error
	// Refusals gives one page of a coupon's, the newest first: by At, then booking
	// and reason, all descending.
	Refusals(ctx context.Context, q RefusalQuery) ([]RefusalRecord, error)

	// Verify compares every counter with the charges that redemptions and series
	// hold, and the Live of every series with its redemptions, in one snapshot,
	// and gives what differs: of a series as the slot [Series.Slot].
	Verify(ctx context.Context) ([]Drift, error)
	// Rebuild sets every counter and the Live of every series to what the
	// redemptions say; a series that none of them holds is charged nothing. One that
	// is not there, or has no Live, although some hold it is restored as if the one
	// of them that was made first (the lesser booking, of two) had begun it under
	// the coupon as it is now: [Redemption.BeginSeries].
	Rebuild(ctx context.Context) error
}

// TxBound is what a store implements that may write in a transaction of the
// host's: then nothing of the service's own is written beside it.
type TxBound interface {
	// InHostTx reports whether this store does.
	InHostTx() bool
}

// Recaller is what a store implements that keeps the codes it has found, so that
// nearly every redemption is spared the question.
type Recaller interface {
	// RecallCode gives what CouponByCode has found before, without asking the back
	// end, if as far as the store knows that is still so. It may not be any more. It
	// never was in a transaction that was not committed, and it stands and falls with
	// the version of the coupon: while that is the current one, so is the code's row.
	RecallCode(code Code) (c Coupon, k CouponCode, ok bool)
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

// broad reports whether every use of the coupon is counted on the slot.
func (s Slot) broad() bool { return s.Per == PerCoupon && s.Every == Ever }

// Compare orders slots: negative if s comes before o, 0 if they are the same. Of
// each coupon those come first that every use moves: who holds one of them waits
// for nobody at the others.
func (s Slot) Compare(o Slot) int {
	if c := cmp.Compare(s.Coupon, o.Coupon); c != 0 {
		return c
	}
	if s.broad() != o.broad() {
		if s.broad() {
			return -1
		}
		return 1
	}
	return cmp.Or(cmp.Compare(s.Of, o.Of), cmp.Compare(s.Per, o.Per), cmp.Compare(s.Every, o.Every),
		cmp.Compare(s.Subject, o.Subject), cmp.Compare(s.Currency, o.Currency), cmp.Compare(s.Since, o.Since))
}

// Charge is what a redemption counts on a slot: 1 use (of an Opening, all that it
// stands for), or minor units of discount.
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

// CouponQuery is what a store must find among coupons. Each field is a
// condition; its zero value is none.
type CouponQuery struct {
	IDs      []ID         // one of these; each comes once
	Search   string       // lower-case; somewhere in the lower-cased code or name
	Audience *Audience    // exactly this one
	Kind     DiscountKind // of discount
	Archived *bool        // archived, or not
	Sort     CouponSort   // never empty: ByCreated, ByCode, ByName, ByStart, ByEnd or ByAudience
	Desc     bool         // the whole order reversed, ties too
	After    *Cursor      // strictly after this position in the order
	Limit    int          // > 0
}

// CodeQuery is what a store must find among the codes of a coupon.
type CodeQuery struct {
	Coupon ID     // whose codes
	Batch  string // of this batch; empty: of all, the main code too
	After  Code   // strictly after this code
	Limit  int    // > 0
}

// RedemptionQuery is what a store must find among redemptions. Each field is a
// condition; its zero value is none.
type RedemptionQuery struct {
	Coupon      ID             // its id
	Booking     string         // the host's id
	Bookings    []string       // one of these; each redemption comes once
	Series      string         // the host's id of the series
	Customer    string         // canonical key
	Code        Code           // canonical
	Currency    string         // of the amounts
	States      []State        // one of these
	Range       Range          // Clock is never empty
	Unscheduled bool           // only those without a service date
	NewCustomer bool           // only those whose customer is known to be new
	CostKnown   bool           // only those whose cost is known
	Live        time.Time      // without reservations that have expired at this instant
	Sort        RedemptionSort // never empty
	Desc        bool           // the whole order reversed, ties too
	After       *Cursor        // strictly after this position in the order
	Limit       int            // > 0
}

// SumQuery asks for sums over consecutive half-open buckets: bucket i is
// [Bounds[i], Bounds[i+1]). A zero first or last bound is open.
type SumQuery struct {
	Coupons []ID        // whose redemptions: at least one, ascending, each once
	Clock   Clock       // never empty
	Bounds  []time.Time // at least two, ascending
	// Unscheduled sums only what has no service date.
	Unscheduled bool
	// Code sums only what was redeemed with this code; empty: all.
	Code Code
	// States sums only what is in one of these; empty: all. NewCustomer and
	// CostKnown are as in RedemptionQuery.
	States      []State
	NewCustomer bool
	CostKnown   bool
}

// BucketSums are the sums of one coupon, bucket and currency.
type BucketSums struct {
	Coupon ID  // whose redemptions
	Bucket int // its number, from 0
	Sums
}

// Note is a named instant on the coupon's chart: "e-mail sent".
type Note struct {
	ID        ID        `json:"id"`                   // unique among the coupon's
	Coupon    ID        `json:"coupon"`               // on whose chart it is
	At        time.Time `json:"at"`                   // the instant it names
	Text      string    `json:"text"`                 // 1 to 200 characters
	Version   int64     `json:"version"`              // counts the edits from 1: see Service.EditNote
	CreatedAt time.Time `json:"created_at"`           // when it was written
	CreatedBy string    `json:"created_by,omitempty"` // who wrote it: see Service.As
}
