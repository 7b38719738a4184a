package lake

import (
	"context"
	"fmt"
	"iter"

	"github.com/apache/iceberg-go"
	icetable "github.com/apache/iceberg-go/table"
)

// How the way from a snapshot back to the nearest of ours ended without one.
type wayEnd int

const (
	beginning wayEnd = iota // at the first snapshot of all
	lastKnown               // at an expired snapshot that is, or comes after, the one the property names
	unknown                 // at an expired snapshot that nothing tells about
)

func (s Snapshot) tableLast() *lastCommit {
	if s.table == nil {
		return nil
	}
	return s.table.last
}

// ancestry walks from a snapshot back through its parents, as far as find has them.
func (t *Table) ancestry(from *icetable.Snapshot, find func(id int64) *icetable.Snapshot) iter.Seq[*icetable.Snapshot] {
	return func(yield func(*icetable.Snapshot) bool) {
		for at := from; at != nil && yield(at) && !first(at); {
			at = find(t.parentID(at))
		}
	}
}

// first tells whether a snapshot is the first of its table. One that has no parent need not be: PyIceberg takes the
// parent's id out when it expires the parent. Sequence numbers begin at 1, or at 0 in a table that was of format
// version 1.
func first(s *icetable.Snapshot) bool { return s.ParentSnapshotID == nil && s.SequenceNumber <= 1 }

// parentID is the id of a snapshot's parent, 0 where nobody knows it any more: an older metadata file may have the
// snapshot as it was before its parent expired.
func (t *Table) parentID(s *icetable.Snapshot) int64 {
	if s.ParentSnapshotID != nil {
		return *s.ParentSnapshotID
	}
	if before, ok := t.older[s.SnapshotID]; ok && before.ParentSnapshotID != nil {
		return *before.ParentSnapshotID
	}
	return 0
}

// retained is the ancestry of a snapshot, itself first, down to the first one that has expired.
func (s Snapshot) retained() iter.Seq[*icetable.Snapshot] {
	if s.ice == nil {
		return s.table.ancestry(nil, nil)
	}
	return s.table.ancestry(s.ice, s.table.ice.SnapshotByID)
}

// line is the ancestry of a snapshot, itself first, with those that have expired as far as older metadata files have
// them.
func (s Snapshot) line() iter.Seq[*icetable.Snapshot] {
	if s.ice == nil {
		return s.table.ancestry(nil, nil)
	}
	return s.table.ancestry(s.ice, s.table.known)
}

// nearestOurs walks back to the nearest snapshot that a commit of ours made, or says how the way ended.
func (s Snapshot) nearestOurs() (*icetable.Snapshot, wayEnd) {
	end := beginning
	for at := range s.line() {
		if isOurs(at) {
			return at, beginning
		}
		end = s.table.endsAt(at)
	}
	return nil, end
}

func isOurs(s *icetable.Snapshot) bool {
	return s.Summary != nil && s.Summary.Properties[commitIDKey] != ""
}

// known finds a snapshot of main's line, also one that has expired if an older metadata file has it.
func (t *Table) known(id int64) *icetable.Snapshot {
	if s := t.ice.SnapshotByID(id); s != nil {
		return s
	}
	if s, ok := t.older[id]; ok {
		return &s
	}
	return nil
}

// endsAt tells what lies behind a snapshot that has no parent, or whose parent has expired.
func (t *Table) endsAt(at *icetable.Snapshot) wayEnd {
	if first(at) {
		return beginning
	}
	if t.last != nil && (t.parentID(at) == t.last.Snapshot || at.SnapshotID == t.proven) {
		return lastKnown
	}
	return unknown
}

// recall finds out how main's line goes on where another engine has expired every snapshot of ours on it: from the
// older metadata files that the table lists, then from what the manifests say. Nothing is read as long as the newest
// snapshot of ours on main is there, or its child is.
//
// Only the line counts. That the property names a snapshot is no proof that main still comes from it: main may have
// been rolled back before the snapshot was expired.
func (t *Table) recall(ctx context.Context) error {
	if ours, end := t.Current().nearestOurs(); ours != nil || end != unknown {
		return nil
	}
	t.older = map[int64]icetable.Snapshot{}
	for _, file := range newestFirst(t.ice.Metadata()) {
		old, err := icetable.NewFromLocation(ctx, t.ice.Identifier(), file, t.ice.FS, nil)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil || old.Metadata().TableUUID() != t.ice.Metadata().TableUUID() {
			continue // no witness
		}
		for _, s := range old.Metadata().Snapshots() {
			if seen, ok := t.older[s.SnapshotID]; !ok || seen.ParentSnapshotID == nil {
				t.older[s.SnapshotID] = s
			}
		}
		if ours, end := t.Current().nearestOurs(); ours != nil || end != unknown {
			return nil
		}
	}
	return t.proveByManifests(ctx)
}

