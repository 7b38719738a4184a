package lake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/metadata"
	"github.com/apache/iceberg-go"
	icetable "github.com/apache/iceberg-go/table"
	"golang.org/x/sync/errgroup"
)

// Staged is a [Commit] that adds the rows of a query which another engine runs.
type Staged struct {
	Commit
	// Fill lets the engine write the rows into the staging table, which has [Table.Columns] in their order, and returns
	// how many rows the engine says there are.
	Fill func(ctx context.Context, s Staging) (rows int64, err error)
}

// dropPatience is how long a run that ends clears up.
const dropPatience = 20 * time.Second

// CommitStaged makes a staging table, has it filled, commits its rows and drops it again; the package comment says how.
// An error means what one of [Lake.Commit] means.
func (l *Lake) CommitStaged(ctx context.Context, name string, c Staged) (Snapshot, error) {
	t, s, drop, err := l.startStaging(ctx, name, c.Job)
	if err != nil {
		return Snapshot{}, err
	}
	defer drop()
	files, err := l.stage(ctx, t, s, stagedFill{job: c.Job, fill: c.Fill})
	if err != nil {
		return Snapshot{}, fmt.Errorf("staging table of %s: %w", name, err)
	}
	c.Add = append(slices.Clip(c.Add), files...)
	next := c.Stage
	c.Stage = func(now Snapshot) (map[string]string, error) {
		// Requests are purged once no staging table stands: rows of one that was cleared must not come after.
		if err := s.recordedIn(now.Table()); err != nil {
			return nil, err
		}
		return next(now)
	}
	return l.Commit(ctx, name, c.Commit)
}

// startStaging puts a staging table on record, once those that dead runs left are cleared; drop is to be called at the
// end, however that is.
func (l *Lake) startStaging(ctx context.Context, name, job string) (t *Table, s Staging, drop func(), err error) {
	if _, _, err = l.ClearStagings(ctx, name); err != nil {
		return nil, s, nil, err
	}
	if t, err = l.Table(ctx, name); err != nil {
		return nil, s, nil, err
	}
	if s, err = l.recordStaging(ctx, t, job); err != nil {
		return nil, s, nil, err
	}
	return t, s, func() {
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), dropPatience)
		defer cancel()
		if _, err := l.dropStaging(ending, s); err != nil {
			l.log.Warn("a staging table was left, which job maintain drops after its grace", "table", name, "staging", s.Name(), "error", err)
		}
	}, nil
}

// stagedFill is how a staging table gets its rows, and in which order they are to lie in its files; nil: in any.
type stagedFill struct {
	job   string
	fill  func(ctx context.Context, s Staging) (rows int64, err error)
	order *icetable.SortOrder
}

// stage makes the staging table, has it filled, and takes its rows.
func (l *Lake) stage(ctx context.Context, t *Table, s Staging, c stagedFill) ([]iceberg.DataFile, error) {
	if _, err := l.makeStaging(ctx, t, s, t.stagingProperties(), c.order); err != nil {
		return nil, err
	}
	rows, err := c.fill(ctx, s)
	if gone := s.Recorded(ctx); errors.Is(gone, ErrFenced) {
		return nil, gone // whatever the engine says of a table that it did not find
	}
	if err != nil {
		return nil, fmt.Errorf("fill it: %w", err)
	}
	staged, err := l.stagings().Table(ctx, s.Name())
	if err != nil {
		return nil, err
	}
	order := icetable.UnsortedSortOrderID
	if c.order != nil {
		order = t.order
	}
	return t.takeStaged(ctx, staged.Current(), rows, c.job, order)
}

// takeStaged copies the files of a filled staging table to where those of t lie, sealed, and describes them as t wants
// it. What they have is held against what the engine says and against their footers.
func (t *Table) takeStaged(ctx context.Context, filled Snapshot, rows int64, job string, order int) ([]iceberg.DataFile, error) {
	files, err := filled.Files(ctx)
	if err != nil {
		return nil, err
	}
	deletes, err := filled.DeleteFiles(ctx)
	if err != nil {
		return nil, err
	}
	has := int64(0)
	for _, f := range files {
		has += f.Count()
	}
	if has != rows || len(deletes) > 0 {
		return nil, WithHint(fmt.Errorf("it has %d rows and %d delete files, the engine says that it wrote %d rows: %w", has, len(deletes), rows, ErrFenced),
			"nothing was committed; run the command again")
	}
	if err := FetchFiles(ctx, files); err != nil {
		return nil, err
	}
	taken := make([]iceberg.DataFile, len(files))
	workers, ctx := errgroup.WithContext(ctx)
	workers.SetLimit(2)
	for i, f := range files {
		workers.Go(Safely(func() (err error) {
			taken[i], err = t.takeFile(ctx, f, job, order)
			return err
		}))
	}
	return taken, workers.Wait()
}

// takeFile copies one file. Its bounds are made anew from the footer, by the metrics properties of the table: the
// engine's own entry may tell of columns that must not be told of.
func (t *Table) takeFile(ctx context.Context, f File, job string, order int) (_ iceberg.DataFile, err error) {
	in, err := Open(ctx, f.FilePath())
	if err != nil {
		return nil, fmt.Errorf("open a staged file: %w", err)
	}
	defer in.Close() //nolint:errcheck // read only
	r, err := file.NewParquetReader(in)
	if err != nil {
		return nil, fmt.Errorf("read footer of %s: %w", f.FilePath(), err)
	}
	if err := t.fitsFooter(r.MetaData(), f); err != nil {
		return nil, fmt.Errorf("file %s: %w", f.FilePath(), err)
	}
	uri := t.NewDataPath(job)
	out, err := t.Create(ctx, uri)
	if err != nil {
		return nil, err
	}
	_, err = in.Seek(0, io.SeekStart)
	var n int64
	if err == nil {
		n, err = io.Copy(out, in)
	}
	if err == nil && n != f.FileSizeBytes() {
		err = fmt.Errorf("has %d bytes, its entry says %d: %w", n, f.FileSizeBytes(), ErrDamaged)
	}
	if err := errors.Join(err, ctx.Err(), out.Close()); err != nil {
		return nil, fmt.Errorf("take %s: %w", f.FilePath(), err)
	}
	return t.dataFile(uri, r.MetaData(), out.Bytes(), PartitionValue(f), order)
}

// fitsFooter holds a staged file against its entry and against the columns of the table, by id.
func (t *Table) fitsFooter(footer *metadata.FileMetaData, f File) error {
	if footer.NumRows != f.Count() {
		return fmt.Errorf("has %d rows, its entry says %d: %w", footer.NumRows, f.Count(), ErrDamaged)
	}
	root := footer.Schema.Root()
	for _, c := range t.columns {
		if i := root.FieldIndexByName(c.Field.Name); i < 0 || int(root.Field(i).FieldID()) != c.Field.ID {
			return fmt.Errorf("has no column %s with id %d: %w", c.Field.Name, c.Field.ID, ErrUnsupported)
		}
	}
	return nil
}
