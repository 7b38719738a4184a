package lake

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	icetable "github.com/apache/iceberg-go/table"
)

// Expired says what an expiry removed.
type Expired struct {
	Snapshots int   // gone from the table's history
	Later     int   // that choose picked in the end, but not at first: they are still there
	Files     int   // deleted: data, delete and metadata files that nothing left refers to
	Bytes     int64 // of these files
}

// Expire takes snapshots out of a table's history and then deletes the files that only they referred to. choose
// picks them; it is called with the table before each attempt, because main, tags and history may have moved,
// and must not have side effects. None chosen: nothing is written. What it picks later that it did not pick at first
// is left for the next expiry: one that took it too could last as long as others commit.
//
// The metadata commit is pinned to all tags and branches as choose saw them. Main may move on meanwhile, to what others
// commit, but not back, nor to one of the chosen. An answer that was lost does no harm: the table is loaded again and
// what is still there is chosen again. Files are deleted only after that, by what the table then says. A crash in
// between leaves files that nobody refers to, for the orphan sweep. Where a catalog let the commit take a new tag with
// it, no file is deleted, and the error names it.
func (l *Lake) Expire(ctx context.Context, name string, choose func(now *Table) ([]Snapshot, error)) (Expired, error) {
	x := expiry{tried: map[int64]Snapshot{}, metadata: map[string]bool{}}
	var r rounds
	for r.next(ctx) {
		now, err := l.Table(ctx, name)
		if err != nil {
			r.notLoaded(err)
			continue
		}
		if err := x.tagKept(ctx, now); err != nil {
			return Expired{}, err
		}
		doomed, err := choose(now)
		if err != nil {
			return Expired{}, fmt.Errorf("expire snapshots of %s: %w", name, err)
		}
		if doomed = x.asAtFirst(doomed); len(doomed) == 0 {
			done, err := x.deleteFiles(ctx, now)
			if missing(err) && x.beside(now) {
				r.notConfirmed(err)
				continue
			}
			return done, wrap(err, "delete files of expired snapshots of "+name)
		}
		if r.settled(now) {
			break
		}
		if err := errors.Join(x.note(now, doomed), now.onTime(time.Now())); err != nil {
			return Expired{}, err
		}
		if err := x.forget(ctx, l, now, doomed); err != nil {
			l.log.Debug("expiry not confirmed", "table", name, "attempt", r.attempt, "error", err)
			r.notConfirmed(err)
		}
	}
	return Expired{}, r.failed("expire snapshots of "+name, "check that the catalog and the warehouse can be written, then run the command again")
}

// expiry is what the attempts of one Expire have seen.
type expiry struct {
	first    map[int64]bool     // chosen in the first attempt
	later    int                // chosen in the newest attempt, but not in the first
	asked    *Table             // what the newest attempt stood on, if it may have taken a tag along
	answer   icetable.Metadata  // of that attempt; nil if it was lost
	tried    map[int64]Snapshot // chosen so far; those that are gone in the end were expired
	metadata map[string]bool    // older metadata files that the table listed
	done     Expired            // files that were deleted before another expiry took away one that was read
	stood    string             // metadata file that the last attempt to delete files went by
}

// asAtFirst are those of the chosen snapshots that were chosen in the first attempt too.
func (x *expiry) asAtFirst(chosen []Snapshot) (doomed []Snapshot) {
	if x.first == nil {
		x.first = map[int64]bool{}
		for _, s := range chosen {
			x.first[s.ID()] = true
		}
	}
	for _, s := range chosen {
		if x.first[s.ID()] {
			doomed = append(doomed, s)
		}
	}
	x.later = len(chosen) - len(doomed)
	return doomed
}

// beside tells whether a file that is missing may have gone with a snapshot that another expiry took away since the
// table was loaded: then what is left is asked for again. Else what nothing refers to any more would stay for the
// sweep of orphans.
func (x *expiry) beside(now *Table) bool {
	moved := x.stood != now.MetadataURI()
	x.stood = now.MetadataURI()
	return moved
}

// note remembers what an attempt is about to remove. Removing the snapshot of a tag would remove the tag without
// a word.
func (x *expiry) note(now *Table, doomed []Snapshot) error {
	chosen := map[int64]bool{}
	for _, s := range doomed {
		x.tried[s.ID()], chosen[s.ID()] = s, true
	}
	for name, id := range now.Refs() {
		if chosen[id] {
			return fmt.Errorf("expire snapshot %d of %s: %s names it", id, now.name, name)
		}
	}
	for m := range now.ice.Metadata().PreviousFiles() {
		x.metadata[m.MetadataFile] = true
	}
	return nil
}

