package httpui

import "net/http"

// contentSecurityPolicy allows what the handler itself serves and nothing inline.
const contentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
	"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// setHeaders sets what every answer has, errors too. Pages and fragments share
// URLs, so caches must tell them apart; and both are private data, so nobody is
// to store them.
func setHeaders(h http.Header) {
	h.Set("Content-Security-Policy", contentSecurityPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	h.Add("Vary", "HX-Request, HX-History-Restore-Request, HX-Boosted, HX-Request-Type, Accept, Accept-Language")
	// By this our script knows an answer of ours from a login page.
	h.Set("X-Coupon-UI", "1")
}

// wantsFragment tells htmx's own requests, which replace a part of the page,
// from those that need the whole of it: a plain one, Back, or a boosted link of
// the host's.
func wantsFragment(r *http.Request) bool {
	return r.Header.Get("HX-Request") == "true" &&
		r.Header.Get("HX-History-Restore-Request") != "true" &&
		r.Header.Get("HX-Boosted") != "true"
}
