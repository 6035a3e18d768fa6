package httpui

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

const policyHeader = "Content-Security-Policy"

// contentSecurityPolicy allows what the handler itself serves and nothing inline.
const contentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'%s; img-src 'self' data:; " +
	"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// policyOf is the policy of a Config. A stylesheet of the host's from elsewhere is
// allowed with all of its origin.
func policyOf(cfg Config) (string, error) {
	origin := ""
	if s := cfg.ThemeCSS; s != "" {
		u, err := url.Parse(s)
		switch local := err == nil && u.Scheme == "" && u.Host == "" && strings.HasPrefix(s, "/"); {
		case err != nil || strings.ContainsAny(s, `\;, '"`), !local && (u.Scheme != "https" || u.Host == "" || u.User != nil):
			return "", fmt.Errorf(`httpui: Config.ThemeCSS %q must be a path such as "/static/coupons.css", or an https URL`, s)
		case !local:
			origin = " https://" + u.Host
		}
	}
	if cfg.ContentSecurityPolicy != "" {
		return cfg.ContentSecurityPolicy, nil
	}
	return fmt.Sprintf(contentSecurityPolicy, origin), nil
}

// setHeaders sets what every answer has, errors too. Pages and fragments share
// URLs, so caches must tell them apart; and both are private data, so nobody is
// to store them.
func (ui *Handler) setHeaders(h http.Header) {
	h.Set(policyHeader, ui.policy)
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
