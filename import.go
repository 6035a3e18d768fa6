package coupon

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/shopspring/decimal"
)

// PastRedemption is a redemption made in another system, as it happened there.
// Amounts are in major units of Currency. What is not known stays unknown.
type PastRedemption struct {
	// Line is where the row came from, for reports: a line number of a file.
	Line int
	// Code is the coupon's, main or further, as typed. The coupon must exist; of
	// an archived one, whose codes are free, Coupon must be given too.
	Code string
	// Coupon is its id; empty is the coupon that has the Code.
	Coupon      ID
	Booking     string // the host's key, as Booking.ID
	Currency    string // ISO 4217
	TaxIncluded bool   // the tax basis of all its amounts
	Customer    string // any spelling of the key; empty if unknown
	// EarlierBookings is as in Customer; nil is unknown.
	EarlierBookings *int
	MadeAt          time.Time   // required
	Service         ServiceDate // zero if unknown
	Type            BookingType // default OneTime
	Frequency       Frequency   // only of recurring bookings
	Series          string      // as Booking.Series
	Occurrence      int64       // as Booking.Occurrence

	Subtotal       decimal.Decimal  // of the whole booking, before any discount
	Eligible       decimal.Decimal  // ≤ Subtotal
	Discount       decimal.Decimal  // ≤ Eligible
	OtherDiscounts decimal.Decimal  // of other coupons; with Discount ≤ Subtotal
	Cost           *decimal.Decimal // nil is unknown

	CancelledAt time.Time // zero if it was not
	Refunds     []Refund  // all together ≤ what was paid; each with a key and At
}

// ImportOptions are optional; the zero value reports nothing on the way.
type ImportOptions struct {
	// Batch is how many rows are written together; default 500.
	Batch int
	// Progress is called after every batch.
	Progress func(ImportReport)
	// BadRow is called for every row that can't be taken over: the rest goes on.
	BadRow func(BadRow)
}

// ImportReport counts what became of the rows.
type ImportReport struct {
	Read     int `json:"read"`     // rows
	Recorded int `json:"recorded"` // rows of which something was new
	Known    int `json:"known"`    // were there already, with the same content
	Bad      int `json:"bad"`      // reported, not recorded
}

// BadRow is a row that was not recorded, and why.
type BadRow struct {
	Row PastRedemption // as it was given
	Err error          // an *InvalidError, ErrNotFound (the code), *ConflictError or ErrOverflow (of a budget)
}

// Error is the line and the reason.
func (b BadRow) Error() string { return fmt.Sprintf("line %d: %v", b.Row.Line, b.Err) }

// Import records redemptions of another system in bulk, as they happened: no rule
// of the coupon is looked at, and limits are charged unconditionally, so that
// more may be used than is allowed, which then refuses new uses. Rows are
// streamed. A row whose key (coupon, booking) is there already with the same
// content changes nothing, so an import can be run again; with other content it
// is a bad row. The error is the first one of rows, of the store or of ctx; what
// was recorded before it stays.
func (s *Service) Import(ctx context.Context, rows iter.Seq2[PastRedemption, error], opt ImportOptions) (ImportReport, error) {
	if opt.Batch <= 0 {
		opt.Batch = 500
	}
	im := importing{svc: s, opt: opt, now: s.Now(), coupons: map[importKey]importedCode{}}
	for row, err := range rows {
		if err != nil {
			return im.report, errors.Join(err, im.flush(ctx))
		}
		if err := im.add(ctx, row); err != nil {
			return im.report, err
		}
	}
	return im.report, im.flush(ctx)
}

// importing is one Import under way.
type importing struct {
	svc     *Service
	opt     ImportOptions
	now     time.Time
	coupons map[importKey]importedCode
	rows    []PastRedemption
	groups  []*Group
	works   []*recording
	report  ImportReport
}

// importKey is how a row names its coupon, importedCode what it means.
type (
	importKey struct {
		coupon ID
		code   string
	}
	importedCode struct {
		CouponCode
		coupon Coupon
	}
)

