package coupon

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"
)

// Audience is whom a coupon is for. The zero value is everybody.
type Audience string

const (
	Everyone          Audience = ""         // nobody is refused for who they are
	NewCustomers      Audience = "new"      // no earlier completed booking when this one is made
	ExistingCustomers Audience = "existing" // at least one earlier completed booking
)

// Clock is one of the two instants of a booking. The zero value means the
// default of the field or query that has it.
type Clock string

const (
	MadeAt    Clock = "made-at"      // when the booking was made
	ServiceAt Clock = "service-date" // when what was booked is delivered
)

// Coupon is an offer. Make one with [Service.Create]; the zero value is not
// valid (it has no code, start or discount).
type Coupon struct {
	ID          ID     `json:"id"`                    // unique; see Create
	Code        Code   `json:"code"`                  // what customers type; see ParseCode
	Name        string `json:"name,omitempty"`        // for the owner only; at most 200 characters
	Description string `json:"description,omitempty"` // for the owner only; at most 2000 characters

	Audience     Audience     `json:"audience,omitempty"`    // whom it is for; default everybody
	Discount     Discount     `json:"discount"`              // what it gives; required
	Restrictions Restrictions `json:"restrictions,omitzero"` // what a booking must meet; default nothing
	// Combinable says that the coupon may stand on one booking with others. Each
	// of them must allow it.
	Combinable bool `json:"combinable,omitempty"`

	// The coupon is valid in [Start, End). Start is required; the zero End is no
	// end. Make them from days with [StartOfDay]: "until 7 July" is the start of
	// 8 July. They are cut to microseconds.
	Start time.Time `json:"start"`
	End   time.Time `json:"end,omitzero"`
	// ValidBy is the clock that must lie in [Start, End). Default MadeAt.
	ValidBy Clock `json:"valid_by,omitempty"`
	// Zone is the IANA zone in which days, hours and periods are meant. Default
	// "UTC". An unknown zone is an error here, not later.
	Zone string `json:"zone"`

	// KeepUseOnCancel: a cancelled booking does not give its use back. By
	// default it does.
	KeepUseOnCancel bool `json:"keep_use_on_cancel,omitempty"`
	// ReleaseUseOnRefund: a booking refunded in full gives its use back. By
	// default it does not.
	ReleaseUseOnRefund bool `json:"release_use_on_refund,omitempty"`

	// Inactive coupons refuse new redemptions until they are activated. See
	// Deactivate and Activate.
	Inactive bool `json:"inactive,omitempty"`
	// ArchivedAt is when the coupon was put away for good; zero if it was not.
	ArchivedAt time.Time `json:"archived_at,omitzero"`

	// Version counts the edits from 1. Update refuses with ErrVersion if it is
	// not the stored one.
	Version   int64     `json:"version"`
	CreatedAt time.Time `json:"created_at"`
	CreatedBy string    `json:"created_by,omitempty"`
	UpdatedAt time.Time `json:"updated_at"`
	UpdatedBy string    `json:"updated_by,omitempty"`
}

// Config is what a Service is made of.
type Config struct {
	Store Store            // required
	Now   func() time.Time // default time.Now
	Rand  io.Reader        // source of ids and codes, safe for concurrent use; default crypto/rand.Reader
	// Attempt is called for every typed code that is looked up by Quote, Redeem,
	// Reserve and Reopen, a hit or a miss, so that the host can limit how often
	// somebody may try. Its error is the error of the call. Default: every attempt
	// is allowed.
	Attempt func(ctx context.Context, a Attempt) error
	// KeepRefusals is how long recorded refusals are kept; default 90 times 24
	// hours. Negative: none are recorded.
	KeepRefusals time.Duration
	// MaxRefusals is how many are kept of each coupon, the newest; default 10,000.
	MaxRefusals int
	// Logger is told what could not be recorded beside a call that has its answer.
	// Default: nobody.
	Logger *slog.Logger
}

// Service is the library for users: it decides, the store remembers. It is safe
// for concurrent use. Make one with [New].
type Service struct {
	store   Store
	now     func() time.Time
	rand    io.Reader
	attempt func(context.Context, Attempt) error
	keep    time.Duration // of refusals
	most    int           // refusals of each coupon
	log     *slog.Logger
	actor   string
}

