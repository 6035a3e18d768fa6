package sqlstore

import (
	"context"
	"database/sql"

	"github.com/uptrace/bun"
)

// within is a transaction, or a savepoint in one of the host's, that begins with
// its first statement: with that one in one message where it was sent by together,
// else right before it. It begins, and is released, no more than once.
type within struct {
	bun.IConn
	begin    string     // not sent yet; empty when it was
	premises statements // go with it: see premise
	db       *bun.DB    // of the premises
	release  string     // may go with the last statements; empty must not
	released bool
	wrote    bool // a statement was sent that may have written
	// What began it has failed. With others of its message it may have begun yet.
	failed, withOthers bool
}

// begun reports whether anything was sent.
func (w *within) begun() bool { return w.begin == "" }

// unsent gives the statements that begin it, for who sends them.
func (w *within) unsent() statements {
	first := append(statements{bun.SafeQuery(w.begin)}, w.premises...)
	w.begin, w.premises = "", nil
	return first
}

// open sends what begins the transaction.
func (w *within) open(ctx context.Context) error {
	if w.begun() {
		return nil
	}
	var err error
	if w.withOthers = len(w.premises) > 0; w.withOthers {
		_, err = w.db.NewRaw("?", w.unsent()).Conn(w.IConn).Exec(ctx)
	} else {
		_, err = w.IConn.ExecContext(ctx, w.begin)
		w.begin = ""
	}
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

// premise is what is taken for granted: a statement that locks rows, exactly as many
// as wanted if it is so. Else it divides by zero, which is errGuess. That may be later:
// if the transaction has not begun, it is only sent with what comes next.
func (c conn) premise(ctx context.Context, want int, query string, args ...any) error {
	q := bun.SafeQuery(`SELECT 1 / CASE COUNT(*) WHEN ? THEN 1 ELSE 0 END FROM (?) AS premise`, want, bun.SafeQuery(query, args...))
	w, ok := c.to.(*within)
	if !ok || w.begun() {
		_, err := c.exec(ctx, "?", q)
		return err
	}
	w.db, w.premises = c.db, append(w.premises, q)
	return storable(c.db.Dialect().Name(), args...)
}

// sendPremises sends those that were not sent yet.
func (c conn) sendPremises(ctx context.Context) error {
	if w, ok := c.to.(*within); ok && len(w.premises) > 0 {
		return w.open(ctx)
	}
	return nil
}

// withdraw takes the last premise back, if it was not sent.
func (c conn) withdraw() bool {
	w, ok := c.to.(*within)
	if !ok || len(w.premises) == 0 {
		return false
	}
	w.premises = w.premises[:len(w.premises)-1]
	return true
}
