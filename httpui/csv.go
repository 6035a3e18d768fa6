package httpui

import (
	"encoding/csv"
	"iter"
	"net/http"
	"strings"
)

// csv answers with a table to take away, by RFC 4180 in UTF-8. Rows are sent as
// they come. A failure before the first row is an error like any other; after it
// the connection is cut, so that half a table is not taken for the whole.
//
// HEAD asks for no rows, and none are read.
//
// filename is ours, in plain ASCII; a text of the host's goes through [fileText].
// Texts that came from anybody go through
// [csvText]; numbers, dates and our own words need not.
func (q *request) csv(filename string, header []string, rows iter.Seq2[[]string, error]) error {
	out := csv.NewWriter(q.w)
	out.UseCRLF = true
	begun := false
	begin := func() error {
		begun = true
		h := q.w.Header()
		h.Set("Content-Type", "text/csv; charset=utf-8; header=present")
		h.Set("Content-Disposition", `attachment; filename="`+filename+`"`)
		q.w.WriteHeader(http.StatusOK)
		return out.Write(header)
	}
	if q.r.Method == http.MethodHead {
		rows = func(func([]string, error) bool) {}
	}
	for row, err := range rows {
		switch {
		case err != nil && !begun:
			return err
		case err != nil:
			q.h.log.ErrorContext(q.r.Context(), "httpui: a table broke off", "path", q.r.URL.Path, "error", err)
			panic(http.ErrAbortHandler) // the server then closes the connection
		case !begun:
			err = begin()
		}
		if err != nil || out.Write(row) != nil {
			return errGone
		}
	}
	if !begun && begin() != nil {
		return errGone
	}
	out.Flush()
	if out.Error() != nil {
		return errGone
	}
	return nil
}

// rowsAtOnce is for how many entries of a table figures are read together.
const rowsAtOnce = 200

// inPieces makes the rows of a table from entries, some hundred at a time.
func inPieces[T any](entries iter.Seq2[T, error], rows func([]T) ([][]string, error)) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		var some []T
		give := func() bool {
			made, err := rows(some)
			if err != nil {
				yield(nil, err)
				return false
			}
			for _, row := range made {
				if !yield(row, nil) {
					return false
				}
			}
			some = some[:0]
			return true
		}
		for entry, err := range entries {
			if err != nil {
				yield(nil, err)
				return
			}
			if some = append(some, entry); len(some) == rowsAtOnce && !give() {
				return
			}
		}
		if len(some) > 0 {
			give()
		}
	}
}

// mostFileText leaves room for the rest of a file's name, which has 255 bytes.
const mostFileText = 100

// fileText is a text as part of a file's name: what is no ASCII letter or digit, -
// or _ becomes _, and what is too long is cut.
func fileText(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == '-' || '0' <= r && r <= '9' || 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z' {
			return r
		}
		return '_'
	}, s)
	return s[:min(len(s), mostFileText)]
}

// csvText keeps a spreadsheet from running a text as a formula, as
// [coupon.WriteCodes] does: one that begins like a formula gets a ' before it.
func csvText(s string) string {
	for _, sign := range []string{"=", "+", "-", "@", "\t", "\r", "\n", "\x00", "＝", "＋", "－", "＠"} {
		if strings.HasPrefix(s, sign) {
			return "'" + s
		}
	}
	return s
}
