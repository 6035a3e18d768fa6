package coupon

import (
	"encoding/csv"
	"errors"
	"io"
	"iter"
	"strconv"
	"strings"
	"time"
)

// WriteCodes writes codes as CSV for whoever prints or sends them: a header, then
// code, single_use (true or false), customer, batch and created_at (RFC 3339 in
// UTC; empty if it is not known). It gives how many it was given to write. Codes
// are written as they come, not all at once in memory. The error is the first one
// of codes, before which what came is written, or of w; if codes begins with its
// error nothing is written at all.
//
// A cell that a spreadsheet could run as a formula, because it begins with = + -
// @, a tab, a line end, a NUL or the full-width form of one of the signs, is
// written with a ' before it. Of codes these are those of the host's own that
// begin with "-"; generated ones never do. [ParseCode] refuses a code with a '
// rather than take it for another: a program that reads the file takes the ' away.
func WriteCodes(w io.Writer, codes iter.Seq2[CouponCode, error]) (n int, err error) {
	out := csv.NewWriter(w)
	if err := out.Write([]string{"code", "single_use", "customer", "batch", "created_at"}); err != nil {
		return 0, err
	}
	for k, failed := range codes {
		if failed != nil {
			if n > 0 {
				out.Flush()
				failed = errors.Join(failed, out.Error())
			}
			return n, failed
		}
		created := ""
		if !k.CreatedAt.IsZero() {
			created = k.CreatedAt.UTC().Format(time.RFC3339)
		}
		row := []string{string(k.Code), strconv.FormatBool(k.SingleUse), k.Customer, k.Batch, created}
		for i, cell := range row {
			row[i] = harmless(cell)
		}
		if err := out.Write(row); err != nil {
			return n, err
		}
		n++
	}
	out.Flush()
	return n, out.Error()
}

// harmless keeps a spreadsheet from running a cell.
func harmless(cell string) string {
	for _, sign := range []string{"=", "+", "-", "@", "\t", "\r", "\n", "\x00", "＝", "＋", "－", "＠"} {
		if strings.HasPrefix(cell, sign) {
			return "'" + cell
		}
	}
	return cell
}
