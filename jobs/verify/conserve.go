package verify

import (
	"context"
	"fmt"
	"slices"

	"github.com/lakectl/lakectl/jobs/verify/recount"
	"github.com/lakectl/lakectl/lake"
)

// Rows is what the newest snapshot of a table has, as its files were decoded.
type Rows struct {
	Table   string `json:"table"`
	Files   int    `json:"files"`
	Rows    int64  `json:"rows"`    // in the files
	Deleted int64  `json:"deleted"` // of them, each once
	Left    int64  `json:"left"`
	Wrong   string `json:"wrong,omitempty"` // what the metadata says else
}

// conserved holds what was decoded of the newest snapshots against their manifests and summaries.
func (l *look) conserved(ctx context.Context, heads []lake.Snapshot) (all []Rows, err error) {
	for _, s := range heads {
		r := Rows{Table: s.Table().Name()}
		if s.ID() != 0 {
			if err := l.conserve(ctx, s, &r); err != nil {
				return all, fmt.Errorf("count the rows of %s: %w", r.Table, err)
			}
		}
		r.Left = r.Rows - r.Deleted
		all = append(all, r)
	}
	return all, nil
}

func (l *look) conserve(ctx context.Context, s lake.Snapshot, r *Rows) error {
	files, err := s.Files(ctx)
	if err != nil {
		return err
	}
	deletes, err := s.DeleteFiles(ctx)
	if err != nil {
		return err
	}
	deleted, err := recount.DeletedRows(ctx, s)
	if err != nil {
		return err
	}
	for _, f := range files {
		rows, err := l.decoded(f, r)
		if err != nil {
			return err
		}
		gone := slices.Compact(deleted(f.FilePath()))
		past, _ := slices.BinarySearch(gone, rows)
		if past < len(gone) {
			r.wrong("a row delete names row %d of %s, which has %d", gone[past], f.FilePath(), rows)
		}
		r.Files, r.Rows, r.Deleted = r.Files+1, r.Rows+rows, r.Deleted+int64(past)
	}
	positions := int64(0)
	for _, f := range deletes {
		n, err := l.decoded(f, r)
		if err != nil {
			return err
		}
		positions += n
	}
	return l.summed(ctx, s, r, map[string]int64{totalRecords: r.Rows, totalFiles: int64(r.Files), totalPositions: positions})
}

// decoded is how many rows were decoded of a file; its manifest must say the same.
func (l *look) decoded(f lake.File, r *Rows) (int64, error) {
	path, err := lake.LocalPath(f.FilePath())
	if err != nil {
		return 0, err
	}
	n, is := l.rows[path]
	switch {
	case !is:
		r.wrong("%s was not decoded", f.FilePath())
	case n != f.Count():
		r.wrong("a manifest says that %s has %d rows, and it is %d", f.FilePath(), f.Count(), n)
	}
	return n, nil
}

// wrong notes the first that is.
func (r *Rows) wrong(format string, args ...any) {
	if r.Wrong == "" {
		r.Wrong = fmt.Sprintf(format, args...)
	}
}
