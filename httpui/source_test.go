package httpui_test

import (
	"crypto/sha256"
	"encoding/hex"
	"go/ast"
	"go/parser"
	"go/token"
	"html/template"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	tree "text/template/parse"
)

// htmx reads the first such element of a page: it must forbid to run what is in
// attributes, and to keep pages in the browser's storage.
func TestHtmxIsConfiguredStrictly(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for _, n := range parse(t, get(t, s.handler(t), base+"/")).all(named("meta")) {
		if n.attr["name"] == "htmx-config" {
			contains(t, n.attr["content"], `"allowEval":false`, `"allowScriptTags":false`, `"selfRequestsOnly":true`, `"includeIndicatorStyles":false`, `"historyCacheSize":0`)
			return
		}
	}
	t.Error("no configuration")
}

// The file is what was published as htmx.org@2.0.11, dist/htmx.min.js.
func TestHtmxIsTheOnePublished(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("static/htmx-2.0.11.min.js")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(data)
	if got := hex.EncodeToString(sum[:]); got != "d6fdc75f204e6bdefa99b69bf1e6d4ac69b8a364f77929f45c13476b4000f717" {
		t.Errorf("sha256 %s", got)
	}
	if license, err := os.ReadFile("static/htmx-LICENSE.txt"); err != nil || !strings.Contains(string(license), "Zero-Clause BSD") {
		t.Errorf("its license is missing: %v", err)
	}
}

// Only html/template escapes by context, and only as long as nothing is declared
// to be safe. The one conversion is in asHTML of layout.go: the output of our own
// templates, for the host's template to write around. The names of the type
// elsewhere in that file are what holds it.
func TestNothingIsDeclaredSafe(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) < 10 {
		t.Fatal(files, err)
	}
	conversions := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, imp := range f.Imports {
			path, _ := strconv.Unquote(imp.Path.Value)
			if path == "text/template" || strings.Contains(path, "gorilla") || strings.Contains(path, "/store/") || strings.Contains(path, "bun") {
				t.Errorf("%s imports %s", name, path)
			}
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if name == "layout.go" {
				if call, ok := n.(*ast.CallExpr); ok && isHTML(call.Fun) {
					conversions++
				}
				if sel, ok := n.(*ast.SelectorExpr); ok && isHTML(sel) {
					return true
				}
			}
			if sel, ok := n.(*ast.SelectorExpr); ok {
				if x, ok := sel.X.(*ast.Ident); ok && x.Name == "template" && strings.Contains("HTML HTMLAttr JS JSStr CSS URL Srcset", sel.Sel.Name) {
					t.Errorf("%s uses template.%s", name, sel.Sel.Name)
				}
			}
			return true
		})
	}
	if conversions != 1 {
		t.Errorf("layout.go declares something to be HTML in %d places, want asHTML alone", conversions)
	}
}

func isHTML(n ast.Node) bool {
	sel, ok := n.(*ast.SelectorExpr)
	if !ok || sel.Sel.Name != "HTML" {
		return false
	}
	x, ok := sel.X.(*ast.Ident)
	return ok && x.Name == "template"
}

