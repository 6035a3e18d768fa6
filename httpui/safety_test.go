package httpui_test

import (
	"context"
	"strconv"
	"strings"
	"testing"

	"github.com/couponkit/coupon"
	"github.com/couponkit/coupon/httpui"
	"github.com/couponkit/coupon/store/memory"
)

// hostile gives a store that answers with payloads where a store that was
// written to by others might.
type hostile struct {
	*memory.Store
	payload string
}

func (s hostile) poison(c coupon.Coupon) coupon.Coupon {
	p := s.payload
	c.Name, c.Description, c.CreatedBy, c.UpdatedBy, c.Version = p, p, p, p, 2
	c.Code = coupon.Code(p)
	c.Restrictions.Frequencies = []coupon.Frequency{coupon.Frequency(p)}
	c.Restrictions.Matches = []coupon.Match{{On: coupon.OnLine, Key: p, AnyOf: []string{p}, NoneOf: []string{p}}}
	return c
}

func (s hostile) Coupon(ctx context.Context, id coupon.ID) (coupon.Coupon, error) {
	c, err := s.Store.Coupon(ctx, id)
	return s.poison(c), err
}

func (s hostile) Coupons(ctx context.Context, q coupon.CouponQuery) ([]coupon.Coupon, error) {
	cs, err := s.Store.Coupons(ctx, q)
	for i := range cs {
		cs[i] = s.poison(cs[i])
	}
	return cs, err
}

func (s hostile) Versions(ctx context.Context, id coupon.ID, before int64, limit int) ([]coupon.Coupon, error) {
	cs, err := s.Store.Versions(ctx, id, before, limit)
	for i := range cs {
		version := cs[i].Version
		cs[i] = s.poison(cs[i])
		cs[i].Version = version
	}
	return cs, err
}

func (s hostile) Codes(ctx context.Context, q coupon.CodeQuery) ([]coupon.CouponCode, error) {
	cs, err := s.Store.Codes(ctx, q)
	for i := range cs {
		cs[i].Code, cs[i].Customer, cs[i].Batch = coupon.Code(s.payload), s.payload, s.payload
	}
	return cs, err
}

func (s hostile) Events(ctx context.Context, id coupon.ID, booking string) ([]coupon.Event, error) {
	es, err := s.Store.Events(ctx, id, booking)
	for i := range es {
		es[i].By, es[i].Key = s.payload, s.payload
	}
	return es, err
}

func (s hostile) Notes(ctx context.Context, id coupon.ID) ([]coupon.Note, error) {
	ns, err := s.Store.Notes(ctx, id)
	for i := range ns {
		ns[i].Text = s.payload
	}
	return ns, err
}

func (s hostile) Redemptions(ctx context.Context, q coupon.RedemptionQuery) ([]coupon.Redemption, error) {
	rs, err := s.Store.Redemptions(ctx, q)
	for i := range rs {
		rs[i].Booking, rs[i].Customer = s.payload, s.payload
		rs[i].Type, rs[i].Frequency = coupon.Recurring, coupon.Frequency(s.payload)
	}
	return rs, err
}

// outline is what a page is made of, apart from its texts and values.
func outline(n *node, out *strings.Builder) {
	out.WriteString("<" + n.name)
	for _, k := range []string{"id", "class", "style", "onclick", "onload", "onerror", "onmouseover", "href", "src", "hx-get", "hx-post", "hx-on", "form", "action"} {
		if v, ok := n.attr[k]; ok {
			switch k {
			case "id", "class", "form":
				out.WriteString(" " + k + "=" + v)
			case "href", "src", "hx-get", "hx-post", "action":
				v, _, _ = strings.Cut(v, "?")
				if strings.HasPrefix(v, "/admin/bookings/") {
					v = "/admin/bookings/"
				}
				out.WriteString(" " + k + "=" + v)
			default:
				out.WriteString(" " + k)
			}
		}
	}
	out.WriteString(" " + strconv.Itoa(len(n.attr)) + ">")
	for _, k := range n.kids {
		outline(k, out)
	}
	out.WriteString("</>")
}

// Whatever stands in the data, the page has the same elements and attributes, and
// the same places to go to: the payload is only ever text.
func TestPayloadsStayText(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	pages := func(payload string) map[string]string {
		svc, err := coupon.New(coupon.Config{Store: hostile{s.store, payload}, Now: s.svc.Now})
		if err != nil {
			t.Fatal(err)
		}
		poisoned := &shop{store: s.store, svc: svc, ids: s.ids}
		h := poisoned.handler(t, func(c *httpui.Config) { c.Title = payload })
		out := map[string]string{}
		targets := []string{s.page("SPRING15", "?chart=line"), s.page("SPRING15", "/bookings?state=all"), base + "/new?from=" + string(s.ids["SPRING15"])}
		for _, rt := range httpui.Routes() {
			if target, status := targetOf(t, h, s, rt); rt.Method == "GET" && rt.Action != "" && status == 200 {
				targets = append(targets, target)
			}
		}
		for _, target := range targets {
			for _, headers := range [][]string{nil, {"HX-Request", "true"}} {
				text := get(t, h, target, headers...)
				if payload != "harmless" && strings.Contains(text, payload) {
					t.Errorf("%s has %q as it is", target, payload)
				}
				var b strings.Builder
				outline(parse(t, text), &b)
				out[target+strings.Join(headers, "")] = b.String()
			}
		}
		return out
	}
	want := pages("harmless")
	for _, payload := range []string{
		`<script>alert(1)</script>`, `"><svg onload=alert(1)>`, `' onmouseover='alert(1)`, `</title><img src=x onerror=alert(1)>`,
		`');alert(1)//"`, `","x":"`, `javascript:alert(1)"`, `<!--`, `]]><b>`, `{{.}}<i>`, `</textarea><form action=//evil.example>`,
	} {
		for target, got := range pages(payload) {
			if got != want[target] {
				t.Errorf("%q changes what %s is made of", payload, target)
			}
		}
	}
	// What a visitor types comes back in the page, too.
	h := s.handler(t)
	text := get(t, h, base+`/?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E&status=%3Cb%3E`)
	if strings.Contains(text, "<script>alert") || strings.Contains(text, "<b>") {
		t.Error("the search is written into the page as it is")
	}
	parse(t, text)
}

