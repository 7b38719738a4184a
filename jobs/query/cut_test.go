package query_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/query"
	"github.com/lakectl/lakectl/lake"
)

func testEnv(l *laketest.Lake) jobs.Env {
	return jobs.Env{
		Lake: l.Lake, Duck: l.Duck, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return time.Now().UTC() },
		Progress: func(string) {},
	}
}

// commit makes a snapshot of a table, for sources one with a row more.
func commit(t *testing.T, l *laketest.Lake, table string) lake.Snapshot {
	t.Helper()
	c := lake.Commit{Job: "test", Stage: func(lake.Snapshot) (map[string]string, error) { return nil, nil }}
	var err error
	if table == catalog.Sources {
		c.Add, err = l.Snapshot(t, table).Table().WriteRows(t.Context(), "test", [][]any{{"s", int64(1), time.Now(), int64(0), int64(0)}})
	}
	s := lake.Snapshot{}
	if err == nil {
		s, err = l.Commit(t.Context(), table, c)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestATagOnSeveralTablesBindsAllOfThem(t *testing.T) {
	l := laketest.New(t)
	env := testEnv(l)
	requests, listens := commit(t, l, catalog.DeletionRequests), commit(t, l, catalog.Listens)
	commit(t, l, catalog.Listens)
	later, quarantine := commit(t, l, catalog.DeletionRequests), commit(t, l, catalog.Quarantine)
	commit(t, l, catalog.Quarantine)
	for _, s := range []lake.Snapshot{listens, quarantine} {
		if err := l.Tag(t.Context(), "audit", s, 0); err != nil {
			t.Fatal(err)
		}
	}
	cut := func(asOf string) map[string]int64 {
		t.Helper()
		snapshots, err := query.Cut(t.Context(), env, asOf, []string{catalog.DeletionRequests, catalog.Listens, catalog.Quarantine})
		if err != nil {
			t.Fatal(err)
		}
		ids := map[string]int64{}
		for _, s := range snapshots {
			ids[s.Table().Name()] = s.ID()
		}
		return ids
	}
	got := cut("audit")
	if got[catalog.Listens] != listens.ID() || got[catalog.Quarantine] != quarantine.ID() {
		t.Errorf("listens %d, quarantine %d, want %d, %d", got[catalog.Listens], got[catalog.Quarantine], listens.ID(), quarantine.ID())
	}
	want := requests.ID()
	if !later.Time().After(quarantine.Time()) {
		want = later.ID()
	}
	if got[catalog.DeletionRequests] != want {
		t.Errorf("deletion_requests %d, want %d: as of the latest tagged snapshot", got[catalog.DeletionRequests], want)
	}
}

func TestAQuestionIsAnsweredFromTheCutItNames(t *testing.T) {
	l := laketest.New(t)
	env := testEnv(l)
	if err := l.Tag(t.Context(), "audit", commit(t, l, catalog.Sources), 0); err != nil {
		t.Fatal(err)
	}
	commit(t, l, catalog.Sources)
	for asOf, want := range map[string]int64{"": 2, "audit": 1, "1999-01-01": 0, "nothing": -1, "1": -1} {
		answer, err := query.Run(t.Context(), env, query.Options{
			Text: "SELECT count(*) FROM sources", AsOf: asOf, Catalog: "lake", Limit: 10, Memory: 512 << 20,
		})
		switch {
		case want < 0 && (err == nil || lake.Hint(err) == ""):
			t.Errorf("as of %q: %v, %v, want an error with a hint", asOf, answer.Rows, err)
		case want >= 0 && (err != nil || len(answer.Rows) != 1 || answer.Rows[0][0] != want):
			t.Errorf("as of %q: %v, %v, want %d", asOf, answer.Rows, err, want)
		}
	}
	if _, err := query.Run(t.Context(), env, query.Options{Text: "DELETE FROM sources", Limit: 10, Memory: 512 << 20}); err == nil {
		t.Error("a statement that deletes rows ran")
	}
}
