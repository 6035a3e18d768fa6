package httpui_test

import (
	"net/http/httptest"
	"testing"
)

// BenchmarkPage renders each page whole; the store is in memory.
func BenchmarkPage(b *testing.B) {
	s := fullShop(b)
	h := s.handler(b)
	for _, bb := range []struct{ name, target string }{
		{"list", base + "/"},
		{"coupon/90 days", s.page("SPRING15", "?period=90d&interval=day")},
		{"coupon/267 days", s.page("SPRING15", "?interval=day")},
		{"coupon/400 days, compared", s.page("SPRING15", "?from=2025-10-19&to=2026-11-22&interval=day&compare=previous_period")},
		{"bookings", s.page("SPRING15", "/bookings")},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				w := newRecorder()
				h.ServeHTTP(w, httptest.NewRequest("GET", bb.target, nil))
				if w.Code != 200 {
					b.Fatal(w.Code)
				}
			}
		})
	}
}
