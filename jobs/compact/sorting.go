package compact

import (
	"context"
	"errors"
	"fmt"

	"github.com/apache/iceberg-go"

	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// sorting is a group of a table that DuckDB sorts and writes, which nobody has committed yet. The session has where
// each row went until the commit: its place is a number over all new files.
type sorting struct {
	db       *jobs.Session
	files    []iceberg.DataFile
	starts   []int64 // place of the first row of each file
	want     int64   // rows of the group that are not deleted
	spanRows int64   // of the ledger, that get a file of their own
}

// sortGroup writes the rows of a group that a snapshot has, in the order of a statement: those of the ledger as files
// of a span of days each, as far as these have many, those of other tables as one file.
func (r *run) sortGroup(ctx context.Context, base lake.Snapshot, g Group, order string) (s *sorting, err error) {
	if err := refuseStrange(ctx, base.Table(), g); err != nil {
		return nil, err
	}
	s = &sorting{want: g.Rows, spanRows: r.o.spanRows}
	gone, err := base.DeletedRows(ctx, r.env.Duck.Verify, g.files())
	if err != nil {
		return nil, err
	}
	for _, rows := range gone {
		s.want -= int64(len(rows))
	}
	if s.db, err = r.env.Open(ctx); err != nil {
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
	if err := s.db.KeepOrder(ctx); err != nil {
		return err
	}
	if bySpan(base.Table().Name()) {
		return s.writePieces(ctx, base, g, order)
	}
	if err := s.db.RunAll(ctx, order, "compact/sorted"); err != nil {
		return err
	}
	return s.writeOne(ctx, base, g)
}

// writeOne writes the view sorted as one file.
func (s *sorting) writeOne(ctx context.Context, base lake.Snapshot, g Group) (err error) {
	var files []iceberg.DataFile
	if g.Part == nil {
		files, err = s.db.Write(ctx, base.Table(), maintainJob, "sorted")
	} else {
		files, err = s.db.WritePartition(ctx, base.Table(), maintainJob, "sorted", g.Part)
	}
	if err == nil && len(files) > 1 {
		err = fmt.Errorf("sorted rows became %d files: %w", len(files), jobs.ErrProof)
	}
	for _, f := range files {
		s.files, s.starts = append(s.files, f), append(s.starts, 0)
	}
	return err
}

// find is what [lake.Rewrite] asks.
func (s *sorting) find(ctx context.Context, input string, rows []int64) (map[string][]int64, error) {
	if err := fillFresh(ctx, s.db, input, rows); err != nil {
		return nil, err
	}
	to := map[string][]int64{}
	var place int64
	err := s.db.Each(ctx, "compact/places", nil, []any{&place}, func() error {
		path, pos := s.at(place)
		to[path] = append(to[path], pos)
		return nil
	})
	return to, err
}

// fillFresh makes the table of rows of an input that were deleted meanwhile.
func fillFresh(ctx context.Context, db *jobs.Session, input string, rows []int64) error {
	local, err := lake.LocalPath(input)
	if err != nil {
		return err
	}
	fresh := make([][]any, len(rows))
	for i, n := range rows {
		fresh[i] = []any{local, n}
	}
	if err := db.Run(ctx, "compact/fresh"); err != nil {
		return err
	}
	return db.Fill(ctx, "fresh", fresh)
}

// prove reads the new files back and holds every row against the one that should be there.
func (s *sorting) prove(ctx context.Context, base lake.Snapshot, g Group) error {
	written := make([]lake.File, len(s.files))
	for i, f := range s.files {
		written[i] = lake.File{DataFile: f}
	}
	if err := s.fillStarts(ctx); err != nil {
		return err
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
