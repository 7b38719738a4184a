package royalty_test

import (
	"errors"
	"testing"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs"
	"github.com/lakectl/lakectl/jobs/royalty"
	"github.com/lakectl/lakectl/lake"
)

// The snapshot that the run named has expired, so its partition as it is now is held against the recount and the run's
// checksum.
func TestFullOfAMonthWhoseSnapshotIsGoneReadsThePartition(t *testing.T) {
	laketest.Costly(t)
	t.Parallel()
	l := laketest.New(t)
	archive(t, l, world(76, 60))
	run(t, l, royalty.Options{})
	rewrite := func(query string) {
		t.Helper()
		s := l.Snapshot(t, catalog.RoyaltyLines)
		files, err := s.Files(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		d := l.DB(t)
		if err := errors.Join(d.Bind(t.Context(), "now", s), d.ExecText(t.Context(), "CREATE VIEW rewritten AS "+query)); err != nil {
			t.Fatal(err)
		}
		added, err := d.Write(t.Context(), s.Table(), "maintain", "rewritten")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.Commit(t.Context(), catalog.RoyaltyLines, lake.Commit{Job: "maintain", Remove: files, Add: added, Stage: lake.IfUnmoved(s, nil)}); err != nil {
			t.Fatal(err)
		}
		l.Hand(t, catalog.RoyaltyLines).Expire()
	}
	rewrite("SELECT * EXCLUDE (_file, _pos) FROM now")
	if full := run(t, l, royalty.Options{Full: true}); !full.Full.Agrees || len(full.Full.Periods) == 0 {
		t.Fatalf("got %+v", full.Full)
	}
	rewrite("SELECT * EXCLUDE (_file, _pos) REPLACE (listens + 1 AS listens) FROM now")
	report, err := royalty.Run(t.Context(), env(l), royalty.Options{Full: true})
	if !errors.Is(err, jobs.ErrProof) || report.Full == nil || len(report.Full.Differ) != len(report.Full.Periods) {
		t.Errorf("got %v, %+v", err, report.Full)
	}
}