// New makes a Service. It does no I/O and starts nothing; the tables are made by
// the store's own Migrate.
func New(cfg Config) (*Service, error) {
	if cfg.Store == nil {
		return nil, errors.New("coupon: Config.Store is required")
	}
	s := &Service{store: cfg.Store, now: cfg.Now, rand: cfg.Rand, attempt: cfg.Attempt,
		keep: cmp.Or(cfg.KeepRefusals, 2160*time.Hour), most: cmp.Or(cfg.MaxRefusals, 10_000), log: cfg.Logger}
	if s.most < 0 {
		return nil, errors.New("coupon: Config.MaxRefusals must not be negative")
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.rand == nil {
		s.rand = rand.Reader
	}
	return s, nil
}

// With is the same service over another store, such as that of another merchant,
// or one that writes in a transaction of the host's: whatever the service writes
// then stands or falls with it.
func (s *Service) With(st Store) *Service {
	c := *s
	c.store = st
	return &c
}

// As is the same service acting for somebody: the name is recorded with every
// edit, note and event. It is the host's name for a person, at most 200
// characters; longer ones are cut, and what no text may have (control and direction
// characters, what is not UTF-8) is left out.
func (s *Service) As(actor string) *Service {
	c := *s
	c.actor = strings.Map(func(r rune) rune {
		if unfit(r) {
			return -1
		}
		return r
	}, actor)
	if r := []rune(c.actor); len(r) > maxNameLength {
		c.actor = string(r[:maxNameLength])
	}
	return &c
}

// Now is the service's clock, in UTC and cut to microseconds, as it is stored.
func (s *Service) Now() time.Time { return instant(s.now()) }

// instant is the one form of every stored time.
func instant(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Microsecond)
}

// Create stores a new coupon and gives it back with version 1, when it was made
// and by whom; those fields of c, and ArchivedAt, are ignored. All that is wrong
// with c comes back in one [*InvalidError]; a code in use is [ErrDuplicateCode].
//
// The ID is the caller's, made with [Service.NewID] before the form is shown, so
// that a form sent twice makes one coupon: under an id that is there, the same
// content again gives the coupon as it is stored, whatever was edited since, and
// other content is a [*CouponConflictError]. Without an ID it gets a new one.
func (s *Service) Create(ctx context.Context, c Coupon) (Coupon, error) {
	c = c.normal()
	var p problems
	if c.ID != "" {
		checkHostID(&p, "id", c.ID)
	}
	if e, ok := errors.AsType[*InvalidError](c.Validate()); ok {
		p = append(p, e.Fields...)
	}
	if err := p.err(); err != nil {
		return Coupon{}, err
	}
	given := c.ID != ""
	if !given {
		var err error
		if c.ID, err = s.NewID(); err != nil {
			return Coupon{}, err
		}
	}
	now := s.Now()
	c.Version, c.ArchivedAt = 1, time.Time{}
	c.CreatedAt, c.CreatedBy, c.UpdatedAt, c.UpdatedBy = now, s.actor, now, s.actor
	err := s.store.InsertCoupon(ctx, c)
	if given && errors.Is(err, ErrVersion) {
		return s.created(ctx, c)
	}
	if err != nil {
		return Coupon{}, err
	}
	return c, nil
}

// Coupon gives the coupon of that id, or [ErrNotFound].
func (s *Service) Coupon(ctx context.Context, id ID) (Coupon, error) {
	return s.store.Coupon(ctx, id)
}

// CouponByCode gives the coupon that is not archived and has the code, or
// [ErrNotFound]. The code is typed text, main or further: see [ParseCode].
func (s *Service) CouponByCode(ctx context.Context, code string) (Coupon, error) {
	c, err := ParseCode(code)
	if err != nil {
		return Coupon{}, err
	}
	found, _, err := s.store.CouponByCode(ctx, c)
	return found, err
}

// Update stores an edited coupon under c.ID as a new version, if c.Version is
// still the stored one. The same edit again changes nothing: if c.Version is an
// older one, and what is stored, or the version that came after c.Version, has the
// content of c, it gives the coupon as it is stored now. Every other edit of an
// older version is a [*VersionError], which carries what is stored. It affects
// future redemptions only: the past keeps its version. Raising a limit by n
// opens exactly n uses. A new limit counts the uses already made, also those of
// transactions that are still open, for which it waits a bounded time
// ([ErrContention] after that): in one transaction, which takes seconds where
// there are tens of thousands of them, so choose a quiet hour. Who made
// the coupon and whether it is archived can't be changed here.
func (s *Service) Update(ctx context.Context, c Coupon) (Coupon, error) {
	c = c.normal()
	if err := c.Validate(); err != nil {
		return Coupon{}, err
	}
	old, err := s.store.Coupon(ctx, c.ID)
	if err != nil {
		return Coupon{}, err
	}
	if old.Version == c.Version {
		if !old.ArchivedAt.IsZero() {
			return Coupon{}, archived(old)
		}
		next := c
		next.ArchivedAt, next.CreatedAt, next.CreatedBy = old.ArchivedAt, old.CreatedAt, old.CreatedBy
		next, err = s.replace(ctx, old, next)
		stale, ok := errors.AsType[*VersionError](err)
		if !ok {
			return next, err
		}
		old = stale.Current // somebody was faster, perhaps with the same edit
	}
	return s.updated(ctx, c, old)
}

