package maintain

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// margin is how far apart the clocks may be that made snapshots of listens and of deletion_requests, with room: it
// only makes a few more snapshots stay for a while.
const margin = time.Hour

// longestSearch is longer than a search for the rows of requests takes.
const longestSearch = 6 * time.Hour

const runDeletions = "run 'lakectl job deletions'"

// erasure is what deletion requests and their log say; the package comment has the conditions.
type erasure struct {
	now       time.Time
	retention time.Duration
	delay     time.Duration  // of deletions.delay
	located   bool           // a request is half-way through its deletes
	swept     int64          // snapshot of listens through which all requests are swept that were carried through
	reached   int64          // the highest sequence of those requests, 0 for none
	done      map[int64]bool // their sequences
	open      []arrival      // of requests that were never worked on, by sequence
	due       bool           // the next deletions carry one of these out: it is neither held nor young
}

// arrival is when a request was committed at the earliest, or a later one if that was earlier by its clock.
type arrival struct {
	sequence int64
	at       time.Time
}

// read fills the erasure. It returns the snapshots of listens_counted that wait to be recomputed from.
func (e *erasure) read(ctx context.Context, db *jobs.Session, requests, log lake.Snapshot) (waiting []int64, err error) {
	if err := db.Bind(ctx, "requests", requests); err != nil {
		return nil, err
	}
	if err := db.Bind(ctx, "log", log); err != nil {
		return nil, err
	}
	if err := e.readRequests(ctx, db, requests); err != nil {
		return nil, err
	}
	if err := db.One(ctx, "maintain/swept", nil, []any{&e.swept}); err != nil {
		return nil, err
	}
	var id int64
	err = db.Each(ctx, "maintain/waiting", nil, []any{&id}, func() error { waiting = append(waiting, id); return nil })
	return waiting, err
}

func (e *erasure) readRequests(ctx context.Context, db *jobs.Session, requests lake.Snapshot) error {
	files, err := requests.Files(ctx)
	if err != nil {
		return err
	}
	sequences := make(map[string]int64, len(files))
	for _, f := range files {
		path, err := lake.LocalPath(f.FilePath())
		if err != nil {
			return err
		}
		sequences[path] = f.Sequence
	}
	e.done = map[int64]bool{}
	var path, state string
	var due bool
	err = db.Each(ctx, "maintain/requests", []any{e.now.Add(-e.delay).UnixMicro()}, []any{&path, &state, &due}, func() error {
		switch state {
		case "requested":
			e.due = e.due || due
			e.open = append(e.open, arrival{sequence: sequences[path]})
		case "located":
			e.located = true
		case "withdrawn":
		default:
			e.reached = max(e.reached, sequences[path])
			e.done[sequences[path]] = true
		}
		return nil
	})
	e.date(requests)
	return err
}

// date finds when each open request was committed: with its snapshot, or after the newest older one that is left.
func (e *erasure) date(requests lake.Snapshot) {
	if len(e.open) == 0 {
		return
	}
	slices.SortFunc(e.open, func(a, b arrival) int { return cmp.Compare(a.sequence, b.sequence) })
	all := requests.Table().Snapshots()
	earliest := time.Unix(math.MaxInt32, 0)
	for i := len(e.open) - 1; i >= 0; i-- {
		for len(all) > 0 && all[len(all)-1].Sequence() > e.open[i].sequence {
			all = all[:len(all)-1]
		}
		at := time.Time{}
		if len(all) > 0 {
			at = all[len(all)-1].Time()
		}
		if at.Before(earliest) {
			earliest = at
		}
		e.open[i].at = earliest
	}
}

