package httpui_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// docs/embedding.md says what is so: each of its snippets is compiled as a part of
// an example, and its tables have the variables and names that there are.
func TestTheDocumentOnEmbeddingIsTrue(t *testing.T) {
	t.Parallel()
	read := func(name string) string {
		t.Helper()
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	doc := read("../docs/embedding.md")
	words := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	code := words(read("example_embedding_test.go"))
	snippets := regexp.MustCompile("(?s)```(?:go|html)\n(.*?)```").FindAllStringSubmatch(doc, -1)
	if len(snippets) < 10 {
		t.Errorf("only %d snippets were found", len(snippets))
	}
	for _, m := range snippets {
		if !strings.Contains(code, words(m[1])) {
			t.Errorf("no example has this snippet:\n%s", m[1])
		}
	}
	column := func(of string) (out []string) { // the first of each row
		for _, row := range regexp.MustCompile("(?m)^\\| (`[^|]*) \\|").FindAllStringSubmatch(doc, -1) {
			for _, m := range regexp.MustCompile("`("+of+")`").FindAllStringSubmatch(row[1], -1) {
				out = append(out, m[1])
			}
		}
		slices.Sort(out)
		return out
	}
	var there []string
	for _, m := range regexp.MustCompile(`(?m)^\s+(--cp-[a-z0-9-]+):`).FindAllStringSubmatch(read("static/css/base.css"), -1) {
		there = append(there, m[1])
	}
	slices.Sort(there)
	if got := column(`--cp-[a-z0-9-]+`); !slices.Equal(got, slices.Compact(there)) {
		t.Errorf("the variables are\n%q, the document has\n%q", there, got)
	}
	templates := ""
	for _, f := range must(os.ReadDir("templates")) {
		templates += read("templates/" + f.Name())
	}
	names := column(`[a-z]+(?:-[a-z]+)*`)
	if len(names) < 20 {
		t.Errorf("only %d names of templates were found", len(names))
	}
	for _, name := range names {
		if !strings.Contains(templates, `{{define "`+name+`"}}`) {
			t.Errorf("there is no template %q", name)
		}
	}
	for _, m := range regexp.MustCompile(`\]\((\.\./[^)#]*)\)`).FindAllStringSubmatch(doc, -1) {
		if _, err := os.Stat("../docs/" + m[1]); err != nil {
			t.Error(err)
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
