package maintain_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/maintain"
	"github.com/lakectl/lakectl/lake"
)

// world is a lake whose clock the test sets. It writes the times of snapshots into the metadata by hand: a catalog
// takes none that are older than the table.
type world struct {
	*testing.T
	*laketest.Lake
	now   time.Time
	start time.Time // a full hour, long enough ago for every test
	id    int64
}

func newWorld(t *testing.T) *world {
	start := time.Now().UTC().Truncate(time.Hour).Add(-60 * day)
	return &world{T: t, Lake: laketest.New(t), now: start, start: start}
}

func (w *world) env(l *laketest.Lake) jobs.Env {
	return jobs.Env{
		Lake: l.Lake, Duck: l.Duck, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return w.now }, CodeVersion: "test", Progress: func(string) {},
	}
}

func (w *world) check(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) equal(what string, got, want any) {
	w.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		w.Fatalf("%s (-want +got)\n%s", what, diff)
	}
}

func (w *world) head(table string) lake.Snapshot { return w.Snapshot(w.T, table) }

// edit replaces a table's metadata behind its catalog's back.
func (w *world) edit(table string, change func(meta map[string]any)) {
	w.Helper()
	w.Hand(w.T, table).Edit(change)
}

// current moves main to a snapshot, as of the world's time plus after.
func (w *world) current(meta map[string]any, id any, after time.Duration) {
	meta["current-snapshot-id"] = id
	meta["refs"].(map[string]any)["main"].(map[string]any)["snapshot-id"] = id
	log, _ := meta["snapshot-log"].([]any)
	meta["snapshot-log"] = append(log, map[string]any{"snapshot-id": id, "timestamp-ms": w.now.Add(after).UnixMilli()})
}

// rollback moves main back to a snapshot.
func (w *world) rollback(to lake.Snapshot) {
	w.Helper()
	w.edit(to.Table().Name(), func(meta map[string]any) { w.current(meta, to.ID(), 0) })
}

// commit adds rows to a table at the world's time.
func (w *world) commit(table, job string, rows [][]any, summary map[string]string) lake.Snapshot {
	w.Helper()
	c := lake.Commit{Job: job, Stage: func(lake.Snapshot) (map[string]string, error) { return summary, nil }}
	var err error
	c.Add, err = w.head(table).Table().WriteRows(w.Context(), job, rows)
	w.check(err)
	_, err = w.Commit(w.Context(), table, c)
	w.check(err)
	w.edit(table, func(meta map[string]any) {
		for _, list := range []string{"snapshots", "snapshot-log"} {
			entries := meta[list].([]any)
			entries[len(entries)-1].(map[string]any)["timestamp-ms"] = w.now.UnixMilli()
		}
	})
	return w.head(table)
}

// again adds n snapshots that hold what s holds and say what s says, the first a step after the world's time, the
// others as far apart.
func (w *world) again(s lake.Snapshot, n int, step time.Duration) []lake.Snapshot {
	w.Helper()
	return w.say(s, n, step, nil)
}

// say is again with something else in the summary; "" takes an entry out.
func (w *world) say(s lake.Snapshot, n int, step time.Duration, summary map[string]string) []lake.Snapshot {
	w.Helper()
	table := s.Table().Name()
	first := w.id + 1
	w.edit(table, func(meta map[string]any) {
		snapshots := meta["snapshots"].([]any)
		var like map[string]any
		for _, entry := range snapshots {
			if entry := entry.(map[string]any); fmt.Sprint(entry["snapshot-id"]) == fmt.Sprint(s.ID()) {
				like = entry
			}
		}
		says := maps.Clone(like["summary"].(map[string]any))
		for key, value := range summary {
			if says[key] = value; value == "" {
				delete(says, key)
			}
		}
		sequence, err := meta["last-sequence-number"].(json.Number).Int64()
		w.check(err)
		for i := range n {
			w.id++
			next := maps.Clone(like)
			after := time.Duration(i+1) * step
			next["snapshot-id"], next["parent-snapshot-id"], next["summary"] = w.id, meta["current-snapshot-id"], says
			next["sequence-number"], next["timestamp-ms"] = sequence+int64(i)+1, w.now.Add(after).UnixMilli()
			snapshots = append(snapshots, next)
			w.current(meta, w.id, after)
		}
		meta["snapshots"], meta["last-sequence-number"] = snapshots, sequence+int64(n)
	})
	now := w.head(table).Table()
	var list []lake.Snapshot
	for id := first; id <= w.id; id++ {
		added, err := now.ByID(id)
		w.check(err)
		list = append(list, added)
	}
	return list
}

func listen(n int, user string) []any {
	at := time.Date(2026, 3, 5, 10, 0, 0, 0, time.UTC)
	return []any{fmt.Sprint("l", n), user, "t", "A", "phone", at, 1000, nil, "DE", "free", nil, nil, at, nil, "listens", 0, n}
}

// ingest archives a listen, filtered through a request sequence.
func (w *world) ingest(n int, user string, through int64) lake.Snapshot {
	w.Helper()
	return w.commit(catalog.Listens, "ingest", [][]any{listen(n, user)}, map[string]string{catalog.RequestsThrough: strconv.FormatInt(through, 10)})
}

func (w *world) covers(table, key string, s lake.Snapshot) lake.Snapshot {
	w.Helper()
	return w.commit(table, "test", nil, map[string]string{lake.StateKey(key): strconv.FormatInt(s.ID(), 10)})
}

func (w *world) run() maintain.Report {
	w.Helper()
	r, err := maintain.Run(context.Background(), w.env(w.Lake), maintain.Options{})
	w.check(err)
	return r
}

// left are the ids of a table's snapshots, oldest first.
func (w *world) left(table string) map[int64]bool {
	w.Helper()
	ids := map[int64]bool{}
	for _, s := range w.head(table).Table().Snapshots() {
		ids[s.ID()] = true
	}
	return ids
}

func (w *world) tableOf(r maintain.Report, table string) maintain.TableReport {
	w.Helper()
	for _, t := range r.Tables {
		if t.Table == table {
			return t
		}
	}
	w.Fatalf("no report on %s", table)
	return maintain.TableReport{}
}

// heldFor lists who held how many snapshots of a table.
func heldFor(r maintain.Report, table string) map[string]int {
	held := map[string]int{}
	for _, h := range r.Held {
		if h.Table == table {
			held[h.For] = h.Snapshots
		}
	}
	return held
}

const (
	day      = 24 * time.Hour
	slipped  = "the search for rows that slipped past deletion requests"
	underWay = "a deletion that is under way"
)
