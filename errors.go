package coupon

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// The sentinels are what a caller branches on with errors.Is. Where the caller
// needs data too, a typed error in this package matches the sentinel.
var (
	// ErrNotFound: no such coupon, redemption or note for this merchant. An id
	// of another merchant is not found either.
	ErrNotFound = errors.New("coupon: not found")
	// ErrInvalid is matched by [*InvalidError].
	ErrInvalid = errors.New("coupon: invalid input")
	// ErrDuplicateCode: another coupon of the merchant that is not archived has
	// the code already.
	ErrDuplicateCode = errors.New("coupon: the code is in use by another coupon")
	// ErrVersion: the coupon or note was changed since it was read. Read it again,
	// show both versions, and update again. Matched by [*VersionError], of a note by
	// [*NoteVersionError].
	ErrVersion = errors.New("coupon: changed since it was read")
	// ErrRefused is matched by [*RefusedError].
	ErrRefused = errors.New("coupon: refused")
	// ErrConflict: the same key was used before with other content. Matched by
	// [*ConflictError], of a coupon by [*CouponConflictError], of a note by
	// [*NoteConflictError], and of a batch of codes by [*BatchConflictError].
	ErrConflict = errors.New("coupon: the same key was used before with other content")
	// ErrCancelled: the redemption was cancelled. Matched by [*CancelledError].
	ErrCancelled = errors.New("coupon: the redemption is cancelled")
	// ErrReservationEnded: what was reserved has expired or was released. Matched
	// by [*ReservationEndedError].
	ErrReservationEnded = errors.New("coupon: the reservation has ended")
	// ErrQuoteChanged: the discount is not what was quoted. Nothing was written.
	// Matched by [*QuoteChangedError].
	ErrQuoteChanged = errors.New("coupon: the discount is not what was quoted")
	// ErrRetryTx: in the host's transaction, the database could not serialise it
	// with others. Roll it back and run all of it again; nothing of the library's
	// is retried there.
	ErrRetryTx = errors.New("coupon: the transaction must be run again")
	// ErrContention: the database stayed locked by others through all attempts.
	// Nothing was written; call again later.
	ErrContention = errors.New("coupon: the database is busy")
	// ErrOutcomeUnknown: the connection broke while the transaction was being
	// committed. It may or may not be written: make the same call again with the
	// same keys, which answers what happened.
	ErrOutcomeUnknown = errors.New("coupon: the outcome of the write is unknown")
)

// FieldError is one field that is not as it must be.
type FieldError struct {
	Field string `json:"field"` // dotted path, as "restrictions.limits[0].max"
	Value string `json:"value"` // what was given, shortened
	Must  string `json:"must"`  // what it must be, with the bound
}

// Error is the field, the value and the bound in one line.
func (e FieldError) Error() string {
	if e.Value == "" {
		return e.Field + " " + e.Must
	}
	return fmt.Sprintf("%s %q %s", e.Field, e.Value, e.Must)
}

// InvalidError lists every field that is not as it must be; nothing was stored.
// It matches [ErrInvalid].
type InvalidError struct {
	Fields []FieldError // in the order of the input's fields
}

// Error is for logs.
func (e *InvalidError) Error() string { return "coupon: " + joined(e.Fields) }

// joined is all that is wrong, in one line.
func joined(fields []FieldError) string {
	parts := make([]string, len(fields))
	for i, f := range fields {
		parts[i] = f.Error()
	}
	return strings.Join(parts, "; ")
}

// Is matches [ErrInvalid].
func (e *InvalidError) Is(target error) bool { return target == ErrInvalid }

// RefusedError is what Redeem returns when rules are not met. It matches
// [ErrRefused]. Error is for the owner's log; show a customer
// [Public] of the refusals instead.
type RefusedError struct {
	// Refusals are in the order of the codes, and of each in that of the [Reason]
	// constants.
	Refusals []Refusal
	Booking  string    // the host's id
	Customer string    // canonical key; empty if unknown
	Subtotal Money     // the whole booking before any discount
	At       time.Time // when it was refused
}

// Error is for logs.
func (e *RefusedError) Error() string {
	parts := make([]string, len(e.Refusals))
	for i, r := range e.Refusals {
		parts[i] = r.String()
	}
	return "coupon: refused: " + strings.Join(parts, "; ")
}

// Is matches [ErrRefused].
func (e *RefusedError) Is(target error) bool { return target == ErrRefused }

// ConflictError carries what is stored under the key. It matches [ErrConflict].
type ConflictError struct {
	Redemption Redemption // what is stored
	Differs    string     // what differs, in words
}

// Error is for logs.
func (e *ConflictError) Error() string {
	return fmt.Sprintf("%v: booking %q, coupon %s: %s", ErrConflict, e.Redemption.Booking, e.Redemption.Coupon, e.Differs)
}

// Is matches [ErrConflict].
func (e *ConflictError) Is(target error) bool { return target == ErrConflict }

// CouponConflictError says that a coupon to be created or imported is there
// already, and was made with other content. It matches [ErrConflict].
type CouponConflictError struct {
	Coupon  ID       // that is there
	Differs []string // in which fields, as in JSON: "name", "restrictions.limits", "codes[0]"
}

