package httpui

import (
	"cmp"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"slices"
	"strings"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
	"golang.org/x/text/unicode/bidi"
)

//go:embed locales/*.json
var localeFiles embed.FS

// catalog is the texts of one language, by key: "list.title". A text that
// depends on a number n has one key for each plural form of the language:
// "words.bookings.one".
type catalog struct {
	tag       language.Tag
	texts     map[string]string
	base      *catalog // English, for what is missing; nil for itself
	translate func(locale, key string) (string, bool)
	templates *template.Template // with the texts of this language
}

// count is a number in a text: it chooses the plural form.
type count struct {
	n    int64
	text string // as the locale writes it
}

// text is the text of a key. args are pairs of a name and a value, which takes
// the place of {name}; one that is a count chooses the form. A key without a text
// is given back as it is: a test finds it.
func (c *catalog) text(key string, args ...any) string {
	var n *count
	for i := 1; i < len(args); i += 2 {
		if x, ok := args[i].(count); ok {
			n = &x
		}
	}
	for from := c; from != nil; from = from.base {
		if s, ok := from.find(key, n); ok {
			return c.fill(s, args)
		}
	}
	return key
}

// find looks for a text in this language alone.
func (c *catalog) find(key string, n *count) (string, bool) {
	if n == nil {
		return c.lookUp(key)
	}
	// The form is chosen by the last digits; the rest must only not be lost.
	form := plural.Cardinal.MatchPlural(c.tag, int(n.n%1_000_000_000), 0, 0, 0, 0)
	if s, ok := c.lookUp(key + "." + pluralForms[form]); ok {
		return s, true
	}
	return c.lookUp(key + ".other")
}

func (c *catalog) lookUp(key string) (string, bool) {
	if c.translate != nil {
		if s, ok := c.translate(c.tag.String(), key); ok {
			return s, true
		}
	}
	s, ok := c.texts[key]
	return s, ok
}

var pluralForms = map[plural.Form]string{
	plural.Other: "other", plural.Zero: "zero", plural.One: "one", plural.Two: "two", plural.Few: "few", plural.Many: "many",
}

// fill puts values in the place of their names.
func (c *catalog) fill(s string, args []any) string {
	if len(args) == 0 || !strings.Contains(s, "{") {
		return s
	}
	pairs := make([]string, 0, len(args))
	for i := 0; i+1 < len(args); i += 2 {
		pairs = append(pairs, "{"+fmt.Sprint(args[i])+"}", c.isolate(args[i+1]))
	}
	return put(s, pairs...)
}

// isolate keeps a value from turning the words around it the wrong way: between
// U+2068 and U+2069 it is laid out by itself. Where everything runs from left to
// right there is nothing to keep.
func (c *catalog) isolate(v any) string {
	s := ""
	if n, ok := v.(count); ok {
		s = n.text
	} else {
		s = fmt.Sprint(v)
	}
	if !c.rightToLeft() && !runsRightToLeft(s) {
		return s
	}
	open := "\u2068"
	if strings.ContainsRune(s, '\u2068') {
		// What was filled in before is a text of this language. By itself it is laid
		// out by its first letter, and those of its own values don't count.
		if open = "\u2066"; c.rightToLeft() {
			open = "\u2067"
		}
	}
	return open + s + "\u2069"
}

func runsRightToLeft(s string) bool {
	for _, r := range s {
		if r < 0x590 { // the first letters that do
			continue
		}
		p, _ := bidi.LookupString(string(r))
		if k := p.Class(); k == bidi.R || k == bidi.AL {
			return true
		}
	}
	return false
}

// rightToLeft is the direction of the language.
func (c *catalog) rightToLeft() bool { return c.direction() == "rtl" }

func (c *catalog) direction() string { return c.text("language.direction") }

// loadCatalogs reads our own languages and those of the host, whose texts take
// the place of ours. English is the first.
func loadCatalogs(cfg Config) ([]*catalog, error) {
	byTag := map[language.Tag]*catalog{}
	read := func(files fs.FS, dir string) error {
		names, err := fs.Glob(files, path.Join(dir, "*.json"))
		if err != nil {
			return err
		}
		for _, name := range names {
			data, err := fs.ReadFile(files, name)
			if err != nil {
				return err
			}
			tag, err := language.Parse(strings.TrimSuffix(path.Base(name), ".json"))
			if err != nil {
				return fmt.Errorf("%s: the name must be a language such as de.json: %w", name, err)
			}
			if byTag[tag] == nil {
				byTag[tag] = &catalog{tag: tag, texts: map[string]string{}, translate: cfg.Translate}
			}
			var tree map[string]any
			if err := json.Unmarshal(data, &tree); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			if err := flatten(byTag[tag].texts, "", tree); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		return nil
	}
	if err := read(localeFiles, "locales"); err != nil {
		return nil, fmt.Errorf("httpui: locales: %w", err)
	}
	if cfg.Locales != nil {
		if err := read(cfg.Locales, "."); err != nil {
			return nil, fmt.Errorf("httpui: Config.Locales: %w", err)
		}
	}
	var out []*catalog
	english := byTag[language.English]
	for _, c := range byTag {
		if c != english {
			c.base = baseOf(c.tag, byTag, english)
		}
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b *catalog) int {
		if a == english || b == english {
			return cmp.Compare(boolInt(b == english), boolInt(a == english))
		}
		return cmp.Compare(a.tag.String(), b.tag.String())
	})
	return out, nil
}

// baseOf is the language of a region, as "de" of "de-AT", or else English.
func baseOf(tag language.Tag, byTag map[language.Tag]*catalog, english *catalog) *catalog {
	for tag = tag.Parent(); tag != language.Und; tag = tag.Parent() {
		if c := byTag[tag]; c != nil {
			return c
		}
	}
	return english
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// flatten makes {"list": {"title": "Coupons"}} the key "list.title".
func flatten(into map[string]string, prefix string, tree map[string]any) error {
	for key, v := range tree {
		switch v := v.(type) {
		case string:
			into[prefix+key] = v
		case map[string]any:
			if err := flatten(into, prefix+key+".", v); err != nil {
				return err
			}
		default:
			return fmt.Errorf("%s%s must be a text or an object of texts", prefix, key)
		}
	}
	return nil
}