// No value of data may stand in an attribute that htmx reads as more than text or
// a URL.
func TestNoValueStandsWhereHtmxWouldRunIt(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("templates/*.html")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	inAttribute := regexp.MustCompile(`(?s)\s([a-zA-Z_:@-]+)=("[^"]*|'[^']*)$`)
	values := 0
	for _, name := range files {
		tpl, err := template.New("").Funcs(template.FuncMap{"t": func(string, ...any) string { return "" }}).ParseFiles(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range tpl.Templates() {
			if x.Tree == nil {
				continue
			}
			before := ""
			var walk func(tree.Node)
			walk = func(n tree.Node) {
				switch n := n.(type) {
				case *tree.ListNode:
					if n != nil {
						for _, k := range n.Nodes {
							walk(k)
						}
					}
				case *tree.TextNode:
					before += string(n.Text)
				case *tree.ActionNode:
					values++
					if m := inAttribute.FindStringSubmatch(before); m != nil {
						for _, bad := range []string{"hx-on", "hx-vals", "hx-headers", "hx-vars", "hx-trigger", "hx-ext", "hx-target", "hx-swap", "on", "style", "_", "x-"} {
							if m[1] == bad || strings.HasPrefix(m[1], bad+":") || (bad == "on" && strings.HasPrefix(m[1], "on")) {
								t.Errorf("%s: a value stands in %s", name, m[1])
							}
						}
					}
					before += "value"
				case *tree.IfNode:
					walk(n.List)
					walk(n.ElseList)
				case *tree.RangeNode:
					walk(n.List)
					walk(n.ElseList)
				case *tree.WithNode:
					walk(n.List)
					walk(n.ElseList)
				}
			}
			walk(x.Tree.Root)
		}
	}
	if values < 100 {
		t.Errorf("only %d values were looked at", values)
	}
}

// luminance is that of WCAG, of a color such as #1a2b3c.
func luminance(t *testing.T, hexColor string) float64 {
	n, err := strconv.ParseUint(strings.TrimPrefix(hexColor, "#"), 16, 32)
	if err != nil || len(hexColor) != 7 {
		t.Fatalf("%q is no color", hexColor)
	}
	l := 0.0
	for i, weight := range []float64{0.0722, 0.7152, 0.2126} {
		c := float64(n>>(8*i)&0xff) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		l += weight * c
	}
	return l
}

func TestColorsCanBeTold(t *testing.T) {
	t.Parallel()
	css, err := os.ReadFile("static/css/base.css")
	if err != nil {
		t.Fatal(err)
	}
	colors := map[string][2]string{}
	for _, m := range regexp.MustCompile(`--cp-([a-z-]+): light-dark\((#\w+), (#\w+)\)`).FindAllStringSubmatch(string(css), -1) {
		colors[m[1]] = [2]string{m[2], m[3]}
	}
	for _, tt := range []struct {
		front, back string
		least       float64
	}{
		{"ink", "ground", 7}, {"ink", "surface", 7}, {"ink", "raised", 7}, {"ink", "accent-ground", 7}, {"ink", "warn-ground", 7}, {"ink", "good-ground", 7},
		{"quiet", "ground", 4.5}, {"quiet", "surface", 4.5}, {"quiet", "raised", 4.5},
		{"accent", "ground", 4.5}, {"accent", "surface", 4.5}, {"accent", "accent-ground", 4.5}, {"on-accent", "accent", 4.5},
		{"good", "good-ground", 4.5}, {"soon", "soon-ground", 4.5}, {"warn", "warn-ground", 4.5}, {"stop", "stop-ground", 4.5}, {"stop", "surface", 4.5}, {"stop", "ground", 4.5},
		{"on-note", "note", 4.5}, {"bar", "surface", 3}, {"note", "surface", 3}, {"edge", "surface", 3}, {"edge", "ground", 3}, {"edge", "raised", 3}, {"focus", "surface", 3}, {"focus", "ground", 3},
	} {
		for i, mode := range []string{"light", "dark"} {
			a, b := luminance(t, colors[tt.front][i]), luminance(t, colors[tt.back][i])
			if a < b {
				a, b = b, a
			}
			if contrast := (a + 0.05) / (b + 0.05); contrast < tt.least {
				t.Errorf("%s: %s on %s is %.2f, less than %.1f", mode, tt.front, tt.back, contrast, tt.least)
			}
		}
	}
}

// The styles of all parts are one file: a class that two of them lay out would be
// laid out by both, wherever it stands.
func TestEachClassIsLaidOutByOnePart(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("static/css/*.css")
	if err != nil || len(files) < 10 {
		t.Fatal(files, err)
	}
	alone := regexp.MustCompile(`(?m)^ +\.(cp-[a-z-]+) \{`)
	part := map[string]string{}
	for _, name := range files {
		if filepath.Base(name) == "adapt.css" { // what changes with the medium
			continue
		}
		css, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range alone.FindAllStringSubmatch(string(css), -1) {
			if other := part[m[1]]; other != "" && other != name {
				t.Errorf(".%s is laid out in %s and in %s", m[1], other, name)
			}
			part[m[1]] = name
		}
	}
	if len(part) < 100 {
		t.Errorf("only %d classes were looked at", len(part))
	}
}
