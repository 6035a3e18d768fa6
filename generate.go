package coupon

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"
)

// Bounds of a batch of codes.
const (
	MaxBatch  = 1_000_000 // codes of one batch
	MinRandom = 12        // random characters of a code: 60 bits
)

const (
	// codeAlphabet has no I, L, O and U, which are read as 1, 0 and V. It has 32
	// characters, so that five bits of any byte choose one without bias.
	codeAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	codeGroup    = 4   // characters between two "-"
	codesAtOnce  = 500 // given to the store together
	codeTries    = 8   // how often a code is drawn again that is taken
)

// CodeBatch is what codes to generate. The zero value is not valid: Key and Count
// are required.
type CodeBatch struct {
	// Key is the host's key of the batch, 1 to 200 bytes, unique in the coupon: the
	// same key again is the same batch, of the same Count. More codes are another
	// batch, with another key.
	Key string
	// Count is how many codes the batch has, 1 to MaxBatch.
	Count int
	// Prefix is what each code begins with, such as "SPRING-": letters, digits, "-"
	// and "_", but no "-" first. Empty is nothing.
	Prefix string
	// Length is how many random characters follow, of 5 bits each; default
	// MinRandom, which is the least. After every four of them there is a "-", and
	// with Prefix and those a code has at most MaxCodeLength characters.
	Length int
	// SingleUse and Customer are as in CouponCode.
	SingleUse bool
	Customer  string
}

// normal checks the batch and writes out its defaults.
func (b CodeBatch) normal() (CodeBatch, error) {
	var p problems
	checkKey(&p, "key", b.Key, true)
	if b.Count < 1 || b.Count > MaxBatch {
		p.add("count", strconv.Itoa(b.Count), fmt.Sprintf("must be 1 to %d", MaxBatch))
	}
	if b.Prefix != "" {
		prefix, err := ParseCode(b.Prefix)
		p.merge("prefix", err)
		if b.Prefix = string(prefix); strings.HasPrefix(b.Prefix, "-") {
			p.add("prefix", b.Prefix, "must not begin with -, which a spreadsheet takes for a formula")
		}
	}
	if b.Length == 0 {
		b.Length = MinRandom
	}
	if b.Length < MinRandom || b.Length > MaxCodeLength || len(b.Prefix)+b.width() > MaxCodeLength {
		p.add("length", strconv.Itoa(b.Length), fmt.Sprintf("must be at least %d, and with prefix and - give at most %d characters", MinRandom, MaxCodeLength))
	}
	b.Customer = onlyCustomer(&p, "customer", b.Customer)
	return b, p.err()
}

// width is how long the random part is with the "-" in it.
func (b CodeBatch) width() int { return b.Length + (b.Length-1)/codeGroup }

// draw gives a code that nobody can guess.
func (b CodeBatch) draw(random io.Reader) (Code, error) {
	var bits [MaxCodeLength]byte
	if _, err := io.ReadFull(random, bits[:b.Length]); err != nil {
		return "", fmt.Errorf("coupon: no random bytes for a code: %w", err)
	}
	out := append(make([]byte, 0, MaxCodeLength), b.Prefix...)
	for i, c := range bits[:b.Length] {
		if i > 0 && i%codeGroup == 0 {
			out = append(out, '-')
		}
		out = append(out, codeAlphabet[c%byte(len(codeAlphabet))])
	}
	return Code(out), nil
}

// drawn reports whether a code has the form of those that the batch draws.
func (b CodeBatch) drawn(c Code) bool {
	random, ok := strings.CutPrefix(string(c), b.Prefix)
	if !ok || len(random) != b.width() {
		return false
	}
	for i, c := range []byte(random) {
		if dash := i%(codeGroup+1) == codeGroup; dash && c != '-' || !dash && strings.IndexByte(codeAlphabet, c) < 0 {
			return false
		}
	}
	return true
}

// fits refuses a batch whose code is of another count or was made another way:
// whoever uses the key again means another batch.
func (b CodeBatch) fits(k CouponCode) error {
	var p problems
	if k.BatchCount != 0 && int64(b.Count) != k.BatchCount {
		p.add("count", strconv.Itoa(b.Count), fmt.Sprintf("must be as in the batch: %d", k.BatchCount))
	}
	if !b.drawn(k.Code) {
		p.add("prefix", b.Prefix, "must, with length, be as in the batch, which has the code "+string(k.Code))
	}
	if b.SingleUse != k.SingleUse {
		p.add("single_use", strconv.FormatBool(b.SingleUse), fmt.Sprintf("must be as in the batch: %t", k.SingleUse))
	}
	if b.Customer != k.Customer {
		p.add("customer", b.Customer, fmt.Sprintf("must be as in the batch: %q", k.Customer))
	}
	if len(p) == 0 {
		return nil
	}
	return &BatchConflictError{Stored: k, Fields: p}
}

