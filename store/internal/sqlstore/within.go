package sqlstore

import (
	"context"
	"database/sql"

	"github.com/uptrace/bun"
)

// within is a transaction, or a savepoint in one of the host's, that begins with
// its first statement: with that one in one message where it was sent with first,
// else right before it. It begins, and is released, no more than once.
type within struct {
	bun.IConn
	begin    string // not sent yet; empty when it was
	release  string // may go with the last statements; empty must not
	released bool
	wrote    bool // a statement was sent that may have written
	// What began it has failed. With others of its message it may have begun yet.
	failed, withOthers bool
}

// begun reports whether anything was sent.
func (w *within) begun() bool { return w.begin == "" }

// open sends what begins the transaction.
func (w *within) open(ctx context.Context) error {
	if w.begun() {
		return nil
	}
	begin := w.begin
	w.begin = ""
	_, err := w.IConn.ExecContext(ctx, begin)
	w.failed = err != nil
	return err
}

// ExecContext is that of the connection.
func (w *within) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if err := w.open(ctx); err != nil {
		return nil, err
	}
	w.wrote = true
	return w.IConn.ExecContext(ctx, query, args...)
}

// QueryContext is that of the connection.
func (w *within) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := w.open(ctx); err != nil {
		return nil, err
	}
	return w.IConn.QueryContext(ctx, query, args...)
}

// QueryRowContext is that of the connection.
func (w *within) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if err := w.open(ctx); err != nil {
		// The row says that nothing was asked for; only the connection can make one.
		ended, cancel := context.WithCancelCause(ctx)
		cancel(err)
		ctx = ended
	}
	return w.IConn.QueryRowContext(ctx, query, args...)
}

// first sends a statement that writes nothing, and gives how many rows it has
// found. If it is the first one, what begins the transaction goes with it.
func (c conn) first(ctx context.Context, query string, args ...any) (int64, error) {
	w, ok := c.to.(*within)
	if !ok || w.begun() {
		return c.exec(ctx, query, args...)
	}
	both := statements{bun.SafeQuery(w.begin), bun.SafeQuery(query, args...)}
	w.begin, w.withOthers = "", true
	res, err := c.db.NewRaw("?", both).Conn(w.IConn).Exec(ctx)
	if w.failed = err != nil; w.failed {
		return 0, err
	}
	return res.RowsAffected()
}
