package maintain_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/lake"
)

// request adds a request to deletion_requests, logged adds a step of it to deletion_log.
func (w *world) request(n int) lake.Snapshot {
	w.Helper()
	id := "r" + strconv.Itoa(n)
	return w.commit(catalog.DeletionRequests, "ingest", [][]any{{id, "subject", "u", w.now, w.now, nil, nil, nil, "listens", 0, n}}, nil)
}

func (w *world) logged(n int, state string, swept, ledger lake.Snapshot) lake.Snapshot {
	w.Helper()
	id := func(s lake.Snapshot) any {
		if s.ID() == 0 {
			return nil
		}
		return s.ID()
	}
	row := []any{"r" + strconv.Itoa(n), state, w.now, "listens", 0, n, 0, 0, 0, 0, id(swept), id(ledger), nil, nil}
	return w.commit(catalog.DeletionLog, "deletions", [][]any{row}, nil)
}

func through(s lake.Snapshot) map[string]string {
	return map[string]string{catalog.RequestsThrough: strconv.FormatInt(s.Sequence(), 10)}
}

// swept is an archive of 40 snapshots, the last of them swept for a request, and its request.
func swept(t *testing.T) (w *world, asked lake.Snapshot, list []lake.Snapshot) {
	w = newWorld(t)
	asked = w.request(1)
	list = w.again(w.ingest(1, "u", 0), 40, time.Second)
	w.now = w.start.Add(time.Minute)
	w.logged(1, "located", list[39], lake.Snapshot{})
	w.now = w.start.Add(2 * time.Minute)
	w.logged(1, "rows_deleted", list[39], lake.Snapshot{})
	w.now = w.start.Add(3 * time.Minute)
	return w, asked, list
}

func TestThinningGoesOnAfterADeletionHoweverLongNothingSlips(t *testing.T) {
	w, asked, list := swept(t)
	after := w.say(list[0], 300, time.Second, through(asked))
	w.now = w.start.Add(time.Hour)
	r := w.run()
	w.equal("held", heldFor(r, catalog.Listens), map[string]int{})
	kept := w.left(catalog.Listens)
	w.equal("kept: the first, the swept one, the newest", []any{len(kept), kept[list[39].ID()], kept[after[290].ID()]}, []any{32, true, true})
	w.equal("main descends from the swept one", w.head(catalog.Listens).DescendsFrom(list[39]), true)

	w.now = w.start.Add(8 * day)
	r = w.run()
	w.equal("kept after the retention", []any{len(w.left(catalog.Listens)), heldFor(r, catalog.Listens)}, []any{30, map[string]int{}})
}

func TestCommitThatDidNotKnowARequestStaysUntilItIsSwept(t *testing.T) {
	w, asked, list := swept(t)
	slip := map[string]string{catalog.RequestsThrough: strconv.FormatInt(asked.Sequence()-1, 10)}
	late := w.say(list[0], 2, time.Second, slip)
	w.edit(catalog.Listens, func(meta map[string]any) { // the second is a compaction that swallowed it
		entries := meta["snapshots"].([]any)
		entries[len(entries)-1].(map[string]any)["summary"].(map[string]any)["operation"] = "replace"
	})
	foreign := w.say(list[0], 1, 3*time.Second, map[string]string{catalog.RequestsThrough: "", "lakectl.job": ""})[0]
	w.now = w.now.Add(10 * time.Second)
	state := map[string]string{catalog.RequestsThrough: "", "added-data-files": ""}
	w.say(list[0], 5, time.Second, state) // brought no rows
	w.now = w.now.Add(10 * time.Second)
	after := w.say(list[0], 100, time.Second, through(asked))
	w.now = w.start.Add(time.Hour)
	r := w.run()
	w.equal("held", heldFor(r, catalog.Listens), map[string]int{slipped: 3})
	kept := w.left(catalog.Listens)
	w.equal("kept", []bool{kept[late[0].ID()], kept[late[1].ID()], kept[foreign.ID()], kept[after[0].ID()]}, []bool{true, true, true, false})

	w.logged(1, "rows_deleted", after[80], lake.Snapshot{})
	w.now = w.now.Add(time.Minute)
	r = w.run()
	kept = w.left(catalog.Listens)
	w.equal("held once swept", heldFor(r, catalog.Listens), map[string]int{})
	w.equal("kept once swept", []bool{kept[late[0].ID()], kept[late[1].ID()], kept[foreign.ID()], kept[after[80].ID()]}, []bool{false, false, false, true})
}

