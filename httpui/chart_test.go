package httpui_test

import (
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

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

// For any range, interval, metric and comparison: the drawing has one bar per bucket
// of the timeline that has begun, in proportion; the table has the same numbers; and
// they are those of Timeline, which add up to the headlines of the summary. The same
// holds of what it is compared with.
func TestChartIsTheTimeline(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	h := s.handler(t)
	rapid.Check(t, func(r *rapid.T) {
		code := rapid.SampledFrom([]string{"SPRING15", "TWO-MONEYS"}).Draw(r, "code")
		first := coupon.DateOf(day("2026-02-20")).AddDays(rapid.IntRange(0, 280).Draw(r, "first"))
		last := first.AddDays(min(rapid.IntRange(0, 399).Draw(r, "days"), rapid.IntRange(0, 399).Draw(r, "or days")))
		q := url.Values{"from": {first.String()}, "to": {last.String()}}
		draw := func(key string, values ...string) string {
			q.Set(key, rapid.SampledFrom(values).Draw(r, key))
			return q.Get(key)
		}
		interval := draw("interval", "", "hour", "day", "week", "month", "quarter", "year")
		clock := coupon.Clock(draw("clock", "made-at", "service-date"))
		line := draw("chart", "", "line") == "line"
		measured := draw("metric", "", "revenue", "discounts")
		compared := draw("compare", "", "previous_period", "previous_year") != ""
		page := parse(t, get(t, h, s.page(code, "?"+q.Encode())))
		if page.byID(t, "cp-from").attr["value"] != first.String() || page.byID(t, "cp-to").attr["value"] != last.String() {
			r.Fatalf("the form forgot its dates")
		}
		var data struct {
			Data struct{ Report report }
		}
		if err := json.Unmarshal([]byte(get(t, h, s.page(code, "?"+q.Encode()+"&format=json"))), &data); err != nil {
			r.Fatal(err)
		}
		rep := data.Data.Report
		// Which interval was shown, the page says in the head of its table.
		table := page.all(class("cp-numbers"))[0]
		by := coupon.Interval(strings.ToLower(table.all(named("th"))[0].words()))
		if chosen := slices.IndexFunc(page.all(class("cp-choice")), func(n *node) bool {
			return n.attr["id"] == "cp-by-"+interval && n.attr["aria-current"] != ""
		}); interval != "" && chosen >= 0 && string(by) != interval || string(by) != rep.Interval {
			r.Fatalf("%s is chosen and %s shown", interval, by)
		}
		from, _ := coupon.StartOfDay(first, zone)
		to, _ := coupon.StartOfDay(last.AddDays(1), zone)
		points, err := s.svc.Timeline(t.Context(), s.ids[code], coupon.Range{From: from, To: to, Clock: clock}, by, zone)
		if err != nil {
			r.Fatal(err)
		}
		var then []coupon.Point
		if compared {
			if then, err = s.svc.Timeline(t.Context(), s.ids[code], coupon.Range{From: rep.Compared.Range.From, To: rep.Compared.Range.To, Clock: clock}, by, zone); err != nil {
				r.Fatal(err)
			}
		}
		currency := ""
		for _, n := range page.all(class("cp-choice")) {
			if code, ok := strings.CutPrefix(n.attr["id"], "cp-in-"); ok && n.attr["aria-current"] != "" {
				currency = code
			}
		}
		value := func(p coupon.Point) (n int64) {
			for _, f := range p.Currencies {
				switch {
				case measured == "":
					n += f.Bookings
				case currency != "" && f.Currency != currency:
				case measured == "revenue":
					n, _ = f.Revenue.Minor()
				default:
					n, _ = f.Discounts.Minor()
				}
			}
			return n
		}
		slots := page.all(class("cp-slot"))
		rows := table.all(named("tbody"))[0].all(named("tr"))
		if n := max(len(points), len(then)); len(slots) != n || len(rows) != n {
			r.Fatalf("%d columns and %d rows for %d buckets, compared with %d", len(slots), len(rows), len(points), len(then))
		}
		shape, top := "cp-bar", "y"
		if line {
			shape, top = "cp-dot", "cy"
		}
		var total, most int64
		for i := range slots {
			drawn := slots[i].all(class(shape))
			if i >= len(points) || (clock == coupon.MadeAt && points[i].Start.After(now)) {
				if len(drawn) > 0 || rows[i].all(named("td"))[0].words() != "–" {
					r.Fatalf("bucket %d has not begun, and is drawn or in the table", i)
				}
				continue
			}
			n, bookings := value(points[i]), int64(0)
			for _, f := range points[i].Currencies {
				bookings += f.Bookings
			}
			total += bookings
			most = max(most, n)
			if len(drawn) != 1 || drawn[0].attr["data-v"] != fmt.Sprint(n) {
				r.Fatalf("bucket %d has %d, %d shapes are drawn", i, n, len(drawn))
			}
			if td := rows[i].all(named("td"))[0]; td.attr["data-v"] != fmt.Sprint(bookings) || td.words() != fmt.Sprint(bookings) {
				r.Fatalf("bucket %d has %d bookings, in the table %q", i, bookings, rows[i].words())
			}
		}
		scale, previous := 0.0, -1.0
		for i, p := range points {
			drawn := slots[i].all(class(shape))
			if len(drawn) == 0 {
				continue
			}
			n := value(p)
			height := 230 - number(r, drawn[0].attr[top])
			if !line && math.Abs(number(r, drawn[0].attr["height"])-height) > 0.011 {
				r.Fatalf("bar %d does not stand on the axis", i)
			}
			// The highest is the one to measure by: pixels are rounded.
			if scale == 0 && most > 0 {
				for k := range points {
					if d := slots[k].all(class(shape)); len(d) > 0 && value(points[k]) == most {
						scale = (230 - number(r, d[0].attr[top])) / float64(most)
						break
					}
				}
			}
			if math.Abs(height-scale*float64(n)) > 0.02 {
				r.Fatalf("bucket %d of %d is %.2f high, at %.5f each", i, n, height, scale)
			}
			if height < 0 || height > 200.01 {
				r.Fatalf("bucket %d leaves the plot: %.2f", i, height)
			}
			x := number(r, drawn[0].attr[map[bool]string{true: "cx", false: "x"}[line]])
			if x <= previous || x < 0 || x > 100 {
				r.Fatalf("bucket %d stands at %.3f after %.3f", i, x, previous)
			}
			previous = x
		}
		for i, n := range slots {
			want := ""
			if i < len(then) {
				want = fmt.Sprint(value(then[i]))
			}
			if n.attr["data-c"] != want {
				r.Fatalf("bucket %d is compared with %q, want %q", i, n.attr["data-c"], want)
			}
		}
		sum := int64(0)
		for _, n := range page.all(class("cp-headlines")) {
			sum += int64(number(r, n.all(named("dd"))[0].words()))
		}
		if sum != total {
			r.Fatalf("the buckets add up to %d, the headlines say %d", total, sum)
		}
	})
}

// report is what the tests read of a report as JSON.
type report struct {
	Interval string
	Compared struct {
		Range struct{ From, To time.Time }
	}
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

// A label under the last of many buckets would hang over the end of a narrow chart:
// there it is left out.
func TestTheLabelAtTheEndGivesWayWhereThereIsLittleRoom(t *testing.T) {
	t.Parallel()
	s := fullShop(t)
	for _, tt := range []struct {
		query string
		want  string // the last label
		minor bool
	}{
		{"?from=2025-11-01&to=2026-11-30&interval=month", "Nov 2026", true}, // the 13th of 13
		{"?from=2025-10-01&to=2026-11-30&interval=month", "Oct 2026", false},
		{"?from=2026-10-01&to=2026-10-07&interval=day", "7 Oct", false}, // of few
	} {
		labels := parse(t, get(t, s.handler(t), s.page("SPRING15", tt.query))).all(func(n *node) bool {
			return n.name == "text" && n.attr["text-anchor"] == "middle" && strings.HasPrefix(n.attr["class"], "cp-chart-text")
		})
		last := labels[len(labels)-1]
		if minor := strings.Contains(last.attr["class"], "cp-chart-minor"); last.words() != tt.want || minor != tt.minor {
			t.Errorf("%s ends with %q, left out in a narrow one: %t", tt.query, last.words(), minor)
		}
	}
}
