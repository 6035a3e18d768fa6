package coupon_test

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"strings"
	"testing"

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/store/memory"
)

// unambiguous are the characters that are drawn: no I, L, O or U.
const unambiguous = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// generate reads codes to the end.
func generate(codes iter.Seq2[coupon.CouponCode, error]) (out []coupon.CouponCode, err error) {
	for k, failed := range codes {
		if err = failed; err == nil {
			out = append(out, k)
		}
	}
	return out, err
}

// drawn are the random characters of a code.
func drawn(k coupon.CouponCode, prefix string) string {
	return strings.ReplaceAll(strings.TrimPrefix(string(k.Code), prefix), "-", "")
}

func TestEveryCharacterOfACodeIsEquallyLikely(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	const n = 20_000
	codes, err := generate(d.GenerateCodes(d.ctx, d.create(nil).ID, coupon.CodeBatch{Key: "b", Count: n}))
	if err != nil || len(codes) != n {
		t.Fatal(len(codes), err)
	}
	var all [256]int
	var at [coupon.MinRandom][256]int
	for _, k := range codes {
		for i, c := range []byte(drawn(k, "")) {
			all[c]++
			at[i][c]++
		}
	}
	// Of 31 degrees of freedom: a fair draw passes 61.1 once in 1,000 times, and
	// 67.6 once in 7,000.
	check := func(what string, counts [256]int, draws, most int) {
		each, chiSquare, total := draws/len(unambiguous), 0, 0
		for _, c := range []byte(unambiguous) {
			total += counts[c]
			chiSquare += (counts[c] - each) * (counts[c] - each)
		}
		if chiSquare /= each; chiSquare > most || total != draws {
			t.Errorf("%s: χ² is %d, %d of %d characters are of the alphabet", what, chiSquare, total, draws)
		}
	}
	check("all", all, n*coupon.MinRandom, 61)
	for i, counts := range at {
		check("character "+string(rune('A'+i)), counts, n, 67)
	}
}

// All values of a byte give all characters equally often, exactly.
func TestNoCharacterOfACodeIsFavoured(t *testing.T) {
	t.Parallel()
	values := make([]byte, 10) // for the coupon's id
	for i := range 256 {
		values = append(values, byte(i), byte(i/32)) // so that no code is there twice
	}
	d := newDeskWith(t, func(cfg *coupon.Config) { cfg.Rand = bytes.NewReader(values) })
	codes, err := generate(d.GenerateCodes(d.ctx, d.create(nil).ID, coupon.CodeBatch{Key: "b", Count: 16, Length: 32}))
	if err != nil {
		t.Fatal(err)
	}
	var counts [256]int
	for _, k := range codes {
		for i, c := range []byte(drawn(k, "")) {
			if i%2 == 0 {
				counts[c]++
			}
		}
	}
	for _, c := range []byte(unambiguous) {
		if counts[c] != 8 {
			t.Errorf("%c was drawn %d times, want 8", c, counts[c])
		}
	}
}

func TestACodeHasSixtyBitsThatCanBeRead(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.create(nil)
	bits := 0
	for 1<<bits < len(unambiguous) {
		bits++
	}
	if len(unambiguous) != 1<<bits || strings.ContainsAny(unambiguous, "ILOU") {
		t.Fatal("not an alphabet of whole bits without the characters that are mistaken")
	}
	for _, tc := range []struct {
		batch coupon.CodeBatch
		form  string
	}{
		{coupon.CodeBatch{}, "XXXX-XXXX-XXXX"},
		{coupon.CodeBatch{Length: 13}, "XXXX-XXXX-XXXX-X"},
		{coupon.CodeBatch{Prefix: " spring_9-"}, "SPRING_9-XXXX-XXXX-XXXX"},
		{coupon.CodeBatch{Length: 52}, strings.Repeat("XXXX-", 12) + "XXXX"},
		{coupon.CodeBatch{Prefix: strings.Repeat("P", 50)}, strings.Repeat("P", 50) + "XXXX-XXXX-XXXX"},
	} {
		tc.batch.Key, tc.batch.Count = tc.form, 50
		codes, err := generate(d.GenerateCodes(d.ctx, c.ID, tc.batch))
		if err != nil {
			t.Error(tc.form, err)
			continue
		}
		prefix := tc.form[:strings.Index(tc.form, "XXXX-")]
		for _, k := range codes {
			random := drawn(k, prefix)
			form := prefix + strings.Map(func(r rune) rune {
				if r == '-' {
					return r
				}
				return 'X'
			}, strings.TrimPrefix(string(k.Code), prefix))
			if form != tc.form || strings.Trim(random, unambiguous) != "" || len(random)*bits < 60 || len(k.Code) > coupon.MaxCodeLength {
				t.Errorf("%s is not of the form %s", k.Code, tc.form)
			}
			if typed, err := coupon.ParseCode(strings.ToLower(string(k.Code))); err != nil || typed != k.Code {
				t.Errorf("typed, %s is %s, %v", k.Code, typed, err)
			}
		}
	}
}

