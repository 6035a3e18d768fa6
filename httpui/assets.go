package httpui

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed static
var staticFiles embed.FS

// styles and scripts are what ui.css and ui.js are made of, in this order: a file
// for each part of the pages, and one request for all.
var (
	styles  = []string{"base", "controls", "tables", "facts", "list", "coupon", "summary", "chart", "form", "bookings", "codes", "widgets", "adapt"}
	scripts = []string{"htmx", "toast", "copy"}
)

// contentTypes are written out: those of the machine are not always right.
var contentTypes = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
}

// assets are the static files under names that change with their content.
type assets struct {
	names   map[string]string // "ui.css" → "ui.0123456789ab.css"
	content map[string][]byte // by the hashed name
}

func loadAssets() (assets, error) {
	a := assets{names: map[string]string{}, content: map[string][]byte{}}
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
	a.add("ui.css", css)
	js, err := join("js", ".js", scripts)
	if err != nil {
		return a, err
	}
	a.add("ui.js", js)
	htmx, err := staticFiles.ReadFile("static/" + htmxFile)
	a.add(htmxFile, htmx)
	return a, err
}

const htmxFile = "htmx-2.0.11.min.js"

func (a assets) add(name string, data []byte) {
	sum := sha256.Sum256(data)
	ext := path.Ext(name)
	hashed := strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:6]) + ext
	a.names[name], a.content[hashed] = hashed, data
}

// static serves one file. A name of other content is not found, so that what is
// cached for ever is always right.
func (h *Handler) static(q *request) error {
	name := q.r.PathValue("file")
	data, ok := h.assets.content[name]
	if !ok {
		return errNotFound
	}
	header := q.w.Header()
	header.Set("Content-Type", contentTypes[path.Ext(name)])
	header.Set("Cache-Control", "public, max-age=31536000, immutable")
	header.Del("Vary")
	http.ServeContent(q.w, q.r, name, time.Time{}, bytes.NewReader(data))
	return nil
}
