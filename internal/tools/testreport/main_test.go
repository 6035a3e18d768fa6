package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Each case is a real module that go test runs, so that the report is held
// to what the go command prints and not to what we believe it prints.
func TestRun(t *testing.T) {
	t.Parallel()
	const header = "package x\nimport (\"os\"; \"testing\")\nvar _ = os.Exit\nvar _ testing.TB\n"
	tests := []struct {
		name   string
		ci     bool
		code   string
		want   []string // in this order
		absent string
		last   string
		exit   int
	}{{
		name:   "pass",
		code:   `func TestA(t *testing.T) { t.Log("quiet"); t.Run("sub", func(t *testing.T) {}) }`,
		want:   []string{"ok\tx\t"},
		absent: "quiet",
		last:   "2 passed, 0 failed, 0 skipped",
	}, {
		name: "fail prints all of its output",
		code: `func TestA(t *testing.T) { t.Log("one"); t.Run("sub", func(t *testing.T) { t.Error("two") }) }
			func TestB(t *testing.T) {}`,
		want: []string{"FAIL\tx TestA/sub\n", "two", "FAIL\tx TestA\n", "one", "FAIL\tx\t"},
		last: "1 passed, 2 failed, 0 skipped",
		exit: 1,
	}, {
		name: "skip",
		code: `func TestA(t *testing.T) { t.Skip("no moon\ntonight") }
			func TestB(t *testing.T) {}`,
		want: []string{"SKIP\tx TestA: x_test.go:5: no moon tonight\n", "ok\tx\t"},
		last: "1 passed, 0 failed, 1 skipped",
	}, {
		name: "skip in CI",
		ci:   true,
		code: `func TestA(t *testing.T) { t.SkipNow() }
			func TestB(t *testing.T) {}`,
		want: []string{"SKIP\tx TestA: no reason given\n", "a skipped test is a failure"},
		last: "1 passed, 0 failed, 1 skipped",
		exit: 1,
	}, {
		name: "does not compile",
		code: `func TestA(t *testing.T) { nonsense() }`,
		want: []string{"undefined: nonsense", "FAIL\tx [build failed]"},
		last: "0 passed, 1 failed, 0 skipped",
		exit: 1,
	}, {
		name: "panic",
		code: `func TestA(t *testing.T) { t.Run("sub", func(t *testing.T) { panic("ouch") }) }`,
		want: []string{"ouch", "goroutine", "FAIL\tx\t"},
		last: "0 passed, 2 failed, 0 skipped",
		exit: 1,
	}, {
		name: "exit in the middle of a test",
		code: `func TestA(t *testing.T) { os.Exit(3) }`,
		want: []string{"FAIL\tx TestA (did not finish)\n", "FAIL\tx\t"},
		last: "0 passed, 1 failed, 0 skipped",
		exit: 1,
	}, {
		name: "TestMain fails although the tests pass",
		code: `func TestMain(m *testing.M) { m.Run(); println("leak"); os.Exit(1) }
			func TestA(t *testing.T) {}`,
		want: []string{"leak", "FAIL\tx\t"},
		last: "1 passed, 1 failed, 0 skipped",
		exit: 1,
	}, {
		name: "no test",
		want: []string{"no test ran"},
		last: "0 passed, 0 failed, 0 skipped",
		exit: 1,
	}, {
		name: "only skipped tests",
		code: `func TestA(t *testing.T) { t.Skip("never") }`,
		want: []string{"never", "no test ran"},
		last: "0 passed, 0 failed, 1 skipped",
		exit: 1,
	}}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			write(t, filepath.Join(dir, "go.mod"), "module x\n\ngo 1.25\n")
			write(t, filepath.Join(dir, "x_test.go"), header+tt.code)
			var out strings.Builder
			if exit := run(&out, tt.ci, []string{dir, "--", "./..."}); exit != tt.exit {
				t.Errorf("exit code %d, want %d", exit, tt.exit)
			}
			rest := out.String()
			for _, want := range tt.want {
				_, after, found := strings.Cut(rest, want)
				if !found {
					t.Errorf("no %q in its place", want)
				}
				rest = after
			}
			if tt.absent != "" && strings.Contains(out.String(), tt.absent) {
				t.Errorf("%q was printed", tt.absent)
			}
			if !strings.HasSuffix(out.String(), "\n"+tt.last+"\n") {
				t.Errorf("the last line is not %q", tt.last)
			}
			if t.Failed() {
				t.Log(out.String())
			}
		})
	}
}

func TestRunSeveralModules(t *testing.T) {
	t.Parallel()
	good, broken := t.TempDir(), t.TempDir()
	write(t, filepath.Join(good, "go.mod"), "module good\n\ngo 1.25\n")
	write(t, filepath.Join(good, "x_test.go"), "package x\nimport \"testing\"\nfunc TestA(t *testing.T) {}\n")
	write(t, filepath.Join(broken, "go.mod"), "not a go.mod\n")

	var out strings.Builder
	if exit := run(&out, true, []string{good, broken, "--", "./..."}); exit != 1 {
		t.Errorf("exit code %d, want 1", exit)
	}
	if want := "\n1 passed, 1 failed, 0 skipped\n"; !strings.HasSuffix(out.String(), want) {
		t.Errorf("got\n%s\nwant it to end with %q", out.String(), want)
	}
}

func TestRunUsage(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{nil, {"."}, {"--", "./..."}} {
		var out strings.Builder
		if exit := run(&out, false, args); exit != 2 {
			t.Errorf("%q: exit code %d, want 2", args, exit)
		}
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
