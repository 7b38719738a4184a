package e2e

import (
	"encoding/json"
	"testing"

	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/bench"
)

// Small, so of what it measures only the bytes and the memory mean anything.
func TestBenchRoyaltiesHoldsItsJobsToTheStatedLimits(t *testing.T) {
	laketest.Long(t, "a bench")
	l := newLakeDir(t, true)
	text, err := l.exec("bench", "royalties", "--rows", "30000", "--ledger", "60000", "--night", "6000", "--tracks", "2000", "--memory-limit", "256MiB")
	if err != nil {
		t.Fatal(err)
	}
	var report bench.RoyaltiesReport
	if err := json.Unmarshal(text, &report); err != nil {
		t.Fatal(err)
	}
	if len(report.Rebuild) != 5 || len(report.Night) != 2 || len(report.Ratios) != 3 {
		t.Fatalf("parts are missing: %+v", report)
	}
	bounds := map[string]string{}
	for _, target := range report.Targets {
		bounds[target.What] = target.Bound
		if target.What == "ledger bytes a row of the night to those of the ledger" && !target.Met {
			t.Errorf("the night wrote %+v", report.Written)
		}
	}
	for what, bound := range map[string]string{
		"wall of job royalties --full to the bare statement": "at most 1.3", "wall of the night to building the ledger": "at most 0.2",
		"cpu of job royalties --full to one without verification": "at most 1.05",
		"peak_rss_mib of job royalties --full":                    "at most 2048", "peak_rss_mib of the night": "at most 2048", "spill_peak_mib of building the ledger": "at most 8192",
	} {
		if bounds[what] != bound {
			t.Errorf("%s: bound %q, want %q", what, bounds[what], bound)
		}
	}
	of := map[string]bool{}
	for _, s := range report.Statements {
		of[s.Of] = of[s.Of] || s.Runs > 0 && s.Statement != ""
	}
	if len(of) != 5 {
		t.Errorf("statements are named of %v, want those of the five jobs", of)
	}
	for _, w := range report.Written {
		if w.Rows == 0 || w.Bytes == 0 || w.Before == 0 {
			t.Errorf("nothing written to %s: %+v", w.Table, w)
		}
	}
}
