package compact

import (
	"context"
	"errors"
	"fmt"

	"github.com/apache/iceberg-go"

	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// sorting is a group of a table that DuckDB sorts and writes as one file, which nobody has committed yet. The session
// has where each row went until the commit.
type sorting struct {
	db    *jobs.Session
	files []iceberg.DataFile
	want  int64 // rows of the group that are not deleted
}

// sortGroup writes the rows of a group that a snapshot has as one file, in the order of a statement.
func sortGroup(ctx context.Context, env jobs.Env, base lake.Snapshot, g Group, order string) (s *sorting, err error) {
	if err := refuseStrange(ctx, base.Table(), g); err != nil {
		return nil, err
	}
	s = &sorting{want: g.Rows}
	gone, err := base.DeletedRows(ctx, env.Duck.Verify, g.files())
	if err != nil {
		return nil, err
	}
	for _, rows := range gone {
		s.want -= int64(len(rows))
	}
	if s.db, err = env.Open(ctx); err != nil {
		return nil, err
	}
	if err := s.write(ctx, base, g, order); err != nil {
		return nil, errors.Join(err, s.db.Close())
	}
	return s, nil
}

func (s *sorting) write(ctx context.Context, base lake.Snapshot, g Group, order string) (err error) {
	if err := s.db.BindFiles(ctx, "inputs", base, g.files()); err != nil {
		return err
	}
	if err := errors.Join(s.db.KeepOrder(ctx), s.db.RunAll(ctx, order, "compact/sorted")); err != nil {
		return err
	}
	if g.Part == nil {
		s.files, err = s.db.Write(ctx, base.Table(), maintainJob, "sorted")
	} else {
		s.files, err = s.db.WritePartition(ctx, base.Table(), maintainJob, "sorted", g.Part)
	}
	return err
}

// find is what [lake.Rewrite] asks.
func (s *sorting) find(ctx context.Context, input string, rows []int64) (map[string][]int64, error) {
	path, err := lake.LocalPath(input)
	if err != nil {
		return nil, err
	}
	fresh := make([][]any, len(rows))
	for i, n := range rows {
		fresh[i] = []any{path, n}
	}
	if err := s.db.Run(ctx, "compact/fresh"); err != nil {
		return nil, err
	}
	if err := s.db.Fill(ctx, "fresh", fresh); err != nil {
		return nil, err
	}
	to := map[string][]int64{}
	var place int64
	err = s.db.Each(ctx, "compact/places", nil, []any{&place}, func() error {
		to[s.files[0].FilePath()] = append(to[s.files[0].FilePath()], place)
		return nil
	})
	return to, err
}

// prove reads the new file back and holds every row against the one that should be there.
func (s *sorting) prove(ctx context.Context, base lake.Snapshot, g Group) error {
	written := make([]lake.File, len(s.files))
	for i, f := range s.files {
		written[i] = lake.File{DataFile: f}
	}
	if len(written) > 1 {
		return fmt.Errorf("a group became %d files: %w", len(written), jobs.ErrProof)
	}
	if err := s.db.BindFiles(ctx, "written", base, written); err != nil {
		return err
	}
	var should, has, same int64
	if err := s.db.One(ctx, "compact/compared", nil, []any{&should, &has, &same}); err != nil {
		return err
	}
	if should == s.want && has == s.want && same == s.want {
		return nil
	}
	return mismatch(g, s.files, fmt.Sprintf("%d rows, %d of them as they should be", has, same), fmt.Sprintf("%d", should), s.want)
}
