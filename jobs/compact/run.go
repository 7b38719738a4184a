package compact

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/erase/book"
	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/trino"
)

// Options of one run.
type Options struct {
	Table   string        // one of [Tables]; listens where it is empty
	Target  int64         // bytes of a file; 256 MiB
	Budget  int64         // bytes of files to read in one run; 4 GiB
	Minutes time.Duration // after which no group is begun; 5 minutes
	// Bases are the snapshots of the table that consumers will walk on from.
	Bases  []int64
	DryRun bool
	// Free tells, before each group and each merge of delete files, whether nobody who goes first waits. Nil: nobody
	// does.
	Free func(ctx context.Context) (bool, error)

	spanRows int64  // see [catalog.LedgerSpanRows], which it is but in tests
	between  func() // is called before a group is committed, by tests
	// fill takes the place of Trino, in tests.
	fill func(ctx context.Context, base lake.Snapshot, g Group, into lake.Staging) (rows int64, err error)
}

func (o *Options) defaults() {
	if o.Table == "" {
		o.Table = catalog.Listens
	}
	if o.Target <= 0 {
		o.Target = 256 << 20
	}
	if o.Budget <= 0 {
		o.Budget = 4 << 30
	}
	if o.spanRows == 0 {
		o.spanRows = catalog.LedgerSpanRows
	}
	if o.Minutes <= 0 {
		o.Minutes = 5 * time.Minute
	}
}

// Report says what a run rewrote, or would.
type Report struct {
	Table   string  `json:"table"`
	Days    []Day   `json:"days"`
	Files   int     `json:"files_read"`
	Written int     `json:"files_written"`
	Bytes   int64   `json:"bytes_read"`
	Out     int64   `json:"bytes_written"`
	Rows    int64   `json:"rows"`
	Merged  int     `json:"delete_files_merged"`       // that made way for one a data file
	OnTrino int     `json:"groups_on_trino,omitempty"` // that Trino wrote
	Lost    int     `json:"lost_races"`
	Left    int     `json:"groups_left"` // that the budget did not reach, or that others changed all the time
	Ended   string  `json:"ended,omitempty"`
	Skipped []Skips `json:"skipped,omitempty"`
}

// Day is what becomes of some files of one day, or of one month or period where the table is partitioned by that.
type Day struct {
	Day    string `json:"day"`
	Files  int    `json:"files"`
	Bytes  int64  `json:"bytes"`
	Reason string `json:"reason"`
}

// Skips are files that lakectl leaves as they are.
type Skips struct {
	Day   string `json:"day"`
	Files int    `json:"files"`
	Why   string `json:"why"`
}

// lossesToShrink is how often a day's groups lose before they are halved, and mostLosses how often the groups of a run
// lose in series, at least, before it ends.
const (
	lossesToShrink = 3
	mostLosses     = 12
)

// Why a run ended. [Raced] is one whose every rewrite lost; it says nothing of other tables.
const (
	Raced     = "others changed the same files all the time"
	spent     = "the budget is spent"
	goesFirst = "a deletion goes first"
)

// run is one run at work.
type run struct {
	env    jobs.Env
	o      Options
	report Report
	until  time.Time
	// Files that are left alone, and those that turned out not to be sorted.
	skipped, unsorted map[string]bool
	// What Trino is not asked for: groups of these days, or any.
	own            map[int]bool
	alone          bool
	losses, shrunk map[int]int // by number of the partition
	vain           int         // losses since a group was rewritten
	numbers        map[any]int // of partitions that are not numbers themselves
	months         bool        // the table is partitioned by month
}

// Run rewrites what is due, until nothing is or the budget ends.
func Run(ctx context.Context, env jobs.Env, o Options) (Report, error) {
	o.defaults()
	r := &run{env: env, o: o, until: time.Now().Add(o.Minutes), skipped: map[string]bool{}, unsorted: map[string]bool{}, own: map[int]bool{}, losses: map[int]int{}, shrunk: map[int]int{}, numbers: map[any]int{}}
	r.report = Report{Table: o.Table, Days: []Day{}}
	for {
		base, groups, err := r.plan(ctx)
		if err != nil {
			return r.report, fmt.Errorf("plan compaction: %w", err)
		}
		if o.DryRun {
			r.would(groups)
			return r.report, r.wouldMerge(ctx, base, groups)
		}
		again, err := r.rewriteAll(ctx, base, groups)
		if err == nil && !again {
			err = r.mergeDeletes(ctx)
		}
		if err != nil && r.report.Written+r.report.Merged > 0 {
			err = errors.Join(err, jobs.ErrPartial)
		}
		if err != nil || !again {
			return r.report, err
		}
	}
}

// would lists what a run would do first.
func (r *run) would(groups []Group) {
	for _, g := range groups {
		if r.over(g) {
			r.report.Left++
			continue
		}
		r.note(g)
		r.report.Written++
	}
}

func (r *run) note(g Group) {
	r.report.Days = append(r.report.Days, Day{Day: r.named(g), Files: len(g.Inputs), Bytes: g.Bytes, Reason: g.Reason})
	r.report.Files, r.report.Bytes, r.report.Rows = r.report.Files+len(g.Inputs), r.report.Bytes+g.Bytes, r.report.Rows+g.Rows
}

