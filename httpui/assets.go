package httpui

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed static/*.css static/*.js
var staticFiles embed.FS

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
	entries, err := fs.ReadDir(staticFiles, "static")
	if err != nil {
		return a, err
	}
	for _, e := range entries {
		data, err := staticFiles.ReadFile("static/" + e.Name())
		if err != nil {
			return a, err
		}
		sum := sha256.Sum256(data)
		ext := path.Ext(e.Name())
		hashed := strings.TrimSuffix(e.Name(), ext) + "." + hex.EncodeToString(sum[:6]) + ext
		a.names[e.Name()], a.content[hashed] = hashed, data
	}
	return a, nil
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
