package lake

import (
	"context"
	"fmt"
	"slices"
)

// DeletedRows are the row numbers that a snapshot's position deletes take away from some of its data files: ascending,
// each once, by the URI of the file. Files that lost none are not in it. About 8 B of memory a deleted row.
func (s Snapshot) DeletedRows(ctx context.Context, v *Verifier, files []File) (map[string][]int64, error) {
	all, err := s.DeleteFiles(ctx)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	wanted := make(map[string]bool, len(files))
	for _, f := range files {
		wanted[f.FilePath()] = true
	}
	apply := slices.DeleteFunc(all, func(f File) bool {
		ref := f.ReferencedDataFile()
		return ref != nil && !wanted[*ref]
	})
	deleted := map[string][]int64{}
	err = s.EachDeletes(ctx, v, apply, func(_ File, rows map[string][]int64) {
		for path, positions := range rows {
			if wanted[path] {
				deleted[path] = append(deleted[path], positions...)
			}
		}
	})
	if err != nil {
		return nil, err
	}
	for path, positions := range deleted {
		slices.Sort(positions)
		deleted[path] = slices.Compact(positions)
	}
	return deleted, nil
}

// EachDeletes verifies position delete files of a snapshot, and reads one after the other: positions by the URI of the
// data file.
func (s Snapshot) EachDeletes(ctx context.Context, v *Verifier, files []File, each func(f File, rows map[string][]int64)) error {
	if err := v.VerifyDeletes(ctx, s, files); err != nil {
		return err
	}
	for _, f := range files {
		rows, err := s.table.ReadPositions(ctx, f.FilePath())
		if err != nil {
			return fmt.Errorf("read position deletes of %s: %w", s.table.name, NameFile(f.FilePath(), err))
		}
		each(f, rows)
	}
	return nil
}
