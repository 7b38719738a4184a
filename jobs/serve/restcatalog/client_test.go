package restcatalog_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	icecatalog "github.com/apache/iceberg-go/catalog"
	"github.com/apache/iceberg-go/catalog/rest"
	icetable "github.com/apache/iceberg-go/table"
	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
)

func TestIcebergsClientInGoFindsEveryTableAndCannotWrite(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put("one", "two")
	c, err := rest.NewCatalog(t.Context(), "lake", w.URL)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for id, err := range c.ListTables(t.Context(), icetable.Identifier{catalog.Namespace}) {
		if err != nil {
			t.Fatal(err)
		}
		loaded, err := c.LoadTable(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		want := w.Lake.Snapshot(t, id[1]).Table()
		if exists, err := c.CheckTableExists(t.Context(), id); err != nil || !exists || loaded.MetadataLocation() != want.MetadataURI() {
			t.Errorf("%s: %t, %v, at %s, want %s", id, exists, err, loaded.MetadataLocation(), want.MetadataURI())
		}
		found = append(found, id[1])
	}
	names, err := w.Tables(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	if diff := cmp.Diff(names, found); diff != "" {
		t.Error(diff)
	}
	if namespaces, err := c.ListNamespaces(t.Context(), nil); err != nil || !cmp.Equal(namespaces, []icetable.Identifier{{catalog.Namespace}}) {
		t.Errorf("%v, %v", namespaces, err)
	}
	if _, err := c.LoadTable(t.Context(), icetable.Identifier{catalog.Namespace, "nothing"}); !errors.Is(err, icecatalog.ErrNoSuchTable) {
		t.Errorf("no such table: %v", err)
	}
	if err := c.CreateNamespace(t.Context(), icetable.Identifier{"theirs"}, nil); !errors.Is(err, rest.ErrEndpointNotSupported) {
		t.Errorf("a write: %v", err)
	}
}

// The snippet that analysts copy, at another port.
func TestPyIcebergReadsTheTablesByTheSnippet(t *testing.T) {
	t.Parallel()
	python := laketest.Engine(t, "READERS_PYTHON")
	w := newWorld(t)
	w.put("one", "two", "three")
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "examples", "engines", "with_pyiceberg.py"))
	if err != nil {
		t.Fatal(err)
	}
	snippet := strings.Replace(string(text), "http://127.0.0.1:8181", w.URL, 1)
	out, err := exec.CommandContext(t.Context(), python, "-c", snippet).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if want := "music sources 3\n"; !strings.Contains(string(out), want) || strings.Count(string(out), "music ") != len(catalog.Specs()) {
		t.Errorf("PyIceberg reads\n%s, want %d tables, with %s", out, len(catalog.Specs()), want)
	}
}

func TestADamagedTableKeepsNobodyFromTheOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put("one")
	m, _ := w.table("sources", "")
	w.put("two") // of which no answer is kept
	newest := strings.TrimPrefix(w.Lake.Snapshot(t, catalog.Sources).Table().MetadataURI(), "file://")
	if err := os.WriteFile(newest, []byte("\x1f\x8bnothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.refused("the damaged one", w.ask("GET", sources), 503, "ServiceUnavailableException")
	if said := w.log.String(); !strings.Contains(said, filepath.Base(newest)) || !strings.Contains(said, "catalog restore") {
		t.Errorf("the log does not name the file and what to do:\n%s", said)
	}
	if other, _ := w.table(catalog.Listens, ""); other.Location == "" || other.Location == m.Location {
		t.Errorf("another table is at %q", other.Location)
	}
}
