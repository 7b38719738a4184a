package lake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/apache/iceberg-go"
	icetable "github.com/apache/iceberg-go/table"
	"github.com/google/uuid"
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
// snapshots that have them. No bounds, nothing written.
func (l *Lake) DropBounds(ctx context.Context, name, job string, columns []string) (Bounds, error) {
	id, written := uuid.NewString(), map[string]copied{}
	var done Bounds
	var r rounds
	for r.next(ctx) {
		t, err := l.Table(ctx, name)
		if err != nil {
			r.notLoaded(err)
			continue
		}
		if _, landed := t.Current().findCommit(id); landed {
			return done, nil
		}
		if r.settled(t) {
			break
		}
		ids := t.fieldIDs(columns)
		paths, total, err := t.Current().withBounds(ctx, ids)
		if err != nil || len(paths) == 0 {
			return Bounds{}, wrap(err, "find bounds in "+name)
		}
		done = Bounds{Manifests: len(paths), Entries: total.Entries}
		if err := t.onTime(time.Now()); err != nil {
			return Bounds{}, err
		}
		if err := l.replaceManifests(ctx, t, Commit{Job: job}, id, ids, paths, written); err != nil {
			l.log.Debug("manifests not confirmed", "table", name, "attempt", r.attempt, "error", err)
			r.notConfirmed(err)
		}
	}
	return Bounds{}, r.failed("drop bounds of "+name, "check that the catalog and the warehouse can be written, then run the command again")
}

// copied is a manifest that was written anew.
type copied struct {
	uri   string
	bytes int64
}

// replaceManifests commits a snapshot that differs from the current one by copies of manifests.
func (l *Lake) replaceManifests(ctx context.Context, t *Table, c Commit, commitID string, ids []int, paths map[string]bool, written map[string]copied) error {
	now := t.Current()
	folder := t.MetadataURI()[:strings.LastIndex(t.MetadataURI(), "/")+1]
	for path := range paths {
		if _, done := written[path]; done {
			continue
		}
		to := folder + uuid.NewString() + "-m0.avro"
		bytes, err := CopyAvro(ctx, path, to, false, nil, func(entry AvroRecord) error { return dropBounds(entry, ids) })
		if err != nil {
			return err
		}
		written[path] = copied{to, bytes}
	}
	props, err := c.summary(now, commitID, nil)
	if err != nil {
		return err
	}
	for key, value := range now.ice.Summary.Properties {
		if strings.HasPrefix(key, "total-") {
			props[key] = value
		}
	}
	next := icetable.Snapshot{
		SnapshotID: rand.Int64N(1<<62) + 1, ParentSnapshotID: &now.ice.SnapshotID, SequenceNumber: t.ice.Metadata().LastSequenceNumber() + 1,
		TimestampMs: max(time.Now().UnixMilli(), t.ice.Metadata().LastUpdatedMillis()), SchemaID: now.ice.SchemaID,
		Summary: &icetable.Summary{Operation: icetable.OpReplace, Properties: props},
	}
	next.ManifestList = fmt.Sprintf("%ssnap-%d-0-%s.avro", folder, next.SnapshotID, commitID)
	header := map[string]string{
		"snapshot-id": strconv.FormatInt(next.SnapshotID, 10), "parent-snapshot-id": strconv.FormatInt(now.ID(), 10),
		"sequence-number": strconv.FormatInt(next.SequenceNumber, 10),
	}
	_, err = CopyAvro(ctx, now.ice.ManifestList, next.ManifestList, false, header, func(m AvroRecord) error {
		if path, _ := m["manifest_path"].(string); paths[path] {
			m["manifest_path"], m["manifest_length"] = written[path].uri, written[path].bytes
		}
		return nil
	})
	if err != nil {
		return err
	}
	return l.commitSnapshot(ctx, t, &next, commitID)
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
	_, _, err = l.catalog.CommitTable(ctx, l.identifier(t.name), requirements, []icetable.Update{
		icetable.NewAddSnapshotUpdate(next),
		icetable.NewSetSnapshotRefUpdate(icetable.MainBranch, next.SnapshotID, icetable.BranchRef, -1, -1, -1),
		icetable.NewSetPropertiesUpdate(iceberg.Properties{StateProperty: string(text)}),
	})
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
		data[field] = slices.DeleteFunc(pairs, func(p any) bool {
			pair, _ := p.(AvroRecord)
			key, _ := pair["key"].(int32)
			return slices.Contains(ids, int(key))
		})
	}
	return nil
}
