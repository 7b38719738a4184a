package attest_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/attest"
	"github.com/lakectl/lakectl/jobs/certificate"
	"github.com/lakectl/lakectl/jobs/certificate/keep"
	"github.com/lakectl/lakectl/lake"
)

// Words that must be in no file once they are wiped.
const (
	aUser   = "user-of-the-request"
	aReason = "reason-of-the-request"
	aWhy    = "why-an-operator-held-it"
)

var noon = time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC)

// world is a lake with requests that are purged, and the folder of its certificates.
type world struct {
	*laketest.Lake
	t   testing.TB
	dir string
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{Lake: laketest.New(t), t: t, dir: filepath.Join(t.TempDir(), "certificate")}
	if _, err := keep.Begin(w.dir); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) env(l *laketest.Lake) jobs.Env {
	env := jobs.Env{
		Lake: l.Lake, Duck: l.Duck, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return noon }, Progress: func(string) {},
	}
	env.SubjectKey[0] = 1
	return env
}

// ask commits requests of the given places by one user each.
func (w *world) ask(places ...int) {
	w.t.Helper()
	var rows []catalog.RequestRow
	for _, n := range places {
		user := fmt.Sprint(aUser, n)
		rows = append(rows, catalog.RequestRow{
			RequestID: fmt.Sprint("r", n), Subject: w.env(w.Lake).SubjectKey.Subject(user).String(), UserID: user,
			RequestedAt: noon.Add(-time.Hour), ReceivedTime: noon.Add(-time.Hour), Reason: fmt.Sprint(aReason, n), Place: place(n),
		})
	}
	put(w, catalog.DeletionRequests, rows)
}

func place(n int) catalog.Place { return catalog.Place{Topic: "listens", Offset: int64(n)} }

// logged commits a step of requests, so many minutes before noon.
func (w *world) logged(state, why string, minutes int, places ...int) {
	w.t.Helper()
	var rows []catalog.StepRow
	for _, n := range places {
		rows = append(rows, catalog.StepRow{RequestID: fmt.Sprint("r", n), State: state, At: noon.Add(-time.Duration(minutes) * time.Minute), Place: place(n), Why: why})
	}
	put(w, catalog.DeletionLog, rows)
}

func put[T any](w *world, table string, records []T) {
	w.t.Helper()
	rows, err := lake.RowsOf(w.Snapshot(w.t, table).Table(), records...)
	if err != nil {
		w.t.Fatal(err)
	}
	w.Put(w.t, "test", table, nil, rows...)
}

// purged is a world with purged requests, one of which was held once.
func purged(t testing.TB, places ...int) *world {
	t.Helper()
	w := newWorld(t)
	w.ask(places...)
	w.logged("held", aWhy, 30, places[0])
	w.logged("released", "", 29, places[0])
	w.logged("purged", "", 10, places...)
	return w
}

func (w *world) options(places ...int) attest.Options {
	e := attest.Evidence{At: noon.Add(-time.Minute), Verifier: "lakectl v1", Rows: map[string]int64{catalog.Listens: 40, catalog.ListensCounted: 30}}
	for _, n := range places {
		e.Requests = append(e.Requests, place(n))
	}
	return attest.Options{CertificateDir: w.dir, Evidence: e}
}

func (w *world) conclude(places ...int) attest.Report {
	w.t.Helper()
	r, err := attest.Conclude(w.t.Context(), w.env(w.Lake), w.options(places...))
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// steps lists the newest state of each request, and whether the row says who asked.
func (w *world) steps() []string {
	w.t.Helper()
	d := w.Reading(w.t, "log", catalog.DeletionLog)
	w.Reading(w.t, "requests", catalog.DeletionRequests)
	var all []string
	var line string
	err := d.EachText(context.Background(), `SELECT concat_ws(' ', request_id, coalesce(arg_max(state, l.at), 'requested'), coalesce(any_value(user_id), 'nobody'),
		coalesce(any_value(reason), 'no reason'), count(*)) FROM requests LEFT JOIN log l USING (request_id) GROUP BY request_id ORDER BY request_id`,
		nil, []any{&line}, func() error { all = append(all, line); return nil })
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

// holding lists the files of the warehouse and the catalog that have a word: as bytes, in a row of a Parquet file, or
// in a record of a manifest.
func (w *world) holding(word string) (found []string) {
	w.t.Helper()
	decoded := w.decoder()
	err := filepath.WalkDir(w.Dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		text = append(text, decoded(path)...)
		if bytes.Contains(text, []byte(word)) {
			found = append(found, path)
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return found
}

// decoder reads the rows of a file that are not there as bytes.
func (w *world) decoder() func(path string) []byte {
	w.t.Helper()
	d := w.DB(w.t)
	return func(path string) (text []byte) {
		var err error
		switch filepath.Ext(path) {
		case ".parquet":
			var row string
			err = d.EachText(w.t.Context(), "SELECT CAST(t AS VARCHAR) FROM read_parquet($1) t", []any{path}, []any{&row}, func() error {
				text = append(text, row...)
				return nil
			})
		case ".avro":
			_, err = lake.CopyAvro(w.t.Context(), "file://"+path, "", true, nil, func(r lake.AvroRecord) error {
				text = fmt.Appendf(text, "%q", r)
				return nil
			})
		}
		if err != nil {
			w.t.Fatal(err)
		}
		return text
	}
}

// wiped fails where a file has a word of the requests.
func (w *world) wiped() {
	w.t.Helper()
	for _, word := range []string{aUser, aReason, aWhy} {
		for _, path := range w.holding(word) {
			w.t.Errorf("%s is in %s", word, strings.TrimPrefix(path, w.Dir))
		}
	}
}

// entered are the lines of the log that are certificates.
func (w *world) entered() (lines int) {
	w.t.Helper()
	kept, err := keep.Read(w.dir)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, line := range kept.Log.Lines {
		if strings.HasPrefix(line, "certificate ") {
			lines++
		}
	}
	return lines
}

// evidence is what can be shown of a request by a certificate.
func (w *world) evidence(c attest.Certificate, n int) certificate.Evidence {
	w.t.Helper()
	file, err := os.ReadFile(c.Path)
	if err != nil {
		w.t.Fatal(err)
	}
	kept, err := keep.Read(w.dir)
	if err != nil {
		w.t.Fatal(err)
	}
	e := certificate.Evidence{Certificate: file, Log: kept.Log.Text(), Key: kept.Key.Public()}
	if o, err := keep.ReadOpening(w.dir, certificate.Request{SourceTopic: "listens", SourceOffset: int64(n)}); err == nil {
		if e.Opening, err = o.Text(); err != nil {
			w.t.Fatal(err)
		}
	}
	return e
}

func equal(t testing.TB, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("%s (-want +got)\n%s", what, diff)
	}
}
