package purge

import (
	"context"
	"slices"
	"strings"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/erase/book"
)

// Removed lists the data files on record that held erased rows and are live no more, as paths below the place of their
// table: what a certificate counts. It is the same whenever it is asked, until the next erasure.
func Removed(ctx context.Context, env jobs.Env) (paths []string, err error) {
	files, err := book.ReadFiles(ctx, env)
	if err != nil {
		return nil, err
	}
	live, places := map[string]bool{}, map[string]string{}
	for _, table := range catalog.ErasedFrom {
		now, err := env.Snapshot(ctx, table)
		if err != nil {
			return nil, err
		}
		places[table] = now.Table().Location() + "/"
		all, err := now.Files(ctx)
		if err != nil {
			return nil, err
		}
		for _, f := range all {
			live[f.FilePath()] = true
		}
	}
	seen := map[string]bool{}
	for _, f := range files {
		if path := f.Table + "/" + strings.TrimPrefix(f.URI, places[f.Table]); !live[f.URI] && !seen[path] {
			seen[path] = true
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return paths, nil
}
