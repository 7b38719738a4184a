package bench

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/frame"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/usage"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// MetadataOptions are the files and commits of [Metadata].
type MetadataOptions struct {
	Files   int // of the first commit
	Commits int // after it
}

// metadataReport is what files and commits weigh in the metadata of a table.
type metadataReport struct {
	Files         int     `json:"files"`
	ManifestBytes int64   `json:"manifest_bytes"`
	PerFile       float64 `json:"manifest_bytes_per_file"`
	PlanningMs    float64 `json:"planning_ms"` // of all files, median of 5
	PlanningPer   float64 `json:"planning_us_per_file"`

	Commits int     `json:"commits"`
	Objects float64 `json:"objects_per_commit"` // of metadata: the data files are not among them
	Bytes   float64 `json:"metadata_bytes_per_commit"`
}

// Metadata measures what many files weigh in the metadata, and what a commit writes there.
func Metadata(ctx context.Context, c *frame.Call, o MetadataOptions) (any, error) {
	if o.Files < 1 || o.Commits < 1 {
		return nil, usage.Errorf("see "+c.Command.HelpName+" --help", "--files %d, --commits %d", o.Files, o.Commits)
	}
	b, err := newBench(ctx, c)
	if err != nil {
		return nil, err
	}
	defer b.close()
	r := &metadataReport{Files: o.Files, Commits: o.Commits}
	if err := r.files(ctx, b.env); err != nil {
		return nil, err
	}
	return r, r.commits(ctx, b.env)
}

// files commits all at once, so that each has one entry in one manifest.
func (r *metadataReport) files(ctx context.Context, env jobs.Env) error {
	all := &flush{partitions: []int{0}, number: r.Files}
	for i := range r.Files {
		one, err := newFlush(ctx, env, i, []int{0})
		if err != nil {
			return err
		}
		all.files, all.at = append(all.files, one.files...), one.at
		env.Progress(fmt.Sprintf("bench: %d of %d files", i+1, r.Files))
	}
	if err := all.commit(ctx, env); err != nil {
		return err
	}
	written, err := metadataFiles(ctx, env)
	for name, size := range written {
		if strings.HasSuffix(name, ".avro") && !strings.HasPrefix(name, "snap-") {
			r.ManifestBytes += size
		}
	}
	if err != nil {
		return err
	}
	took := make([]time.Duration, 5)
	for i := range took {
		if took[i], err = planned(ctx, env, r.Files); err != nil {
			return err
		}
	}
	r.PerFile, r.PlanningMs = float64(r.ManifestBytes)/float64(r.Files), quantile(took, 0.5)
	r.PlanningPer = 1000 * r.PlanningMs / float64(r.Files)
	return nil
}

// planned is how long a reader takes to learn of the files of a snapshot.
func planned(ctx context.Context, env jobs.Env, want int) (time.Duration, error) {
	s, err := env.Snapshot(ctx, catalog.Listens)
	if err != nil {
		return 0, err
	}
	started := time.Now()
	files, err := s.Files(ctx)
	if err == nil && len(files) != want {
		err = fmt.Errorf("%d files are in the table, %d were committed: %w", len(files), want, jobs.ErrProof)
	}
	return time.Since(started), err
}

// commits makes them as ingest does and counts what is new after each.
func (r *metadataReport) commits(ctx context.Context, env jobs.Env) error {
	before, err := metadataFiles(ctx, env)
	if err != nil {
		return err
	}
	var objects, bytes int64
	for i := range r.Commits {
		if _, err := CommitLikeIngest(ctx, env, r.Files+i+1); err != nil {
			return err
		}
		after, err := metadataFiles(ctx, env)
		if err != nil {
			return err
		}
		for name, size := range after {
			if _, was := before[name]; !was {
				objects, bytes = objects+1, bytes+size
			}
		}
		before = after
	}
	r.Objects, r.Bytes = float64(objects)/float64(r.Commits), float64(bytes)/float64(r.Commits)
	return nil
}

// metadataFiles are the sizes of the files in the folder of the metadata of listens, by name.
func metadataFiles(ctx context.Context, env jobs.Env) (map[string]int64, error) {
	t, err := env.Lake.Table(ctx, catalog.Listens)
	if err != nil {
		return nil, err
	}
	path, err := lake.LocalPath(t.MetadataURI())
	if err != nil {
		return nil, err
	}
	sizes := map[string]int64{}
	return sizes, filepath.WalkDir(filepath.Dir(path), func(_ string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) || err == nil && e.IsDir() {
			return nil
		}
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err == nil {
			sizes[e.Name()] = info.Size()
		}
		return err
	})
}