// The search for an open request reads everything there is. But it may be under way.
func TestOpenRequestHoldsOnlyCommitsAfterItThatDoNotKnowIt(t *testing.T) {
	w := newWorld(t)
	first := w.ingest(1, "u", 0)
	before := w.again(first, 100, time.Second) // hours before the request
	w.now = w.start.Add(5 * time.Hour)
	asked := w.request(1)
	under := w.say(first, 2, time.Second, map[string]string{catalog.RequestsThrough: "0"})
	w.now = w.now.Add(time.Minute)
	known := w.say(first, 100, time.Second, through(asked))
	w.now = w.now.Add(time.Hour)
	r := w.run()
	kept := w.left(catalog.Listens)
	w.equal("held", heldFor(r, catalog.Listens), map[string]int{slipped: 2})
	w.equal("kept", []bool{kept[before[50].ID()], kept[under[0].ID()], kept[under[1].ID()], kept[known[10].ID()]}, []bool{false, true, true, false})

	w.logged(1, "rows_deleted", known[20], lake.Snapshot{}) // searched from a snapshot that is expired by now
	w.run()
	w.equal("held where the swept one is gone", w.left(catalog.Listens)[under[0].ID()], true)
	w.now = w.now.Add(time.Minute)
	w.logged(1, "rows_deleted", known[99], lake.Snapshot{})
	w.run()
	w.equal("kept once swept", w.left(catalog.Listens)[under[0].ID()], false)
}

func TestDeletionUnderWayHoldsTheFourTables(t *testing.T) {
	w := newWorld(t)
	w.request(1)
	tables := []string{catalog.Listens, catalog.Quarantine, catalog.ListensCounted, catalog.Duplicates}
	for _, table := range append(tables, catalog.Sources) {
		w.again(w.commit(table, "test", nil, nil), 60, time.Second)
	}
	w.logged(1, "located", lake.Snapshot{}, lake.Snapshot{})
	w.now = w.start.Add(30 * day)
	r := w.run()
	for _, table := range tables {
		held := 31
		if table == catalog.Quarantine {
			held = 60 // of these the newest go too once they are older than the retention
		}
		w.equal(table, []any{len(w.left(table)), heldFor(r, table)}, []any{61, map[string]int{underWay: held}})
	}
	w.equal("another table", len(w.left(catalog.Sources)), 30)
}

func TestSweptSnapshotStaysAsLongAsAnOlderOne(t *testing.T) {
	w, asked, list := swept(t)
	w.check(w.Tag(t.Context(), "audit", list[3], 0))
	w.say(list[0], 60, time.Second, through(asked))
	w.now = w.start.Add(30 * day)
	w.run()
	kept := w.left(catalog.Listens)
	w.equal("kept", []any{len(kept), kept[list[3].ID()], kept[list[39].ID()]}, []any{32, true, true})
}

func TestRolledBackArchiveIsLeftAloneUntilItIsSwept(t *testing.T) {
	w, asked, list := swept(t)
	w.now = w.start.Add(time.Hour)
	w.rollback(list[20])
	again := w.say(list[0], 60, time.Second, through(asked))
	w.now = w.start.Add(30 * day)
	r := w.run()
	w.equal("kept", []any{len(w.left(catalog.Listens)), len(heldFor(r, catalog.Listens))}, []any{101, 1})
	w.logged(1, "rows_deleted", again[30], lake.Snapshot{})
	w.run()
	w.equal("kept once swept", len(w.left(catalog.Listens)), 30)
}

func TestLedgerSnapshotThatWaitsToBeRecomputedFromStays(t *testing.T) {
	w := newWorld(t)
	w.request(1)
	ledger := w.again(w.commit(catalog.ListensCounted, "test", nil, nil), 100, time.Second)
	w.logged(1, "rows_deleted", lake.Snapshot{}, ledger[20])
	w.now = w.start.Add(30 * day)
	r := w.run()
	w.equal("held", heldFor(r, catalog.ListensCounted), map[string]int{"deletions that are not recomputed yet": 49})
	w.equal("kept", len(w.left(catalog.ListensCounted)), 80)
	w.logged(1, "recomputed", lake.Snapshot{}, ledger[99])
	w.run()
	w.equal("kept once recomputed", len(w.left(catalog.ListensCounted)), 30)
}
