package maintain_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs/maintain"
)

func TestMaintenanceDropsStagingTablesOfDeadRunsAfterTheirGrace(t *testing.T) {
	w := newWorld(t)
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	s := w.LeaveStaging(t, catalog.Duplicates, []any{"l1", "u1", at, at})
	w.aged(catalog.Duplicates)
	files := filepath.Join(w.folder(catalog.Duplicates), s.Folder())
	young := w.run()
	w.equal("within the grace", len(young.Staging)+len(young.Orphans), 0)
	_, err := os.Stat(files)
	w.check(err)
	w.AgeStaging(t, s, 2*day)
	plan, err := maintain.Run(t.Context(), w.env(w.Lake), maintain.Options{DryRun: true})
	w.check(err)
	w.equal("planned", plan.Staging, []maintain.StagingReport{{Table: catalog.Duplicates, Tables: 1}})
	done := w.run()
	if len(done.Staging) != 1 || done.Staging[0].Tables != 1 || done.Staging[0].Files == 0 || done.Staging[0].Bytes == 0 {
		t.Errorf("done: %+v", done.Staging)
	}
	if _, err := os.Stat(files); !os.IsNotExist(err) {
		t.Errorf("its files: %v", err)
	}
	again := w.run()
	w.equal("the next run", len(again.Staging)+len(again.Orphans), 0)
	w.equal("on record", len(w.head(catalog.Duplicates).Table().Stagings()), 0)
}
