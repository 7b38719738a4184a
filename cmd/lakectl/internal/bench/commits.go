package bench

import (
	"context"
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"time"

	"github.com/apache/iceberg-go"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/usage"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/compact"
	"github.com/lakectl/lakectl/jobs/maintain"
	"github.com/lakectl/lakectl/lake"
)

// commitsLimit is how much slower the last commits may be than the first.
const commitsLimit = 1.5

// commitsReport compares the last commits with the first.
type commitsReport struct {
	Commits     int     `json:"commits"`
	FirstMedian float64 `json:"first_100_median_ms"`
	LastMedian  float64 `json:"last_101_median_ms"`
	Ratio       float64 `json:"ratio"`
	Limit       float64 `json:"limit"`
	P99         float64 `json:"p99_ms"`
	Max         float64 `json:"max_ms"`

	MaintainRuns    int     `json:"maintenance_runs"`
	MaintainMedian  float64 `json:"maintenance_median_ms"`
	MaintainLast    float64 `json:"maintenance_last_ms"`
	MaintainSeconds float64 `json:"maintenance_seconds"`

	With    []commitsStep `json:"with_maintenance"`
	Without []commitsStep `json:"without_maintenance"`
}

// commitsStep is a stretch of commits and what the table looks like after it.
type commitsStep struct {
	Through       int     `json:"through"` // number of the last commit
	MedianMs      float64 `json:"median_ms"`
	P99Ms         float64 `json:"p99_ms"`
	Snapshots     int     `json:"snapshots"`
	MetadataBytes int64   `json:"metadata_bytes"` // of the table's metadata file
	HeapMiB       float64 `json:"heap_mib"`       // what the process that commits still holds
}

// CommitsOptions are how many commits [Commits] makes.
type CommitsOptions struct {
	Commits       int
	MaintainEvery int // commits
	Contrast      int // commits without maintenance
}

// Commits measures how long a commit takes.
func Commits(ctx context.Context, c *frame.Call, o CommitsOptions) (any, error) {
	n, every := o.Commits, o.MaintainEvery
	if n < 200 || every < 1 || o.Contrast < 0 {
		return nil, usage.Errorf("see "+c.Command.HelpName+" --help", "--commits %d, --maintain-every %d, --contrast %d", n, every, o.Contrast)
	}
	with, err := benchCommits(ctx, c, n, every)
	if err != nil {
		return nil, err
	}
	report := commitsReport{
		Commits: n, FirstMedian: quantile(with.commits[:100], 0.5), LastMedian: quantile(with.commits[n-101:], 0.5), Limit: commitsLimit,
		P99: quantile(with.commits, 0.99), Max: quantile(with.commits, 1), MaintainRuns: len(with.maintains), With: with.steps,
	}
	report.Ratio = report.LastMedian / report.FirstMedian
	if runs := with.maintains; len(runs) > 0 {
		report.MaintainMedian, report.MaintainLast = quantile(runs, 0.5), quantile(runs[len(runs)-1:], 1)
		for _, took := range runs {
			report.MaintainSeconds += took.Seconds()
		}
	}
	if contrast := o.Contrast; contrast > 0 {
		without, err := benchCommits(ctx, c, contrast, contrast)
		if err != nil {
			return nil, err
		}
		report.Without = without.steps
	}
	return report, nil
}

// committed is how long each commit and each maintenance took.
type committed struct {
	commits, maintains []time.Duration
	steps              []commitsStep
}

// benchCommits makes n commits in a lake of their own, with maintenance after every so many but the last.
func benchCommits(ctx context.Context, c *frame.Call, n, every int) (committed, error) {
	var done committed
	b, err := newBench(ctx, c)
	if err != nil {
		return done, err
	}
	defer b.close()
	for i := 1; i <= n; i++ {
		took, err := CommitLikeIngest(ctx, b.env, i)
		if err != nil {
			return done, err
		}
		done.commits = append(done.commits, took)
		if i%every == 0 && i < n {
			started := time.Now()
			if _, err := maintain.Run(ctx, b.env, maintain.Options{Retention: time.Duration(c.Config.Retention.ArchiveSnapshots), Files: &compact.Options{}}); err != nil {
				return done, err
			}
			done.maintains = append(done.maintains, time.Since(started))
		}
		if size := min(n, 1000); i%size == 0 {
			step, err := newCommitsStep(ctx, b.env, i, done.commits[i-size:])
			if err != nil {
				return done, err
			}
			done.steps = append(done.steps, step)
		}
		if i%flushesAnHour == 0 && every < n {
			if err := tagHour(ctx, b.env, i/flushesAnHour); err != nil {
				return done, err
			}
		}
		c.Progress.Say(fmt.Sprintf("bench: %d of %d commits", i, n))
	}
	return done, nil
}

