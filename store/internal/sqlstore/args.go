package sqlstore

import (
	"encoding/hex"
	"slices"
	"strings"

	"github.com/uptrace/bun/schema"
)

// text is an argument that may have any bytes. A NUL is nothing that a stored
// text can have, but a caller may ask for it: then nothing must be found.
type text string

// AppendQuery implements schema.QueryAppender.
func (t text) AppendQuery(gen schema.QueryGen, b []byte) ([]byte, error) {
	if strings.IndexByte(string(t), 0) < 0 {
		return gen.Dialect().AppendString(b, string(t)), nil
	}
	b = append(b, "CAST(X'"...)
	b = hex.AppendEncode(b, []byte(t))
	return append(b, "' AS TEXT)"...), nil
}

// texts are the arguments of an IN list.
func texts[S ~string](list []S) []text {
	out := make([]text, len(list))
	for i, s := range list {
		out[i] = text(s)
	}
	return out
}

// list is several arguments, with commas between them.
type list []any

// AppendQuery implements schema.QueryAppender.
func (l list) AppendQuery(gen schema.QueryGen, b []byte) ([]byte, error) {
	for i, value := range l {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = gen.Append(b, value)
	}
	return b, nil
}

// values are the rows of a VALUES list.
type values []list

// AppendQuery implements schema.QueryAppender.
func (v values) AppendQuery(gen schema.QueryGen, b []byte) (_ []byte, err error) {
	for i, row := range v {
		if i > 0 {
			b = append(b, ", "...)
		}
		if b, err = row.AppendQuery(gen, append(b, '(')); err != nil {
			return nil, err
		}
		b = append(b, ')')
	}
	return b, nil
}

// Most keys that a statement looks for, and rows that it writes.
const (
	maxKeys = 500
	maxRows = 100
)

// chunked calls f with at most n values at a time.
func chunked[S ~[]V, V any](list S, n int, f func(S) error) error {
	for part := range slices.Chunk(list, n) {
		if err := f(part); err != nil {
			return err
		}
	}
	return nil
}
