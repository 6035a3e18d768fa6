package coupon_test

import (
	"flag"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write testdata/deps.txt anew")

const module = "github.com/couponkit/coupon"

// list runs go list over the library's packages.
func list(t *testing.T, args ...string) []string {
	t.Helper()
	out, err := exec.Command("go", append([]string{"list"}, args...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}

// Imports point one way: examples → httpui → coupon ← store.
func TestImportsPointOneWay(t *testing.T) {
	t.Parallel()
	allowed := map[string][]string{
		module:                       {},
		module + "/httpui":           {module},
		module + "/store/memory":     {module},
		module + "/store/storetest":  {module},
		module + "/store/sqlite":     {module, module + "/store/internal/sqlstore"},
		module + "/store/postgres":   {module, module + "/store/internal/sqlstore"},
		module + "/store/internal/":  {module},
		module + "/internal/pgtest":  {},
		module + "/internal/tools":   {},
		module + "/internal/vectors": {},
		module + "/examples/":        {module, module + "/httpui", module + "/store/memory", module + "/store/sqlite", module + "/store/postgres"},
	}
	for _, line := range list(t, "-f", "{{.ImportPath}} {{join .Imports \" \"}}", "./...") {
		pkg, imports, _ := strings.Cut(line, " ")
		var may []string
		found := false
		for prefix, list := range allowed {
			if pkg == prefix || (prefix != module && strings.HasPrefix(pkg, prefix)) {
				may, found = list, true
			}
		}
		if !found {
			t.Errorf("%s is new: say here what it may import", pkg)
		}
		for _, i := range strings.Fields(imports) {
			if strings.HasPrefix(i, module) && !slices.Contains(may, i) && !strings.HasPrefix(i, pkg) {
				t.Errorf("%s must not import %s", pkg, i)
			}
		}
	}
}

// What a host builds when it imports a package: a new line here is a decision,
// to be explained in CONTRIBUTING.md.
func TestDependenciesAreThoseOfTheGoldenFile(t *testing.T) {
	t.Parallel()
	const golden = "testdata/deps.txt"
	var got []string
	for _, pkg := range list(t, "./...") {
		if strings.Contains(pkg, "/examples/") || strings.Contains(pkg, "/internal/") {
			continue // programs, and what nobody outside may import
		}
		got = append(got, pkg)
		for _, dep := range list(t, "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", pkg) {
			if dep != "" && !strings.HasPrefix(dep, module) {
				got = append(got, "\t"+dep)
			}
		}
	}
	text := strings.Join(got, "\n") + "\n"
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), text); diff != "" {
		t.Errorf("the dependencies have changed; if they should: go test -run Golden -update .\n%s", diff)
	}
}
