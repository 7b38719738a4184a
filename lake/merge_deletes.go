package lake

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/apache/iceberg-go"
	icetable "github.com/apache/iceberg-go/table"
)

// What one commit merges at most, but for the data file that reaches one of these and those that share a delete file
// with it.
const (
	mostMerged     = 1_000   // data files
	mostMergedRows = 1 << 20 // deleted rows, which are held in memory
)

// Merge gives each data file that several position delete files take rows from one file in their place: one snapshot
// of operation replace, whatever else is committed meanwhile.
type Merge struct {
	Job    string
	Verify *Verifier
	// Waits says of the table as it is that nothing of it is to be merged now. Nil: it never waits.
	Waits func(now Snapshot) bool
}

// MergeDeletes merges the position deletes of a table, of so many data files that one commit takes; it returns the
// delete files that went, none where no data file has several. No row comes or goes: a delete that another engine wrote
// for several data files is written anew for each of them.
func (l *Lake) MergeDeletes(ctx context.Context, name string, m Merge) (gone []File, err error) {
	w := &merging{Merge: m}
	says := func(Snapshot) (map[string]string, error) { return map[string]string{compacts: "true"}, nil }
	switch _, err := l.Commit(ctx, name, Commit{Job: m.Job, Stage: says, reshape: w}); {
	case errors.Is(err, errNothingToMerge):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return w.remove, nil
}

// errNothingToMerge ends a commit that has nothing to merge, or waits.
var errNothingToMerge = errors.New("no delete files are to be merged")

// merging is a merge that is being committed.
type merging struct {
	Merge
	// What an attempt takes away and adds, what it goes by, and the data files that what it takes away names.
	remove  []File
	deletes []iceberg.DataFile
	basis   string
	named   []string
}

// onto works out the commit on top of a snapshot. Delete files that came meanwhile are for the next one.
func (w *merging) onto(ctx context.Context, now Snapshot) error {
	if w.Waits != nil && w.Waits(now) {
		return errNothingToMerge
	}
	all, err := now.DeleteFiles(ctx)
	if err != nil {
		return err
	}
	live, err := now.liveFiles(ctx)
	if err != nil {
		return err
	}
	if w.basis == basisOf(now, w.stillIn(all), w.named, live) {
		return nil
	}
	if w.remove, err = now.pickDeletes(ctx, w.Verify, all, live); err != nil {
		return err
	}
	if len(w.remove) == 0 {
		return errNothingToMerge
	}
	rows, named := map[string][]int64{}, map[string]bool{}
	err = now.EachDeletes(ctx, w.Verify, w.remove, func(_ File, of map[string][]int64) {
		for path, positions := range of {
			named[path] = true
			if _, is := live[path]; is {
				rows[path] = append(rows[path], positions...)
			}
		}
	})
	if err != nil {
		return err
	}
	if w.deletes, err = now.table.writeDeletes(ctx, w.Job, live, rows); err != nil {
		return err
	}
	w.named = slices.Sorted(maps.Keys(named))
	w.basis = basisOf(now, w.remove, w.named, live)
	return nil
}

// stillIn are the delete files of the last attempt that are among those of a table.
func (w *merging) stillIn(all []File) []File {
	there := make(map[string]bool, len(all))
	for _, f := range all {
		there[f.FilePath()] = true
	}
	return slices.DeleteFunc(slices.Clone(w.remove), func(f File) bool { return !there[f.FilePath()] })
}

// stage puts the merge into a transaction. The new files take the highest sequence number of those that go: so they are
// above that of each data file that one of these took rows from.
func (w *merging) stage(ctx context.Context, tx *icetable.Transaction, t *Table, props iceberg.Properties) error {
	r := tx.NewRewrite(props)
	for _, f := range w.remove {
		r.DeleteFile(f.DataFile)
	}
	for _, f := range w.deletes {
		r.AddDeleteFile(f)
	}
	return stageRewrite(ctx, tx, t, r)
}

// DeletesToMerge are the delete files that [Lake.MergeDeletes] would take away first.
func (s Snapshot) DeletesToMerge(ctx context.Context, v *Verifier) ([]File, error) {
	all, err := s.DeleteFiles(ctx)
	if err != nil || len(all) < 2 {
		return nil, err
	}
	live, err := s.liveFiles(ctx)
	if err != nil {
		return nil, err
	}
	return s.pickDeletes(ctx, v, all, live)
}

// pickDeletes picks delete files of live data files that several name. A delete file of one data file says so, others
// are read. One that names several data files goes as a whole: each of them then has its rows in a file of its own.
func (s Snapshot) pickDeletes(ctx context.Context, v *Verifier, all []File, live map[string]File) (picked []File, err error) {
	naming := map[string][]File{}
	var others []File
	for _, f := range all {
		if one := f.ReferencedDataFile(); one != nil {
			naming[*one] = append(naming[*one], f)
		} else {
			others = append(others, f)
		}
	}
	err = s.EachDeletes(ctx, v, others, func(f File, rows map[string][]int64) {
		for path := range rows {
			naming[path] = append(naming[path], f)
		}
	})
	if err != nil {
		return nil, err
	}
	taken := map[string]bool{}
	files, rows := 0, int64(0)
	for _, path := range slices.Sorted(maps.Keys(naming)) {
		if _, is := live[path]; !is || len(naming[path]) < 2 || files == mostMerged || rows >= mostMergedRows {
			continue
		}
		files++
		for _, f := range naming[path] {
			if !taken[f.FilePath()] {
				taken[f.FilePath()], picked = true, append(picked, f)
				rows += f.Count()
			}
		}
	}
	return picked, nil
}
