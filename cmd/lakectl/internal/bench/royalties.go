package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/ingest"
	"github.com/lakectl/lakectl/jobs/royalty"
	"github.com/lakectl/lakectl/jobs/simulate"
)

// What royalties are held to.
const (
	targetRebuild    = 1.3  // times the limit
	targetVerify     = 1.05 // times the CPU of the same job without verification
	targetNight      = 0.2  // of the time of building the ledger
	targetNightBytes = 2    // times the bytes that as many rows of the ledger have
	targetRoyaltyRSS = 2048
	targetSpillMiB   = 8192
)

// RoyaltiesReport is what bench royalties reports.
type RoyaltiesReport struct {
	Rebuild []measure      `json:"rebuild,omitempty"`
	Ratios  []rebuildRatio `json:"ratios,omitempty"`
	Night   []measure      `json:"night,omitempty"`
	Stored  float64        `json:"ledger_bytes_per_copy"` // after the first run of the night's ledger, or of the rebuild
	Written []tableWritten `json:"written_by_night,omitempty"`
	// Statements are those that took longest, of each job.
	Statements []statementCost `json:"statements,omitempty"`
	Targets    []target        `json:"targets"`
	Notes      []string        `json:"notes"`
}

// rebuildRatio compares a job with the mean of the runs of the limit.
type rebuildRatio struct {
	What string  `json:"what"`
	Wall float64 `json:"wall"`
	CPU  float64 `json:"cpu"`
}

// tableWritten are the files that the night added to a table, and the table's before it.
type tableWritten struct {
	Table  string `json:"table"`
	Bytes  int64  `json:"bytes"`
	Rows   int64  `json:"rows"` // deleted positions among them
	Before int64  `json:"bytes_before"`
}

// ratio compares the bytes that each of so many rows came to with those of each row before.
func (w tableWritten) ratio(rows, rowsBefore int) float64 {
	return (float64(w.Bytes) / float64(rows)) / (float64(w.Before) / float64(rowsBefore))
}

// RoyaltiesOptions are the loads of [Royalties], in copies of listens.
type RoyaltiesOptions struct {
	Rows   int // of the month to rebuild; 0 leaves it out
	Ledger int // that a night comes to; 0 leaves it out
	Night  int // that come in a night; 0 leaves it out
	Tracks int // of the catalogue
	Seed   uint64
}

// Royalties measures a rebuild and a night, or a rebuild on Trino where that is the engine.
func Royalties(ctx context.Context, c *frame.Call, o RoyaltiesOptions) (any, error) {
	if c.Config.Engine == "trino" {
		return royaltiesOnTrino(ctx, c, o)
	}
	report := RoyaltiesReport{Notes: []string{
		"wall times are only comparable within a run, and only when nothing else is at work on the machine",
	}}
	if o.Rows > 0 {
		if err := report.rebuild(ctx, c, o); err != nil {
			return nil, err
		}
	}
	if o.Ledger > 0 && o.Night > 0 {
		if err := report.night(ctx, c, o); err != nil {
			return nil, err
		}
	}
	for _, m := range append(report.Rebuild, report.Night...) {
		report.Statements = append(report.Statements, m.statements...)
		if m.PeakRSSMiB > 0 {
			report.Targets = append(report.Targets, atMost("peak_rss_mib of "+m.What, float64(m.PeakRSSMiB), targetRoyaltyRSS),
				atMost("spill_peak_mib of "+m.What, float64(m.SpillMiB), targetSpillMiB))
		}
	}
	return report, nil
}

// rebuild measures the first run, the recount, and before and after the recount the limit.
func (r *RoyaltiesReport) rebuild(ctx context.Context, c *frame.Call, o RoyaltiesOptions) error {
	rows := o.Rows
	b, load, err := newRoyaltiesBench(ctx, c, o, simulate.LoadOptions{Rows: rows, Days: 30})
	if err != nil {
		return err
	}
	defer b.close()
	defer load.stop()
	if err := load.ingest(ctx, b.env, "rebuild", rows); err != nil {
		return err
	}
	first, published, err := b.royalties(ctx, "job royalties, first run", rows)
	if err != nil {
		return err
	}
	if r.Stored, err = ledgerBytes(ctx, b.env, rows); err != nil {
		return err
	}
	before, err := b.limit(ctx, rows, published)
	if err != nil {
		return err
	}
	full, again, err := b.royalties(ctx, "job royalties --full", rows, "--full")
	if err != nil {
		return err
	}
	if again.Written || again.Full == nil || !again.Full.Agrees {
		return errors.New("the recount wrote something or does not agree")
	}
	b.environ = []string{"LAKEHOUSE_DUCKDB_VERIFY=false"}
	trusting, _, err := b.royalties(ctx, "job royalties --full, verification off", rows, "--full")
	b.environ = nil
	if err != nil {
		return err
	}
	after, err := b.limit(ctx, rows, published)
	if err != nil {
		return err
	}
	r.Rebuild = []measure{first, full, trusting, before, after}
	for _, m := range []measure{full, trusting, first} {
		r.Ratios = append(r.Ratios, rebuildRatio{
			What: m.What, Wall: 2 * m.Seconds / (before.Seconds + after.Seconds), CPU: 2 * m.CPUMicrosec / (before.CPUMicrosec + after.CPUMicrosec),
		})
	}
	r.Targets = append(r.Targets, atMost("wall of job royalties --full to the bare statement", r.Ratios[0].Wall, targetRebuild),
		atMost("cpu of job royalties --full to one without verification", full.CPUMicrosec/trusting.CPUMicrosec, targetVerify))
	return nil
}