func TestPagesHaveNothingInline(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t)
	for code := range s.ids {
		targets := []string{base + "/?q=" + code, s.page(code, ""), s.page(code, "?chart=line"), s.page(code, "/bookings?state=all&cost=known&customers=new&q=x"), base + "/new?from=" + string(s.ids[code]), base + "/c/unknown"}
		for _, rt := range pageRoutes() {
			target, _ := targetOf(t, h, s, rt)
			targets = append(targets, strings.Replace(target, string(s.ids["SPRING15"]), string(s.ids[code]), 1))
		}
		for _, target := range targets {
			page := parse(t, body(t, ask(t, h, "GET", target)))
			ids := map[string]bool{}
			for _, n := range page.all(func(*node) bool { return true }) {
				if n.name == "style" || n.name == "script" && (n.attr["src"] == "" || n.text != "") {
					t.Errorf("%s has an inline <%s>", target, n.name)
				}
				for k, v := range n.attr {
					if k == "style" || strings.HasPrefix(k, "on") || strings.HasPrefix(k, "hx-on") || strings.HasPrefix(v, "javascript:") || strings.HasPrefix(v, "js:") {
						t.Errorf("%s has %s=%q on <%s>", target, k, v, n.name)
					}
				}
				if id := n.attr["id"]; id != "" && ids[id] {
					t.Errorf("%s has the id %q twice", target, id)
				} else {
					ids[id] = true
				}
			}
			for _, n := range page.all(func(n *node) bool { return n.attr["hx-get"]+n.attr["hx-post"] != "" }) {
				if n.attr["hx-target"] == "" || n.attr["hx-swap"] == "" {
					t.Errorf("%s: <%s id=%s> relies on what it inherits", target, n.name, n.attr["id"])
				}
				// Without JavaScript the same thing happens by the plain attribute.
				if link := n.attr["href"] + n.attr["action"] + n.attr["formaction"]; link != n.attr["hx-get"]+n.attr["hx-post"] {
					t.Errorf("%s: <%s id=%s> goes elsewhere without JavaScript", target, n.name, n.attr["id"])
				}
				if !ids[strings.TrimPrefix(n.attr["hx-target"], "#")] {
					t.Errorf("%s: the target %s is not on the page", target, n.attr["hx-target"])
				}
			}
			for _, n := range page.all(named("input")) {
				if id := n.attr["id"]; n.attr["type"] != "hidden" && id == "" {
					t.Errorf("%s: an input without an id loses the focus when it is replaced", target)
				}
			}
		}
	}
}

// readOnly is a store that fails the test when it is written to.
type readOnly struct {
	*memory.Store
	t *testing.T
}

func (s readOnly) InsertCoupon(context.Context, coupon.Coupon) error {
	s.t.Error("a coupon was inserted")
	return nil
}

func (s readOnly) UpdateCoupon(context.Context, coupon.Coupon, func(coupon.Use) []coupon.Charge) error {
	s.t.Error("a coupon was updated")
	return nil
}

func (s readOnly) InsertNote(context.Context, coupon.Note) (coupon.Note, error) {
	s.t.Error("a note was inserted")
	return coupon.Note{}, nil
}

func (s readOnly) UpdateNote(context.Context, coupon.Note) (coupon.Note, error) {
	s.t.Error("a note was updated")
	return coupon.Note{}, nil
}

func (s readOnly) DeleteNote(context.Context, coupon.ID, coupon.ID) error {
	s.t.Error("a note was deleted")
	return nil
}

func (s readOnly) InsertCodes(context.Context, coupon.ID, []coupon.CouponCode) ([]coupon.Code, error) {
	s.t.Error("codes were inserted")
	return nil, nil
}

func (s readOnly) RecordRefusals(context.Context, []coupon.RefusalRecord, coupon.RefusalBounds) error {
	s.t.Error("refusals were recorded")
	return nil
}

func (s readOnly) Write(context.Context, []*coupon.Group) error {
	s.t.Error("redemptions were written")
	return nil
}

func (s readOnly) Rebuild(context.Context) error {
	s.t.Error("counters were rebuilt")
	return nil
}

func TestReadingWritesNothing(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	svc, err := coupon.New(coupon.Config{Store: readOnly{s.store, t}, Now: s.svc.Now})
	if err != nil {
		t.Fatal(err)
	}
	read := &shop{store: s.store, svc: svc, ids: s.ids}
	h := read.handler(t)
	for _, rt := range httpui.Routes() {
		if rt.Method != "GET" {
			continue
		}
		target, _ := targetOf(t, h, s, rt)
		for _, method := range []string{"GET", "HEAD", "OPTIONS"} {
			ask(t, h, method, target)
			ask(t, h, method, withQuery(target, "?done=deactivated&state=all&clock=service-date"), "HX-Request", "true")
		}
	}
}
