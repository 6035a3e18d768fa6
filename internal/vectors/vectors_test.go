package vectors

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// directory is where the vectors are: the copy in this package, unless
// COUPON_VECTORS names another.
func directory() string {
	if dir := os.Getenv("COUPON_VECTORS"); dir != "" {
		return dir
	}
	return "testdata"
}

func TestVectors(t *testing.T) {
	failures, err := runDirectory(t.Context(), directory(), os.Stdout)
	if err != nil {
		t.Error(err)
	}
	for _, f := range failures {
		t.Error(f)
	}
}

// notRun holds the points on which engines differ: to be decided, not to be
// passed.
const notRun = "disagreements.json"

// runDirectory runs every file of a directory and writes one line per vector
// that did not run, and one line per topic.
func runDirectory(ctx context.Context, dir string, out io.Writer) (failures []error, err error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, err
	}
	names = slices.DeleteFunc(names, func(name string) bool { return filepath.Base(name) == notRun })
	if len(names) == 0 {
		return nil, fmt.Errorf("no vectors in %s", dir)
	}
	var topics []string
	counts := map[string]*tally{}
	for _, name := range names {
		f, err := readFile(name)
		if err != nil {
			return failures, err
		}
		if counts[f.Topic] == nil {
			counts[f.Topic] = &tally{}
			topics = append(topics, f.Topic)
		}
		for _, raw := range f.Vectors {
			if err := counts[f.Topic].add(ctx, raw, f.Datasets, out); err != nil {
				failures = append(failures, err)
			}
		}
	}
	for _, topic := range topics {
		n := counts[topic]
		fmt.Fprintf(out, "vectors: %s passed=%d failed=%d skipped=%d\n", topic, n.passed, n.failed, n.skipped)
	}
	return failures, nil
}

// file is one file of vectors.
type file struct {
	SchemaVersion int                `json:"schema_version"`
	Topic         string             `json:"topic"`
	Datasets      map[string][]order `json:"datasets"`
	Vectors       []json.RawMessage  `json:"vectors"`
}

func readFile(name string) (file, error) {
	var f file
	data, err := os.ReadFile(name)
	if err != nil {
		return f, err
	}
	if err := strict(data, &f); err != nil {
		return f, fmt.Errorf("%s: %w", name, err)
	}
	if f.SchemaVersion != 1 || f.Topic == "" {
		return f, fmt.Errorf("%s: schema_version %d, topic %q: must be 1 and not empty", name, f.SchemaVersion, f.Topic)
	}
	return f, nil
}

// strict decodes JSON in which every field is known, so that no part of a vector
// is passed over in silence.
func strict(data []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

// tally counts what became of the vectors of a topic.
type tally struct{ passed, failed, skipped int }

func (n *tally) add(ctx context.Context, raw json.RawMessage, datasets map[string][]order, out io.Writer) error {
	id, err := runVector(ctx, raw, datasets)
	var notOurs skip
	switch {
	case err == nil:
		n.passed++
	case errors.As(err, &notOurs):
		n.skipped++
		fmt.Fprintf(out, "vectors: skip %s: %s\n", id, notOurs)
	default:
		n.failed++
		return fmt.Errorf("%s: %w", id, err)
	}
	return nil
}

// skip is why a vector did not run. It is decided from the vector alone, before
// it is run.
type skip string

func (s skip) Error() string { return string(s) }

// vector is one fact of any type.
type vector interface {
	policies() error // a skip for a choice that is not ours
	shape() error    // a skip for what the vector asks
	run(ctx context.Context) error
}

// runVector gives the vector's id and what became of it: nil is passed.
func runVector(ctx context.Context, raw json.RawMessage, datasets map[string][]order) (id string, err error) {
	var h header
	if err := json.Unmarshal(raw, &h); err != nil {
		return "a vector without id", err
	}
	v, err := decode(h.Type, raw, datasets)
	if err != nil {
		return h.ID, err
	}
	// A vector must not hide the outcome of the others by a panic.
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	if err := v.policies(); err != nil {
		return h.ID, err
	}
	if err := v.shape(); err != nil {
		return h.ID, err
	}
	return h.ID, v.run(ctx)
}

// decode reads a vector strictly as its type.
func decode(kind string, raw json.RawMessage, datasets map[string][]order) (vector, error) {
	var v vector
	switch kind {
	case "discount":
		v = &discountVector{}
	case "allocate":
		v = &allocateVector{}
	case "restriction":
		v = &restrictionVector{}
	case "usage":
		v = &usageVector{}
	case "recurring":
		v = &recurringVector{}
	case "summary":
		v = &summaryVector{datasets: datasets}
	case "calendar":
		v = &calendarVector{}
	default:
		return nil, fmt.Errorf("unknown type %q", kind)
	}
	return v, strict(raw, v)
}
