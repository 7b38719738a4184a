package erase

import (
	"errors"
	"math"
	"strconv"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/lake"
)

// intakes tells which files of the archive may hold rows that were not filtered against a request: those
// which arrived after the last sweep, by a commit that did not know the request.
type intakes struct {
	all     bool // the last sweep is not in the history of the archive any more: every file is suspect
	lowest  int64
	through map[int64]int64             // snapshot that added files -> request it was filtered through
	passed  map[int64]catalog.Sequences // and the requests up to there that it was not
	over    catalog.Sequences           // all of these
}

// everything is above every sequence number.
const everything = math.MaxInt64

// intakesAfter reads the history of the archive after the snapshot swept, 0 for before the first.
//
// Where swept is expired, so are the snapshots before it; those that are left are judged by what they say, and what
// came from expired ones counts as swept. Where it is there but main does not descend from it, the table was rolled
// back and may show rows that were deleted. Some snapshots between it and main may be expired.
//
// Neither is seen of a rollback to the swept snapshot itself, on which the rows were deleted, nor after an expiry. But
// where the archive's line has fewer commits of deletions than it had when it was swept, some were taken back.
//
// A compaction is trusted as little as the least trusted commit between the sweep and it. Commits that only delete rows
// bring none.
func intakesAfter(archive lake.Snapshot, swept, erasures int64) (intakes, error) {
	in := intakes{lowest: everything, through: map[int64]int64{}, passed: map[int64]catalog.Sequences{}}
	if left, err := archive.StateNumber(catalog.Erasures); err != nil || left < erasures {
		in.all = true
		return in, err
	}
	since, err := archive.Table().ByID(swept)
	if err != nil && !errors.Is(err, lake.ErrExpired) {
		return in, err
	}
	// 0 stands for the beginning, which nothing descends from once the first snapshots are expired.
	if err == nil && swept != 0 && !archive.DescendsFrom(since) {
		in.all = true
		return in, nil
	}
	for _, s := range archive.Table().Snapshots() {
		switch {
		case s.Sequence() <= since.Sequence() || s.Job() == catalog.DeletionsJob || s.Operation() == "delete":
		case s.Operation() == "replace":
			in.through[s.ID()], in.passed[s.ID()] = in.lowest, in.over
		default:
			through := filteredThrough(s)
			in.through[s.ID()] = through
			in.lowest = min(in.lowest, through)
			if over := catalog.ParseSequences(s.Property(catalog.RequestsPassed)); len(over) > 0 {
				in.passed[s.ID()], in.over = over, in.over.Plus(over)
			}
		}
	}
	return in, nil
}

// filteredThrough is the request sequence that a commit of the archive was filtered through; -1 when it does
// not say, as with rows another engine wrote.
func filteredThrough(s lake.Snapshot) int64 {
	n, err := strconv.ParseInt(s.Property(catalog.RequestsThrough), 10, 64)
	if err != nil {
		return -1
	}
	return n
}

// reach tells whether some file may hold rows that were not filtered against r.
func (in intakes) reach(r *request) bool {
	return in.all || in.lowest < r.sequence || in.over.Has(r.sequence)
}

// unfiltered tells whether this file may.
func (in intakes) unfiltered(r *request, f lake.File) bool {
	through, known := in.through[f.AddedBy]
	return in.all || known && (through < r.sequence || in.passed[f.AddedBy].Has(r.sequence))
}
