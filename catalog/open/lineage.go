package open

import (
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	icetable "github.com/apache/iceberg-go/table"

	"github.com/lakectl/lakectl/lake"
	"github.com/lakectl/lakectl/lake/relocate"
)

// head is one metadata file of a table: a state that the table was in, or would have been in, had it not lost a race.
type head struct {
	file string // URI
	meta icetable.Metadata
	line map[int64]bool  // snapshots of main, newest to oldest
	ours map[string]bool // ids of commits of lakectl on that line
	past map[string]bool // base names of the metadata files before it, as far as they are known
}

// commitID is the key under which lake.Commit puts its id into a snapshot's summary.
const commitID = "lakectl.commit-id"

// headsIn reads every metadata file of a folder. Files that cannot be read are of commits that were cut off.
func headsIn(folder string) ([]*head, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	var all []*head
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".metadata.json") && !strings.HasSuffix(e.Name(), ".metadata.json.gz") {
			continue
		}
		uri := relocate.URI(filepath.Join(folder, e.Name()))
		if meta, err := relocate.Load(uri); err == nil {
			all = append(all, newHead(uri, meta))
		}
	}
	descend(all)
	return all, nil
}

func newHead(uri string, meta icetable.Metadata) *head {
	h := &head{file: uri, meta: meta, line: map[int64]bool{}, ours: map[string]bool{}, past: map[string]bool{}}
	for at := meta.CurrentSnapshot(); at != nil && !h.line[at.SnapshotID]; {
		h.line[at.SnapshotID] = true
		if at.Summary != nil && at.Summary.Properties[commitID] != "" {
			h.ours[at.Summary.Properties[commitID]] = true
		}
		if at.ParentSnapshotID == nil {
			break
		}
		at = meta.SnapshotByID(*at.ParentSnapshotID)
	}
	for entry := range meta.SnapshotLogs() { // knows more where snapshots in between have expired
		h.line[entry.SnapshotID] = true
	}
	for m := range meta.PreviousFiles() {
		h.past[path.Base(m.MetadataFile)] = true
	}
	return h
}

// descend adds to the past of each head what its ancestors list: each lists a limited number only.
func descend(all []*head) {
	byName := map[string]*head{}
	for _, h := range all {
		byName[path.Base(h.file)] = h
	}
	for grown := true; grown; {
		grown = false
		for _, h := range all {
			before := len(h.past)
			for name := range maps.Clone(h.past) {
				if older := byName[name]; older != nil {
					maps.Copy(h.past, older.past)
				}
			}
			grown = grown || len(h.past) > before
		}
	}
}

func (h *head) current() int64 {
	if s := h.meta.CurrentSnapshot(); s != nil {
		return s.SnapshotID
	}
	return 0
}

// contains tells whether h came after o on one line, or has all that o added: a commit that lost a race is staged again
// under the same id. Where both show the same rows, the one with all tags and branches of the other contains it.
func (h *head) contains(o *head) bool {
	if h == o || h.past[path.Base(o.file)] {
		return true
	}
	if o.past[path.Base(h.file)] {
		return false
	}
	if h.current() == o.current() {
		return h.hasRefsOf(o) && (!o.hasRefsOf(h) || h.meta.LastUpdatedMillis() >= o.meta.LastUpdatedMillis())
	}
	if o.current() == 0 {
		return true
	}
	if h.line[o.current()] {
		return true
	}
	for at := o.meta.CurrentSnapshot(); at != nil && !h.line[at.SnapshotID]; {
		if at.Summary == nil || !h.ours[at.Summary.Properties[commitID]] {
			return false
		}
		if at.ParentSnapshotID == nil {
			return false
		}
		at = o.meta.SnapshotByID(*at.ParentSnapshotID)
		if at == nil {
			return false
		}
	}
	return true
}

func (h *head) hasRefsOf(o *head) bool {
	refs := maps.Collect(h.meta.Refs())
	for name, ref := range o.meta.Refs() {
		if has, ok := refs[name]; !ok || has.SnapshotID != ref.SnapshotID {
			return false
		}
	}
	return true
}

// newest are the heads that no other one contains. One that contains all others, and has read at least as far as each
// of them, is alone.
func newest(all []*head) []*head {
	var left []*head
	for _, h := range all {
		outdone := slices.ContainsFunc(all, func(o *head) bool {
			return o != h && o.contains(h) && !(h.contains(o) && h.file > o.file) && o.readAsFarAs(h)
		})
		if !outdone {
			left = append(left, h)
		}
	}
	return left
}

// readAsFarAs compares the positions in topics. Another topic id is another topic.
func (h *head) readAsFarAs(o *head) bool {
	mine := h.positions()
	for _, t := range o.positions().Topics {
		at := slices.IndexFunc(mine.Topics, func(m lake.TopicPosition) bool {
			return m.Cluster == t.Cluster && m.Topic == t.Topic && m.TopicID == t.TopicID
		})
		for partition, next := range t.Next {
			if at < 0 || mine.Topics[at].Next[partition] < next {
				// On one line a position goes back only by a rollback or a topic that was made anew: the later one
				// holds.
				return h.past[path.Base(o.file)]
			}
		}
	}
	return true
}

func (h *head) positions() lake.Positions {
	p, err := lake.TableAt("", h.meta, h.file).Current().Positions()
	if err != nil {
		return lake.Positions{}
	}
	return p
}

// Head is a state of a table as it is shown to who has to choose.
type Head struct {
	Table      string    `json:"table"`
	Metadata   string    `json:"metadata"`
	SnapshotID int64     `json:"snapshot_id,string"`
	CommitTime time.Time `json:"committed_at"`
	Snapshots  int       `json:"snapshots"`
	Rows       string    `json:"rows"`
}

func (h *head) show(table string) Head {
	shown := Head{Table: table, Metadata: h.file, Snapshots: len(h.meta.Snapshots())}
	if s := h.meta.CurrentSnapshot(); s != nil {
		shown.SnapshotID, shown.CommitTime = s.SnapshotID, time.UnixMilli(s.TimestampMs).UTC()
		if s.Summary != nil {
			shown.Rows = s.Summary.Properties["total-records"]
		}
	}
	return shown
}
