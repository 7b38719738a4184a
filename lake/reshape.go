package lake

import (
	"context"
	"slices"
	"strings"

	"github.com/apache/iceberg-go"
	icetable "github.com/apache/iceberg-go/table"
)

// reshaping is a change of files that keeps the rows: a rewrite, or a merge of delete files. What it takes away and
// adds is worked out for each attempt, unless what that goes by is as before.
type reshaping interface {
	onto(ctx context.Context, now Snapshot) error
	stage(ctx context.Context, tx *icetable.Transaction, t *Table, props iceberg.Properties) error
}

// basisOf is what the work of an attempt goes by: delete files, which of the data files that they name are live, and
// the last sweep of orphans, for that may have taken what was written before it. It is never empty.
func basisOf(now Snapshot, deletes []File, named []string, live map[string]File) string {
	var paths []string
	for _, f := range deletes {
		paths = append(paths, f.FilePath())
	}
	slices.Sort(paths)
	paths = append(paths, "live:")
	for _, path := range named {
		if _, is := live[path]; is {
			paths = append(paths, path)
		}
	}
	return now.table.Property(SweptProperty) + "\n" + strings.Join(paths, "\n")
}

// liveFiles are the live data files by their URI.
func (s Snapshot) liveFiles(ctx context.Context) (map[string]File, error) {
	files, err := s.Files(ctx)
	live := make(map[string]File, len(files))
	for _, f := range files {
		live[f.FilePath()] = f
	}
	return live, err
}

// stageRewrite ends the making of a rewrite.
func stageRewrite(ctx context.Context, tx *icetable.Transaction, t *Table, r *icetable.RewriteFiles) error {
	if err := r.Commit(ctx); err != nil {
		return err
	}
	if t.Property(nameMapping) == "" {
		return tx.RemoveProperties([]string{nameMapping})
	}
	return nil
}
