package compact

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/ingest/dayfile"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/listen"
)

// world is a lake whose archive a test fills.
type world struct {
	*testing.T
	*laketest.Lake
	r *rand.Rand
	n int64 // listens so far
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return &world{T: t, Lake: laketest.New(t), r: rand.New(rand.NewPCG(7, 11))}
}

func (w *world) env() jobs.Env {
	return jobs.Env{Lake: w.Lake.Lake, Duck: w.Duck, Log: slog.New(slog.DiscardHandler), Now: time.Now, CodeVersion: "test", Progress: func(string) {}}
}

func (w *world) check(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) equal(what string, got, want any) {
	w.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		w.Fatalf("%s (-want +got)\n%s", what, diff)
	}
}

func (w *world) archive() lake.Snapshot { return w.Snapshot(w.T, catalog.Listens) }

func (w *world) files() int {
	w.Helper()
	files, err := w.archive().Files(w.Context())
	w.check(err)
	return len(files)
}

// ingest archives listens of some days by one commit, as ingest does: some lack what may be missing.
func (w *world) ingest(rows, days int) lake.Snapshot {
	w.Helper()
	batch := &dayfile.Rows{}
	start := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
	for range rows {
		w.n++
		at := start + int64(w.r.IntN(days))*listen.MicrosPerDay + w.r.Int64N(listen.MicrosPerDay)
		*batch.Add() = dayfile.Row{Listen: listen.Listen{
			ListenID: fmt.Sprint("listen-", w.n), UserID: fmt.Sprint("user-", w.r.IntN(50)), TrackID: fmt.Sprint("track-", w.r.IntN(200)),
			ArtistID: fmt.Sprint("artist-", w.r.IntN(20)), Device: "phone", EventTime: at, ReceivedTime: at + w.r.Int64N(1e9), MsPlayed: w.r.Int64N(2) * 90_000,
			TrackMs: w.r.Int64N(2) * 200_000, Country: "DE", Tier: "free", Client: []string{"", "app-1"}[w.r.IntN(2)], Offline: listen.Flag(w.r.IntN(3)),
			Extra: []string{"", "", `{"mood":` + strconv.FormatInt(w.n, 10) + `}`}[w.r.IntN(3)],
		}, Partition: int32(w.r.IntN(3)), Offset: w.n}
	}
	files, err := dayfile.Write(w.Context(), w.archive().Table(), batch, fmt.Sprint("topic-", w.n%3), "ingest")
	w.check(err)
	s, err := w.Commit(w.Context(), catalog.Listens, lake.Commit{Job: "ingest", Add: files, Stage: func(lake.Snapshot) (map[string]string, error) { return nil, nil }})
	w.check(err)
	return s
}

// erase deletes rows as the deletions job does.
func (w *world) erase(where string) {
	w.Helper()
	w.eraseFrom(catalog.Listens, where)
}

func (w *world) eraseFrom(table, where string) {
	w.Helper()
	s := w.Snapshot(w.T, table)
	files, err := s.Files(w.Context())
	w.check(err)
	d := w.DB(w.T)
	w.check(d.Bind(w.Context(), "rows", s))
	hit, err := d.PositionsText(w.Context(), files, "SELECT _file, _pos FROM rows WHERE "+where)
	w.check(err)
	deletes, err := s.WritePositionDeletes(w.Context(), catalog.DeletionsJob, files, hit)
	w.check(err)
	_, err = w.Commit(w.Context(), table, lake.Commit{Job: catalog.DeletionsJob, Deletes: deletes, Stage: func(lake.Snapshot) (map[string]string, error) { return nil, nil }})
	w.check(err)
}

// rows tells all rows of the archive apart from others, as DuckDB reads them.
func (w *world) rows() string {
	w.Helper()
	return w.rowsOf(catalog.Listens)
}

func (w *world) rowsOf(table string) string {
	w.Helper()
	d := w.Reading(w.T, "rows", table)
	var n int64
	var digest string
	w.check(d.OneText(w.Context(), "SELECT count(*), coalesce(md5(string_agg(text, chr(10) ORDER BY text)), '') FROM (SELECT r::VARCHAR AS text FROM (SELECT * EXCLUDE (_file, _pos) FROM rows) r)",
		nil, []any{&n, &digest}))
	return fmt.Sprint(n, " ", digest)
}

func (w *world) compact(o Options) Report {
	w.Helper()
	if o.Target == 0 {
		o.Target = 256 << 10
	}
	r, err := Run(w.Context(), w.env(), o)
	w.check(err)
	return r
}

// settled runs once more: a run after one that left nothing writes nothing.
func (w *world) settled(o Options) {
	w.Helper()
	before := w.archive().ID()
	r := w.compact(o)
	w.equal("files written by a second run", r.Written, 0)
	w.equal("snapshot after a second run", w.archive().ID(), before)
}