// GenerateCodes gives a coupon a batch of further codes that nobody can guess, and
// lists them: K7QF-9XMB-2TRW. It can be called again at any time, and by several
// at once: the codes that the batch has already come first, in the order of their
// bytes, and only what is missing of Count is made. So after an error, or when the
// list was not read to its end, the same call again gives all of them; and when
// all of them are there it makes none. With another count, prefix, length, use or
// customer it is a [*BatchConflictError], and changes nothing: whoever comes first
// says what the batch is.
//
// Codes are stored some hundred at a time and listed as soon as they are: what was
// stored before an error stays. An error comes once, last: an [*InvalidError] or
// [*BatchConflictError] of the batch; [ErrNotFound] of a coupon that is archived
// or not there; Config.Rand at its end, or giving only what is taken; or a failure
// of the store. A code of the host's own with the key of the batch
// ([Service.AddCode]) is none of it, and not listed.
func (s *Service) GenerateCodes(ctx context.Context, id ID, b CodeBatch) iter.Seq2[CouponCode, error] {
	return func(yield func(CouponCode, error) bool) {
		g := generating{svc: s, coupon: id, yield: yield}
		if err := g.run(ctx, b); err != nil && !g.stopped {
			yield(CouponCode{}, err)
		}
	}
}

// generating is one GenerateCodes under way.
type generating struct {
	svc     *Service
	coupon  ID
	batch   CodeBatch
	yield   func(CouponCode, error) bool
	given   []bool // by number
	missing int    // numbers that were not given
	stopped bool   // nobody reads any more
}

// errStopped ends what nobody reads any more.
var errStopped = errors.New("coupon: the list was not read to its end")

func (g *generating) run(ctx context.Context, b CodeBatch) (err error) {
	if g.batch, err = b.normal(); err != nil {
		return err
	}
	c, err := g.svc.store.Coupon(ctx, g.coupon)
	if err == nil && !c.ArchivedAt.IsZero() {
		err = ErrNotFound
	}
	if err != nil {
		return err
	}
	g.given, g.missing = make([]bool, b.Count+1), b.Count
	blank := CouponCode{Coupon: g.coupon, SingleUse: b.SingleUse, Customer: g.batch.Customer, Batch: b.Key, BatchCount: int64(b.Count), CreatedAt: g.svc.Now(), CreatedBy: g.svc.actor}
	// Whatever could not be stored is either there, made by another call at the
	// same time, or is drawn again.
	for range codeTries {
		if err := g.list(ctx); err != nil || g.missing == 0 {
			return err
		}
		if err := g.make(ctx, blank); err != nil || g.missing == 0 {
			return err
		}
	}
	return errNoCodes
}

var errNoCodes = errors.New("coupon: every code that was drawn is taken: is Config.Rand random?")

// give lists a code.
func (g *generating) give(k CouponCode) error {
	g.given[k.Number] = true
	g.missing--
	if !g.yield(k, nil) {
		g.stopped = true
		return errStopped
	}
	return nil
}

// list gives what is there and was not given yet.
func (g *generating) list(ctx context.Context) error {
	for k, err := range g.svc.Codes(ctx, g.coupon, CodeFilter{Batch: g.batch.Key}) {
		if err != nil {
			return err
		}
		if k.Number == 0 {
			continue
		}
		if err := g.batch.fits(k); err != nil {
			return err
		}
		if k.Number < int64(len(g.given)) && !g.given[k.Number] {
			if err := g.give(k); err != nil {
				return err
			}
		}
	}
	return nil
}

// make stores codes for the numbers that were not given, as far as neither code
// nor number is taken. The first is stored by itself: of several that begin at
// once only one gets it, and the others find in it what the batch is before they
// have stored anything.
func (g *generating) make(ctx context.Context, blank CouponCode) error {
	var chunk []CouponCode
	drawn := map[Code]bool{}
	for n := 1; n < len(g.given); n++ {
		if !g.given[n] {
			k := blank
			k.Number = int64(n)
			var err error
			for try := 0; k.Code == "" || drawn[k.Code]; try++ {
				if try == codeTries {
					return errNoCodes
				}
				if k.Code, err = g.batch.draw(g.svc.rand); err != nil {
					return err
				}
			}
			drawn[k.Code] = true
			chunk = append(chunk, k)
		}
		if n == 1 || len(chunk) == codesAtOnce || n == len(g.given)-1 {
			if err := g.store(ctx, chunk); err != nil || !g.given[1] {
				return err
			}
			chunk = chunk[:0]
			clear(drawn)
		}
	}
	return nil
}

func (g *generating) store(ctx context.Context, chunk []CouponCode) error {
	if len(chunk) == 0 {
		return nil
	}
	taken, err := g.svc.store.InsertCodes(ctx, g.coupon, chunk)
	if err != nil {
		return err
	}
	refused := map[Code]bool{}
	for _, c := range taken {
		refused[c] = true
	}
	for _, k := range chunk {
		if refused[k.Code] {
			continue
		}
		if err := g.give(k); err != nil {
			return err
		}
	}
	return nil
}
