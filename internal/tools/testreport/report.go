package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// event is what `go test -json` prints; see `go doc test2json`.
type event struct {
	Action      string
	Package     string
	Test        string
	Elapsed     float64
	Output      string
	ImportPath  string // of build-output
	FailedBuild string // of a package's fail: the ImportPath of its build-output
}

// report turns events into text and counts tests, subtests included.
type report struct {
	out                     io.Writer
	passed, failed, skipped int

	packages map[string]*pkg
	builds   map[string]string // build output by import path
}

// pkg is what is known of a package whose tests are still running.
type pkg struct {
	tests  map[string]*strings.Builder // output of the tests that have not finished
	output strings.Builder             // what belongs to no test
	failed int
}

func newReport(out io.Writer) *report {
	return &report{out: out, packages: map[string]*pkg{}, builds: map[string]string{}}
}

// add takes one line of the stream. What is no event is printed as it is.
func (r *report) add(line []byte) {
	var e event
	if json.Unmarshal(line, &e) != nil {
		r.out.Write(line)
		return
	}
	if e.Action == "build-output" {
		r.builds[e.ImportPath] += e.Output
		return
	}
	if e.Package == "" {
		return
	}
	p := r.packages[e.Package]
	if p == nil {
		p = &pkg{tests: map[string]*strings.Builder{}}
		r.packages[e.Package] = p
	}
	if e.Test == "" {
		r.addPackage(p, e)
	} else {
		r.addTest(p, e)
	}
}

func (r *report) addTest(p *pkg, e event) {
	output := p.tests[e.Test]
	if output == nil {
		output = &strings.Builder{}
		p.tests[e.Test] = output
	}
	switch e.Action {
	case "output":
		output.WriteString(e.Output)
		return
	case "pass":
		r.passed++
	case "fail":
		r.failTest(p, e.Package, e.Test, "")
	case "skip":
		r.skipped++
		fmt.Fprintf(r.out, "SKIP\t%s %s: %s\n", e.Package, e.Test, reason(output.String()))
	default:
		return
	}
	delete(p.tests, e.Test)
}

func (r *report) failTest(p *pkg, path, test, remark string) {
	r.failed++
	p.failed++
	fmt.Fprintf(r.out, "FAIL\t%s %s%s\n%s", path, test, remark, p.tests[test])
}

func (r *report) addPackage(p *pkg, e event) {
	switch e.Action {
	case "output":
		p.output.WriteString(e.Output)
		return
	case "pass":
		fmt.Fprintf(r.out, "ok\t%s\t%.1fs\n", e.Package, e.Elapsed)
	case "skip":
		fmt.Fprintf(r.out, "?\t%s\t[no test files]\n", e.Package)
	case "fail":
		// A panic, a time-out or os.Exit leaves tests without an end.
		for _, test := range slices.Sorted(maps.Keys(p.tests)) {
			r.failTest(p, e.Package, test, " (did not finish)")
		}
		if p.failed == 0 {
			r.failed++ // it did not build, or TestMain failed
		}
		// The output ends with go test's own line for the package.
		fmt.Fprint(r.out, r.builds[e.FailedBuild], p.output.String())
		delete(r.builds, e.FailedBuild) // several packages may fail by one build
	default:
		return
	}
	delete(r.packages, e.Package)
}

// reason is what a skipped test printed, on one line and without the frame that go test puts around it.
func reason(output string) string {
	var words []string
	for line := range strings.Lines(output) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "=== ") && !strings.HasPrefix(line, "--- ") {
			words = append(words, line)
		}
	}
	if len(words) == 0 {
		return "no reason given"
	}
	return strings.Join(words, " ")
}

// close prints the totals and returns the exit code.
func (r *report) close(ci bool) int {
	code := 0
	if r.failed > 0 {
		code = 1
	}
	if ci && r.skipped > 0 {
		fmt.Fprintln(r.out, "a skipped test is a failure where CI=true")
		code = 1
	}
	if r.passed+r.failed == 0 {
		fmt.Fprintln(r.out, "no test ran")
		code = 1
	}
	fmt.Fprintf(r.out, "%d passed, %d failed, %d skipped\n", r.passed, r.failed, r.skipped)
	return code
}
