package bench

import (
	"bytes"
	"log/slog"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lakectl/lakectl/catalog/laketest"
	"github.com/lakectl/lakectl/jobs"
)

func TestStatementsAreSummedFromWhatASessionLogs(t *testing.T) {
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s := jobs.NewSession(laketest.New(t).DB(t), logger)
	for _, statement := range []string{"ledger/contested_table", "ledger/winners_contested_table", "royalty/held_lines_table"} {
		if err := s.Run(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	logger.Info("something else", "statement", "none")
	got := map[string]int{}
	for _, c := range statementsIn("a job", log.Bytes()) {
		if c.Of != "a job" {
			t.Errorf("%+v", c)
		}
		got[c.Statement] += c.Runs
	}
	if diff := cmp.Diff(map[string]int{"ledger/contested_table": 1, "ledger/winners_contested_table": 1, "royalty/held_lines_table": 1}, got); diff != "" {
		t.Error(diff)
	}
	lines := `level=DEBUG msg="statement done" statement=a duration_ms=40 rows=2 failed=false
level=DEBUG msg="statement done" statement=b duration_ms=70 rows=1 failed=false
level=DEBUG msg="statement done" statement=a duration_ms=50 rows=3 failed=false
`
	want := []statementCost{{"j", "a", 2, 5, 0.09}, {"j", "b", 1, 1, 0.07}}
	if diff := cmp.Diff(want, statementsIn("j", []byte(lines))); diff != "" {
		t.Error(diff)
	}
}
