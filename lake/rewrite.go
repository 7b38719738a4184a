package lake

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/apache/iceberg-go"
	icetable "github.com/apache/iceberg-go/table"
)

// Rewrite replaces data files by others with the same rows, less those that are deleted: one snapshot of operation
// replace, whatever else is committed meanwhile.
type Rewrite struct {
	Job     string
	Base    Snapshot           // what the inputs were read from, with the row deletes that it has
	Inputs  []File             // data files of Base
	Outputs []iceberg.DataFile // none where every row was deleted
	From    Staging            // that another engine wrote the outputs to; the zero value where none did
	// Compacts says that every row stays as it is, value for value: what was computed from the table before holds after
	// it (see [IfUnmoved]).
	Compacts bool
	// Moved says where rows of an input are now: positions by the URI of an output. It is asked only for rows that
	// Base has, by the URI of the input, ascending.
	Moved func(input string, rows []int64) (map[string][]int64, error)
	// Carry is called before outputs are committed that hold rows which were deleted after Base, whenever those change:
	// the bytes of such rows move on. An error ends the rewrite. Nil: nobody writes them down.
	Carry  func(ctx context.Context, rows []Carried) error
	Verify *Verifier
}

// rewrittenSince is the summary property of a rewrite with the lowest sequence number that its rows came with. The
// highest is the data sequence number of its files.
const rewrittenSince = "lakectl.rewrite.since"

// compacts is the summary property of a rewrite that keeps every row as it is.
const compacts = "lakectl.rewrite.compacts"

// nameMapping is a table property that the library sets on the way. Files of lakectl have field ids and need none.
const nameMapping = "schema.name-mapping.default"

// Rewrite commits a rewrite exactly once. Rows that were deleted after the base are deleted in the outputs, by the same
// commit; rows that were added are no matter. Where an input is gone, rows came back, or main does not come from the
// base any more, it is [ErrFenced]: the files must be rewritten anew.
//
// The outputs take the highest data sequence number of the inputs. So a delete that another engine commits by values,
// which counts for files of lower numbers, holds for the same rows as before; a table that has one is refused.
func (l *Lake) Rewrite(ctx context.Context, r Rewrite) (Snapshot, error) {
	if len(r.Inputs) == 0 {
		return Snapshot{}, fmt.Errorf("rewrite %s: no files: %w", r.Base.table.name, ErrUnsupported)
	}
	w := &rewriting{Rewrite: r, since: r.Inputs[0].Sequence, inputs: make(map[string]bool, len(r.Inputs))}
	for _, f := range r.Inputs {
		w.inputs[f.FilePath()] = true
		since, through := r.Base.Came(f)
		w.since, w.through = min(w.since, since), max(w.through, through)
	}
	var err error
	if w.gone, err = r.Base.DeletedRows(ctx, r.Verify, r.Inputs); err != nil {
		return Snapshot{}, fmt.Errorf("rewrite %s: %w", r.Base.table.name, err)
	}
	stage := func(now Snapshot) (map[string]string, error) {
		if r.From.Table != "" {
			if err := r.From.recordedIn(now.Table()); err != nil {
				return nil, err
			}
		}
		says := map[string]string{rewrittenSince: strconv.FormatInt(w.since, 10)}
		if r.Compacts {
			says[compacts] = "true"
		}
		return says, nil
	}
	return l.Commit(ctx, r.Base.table.name, Commit{Job: r.Job, Add: r.Outputs, Stage: stage, reshape: w})
}

// Compacts tells whether a snapshot is a compaction of ours: it has the rows of its parent, in other files.
func (s Snapshot) Compacts() bool { return s.ice != nil && isOurs(s.ice) && s.Property(compacts) != "" }

// OnlyCompacted tells whether a snapshot is base, or comes from it by compactions of ours alone.
func (s Snapshot) OnlyCompacted(base Snapshot) bool {
	since, unbroken := s.Since(base.ID())
	return unbroken && !slices.ContainsFunc(since, func(at Snapshot) bool { return !at.Compacts() })
}

// Came is the lowest and the highest sequence number of the commits that the rows of a live file of s came with. The
// lowest is 0 where nothing tells.
func (s Snapshot) Came(f File) (since, through int64) {
	by := s.table.ice.SnapshotByID(f.AddedBy)
	switch {
	case by == nil || by.Summary == nil:
		return 0, f.Sequence
	case by.Summary.Operation != icetable.OpReplace:
		return f.Sequence, f.Sequence
	}
	return Snapshot{table: s.table, ice: by}.rewrittenSince(), f.Sequence
}