func (im *importing) add(ctx context.Context, row PastRedemption) error {
	im.report.Read++
	c, err := im.coupon(ctx, importKey{row.Coupon, row.Code})
	var work *recording
	if err == nil {
		work, err = row.recording(c, im.now, im.svc.actor)
	}
	if errors.Is(err, ErrNotFound) || errors.Is(err, ErrInvalid) {
		im.bad(row, err)
		return nil
	}
	if err != nil {
		return err
	}
	im.rows, im.works = append(im.rows, row), append(im.works, work)
	im.groups = append(im.groups, &Group{Coupons: []ID{c.coupon.ID}, Booking: row.Booking, Series: row.Series, slots: work.slots, decide: work.decide})
	if len(im.groups) < im.opt.Batch {
		return nil
	}
	return im.flush(ctx)
}

// maxRemembered is how many codes an import keeps in memory.
const maxRemembered = 1000

func (im *importing) coupon(ctx context.Context, key importKey) (importedCode, error) {
	code, err := ParseCode(key.code)
	if err != nil {
		return importedCode{}, err
	}
	key.code = string(code)
	if c, ok := im.coupons[key]; ok {
		return c, nil
	}
	c, k, err := im.svc.store.CouponByCode(ctx, code)
	if key.coupon != "" && (err == nil && c.ID != key.coupon || errors.Is(err, ErrNotFound)) {
		// The code was the coupon's once: an edit or the archiving has freed it.
		k = CouponCode{Code: code, Coupon: key.coupon}
		c, err = im.svc.store.Coupon(ctx, key.coupon)
	}
	if err != nil {
		return importedCode{}, fmt.Errorf("code %s: %w", code, err)
	}
	if len(im.coupons) >= maxRemembered { // codes may be as many as rows
		clear(im.coupons)
	}
	im.coupons[key] = importedCode{k, c}
	return im.coupons[key], nil
}

func (im *importing) bad(row PastRedemption, err error) {
	im.report.Bad++
	if im.opt.BadRow != nil {
		im.opt.BadRow(BadRow{Row: row, Err: err})
	}
}

func (im *importing) flush(ctx context.Context) error {
	if len(im.groups) > 0 {
		if err := im.svc.store.Write(ctx, im.groups); err != nil {
			return err
		}
	}
	for i, g := range im.groups {
		switch {
		case g.err != nil:
			im.bad(im.rows[i], g.err)
		case im.works[i].known:
			im.report.Known++
		default:
			im.report.Recorded++
		}
	}
	im.rows, im.groups, im.works = im.rows[:0], nil, nil
	if im.opt.Progress != nil {
		im.opt.Progress(im.report)
	}
	return nil
}

// recording decides one imported row.
type recording struct {
	fact   Redemption
	events []Event
	known  bool
}

func (w *recording) slots(v *View) []Slot {
	if c, ok := v.Coupons[w.fact.Coupon]; ok && w.fact.holdsAfterImport(c) {
		u := w.fact.Use()
		u.Uses = 1 // the first of a series takes its use
		return c.slots(u)
	}
	return nil
}

func (w *recording) decide(v *View) (*Changes, *ReclaimQuery, error) {
	w.known = false
	if r, ok := find(v.Redemptions, w.fact.Coupon); ok {
		if r.Fingerprint != w.fact.Fingerprint {
			return nil, nil, &ConflictError{Redemption: r, Differs: "what is recorded has another content"}
		}
		w.known = true
		return nil, nil, nil
	}
	c, ok := v.Coupons[w.fact.Coupon]
	if !ok {
		return nil, nil, ErrNotFound
	}
	if w.fact.State != Opening && len(v.Redemptions) >= MaxCoupons {
		return nil, nil, invalid("booking", w.fact.Booking, fmt.Sprintf("must have at most %d coupons", MaxCoupons))
	}
	r := w.fact
	r.Version, r.Charges = c.Version, c.charges(r.Use())
	out := writing{view: v}
	if r.holdsAfterImport(c) {
		out.hold(&r, c)
	}
	out.Insert = []Redemption{r}
	out.Events = w.events
	return &out.Changes, nil, nil
}

// holdsAfterImport is what cancelling and refunding in full would have left.
func (r Redemption) holdsAfterImport(c Coupon) bool {
	if c.ReleaseUseOnRefund && r.refundedInFull() {
		return false
	}
	return r.State != Cancelled || c.KeepUseOnCancel
}

