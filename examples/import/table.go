package main

import (
	"bufio"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
)

// shop is the directory of one shop.
type shop struct{ coupons, orders, redemptions *table }

func openShop(dir string) (*shop, error) {
	in := &shop{}
	for _, f := range []struct {
		to      **table
		name    string
		columns []string
	}{
		{&in.coupons, "coupons", couponColumns},
		{&in.orders, "orders", orderColumns},
		{&in.redemptions, "redemptions", redemptionColumns},
	} {
		t, err := openTable(filepath.Join(dir, f.name+".csv"), f.columns)
		if err != nil {
			in.close()
			return nil, err
		}
		*f.to = t
	}
	return in, nil
}

func (s *shop) close() {
	for _, t := range []*table{s.coupons, s.orders, s.redemptions} {
		if t != nil {
			t.file.Close()
		}
	}
}

// maxLine is the longest line in bytes: what is longer is no row.
const maxLine = 64 << 10

// table is a CSV file with a header row. It is read line by line, each line on
// its own: a stray quote spoils its line and not all that follow.
type table struct {
	name    string
	file    *os.File
	lines   *bufio.Reader
	columns map[string]int // where each column of the header is
	line    int
	// unreadable counts the lines that are no rows, and the point where the file
	// breaks off: if there are any, what was read is not all there is.
	unreadable int
}

// openTable opens a file, or what has the name with .gz, and reads the header,
// which must have the columns, in any order.
func openTable(name string, columns []string) (*table, error) {
	file, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		var gz error
		if file, gz = os.Open(name + ".gz"); !errors.Is(gz, fs.ErrNotExist) {
			name, err = name+".gz", gz
		}
	}
	if err != nil {
		return nil, err
	}
	t := &table{name: name, file: file, columns: map[string]int{}}
	if err := t.readHeader(columns); err != nil {
		file.Close()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return t, nil
}

func (t *table) readHeader(columns []string) error {
	t.lines = bufio.NewReaderSize(t.file, maxLine)
	if strings.HasSuffix(t.name, ".gz") {
		plain, err := gzip.NewReader(t.lines)
		if err != nil {
			return err
		}
		t.lines = bufio.NewReaderSize(plain, maxLine)
	}
	header, err := t.next()
	if err == io.EOF {
		return errors.New("the file is empty")
	}
	if err != nil {
		return err
	}
	for i, column := range header {
		t.columns[column] = i
	}
	for _, column := range columns {
		if _, ok := t.columns[column]; !ok {
			return fmt.Errorf("the header has no column %s", column)
		}
	}
	return nil
}

// badLine is a line that is no row; others may follow.
type badLine struct{ error }

// next gives the fields of the next line that is not blank. After the last it is
// io.EOF.
func (t *table) next() ([]string, error) {
	for {
		line, err := t.lines.ReadSlice('\n')
		if len(line) > 0 || err != io.EOF {
			t.line++
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			for errors.Is(err, bufio.ErrBufferFull) {
				_, err = t.lines.ReadSlice('\n')
			}
			if err == nil || err == io.EOF {
				return nil, badLine{fmt.Errorf("the line is longer than %d bytes", maxLine)}
			}
		}
		if err != nil && (err != io.EOF || len(line) == 0) {
			return nil, err
		}
		fields, err := csv.NewReader(strings.NewReader(string(line))).Read()
		if err == io.EOF {
			continue // a blank line
		}
		if err != nil {
			var where *csv.ParseError // its line number is of this line alone
			if errors.As(err, &where) {
				err = where.Err
			}
			return nil, badLine{err}
		}
		if n := len(t.columns); n > 0 && len(fields) != n {
			return nil, badLine{fmt.Errorf("the row has %d fields, the header %d", len(fields), n)}
		}
		return fields, nil
	}
}

// rows gives the rows after the header. What can't be read is reported; a file
// that is cut off ends there.
func (t *table) rows(out *console) iter.Seq[*row] {
	return func(yield func(*row) bool) {
		for {
			fields, err := t.next()
			if err == io.EOF {
				return
			}
			if err != nil {
				t.unreadable++
				if bad, ok := errors.AsType[badLine](err); ok {
					out.bad(t.name, t.line, bad.error)
					continue
				}
				out.bad(t.name, t.line, fmt.Errorf("the file can't be read any further: %w", err))
				return
			}
			if !yield(&row{table: t, line: t.line, fields: fields}) {
				return
			}
		}
	}
}
