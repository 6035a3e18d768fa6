package httpui_test

import (
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/couponkit/coupon"
)

func number(t interface{ Fatalf(string, ...any) }, s string) float64 {
	f, err := strconv.ParseFloat(strings.TrimSuffix(s, "%"), 64)
	if err != nil {
		t.Fatalf("%q is no number", s)
	}
	return f
}

// For any range, interval and type: the drawing has one bar per bucket of the
// timeline, in proportion; the table has the same numbers; and they are those of
// Timeline, which add up to the headline of the summary.
func TestChartIsTheTimeline(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t)
	rapid.Check(t, func(r *rapid.T) {
		first := coupon.DateOf(day("2026-02-20")).AddDays(rapid.IntRange(0, 280).Draw(r, "first"))
		last := first.AddDays(rapid.IntRange(0, 399).Draw(r, "days"))
		interval := rapid.SampledFrom([]string{"", "hour", "day", "week", "month", "quarter", "year"}).Draw(r, "interval")
		clock := rapid.SampledFrom([]coupon.Clock{coupon.MadeAt, coupon.ServiceAt}).Draw(r, "clock")
		line := rapid.Bool().Draw(r, "line")
		q := url.Values{"from": {first.String()}, "to": {last.String()}, "interval": {interval}, "clock": {string(clock)}}
		if line {
			q.Set("chart", "line")
		}
		page := parse(t, get(t, h, s.page("SPRING15", "?"+q.Encode())))
		if page.byID(t, "cp-from").attr["value"] != first.String() || page.byID(t, "cp-to").attr["value"] != last.String() {
			r.Fatalf("the form forgot its dates")
		}
		// Which interval was shown, the page says in the head of its table.
		by := coupon.Interval(strings.ToLower(page.all(class("cp-numbers"))[0].all(named("th"))[0].words()))
		if chosen := slices.IndexFunc(page.all(class("cp-choice")), func(n *node) bool {
			return n.attr["id"] == "cp-by-"+interval && n.attr["aria-current"] != ""
		}); interval != "" && chosen >= 0 && string(by) != interval {
			r.Fatalf("%s is chosen and %s shown", interval, by)
		}
		from, _ := coupon.StartOfDay(first, zone)
		to, _ := coupon.StartOfDay(last.AddDays(1), zone)
		points, err := s.svc.Timeline(t.Context(), s.ids["SPRING15"], coupon.Range{From: from, To: to, Clock: clock}, by, zone)
		if err != nil {
			r.Fatal(err)
		}
		shape := "cp-bar"
		if line {
			shape = "cp-dot"
		}
		shapes := page.all(class(shape))
		rows := page.all(class("cp-numbers"))[0].all(named("tbody"))[0].all(named("tr"))
		if len(shapes) != len(points) || len(rows) != len(points) {
			r.Fatalf("%d shapes and %d rows for %d buckets", len(shapes), len(rows), len(points))
		}
		var total int64
		scale, previous := 0.0, -1.0
		for i, p := range points {
			var n int64
			for _, f := range p.Currencies {
				n += f.Bookings
			}
			total += n
			want := fmt.Sprint(n)
			if shapes[i].attr["data-v"] != want || rows[i].all(named("td"))[0].attr["data-v"] != want || rows[i].all(named("td"))[0].words() != want {
				r.Fatalf("bucket %d has %s: drawn %q, in the table %q", i, want, shapes[i].attr["data-v"], rows[i].words())
			}
			height := 230 - number(r, shapes[i].attr[map[bool]string{true: "cy", false: "y"}[line]])
			if !line && math.Abs(number(r, shapes[i].attr["height"])-height) > 0.011 {
				r.Fatalf("bar %d does not stand on the axis", i)
			}
			if n > 0 && scale == 0 {
				scale = height / float64(n)
			}
			if math.Abs(height-scale*float64(n)) > 0.011*float64(max(1, n)) {
				r.Fatalf("bucket %d of %d is %.2f high, at %.2f each", i, n, height, scale)
			}
			if height < 0 || height > 200.01 {
				r.Fatalf("bucket %d leaves the plot: %.2f", i, height)
			}
			x := number(r, shapes[i].attr[map[bool]string{true: "cx", false: "x"}[line]])
			if x <= previous || x < 0 || x > 100 {
				r.Fatalf("bucket %d stands at %.3f after %.3f", i, x, previous)
			}
			previous = x
		}
		if got := headline(page, "Total Bookings"); !strings.HasPrefix(got, fmt.Sprint(total)) {
			r.Fatalf("the buckets add up to %d, the headline says %s", total, got)
		}
	})
}

// headline is one of the figures of a coupon's page.
func headline(page *node, label string) string {
	for _, n := range page.all(class("cp-headlines")) {
		for _, pair := range n.all(named("div")) {
			if pair.all(named("dt"))[0].words() == label {
				return pair.all(named("dd"))[0].words()
			}
		}
	}
	return ""
}

