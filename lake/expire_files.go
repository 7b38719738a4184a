package lake

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/apache/iceberg-go"
	iceio "github.com/apache/iceberg-go/io"
	icetable "github.com/apache/iceberg-go/table"
)

// candidateLimit bounds the paths of data files held in memory to find out whether something still refers to
// them; one manifest with more is one round. A path takes about 250 bytes.
const candidateLimit = 200_000

// sweep deletes the files of expired snapshots. In memory are the manifests, by path, of all snapshots left and
// expired (about 1 KB each), and the candidates of one round.
type sweep struct {
	storage iceio.WriteFileIO
	kept    []iceberg.ManifestFile // of the snapshots that are left, those of the newest first
	orphans []iceberg.ManifestFile // of expired snapshots only
	lists   []string               // manifest lists of expired snapshots
	done    Expired
	failed  []error // the first few files that could not be deleted
	failing int
}

// deleteFiles deletes what only snapshots referred to that were tried and are gone now: data and delete files, then
// manifests, then manifest lists, and older metadata files that the table no longer lists. Missing files are no
// error: another run or the purge of an erasure was faster. Snapshots that others add meanwhile refer to files of
// the current one or to new ones, so they lose none.
func (x *expiry) deleteFiles(ctx context.Context, now *Table) (Expired, error) {
	var gone []Snapshot
	for id, s := range x.tried {
		if now.ice.SnapshotByID(id) == nil {
			gone = append(gone, s)
		}
	}
	if len(gone) == 0 {
		return Expired{Later: x.later}, nil
	}
	storage, err := now.FS(ctx)
	if err != nil {
		return Expired{}, err
	}
	w := &sweep{storage: storage, done: x.done}
	w.done.Snapshots, w.done.Later = len(gone), x.later
	defer func() { x.done = w.done }()
	if err := w.readManifests(ctx, now.Snapshots(), gone); err != nil {
		return w.done, err
	}
	if err := w.deleteData(ctx); err != nil {
		return w.done, err
	}
	for _, m := range w.orphans {
		w.remove(ctx, m.FilePath(), m.Length())
	}
	for _, path := range slices.Concat(w.lists, x.statistics(now), x.oldMetadata(now)) {
		w.remove(ctx, path, w.size(path))
	}
	if w.failing > 0 {
		return w.done, WithHint(fmt.Errorf("%d files: %w", w.failing, errors.Join(w.failed...)),
			"the snapshots are expired; nothing refers to the files any more: give lakectl the right to delete files there, and delete these by hand")
	}
	return w.done, ctx.Err()
}

// readManifests finds the manifests that expired snapshots leave behind. Every manifest list of a snapshot that is
// left must be readable: otherwise nobody can tell what it refers to, and nothing is deleted.
func (w *sweep) readManifests(ctx context.Context, left, gone []Snapshot) error {
	lists, seen := map[string]bool{}, map[string]bool{}
	for _, s := range slices.Backward(left) {
		lists[s.ice.ManifestList] = true
		manifests, err := s.ice.Manifests(w.storage)
		if err = errors.Join(err, ctx.Err()); err != nil {
			return fmt.Errorf("read manifest list of snapshot %d: %w", s.ID(), NameFile(s.ice.ManifestList, err))
		}
		for _, m := range manifests {
			if path := m.FilePath(); !seen[path] {
				seen[path] = true
				w.kept = append(w.kept, m)
			}
		}
	}
	for _, s := range gone {
		manifests, err := s.ice.Manifests(w.storage)
		if missing(err) {
			continue
		}
		if err = errors.Join(err, ctx.Err()); err != nil {
			return fmt.Errorf("read manifest list of expired snapshot %d: %w", s.ID(), NameFile(s.ice.ManifestList, err))
		}
		if !lists[s.ice.ManifestList] {
			w.lists = append(w.lists, s.ice.ManifestList)
		}
		for _, m := range manifests {
			if path := m.FilePath(); !seen[path] {
				seen[path] = true
				w.orphans = append(w.orphans, m)
			}
		}
	}
	return nil
}

