package coupon_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// Every exported name that a host can reach says what it is: types, functions,
// methods, fields, constants.
func TestEveryExportedNameIsDocumented(t *testing.T) {
	t.Parallel()
	files := token.NewFileSet()
	check := func(path string) {
		f, err := parser.ParseFile(files, path, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		missing := func(n ast.Node, name string, docs ...*ast.CommentGroup) {
			for _, d := range docs {
				if strings.TrimSpace(d.Text()) != "" {
					return
				}
			}
			t.Errorf("%s: %s has no words", files.Position(n.Pos()), name)
		}
		for _, decl := range f.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				if d.Name.IsExported() && ast.IsExported(receiver(d)) {
					missing(d, d.Name.Name, d.Doc)
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					switch s := spec.(type) {
					case *ast.TypeSpec:
						if s.Name.IsExported() {
							missing(s, s.Name.Name, s.Doc, d.Doc)
							doc := s.Doc
							if doc == nil {
								doc = d.Doc
							}
							fields(s, missing, files, doc)
						}
					case *ast.ValueSpec:
						for _, n := range s.Names {
							// The words of a group stand for its only name, not for each.
							if n.IsExported() && len(d.Specs) == 1 {
								missing(s, n.Name, s.Doc, s.Comment, d.Doc)
							} else if n.IsExported() {
								missing(s, n.Name, s.Doc, s.Comment)
							}
						}
					}
				}
			}
		}
	}
	for _, dir := range []string{".", "store", "httpui"} {
		err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case e.IsDir() && (dir == "." && path != "." || e.Name() == "internal"):
				return filepath.SkipDir
			case strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go"):
				check(path)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// receiver is the name of a method's type; a function has a receiver that anyone
// can reach.
func receiver(d *ast.FuncDecl) string {
	if d.Recv == nil {
		return "Anyone"
	}
	switch x := d.Recv.List[0].Type.(type) {
	case *ast.StarExpr:
		if id, ok := x.X.(*ast.Ident); ok {
			return id.Name
		}
	case *ast.Ident:
		return x.Name
	}
	return ""
}

// fields checks those of a struct: each has its own words, or those of its type
// name it, or it stands in a block under one comment.
func fields(s *ast.TypeSpec, missing func(ast.Node, string, ...*ast.CommentGroup), files *token.FileSet, doc *ast.CommentGroup) {
	st, ok := s.Type.(*ast.StructType)
	if !ok {
		return
	}
	var above *ast.CommentGroup
	line := 0
	for _, f := range st.Fields.List {
		if f.Doc != nil || files.Position(f.Pos()).Line > line+1 {
			above = f.Doc
		}
		line = files.Position(f.End()).Line
		for _, n := range f.Names {
			if n.IsExported() && !strings.Contains(doc.Text(), n.Name) {
				missing(f, s.Name.Name+"."+n.Name, f.Doc, f.Comment, above)
			}
		}
	}
}
