package chain_test

import (
	"context"
	"errors"
	"fmt"
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
	laketest.Long(t, "histories of two requests, TestOnlyOrphansThatMayHoldRowsKeepARequestFromBeingPurged is the short one")
	for _, dies := range []bool{false, true} {
		t.Run(fmt.Sprint("dies ", dies), func(t *testing.T) { waitsForNoLaterOrphan(t, dies) })
	}
}

// waitsForNoLaterOrphan is a history of two requests. The purge of the first may die when it is about to log that.
func waitsForNoLaterOrphan(t *testing.T, dies bool) {
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
	head := l.Snapshot(t, catalog.DeletionLog).Table().MetadataURI()
	purges("r1 recomputed")
	same(t, "metadata of the log after the same again", l.Snapshot(t, catalog.DeletionLog).Table().MetadataURI(), head)
	// A day later another run dies, and another listener asks. What the first waits for is old enough by then.
	passes(t, l, 23*time.Hour+30*time.Minute)
	ingestText(t, testEnv(l), "second", asked("r2", "third"))
	carryOut(t, l, nil)
	left(t, l, time.Minute)
	if dies {
		diesLogging(t, l)
	}
	if r := purges("r1 purged", "r2 recomputed"); r.Requests != 1 || len(r.Residuals) != 1 {
		t.Fatalf("got %+v", r)
	}
	passes(t, l, 25*time.Hour)
	purges("r1 purged", "r2 purged")
}

// diesLogging is a purge that ends when it is about to log which requests are purged.
func diesLogging(t *testing.T, l *laketest.Lake) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	commits := 0
	broken := l.With(&laketest.Faults{Strike: func(step laketest.Step, table string) error {
		if step == laketest.BeforeCommit && table == catalog.DeletionLog {
			commits++
		}
		if commits > 1 {
			cancel()
			return laketest.ErrInjected
		}
		return nil
	}})
	if _, err := purge.Run(ctx, testEnv(broken), *atOnce); err == nil {
		t.Fatal("the purge lived")
	}
}
