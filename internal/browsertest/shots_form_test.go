package browsertest

import (
	"os"
	"testing"
)

func TestFormShots(t *testing.T) {
	dir := os.Getenv("SHOTS")
	if dir == "" {
		t.Skip()
	}
	b := Start(t)
	for name, o := range map[string]Options{"light": {}, "dark": {Dark: true}, "narrow": {Width: 320}} {
		p := open(t, b, "/admin/coupons/new", o)
		p.Screenshot(dir + "/new-" + name + ".png")
		p.Type("#cp-f-value", "150")
		p.Type("#cp-f-cap", "abc")
		p.Click("#cp-f-add-hours")
		p.Wait("#cp-f-hours-0--from")
		p.Click("#cp-save")
		p.Wait("#cp-errors")
		p.Screenshot(dir + "/errors-" + name + ".png")
		p = openCoupon(t, b, "SPARKLE15", o)
		p.Screenshot(dir + "/coupon-" + name + ".png")
		p.Follow("#cp-edit")
		p.Screenshot(dir + "/edit-" + name + ".png")
		t.Log(p.Sideways(), p.Violations(), p.Errors())
	}
}
