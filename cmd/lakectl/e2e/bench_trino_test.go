package e2e

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/cmd/lakectl/internal/bench"
)

// Small, so of what it measures only the counts mean anything.
func TestBenchRoyaltiesOnTrinoSaysWhatItTakesAndPaysAsDuckDB(t *testing.T) {
	l := onTrino(t)
	args := []string{"bench", "royalties", "--engine", "trino", "--rows", "30000", "--tracks", "2000", "--memory-limit", "256MiB"}
	if _, said, code := l.shown(args...); code != 2 || !strings.Contains(said, "has the table listens already") {
		t.Fatalf("on a catalog with tables it ends with %d: %s", code, said)
	}
	if _, said, code := l.shown(append(args, "--rows", "0")...); code != 2 || !strings.Contains(said, "hint: give --rows") {
		t.Fatalf("without rows it ends with %d: %s", code, said)
	}
	l.engine.Execute("DROP TABLE " + l.engine.Catalog + ".music.listens")

	c := exec.CommandContext(t.Context(), "lakectl", append([]string{"--config", filepath.Join(l.dir, "lakehouse.yaml"), "--json"}, args...)...)
	var said bytes.Buffer
	c.Stderr = &said
	text, err := c.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, &said)
	}
	var report bench.TrinoReport
	if err := json.Unmarshal(text, &report); err != nil {
		t.Fatal(err)
	}
	if len(report.Work) != 4 || len(report.Cost) != 2 || len(report.Node) != 2 || len(report.Ratios) != 2 || len(report.Same) != 1 {
		t.Fatalf("parts are missing: %s", text)
	}
	same := report.Same[0]
	if same.Period != "2026-03" || same.Lines == 0 || same.Counted == 0 || same.Counted+same.Duplicates != 30_000 || same.Payouts == 0 || len(same.Paid) != 64 || len(same.Checksum) != 64 {
		t.Errorf("of both came %+v", same)
	}
	if paid := l.query("SELECT CAST(sum(amount_minor) AS BIGINT) AS amount, count(*) AS payouts FROM royalty_payouts")[0]; paid["amount"] != float64(same.Amount) || paid["payouts"] != float64(same.Payouts) {
		t.Errorf("the report has %+v, the lake %v", same, paid)
	}
	for i, cost := range report.Cost {
		if node := report.Node[i]; cost.Queries < 2 || cost.Failed != 0 || cost.CPUMicrosec <= 0 || cost.ReadMiB == 0 || node.Tasks < cost.Queries || node.PeakMiB == 0 || node.Node == "" || node.CPU <= 0 {
			t.Errorf("trino says %+v of the queries and %+v of the nodes", cost, report.Node)
		}
	}
}
