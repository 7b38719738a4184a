package lake

import (
	"context"
	"errors"
	"slices"

	"github.com/apache/iceberg-go"
	icetable "github.com/apache/iceberg-go/table"
)

// Changes is what happened to a table after one of its snapshots, compaction left out.
type Changes struct {
	// Added are the data files that came after the base, are still live, and hold only rows that came with them.
	// Those in torn partitions are left out.
	Added []File
	// Partitions holds the [PartitionValue] of every partition that gained or lost rows.
	Partitions map[any]bool
	// Torn holds the days or months whose files do not tell the rows that came from the rows that went: another
	// engine took rows away or put them into other files, or a compaction put rows that came after the base
	// together with older ones. The caller compares these partitions row by row.
	Torn map[int]bool
	// Foreign are the snapshots of other engines that took rows away or brought some back, oldest first.
	Foreign SnapshotIDs
	// Idle says that there was nothing but compaction since the base.
	Idle bool
	// Broken says that the changes cannot be told: the base is no ancestor (expired, rolled back), or a torn
	// partition is under a partition spec that is not the table's own. The caller starts over from the whole table.
	Broken bool
}

// Changes tells what happened after the snapshot with id base; 0 means since the table was empty.
// Snapshots of operation replace move rows between files and change none, so they do not count.
func (s Snapshot) Changes(ctx context.Context, base int64) (Changes, error) {
	if s.ID() == base {
		return Changes{Idle: true}, nil
	}
	if base == 0 {
		return s.everything(ctx)
	}
	chain, unbroken := s.Since(base)
	if !unbroken {
		return Changes{Broken: true}, nil
	}
	w := walk{
		Changes: Changes{Partitions: map[any]bool{}, Torn: map[int]bool{}, Idle: true},
		counted: map[int64]bool{}, news: map[int64]bool{}, appended: map[int64]bool{},
	}
	slices.Reverse(chain)
	w.from = chain[0].Sequence()
	for _, at := range chain {
		if err := w.step(ctx, at); err != nil {
			return w.Changes, err
		}
	}
	if w.Broken || w.Idle {
		return w.Changes, nil
	}
	files, err := s.Files(ctx)
	for _, f := range files {
		if !w.counted[f.AddedBy] {
			continue
		}
		part := PartitionValue(f)
		w.Partitions[part] = true
		if day, ok := part.(int); !ok || !w.Torn[day] {
			w.Added = append(w.Added, f)
		}
	}
	return w.Changes, err
}

// ChangedByOthers is the sequence number of the newest snapshot with which, by its changes, another engine took rows
// away or changed them; the next that the table will have where the changes cannot be told, and 0 where nobody did.
func (s Snapshot) ChangedByOthers(c Changes) (newest int64) {
	if c.Broken {
		last := s.table.ice.Metadata().LastSequenceNumber()
		if s.Sequence() == last {
			return last // a run over s has seen what it was
		}
		return last + 1
	}
	for _, id := range c.Foreign {
		if at := s.table.ice.SnapshotByID(id); at != nil {
			newest = max(newest, at.SequenceNumber)
		}
	}
	return newest
}

