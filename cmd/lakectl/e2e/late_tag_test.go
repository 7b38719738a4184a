package e2e

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/store"
)

// before is a way to a REST server on which something happens when the request of an expiry has been sent and the
// server does not have it yet.
func before(t *testing.T, server string, happens func()) (uri string) {
	t.Helper()
	to, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }}
	way := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		if r.Method == http.MethodPost && bytes.Contains(body, []byte("remove-snapshots")) {
			happens()
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(way.Close)
	return way.URL
}

// A server lets a tag go with the snapshot that it names, for its protocol cannot ask that no tag is new.
func TestATagMadeWhileARestServerExpiresItsSnapshotLosesNoFile(t *testing.T) {
	var l *laketest.Lake
	var tagged lake.Snapshot
	t.Setenv("ICEBERG_REST_S3_URI", before(t, restCatalog(t, "ICEBERG_REST_S3_URI"), func() {
		if err := l.Tag(t.Context(), "audit", tagged, 0); err != nil {
			t.Error(err)
		}
	}))
	l = laketest.NewAway(t, laketest.Folder(t))
	for range 4 {
		if _, err := l.Commit(t.Context(), catalog.Sources, lake.Commit{Job: "test", Stage: lake.IfUnmoved(l.Snapshot(t, catalog.Sources), nil)}); err != nil {
			t.Fatal(err)
		}
	}
	tagged = l.Snapshot(t, catalog.Sources).Ancestors()[2]
	files := stored(t, l)
	done, err := l.Expire(t.Context(), catalog.Sources, func(now *lake.Table) ([]lake.Snapshot, error) {
		return now.Current().Ancestors()[1:], nil
	})
	if err == nil || !strings.Contains(err.Error(), "tag audit of "+catalog.Sources) || done.Files != 0 {
		t.Fatalf("%+v, %v", done, err)
	}
	if left := stored(t, l); len(files) < 8 || slices.ContainsFunc(files, func(uri string) bool { return !slices.Contains(left, uri) }) {
		t.Errorf("of %q are left %q", files, left)
	}
	if hint := lake.Hint(err); !strings.Contains(hint, ".metadata.json") {
		t.Errorf("hint %q", hint)
	}
}

// stored are the files of a table on S3.
func stored(t *testing.T, l *laketest.Lake) (uris []string) {
	t.Helper()
	o := l.Options
	s, err := store.Open(t.Context(), store.Options{
		Warehouse: o.Warehouse, Endpoint: o.S3.Endpoint, Region: o.S3.Region, Folder: filepath.Join(t.TempDir(), "copies"), Limit: 1 << 30, Log: o.Log,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // it keeps no copies
	err = s.List(t.Context(), l.Snapshot(t, catalog.Sources).Table().Location(), func(f lake.RemoteFile) error {
		uris = append(uris, f.URI)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return uris
}