// recording checks a row and makes the redemption that it says.
func (row PastRedemption) recording(k importedCode, now time.Time, actor string) (*recording, error) {
	c := k.coupon
	var p problems
	checkKey(&p, "booking", row.Booking, true)
	customer := CustomerKey(row.Customer)
	checkKey(&p, "customer", customer, false)
	if n := row.EarlierBookings; n != nil && *n < 0 {
		p.add("earlier_bookings", fmt.Sprint(*n), "must not be negative")
	}
	if row.MadeAt.IsZero() {
		p.add("made_at", "", "must be set")
	}
	checkInstant(&p, "made_at", row.MadeAt)
	checkInstant(&p, "cancelled_at", row.CancelledAt)
	row.Service.At = instant(row.Service.At)
	checkService(&p, row.Service)
	row.Type = checkType(&p, row.Type, row.Frequency, row.Series, row.Occurrence)
	digits, err := currencyDigits(row.Currency)
	p.merge("currency", err)
	readable := err == nil // once an amount is not, comparing with it says nothing
	amount := func(field string, d decimal.Decimal, most int64, bound string) int64 {
		n, err := toMinor(field, d, digits)
		p.merge(field, err)
		if err != nil {
			readable = false
		}
		switch {
		case !readable:
		case n < 0:
			p.add(field, brief(d), "must not be negative")
		case n > most:
			p.add(field, brief(d), "must not be more than "+bound)
		}
		return n
	}
	const any = 1<<63 - 1
	subtotal := amount("subtotal", row.Subtotal, any, "")
	eligible := amount("eligible", row.Eligible, subtotal, "subtotal")
	discount := amount("discount", row.Discount, eligible, "eligible")
	other := amount("other_discounts", row.OtherDiscounts, subtotal-discount, "subtotal less discount")
	var cost int64
	if row.Cost != nil {
		cost = amount("cost", *row.Cost, any, "")
	}
	if err := p.err(); err != nil {
		return nil, err
	}
	m := func(n int64) Money { return fromMinor(n, row.Currency) }
	r := Redemption{
		Coupon: c.ID, Booking: row.Booking, State: Redeemed, Code: k.Code, SingleUse: k.SingleUse, Terms: c.Discount, Customer: customer,
		Type: row.Type, Frequency: row.Frequency, Series: row.Series, Occurrence: row.Occurrence, TaxIncluded: row.TaxIncluded,
		MadeAt: instant(row.MadeAt), Service: row.Service, ServiceAt: row.Service.instant(c.location()),
		Subtotal: m(subtotal), Eligible: m(eligible), Discount: m(discount), OtherDiscounts: m(other), Refund: m(0),
		RedeemedAt: instant(row.MadeAt), Imported: true,
	}
	r.NewCustomer = Customer{EarlierBookings: row.EarlierBookings}.isNew()
	if row.Cost != nil {
		m := m(cost)
		r.Cost = &m
	}
	w := &recording{events: []Event{r.event(EventImported, "", now, actor, r.Discount)}}
	var refunds []string
	for _, x := range row.Refunds {
		if x.At = instant(x.At); x.At.IsZero() {
			x.At = r.MadeAt
		}
		checkKey(&p, "refunds.key", x.Key, true)
		checkPositive(&p, "refunds.amount", x.Amount)
		checkInstant(&p, "refunds.at", x.At)
		checkText(&p, "refunds.by", x.By, maxNameLength, false)
		if slices.ContainsFunc(r.Refunds, func(y Refund) bool { return y.Key == x.Key }) {
			p.add("refunds.key", x.Key, "must be unique in the booking")
		}
		if len(p) == 0 {
			minor, _ := x.Amount.Minor()
			x.Amount = fromMinor(minor, x.Amount.Currency)
			p.merge("refunds.amount", r.refund(x))
			refunds = append(refunds, digest(x.Key, minor, x.At.UnixMicro()))
		}
		w.events = append(w.events, r.event(EventRefunded, x.Key, x.At, x.By, x.Amount))
	}
	if !row.CancelledAt.IsZero() {
		r.State, r.CancelledAt = Cancelled, instant(row.CancelledAt)
		w.events = append(w.events, r.event(EventCancelled, "", r.CancelledAt, "", r.Discount))
	}
	r.Fingerprint = digest("import", customer, row.Currency, row.Type, row.Series, row.Occurrence, r.MadeAt.UnixMicro(), row.Service.At.UnixMicro(), row.Service.Day.String(),
		subtotal, eligible, discount, other, row.Cost != nil, cost, refunds, r.CancelledAt.UnixMicro())
	w.fact = r
	return w, p.err()
}
