package purge

import (
	"context"
	"fmt"

	"github.com/apache/iceberg-go"

	"github.com/lakectl/lakectl/lake"
)

// reach tells which snapshots of a table reach files that held erased rows and are live no more: by an entry of a
// manifest, whether it says that the file is there or that it was removed, or by a delete file of such a file. Each
// manifest is read once.
type reach struct {
	old  map[string]bool   // files of due requests that main has no more
	kept map[string]string // those that a hold keeps, and whose
	seen map[string]sight  // by manifest
}

// sight is what a manifest names.
type sight struct {
	old  bool
	kept string
}

// reachOf is told by the files of a table that main has now.
func (w *work) reachOf(ctx context.Context, now lake.Snapshot) (*reach, error) {
	files, err := now.Files(ctx)
	if err != nil {
		return nil, err
	}
	live := make(map[string]bool, len(files))
	for _, f := range files {
		live[f.FilePath()] = true
	}
	table := now.Table().Name()
	r := &reach{old: map[string]bool{}, kept: map[string]string{}, seen: map[string]sight{}}
	for uri := range w.paths[table] {
		if !live[uri] {
			r.old[uri] = true
		}
	}
	for uri, by := range w.kept[table] {
		if !live[uri] {
			r.kept[uri] = by
		}
	}
	return r, nil
}

// names tells whether an entry is of such a file.
func (r *reach) names(f iceberg.DataFile) bool {
	if r.old[f.FilePath()] {
		return true
	}
	of := f.ReferencedDataFile()
	return of != nil && r.old[*of]
}

// removedWith tells whether the entry of a removed file may tell of erased rows. A delete file that does not say whose
// it is may be of any.
func (r *reach) removedWith(f iceberg.DataFile) bool {
	return r.names(f) || f.ContentType() != iceberg.EntryContentData && f.ReferencedDataFile() == nil
}

// doomed are the snapshots of a table but the current one that reach the files, and the holds that keep some of them.
func (r *reach) doomed(ctx context.Context, t *lake.Table) (list []lake.Snapshot, holds map[string]bool, err error) {
	if len(r.old) == 0 {
		return nil, nil, nil
	}
	holds = map[string]bool{}
	for _, s := range t.Snapshots() {
		if s.ID() == t.Current().ID() {
			continue
		}
		is, err := r.look(ctx, s)
		if err != nil {
			return nil, nil, err
		}
		if is.old {
			list = append(list, s)
			if is.kept != "" {
				holds[is.kept] = true
			}
		}
	}
	return list, holds, nil
}

// look is what the manifests of a snapshot name together.
func (r *reach) look(ctx context.Context, s lake.Snapshot) (all sight, err error) {
	known := func(path string) bool {
		one, is := r.seen[path]
		all.merge(one)
		return is
	}
	err = s.EachOtherManifest(ctx, known, func(path string, entries []iceberg.ManifestEntry) error {
		var one sight
		for _, e := range entries {
			one.merge(sight{r.names(e.DataFile()), r.kept[e.DataFile().FilePath()]})
		}
		r.seen[path] = one
		all.merge(one)
		return nil
	})
	if err != nil {
		return all, fmt.Errorf("look for purged files: %w", err)
	}
	return all, nil
}

func (s *sight) merge(t sight) {
	s.old = s.old || t.old
	if s.kept == "" {
		s.kept = t.kept
	}
}
