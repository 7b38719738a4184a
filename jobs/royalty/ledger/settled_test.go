package ledger

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs"
)

// archived is a lake with so many listens in the ledger, each of which came with a snapshot of its own.
func archived(t *testing.T, listens int) (*laketest.Lake, jobs.Env) {
	t.Helper()
	l := laketest.New(t)
	env := jobs.Env{Lake: l.Lake, Duck: l.Duck, Log: slog.New(slog.DiscardHandler), Now: time.Now, CodeVersion: "test", Progress: func(string) {}}
	at := time.Date(2026, 3, 31, 23, 59, 59, 999_999_000, time.UTC)
	for i := range listens {
		l.Put(t, catalog.IngestJob, catalog.Listens, nil, []any{fmt.Sprint("l", i), "u", "t", "A", "phone", at, 60_000, nil, "DE", "free", nil, nil, at, nil, "file", 0, i})
		if r, err := Update(t.Context(), env); err != nil || r.Counted != 1 {
			t.Fatalf("%+v, %v", r, err)
		}
	}
	return l, env
}

// counted holds the rows of the ledger against how many there are to be.
func counted(t *testing.T, l *laketest.Lake, want int64) {
	t.Helper()
	var rows int64
	db := l.DB(t)
	err := db.Bind(t.Context(), "counted", l.Snapshot(t, catalog.ListensCounted))
	if err == nil {
		err = db.OneText(t.Context(), "SELECT count(*) FROM counted", nil, []any{&rows})
	}
	if err != nil || rows != want {
		t.Errorf("%d rows in the ledger, want %d; %v", rows, want, err)
	}
}

// Between the two commits listens_duplicates covers an archive that is older by its number than the one which the
// ledger covers, and newer in truth.
func TestRunThatEndsEarlyAfterARollbackOfTheArchiveCountsNothingThatIsGone(t *testing.T) {
	l, env := archived(t, 2)
	l.Hand(t, catalog.Listens).Rollback(1)
	db, err := env.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // nothing is kept
	u, current, err := begin(t.Context(), env, db)
	if err == nil && !current {
		err = u.merge(t.Context())
	}
	if err == nil {
		err = u.commitDuplicates(t.Context())
	}
	if err != nil || current {
		t.Fatal(current, err)
	}
	if r, err := Update(t.Context(), env); err != nil || !r.Rebuilt {
		t.Errorf("%+v, %v", r, err)
	}
	counted(t, l, 1)
}