// deleteData deletes the files that manifests of expired snapshots name, whether as live or as removed, and that
// are live in no manifest left. It goes through the orphans in rounds of bounded size.
func (w *sweep) deleteData(ctx context.Context) error {
	candidates := map[string]int64{} // path to bytes
	for i, m := range w.orphans {
		for e, err := range m.Entries(w.storage, false) {
			if missing(err) {
				break
			}
			if err = errors.Join(err, ctx.Err()); err != nil {
				return fmt.Errorf("read expired manifest: %w", err)
			}
			candidates[e.DataFile().FilePath()] = e.DataFile().FileSizeBytes()
		}
		if len(candidates) < candidateLimit && i < len(w.orphans)-1 {
			continue
		}
		if err := w.spareLive(ctx, candidates); err != nil {
			return err
		}
		for path, bytes := range candidates {
			w.remove(ctx, path, bytes)
		}
		clear(candidates)
	}
	return nil
}

// spareLive takes out of the candidates what is live in a snapshot that is left. Most often all of it is live in the
// newest: then the manifests of the others are not read.
func (w *sweep) spareLive(ctx context.Context, candidates map[string]int64) error {
	for _, m := range w.kept {
		if len(candidates) == 0 {
			return nil
		}
		for e, err := range m.Entries(w.storage, true) {
			if err = errors.Join(err, ctx.Err()); err != nil {
				return fmt.Errorf("read manifest: %w", err)
			}
			delete(candidates, e.DataFile().FilePath())
		}
	}
	return nil
}

// statistics are the statistics files of expired snapshots, which other engines write.
func (x *expiry) statistics(now *Table) []string {
	listed := map[string]bool{}
	for f := range now.ice.Metadata().Statistics() {
		listed[f.StatisticsPath] = true
	}
	for f := range now.ice.Metadata().PartitionStatistics() {
		listed[f.StatisticsPath] = true
	}
	var paths []string
	for id, s := range x.tried {
		for f := range s.table.ice.Metadata().Statistics() {
			if f.SnapshotID == id && !listed[f.StatisticsPath] {
				paths = append(paths, f.StatisticsPath)
			}
		}
		for f := range s.table.ice.Metadata().PartitionStatistics() {
			if f.SnapshotID == id && !listed[f.StatisticsPath] {
				paths = append(paths, f.StatisticsPath)
			}
		}
	}
	return paths
}

// oldMetadata are metadata files that the table listed before the expiry and lists no more. A transaction of
// iceberg-go deletes what it drops from that list; a commit straight to the catalog does not.
func (x *expiry) oldMetadata(now *Table) []string {
	if !now.ice.Properties().GetBool(icetable.MetadataDeleteAfterCommitEnabledKey, false) {
		return nil
	}
	listed := map[string]bool{now.ice.MetadataLocation(): true}
	for m := range now.ice.Metadata().PreviousFiles() {
		listed[m.MetadataFile] = true
	}
	var paths []string
	for path := range x.metadata {
		if !listed[path] {
			paths = append(paths, path)
		}
	}
	return paths
}

// remove deletes a file. One that cannot be deleted does not keep the others from being deleted.
func (w *sweep) remove(ctx context.Context, path string, bytes int64) {
	if ctx.Err() != nil {
		return
	}
	err := w.storage.Remove(path)
	switch {
	case err == nil:
		w.done.Files++
		w.done.Bytes += bytes
	case !missing(err):
		if w.failing++; w.failing <= 3 {
			w.failed = append(w.failed, err)
		}
	}
}

// size is how long a file is, 0 when nobody can tell.
func (w *sweep) size(path string) int64 {
	f, err := w.storage.Open(path)
	if err != nil {
		return 0
	}
	defer f.Close() //nolint:errcheck // read only
	info, err := f.Stat()
	if err != nil {
		return 0
	}
	return info.Size()
}

func missing(err error) bool { return errors.Is(err, fs.ErrNotExist) }
