package httpui

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"time"
)

//go:embed static
var staticFiles embed.FS

// styles and scripts are what ui.css and ui.js are made of, in this order: a file
// for each part of the pages, and one request for all.
var (
	styles  = []string{"base", "controls", "tables", "facts", "list", "coupon", "summary", "chart", "form", "bookings", "codes", "widgets", "adapt"}
	scripts = []string{"htmx", "toast", "copy", "form", "chart"}
)

// contentTypes are written out: those of the machine are not always right.
var contentTypes = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
}

// assets are the static files under names that change with their content.
type assets struct {
	names map[string]string // "ui.css" → "ui.0123456789ab.css"
	files map[string]asset  // by the hashed name
}

// asset is one file, as it is and compressed: it is compressed once, not for
// every browser.
type asset struct{ plain, gzipped []byte }

// loadAssets reads and compresses them once for all handlers.
var loadAssets = sync.OnceValues(func() (assets, error) {
	a := assets{names: map[string]string{}, files: map[string]asset{}}
	join := func(dir, ext string, names []string) (out []byte, err error) {
		for _, name := range names {
			data, err := staticFiles.ReadFile("static/" + dir + "/" + name + ext)
			if err != nil {
				return nil, err
			}
			out = append(out, data...)
		}
		return out, nil
	}
	css, err := join("css", ".css", styles)
	if err != nil {
		return a, err
	}
	if err := a.add("ui.css", css); err != nil {
		return a, err
	}
	js, err := join("js", ".js", scripts)
	if err != nil {
		return a, err
	}
	if err := a.add("ui.js", js); err != nil {
		return a, err
	}
	htmx, err := staticFiles.ReadFile("static/" + htmxFile)
	if err != nil {
		return a, err
	}
	return a, a.add(htmxFile, slices.Concat([]byte(htmxGuard), htmx, []byte("\n}")))
})

const (
	htmxFile = "htmx-2.0.11.min.js"

	// htmxGuard is around the published file: in a page of the host's that has htmx
	// already, a second one would answer every click a second time. (Its "var htmx"
	// is the window's also from within the braces.)
	htmxGuard = "if(!window.htmx){\n"
)

func (a assets) add(name string, data []byte) error {
	sum := sha256.Sum256(data)
	ext := path.Ext(name)
	hashed := strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:6]) + ext
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := w.Write(data); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	a.names[name], a.files[hashed] = hashed, asset{data, b.Bytes()}
	return nil
}

// static serves one file. A name of other content is not found, so that what is
// cached for ever is always right.
func (h *Handler) static(q *request) error {
	name := q.r.PathValue("file")
	file, ok := h.assets.files[name]
	if !ok {
		return errNotFound
	}
	header := q.w.Header()
	header.Set("Content-Type", contentTypes[path.Ext(name)])
	header.Set("Cache-Control", "public, max-age=31536000, immutable")
	header.Set("Vary", "Accept-Encoding")
	data := file.plain
	if takesGzip(q.r) {
		header.Set("Content-Encoding", "gzip")
		data = file.gzipped
	}
	http.ServeContent(q.w, q.r, name, time.Time{}, bytes.NewReader(data))
	return nil
}

// takesGzip reads an Accept-Encoding header: "gzip" with any weight but zero.
func takesGzip(r *http.Request) bool {
	for coding := range strings.SplitSeq(strings.Join(r.Header.Values("Accept-Encoding"), ","), ",") {
		name, weight, _ := strings.Cut(strings.ReplaceAll(coding, " ", ""), ";")
		if strings.EqualFold(name, "gzip") {
			return strings.Trim(strings.TrimPrefix(strings.ToLower(weight), "q="), "0.") != "" || weight == ""
		}
	}
	return false
}
