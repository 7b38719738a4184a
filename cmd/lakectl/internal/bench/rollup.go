package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/jobs/simulate"
	"github.com/lakectl/lakectl/lake"
)

// What a rollup of a million new listens is held to, and one of the whole archive.
const (
	targetRollupSeconds = 3
	targetRollupRSS     = 1024
	targetRollupLarger  = 1.2 // times the same on the smaller archive
	targetRollupCPU     = 2   // times the limit
)

// aDay is how many listens come in a day of the bench's load.
const aDay = 1_000_000

// RollupOptions are the loads of [Rollup], in copies of listens.
type RollupOptions struct {
	Rows    int // that are new
	Archive int // that the tables have already
	Times   int // how many times as large the larger archive is; 1 leaves it out
	TrueUp  bool
	Tracks  int
	Seed    uint64
}

// RollupReport is what bench rollup reports.
type RollupReport struct {
	Rollups    []measure       `json:"rollups"`
	Statements []statementCost `json:"statements,omitempty"`
	Targets    []target        `json:"targets"`
	Notes      []string        `json:"notes"`
}

// Rollup measures what new listens cost, on an archive and on one that is several times as large, against what bare
// DuckDB takes for the same tables of the same rows.
func Rollup(ctx context.Context, c *frame.Call, o RollupOptions) (any, error) {
	r := RollupReport{Notes: []string{
		"wall times are only comparable within a run, and only when nothing else is at work on the machine",
		fmt.Sprintf("the targets of seconds and memory are for 1,000,000 new listens; this run has %s", frame.Thousands(int64(o.Rows))),
	}}
	small, err := r.of(ctx, c, o, o.Archive)
	if err != nil {
		return nil, err
	}
	r.Targets = append(r.Targets, atMost("seconds of a rollup", small.rollup.Seconds, targetRollupSeconds),
		atMost("cpu of a rollup to bare DuckDB", small.rollup.CPUMicrosec/small.limit.CPUMicrosec, targetRollupCPU))
	if o.Times > 1 {
		large, err := r.of(ctx, c, o, o.Archive*o.Times)
		if err != nil {
			return nil, err
		}
		r.Targets = append(r.Targets, atMost("seconds on the larger archive to the smaller", large.rollup.Seconds/small.rollup.Seconds, targetRollupLarger),
			atMost("cpu on the larger archive to the smaller", large.rollup.CPUMicrosec/small.rollup.CPUMicrosec, targetRollupLarger))
	}
	for _, m := range r.Rollups {
		r.Statements = append(r.Statements, m.statements...)
		if m.PeakRSSMiB > 0 && m.Rows == int64(o.Rows) {
			r.Targets = append(r.Targets, atMost("peak_rss_mib of "+m.What, float64(m.PeakRSSMiB), targetRollupRSS))
		}
	}
	return r, nil
}

// rolledUp is what the new listens took.
type rolledUp struct{ rollup, limit measure }

// of measures on an archive of so many copies.
func (r *RollupReport) of(ctx context.Context, c *frame.Call, o RollupOptions, archive int) (m rolledUp, err error) {
	rows := archive + o.Rows
	b, load, err := newRoyaltiesBench(ctx, c, RoyaltiesOptions{Tracks: o.Tracks, Seed: o.Seed}, simulate.LoadOptions{Rows: rows, Days: max(rows/aDay, 1), Reach: 100_000})
	if err != nil {
		return m, err
	}
	defer b.close()
	defer load.stop()
	name := func(what string) string {
		return fmt.Sprintf("%s, archive of %s", what, frame.Thousands(int64(archive)))
	}
	if err := load.ingest(ctx, b.env, "archive", archive); err != nil {
		return m, err
	}
	first, _, err := b.rollup(ctx, name("first rollup"), archive)
	if err != nil {
		return m, err
	}
	before, err := b.env.Snapshot(ctx, catalog.Listens)
	if err != nil {
		return m, err
	}
	if err := load.ingest(ctx, b.env, "new", o.Rows); err != nil {
		return m, err
	}
	var report rolledRows
	if m.rollup, report, err = b.rollup(ctx, name("rollup of new listens"), o.Rows); err != nil {
		return m, err
	}
	if report.RowsRead != int64(o.Rows) || report.LaterCopies == 0 {
		return m, fmt.Errorf("the rollup read %d rows, %d of them later copies", report.RowsRead, report.LaterCopies)
	}
	b.env.Progress("bare DuckDB")
	if m.limit, err = here(name("bare DuckDB"), func() (int64, error) { return int64(o.Rows), b.rollupLimit(ctx, before) }); err != nil {
		return m, err
	}
	r.Rollups = append(r.Rollups, first, m.rollup, m.limit)
	if !o.TrueUp {
		return m, nil
	}
	exact, _, err := b.rollup(ctx, name("true-up, ledger included"), rows, "--true-up")
	r.Rollups = append(r.Rollups, exact)
	return m, err
}

// rolledRows is what the job reports of the rows it read.
type rolledRows struct {
	RowsRead    int64 `json:"rows_read"`
	LaterCopies int64 `json:"later_copies"`
}

// rollup runs the job as a process of its own.
func (b *bench) rollup(ctx context.Context, what string, rows int, args ...string) (m measure, report rolledRows, err error) {
	b.env.Progress(what)
	spill := watchSize(b.env.Duck.TempDir)
	var text []byte
	m, text, err = b.childReport(ctx, what, int64(rows), append([]string{"--log-level", "debug", "job", "rollup"}, args...)...)
	m.SpillMiB = spill() >> 20
	if err != nil {
		return m, report, err
	}
	return m, report, json.Unmarshal(text, &report)
}

// rollupLimit makes the tables of the rows that came after a snapshot with bare DuckDB.
func (b *bench) rollupLimit(ctx context.Context, before lake.Snapshot) (err error) {
	env := b.env
	env.Duck.Verify = nil
	now, err := env.Snapshot(ctx, catalog.Listens)
	if err != nil {
		return err
	}
	changes, err := now.Changes(ctx, before.ID())
	if err != nil {
		return err
	}
	folder := filepath.Join(b.dir, "limit")
	if err := os.Mkdir(folder, 0o700); err != nil {
		return err
	}
	db, err := env.Open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := db.BindFiles(ctx, "fresh", now, changes.Added); err != nil {
		return err
	}
	if err := db.Run(ctx, "bench/rollup_folder", folder); err != nil {
		return err
	}
	return db.Run(ctx, "bench/rollup_limit")
}
