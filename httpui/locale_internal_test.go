package httpui

import "testing"

// testWords are those of a locale, or of English for "".
func testWords(t testing.TB, locale string) words {
	t.Helper()
	catalogs, err := loadCatalogs(Config{})
	if err != nil {
		t.Fatal(err)
	}
	h := &Handler{catalogs: catalogs, matcher: newMatcher(catalogs)}
	if locale == "" {
		locale = "en"
	}
	return h.wordsIn(locale)
}
