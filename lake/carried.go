package lake

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	icetable "github.com/apache/iceberg-go/table"
)

// Carried are rows that a rewrite takes along though they were deleted meanwhile.
type Carried struct {
	Output string
	Rows   int64
	By     int64 // the snapshot that has the delete, which may have expired
}

// tellCarried tells the caller which deleted rows the outputs hold, by who deleted them.
func (w *rewriting) tellCarried(ctx context.Context, now Snapshot, h hits, fresh map[string][]int64) error {
	if len(fresh) == 0 || w.Carry == nil {
		return nil
	}
	h, err := w.deleters(ctx, now, h)
	if err != nil {
		return err
	}
	rows := map[Carried]int64{} // by output and snapshot
	for i, f := range h.files {
		for input, gone := range fresh {
			here := slices.DeleteFunc(slices.Clone(h.rows[i][input]), func(n int64) bool { return !has(gone, n) })
			if len(here) == 0 {
				continue
			}
			slices.Sort(here)
			moved, err := w.Moved(input, here)
			if err != nil {
				return err
			}
			for output, at := range moved {
				rows[Carried{Output: output, By: f.AddedBy}] += int64(len(at))
			}
		}
	}
	list := make([]Carried, 0, len(rows))
	for c, n := range rows {
		list = append(list, Carried{Output: c.Output, Rows: n, By: c.By})
	}
	slices.SortFunc(list, func(a, b Carried) int { return cmp.Or(strings.Compare(a.Output, b.Output), cmp.Compare(a.By, b.By)) })
	if err := w.Carry(ctx, list); err != nil {
		return fmt.Errorf("write down rows that were deleted meanwhile: %w", err)
	}
	return nil
}

// deleters are the delete files by which rows of the inputs went since the base: those of the commits that deleted the
// rows. A merge of delete files took these away meanwhile, or another engine's delete that has earlier rows in its file
// too; rows of h that no such commit has come last. Where the commits are not known any more the rewrite is lost: rows
// on record for a batch that did not delete them would outlive its purge.
func (w *rewriting) deleters(ctx context.Context, now Snapshot, h hits) (by hits, err error) {
	since, told := now.Since(w.Base.ID())
	if !told {
		return by, w.lost("what came after snapshot %d is not known any more", w.Base.ID())
	}
	for _, s := range since {
		if op := s.Operation(); op == string(icetable.OpReplace) || op == string(icetable.OpAppend) {
			continue
		}
		files, err := s.DeleteFiles(ctx)
		if err != nil {
			return by, err
		}
		files = slices.DeleteFunc(files, func(f File) bool { return f.AddedBy != s.ID() })
		if err := w.read(ctx, s, files, &by); err != nil {
			return by, err
		}
	}
	known := map[string][]int64{}
	for _, rows := range by.rows {
		for path, positions := range rows {
			known[path] = append(known[path], positions...)
		}
	}
	for _, positions := range known {
		slices.Sort(positions)
	}
	for i, f := range h.files {
		rest := map[string][]int64{}
		for path, positions := range h.rows[i] {
			rest[path] = slices.DeleteFunc(slices.Clone(positions), func(n int64) bool { return has(known[path], n) })
		}
		by.files, by.rows = append(by.files, f), append(by.rows, rest)
	}
	return by, nil
}

// has tells whether a sorted list has a number.
func has(list []int64, n int64) bool {
	_, is := slices.BinarySearch(list, n)
	return is
}