func dayText(day int) string { return lake.DayStart(day).Format(time.DateOnly) }

// over tells whether a group is beyond the budget. One group is always within.
func (r *run) over(g Group) bool {
	return time.Now().After(r.until) || r.report.Bytes > 0 && r.report.Bytes+g.Bytes > r.o.Budget
}

// free tells whether nobody who goes first waits.
func (r *run) free(ctx context.Context) (bool, error) {
	if r.o.Free == nil {
		return true, nil
	}
	return r.o.Free(ctx)
}

// rewriteAll carries a plan out; again says that another plan may find more.
func (r *run) rewriteAll(ctx context.Context, base lake.Snapshot, groups []Group) (again bool, err error) {
	for i, g := range groups {
		if r.over(g) {
			r.report.Left = len(groups) - i
			r.report.Ended = spent
			return false, nil
		}
		free, err := r.free(ctx)
		if err != nil {
			return false, err
		}
		if !free {
			r.report.Left, r.report.Ended = len(groups)-i, goesFirst
			return false, nil
		}
		lost := r.report.Lost
		if err := r.one(ctx, base, g); err != nil {
			return false, err
		}
		if r.report.Lost > lost && r.expired(ctx, base) {
			return !r.raced(groups), nil
		}
	}
	return len(groups) > 0 && !r.raced(groups), nil
}

// raced tells, once a plan was carried out, whether to end: nothing landed since each of its groups lost twice, or more
// often where there are few. As long as a group lands the next plan is tried: who changes the files of one day keeps no
// other.
func (r *run) raced(groups []Group) bool {
	if r.vain < max(mostLosses, 2*len(groups)) {
		return false
	}
	r.report.Left, r.report.Ended = len(groups), Raced
	return true
}

// one rewrites one group. A group that loses to somebody else, or that the writer cannot hold, is no error.
func (r *run) one(ctx context.Context, base lake.Snapshot, g Group) (err error) {
	r.env.Progress(fmt.Sprintf("compact: %d files of %s, %d MB", len(g.Inputs), r.named(g), g.Bytes/1_000_000))
	began := time.Now()
	made, err := r.rewritten(ctx, base, g)
	if errors.Is(err, trino.ErrStill) { // that took longer than most budgets: lakectl has the time for the group
		r.alone, r.until = true, r.until.Add(time.Since(began))
	}
	if err != nil {
		return r.unmerged(ctx, base, g, err)
	}
	defer func() { err = errors.Join(err, made.close()) }()
	if err := made.prove(); err != nil {
		return r.unproved(ctx, base, g, err)
	}
	if r.o.between != nil {
		r.o.between()
	}
	after, err := r.env.Lake.Rewrite(ctx, lake.Rewrite{
		Job: maintainJob, Base: base, Inputs: g.files(), Outputs: made.outputs, From: made.from, Compacts: true, Moved: made.moved, Verify: r.env.Duck.Verify,
		Carry: r.carry(),
	})
	if errors.Is(err, lake.ErrFenced) {
		r.lose(g, err)
		return nil
	}
	if err != nil {
		return err
	}
	r.note(g)
	if made.from.Table != "" {
		r.report.OnTrino++
	}
	r.vain = 0
	written := int64(0)
	for _, f := range made.outputs {
		r.report.Written++
		written += f.FileSizeBytes()
	}
	r.report.Out += written
	r.env.Log.Info("rewrote files", "table", r.o.Table, "snapshot_id", after.ID(), "files", len(g.Inputs), "rows", made.rows,
		"bytes_read", g.Bytes, "bytes_written", written, "seconds", time.Since(began).Seconds())
	return nil
}

// carry puts new files on record that hold deleted rows of listeners; in other tables nobody is erased.
func (r *run) carry() func(context.Context, []lake.Carried) error {
	if !slices.Contains(catalog.ErasedFrom, r.o.Table) {
		return nil
	}
	return func(ctx context.Context, rows []lake.Carried) error { return book.Carry(ctx, r.env, r.o.Table, rows) }
}

func (r *run) skip(g Group, why error) {
	for _, in := range g.Inputs {
		r.skipped[in.File.FilePath()] = true
	}
	r.report.Skipped = append(r.report.Skipped, Skips{Day: r.named(g), Files: len(g.Inputs), Why: why.Error()})
	r.env.Log.Warn("files were left as they are", "table", r.o.Table, "day", r.named(g), "files", len(g.Inputs), "error", why)
}

func (r *run) lose(g Group, why error) {
	r.report.Lost++
	r.vain++
	r.own[g.Day] = true
	if r.losses[g.Day]++; r.losses[g.Day]%lossesToShrink == 0 {
		r.shrunk[g.Day]++
	}
	r.env.Log.Debug("a rewrite lost to another commit", "day", r.named(g), "losses", r.losses[g.Day], "error", why)
}

func (g Group) files() []lake.File {
	files := make([]lake.File, len(g.Inputs))
	for i, in := range g.Inputs {
		files[i] = in.File
	}
	return files
}