// holds are the reasons of erasures to keep snapshots of a table.
func (e *erasure) holds(t *lake.Table) []*hold {
	everything := func(lake.Snapshot) bool { return true }
	if e.located && slices.Contains(catalog.ErasedFrom, t.Name()) {
		return []*hold{{Held{Table: t.Name(), For: "a deletion that is under way", Hint: runDeletions}, everything}}
	}
	if t.Name() != catalog.Listens {
		return nil
	}
	var after int64
	if s, err := t.ByID(e.swept); err == nil && e.swept != 0 {
		if after = s.Sequence(); !t.Current().DescendsFrom(s) {
			return []*hold{{Held{
				Table: t.Name(), For: "the search for erased rows after a rollback", SnapshotID: s.ID(), Since: s.Time(),
				Hint: runDeletions + "; it holds until a deletion has found rows",
			}, everything}}
		}
	}
	through, passed := filteredThrough(t, after), passedOver(t, after)
	return []*hold{{Held{Table: t.Name(), For: "the search for rows that slipped past deletion requests", Hint: runDeletions}, func(s lake.Snapshot) bool {
		known, brings := through[s.ID()]
		return brings && (e.reached > 0 && s.Sequence() > after && known < e.reached || e.unknownOpen(known, s.Time()) || e.passed(s, after, passed[s.ID()]))
	}}}
}

// passed tells whether rows of a commit may still have to be searched for a request that it knew and left alone: one
// that was carried through since, or one that a search which is under way may have found due.
func (e *erasure) passed(s lake.Snapshot, after int64, over catalog.Sequences) bool {
	if len(over) == 0 {
		return false
	}
	if e.now.Sub(s.Time()) < longestSearch {
		return true
	}
	for sequence := range e.done {
		if s.Sequence() > after && over.Has(sequence) {
			return true
		}
	}
	return false
}

// unknownOpen tells whether a commit at a time, whose rows were filtered through a sequence, may have come after an
// open request that it did not know.
func (e *erasure) unknownOpen(through int64, at time.Time) bool {
	i, _ := slices.BinarySearchFunc(e.open, through+1, func(a arrival, sequence int64) int { return cmp.Compare(a.sequence, sequence) })
	return i < len(e.open) && !at.Before(e.open[i].at.Add(-margin))
}

// filteredThrough is, for the snapshots that brought rows, the request sequence these were filtered through: -1
// where a commit does not say, and for a compaction the least of what came between after and it.
func filteredThrough(t *lake.Table, after int64) map[int64]int64 {
	through := map[int64]int64{}
	lowest := int64(math.MaxInt64 - 1)
	for _, s := range t.Snapshots() {
		switch {
		case s.Job() == catalog.DeletionsJob || s.Operation() == "delete":
		case s.Job() != "" && s.Property("added-data-files") == "": // of ours, and only moved the state
		case s.Operation() == "replace":
			through[s.ID()] = lowest
		default:
			n, err := strconv.ParseInt(s.Property(catalog.RequestsThrough), 10, 64)
			if err != nil {
				n = -1
			}
			through[s.ID()] = n
			if s.Sequence() > after {
				lowest = min(lowest, n)
			}
		}
	}
	return through
}

// passedOver is, by snapshot, which requests its rows were not filtered against although it knew them; for a compaction
// all that those between after and it passed over.
func passedOver(t *lake.Table, after int64) map[int64]catalog.Sequences {
	passed := map[int64]catalog.Sequences{}
	var all catalog.Sequences
	for _, s := range t.Snapshots() {
		over := catalog.ParseSequences(s.Property(catalog.RequestsPassed))
		if s.Operation() == "replace" {
			over = all
		}
		if len(over) == 0 {
			continue
		}
		if passed[s.ID()] = over; s.Sequence() > after {
			all = all.Plus(over)
		}
	}
	return passed
}

// spareSwept takes the swept snapshot off the list of those that go while it is young or an older one stays: it
// tells which of those that are left were searched.
func (e *erasure) spareSwept(t *lake.Table, doomed []lake.Snapshot) []lake.Snapshot {
	i := slices.IndexFunc(doomed, func(s lake.Snapshot) bool { return s.ID() == e.swept })
	if t.Name() != catalog.Listens || i < 0 {
		return doomed
	}
	// doomed is in order and everything older is in it, or else one stays.
	older := 0
	for _, s := range t.Snapshots() {
		if s.Sequence() < doomed[i].Sequence() {
			older++
		}
	}
	if older == i && e.now.Sub(doomed[i].Time()) >= e.retention {
		return doomed
	}
	return slices.Delete(doomed, i, i+1)
}
