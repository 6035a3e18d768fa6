package browsertest

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// picture is one for the documentation. A new page gets a line in the table, and
// with it a picture by night and on a phone where that shows something.
type picture struct {
	name    string
	url     string  // "{CODE}" is the page of that coupon
	options Options // width, scheme, language
	steps   []step  // what is done before it is taken
}

// step is a thing that somebody does on a page.
type step func(*Page)

func clickOn(sel string) step     { return func(p *Page) { p.Click(sel) } }
func follow(sel string) step      { return func(p *Page) { p.Follow(sel) } }
func waitFor(sel string) step     { return func(p *Page) { p.Wait(sel) } }
func typeInto(sel, x string) step { return func(p *Page) { p.Type(sel, x) } }

var (
	night = Options{Dark: true}
	phone = Options{Width: 360}
)

var pictures = []picture{
	{"home", home, Options{}, nil},
	{"book", book, Options{}, []step{func(p *Page) { fillIn(p, "ann@example.com", "SPARKLE15") }, follow(apply)}},
	{"booking", "{SPARKLE15}/bookings?period=28d", Options{}, []step{follow(".cp-bookings tbody th .cp-host")}},
	{"list", list, Options{}, nil},
	{"list-dark", list, night, nil},
	{"list-narrow", list, phone, nil},
	{"list-search", list, Options{}, []step{typeInto("#cp-q", "sparkle1"), waitFor(".cp-coupons tbody tr:only-child")}},
	{"list-empty", list + "?q=nothing+is+called+so", Options{}, nil},
	{"coupon", "{SPARKLE15}", Options{}, nil},
	{"coupon-dark", "{SPARKLE15}", night, nil},
	{"coupon-line", "{SPARKLE15}", Options{}, []step{clickOn("#cp-line"), waitFor(".cp-dot")}},
	{"coupon-arabic", "{SPARKLE15}", Options{Language: "ar"}, nil},
	{"coupon-narrow", "{SPARKLE15}", phone, nil},
	{"bookings", "{SPARKLE15}/bookings?period=28d", Options{}, nil},
	{"bookings-dark", "{SPARKLE15}/bookings?period=28d", night, nil},
	{"bookings-narrow", "{SPARKLE15}/bookings?period=28d", phone, nil},
	{"one-booking", "{SPARKLE15}/bookings?state=refunded", Options{}, []step{follow(".cp-bookings tbody th a")}},
	{"one-booking-narrow", "{SPARKLE15}/bookings?state=refunded", phone, []step{follow(".cp-bookings tbody th a")}},
	{"codes", "{SPARKLE15}/codes", Options{}, nil},
	{"new", "/admin/coupons/new", Options{}, nil},
	{"new-dark", "/admin/coupons/new", night, nil},
	{"new-narrow", "/admin/coupons/new", phone, nil},
	{"new-errors", "/admin/coupons/new", Options{}, []step{typeInto("#cp-f-value", "150"), typeInto("#cp-f-cap", "abc"), clickOn("#cp-save"), waitFor("#cp-errors")}},
	{"edit", "{SPARKLE15}/edit", Options{}, nil},
	{"history", "{SPARKLE15}/history", Options{}, nil},
	{"widget-summary", "{SPARKLE15}/widget/summary", Options{Width: 480}, nil},
	{"widget-summary-wide", "{SPARKLE15}/widget/summary", Options{Width: 800}, nil},
	{"widget-chart", "{SPARKLE15}/widget/chart", Options{Width: 480}, nil},
	{"widget-chart-dark", "{SPARKLE15}/widget/chart", Options{Width: 480, Dark: true}, nil},
	{"widget-status", "{SPARKLE15}/widget/status", Options{Width: 480}, nil},
}

// Pictures of the pages and their states for the documentation: in the directory
// COUPON_SCREENSHOTS, which `make screenshots` names, else in a temporary one.
func TestScreenshots(t *testing.T) {
	t.Parallel()
	dir, keep := pictureDir(t)
	b := Start(t)
	coupons := open(t, b, list, Options{})
	for _, x := range pictures {
		t.Run(x.name, func(t *testing.T) {
			p := x.open(t, b, coupons)
			path := filepath.Join(dir, x.name+".png")
			p.Screenshot(path)
			if keep {
				shrink(t, path)
			}
			want := x.options.Width
			if want == 0 {
				want = 1280
			}
			if width, height := size(t, path); width != want || height < 400 {
				t.Errorf("picture of %d × %d, want %d × all of the page", width, height, want)
			}
			clean(t, p)
		})
	}
}

// pictureDir is where pictures go, and whether they are kept.
func pictureDir(t *testing.T) (dir string, keep bool) {
	t.Helper()
	if dir, keep = os.LookupEnv("COUPON_SCREENSHOTS"); !keep {
		dir = t.TempDir()
	}
	if err := os.MkdirAll(filepath.Join(dir, "states"), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir, keep
}

// open goes to what the picture is of. The list has the addresses of coupons.
func (x picture) open(t *testing.T, b *Browser, list *Page) *Page {
	t.Helper()
	before, rest, ok := strings.Cut(x.url, "{")
	if code, rest, in := strings.Cut(rest, "}"); ok && in {
		x.url = list.Attributes(eye(code), "href")[0] + rest
		if before != "" { // only the id
			x.url = before + filepath.Base(x.url)
		}
	}
	p := open(t, b, x.url, x.options)
	for _, do := range x.steps {
		do(p)
	}
	return p
}

// shrink writes a picture again with a palette, a third of the size: a page has
// few colors, but for the edges of its letters.
func shrink(t *testing.T, path string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	picture, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	box := picture.Bounds()
	from := image.NewRGBA(box)
	draw.Draw(from, box, picture, box.Min, draw.Src)
	pixels := func(yield func(x, y int, c color.RGBA)) {
		for y := range box.Dy() {
			for x := range box.Dx() {
				yield(x, y, from.RGBAAt(x, y))
			}
		}
	}
	used := map[color.RGBA]int{}
	pixels(func(_, _ int, c color.RGBA) { used[c]++ })
	// The colors that are used most, but none that is nearly one of those before.
	often := slices.SortedFunc(maps.Keys(used), func(a, b color.RGBA) int { return used[b] - used[a] })
	palette := color.Palette{often[0]}
	for _, c := range often {
		if len(palette) < 256 && !near(c, palette.Convert(c).(color.RGBA)) {
			palette = append(palette, c)
		}
	}
	index := map[color.RGBA]uint8{}
	for c := range used {
		index[c] = uint8(palette.Index(c))
	}
	to := image.NewPaletted(box, palette)
	pixels(func(x, y int, c color.RGBA) { to.SetColorIndex(x, y, index[c]) })
	var out bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&out, to); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// near says whether nobody can tell two colors apart at the edge of a letter.
func near(a, b color.RGBA) bool {
	far := func(x, y uint8) bool { return max(x, y)-min(x, y) > 3 }
	return !far(a.R, b.R) && !far(a.G, b.G) && !far(a.B, b.B)
}