// InPartitions picks the files that may hold rows of days or months: those of these partitions, and those that lie
// under another partition spec, which do not say.
func InPartitions(files []File, parts map[int]bool) []File {
	var picked []File
	for _, f := range files {
		if part, known := PartitionValue(f).(int); !known || parts[part] {
			picked = append(picked, f)
		}
	}
	return picked
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

// walk gathers changes snapshot by snapshot, oldest first.
type walk struct {
	Changes
	from    int64          // sequence number of the first snapshot after the base
	counted map[int64]bool // ids of the snapshots whose files hold news and nothing else
	// news are the sequence numbers of the snapshots whose files hold rows that came after the base. A DELETED
	// entry keeps the data sequence number of its file, which tells when the rows came.
	news map[int64]bool
	// appended are those of them of which the manifests were not read.
	appended map[int64]bool
}

// step notes what one snapshot did.
func (w *walk) step(ctx context.Context, at Snapshot) error {
	compacts := at.Operation() == string(icetable.OpReplace)
	if !compacts {
		w.Idle, w.counted[at.ID()], w.news[at.Sequence()] = false, true, true
	}
	if at.appends() {
		w.appended[at.Sequence()] = true
		return nil
	}
	did, err := at.deeds(ctx)
	if err != nil {
		return err
	}
	if compacts {
		w.compacted(at, did)
		return nil
	}
	for _, entries := range did.all() {
		for _, e := range entries {
			w.Partitions[at.table.partitionOfFile(e.DataFile())] = true
		}
	}
	if isOurs(at.ice) || len(did.removed)+len(did.deletes)+len(did.revived) == 0 {
		return nil
	}
	w.Foreign = append(w.Foreign, at.ID())
	for _, entries := range did.all() {
		w.tear(at.table, entries)
	}
	return nil
}

// appends tells whether lakectl added data files with a snapshot, and nothing else. Its manifests need not be read to
// tell what it did, and a day of small commits has thousands: each file is among the live ones, or among those that a
// later snapshot removed.
func (s Snapshot) appends() bool {
	return isOurs(s.ice) && s.Operation() == string(icetable.OpAppend)
}

// compacted notes a compaction that took up files with news. Where all of its rows are news, they are now what came.
// Otherwise they are no longer apart from older ones, and the partitions are torn. A later compaction may take up its
// files.
func (w *walk) compacted(at Snapshot, did deeds) {
	swallowed := slices.DeleteFunc(slices.Clone(did.removed), func(e iceberg.ManifestEntry) bool { return !w.news[e.SequenceNum()] })
	if len(swallowed) == 0 {
		return
	}
	w.news[at.Sequence()] = true
	for _, e := range swallowed {
		if w.appended[e.SequenceNum()] {
			w.Partitions[at.table.partitionOfFile(e.DataFile())] = true
		}
	}
	if at.rewrittenSince() >= w.from {
		w.counted[at.ID()] = true
		return
	}
	w.tear(at.table, swallowed)
	for _, e := range did.added {
		if _, known := at.table.partitionOfFile(e.DataFile()).(int); !known {
			w.Broken = true
		}
	}
}

func (w *walk) tear(t *Table, entries []iceberg.ManifestEntry) {
	for _, e := range entries {
		part, known := t.partitionOfFile(e.DataFile()).(int)
		if !known {
			w.Broken = true
			return
		}
		w.Torn[part] = true
	}
}

// deeds are the manifest entries with which a snapshot says what it did.
type deeds struct {
	added, removed   []iceberg.ManifestEntry // data files
	deletes, revived []iceberg.ManifestEntry // delete files that came, and that went
}

func (d deeds) all() [][]iceberg.ManifestEntry {
	return [][]iceberg.ManifestEntry{d.added, d.removed, d.deletes, d.revived}
}

// deeds reads the entries of the manifests that the snapshot wrote.
func (s Snapshot) deeds(ctx context.Context) (d deeds, err error) {
	err = s.entries(ctx, s.ID(), false, func(e iceberg.ManifestEntry) {
		came, went := &d.added, &d.removed
		if e.DataFile().ContentType() != iceberg.EntryContentData {
			came, went = &d.deletes, &d.revived
		}
		switch {
		case e.SnapshotID() != s.ID():
		case e.Status() == iceberg.EntryStatusADDED:
			*came = append(*came, e)
		case e.Status() == iceberg.EntryStatusDELETED:
			*went = append(*went, e)
		}
	})
	return d, err
}

// Since lists the snapshots after base, newest first, s among them; false when base is not an ancestor. The base
// itself may be expired, as long as the snapshot made on top of it, or one that stands in for it, is not.
func (s Snapshot) Since(base int64) ([]Snapshot, bool) {
	var list []Snapshot
	for at := range s.retained() {
		if at.SnapshotID == base {
			return list, true
		}
		list = append(list, Snapshot{table: s.table, ice: at})
		if first(at) {
			return list, base == 0
		}
		if base != 0 && (s.table.parentID(at) == base || list[len(list)-1].standsInFor(base)) { // may be gone: what came after it is all there
			return list, true
		}
	}
	return nil, s.ice == nil && base == 0
}

// Step is a commit that changed rows, and the snapshot it was made on.
type Step struct{ Before, After Snapshot }

// StepsSince are the commits after base that changed rows, the oldest first; false where the history does not tell
// them. A compaction is none. The base may be expired where a compaction on top of it, or the snapshot that stands in
// for it, is not: that one has the same rows.
func (s Snapshot) StepsSince(base int64) (steps []Step, told bool, err error) {
	chain, unbroken := s.Since(base)
	if !unbroken || len(chain) == 0 {
		return nil, unbroken, nil
	}
	before, err := s.table.ByID(base)
	if errors.Is(err, ErrExpired) {
		before = chain[len(chain)-1]
		if before.Operation() != string(icetable.OpReplace) {
			return nil, false, nil
		}
	} else if err != nil {
		return nil, false, err
	}
	for _, at := range slices.Backward(chain) {
		if at.Operation() != string(icetable.OpReplace) {
			steps = append(steps, Step{before, at})
		}
		before = at
	}
	return steps, true, nil
}

// LastChangeBy is the job that made the newest change of rows: of s itself or the nearest ancestor that is not a
// compaction. "" for another engine, and where nothing tells.
func (s Snapshot) LastChangeBy() string {
	for at := range s.retained() {
		here := Snapshot{table: s.table, ice: at}
		switch {
		case here.StandsIn():
			return here.Property(standsForJob)
		case here.Operation() != string(icetable.OpReplace):
			return here.Job()
		}
	}
	return ""
}
