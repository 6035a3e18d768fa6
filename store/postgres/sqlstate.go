package postgres

import (
	"errors"
	"strings"

	"github.com/couponkit/coupon/store/internal/sqlstore"
)

// The SQLSTATEs that the store looks at. See "PostgreSQL Error Codes".
const (
	numericOutOfRange    = "22003"
	divisionByZero       = "22012"
	foreignKeyViolation  = "23503"
	uniqueViolation      = "23505"
	noTransaction        = "25P01"
	abortedTransaction   = "25P02"
	serializationFailure = "40001"
	deadlockDetected     = "40P01"
	completionUnknown    = "40003"
	duplicateSchema      = "42P06"
	duplicateTable       = "42P07"
	duplicateObject      = "42710"
	undefinedTable       = "42P01"
	lockNotAvailable     = "55P03"
)

// sqlState is that of the server's error, read from any driver; "" if it is not
// the server that says it.
func sqlState(err error) string {
	var stated interface{ SQLState() string } // as pgx has it
	if errors.As(err, &stated) {
		return stated.SQLState()
	}
	var fields interface{ Field(byte) string } // as pgdriver has it
	if errors.As(err, &fields) {
		return fields.Field('C')
	}
	return ""
}

// has is certain: PostgreSQL has a code for each thing that goes wrong.
func has(state string) func(error) sqlstore.Answer {
	return func(err error) sqlstore.Answer {
		if sqlState(err) == state {
			return sqlstore.Yes
		}
		return sqlstore.No
	}
}

// meaning is what PostgreSQL's errors say of a transaction.
var meaning = sqlstore.Errors{
	Again: func(err error) bool {
		state := sqlState(err)
		return state == serializationFailure || state == deadlockDetected
	},
	// A transaction that the server rolled back or that broke a constraint is
	// certainly not committed; every other error of COMMIT may come after it was.
	Refused: func(err error) bool {
		state := sqlState(err)
		return state != completionUnknown && (strings.HasPrefix(state, "40") || strings.HasPrefix(state, "23"))
	},
	Locked: func(err error) bool { return sqlState(err) == lockNotAvailable },
	// What is wrong with the savepoint itself comes first: that there is no
	// transaction, or one that is aborted. One that may only read makes savepoints.
	Inside: func(err error) bool {
		state := sqlState(err)
		return state != "" && state != noTransaction && state != abortedTransaction
	},
}

func mistaken(err error) bool {
	state := sqlState(err)
	return state == divisionByZero || state == foreignKeyViolation
}

// createdAtOnce: IF NOT EXISTS does not see what another session is creating.
func createdAtOnce(err error) bool {
	switch sqlState(err) {
	case uniqueViolation, duplicateSchema, duplicateTable, duplicateObject:
		return true
	}
	return false
}
