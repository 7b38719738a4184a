package purge

import (
	"context"
	"fmt"
	"slices"

	"github.com/apache/iceberg-go"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs/maintain"
	"github.com/lakectl/lakectl/lake"
)

// reach tells which snapshots of a table reach files that held erased rows and are live no more: by an entry of a
// manifest, whether it says that the file is there or that it was removed. A row delete of such a file, which others
// may leave behind, holds nothing of a row. One whose manifests tell bounds of personal columns, of whatever file,
// counts like them. Each manifest is read once.
type reach struct {
	tells   func(iceberg.DataFile) bool
	old     map[string]bool   // files of due requests that main has no more
	kept    map[string]string // those that a hold keeps, and whose
	left    map[string]bool   // those with deleted rows that main has
	seen    map[string]sight  // by manifest
	reached map[string]bool   // the old ones that were seen
}

// sight is what a manifest names.
type sight struct {
	old, told, left bool
	kept            string
}

// reachOf is told by the files of a table that main has now.
func (w *work) reachOf(ctx context.Context, now lake.Snapshot, left map[string]bool) (*reach, error) {
	files, err := now.Files(ctx)
	if err != nil {
		return nil, err
	}
	live := make(map[string]bool, len(files))
	for _, f := range files {
		live[f.FilePath()] = true
	}
	table := now.Table().Name()
	r := &reach{tells: now.Table().Tells(catalog.PersonalColumns(table)), old: map[string]bool{}, kept: map[string]string{}, left: left, seen: map[string]sight{}, reached: map[string]bool{}}
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

// removedWith tells whether the entry of a removed file may tell of erased rows: that of such a file, or of its row
// deletes. A delete file that does not say whose it is may be of any.
func (r *reach) removedWith(f iceberg.DataFile) bool {
	of := lake.ReferencedDataFile(f)
	return r.old[f.FilePath()] || f.ContentType() != iceberg.EntryContentData && (of == nil || r.old[*of])
}

// doomed are the snapshots of a table but the current one that reach the files, and those that reach files which were
// left and that nobody needs: once the swept snapshot is gone, nobody could tell that they were searched. Where one of
// the former has files that a hold keeps, nothing is to go: that is all that is found.
func (r *reach) doomed(ctx context.Context, t *lake.Table, needs maintain.Needs) (list []lake.Snapshot, hold string, err error) {
	for _, s := range earlier(t) {
		is, err := r.look(ctx, s)
		if err != nil {
			return nil, "", err
		}
		if (is.old || is.told) && is.kept != "" {
			return nil, is.kept, nil
		}
		if is.old || is.told || is.left && is.kept == "" && unneeded(needs, t, s) {
			list = append(list, s)
		}
	}
	return list, "", nil
}

func unneeded(needs maintain.Needs, t *lake.Table, s lake.Snapshot) bool {
	consumers, others := needs.Of(t, []lake.Snapshot{s})
	return len(consumers)+len(others) == 0
}

// needed is who needs one of the snapshots that reach the files. They alone are read that somebody needs, one for each:
// so a request that is blocked costs little however often it is tried.
func (r *reach) needed(ctx context.Context, t *lake.Table, needs maintain.Needs) (consumers, others []maintain.Held, err error) {
	if consumers, others = needs.Of(t, earlier(t)); len(consumers)+len(others) == 0 {
		return nil, nil, nil
	}
	var found []lake.Snapshot
	known := map[string]bool{}
	for _, s := range earlier(t) {
		consumers, others := needs.Of(t, []lake.Snapshot{s})
		by := slices.Concat(consumers, others)
		if !slices.ContainsFunc(by, func(h maintain.Held) bool { return !known[h.For] }) {
			continue
		}
		is, err := r.look(ctx, s)
		if err != nil {
			return nil, nil, err
		}
		if !is.old && !is.told {
			continue
		}
		found = append(found, s)
		for _, h := range by {
			known[h.For] = true
		}
	}
	consumers, others = needs.Of(t, found)
	return consumers, others, nil
}

// earlier are the snapshots of a table but the current one.
func earlier(t *lake.Table) []lake.Snapshot {
	return slices.DeleteFunc(t.Snapshots(), func(s lake.Snapshot) bool { return s.ID() == t.Current().ID() })
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
			uri := e.DataFile().FilePath()
			old := r.old[uri]
			if old {
				r.reached[uri] = true
			}
			one.merge(sight{old: old, told: r.tells(e.DataFile()), left: r.left[uri], kept: r.kept[uri]})
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
	s.old, s.told, s.left = s.old || t.old, s.told || t.told, s.left || t.left
	if s.kept == "" {
		s.kept = t.kept
	}
}
