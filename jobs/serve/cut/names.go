package cut

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/lake"
)

// Names are what tracks are called and whose they are, while it is so. Validity begins and ends with a UTC day (the
// columns are dates), so a play is a label's by the day of its event time alone, and a day of a track has one owner.
type Names struct {
	rows   []named           // by track, then by first day, then by label
	labels map[string]uint32 // positions in known
	known  []label           // the first is nobody
}

// named is a row of tracks. Texts that repeat are the same in memory.
type named struct {
	track, title, artist string
	label                uint32 // in Names.known
	from, to             int32  // days since 1970, to exclusive
}

type label struct {
	id, name string
	rows     int // of tracks that say it
}

func readNames(ctx context.Context, s lake.Snapshot, v *lake.Verifier) (*Names, error) {
	rows, err := lake.ReadRecords[catalog.TrackRow](ctx, s, v)
	if err != nil {
		return nil, err
	}
	n := &Names{rows: make([]named, len(rows)), labels: map[string]uint32{"": 0}, known: make([]label, 1)}
	same := map[string]string{}
	once := func(text string) string {
		if known, ok := same[text]; ok {
			return known
		}
		same[text] = text
		return text
	}
	for i, r := range rows {
		one := named{track: r.TrackID, title: r.Title, artist: once(r.ArtistName), label: n.label(r), from: math.MinInt32, to: math.MaxInt32}
		if r.ValidFrom != nil {
			one.from = int32(lake.Day(*r.ValidFrom))
		}
		if r.ValidTo != nil {
			one.to = int32(lake.Day(*r.ValidTo))
		}
		n.rows[i] = one
	}
	slices.SortFunc(n.rows, func(a, b named) int {
		return cmp.Or(cmp.Compare(a.track, b.track), cmp.Compare(a.from, b.from), cmp.Compare(n.known[a.label].id, n.known[b.label].id), cmp.Compare(a.to, b.to), cmp.Compare(a.title, b.title))
	})
	return n, nil
}

// label counts a row of tracks for its label. Of several names the first by the alphabet is the label's, for rows come
// in no order.
func (n *Names) label(r catalog.TrackRow) uint32 {
	if r.LabelID == "" {
		return 0
	}
	at, ok := n.labels[r.LabelID]
	if !ok {
		at = uint32(len(n.known))
		n.labels[r.LabelID] = at
		n.known = append(n.known, label{id: r.LabelID})
	}
	l := &n.known[at]
	l.rows++
	if r.LabelName != "" && (l.name == "" || r.LabelName < l.name) {
		l.name = r.LabelName
	}
	return at
}

// Loaded tells whether there are any names.
func (n *Names) Loaded() bool { return len(n.rows) > 0 }

// of are the rows of a track.
func (n *Names) of(track string) (first, end int) {
	first, ok := slices.BinarySearchFunc(n.rows, track, func(r named, id string) int { return strings.Compare(r.track, id) })
	if !ok {
		return first, first
	}
	return n.from(first)
}

// from are the rows of the track whose first row this is.
func (n *Names) from(row int) (first, end int) {
	for end = row + 1; end < len(n.rows) && n.rows[end].track == n.rows[row].track; {
		end++
	}
	return row, end
}

// on is the row of a track that holds on a day, -1 for none. Rows of one track do not overlap where lakectl loaded
// them; where they do, the one that began last holds, and among these the last label by id.
func (n *Names) on(track string, day int32) int {
	first, end := n.of(track)
	return n.among(first, end, int64(day))
}

// among is on for a track whose rows are known.
func (n *Names) among(first, end int, day int64) int {
	for at := end - 1; at >= first; at-- {
		if r := n.rows[at]; int64(r.from) <= day && day < int64(r.to) {
			return at
		}
	}
	return -1
}

// Naming is what a track is called.
type Naming struct{ Title, ArtistName string }

// Track is what a track is called at an instant, else at any. ok is false for a track without a row.
func (n *Names) Track(id string, at time.Time) (called Naming, ok bool) {
	row := n.on(id, int32(lake.Day(at)))
	if row < 0 {
		first, end := n.of(id)
		if first == end {
			return Naming{}, false
		}
		row = end - 1
	}
	return Naming{n.rows[row].title, n.rows[row].artist}, true
}

// Owns tells whether a track is a label's at an instant.
func (n *Names) Owns(label, track string, at time.Time) bool {
	l, ok := n.labels[label]
	return ok && l != 0 && n.owns(l, track, int32(lake.Day(at)))
}

func (n *Names) owns(label uint32, track string, day int32) bool {
	at := n.on(track, day)
	return at >= 0 && n.rows[at].label == label
}

// Had tells whether a track is or was a label's on any day.
func (n *Names) Had(label, track string) bool {
	l, ok := n.labels[label]
	if !ok || l == 0 {
		return false
	}
	first, end := n.of(track)
	return slices.ContainsFunc(n.rows[first:end], func(r named) bool { return r.label == l })
}

// TracksOf lists the ids of the tracks that are or were a label's, ascending.
func (n *Names) TracksOf(label string) []string {
	l, ok := n.labels[label]
	if !ok || l == 0 {
		return nil
	}
	var list []string
	for _, r := range n.rows {
		if r.label == l && (len(list) == 0 || list[len(list)-1] != r.track) {
			list = append(list, r.track)
		}
	}
	return list
}

// Label is the name of a label. ok is false where no track says one.
func (n *Names) Label(id string) (name string, ok bool) {
	at, ok := n.labels[id]
	if !ok || at == 0 {
		return "", false
	}
	return n.known[at].name, true
}