// flushesAnHour at the default ingest.flush_age.
const flushesAnHour = 240

// tagHour keeps the current snapshot as maintenance keeps the newest of an hour; the bench is over within one.
func tagHour(ctx context.Context, env jobs.Env, hour int) error {
	s, err := env.Snapshot(ctx, catalog.Listens)
	if err != nil {
		return err
	}
	return env.Lake.Tag(ctx, fmt.Sprint("hour-", hour), s, 0)
}

// CommitLikeIngest commits one listen of the ith flush, 15 s of event time after the one before, as an ingester of
// four partitions does.
func CommitLikeIngest(ctx context.Context, env jobs.Env, i int) (time.Duration, error) {
	f, err := newFlush(ctx, env, i, []int{0, 1, 2, 3})
	if err != nil {
		return 0, err
	}
	started := time.Now()
	err = f.commit(ctx, env)
	return time.Since(started), err
}

// flush is a commit of ingest to be: one listen of each file, and the offsets of its partitions.
type flush struct {
	files      []iceberg.DataFile
	partitions []int
	number     int
	at         time.Time
	tries      int
}

// newFlush writes the file of the ith flush.
func newFlush(ctx context.Context, env jobs.Env, i int, partitions []int) (*flush, error) {
	t, err := env.Lake.Table(ctx, catalog.Listens)
	if err != nil {
		return nil, err
	}
	f := &flush{partitions: partitions, number: i, at: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(i) * 15 * time.Second)}
	row := []any{fmt.Sprint("listen-", i), fmt.Sprint("user-", i%1000), "track", "artist", "phone", f.at, 60_000, nil, "DE", "free", nil, nil, f.at, nil, "listens", partitions[0], i}
	f.files, err = t.WriteRows(ctx, "ingest", [][]any{row})
	return f, err
}

func (f *flush) commit(ctx context.Context, env jobs.Env) error {
	next, marks := map[int]int64{}, map[int]int64{}
	for _, p := range f.partitions {
		next[p], marks[p] = int64(f.number), f.at.UnixMicro()
	}
	stage := func(now lake.Snapshot) (map[string]string, error) {
		f.tries++
		positions, err := now.Positions()
		if err != nil {
			return nil, err
		}
		watermarks, err := catalog.WatermarksOf(now)
		if err != nil {
			return nil, err
		}
		if watermarks["listens"] == nil {
			watermarks["listens"] = map[int]int64{}
		}
		maps.Copy(watermarks["listens"], marks)
		return map[string]string{
			lake.StateKey(lake.PositionsKey):  positions.WithTopic("bench-cluster", "listens", "bench-topic-id", next).String(),
			lake.StateKey(catalog.Suppressed): "0",
			catalog.RequestsThrough:           "0",
			lake.StateKey(catalog.Watermarks): watermarks.String(),
		}, nil
	}
	_, err := env.Lake.Commit(ctx, catalog.Listens, lake.Commit{Job: catalog.IngestJob, Add: f.files, Stage: stage})
	return err
}

func newCommitsStep(ctx context.Context, env jobs.Env, through int, took []time.Duration) (commitsStep, error) {
	t, err := env.Lake.Table(ctx, catalog.Listens)
	if err != nil {
		return commitsStep{}, err
	}
	path, err := lake.LocalPath(t.MetadataURI())
	if err != nil {
		return commitsStep{}, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return commitsStep{}, err
	}
	var memory runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&memory)
	return commitsStep{
		Through: through, MedianMs: quantile(took, 0.5), P99Ms: quantile(took, 0.99), Snapshots: len(t.Snapshots()), MetadataBytes: info.Size(),
		HeapMiB: float64(memory.HeapAlloc) / (1 << 20),
	}, nil
}

// quantile is in milliseconds.
func quantile(took []time.Duration, q float64) float64 {
	sorted := slices.Sorted(slices.Values(took))
	return float64(sorted[int(q*float64(len(sorted)-1))].Microseconds()) / 1000
}
