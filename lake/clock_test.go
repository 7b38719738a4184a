package lake_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/iceberg-go"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/catalog/open"
	"github.com/lakectl/lakectl/lake"
)

// changes are all ways to change a table.
var changes = map[string]func(t *testing.T, l *laketest.Lake) error{
	"commit": func(t *testing.T, l *laketest.Lake) error {
		_, err := l.Commit(t.Context(), catalog.PlaysByHour, lake.Commit{Job: "test", Stage: anyBase(nil)})
		return err
	},
	"expire": func(t *testing.T, l *laketest.Lake) error {
		_, err := l.Expire(t.Context(), catalog.PlaysByHour, func(now *lake.Table) ([]lake.Snapshot, error) { return now.Current().Ancestors()[1:], nil })
		return err
	},
	"property": func(t *testing.T, l *laketest.Lake) error {
		_, err := l.SetProperty(t.Context(), catalog.PlaysByHour, "note", "x")
		return err
	},
	"tag": func(t *testing.T, l *laketest.Lake) error {
		return l.Tag(t.Context(), "note", l.Snapshot(t, catalog.PlaysByHour), 0)
	},
	"add columns": func(t *testing.T, l *laketest.Lake) error {
		spec := specOf(t, catalog.PlaysByHour)
		spec.Schema = withColumn(spec.Schema, "note")
		_, err := l.AddColumns(t.Context(), spec)
		return err
	},
}

func TestClockThatIsBehindATableIsNamedAtOnceAndNothingIsWritten(t *testing.T) {
	for _, ahead := range []time.Duration{10 * time.Minute, 70 * time.Second} {
		l := laketest.New(t)
		commit(t, l, lake.Commit{Job: "test", Add: write(t, l, play(1, "t", 1))})
		newest := l.Hand(t, catalog.PlaysByHour).Ahead(ahead)
		before, at := files(t, l), newest.Table().MetadataURI()
		for name, change := range changes {
			began := time.Now()
			err := change(t, l)
			if !errors.Is(err, lake.ErrClock) || !strings.Contains(lake.Hint(err), "NTP") || !strings.Contains(err.Error(), newest.Time().UTC().Format(time.RFC3339)) {
				t.Errorf("%s ahead, %s: %v, hint %q", ahead, name, err, lake.Hint(err))
			}
			if took := time.Since(began); took > time.Second {
				t.Errorf("%s took %s", name, took)
			}
		}
		expect(t, files(t, l), before)
		expect(t, l.Snapshot(t, catalog.PlaysByHour).Table().MetadataURI(), at)
		expect(t, sums(t, l, l.Snapshot(t, catalog.PlaysByHour)), map[string]int64{"01t": 1}) // who reads does not mind
	}
}

func TestClocksMayDifferByLessThanAMinute(t *testing.T) {
	for _, ahead := range []time.Duration{30 * time.Second, 50 * time.Second} {
		for _, name := range slices.Sorted(maps.Keys(changes)) {
			l := laketest.New(t)
			commit(t, l, lake.Commit{Job: "test", Add: write(t, l, play(1, "t", 1))})
			l.Hand(t, catalog.PlaysByHour).Ahead(ahead)
			if err := errors.Join(changes[name](t, l), changes["commit"](t, l)); err != nil { // the second after one that is older than the one before it
				t.Errorf("%s ahead, %s: %v", ahead, name, err)
			}
		}
	}
}

// An engine that does not look at the times changes the table by a right clock, after one whose clock was ahead. The
// library reads no such table, and neither does Java's.
func TestTableWhoseTimesGoBackIsNamedByItsClockAndRestored(t *testing.T) {
	l := laketest.New(t)
	whole := commit(t, l, lake.Commit{Job: "test", Add: write(t, l, play(1, "t", 1))})
	s := l.Hand(t, catalog.PlaysByHour).Ahead(10 * time.Minute)
	path := backInTime(t, l, s.Table().MetadataURI())
	c, err := open.Connect(t.Context(), l.Options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() }) //nolint:errcheck // the folder is removed next
	_, err = c.Lake().Table(t.Context(), catalog.PlaysByHour)
	if !errors.Is(err, lake.ErrClock) || errors.Is(err, lake.ErrUnreadable) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "10m0s earlier") ||
		!strings.Contains(lake.Hint(err), "catalog restore") {
		t.Errorf("%v, hint %q", err, lake.Hint(err))
	}
	if _, err := open.Restore(t.Context(), l.Options, open.RestoreOptions{}); err != nil {
		t.Fatal(err)
	}
	back, err := c.Lake().Table(t.Context(), catalog.PlaysByHour)
	if err != nil || back.Current().ID() != whole.ID() {
		t.Errorf("restored to %d, %v", back.Current().ID(), err)
	}
}

// backInTime gives a metadata file the time that it would have by this machine's clock.
func backInTime(t *testing.T, l *laketest.Lake, uri string) string {
	t.Helper()
	path, err := lake.LocalPath(uri)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // read only
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	text = regexp.MustCompile(`"last-updated-ms":\d+`).ReplaceAllFunc(text, func([]byte) []byte {
		return fmt.Appendf(nil, `"last-updated-ms":%d`, time.Now().UnixMilli())
	})
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Close(), os.WriteFile(path, out.Bytes(), 0o600)); err != nil {
		t.Fatal(err)
	}
	return path
}

// withColumn is a schema with one more column, as of a later version.
func withColumn(s *iceberg.Schema, name string) *iceberg.Schema {
	fields := append(s.Fields(), iceberg.NestedField{ID: s.NumFields() + 1, Name: name, Type: iceberg.PrimitiveTypes.String})
	return iceberg.NewSchema(0, fields...)
}