// Error is for logs.
func (e *CouponConflictError) Error() string {
	return fmt.Sprintf("coupon: %s is there with other content: %s", e.Coupon, strings.Join(e.Differs, ", "))
}

// Is matches [ErrConflict].
func (e *CouponConflictError) Is(target error) bool { return target == ErrConflict }

// NoteConflictError carries the note that is stored under the id already, with
// another instant or text. It matches [ErrConflict].
type NoteConflictError struct {
	Stored Note // as it is stored
}

// Error is for logs.
func (e *NoteConflictError) Error() string {
	return fmt.Sprintf("coupon: note %s is there with other content", e.Stored.ID)
}

// Is matches [ErrConflict].
func (e *NoteConflictError) Is(target error) bool { return target == ErrConflict }

// BatchConflictError says that a batch of codes is there already, and was made of
// another count, or another way. Nothing was made. It matches [ErrConflict].
type BatchConflictError struct {
	// Stored is a code that the batch has: its BatchCount is how many the batch
	// shall have.
	Stored CouponCode
	// Fields are those of the [CodeBatch] that differ, in its order: Value is what
	// was asked for, and Must says what the batch has.
	Fields []FieldError
}

// Error is for logs.
func (e *BatchConflictError) Error() string {
	return fmt.Sprintf("%v: batch %q of coupon %s: %s", ErrConflict, e.Stored.Batch, e.Stored.Coupon, joined(e.Fields))
}

// Is matches [ErrConflict].
func (e *BatchConflictError) Is(target error) bool { return target == ErrConflict }

// CancelledError carries the cancelled redemption. It matches [ErrCancelled].
type CancelledError struct {
	Redemption Redemption // as it is stored
}

// Error is for logs.
func (e *CancelledError) Error() string {
	return fmt.Sprintf("%v: booking %q, coupon %s", ErrCancelled, e.Redemption.Booking, e.Redemption.Coupon)
}

// Is matches [ErrCancelled].
func (e *CancelledError) Is(target error) bool { return target == ErrCancelled }

// ReservationEndedError carries the reservation that has expired or was released.
// It matches [ErrReservationEnded].
type ReservationEndedError struct {
	Redemption Redemption // as it is stored
}

// Error is for logs.
func (e *ReservationEndedError) Error() string {
	how := "released"
	if e.Redemption.State != Released {
		how = "expired at " + e.Redemption.ExpiresAt.Format(time.RFC3339)
	}
	return fmt.Sprintf("%v: booking %q, coupon %s, %s", ErrReservationEnded, e.Redemption.Booking, e.Redemption.Coupon, how)
}

// Is matches [ErrReservationEnded].
func (e *ReservationEndedError) Is(target error) bool { return target == ErrReservationEnded }

// QuoteChangedError says what would be given instead of what was quoted. It
// matches [ErrQuoteChanged].
type QuoteChangedError struct {
	Expected Quote // as it was given to Expect
	Code     Code  // the first that gives another discount
	Discount Money // what it gives now
}

// Error is for logs.
func (e *QuoteChangedError) Error() string {
	return fmt.Sprintf("%v: %s gives %s now", ErrQuoteChanged, e.Code, e.Discount)
}

// Is matches [ErrQuoteChanged].
func (e *QuoteChangedError) Is(target error) bool { return target == ErrQuoteChanged }

// VersionError carries the coupon as it is stored now. It matches [ErrVersion].
type VersionError struct {
	Current Coupon // as it is stored now
}

// Error is for logs.
func (e *VersionError) Error() string {
	return fmt.Sprintf("%v: it is at version %d", ErrVersion, e.Current.Version)
}

// Is matches [ErrVersion].
func (e *VersionError) Is(target error) bool { return target == ErrVersion }

// NoteVersionError carries the note as it is stored now. It matches [ErrVersion].
type NoteVersionError struct {
	Current Note // as it is stored now
}

// Error is for logs.
func (e *NoteVersionError) Error() string {
	return fmt.Sprintf("%v: note %s is at version %d", ErrVersion, e.Current.ID, e.Current.Version)
}

// Is matches [ErrVersion].
func (e *NoteVersionError) Is(target error) bool { return target == ErrVersion }

// invalid is an InvalidError of one field.
func invalid(field, value, must string) *InvalidError {
	var p problems
	p.add(field, value, must)
	return &InvalidError{Fields: p}
}

// problems collects every broken field of one input.
type problems []FieldError

func (p *problems) add(field, value, must string) {
	const most = 60
	if r := []rune(value); len(r) > most {
		value = string(r[:most]) + "…"
	}
	*p = append(*p, FieldError{Field: field, Value: value, Must: must})
}

// merge takes over the fields of an InvalidError, under a new path.
func (p *problems) merge(field string, err error) {
	if e, ok := errors.AsType[*InvalidError](err); ok {
		for _, f := range e.Fields {
			p.add(field, f.Value, f.Must)
		}
	}
}

func (p problems) err() error {
	if len(p) == 0 {
		return nil
	}
	return &InvalidError{Fields: p}
}
