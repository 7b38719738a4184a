package maintain

import (
	"context"
	"fmt"
	"time"

	icetable "github.com/apache/iceberg-go/table"

	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/lake"
)

// Needs are what snapshots are kept for whatever their age: by whom they were when the needs were gathered.
type Needs struct{ f *facts }

// NeedsOf gathers the needs. The tables must be loaded after it that it is asked about.
func NeedsOf(ctx context.Context, env jobs.Env, retention time.Duration) (Needs, error) {
	f, err := gather(ctx, env, Options{Retention: retention})
	return Needs{f}, err
}

// Of says who needs one of some snapshots of a table: consumers who have not read what came with them, and others. Runs
// and readers who may look back do not count, only who would go wrong or start over.
func (n Needs) Of(t *lake.Table, doomed []lake.Snapshot) (consumers, others []Held) {
	gone := map[int64]bool{}
	for _, s := range doomed {
		gone[s.ID()] = true
	}
	for _, h := range n.f.others(t) {
		for _, s := range doomed {
			if h.needs(s) {
				h.Snapshots++
			}
		}
		if h.Snapshots > 0 {
			others = append(others, h.Held)
		}
	}
	for _, b := range n.f.bases[t.Name()] {
		h := Held{Table: t.Name(), For: b.by, SnapshotID: b.id, Hint: b.hint}
		for _, s := range walkedFrom(t, b.id) {
			if gone[s.ID()] {
				h.Snapshots++
				h.Since = s.Time()
			}
		}
		if h.Snapshots > 0 {
			consumers = append(consumers, h)
		}
	}
	return consumers, append(others, namedOf(t, gone)...)
}

// walkedFrom are the snapshots over which a consumer goes from its base to the current one. None where it has to start
// over anyway.
func walkedFrom(t *lake.Table, base int64) []lake.Snapshot {
	list, unbroken := t.Current().Since(base)
	if !unbroken {
		return nil
	}
	return list
}

// namedOf are the refs that name snapshots which are to go.
func namedOf(t *lake.Table, gone map[int64]bool) (held []Held) {
	for _, r := range t.NamedRefs() {
		if r.Name == icetable.MainBranch || !gone[r.SnapshotID] {
			continue
		}
		h := Held{Table: t.Name(), Snapshots: 1, For: "tag " + r.Name, SnapshotID: r.SnapshotID}
		h.Hint = fmt.Sprintf("drop it with 'lakectl tag --drop %s %s'", t.Name(), r.Name)
		if r.Branch {
			h.For, h.Hint = "branch "+r.Name, "drop it in the engine that made it"
		}
		if s, err := t.ByID(r.SnapshotID); err == nil {
			h.Since = s.Time()
		}
		held = append(held, h)
	}
	return held
}

// Behind says which consumers of a table have not read all of its commits up to a sequence number.
func (n Needs) Behind(t *lake.Table, sequence int64) (held []Held) {
	for _, b := range n.f.bases[t.Name()] {
		for _, s := range walkedFrom(t, b.id) {
			if s.Sequence() <= sequence && s.Operation() != string(icetable.OpReplace) {
				held = append(held, Held{Table: t.Name(), Snapshots: 1, For: b.by, SnapshotID: b.id, Since: s.Time(), Hint: b.hint})
				break
			}
		}
	}
	return held
}
