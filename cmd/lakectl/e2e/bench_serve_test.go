package e2e

import (
	"encoding/json"
	"testing"

	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/bench"
)

// Small, so only that it asks, publishes and counts means anything.
func TestBenchServeAsksWhileSnapshotsArePublished(t *testing.T) {
	laketest.Long(t, "a bench")
	l := newLakeDir(t, true)
	text, err := l.exec("bench", "serve", "--rows", "100000", "--artists", "40", "--rate", "50", "--duration", "4s", "--publish", "1s", "--streams", "20", "--cold", "1")
	if err != nil {
		t.Fatal(err)
	}
	var report bench.ServeReport
	if err := json.Unmarshal(text, &report); err != nil {
		t.Fatal(err)
	}
	if rows := report.Tables["plays_by_day"]; rows < 80_000 || rows > 120_000 {
		t.Errorf("%d rows of days, want about 100,000", rows)
	}
	if rows := report.Tables["plays_by_hour"]; rows < 40_000 || rows > 60_000 {
		t.Errorf("%d rows of hours, want about 50,000", rows)
	}
	if l := report.Load; l.Errors != 0 || l.Requests < 100 || l.Published == 0 {
		t.Errorf("under load: %+v", l)
	}
	if report.Streams.Heard != 20 {
		t.Errorf("%d of 20 clients heard of a snapshot", report.Streams.Heard)
	}
	if len(report.Cold) != 3 || len(report.Warm) != 3 || report.Warm[0].Requests != 40 || len(report.Targets) != 13 {
		t.Errorf("parts are missing: %+v", report)
	}
}
