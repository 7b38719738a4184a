package laketest

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog/open"
)

// Bucket is as much of S3 as a lake asks for, in this process: bucket "bucket" of a server. Its lock guards its fields.
type Bucket struct {
	sync.Mutex
	URL     string
	Objects map[string][]byte // by key
	Gets    int               // requests for objects
	Sent    int64             // bytes of objects
	Cut     bool              // answers end too early
	Listing func()            // is called when a listing is made, before it is answered
	Sending func()            // is called when an object was read, before it is sent

	stored map[string]time.Time // by key; another object was stored at storedAt
}

// NewBucket serves an empty bucket until the test ends, and lets the AWS chain find credentials.
func NewBucket(t testing.TB) *Bucket {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", "id")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	b := &Bucket{Objects: map[string][]byte{}, stored: map[string]time.Time{}}
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	b.URL = server.URL
	return b
}

// Lake makes an empty lake whose files lie in the bucket.
func (b *Bucket) Lake(t testing.TB, wholeBelow int64) *Lake {
	t.Helper()
	dir := Folder(t)
	return made(t, dir, open.Options{
		Type: "sqlite", URI: filepath.Join(dir, catalogFile), Name: "lake", Warehouse: "s3://bucket/lake", Log: slog.New(slog.DiscardHandler),
		S3: open.S3{Endpoint: b.URL, Region: "us-east-1", Copies: filepath.Join(dir, "copies"), Limit: 1 << 30, WholeBelow: wholeBelow},
	})
}

// WithoutCopies opens the lake as a machine does that has no copy of its files.
func (l *Lake) WithoutCopies(t testing.TB) *Lake {
	t.Helper()
	o := l.Options
	o.S3.Copies = filepath.Join(Folder(t), "copies")
	return connected(t, l.Dir, o)
}

func (b *Bucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.Lock()
	defer b.Unlock()
	key := strings.TrimPrefix(r.URL.Path, "/bucket/")
	_, there := b.Objects[key]
	switch {
	case r.Method == http.MethodGet && r.URL.Query().Has("list-type"):
		b.list(w, r.URL.Query().Get("prefix"))
	case r.Method == http.MethodPut && there && r.Header.Get("If-None-Match") == "*":
		refuse(w, http.StatusPreconditionFailed, "PreconditionFailed")
	case r.Method == http.MethodPut:
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(err)
		}
		b.Objects[key], b.stored[key] = body, time.Now()
	case r.Method == http.MethodDelete:
		delete(b.Objects, key)
		w.WriteHeader(http.StatusNoContent)
	case !there:
		refuse(w, http.StatusNotFound, "NoSuchKey")
	default:
		b.send(w, r, key)
	}
}

// Age makes all objects older.
func (b *Bucket) Age(by time.Duration) {
	b.Lock()
	defer b.Unlock()
	for key := range b.Objects {
		b.stored[key] = b.storedAt(key).Add(-by)
	}
}

func (b *Bucket) storedAt(key string) time.Time {
	if at, known := b.stored[key]; known {
		return at.UTC()
	}
	return storedAt
}

// storedAt is when objects were stored that a test put into the bucket by itself.
var storedAt = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

func (b *Bucket) send(w http.ResponseWriter, r *http.Request, key string) {
	text := b.Objects[key]
	if r.Method == http.MethodGet {
		b.Gets++
		if sending := b.Sending; sending != nil {
			b.Unlock()
			sending()
			b.Lock()
		}
	}
	if b.Cut {
		w.Header().Set("Content-Length", fmt.Sprint(len(text)))
		w.Write(text[:len(text)/2]) //nolint:errcheck // the client notices
		return
	}
	sent := &counted{ResponseWriter: w}
	http.ServeContent(sent, r, "", b.storedAt(key), bytes.NewReader(text))
	b.Sent += sent.bytes
}

// counted counts what an answer has.
type counted struct {
	http.ResponseWriter
	bytes int64
}

func (c *counted) Write(p []byte) (int, error) {
	c.bytes += int64(len(p))
	return c.ResponseWriter.Write(p)
}

func (b *Bucket) list(w io.Writer, prefix string) {
	type object struct {
		Key          string
		Size         int
		LastModified string
	}
	var found struct {
		XMLName  xml.Name `xml:"ListBucketResult"`
		Contents []object
	}
	for key, text := range b.Objects {
		if strings.HasPrefix(key, prefix) {
			found.Contents = append(found.Contents, object{key, len(text), b.storedAt(key).Format(time.RFC3339)})
		}
	}
	if b.Listing != nil {
		b.Unlock()
		b.Listing()
		b.Lock()
	}
	xml.NewEncoder(w).Encode(found) //nolint:errcheck // the client notices
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.WriteHeader(status)
	fmt.Fprintf(w, "<Error><Code>%s</Code></Error>", code) //nolint:errcheck // the client notices
}
