package lake

import (
	"context"

	"github.com/apache/iceberg-go"
	icetable "github.com/apache/iceberg-go/table"
)

// Changes is what happened to a table after one of its snapshots, compaction left out.
type Changes struct {
	// Added are the data files that came after the base and are still live.
	Added []File
	// Partitions holds the [PartitionValue] of every partition that gained or lost rows.
	Partitions map[any]bool
	// Broken says that the changes cannot be told: the base is no ancestor (expired, rolled back), or files
	// added after it were already compacted with older ones. The caller starts over from the whole table.
	Broken bool
}

// Changes tells what happened after the snapshot with id base; 0 means since the table was empty.
// Snapshots of operation replace move rows between files and change none, so they do not count.
func (s Snapshot) Changes(ctx context.Context, base int64) (Changes, error) {
	c := Changes{Partitions: map[any]bool{}}
	if s.ID() == base {
		return c, nil
	}
	if base == 0 {
		return s.everything(ctx)
	}
	chain, unbroken := s.Since(base)
	if !unbroken {
		c.Broken = true
		return c, nil
	}
	counted := map[int64]bool{}
	for _, at := range chain {
		if at.Operation() != string(icetable.OpReplace) {
			counted[at.ID()] = true
		}
	}
	for _, at := range chain {
		if err := at.touched(ctx, counted, &c); err != nil || c.Broken {
			return c, err
		}
	}
	files, err := s.Files(ctx)
	for _, f := range files {
		if counted[f.AddedBy] {
			c.Added = append(c.Added, f)
		}
	}
	return c, err
}

// everything is the changes since the table was empty: its live files, whatever history is left.
func (s Snapshot) everything(ctx context.Context) (Changes, error) {
	files, err := s.Files(ctx)
	c := Changes{Added: files, Partitions: map[any]bool{}}
	for _, f := range files {
		c.Partitions[PartitionValue(f)] = true
	}
	return c, err
}

// touched notes the partitions that one snapshot changed. A compaction that swallowed a file added after
// the base breaks the chain: its rows are no longer apart from older ones.
func (s Snapshot) touched(ctx context.Context, counted map[int64]bool, c *Changes) error {
	isReplace := !counted[s.ID()]
	visit := func(e iceberg.ManifestEntry) {
		if e.SnapshotID() != s.ID() || e.Status() == iceberg.EntryStatusEXISTING {
			return
		}
		if !isReplace {
			c.Partitions[PartitionValue(e.DataFile())] = true
			return
		}
		if e.Status() == iceberg.EntryStatusDELETED && e.DataFile().ContentType() == iceberg.EntryContentData && s.addedIn(counted, e) {
			c.Broken = true
		}
	}
	if err := s.entries(ctx, iceberg.ManifestContentData, s.ID(), false, visit); err != nil {
		return err
	}
	return s.entries(ctx, iceberg.ManifestContentDeletes, s.ID(), false, visit)
}

// addedIn tells whether a removed file had been added by one of the counted snapshots: a DELETED entry keeps
// the data sequence number of the snapshot that added the file.
func (s Snapshot) addedIn(counted map[int64]bool, e iceberg.ManifestEntry) bool {
	for id := range counted {
		if by := s.table.ice.SnapshotByID(id); by != nil && by.SequenceNumber == e.SequenceNum() {
			return true
		}
	}
	return false
}

// Since lists the snapshots after base, newest first, s among them; false when base is not an ancestor.
func (s Snapshot) Since(base int64) ([]Snapshot, bool) {
	var list []Snapshot
	for at := s.ice; at != nil; {
		if at.SnapshotID == base {
			return list, true
		}
		list = append(list, Snapshot{table: s.table, ice: at})
		if at.ParentSnapshotID == nil {
			return list, base == 0
		}
		at = s.table.ice.SnapshotByID(*at.ParentSnapshotID)
	}
	return nil, s.ice == nil && base == 0
}

// LastChange is the newest snapshot that changed rows: s itself or the nearest ancestor that is not a
// compaction. The zero snapshot when there is none left.
func (s Snapshot) LastChange() Snapshot {
	for at := s.ice; at != nil; {
		here := Snapshot{table: s.table, ice: at}
		if here.Operation() != string(icetable.OpReplace) {
			return here
		}
		if at.ParentSnapshotID == nil {
			break
		}
		at = s.table.ice.SnapshotByID(*at.ParentSnapshotID)
	}
	return Snapshot{table: s.table}
}
