package lake

import (
	"fmt"
	"strconv"
	"strings"

	icetable "github.com/apache/iceberg-go/table"
)

// AbandonedKey is the state key of the sequence numbers that are not on main's line: those that a rollback left behind,
// and those of branches. "5-7,9-9". It outlives the snapshots that show a rollback.
const AbandonedKey = "abandoned"

// mostAbandoned bounds the list. Of the oldest it says up to where they were: "?-9". Nobody can tell then which of the
// sequence numbers up to there were left behind.
const (
	mostAbandoned = 200
	untold        = "?"
)

// abandoned is the state of the next commit on top of s.
func (s Snapshot) abandoned(known string) string {
	var gaps []string
	gap := func(after, before int64) {
		if before-after > 1 {
			gaps = append([]string{fmt.Sprintf("%d-%d", after+1, before-1)}, gaps...)
		}
	}
	if s.table == nil || s.ice == nil {
		return known
	}
	gap(s.Sequence(), s.table.ice.Metadata().LastSequenceNumber()+1)
	var child *icetable.Snapshot
	for at := range s.line() {
		if child != nil {
			gap(at.SequenceNumber, child.SequenceNumber)
		}
		if child = at; isOurs(at) {
			break
		}
	}
	if !isOurs(child) && s.table.endsAt(child) == lastKnown {
		gap(s.table.last.Sequence, child.SequenceNumber) // some of these may be on the line, and nothing tells which
	}
	if known != "" {
		gaps = append(strings.Split(known, ","), gaps...)
	}
	if over := len(gaps) - mostAbandoned; over > 0 {
		_, end, _ := strings.Cut(gaps[over], "-")
		gaps = append([]string{untold + "-" + end}, gaps[over+1:]...)
	}
	return strings.Join(gaps, ",")
}

// Includes tells whether a snapshot of the same table, told by id and sequence number, is s or an ancestor of it. Where
// the snapshots between are gone, the state tells what rollbacks left behind before the last commit of ours; what came
// after that, and is not there, is not included. [ErrExpired] where the state has lost count.
func (s Snapshot) Includes(id, sequence int64) (bool, error) {
	switch {
	case id == 0:
		return true, nil
	case s.ice == nil || sequence > s.Sequence():
		return false, nil
	}
	for at := range s.line() {
		switch {
		case at.SnapshotID == id || s.table.parentID(at) == id:
			return true, nil
		case at.SequenceNumber <= sequence || first(at):
			return false, nil
		}
	}
	return s.neverLeft(sequence)
}

func (s Snapshot) neverLeft(sequence int64) (bool, error) {
	text, err := s.State(AbandonedKey)
	if err != nil {
		return false, err
	}
	if ours, end := s.nearestOurs(); ours == nil && (end == unknown || s.tableLast() != nil && sequence > s.tableLast().Sequence) {
		return false, nil
	}
	for gap := range strings.SplitSeq(text, ",") {
		first, last, _ := strings.Cut(gap, "-")
		end, err := strconv.ParseInt(last, 10, 64)
		if err != nil || sequence > end {
			continue
		}
		if first == untold {
			return false, WithHint(fmt.Errorf("whether main of %s comes from its commit %d: its state was lost, or there were too many rollbacks and branches since: %w", s.table.name, sequence, ErrExpired),
				"look with 'lakectl sql' whether the rows are there; if rows of a file are missing, ingest that file again under another --source")
		}
		if start, err := strconv.ParseInt(first, 10, 64); err == nil && start <= sequence {
			return false, nil
		}
	}
	return true, nil
}

// AllUntold is the state of [AbandonedKey] for a table whose state is lost: of no commit so far can be told whether
// main comes from it.
func (s Snapshot) AllUntold() string {
	return fmt.Sprintf("%s-%d", untold, s.table.ice.Metadata().LastSequenceNumber())
}

// MayBeRolledBack tells whether the property names a commit of ours while nothing shows that main comes from that
// commit. What others noted of such a table may be what a rollback took back.
func (t *Table) MayBeRolledBack() bool {
	if t.last == nil {
		return false
	}
	there, err := t.Current().Includes(t.last.Snapshot, t.last.Sequence)
	return err != nil || !there
}
