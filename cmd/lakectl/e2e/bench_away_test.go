package e2e

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/bench"
)

// Small, so only that it measures all of it, and leaves nothing, means anything.
func TestBenchAwayFetchesAllAnewAndLeavesNothingOnS3(t *testing.T) {
	laketest.Long(t, "a bench")
	b := laketest.NewBucket(t)
	b.Objects[strings.Join([]string{"bench", "another"}, "/")] = []byte("not the bench's")
	for key, value := range map[string]string{"WAREHOUSE": "s3://bucket/bench", "S3_ENDPOINT": b.URL, "S3_REGION": "us-east-1", "S3_COPIES": t.TempDir()} {
		t.Setenv("LAKEHOUSE_CATALOG_"+key, value)
	}
	text, err := lakeIn(t, t.TempDir(), true).exec("bench", "away", "--rows", "20000", "--night", "2000", "--nights", "2", "--times", "1", "--tracks", "500")
	if err != nil {
		t.Fatal(err)
	}
	var report bench.AwayReport
	if err := json.Unmarshal(text, &report); err != nil {
		t.Fatal(err)
	}
	if len(report.Work) != 4 || report.Fetched == 0 || report.Fetched != report.Copied || report.Objects == 0 || report.MBs == 0 {
		t.Errorf("parts are missing: %+v", report)
	}
	if len(report.Targets) != 2 || report.Targets[0].Bound != "at most 1.3" || !strings.HasPrefix(report.Targets[1].Bound, "at most ") {
		t.Errorf("targets: %+v", report.Targets)
	}
	if len(b.Objects) != 1 {
		t.Errorf("%d objects are left, want the one that was there", len(b.Objects))
	}
}
