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
			return h.words(t.String(), h.catalogs[i])
		}
	}
	return h.words(h.catalogs[i].tag.String(), h.catalogs[i])
}

// wordsIn are those of a locale such as "de-AT".
func (h *Handler) wordsIn(locale string) words {
	c := h.catalogs[0]
	if tag, err := language.Parse(locale); err == nil {
		if _, i, confidence := h.matcher.Match(tag); confidence >= language.High {
			c = h.catalogs[i]
		}
	}
	return h.words(locale, c)
}

// words are those of a language in the formats of a locale.
func (h *Handler) words(locale string, c *catalog) words {
	w := words{formats: newFormats(locale), lang: c}
	w.firstDay = w.weekStart()
	if h.cfg.Formatter != nil {
		w.host = h.cfg.Formatter(locale)
	}
	return w
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
