package httpui

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"html/template"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	tree "text/template/parse"
	"unicode"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
)

// textsOf are the texts of one file, by key.
func textsOf(t *testing.T, name string) map[string]string {
	t.Helper()
	data, err := os.ReadFile("locales/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]any
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	if err := flatten(out, "", all); err != nil {
		t.Fatal(err)
	}
	return out
}

// withoutForm is a key without the plural form at its end, and the form. What has
// an "other" alone is a word of its own.
func withoutForm(texts map[string]string, key string) (string, string) {
	i := strings.LastIndex(key, ".")
	_, one := texts[key[:i+1]+"one"]
	if _, other := texts[key[:i+1]+"other"]; one && other && slices.Contains(slices.Collect(maps.Values(pluralForms)), key[i+1:]) {
		return key[:i], key[i+1:]
	}
	return key, ""
}

// formsOf are the plural forms that a language has for whole numbers.
func formsOf(tag language.Tag) []string {
	forms := map[string]bool{}
	for n := range 1000 {
		forms[pluralForms[plural.Cardinal.MatchPlural(tag, n, 0, 0, 0, 0)]] = true
	}
	return slices.Sorted(maps.Keys(forms))
}

var placeholder = regexp.MustCompile(`\{[^{}]*\}`)

func placeholders(text string) []string {
	found := placeholder.FindAllString(text, -1)
	slices.Sort(found)
	return slices.Compact(found)
}

// Every language says all that English says, with the same values in it, and in
// every plural form that it has. A form that stands for one number may leave it
// out. What is of a region says only what it says otherwise.
func TestEveryLanguageIsComplete(t *testing.T) {
	t.Parallel()
	english := textsOf(t, "en.json")
	files, err := fs.Glob(localeFiles, "locales/*.json")
	if err != nil || len(files) < 4 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		tag := language.MustParse(strings.TrimSuffix(name, ".json"))
		texts := textsOf(t, name)
		_, _, region := tag.Raw()
		said := map[string]bool{}
		for key, text := range texts {
			bare, form := withoutForm(texts, key)
			said[bare] = true
			want, ok := english[key]
			if form != "" {
				want, ok = english[bare+".other"]
			}
			if !ok {
				t.Errorf("%s: English has no %s", name, key)
				continue
			}
			got, need := placeholders(text), placeholders(want)
			if strings.HasPrefix(key, "dates.") { // each has its own order and clock
				got = slices.DeleteFunc(got, func(p string) bool { return slices.Contains([]string{"{hour12}", "{half}", "{hour}"}, p) })
				need = slices.DeleteFunc(need, func(p string) bool { return p == "{hour}" })
			}
			if form != "" && form != "other" && !slices.Contains(got, "{n}") {
				need = slices.DeleteFunc(need, func(p string) bool { return p == "{n}" })
			}
			if !slices.Equal(got, need) {
				t.Errorf("%s: %s has %q, want %q", name, key, got, need)
			}
			// Digits are the locale's: a number comes as a value.
			if tag == language.Arabic && strings.ContainsAny(placeholder.ReplaceAllString(text, ""), "0123456789") {
				t.Errorf("%s: %s has a number in it: %q", name, key, text)
			}
			if strings.TrimSpace(text) == "" || strings.TrimSpace(text) != text {
				t.Errorf("%s: %s is %q", name, key, text)
			}
		}
		if region.String() != "ZZ" {
			continue
		}
		for key := range english {
			bare, form := withoutForm(english, key)
			if !said[bare] {
				t.Errorf("%s has no %s", name, bare)
				continue
			}
			if form == "" {
				continue
			}
			var forms []string
			for _, f := range pluralForms {
				if _, ok := texts[bare+"."+f]; ok {
					forms = append(forms, f)
				}
			}
			if slices.Sort(forms); !slices.Equal(forms, formsOf(tag)) {
				t.Errorf("%s: %s has the forms %q, want %q", name, bare, forms, formsOf(tag))
			}
		}
	}
}