// rewrittenSince is the lowest sequence number of the rows of a rewrite, 0 where it does not say.
func (s Snapshot) rewrittenSince() int64 {
	if !isOurs(s.ice) {
		return 0
	}
	n, err := strconv.ParseInt(s.Property(rewrittenSince), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// rewriting is a rewrite that is being committed.
type rewriting struct {
	Rewrite
	since, through int64
	inputs         map[string]bool
	gone           map[string][]int64 // rows of the inputs that the base lacks

	// What an attempt takes away and adds besides the data files, what it goes by, and the data files that the delete
	// files with rows of the inputs name besides these.
	remove  []File
	deletes []iceberg.DataFile
	basis   string
	named   []string
}

// onto works out the commit on top of a snapshot, or says why there is none.
func (w *rewriting) onto(ctx context.Context, now Snapshot) error {
	if !now.comesFrom(w.Base.ID()) {
		return w.lost("it does not come from snapshot %d any more", w.Base.ID())
	}
	live, err := now.liveFiles(ctx)
	if err != nil {
		return err
	}
	for _, f := range w.Inputs {
		if _, is := live[f.FilePath()]; !is {
			return w.lost("another rewrite or an overwrite took file %s", f.FilePath())
		}
	}
	all, err := now.DeleteFiles(ctx)
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(f File) bool { return f.ReferencedDataFile() != nil && !w.inputs[*f.ReferencedDataFile()] })
	if w.basis == basisOf(now, all, w.named, live) {
		return nil
	}
	var h hits
	if err := w.read(ctx, now, all, &h); err != nil {
		return err
	}
	if err := w.workOut(ctx, now, live, h); err != nil {
		return err
	}
	w.named = h.others(w.inputs)
	w.basis = basisOf(now, all, w.named, live)
	return nil
}

// lost is the error of a rewrite that must be made anew.
func (w *rewriting) lost(format string, args ...any) error {
	return WithHint(fmt.Errorf("rewrite of %d files of table %s: %s: %w", len(w.Inputs), w.Base.table.name, fmt.Sprintf(format, args...), ErrFenced),
		"nothing was committed; run the command again, it goes on from what the table has")
}

// hits are delete files that have rows of the inputs.
type hits struct {
	files []File
	rows  []map[string][]int64 // of each file, positions by data file
}

// others are the data files that they name besides the inputs.
func (h hits) others(inputs map[string]bool) []string {
	named := map[string]bool{}
	for _, rows := range h.rows {
		for path := range rows {
			if !inputs[path] {
				named[path] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(named))
}

// read adds those of some delete files of a snapshot that have rows of the inputs.
func (w *rewriting) read(ctx context.Context, s Snapshot, files []File, h *hits) error {
	return s.EachDeletes(ctx, w.Verify, files, func(f File, rows map[string][]int64) {
		for path := range rows {
			if w.inputs[path] {
				h.files, h.rows = append(h.files, f), append(h.rows, rows)
				break
			}
		}
	})
}

// workOut finds the rows that were deleted since the base, writes where they are now, and lists the delete files that
// go: those without rows in other live files. One that has some stays as long as it has no row that was deleted since:
// then it is written anew for the other files.
func (w *rewriting) workOut(ctx context.Context, now Snapshot, live map[string]File, h hits) error {
	fresh, err := w.fresh(h)
	if err != nil {
		return err
	}
	w.remove = nil
	rest := map[string][]int64{}
	for i, f := range h.files {
		others, carries := w.othersOf(h.rows[i], live, fresh)
		if len(others) > 0 && !carries {
			continue
		}
		w.remove = append(w.remove, f)
		for path, rows := range others {
			rest[path] = append(rest[path], rows...)
		}
	}
	targets := maps.Clone(live)
	for _, f := range w.Outputs {
		targets[f.FilePath()] = File{DataFile: f}
	}
	for input, rows := range fresh {
		moved, err := w.Moved(input, rows)
		if err != nil {
			return fmt.Errorf("find rows of %s that were deleted meanwhile: %w", input, err)
		}
		found := 0
		for output, rows := range moved {
			rest[output] = append(rest[output], rows...)
			found += len(rows)
		}
		if found != len(rows) {
			return fmt.Errorf("of %d rows of %s that were deleted meanwhile %d are in the new files: %w", len(rows), input, found, ErrUnsupported)
		}
	}
	if w.deletes, err = now.table.writeDeletes(ctx, w.Job, targets, rest); err != nil {
		return err
	}
	return w.tellCarried(ctx, now, h, fresh)
}

// othersOf are the rows of a delete file that lie in live files which are no inputs, and whether it has rows that were
// deleted since the base.
func (w *rewriting) othersOf(rows map[string][]int64, live map[string]File, fresh map[string][]int64) (others map[string][]int64, carries bool) {
	others = map[string][]int64{}
	for path, positions := range rows {
		if w.inputs[path] {
			carries = carries || slices.ContainsFunc(positions, func(n int64) bool {
				_, is := slices.BinarySearch(fresh[path], n)
				return is
			})
		} else if _, is := live[path]; is {
			others[path] = positions
		}
	}
	return others, carries
}

// fresh are the rows of the inputs that are deleted now and were not in the base.
func (w *rewriting) fresh(h hits) (map[string][]int64, error) {
	fresh := map[string][]int64{}
	for _, f := range w.Inputs {
		path := f.FilePath()
		var now []int64
		for _, rows := range h.rows {
			now = append(now, rows[path]...)
		}
		slices.Sort(now)
		now = slices.Compact(now)
		before := w.gone[path]
		for _, n := range now {
			for len(before) > 0 && before[0] < n {
				return nil, w.lost("rows of file %s came back", path)
			}
			if len(before) > 0 && before[0] == n {
				before = before[1:]
			} else if n >= 0 && n < f.Count() {
				fresh[path] = append(fresh[path], n)
			}
		}
		if len(before) > 0 {
			return nil, w.lost("rows of file %s came back", path)
		}
	}
	return fresh, nil
}

// stage puts the rewrite into a transaction.
func (w *rewriting) stage(ctx context.Context, tx *icetable.Transaction, t *Table, props iceberg.Properties) error {
	r := tx.NewRewrite(props)
	for _, f := range slices.Concat(w.Inputs, w.remove) {
		r.DeleteFile(f.DataFile)
	}
	for _, f := range w.Outputs {
		r.AddDataFile(f)
	}
	for _, f := range w.deletes { // with the highest sequence number of those that go, so above that of the outputs
		r.AddDeleteFile(f)
	}
	if len(w.Outputs) > 0 {
		r.DataSequenceNumber(w.through)
	}
	return stageRewrite(ctx, tx, t, r)
}
