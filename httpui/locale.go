package httpui

import (
	"net/http"

	"golang.org/x/text/language"
)

// mostAcceptLanguage is how much of an Accept-Language header is read.
const mostAcceptLanguage = 200

// wordsFor is how a request is answered: in the words of a language and the
// formats of a region. What Config says comes first, then what the browser asks
// for. A language that is not there is answered in English, with the formats that
// Config asks for.
func (h *Handler) wordsFor(r *http.Request) words {
	want := h.cfg.Locale
	if h.cfg.LocaleOf != nil {
		if s := h.cfg.LocaleOf(r); s != "" {
			want = s
		}
	}
	if want != "" {
		return h.wordsIn(want)
	}
	accept := r.Header.Get("Accept-Language")
	if len(accept) > mostAcceptLanguage {
		accept = accept[:mostAcceptLanguage]
	}
	tags, _, err := language.ParseAcceptLanguage(accept)
	if err != nil || len(tags) == 0 {
		return h.wordsIn("en")
	}
	_, i, confidence := h.matcher.Match(tags...)
	if confidence == language.No {
		return h.wordsIn("en")
	}
	// The region is that of the browser's own tag in this language.
	base, _ := h.catalogs[i].tag.Base()
	for _, t := range tags {
		if b, _ := t.Base(); b == base {
			return words{newFormats(t.String()), h.catalogs[i]}
		}
	}
	return words{newFormats(h.catalogs[i].tag.String()), h.catalogs[i]}
}

// wordsIn are those of a locale such as "de-AT".
func (h *Handler) wordsIn(locale string) words {
	c := h.catalogs[0]
	if tag, err := language.Parse(locale); err == nil {
		if _, i, confidence := h.matcher.Match(tag); confidence >= language.High {
			c = h.catalogs[i]
		}
	}
	return words{newFormats(locale), c}
}

// newMatcher finds the best language; English is the one that others fall back
// to.
func newMatcher(catalogs []*catalog) language.Matcher {
	tags := make([]language.Tag, len(catalogs))
	for i, c := range catalogs {
		tags[i] = c.tag
	}
	return language.NewMatcher(tags)
}

// t is the text of a key in the language; see catalog.text. Whole numbers among
// the args are written as the locale does, and choose the plural form.
func (w words) t(key string, args ...any) string {
	for i := 1; i < len(args); i += 2 {
		switch n := args[i].(type) {
		case int:
			args[i] = count{int64(n), w.Count(int64(n))}
		case int64:
			args[i] = count{n, w.Count(n)}
		}
	}
	return w.lang.text(key, args...)
}
