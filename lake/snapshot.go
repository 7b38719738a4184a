package lake

import (
	"context"
	"encoding/json"
	"fmt"
	"sort"
	"strconv"
	"time"

	"github.com/apache/iceberg-go"
	iceio "github.com/apache/iceberg-go/io"
	icetable "github.com/apache/iceberg-go/table"
)

const (
	commitIDKey = "lakectl.commit-id"
	jobKey      = "lakectl.job"
)

// Table is a table as the catalog had it when it was loaded.
type Table struct {
	name    string
	ice     *icetable.Table
	last    *lastCommit                 // of ours, as a property of the table says; nil: it does not
	older   map[int64]icetable.Snapshot // expired ones below main, as older metadata files tell; see [Table.recall]
	proven  int64                       // where the line of main breaks off although it is known to reach last; 0: it does not
	columns []Column
	spec    iceberg.PartitionSpec // the one that init made, which need not be the table's newest
	order   int                   // id of the sort order of the spec; icetable.UnsortedSortOrderID: the table lacks it
	// startsOver is that of the spec.
	startsOver bool
	unused     *unusedNames   // of the lake; nil for a table that no catalog names
	kept       *keptManifests // of the lake; nil for a table that no catalog names
}

// Name is the table's name without the namespace.
func (t *Table) Name() string { return t.name }

// Property is a property of the table, "" when it is not set.
func (t *Table) Property(key string) string { return properties(t.ice.Metadata())[key] }

// Spec is the partition spec that the table was made with, under which all files of lakectl are written.
func (t *Table) Spec() iceberg.PartitionSpec { return t.spec }

// Location is the URI of the table's folder.
func (t *Table) Location() string { return t.ice.Location() }

// MetadataURI is the file with the table's metadata, which every commit writes anew.
func (t *Table) MetadataURI() string { return t.ice.MetadataLocation() }

// FS opens the storage the table lies on.
func (t *Table) FS(ctx context.Context) (iceio.WriteFileIO, error) {
	fs, err := t.ice.FS(ctx)
	if err != nil {
		return nil, fmt.Errorf("open storage of %s: %w", t.name, err)
	}
	w, ok := fs.(iceio.WriteFileIO)
	if !ok {
		return nil, fmt.Errorf("storage of %s is read-only", t.name)
	}
	return w, nil
}

// Current is the newest snapshot on main; the zero ID when nothing was committed yet.
func (t *Table) Current() Snapshot { return Snapshot{table: t, ice: t.ice.CurrentSnapshot()} }

// Empty is the table before its first snapshot.
func (t *Table) Empty() Snapshot { return Snapshot{table: t} }

// ByID finds a retained snapshot. A missing one is [ErrExpired], named with the oldest left.
func (t *Table) ByID(id int64) (Snapshot, error) {
	if id == 0 {
		return t.Empty(), nil
	}
	if s := t.ice.SnapshotByID(id); s != nil {
		return Snapshot{table: t, ice: s}, nil
	}
	return Snapshot{}, t.expired(fmt.Sprintf("snapshot %d", id))
}

// ByTag finds the snapshot a tag or branch names.
func (t *Table) ByTag(tag string) (Snapshot, error) {
	if s := t.ice.SnapshotByName(tag); s != nil {
		return Snapshot{table: t, ice: s}, nil
	}
	return Snapshot{}, fmt.Errorf("tag %s of table %s: %w", tag, t.name, ErrNotFound)
}

// AsOf is the snapshot that was current at a time, or the newest kept one before it where snapshots have been
// thinned out: the empty table before its first commit, [ErrExpired] where the snapshots of that time are gone.
//
// The table's own log of what was current, which knows rollbacks, ends at the newest snapshot that was expired.
// Before that the snapshots themselves tell.
func (t *Table) AsOf(at time.Time) (Snapshot, error) {
	if s := t.ice.SnapshotAsOf(at.UnixMilli(), true); s != nil {
		return Snapshot{table: t, ice: s}, nil
	}
	all := t.Snapshots()
	var found Snapshot
	for _, s := range all {
		if s.ice.TimestampMs <= at.UnixMilli() && (found.ice == nil || s.ice.TimestampMs >= found.ice.TimestampMs) {
			found = s
		}
	}
	if found.ice != nil {
		return found, nil
	}
	if len(all) == 0 || first(all[0].ice) {
		return t.Empty(), nil
	}
	return Snapshot{}, t.expired("snapshot of " + at.UTC().Format(time.RFC3339))
}

