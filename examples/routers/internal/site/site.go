// Package site is what the five hosts have in common, so that their programs
// show what differs: the router. It has a small shop with coupons, the host's own
// page, and its sign-in.
package site

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/couponkit/coupon/httpui"
)

// Base is where the programs mount the coupon pages.
const Base = "/admin/coupons"

// Site is a host but for its router. Make one with [New].
type Site struct {
	// Coupons are the pages to mount.
	Coupons *httpui.Handler

	session string // the cookie of whoever is signed in
}

// New makes a site with made-up coupons in memory. Its pages are for [Base];
// edit changes their Config.
func New(ctx context.Context, edit ...func(*httpui.Config)) (*Site, error) {
	svc, err := shop(ctx)
	if err != nil {
		return nil, err
	}
	cfg := httpui.Config{
		Service:   svc,
		Authorize: authorize,
		BasePath:  Base,
		Title:     "Corner shop",
		BackLink:  "/",
	}
	for _, e := range edit {
		e(&cfg)
	}
	pages, err := httpui.New(cfg)
	if err != nil {
		return nil, err
	}
	return &Site{Coupons: pages, session: rand.Text()}, nil
}

// Home is a page of the host's own.
func (s *Site) Home(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	text := `<form method="post" action="/sign-in"><button>Sign in as the demo user</button></form>`
	if user, ok := r.Context().Value(userKey{}).(string); ok {
		text = `<p>You are ` + user + `. <a href="` + Base + `/">Coupons</a></p>`
	}
	io.WriteString(w, `<!doctype html><html lang="en"><title>Corner shop</title><h1>Corner shop</h1>`+text)
}

// Help is a page of the host's own whose path begins like that of the coupons. It
// must stay the host's.
func (s *Site) Help(w http.ResponseWriter, _ *http.Request) {
	fmt.Fprintln(w, "How our coupons work")
}

// SignIn makes the visitor the demo user. A real host asks for a password here, or
// sends people to whoever does; this one only listens to its own machine.
func (s *Site) SignIn(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, &http.Cookie{Name: "session", Value: s.session, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

type userKey struct{}

// Identify is what the host's middleware does before every page: it looks up who
// asks, and puts the name into the request's context. That is the place where
// [httpui.Config.Authorize] finds it under every router; what gin or echo keep in
// a context of their own (c.Set) does not get there.
func (s *Site) Identify(r *http.Request) *http.Request {
	cookie, err := r.Cookie("session")
	if err != nil || cookie.Value != s.session {
		return r
	}
	return r.WithContext(context.WithValue(r.Context(), userKey{}, "demo"))
}

// authorize lets in whoever the middleware has named. Where a host forgets its
// middleware nobody gets in.
func authorize(r *http.Request) (actor string, err error) {
	user, ok := r.Context().Value(userKey{}).(string)
	if !ok {
		return "", errors.New("not signed in")
	}
	return user, nil
}