func TestChartIsNamedAndSaidInWords(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	page := parse(t, get(t, s.handler(t), s.page("SPRING15", "?interval=month")))
	plot := page.all(class("cp-chart-plot"))[0]
	if plot.attr["role"] != "img" {
		t.Error("the drawing is no image to a screen reader")
	}
	if got := page.byID(t, plot.attr["aria-labelledby"]).words(); got != "Redemptions, 1 March – 22 November 2026" {
		t.Errorf("it is named %q", got)
	}
	if got := page.byID(t, plot.attr["aria-describedby"]).words(); !strings.Contains(got, "redemptions, 1 March – 22 November 2026. The most, ") || !strings.HasSuffix(got, "in September 2026.") {
		t.Errorf("it is described by %q", got)
	}
	titles := plot.all(named("title"))
	if len(titles) != 9 {
		t.Fatalf("%d titles for 9 months", len(titles))
	}
	if got := titles[0].words(); !strings.HasPrefix(got, "March 2026: ") {
		t.Errorf("the first bar says %q", got)
	}
	if got := titles[8].words(); !strings.HasPrefix(got, "November 2026 so far: ") {
		t.Errorf("the bar of the current month says %q", got)
	}
	now := plot.all(class("cp-bar-now"))
	if len(now) != 1 || now[0].attr["data-v"] != plot.all(class("cp-bar"))[8].attr["data-v"] {
		t.Errorf("%d bars are marked as going on", len(now))
	}
}

func TestABucketThatTheRangeCutsSaysSo(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	page := parse(t, get(t, s.handler(t), s.page("SPRING15", "?from=2026-03-10&to=2026-10-15&interval=month")))
	titles := page.all(class("cp-chart-plot"))[0].all(named("title"))
	if a, b, c := titles[0].words(), titles[1].words(), titles[7].words(); !strings.HasPrefix(a, "March 2026 (part)") || !strings.HasPrefix(b, "April 2026:") || !strings.HasPrefix(c, "October 2026 (part)") {
		t.Errorf("%q, %q, %q", a, b, c)
	}
	if n := len(page.all(class("cp-bar-now"))); n != 0 {
		t.Errorf("%d buckets of the past are said to be going on", n)
	}
}

func TestNotesAreNumberedOnTheChartAndBelow(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	if _, err := s.svc.AddNote(t.Context(), s.ids["SPRING15"], at("2026-09-02T09:00:00-04:00"), "And in the south"); err != nil {
		t.Fatal(err)
	}
	h := s.handler(t)
	page := parse(t, get(t, h, s.page("SPRING15", "?interval=month")))
	var marks, notes []string
	for _, n := range page.all(class("cp-mark")) {
		marks = append(marks, n.words())
	}
	for _, n := range page.all(class("cp-notes"))[0].all(named("li")) {
		notes = append(notes, n.all(class("cp-note-number"))[0].words()+" "+n.all(named("p"))[0].words())
	}
	if want := []string{"1", "2–3"}; !slices.Equal(marks, want) {
		t.Errorf("marks %q, want %q", marks, want)
	}
	want := []string{"1 E-mail “Spring is here” to 2,400 customers 3 Mar 2026, 09:00 by anna@example.com", "2 Flyers in the north of the city 1 Sep 2026, 09:00 by anna@example.com", "3 And in the south 2 Sep 2026, 09:00 by anna@example.com"}
	if !slices.Equal(notes, want) {
		t.Errorf("notes %q, want %q", notes, want)
	}
	page = parse(t, get(t, h, s.page("SPRING15", "?from=2026-04-01&to=2026-05-01")))
	if n := len(page.all(class("cp-mark"))) + len(page.all(class("cp-notes"))); n != 0 {
		t.Error("notes of other times are shown")
	}
}

func TestEmptyChartsSayWhy(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t)
	for _, tt := range []struct {
		target, says string
		life         bool
	}{
		{s.page("WINTER26", ""), "The coupon has not begun yet. It starts on 1 December 2026.", false},
		{s.page("WELCOME20", ""), "Nobody has used it in this range.", false},
		{s.page("SPRING15", "?from=2025-01-01&to=2025-02-01"), "Nobody has used it in this range.", true},
	} {
		page := parse(t, get(t, h, tt.target))
		report := page.byID(t, "cp-report")
		if !strings.Contains(report.words(), tt.says) {
			t.Errorf("%s does not say %q", tt.target, tt.says)
		}
		if life := strings.Contains(report.words(), "Show its whole life"); life != tt.life {
			t.Errorf("%s: a link to the whole life: %v", tt.target, life)
		}
		if got := headline(page, "Total Bookings"); got != "0" {
			t.Errorf("%s: total bookings %q", tt.target, got)
		}
	}
}

func TestAnEndedCampaignOpensOnItsWholeLife(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	page := parse(t, get(t, s.handler(t), s.page("SUMMER-WINDOWS", "")))
	if got := headline(page, "Total Bookings"); got != "8" {
		t.Errorf("total bookings %s", got)
	}
	if from, to := page.byID(t, "cp-from").attr["value"], page.byID(t, "cp-to").attr["value"]; from != "2026-06-01" || to != "2026-07-07" {
		t.Errorf("from %s to %s", from, to)
	}
}