// night measures the first run over a ledger and the run after another day of copies.
func (r *RoyaltiesReport) night(ctx context.Context, c *frame.Call, o RoyaltiesOptions) error {
	ledger, night := o.Ledger, o.Night
	b, load, err := newRoyaltiesBench(ctx, c, o, simulate.LoadOptions{Rows: ledger + night, Days: max((ledger+night)/night, 2), Reach: night})
	if err != nil {
		return err
	}
	defer b.close()
	defer load.stop()
	if err := load.ingest(ctx, b.env, "ledger", ledger); err != nil {
		return err
	}
	first, _, err := b.royalties(ctx, "building the ledger", ledger)
	if err != nil {
		return err
	}
	if r.Stored, err = ledgerBytes(ctx, b.env, ledger); err != nil {
		return err
	}
	if err := load.ingest(ctx, b.env, "night", night); err != nil {
		return err
	}
	before, err := ledgerHeads(ctx, b.env)
	if err != nil {
		return err
	}
	after, report, err := b.royalties(ctx, "the night", night)
	if err != nil {
		return err
	}
	if report.Ledger.Rebuilt || report.Ledger.Counted == 0 || report.Ledger.Duplicates == 0 {
		return errors.New("the night was no update of the ledger")
	}
	r.Night = []measure{first, after}
	if r.Written, err = writtenSince(ctx, b.env, before); err != nil {
		return err
	}
	byRow := r.Written[0].ratio(night, ledger)
	r.Targets = append(r.Targets, atMost("wall of the night to building the ledger", after.Seconds/first.Seconds, targetNight),
		atMost("ledger bytes a row of the night to those of the ledger", byRow, targetNightBytes))
	r.Notes = append(r.Notes, "royalty_lines is replaced by whole months: its bytes follow the lines of the months touched")
	return nil
}

// royaltiesLoad hands one load out in parts.
type royaltiesLoad struct {
	next func() (simulate.Event, bool)
	stop func()
}

func newRoyaltiesBench(ctx context.Context, c *frame.Call, o RoyaltiesOptions, load simulate.LoadOptions) (*bench, *royaltiesLoad, error) {
	b, err := newBench(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	return b, newRoyaltiesLoad(o, load), nil
}

func newRoyaltiesLoad(o RoyaltiesOptions, load simulate.LoadOptions) *royaltiesLoad {
	load.Seed, load.Tracks, load.DuplicateShare = o.Seed, o.Tracks, 0.05
	next, stop := iter.Pull(simulate.Load(load))
	return &royaltiesLoad{next, stop}
}

// ingest brings the next records into the archive as one file source.
func (l *royaltiesLoad) ingest(ctx context.Context, env jobs.Env, source string, records int) error {
	return l.flush(ctx, env, source, records, 0)
}

// flush is ingest with a commit after so many records; 0: as shipped.
func (l *royaltiesLoad) flush(ctx context.Context, env jobs.Env, source string, records, each int) error {
	env.Progress(fmt.Sprintf("ingesting %d records", records))
	r, w := io.Pipe()
	written := make(chan error, 1)
	go func() {
		err := l.write(bufio.NewWriterSize(w, 1<<20), records)
		w.Close() //nolint:errcheck // never fails
		written <- err
	}()
	_, err := ingest.Files(ctx, env, []string{"-"}, r, ingest.Options{Source: source, FlushRows: each})
	r.Close() //nolint:errcheck // ends the writer too
	return errors.Join(err, <-written)
}

func (l *royaltiesLoad) write(w *bufio.Writer, records int) error {
	for range records {
		e, more := l.next()
		if !more {
			break
		}
		if _, err := w.Write(append(e.Value, '\n')); err != nil {
			return err
		}
	}
	return w.Flush()
}

// royalties runs the job as a process of its own.
func (b *bench) royalties(ctx context.Context, what string, rows int, args ...string) (m measure, report royalty.Report, err error) {
	b.env.Progress(what)
	spill := watchSize(b.env.Duck.TempDir)
	var text []byte
	m, text, err = b.childReport(ctx, what, int64(rows), append([]string{"--log-level", "debug", "job", "royalties"}, args...)...)
	m.SpillMiB = spill() >> 20
	if err != nil {
		return m, report, err
	}
	return m, report, json.Unmarshal(text, &report)
}

// limit measures the bare statement in this process.
func (b *bench) limit(ctx context.Context, rows int, published royalty.Report) (measure, error) {
	b.env.Progress("the bare statement")
	return here("bare DuckDB statement", func() (int64, error) { return int64(rows), royaltiesLimit(ctx, b.env, published.Periods) })
}

// royaltiesLimit runs the bare statement and holds its answer against the published one.
func royaltiesLimit(ctx context.Context, env jobs.Env, published []royalty.PeriodReport) (err error) {
	env.Duck.Verify = nil
	db, err := env.Open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	s, err := env.Snapshot(ctx, catalog.Listens)
	if err != nil {
		return err
	}
	if err := errors.Join(db.JoinAsWritten(ctx), db.Bind(ctx, "archive", s)); err != nil {
		return err
	}
	var lines, listens int64
	if err := db.One(ctx, "bench/royalties_limit", nil, []any{&lines, &listens}); err != nil {
		return err
	}
	for _, p := range published {
		lines, listens = lines-p.Lines, listens-p.Listens
	}
	if lines != 0 || listens != 0 {
		return fmt.Errorf("the bare statement has %d lines and %d listens more than the job", lines, listens)
	}
	return nil
}
