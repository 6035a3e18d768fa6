package coupon_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// eachFile parses the library's own code: no tests, no examples.
func eachFile(t *testing.T, dirs []string, visit func(path string, files *token.FileSet, f *ast.File)) {
	t.Helper()
	files := token.NewFileSet()
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case e.IsDir() && dir == "." && path != ".":
				return filepath.SkipDir // the root is only its own files
			case !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
				return nil
			}
			f, err := parser.ParseFile(files, path, nil, parser.ParseComments)
			if err != nil {
				return err
			}
			visit(path, files, f)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// Floats are allowed in the geometry of the chart, and nowhere near money.
func TestNoFloatIsNearMoney(t *testing.T) {
	t.Parallel()
	float := regexp.MustCompile(`^(float32|float64|complex\d+|NewFromFloat\w*|InexactFloat64|Float64|ParseFloat)$`)
	seen := 0
	eachFile(t, []string{".", "store", "httpui"}, func(path string, files *token.FileSet, f *ast.File) {
		ast.Inspect(f, func(n ast.Node) bool {
			id, ok := n.(*ast.Ident)
			if !ok || !float.MatchString(id.Name) {
				return true
			}
			if seen++; !strings.HasPrefix(filepath.Base(path), "chart") {
				t.Errorf("%s: %s", files.Position(id.Pos()), id.Name)
			}
			return true
		})
	})
	if seen == 0 {
		t.Error("no float was seen, not even in the chart: the test looks in the wrong place")
	}
}

// Statements are written whole; what comes from outside is an argument.
func TestNoStatementIsGluedTogether(t *testing.T) {
	t.Parallel()
	runs := regexp.MustCompile(`^(NewRaw|Where|WhereOr|OrderExpr|ColumnExpr|TableExpr|Having|Exec|ExecContext|Query|QueryContext|QueryRowContext|exec|scan|Safe|SafeQuery)$`)
	calls := 0
	eachFile(t, []string{"store/internal", "store/sqlite", "store/postgres"}, func(_ string, files *token.FileSet, f *ast.File) {
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || !runs.MatchString(name(call.Fun)) {
				return true
			}
			calls++
			for _, arg := range call.Args {
				switch x := arg.(type) {
				case *ast.BinaryExpr:
					if x.Op == token.ADD && hasText(x) && !inArgument(call, arg) {
						t.Errorf("%s: a statement is put together with +", files.Position(x.Pos()))
					}
				case *ast.CallExpr:
					if strings.HasPrefix(name(x.Fun), "Sprint") {
						t.Errorf("%s: a statement is put together with %s", files.Position(x.Pos()), name(x.Fun))
					}
				}
			}
			return true
		})
	})
	if calls < 20 {
		t.Errorf("only %d statements were seen", calls)
	}
}

// inArgument says whether an argument comes after the statement: then it is sent
// as a value. The statement is the first literal text, or what stands in its
// place.
func inArgument(call *ast.CallExpr, arg ast.Expr) bool {
	for _, a := range call.Args {
		if a == arg {
			return false
		}
		if lit, ok := a.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			return true
		}
		if strings.HasSuffix(name(a), "HasTable") || strings.HasSuffix(name(a), "Contains") {
			return true // a whole statement of the dialect
		}
	}
	return false
}

func hasText(x ast.Expr) bool {
	found := false
	ast.Inspect(x, func(n ast.Node) bool {
		lit, ok := n.(*ast.BasicLit)
		found = found || ok && lit.Kind == token.STRING
		return true
	})
	return found
}

func name(x ast.Expr) string {
	switch x := x.(type) {
	case *ast.Ident:
		return x.Name
	case *ast.SelectorExpr:
		return x.Sel.Name
	}
	return ""
}