// replace is the one way a stored coupon changes.
func (s *Service) replace(ctx context.Context, old, c Coupon) (Coupon, error) {
	c.Version, c.UpdatedAt, c.UpdatedBy = old.Version+1, s.Now(), s.actor
	if err := s.store.UpdateCoupon(ctx, c, recount(old, c)); err != nil {
		if errors.Is(err, ErrVersion) {
			if now, e := s.store.Coupon(ctx, c.ID); e == nil {
				err = &VersionError{Current: now}
			}
		}
		return Coupon{}, err
	}
	return c, nil
}

// change re-reads and tries again when somebody else was faster: the switches
// below do not depend on what else was edited.
func (s *Service) change(ctx context.Context, id ID, edit func(*Coupon) bool) (Coupon, error) {
	for range 8 {
		old, err := s.store.Coupon(ctx, id)
		if err != nil {
			return Coupon{}, err
		}
		c := old
		if !edit(&c) {
			return old, nil
		}
		if !old.ArchivedAt.IsZero() {
			return Coupon{}, archived(old)
		}
		c, err = s.replace(ctx, old, c)
		if !errors.Is(err, ErrVersion) {
			return c, err
		}
	}
	return Coupon{}, ErrContention
}

func archived(c Coupon) error {
	return invalid("archived_at", c.ArchivedAt.Format(time.RFC3339), "must be unset: an archived coupon can't be edited, duplicate it")
}

// Deactivate switches a coupon off: it refuses new redemptions. Doing it twice
// changes nothing.
func (s *Service) Deactivate(ctx context.Context, id ID) (Coupon, error) {
	return s.change(ctx, id, func(c *Coupon) bool {
		was := c.Inactive
		c.Inactive = true
		return !was
	})
}

// Activate switches a deactivated coupon on again. Dates and limits still hold.
func (s *Service) Activate(ctx context.Context, id ID) (Coupon, error) {
	return s.change(ctx, id, func(c *Coupon) bool {
		was := c.Inactive
		c.Inactive = false
		return was
	})
}

// Archive puts a coupon away for good: it refuses new redemptions and frees its
// code for a new coupon, and keeps its history. Coupons are never deleted.
func (s *Service) Archive(ctx context.Context, id ID) (Coupon, error) {
	return s.change(ctx, id, func(c *Coupon) bool {
		if !c.ArchivedAt.IsZero() {
			return false
		}
		c.ArchivedAt = s.Now()
		return true
	})
}

// Duplicate creates a new coupon with the rules and dates of another under a new
// code. It is inactive, so that dates and limits can be adjusted before anybody
// uses it. A form that can be sent twice gives the copy to Create, under an id of
// its own.
func (s *Service) Duplicate(ctx context.Context, id ID, code string) (Coupon, error) {
	c, err := s.store.Coupon(ctx, id)
	if err != nil {
		return Coupon{}, err
	}
	if c.Code, err = ParseCode(code); err != nil {
		return Coupon{}, err
	}
	c.ID, c.Inactive = "", true
	return s.Create(ctx, c)
}

// Clone is the same coupon sharing no memory with c.
func (c Coupon) Clone() Coupon {
	r := &c.Restrictions
	r.Days, r.Hours, r.Frequencies = slices.Clone(r.Days), slices.Clone(r.Hours), slices.Clone(r.Frequencies)
	r.Matches, r.Limits = slices.Clone(r.Matches), slices.Clone(r.Limits)
	for i, m := range r.Matches {
		r.Matches[i].AnyOf, r.Matches[i].NoneOf = slices.Clone(m.AnyOf), slices.Clone(m.NoneOf)
	}
	return c
}

// normal is the coupon as it is stored: defaults written out, instants cut,
// nothing shared with the caller.
func (c Coupon) normal() Coupon {
	if code, err := ParseCode(string(c.Code)); err == nil {
		c.Code = code
	}
	c.Start, c.End = instant(c.Start), instant(c.End)
	if c.ValidBy == "" {
		c.ValidBy = MadeAt
	}
	if c.Zone == "" {
		c.Zone = "UTC"
	}
	c = c.Clone()
	r := &c.Restrictions
	for i := range r.Limits {
		if r.Limits[i].Every == "" {
			r.Limits[i].Every = Ever
		}
	}
	if len(r.Days)+len(r.Hours) > 0 && r.DaysBy == "" {
		r.DaysBy = ServiceAt
	}
	return c
}
