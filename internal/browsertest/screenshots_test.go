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
	"testing"
)

// Pictures of every page for the documentation: in the directory
// COUPON_SCREENSHOTS, which `make screenshots` names, else in a temporary one.
func TestScreenshots(t *testing.T) {
	t.Parallel()
	dir, keep := os.LookupEnv("COUPON_SCREENSHOTS")
	if !keep {
		dir = t.TempDir()
	}
	b := Start(t)
	for _, tt := range []struct {
		name    string
		options Options
		open    func(t *testing.T, b *Browser, o Options) *Page
	}{
		{"home", Options{}, func(t *testing.T, b *Browser, o Options) *Page { return open(t, b, home, o) }},
		{"book", Options{}, withCode},
		{"booking", Options{}, func(t *testing.T, b *Browser, o Options) *Page {
			p := lastBookings(t, b, o)
			p.Follow(".cp-bookings tbody th .cp-host")
			return p
		}},
		{"list", Options{}, func(t *testing.T, b *Browser, o Options) *Page { return open(t, b, list, o) }},
		{"coupon", Options{}, flagship},
		{"coupon-dark", Options{Dark: true}, flagship},
		{"coupon-line", Options{}, func(t *testing.T, b *Browser, o Options) *Page {
			p := flagship(t, b, o)
			p.Click("#cp-line")
			p.Wait(".cp-dot")
			return p
		}},
		{"coupon-arabic", Options{Language: "ar"}, flagship},
		{"coupon-narrow", Options{Width: 360}, flagship},
		{"bookings", Options{}, lastBookings},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := tt.open(t, b, tt.options)
			path := filepath.Join(dir, tt.name+".png")
			p.Screenshot(path)
			if keep {
				shrink(t, path)
			}
			want := tt.options.Width
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

func flagship(t *testing.T, b *Browser, o Options) *Page {
	t.Helper()
	// By the code: the list's links speak the language that is asked for.
	return open(t, b, list+"?code=SPARKLE15", o)
}

// lastBookings is a page of bookings that is not too long for a picture.
func lastBookings(t *testing.T, b *Browser, o Options) *Page {
	t.Helper()
	p := flagship(t, b, o)
	p.Click("#cp-period-28d")
	p.Wait("#cp-period-28d[aria-current]")
	p.Follow(viewBookings)
	return p
}

func withCode(t *testing.T, b *Browser, o Options) *Page {
	t.Helper()
	p := open(t, b, book, o)
	fillIn(p, "ann@example.com", "SPARKLE15")
	p.Follow(apply)
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
