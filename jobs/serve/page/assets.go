package page

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"
)

//go:embed assets
var assetFiles embed.FS

// asset is a file of the page under the name that browsers know it by, which changes with its content.
type asset struct {
	name          string
	plain, zipped []byte
	contentType   string
}

// assets are packed when the first page is written.
var assets = sync.OnceValues(loadAssets)

// types are the content types of the assets: those of the operating system may differ.
var types = map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}

func loadAssets() (byName map[string]string, byURL map[string]asset) {
	byName, byURL = map[string]string{}, map[string]asset{}
	entries, err := fs.ReadDir(assetFiles, "assets")
	if err != nil {
		panic(err) // embedded: it cannot fail once it was compiled
	}
	for _, e := range entries {
		plain, err := assetFiles.ReadFile("assets/" + e.Name())
		if err != nil {
			panic(err)
		}
		var zipped bytes.Buffer
		z, _ := gzip.NewWriterLevel(&zipped, gzip.BestCompression) // the level is a constant that it knows
		z.Write(plain)                                             //nolint:errcheck // into memory
		z.Close()                                                  //nolint:errcheck // into memory
		hash := sha256.Sum256(plain)
		ext := path.Ext(e.Name())
		url := "/assets/" + strings.TrimSuffix(e.Name(), ext) + "." + hex.EncodeToString(hash[:6]) + ext
		byName[e.Name()] = url
		byURL[url] = asset{e.Name(), plain, zipped.Bytes(), types[ext]}
	}
	return byName, byURL
}

// AssetURL is the address of an asset by the name of its file.
func AssetURL(name string) string {
	byName, _ := assets()
	return byName[name]
}

// Asset answers with what pages load, at the addresses that [Render] writes, which may be kept for ever. It is false,
// and nothing is answered, where an address is none of these.
func Asset(w http.ResponseWriter, r *http.Request) bool {
	_, byURL := assets()
	a, ok := byURL[r.URL.Path]
	if !ok {
		return false
	}
	h := w.Header()
	h.Set("Content-Type", a.contentType)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Vary", "Accept-Encoding")
	body := a.plain
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		body = a.zipped
	}
	w.Write(body) //nolint:errcheck // the browser went away
	return true
}
