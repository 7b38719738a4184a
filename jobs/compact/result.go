package compact

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/apache/iceberg-go"

	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// result is a group as new files, which nobody has committed yet; none where all rows are deleted.
type result struct {
	outputs []iceberg.DataFile
	from    lake.Staging // that Trino wrote them to, where it did
	rows    int64
	moved   func(input string, rows []int64) (map[string][]int64, error)
	prove   func() error
	close   func() error
}

// rewritten writes a group anew: the archive by merging, here or on Trino, other tables, which nobody sorted, by
// DuckDB.
func (r *run) rewritten(ctx context.Context, base lake.Snapshot, g Group) (result, error) {
	if order := orders[r.o.Table]; order != "" {
		s, err := r.sortGroup(ctx, base, g, order)
		if err != nil {
			return result{}, err
		}
		return result{
			outputs: s.files, rows: s.want, close: s.db.Close,
			moved: func(input string, rows []int64) (map[string][]int64, error) { return s.find(ctx, input, rows) },
			prove: func() error { return s.prove(ctx, base, g) },
		}, nil
	}
	if r.onTrino(g) {
		s, err := r.staged(ctx, base, g)
		if err != nil {
			return result{}, err
		}
		if s != nil {
			return result{
				outputs: s.taken.Files, from: s.taken.From, rows: s.want.rows, close: s.close,
				moved: func(input string, rows []int64) (map[string][]int64, error) { return s.find(ctx, input, rows) },
				prove: func() error { return s.prove(ctx) },
			}, nil
		}
	}
	m, err := merge(ctx, r.env, base, g)
	if err != nil {
		return result{}, err
	}
	return result{
		outputs: m.outputs(), rows: m.sum.rows, moved: m.moved.find, close: m.moved.close,
		prove: func() error { return m.prove(ctx, base.Table(), g) },
	}, nil
}

// mismatch is the error of new files that do not have the rows of their group.
func mismatch(g Group, outputs []iceberg.DataFile, has, should string, want int64) error {
	path := "none"
	if len(outputs) > 0 {
		path = outputs[0].FilePath()
	}
	inputs := make([]string, len(g.Inputs))
	for i, in := range g.Inputs {
		inputs[i] = in.File.FilePath()
	}
	return lake.WithHint(fmt.Errorf("file %s has %s, and %v have %s, of which %d must be left: %w", path, has, inputs, should, want, jobs.ErrProof),
		"nothing was committed and the table is as it was; check the disk and the memory of this machine, then run the command again")
}

// unmerged notes why a group could not be merged; what the next plan can do better is no error.
func (r *run) unmerged(ctx context.Context, base lake.Snapshot, g Group, err error) error {
	var unsorted *unsortedError
	var strange *strangeError
	var engine *engineError
	switch {
	case errors.As(err, &engine):
		return r.notOnTrino(ctx, base, g, err)
	case errors.As(err, &strange): // the others of the group may be merged without them
		g.Inputs = strange.inputs
		r.skip(g, err)
	case errors.As(err, &unsorted):
		r.unsorted[g.Inputs[unsorted.input].File.FilePath()] = true
	case errors.Is(err, errForeign) || errors.Is(err, lake.ErrUnsupported):
		r.skip(g, err)
	case errors.Is(err, fs.ErrNotExist) && r.expired(ctx, base):
		r.lose(g, err)
	default:
		return fmt.Errorf("merge %d files of %s: %w", len(g.Inputs), r.named(g), err)
	}
	return nil
}

// unproved is the error of new files that do not hold, but for what lakectl can do better than Trino.
func (r *run) unproved(ctx context.Context, base lake.Snapshot, g Group, err error) error {
	var engine *engineError
	if errors.As(err, &engine) {
		return r.notOnTrino(ctx, base, g, err)
	}
	return err
}

// expired tells whether the snapshot that a run stands on is gone: a purge rewrites files and deletes the old ones at
// once.
func (r *run) expired(ctx context.Context, base lake.Snapshot) bool {
	now, err := r.env.Lake.Table(ctx, r.o.Table)
	if err != nil {
		return false
	}
	_, err = now.ByID(base.ID())
	return errors.Is(err, lake.ErrExpired)
}
