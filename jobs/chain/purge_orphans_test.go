package chain_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/erase/book"
	"github.com/lakectl/lakectl/jobs/purge"
)

// left leaves a file as a run that died does, so long ago.
func left(t *testing.T, l *laketest.Lake, ago time.Duration) {
	t.Helper()
	path := filepath.Join(l.Options.Warehouse, "music.db", "listens", "data", "left-"+ago.String()+".parquet")
	if err := os.WriteFile(path, []byte("PAR1"), 0o600); err != nil {
		t.Fatal(err)
	}
	when := time.Now().Add(-ago)
	if err := os.Chtimes(path, when, when); err != nil {
		t.Fatal(err)
	}
}

// passes lets time go by for what is written down: files, and when requests were cleared.
func passes(t *testing.T, l *laketest.Lake, by time.Duration) {
	t.Helper()
	age(t, l, by)
	env := testEnv(l)
	log, err := env.Snapshot(t.Context(), catalog.DeletionLog)
	if err != nil {
		t.Fatal(err)
	}
	noted, err := book.ReadCleared(log)
	for i := range noted {
		noted[i].At -= by.Microseconds()
	}
	if err := errors.Join(err, book.NoteCleared(t.Context(), env, log, noted)); err != nil || len(noted) == 0 {
		t.Fatalf("%d are noted, %v", len(noted), err)
	}
}

// Runs die, and people ask, every day: a request waits for the files that were left behind up to when its own rows were
// purged, and not for those after.
func TestARequestWaitsForNoOrphanThatCameAfterIt(t *testing.T) {
	l := erasable(t)
	purges := func(want ...string) purge.Report {
		t.Helper()
		r, err := purge.Run(t.Context(), testEnv(l), *atOnce)
		if err != nil {
			t.Fatal(err)
		}
		if got := states(t, l); !slices.Equal(got, want) {
			t.Fatalf("got %v, %+v, want %v", got, r, want)
		}
		return r
	}
	ingestText(t, testEnv(l), "first", asked("r1", erasedUser))
	carryOut(t, l, nil)
	left(t, l, time.Hour)
	if r := purges("r1 recomputed"); len(r.Residuals) != 1 || r.Residuals[0].Files != 1 {
		t.Fatalf("residuals %+v", r.Residuals)
	}
	// A day later another run dies, and another listener asks. What the first waits for is old enough by then.
	passes(t, l, 23*time.Hour+30*time.Minute)
	ingestText(t, testEnv(l), "second", asked("r2", "third"))
	carryOut(t, l, nil)
	left(t, l, time.Minute)
	if r := purges("r1 purged", "r2 recomputed"); r.Requests != 1 || len(r.Residuals) != 1 {
		t.Fatalf("got %+v", r)
	}
	passes(t, l, 25*time.Hour)
	purges("r1 purged", "r2 purged")
}
