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
	"github.com/lakectl/lakectl/cmd/lakectl/internal/usage"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/compact"
	"github.com/lakectl/lakectl/jobs/maintain"
	"github.com/lakectl/lakectl/jobs/simulate"
	"github.com/lakectl/lakectl/lake"
)

// What compaction is held to.
const (
	targetCompactCPU   = 0.6 // times that of bare DuckDB
	targetCompactBytes = 25  // MB of files a second and core
	targetCompactRSS   = 1024
	targetAmplified    = 3 // times the bytes that ingest wrote
	targetDayFiles     = 32
)

// MaintainOptions are the loads of [Maintain].
type MaintainOptions struct {
	Rows    int // listens that are compacted; 0 leaves it out
	Files   int // that they lie in
	Days    int // that are simulated; 0 leaves them out
	Flushes int // of ingest, a day
	Listens int // a flush
	Every   int // flushes between two maintenances
	Seed    uint64
}

// MaintainReport is what bench maintain reports.
type MaintainReport struct {
	Compaction []measure       `json:"compaction,omitempty"`
	BytesRead  int64           `json:"bytes_read"` // by the compaction
	Written    int64           `json:"bytes_written"`
	MBCore     float64         `json:"mb_per_second_and_core"`
	CPURatio   float64         `json:"cpu_to_duckdb"`
	Days       []maintainedDay `json:"days,omitempty"`
	Targets    []target        `json:"targets"`
	Notes      []string        `json:"notes"`
}

// Maintain measures the compaction of one day's files, and what maintenance writes while days pass.
func Maintain(ctx context.Context, c *frame.Call, o MaintainOptions) (any, error) {
	if o.Rows < 0 || o.Rows > 0 && (o.Files < 12 || o.Rows < o.Files) || o.Days < 0 || o.Days > 0 && (o.Flushes < 1 || o.Every < 1 || o.Listens < 1) {
		return nil, usage.Errorf("see "+c.Command.HelpName+" --help", "--rows %d in --files %d, --days %d of --flushes %d of --listens %d, --every %d",
			o.Rows, o.Files, o.Days, o.Flushes, o.Listens, o.Every)
	}
	r := MaintainReport{Notes: []string{
		"the CPU is that of the whole process of 'job maintain', its start included; the more rows, the less that is",
	}}
	if o.Rows > 0 {
		if err := r.compaction(ctx, c, o); err != nil {
			return nil, err
		}
	}
	if o.Days > 0 {
		if err := r.days(ctx, c, o); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// compaction measures the job on files of one day, and DuckDB on the same files before it.
func (r *MaintainReport) compaction(ctx context.Context, c *frame.Call, o MaintainOptions) error {
	b, load, err := newRoyaltiesBench(ctx, c, RoyaltiesOptions{Seed: o.Seed}, simulate.LoadOptions{Rows: o.Rows, Days: 1})
	if err != nil {
		return err
	}
	defer b.close()
	defer load.stop()
	for i := range o.Files {
		if err := load.ingest(ctx, b.env, fmt.Sprint("part-", i), o.Rows*(i+1)/o.Files-o.Rows*i/o.Files); err != nil {
			return err
		}
	}
	before, err := archived(ctx, b.env)
	if err != nil {
		return err
	}
	b.env.Progress("bare DuckDB")
	limit, err := here("bare DuckDB", func() (int64, error) { return before.rows, b.compactLimit(ctx) })
	if err != nil {
		return err
	}
	job, report, err := b.maintain(ctx, "job maintain", before.rows)
	if err != nil {
		return err
	}
	after, err := archived(ctx, b.env)
	if err != nil {
		return err
	}
	if after.rows != before.rows || report.Rows == 0 {
		return fmt.Errorf("%d rows of %d are left, %d of them were compacted: %w", after.rows, before.rows, report.Rows, jobs.ErrProof)
	}
	_, again, err := b.maintain(ctx, "job maintain again", before.rows)
	if err != nil {
		return err
	}
	job.Rows = report.Rows
	r.Compaction, r.BytesRead, r.Written = []measure{job, limit}, report.Bytes, report.Out
	r.MBCore = float64(report.Bytes) / (job.CPUMicrosec * float64(before.rows))
	r.CPURatio = job.CPUMicrosec / limit.CPUMicrosec
	r.Targets = append(r.Targets, atMost("cpu of compaction to bare DuckDB", r.CPURatio, targetCompactCPU),
		atLeast("mb_per_second_and_core of compaction", r.MBCore, targetCompactBytes),
		atMost("peak_rss_mib of compaction", float64(job.PeakRSSMiB), targetCompactRSS),
		atMost("files that a second run writes", float64(again.Written), 0))
	return nil
}

// maintain runs the job as a process of its own.
func (b *bench) maintain(ctx context.Context, what string, rows int64) (measure, compact.Report, error) {
	b.env.Progress(what)
	m, text, err := b.childReport(ctx, what, rows, "job", "maintain")
	if err != nil {
		return m, compact.Report{}, err
	}
	var report maintain.Report
	if err := json.Unmarshal(text, &report); err != nil {
		return m, compact.Report{}, err
	}
	if report.Compaction == nil {
		return m, compact.Report{}, errors.New("the job says nothing of compaction")
	}
	return m, *report.Compaction, nil
}

// compactLimit sorts and writes the archive with bare DuckDB.
func (b *bench) compactLimit(ctx context.Context) (err error) {
	env := b.env
	env.Duck.Verify = nil
	folder := filepath.Join(b.dir, "limit")
	if err := os.Mkdir(folder, 0o700); err != nil {
		return err
	}
	defer os.RemoveAll(folder) //nolint:errcheck // in a temporary folder
	s, err := env.Snapshot(ctx, catalog.Listens)
	if err != nil {
		return err
	}
	db, err := env.Open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := db.Bind(ctx, "archive", s); err != nil {
		return err
	}
	if err := db.Run(ctx, "bench/rollup_folder", folder); err != nil {
		return err
	}
	return db.Run(ctx, "bench/maintain_limit")
}

// archive is what lies in the files of listens.
type archive struct {
	at     lake.Snapshot
	rows   int64
	bytes  int64
	files  int
	mostOf int // files of a day
}

func archived(ctx context.Context, env jobs.Env) (a archive, err error) {
	if a.at, err = env.Snapshot(ctx, catalog.Listens); err != nil {
		return a, err
	}
	files, err := a.at.Files(ctx)
	if err != nil {
		return a, err
	}
	days := map[any]int{}
	for _, f := range files {
		a.rows, a.bytes, a.files = a.rows+f.Count(), a.bytes+f.FileSizeBytes(), a.files+1
		day := lake.PartitionValue(f)
		days[day]++
		a.mostOf = max(a.mostOf, days[day])
	}
	return a, nil
}
