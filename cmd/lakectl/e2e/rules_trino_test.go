package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lakectl/lakectl/catalog/laketest"
)

// rulesByTrack are so many rules about a track each, of which that of t3 counts nothing, and one about the others.
func rulesByTrack(n int) string {
	var b strings.Builder
	b.WriteString("rules:\n")
	for i := range n {
		verdict := "min_ms_played: 20000"
		if i == 3 {
			verdict = "count: false"
		}
		fmt.Fprintf(&b, "  - {id: r%d, track_id: t%d, %s}\n", i, i, verdict)
	}
	return b.String() + "  - {id: default, min_ms_played: 30000}\n"
}

func TestTrinoTakesAsManyRulesAsWeSendIt(t *testing.T) {
	laketest.Long(t, "a statement of nearly a megabyte")
	l := onTrino(t)
	var lines []string
	for i := range 12 {
		lines = append(lines, play(fmt.Sprint("l", i), "u", march, "track_id", fmt.Sprint("t", i%6), "ms_played", 25_000))
	}
	lines = append(lines, play("late", "u", march, "track_id", "t19999", "ms_played", 25_000), play("other", "u", march, "track_id", "none", "ms_played", 25_000))
	l.run(nil, "ingest", "file", l.write("events.jsonl", strings.Join(lines, "\n")+"\n"))
	l.run(nil, "rules", "apply", l.write("rules.yaml", rulesByTrack(20_000)))
	l.run(nil, "job", "royalties", "--engine", "trino")
	qualified := map[string]float64{}
	for _, row := range l.query("SELECT track_id, qualified_listens FROM royalty_lines") {
		qualified[row["track_id"].(string)] = row["qualified_listens"].(float64)
	}
	if len(qualified) != 8 || qualified["t0"] != 2 || qualified["t3"] != 0 || qualified["t19999"] != 1 || qualified["none"] != 0 {
		t.Errorf("qualified: %v", qualified)
	}
	for _, engine := range []string{"duckdb", "trino"} {
		l.run(nil, "job", "royalties", "--full", "--engine", engine)
	}
	l.run(nil, "rules", "apply", l.write("rules.yaml", rulesByTrack(30_000)))
	if _, said, code := l.shown("job", "royalties", "--engine", "trino"); code != 1 || !strings.Contains(said, "30001 rules are ") || !strings.Contains(said, "hint: run it with engine: duckdb") {
		t.Errorf("ends with %d: %s", code, said)
	}
	l.run(nil, "job", "royalties", "--engine", "duckdb")
}