func TestGenerateCodesNamesEveryBrokenField(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.create(nil)
	good := coupon.CodeBatch{Key: "b", Count: 1}
	for _, tc := range []struct {
		name, field, must string
		edit              func(*coupon.CodeBatch)
	}{
		{"no key", "key", "1 to 200 bytes", func(b *coupon.CodeBatch) { b.Key = "" }},
		{"a key that is too long", "key", "1 to 200 bytes", func(b *coupon.CodeBatch) { b.Key = strings.Repeat("k", 201) }},
		{"a control character in the key", "key", "control", func(b *coupon.CodeBatch) { b.Key = "a\x00" }},
		{"no count", "count", "1 to 1000000", func(b *coupon.CodeBatch) { b.Count = 0 }},
		{"a negative count", "count", "1 to 1000000", func(b *coupon.CodeBatch) { b.Count = -1 }},
		{"too many", "count", "1 to 1000000", func(b *coupon.CodeBatch) { b.Count = 1_000_001 }},
		{"a prefix that is a formula", "prefix", "not begin with -", func(b *coupon.CodeBatch) { b.Prefix = "-A" }},
		{"a prefix that is no code", "prefix", "letters A–Z", func(b *coupon.CodeBatch) { b.Prefix = "A B" }},
		{"a prefix of blanks", "prefix", "1 to 64", func(b *coupon.CodeBatch) { b.Prefix = "  " }},
		{"a prefix that leaves no room", "length", "at most 64", func(b *coupon.CodeBatch) { b.Prefix = strings.Repeat("P", 51) }},
		{"fewer than 60 bits", "length", "at least 12", func(b *coupon.CodeBatch) { b.Length = 11 }},
		{"a negative length", "length", "at least 12", func(b *coupon.CodeBatch) { b.Length = -1 }},
		{"more than a code may have", "length", "at most 64", func(b *coupon.CodeBatch) { b.Length = 53 }},
		{"a length that would wrap", "length", "at most 64", func(b *coupon.CodeBatch) { b.Length = 1<<63 - 1 }},
		{"a customer of blanks", "customer", "leave it out", func(b *coupon.CodeBatch) { b.Customer = " " }},
		{"an invisible character in the customer", "customer", "invisible", func(b *coupon.CodeBatch) { b.Customer = "a\u200bb" }},
	} {
		b := good
		tc.edit(&b)
		codes, err := generate(d.GenerateCodes(d.ctx, c.ID, b))
		if err == nil || len(codes) > 0 {
			t.Errorf("%s: %d codes", tc.name, len(codes))
			continue
		}
		wantField(t, err, tc.field, tc.must)
	}
	if codes, err := generate(d.Codes(d.ctx, c.ID, coupon.CodeFilter{})); err != nil || len(codes) != 1 {
		t.Errorf("there are %v, %v", codes, err)
	}
}

func TestGenerateCodesEndsWithRandomBytes(t *testing.T) {
	t.Parallel()
	st := memory.New()
	c, _ := plain()
	c, err := newDeskWith(t, func(cfg *coupon.Config) { cfg.Store = st }).Create(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	broken := errors.New("no entropy")
	for name, tc := range map[string]struct {
		random io.Reader
		want   error
		made   int // before the error
	}{
		"at their end":         {bytes.NewReader(nil), io.EOF, 0},
		"in the middle":        {strings.NewReader("only some"), io.ErrUnexpectedEOF, 0},
		"that can't be had":    {readerOf(func([]byte) (int, error) { return 0, broken }), broken, 0},
		"that repeat for ever": {readerOf(func(p []byte) (int, error) { return len(p), nil }), nil, 1},
	} {
		d := newDeskWith(t, func(cfg *coupon.Config) { cfg.Store, cfg.Rand = st, tc.random })
		codes, err := generate(d.GenerateCodes(d.ctx, c.ID, coupon.CodeBatch{Key: name, Count: 2}))
		if err == nil || len(codes) != tc.made || tc.want != nil && !errors.Is(err, tc.want) {
			t.Errorf("random bytes %s: %d codes, %v", name, len(codes), err)
		}
	}
}

// readerOf is a reader that is a function.
type readerOf func([]byte) (int, error)

func (f readerOf) Read(p []byte) (int, error) { return f(p) }

// The list can be read again, and then it is of what is there.
func TestAGenerationCanBeReadTwice(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	list := d.GenerateCodes(d.ctx, d.create(nil).ID, coupon.CodeBatch{Key: "b", Count: 3})
	first, err := generate(list)
	again, err2 := generate(list)
	if err != nil || err2 != nil || len(first) != 3 || len(again) != 3 {
		t.Fatal(first, err, again, err2)
	}
	codes := map[coupon.Code]bool{}
	for _, k := range append(first, again...) {
		codes[k.Code] = true
	}
	if len(codes) != 3 {
		t.Errorf("read twice, there are %d codes", len(codes))
	}
}
