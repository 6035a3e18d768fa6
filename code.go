package coupon

import (
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
)

// ID names a coupon or a note. It is opaque, unguessable, ordered by the time it
// was made, and safe in a URL, if the Service made it: see [Service.NewID]. One of
// the host's own has 1 to 64 of the letters A–Z and a–z, digits, "-" and "_". The
// zero value means "not yet created".
type ID string

// Code is what a customer types, in its canonical form: 1 to 64 characters of
// A–Z, 0–9, "-" and "_". Make one with [ParseCode]; the zero value is no code.
type Code string

// MaxCodeLength is the number of characters a code may have.
const MaxCodeLength = 64

// ParseCode gives the canonical form of a typed code: blanks at the ends are
// trimmed and ASCII letters upper-cased. Whatever else is not a canonical
// character is refused with an [*InvalidError], never repaired: a code with
// something stripped from it could be somebody else's.
func ParseCode(s string) (Code, error) {
	t := strings.Trim(s, " \t\r\n")
	if t == "" || len(t) > MaxCodeLength {
		return "", invalid("code", s, fmt.Sprintf("must have 1 to %d characters", MaxCodeLength))
	}
	b := []byte(t)
	for i, c := range b {
		switch {
		case c >= 'a' && c <= 'z':
			b[i] = c - 'a' + 'A'
		case c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_':
		default:
			return "", invalid("code", s, "may have only the letters A–Z, digits, - and _")
		}
	}
	return Code(b), nil
}

// CustomerKey is the canonical form of the host's name for a customer, by which
// limits per customer count: trimmed, and lower-cased if it is an e-mail address
// (has an "@"). It is pure and idempotent. The empty key means that the customer
// is not known.
func CustomerKey(s string) string {
	s = strings.TrimSpace(s)
	if strings.Contains(s, "@") {
		s = strings.ToLower(s)
	}
	return s
}

// checkText is the rule for every free text: bounded, valid UTF-8, and free of
// control characters and of the invisible ones that reorder what a reader sees.
//
// Keys are stricter: see checkKey.
func checkText(p *problems, field, s string, most int, lines bool) {
	if n := len([]rune(s)); n > most {
		p.add(field, s, fmt.Sprintf("must have at most %d characters", most))
	}
	bad := strings.IndexFunc(s, func(r rune) bool {
		return unfit(r) && !(lines && (r == '\n' || r == '\t'))
	})
	if bad >= 0 || strings.ToValidUTF8(s, "") != s {
		p.add(field, strings.ToValidUTF8(s, "?"), "must not have control or direction characters")
	}
}

// unfit are the characters that no text of one line may have. What is not UTF-8 is
// the replacement character here.
func unfit(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == unicode.ReplacementChar ||
		r == '\u2028' || r == '\u2029' || r == '\ufeff'
}

var idEncoding = base32.NewEncoding("0123456789abcdefghijklmnopqrstuv").WithPadding(base32.NoPadding)

// NewID makes an id, for a form to carry: whatever is created under it is created
// once, however often the form is sent. It fails only if [Config].Rand does.
func (s *Service) NewID() (ID, error) { return newID(s.Now(), s.rand) }

// newID is 48 bits of milliseconds, then 80 random bits.
func newID(now time.Time, random io.Reader) (ID, error) {
	var b [18]byte
	binary.BigEndian.PutUint64(b[:8], uint64(now.UnixMilli())<<16)
	if _, err := io.ReadFull(random, b[6:16]); err != nil {
		return "", fmt.Errorf("coupon: no random bytes for an id: %w", err)
	}
	return ID(idEncoding.EncodeToString(b[:16])), nil
}