func newestFirst(meta icetable.Metadata) []string {
	var files []string
	for m := range meta.PreviousFiles() {
		files = append([]string{m.MetadataFile}, files...)
	}
	return files
}

// proveByManifests looks in main's manifests for something that only the snapshot named by the property can have put
// there: a manifest, an entry, or a file with its sequence number, live or removed. Sequence numbers are never given
// twice, so a file that has it came with that snapshot, or was rewritten from what that snapshot held.
func (t *Table) proveByManifests(ctx context.Context) error {
	if t.last == nil {
		return nil
	}
	proven, err := t.Current().ShowsWork(ctx, t.last.Snapshot, t.last.Sequence)
	if err != nil {
		return fmt.Errorf("look for the last commit of ours: %w", err)
	}
	if proven {
		t.proven = t.oldestOnMain()
	}
	return nil
}

// ShowsWork tells whether the manifests of s have something that only a snapshot, told by id and sequence number, can
// have put there. Only yes is an answer: what it put there may have been compacted, or it put nothing there.
func (s Snapshot) ShowsWork(ctx context.Context, id, sequence int64) (bool, error) {
	shows := false
	err := s.entries(ctx, 0, false, func(e iceberg.ManifestEntry) {
		shows = shows || e.SnapshotID() == id || e.SequenceNum() == sequence
	})
	return shows, err
}

// oldestOnMain is where main's line breaks off, older metadata files included.
func (t *Table) oldestOnMain() int64 {
	var oldest int64
	for at := range t.Current().line() {
		oldest = at.SnapshotID
	}
	return oldest
}

// findCommit looks for a commit id among the snapshot and its ancestors. Where the snapshot that the commit made is
// gone, it is the one asked about that holds the change.
func (s Snapshot) findCommit(id string) (Snapshot, bool) {
	end := beginning
	for at := range s.line() {
		if at.Summary != nil && at.Summary.Properties[commitIDKey] == id {
			return Snapshot{table: s.table, ice: at}, true
		}
		end = s.table.endsAt(at)
	}
	last := s.tableLast()
	return s, end == lastKnown && last.Commit == id
}

// Alteration is a change of a table's rows that no commit of ours made: rows written, updated or deleted by another
// engine, or main moved back. Rewrites that keep the rows (operation replace) are none.
type Alteration struct {
	// By is the newest snapshot that is not ours; of a rollback the one that main was moved back to.
	By int64 `json:"by,string"`
	// Before is the last snapshot of ours that holds what it should; it may have expired. 0: nobody knows.
	Before int64 `json:"before,string"`
	// RolledBack says that main does not come from Before any more.
	RolledBack bool `json:"rolled_back,omitempty"`
}

// Altered is the first change of main since the table was made, or last mended (see [Commit]), that no commit of ours
// made; nil when there is none. Where the snapshots between main and our last one are gone, so that nobody can tell, it
// is one.
//
// Only metadata is read. In a table that older versions wrote, a rollback is seen from the first commit of this one on.
func (t *Table) Altered() *Alteration {
	if t.last != nil && t.last.Altered != nil {
		return t.last.Altered
	}
	var before int64 // our last one; without the property the nearest that is ours
	if t.last != nil {
		before = t.last.Snapshot
	}
	var by int64
	end := beginning
	for at := range t.Current().line() {
		if at.SnapshotID == before || before == 0 && isOurs(at) {
			return alteration(by, at.SnapshotID, false)
		}
		if by == 0 && !isOurs(at) && (at.Summary == nil || at.Summary.Operation != icetable.OpReplace) {
			by = at.SnapshotID
		}
		if before != 0 && t.parentID(at) == before {
			return alteration(by, before, false)
		}
		end = t.endsAt(at)
	}
	if end != beginning {
		return alteration(t.Current().ID(), before, end != lastKnown)
	}
	if by == 0 && before != 0 {
		by = t.Current().ID()
	}
	return alteration(by, before, before != 0)
}

func alteration(by, before int64, rolledBack bool) *Alteration {
	if by == 0 && !rolledBack {
		return nil
	}
	return &Alteration{By: by, Before: before, RolledBack: rolledBack}
}
