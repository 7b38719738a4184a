package lake

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/apache/iceberg-go"
	icetable "github.com/apache/iceberg-go/table"
)

// Summary properties of a snapshot that stands in for older ones: which these are, and the job that made the last
// change of rows among them.
const (
	standsFor    = "lakectl.stands-for"
	standsForJob = "lakectl.stands-for-job"
)

// manifestRemoved is the status of a manifest entry whose file was removed.
const manifestRemoved = int(iceberg.EntryStatusDELETED)

// DropRemoved takes the entries of removed files out of the manifests of main: all of them, where one is wanted. Such
// an entry names a file that is gone, with what it tells of the file's rows. The snapshot, of operation replace,
// stands in for those before it back to the last that changed rows: it has the same rows, so whoever covers one of
// them goes on from it (see [Snapshot.Since]), and they may expire. It returns the current snapshot where there is
// nothing to do.
func (l *Lake) DropRemoved(ctx context.Context, name, job string, wanted func(iceberg.DataFile) bool) (Snapshot, error) {
	after, _, err := l.changeManifests(ctx, name, job, manifestChange{
		doing: "drop entries of removed files of " + name,
		find: func(ctx context.Context, now Snapshot) (manifestsOf, error) {
			return now.withRemoved(ctx, wanted)
		},
		entry: func(*Table) func(AvroRecord) error {
			return func(entry AvroRecord) error {
				if status, is := entry["status"].(int32); is && int(status) == manifestRemoved {
					return errLeftOut
				}
				return nil
			}
		},
		list: func(m AvroRecord) {
			for key, none := range map[string]any{"deleted_files_count": int32(0), "deleted_rows_count": int64(0)} {
				if _, has := m[key]; has {
					m[key] = none
				}
			}
		},
		says: Snapshot.standIn,
	})
	return after, err
}

// withRemoved are the manifests that have entries of removed files, none where no such entry is wanted.
func (s Snapshot) withRemoved(ctx context.Context, wanted func(iceberg.DataFile) bool) (manifestsOf, error) {
	found := manifestsOf{paths: map[string]bool{}, empty: map[string]bool{}}
	some := false
	err := s.EachManifest(ctx, func(path string, entries []iceberg.ManifestEntry) error {
		removed := 0
		for _, e := range entries {
			if e.Status() == iceberg.EntryStatusDELETED {
				removed++
				some = some || wanted(e.DataFile())
			}
		}
		if removed > 0 {
			found.paths[path], found.empty[path] = true, removed == len(entries)
			found.entries += removed
		}
		return nil
	})
	if err != nil || !some {
		return manifestsOf{}, err
	}
	return found, nil
}

// EachManifest visits the manifests of a snapshot with all their entries, also those of removed files. The entries of
// one are in memory.
func (s Snapshot) EachManifest(ctx context.Context, visit func(path string, entries []iceberg.ManifestEntry) error) error {
	return s.EachOtherManifest(ctx, func(string) bool { return false }, visit)
}

// EachOtherManifest is [Snapshot.EachManifest] without those that are known: their files are not read.
func (s Snapshot) EachOtherManifest(ctx context.Context, known func(path string) bool, visit func(path string, entries []iceberg.ManifestEntry) error) error {
	if s.ice == nil {
		return nil
	}
	storage, err := s.table.FS(ctx)
	if err != nil {
		return err
	}
	manifests, err := s.ice.Manifests(storage)
	if err != nil {
		return fmt.Errorf("read manifest list of %s snapshot %d: %w", s.table.name, s.ID(), NameFile(s.ice.ManifestList, err))
	}
	for _, m := range manifests {
		if known(m.FilePath()) {
			continue
		}
		var entries []iceberg.ManifestEntry
		for e, err := range m.Entries(storage, false) {
			if err = errors.Join(err, ctx.Err()); err != nil {
				return fmt.Errorf("read manifest of %s snapshot %d: %w", s.table.name, s.ID(), NameFile(m.FilePath(), err))
			}
			entries = append(entries, e)
		}
		if err := visit(m.FilePath(), entries); err != nil {
			return err
		}
	}
	return nil
}

// ManifestPaths are the manifests of a snapshot.
func (s Snapshot) ManifestPaths(ctx context.Context) (paths []string, err error) {
	err = s.EachOtherManifest(ctx, func(path string) bool { paths = append(paths, path); return true }, nil)
	return paths, err
}

// standIn is what a snapshot on top of s says that stands in for s.
func (s Snapshot) standIn() map[string]string {
	var ids []string
	job := ""
	for at := range s.retained() {
		here := Snapshot{table: s.table, ice: at}
		ids = append(ids, strconv.FormatInt(at.SnapshotID, 10))
		if more := here.Property(standsFor); more != "" {
			ids, job = append(ids, more), here.Property(standsForJob)
			break
		}
		if here.Operation() != string(icetable.OpReplace) {
			job = here.Job()
			break
		}
	}
	return map[string]string{standsFor: strings.Join(ids, ","), standsForJob: job}
}

// StandsIn tells whether a snapshot stands in for older ones, which may have expired: see [Lake.DropRemoved].
func (s Snapshot) StandsIn() bool { return s.Property(standsFor) != "" }

// WithRowsOf is a snapshot by its id, or where it has expired the one that stands in for it and has the same rows.
// [ErrExpired] where both are gone.
func (t *Table) WithRowsOf(id int64) (Snapshot, error) {
	s, err := t.ByID(id)
	if !errors.Is(err, ErrExpired) {
		return s, err
	}
	for _, at := range t.Snapshots() {
		if at.standsInFor(id) {
			return at, nil
		}
	}
	return s, err
}

// standsInFor tells whether it does for one of them.
func (s Snapshot) standsInFor(id int64) bool {
	text := s.Property(standsFor)
	return text != "" && slices.Contains(strings.Split(text, ","), strconv.FormatInt(id, 10))
}
