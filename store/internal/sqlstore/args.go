package sqlstore

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/uptrace/bun/dialect"
	"github.com/uptrace/bun/schema"
)

// text is an argument that may have any bytes. Some are nothing that a stored
// text can have, but a caller may ask for them: then nothing must be found.
type text string

// AppendQuery implements schema.QueryAppender.
func (t text) AppendQuery(gen schema.QueryGen, b []byte) ([]byte, error) {
	switch {
	case t.plain():
		return gen.Dialect().AppendString(b, string(t)), nil
	case gen.Dialect().Name() == dialect.PG: // has no literal of it
		return append(b, "NULL::text"...), nil
	}
	b = append(b, "CAST(X'"...)
	b = hex.AppendEncode(b, []byte(t))
	return append(b, "' AS TEXT)"...), nil
}

// plain says whether every database can store the text.
func (t text) plain() bool {
	return strings.IndexByte(string(t), 0) < 0 && utf8.ValidString(string(t))
}

// storable is an error if a row has a text that the database can't store.
func storable(name dialect.Name, args ...any) error {
	if name != dialect.PG {
		return nil
	}
	for _, arg := range args {
		var err error
		switch arg := arg.(type) {
		case schema.QueryWithArgs:
			err = storable(name, list(arg.Args))
		case values:
			for _, row := range arg {
				err = errors.Join(err, storable(name, list{row}))
			}
		case list:
			for _, v := range arg {
				if t, ok := v.(text); ok && !t.plain() {
					return fmt.Errorf("the text %q can't be stored: it has a NUL or is not UTF-8", string(t))
				}
				err = errors.Join(err, storable(name, v))
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// flag is the stored form of a bool: an integer in every database.
func flag(b bool) int {
	if b {
		return 1
	}
	return 0
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
