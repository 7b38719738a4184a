package chain_test

import (
	"strings"
	"testing"
	"time"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs/purge"
)

// Another engine may have read the erased rows before they went, and its manifests may tell of them.
func TestAStagingTableKeepsRequestsFromBeingPurgedByName(t *testing.T) {
	laketest.Costly(t)
	l := erasable(t)
	at := time.Date(2026, 3, 1, 19, 0, 0, 0, time.UTC)
	s := l.LeaveStaging(t, catalog.Duplicates, []any{"l1", erasedUser, at, at})
	ingestText(t, testEnv(l), "requests", asked("r1", erasedUser))
	carryOut(t, l, nil)
	r, err := purge.Run(t.Context(), testEnv(l), *atOnce)
	if err != nil || r.Requests != 0 || len(r.Residuals) != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	if left := r.Residuals[0]; !strings.Contains(left.What, s.Name()) || left.Table != catalog.Duplicates || left.Files == 0 || left.Bytes == 0 ||
		!left.Until.Equal(s.At.Add(l.Grace())) {
		t.Errorf("%+v", left)
	}
	if why, left := r.Left(); !left || !strings.Contains(why.By, s.Name()) || why.Hint == "" {
		t.Errorf("%+v", why)
	}
	same(t, "states", states(t, l), []string{"r1 recomputed"})
	l.AgeStaging(t, s, 2*l.Grace())
	if r, err = purge.Run(t.Context(), testEnv(l), *atOnce); err != nil || r.Requests != 1 || len(r.Residuals) != 0 {
		t.Errorf("once it is older than the grace: %+v, %v", r, err)
	}
	same(t, "states", states(t, l), []string{"r1 purged"})
	same(t, "files with the listener", found(t, l, erasedUser), []string(nil))
}
