package chain

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog"
	"github.com/lakectl/lakectl/jobs/certificate"
	"github.com/lakectl/lakectl/jobs/verify"
)

func TestACertificateNamesWhatNobodySawWithItsDates(t *testing.T) {
	before, until := time.Date(2026, 4, 3, 0, 0, 0, 0, time.UTC), time.Date(2026, 4, 17, 0, 0, 0, 0, time.UTC)
	got := residualsOf([]verify.Residual{
		{What: "topic", Why: "its retention ends them", Until: &until},
		{What: "backups", Why: "they hold the rows", Before: &before},
		{What: catalog.DeletionRequests, Why: "it holds the user id until the request is verified"},
	})
	want := []certificate.Residual{
		{What: "topic: its retention ends them", Until: &until},
		{What: "backups: they hold the rows; if made before 2026-04-03T00:00:00Z"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
