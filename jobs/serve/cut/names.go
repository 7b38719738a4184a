package cut

import (
	"context"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/lake"
)

// Names are what tracks are called and whose they are, while it is so.
type Names struct {
	tracks map[string][]catalog.TrackRow // by id
	labels map[string][]catalog.TrackRow // by id of the label
}

func readNames(ctx context.Context, s lake.Snapshot, v *lake.Verifier) (*Names, error) {
	rows, err := lake.ReadRecords[catalog.TrackRow](ctx, s, v)
	if err != nil {
		return nil, err
	}
	n := &Names{tracks: map[string][]catalog.TrackRow{}, labels: map[string][]catalog.TrackRow{}}
	for _, r := range rows {
		n.tracks[r.TrackID] = append(n.tracks[r.TrackID], r)
		if r.LabelID != "" {
			n.labels[r.LabelID] = append(n.labels[r.LabelID], r)
		}
	}
	return n, nil
}

// Loaded tells whether there are any names.
func (n *Names) Loaded() bool { return len(n.tracks) > 0 }

// holds tells whether a row is valid at an instant: from the begin of its first day, before that of its last.
func holds(r catalog.TrackRow, at time.Time) bool {
	return (r.ValidFrom == nil || !at.Before(*r.ValidFrom)) && (r.ValidTo == nil || at.Before(*r.ValidTo))
}

// Track is the row of a track that holds at an instant, else any of its rows. ok is false for a track without a row.
func (n *Names) Track(id string, at time.Time) (row catalog.TrackRow, ok bool) {
	for _, r := range n.tracks[id] {
		if holds(r, at) {
			return r, true
		}
		row, ok = r, true
	}
	return row, ok
}

// Owns tells whether a track is a label's at an instant.
func (n *Names) Owns(label, track string, at time.Time) bool {
	for _, r := range n.tracks[track] {
		if r.LabelID == label && holds(r, at) {
			return true
		}
	}
	return false
}

// TracksOf lists the ids of the tracks that are or were a label's.
func (n *Names) TracksOf(label string) []string {
	seen := map[string]bool{}
	var list []string
	for _, r := range n.labels[label] {
		if !seen[r.TrackID] {
			seen[r.TrackID] = true
			list = append(list, r.TrackID)
		}
	}
	return list
}

// Label is the name of a label. ok is false where no track says one.
func (n *Names) Label(id string) (name string, ok bool) {
	for _, r := range n.labels[id] {
		if r.LabelName != "" {
			return r.LabelName, true
		}
	}
	return "", len(n.labels[id]) > 0
}
