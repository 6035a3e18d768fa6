package httpui

import (
	"strings"
	"unicode"

	"github.com/bojanz/currency"
	"github.com/shopspring/decimal"
)

// numberMarks are what stands in a locale's numbers besides digits: "1.234.567,5".
type numberMarks struct{ decimal, group rune }

// marks finds them in a number that the locale has written.
func (f formats) marks() numberMarks {
	m := numberMarks{decimal: '.', group: ','}
	var found []rune
	a, _ := currency.NewAmount("1234567.5", "USD")
	for _, r := range f.number.Format(a) {
		if _, ok := digit(r); !ok {
			found = append(found, r)
		}
	}
	if n := len(found); n > 1 {
		m = numberMarks{decimal: found[n-1], group: found[0]}
	}
	return m
}

// plain writes a number as an owner would type it: without groups.
func (f formats) plain(d decimal.Decimal) string {
	a, err := currency.NewAmount(d.String(), "USD") // any will do: it isn't shown
	if err != nil {
		return d.String()
	}
	number := *f.number
	number.NoGrouping = true
	return strings.TrimSpace(number.Format(a))
}

// numberProblem is why a typed number can't be read; empty if it can.
type numberProblem string

const (
	notNumber numberProblem = "not-number"
	ambiguous numberProblem = "ambiguous" // it could be a thousand times as much
)

// readNumber reads what an owner has typed, "1.234,5" or "1,234.5", as plain
// digits with a point: "1234.5". The locale says what a mark means; the other
// mark is understood where it can have one meaning only, for a number of at most
// that many decimals. It is never guessed.
func (f formats) readNumber(typed string, decimals int) (plain string, problem numberProblem) {
	point, comma := f.marks().decimal, ','
	switch point {
	case ',':
		comma = '.'
	case '.':
	default: // typed with another keyboard
		point = '.'
	}
	sign, digits := "", []rune{}
	for i, r := range []rune(strings.TrimSpace(typed)) {
		d, ok := digit(r)
		switch {
		case ok:
			digits = append(digits, d)
		case r == '\u200e', r == '\u200f', r == '\u061c': // they only turn the text round
		case r == '٫':
			digits = append(digits, point)
		case r == '٬':
			digits = append(digits, comma)
		case r == '.', r == ',':
			digits = append(digits, r)
		case r == '\'', r == '’', unicode.IsSpace(r), r == '\u202f':
			digits = append(digits, ' ')
		case i == 0 && (r == '-' || r == '−'):
			sign = "-"
		default:
			return "", notNumber
		}
	}
	s := string(digits)
	points, commas := strings.Count(s, string(point)), strings.Count(s, string(comma))
	whole, fraction := s, ""
	switch {
	case points > 0 && commas > 0:
		// The mark that stands last, and once, is the decimal one.
		last := point
		if strings.LastIndexByte(s, byte(comma)) > strings.LastIndexByte(s, byte(point)) {
			last = comma
		}
		if strings.Count(s, string(last)) > 1 {
			return "", notNumber
		}
		whole, fraction, _ = strings.Cut(s, string(last))
	case points == 1:
		whole, fraction, _ = strings.Cut(s, string(point))
	case commas == 1:
		before, after, _ := strings.Cut(s, string(comma))
		grouped := len(after) == 3 && ungroup(s) != "" && before[0] != '0'
		switch {
		case grouped && len(after) <= decimals:
			return "", ambiguous
		case !grouped:
			whole, fraction = before, after
		}
	}
	if strings.ContainsAny(fraction, "., ") {
		return "", notNumber
	}
	if whole == "" && fraction != "" {
		whole = "0"
	}
	if whole = ungroup(whole); whole == "" {
		return "", notNumber
	}
	if fraction == "" {
		return sign + whole, ""
	}
	return sign + whole + "." + fraction, ""
}

// ungroup takes the marks out of "1,234,567" and "12,34,567"; it is empty where
// they do not stand between groups.
func ungroup(s string) string {
	parts := strings.FieldsFunc(s, func(r rune) bool { return r == '.' || r == ',' || r == ' ' })
	if len(parts) == 0 || strings.Count(s, ".")+strings.Count(s, ",")+strings.Count(s, " ") != len(parts)-1 {
		return ""
	}
	for i, p := range parts {
		last := i == len(parts)-1
		switch {
		case len(parts) == 1:
		case i == 0 && len(p) <= 3, last && len(p) == 3, i > 0 && !last && (len(p) == 2 || len(p) == 3):
		default:
			return ""
		}
	}
	return strings.Join(parts, "")
}

// zeros are those of the scripts that numbers are written in: the other digits
// follow them.
var zeros = []rune{'0', '\u0660', '\u06f0', '\u0966', '\u09e6', '\u1040', '\uff10'}

// digit gives the decimal digit that r is in any of them.
func digit(r rune) (rune, bool) {
	for _, zero := range zeros {
		if r >= zero && r <= zero+9 {
			return '0' + r - zero, true
		}
	}
	return 0, false
}