func (t *Table) expired(what string) error {
	err := fmt.Errorf("%s of table %s: %w", what, t.name, ErrExpired)
	all := t.Snapshots()
	if len(all) == 0 {
		return WithHint(err, "table %s has no snapshot at all", t.name)
	}
	oldest := all[0]
	return WithHint(err, "the oldest left is %d of %s; list them with 'lakectl snapshots %s'",
		oldest.ID(), oldest.Time().Format(time.RFC3339), t.name)
}

// Snapshots lists the retained snapshots, oldest first.
func (t *Table) Snapshots() []Snapshot {
	list := make([]Snapshot, 0, len(t.ice.Metadata().Snapshots()))
	for _, s := range t.ice.Metadata().Snapshots() {
		list = append(list, Snapshot{table: t, ice: &s})
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Sequence() < list[j].Sequence() })
	return list
}

// Tags maps the names of tags to the snapshots they keep.
func (t *Table) Tags() map[string]int64 {
	tags := map[string]int64{}
	for name, ref := range t.ice.Metadata().Refs() {
		if ref.SnapshotRefType == icetable.TagRef {
			tags[name] = ref.SnapshotID
		}
	}
	return tags
}

// Snapshot is a table at one of its snapshots. A Snapshot with ID 0 is the empty table.
type Snapshot struct {
	table *Table
	ice   *icetable.Snapshot
}

// SnapshotIDs are ids of snapshots. In JSON they are strings, as every single one is: they use all 63 bits, and what
// reads JSON numbers as doubles rounds beyond 53.
type SnapshotIDs []int64

// MarshalJSON writes a list of strings.
func (ids SnapshotIDs) MarshalJSON() ([]byte, error) {
	list := make([]string, len(ids))
	for i, id := range ids {
		list[i] = strconv.FormatInt(id, 10)
	}
	return json.Marshal(list)
}

// Table is the handle this snapshot was read from.
func (s Snapshot) Table() *Table { return s.table }

// ID is the snapshot id, 0 for the empty table.
func (s Snapshot) ID() int64 {
	if s.ice == nil {
		return 0
	}
	return s.ice.SnapshotID
}

// Sequence is the snapshot's sequence number; it grows by one with each commit to the table.
func (s Snapshot) Sequence() int64 {
	if s.ice == nil {
		return 0
	}
	return s.ice.SequenceNumber
}

// Time is when the snapshot was made, UTC, to the millisecond.
func (s Snapshot) Time() time.Time {
	if s.ice == nil {
		return time.Time{}
	}
	return time.UnixMilli(s.ice.TimestampMs).UTC()
}

// Operation is append, overwrite, delete or replace; "" for the empty table.
func (s Snapshot) Operation() string {
	if s.ice == nil || s.ice.Summary == nil {
		return ""
	}
	return string(s.ice.Summary.Operation)
}

// Job is the job of ours that made the snapshot, "" for another engine's.
func (s Snapshot) Job() string { return s.Property(jobKey) }

// Property is one entry of the snapshot's own summary.
func (s Snapshot) Property(key string) string {
	if s.ice == nil || s.ice.Summary == nil {
		return ""
	}
	return s.ice.Summary.Properties[key]
}

// Schema is the schema to read the snapshot with: the one it was written under, and for the newest that of the
// table, which may have got columns since.
func (s Snapshot) Schema() *iceberg.Schema {
	if s.ID() == s.table.Current().ID() {
		return s.table.ice.Schema()
	}
	return s.WrittenSchema()
}

// WrittenSchema is the schema that the snapshot was written under, the newest too: that of the table where it names
// none.
func (s Snapshot) WrittenSchema() *iceberg.Schema {
	if s.ice != nil && s.ice.SchemaID != nil {
		if schema, ok := s.table.ice.Schemas()[*s.ice.SchemaID]; ok {
			return schema
		}
	}
	return s.table.ice.Schema()
}
