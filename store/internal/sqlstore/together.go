package sqlstore

import (
	"context"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/schema"
)

// writer sends statements that write, and must write that many rows; else they
// give the error short. A want of 0 is any number.
type writer interface {
	send(ctx context.Context, want int, short error, query string, args ...any) error
}

// send sends the statement at once.
func (c conn) send(ctx context.Context, want int, short error, query string, args ...any) error {
	n, err := c.exec(ctx, query, args...)
	if err == nil && n < int64(want) {
		err = short
	}
	return err
}

// together keeps statements, to send them in one message where the database is
// asked over a network: each one less is a round trip less, with locks that others
// wait for. How many rows each has written is not told then: what would be too few
// must be an error of the database, such as a key that is there already.
type together struct {
	conn
	statements statements
}

func (t *together) send(_ context.Context, _ int, _ error, query string, args ...any) error {
	t.statements = append(t.statements, bun.SafeQuery(query, args...))
	return storable(t.db.Dialect().Name(), args...)
}

// flush sends them, after what begins the transaction if that was not sent. With the
// last ones, a savepoint that they are in is released.
func (t *together) flush(ctx context.Context, last bool) error {
	if len(t.statements) == 0 {
		return nil
	}
	in, ok := t.to.(*within)
	first := ok && !in.begun()
	if first {
		t.statements, in.withOthers = append(in.unsent(), t.statements...), true
	}
	if last = last && ok && in.release != "" && ctx.Err() == nil; last {
		t.statements = append(t.statements, bun.SafeQuery(in.release))
	}
	_, err := t.exec(ctx, "?", t.statements)
	if first {
		in.failed = err != nil
	}
	if err == nil && last {
		in.released = true
	}
	return err
}

// statements are several, one after the other.
type statements []schema.QueryWithArgs

// AppendQuery implements schema.QueryAppender.
func (s statements) AppendQuery(gen schema.QueryGen, b []byte) (_ []byte, err error) {
	for i, q := range s {
		if i > 0 {
			b = append(b, ";\n"...)
		}
		if b, err = q.AppendQuery(gen, b); err != nil {
			return nil, err
		}
	}
	return b, nil
}
