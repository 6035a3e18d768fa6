package httpui_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/httpui"
	"github.com/couponkit/coupon/store/memory"
)

// The pages mounted in an admin with the router of the standard library. Whoever
// is not signed in gets no further than 403.
func ExampleNew() {
	svc, err := coupon.New(coupon.Config{Store: memory.New()})
	if err != nil {
		fmt.Println(err)
		return
	}
	c, err := svc.Create(context.Background(), coupon.Coupon{
		Code: "SPRING20", Discount: coupon.PercentOff(decimal.NewFromInt(20)), Start: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC),
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	pages, err := httpui.New(httpui.Config{
		Service:  svc,
		BasePath: "/admin/coupons",
		Authorize: func(r *http.Request) (actor string, err error) {
			session, err := r.Cookie("session") // a real host looks it up
			if err != nil {
				return "", errors.New("not signed in")
			}
			return session.Value, nil
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	mux := http.NewServeMux()
	mux.Handle("/admin/coupons/", pages)

	for _, session := range []string{"", "maria"} {
		r := httptest.NewRequest("GET", pages.CouponURL(c.ID), nil)
		if session != "" {
			r.AddCookie(&http.Cookie{Name: "session", Value: session})
		}
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		fmt.Println(w.Code, strings.Contains(w.Body.String(), "Total Revenue (after discount)"))
	}
	// Output:
	// 403 false
	// 200 true
}
