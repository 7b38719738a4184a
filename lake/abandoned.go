package lake

import (
	"fmt"
	"strings"
)

// AbandonedKey is the state key of the sequence numbers that are not on main's line: those that a rollback left behind, and
// those of branches. "5-7,9-9". It outlives the snapshots that show a rollback.
const AbandonedKey = "abandoned"

// mostAbandoned bounds the list; the oldest go.
const mostAbandoned = 200

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
	for at := s.ice; !isOurs(at) && at.ParentSnapshotID != nil; {
		parent := s.table.known(*at.ParentSnapshotID)
		if parent == nil {
			break
		}
		gap(parent.SequenceNumber, at.SequenceNumber)
		at = parent
	}
	if known != "" {
		gaps = append(strings.Split(known, ","), gaps...)
	}
	return strings.Join(gaps[max(0, len(gaps)-mostAbandoned):], ",")
}

// Includes tells whether a snapshot of the same table, told by id and sequence number, is s or an ancestor of it. Where the
// snapshots between are gone, the state tells what rollbacks left behind.
func (s Snapshot) Includes(id, sequence int64) (bool, error) {
	switch {
	case id == 0:
		return true, nil
	case s.ice == nil || sequence > s.Sequence():
		return false, nil
	}
	for at := s.ice; at.SnapshotID != id; {
		switch {
		case at.SequenceNumber <= sequence || at.ParentSnapshotID == nil:
			return false, nil
		case *at.ParentSnapshotID == id:
			return true, nil
		}
		parent := s.table.known(*at.ParentSnapshotID)
		if parent == nil {
			return s.neverLeft(sequence)
		}
		at = parent
	}
	return true, nil
}

func (s Snapshot) neverLeft(sequence int64) (bool, error) {
	text, err := s.State(AbandonedKey)
	if err != nil {
		return false, err
	}
	for gap := range strings.SplitSeq(text, ",") {
		var first, last int64
		if n, err := fmt.Sscanf(gap, "%d-%d", &first, &last); err == nil && n == 2 && first <= sequence && sequence <= last {
			return false, nil
		}
	}
	return true, nil
}
