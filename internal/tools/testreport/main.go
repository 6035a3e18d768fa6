// Command testreport runs `go test -json` in one module after the other and
// says briefly what happened: a line per package, the full output of what
// failed, and every skipped test with its reason.
//
//	testreport DIR... -- [go test flags] [packages]
//
// It exits 1 when a test failed, when no test ran, and, where CI=true, when a
// test was skipped: what CI does not run, CI does not prove.
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
)

func main() {
	os.Exit(run(os.Stdout, os.Getenv("CI") == "true", os.Args[1:]))
}

func run(out io.Writer, ci bool, args []string) int {
	split := slices.Index(args, "--")
	if split < 1 {
		fmt.Fprintln(out, "usage: testreport DIR... -- [go test flags] [packages]")
		return 2
	}
	r := newReport(out)
	for _, dir := range args[:split] {
		before := r.failed
		err := goTest(r, dir, args[split+1:])
		if err != nil && r.failed == before {
			// Nothing in the stream says why: go.mod is broken, say.
			r.failed++
			fmt.Fprintf(out, "FAIL\t%s: go test: %v\n", dir, err)
		}
	}
	return r.close(ci)
}

// goTest feeds the events of one `go test` to the report.
func goTest(r *report, dir string, args []string) error {
	cmd := exec.Command("go", append([]string{"test", "-json"}, args...)...)
	cmd.Dir = dir
	cmd.Stderr = r.out
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	// Not a Scanner: a test may print a line of any length.
	lines := bufio.NewReader(stdout)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			r.add(line)
		}
		if err != nil {
			break
		}
	}
	return cmd.Wait()
}
