package maintain_test

import (
	"context"
	"strings"
	"testing"
	"time"

	icetable "github.com/apache/iceberg-go/table"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/maintain"
	"github.com/lakectl/lakectl/lake"
)

func (w *world) branch(table, name string, s lake.Snapshot, age time.Duration) {
	w.Helper()
	branch := icetable.NewSetSnapshotRefUpdate(name, s.ID(), icetable.BranchRef, age.Milliseconds(), 0, 0)
	_, _, err := w.Catalog.Ice.CommitTable(w.Context(), icetable.Identifier{catalog.Namespace, table}, nil, []icetable.Update{branch})
	w.check(err)
}

func (w *world) refs(table string) string {
	w.Helper()
	var names []string
	for _, r := range w.head(table).Table().NamedRefs() {
		names = append(names, r.Name)
	}
	return strings.Join(names, " ")
}

func (w *world) lines(n int) lake.Snapshot {
	w.Helper()
	return w.commit(catalog.PlaysByDay, "test", [][]any{{w.now, "A", "t", n, n}}, nil)
}

func TestATagIsDroppedWhenItsAgeHasPassedAndItsSnapshotGoes(t *testing.T) {
	w := newWorld(t)
	first := w.ingest(1, "u", 0)
	list := append([]lake.Snapshot{first}, w.again(first, 60, time.Second)...)
	w.check(w.Tag(t.Context(), "short", list[3], 10*day))
	w.check(w.Tag(t.Context(), "longer", list[4], 12*day))
	w.branch(catalog.Listens, "try", list[5], 10*day)
	w.now = w.start.Add(10 * day) // the snapshots are seconds younger
	w.run()
	w.equal("refs at their age", w.refs(catalog.Listens), "longer main short try")
	w.now = w.now.Add(time.Minute)

	dry, err := maintain.Run(context.Background(), w.env(w.Lake), maintain.Options{DryRun: true})
	w.check(err)
	w.equal("refs after a dry run", w.refs(catalog.Listens), "longer main short try")
	r := w.run()
	w.equal("refs after it", w.refs(catalog.Listens), "longer main")
	w.equal("dropped", r.Refs, []maintain.RefReport{{Table: catalog.Listens, Name: "short", SnapshotID: list[3].ID()}, {Table: catalog.Listens, Name: "try", SnapshotID: list[5].ID()}})
	w.equal("dropped, said by the dry run", dry.Refs, r.Refs)
	w.equal("expired, said by the dry run", w.tableOf(dry, catalog.Listens).Expired, w.tableOf(r, catalog.Listens).Expired)
	if kept := w.left(catalog.Listens); kept[list[3].ID()] || kept[list[5].ID()] || !kept[list[4].ID()] {
		t.Error("want the snapshots of what was dropped gone, and that of the longer tag kept")
	}
	w.equal("dropped by the next run", len(w.run().Refs), 0)
}

func TestARefWithoutAnAgeHasThatOfItsTable(t *testing.T) {
	w := newWorld(t)
	first := w.lines(1)
	w.again(first, 40, time.Second)
	w.check(w.Tag(t.Context(), "audit", first, 0))
	w.check(w.Tag(t.Context(), "longer", first, 30*day))
	w.edit(catalog.PlaysByDay, func(meta map[string]any) {
		meta["properties"].(map[string]any)["history.expire.max-ref-age-ms"] = "86400000"
	})
	w.now = w.start.Add(2 * day)
	w.run()
	w.equal("refs", w.refs(catalog.PlaysByDay), "longer main")
}

func TestTagsOfStatementsAreNeverDroppedAndLoseAnAgeThatSomebodyGaveThem(t *testing.T) {
	w := newWorld(t)
	s := w.commit(catalog.RoyaltyRules, "test", [][]any{make([]any, 14)}, nil)
	w.check(w.Tag(t.Context(), "royalty-2026-03-v1", s, time.Second))
	w.check(w.Tag(t.Context(), "other", s, time.Second))
	w.edit(catalog.RoyaltyRules, func(meta map[string]any) {
		meta["properties"].(map[string]any)["history.expire.max-ref-age-ms"] = "1000"
	})
	w.now = time.Now().Add(30 * day)
	r := w.run()
	w.equal("refs", w.refs(catalog.RoyaltyRules), "main royalty-2026-03-v1")
	for _, ref := range w.head(catalog.RoyaltyRules).Table().NamedRefs() {
		w.equal("age of "+ref.Name, ref.MaxAge, time.Duration(0))
	}
	said := false
	for _, h := range r.Held {
		said = said || h.Table == catalog.RoyaltyRules && strings.Contains(h.Hint, "history.expire.max-ref-age-ms")
	}
	w.equal("the property that other engines go by is said", said, true)
}

func TestWhatKeepsErasedRowsReadableIsSaid(t *testing.T) {
	w := newWorld(t)
	first := w.ingest(1, "u", 0)
	w.again(first, 40, time.Second)
	sums := w.lines(1)
	w.check(w.Tag(t.Context(), "audit", sums, 0))               // on sums it may stay
	w.check(w.Tag(t.Context(), "forever", first, 0))            // another engine's: lakectl bounds them
	w.check(w.Tag(t.Context(), "long", first, 30*day))          // so is this
	w.check(w.Tag(t.Context(), "royalty-2026-03-v1", first, 0)) // no statement is on listens
	w.branch(catalog.Listens, "try", first, 0)
	w.now = w.start.Add(6 * day)
	w.equal("said within the retention", len(w.run().Held), 0)
	w.now = w.start.Add(8 * day)
	var said []string
	for _, h := range w.run().Held {
		said = append(said, h.Table+" "+h.For)
		if h.Hint == "" || h.SnapshotID != first.ID() {
			t.Errorf("%+v", h)
		}
	}
	w.equal("said", said, []string{"listens tag forever", "listens tag long", "listens tag royalty-2026-03-v1", "listens branch try"})
	w.equal("refs", w.refs(catalog.Listens), "forever long main royalty-2026-03-v1 try")
}

func TestDroppingTagsEndsWellThroughFaults(t *testing.T) {
	for _, at := range []laketest.Step{laketest.BeforeCommit, laketest.AfterCommit} {
		w := newWorld(t)
		first := w.ingest(1, "u", 0)
		w.again(first, 40, time.Second)
		w.check(w.Tag(t.Context(), "short", first, day))
		w.now = w.start.Add(9 * day)
		once := true
		broken := w.With(&laketest.Faults{Strike: func(step laketest.Step, table string) error {
			if step == at && table == catalog.Listens && once {
				once = false
				return laketest.ErrInjected
			}
			return nil
		}})
		_, err := maintain.Run(context.Background(), w.env(broken), maintain.Options{})
		w.check(err)
		w.equal("refs", w.refs(catalog.Listens), "main")
	}
}
