package e2e

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/cmd/lakectl/internal/bench"
)

// Short, so only that every probe arrives, that the stages sum to the way, and that all is counted once means anything.
func TestBenchFreshnessFollowsEveryProbeToTheAnswer(t *testing.T) {
	laketest.Long(t, "a bench")
	l := newLakeDir(t, true)
	text, err := l.exec("bench", "freshness", "--rate", "300", "--minutes", "0.2", "--night", "0", "--maintain", "0", "--history", "20000")
	if err != nil {
		t.Fatal(err)
	}
	var report bench.FreshnessReport
	if err := json.Unmarshal(text, &report); err != nil {
		t.Fatal(err)
	}
	if f := report.Fresh; f.Probes < 10 || f.P50 <= 0 || f.P95 < f.P50 || f.Max > 60 {
		t.Errorf("%+v", f)
	}
	percent, mean := 0.0, 0.0
	for _, s := range report.Stages {
		percent += s.Percent
		mean += s.Mean
	}
	if len(report.Stages) != 5 || math.Abs(percent-100) > 0.1 || mean <= 0 || mean > report.Fresh.Max {
		t.Errorf("stages of %v %% and %v s: %+v", percent, mean, report.Stages)
	}
	if c := report.Counts; c.Listens <= 20_001 || c.Records <= c.Listens || c.Archived != c.Records || c.Plays != c.Listens || c.Counted != c.Listens || c.Live != c.Listens {
		t.Errorf("%+v", c)
	}
	if s := report.Sent; s.Copies == 0 || s.Listens < 2000 {
		t.Errorf("%+v", s)
	}
	if a := report.Asked; a.Errors != 0 || a.Unchanged == 0 {
		t.Errorf("%+v", a)
	}
	if report.PeakRSS < 50 || len(report.CPU) < 4 || report.CPU[0].Seconds <= 0 {
		t.Errorf("%v MiB, %+v", report.PeakRSS, report.CPU)
	}
	if len(report.Targets) != 8 {
		t.Errorf("%+v", report.Targets)
	}
}

func TestBenchFreshnessRefusesWhatItCannotDo(t *testing.T) {
	l := newLakeDir(t, true)
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--rate", "0"}, "too small"},
		{[]string{"--minutes", "-1"}, "too small"},
		{[]string{"--rate", "100000"}, "too large"},
		{[]string{"--minutes", "3", "--night", "2"}, "--night 2 is too late"},
	} {
		if _, err := l.exec(append([]string{"bench", "freshness"}, c.args...)...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: got %v, want %q", c.args, err, c.want)
		}
	}
}
