package lake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/apache/iceberg-go"
	iceio "github.com/apache/iceberg-go/io"
	icetable "github.com/apache/iceberg-go/table"
)

// Bounds are what manifests tell of the values of columns that must not be told of.
type Bounds struct {
	Manifests int
	Entries   int // removed ones among them, which keep their bounds for as long as their manifest lives
}

// FindBounds counts the manifests of the snapshot, and the entries in them, that have bounds of columns. Our own files
// have none where the table's metrics properties say so; other engines may look at no such property.
func (s Snapshot) FindBounds(ctx context.Context, columns []string) (Bounds, error) {
	found, total, err := s.withBounds(ctx, s.table.fieldIDs(columns))
	total.Manifests = len(found)
	return total, err
}

// ManifestsWithBounds lists the manifests of snapshots of the table, by URI, that have bounds of columns. Each is read
// once.
func (t *Table) ManifestsWithBounds(ctx context.Context, columns []string, of []Snapshot) ([]string, error) {
	ids := t.fieldIDs(columns)
	storage, err := t.FS(ctx)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	var found []string
	seen := map[string]bool{}
	for _, s := range of {
		manifests, err := s.ice.Manifests(storage)
		if err != nil {
			return nil, fmt.Errorf("read manifest list of %s: %w", t.name, NameFile(s.ice.ManifestList, err))
		}
		for _, m := range manifests {
			if seen[m.FilePath()] {
				continue
			}
			seen[m.FilePath()] = true
			has, err := hasBounds(ctx, m, storage, ids)
			if err != nil {
				return nil, fmt.Errorf("read manifest of %s: %w", t.name, NameFile(m.FilePath(), err))
			}
			if has {
				found = append(found, m.FilePath())
			}
		}
	}
	return found, nil
}

func hasBounds(ctx context.Context, m iceberg.ManifestFile, storage iceio.IO, ids []int) (bool, error) {
	for e, err := range m.Entries(storage, false) {
		if err = errors.Join(err, ctx.Err()); err != nil {
			return false, err
		}
		if bounded(e.DataFile(), ids) {
			return true, nil
		}
	}
	return false, nil
}

// Tells is about entries of manifests: whether one has bounds of columns.
func (t *Table) Tells(columns []string) func(iceberg.DataFile) bool {
	ids := t.fieldIDs(columns)
	return func(f iceberg.DataFile) bool { return bounded(f, ids) }
}

func (t *Table) fieldIDs(columns []string) (ids []int) {
	for _, name := range columns {
		if c, has := t.Column(name); has {
			ids = append(ids, c.Field.ID)
		}
	}
	return ids
}

// withBounds are the manifests, by path, that have bounds of fields.
func (s Snapshot) withBounds(ctx context.Context, ids []int) (paths map[string]bool, total Bounds, err error) {
	if s.ice == nil || len(ids) == 0 {
		return nil, total, nil
	}
	storage, err := s.table.FS(ctx)
	if err != nil {
		return nil, total, err
	}
	manifests, err := s.ice.Manifests(storage)
	if err != nil {
		return nil, total, fmt.Errorf("read manifest list of %s: %w", s.table.name, NameFile(s.ice.ManifestList, err))
	}
	paths = map[string]bool{}
	for _, m := range manifests {
		for e, err := range m.Entries(storage, false) {
			if err = errors.Join(err, ctx.Err()); err != nil {
				return nil, total, fmt.Errorf("read manifest of %s: %w", s.table.name, NameFile(m.FilePath(), err))
			}
			if bounded(e.DataFile(), ids) {
				paths[m.FilePath()] = true
				total.Entries++
			}
		}
	}
	return paths, total, nil
}

func bounded(f iceberg.DataFile, ids []int) bool {
	lower, upper := f.LowerBoundValues(), f.UpperBoundValues()
	return slices.ContainsFunc(ids, func(id int) bool { return lower[id] != nil || upper[id] != nil })
}

// DropBounds takes the bounds of columns out of the manifests of main: those that have some are written anew in a
// snapshot of operation replace. Their entries keep all else: status, snapshot ids and sequence numbers, so nobody
// who walks from snapshot to snapshot finds a file added or removed. The manifests that are replaced go with the
// snapshots that have them, for which it stands in as that of [Lake.DropRemoved] does. No bounds, nothing written.
func (l *Lake) DropBounds(ctx context.Context, name, job string, columns []string) (Bounds, error) {
	change := manifestChange{doing: "drop bounds of " + name, says: Snapshot.standIn}
	change.find = func(ctx context.Context, now Snapshot) (manifestsOf, error) {
		paths, total, err := now.withBounds(ctx, now.table.fieldIDs(columns))
		return manifestsOf{paths: paths, entries: total.Entries}, err
	}
	change.entry = func(t *Table) func(AvroRecord) error {
		ids := t.fieldIDs(columns)
		return func(entry AvroRecord) error { return dropBounds(entry, ids) }
	}
	_, done, err := l.changeManifests(ctx, name, job, change)
	return Bounds{Manifests: len(done.paths), Entries: done.entries}, err
}

// commitSnapshot makes a snapshot of ours that is written already the newest of main.
func (l *Lake) commitSnapshot(ctx context.Context, t *Table, next *icetable.Snapshot, commitID string) error {
	last := lastCommit{Snapshot: next.SnapshotID, Sequence: next.SequenceNumber, Commit: commitID, State: stateOf(next.Summary.Properties), Altered: t.Altered()}
	text, err := json.Marshal(last)
	if err != nil {
		return err
	}
	requirements := []icetable.Requirement{
		icetable.AssertTableUUID(t.ice.Metadata().TableUUID()), icetable.AssertRefSnapshotID(icetable.MainBranch, next.ParentSnapshotID),
		sameSwept(t.Property(SweptProperty)),
	}
	after, _, err := l.catalog.CommitTable(ctx, l.identifier(t.name), requirements, []icetable.Update{
		icetable.NewAddSnapshotUpdate(next),
		icetable.NewSetSnapshotRefUpdate(icetable.MainBranch, next.SnapshotID, icetable.BranchRef, 0, 0, 0),
		icetable.NewSetPropertiesUpdate(iceberg.Properties{StateProperty: string(text)}),
	})
	if err == nil {
		t.dropOldMetadata(ctx, l.log, after)
	}
	return err
}

// dropBounds takes bounds out of one manifest entry. Iceberg stores them as arrays of pairs, with field ids as keys.
func dropBounds(entry AvroRecord, ids []int) error {
	data, ok := entry["data_file"].(AvroRecord)
	if !ok {
		return fmt.Errorf("a manifest entry without data_file: %w", ErrUnsupported)
	}
	for _, field := range []string{"lower_bounds", "upper_bounds"} {
		pairs, has := data[field].([]any)
		if !has {
			continue
		}
		data[field] = slices.DeleteFunc(pairs, func(p any) bool { return isBound(p, ids) })
	}
	return nil
}

// isBound tells whether a pair of a column and its bound is of one of the columns.
func isBound(p any, ids []int) bool {
	pair, _ := p.(AvroRecord)
	key, _ := pair["key"].(int32)
	return slices.Contains(ids, int(key))
}