// forget commits the table's metadata without the snapshots.
func (x *expiry) forget(ctx context.Context, l *Lake, now *Table, doomed []Snapshot) (err error) {
	ids, refs := make([]int64, len(doomed)), &sameRefs{were: now.Refs(), but: map[int64]bool{}}
	for i, s := range doomed {
		ids[i], refs.but[s.ID()] = s.ID(), true
	}
	requirements := []icetable.Requirement{icetable.AssertTableUUID(now.ice.Metadata().TableUUID()), refs}
	update := icetable.NewRemoveSnapshotsUpdate(ids, false) // false: iceberg-go deletes no files
	x.answer, _, err = l.catalog.CommitTable(ctx, l.identifier(now.name), requirements, []icetable.Update{update})
	if err != nil {
		x.answer = nil
	}
	if x.asked = now; refs.held {
		x.asked = nil
	}
	return err
}

// sameRefs is the requirement that no tag or branch was made, moved or dropped, but main may have moved on, though not
// to a snapshot that is about to go: another engine may publish one that it staged before, and a server may take main
// along with its snapshot. The format has none for names that do not exist yet; the catalogs that are served check
// requirements in this process, against the metadata that their compare and swap replaces, so one of our own is as
// good. A REST server is not asked for it: see tagLost.
type sameRefs struct {
	were map[string]int64
	but  map[int64]bool
	held bool // the catalog checked it against what the commit replaces
}

// GetType names the requirement.
func (r *sameRefs) GetType() string { return "lakectl-assert-same-refs" }

// Validate implements [icetable.Requirement].
func (r *sameRefs) Validate(meta icetable.Metadata) error {
	err := r.check(meta)
	r.held = err == nil
	return err
}

func (r *sameRefs) check(meta icetable.Metadata) error {
	if meta == nil {
		return errors.New("requirement failed: the table is gone")
	}
	refs := refsOf(meta)
	main := refs[icetable.MainBranch]
	if was, had := r.were[icetable.MainBranch]; had && !r.but[main] && comesFrom(meta, main, was) {
		refs[icetable.MainBranch] = was
	}
	if !maps.Equal(r.were, refs) {
		return errors.New("requirement failed: branches or tags have changed")
	}
	return nil
}

// CheckBefore checks a requirement of lakectl's own before a commit is sent to a catalog that knows none of them. The
// table may change in between.
func CheckBefore(r icetable.Requirement, meta icetable.Metadata) error {
	if refs, is := r.(*sameRefs); is {
		return refs.check(meta)
	}
	return r.Validate(meta)
}

// comesFrom tells whether one snapshot is another or has it among its ancestors.
func comesFrom(meta icetable.Metadata, id, ancestor int64) bool {
	for at := meta.SnapshotByID(id); at != nil; at = meta.SnapshotByID(*at.ParentSnapshotID) {
		if at.SnapshotID == ancestor {
			return true
		}
		if at.ParentSnapshotID == nil {
			return false
		}
	}
	return false
}

// Refs maps the names of branches and tags, main among them, to their snapshots.
func (t *Table) Refs() map[string]int64 { return refsOf(t.ice.Metadata()) }

func refsOf(meta icetable.Metadata) map[string]int64 {
	refs := map[string]int64{}
	for name, ref := range meta.Refs() {
		refs[name] = ref.SnapshotID
	}
	return refs
}

// Ancestors lists s and the snapshots it came from, newest first, down to the first one that has expired.
func (s Snapshot) Ancestors() []Snapshot {
	var list []Snapshot
	for at := range s.retained() {
		list = append(list, Snapshot{table: s.table, ice: at})
	}
	return list
}

// Footing lists s and the ancestors without which s says less: down to the nearest snapshot of ours, which has its
// state, and to the nearest that changed rows, or stands in for it, which has its
// [Snapshot.LastChangeBy].
func (s Snapshot) Footing() []Snapshot {
	ours, changed := false, false
	all := s.Ancestors()
	for i, at := range all {
		ours = ours || at.Property(commitIDKey) != ""
		changed = changed || at.Operation() != string(icetable.OpReplace) || at.StandsIn()
		if ours && changed {
			return all[:i+1]
		}
	}
	return all
}

// DescendsFrom tells whether base, a snapshot of the same table that is still there, is an ancestor of s. Where the
// ancestors of s break off because some have expired, an older base counts as one: whoever expires snapshots after
// a base that somebody asks about must have asked first (package maintain does).
func (s Snapshot) DescendsFrom(base Snapshot) bool { return s.Line()(base) }

// Line is DescendsFrom for many bases: the ancestors are walked once.
func (s Snapshot) Line() func(base Snapshot) bool {
	all := s.Ancestors()
	if len(all) == 0 {
		return func(base Snapshot) bool { return base.ID() == 0 }
	}
	on := make(map[int64]bool, len(all))
	for _, at := range all {
		on[at.ID()] = true
	}
	oldest := all[len(all)-1]
	return func(base Snapshot) bool {
		return on[base.ID()] || !first(oldest.ice) && base.Sequence() < oldest.Sequence()
	}
}
