package ingest_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/apache/iceberg-go"
	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/open"
	"github.com/lakectl/lakectl/jobs/ingest"
	"github.com/lakectl/lakectl/lake"
)

// newOldWorld is a lake whose quarantine was made by the version before replays.
func newOldWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	if err := w.lake.Catalog.Ice.DropTable(t.Context(), []string{w.lake.Namespace(), catalog.Quarantine}); err != nil {
		t.Fatal(err)
	}
	specs := catalog.Specs()
	old := specs[slices.IndexFunc(specs, func(s lake.Spec) bool { return s.Name == catalog.Quarantine })]
	old.Schema = iceberg.NewSchema(0, old.Schema.Fields()[:9]...)
	if made, err := w.lake.Create(t.Context(), old); err != nil || !made {
		t.Fatalf("made %v, %v", made, err)
	}
	var rows [][]any
	for i, value := range []string{listenJSON("listen-old", "user-001", day(2), day(2)), `{"type":"listen","listen_id":"no-time","user_id":"user-001"}`, "{"} {
		rows = append(rows, []any{[]byte(value), "event_time_in_future", nil, day(2), nil, nil, "old", 0, int64(i + 1)})
	}
	w.commitRows(catalog.Quarantine, rows, lake.Positions{})
	return w
}

func TestLakeOfAnEarlierVersionIsToldToInit(t *testing.T) {
	w := newOldWorld(t)
	env := w.env(w.lake)
	_, list := ingest.Quarantined(t.Context(), env, ingest.Filter{})
	_, counts := ingest.QuarantineCounts(t.Context(), env, ingest.Filter{})
	_, replay := w.replay(w.lake, ingest.ReplayOptions{})
	_, refuse := w.files(w.lake, ingest.Options{Source: "s"}, w.write("s.jsonl", []byte("{\n")))
	for name, err := range map[string]error{"list": list, "counts": counts, "replay": replay, "ingest": refuse} {
		if !errors.Is(err, lake.ErrUnsupported) || !strings.Contains(lake.Hint(err), "run 'lakectl init'") {
			t.Errorf("%s: %v, hint %q", name, err, lake.Hint(err))
		}
	}
	w.mustFiles(ingest.Options{Source: "fine"}, w.write("fine.jsonl", []byte(listenJSON("listen-1", "user-001", day(2), day(2)))))
}

func TestLakeOfAnEarlierVersionIsReplayedAfterInit(t *testing.T) {
	w := newOldWorld(t)
	before := w.snapshots()
	made, err := open.Init(t.Context(), w.lake.Options)
	if diff := cmp.Diff([]string{"quarantine.source_time", "quarantine.outcome", "quarantine.outcome_at"}, made); diff != "" || err != nil {
		t.Fatalf("%v (-want +got)\n%s", err, diff)
	}
	if diff := cmp.Diff(before, w.snapshots()); diff != "" {
		t.Errorf("init committed rows\n%s", diff)
	}
	if made, err := open.Init(t.Context(), w.lake.Options); err != nil || len(made) != 0 {
		t.Errorf("again: %v, %v", made, err)
	}
	w.want["old/0/1"], w.want["old/0/2"], w.want["old/0/3"] = "listens listen-old", "quarantine event_time_in_future", "quarantine event_time_in_future"
	w.keepSome()
	w.mustFiles(ingest.Options{Source: "s"}, w.file("s.jsonl", "s", w.samples(10)))
	got := w.mustReplay(ingest.ReplayOptions{Limits: lax, Since: day(1)})
	if got.Archived != 6 || got.StillRefused["missing_field"] != 1 || got.StillRefused["malformed_json"] != 2 {
		t.Errorf("got %+v", got)
	}
	for at, outcome := range w.want {
		if strings.HasPrefix(at, "s/") && outcome == "quarantine event_time_in_future" {
			w.want[at] = w.found()[at]
		}
	}
	w.check()
	if n := w.count(catalog.Quarantine, "source_topic = 'old' AND outcome = 'archived' AND source_time IS NULL"); n != 1 {
		t.Errorf("%d rows from before are marked", n)
	}
}