// literals are the strings in our Go files, and the keys and beginnings of keys
// that are given to functions that say a text.
func literals(t *testing.T) (all, keys, prefixes map[string]bool) {
	t.Helper()
	all, keys, prefixes = map[string]bool{}, map[string]bool{}, map[string]bool{}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	text := func(e ast.Expr) (string, bool) {
		l, ok := e.(*ast.BasicLit)
		if !ok || l.Kind != token.STRING {
			return "", false
		}
		s, err := strconv.Unquote(l.Value)
		return s, err == nil
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BasicLit:
				if s, ok := text(n); ok {
					all[s] = true
				}
			case *ast.CallExpr:
				sel, ok := n.Fun.(*ast.SelectorExpr)
				if !ok || len(n.Args) == 0 || (sel.Sel.Name != "t" && sel.Sel.Name != "text") {
					return true
				}
				if s, ok := text(n.Args[0]); ok {
					keys[s] = true
				} else if sum, ok := n.Args[0].(*ast.BinaryExpr); ok {
					if s, ok := text(sum.X); ok {
						prefixes[s] = true
					}
				}
			}
			return true
		})
	}
	return all, keys, prefixes
}

var inTemplate = regexp.MustCompile(`\bt "([^"]+)"`)

// Every key that is asked for is there, and every one that is there is asked for.
func TestNoKeyIsMissingAndNoneIsLeft(t *testing.T) {
	t.Parallel()
	english := textsOf(t, "en.json")
	all, keys, prefixes := literals(t)
	templates, err := filepath.Glob("templates/*.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range templates {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range inTemplate.FindAllStringSubmatch(string(data), -1) {
			all[m[1]], keys[m[1]] = true, true
		}
	}
	for key := range keys {
		_, ok := english[key]
		if _, counted := english[key+".other"]; !ok && !counted {
			t.Errorf("English has no %s", key)
		}
	}
	for prefix := range prefixes {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(english)), func(k string) bool { return strings.HasPrefix(k, prefix) }) {
			t.Errorf("English has nothing under %s", prefix)
		}
	}
	for key := range english {
		if key == "language.name" {
			continue
		}
		bare, _ := withoutForm(english, key)
		used := all[key] || all[bare]
		for i := range bare { // a beginning such as "words.status."
			used = used || bare[i] == '.' && all[bare[:i+1]]
		}
		if !used {
			t.Errorf("nothing says %s", key)
		}
	}
	if len(keys) < 50 {
		t.Errorf("only %d keys were found", len(keys))
	}
}

// What stands in a template outside of actions and tags is shown, and so are some
// attributes: all of it comes from the catalogs.
func TestNoTextStandsInTemplates(t *testing.T) {
	t.Parallel()
	shown := regexp.MustCompile(`(?:aria-label|title|placeholder|alt|hx-confirm)="([^"]*)"`)
	markup := regexp.MustCompile(`(?s)<!--.*?-->|<[^>]*>|\b[a-z:-]+="[^"]*"`) // also attributes by themselves
	files, err := filepath.Glob("templates/*.html")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		parsed, err := template.New("").Funcs(template.FuncMap{"t": func(string, ...any) string { return "" }}).ParseFiles(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range parsed.Templates() {
			if x.Tree == nil {
				continue
			}
			text := textOf(x.Tree.Root)
			for _, m := range shown.FindAllStringSubmatch(text, -1) {
				text += " " + m[1]
			}
			text = markup.ReplaceAllString(text, " ")
			if i := strings.IndexFunc(text, unicode.IsLetter); i >= 0 {
				t.Errorf("%s, %s: %.40q is not of a catalog", file, x.Name(), text[i:])
			}
		}
	}
}

// textOf is the text of a template, without its actions.
func textOf(n tree.Node) string {
	text := ""
	branch := func(b tree.BranchNode) {
		text += textOf(b.List)
		if b.ElseList != nil {
			text += textOf(b.ElseList)
		}
	}
	switch n := n.(type) {
	case *tree.ListNode:
		for _, k := range n.Nodes {
			text += textOf(k)
		}
	case *tree.TextNode:
		text = string(n.Text)
	case *tree.IfNode:
		branch(n.BranchNode)
	case *tree.RangeNode:
		branch(n.BranchNode)
	case *tree.WithNode:
		branch(n.BranchNode)
	}
	return text
}

// The days that begin a week, in regions and in languages without one.
func TestTheWeekBeginsAsTheLocaleHasIt(t *testing.T) {
	t.Parallel()
	for locale, want := range map[string]string{
		"": "Monday", "en": "Monday", "en-GB": "Monday", "en-US": "Sunday", "en-AE": "Saturday", "de": "Monday", "de-AT": "Monday",
		"ar": "Saturday", "ar-EG": "Saturday", "ar-SA": "Sunday", "ar-MA": "Monday", "fr-CA": "Sunday", "fr": "Monday", "dv-MV": "Friday",
	} {
		if got := testWords(t, locale).weekStart().String(); got != want {
			t.Errorf("%q: %s, want %s", locale, got, want)
		}
	}
}
